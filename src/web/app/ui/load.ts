// SPDX-License-Identifier: ISC
// Getting what a page shows: once, page by page, and again after something was changed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api';
import type { Page } from '../types';

export interface Loaded<T> {
    data: T | null;
    problem: unknown;
    isLoading: boolean;
    at: number; // when it came, in ms
    reload: () => void;
}

// `key` says what is asked for; null: nothing yet. Another key asks anew, and what comes late is dropped.
export function useLoad<T>(key: string | null, work: (signal: AbortSignal) => Promise<T>): Loaded<T> {
    const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ data: null, problem: null, isLoading: true, at: 0 });
    const [turn, setTurn] = useState(0);
    const shown = useRef<string | null>(null);
    useEffect(() => {
        if (key === null) {
            setState({ data: null, problem: null, isLoading: false, at: 0 });
            return undefined;
        }
        const stop = new AbortController();
        const kept = shown.current === key;
        shown.current = key;
        setState((old) => ({ data: kept ? old.data : null, problem: null, isLoading: true, at: old.at }));
        work(stop.signal).then(
            (data) => {
                if (!stop.signal.aborted) {
                    setState({ data, problem: null, isLoading: false, at: Date.now() });
                }
            },
            (problem: unknown) => {
                if (!stop.signal.aborted) {
                    setState((old) => ({ data: kept ? old.data : null, problem, isLoading: false, at: old.at }));
                }
            },
        );
        return () => stop.abort();
    }, [key, turn]);
    const reload = useCallback(() => setTurn((n) => n + 1), []);
    return { ...state, reload };
}

export function useGet<T>(path: string | null): Loaded<T> {
    return useLoad<T>(path, (signal) => get<T>(path ?? '', signal));
}

export interface Rows<T> extends Loaded<T[]> {
    more: (() => void) | null;
    isMoreLoading: boolean;
}

function withCursor(path: string, cursor: string): string {
    return `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
}

const SKIPPED_MOST = 40;

// A page of a list. The server looks at so many rows for a page and no more: where few fit what is asked for,
// pages come that are empty and have a next one.
async function getPage<T>(path: string, cursor: string | null, signal?: AbortSignal): Promise<Page<T>> {
    let page = await get<Page<T>>(cursor === null ? path : withCursor(path, cursor), signal);
    for (let i = 0; i < SKIPPED_MOST && page.items.length === 0 && page.next; i++) {
        page = await get<Page<T>>(withCursor(path, page.next), signal);
    }
    return page;
}

// A list of the API: its first page, and more when asked for.
export function useRows<T>(path: string | null): Rows<T> {
    const first = useLoad<Page<T>>(path, (signal) => getPage<T>(path ?? '', null, signal));
    const [rest, setRest] = useState<Page<T>>({ items: [], next: null });
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    useEffect(() => {
        setRest({ items: [], next: first.data?.next ?? null });
        setProblem(null);
    }, [first.data]);
    const more = async (): Promise<void> => {
        setBusy(true);
        try {
            const page = await getPage<T>(path ?? '', rest.next ?? '');
            setRest((old) => ({ items: [...old.items, ...page.items], next: page.next }));
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
    };
    return {
        ...first,
        data: first.data ? [...first.data.items, ...rest.items] : null,
        problem: first.problem ?? problem,
        more: rest.next ? () => void more() : null,
        isMoreLoading: busy,
    };
}

// Something that is done when asked to: its state, and the problem of the last time.
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<void>): {
    run: (...args: A) => Promise<void>;
    isBusy: boolean;
    problem: unknown;
    clear: () => void;
} {
    const [isBusy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    const run = async (...args: A): Promise<void> => {
        setBusy(true);
        setProblem(null);
        try {
            await work(...args);
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
    };
    return { run, isBusy, problem, clear: () => setProblem(null) };
}

// Asks again every so often, as long as the page is looked at.
export function useEvery(seconds: number, work: () => void): void {
    const kept = useRef(work);
    kept.current = work;
    useEffect(() => {
        const timer = setInterval(() => {
            if (!document.hidden) {
                kept.current();
            }
        }, seconds * 1000);
        return () => clearInterval(timer);
    }, [seconds]);
}
