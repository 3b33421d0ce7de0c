// SPDX-License-Identifier: ISC
// Where one is: the path and the query of the page's address, and changes of them. Filters live in the
// query, so that what is seen can be sent to somebody.
import { computed, signal } from '@preact/signals';

export const place = signal({ path: location.pathname, query: location.search });

export const query = computed(() => new URLSearchParams(place.value.query));

function follow(): void {
    place.value = { path: location.pathname, query: location.search };
}

export function go(address: string, replace = false): void {
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    const changed = place.value.path !== location.pathname;
    follow();
    if (changed) {
        window.scrollTo(0, 0);
    }
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

export function startRouter(): void {
    window.addEventListener('popstate', follow);
    document.addEventListener('click', intercept);
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
        if (name && value) {
            values[name] = decodeURIComponent(value);
        } else if (part !== value) {
            return null;
        }
    }
    return values;
}
