// SPDX-License-Identifier: ISC
// A failure, whole: what happened, which field, what to do next, and its code.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api';
import { duration } from '../format';
import { t } from '../i18n';

function Countdown({ seconds }: { seconds: number }): JSX.Element {
    const [left, setLeft] = useState(seconds);
    useEffect(() => {
        setLeft(seconds);
        const timer = setInterval(() => setLeft((n) => Math.max(0, n - 1)), 1000);
        return () => clearInterval(timer);
    }, [seconds]);
    return <p>{left > 0 ? t('problem.retry', { span: duration(left) }) : t('problem.retry.now')}</p>;
}

function Details({ problem }: { problem: Problem }): JSX.Element {
    return (
        <>
            <p>
                <strong>{problem.title === 'network' ? t('problem.network') : problem.title}</strong>
            </p>
            {problem.title !== 'network' && <p class="pre">{problem.detail}</p>}
            {problem.next && <p class="pre">{problem.next}</p>}
            {problem.retryAfter !== null && <Countdown seconds={problem.retryAfter} />}
            <p class="quiet">
                {problem.code && <code>{problem.code}</code>} {problem.field && t('problem.field', { field: problem.field })}{' '}
                {problem.instance && t('problem.instance', { id: problem.instance })}
            </p>
        </>
    );
}

export function ProblemBox({ problem, onRetry }: { problem: unknown; onRetry?: () => void }): JSX.Element | null {
    if (!problem) {
        return null;
    }
    return (
        <div class="note bad" role="alert">
            {problem instanceof Problem ? <Details problem={problem} /> : <p class="pre">{problem instanceof Error ? problem.message : String(problem)}</p>}
            {onRetry && (
                <button type="button" class="small outline" onClick={onRetry}>
                    {t('retry')}
                </button>
            )}
        </div>
    );
}
