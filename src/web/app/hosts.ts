// SPDX-License-Identifier: ISC
// How a host is: the server judges it, here it gets its sign and colour; and where pictures of hosts lead.
import { withQuery } from './router';
import type { FleetHost, HostCondition } from './types';
import type { Tone } from './ui/bits';

// The worst first.
export const CONDITIONS = ['critical', 'locked', 'silent', 'attention', 'behind', 'waiting', 'ok'] as const;

export const CONDITION_TONES: Record<HostCondition, Tone> = { critical: 'bad', locked: 'bad', silent: 'warn', attention: 'warn', behind: 'warn', waiting: 'info', ok: 'good', retired: 'info' };

export const CONDITION_SIGNS: Record<HostCondition, string> = { critical: '✗', locked: '■', silent: '?', attention: '!', behind: '↻', waiting: '…', ok: '✓', retired: '–' };

// When the first of its certificates ends.
export function endOf(host: FleetHost): string | null {
    const ends = host.keys.flatMap((key) => (key.valid_before ? [key.valid_before] : []));
    return ends.sort()[0] ?? null;
}

export function labelText(labels: Record<string, string>): string[] {
    return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

export const FLEET_FILTERS = ['state', 'condition', 'zone', 'host', 'label'] as const;
export type FleetFilter = Partial<Record<(typeof FLEET_FILTERS)[number], string | null>>;

// The list of the hosts of a group and condition: `label` is what groups are values of, null where they are
// zones. null: there is no filter for these.
export function groupLink(label: string | null, group: string | null, condition: HostCondition | null, filter: FleetFilter = {}): string | null {
    const members: FleetFilter = { ...filter, condition: condition ?? filter.condition ?? null };
    if (label !== null) {
        const own = group === null ? `!${label}` : `${label}=${group}`;
        members.label = [...(filter.label ?? '').split(','), own].filter((one, i, all) => one && all.indexOf(one) === i).join(',');
    } else if (group !== null) {
        members.zone = group;
    } else {
        return null;
    }
    return withQuery('/hosts', { ...members, by: label === null ? null : `label:${label}` });
}
