// SPDX-License-Identifier: ISC
//
// Stands for an authenticator app: the codes of RFC 6238, none of them twice.

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function decode(text) {
    const bytes = [];
    let bits = 0;
    let held = 0;
    for (const letter of text.replace(/[\s=]/g, '')) {
        held = (held << 5) | ALPHABET.indexOf(letter);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes.push((held >> bits) & 255);
        }
    }
    return Buffer.from(bytes);
}

export class App {
    used = 0;

    constructor(secret) {
        this.key = decode(secret);
    }

    // The server takes the code before and the one after, too, but each once. Late in its half minute the one
    // before may be too old by the time it is there.
    async code() {
        for (;;) {
            const now = Math.floor(Date.now() / 30000);
            const oldest = Date.now() % 30000 < 15000 ? now - 1 : now;
            const step = Math.max(this.used + 1, oldest);
            if (step <= now + 1) {
                this.used = step;
                return this.at(step);
            }
            await new Promise((done) => setTimeout(done, 500));
        }
    }

    at(step) {
        const counter = Buffer.alloc(8);
        counter.writeBigUInt64BE(BigInt(step));
        const digest = createHmac('sha1', this.key).update(counter).digest();
        const value = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
        return String(value % 1000000).padStart(6, '0');
    }
}
