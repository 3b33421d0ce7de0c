// SPDX-License-Identifier: ISC
// Did the revocation arrive: hosts along the time since they last had the newest list, laggards by name.
import type { JSX } from 'preact';
import { ago, duration } from '../format';
import { t } from '../i18n';
import type { KrlStatus } from '../types';
import { Picture } from './picture';

type Item = KrlStatus['items'][number];

const WIDTH = 720;
const HEIGHT = 110;
const PAD = 30;

// How far behind: since the list came out, if the host has an older one; 0 if it has it.
function behind(item: Item, status: KrlStatus, now: number): number {
    return item.behind && status.generated ? Math.max(1, (now - Date.parse(status.generated)) / 1000) : 0;
}

// How long after the list came out a host that has it reported it first; null where that is not known.
function arrival(item: Item, status: KrlStatus): string | null {
    if (item.behind || !item.arrived || !status.generated) {
        return null;
    }
    return t('swarm.after', { span: duration(Math.max(0, Date.parse(item.arrived) - Date.parse(status.generated)) / 1000) });
}

export function Swarm({ status }: { status: KrlStatus }): JSX.Element {
    const now = Date.now();
    const age = (item: Item): number => (item.generated && status.generated ? Math.max(0, (Date.parse(status.generated) - Date.parse(item.generated)) / 1000) : 0);
    const late = status.items.filter((item) => item.behind);
    const most = Math.max(60, ...status.items.map((item) => (item.behind ? age(item) : 0)));
    const x = (item: Item): number => PAD + (item.behind ? 40 + (Math.log1p(age(item)) / Math.log1p(most)) * (WIDTH - 2 * PAD - 40) : 0);
    return (
        <Picture
            title={t('swarm.title')}
            summary={late.length === 0 ? t('swarm.all', { n: status.hosts }) : t('swarm.some', { current: status.current, n: status.hosts, late: late.length, silent: status.silent })}
            file="krl-propagation"
            head={[t('host'), t('krl.version'), t('state'), t('swarm.arrived'), t('host.reported')]}
            rows={status.items.map((item) => [item.host, item.version, item.behind ? t('swarm.behind') : t('swarm.current'), arrival(item, status) ?? '', item.reported ?? ''])}
        >
            <svg class="chart swarm" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('swarm.title')}>
                <line class="axis" x1={PAD} x2={WIDTH - PAD} y1={HEIGHT - 22} y2={HEIGHT - 22} />
                {status.items.map((item, i) => (
                    <g key={item.host}>
                        <title>{`${item.host}: ${item.behind ? t('swarm.behind-for', { span: duration(behind(item, status, now)) }) : (arrival(item, status) ?? t('swarm.current'))}${item.reported ? `, ${ago(item.reported)}` : ''}`}</title>
                        {item.behind ? <path class="dot late" d={`M${x(item)} ${12 + ((i * 37) % 66)}l5 9h-10z`} /> : <circle class="dot" cx={x(item) + ((i * 7) % 24)} cy={12 + ((i * 37) % 66)} r="4" />}
                    </g>
                ))}
                <text x={PAD} y={HEIGHT - 6} class="label">
                    {t('swarm.now')}
                </text>
                <text x={WIDTH - PAD} y={HEIGHT - 6} class="label end">
                    {duration(most)} {t('swarm.older')}
                </text>
            </svg>
            {status.within_95_s !== null && <p>{t('swarm.within', { span: duration(status.within_95_s), n: status.measured })}</p>}
            {late.length > 0 && (
                <p>
                    {t('swarm.laggards')}{' '}
                    {late.slice(0, 20).map((item) => (
                        <a key={item.host} href={`/hosts/${encodeURIComponent(item.host)}`}>
                            {item.host}{' '}
                        </a>
                    ))}
                </p>
            )}
        </Picture>
    );
}
