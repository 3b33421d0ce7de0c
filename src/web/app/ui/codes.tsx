// SPDX-License-Identifier: ISC
// Recovery codes: shown once, to be kept as a file or on paper.
import type { JSX } from 'preact';
import { t } from '../i18n';
import { Copy } from './bits';
import { save } from './save';

export function RecoveryCodes({ codes, user }: { codes: string[]; user: string }): JSX.Element {
    const text = `${t('codes.file', { user, server: location.host })}\n\n${codes.join('\n')}\n`;
    return (
        <div class="print">
            <p>{t('codes.text')}</p>
            <ul class="recovery" aria-label={t('codes.list')}>
                {codes.map((code) => (
                    <li key={code}>
                        <code>{code}</code>
                    </li>
                ))}
            </ul>
            <p class="actions no-print">
                <button type="button" class="outline" onClick={() => save('vouchsafe-recovery-codes.txt', text)}>
                    {t('codes.save')}
                </button>
                <button type="button" class="outline" onClick={() => window.print()}>
                    {t('codes.print')}
                </button>
                <Copy text={codes.join('\n')} />
            </p>
        </div>
    );
}
