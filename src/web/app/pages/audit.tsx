// SPDX-License-Identifier: ISC
// The audit log: search by chips, a histogram to narrow the time, every event whole, and everything about one
// serial.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get } from '../api';
import { moment } from '../format';
import { t } from '../i18n';
import { Disproof, prove } from '../ledger';
import type { Proof } from '../ledger';
import { Timeline } from '../pictures/timeline';
import { query, setQuery, withQuery } from '../router';
import type { Event, Page, Status } from '../types';
import { Badge, Code, Empty, Fact, Heading, Moment, Note, Snippet } from '../ui/bits';
import { Dialog } from '../ui/dialog';
import { useAction, useGet, useLoad, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { save } from '../ui/save';
import { DataTable } from '../ui/table';
import type { Column, Filter } from '../ui/table';

const SINCE: Record<string, number> = { '1h': 3600, '1d': 86400, '7d': 604800, '30d': 2592000, '90d': 7776000 };
const REFUSALS = /refuse|deny|clone/;

function details(event: Event): string {
    return Object.entries(event.details)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
}

const columns = (onShow: (event: Event) => void): Column<Event>[] => [
    {
        id: 'record',
        title: t('audit.record'),
        cell: (row) => (
            <button type="button" class="link" onClick={() => onShow(row)}>
                {row.record}
            </button>
        ),
        text: (row) => row.record,
        number: (row) => Number(row.record),
    },
    { id: 'time', title: t('time'), cell: (row) => <Moment at={row.time} />, text: (row) => row.time },
    { id: 'type', title: t('audit.type'), cell: (row) => <Badge tone={REFUSALS.test(row.type) ? 'bad' : 'quiet'}>{row.type}</Badge>, text: (row) => row.type },
    { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor, text: (row) => row.actor },
    { id: 'object', title: t('audit.object'), cell: (row) => (/^\d{10,20}$/.test(row.object) ? <a href={`/certs/${row.object}`}>{row.object}</a> : <span class="break">{row.object}</span>), text: (row) => row.object },
    { id: 'details', title: t('audit.details'), cell: (row) => <span class="break details">{details(row)}</span>, text: details },
];

const filters = (): Filter[] => [
    { name: 'type', label: t('audit.type') },
    { name: 'actor', label: t('audit.actor') },
    { name: 'object', label: t('audit.object') },
    { name: 'since', label: t('audit.since'), options: Object.keys(SINCE).map((one) => [one, t('audit.last', { span: one })] as const) },
    { name: 'from', label: t('audit.from') },
    { name: 'until', label: t('audit.until') },
];

function Shown({ event, onClose }: { event: Event; onClose: () => void }): JSX.Element {
    const near = useLoad(`near ${event.record}`, () => get<Page<Event>>(withQuery('/v1/audit', { object: event.object, limit: 20 })));
    return (
        <Dialog title={t('audit.event', { record: event.record })} onClose={onClose}>
            <dl class="facts">
                <Fact name={t('time')}>
                    <Moment at={event.time} />
                </Fact>
                <Fact name={t('audit.type')}>{event.type}</Fact>
                <Fact name={t('audit.actor')}>{event.actor}</Fact>
                <Fact name={t('audit.object')}>
                    <span class="break">{event.object}</span>
                </Fact>
                {Object.entries(event.details).map(([name, value]) => (
                    <Fact key={name} name={name}>
                        <span class="pre break">{value}</span>
                    </Fact>
                ))}
            </dl>
            <details>
                <summary>JSON</summary>
                <Snippet text={JSON.stringify(event, null, 2)} />
            </details>
            {near.data && near.data.items.length > 1 && (
                <>
                    <h3>{t('audit.related')}</h3>
                    <ul class="plain">
                        {near.data.items.map((one) => (
                            <li key={one.record}>
                                {moment(one.time)} {one.type} {one.actor}
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </Dialog>
    );
}

function Verdict({ proof, failure }: { proof: Proof | null; failure: unknown }): JSX.Element | null {
    if (failure instanceof Disproof) {
        const about = failure.finding === 'past' || failure.finding === 'key' ? moment(failure.about) : failure.about;
        return (
            <Note tone="bad">
                <strong>{t('audit.verify.bad')}</strong> {t(`audit.verify.${failure.finding}`, { about })} {t('audit.verify.next')}
            </Note>
        );
    }
    if (failure) {
        return <Note tone="warn">{t('audit.verify.unknown', { why: String(failure) })}</Note>;
    }
    return (
        proof && (
            <Note tone="good">
                <strong>{t('audit.verify.good')}</strong> {t('audit.verify.text', { size: proof.size, shown: proof.shown })}
                {proof.newer > 0 && ` ${t('audit.verify.newer', { newer: proof.newer })}`} {proof.since ? t('audit.verify.since', { n: proof.since.size, time: moment(proof.since.at) }) : t('audit.verify.first')}
            </Note>
        )
    );
}

// How far the record is signed, and how to prove it without trusting this server.
function Chain({ events }: { events: Event[] }): JSX.Element {
    const status = useGet<Status>('/v1/status');
    const [proof, setProof] = useState<Proof | null>(null);
    const verify = useAction(async () => {
        setProof(null);
        setProof(await prove(events));
        status.reload();
    });
    return (
        <section>
            <h2>{t('audit.chain')}</h2>
            <ProblemBox problem={status.problem} onRetry={status.reload} />
            {status.data && <Note tone={status.data.checkpoint_size === status.data.ledger_size ? 'good' : 'info'}>{t('audit.chain.text', { signed: status.data.checkpoint_size, all: status.data.ledger_size, indexed: status.data.indexed })}</Note>}
            <p>
                <button type="button" aria-busy={verify.isBusy} disabled={verify.isBusy} onClick={() => void verify.run()}>
                    {t('audit.verify')}
                </button>
            </p>
            <div aria-live="polite">
                <Verdict proof={proof} failure={verify.problem} />
            </div>
            <p>{t('audit.chain.verify')}</p>
            <Snippet text="vouch ledger verify /var/lib/vouchd" />
            <p>
                <a href="/v1/ledger/checkpoint" download>
                    {t('audit.checkpoint')}
                </a>
            </p>
        </section>
    );
}

export function AuditPage(): JSX.Element {
    const q = query.value;
    const since = SINCE[q.get('since') ?? ''];
    const [now] = useState(Date.now());
    const from = q.get('from') ?? (since ? new Date(now - since * 1000).toISOString() : null);
    const rows = useRows<Event>(withQuery('/v1/audit', { type: q.get('type'), actor: q.get('actor'), object: q.get('object'), from, until: q.get('until'), limit: 200 }));
    const [shown, setShown] = useState<Event | null>(null);
    const events = rows.data ?? [];
    const times = events.map((event) => Date.parse(event.time));
    const start = from ? Date.parse(from) : Math.min(now, ...times);
    const option = (name: string, key: string): string => (q.get(key) ? ` --${name} '${q.get(key)}'` : '');
    const pick = (a: number, b: number): void => setQuery({ from: new Date(a).toISOString(), until: new Date(b).toISOString(), since: null });
    return (
        <>
            <Heading title={t('nav.audit')}>
                <button type="button" class="outline" disabled={events.length === 0} onClick={() => save('audit.jsonl', events.map((event) => JSON.stringify(event)).join('\n') + '\n', 'application/jsonl')}>
                    JSONL
                </button>
            </Heading>
            {events.length > 0 && <Timeline title={t('audit.histogram')} events={events.map((event) => ({ at: Date.parse(event.time), kind: event.type.split('.')[0] ?? '', isRefusal: REFUSALS.test(event.type) }))} from={start} until={q.get('until') ? Date.parse(q.get('until') ?? '') : now} onPick={pick} />}
            <DataTable
                caption={t('nav.audit')}
                columns={columns(setShown)}
                rows={rows}
                rowKey={(row) => row.record}
                filters={filters()}
                file="audit"
                cli={`vouch audit search${option('type', 'type')}${option('actor', 'actor')}${option('object', 'object')}${q.get('since') ? ` --since -${q.get('since')}` : ''}${option('since', 'from')}${option('until', 'until')}`}
                empty={<Empty title={t('audit.none')} />}
            />
            <p>
                <Code>vouch audit tail</Code> {t('audit.tail')}
            </p>
            <Chain events={events} />
            {shown && <Shown event={shown} onClose={() => setShown(null)} />}
        </>
    );
}
