// SPDX-License-Identifier: ISC
// How much waits for the viewer's decision, requests and proposals: the number beside "Requests".
import { signal } from '@preact/signals';
import { get } from './api';
import { loadProposals, proposalsToDecide } from './proposals';
import type { AccessRequest, Page } from './types';

export const waiting = signal(0);

export async function countWaiting(): Promise<void> {
    try {
        const [page] = await Promise.all([get<Page<AccessRequest>>('/v1/requests?which=to-decide&state=waiting&limit=50'), loadProposals()]);
        waiting.value = page.items.length + proposalsToDecide().length;
    } catch {
        waiting.value = 0; // the page itself says why, where it matters
    }
}
