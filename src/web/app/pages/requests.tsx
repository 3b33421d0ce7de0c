// SPDX-License-Identifier: ISC
// Requests: one's own, those that wait for one's decision, and one of them with what it would give.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { onceKey, post } from '../api';
import { duration } from '../format';
import { t, word } from '../i18n';
import { useLive } from '../live';
import type { PageProps } from '../routes';
import { query, setQuery, withQuery } from '../router';
import { mayRead, me } from '../session';
import type { AccessRequest, Cert, Impacted, RequestState } from '../types';
import { Badge, Cli, Code, Empty, Fact, Heading, Loading, Moment, Note, Words } from '../ui/bits';
import type { Tone } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Field } from '../ui/forms';
import { useAction, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
import { countWaiting } from '../waiting';
import { Result } from './new-result';

const TONES: Record<RequestState, Tone> = { waiting: 'info', approved: 'good', denied: 'bad', cancelled: 'quiet', expired: 'quiet', taken: 'good' };
const STATES: RequestState[] = ['waiting', 'approved', 'denied', 'cancelled', 'expired', 'taken'];

const columns = (): Column<AccessRequest>[] => [
    { id: 'id', title: t('request.number'), cell: (row) => <a href={`/requests/${row.id}`}>{row.id}</a>, text: (row) => row.id },
    { id: 'state', title: t('state'), cell: (row) => <Badge tone={TONES[row.state]}>{word('request', row.state)}</Badge>, text: (row) => word('request', row.state) },
    { id: 'user', title: t('user'), cell: (row) => row.user, text: (row) => row.user },
    { id: 'roles', title: t('cert.role'), cell: (row) => <Words of={row.roles} />, text: (row) => row.roles.join(' ') },
    { id: 'zone', title: t('zone'), cell: (row) => row.zone, text: (row) => row.zone },
    { id: 'ttl', title: t('new.time'), cell: (row) => duration(row.ttl_s), text: (row) => duration(row.ttl_s), number: (row) => row.ttl_s },
    { id: 'reason', title: t('reason'), cell: (row) => <span class="pre">{row.reason ?? '–'}</span>, text: (row) => row.reason ?? '' },
    { id: 'created', title: t('request.created'), cell: (row) => <Moment at={row.created} relative />, text: (row) => row.created ?? '' },
];

export function RequestsPage(): JSX.Element {
    const which = query.value.get('which') ?? 'mine';
    const state = query.value.get('state');
    const rows = useRows<AccessRequest>(withQuery('/v1/requests', { which, state, limit: 100 }));
    useLive(15, rows.reload);
    const views = [['mine', t('requests.mine')], ['to-decide', t('requests.to-decide')], ...(mayRead.value ? [['all', t('requests.all')]] : [])] as [string, string][];
    const option = { mine: '', 'to-decide': ' --for-me', all: ' --all' }[which] ?? '';
    return (
        <>
            <Heading title={t('nav.requests')}>
                <div role="group" aria-label={t('requests.which')}>
                    {views.map(([value, text]) => (
                        <button key={value} type="button" class="small outline" aria-pressed={which === value} onClick={() => setQuery({ which: value === 'mine' ? null : value })}>
                            {text}
                        </button>
                    ))}
                </div>
            </Heading>
            <DataTable
                caption={t('nav.requests')}
                columns={columns()}
                rows={rows}
                rowKey={(row) => row.id}
                filters={[{ name: 'state', label: t('state'), options: STATES.map((one) => [one, word('request', one)] as const) }]}
                file="requests"
                cli={`vouch request ls${option}${state ? ` --state ${state}` : ''}`}
                empty={
                    <Empty title={t(which === 'to-decide' ? 'requests.none-to-decide' : 'requests.none')}>
                        <p>{t(which === 'to-decide' ? 'requests.none-to-decide.text' : 'requests.none.text')}</p>
                    </Empty>
                }
            />
        </>
    );
}

// What the request resolves to: not a bare role, but hosts and logins.
function Impact({ request }: { request: AccessRequest }): JSX.Element {
    const impact = useGet<Impacted>(`/v1/requests/${request.id}/impact`);
    return (
        <section>
            <h2>{t('request.impact')}</h2>
            <ProblemBox problem={impact.problem} />
            {impact.data && (
                <>
                    <p>{t('request.impact.hosts', { n: impact.data.hosts, user: request.user })}</p>
                    <ul class="plain">
                        {impact.data.items.map((item) => (
                            <li key={item.host}>
                                <code>{item.host}</code>: <Words of={item.logins} />
                            </li>
                        ))}
                    </ul>
                    {impact.data.hosts > impact.data.items.length && <p class="quiet">{t('overview.more', { n: impact.data.hosts - impact.data.items.length })}</p>}
                </>
            )}
        </section>
    );
}

function History({ request }: { request: AccessRequest }): JSX.Element | null {
    const rows = useRows<AccessRequest>(withQuery('/v1/requests', { which: mayRead.value ? 'all' : request.user === me.value?.user ? 'mine' : 'to-decide', limit: 100 }));
    const others = (rows.data ?? []).filter((one) => one.user === request.user && one.id !== request.id && one.roles.join() === request.roles.join());
    const denied = others.filter((one) => one.state === 'denied').length;
    return rows.data ? <p>{others.length === 0 ? t('request.first') : t('request.history', { n: others.length, denied })}</p> : null;
}

function Decide({ request, onDone }: { request: AccessRequest; onDone: () => void }): JSX.Element {
    const [comment, setComment] = useState('');
    const decide = (what: 'approve' | 'deny') => async (): Promise<void> => {
        await post(`/v1/requests/${request.id}/${what}`, comment.trim() ? { comment: comment.trim() } : {});
        void countWaiting();
        onDone();
    };
    const approve = useAction(decide('approve'));
    const deny = useAction(decide('deny'));
    return (
        <section>
            <h2>{t('request.decide')}</h2>
            <Field label={t('request.comment')} value={comment} onInput={setComment} maxLength={512} />
            <ProblemBox problem={approve.problem ?? deny.problem} />
            <p class="actions">
                <button type="button" aria-busy={approve.isBusy} disabled={approve.isBusy || deny.isBusy} onClick={() => void approve.run()}>
                    {t('request.approve')}
                </button>
                <button type="button" class="danger outline" aria-busy={deny.isBusy} disabled={approve.isBusy || deny.isBusy} onClick={() => void deny.run()}>
                    {t('request.deny')}
                </button>
            </p>
            <Cli command={`vouch approve ${request.id}`} />
        </section>
    );
}

function Own({ request, onDone }: { request: AccessRequest; onDone: () => void }): JSX.Element {
    const [isCancelling, setCancelling] = useState(false);
    const [cert, setCert] = useState<Cert | null>(null);
    const take = useAction(async () => setCert(await post<Cert>(`/v1/requests/${request.id}/cert`, {}, onceKey())));
    if (cert) {
        return <Result issued={{ cert, key: { name: 'id_ed25519' }, zone: request.zone }} onAgain={onDone} />;
    }
    return (
        <section>
            <ProblemBox problem={take.problem} />
            {request.state === 'waiting' && <Note tone="info">{t('request.waits', { n: request.missing })}</Note>}
            <p class="actions">
                {request.state === 'approved' && (
                    <button type="button" aria-busy={take.isBusy} onClick={() => void take.run()}>
                        {t('request.take')}
                    </button>
                )}
                {(request.state === 'waiting' || request.state === 'approved') && (
                    <button type="button" class="outline danger" onClick={() => setCancelling(true)}>
                        {t('request.cancel')}
                    </button>
                )}
            </p>
            {isCancelling && (
                <Confirm
                    title={t('request.cancel')}
                    action={t('request.cancel')}
                    onClose={() => setCancelling(false)}
                    onConfirm={async () => {
                        await post(`/v1/requests/${request.id}/cancel`);
                        onDone();
                    }}
                >
                    <p>{t('request.cancel.text')}</p>
                </Confirm>
            )}
            <Cli command={`vouch request wait ${request.id}`} />
        </section>
    );
}

function Facts({ request }: { request: AccessRequest }): JSX.Element {
    return (
        <dl class="facts">
            <Fact name={t('state')}>
                <Badge tone={TONES[request.state]}>{word('request', request.state)}</Badge>
            </Fact>
            <Fact name={t('user')}>{request.user}</Fact>
            <Fact name={t('cert.role')}>
                <Words of={request.roles} />
            </Fact>
            <Fact name={t('zone')}>{request.zone}</Fact>
            <Fact name={t('cert.principals')}>
                <Words of={request.principals} />
            </Fact>
            <Fact name={t('new.time')}>{duration(request.ttl_s)}</Fact>
            <Fact name={t('reason')}>
                <span class="pre">{request.reason ?? '–'}</span>
            </Fact>
            <Fact name={t('cert.source')}>{request.source}</Fact>
            <Fact name={t('fingerprint')}>
                <Code>{request.fingerprint}</Code>
            </Fact>
            <Fact name={t('request.created')}>
                <Moment at={request.created} />
            </Fact>
            <Fact name={t('request.expires')}>
                <Moment at={request.expires} />
            </Fact>
            <Fact name={t('request.approvers')}>
                <Words of={request.approvers} />
            </Fact>
            {request.decided_by && (
                <Fact name={t('request.decided-by')}>
                    {request.decided_by} {request.comment && `· ${request.comment}`}
                </Fact>
            )}
            {request.serial && (
                <Fact name={t('cert.serial')}>
                    <a href={`/certs/${request.serial}`}>{request.serial}</a>
                </Fact>
            )}
        </dl>
    );
}

export function RequestPage({ params }: PageProps): JSX.Element {
    const id = params['id'] ?? '';
    const found = useGet<AccessRequest>(`/v1/requests/${encodeURIComponent(id)}`);
    useLive(5, () => found.data?.state === 'waiting' && found.reload());
    const request = found.data;
    const isOwn = request?.user === me.value?.user;
    return (
        <>
            <Heading title={t('request.title', { id })} />
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {!request && found.isLoading && <Loading />}
            {request && (
                <>
                    <Facts request={request} />
                    {isOwn && <Own request={request} onDone={found.reload} />}
                    <Impact request={request} />
                    <History request={request} />
                    {!isOwn && (request.state === 'waiting' || request.state === 'approved') && <Decide request={request} onDone={found.reload} />}
                    <Cli command={`vouch request show ${id}`} />
                </>
            )}
        </>
    );
}
