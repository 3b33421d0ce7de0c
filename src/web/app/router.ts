// SPDX-License-Identifier: ISC
// Where one is: the path and the query of the page's address, and changes of them. Filters live in the
// query, so that what is seen can be sent to somebody.
import { computed, signal } from '@preact/signals';

export const place = signal({ path: location.pathname, query: location.search });

export const query = computed(() => new URLSearchParams(place.value.query));

// Set by main.tsx: fetches what a path's page is made of; null if it is here.
export const fetching = { prepare: (_path: string): Promise<void> | null => null };

function arrive(): void {
    const changed = place.value.path !== location.pathname;
    place.value = { path: location.pathname, query: location.search };
    if (changed) {
        window.scrollTo(0, 0);
    }
}

// The page before stays until the next one can be shown.
function follow(): void {
    const wait = fetching.prepare(location.pathname);
    if (wait) {
        const { href } = location;
        void wait.then(() => href === location.href && arrive());
    } else {
        arrive();
    }
}

export function go(address: string, replace = false): void {
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    follow();
}

// Changes members of the query; those that are empty are taken out.
export function setQuery(changes: Record<string, string | null>): void {
    const next = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
        if (value) {
            next.set(name, value);
        } else {
            next.delete(name);
        }
    }
    const text = next.toString();
    go(location.pathname + (text ? `?${text}` : ''), true);
}

export function withQuery(path: string, members: Record<string, string | number | null | undefined>): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(members)) {
        if (value !== null && value !== undefined && value !== '') {
            query.set(name, String(value));
        }
    }
    const text = query.toString();
    return path + (text ? `?${text}` : '');
}

// Links within the application need no new page from the server.
function intercept(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.('a');
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const href = link?.getAttribute('href');
    if (!link || !href || !plain || event.defaultPrevented || link.hasAttribute('target') || link.hasAttribute('download')) {
        return;
    }
    const address = new URL(href, location.href);
    if (address.origin !== location.origin || href.startsWith('#') || address.pathname.startsWith('/v1/')) {
        return;
    }
    event.preventDefault();
    go(address.pathname + address.search + address.hash);
}

// Links that are said to be buttons are pressed by the space bar, as buttons are.
function press(event: KeyboardEvent): void {
    const link = (event.target as Element | null)?.closest?.<HTMLElement>('a[role=button]');
    if (link && event.key === ' ') {
        event.preventDefault();
        link.click();
    }
}

export function startRouter(): void {
    window.addEventListener('popstate', follow);
    document.addEventListener('click', intercept);
    document.addEventListener('keydown', press);
}

// What stands in an address; null if it is no text.
function decode(part: string): string | null {
    try {
        return decodeURIComponent(part);
    } catch {
        return null;
    }
}

// The parameters of a path by a pattern such as /hosts/{name}; null if it is another path.
export function match(pattern: string, path: string): Record<string, string> | null {
    const wanted = pattern.split('/');
    const found = path.split('/');
    if (wanted.length !== found.length) {
        return null;
    }
    const values: Record<string, string> = {};
    for (const [i, part] of wanted.entries()) {
        const value = found[i] ?? '';
        const name = /^\{(.+)\}$/.exec(part)?.[1];
        const text = decode(value);
        if (name && text) {
            values[name] = text;
        } else if (part !== value) {
            return null;
        }
    }
    return values;
}
