// SPDX-License-Identifier: ISC
// Getting a certificate: which key, which roles, how long and what for, and then the result with what to do.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, onceKey } from '../api';
import { duration, moment, spanText } from '../format';
import { t } from '../i18n';
import { go, query } from '../router';
import { me } from '../session';
import type { AccessRequest, Cert, RoleView } from '../types';
import { Badge, Cli, Empty, Fact, Heading, Loading, Words } from '../ui/bits';
import { Field } from '../ui/forms';
import { useAction } from '../ui/load';
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
            {role.needs_reason && <Badge tone="info">{t('role.needs-reason')}</Badge>}
        </label>
    );
}

function RoleStep({ roles, zone, chosen, onChoose }: { roles: RoleView[]; zone: string; chosen: string[]; onChoose: (zone: string, chosen: string[]) => void }): JSX.Element {
    const toggle = (role: RoleView): void => {
        if (role.zone !== zone) {
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

function Preview({ chosenKey, roles, ttl, user }: { chosenKey: ChosenKey; roles: RoleView[]; ttl: number; user: string }): JSX.Element {
    const first = roles[0];
    return (
        <section>
            <h2>{t('new.preview')}</h2>
            <dl class="facts">
                <Fact name={t('cert.key-id')}>{user}</Fact>
                <Fact name={t('fingerprint')}>
                    <code class="break">{chosenKey.key.fingerprint}</code> ({chosenKey.key.type})
                </Fact>
                <Fact name={t('zone')}>{first?.zone ?? ''}</Fact>
                <Fact name={t('cert.role')}>
                    <Words of={roles.map((role) => role.role)} />
                </Fact>
                <Fact name={t('role.as')}>
                    <Words of={[...new Set(roles.flatMap((role) => role.logins))]} />
                </Fact>
                <Fact name={t('new.time')}>{duration(ttl)}</Fact>
            </dl>
        </section>
    );
}

export interface Issued {
    cert: Cert;
    key: Pick<ChosenKey, 'name'>;
    zone: string;
}

// What was asked for: a certificate, or a request where approvals are missing.
async function issue(zone: string, roles: RoleView[], key: ChosenKey, ttl: number, reason: string): Promise<Cert | AccessRequest> {
    const body = { zone, roles: roles.map((role) => role.role), public_key: key.key.line, ttl_s: ttl, ...(reason ? { reason } : {}), ...(roles.some((role) => role.approvals > 0) ? { request: true } : {}) };
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
    const chosen = roles.filter((role) => role.zone === zone && names.includes(role.role));
    const most = Math.min(...chosen.map((role) => role.ttl_s), 366 * 86400);
    const span = Math.min(ttl ?? most, most);
    const needsApproval = chosen.some((role) => role.approvals > 0);
    const needsReason = chosen.some((role) => role.needs_reason);
    const { run, isBusy, problem } = useAction(async () => {
        if (!key) {
            return;
        }
        const found = await issue(zone, chosen, key, span, reason.trim());
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
            {key && chosen.length > 0 && <Preview chosenKey={key} roles={chosen} ttl={span} user={user} />}
            <ProblemBox problem={problem} />
            <button type="submit" disabled={!key || chosen.length === 0 || isBusy || (needsReason && reason.trim() === '')} aria-busy={isBusy}>
                {t(needsApproval ? 'new.request' : 'new.get')}
            </button>
            <Cli command={needsApproval ? `vouch request ${names[0] ?? 'ROLE'} --zone ${zone || 'ZONE'} --ttl ${spanText(span)} --reason '${reason || '…'}'` : `vouch login ${location.origin}`} />
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
