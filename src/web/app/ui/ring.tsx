// SPDX-License-Identifier: ISC
// How much of a certificate's time is left: a ring, with the same in words beside it.
import type { JSX } from 'preact';
import { duration, moment, secondsUntil } from '../format';
import { t } from '../i18n';
import type { Cert } from '../types';

const AROUND = 2 * Math.PI * 15;

export function Ring({ cert }: { cert: Pick<Cert, 'valid_after' | 'valid_before'> }): JSX.Element {
    const left = cert.valid_before ? Math.max(0, secondsUntil(cert.valid_before)) : 0;
    const whole = cert.valid_before && cert.valid_after ? (Date.parse(cert.valid_before) - Date.parse(cert.valid_after)) / 1000 : 1;
    const part = Math.min(1, left / whole);
    return (
        <span class="ring-line">
            <svg class="ring" viewBox="0 0 36 36" aria-hidden="true">
                <circle class="ring-whole" cx="18" cy="18" r="15" />
                <circle class="ring-left" cx="18" cy="18" r="15" stroke-dasharray={`${part * AROUND} ${AROUND}`} transform="rotate(-90 18 18)" />
            </svg>
            <span>{left > 0 && cert.valid_before ? t('cert.good-until', { time: moment(cert.valid_before), span: duration(left) }) : t('cert.ended')}</span>
        </span>
    );
}
