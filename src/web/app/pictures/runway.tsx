// SPDX-License-Identifier: ISC
// Expiry runway: what ends when. A bar for each valid certificate, the first to end on top.
import type { JSX } from 'preact';
import { stateOf } from '../certs';
import { ago, moment } from '../format';
import { t } from '../i18n';
import type { Cert, Ending } from '../types';
import { Picture } from './picture';

const WIDTH = 720;
const ROW = 18;
const LEFT = 200;
const MOST = 20;

export function Runway({ certs }: { certs: Cert[] }): JSX.Element | null {
    const end = (cert: Cert): number => Date.parse(cert.valid_before ?? '');
    const valid = certs.filter((cert) => stateOf(cert) === 'valid' && cert.valid_before).sort((a, b) => end(a) - end(b));
    return <Ends valid={valid} total={valid.length} />;
}

// `valid`: those that end first, of as many in all.
export function Ends({ valid, total }: { valid: Ending[]; total: number }): JSX.Element | null {
    const now = Date.now();
    const end = (cert: Ending): number => Date.parse(cert.valid_before ?? '');
    const shown = valid.slice(0, MOST);
    const next = shown[0];
    const last = shown.at(-1);
    if (!next?.valid_before || !last) {
        return null;
    }
    const span = Math.max(1, end(last) - now);
    const x = (time: number): number => LEFT + ((time - now) / span) * (WIDTH - LEFT - 90);
    return (
        <Picture
            title={t('runway.title')}
            summary={t('runway.summary', { n: total, next: ago(next.valid_before), name: next.key_id })}
            file="expiry"
            head={[t('cert.key-id'), t('cert.serial'), t('cert.until')]}
            rows={valid.map((cert) => [cert.key_id, cert.serial, cert.valid_before ?? ''])}
        >
            <svg class="chart" viewBox={`0 0 ${WIDTH} ${shown.length * ROW + 8}`} role="img" aria-label={t('runway.title')}>
                {shown.map((cert, i) => (
                    <g key={cert.serial}>
                        <text x={LEFT - 8} y={i * ROW + 13} class="label end">
                            {cert.key_id.length > 28 ? `${cert.key_id.slice(0, 27)}…` : cert.key_id}
                        </text>
                        <rect x={LEFT} y={i * ROW + 3} height={ROW - 6} width={Math.max(2, x(end(cert)) - LEFT)} rx="2" class={cert.type === 'host' ? 'bar second' : 'bar first'}>
                            <title>{`${cert.key_id}, ${cert.serial}: ${moment(cert.valid_before ?? '')}`}</title>
                        </rect>
                        <text x={x(end(cert)) + 6} y={i * ROW + 13} class="label">
                            {ago(cert.valid_before ?? '')}
                        </text>
                    </g>
                ))}
            </svg>
        </Picture>
    );
}
