// SPDX-License-Identifier: ISC
// Host honeycomb: a cell for each host, grouped by zone; sign and colour say how it is.
import type { JSX } from 'preact';
import { healthOf } from '../hosts';
import type { Health } from '../hosts';
import { t, word } from '../i18n';
import type { FleetHost } from '../types';
import { Picture } from './picture';

const SIZE = 15;
const WIDE = SIZE * Math.sqrt(3);
const WIDTH = 720;
const PER_ROW = Math.floor((WIDTH - WIDE) / WIDE);
const GLYPHS: Record<Health, string> = { ok: '✓', attention: '!', critical: '✗', silent: '?', behind: '↻', waiting: '…', locked: '■' };
const MOST = 2000;

function hexagon(x: number, y: number): string {
    const corner = (i: number): string => {
        const angle = (Math.PI / 3) * i - Math.PI / 2;
        return `${(x + (SIZE - 1) * Math.cos(angle)).toFixed(1)} ${(y + (SIZE - 1) * Math.sin(angle)).toFixed(1)}`;
    };
    return `M${[0, 1, 2, 3, 4, 5].map(corner).join('L')}Z`;
}

function Cell({ host, i, krl }: { host: FleetHost; i: number; krl: string }): JSX.Element {
    const row = Math.floor(i / PER_ROW);
    const x = (i % PER_ROW) * WIDE + WIDE / 2 + (row % 2 ? WIDE / 2 : 0) + 2;
    const y = row * SIZE * 1.5 + SIZE + 2;
    const health = healthOf(host, krl);
    const about = `${host.name}: ${word('health', health)}${host.problems.length > 0 ? `\n${host.problems.join('\n')}` : ''}`;
    return (
        <a href={`/hosts/${encodeURIComponent(host.name)}`} class={`hex ${health}`} aria-label={about}>
            <title>{about}</title>
            <path d={hexagon(x, y)} />
            <text x={x} y={y + 4} class="middle" aria-hidden="true">
                {GLYPHS[health]}
            </text>
        </a>
    );
}

export function Honeycomb({ hosts, krl }: { hosts: FleetHost[]; krl: string }): JSX.Element | null {
    if (hosts.length === 0) {
        return null;
    }
    const zones = [...new Set(hosts.map((host) => host.zone ?? '–'))].sort();
    const counts = new Map<Health, number>();
    for (const host of hosts) {
        const health = healthOf(host, krl);
        counts.set(health, (counts.get(health) ?? 0) + 1);
    }
    return (
        <Picture
            title={t('honeycomb.title')}
            summary={[...counts].map(([health, n]) => `${n} ${word('health', health)}`).join(', ')}
            file="hosts"
            head={[t('host'), t('zone'), t('state'), t('host.problems')]}
            rows={hosts.map((host) => [host.name, host.zone ?? '', word('health', healthOf(host, krl)), host.problems.join('; ')])}
        >
            {zones.map((zone) => {
                const inZone = hosts.filter((host) => (host.zone ?? '–') === zone).slice(0, MOST);
                return (
                    <div key={zone}>
                        <h3>
                            {zone} <span class="quiet">{inZone.length}</span>
                        </h3>
                        <svg class="chart honeycomb" viewBox={`0 0 ${WIDTH} ${Math.ceil(inZone.length / PER_ROW) * SIZE * 1.5 + SIZE}`}>
                            {inZone.map((host, i) => (
                                <Cell key={host.id} host={host} i={i} krl={krl} />
                            ))}
                        </svg>
                    </div>
                );
            })}
            <p class="legend">
                {[...counts.keys()].map((health) => (
                    <span key={health}>
                        {GLYPHS[health]} {word('health', health)}
                    </span>
                ))}
            </p>
        </Picture>
    );
}
