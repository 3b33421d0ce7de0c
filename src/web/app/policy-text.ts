// SPDX-License-Identifier: ISC
// The policy's document: vouch-policy(5) as the server writes it, read into objects and written back. Only that
// one form is read: lists of mappings, with lists in brackets and one mapping inside. Anything else is an error,
// and the text can still be changed as a text.

export type Value = string | string[] | { [key: string]: string | string[] };
export type Entry = { [key: string]: Value };
export type ListName = 'zones' | 'users' | 'groups' | 'roles' | 'hosts';
export type PolicyDocument = Record<ListName, Entry[]>;

const LISTS: ListName[] = ['zones', 'users', 'groups', 'roles', 'hosts'];

export function emptyDocument(): PolicyDocument {
    return { zones: [], users: [], groups: [], roles: [], hosts: [] };
}

function scalar(text: string): string {
    const quoted = /^'((?:[^']|'')*)'$/.exec(text);
    if (quoted) {
        return (quoted[1] ?? '').replaceAll("''", "'");
    }
    return /^".*"$/.test(text) ? (JSON.parse(text) as string) : text;
}

// The parts of a list in brackets: commas inside quotes divide nothing.
function flow(text: string): string[] {
    const inner = text.slice(1, -1).trim();
    const parts = inner.match(/'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^,\s][^,]*/g) ?? [];
    return parts.map((part) => scalar(part.trim()));
}

function valueOf(text: string): string | string[] {
    return text.startsWith('[') && text.endsWith(']') ? flow(text) : scalar(text);
}

interface State {
    document: PolicyDocument;
    list: Entry[] | null;
    entry: Entry | null;
    inner: { [key: string]: string | string[] } | null;
    key: string; // of the entry, whose list may follow in lines
    innerKey: string; // and so of `inner`
}

// A list of more than a few names stands in a line each, under its key.
function readItem(state: State, indent: number, text: string, line: number): void {
    const [holder, key] = indent === 6 ? [state.entry, state.key] : [state.inner, state.innerKey];
    if (!holder || key === '') {
        fail(line);
    }
    const items = holder[key];
    if (Array.isArray(items)) {
        items.push(scalar(text));
    } else {
        holder[key] = [scalar(text)];
    }
}

function fail(line: number): never {
    throw new Error(`policy: line ${line} is not as the server writes it`);
}

function readKey(state: State, indent: number, key: string, rest: string, line: number): void {
    if (indent === 4 && state.entry) {
        state.key = rest === '' ? key : '';
        if (rest === '') {
            state.inner = {};
            state.entry[key] = state.inner;
        } else {
            state.inner = null;
            state.entry[key] = valueOf(rest);
        }
    } else if (indent === 6 && state.inner) {
        state.innerKey = rest === '' ? key : '';
        state.inner[key] = valueOf(rest);
    } else {
        fail(line);
    }
}

export function parsePolicy(text: string): PolicyDocument {
    const state: State = { document: emptyDocument(), list: null, entry: null, inner: null, key: '', innerKey: '' };
    for (const [i, raw] of text.split('\n').entries()) {
        const found = /^( *)(- )?([^\s:]+):(?: (.*))?$/.exec(raw.trimEnd());
        if (raw.trim() === '') {
            continue;
        }
        const item = /^( {6}| {8})- (.+)$/.exec(raw.trimEnd());
        if (item) {
            readItem(state, item[1]?.length ?? 0, item[2] ?? '', i + 1);
            continue;
        }
        if (!found) {
            fail(i + 1);
        }
        const [, blanks = '', dash, key = '', rest = ''] = found;
        if (blanks.length === 0 && !dash) {
            const name = LISTS.find((one) => one === key);
            state.list = name && (rest === '' || rest === '[]') ? state.document[name] : fail(i + 1);
            state.entry = null;
        } else if (dash && blanks.length === 2 && state.list) {
            state.entry = {};
            state.list.push(state.entry);
            readKey(state, 4, key, rest, i + 1);
        } else {
            readKey(state, blanks.length, key, rest, i + 1);
        }
    }
    return state.document;
}

function quote(text: string): string {
    return /^[A-Za-z0-9_][A-Za-z0-9_.:@/+=-]*$/.test(text) && !text.endsWith(':') ? text : `'${text.replaceAll("'", "''")}'`;
}

function write(value: string | string[]): string {
    return Array.isArray(value) ? `[${value.map(quote).join(', ')}]` : quote(value);
}

function writeEntry(entry: Entry): string {
    const lines: string[] = [];
    for (const [key, value] of Object.entries(entry)) {
        if (typeof value === 'object' && !Array.isArray(value)) {
            lines.push(`${key}:`, ...Object.entries(value).map(([name, inner]) => `  ${name}: ${write(inner)}`));
        } else {
            lines.push(`${key}: ${write(value)}`);
        }
    }
    return lines.map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`)).join('\n');
}

export function writePolicy(document: PolicyDocument): string {
    const parts = LISTS.filter((list) => document[list].length > 0).map((list) => `${list}:\n${document[list].map(writeEntry).join('\n')}\n`);
    return parts.join('');
}

export function text(entry: Entry | undefined, key: string): string {
    const value = entry?.[key];
    return typeof value === 'string' ? value : '';
}

export function list(entry: Entry | undefined, key: string): string[] {
    const value = entry?.[key];
    return Array.isArray(value) ? value : [];
}

export function inner(entry: Entry | undefined, key: string): Record<string, string | string[]> {
    const value = entry?.[key];
    return typeof value === 'object' && !Array.isArray(value) ? value : {};
}

export function named(document: PolicyDocument, name: ListName, wanted: string): Entry | undefined {
    return document[name].find((entry) => entry['name'] === wanted);
}

// A copy with one entry put in, in place of that of the same name; or taken out, if it is null.
export function withEntry(document: PolicyDocument, where: ListName, name: string, entry: Entry | null): PolicyDocument {
    const others = document[where].filter((one) => one['name'] !== name);
    const next = entry ? [...others, entry].sort((a, b) => text(a, 'name').localeCompare(text(b, 'name'))) : others;
    return { ...document, [where]: next };
}

// A user's name is gone from groups and roles as well.
export function withoutUser(document: PolicyDocument, user: string): PolicyDocument {
    const members = (entry: Entry, gone: string): Entry => ({ ...entry, members: list(entry, 'members').filter((one) => one !== gone) });
    return {
        ...document,
        users: document.users.filter((entry) => entry['name'] !== user),
        groups: document.groups.map((group) => members(group, user)),
        roles: document.roles.map((role) => members(role, `user:${user}`)),
    };
}

// Everybody who has a role, through groups too.
export function peopleOf(document: PolicyDocument, role: Entry): string[] {
    const people = new Set<string>();
    for (const member of list(role, 'members')) {
        const [kind, name = ''] = member.split(/:(.*)/s);
        if (kind === 'user') {
            people.add(name);
        } else {
            list(named(document, 'groups', name), 'members').forEach((one) => people.add(one));
        }
    }
    return [...people].sort();
}
