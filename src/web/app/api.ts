// SPDX-License-Identifier: ISC
// The server's API, asked with the cookie of the browser's session. Whatever is refused comes as a Problem.
import type { Page } from './types';

export class Problem extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        readonly title: string,
        readonly detail: string,
        readonly next: string,
        readonly field: string | null = null,
        readonly instance: string | null = null,
        readonly retryAfter: number | null = null,
    ) {
        super(`${title}: ${detail}`);
    }
}

export interface Options {
    body?: unknown;
    text?: string; // a body of application/yaml
    headers?: Record<string, string>;
    signal?: AbortSignal;
    retried?: boolean;
}

export interface Answer {
    status: number;
    headers: Headers;
    text: string;
}

const STALE_FACTOR = 'V-1886';

// Set by session.ts: who asks is known only there.
export const hooks = {
    csrf: (): string | null => null,
    signedOut: (): void => undefined,
    // Asks for a fresh second factor; whether it was given.
    stepUp: async (_problem: Problem, _path: string): Promise<boolean> => false,
};

function problemOf(status: number, headers: Headers, text: string): Problem {
    const later = Number(headers.get('retry-after')) || null;
    try {
        const body = JSON.parse(text) as Record<string, string>;
        return new Problem(status, body['code'] ?? '', body['title'] ?? '', body['detail'] ?? '', body['next'] ?? '',
            body['field'] ?? null, body['instance'] ?? null, later);
    } catch {
        return new Problem(status, '', `HTTP ${status}`, text.slice(0, 200), '', null, headers.get('x-request-id'), later);
    }
}

async function send(method: string, path: string, options: Options): Promise<Answer> {
    const headers: Record<string, string> = { Accept: 'application/json, */*', ...options.headers };
    const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
    if (options.text !== undefined) {
        headers['Content-Type'] = 'application/yaml';
        init.body = options.text;
    } else if (method !== 'GET' && method !== 'DELETE') { // which the server takes without a body
        headers['Content-Type'] = 'application/json';
        init.body = JSON.stringify(options.body ?? {});
    }
    const csrf = hooks.csrf();
    if (method !== 'GET' && csrf) {
        headers['X-Vouch-CSRF'] = csrf;
    }
    if (options.signal) {
        init.signal = options.signal;
    }
    let response: Response;
    try {
        response = await fetch(path, init);
    } catch (cause) {
        if (options.signal?.aborted) {
            throw cause;
        }
        throw new Problem(0, '', 'network', String(cause), '');
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
}

export async function ask(method: string, path: string, options: Options = {}): Promise<Answer> {
    const answer = await send(method, path, options);
    if (answer.status < 400) {
        return answer;
    }
    const problem = problemOf(answer.status, answer.headers, answer.text);
    if (problem.code === STALE_FACTOR && !options.retried && (await hooks.stepUp(problem, path))) {
        return ask(method, path, { ...options, retried: true });
    }
    if (problem.status === 401 && hooks.csrf()) {
        hooks.signedOut();
    }
    throw problem;
}

function decode<T>(answer: Answer): T {
    return (answer.text ? JSON.parse(answer.text) : {}) as T;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return decode<T>(await ask('GET', path, signal ? { signal } : {}));
}

export async function post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<T> {
    return decode<T>(await ask('POST', path, { body, headers }));
}

export async function put<T>(path: string, body: unknown): Promise<T> {
    return decode<T>(await ask('PUT', path, { body }));
}

export async function remove<T>(path: string): Promise<T> {
    return decode<T>(await ask('DELETE', path));
}

// The rows of all pages, at most `most`.
export async function all<T>(path: string, most = 2000, signal?: AbortSignal): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | null = null;
    do {
        const url = new URL(path, location.origin);
        url.searchParams.set('limit', '200');
        if (cursor) {
            url.searchParams.set('cursor', cursor);
        }
        const page: Page<T> = await get<Page<T>>(url.pathname + url.search, signal);
        rows.push(...page.items);
        cursor = page.next;
    } while (cursor && rows.length < most);
    return rows;
}

// A key for asking once: the same question is not done twice.
export function onceKey(): Record<string, string> {
    return { 'Idempotency-Key': crypto.randomUUID() };
}
