// SPDX-License-Identifier: ISC
// How somebody wants their pages, kept by the server so that it is the same in each of their browsers. A browser
// keeps it too, for before the sign-in; what the server has goes before that.
import { effect } from '@preact/signals';
import { get, put } from './api';
import { language, setLanguage } from './i18n';
import { me } from './session';
import { theme } from './theme';
import type { Preferences } from './types';

let whose: string | null = null; // whose preferences `kept` are
let kept = '';

function chosen(): string {
    return JSON.stringify({ theme: theme.value, language: language.value });
}

async function load(user: string): Promise<void> {
    const found = await get<Preferences>('/v1/account/preferences');
    if (me.peek()?.user !== user) {
        return;
    }
    theme.value = found.theme ?? theme.peek();
    await setLanguage(found.language ?? language.peek());
    kept = chosen();
    whose = user;
}

// Without the server's word the browser's own holds, and nothing is written over what could not be read.
function follow(): void {
    const user = me.value?.user ?? null;
    if (user !== null && user !== whose) {
        load(user).catch(() => undefined);
    } else if (user === null) {
        whose = null;
    }
}

function keep(): void {
    const now = chosen();
    if (whose !== null && whose === me.peek()?.user && now !== kept) {
        kept = now;
        put('/v1/account/preferences', JSON.parse(now)).catch(() => undefined); // this browser has it anyway
    }
}

export function startPreferences(): void {
    effect(follow);
    effect(keep);
}
