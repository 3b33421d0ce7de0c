// SPDX-License-Identifier: ISC
// Signing in: the name first, then a passkey, or password and code together. Whatever was wrong, the server
// says the same.
import { browserSupportsWebAuthn, WebAuthnAbortService } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Logo } from '../frame';
import { language, setLanguage, t } from '../i18n';
import { offerPasskeys, passkeySignIn } from '../passkeys';
import { signIn } from '../session';
import { Heading } from '../ui/bits';
import { CodeField, Field } from '../ui/forms';
import { useAction } from '../ui/load';
import { ProblemBox } from '../ui/problem';

function Name({ onNext, first }: { onNext: (user: string) => void; first: string }): JSX.Element {
    const [user, setUser] = useState(first);
    const passkey = useAction(() => passkeySignIn(user.trim() || null));
    useEffect(() => {
        offerPasskeys().catch(() => undefined); // an offer only: the form works without
        return () => WebAuthnAbortService.cancelCeremony();
    }, []);
    const submit = (event: Event): void => {
        event.preventDefault();
        onNext(user.trim());
    };
    return (
        <form onSubmit={submit}>
            <Field label={t('signin.user')} value={user} onInput={setUser} name="username" autoComplete="username webauthn" required autofocus maxLength={128} />
            <ProblemBox problem={passkey.problem} />
            <button type="submit" disabled={user.trim() === ''}>
                {t('continue')}
            </button>
            {browserSupportsWebAuthn() && (
                <button type="button" class="secondary outline" aria-busy={passkey.isBusy} onClick={() => void passkey.run()}>
                    {t('signin.passkey')}
                </button>
            )}
        </form>
    );
}

function Proof({ user, onBack }: { user: string; onBack: () => void }): JSX.Element {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [factor, setFactor] = useState<'totp' | 'recovery'>('totp');
    const { run, isBusy, problem } = useAction(() => signIn({ user, password, factor, code: factor === 'totp' ? code.replace(/\s/g, '') : code.trim() }));
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    return (
        <form onSubmit={submit}>
            <p>
                {t('signin.as', { user })}{' '}
                <button type="button" class="link" onClick={onBack}>
                    {t('signin.other')}
                </button>
            </p>
            <input type="hidden" name="username" value={user} autocomplete="username" />
            <Field label={t('password')} type="password" value={password} onInput={setPassword} name="password" autoComplete="current-password" required autofocus />
            {factor === 'totp' ? (
                <CodeField value={code} onInput={setCode} />
            ) : (
                <Field label={t('signin.recovery')} value={code} onInput={setCode} help={t('signin.recovery.help')} autoComplete="off" isCode required />
            )}
            <ProblemBox problem={problem} />
            <button type="submit" disabled={isBusy || password === '' || code.trim() === ''} aria-busy={isBusy}>
                {t('sign-in')}
            </button>
            <button type="button" class="link" onClick={() => setFactor(factor === 'totp' ? 'recovery' : 'totp')}>
                {t(factor === 'totp' ? 'signin.use-recovery' : 'signin.use-app')}
            </button>
        </form>
    );
}

export function LanguageLinks(): JSX.Element {
    return (
        <p class="languages">
            {(['en', 'de'] as const).map((one) => (
                <button key={one} type="button" class="link" lang={one} aria-pressed={language.value === one} onClick={() => void setLanguage(one)}>
                    {one === 'en' ? 'English' : 'Deutsch'}
                </button>
            ))}
        </p>
    );
}

export function SignInPage(): JSX.Element {
    const [user, setUser] = useState<string | null>(null);
    const [kept, setKept] = useState('');
    return (
        <article class="card">
            <Logo />
            <Heading title={t('signin.title')} />
            {user === null ? (
                <Name first={kept} onNext={setUser} />
            ) : (
                <Proof
                    user={user}
                    onBack={() => {
                        setKept(user);
                        setUser(null);
                    }}
                />
            )}
            <p class="quiet">{t('signin.none')}</p>
            <LanguageLinks />
        </article>
    );
}
