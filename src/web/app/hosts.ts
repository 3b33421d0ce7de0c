// SPDX-License-Identifier: ISC
// How a host is, from what it reported and when.
import type { FleetHost } from './types';
import type { Tone } from './ui/bits';

export type Health = 'ok' | 'attention' | 'critical' | 'silent' | 'behind' | 'waiting' | 'locked';

export const HEALTH_TONES: Record<Health, Tone> = { ok: 'good', attention: 'warn', critical: 'bad', silent: 'warn', behind: 'warn', waiting: 'info', locked: 'bad' };

const SILENT_MS = 15 * 60 * 1000;

// `krl`: the version that hosts should have.
export function healthOf(host: FleetHost, krl: string, now = Date.now()): Health {
    if (host.state === 'waiting') {
        return 'waiting';
    }
    if (host.state !== 'active') {
        return 'locked';
    }
    if (host.health === 'critical') {
        return 'critical';
    }
    if (!host.reported || now - Date.parse(host.reported) > SILENT_MS) {
        return 'silent';
    }
    if (host.health === 'warning') {
        return 'attention';
    }
    return krl !== '' && BigInt(host.krl_version) < BigInt(krl) ? 'behind' : 'ok';
}

// When the first of its certificates ends.
export function endOf(host: FleetHost): string | null {
    const ends = host.keys.flatMap((key) => (key.valid_before ? [key.valid_before] : []));
    return ends.sort()[0] ?? null;
}

export function labelText(labels: Record<string, string>): string[] {
    return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}
