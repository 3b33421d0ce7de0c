// SPDX-License-Identifier: ISC
// Public keys as people have them: a line of OpenSSH, RFC 4716 as PuTTYgen saves it; and private keys, which
// are noticed so that they never leave the page.
import { fingerprint, fromBase64, Reader, toBase64 } from './wire';
import type { Bytes } from './wire';

export interface PublicKey {
    type: string;
    bits: number | null;
    comment: string;
    fingerprint: string;
    line: string;
    blob: Bytes;
}

export type Pasted =
    | { kind: 'public'; key: PublicKey }
    | { kind: 'private'; publicPart: PublicKey | null } // the public part, if it can be read without a passphrase
    | { kind: 'certificate' }
    | { kind: 'empty' }
    | { kind: 'unknown' };

const PRIVATE = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|PuTTY-User-Key-File-\d|-----BEGIN SSH2 ENCRYPTED PRIVATE KEY|SSH PRIVATE KEY FILE FORMAT/i;
const LINE = /^(?:.*?\s)?((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*))?$/;
const BITS: Record<string, number> = {
    'ssh-ed25519': 256,
    'sk-ssh-ed25519@openssh.com': 256,
    'ecdsa-sha2-nistp256': 256,
    'sk-ecdsa-sha2-nistp256@openssh.com': 256,
    'ecdsa-sha2-nistp384': 384,
    'ecdsa-sha2-nistp521': 521,
};

export function isPrivate(text: string): boolean {
    return PRIVATE.test(text);
}

function bitsOf(type: string, reader: Reader): number | null {
    if (type !== 'ssh-rsa') {
        return BITS[type] ?? null;
    }
    reader.data();
    const modulus = reader.data();
    const first = modulus.findIndex((byte) => byte !== 0);
    return first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
}

export async function keyOf(blob: Bytes, comment: string): Promise<PublicKey> {
    const reader = new Reader(blob);
    const type = reader.text();
    if (!/^[a-z0-9@.-]{1,64}$/.test(type)) {
        throw new Error('no name of a key type');
    }
    const bits = bitsOf(type, reader);
    const line = `${type} ${toBase64(blob)}`;
    return { type, bits, comment, fingerprint: await fingerprint(blob), line, blob };
}

// Both forms of OpenSSH's and PuTTY's private files say the public part in the open.
async function publicPartOf(text: string): Promise<PublicKey | null> {
    try {
        const openssh = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text);
        if (openssh?.[1]) {
            const bytes = fromBase64(openssh[1].replace(/\s/g, ''));
            const reader = new Reader(bytes.subarray('openssh-key-v1\0'.length) as Bytes);
            reader.data();
            reader.data();
            reader.data();
            return reader.u32() === 1 ? await keyOf(reader.data(), '') : null;
        }
        const rows = text.split(/\r?\n/);
        const at = rows.findIndex((row) => row.startsWith('Public-Lines: '));
        const count = Number(rows[at]?.slice('Public-Lines: '.length));
        const comment = rows.find((row) => row.startsWith('Comment: '))?.slice('Comment: '.length) ?? '';
        return at >= 0 ? await keyOf(fromBase64(rows.slice(at + 1, at + 1 + count).join('')), comment) : null;
    } catch {
        return null;
    }
}

function rfc4716(text: string): { base64: string; comment: string } | null {
    const body = /---- BEGIN SSH2 PUBLIC KEY ----([\s\S]+?)---- END SSH2 PUBLIC KEY ----/.exec(text)?.[1];
    if (!body) {
        return null;
    }
    const joined = body.replace(/\\\r?\n/g, '');
    const comment = /^Comment: *"?([^"\r\n]*)"?/im.exec(joined)?.[1] ?? '';
    return { base64: joined.replace(/^[A-Za-z0-9-]+:.*$/gm, '').replace(/\s/g, ''), comment };
}

export async function readPasted(text: string): Promise<Pasted> {
    if (text.trim() === '') {
        return { kind: 'empty' };
    }
    if (isPrivate(text)) {
        return { kind: 'private', publicPart: await publicPartOf(text) };
    }
    try {
        const foreign = rfc4716(text);
        if (foreign) {
            return { kind: 'public', key: await keyOf(fromBase64(foreign.base64), foreign.comment) };
        }
        const line = text.split(/\r?\n/).map((one) => LINE.exec(one.trim())).find(Boolean);
        if (!line?.[2]) {
            return { kind: 'unknown' };
        }
        if (line[1]?.includes('-cert-v01')) {
            return { kind: 'certificate' };
        }
        const key = await keyOf(fromBase64(line[2]), line[3] ?? '');
        return key.type === line[1] ? { kind: 'public', key } : { kind: 'unknown' };
    } catch {
        return { kind: 'unknown' };
    }
}
