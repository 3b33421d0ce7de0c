// SPDX-License-Identifier: ISC
// What certificates are worth now.
import type { Tone } from './ui/bits';
import type { Cert } from './types';

export type CertState = 'valid' | 'ended' | 'revoked' | 'early';

export const TONES: Record<CertState, Tone> = { valid: 'good', ended: 'quiet', revoked: 'bad', early: 'info' };

export function stateOf(cert: Cert, now = Date.now()): CertState {
    if (cert.revoked) {
        return 'revoked';
    }
    if (cert.valid_before && Date.parse(cert.valid_before) <= now) {
        return 'ended';
    }
    return cert.valid_after && Date.parse(cert.valid_after) > now ? 'early' : 'valid';
}

export function personOf(actor: string): string | null {
    return actor.startsWith('user:') ? actor.slice('user:'.length) : null;
}
