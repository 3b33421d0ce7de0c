// SPDX-License-Identifier: ISC
// Issuance timeline and audit histogram: bars over time, what was refused below the axis.
import type { JSX } from 'preact';
import { moment } from '../format';
import { t } from '../i18n';
import { Picture } from './picture';

export interface Happened {
    at: number;
    kind: string; // stacked by it
    isRefusal: boolean;
    count?: number; // of them; else one
}

interface Slot {
    from: number;
    counts: Map<string, number>;
    refused: number;
}

const WIDTH = 720;
const UP = 90;
const DOWN = 30;

function slotsOf(events: Happened[], from: number, until: number, count: number): Slot[] {
    const length = (until - from) / count;
    const slots: Slot[] = Array.from({ length: count }, (_, i) => ({ from: from + i * length, counts: new Map(), refused: 0 }));
    for (const event of events) {
        const slot = slots[Math.min(count - 1, Math.floor((event.at - from) / length))];
        if (slot && event.at >= from && event.isRefusal) {
            slot.refused += event.count ?? 1;
        } else if (slot && event.at >= from) {
            slot.counts.set(event.kind, (slot.counts.get(event.kind) ?? 0) + (event.count ?? 1));
        }
    }
    return slots;
}

function sum(slot: Slot): number {
    return [...slot.counts.values()].reduce((a, b) => a + b, 0);
}

interface BarsProps {
    slots: Slot[];
    kinds: string[];
    onPick: ((from: number, until: number) => void) | undefined;
}

function Bars({ slots, kinds, onPick }: BarsProps): JSX.Element {
    const most = Math.max(1, ...slots.map(sum));
    const refused = Math.max(1, ...slots.map((slot) => slot.refused));
    const wide = WIDTH / slots.length;
    const length = (slots[1]?.from ?? 0) - (slots[0]?.from ?? 0);
    return (
        <>
            {slots.map((slot, i) => {
                let y = UP;
                const pick = (): void => onPick?.(slot.from, slot.from + length);
                const press = (event: KeyboardEvent): void => {
                    if (event.key === 'Enter' || event.key === ' ') {
                        event.preventDefault();
                        pick();
                    }
                };
                const text = `${moment(new Date(slot.from).toISOString())}: ${[...slot.counts].map(([kind, n]) => `${kind} ${n}`).join(', ') || 0}${slot.refused ? `, ${t('timeline.refused', { n: slot.refused })}` : ''}`;
                return (
                    <g key={i} {...(onPick && sum(slot) + slot.refused > 0 ? { role: 'button', tabindex: 0, onClick: pick, onKeyDown: press, 'aria-label': text } : {})}>
                        <title>{text}</title>
                        <rect x={i * wide} y="0" width={wide} height={UP + DOWN} class="slot" />
                        {kinds.map((kind, k) => {
                            const height = ((slot.counts.get(kind) ?? 0) / most) * (UP - 6);
                            y -= height;
                            return height > 0 ? <rect key={kind} x={i * wide + 1} y={y} width={Math.max(1, wide - 2)} height={height} class={`bar kind${k % 6}`} /> : null;
                        })}
                        {slot.refused > 0 && <rect x={i * wide + 1} y={UP + 3} width={Math.max(1, wide - 2)} height={(slot.refused / refused) * (DOWN - 4)} class="bar refused" />}
                    </g>
                );
            })}
        </>
    );
}

interface TimelineProps {
    title: string;
    events: Happened[];
    from: number;
    until: number;
    onPick?: (from: number, until: number) => void;
}

export function Timeline({ title, events, from, until, onPick }: TimelineProps): JSX.Element {
    const slots = slotsOf(events, from, until, 48);
    const kinds = [...new Set(events.filter((event) => !event.isRefusal).map((event) => event.kind))].sort();
    const busiest = slots.reduce((a, b) => (sum(b) > sum(a) ? b : a));
    const total = (some: Happened[]): number => some.reduce((sum, event) => sum + (event.count ?? 1), 0);
    const refused = total(events.filter((event) => event.isRefusal));
    return (
        <Picture
            title={title}
            summary={events.length === 0 ? t('timeline.nothing') : t('timeline.summary', { n: total(events), refused, time: moment(new Date(busiest.from).toISOString()) })}
            file="timeline"
            head={[t('time'), ...kinds, t('login.refused')]}
            rows={slots.map((slot) => [new Date(slot.from).toISOString(), ...kinds.map((kind) => String(slot.counts.get(kind) ?? 0)), String(slot.refused)])}
        >
            <svg class="chart timeline" viewBox={`0 0 ${WIDTH} ${UP + DOWN + 16}`} role={onPick ? 'group' : 'img'} aria-label={title}>
                <Bars slots={slots} kinds={kinds} onPick={onPick} />
                <line class="axis" x1="0" x2={WIDTH} y1={UP} y2={UP} />
                <text x="0" y={UP + DOWN + 12} class="label">
                    {moment(new Date(from).toISOString())}
                </text>
                <text x={WIDTH} y={UP + DOWN + 12} class="label end">
                    {moment(new Date(until).toISOString())}
                </text>
            </svg>
            <p class="legend">
                {kinds.slice(0, 12).map((kind, k) => (
                    <span key={kind}>
                        <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
                            <rect width="10" height="10" class={`bar kind${k % 6}`} />
                        </svg>{' '}
                        {kind}
                    </span>
                ))}
            </p>
        </Picture>
    );
}
