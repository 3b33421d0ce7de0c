// SPDX-License-Identifier: ISC
// Enrolling hosts: a token with the command to run there, watching it arrive, tokens that are still good, and
// hosts that came without one.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, remove } from '../api';
import { labelText } from '../hosts';
import { spanSeconds } from '../format';
import { t } from '../i18n';
import type { MessageKey } from '../i18n';
import { useLive } from '../live';
import { usePolicy } from '../policy';
import { text } from '../policy-text';
import type { FleetHost, HostToken, NewHostToken, Page } from '../types';
import { Adopt, approvalsOf } from '../ui/adopt';
import { Badge, Empty, Heading, Moment, Note, Snippet, Words } from '../ui/bits';
import type { Tone } from '../ui/bits';
import { Confirm, Dialog } from '../ui/dialog';
import { Field, labelsOf, Select, words } from '../ui/forms';
import { useAction, useEvery, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
import { HostTabs } from '../ui/tabs';
import * as snippet from './enrolment-snippets';

const FORMS = ['shell', 'cloudInit', 'ansible'] as const;
const NAMES: Record<(typeof FORMS)[number], string> = { shell: 'Shell', cloudInit: 'cloud-init', ansible: 'Ansible' };

interface StepProps {
    tone: Tone;
    name: MessageKey;
    children: ComponentChildren;
}

function Step({ tone, name, children }: StepProps): JSX.Element {
    return (
        <li>
            <Badge tone={tone}>{t(name)}</Badge> {children}
        </li>
    );
}

// How far a machine has come that ran the command.
function Steps({ host }: { host: FleetHost }): JSX.Element {
    const certs = host.keys.filter((key) => key.serial);
    const isWell = host.reported !== null && host.problems.length === 0;
    return (
        <ol class="checks">
            <Step tone={host.state === 'waiting' ? 'warn' : 'good'} name="enrolment.step.token">
                {t(host.state === 'waiting' ? 'enrolment.step.adopt' : 'enrolment.step.from', { source: host.source ?? '?' })}
            </Step>
            <Step tone="good" name="enrolment.step.names">
                <Words of={[host.name, ...host.aliases]} />
            </Step>
            <Step tone="good" name="enrolment.step.keys">
                <Words of={host.keys.map((key) => key.fingerprint)} />
            </Step>
            <Step tone={certs.length > 0 ? 'good' : 'info'} name="enrolment.step.cert">
                {certs.map((key) => (
                    <a key={key.serial} href={`/certs/${key.serial}`}>
                        {key.serial}{' '}
                    </a>
                ))}
            </Step>
            <Step tone={isWell ? 'good' : host.reported ? 'warn' : 'info'} name="enrolment.step.test">
                {host.reported ? host.problems.join(' ') || t('enrolment.reported') : t('enrolment.certified')}
            </Step>
        </ol>
    );
}

// Asks every few seconds whether a host has come by this token.
function Arrival({ token, since }: { token: NewHostToken; since: number }): JSX.Element {
    const found = useGet<Page<FleetHost>>('/v1/fleet?limit=200');
    useLive(3, found.reload);
    useEvery(3, found.reload); // its first report is not in the ledger
    const hosts = (found.data?.items ?? []).filter((host) => host.token === `host-token:${token.id}` || (host.state === 'waiting' && Date.parse(host.created ?? '') > since));
    return (
        <div aria-live="polite">
            {hosts.length === 0 && <p aria-busy="true">{t('enrolment.waits')}</p>}
            {hosts.map((host) => (
                <Note key={host.id} tone={host.state === 'active' ? 'good' : 'info'}>
                    <p>
                        <strong>
                            <a href={`/hosts/${encodeURIComponent(host.name)}`}>{host.name}</a>
                        </strong>
                    </p>
                    <Steps host={host} />
                </Note>
            ))}
        </div>
    );
}

function Made({ token, onClose }: { token: NewHostToken; onClose: () => void }): JSX.Element {
    const [form, setForm] = useState<(typeof FORMS)[number]>('shell');
    const [since] = useState(Date.now() - 2000);
    return (
        <Dialog title={t('enrolment.made')} onClose={onClose}>
            <p>{t('enrolment.made.text')}</p>
            <div role="group" aria-label={t('enrolment.form')}>
                {FORMS.map((one) => (
                    <button key={one} type="button" class="small outline" aria-pressed={form === one} onClick={() => setForm(one)}>
                        {NAMES[one]}
                    </button>
                ))}
            </div>
            <Snippet text={snippet[form](token)} />
            <Arrival token={token} since={since} />
        </Dialog>
    );
}

function Make({ onDone }: { onDone: () => void }): JSX.Element {
    const policy = usePolicy();
    const zones = (policy.data?.document.zones ?? []).map((zone) => text(zone, 'name'));
    const [zone, setZone] = useState('');
    const [match, setMatch] = useState('');
    const [labels, setLabels] = useState('');
    const [networks, setNetworks] = useState('');
    const [uses, setUses] = useState('1');
    const [span, setSpan] = useState('1h');
    const [made, setMade] = useState<NewHostToken | null>(null);
    const chosen = zone || zones[0] || '';
    const found = labelsOf(labels);
    const { run, isBusy, problem } = useAction(async () => {
        const body = {
            zone: chosen,
            match: match.trim(),
            ...(found && Object.keys(found).length > 0 ? { labels: found } : {}),
            ...(words(networks).length > 0 ? { networks: words(networks) } : {}),
            uses: Number(uses) || 1,
            ttl_s: spanSeconds(span) ?? 3600,
        };
        setMade(await post<NewHostToken>('/v1/host-tokens', body));
        onDone();
    });
    return (
        <section>
            <h2>{t('enrolment.new')}</h2>
            <ProblemBox problem={policy.problem} />
            {policy.data && zones.length === 0 && (
                <Note tone="info">
                    {t('enrolment.no-zone')} <a href="/zones">{t('zones.add')}</a>
                </Note>
            )}
            <form
                class="narrow"
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <Select label={t('zone')} value={chosen} options={zones.map((one) => [one, one] as const)} onInput={setZone} />
                <Field label={t('enrolment.name')} value={match} onInput={setMatch} help={t('enrolment.name.help')} placeholder="web7.prod.example.com" required isCode />
                <Field label={t('host.labels')} value={labels} onInput={setLabels} help={t('labels.help')} error={found ? null : t('labels.wrong')} placeholder="tier=web" isCode />
                <Field label={t('enrolment.networks')} value={networks} onInput={setNetworks} help={t('enrolment.networks.help')} isCode />
                <Field label={t('enrolment.uses')} value={uses} onInput={setUses} type="number" />
                <Field label={t('enrolment.span')} value={span} onInput={setSpan} help={t('span.help')} error={spanSeconds(span) ? null : t('span.wrong')} isCode />
                <ProblemBox problem={problem} />
                <button type="submit" aria-busy={isBusy} disabled={isBusy || match.trim() === '' || !found || !spanSeconds(span)}>
                    {t('enrolment.make')}
                </button>
            </form>
            {made && (
                <Made
                    token={made}
                    onClose={() => {
                        setMade(null);
                        onDone();
                    }}
                />
            )}
        </section>
    );
}

const tokenColumns = (onRemove: (row: HostToken) => void): Column<HostToken>[] => [
    { id: 'match', title: t('enrolment.name'), cell: (row) => <code>{row.match}</code>, text: (row) => row.match },
    { id: 'zone', title: t('zone'), cell: (row) => row.zone, text: (row) => row.zone },
    { id: 'labels', title: t('host.labels'), cell: (row) => <Words of={labelText(row.labels)} />, text: (row) => labelText(row.labels).join(' ') },
    { id: 'uses', title: t('enrolment.left'), cell: (row) => `${row.uses_left} / ${row.uses}`, text: (row) => `${row.uses_left}/${row.uses}` },
    { id: 'expires', title: t('expires'), cell: (row) => <Moment at={row.expires} relative />, text: (row) => row.expires ?? '' },
    { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor, text: (row) => row.actor },
    {
        id: 'do',
        title: '',
        cell: (row) => (
            <button type="button" class="small outline danger" onClick={() => onRemove(row)}>
                {t('remove')}
                <span class="hidden"> {row.match}</span>
            </button>
        ),
        text: () => '',
    },
];

function Queue(): JSX.Element {
    const waiting = useRows<FleetHost>('/v1/fleet?state=waiting&limit=100');
    const [adopting, setAdopting] = useState<FleetHost | null>(null);
    const [refusing, setRefusing] = useState<FleetHost | null>(null);
    useLive(10, waiting.reload);
    const columns: Column<FleetHost>[] = [
        { id: 'name', title: t('host'), cell: (row) => <a href={`/hosts/${encodeURIComponent(row.name)}`}>{row.name}</a>, text: (row) => row.name },
        { id: 'source', title: t('cert.source'), cell: (row) => row.source, text: (row) => row.source ?? '' },
        { id: 'keys', title: t('fingerprint'), cell: (row) => <Words of={row.keys.map((key) => key.fingerprint)} />, text: (row) => row.keys.map((key) => key.fingerprint).join(' ') },
        { id: 'why', title: t('adopt.why'), cell: (row) => row.why ?? '–', text: (row) => row.why ?? '' },
        { id: 'created', title: t('created'), cell: (row) => <Moment at={row.created} relative />, text: (row) => row.created ?? '' },
        { id: 'approvals', title: t('adopt.approvals'), cell: approvalsOf, text: (row) => `${row.approvals}/${row.needed}` },
        {
            id: 'do',
            title: '',
            cell: (row) => (
                <span class="actions">
                    <button type="button" class="small" onClick={() => setAdopting(row)}>
                        {t('hosts.adopt')}
                        <span class="hidden"> {row.name}</span>
                    </button>
                    <button type="button" class="small outline danger" onClick={() => setRefusing(row)}>
                        {t('adopt.refuse')}
                        <span class="hidden"> {row.name}</span>
                    </button>
                </span>
            ),
            text: () => '',
        },
    ];
    return (
        <section>
            <h2>
                {t('adopt.queue')} {waiting.data && waiting.data.length > 0 && <Badge tone="info">{waiting.data.length}</Badge>}
            </h2>
            <DataTable
                caption={t('adopt.queue')}
                columns={columns}
                rows={waiting}
                rowKey={(row) => row.id}
                file="waiting"
                cli="vouch host ls --state waiting"
                empty={
                    <Empty title={t('adopt.none')}>
                        <p>{t('adopt.none.text')}</p>
                    </Empty>
                }
            />
            {adopting && <Adopt host={adopting} onClose={() => setAdopting(null)} onDone={waiting.reload} />}
            {refusing && (
                <Confirm
                    title={t('adopt.refuse')}
                    action={t('adopt.refuse')}
                    asksReason="optional"
                    onClose={() => setRefusing(null)}
                    onConfirm={async (reason) => {
                        await post(`/v1/fleet/${encodeURIComponent(refusing.name)}/refuse`, reason ? { reason } : {});
                        waiting.reload();
                    }}
                >
                    <p>{t('adopt.refuse.text', { name: refusing.name })}</p>
                </Confirm>
            )}
        </section>
    );
}

export function EnrolmentPage(): JSX.Element {
    const tokens = useRows<HostToken>('/v1/host-tokens?limit=100');
    const [removing, setRemoving] = useState<HostToken | null>(null);
    return (
        <>
            <Heading title={t('enrolment.title')} />
            <HostTabs />
            <Make onDone={tokens.reload} />
            <Queue />
            <section>
                <h2>{t('enrolment.tokens')}</h2>
                <DataTable caption={t('enrolment.tokens')} columns={tokenColumns(setRemoving)} rows={{ ...tokens, data: tokens.data && tokens.data.filter((row) => row.uses_left > 0) }} rowKey={(row) => row.id} file="host-tokens" cli="vouch host token ls" empty={<Empty title={t('enrolment.tokens.none')} />} />
            </section>
            {removing && (
                <Confirm
                    title={t('enrolment.remove')}
                    action={t('remove')}
                    onClose={() => setRemoving(null)}
                    onConfirm={async () => {
                        await remove(`/v1/host-tokens/${removing.id}`);
                        tokens.reload();
                    }}
                >
                    <p>{t('enrolment.remove.text', { match: removing.match })}</p>
                </Confirm>
            )}
        </>
    );
}
