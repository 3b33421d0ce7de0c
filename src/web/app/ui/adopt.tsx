// SPDX-License-Identifier: ISC
// Adopting a host: its fingerprint compared, and every name with a wildcard judged, of which two people say
// the same.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { labelText } from '../hosts';
import { t } from '../i18n';
import type { FleetHost } from '../types';
import { Note, Snippet } from './bits';
import { Dialog } from './dialog';
import { Field, labelsOf } from './forms';
import { useAction } from './load';
import { ProblemBox } from './problem';

// The names with a wildcard that wait to be adopted.
export function wildcardsOf(host: FleetHost): string[] {
    return host.state === 'active' ? host.wished : host.aliases.filter((name) => name.startsWith('*.'));
}

// "1 of 2 approvals, by alice".
export function approvalsOf(host: FleetHost): string {
    const who = host.approvers.map((actor) => actor.replace(/^user:/, '')).join(', ');
    const count = { n: host.approvals, needed: host.needed };
    return who ? t('adopt.count.by', { ...count, who }) : t('adopt.count', count);
}

export function Adopt({ host, onClose, onDone }: { host: FleetHost; onClose: () => void; onDone: () => void }): JSX.Element {
    const asked = wildcardsOf(host);
    const isEnrolled = host.state === 'active';
    const [fingerprint, setFingerprint] = useState('');
    const [zone, setZone] = useState(host.zone ?? '');
    const [labels, setLabels] = useState(labelText(host.labels).join(' '));
    const [judged, setJudged] = useState<string[]>([]);
    const found = labelsOf(labels);
    const { run, isBusy, problem } = useAction(async () => {
        const words = { ...(zone.trim() ? { zone: zone.trim() } : {}), ...(found && Object.keys(found).length > 0 ? { labels: found } : {}) };
        const body = { fingerprint: fingerprint.trim(), ...(isEnrolled ? {} : words), ...(judged.length > 0 ? { wildcards: judged } : {}) };
        await post(`/v1/fleet/${encodeURIComponent(host.name)}/adopt`, body);
        onClose();
        onDone();
    });
    const tick = (name: string, isOn: boolean): void => setJudged(isOn ? [...judged, name] : judged.filter((one) => one !== name));
    return (
        <Dialog title={t('adopt.title', { name: host.name })} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <p>{t('adopt.compare')}</p>
                <Snippet text="ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" />
                <Field label={t('adopt.fingerprint')} value={fingerprint} onInput={setFingerprint} placeholder="SHA256:…" isCode required />
                {asked.length > 0 && (
                    <Note tone="warn">
                        <p>{t('adopt.wild.text')}</p>
                        <p>{approvalsOf(host)}</p>
                        {asked.map((name) => (
                            <label key={name}>
                                <input type="checkbox" checked={judged.includes(name)} onInput={(event) => tick(name, (event.target as HTMLInputElement).checked)} /> <code>{name}</code>
                            </label>
                        ))}
                    </Note>
                )}
                {!isEnrolled && <Field label={t('zone')} value={zone} onInput={setZone} isCode />}
                {!isEnrolled && <Field label={t('host.labels')} value={labels} onInput={setLabels} help={t('labels.help')} error={found ? null : t('labels.wrong')} isCode />}
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || fingerprint.trim() === '' || !found || judged.length < asked.length}>
                    {t('hosts.adopt')}
                </button>
            </form>
        </Dialog>
    );
}
