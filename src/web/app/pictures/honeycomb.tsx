// SPDX-License-Identifier: ISC
// Host honeycomb: groups of hosts, a cell for each host or for so many of them; sign and colour say how they are.
//
// The server counts, so that the picture costs the same for ten hosts and for many thousands: a small group has
// a link for each host, a large one an area of cells for each condition.
import type { JSX } from 'preact';
import { count } from '../format';
import { CONDITION_SIGNS, CONDITIONS, groupLink } from '../hosts';
import type { FleetFilter } from '../hosts';
import { t, word } from '../i18n';
import type { FleetGroup, FleetSummary, HostCondition } from '../types';
import { Picture } from './picture';

const WIDTH = 720;
const CELLS_MOST = 2000;

// Cells are as large as their number allows; only those that are large enough all carry their sign.
interface Grid {
    radius: number;
    perRow: number;
    isLarge: boolean;
    share: number; // hosts of a cell
}

function gridFor(hosts: number): Grid {
    const share = Math.max(1, Math.ceil(hosts / CELLS_MOST));
    const cells = hosts / share;
    const radius = cells <= 300 ? 15 : cells <= 900 ? 11 : 8;
    return { radius, share, isLarge: radius === 15, perRow: Math.floor((WIDTH - 4) / (radius * Math.sqrt(3)) - 0.5) };
}

interface Place {
    x: number;
    y: number;
}

function place(grid: Grid, i: number): Place {
    const row = Math.floor(i / grid.perRow);
    const wide = grid.radius * Math.sqrt(3);
    return { x: (i % grid.perRow) * wide + wide / 2 + (row % 2 ? wide / 2 : 0) + 2, y: row * grid.radius * 1.5 + grid.radius + 2 };
}

function hexagon(grid: Grid, { x, y }: Place): string {
    const corner = (i: number): string => {
        const angle = (Math.PI / 3) * i - Math.PI / 2;
        return `${(x + (grid.radius - 1) * Math.cos(angle)).toFixed(1)} ${(y + (grid.radius - 1) * Math.sin(angle)).toFixed(1)}`;
    };
    return `M${[0, 1, 2, 3, 4, 5].map(corner).join('L')}Z`;
}

function Sign({ grid, at, condition }: { grid: Grid; at: Place; condition: HostCondition }): JSX.Element {
    return (
        <text x={at.x} y={at.y + grid.radius * 0.28} class="middle" aria-hidden="true">
            {CONDITION_SIGNS[condition]}
        </text>
    );
}

function Cell({ grid, host, i }: { grid: Grid; host: FleetGroup['each'][number]; i: number }): JSX.Element {
    const at = place(grid, i);
    const about = `${host.name}: ${word('health', host.condition)}`;
    return (
        <a href={`/hosts/${encodeURIComponent(host.name)}`} class={`hex ${host.condition}`} aria-label={about}>
            <title>{about}</title>
            <path d={hexagon(grid, at)} />
            <Sign grid={grid} at={at} condition={host.condition} />
        </a>
    );
}

interface AreaProps {
    grid: Grid;
    from: number;
    until: number;
    hosts: number;
    condition: HostCondition;
    href: string | null;
}

// All cells of a condition as one shape. The same link stands as text below, for whoever uses the keyboard.
function Area({ grid, from, until, hosts, condition, href }: AreaProps): JSX.Element {
    const places = Array.from({ length: until - from }, (_, i) => place(grid, from + i));
    return (
        <a {...(href ? { href } : {})} class={`hex ${condition}`} tabIndex={-1}>
            <title>{`${count(hosts)} ${word('health', condition)}`}</title>
            <path d={places.map((at) => hexagon(grid, at)).join('')} />
            {(grid.isLarge || condition !== 'ok') && places.map((at, i) => <Sign key={i} grid={grid} at={at} condition={condition} />)}
        </a>
    );
}

interface GroupProps {
    group: FleetGroup;
    name: string;
    grid: Grid;
    link: (condition: HostCondition | null) => string | null;
}

function Counts({ group, link }: { group: FleetGroup; link: GroupProps['link'] }): JSX.Element {
    return (
        <ul class="counts">
            {CONDITIONS.filter((one) => group.conditions[one] > 0).map((one) => {
                const href = link(one);
                const text = `${CONDITION_SIGNS[one]} ${count(group.conditions[one])} ${word('health', one)}`;
                return <li key={one}>{href ? <a href={href}>{text}</a> : text}</li>;
            })}
        </ul>
    );
}

function Group({ group, name, grid, link }: GroupProps): JSX.Element {
    const href = link(null);
    let cells = 0;
    const areas = CONDITIONS.filter((one) => group.conditions[one] > 0).map((condition) => {
        const from = cells;
        cells += Math.ceil(group.conditions[condition] / grid.share);
        return { condition, from, until: cells };
    });
    const height = Math.ceil(cells / grid.perRow) * grid.radius * 1.5 + grid.radius;
    const isEach = group.each.length > 0;
    return (
        <div>
            <h3>
                {href ? <a href={href}>{name}</a> : name} <span class="quiet">{count(group.hosts)}</span>
            </h3>
            <svg class={`chart honeycomb${grid.isLarge ? '' : ' fine'}`} viewBox={`0 0 ${WIDTH} ${height}`} {...(isEach ? {} : { 'aria-hidden': true })}>
                {isEach
                    ? group.each.map((host, i) => <Cell key={host.name} grid={grid} host={host} i={i} />)
                    : areas.map((one) => <Area key={one.condition} grid={grid} {...one} hosts={group.conditions[one.condition]} href={link(one.condition)} />)}
            </svg>
            <Counts group={group} link={link} />
        </div>
    );
}

export function Honeycomb({ fleet, filter = {} }: { fleet: FleetSummary; filter?: FleetFilter }): JSX.Element | null {
    if (fleet.hosts === 0) {
        return null;
    }
    const grid = gridFor(fleet.hosts);
    const none = t(fleet.label === null ? 'honeycomb.no-zone' : 'honeycomb.no-label');
    const nameOf = (group: FleetGroup): string => group.name ?? none;
    const present = CONDITIONS.filter((one) => fleet.conditions[one] > 0);
    const rows = fleet.groups.map((group) => [nameOf(group), String(group.hosts), ...CONDITIONS.map((one) => String(group.conditions[one]))]);
    if (fleet.left.groups > 0) {
        rows.push([t('honeycomb.left', { n: fleet.left.groups }), String(fleet.left.hosts), ...CONDITIONS.map((one) => String(fleet.left.conditions[one]))]);
    }
    return (
        <Picture
            title={t('honeycomb.title')}
            summary={present.map((one) => `${count(fleet.conditions[one])} ${word('health', one)}`).join(', ')}
            file="hosts"
            head={[fleet.label ?? t('zone'), t('nav.hosts'), ...CONDITIONS.map((one) => word('health', one))]}
            rows={rows}
        >
            {fleet.groups.map((group) => (
                <Group key={group.name ?? ''} group={group} name={nameOf(group)} grid={grid} link={(condition) => groupLink(fleet.label, group.name, condition, filter)} />
            ))}
            {fleet.left.groups > 0 && <p>{t('honeycomb.more', { n: fleet.left.groups, hosts: count(fleet.left.hosts) })}</p>}
            {grid.share > 1 && <p class="quiet">{t('honeycomb.share', { n: grid.share })}</p>}
            <p class="legend">
                {present.map((one) => (
                    <span key={one}>
                        {CONDITION_SIGNS[one]} {word('health', one)}
                    </span>
                ))}
            </p>
        </Picture>
    );
}
