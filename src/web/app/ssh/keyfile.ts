// SPDX-License-Identifier: ISC
// A key pair as a file of OpenSSH or of PuTTY (.ppk, version 3), with a passphrase or without.
import { argon2id } from '@noble/hashes/argon2.js';
import { bcryptPbkdf } from './bcrypt';
import type { KeyPair } from './keygen';
import { bytesOf, concat, lines, packed, toBase64, toHex, u32 } from './wire';
import type { Bytes } from './wire';

const ROUNDS = 24;
const PUTTY_MEMORY_KB = 8192;
const PUTTY_PASSES = 13;

async function aes(mode: 'AES-CTR' | 'AES-CBC', key: Bytes, iv: Bytes, plain: Bytes): Promise<Bytes> {
    const held = await crypto.subtle.importKey('raw', key, mode, false, ['encrypt']);
    const how = mode === 'AES-CTR' ? { name: mode, counter: iv, length: 128 } : { name: mode, iv };
    return new Uint8Array(await crypto.subtle.encrypt(how, held, plain));
}

function padTo(bytes: Bytes, block: number): Bytes {
    const missing = (block - (bytes.length % block)) % block;
    return concat(bytes, Uint8Array.from({ length: missing }, (_, i) => i + 1));
}

export async function opensshFile(pair: KeyPair, comment: string, passphrase: string): Promise<string> {
    const check = crypto.getRandomValues(new Uint8Array(4));
    const inner = concat(check, check, packed(pair.type), pair.privateFields, packed(comment));
    const head = bytesOf('openssh-key-v1\0');
    let parts: [cipher: string, kdf: string, options: Bytes, body: Bytes];
    if (passphrase === '') {
        parts = ['none', 'none', new Uint8Array(0), padTo(inner, 8)];
    } else {
        const salt = crypto.getRandomValues(new Uint8Array(16));
        const key = await bcryptPbkdf(passphrase, salt, ROUNDS, 48);
        const body = await aes('AES-CTR', key.slice(0, 32), key.slice(32), padTo(inner, 16));
        parts = ['aes256-ctr', 'bcrypt', concat(packed(salt), u32(ROUNDS)), body];
    }
    const [cipher, kdf, options, body] = parts;
    const whole = concat(head, packed(cipher), packed(kdf), packed(options), u32(1), packed(pair.blob), packed(body));
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines(toBase64(whole), 70)}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

async function hmac(key: Bytes, data: Bytes): Promise<Bytes> {
    const usable = key.length > 0 ? key : new Uint8Array(1); // a key of zeros is the same as none, which importKey refuses
    const held = await crypto.subtle.importKey('raw', usable, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', held, data));
}

// PuTTY fills the last block with the first bytes of the SHA-1 of what is in it.
async function padBySha1(bytes: Bytes): Promise<Bytes> {
    const missing = (16 - (bytes.length % 16)) % 16;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
    return concat(bytes, digest.subarray(0, missing));
}

interface Sealed {
    encryption: string;
    head: string;
    body: Bytes;
    plain: Bytes;
    macKey: Bytes;
}

async function seal(plain: Bytes, passphrase: string): Promise<Sealed> {
    if (passphrase === '') {
        return { encryption: 'none', head: '', body: plain, plain, macKey: new Uint8Array(0) };
    }
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = new Uint8Array(argon2id(bytesOf(passphrase), salt, { t: PUTTY_PASSES, m: PUTTY_MEMORY_KB, p: 1, dkLen: 80 }));
    const padded = await padBySha1(plain);
    const whole = await aes('AES-CBC', key.slice(0, 32), key.slice(32, 48), padded);
    const head = `Key-Derivation: Argon2id\nArgon2-Memory: ${PUTTY_MEMORY_KB}\nArgon2-Passes: ${PUTTY_PASSES}\nArgon2-Parallelism: 1\nArgon2-Salt: ${toHex(salt)}\n`;
    // The browser adds a block of padding that PuTTY's format has not.
    return { encryption: 'aes256-cbc', head, body: whole.slice(0, padded.length), plain: padded, macKey: key.slice(48) };
}

export async function puttyFile(pair: KeyPair, comment: string, passphrase: string): Promise<string> {
    const { encryption, head, body, plain, macKey } = await seal(pair.puttyFields, passphrase);
    const mac = await hmac(macKey, concat(packed(pair.type), packed(encryption), packed(comment), packed(pair.blob), packed(plain)));
    const section = (name: string, bytes: Bytes): string => {
        const text = lines(toBase64(bytes), 64);
        return `${name}-Lines: ${text.split('\n').length}\n${text}\n`;
    };
    return `PuTTY-User-Key-File-3: ${pair.type}\nEncryption: ${encryption}\nComment: ${comment}\n${section('Public', pair.blob)}${head}${section('Private', body)}Private-MAC: ${toHex(mac)}\n`;
}
