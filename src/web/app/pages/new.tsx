// SPDX-License-Identifier: ISC
// Getting a certificate: which key, which roles, how long and what for, and then the result with what to do.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, onceKey } from '../api';
import { duration, moment, spanText } from '../format';
import { t } from '../i18n';
import { go, query } from '../router';
import { me } from '../session';
import type { AccessPreview, AccessRequest, Cert, RoleView } from '../types';
import { Badge, Cli, Empty, Fact, Heading, Loading, Moment, Note, Words } from '../ui/bits';
import { Field, Tick } from '../ui/forms';
import { useAction, useLoad } from '../ui/load';
import type { Loaded } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { KeyStep } from './new-key';
import type { ChosenKey } from './new-key';
import { Result } from './new-result';

const SPANS = [300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 604800, 2592000];

function RoleCard({ role, isChosen, onToggle }: { role: RoleView; isChosen: boolean; onToggle: () => void }): JSX.Element {
    return (
        <label class={isChosen ? 'card choice chosen' : 'card choice'}>
            <input type="checkbox" checked={isChosen} onInput={onToggle} />
            <strong>{role.role}</strong> <span class="quiet">{role.zone}</span>
            <span class="line">
                {t('role.as')} <Words of={role.logins} />
            </span>
            <span class="line quiet">{t('role.up-to', { span: duration(role.ttl_s) })}</span>
            {role.approvals > 0 && <Badge tone="info">{t('role.approvals', { n: role.approvals })}</Badge>}
            {role.break_glass && <Badge tone="bad">{t('role.break-glass')}</Badge>}
            {role.needs_reason && <Badge tone="info">{t('role.needs-reason')}</Badge>}
        </label>
    );
}

function RoleStep({ roles, zone, chosen, onChoose }: { roles: RoleView[]; zone: string; chosen: string[]; onChoose: (zone: string, chosen: string[]) => void }): JSX.Element {
    const toggle = (role: RoleView): void => {
        const others = roles.filter((one) => one.zone === zone && chosen.includes(one.role));
        // A role for emergencies is had by itself.
        if (role.zone !== zone || ((role.break_glass || others.some((one) => one.break_glass)) && !chosen.includes(role.role))) {
            onChoose(role.zone, [role.role]);
        } else {
            onChoose(zone, chosen.includes(role.role) ? chosen.filter((one) => one !== role.role) : [...chosen, role.role]);
        }
    };
    return (
        <fieldset>
            <legend>
                <h2>{t('new.role')}</h2>
            </legend>
            <p class="quiet">{t('new.role.help')}</p>
            <div class="cards">
                {roles.map((role) => (
                    <RoleCard key={`${role.zone}/${role.role}`} role={role} isChosen={role.zone === zone && chosen.includes(role.role)} onToggle={() => toggle(role)} />
                ))}
            </div>
        </fieldset>
    );
}

function TimeStep({ most, ttl, onInput }: { most: number; ttl: number; onInput: (ttl: number) => void }): JSX.Element {
    const steps = [...SPANS.filter((one) => one < most), most];
    const at = Math.max(0, steps.findIndex((one) => one >= ttl));
    return (
        <div class="field">
            <label for="ttl">{t('new.time')}</label>
            <input id="ttl" type="range" min="0" max={steps.length - 1} value={at} aria-valuetext={duration(ttl)} onInput={(event) => onInput(steps[Number((event.target as HTMLInputElement).value)] ?? most)} />
            <output for="ttl">{t('new.time.until', { span: duration(ttl), time: moment(new Date(Date.now() + ttl * 1000).toISOString()) })}</output>
        </div>
    );
}

// What the server would sign, as it says itself without signing; asked for a moment after the last change.
function usePreview(body: Record<string, unknown> | null): Loaded<AccessPreview> {
    const wanted = body ? JSON.stringify(body) : null;
    const [settled, setSettled] = useState<string | null>(null);
    useEffect(() => {
        const timer = setTimeout(() => setSettled(wanted), 400);
        return () => clearTimeout(timer);
    }, [wanted]);
    // A stale second factor is asked for when it is meant, not by looking.
    return useLoad(settled, async (signal) => JSON.parse((await ask('POST', '/v1/access', { body: { ...JSON.parse(settled ?? '{}'), dry_run: true }, signal, retried: true })).text) as AccessPreview);
}

function Preview({ chosenKey, body, zone }: { chosenKey: ChosenKey; body: Record<string, unknown>; zone: string }): JSX.Element {
    const { data, problem, isLoading } = usePreview(body);
    return (
        <section aria-live="polite">
            <h2>{t('new.preview')}</h2>
            <ProblemBox problem={problem} />
            {!data && isLoading && <Loading />}
            {data && (
                <>
                    <dl class="facts">
                        <Fact name={t('cert.key-id')}>{data.key_id}</Fact>
                        <Fact name={t('fingerprint')}>
                            <code class="break">{data.fingerprint}</code> ({chosenKey.key.type})
                        </Fact>
                        <Fact name={t('zone')}>{zone}</Fact>
                        <Fact name={t('cert.role')}>
                            <Words of={data.roles} />
                        </Fact>
                        <Fact name={t('cert.principals')}>
                            <Words of={data.principals} />
                        </Fact>
                        <Fact name={t('new.options')}>
                            <Words of={[...Object.entries(data.critical_options).map(([name, value]) => (value ? `${name}=${value}` : name)), ...data.extensions]} />
                        </Fact>
                        <Fact name={t('new.from')}>
                            <Moment at={data.valid_after} />
                        </Fact>
                        <Fact name={t('cert.until')}>
                            <Moment at={data.valid_before} />
                        </Fact>
                    </dl>
                    {data.missing > 0 && <p>{t('new.preview.request', { n: data.missing })}</p>}
                </>
            )}
        </section>
    );
}

export interface Issued {
    cert: Cert;
    key: Pick<ChosenKey, 'name'>;
    zone: string;
}

function bodyOf(zone: string, roles: RoleView[], key: ChosenKey, ttl: number, reason: string, isDrill: boolean): Record<string, unknown> {
    return { zone, roles: roles.map((role) => role.role), public_key: key.key.line, ttl_s: ttl, ...(reason ? { reason } : {}), ...(isDrill ? { drill: true } : {}), ...(roles.some((role) => role.approvals > 0) ? { request: true } : {}) };
}

// What was asked for: a certificate, or a request where approvals are missing.
async function issue(body: Record<string, unknown>): Promise<Cert | AccessRequest> {
    const answer = await ask('POST', '/v1/access', { body, headers: onceKey() });
    return JSON.parse(answer.text) as Cert | AccessRequest;
}

function Form({ roles, user, onIssued }: { roles: RoleView[]; user: string; onIssued: (issued: Issued) => void }): JSX.Element {
    const wanted = query.value.get('role')?.split(',') ?? [];
    const only = roles.length === 1 ? roles[0] : undefined;
    const [key, setKey] = useState<ChosenKey | null>(null);
    const [zone, setZone] = useState(query.value.get('zone') ?? only?.zone ?? '');
    const [names, setNames] = useState<string[]>(wanted.length > 0 ? wanted : only ? [only.role] : []);
    const [ttl, setTtl] = useState<number | null>(null);
    const [reason, setReason] = useState('');
    const [isDrill, setDrill] = useState(query.value.get('drill') === '1');
    const chosen = roles.filter((role) => role.zone === zone && names.includes(role.role));
    const most = Math.min(...chosen.map((role) => role.ttl_s), 366 * 86400);
    const span = Math.min(ttl ?? most, most);
    const needsApproval = chosen.some((role) => role.approvals > 0);
    const needsReason = chosen.some((role) => role.needs_reason);
    const breaksGlass = chosen.some((role) => role.break_glass);
    const { run, isBusy, problem } = useAction(async () => {
        if (!key) {
            return;
        }
        const found = await issue(bodyOf(zone, chosen, key, span, reason.trim(), breaksGlass && isDrill));
        if ('id' in found) {
            go(`/requests/${found.id}`);
        } else {
            onIssued({ cert: found, key, zone });
        }
    });
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    return (
        <form onSubmit={submit}>
            <KeyStep chosen={key} onChoose={setKey} comment={user} />
            <RoleStep
                roles={roles}
                zone={zone}
                chosen={names}
                onChoose={(newZone, newNames) => {
                    setZone(newZone);
                    setNames(newNames);
                }}
            />
            {chosen.length > 0 && (
                <>
                    <h2>{t('new.how-long')}</h2>
                    <TimeStep most={most} ttl={span} onInput={setTtl} />
                    <Field label={t(needsReason ? 'reason' : 'reason.optional')} value={reason} onInput={setReason} required={needsReason} maxLength={1024} help={t('new.reason.help')} />
                </>
            )}
            {breaksGlass && (
                <>
                    <Note tone="bad">{t('new.break-glass')}</Note>
                    <Tick label={t('new.drill')} checked={isDrill} onInput={setDrill} />
                </>
            )}
            {key && chosen.length > 0 && (!needsReason || reason.trim() !== '') && <Preview chosenKey={key} body={bodyOf(zone, chosen, key, span, reason.trim(), breaksGlass && isDrill)} zone={zone} />}
            <ProblemBox problem={problem} />
            <button type="submit" disabled={!key || chosen.length === 0 || isBusy || (needsReason && reason.trim() === '')} aria-busy={isBusy}>
                {t(needsApproval ? 'new.request' : breaksGlass ? 'new.break' : 'new.get')}
            </button>
            <Cli command={needsApproval || breaksGlass ? `vouch request ${names[0] ?? 'ROLE'} --zone ${zone || 'ZONE'} --ttl ${spanText(span)} --reason '${reason || '…'}'${breaksGlass && isDrill ? ' --drill' : ''}` : `vouch login ${location.origin}`} />
        </form>
    );
}

export function NewCertPage(): JSX.Element {
    const [issued, setIssued] = useState<Issued | null>(null);
    const who = me.value;
    if (!who) {
        return <Loading />;
    }
    return (
        <>
            <Heading title={t(issued ? 'result.title' : 'nav.new')} />
            {issued ? (
                <Result issued={issued} onAgain={() => setIssued(null)} />
            ) : who.roles.length === 0 ? (
                <Empty title={t('access.none')}>
                    <p>{t('access.none.text', { user: who.user })}</p>
                </Empty>
            ) : (
                <Form roles={who.roles} user={who.user} onIssued={setIssued} />
            )}
        </>
    );
}
