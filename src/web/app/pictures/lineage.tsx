// SPDX-License-Identifier: ISC
// CA key lineage: each key a bar from when it came into its state, with how many certificates it signed.
import type { JSX } from 'preact';
import { moment } from '../format';
import { t, word } from '../i18n';
import type { Rotation, RotationKey } from '../types';
import { Picture } from './picture';

const WIDTH = 720;
const ROW = 26;
const LEFT = 210;
const RIGHT = 130;

interface Line {
    use: string;
    key: RotationKey;
}

export function Lineage({ rotation }: { rotation: Rotation }): JSX.Element | null {
    const now = Date.now();
    const lines: Line[] = rotation.items.flatMap((item) => item.keys.map((key) => ({ use: item.use, key })));
    const since = (line: Line): number => (line.key.since ? Date.parse(line.key.since) : now);
    const first = Math.min(...lines.map(since), now - 3600_000);
    const x = (at: number): number => LEFT + ((at - first) / (now - first)) * (WIDTH - LEFT - RIGHT);
    if (lines.length === 0) {
        return null;
    }
    return (
        <Picture
            title={t('lineage.title')}
            summary={rotation.items.map((item) => `${word('ca', item.use)}: ${word('rotation.phase', item.phase)}`).join('. ')}
            file="ca-keys"
            head={[t('lineage.use'), t('fingerprint'), t('state'), t('lineage.since'), t('lineage.certs'), t('lineage.valid')]}
            rows={lines.map(({ use, key }) => [word('ca', use), key.fingerprint, word('rotation.state', key.state), key.since ?? '', String(key.certs), String(key.valid)])}
        >
            <svg class="chart" viewBox={`0 0 ${WIDTH} ${lines.length * ROW + 18}`} role="img" aria-label={t('lineage.title')}>
                {lines.map((line, i) => (
                    <g key={`${line.use}${line.key.fingerprint}`}>
                        <text x="0" y={i * ROW + 17} class="label">
                            {word('ca', line.use)} {line.key.fingerprint.slice(0, 15)}…
                        </text>
                        <rect x={x(since(line))} y={i * ROW + 5} width={Math.max(3, x(now) - x(since(line)))} height={ROW - 10} rx="2" class={`bar key-${line.key.state}`}>
                            <title>{line.key.fingerprint}</title>
                        </rect>
                        <text x={WIDTH - RIGHT + 6} y={i * ROW + 17} class="label">
                            {word('rotation.state', line.key.state)}, {line.key.certs}
                        </text>
                    </g>
                ))}
                <text x={LEFT} y={lines.length * ROW + 12} class="label">
                    {moment(new Date(first).toISOString())}
                </text>
                <text x={WIDTH - RIGHT} y={lines.length * ROW + 12} class="label end">
                    {t('time.now')}
                </text>
            </svg>
        </Picture>
    );
}
