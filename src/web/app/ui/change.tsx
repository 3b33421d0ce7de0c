// SPDX-License-Identifier: ISC
// A change of the policy before it holds: who gains and who loses what, and what is written differently.
import type { JSX } from 'preact';
import { applyPolicy, diffPolicy } from '../policy';
import { t, word } from '../i18n';
import type { AccessChange, PolicyDiff } from '../types';
import { Badge, Loading } from './bits';
import { Dialog } from './dialog';
import { useAction, useLoad } from './load';
import { ProblemBox } from './problem';

function names(list: string[], all: number): string {
    return all > list.length ? t('change.and-more', { names: list.join(', '), n: all - list.length }) : list.join(', ');
}

function isGain(change: AccessChange): boolean {
    const order = ['none', 'approval', 'standing'];
    return order.indexOf(change.after) > order.indexOf(change.before);
}

function Change({ change }: { change: AccessChange }): JSX.Element {
    const gains = isGain(change);
    return (
        <li>
            <Badge tone={gains ? 'warn' : 'bad'}>{t(gains ? 'change.gain' : 'change.loss')}</Badge> <strong>{names(change.users, change.user_count)}</strong>{' '}
            {t('change.line', { login: change.login, n: change.host_count, hosts: names(change.hosts, change.host_count) })}{' '}
            <span class="quiet">
                {word('reach', change.before)} → {word('reach', change.after)}
            </span>
        </li>
    );
}

export function Diff({ diff }: { diff: PolicyDiff }): JSX.Element {
    const gains = diff.changes.filter(isGain).length;
    return (
        <div class="diff" aria-live="polite">
            <p>
                <strong>{diff.changes_in_all === 0 ? t('change.nobody') : t('change.summary', { gains, losses: diff.changes.length - gains })}</strong>
            </p>
            <ul class="plain">
                {diff.changes.map((change, i) => (
                    <Change key={i} change={change} />
                ))}
            </ul>
            {diff.edits_in_all > 0 && (
                <details open={diff.changes_in_all === 0}>
                    <summary>{t('change.edits', { n: diff.edits_in_all })}</summary>
                    <ul class="plain">
                        {diff.edits.map((edit, i) => (
                            <li key={i}>
                                {word('edit', edit.what)}{' '}
                                <code>
                                    {edit.list} {edit.name}
                                    {edit.key ? ` ${edit.key}` : ''}
                                </code>
                            </li>
                        ))}
                    </ul>
                </details>
            )}
        </div>
    );
}

interface ChangeDialogProps {
    text: string;
    version: string;
    onClose: () => void;
    onDone: () => void;
}

export function ChangeDialog({ text, version, onClose, onDone }: ChangeDialogProps): JSX.Element {
    const diff = useLoad(text, () => diffPolicy(text));
    const apply = useAction(async () => {
        await applyPolicy(text, version);
        onClose();
        onDone();
    });
    const isSame = diff.data?.changes_in_all === 0 && diff.data.edits_in_all === 0;
    return (
        <Dialog title={t('change.title')} onClose={onClose}>
            <ProblemBox problem={diff.problem ?? apply.problem} />
            {diff.isLoading && <Loading />}
            {diff.data && <Diff diff={diff.data} />}
            <footer>
                <button type="button" class="secondary outline" onClick={onClose}>
                    {t('cancel')}
                </button>
                <button type="button" disabled={!diff.data || isSame || apply.isBusy} aria-busy={apply.isBusy} onClick={() => void apply.run()}>
                    {t('change.apply')}
                </button>
            </footer>
        </Dialog>
    );
}
