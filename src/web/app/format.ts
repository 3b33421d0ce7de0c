// SPDX-License-Identifier: ISC
// Times and spans of time as people say them.
import { locale, t } from './i18n';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: [Intl.NumberFormatOptions['unit'] & string, number][] = [
    ['day', DAY],
    ['hour', HOUR],
    ['minute', MINUTE],
    ['second', 1],
];

// "7 hours 58 minutes": the two largest parts.
export function duration(seconds: number): string {
    const parts: string[] = [];
    let left = Math.max(0, Math.round(seconds));
    for (const [unit, length] of STEPS) {
        const count = Math.floor(left / length);
        if (count > 0 && parts.length < 2) {
            parts.push(new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(count));
        }
        left -= count * length;
        if (parts.length > 0 && left === 0) {
            break;
        }
    }
    return parts.join(' ') || new Intl.NumberFormat(locale(), { style: 'unit', unit: 'second', unitDisplay: 'long' }).format(0);
}

// As a policy and the command write it: 8h, 90m.
export function spanText(seconds: number): string {
    for (const [letter, length] of [['d', DAY], ['h', HOUR], ['m', MINUTE]] as const) {
        if (seconds % length === 0 && seconds >= length) {
            return `${seconds / length}${letter}`;
        }
    }
    return `${seconds}s`;
}

export function spanSeconds(text: string): number | null {
    const found = /^(\d+)([smhdw])$/.exec(text.trim());
    const lengths: Record<string, number> = { s: 1, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
    return found ? Number(found[1]) * (lengths[found[2] ?? ''] ?? 0) : null;
}

export function ago(time: string, now = Date.now()): string {
    const seconds = (Date.parse(time) - now) / 1000;
    const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
    const size = Math.abs(seconds);
    if (size < 45) {
        return t('time.now');
    }
    for (const [unit, length] of STEPS) {
        if (size >= length) {
            return format.format(Math.round(seconds / length), unit as Intl.RelativeTimeFormatUnit);
        }
    }
    return t('time.now');
}

export function moment(time: string): string {
    const date = new Date(time);
    const today = new Date().toDateString() === date.toDateString();
    return date.toLocaleString(locale(), today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}

export function utc(time: string): string {
    return new Date(time).toISOString().replace('T', ' ').replace(/\.\d+Z/, ' UTC');
}

export function secondsUntil(time: string): number {
    return (Date.parse(time) - Date.now()) / 1000;
}

export function count(value: number): string {
    return value.toLocaleString(locale());
}
