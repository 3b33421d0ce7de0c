// SPDX-License-Identifier: ISC
// The access matrix as it is looked at: the window that was asked for, and for each group and each value that is
// opened the rows and columns it is made of.
import { get } from './api';
import { withQuery } from './router';
import type { Matrix } from './types';

export type MatrixCell = Matrix['cells'][number];

export const STEP = 40; // rows and columns: a window of cells that all have something stays below 100 kB
export const OPEN_MOST = 3; // groups, and values, that are open at once: each is a window of its own

export interface MatrixAsk {
    rows: string | null; // 'groups'; else users
    label: string | null;
    zone: string | null;
    at: string | null;
    order: string | null;
    rowFrom: string | null;
    columnFrom: string | null;
    openRows: string[]; // groups
    openColumns: string[]; // values of the label
}

// A row or a column: of the window, or of what was opened within it.
export interface Line {
    name: string;
    of: string; // the group or value that it is part of; empty: of none
    at: number; // in the windows of those
    isOpen: boolean | null; // null: there is nothing to open
    more: number; // of what is open here, beyond what is shown
}

export interface MatrixView {
    window: Matrix;
    rows: Line[];
    columns: Line[];
    cell: (row: Line, column: Line) => MatrixCell | undefined;
}

function pathOf(ask: MatrixAsk, group: string, value: string): string {
    return withQuery('/v1/access/matrix', {
        rows: group ? null : ask.rows,
        group,
        label: ask.label,
        value,
        zone: ask.zone,
        at: ask.at,
        order: ask.order,
        row_from: group ? null : ask.rowFrom,
        column_from: value ? null : ask.columnFrom,
        row_count: STEP,
        column_count: STEP,
    });
}

const keyOf = (group: string, value: string): string => `${group}\n${value}`;

function linesOf(names: string[], mayOpen: boolean, open: string[], inner: (name: string) => { names: string[]; all: number }): Line[] {
    return names.flatMap((name, at): Line[] => {
        if (!open.includes(name)) {
            return [{ name, of: '', at, isOpen: mayOpen ? false : null, more: 0 }];
        }
        const { names: within, all } = inner(name);
        return [{ name, of: '', at, isOpen: true, more: all - within.length }, ...within.map((one, i): Line => ({ name: one, of: name, at: i, isOpen: null, more: 0 }))];
    });
}

export async function loadMatrix(ask: MatrixAsk, signal: AbortSignal): Promise<MatrixView> {
    const window = await get<Matrix>(pathOf(ask, '', ''), signal);
    const mayOpen = { rows: ask.rows === 'groups', columns: Boolean(ask.label) };
    const openRows = mayOpen.rows ? ask.openRows.filter((name) => window.rows.includes(name)).slice(0, OPEN_MOST) : [];
    const openColumns = mayOpen.columns ? ask.openColumns.filter((name) => window.columns.includes(name)).slice(0, OPEN_MOST) : [];
    const parts = ['', ...openRows].flatMap((group) => ['', ...openColumns].map((value) => [group, value] as const));
    const loaded = await Promise.all(parts.map(async ([group, value]) => [keyOf(group, value), group || value ? await get<Matrix>(pathOf(ask, group, value), signal) : window] as const));
    const windows = new Map(loaded);
    const cells = new Map(loaded.flatMap(([key, part]) => part.cells.map((cell) => [`${key}\n${cell.row}/${cell.column}`, cell] as const)));
    const part = (group: string, value: string): Matrix => windows.get(keyOf(group, value)) ?? window;
    return {
        window,
        rows: linesOf(window.rows, mayOpen.rows, openRows, (name) => ({ names: part(name, '').rows, all: part(name, '').rows_in_all })),
        columns: linesOf(window.columns, mayOpen.columns, openColumns, (name) => ({ names: part('', name).columns, all: part('', name).columns_in_all })),
        cell: (row, column) => cells.get(`${keyOf(row.of, column.of)}\n${row.at}/${column.at}`),
    };
}
