// SPDX-License-Identifier: ISC
// Who is signed in. The session's secret is in a cookie that no script can read; here is only what shows
// that a request comes from these pages.
import { computed, signal } from '@preact/signals';
import { get, hooks, post, Problem, remove } from './api';
import { go } from './router';
import type { Me, Session } from './types';

export const session = signal<Session | null>(null);
export const me = signal<Me | null>(null);
export const started = signal(false);
export const startProblem = signal<unknown>(null);

export const mayRead = computed(() => Boolean(me.value?.is_admin || me.value?.is_auditor));
export const mayAdminister = computed(() => Boolean(me.value?.is_admin));

hooks.csrf = () => session.value?.csrf ?? null;
hooks.signedOut = () => {
    session.value = null;
    me.value = null;
};

export async function loadMe(): Promise<void> {
    me.value = await get<Me>('/v1/me');
}

export async function begin(): Promise<void> {
    startProblem.value = null;
    try {
        session.value = await get<Session>('/v1/session');
        await loadMe();
    } catch (problem) {
        session.value = null;
        if (!(problem instanceof Problem && problem.status === 401)) {
            startProblem.value = problem;
        }
    }
    started.value = true;
}

export async function signIn(proof: Record<string, unknown>): Promise<void> {
    session.value = await post<Session>('/v1/sessions', { ...proof, cookie: true });
    await loadMe();
}

export async function signOut(): Promise<void> {
    await remove('/v1/session');
    session.value = null;
    me.value = null;
    go('/sign-in');
}
