// SPDX-License-Identifier: ISC
// Light or dark: as the viewer's system has it, or as they chose.
import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const KEPT = 'vouch-theme';

function first(): Theme {
    const kept = localStorage.getItem(KEPT);
    return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export const theme = signal<Theme>(first());

export function startTheme(): void {
    effect(() => {
        if (theme.value === 'auto') {
            document.documentElement.removeAttribute('data-theme');
            localStorage.removeItem(KEPT);
        } else {
            document.documentElement.setAttribute('data-theme', theme.value);
            localStorage.setItem(KEPT, theme.value);
        }
    });
}
