// SPDX-License-Identifier: ISC
// SSH's wire form: numbers and strings with their lengths before them; and base64.

export type Bytes = Uint8Array<ArrayBuffer>;

export class Reader {
    private at = 0;
    private readonly view: DataView;

    constructor(private readonly bytes: Bytes) {
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }

    private take(count: number): number {
        const from = this.at;
        if (from + count > this.bytes.length) {
            throw new RangeError('the data ends too early');
        }
        this.at += count;
        return from;
    }

    u32(): number {
        return this.view.getUint32(this.take(4));
    }

    u64(): bigint {
        return this.view.getBigUint64(this.take(8));
    }

    data(): Bytes {
        const length = this.u32();
        const from = this.take(length);
        return this.bytes.subarray(from, from + length);
    }

    text(): string {
        return new TextDecoder().decode(this.data());
    }

    get isAtEnd(): boolean {
        return this.at === this.bytes.length;
    }
}

export function bytesOf(text: string): Bytes {
    return new Uint8Array(new TextEncoder().encode(text));
}

export function concat(...parts: Uint8Array[]): Bytes {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

export function u32(value: number): Bytes {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return bytes;
}

// A string with its length before it.
export function packed(part: Uint8Array | string): Bytes {
    const bytes = typeof part === 'string' ? bytesOf(part) : part;
    return concat(u32(bytes.length), bytes);
}

// A positive number without superfluous zeros, and with one where it would look negative.
export function mpint(bytes: Uint8Array): Bytes {
    let from = 0;
    while (from < bytes.length && bytes[from] === 0) {
        from++;
    }
    const short = bytes.subarray(from);
    return packed((short[0] ?? 0) & 0x80 ? concat(new Uint8Array(1), short) : short);
}

export function toBase64(bytes: Uint8Array): string {
    let text = '';
    for (const byte of bytes) {
        text += String.fromCharCode(byte);
    }
    return btoa(text);
}

// Throws if it is none.
export function fromBase64(text: string): Bytes {
    return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}

export function fromBase64url(text: string): Bytes {
    return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/').padEnd(Math.ceil(text.length / 4) * 4, '='));
}

export function toHex(bytes: Uint8Array): string {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function lines(text: string, width: number): string {
    return text.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n') ?? '';
}

export async function fingerprint(blob: Bytes): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', blob));
    return `SHA256:${toBase64(digest).replace(/=+$/, '')}`;
}
