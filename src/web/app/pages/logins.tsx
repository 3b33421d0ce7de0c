// SPDX-License-Identifier: ISC
// Logins that hosts reported: who came where, and who was refused and why.
import type { JSX } from 'preact';
import { t, word } from '../i18n';
import { query, withQuery } from '../router';
import { mayRead, me } from '../session';
import type { Login } from '../types';
import { Badge, Empty, Heading, Moment } from '../ui/bits';
import { useRows } from '../ui/load';
import { DataTable } from '../ui/table';
import type { Column, Filter } from '../ui/table';
import { HostTabs } from '../ui/tabs';

export const loginColumns = (): Column<Login>[] => [
    { id: 'time', title: t('time'), cell: (row) => <Moment at={row.time} />, text: (row) => row.time ?? '' },
    { id: 'outcome', title: t('login.outcome'), cell: (row) => <Badge tone={row.outcome === 'accepted' ? 'good' : 'bad'}>{word('login', row.outcome)}</Badge>, text: (row) => word('login', row.outcome) },
    { id: 'login', title: t('login'), cell: (row) => <code>{row.login}</code>, text: (row) => row.login },
    { id: 'host', title: t('host'), cell: (row) => (mayRead.value ? <a href={`/hosts/${encodeURIComponent(row.host)}`}>{row.host}</a> : row.host), text: (row) => row.host },
    { id: 'user', title: t('user'), cell: (row) => row.user ?? row.key_id ?? '–', text: (row) => row.user ?? row.key_id ?? '' },
    { id: 'serial', title: t('cert.serial'), cell: (row) => (row.serial && row.serial !== '0' ? <a href={`/certs/${row.serial}`}>{row.serial}</a> : '–'), text: (row) => row.serial ?? '' },
    { id: 'source', title: t('cert.source'), cell: (row) => row.source ?? '–', text: (row) => row.source ?? '' },
    {
        id: 'reason',
        title: t('login.reason'),
        cell: (row) => (
            <>
                {row.alarm && <Badge tone="bad">{row.alarm}</Badge>} <span class="pre">{row.reason ?? ''}</span>
            </>
        ),
        text: (row) => `${row.alarm ?? ''} ${row.reason ?? ''}`.trim(),
    },
];

const filters = (): Filter[] => [
    {
        name: 'outcome',
        label: t('login.outcome'),
        options: [
            ['accepted', t('login.accepted')],
            ['refused', t('login.refused')],
        ],
    },
    { name: 'alarms', label: t('login.alarms'), options: [['true', t('login.alarms.only')]] },
    { name: 'host', label: t('host') },
    { name: 'login', label: t('login') },
    ...(mayRead.value ? [{ name: 'user', label: t('user') }] : []),
    { name: 'serial', label: t('cert.serial') },
];

export function LoginsPage(): JSX.Element {
    const q = query.value;
    const names = ['outcome', 'alarms', 'host', 'login', 'user', 'serial'];
    const members = Object.fromEntries(names.map((name) => [name, q.get(name)]));
    const rows = useRows<Login>(withQuery('/v1/logins', { ...members, ...(mayRead.value ? {} : { user: me.value?.user }), limit: 100 }));
    const options = names.filter((name) => q.get(name) && name !== 'alarms' && name !== 'outcome').map((name) => ` --${name} ${q.get(name)}`);
    return (
        <>
            <Heading title={t('logins.title')} />
            {mayRead.value && <HostTabs />}
            <DataTable
                caption={t('logins.title')}
                columns={loginColumns()}
                rows={rows}
                rowKey={(row) => row.id}
                filters={filters()}
                file="logins"
                cli={`vouch audit logins${options.join('')}${q.get('outcome') === 'refused' ? ' --refused' : ''}`}
                empty={
                    <Empty title={t('logins.none')}>
                        <p>{t('logins.none.text')}</p>
                    </Empty>
                }
            />
        </>
    );
}
