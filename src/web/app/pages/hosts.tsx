// SPDX-License-Identifier: ISC
// Hosts: the enrolled machines, how they are, and those that wait to be adopted.
import type { JSX } from 'preact';
import { ago } from '../format';
import { endOf, healthOf, HEALTH_TONES, labelText } from '../hosts';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { Honeycomb } from '../pictures/honeycomb';
import { query, withQuery } from '../router';
import { mayAdminister } from '../session';
import type { Ca, FleetHost } from '../types';
import { Badge, Empty, Heading, Moment, Words } from '../ui/bits';
import { useEvery, useGet, useRows } from '../ui/load';
import { DataTable } from '../ui/table';
import type { Column, Filter } from '../ui/table';
import { HostTabs } from '../ui/tabs';

const columns = (krl: string): Column<FleetHost>[] => [
    { id: 'name', title: t('host'), cell: (row) => <a href={`/hosts/${encodeURIComponent(row.name)}`}>{row.name}</a>, text: (row) => row.name },
    { id: 'health', title: t('state'), cell: (row) => <Badge tone={HEALTH_TONES[healthOf(row, krl)]}>{word('health', healthOf(row, krl))}</Badge>, text: (row) => word('health', healthOf(row, krl)) },
    { id: 'zone', title: t('zone'), cell: (row) => row.zone ?? '–', text: (row) => row.zone ?? '' },
    { id: 'labels', title: t('host.labels'), cell: (row) => <Words of={labelText(row.labels)} />, text: (row) => labelText(row.labels).join(' ') },
    { id: 'ends', title: t('host.cert-ends'), cell: (row) => <Moment at={endOf(row)} relative />, text: (row) => endOf(row) ?? '', number: (row) => Date.parse(endOf(row) ?? '') || 0 },
    { id: 'seen', title: t('host.seen'), cell: (row) => <Moment at={row.seen} relative />, text: (row) => row.seen ?? '' },
    { id: 'agent', title: t('host.agent'), cell: (row) => row.agent ?? '–', text: (row) => row.agent ?? '' },
    { id: 'sshd', title: 'sshd', cell: (row) => row.sshd ?? '–', text: (row) => row.sshd ?? '' },
    { id: 'problems', title: t('host.problems'), cell: (row) => row.problems.join('; ') || '–', text: (row) => row.problems.join('; ') },
];

const filters = (): Filter[] => [
    { name: 'state', label: t('state'), options: (['waiting', 'active', 'locked', 'retired'] as const).map((one) => [one, word('host-state', one)] as const) },
    { name: 'zone', label: t('zone') },
    { name: 'host', label: t('hosts.pattern') },
    { name: 'label', label: t('host.labels') },
];

export function HostsPage(): JSX.Element {
    const q = query.value;
    const names = ['state', 'zone', 'host', 'label'];
    const rows = useRows<FleetHost>(withQuery('/v1/fleet', { ...Object.fromEntries(names.map((name) => [name, q.get(name)])), limit: 100 }));
    const ca = useGet<Ca>('/v1/ca');
    useLive(20, rows.reload);
    useEvery(20, rows.reload); // their reports are not in the ledger
    const krl = ca.data?.krls.user.version ?? '';
    const waits = (rows.data ?? []).filter((host) => host.state === 'waiting').length;
    const options = names.filter((name) => q.get(name)).map((name) => ` --${name} '${q.get(name)}'`);
    return (
        <>
            <Heading title={t('nav.hosts')}>
                {mayAdminister.value && (
                    <a role="button" href="/enrolment">
                        {t('hosts.add')}
                    </a>
                )}
            </Heading>
            <HostTabs />
            {waits > 0 && (
                <p>
                    <Badge tone="info">{t('hosts.waiting', { n: waits })}</Badge> <a href="/enrolment">{t('hosts.adopt')}</a>
                </p>
            )}
            {rows.data && <Honeycomb hosts={rows.data} krl={krl} />}
            <DataTable
                caption={t('nav.hosts')}
                columns={columns(krl)}
                rows={rows}
                rowKey={(row) => row.id}
                filters={filters()}
                file="hosts"
                cli={`vouch host ls${options.join('')}`}
                empty={
                    <Empty title={t('hosts.none')}>
                        <p>{t('hosts.none.text')}</p>
                        <p>
                            <a href="/enrolment">{t('hosts.add')}</a>
                        </p>
                    </Empty>
                }
            />
            <p class="quiet">{t('as-of', { time: rows.at ? ago(new Date(rows.at).toISOString()) : '–' })}</p>
        </>
    );
}
