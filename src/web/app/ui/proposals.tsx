// SPDX-License-Identifier: ISC
// What cannot be undone about a CA key: proposed here, and shown until another administrator confirms it or
// somebody withdraws it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api';
import { t } from '../i18n';
import { useLive } from '../live';
import { openProposals, proposalText } from '../proposals';
import { mayAdminister, me } from '../session';
import type { Proposal } from '../types';
import { countWaiting } from '../waiting';
import { Cli, Code, Fact, Moment, Words } from './bits';
import { Confirm } from './dialog';

function Decision({ one, verb, onClose, onDone }: { one: Proposal; verb: 'confirm' | 'withdraw'; onClose: () => void; onDone: () => void }): JSX.Element {
    const work = async (): Promise<void> => {
        const { act, fingerprint, reason } = one;
        await post(`/v1/ca/proposals/${one.id}/${verb}`, verb === 'confirm' ? { act, fingerprint, reason } : {});
        await countWaiting();
        onDone();
    };
    return (
        <Confirm title={proposalText(one)} action={t(`proposal.${verb}`)} onClose={onClose} onConfirm={work} {...(verb === 'confirm' ? { typed: one.fingerprint } : { isMild: true })}>
            <p>{t(`proposal.${verb}.text`, { user: one.proposer })}</p>
            <p class="pre">{one.reason}</p>
        </Confirm>
    );
}

function Card({ one, onDone }: { one: Proposal; onDone: () => void }): JSX.Element {
    const [verb, setVerb] = useState<'confirm' | 'withdraw' | null>(null);
    const isOwn = one.proposer === me.value?.user;
    return (
        <article class="card proposal">
            <h3>{proposalText(one)}</h3>
            <dl class="facts">
                <Fact name={t('fingerprint')}>
                    <Code>{one.fingerprint}</Code>
                </Fact>
                <Fact name={t('reason')}>
                    <span class="pre">{one.reason}</span>
                </Fact>
                <Fact name={t('proposal.proposer')}>{one.proposer}</Fact>
                <Fact name={t('proposal.ends')}>
                    <Moment at={one.ends} />
                </Fact>
                {one.without.length > 0 && (
                    <Fact name={t('proposal.without')}>
                        <Words of={one.without} />
                    </Fact>
                )}
            </dl>
            {one.now && <p>{t('rotation.now')}</p>}
            {isOwn && <p>{t('proposal.own')}</p>}
            {mayAdminister.value && (
                <p class="actions">
                    {!isOwn && (
                        <button type="button" class="danger" onClick={() => setVerb('confirm')}>
                            {t('proposal.confirm')}
                        </button>
                    )}
                    <button type="button" class="outline" onClick={() => setVerb('withdraw')}>
                        {t('proposal.withdraw')}
                    </button>
                </p>
            )}
            <Cli command={isOwn ? `vouch ca withdraw ${one.id}` : `vouch ca confirm ${one.id} --fingerprint SHA256:…`} />
            {verb && <Decision one={one} verb={verb} onClose={() => setVerb(null)} onDone={onDone} />}
        </article>
    );
}

// Those that are open; nothing if none is. `onDone`: one was confirmed or withdrawn.
export function Proposals({ act, onDone }: { act?: Proposal['act']; onDone?: () => void }): JSX.Element | null {
    useEffect(() => void countWaiting(), []);
    useLive(15, () => void countWaiting());
    const shown = openProposals.value.filter((one) => act === undefined || one.act === act);
    return shown.length === 0 ? null : (
        <section>
            <h2>{t('proposal.title')}</h2>
            {shown.map((one) => (
                <Card key={one.id} one={one} onDone={() => onDone?.()} />
            ))}
        </section>
    );
}

export interface Wish {
    act: Proposal['act'];
    fingerprint: string;
    without?: string[];
    now?: boolean;
}

export async function propose(wish: Wish, reason: string): Promise<void> {
    await post('/v1/ca/proposals', { ...wish, reason });
    await countWaiting();
}

// Asks for the key's name and a reason, and proposes it.
export function ProposeDialog({ wish, title, onClose, onDone, children }: { wish: Wish; title: string; onClose: () => void; onDone: () => void; children?: ComponentChildren }): JSX.Element {
    const work = async (reason: string): Promise<void> => {
        await propose(wish, reason);
        onDone();
    };
    return (
        <Confirm title={title} action={t('proposal.make')} asksReason="required" typed={wish.fingerprint} onClose={onClose} onConfirm={work}>
            {children}
            <p>{t('proposal.about')}</p>
            <p>
                <Code>{wish.fingerprint}</Code>
            </p>
        </Confirm>
    );
}
