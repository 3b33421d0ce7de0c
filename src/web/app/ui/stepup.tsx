// SPDX-License-Identifier: ISC
// Proving again that it is you: a code or a passkey, asked for when the server wants a fresh second factor.
import { signal } from '@preact/signals';
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { hooks, post } from '../api';
import { t } from '../i18n';
import { passkeyFactor } from '../passkeys';
import { loadMe } from '../session';
import { Dialog } from './dialog';
import { CodeField } from './forms';
import { useAction } from './load';
import { ProblemBox } from './problem';

interface Question {
    request: string | undefined; // the one that is approved: a passkey's answer is for it alone
    answer: (given: boolean) => void;
}

const question = signal<Question | null>(null);

hooks.stepUp = (_problem, path) =>
    new Promise<boolean>((answer) => {
        question.value = { request: /^\/v1\/requests\/(\d+)\/approve$/.exec(path)?.[1], answer };
    });

function finish(given: boolean): void {
    const { answer } = question.value ?? {};
    question.value = null;
    answer?.(given);
}

function StepUpDialog(): JSX.Element {
    const [code, setCode] = useState('');
    const byCode = useAction(async () => {
        await post('/v1/session/factor', { factor: 'totp', code: code.replace(/\s/g, '') });
        await loadMe();
        finish(true);
    });
    const byPasskey = useAction(async () => {
        await passkeyFactor(question.value?.request);
        await loadMe();
        finish(true);
    });
    const submit = (event: Event): void => {
        event.preventDefault();
        void byCode.run();
    };
    return (
        <Dialog title={t('stepup.title')} onClose={() => finish(false)}>
            <form onSubmit={submit}>
                <p>{t('stepup.text')}</p>
                <CodeField value={code} onInput={setCode} autofocus />
                <ProblemBox problem={byCode.problem ?? byPasskey.problem} />
                <footer>
                    <button type="button" class="secondary outline" onClick={() => finish(false)}>
                        {t('cancel')}
                    </button>
                    {browserSupportsWebAuthn() && (
                        <button type="button" class="secondary" aria-busy={byPasskey.isBusy} onClick={() => void byPasskey.run()}>
                            {t('passkey.use')}
                        </button>
                    )}
                    <button type="submit" disabled={code.trim() === '' || byCode.isBusy} aria-busy={byCode.isBusy}>
                        {t('continue')}
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}

export function StepUp(): JSX.Element | null {
    return question.value ? <StepUpDialog /> : null;
}
