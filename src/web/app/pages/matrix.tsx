// SPDX-License-Identifier: ISC
// Access matrix: users or groups against hosts or the values of a label, and why each cell is what it is.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { moment } from '../format';
import { t, word } from '../i18n';
import { query, setQuery, withQuery } from '../router';
import type { AccessPath, Matrix } from '../types';
import { Badge, Cli, Empty, Heading, Loading, Words } from '../ui/bits';
import { Diff } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { Field, Select } from '../ui/forms';
import { useGet } from '../ui/load';
import type { PolicyDiff } from '../types';
import { ProblemBox } from '../ui/problem';
import { csv, save } from '../ui/save';
import { MatrixTabs } from '../ui/tabs';

type Cell = Matrix['cells'][number];

const STEP = 40; // rows and columns: a window of cells that all have something stays below 100 kB

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

function Detail({ picked, isHost, onClose }: { picked: Picked; isHost: boolean; onClose: () => void }): JSX.Element {
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
            {isHost ? logins.map((login) => <Why key={login} picked={picked} login={login} />) : <p>{t('matrix.label-why')}</p>}
        </Dialog>
    );
}

function Grid({ matrix, isHost }: { matrix: Matrix; isHost: boolean }): JSX.Element {
    const [picked, setPicked] = useState<Picked | null>(null);
    const cells = new Map(matrix.cells.map((cell) => [`${cell.row}/${cell.column}`, cell]));
    return (
        <div class="scroll matrix" tabIndex={0} role="region" aria-label={t('nav.matrix')}>
            <table>
                <caption>{t('matrix.caption', { rows: matrix.rows_in_all, columns: matrix.columns_in_all, version: matrix.policy })}</caption>
                <thead>
                    <tr>
                        <td />
                        {matrix.columns.map((column) => (
                            <th key={column} scope="col">
                                {isHost ? <a href={`/hosts/${encodeURIComponent(column)}`}>{column}</a> : column}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {matrix.rows.map((row, r) => (
                        <tr key={row}>
                            <th scope="row">
                                <a href={query.value.get('rows') === 'groups' ? `/groups/${encodeURIComponent(row)}` : `/users/${encodeURIComponent(row)}`}>{row}</a>
                            </th>
                            {matrix.columns.map((column, c) => {
                                const cell = cells.get(`${r}/${c}`);
                                return (
                                    <td key={column}>
                                        {cell ? (
                                            <button type="button" class="cell" onClick={() => setPicked({ row, column, cell })}>
                                                <span class="hidden">
                                                    {row}, {column}:
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
            {picked && <Detail picked={picked} isHost={isHost} onClose={() => setPicked(null)} />}
        </div>
    );
}

function csvOf(matrix: Matrix): string {
    const cells = new Map(matrix.cells.map((cell) => [`${cell.row}/${cell.column}`, cell]));
    const show = (cell: Cell | undefined): string => (cell ? [...cell.standing, ...cell.break_glass.map((one) => `!${one}`), ...cell.approval.map((one) => `(${one})`)].join(' ') : '');
    return csv([['', ...matrix.columns], ...matrix.rows.map((row, r) => [row, ...matrix.columns.map((_, c) => show(cells.get(`${r}/${c}`)))])]);
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
    const found = useGet<Matrix>(withQuery('/v1/access/matrix', { rows, label, zone: q.get('zone'), at, row_from: q.get('row_from'), column_from: q.get('column_from'), row_count: STEP, column_count: STEP }));
    const matrix = found.data;
    const option = (name: string, value: string | null): string => (value ? ` --${name} ${value}` : '');
    return (
        <>
            <Heading title={t('nav.matrix')}>
                <button type="button" class="outline" disabled={!matrix} onClick={() => matrix && save('access-matrix.csv', csvOf(matrix), 'text/csv;charset=utf-8')}>
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
                    onInput={(value) => setQuery({ rows: value === 'users' ? null : value, row_from: null })}
                />
                <Field label={t('matrix.label')} value={label ?? ''} onInput={(value) => setQuery({ label: value.trim(), column_from: null })} placeholder="tier" maxLength={64} isCode />
                <Field label={t('zone')} value={q.get('zone') ?? ''} onInput={(value) => setQuery({ zone: value.trim() })} maxLength={64} isCode />
                <Field label={t('matrix.at')} type="datetime-local" value={local ?? ''} onInput={(value) => setQuery({ at: value })} />
            </div>
            <p class="legend">
                <span>● {t('reach.standing')}</span> <span>! {t('reach.break-glass')}</span> <span>○ {t('reach.approval')}</span> <span>▲ {t('matrix.root')}</span>
            </p>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !matrix && <Loading />}
            {matrix &&
                (matrix.rows.length === 0 || matrix.columns.length === 0 ? (
                    <Empty title={t('matrix.none')}>
                        <p>{t('matrix.none.text')}</p>
                    </Empty>
                ) : (
                    <>
                        <p>{t('matrix.summary', { n: matrix.cells.length, root: matrix.cells.filter((cell) => cell.standing.includes('root')).length })}</p>
                        <Grid matrix={matrix} isHost={!label} />
                        <Turn name="row_from" from={Number(q.get('row_from') ?? 0)} shown={matrix.rows.length} all={matrix.rows_in_all} />
                        <Turn name="column_from" from={Number(q.get('column_from') ?? 0)} shown={matrix.columns.length} all={matrix.columns_in_all} />
                    </>
                ))}
            <Cli command={`vouch access matrix${option('rows', rows)}${option('label', label)}${option('zone', q.get('zone'))}${option('at', at)}`} />
            {at && <Compare at={at} />}
        </>
    );
}
