// SPDX-License-Identifier: ISC
// One's own account: second factors, passkeys, password, recovery codes, and how the pages look.
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { duration, secondsUntil } from '../format';
import { language, setLanguage, t } from '../i18n';
import type { Language } from '../i18n';
import { passkeyAnswer } from '../passkeys';
import { me, session } from '../session';
import { theme } from '../theme';
import type { Theme } from '../theme';
import { Badge, Cli, Fact, Heading, Moment, Note, Words } from '../ui/bits';
import { RecoveryCodes } from '../ui/codes';
import { Dialog } from '../ui/dialog';
import { CodeField, Field, Select } from '../ui/forms';
import { useAction } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { Passkeys } from './profile-passkeys';

function Who(): JSX.Element {
    const who = me.value;
    return (
        <dl class="facts">
            <Fact name={t('user')}>{who?.user}</Fact>
            <Fact name={t('profile.rights')}>{t(who?.is_admin ? 'profile.admin' : who?.is_auditor ? 'profile.auditor' : 'profile.user')}</Fact>
            <Fact name={t('profile.methods')}>{session.value?.methods}</Fact>
            <Fact name={t('profile.factor')}>
                <Moment at={who?.factor} relative />
            </Fact>
            <Fact name={t('profile.ends')}>
                <Moment at={who?.ends} /> {who?.idle_ends && t('profile.idle', { span: duration(secondsUntil(who.idle_ends)) })}
            </Fact>
            <Fact name={t('cert.role')}>
                <Words of={(who?.roles ?? []).map((role) => `${role.zone}/${role.role}`)} />
            </Fact>
        </dl>
    );
}

async function proof(byPasskey: boolean, code: string): Promise<Record<string, unknown>> {
    return byPasskey ? { passkey: await passkeyAnswer() } : { code: code.replace(/\s/g, '') };
}

function PasskeyButton({ isReady, onUse }: { isReady: boolean; onUse: () => void }): JSX.Element | null {
    if (!browserSupportsWebAuthn()) {
        return null;
    }
    return (
        <button type="button" class="secondary outline" disabled={!isReady} onClick={onUse}>
            {t('passkey.use')}
        </button>
    );
}

function Password(): JSX.Element {
    const [current, setCurrent] = useState('');
    const [next, setNext] = useState('');
    const [code, setCode] = useState('');
    const [ended, setEnded] = useState<number | null>(null);
    const { run, isBusy, problem } = useAction(async (byPasskey: boolean) => {
        const done = await post<{ sessions_ended: number }>('/v1/account/password', { current, new: next, ...(await proof(byPasskey, code)) });
        setEnded(done.sessions_ended);
        setCurrent('');
        setNext('');
        setCode('');
    });
    const isReady = current !== '' && next.length >= 12 && !isBusy;
    const submit = (event: Event): void => {
        event.preventDefault();
        void run(false);
    };
    return (
        <section>
            <h2>{t('profile.password')}</h2>
            <form onSubmit={submit} class="narrow">
                <input type="hidden" name="username" value={me.value?.user} autocomplete="username" />
                <Field label={t('password.current')} type="password" value={current} onInput={setCurrent} autoComplete="current-password" required />
                <Field label={t('password.new')} type="password" value={next} onInput={setNext} autoComplete="new-password" help={t('password.help')} required />
                <CodeField value={code} onInput={setCode} />
                <ProblemBox problem={problem} />
                {ended !== null && <Note tone="good">{t('profile.password.done', { n: ended })}</Note>}
                <button type="submit" aria-busy={isBusy} disabled={!isReady || !code.trim()}>
                    {t('profile.password')}
                </button>
                <PasskeyButton isReady={isReady} onUse={() => void run(true)} />
                <Cli command="vouch passwd" />
            </form>
        </section>
    );
}

function Recovery(): JSX.Element {
    const [isOpen, setOpen] = useState(false);
    const [code, setCode] = useState('');
    const [codes, setCodes] = useState<string[] | null>(null);
    const { run, isBusy, problem } = useAction(async (byPasskey: boolean) => {
        const made = await post<{ codes: string[] }>('/v1/account/recovery', await proof(byPasskey, code));
        setCodes(made.codes);
    });
    return (
        <section>
            <h2>{t('profile.recovery')}</h2>
            <p>{t('profile.recovery.text')}</p>
            <button type="button" class="outline" onClick={() => setOpen(true)}>
                {t('profile.recovery.new')}
            </button>
            <Cli command="vouch recovery new" />
            {isOpen && (
                <Dialog title={t('profile.recovery.new')} onClose={() => setOpen(false)}>
                    {codes ? (
                        <RecoveryCodes codes={codes} user={me.value?.user ?? ''} />
                    ) : (
                        <form
                            onSubmit={(event) => {
                                event.preventDefault();
                                void run(false);
                            }}
                        >
                            <p>{t('profile.recovery.void')}</p>
                            <CodeField value={code} onInput={setCode} autofocus />
                            <ProblemBox problem={problem} />
                            <button type="submit" aria-busy={isBusy} disabled={isBusy || !code.trim()}>
                                {t('profile.recovery.new')}
                            </button>
                            <PasskeyButton isReady={!isBusy} onUse={() => void run(true)} />
                        </form>
                    )}
                </Dialog>
            )}
        </section>
    );
}

function Looks(): JSX.Element {
    return (
        <section class="narrow">
            <h2>{t('profile.looks')}</h2>
            <Select
                label={t('profile.language')}
                value={language.value}
                options={[
                    ['en', 'English'],
                    ['de', 'Deutsch'],
                ]}
                onInput={(value) => void setLanguage(value as Language)}
            />
            <Select
                label={t('profile.theme')}
                value={theme.value}
                options={[
                    ['auto', t('theme.auto')],
                    ['light', t('theme.light')],
                    ['dark', t('theme.dark')],
                ]}
                onInput={(value) => (theme.value = value as Theme)}
            />
        </section>
    );
}

export function ProfilePage(): JSX.Element {
    return (
        <>
            <Heading title={t('profile.title')} />
            {session.value?.methods.includes('recovery') && (
                <Note tone="warn">
                    <Badge tone="warn">{t('profile.by-recovery')}</Badge> {t('profile.by-recovery.text')}
                </Note>
            )}
            <Who />
            <Looks />
            <Passkeys />
            <Recovery />
            <Password />
        </>
    );
}
