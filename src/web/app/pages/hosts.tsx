// SPDX-License-Identifier: ISC
// Hosts: the enrolled machines, how they are, and those that wait to be adopted.
import type { JSX } from 'preact';
import { ago } from '../format';
import { CONDITION_TONES, CONDITIONS, endOf, FLEET_FILTERS, labelText } from '../hosts';
import type { FleetFilter } from '../hosts';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { Honeycomb } from '../pictures/honeycomb';
import { query, setQuery, withQuery } from '../router';
import { mayAdminister } from '../session';
import type { FleetHost, FleetSummary } from '../types';
import { Badge, Empty, Heading, Moment, Words } from '../ui/bits';
import { Select } from '../ui/forms';
import { useEvery, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column, Filter } from '../ui/table';
import { HostTabs } from '../ui/tabs';

const columns = (): Column<FleetHost>[] => [
    { id: 'name', title: t('host'), cell: (row) => <a href={`/hosts/${encodeURIComponent(row.name)}`}>{row.name}</a>, text: (row) => row.name },
    { id: 'condition', title: t('state'), cell: (row) => <Badge tone={CONDITION_TONES[row.condition]}>{word('health', row.condition)}</Badge>, text: (row) => word('health', row.condition) },
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
    { name: 'condition', label: t('host.condition'), options: CONDITIONS.map((one) => [one, word('health', one)] as const) },
    { name: 'zone', label: t('zone') },
    { name: 'host', label: t('hosts.pattern') },
    { name: 'label', label: t('host.labels') },
];

// The whole fleet, not only the rows that are loaded, by what the viewer chose.
function FleetMap({ fleet, filter }: { fleet: FleetSummary; filter: FleetFilter }): JSX.Element {
    const by = query.value.get('by') ?? 'zone';
    const keys = fleet.labels.map((one) => one.key);
    const chosen = fleet.label !== null && !keys.includes(fleet.label) ? [fleet.label, ...keys] : keys;
    return (
        <>
            <div class="filters">
                <Select label={t('honeycomb.by')} value={by} options={[['zone', t('zone')], ...chosen.map((key): [string, string] => [`label:${key}`, t('honeycomb.by-label', { key })])]} onInput={(value) => setQuery({ by: value === 'zone' ? null : value })} />
            </div>
            <Honeycomb fleet={fleet} filter={filter} />
        </>
    );
}

export function HostsPage(): JSX.Element {
    const q = query.value;
    const filter: FleetFilter = Object.fromEntries(FLEET_FILTERS.map((name) => [name, q.get(name)]));
    const rows = useRows<FleetHost>(withQuery('/v1/fleet', { ...filter, limit: 100 }));
    const map = useGet<FleetSummary>(filter.state === 'retired' ? null : withQuery('/v1/summary/fleet', { ...filter, by: q.get('by') }));
    const again = (): void => {
        rows.reload();
        map.reload();
    };
    useLive(20, again);
    useEvery(20, again); // their reports are not in the ledger
    const waits = map.data?.conditions.waiting ?? 0;
    const options = FLEET_FILTERS.filter((name) => q.get(name)).map((name) => ` --${name} '${q.get(name)}'`);
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
            <ProblemBox problem={map.problem} onRetry={map.reload} />
            {map.data && map.data.hosts > 0 && <FleetMap fleet={map.data} filter={filter} />}
            <DataTable
                caption={t('nav.hosts')}
                columns={columns()}
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
