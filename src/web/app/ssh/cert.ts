// SPDX-License-Identifier: ISC
// What a certificate says, read from its line, for showing it field by field. It is not verified here: sshd does
// that.
import { fingerprint, fromBase64, Reader, toHex } from './wire';
import type { Bytes } from './wire';

export interface CertFields {
    type: string;
    nonce: string;
    key: string;
    serial: string;
    use: 'user' | 'host';
    keyId: string;
    principals: string[];
    validAfter: string | null;
    validBefore: string | null;
    critical: [string, string][];
    extensions: [string, string][];
    ca: string;
    caType: string;
    signature: string;
}

// How many fields the key itself has, by type, before the serial.
const KEY_FIELDS: [RegExp, number][] = [
    [/^ssh-ed25519-/, 1],
    [/^sk-ssh-ed25519-/, 2],
    [/^ecdsa-/, 2],
    [/^sk-ecdsa-/, 3],
    [/^ssh-rsa-|^rsa-/, 2],
];

const FOREVER = 0xffffffffffffffffn;

function moment(seconds: bigint): string | null {
    return seconds === 0n || seconds === FOREVER || seconds > 253402300799n ? null : new Date(Number(seconds) * 1000).toISOString();
}

function texts(data: Bytes): string[] {
    const reader = new Reader(data);
    const found: string[] = [];
    while (!reader.isAtEnd) {
        found.push(reader.text());
    }
    return found;
}

function options(data: Bytes): [string, string][] {
    const reader = new Reader(data);
    const found: [string, string][] = [];
    while (!reader.isAtEnd) {
        const name = reader.text();
        const value = reader.data();
        found.push([name, value.length > 0 ? new Reader(value).text() : '']);
    }
    return found;
}

// Throws if it is no certificate.
export async function readCert(line: string): Promise<CertFields> {
    const [name = '', base64 = ''] = line.trim().split(/\s+/);
    const reader = new Reader(fromBase64(base64));
    const type = reader.text();
    const count = KEY_FIELDS.find(([pattern]) => pattern.test(type))?.[1];
    if (type !== name || count === undefined) {
        throw new Error('no certificate');
    }
    const nonce = toHex(reader.data());
    let key = '';
    for (let i = 0; i < count; i++) {
        const part = reader.data();
        key = part.length > 16 ? toHex(part) : key;
    }
    const serial = reader.u64().toString();
    const use = reader.u32() === 2 ? 'host' : 'user';
    const keyId = reader.text();
    const principals = texts(reader.data());
    const validAfter = moment(reader.u64());
    const validBefore = moment(reader.u64());
    const critical = options(reader.data());
    const extensions = options(reader.data());
    reader.data();
    const ca = reader.data();
    const signature = new Reader(reader.data()).text();
    return { type, nonce, key, serial, use, keyId, principals, validAfter, validBefore, critical, extensions, ca: await fingerprint(ca), caType: new Reader(ca).text(), signature };
}
