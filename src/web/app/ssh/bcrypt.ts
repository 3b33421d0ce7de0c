// SPDX-License-Identifier: ISC
// bcrypt_pbkdf: how OpenSSH makes the key of a private file from its passphrase. Blowfish's tables are the digits of
// pi, and are computed when they are first needed.
import { bytesOf, concat, u32 } from './wire';
import type { Bytes } from './wire';

const P_WORDS = 18;
const S_WORDS = 1024;

interface State {
    p: Uint32Array;
    s: Uint32Array;
}

// arctan(1/x) as a whole number of 2^-bits.
function arctan(x: bigint, bits: bigint): bigint {
    let term = (1n << bits) / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
        term /= x * x;
        sum += (sign * term) / n;
    }
    return sum;
}

let first: State | null = null;

// The fraction of pi, 32 bits at a time: first p, then the four boxes.
function initial(): State {
    if (!first) {
        const words = P_WORDS + S_WORDS;
        const guard = 64n;
        const bits = BigInt(words * 32) + guard;
        const pi = 16n * arctan(5n, bits) - 4n * arctan(239n, bits);
        const hex = ((pi >> guard) & ((1n << BigInt(words * 32)) - 1n)).toString(16).padStart(words * 8, '0');
        const all = Uint32Array.from({ length: words }, (_, i) => parseInt(hex.slice(i * 8, i * 8 + 8), 16));
        first = { p: all.slice(0, P_WORDS), s: all.slice(P_WORDS) };
    }
    return { p: first.p.slice(), s: first.s.slice() };
}

function encipher({ p, s }: State, pair: Uint32Array, at: number): void {
    let left = pair[at]! ^ p[0]!;
    let right = pair[at + 1]!;
    for (let i = 1; i <= 16; i += 2) {
        right ^= ((((s[left >>> 24]! + s[256 + ((left >>> 16) & 255)]!) ^ s[512 + ((left >>> 8) & 255)]!) + s[768 + (left & 255)]!) | 0) ^ p[i]!;
        left ^= ((((s[right >>> 24]! + s[256 + ((right >>> 16) & 255)]!) ^ s[512 + ((right >>> 8) & 255)]!) + s[768 + (right & 255)]!) | 0) ^ p[i + 1]!;
    }
    pair[at] = right ^ p[17]!;
    pair[at + 1] = left;
}

function wordsOf(bytes: Bytes): Uint32Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4));
}

// `salt` null: all zero.
function expand(state: State, key: Uint32Array, salt: Uint32Array | null): void {
    const { p, s } = state;
    for (let i = 0; i < P_WORDS; i++) {
        p[i]! ^= key[i % key.length]!;
    }
    const pair = new Uint32Array(2);
    let used = 0;
    for (const table of [p, s]) {
        for (let i = 0; i < table.length; i += 2) {
            if (salt) {
                pair[0]! ^= salt[used++ % salt.length]!;
                pair[1]! ^= salt[used++ % salt.length]!;
            }
            encipher(state, pair, 0);
            table[i] = pair[0]!;
            table[i + 1] = pair[1]!;
        }
    }
}

const MAGIC = wordsOf(bytesOf('OxychromaticBlowfishSwatDynamite'));

function hash(passHash: Bytes, saltHash: Bytes): Bytes {
    const state = initial();
    const pass = wordsOf(passHash);
    const salt = wordsOf(saltHash);
    expand(state, pass, salt);
    for (let i = 0; i < 64; i++) {
        expand(state, salt, null);
        expand(state, pass, null);
    }
    const text = MAGIC.slice();
    for (let i = 0; i < 64; i++) {
        for (let at = 0; at < text.length; at += 2) {
            encipher(state, text, at);
        }
    }
    const out = new Uint8Array(32);
    const view = new DataView(out.buffer);
    text.forEach((word, i) => view.setUint32(i * 4, word, true));
    return out;
}

async function sha512(bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
}

export async function bcryptPbkdf(passphrase: string, salt: Bytes, rounds: number, length: number): Promise<Bytes> {
    const blocks = Math.ceil(length / 32);
    const amount = Math.ceil(length / blocks);
    const pass = await sha512(bytesOf(passphrase));
    const key = new Uint8Array(length);
    for (let block = 1; block <= blocks; block++) {
        let part = hash(pass, await sha512(concat(salt, u32(block))));
        const sum = part.slice();
        for (let round = 1; round < rounds; round++) {
            part = hash(pass, await sha512(part));
            sum.forEach((byte, i) => (sum[i] = byte ^ part[i]!));
        }
        for (let i = 0; i < amount; i++) {
            const to = i * blocks + (block - 1);
            if (to < length) {
                key[to] = sum[i]!;
            }
        }
    }
    return key;
}
