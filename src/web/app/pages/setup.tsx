// SPDX-License-Identifier: ISC
// Setting an account up by a one-time link: password, second factor, recovery codes. The link stands behind the
// # of the address, which browsers send to nobody.
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api';
import { moment } from '../format';
import { t } from '../i18n';
import { passkeyMade } from '../passkeys';
import type { ToBeMade } from '../passkeys';
import { Heading, Loading, Note, Snippet } from '../ui/bits';
import { RecoveryCodes } from '../ui/codes';
import { CodeField, Field, Tick } from '../ui/forms';
import { useAction, useLoad } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { Qr } from '../ui/qr';
import { LanguageLinks } from './sign-in';

interface Link {
    user: string;
    name: string;
    expires: string | null;
}

interface Begun {
    uri: string;
    passkey: ToBeMade | null;
}

const SHORTEST = 12;

// The link may have the server's pin behind another #, or behind "." where a mail program took # away.
function linkOf(hash: string): string | null {
    return /vouchl_[A-Za-z0-9_-]+/.exec(decodeURIComponent(hash))?.[0] ?? null;
}

function Password({ link, onDone }: { link: string; onDone: (begun: Begun) => void }): JSX.Element {
    const [password, setPassword] = useState('');
    const [again, setAgain] = useState('');
    const { run, isBusy, problem } = useAction(async () => {
        onDone(await post<Begun>('/v1/setup/begin', { link, password }));
    });
    const isOther = again !== '' && again !== password;
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    return (
        <form onSubmit={submit}>
            <h2>{t('setup.password')}</h2>
            <Field label={t('password.new')} type="password" value={password} onInput={setPassword} name="new-password" autoComplete="new-password" help={t('password.help')} required autofocus />
            <Field label={t('password.again')} type="password" value={again} onInput={setAgain} autoComplete="new-password" error={isOther ? t('password.differs') : null} required />
            <ProblemBox problem={problem} />
            <button type="submit" disabled={isBusy || password.length < SHORTEST || password !== again} aria-busy={isBusy}>
                {t('continue')}
            </button>
        </form>
    );
}

function WithPasskey({ link, wanted, onDone }: { link: string; wanted: ToBeMade; onDone: (codes: string[]) => void }): JSX.Element {
    const [name, setName] = useState('');
    const { run, isBusy, problem } = useAction(async () => {
        const done = await post<{ codes: string[] }>('/v1/setup/finish', { link, passkey: await passkeyMade(wanted, name.trim()) });
        onDone(done.codes);
    });
    return (
        <form
            onSubmit={(event) => {
                event.preventDefault();
                void run();
            }}
        >
            <h3>{t('setup.passkey')}</h3>
            <p>{t('passkey.text')}</p>
            <Field label={t('passkey.new-name')} value={name} onInput={setName} maxLength={64} placeholder={t('passkey.example')} />
            <ProblemBox problem={problem} />
            <button type="submit" aria-busy={isBusy} disabled={isBusy || name.trim() === ''}>
                {t('passkey.add')}
            </button>
        </form>
    );
}

function App({ link, uri, onDone }: { link: string; uri: string; onDone: (codes: string[]) => void }): JSX.Element {
    const [code, setCode] = useState('');
    const secret = new URL(uri).searchParams.get('secret') ?? '';
    const { run, isBusy, problem } = useAction(async () => {
        const done = await post<{ codes: string[] }>('/v1/setup/finish', { link, code: code.replace(/\s/g, '') });
        onDone(done.codes);
    });
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    return (
        <form onSubmit={submit}>
            <h3>{t('setup.by-app')}</h3>
            <p>{t('setup.app.text')}</p>
            <Qr text={uri} label={t('setup.qr')} />
            <p>{t('setup.secret')}</p>
            <Snippet text={secret.match(/.{1,4}/g)?.join(' ') ?? secret} />
            <CodeField value={code} onInput={setCode} label={t('setup.code')} />
            <ProblemBox problem={problem} />
            <button type="submit" disabled={isBusy || code.trim() === ''} aria-busy={isBusy}>
                {t('setup.verify')}
            </button>
        </form>
    );
}

// A passkey where this address can have one, or an app; one of them is enough.
function Factor({ link, begun, onDone }: { link: string; begun: Begun; onDone: (codes: string[]) => void }): JSX.Element {
    const hasPasskeys = begun.passkey !== null && browserSupportsWebAuthn();
    return (
        <>
            <h2>{t('setup.app')}</h2>
            {hasPasskeys && begun.passkey ? <WithPasskey link={link} wanted={begun.passkey} onDone={onDone} /> : <p class="quiet">{t('setup.no-passkey')}</p>}
            <App link={link} uri={begun.uri} onDone={onDone} />
        </>
    );
}

function Done({ codes, user }: { codes: string[]; user: string }): JSX.Element {
    const [isKept, setKept] = useState(false);
    return (
        <>
            <h2>{t('setup.codes')}</h2>
            <RecoveryCodes codes={codes} user={user} />
            <Tick label={t('setup.kept')} checked={isKept} onInput={setKept} />
            {isKept ? (
                <p>
                    <a role="button" href="/sign-in">
                        {t('sign-in')}
                    </a>
                </p>
            ) : (
                <p class="quiet">{t('setup.kept.first')}</p>
            )}
        </>
    );
}

function Steps({ link, whose }: { link: string; whose: Link }): JSX.Element {
    const [begun, setBegun] = useState<Begun | null>(null);
    const [codes, setCodes] = useState<string[] | null>(null);
    const step = codes ? 3 : begun ? 2 : 1;
    useEffect(() => {
        if (codes) {
            history.replaceState(null, '', '/setup'); // it is used up
        }
    }, [codes]);
    return (
        <>
            <p>
                {t('setup.for', { user: whose.user, server: whose.name })} {whose.expires && !codes && t('setup.until', { time: moment(whose.expires) })}
            </p>
            <p class="quiet">{t('setup.step', { n: step })}</p>
            {codes ? <Done codes={codes} user={whose.user} /> : begun ? <Factor link={link} begun={begun} onDone={setCodes} /> : <Password link={link} onDone={setBegun} />}
        </>
    );
}

export function SetupPage(): JSX.Element {
    const [link, setLink] = useState(() => linkOf(location.hash) ?? linkOf(location.pathname));
    const [typed, setTyped] = useState('');
    const found = useLoad<Link>(link, () => post<Link>('/v1/setup', { link }));
    return (
        <article class="card">
            <Heading title={t('setup.title')} />
            {link && found.isLoading && <Loading />}
            {(!link || found.problem !== null) && (
                <form
                    onSubmit={(event) => {
                        event.preventDefault();
                        setLink(linkOf(typed));
                    }}
                >
                    {found.problem ? <ProblemBox problem={found.problem} /> : <Note tone="info">{t('setup.none')}</Note>}
                    <Field label={t('setup.link')} value={typed} onInput={setTyped} autoComplete="off" isCode />
                    <button type="submit" disabled={!linkOf(typed)}>
                        {t('continue')}
                    </button>
                </form>
            )}
            {link && found.data && <Steps link={link} whose={found.data} />}
            <LanguageLinks />
        </article>
    );
}

