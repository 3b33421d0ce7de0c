// SPDX-License-Identifier: ISC
// One host: its health, its keys and certificates, who reaches it, what happened on it, and what an
// administrator can do with it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { duration } from '../format';
import { healthOf, HEALTH_TONES, labelText } from '../hosts';
import { t, word } from '../i18n';
import type { PageProps } from '../routes';
import { useLive } from '../live';
import { go, withQuery } from '../router';
import { mayAdminister } from '../session';
import type { Ca, FleetHost, Login } from '../types';
import { Adopt, approvalsOf, wildcardsOf } from '../ui/adopt';
import { Badge, Cli, Code, Empty, Fact, Heading, Loading, Moment, Note, Words } from '../ui/bits';
import { Confirm, Dialog } from '../ui/dialog';
import { ExplainBox } from '../ui/explain';
import { Field, labelsOf, words } from '../ui/forms';
import { useAction, useEvery, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable, still } from '../ui/table';
import { HostTabs } from '../ui/tabs';
import { loginColumns } from './logins';

function Facts({ host, krl }: { host: FleetHost; krl: string }): JSX.Element {
    const health = healthOf(host, krl);
    return (
        <>
            {host.problems.map((problem) => (
                <Note key={problem} tone={host.health === 'critical' ? 'bad' : 'warn'}>
                    {problem}
                </Note>
            ))}
            <dl class="facts">
                <Fact name={t('state')}>
                    <Badge tone={HEALTH_TONES[health]}>{word('health', health)}</Badge> {host.why}
                </Fact>
                <Fact name={t('zone')}>{host.zone ?? '–'}</Fact>
                <Fact name={t('host.labels')}>
                    <Words of={labelText(host.labels)} />
                </Fact>
                <Fact name={t('host.aliases')}>
                    <Words of={host.aliases} />
                </Fact>
                {host.adopt_until && wildcardsOf(host).length > 0 && (
                    <Fact name={t('host.wildcards')}>
                        <Words of={wildcardsOf(host)} /> {approvalsOf(host)}
                    </Fact>
                )}
                <Fact name={t('host.seen')}>
                    <Moment at={host.seen} relative /> {host.source}
                </Fact>
                <Fact name={t('host.reported')}>
                    <Moment at={host.reported} relative />
                </Fact>
                <Fact name={t('host.krl')}>{host.krl_version === krl ? t('host.krl.current') : t('host.krl.behind', { version: host.krl_version })}</Fact>
                <Fact name={t('host.clock')}>{Math.abs(host.clock_ms) < 1000 ? t('host.clock.right') : t(host.clock_ms > 0 ? 'host.clock.ahead' : 'host.clock.behind', { span: duration(Math.abs(host.clock_ms) / 1000) })}</Fact>
                <Fact name={t('host.agent')}>{host.agent ?? '–'}</Fact>
                <Fact name="sshd">{host.sshd ?? '–'}</Fact>
                <Fact name={t('host.enrolled')}>
                    <Moment at={host.created} /> {host.token}
                </Fact>
                <Fact name={t('host.renewed')}>
                    <Moment at={host.renewed} relative />
                </Fact>
                <Fact name={t('host.in-policy')}>{t(host.in_policy ? 'host.in-policy.yes' : 'host.in-policy.no')}</Fact>
            </dl>
        </>
    );
}

type KeyRow = FleetHost['keys'][number];

function Keys({ host }: { host: FleetHost }): JSX.Element {
    return (
        <DataTable<KeyRow>
            caption={t('host.keys')}
            columns={[
                { id: 'fingerprint', title: t('fingerprint'), cell: (row) => <Code>{row.fingerprint}</Code>, text: (row) => row.fingerprint },
                { id: 'type', title: t('cert.type'), cell: (row) => row.type, text: (row) => row.type },
                { id: 'serial', title: t('cert.serial'), cell: (row) => (row.serial ? <a href={`/certs/${row.serial}`}>{row.serial}</a> : '–'), text: (row) => row.serial ?? '' },
                { id: 'until', title: t('cert.until'), cell: (row) => <Moment at={row.valid_before} />, text: (row) => row.valid_before ?? '' },
            ]}
            rows={still(host.keys)}
            rowKey={(row) => row.fingerprint}
            file={`keys-${host.name}`}
            empty={<Empty title={t('host.keys.none')} />}
        />
    );
}

function Edit({ host, onClose, onDone }: { host: FleetHost; onClose: () => void; onDone: () => void }): JSX.Element {
    const [zone, setZone] = useState(host.zone ?? '');
    const [labels, setLabels] = useState(labelText(host.labels).join('\n'));
    const had = host.aliases.filter((alias) => alias.startsWith('*.'));
    const [wildcards, setWildcards] = useState([...had, ...host.wished].join('\n'));
    const next = labelsOf(labels);
    const { run, isBusy, problem } = useAction(async () => {
        const without = Object.keys(host.labels).filter((name) => !(name in (next ?? {})));
        const listed = words(wildcards);
        const wished = listed.filter((name) => !had.includes(name));
        const gone = [...had, ...host.wished].filter((name) => !listed.includes(name));
        const isWish = wished.join() !== host.wished.join() && wished.length > 0;
        const names = { ...(isWish ? { wildcards: wished } : {}), ...(gone.length > 0 ? { without_wildcards: gone } : {}) };
        const body = { ...names, ...(zone !== host.zone ? { zone } : {}), ...(next && words(labels).length > 0 ? { labels: next } : {}), ...(without.length > 0 ? { without } : {}) };
        await post(`/v1/fleet/${encodeURIComponent(host.name)}/edit`, body);
        onClose();
        onDone();
    });
    return (
        <Dialog title={t('host.edit')} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <Field label={t('zone')} value={zone} onInput={setZone} isCode />
                <Field label={t('host.labels')} value={labels} onInput={setLabels} rows={4} help={t('labels.help')} error={next ? null : t('labels.wrong')} isCode />
                {host.state === 'active' && <Field label={t('host.wildcards')} value={wildcards} onInput={setWildcards} rows={2} help={t('host.wildcards.help')} isCode />}
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || !next}>
                    {t('save')}
                </button>
            </form>
        </Dialog>
    );
}

function Rename({ host, onClose }: { host: FleetHost; onClose: () => void }): JSX.Element {
    const [name, setName] = useState(host.name);
    const { run, isBusy, problem } = useAction(async () => {
        await post(`/v1/fleet/${encodeURIComponent(host.name)}/rename`, { name: name.trim() });
        go(`/hosts/${encodeURIComponent(name.trim())}`);
    });
    return (
        <Dialog title={t('host.rename')} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <Field label={t('host.name')} value={name} onInput={setName} isCode required />
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || name.trim() === host.name}>
                    {t('host.rename')}
                </button>
            </form>
        </Dialog>
    );
}

type What = 'edit' | 'rename' | 'lock' | 'retire';

function Actions({ host, onDone }: { host: FleetHost; onDone: () => void }): JSX.Element {
    const [what, setWhat] = useState<What | null>(null);
    const close = (): void => setWhat(null);
    const act = (verb: 'lock' | 'retire') => async (reason: string): Promise<void> => {
        await post(`/v1/fleet/${encodeURIComponent(host.name)}/${verb}`, reason ? { reason } : {});
        onDone();
    };
    return (
        <div class="actions">
            {(['edit', 'rename', 'lock', 'retire'] as const).map((one) => (
                <button key={one} type="button" class={one === 'lock' || one === 'retire' ? 'small outline danger' : 'small outline'} onClick={() => setWhat(one)}>
                    {t(`host.${one}`)}
                </button>
            ))}
            {what === 'edit' && <Edit host={host} onClose={close} onDone={onDone} />}
            {what === 'rename' && <Rename host={host} onClose={close} />}
            {what === 'lock' && (
                <Confirm title={t('host.lock')} action={t('host.lock')} asksReason="optional" onClose={close} onConfirm={act('lock')}>
                    <p>{t('host.lock.text')}</p>
                </Confirm>
            )}
            {what === 'retire' && (
                <Confirm title={t('host.retire')} action={t('host.retire')} asksReason="optional" typed={host.name} onClose={close} onConfirm={act('retire')}>
                    <p>{t('host.retire.text', { n: host.keys.length })}</p>
                </Confirm>
            )}
        </div>
    );
}

export function HostPage({ params }: PageProps): JSX.Element {
    const name = params['name'] ?? '';
    const [isAdopting, setAdopting] = useState(false);
    const found = useGet<FleetHost>(`/v1/fleet/${encodeURIComponent(name)}`);
    const ca = useGet<Ca>('/v1/ca');
    const logins = useRows<Login>(withQuery('/v1/logins', { host: name, limit: 50 }));
    useLive(20, found.reload);
    useEvery(20, found.reload); // its reports are not in the ledger
    const host = found.data;
    return (
        <>
            <Heading title={name}>{host && mayAdminister.value && host.state !== 'retired' && <Actions host={host} onDone={found.reload} />}</Heading>
            <HostTabs />
            <ProblemBox problem={found.problem ?? ca.problem} onRetry={found.reload} />
            {found.isLoading && !host && <Loading />}
            {host && (
                <>
                    {(host.state === 'waiting' || host.state === 'locked' || host.adopt_until) && mayAdminister.value && (
                        <Note tone="info">
                            {t(host.state === 'active' ? 'host.to-approve' : 'host.to-adopt')}{' '}
                            <button type="button" class="small" onClick={() => setAdopting(true)}>
                                {t('hosts.adopt')}
                            </button>
                        </Note>
                    )}
                    {isAdopting && <Adopt host={host} onClose={() => setAdopting(false)} onDone={found.reload} />}
                    <Facts host={host} krl={ca.data?.krls.user.version ?? ''} />
                    <section>
                        <h2>{t('host.keys')}</h2>
                        <Keys host={host} />
                    </section>
                    <ExplainBox />
                    <section>
                        <h2>{t('logins.title')}</h2>
                        <DataTable caption={t('logins.title')} columns={loginColumns()} rows={logins} rowKey={(row) => row.id} file={`logins-${name}`} cli={`vouch audit logins --host ${name}`} empty={<Empty title={t('logins.none')} />} />
                    </section>
                    <p>
                        <a href={withQuery('/audit', { object: name })}>{t('nav.audit')}</a> · <a href={withQuery('/certs', { whose: 'all', principal: name })}>{t('certs.all')}</a>
                    </p>
                    <Cli command={`vouch host show ${name}`} />
                </>
            )}
        </>
    );
}
