// SPDX-License-Identifier: ISC
// Makes a key in the page by the browser's own cryptography. The private part never leaves the page.
import { concat, fromBase64url, mpint, packed } from './wire';
import type { Bytes } from './wire';

export interface KeyPair {
    type: 'ssh-ed25519' | 'ecdsa-sha2-nistp256';
    blob: Bytes; // the public key
    privateFields: Bytes; // as OpenSSH's files have them: after the key's name, before the comment
    puttyFields: Bytes; // as PuTTY's files have them
}

async function ed25519(): Promise<KeyPair> {
    const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])) as CryptoKeyPair;
    const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
    const seed = fromBase64url(jwk.d ?? '');
    const key = fromBase64url(jwk.x ?? '');
    if (seed.length !== 32 || key.length !== 32) {
        throw new Error('Ed25519');
    }
    return {
        type: 'ssh-ed25519',
        blob: concat(packed('ssh-ed25519'), packed(key)),
        privateFields: concat(packed(key), packed(concat(seed, key))),
        puttyFields: puttyNumber(seed),
    };
}

// PuTTY keeps an Ed25519 key as a number, lowest byte first, without superfluous zeros.
function puttyNumber(seed: Bytes): Bytes {
    let end = seed.length;
    while (end > 0 && seed[end - 1] === 0) {
        end--;
    }
    return packed(seed.subarray(0, end));
}

async function p256(): Promise<KeyPair> {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
    const point = concat(Uint8Array.of(4), fromBase64url(jwk.x ?? ''), fromBase64url(jwk.y ?? ''));
    const number = mpint(fromBase64url(jwk.d ?? ''));
    return {
        type: 'ecdsa-sha2-nistp256',
        blob: concat(packed('ecdsa-sha2-nistp256'), packed('nistp256'), packed(point)),
        privateFields: concat(packed('nistp256'), packed(point), number),
        puttyFields: number,
    };
}

// Ed25519, or P-256 where the browser cannot.
export async function generate(): Promise<KeyPair> {
    try {
        return await ed25519();
    } catch {
        return p256();
    }
}
