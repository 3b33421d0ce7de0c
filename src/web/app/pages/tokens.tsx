// SPDX-License-Identifier: ISC
// API tokens for programs, and the profiles that bound what they may have issued.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, put, remove } from '../api';
import { duration, spanSeconds } from '../format';
import { t } from '../i18n';
import type { Profile, Token } from '../types';
import { Badge, Empty, Heading, Moment, Note, Snippet, Words } from '../ui/bits';
import { Confirm, Dialog } from '../ui/dialog';
import { Field, Select, Tick, words } from '../ui/forms';
import { useAction, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
import { SettingsTabs } from '../ui/tabs';

const SCOPES = ['cert:issue', 'cert:read', 'cert:revoke', 'audit:read', 'admin', 'metrics'];

function isOver(token: Token): boolean {
    return token.disabled !== null || (token.expires !== null && Date.parse(token.expires) < Date.now());
}

const columns = (onDisable: (row: Token) => void): Column<Token>[] => [
    { id: 'name', title: t('tokens.name'), cell: (row) => row.name, text: (row) => row.name },
    { id: 'state', title: t('state'), cell: (row) => <Badge tone={isOver(row) ? 'quiet' : 'good'}>{t(row.disabled ? 'tokens.disabled' : isOver(row) ? 'tokens.expired' : 'tokens.good')}</Badge>, text: (row) => (isOver(row) ? 'over' : 'good') },
    { id: 'scopes', title: t('tokens.scopes'), cell: (row) => <Words of={row.scopes} />, text: (row) => row.scopes.join(' ') },
    { id: 'profile', title: t('tokens.profile'), cell: (row) => row.profile ?? '–', text: (row) => row.profile ?? '' },
    { id: 'expires', title: t('expires'), cell: (row) => <Moment at={row.expires} relative />, text: (row) => row.expires ?? '' },
    { id: 'used', title: t('tokens.used'), cell: (row) => <Moment at={row.last_used} relative />, text: (row) => row.last_used ?? '' },
    { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor, text: (row) => row.actor },
    {
        id: 'do',
        title: '',
        cell: (row) =>
            isOver(row) ? (
                ''
            ) : (
                <button type="button" class="small outline danger" onClick={() => onDisable(row)}>
                    {t('tokens.disable')}
                    <span class="hidden"> {row.name}</span>
                </button>
            ),
        text: () => '',
    },
];

function NewToken({ profiles, onClose, onDone }: { profiles: Profile[]; onClose: () => void; onDone: () => void }): JSX.Element {
    const [name, setName] = useState('');
    const [scopes, setScopes] = useState<string[]>([]);
    const [profile, setProfile] = useState('');
    const [span, setSpan] = useState('30d');
    const [made, setMade] = useState<Token | null>(null);
    const { run, isBusy, problem } = useAction(async () => {
        setMade(await post<Token>('/v1/tokens', { name: name.trim(), scopes, ttl_s: spanSeconds(span) ?? 0, ...(profile ? { profile } : {}) }));
        onDone();
    });
    if (made?.secret) {
        return (
            <Dialog title={t('tokens.made', { name: made.name })} onClose={onClose}>
                <Note tone="warn">{t('tokens.once')}</Note>
                <Snippet text={made.secret} />
            </Dialog>
        );
    }
    return (
        <Dialog title={t('tokens.new')} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <Field label={t('tokens.name')} value={name} onInput={setName} maxLength={64} required autofocus />
                <fieldset>
                    <legend>{t('tokens.scopes')}</legend>
                    {SCOPES.map((scope) => (
                        <Tick key={scope} label={<code>{scope}</code>} checked={scopes.includes(scope)} onInput={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))} />
                    ))}
                </fieldset>
                <Select label={t('tokens.profile')} value={profile} options={[['', t('tokens.no-profile')], ...profiles.map((one) => [one.name, one.name] as const)]} onInput={setProfile} help={t('tokens.profile.help')} />
                <Field label={t('enrolment.span')} value={span} onInput={setSpan} help={t('span.help')} error={spanSeconds(span) ? null : t('span.wrong')} isCode />
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || !name.trim() || scopes.length === 0 || !spanSeconds(span)}>
                    {t('tokens.new')}
                </button>
            </form>
        </Dialog>
    );
}

const profileColumns = (onRemove: (row: Profile) => void): Column<Profile>[] => [
    { id: 'name', title: t('tokens.profile'), cell: (row) => row.name, text: (row) => row.name },
    { id: 'type', title: t('cert.type'), cell: (row) => t(row.type === 'user' ? 'cert.type.user' : 'cert.type.host'), text: (row) => row.type },
    { id: 'principals', title: t('cert.principals'), cell: (row) => <Words of={row.principals} />, text: (row) => row.principals.join(' ') },
    { id: 'options', title: t('profiles.options'), cell: (row) => <Words of={row.options} />, text: (row) => row.options.join(' ') },
    { id: 'ttl', title: t('roles.ttl'), cell: (row) => duration(row.ttl_max_s), text: (row) => duration(row.ttl_max_s), number: (row) => row.ttl_max_s },
    { id: 'updated', title: t('profiles.updated'), cell: (row) => <Moment at={row.updated} relative />, text: (row) => row.updated ?? '' },
    {
        id: 'do',
        title: '',
        cell: (row) => (
            <button type="button" class="small outline danger" onClick={() => onRemove(row)}>
                {t('remove')}
                <span class="hidden"> {row.name}</span>
            </button>
        ),
        text: () => '',
    },
];

function NewProfile({ onClose, onDone }: { onClose: () => void; onDone: () => void }): JSX.Element {
    const [name, setName] = useState('');
    const [type, setType] = useState('user');
    const [principals, setPrincipals] = useState('');
    const [options, setOptions] = useState('');
    const [span, setSpan] = useState('1h');
    const { run, isBusy, problem } = useAction(async () => {
        const body = { type, principals: words(principals), ttl_max_s: spanSeconds(span) ?? 0, ...(words(options).length > 0 ? { options: words(options) } : {}) };
        await put(`/v1/profiles/${encodeURIComponent(name.trim())}`, body);
        onDone();
        onClose();
    });
    return (
        <Dialog title={t('profiles.new')} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <Field label={t('tokens.profile')} value={name} onInput={setName} maxLength={64} required autofocus />
                <Select
                    label={t('cert.type')}
                    value={type}
                    options={[
                        ['user', t('cert.type.user')],
                        ['host', t('cert.type.host')],
                    ]}
                    onInput={setType}
                />
                <Field label={t('cert.principals')} value={principals} onInput={setPrincipals} help={t('list.help')} required isCode />
                <Field label={t('profiles.options')} value={options} onInput={setOptions} placeholder="permit-pty" isCode />
                <Field label={t('roles.ttl')} value={span} onInput={setSpan} help={t('span.help')} error={spanSeconds(span) ? null : t('span.wrong')} isCode />
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || !name.trim() || words(principals).length === 0 || !spanSeconds(span)}>
                    {t('save')}
                </button>
            </form>
        </Dialog>
    );
}

type Open = 'token' | 'profile' | { disable: Token } | { remove: Profile } | null;

export function TokensPage(): JSX.Element {
    const tokens = useRows<Token>('/v1/tokens?limit=100');
    const profiles = useRows<Profile>('/v1/profiles?limit=100');
    const [open, setOpen] = useState<Open>(null);
    const close = (): void => setOpen(null);
    return (
        <>
            <Heading title={t('tokens.title')}>
                <button type="button" onClick={() => setOpen('token')}>
                    {t('tokens.new')}
                </button>
            </Heading>
            <SettingsTabs />
            <DataTable
                caption={t('tokens.title')}
                columns={columns((row) => setOpen({ disable: row }))}
                rows={tokens}
                rowKey={(row) => row.name}
                file="tokens"
                cli="vouch token ls"
                empty={
                    <Empty title={t('tokens.none')}>
                        <p>{t('tokens.none.text')}</p>
                    </Empty>
                }
            />
            <section>
                <h2>{t('profiles.title')}</h2>
                <p>{t('profiles.text')}</p>
                <button type="button" class="outline" onClick={() => setOpen('profile')}>
                    {t('profiles.new')}
                </button>
                <DataTable caption={t('profiles.title')} columns={profileColumns((row) => setOpen({ remove: row }))} rows={profiles} rowKey={(row) => row.name} file="profiles" cli="vouch profile ls" empty={<Empty title={t('profiles.none')} />} />
            </section>
            {open === 'token' && <NewToken profiles={profiles.data ?? []} onClose={close} onDone={tokens.reload} />}
            {open === 'profile' && <NewProfile onClose={close} onDone={profiles.reload} />}
            {open && typeof open === 'object' && 'disable' in open && (
                <Confirm
                    title={t('tokens.disable')}
                    action={t('tokens.disable')}
                    onClose={close}
                    onConfirm={async () => {
                        await remove(`/v1/tokens/${encodeURIComponent(open.disable.name)}`);
                        tokens.reload();
                    }}
                >
                    <p>{t('tokens.disable.text', { name: open.disable.name })}</p>
                </Confirm>
            )}
            {open && typeof open === 'object' && 'remove' in open && (
                <Confirm
                    title={t('remove')}
                    action={t('remove')}
                    onClose={close}
                    onConfirm={async () => {
                        await remove(`/v1/profiles/${encodeURIComponent(open.remove.name)}`);
                        profiles.reload();
                    }}
                >
                    <p>{t('profiles.remove.text', { name: open.remove.name })}</p>
                </Confirm>
            )}
        </>
    );
}
