// SPDX-License-Identifier: ISC
// How the server's backups stand: for the page of the service, and for what needs attention.
import { signal } from '@preact/signals';
import { get } from './api';
import { ago } from './format';
import { t } from './i18n';
import { mayAdminister } from './session';
import type { Status } from './types';
import type { Tone } from './ui/bits';

type Backups = Pick<Status, 'backups' | 'backup_made'>;

const TONES: Record<Status['backups'], Tone> = { none: 'warn', broken: 'bad', old: 'warn', unproven: 'warn', good: 'good' };

export function backupTone(status: Backups): Tone {
    return TONES[status.backups];
}

// What is wrong, in a sentence; what is right too.
export function backupText(status: Backups): string {
    return t(`backup.${status.backups}`, { ago: status.backup_made ? ago(status.backup_made) : '' });
}

// What an administrator has to see to; null: nothing.
export const backupNeed = signal<{ tone: Tone; text: string; href: string } | null>(null);

export async function loadBackupNeed(): Promise<void> {
    const status = mayAdminister.value ? await get<Status>('/v1/status') : null;
    backupNeed.value = status && status.backups !== 'good' ? { tone: backupTone(status), text: backupText(status), href: '/settings' } : null;
}
