// SPDX-License-Identifier: ISC
// Replacing a CA key, step by step: what each step does, what it waits for, who is in the way, and the way back.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { duration, moment, secondsUntil } from '../format';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { Lineage } from '../pictures/lineage';
import type { Rotation, RotationItem, RotationPhase } from '../types';
import { Badge, Cli, Code, Heading, Loading, Moment, Note } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Tick } from '../ui/forms';
import { useEvery, useGet } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { CaTabs } from '../ui/tabs';

const STEPS = ['create', 'distribute', 'switch', 'wait', 'remove', 'destroy'] as const;

// Which of the steps has been reached, by phase.
const AT: Record<RotationPhase, number> = { steady: -1, distribute: 1, drain: 3, removed: 5 };

function Steps({ item }: { item: RotationItem }): JSX.Element {
    const at = AT[item.phase];
    return (
        <ol class="steps">
            {STEPS.map((step, i) => (
                <li key={step} class={i < at ? 'done' : i === at ? 'now' : ''} {...(i === at ? { 'aria-current': 'step' as const } : {})}>
                    {i < at && <span aria-hidden="true">✓ </span>}
                    {t(`rotation.step.${step}`)}
                    {i < at && <span class="hidden">{t('start.done')}</span>}
                </li>
            ))}
        </ol>
    );
}

function Coverage({ item }: { item: RotationItem }): JSX.Element {
    const { hosts } = item;
    return (
        <>
            <p>
                <label>
                    {t('rotation.coverage', { covered: hosts.covered, all: hosts.reporting })}
                    <meter min={0} max={Math.max(1, hosts.reporting)} value={hosts.covered} />
                </label>{' '}
                {hosts.silent > 0 && <span class="quiet">{t('rotation.silent', { n: hosts.silent })}</span>}
            </p>
            {item.until && secondsUntil(item.until) > 0 && <Note tone="info">{t('rotation.until', { time: moment(item.until), span: duration(secondsUntil(item.until)) })}</Note>}
            {hosts.named.length > 0 && (
                <ul class="plain">
                    {hosts.named.map((host) => (
                        <li key={host.host}>
                            <Badge tone={host.why === 'silent' ? 'quiet' : 'warn'}>{word('rotation.why', host.why)}</Badge> <a href={`/hosts/${encodeURIComponent(host.host)}`}>{host.host}</a> {host.agent} <Moment at={host.reported} relative />
                        </li>
                    ))}
                </ul>
            )}
        </>
    );
}

type Verb = 'start' | 'advance' | 'back';

interface StepProps {
    item: RotationItem;
    verb: Verb;
    onClose: () => void;
    onDone: () => void;
}

// One step: what it does, and what has to be said or typed before it.
function StepDialog({ item, verb, onClose, onDone }: StepProps): JSX.Element {
    const [isLeavingBehind, setLeavingBehind] = useState(false);
    const [isNow, setNow] = useState(false);
    const isDestroying = verb === 'advance' && item.next === 'destroy';
    // The key that the step destroys must be named; a new one that never signed is destroyed on the way back.
    const gone = item.keys.find((key) => key.state === (verb === 'back' ? 'next' : 'removed'));
    const named = item.hosts.named.filter((host) => host.why !== 'silent').map((host) => host.host);
    const what = verb === 'advance' ? (item.next ?? 'switch') : verb;
    const work = async (): Promise<void> => {
        await post('/v1/ca/rotation', {
            use: item.use,
            verb,
            phase: item.phase,
            ...(isLeavingBehind && named.length > 0 ? { without: named } : {}),
            ...(isNow ? { now: true } : {}),
            ...((isDestroying || verb === 'back') && gone ? { fingerprint: gone.fingerprint } : {}),
        });
        onDone();
    };
    return (
        <Confirm title={t(`rotation.do.${what}`)} action={t(`rotation.do.${what}`)} onClose={onClose} onConfirm={work} {...(isDestroying && gone ? { typed: gone.fingerprint } : {})} {...(verb === 'start' ? { isMild: true } : {})}>
            <p>{t(`rotation.about.${what}`)}</p>
            {isDestroying && gone && (
                <p>
                    <Code>{gone.fingerprint}</Code>
                </p>
            )}
            {verb === 'advance' && named.length > 0 && <Tick label={t('rotation.leave', { hosts: named.join(', ') })} checked={isLeavingBehind} onInput={setLeavingBehind} />}
            {verb === 'advance' && item.next === 'remove' && item.until && <Tick label={t('rotation.now')} checked={isNow} onInput={setNow} />}
        </Confirm>
    );
}

function Item({ item, onDone }: { item: RotationItem; onDone: () => void }): JSX.Element {
    const [verb, setVerb] = useState<Verb | null>(null);
    return (
        <article class="card">
            <h2>{word('ca', item.use)}</h2>
            <p>
                <Badge tone={item.phase === 'steady' ? 'good' : 'info'}>{word('rotation.phase', item.phase)}</Badge>
            </p>
            {item.phase !== 'steady' && (
                <>
                    <Steps item={item} />
                    <Coverage item={item} />
                    <p>{item.ready ? <Badge tone="good">{t('rotation.ready')}</Badge> : <Badge tone="warn">{t('rotation.not-ready')}</Badge>}</p>
                </>
            )}
            <p class="actions">
                {item.phase === 'steady' ? (
                    <button type="button" onClick={() => setVerb('start')}>
                        {t('rotation.do.start')}
                    </button>
                ) : (
                    <>
                        <button type="button" class="outline" onClick={() => setVerb('back')}>
                            {t('rotation.do.back')}
                        </button>
                        {item.next && (
                            <button type="button" class={item.ready ? '' : 'outline danger'} onClick={() => setVerb('advance')}>
                                {t(`rotation.do.${item.next}`)}
                            </button>
                        )}
                    </>
                )}
            </p>
            <Cli command={`vouch ca rotate ${item.phase === 'steady' ? 'plan' : 'status'} ${item.use}`} />
            {verb && <StepDialog item={item} verb={verb} onClose={() => setVerb(null)} onDone={onDone} />}
        </article>
    );
}

export function RotationPage(): JSX.Element {
    const found = useGet<Rotation>('/v1/ca/rotation');
    useLive(5, found.reload);
    useEvery(5, found.reload); // what it waits for is what hosts report
    return (
        <>
            <Heading title={t('rotation.title')} />
            <CaTabs />
            <p>{t('rotation.text')}</p>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !found.data && <Loading />}
            {found.data && (
                <>
                    <div class="cards wide" aria-live="polite">
                        {found.data.items.map((item) => (
                            <Item key={item.use} item={item} onDone={found.reload} />
                        ))}
                    </div>
                    <p>{t('rotation.sessions', { current: found.data.sessions_current, all: found.data.sessions })}</p>
                    <Lineage rotation={found.data} />
                    <Note tone="warn">{t('rotation.emergency')}</Note>
                </>
            )}
        </>
    );
}
