// SPDX-License-Identifier: ISC
// Break-glass: what is there for emergencies, what was had in one and who looked at it, certificates that
// are put away, and the sheet for when the server is gone. All of it can be rehearsed from here.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { onceKey, post } from '../api';
import { ago, duration, secondsUntil } from '../format';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { usePolicy } from '../policy';
import { list, text } from '../policy-text';
import type { Entry } from '../policy-text';
import { countReviews, loadEndingSeals } from '../reviews';
import { query, setQuery, withQuery } from '../router';
import { mayAdminister, me } from '../session';
import type { Cert, Login, Review, Reviews } from '../types';
import { Badge, Cli, Code, Empty, Fact, Heading, Loading, Moment, Note, Words } from '../ui/bits';
import type { Tone } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Field, Select } from '../ui/forms';
import { useAction, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';

const TONES: Record<Review['state'], Tone> = { open: 'bad', done: 'good', void: 'quiet' };
const STATES: Review['state'][] = ['open', 'done', 'void'];
const REMIND_S = 14 * 86400;

function pick(id: string | null): void {
    setQuery({ review: id });
}

const columns = (): Column<Review>[] => [
    {
        id: 'id',
        title: t('review.number'),
        cell: (row) => (
            <button type="button" class="link" onClick={() => pick(row.id)}>
                {row.id}
            </button>
        ),
        text: (row) => row.id,
    },
    {
        id: 'state',
        title: t('state'),
        cell: (row) => (
            <>
                <Badge tone={TONES[row.state]}>{word('review', row.state)}</Badge> {row.drill && <Badge tone="info">{t('review.drill')}</Badge>}
            </>
        ),
        text: (row) => word('review', row.state),
    },
    { id: 'kind', title: t('review.kind'), cell: (row) => word('review', row.kind), text: (row) => word('review', row.kind) },
    { id: 'holder', title: t('user'), cell: (row) => row.holder, text: (row) => row.holder },
    { id: 'role', title: t('cert.role'), cell: (row) => row.role, text: (row) => row.role },
    { id: 'reason', title: t('reason'), cell: (row) => <span class="pre">{row.reason}</span>, text: (row) => row.reason },
    { id: 'opened', title: t('review.opened'), cell: (row) => <Moment at={row.opened} relative />, text: (row) => row.opened ?? '' },
    { id: 'logins', title: t('review.logins'), cell: (row) => row.logins, text: (row) => String(row.logins), number: (row) => row.logins },
];

// --- one review

function Logins({ serial }: { serial: string }): JSX.Element {
    const logins = useRows<Login>(withQuery('/v1/logins', { serial, limit: 100 }));
    return (
        <>
            <h3>{t('review.logins')}</h3>
            <ProblemBox problem={logins.problem} />
            {logins.data?.length === 0 && <p class="quiet">{t('review.logins.none')}</p>}
            <ul class="plain">
                {(logins.data ?? []).map((login) => (
                    <li key={login.id}>
                        <Moment at={login.time} /> <code>{`${login.login}@${login.host}`}</code> <span class="quiet">{login.source ?? ''}</span>{' '}
                        {login.alarm && <Badge tone="bad">{word('alarm', login.alarm)}</Badge>}
                    </li>
                ))}
            </ul>
        </>
    );
}

function Shown({ id, onDone }: { id: string; onDone: () => void }): JSX.Element {
    const found = useGet<Review>(`/v1/reviews/${encodeURIComponent(id)}`);
    const [isFinishing, setFinishing] = useState(false);
    const review = found.data;
    const isOwn = review !== null && (review.user === me.value?.user || review.holder === me.value?.user);
    useLive(30, found.reload);
    const finish = async (note: string): Promise<void> => {
        await post(`/v1/reviews/${id}/done`, { note });
        found.reload();
        onDone();
    };
    return (
        <section class="card no-print">
            <h2>{t('review.one', { id })}</h2>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !review && <Loading />}
            {review && (
                <>
                    <dl class="facts">
                        <Fact name={t('state')}>
                            <Badge tone={TONES[review.state]}>{word('review', review.state)}</Badge> {word('review', review.kind)} {review.drill && <Badge tone="info">{t('review.drill')}</Badge>}
                        </Fact>
                        <Fact name={t('review.asked-by')}>{review.user}</Fact>
                        <Fact name={t('user')}>{review.holder}</Fact>
                        <Fact name={t('cert.role')}>
                            {review.role} <span class="quiet">{review.zone}</span>
                        </Fact>
                        <Fact name={t('reason')}>
                            <span class="pre">{review.reason}</span>
                        </Fact>
                        <Fact name={t('review.source')}>{review.source}</Fact>
                        <Fact name={t('review.opened')}>
                            <Moment at={review.opened} />
                        </Fact>
                        <Fact name={t('review.cert')}>{review.serial ? <a href={`/certs/${review.serial}`}>{review.serial}</a> : t('review.cert.unknown')}</Fact>
                        <Fact name={t('fingerprint')}>
                            <Code>{review.fingerprint}</Code>
                        </Fact>
                        {review.done_by && <Fact name={t('review.done-by')}>{review.done_by}</Fact>}
                        {review.note && (
                            <Fact name={t('review.note')}>
                                <span class="pre">{review.note}</span>
                            </Fact>
                        )}
                    </dl>
                    {review.serial && <Logins key={`${review.serial} ${review.logins}`} serial={review.serial} />}
                    {review.state === 'open' && isOwn && <Note tone="info">{t('review.own')}</Note>}
                    <p class="actions">
                        {review.state === 'open' && mayAdminister.value && !isOwn && (
                            <button type="button" onClick={() => setFinishing(true)}>
                                {t('review.finish')}
                            </button>
                        )}
                        <button type="button" class="outline secondary" onClick={() => pick(null)}>
                            {t('close')}
                        </button>
                    </p>
                    <Cli command={`vouch review show ${review.id}`} />
                    {isFinishing && (
                        <Confirm title={t('review.one', { id })} action={t('review.finish')} onClose={() => setFinishing(false)} onConfirm={finish} asksReason="required" isMild>
                            <p>{t('review.finish.text')}</p>
                        </Confirm>
                    )}
                </>
            )}
        </section>
    );
}

// --- the roles

function Loud({ roles, last }: { roles: Entry[]; last: string | null }): JSX.Element {
    const own = new Set((me.value?.roles ?? []).filter((role) => role.break_glass).map((role) => role.role));
    return (
        <section class="no-print">
            <h2>{t('glass.loud')}</h2>
            <p>{t('glass.loud.text')}</p>
            <p>
                <strong>{last ? t('glass.last-drill', { ago: ago(last) }) : t('glass.no-drill')}</strong>
            </p>
            {roles.length === 0 && (
                <Empty title={t('glass.no-role')}>
                    <p>{t('glass.no-role.text')}</p>
                </Empty>
            )}
            <ul class="plain">
                {roles.map((role) => {
                    const name = text(role, 'name');
                    const at = (drill: string | null): string => withQuery('/new', { zone: text(role, 'zone'), role: name, drill });
                    return (
                        <li key={name}>
                            <a href={`/roles/${encodeURIComponent(name)}`}>{name}</a> <span class="quiet">{text(role, 'zone')}</span> <Words of={list(role, 'logins')} />{' '}
                            {own.has(name) && (
                                <>
                                    <a href={at(null)}>{t('glass.use')}</a> <a href={at('1')}>{t('glass.rehearse')}</a>
                                </>
                            )}
                        </li>
                    );
                })}
            </ul>
            <Cli command={`vouch request ${roles[0] ? text(roles[0], 'name') : 'ROLE'} --reason '…' --drill`} />
        </section>
    );
}

// --- put away

const sealColumns = (): Column<Review>[] => [
    { id: 'holder', title: t('user'), cell: (row) => row.holder, text: (row) => row.holder },
    { id: 'role', title: t('cert.role'), cell: (row) => row.role, text: (row) => row.role },
    { id: 'reason', title: t('seal.where'), cell: (row) => <span class="pre">{row.reason}</span>, text: (row) => row.reason },
    { id: 'serial', title: t('review.cert'), cell: (row) => (row.serial ? <a href={`/certs/${row.serial}`}>{row.serial}</a> : '–'), text: (row) => row.serial ?? '' },
    {
        id: 'ends',
        title: t('seal.ends'),
        cell: (row) => (
            <>
                <Moment at={row.ends} relative /> {row.ends && secondsUntil(row.ends) < REMIND_S && <Badge tone="warn">{t('seal.renew')}</Badge>}
            </>
        ),
        text: (row) => row.ends ?? '',
    },
    { id: 'logins', title: t('review.logins'), cell: (row) => row.logins, text: (row) => String(row.logins), number: (row) => row.logins },
];

function SealForm({ roles, people, onDone }: { roles: Entry[]; people: string[]; onDone: () => void }): JSX.Element {
    const names = roles.map((role) => text(role, 'name'));
    const [user, setUser] = useState('');
    const [role, setRole] = useState(names[0] ?? '');
    const [key, setKey] = useState('');
    const [days, setDays] = useState('90');
    const [reason, setReason] = useState('');
    const [cert, setCert] = useState<Cert | null>(null);
    const { run, isBusy, problem } = useAction(async () => {
        setCert(await post<Cert>('/v1/seals', { user: user.trim(), role, public_key: key.trim(), ttl_s: Number(days) * 86400, reason: reason.trim() }, onceKey()));
        onDone();
    });
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    const isReady = user.trim() !== '' && role !== '' && key.trim() !== '' && reason.trim() !== '' && Number(days) >= 1;
    return (
        <details>
            <summary>{t('seal.new')}</summary>
            <form onSubmit={submit}>
                <p class="quiet">{t('seal.new.text')}</p>
                <Field label={t('user')} value={user} onInput={setUser} list={people} required maxLength={64} />
                <Select label={t('cert.role')} value={role} options={names.map((one) => [one, one] as const)} onInput={setRole} />
                <Field label={t('seal.key')} value={key} onInput={setKey} help={t('seal.key.help')} required isCode maxLength={16384} />
                <Field label={t('seal.days')} value={days} onInput={setDays} type="number" required />
                <Field label={t('seal.where')} value={reason} onInput={setReason} help={t('seal.where.help')} required maxLength={1024} />
                <ProblemBox problem={problem} />
                <button type="submit" disabled={!isReady || isBusy} aria-busy={isBusy}>
                    {t('seal.do')}
                </button>
            </form>
            {cert && (
                <Note tone="good">
                    {t('seal.done', { span: duration(cert.valid_before ? secondsUntil(cert.valid_before) : 0) })} <a href={`/certs/${cert.serial}`}>{cert.serial}</a>
                </Note>
            )}
            <Cli command={`vouch breakglass seal --user ${user || 'NAME'} --role ${role || 'ROLE'} --ttl ${days || '90'}d --reason '…' KEY.pub`} />
        </details>
    );
}

function Sealed({ roles, people, onDone }: { roles: Entry[]; people: string[]; onDone: () => void }): JSX.Element {
    const rows = useRows<Review>('/v1/reviews?kind=sealed&limit=100');
    const done = (): void => {
        rows.reload();
        void loadEndingSeals();
        onDone();
    };
    return (
        <section class="no-print">
            <h2>{t('seal.title')}</h2>
            <p>{t('seal.text')}</p>
            <DataTable
                caption={t('seal.title')}
                columns={sealColumns()}
                rows={rows}
                rowKey={(row) => row.id}
                file="sealed"
                cli="vouch review ls --kind sealed -o wide"
                empty={
                    <Empty title={t('seal.none')}>
                        <p>{t('seal.none.text')}</p>
                    </Empty>
                }
            />
            {mayAdminister.value && roles.length > 0 && <SealForm roles={roles} people={people} onDone={done} />}
        </section>
    );
}

// --- the sheet

function Sheet(): JSX.Element {
    const sheet = useGet<{ text: string }>('/v1/recovery-sheet');
    return (
        <section>
            <h2 class="no-print">{t('sheet.title')}</h2>
            <p class="no-print">{t('sheet.text')}</p>
            <ProblemBox problem={sheet.problem} onRetry={sheet.reload} />
            {sheet.data && (
                <>
                    <p class="no-print">
                        <button type="button" onClick={() => window.print()}>
                            {t('sheet.print')}
                        </button>
                    </p>
                    <pre class="sheet" lang="en" tabIndex={0}>
                        {sheet.data.text}
                    </pre>
                </>
            )}
            <Cli command="vouch breakglass sheet" />
        </section>
    );
}

export function BreakGlassPage(): JSX.Element {
    const policy = usePolicy();
    const state = query.value.get('state');
    const shown = query.value.get('review');
    const head = useGet<Reviews>('/v1/reviews?limit=1');
    const rows = useRows<Review>(withQuery('/v1/reviews', { state, limit: 100 }));
    const roles = (policy.data?.document.roles ?? []).filter((role) => text(role, 'break_glass') === 'yes');
    const people = (policy.data?.document.users ?? []).slice(0, 500).map((user) => text(user, 'name'));
    const again = (): void => {
        rows.reload();
        head.reload();
        void countReviews();
    };
    useLive(30, again);
    useEffect(() => void countReviews(), []);
    return (
        <>
            <div class="no-print">
                <Heading title={t('nav.break-glass')} />
                <p>{t('glass.text')}</p>
                <ProblemBox problem={policy.problem ?? head.problem} />
            </div>
            {shown && /^\d{1,19}$/.test(shown) && <Shown key={shown} id={shown} onDone={again} />}
            <section class="no-print">
                <h2>{t('review.title')}</h2>
                <DataTable
                    caption={t('review.title')}
                    columns={columns()}
                    rows={rows}
                    rowKey={(row) => row.id}
                    filters={[{ name: 'state', label: t('state'), options: STATES.map((one) => [one, word('review', one)] as const) }]}
                    file="reviews"
                    cli={`vouch review ls${state ? ` --state ${state}` : ''}`}
                    empty={
                        <Empty title={t('review.none')}>
                            <p>{t('review.none.text')}</p>
                        </Empty>
                    }
                />
            </section>
            <Loud roles={roles} last={head.data?.last_drill ?? null} />
            <Sealed roles={roles} people={people} onDone={again} />
            <Sheet />
        </>
    );
}
