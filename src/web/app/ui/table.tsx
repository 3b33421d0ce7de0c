// SPDX-License-Identifier: ISC
// A list of the API as a table: filters as chips that live in the address, sorting, CSV, more rows, and the
// command that shows the same.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { query, setQuery } from '../router';
import { Cli, Empty, Loading } from './bits';
import type { Rows } from './load';
import { ProblemBox } from './problem';
import { csv, save } from './save';

export interface Column<T> {
    id: string;
    title: string;
    cell: (row: T) => ComponentChildren;
    text: (row: T) => string; // for CSV, and what is searched and sorted by
    number?: (row: T) => number; // sorted by this instead
}

export interface Filter {
    name: string; // of the query's member
    label: string;
    options?: readonly (readonly [value: string, text: string])[];
}

interface TableProps<T> {
    caption: string;
    columns: Column<T>[];
    rows: Rows<T>;
    rowKey: (row: T) => string;
    empty: ComponentChildren;
    filters?: Filter[];
    cli?: string;
    file?: string;
}

function Chips({ filters }: { filters: Filter[] }): JSX.Element | null {
    const set = [{ name: 'q', label: t('filter.text') } as Filter, ...filters].filter((one) => query.value.get(one.name));
    if (set.length === 0) {
        return null;
    }
    const shown = (one: Filter): string => {
        const value = query.value.get(one.name) ?? '';
        return one.options?.find(([option]) => option === value)?.[1] ?? value;
    };
    return (
        <ul class="chips" aria-label={t('filter.active')}>
            {set.map((one) => (
                <li key={one.name}>
                    <button type="button" class="chip" onClick={() => setQuery({ [one.name]: null })}>
                        {one.label}: {shown(one)} <span aria-hidden="true">×</span>
                        <span class="hidden">{t('filter.remove')}</span>
                    </button>
                </li>
            ))}
        </ul>
    );
}

function FilterInput({ filter }: { filter: Filter }): JSX.Element {
    const value = query.value.get(filter.name) ?? '';
    const change = (event: Event): void => setQuery({ [filter.name]: (event.target as HTMLInputElement).value.trim() });
    return (
        <label>
            <span>{filter.label}</span>
            {filter.options ? (
                <select value={value} onChange={change}>
                    <option value="">{t('filter.all')}</option>
                    {filter.options.map(([one, text]) => (
                        <option key={one} value={one}>
                            {text}
                        </option>
                    ))}
                </select>
            ) : (
                <input type="text" value={value} maxLength={LONGEST} onChange={change} spellcheck={false} />
            )}
        </label>
    );
}

function FilterBar({ filters, isShort, children }: { filters: Filter[]; isShort: boolean; children?: ComponentChildren }): JSX.Element {
    const text = query.value.get('q') ?? '';
    return (
        <>
            <div class="filters">
                {(!isShort || text !== '') && (
                    <label>
                        <span>{t('filter.text')}</span>
                        <input type="search" value={text} maxLength={LONGEST} onInput={(event) => setQuery({ q: (event.target as HTMLInputElement).value })} />
                    </label>
                )}
                {filters.map((one) => (
                    <FilterInput key={one.name} filter={one} />
                ))}
                {children}
            </div>
            <Chips filters={filters} />
        </>
    );
}

const LONGEST = 200; // letters of a filter: the address must hold all of them
const SHORT = 8; // rows that need no searching

type Order = [id: string, direction: 1 | -1] | null;

function arrange<T>(rows: T[], columns: Column<T>[], order: Order): T[] {
    const needle = (query.value.get('q') ?? '').trim().toLowerCase();
    const found = needle ? rows.filter((row) => columns.some((column) => column.text(row).toLowerCase().includes(needle))) : rows;
    const column = order && columns.find((one) => one.id === order[0]);
    if (!order || !column) {
        return found;
    }
    const compare = (a: T, b: T): number => (column.number ? column.number(a) - column.number(b) : column.text(a).localeCompare(column.text(b), undefined, { numeric: true }));
    return [...found].sort((a, b) => compare(a, b) * order[1]);
}

interface HeadProps<T> {
    columns: Column<T>[];
    order: Order;
    onOrder: (order: Order) => void;
}

function Head<T>({ columns, order, onOrder }: HeadProps<T>): JSX.Element {
    const turn = (id: string): void => onOrder(order?.[0] !== id ? [id, 1] : order[1] === 1 ? [id, -1] : null);
    const sorted = (id: string) => (order?.[0] !== id ? 'none' : order[1] === 1 ? 'ascending' : 'descending');
    return (
        <thead>
            <tr>
                {columns.map((column) =>
                    column.title ? (
                        <th key={column.id} scope="col" aria-sort={sorted(column.id)}>
                            <button type="button" class="sort" onClick={() => turn(column.id)}>
                                {column.title}
                                <span aria-hidden="true">{order?.[0] !== column.id ? '' : order[1] === 1 ? ' ▲' : ' ▼'}</span>
                            </button>
                        </th>
                    ) : (
                        <td key={column.id} />
                    ),
                )}
            </tr>
        </thead>
    );
}

export function DataTable<T>(props: TableProps<T>): JSX.Element {
    const { columns, rows, filters = [] } = props;
    const [order, setOrder] = useState<Order>(null);
    const shown = arrange(rows.data ?? [], columns, order);
    const named = columns.filter((column) => column.title);
    const download = (): void => save(`${props.file ?? 'table'}.csv`, csv([named.map((one) => one.title), ...shown.map((row) => named.map((one) => one.text(row)))]), 'text/csv;charset=utf-8');
    const isFiltered = ['q', ...filters.map((one) => one.name)].some((name) => query.value.get(name));
    return (
        <section class="table-part">
            <FilterBar filters={filters} isShort={filters.length === 0 && (rows.data?.length ?? 0) < SHORT}>
                {shown.length > 0 && (
                    <button type="button" class="small outline" onClick={download}>
                        CSV
                    </button>
                )}
            </FilterBar>
            <ProblemBox problem={rows.problem} onRetry={rows.reload} />
            {rows.isLoading && !rows.data && <Loading />}
            {rows.data && shown.length === 0 && (isFiltered ? <Empty title={t('filter.nothing')} /> : props.empty)}
            {shown.length > 0 && (
                <div class="scroll" tabIndex={0} role="region" aria-label={props.caption}>
                    <table>
                        <caption>
                            {props.caption} <span class="quiet">{t('rows', { n: shown.length })}</span>
                        </caption>
                        <Head columns={columns} order={order} onOrder={setOrder} />
                        <tbody>
                            {shown.map((row) => (
                                <tr key={props.rowKey(row)}>
                                    {columns.map((column, i) =>
                                        i === 0 ? (
                                            <th key={column.id} scope="row">
                                                {column.cell(row)}
                                            </th>
                                        ) : (
                                            <td key={column.id} data-title={column.title}>
                                                {column.cell(row)}
                                            </td>
                                        ),
                                    )}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {rows.more && (
                <p>
                    <button type="button" class="outline" aria-busy={rows.isMoreLoading} onClick={rows.more}>
                        {t('rows.more')}
                    </button>
                </p>
            )}
            {props.cli && <Cli command={props.cli} />}
        </section>
    );
}

// Rows that are there already, for the same table.
export function still<T>(data: T[] | null, from?: { problem: unknown; isLoading: boolean; reload: () => void; at?: number }): Rows<T> {
    return { data, problem: from?.problem ?? null, isLoading: from?.isLoading ?? false, at: from?.at ?? 0, reload: from?.reload ?? (() => undefined), more: null, isMoreLoading: false };
}
