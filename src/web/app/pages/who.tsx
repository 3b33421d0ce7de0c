// SPDX-License-Identifier: ISC
// Who can reach a login on a host, and by which way: person, group, role.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration } from '../format';
import { t, word } from '../i18n';
import { query, setQuery, withQuery } from '../router';
import { Ribbon } from '../pictures/ribbon';
import type { AccessPath } from '../types';
import { Badge, Empty, Heading } from '../ui/bits';
import { Field } from '../ui/forms';
import { useGet } from '../ui/load';
import { DataTable, still } from '../ui/table';
import type { Column } from '../ui/table';
import { MatrixTabs } from '../ui/tabs';

const columns = (): Column<AccessPath>[] => [
    { id: 'user', title: t('user'), cell: (row) => <a href={`/users/${encodeURIComponent(row.user)}`}>{row.user}</a>, text: (row) => row.user },
    { id: 'how', title: t('who.how'), cell: (row) => <Badge tone={row.how === 'standing' ? 'good' : row.how === 'approval' ? 'info' : 'bad'}>{word('reach', row.how)}</Badge>, text: (row) => word('reach', row.how) },
    { id: 'group', title: t('groups.name'), cell: (row) => (row.group ? <a href={`/groups/${encodeURIComponent(row.group)}`}>{row.group}</a> : '–'), text: (row) => row.group ?? '' },
    { id: 'role', title: t('cert.role'), cell: (row) => <a href={`/roles/${encodeURIComponent(row.role)}`}>{row.role}</a>, text: (row) => row.role },
    { id: 'ttl', title: t('roles.ttl'), cell: (row) => duration(row.ttl_s), text: (row) => duration(row.ttl_s), number: (row) => row.ttl_s },
];

export function WhoPage(): JSX.Element {
    const login = query.value.get('login') ?? '';
    const host = query.value.get('host') ?? '';
    const [typedLogin, setLogin] = useState(login);
    const [typedHost, setHost] = useState(host);
    useEffect(() => {
        setLogin(login);
        setHost(host);
    }, [login, host]);
    const found = useGet<{ items: AccessPath[]; in_all: number }>(login && host ? withQuery('/v1/access/who', { login, host }) : null);
    return (
        <>
            <Heading title={t('who.title')} />
            <MatrixTabs />
            <form
                class="inline"
                onSubmit={(event) => {
                    event.preventDefault();
                    setQuery({ login: typedLogin.trim(), host: typedHost.trim() });
                }}
            >
                <Field label={t('login')} value={typedLogin} onInput={setLogin} placeholder="root" maxLength={200} isCode />
                <Field label={t('host')} value={typedHost} onInput={setHost} placeholder="web1.prod.example.com" maxLength={253} isCode />
                <button type="submit" disabled={!typedLogin.trim() || !typedHost.trim()}>
                    {t('who.ask')}
                </button>
            </form>
            {login && host && (
                <>
                    {found.data && found.data.items.length > 0 && <Ribbon paths={found.data.items} login={login} host={host} />}
                    <DataTable
                        caption={t('who.caption', { login, host })}
                        columns={columns()}
                        rows={still(found.data?.items ?? null, found)}
                        rowKey={(row) => `${row.user}/${row.role}/${row.group}`}
                        file="who-can"
                        cli={`vouch access who-can ${login}@${host}`}
                        empty={
                            <Empty title={t('who.nobody')}>
                                <p>{t('who.nobody.text')}</p>
                            </Empty>
                        }
                    />
                </>
            )}
        </>
    );
}
