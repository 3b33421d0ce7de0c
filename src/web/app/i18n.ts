// SPDX-License-Identifier: ISC
// Texts by key, in the viewer's language. A text may hold {name}, and {name|one form|other forms} where a
// number decides: # stands for the number. English is always here, since it stands in for what another language
// lacks; another comes when it is wanted.
import { signal } from '@preact/signals';
import en from '../messages/en.json';

export type MessageKey = keyof typeof en;
export type Language = 'en' | 'de';
export type Values = Record<string, string | number>;

const catalogues: Partial<Record<Language, Record<MessageKey, string>>> = { en };
const others: Record<Exclude<Language, 'en'>, () => Promise<Record<MessageKey, string>>> = {
    de: () => import('./german').then((module) => module.default),
};
const KEPT = 'vouch-language';

function first(): Language {
    const kept = localStorage.getItem(KEPT);
    const wanted = kept ?? navigator.language;
    return wanted.startsWith('de') ? 'de' : 'en';
}

export const language = signal<Language>('en');

async function speak(next: Language): Promise<void> {
    if (next !== 'en') {
        catalogues[next] ??= await others[next]();
    }
    language.value = next;
}

// Before anything is shown. A language that does not come is done without.
export function startLanguage(): Promise<void> {
    return speak(first()).catch(() => undefined);
}

export async function setLanguage(next: Language): Promise<void> {
    localStorage.setItem(KEPT, next);
    await speak(next);
}

// The tag for Intl: British for English.
export function locale(): string {
    return language.value === 'de' ? 'de-DE' : 'en-GB';
}

function fill(part: string, values: Values): string {
    const [name = '', one, other] = part.split('|');
    const value = values[name];
    if (value === undefined) {
        return `{${part}}`;
    }
    if (one === undefined || other === undefined) {
        return String(value);
    }
    const form = new Intl.PluralRules(locale()).select(Number(value)) === 'one' ? one : other;
    return form.replace('#', Number(value).toLocaleString(locale()));
}

export function t(key: MessageKey, values: Values = {}): string {
    const text = catalogues[language.value]?.[key] ?? en[key];
    return text.replace(/\{([^{}]+)\}/g, (_, part: string) => fill(part, values));
}

// For keys that are put together from what the server says, such as a state; itself if there is no text.
export function word(prefix: string, value: string): string {
    const key = `${prefix}.${value}`;
    return key in en ? t(key as MessageKey) : value;
}
