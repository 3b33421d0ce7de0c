// SPDX-License-Identifier: ISC
// Access matrix: users or groups against hosts or the values of a label, and why each cell is what it is.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { moment } from '../format';
import { t, word } from '../i18n';
import { query, setQuery, withQuery } from '../router';
import { loadMatrix, OPEN_MOST, STEP } from '../matrix';
import type { Line, MatrixAsk, MatrixCell as Cell, MatrixView } from '../matrix';
import type { AccessPath } from '../types';
import { Badge, Cli, Empty, Heading, Loading, Words } from '../ui/bits';
import { Diff } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { Field, Select } from '../ui/forms';
import { useGet, useLoad } from '../ui/load';
import type { PolicyDiff } from '../types';
import { ProblemBox } from '../ui/problem';
import { csv, save } from '../ui/save';
import { MatrixTabs } from '../ui/tabs';

// By sign and word: standing, on request, and root marked.
function Marks({ cell }: { cell: Cell | undefined }): JSX.Element {
    if (!cell) {
        return <span class="none">·</span>;
    }
    const has = (login: string): boolean => cell.standing.includes(login) || cell.break_glass.includes(login) || cell.approval.includes(login);
    return (
        <>
            {cell.standing.length > 0 && <span class="standing">● {cell.standing.join(', ')}</span>}
            {cell.break_glass.length > 0 && <span class="break-glass">! {cell.break_glass.join(', ')}</span>}
            {cell.approval.length > 0 && <span class="approval">○ {cell.approval.join(', ')}</span>}
            {has('root') && (
                <span class="root" title={t('matrix.root')}>
                    ▲<span class="hidden">{t('matrix.root')}</span>
                </span>
            )}
        </>
    );
}

interface Picked {
    row: string;
    column: string;
    cell: Cell;
    isHost: boolean; // the column is
}

function Why({ picked, login }: { picked: Picked; login: string }): JSX.Element {
    const found = useGet<{ items: AccessPath[]; in_all: number }>(withQuery('/v1/access/who', { login, host: picked.column }));
    const paths = (found.data?.items ?? []).filter((one) => one.user === picked.row || one.group === picked.row);
    return (
        <>
            <ProblemBox problem={found.problem} />
            {found.isLoading && <Loading />}
            <ul class="plain">
                {paths.map((path, i) => (
                    <li key={i}>
                        <code>
                            {path.user} → {path.group ? `${path.group} → ` : ''}
                            {path.role} → {login}
                        </code>{' '}
                        <Badge tone={path.how === 'standing' ? 'good' : path.how === 'approval' ? 'info' : 'bad'}>{word('reach', path.how)}</Badge>{' '}
                        <a href={`/roles/${encodeURIComponent(path.role)}`}>{t('matrix.rule')}</a>
                    </li>
                ))}
            </ul>
        </>
    );
}

function Detail({ picked, onClose }: { picked: Picked; onClose: () => void }): JSX.Element {
    const logins = [...picked.cell.standing, ...picked.cell.break_glass, ...picked.cell.approval];
    return (
        <Dialog title={`${picked.row} → ${picked.column}`} onClose={onClose}>
            <p>
                {t('reach.standing')}: <Words of={picked.cell.standing} />
            </p>
            <p>
                {t('reach.break-glass')}: <Words of={picked.cell.break_glass} />
            </p>
            <p>
                {t('reach.approval')}: <Words of={picked.cell.approval} />
            </p>
            {picked.isHost ? logins.map((login) => <Why key={login} picked={picked} login={login} />) : <p>{t('matrix.label-why')}</p>}
        </Dialog>
    );
}

const listOf = (name: string): string[] => (query.value.get(name) ?? '').split(',').filter(Boolean);

// Opens a group or a value, or closes it; the one that was opened first makes room.
function turn(name: 'open_rows' | 'open_columns', one: string): void {
    const open = listOf(name);
    const next = open.includes(one) ? open.filter((other) => other !== one) : [...open, one].slice(-OPEN_MOST);
    setQuery({ [name]: next.length > 0 ? next.join(',') : null });
}

interface HeadProps {
    line: Line;
    name: 'open_rows' | 'open_columns';
    href: string | null;
}

function LineHead({ line, name, href }: HeadProps): JSX.Element {
    return (
        <>
            {line.isOpen !== null && (
                <button type="button" class="cell" aria-expanded={line.isOpen} onClick={() => turn(name, line.name)}>
                    <span aria-hidden="true">{line.isOpen ? '▾' : '▸'}</span>
                    <span class="hidden">{t('matrix.open', { name: line.name })}</span>
                </button>
            )}{' '}
            {href ? <a href={href}>{line.name}</a> : line.name}
            {line.more > 0 && <span class="quiet"> {t('overview.more', { n: line.more })}</span>}
        </>
    );
}

const keyOf = (line: Line): string => `${line.of}\n${line.name}`;

function rowHref(line: Line): string {
    return line.isOpen === null ? `/users/${encodeURIComponent(line.name)}` : `/groups/${encodeURIComponent(line.name)}`;
}

function Grid({ view, isHosts }: { view: MatrixView; isHosts: boolean }): JSX.Element {
    const [picked, setPicked] = useState<Picked | null>(null);
    const { window: matrix, rows, columns } = view;
    return (
        <div class="scroll matrix" tabIndex={0} role="region" aria-label={t('nav.matrix')}>
            <table>
                <caption>{t('matrix.caption', { rows: matrix.rows_in_all, columns: matrix.columns_in_all, version: matrix.policy })}</caption>
                <thead>
                    <tr>
                        <td />
                        {columns.map((column) => (
                            <th key={keyOf(column)} scope="col" class={column.of ? 'inner' : undefined}>
                                <LineHead line={column} name="open_columns" href={isHosts || column.of ? `/hosts/${encodeURIComponent(column.name)}` : null} />
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={keyOf(row)} class={row.of ? 'inner' : undefined}>
                            <th scope="row">
                                <LineHead line={row} name="open_rows" href={rowHref(row)} />
                            </th>
                            {columns.map((column) => {
                                const cell = view.cell(row, column);
                                return (
                                    <td key={keyOf(column)} class={column.of ? 'inner' : undefined}>
                                        {cell ? (
                                            <button type="button" class="cell" onClick={() => setPicked({ row: row.name, column: column.name, cell, isHost: isHosts || column.of !== '' })}>
                                                <span class="hidden">
                                                    {row.name}, {column.name}:
                                                </span>
                                                <Marks cell={cell} />
                                            </button>
                                        ) : (
                                            <Marks cell={cell} />
                                        )}
                                    </td>
                                );
                            })}
                        </tr>
                    ))}
                </tbody>
            </table>
            {picked && <Detail picked={picked} onClose={() => setPicked(null)} />}
        </div>
    );
}

function csvOf(view: MatrixView): string {
    const show = (cell: Cell | undefined): string => (cell ? [...cell.standing, ...cell.break_glass.map((one) => `!${one}`), ...cell.approval.map((one) => `(${one})`)].join(' ') : '');
    const name = (line: Line): string => (line.of ? `${line.of}/${line.name}` : line.name);
    return csv([['', ...view.columns.map(name)], ...view.rows.map((row) => [name(row), ...view.columns.map((column) => show(view.cell(row, column)))])]);
}

function Compare({ at }: { at: string }): JSX.Element {
    const diff = useGet<PolicyDiff>(withQuery('/v1/access/diff', { from: at }));
    return (
        <section>
            <h2>{t('matrix.since', { time: moment(at) })}</h2>
            <ProblemBox problem={diff.problem} />
            {diff.isLoading && <Loading />}
            {diff.data && <Diff diff={diff.data} />}
            <Cli command={`vouch access diff --at ${at}`} />
        </section>
    );
}

function Turn({ name, from, shown, all }: { name: 'row_from' | 'column_from'; from: number; shown: number; all: number }): JSX.Element | null {
    if (all <= shown && from === 0) {
        return null;
    }
    return (
        <span class="actions">
            <span class="quiet">{t(name === 'row_from' ? 'matrix.rows' : 'matrix.columns', { from: from + 1, to: from + shown, all })}</span>
            <button type="button" class="small outline" disabled={from === 0} onClick={() => setQuery({ [name]: from > STEP ? String(from - STEP) : null })}>
                {t('previous')}
            </button>
            <button type="button" class="small outline" disabled={from + shown >= all} onClick={() => setQuery({ [name]: String(from + STEP) })}>
                {t('next')}
            </button>
        </span>
    );
}

export function MatrixPage(): JSX.Element {
    const q = query.value;
    const rows = q.get('rows');
    const label = q.get('label');
    const local = q.get('at');
    const at = local && !Number.isNaN(Date.parse(local)) ? new Date(local).toISOString().replace(/\.\d+/, '') : null;
    const order = q.get('order') === 'similar' ? 'similar' : null;
    const ask: MatrixAsk = { rows, label, zone: q.get('zone'), at, order, rowFrom: q.get('row_from'), columnFrom: q.get('column_from'), openRows: listOf('open_rows'), openColumns: listOf('open_columns') };
    const found = useLoad(JSON.stringify(ask), (signal) => loadMatrix(ask, signal));
    const kept = useRef<MatrixView | null>(null); // shown until what is opened has come
    kept.current = found.data ?? (found.problem ? null : kept.current);
    const view = kept.current;
    const matrix = view?.window;
    const option = (name: string, value: string | null): string => (value ? ` --${name} ${value}` : '');
    return (
        <>
            <Heading title={t('nav.matrix')}>
                <button type="button" class="outline" disabled={!view} onClick={() => view && save('access-matrix.csv', csvOf(view), 'text/csv;charset=utf-8')}>
                    CSV
                </button>
            </Heading>
            <MatrixTabs />
            <div class="filters">
                <Select
                    label={t('matrix.who')}
                    value={rows ?? 'users'}
                    options={[
                        ['users', t('users.title')],
                        ['groups', t('groups.title')],
                    ]}
                    onInput={(value) => setQuery({ rows: value === 'users' ? null : value, row_from: null, open_rows: null })}
                />
                <Field label={t('matrix.label')} value={label ?? ''} onInput={(value) => setQuery({ label: value.trim(), column_from: null, open_columns: null })} placeholder="tier" maxLength={64} isCode />
                <Field label={t('zone')} value={q.get('zone') ?? ''} onInput={(value) => setQuery({ zone: value.trim() })} maxLength={64} isCode />
                <Select
                    label={t('matrix.order')}
                    value={order ?? 'name'}
                    options={[
                        ['name', t('matrix.order.name')],
                        ['similar', t('matrix.order.similar')],
                    ]}
                    onInput={(value) => setQuery({ order: value === 'name' ? null : value, row_from: null, column_from: null })}
                />
                <Field label={t('matrix.at')} type="datetime-local" value={local ?? ''} onInput={(value) => setQuery({ at: value })} />
            </div>
            <p class="legend">
                <span>● {t('reach.standing')}</span> <span>! {t('reach.break-glass')}</span> <span>○ {t('reach.approval')}</span> <span>▲ {t('matrix.root')}</span>
            </p>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !matrix && <Loading />}
            {view && matrix &&
                (matrix.rows.length === 0 || matrix.columns.length === 0 ? (
                    <Empty title={t('matrix.none')}>
                        <p>{t('matrix.none.text')}</p>
                    </Empty>
                ) : (
                    <>
                        <p>{t('matrix.summary', { n: matrix.cells.length, root: matrix.cells.filter((cell) => cell.standing.includes('root')).length })}</p>
                        {order && (matrix.rows_order === 'name' || matrix.columns_order === 'name') && <p class="quiet">{t('matrix.too-many')}</p>}
                        <Grid view={view} isHosts={!label} />
                        <Turn name="row_from" from={Number(q.get('row_from') ?? 0)} shown={matrix.rows.length} all={matrix.rows_in_all} />
                        <Turn name="column_from" from={Number(q.get('column_from') ?? 0)} shown={matrix.columns.length} all={matrix.columns_in_all} />
                    </>
                ))}
            <Cli command={`vouch access matrix${option('rows', rows)}${option('label', label)}${option('zone', q.get('zone'))}${option('at', at)}`} />
            {at && <Compare at={at} />}
        </>
    );
}
