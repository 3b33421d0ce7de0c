// SPDX-License-Identifier: ISC
// Users: whether they can sign in, when they last did, what they may; inviting, disabling, removing.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { moment } from '../format';
import { t } from '../i18n';
import { usePolicy } from '../policy';
import type { Policy } from '../policy';
import { list, named, text, withEntry, withoutUser, writePolicy } from '../policy-text';
import type { Entry } from '../policy-text';
import type { PageProps } from '../routes';
import { withQuery } from '../router';
import { mayAdminister } from '../session';
import type { Account, Me, NewLink, ReachedHost } from '../types';
import { Badge, Cli, Empty, Fact, Heading, Loading, Moment, Note, Snippet, Words } from '../ui/bits';
import { ChangeDialog } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { ExplainBox } from '../ui/explain';
import { Field, words } from '../ui/forms';
import { useAction, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { SignIns } from '../ui/sign-ins';
import { DataTable, still } from '../ui/table';
import type { Column } from '../ui/table';
import { PeopleTabs } from '../ui/tabs';

interface Row {
    name: string;
    entry: Entry;
    groups: string[];
    account: Account | null;
}

function isEnabled(entry: Entry): boolean {
    return text(entry, 'state') !== 'disabled';
}

function Factor({ account }: { account: Account | null }): JSX.Element {
    if (!account) {
        return <>–</>;
    }
    const isSet = account.password && (account.totp || (account.passkeys ?? 0) > 0);
    return <Badge tone={account.closed ? 'bad' : isSet ? 'good' : 'warn'}>{t(account.closed ? 'users.closed' : isSet ? 'users.set-up' : 'users.not-set-up')}</Badge>;
}

const columns = (): Column<Row>[] => [
    { id: 'name', title: t('user'), cell: (row) => <a href={`/users/${encodeURIComponent(row.name)}`}>{row.name}</a>, text: (row) => row.name },
    {
        id: 'state',
        title: t('state'),
        cell: (row) => <Badge tone={isEnabled(row.entry) ? 'good' : 'quiet'}>{t(isEnabled(row.entry) ? 'users.enabled' : 'users.disabled')}</Badge>,
        text: (row) => t(isEnabled(row.entry) ? 'users.enabled' : 'users.disabled'),
    },
    { id: 'login', title: t('login'), cell: (row) => <code>{text(row.entry, 'login') || row.name}</code>, text: (row) => text(row.entry, 'login') },
    { id: 'groups', title: t('groups.title'), cell: (row) => <Words of={row.groups} />, text: (row) => row.groups.join(' ') },
    { id: 'factor', title: t('users.factors'), cell: (row) => <Factor account={row.account} />, text: (row) => (row.account?.totp ? 'totp' : '') },
    { id: 'signed', title: t('users.signed-in'), cell: (row) => (row.account ? <Moment at={row.account.signed_in} relative /> : '–'), text: (row) => row.account?.signed_in ?? '' },
    { id: 'sessions', title: t('users.sessions'), cell: (row) => row.account?.sessions ?? '–', text: (row) => String(row.account?.sessions ?? ''), number: (row) => row.account?.sessions ?? 0 },
];

function Add({ policy, onClose, onText }: { policy: Policy; onClose: () => void; onText: (text: string) => void }): JSX.Element {
    const [name, setName] = useState('');
    const [login, setLogin] = useState('');
    const [groups, setGroups] = useState('');
    const submit = (event: Event): void => {
        event.preventDefault();
        const wanted = name.trim().toLowerCase();
        let next = withEntry(policy.document, 'users', wanted, { name: wanted, ...(login.trim() ? { login: login.trim() } : {}) });
        for (const group of words(groups)) {
            const entry = named(next, 'groups', group);
            next = withEntry(next, 'groups', group, { name: group, members: [...list(entry, 'members').filter((one) => one !== wanted), wanted] });
        }
        onText(writePolicy(next));
    };
    return (
        <Dialog title={t('users.add')} onClose={onClose}>
            <form onSubmit={submit}>
                <Field label={t('user')} value={name} onInput={setName} help={t('users.name.help')} required autofocus maxLength={128} />
                <Field label={t('login')} value={login} onInput={setLogin} help={t('users.login.help')} isCode />
                <Field label={t('groups.title')} value={groups} onInput={setGroups} help={t('list.help')} list={policy.document.groups.map((group) => text(group, 'name'))} />
                <button type="submit" disabled={name.trim() === ''}>
                    {t('change.preview')}
                </button>
            </form>
        </Dialog>
    );
}

export function UsersPage(): JSX.Element {
    const policy = usePolicy();
    const accounts = useRows<Account>(mayAdminister.value ? '/v1/accounts?limit=200' : null);
    const [isAdding, setAdding] = useState(false);
    const [change, setChange] = useState<string | null>(null);
    const document = policy.data?.document;
    const rows = document?.users.map((entry) => {
        const name = text(entry, 'name');
        const groups = document.groups.filter((group) => list(group, 'members').includes(name)).map((group) => text(group, 'name'));
        return { name, entry, groups, account: accounts.data?.find((one) => one.user === name) ?? null };
    });
    return (
        <>
            <Heading title={t('users.title')}>
                {mayAdminister.value && (
                    <button type="button" onClick={() => setAdding(true)}>
                        {t('users.add')}
                    </button>
                )}
            </Heading>
            <PeopleTabs />
            <ProblemBox problem={accounts.problem} />
            <DataTable
                caption={t('users.title')}
                columns={columns()}
                rows={{ ...still(rows ?? null, policy), more: accounts.more, isMoreLoading: accounts.isMoreLoading }}
                rowKey={(row) => row.name}
                file="users"
                cli="vouch user ls"
                empty={
                    <Empty title={t('users.none')}>
                        <p>{t('users.none.text')}</p>
                    </Empty>
                }
            />
            {isAdding && policy.data && (
                <Add
                    policy={policy.data}
                    onClose={() => setAdding(false)}
                    onText={(next) => {
                        setAdding(false);
                        setChange(next);
                    }}
                />
            )}
            {change && policy.data && (
                <ChangeDialog
                    text={change}
                    version={policy.data.version}
                    onClose={() => setChange(null)}
                    onDone={() => {
                        policy.reload();
                        accounts.reload();
                    }}
                />
            )}
        </>
    );
}

function Link({ user }: { user: string }): JSX.Element {
    const [link, setLink] = useState<NewLink | null>(null);
    const make = useAction(async () => setLink(await post<NewLink>(`/v1/accounts/${encodeURIComponent(user)}/link`)));
    return (
        <section>
            <h2>{t('users.link')}</h2>
            <p>{t('users.link.text')}</p>
            <ProblemBox problem={make.problem} />
            <button type="button" class="outline" aria-busy={make.isBusy} onClick={() => void make.run()}>
                {t('users.link.make')}
            </button>
            {link && (
                <Note tone="good">
                    <p>{t('users.link.made', { time: link.expires ? moment(link.expires) : '' })}</p>
                    <Snippet text={`${location.origin}/setup#${link.secret}`} />
                </Note>
            )}
            <Cli command={`vouch user link ${user}`} />
        </section>
    );
}

function Change({ name, policy, onDone }: { name: string; policy: Policy; onDone: () => void }): JSX.Element {
    const [change, setChange] = useState<string | null>(null);
    const entry = named(policy.document, 'users', name);
    if (!entry) {
        return <Note tone="warn">{t('users.gone')}</Note>;
    }
    const { state: _state, ...rest } = entry;
    const turned: Entry = isEnabled(entry) ? { ...entry, state: 'disabled' } : rest;
    return (
        <p class="actions">
            <button type="button" class={isEnabled(entry) ? 'outline danger' : 'outline'} onClick={() => setChange(writePolicy(withEntry(policy.document, 'users', name, turned)))}>
                {t(isEnabled(entry) ? 'users.disable' : 'users.enable')}
            </button>
            <button type="button" class="outline danger" onClick={() => setChange(writePolicy(withoutUser(policy.document, name)))}>
                {t('users.remove')}
            </button>
            {change && <ChangeDialog text={change} version={policy.version} onClose={() => setChange(null)} onDone={onDone} />}
        </p>
    );
}

export function UserPage({ params }: PageProps): JSX.Element {
    const name = params['name'] ?? '';
    const policy = usePolicy();
    const who = useGet<Me>(withQuery('/v1/me', { user: name }));
    const hosts = useRows<ReachedHost>(withQuery('/v1/hosts', { user: name, limit: 200 }));
    const accounts = useRows<Account>(mayAdminister.value ? withQuery('/v1/accounts', { user: name }) : null);
    const account = accounts.data?.[0] ?? null;
    return (
        <>
            <Heading title={name} />
            <PeopleTabs />
            {policy.isLoading && !policy.data && <Loading />}
            <ProblemBox problem={policy.problem} onRetry={policy.reload} />
            {account && (
                <dl class="facts">
                    <Fact name={t('state')}>
                        <Badge tone={account.enabled ? 'good' : 'quiet'}>{t(account.enabled ? 'users.enabled' : 'users.disabled')}</Badge> <Factor account={account} />
                    </Fact>
                    <Fact name={t('login')}>{account.login ?? '–'}</Fact>
                    <Fact name={t('users.signed-in')}>
                        <Moment at={account.signed_in} />
                    </Fact>
                    <Fact name={t('users.recovery')}>{account.recovery_left}</Fact>
                    <Fact name={t('cert.role')}>
                        <Words of={(who.data?.roles ?? []).map((role) => `${role.zone}/${role.role}`)} />
                    </Fact>
                </dl>
            )}
            {mayAdminister.value && policy.data && <Change name={name} policy={policy.data} onDone={() => [policy, who, hosts, accounts].forEach((one) => one.reload())} />}
            <p>
                <a href={withQuery('/certs', { whose: 'all', actor: `user:${name}` })}>{t('users.certs')}</a> · <a href={withQuery('/logins', { user: name })}>{t('logins.title')}</a> ·{' '}
                <a href={withQuery('/audit', { actor: `user:${name}` })}>{t('nav.audit')}</a>
            </p>
            <section>
                <h2>{t('users.reaches')}</h2>
                <DataTable
                    caption={t('users.reaches')}
                    columns={[
                        { id: 'host', title: t('host'), cell: (row) => <a href={`/hosts/${encodeURIComponent(row.host)}`}>{row.host}</a>, text: (row) => row.host },
                        { id: 'logins', title: t('host.as'), cell: (row) => <Words of={row.logins} />, text: (row) => row.logins.join(' ') },
                        { id: 'roles', title: t('host.by-roles'), cell: (row) => <Words of={row.roles} />, text: (row) => row.roles.join(' ') },
                        { id: 'requests', title: t('host.on-request'), cell: (row) => <Words of={row.requests} />, text: (row) => row.requests.join(' ') },
                    ]}
                    rows={hosts}
                    rowKey={(row) => row.host}
                    file={`reach-${name}`}
                    cli={`vouch access can ${name}`}
                    empty={<Empty title={t('users.reaches.none')} />}
                />
            </section>
            <ExplainBox user={name} />
            {mayAdminister.value && <Link user={name} />}
            {mayAdminister.value && <SignIns user={name} />}
        </>
    );
}
