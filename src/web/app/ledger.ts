// SPDX-License-Identifier: ISC
// Proves the ledger in the browser, from what the server has signed: the checkpoint's signature, the tree of
// hashes behind it, that it grew out of the one that was proven here before, and that events shown are in it as
// they are shown. What doc/ledger.md says, and nothing that this server claims about itself.
import { get } from './api';
import { readCert } from './ssh/cert';
import { bytesOf, concat, fromBase64, Reader, toBase64, toHex } from './ssh/wire';
import type { Bytes } from './ssh/wire';
import type { Ca, Event } from './types';

export type Finding = 'signature' | 'key' | 'tree' | 'past' | 'record';

export class Disproof extends Error {
    constructor(
        readonly finding: Finding,
        readonly about: string,
    ) {
        super(`${finding}: ${about}`);
    }
}

export interface Proof {
    size: number;
    shown: number; // events whose records were compared
    newer: number; // events that the checkpoint does not cover yet
    since: { size: number; at: string } | null; // what was proven here before
}

interface Checkpoint {
    origin: string;
    size: number;
    root: string;
    key: string;
}

const WIDTH = 256; // hashes in a tile
const BITS = 8;
const KEPT = 'vouch-ledger';
const TRIES = 3; // a tile may go while the ledger grows

async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)));
}

class Gone extends Error {}

async function fetchBytes(path: string): Promise<Bytes> {
    const answer = await fetch(`/v1/ledger/${path}`, { credentials: 'same-origin', cache: 'no-store' });
    if (answer.status === 404) {
        throw new Gone(path);
    }
    if (!answer.ok) {
        throw new Error(`${path}: HTTP ${answer.status}`);
    }
    return new Uint8Array(await answer.arrayBuffer());
}

// 1234067 as x001/x234/067.
function grouped(index: number): string {
    const digits = String(index);
    const parts = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) ?? [];
    return parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/');
}

function widthOf(size: number, level: number, index: number): number {
    return Math.min(WIDTH, Math.floor(size / WIDTH ** level) - index * WIDTH);
}

function pathOf(kind: string, index: number, width: number): string {
    return `tile/${kind}/${grouped(index)}${width < WIDTH ? `.p/${width}` : ''}`;
}

// The hashes of a ledger of `size` records. A full tile counts only if the tile above has its root; those at the
// right edge, which have none above, are what the ledger's root is made of.
class Tree {
    private readonly tiles = new Map<string, Promise<Bytes[]>>();

    constructor(private readonly size: number) {}

    private tile(level: number, index: number): Promise<Bytes[]> {
        const name = `${level}/${index}`;
        const found = this.tiles.get(name) ?? this.load(level, index);
        this.tiles.set(name, found);
        return found;
    }

    private async load(level: number, index: number): Promise<Bytes[]> {
        const width = widthOf(this.size, level, index);
        const bytes = await fetchBytes(pathOf(String(level), index, width));
        if (bytes.length !== width * 32) {
            throw new Disproof('tree', `${level}/${index}`);
        }
        const hashes = Array.from({ length: width }, (_, i) => bytes.subarray(i * 32, (i + 1) * 32));
        if (width === WIDTH && toHex(await rootOf(hashes)) !== toHex(await this.hash(level + 1, index))) {
            throw new Disproof('tree', `${level}/${index}`);
        }
        return hashes;
    }

    // Of the subtree of 256^level records that is number `index` of them.
    async hash(level: number, index: number): Promise<Bytes> {
        const tile = await this.tile(level, Math.floor(index / WIDTH));
        return tile[index % WIDTH] ?? new Uint8Array();
    }

    // Of 2^height records from `from` on.
    private async whole(height: number, from: number): Promise<Bytes> {
        if (height % BITS === 0) {
            return this.hash(height / BITS, from / 2 ** height);
        }
        const half = 2 ** (height - 1);
        return sha256(Uint8Array.of(1), await this.whole(height - 1, from), await this.whole(height - 1, from + half));
    }

    // Of the first `size` records: whole subtrees from the left, joined from the right.
    async root(size: number): Promise<Bytes> {
        const parts: Bytes[] = [];
        let from = 0;
        for (let height = 52; height >= 0; height--) {
            const length = 2 ** height;
            if (size - from >= length) {
                parts.push(await this.whole(height, from));
                from += length;
            }
        }
        let root = parts.pop() ?? (await sha256());
        while (parts.length > 0) {
            root = await sha256(Uint8Array.of(1), parts.pop() ?? new Uint8Array(), root);
        }
        return root;
    }
}

// Of a full tile.
async function rootOf(hashes: Bytes[]): Promise<Bytes> {
    let row = hashes;
    while (row.length > 1) {
        const next: Bytes[] = [];
        for (let i = 0; i + 1 < row.length; i += 2) {
            next.push(await sha256(Uint8Array.of(1), row[i] ?? new Uint8Array(), row[i + 1] ?? new Uint8Array()));
        }
        row = next;
    }
    return row[0] ?? new Uint8Array();
}

// Whose signature it has is said by the key that the server shows; that it is the same as before, by remember().
async function readCheckpoint(): Promise<Checkpoint> {
    const [note, ca] = await Promise.all([fetchBytes('checkpoint'), get<Ca>('/v1/ca')]);
    const [, body = '', origin = '', size = '', root = '', signed = ''] = /^((.*)\n(\d+)\n(.*)\n)\n\u2014 \S+ (\S+)\n$/.exec(new TextDecoder().decode(note)) ?? [];
    const line = ca.checkpoint_key.public_key.split(' ')[1] ?? '';
    const reader = new Reader(fromBase64(line));
    reader.data(); // the key's type
    const key = await crypto.subtle.importKey('raw', reader.data(), 'Ed25519', false, ['verify']);
    if (!(await crypto.subtle.verify('Ed25519', key, fromBase64(signed).subarray(4), bytesOf(body)))) {
        throw new Disproof('signature', origin);
    }
    return { origin, size: Number(size), root, key: line };
}

// That the ledger grew out of the one that this browser saw proven.
async function compare(now: Checkpoint, tree: Tree): Promise<Proof['since']> {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as (Checkpoint & { at: string }) | null;
    if (!kept) {
        return null;
    }
    if (kept.key !== now.key || kept.origin !== now.origin) {
        throw new Disproof('key', kept.at);
    }
    if (kept.size > now.size || toBase64(await tree.root(kept.size)) !== kept.root) {
        throw new Disproof('past', kept.at);
    }
    return { size: kept.size, at: kept.at };
}

interface Entry {
    time: number; // ms
    actor: string;
    type: string;
    object: string;
}

function certLine(blob: Bytes): string {
    return `${new Reader(blob).text()} ${toBase64(blob)}`;
}

async function readEntry(entry: Bytes): Promise<Entry> {
    const isCert = entry[1] === 1;
    const reader = new Reader(entry.slice(2));
    reader.u64(); // its number, which its place is
    const time = Number(reader.u64());
    const actor = reader.text();
    if (isCert) {
        const { keyId } = await readCert(certLine(reader.data()));
        return { time, actor, type: 'cert.issue', object: keyId };
    }
    return { time, actor, type: reader.text(), object: reader.text() };
}

function entriesOf(bundle: Bytes): Bytes[] {
    const found: Bytes[] = [];
    const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
    for (let at = 0; at + 2 <= bundle.length; ) {
        const length = view.getUint16(at);
        found.push(bundle.slice(at + 2, at + 2 + length));
        at += 2 + length;
    }
    return found;
}

// That each event is in the tree at its place, and says what is shown.
async function compareEvents(events: Event[], size: number, tree: Tree): Promise<void> {
    const bundles = new Map<number, Bytes[]>();
    for (const event of events) {
        const number = Number(event.record);
        const index = Math.floor(number / WIDTH);
        const bundle = bundles.get(index) ?? entriesOf(await fetchBytes(pathOf('entries', index, widthOf(size, 0, index))));
        bundles.set(index, bundle);
        const entry = bundle[number % WIDTH];
        if (!entry || toHex(await sha256(Uint8Array.of(0), entry)) !== toHex(await tree.hash(0, number))) {
            throw new Disproof('record', event.record);
        }
        const is = await readEntry(entry);
        const shown = Math.floor(Date.parse(event.time) / 1000);
        if (is.actor !== event.actor || is.type !== event.type || is.object !== event.object || Math.floor(is.time / 1000) !== shown) {
            throw new Disproof('record', event.record);
        }
    }
}

async function proveOnce(events: Event[]): Promise<Proof> {
    const checkpoint = await readCheckpoint();
    const { size } = checkpoint;
    const tree = new Tree(size);
    if (toBase64(await tree.root(size)) !== checkpoint.root) {
        throw new Disproof('tree', String(size));
    }
    const since = await compare(checkpoint, tree);
    const covered = events.filter((event) => Number(event.record) < size);
    await compareEvents(covered, size, tree);
    localStorage.setItem(KEPT, JSON.stringify({ ...checkpoint, at: new Date().toISOString() }));
    return { size, shown: covered.length, newer: events.length - covered.length, since };
}

// Throws a Disproof if something is wrong with the ledger, and other errors if it cannot be said.
export async function prove(events: Event[]): Promise<Proof> {
    for (let i = 1; ; i++) {
        try {
            return await proveOnce(events);
        } catch (failure) {
            if (!(failure instanceof Gone) || i === TRIES) {
                throw failure;
            }
        }
    }
}
