// SPDX-License-Identifier: ISC
// Whether the ledger grew: the server tells it in a stream of events, so that pages need not ask every few
// seconds. One stream for this window, and none while nobody looks at it: a browser has six connections to a
// server, for all its windows together.
import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { loadMe, me } from './session';

const AGAIN_MS = 60_000; // after the server refused the stream
const REST_MS = 1_000; // between two times that a page asks again
const DELAY_MS = 250; // what is recorded together is asked for together
const SPREAD_MS = 250; // and not by all windows at once

const growth = signal(0); // counts up whenever the ledger is longer than it was known to be
export const isLive = signal(false); // somebody tells

let source: EventSource | null = null;
let size: number | null = null;
let again: ReturnType<typeof setTimeout> | undefined;

function hear(event: MessageEvent<string>): void {
    const told = (JSON.parse(event.data) as { size: number }).size;
    if (size !== null && told !== size) {
        growth.value++;
    }
    size = told;
}

function close(): void {
    clearTimeout(again);
    again = undefined;
    source?.close();
    source = null;
    isLive.value = false;
}

// A browser comes again by itself, unless it was refused: perhaps because the session is over.
function lose(): void {
    isLive.value = false;
    if (source?.readyState === EventSource.CLOSED) {
        close();
        again = setTimeout(() => {
            again = undefined;
            follow();
        }, AGAIN_MS);
        loadMe().catch(() => undefined); // a 401 leads to the sign-in
    }
}

function follow(): void {
    if (document.hidden || !me.value) {
        close();
    } else if (!source && again === undefined) {
        source = new EventSource('/v1/live');
        source.addEventListener('open', () => (isLive.value = true));
        source.addEventListener('ledger', hear);
        source.addEventListener('error', lose);
    }
}

export function startLive(): void {
    effect(follow); // with who is signed in
    document.addEventListener('visibilitychange', follow);
}

// Does the work again when the ledger grew; every `seconds` where nobody tells. Never while nobody looks.
export function useLive(seconds: number, work: () => void): void {
    const kept = useRef(work);
    kept.current = work;
    useEffect(() => {
        let seen = growth.peek();
        let last = 0;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const run = (): void => {
            timer = undefined;
            last = Date.now();
            kept.current();
        };
        const stop = effect(() => {
            if (growth.value !== seen) {
                seen = growth.value;
                timer ??= setTimeout(run, Math.max(DELAY_MS, last + REST_MS - Date.now()) + Math.random() * SPREAD_MS);
            }
        });
        const poll = setInterval(() => {
            if (!document.hidden && !isLive.peek()) {
                kept.current();
            }
        }, seconds * 1000);
        return () => {
            stop();
            clearTimeout(timer);
            clearInterval(poll);
        };
    }, [seconds]);
}
