// SPDX-License-Identifier: ISC
// A certificate for a machine without a client: a command with a one-time link, how long it is still good, and
// what became of it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api';
import { duration } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import type { NewTicket, Ticket } from '../types';
import { Fact, Moment, Note, Snippet, Words } from '../ui/bits';
import { Field } from '../ui/forms';
import { useGet } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import * as guide from './guides';

// Seconds until then, counted down; 0 at the end.
function useLeft(end: string): number {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    return Math.max(0, Math.ceil((Date.parse(end) - now) / 1000));
}

function clock(seconds: number): string {
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function Command({ ticket, left }: { ticket: NewTicket; left: number }): JSX.Element {
    const [name, setName] = useState('id_ed25519');
    const key = name.replace(/\.pub$/, '');
    return (
        <>
            <p>{t('curl.run')}</p>
            <Field label={t('curl.key')} value={name} onInput={setName} help={t('curl.key.help')} isCode />
            {guide.isFileName(key) ? <Snippet text={guide.curlTicket(ticket, key)} /> : <Note tone="bad">{t('curl.key.bad')}</Note>}
            <p>
                {t('curl.left')} <strong role="timer">{clock(left)}</strong>
            </p>
            <p class="quiet">{t(ticket.pin ? 'curl.pinned' : 'curl.checked')}</p>
        </>
    );
}

function Used({ ticket, zone }: { ticket: Ticket; zone: string }): JSX.Element {
    return (
        <Note tone="good">
            <p>
                <strong>{t('curl.used')}</strong> {ticket.used && <Moment at={ticket.used} />} {ticket.source && t('curl.used.from', { source: ticket.source })}
            </p>
            {ticket.serial && (
                <p>
                    <a href={`/certs/${ticket.serial}`}>{t('curl.used.cert', { serial: ticket.serial })}</a> ({zone})
                </p>
            )}
            <p>{t('curl.used.other')}</p>
        </Note>
    );
}

export function CurlResult({ ticket, zone, onAgain }: { ticket: NewTicket; zone: string; onAgain: () => void }): JSX.Element {
    const { data, problem, reload } = useGet<Ticket>(`/v1/tickets/${ticket.id}`);
    const left = useLeft(ticket.expires);
    const isGone = problem instanceof Problem && problem.status === 404; // a newer one took its place
    const isUsed = data?.state === 'used';
    const isOver = !isUsed && (left === 0 || isGone || data?.state === 'over');
    useLive(2, () => {
        if (!isOver && !(isUsed && data?.serial)) {
            reload();
        }
    });
    return (
        <>
            <dl class="facts">
                <Fact name={t('zone')}>{zone}</Fact>
                <Fact name={t('cert.role')}>
                    <Words of={ticket.roles} />
                </Fact>
                <Fact name={t('cert.principals')}>
                    <Words of={ticket.principals} />
                </Fact>
                <Fact name={t('new.time')}>{duration(ticket.ttl_s)}</Fact>
            </dl>
            <ProblemBox problem={isGone ? null : problem} onRetry={reload} />
            <section aria-live="polite">
                {isUsed && <Used ticket={data} zone={zone} />}
                {isOver && <Note tone="warn">{t('curl.over')}</Note>}
            </section>
            {!isUsed && !isOver && <Command ticket={ticket} left={left} />}
            <p class="actions">
                <button type="button" class="secondary outline" onClick={onAgain}>
                    {t('result.again')}
                </button>
            </p>
        </>
    );
}
