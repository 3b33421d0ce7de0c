// SPDX-License-Identifier: ISC
// The life of a certificate on one line: signed, used on hosts, revoked or ended.
import type { JSX } from 'preact';
import { moment, utc } from '../format';
import { t } from '../i18n';
import type { MessageKey } from '../i18n';
import type { Cert, Event, Login } from '../types';
import { Picture } from './picture';

interface Mark {
    at: number;
    kind: 'signed' | 'used' | 'refused' | 'revoked' | 'ended' | 'event';
    text: string;
}

const WIDTH = 720;
const PAD = 40;
const MIDDLE = 60;

function marksOf(cert: Cert, logins: Login[], events: Event[]): Mark[] {
    const marks: Mark[] = [{ at: Date.parse(cert.issued), kind: 'signed', text: `${cert.actor} ${cert.source}` }];
    for (const login of logins) {
        if (login.time) {
            const kind = login.outcome === 'accepted' ? 'used' : 'refused';
            marks.push({ at: Date.parse(login.time), kind, text: `${login.login}@${login.host}${login.reason ? `: ${login.reason}` : ''}` });
        }
    }
    for (const event of events) {
        if (event.type !== 'cert.issue' && event.type !== 'cert.revoke') {
            marks.push({ at: Date.parse(event.time), kind: 'event', text: `${event.type} ${event.actor}` });
        }
    }
    if (cert.revoked) {
        marks.push({ at: Date.parse(cert.revoked.at), kind: 'revoked', text: `${cert.revoked.by}: ${cert.revoked.reason}` });
    }
    if (cert.valid_before) {
        marks.push({ at: Date.parse(cert.valid_before), kind: 'ended', text: '' });
    }
    return marks.sort((a, b) => a.at - b.at);
}

function Point({ mark, x }: { mark: Mark; x: number }): JSX.Element {
    const isLarge = mark.kind === 'signed' || mark.kind === 'ended' || mark.kind === 'revoked';
    const isEnd = mark.kind === 'ended';
    const y = mark.kind === 'revoked' ? MIDDLE + 34 : MIDDLE - 18;
    return (
        <g class={`mark ${mark.kind}`}>
            <title>{`${t(`life.${mark.kind}` as MessageKey)} ${utc(new Date(mark.at).toISOString())} ${mark.text}`}</title>
            {isLarge ? <circle cx={x} cy={MIDDLE} r="7" /> : <rect x={x - 1.5} y={MIDDLE - 10} width="3" height="20" />}
            {isLarge && (
                <text x={x} y={y} class={`label ${isEnd ? 'end' : mark.kind === 'signed' ? '' : 'middle'}`}>
                    {t(`life.${mark.kind}` as MessageKey)} {moment(new Date(mark.at).toISOString())}
                </text>
            )}
        </g>
    );
}

export function Life({ cert, logins, events }: { cert: Cert; logins: Login[]; events: Event[] }): JSX.Element {
    const marks = marksOf(cert, logins, events);
    const first = marks[0]?.at ?? 0;
    const span = Math.max(1, (marks.at(-1)?.at ?? first) - first);
    const x = (at: number): number => PAD + ((at - first) / span) * (WIDTH - 2 * PAD);
    const stop = cert.revoked ? Date.parse(cert.revoked.at) : Math.min(Date.now(), first + span);
    const used = logins.filter((login) => login.outcome === 'accepted').length;
    return (
        <Picture
            title={t('life.title')}
            summary={t('life.summary', { used, refused: logins.length - used })}
            file={`certificate-${cert.serial}`}
            head={[t('time'), t('life.what'), t('life.who')]}
            rows={marks.map((mark) => [new Date(mark.at).toISOString(), t(`life.${mark.kind}` as MessageKey), mark.text])}
        >
            <svg class="chart life" viewBox={`0 0 ${WIDTH} 110`} role="img" aria-label={t('life.title')}>
                <line class="axis" x1={PAD} x2={WIDTH - PAD} y1={MIDDLE} y2={MIDDLE} />
                <line class="past" x1={PAD} x2={x(Math.max(first, stop))} y1={MIDDLE} y2={MIDDLE} />
                {marks.map((mark, i) => (
                    <Point key={i} mark={mark} x={x(mark.at)} />
                ))}
            </svg>
        </Picture>
    );
}
