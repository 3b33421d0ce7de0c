// SPDX-License-Identifier: ISC
// What administrators proposed about CA keys and nobody confirmed yet.
import { signal } from '@preact/signals';
import { all } from './api';
import { t, word } from './i18n';
import { mayAdminister, mayRead, me } from './session';
import type { Proposal } from './types';

const MOST = 100;

export const openProposals = signal<Proposal[]>([]);

export async function loadProposals(): Promise<void> {
    openProposals.value = mayRead.value ? await all<Proposal>('/v1/ca/proposals?state=open', MOST) : [];
}

// Those that wait for the viewer: of somebody else, who is to be confirmed or contradicted.
export function proposalsToDecide(): Proposal[] {
    return mayAdminister.value ? openProposals.value.filter((one) => one.proposer !== me.value?.user) : [];
}

export function proposalText(one: Proposal): string {
    return t(`proposal.act.${one.act}`, { ca: one.use ? word('ca', one.use) : '' });
}
