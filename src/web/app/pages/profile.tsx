// SPDX-License-Identifier: ISC
// One's own account: second factors, passkeys, where one is signed in, password, recovery codes, and how the
// pages look.
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, remove } from '../api';
import { duration, secondsUntil } from '../format';
import { language, setLanguage, t } from '../i18n';
import type { Language } from '../i18n';
import { passkeyAnswer } from '../passkeys';
import { me, session } from '../session';
import { theme } from '../theme';
import type { Theme } from '../theme';
import type { SignIn } from '../types';
import { Badge, Cli, Empty, Fact, Heading, Moment, Note, Words } from '../ui/bits';
import { RecoveryCodes } from '../ui/codes';
import { Confirm, Dialog } from '../ui/dialog';
import { CodeField, Field, Select } from '../ui/forms';
import { useAction, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
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

function Since({ row }: { row: SignIn }): JSX.Element {
    return (
        <>
            <Moment at={row.created} /> {row.id === session.value?.id && <Badge tone="info">{t('signins.this')}</Badge>}
        </>
    );
}

const signInColumns = (onEnd: (row: SignIn) => void): Column<SignIn>[] => [
    { id: 'created', title: t('signins.since'), cell: (row) => <Since row={row} />, text: (row) => row.created ?? '' },
    { id: 'source', title: t('cert.source'), cell: (row) => row.source, text: (row) => row.source },
    { id: 'methods', title: t('profile.methods'), cell: (row) => row.methods, text: (row) => row.methods },
    { id: 'used', title: t('signins.used'), cell: (row) => <Moment at={row.used} relative />, text: (row) => row.used ?? '' },
    { id: 'ends', title: t('profile.ends'), cell: (row) => <Moment at={row.ends} />, text: (row) => row.ends ?? '' },
    {
        id: 'do',
        title: '',
        cell: (row) => (
            <button type="button" class="small outline danger" onClick={() => onEnd(row)}>
                {t('signins.end')}
                <span class="hidden"> {row.id}</span>
            </button>
        ),
        text: () => '',
    },
];

export function SignIns({ user }: { user?: string }): JSX.Element {
    const rows = useRows<SignIn>(user ? `/v1/sessions?user=${encodeURIComponent(user)}&limit=100` : '/v1/sessions?limit=100');
    const [ending, setEnding] = useState<SignIn | 'all' | null>(null);
    const end = async (): Promise<void> => {
        await remove(ending === 'all' ? `/v1/sessions${user ? `?user=${encodeURIComponent(user)}` : ''}` : `/v1/sessions/${(ending as SignIn).id}`);
        rows.reload();
    };
    return (
        <section>
            <h2>{t('signins.title')}</h2>
            <DataTable
                caption={t('signins.title')}
                columns={signInColumns(setEnding)}
                rows={rows}
                rowKey={(row) => row.id}
                file="sign-ins"
                empty={<Empty title={t('signins.none')} />}
                {...(user ? { cli: `vouch user sessions ${user}` } : {})}
            />
            <button type="button" class="outline danger" onClick={() => setEnding('all')}>
                {t('signins.end-all')}
            </button>
            {ending && (
                <Confirm title={t('signins.end')} action={t('signins.end')} onClose={() => setEnding(null)} onConfirm={end}>
                    <p>{t(ending === 'all' ? 'signins.end-all.text' : 'signins.end.text')}</p>
                </Confirm>
            )}
        </section>
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
                onInput={(value) => setLanguage(value as Language)}
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
            <SignIns />
            <Recovery />
            <Password />
        </>
    );
}
