// SPDX-License-Identifier: ISC
// What was had in emergencies and nobody has looked at yet, for the banner on every page; and which sealed
// certificates end soon.
import { signal } from '@preact/signals';
import { all, get } from './api';
import { secondsUntil } from './format';
import { mayRead } from './session';
import type { Review, Reviews } from './types';

export const openReviews = signal(0);
export const endingSeals = signal<Review[]>([]);

const REMIND_S = 14 * 86400;

export async function countReviews(): Promise<void> {
    if (!mayRead.value) {
        openReviews.value = 0;
        return;
    }
    try {
        openReviews.value = (await get<Reviews>('/v1/reviews?state=open&limit=1')).open;
    } catch {
        // What is shown stays: an alarm does not end because the server was not reached.
    }
}

export async function loadEndingSeals(): Promise<void> {
    const sealed = await all<Review>('/v1/reviews?kind=sealed', 200);
    const newest = new Map<string, Review>(); // one that was made anew takes the old one's place
    for (const seal of sealed.filter((one) => one.state !== 'void' && one.serial)) {
        const key = `${seal.holder} ${seal.role} ${seal.fingerprint}`;
        if (!newest.has(key)) {
            newest.set(key, seal);
        }
    }
    endingSeals.value = [...newest.values()].filter((one) => one.ends && secondsUntil(one.ends) < REMIND_S && secondsUntil(one.ends) > -REMIND_S);
}
