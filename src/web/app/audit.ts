// SPDX-License-Identifier: ISC
// What is typed into the audit log's search, as members of the address; and exports, with their manifest.
import { ask, Problem } from './api';
import { t } from './i18n';
import { save } from './ui/save';

const NAMES = ['type', 'actor', 'object', 'since', 'from', 'until'];
const MANIFEST = '\n\nvouch-export/1\n';

// "actor:alice type:cert.* db1" as members; what is no filter stays a word. Whose name has no kind is a user.
export function parse(text: string): Record<string, string> {
    const found: Record<string, string> = {};
    const words: string[] = [];
    for (const word of text.trim().split(/\s+/)) {
        const [, name = '', value = ''] = /^([a-z]+):(.+)$/.exec(word) ?? [];
        if (name === 'user') {
            found['actor'] = word;
        } else if (NAMES.includes(name)) {
            found[name] = name === 'actor' && !value.includes(':') ? `user:${value}` : value;
        } else {
            words.push(word);
        }
    }
    return { ...found, q: words.join(' ') };
}

// Saves the records and, beside them, what proves them.
export async function exportTo(name: string, address: string): Promise<void> {
    const { text, headers } = await ask('GET', address);
    const whole = text.startsWith(MANIFEST.slice(1)) ? `\n${text}` : text; // no record at all
    const at = whole.lastIndexOf(MANIFEST);
    if (at < 0) {
        throw new Problem(0, 'V-2055', t('audit.export.broken'), t('audit.export.broken.text'), t('audit.export.broken.next'));
    }
    save(name, whole === text ? text.slice(0, at + 1) : '', headers.get('content-type') ?? 'text/plain');
    save(`${name}.manifest`, whole.slice(at + 2));
}
