// SPDX-License-Identifier: ISC
// How many requests wait for the viewer's decision: the number beside "Requests".
import { signal } from '@preact/signals';
import { get } from './api';
import type { AccessRequest, Page } from './types';

export const waiting = signal(0);

export async function countWaiting(): Promise<void> {
    try {
        const page = await get<Page<AccessRequest>>('/v1/requests?which=to-decide&state=waiting&limit=50');
        waiting.value = page.items.length;
    } catch {
        waiting.value = 0; // the page itself says why, where it matters
    }
}
