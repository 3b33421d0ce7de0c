// SPDX-License-Identifier: ISC
// A role as a form, with how it will be written beside it and how many people and hosts it means.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { all } from '../api';
import { t } from '../i18n';
import type { Policy } from '../policy';
import { emptyDocument, inner, list, peopleOf, text, withEntry, writePolicy } from '../policy-text';
import type { Entry } from '../policy-text';
import type { FleetHost } from '../types';
import { Note } from '../ui/bits';
import { Field, Select, Tick, words } from '../ui/forms';
import { useLoad } from '../ui/load';
import { findings } from './roles';

interface Form {
    name: string;
    zone: string;
    members: string;
    hosts: string;
    logins: string;
    ttl: string;
    extensions: string;
    sources: string;
    command: string;
    factor: string;
    by: string;
    count: string;
    needsReason: boolean;
    breaksGlass: boolean;
}

function formOf(role: Entry | null, zone: string): Form {
    const entry = role ?? {};
    const approval = inner(entry, 'approval');
    const spaced = (key: string): string => list(entry, key).join(' ');
    return {
        name: text(entry, 'name'),
        zone: text(entry, 'zone') || zone,
        members: spaced('members'),
        hosts: spaced('hosts'),
        logins: spaced('logins'),
        ttl: text(entry, 'max_ttl') || '8h',
        extensions: role ? spaced('extensions') : 'permit-pty',
        sources: spaced('source_address'),
        command: text(entry, 'force_command'),
        factor: text(entry, 'second_factor'),
        by: Array.isArray(approval['by']) ? approval['by'].join(' ') : '',
        count: typeof approval['count'] === 'string' ? approval['count'] : '1',
        needsReason: text(entry, 'reason') === 'required',
        breaksGlass: text(entry, 'break_glass') === 'yes',
    };
}

// What a role for emergencies must say: vouch-policy(5).
const EMERGENCY: Partial<Form> = { breaksGlass: true, needsReason: true, factor: '5m', ttl: '1h', by: '' };

// What the form does not show stays as it is.
function entryOf(form: Form, role: Entry | null): Entry {
    const entry: Entry = { ...role, name: form.name.trim(), zone: form.zone, members: words(form.members), hosts: words(form.hosts), logins: words(form.logins), max_ttl: form.ttl.trim() };
    const put = (key: string, value: Entry[string] | null): void => {
        if (value === null || value.length === 0) {
            delete entry[key];
        } else {
            entry[key] = value;
        }
    };
    put('extensions', words(form.extensions));
    put('source_address', words(form.sources));
    put('force_command', form.command.trim());
    put('second_factor', form.factor.trim());
    put('reason', form.needsReason ? 'required' : null);
    put('break_glass', form.breaksGlass ? 'yes' : null);
    if (words(form.by).length > 0) {
        entry['approval'] = { by: words(form.by), count: form.count.trim() || '1' };
    } else {
        delete entry['approval'];
    }
    return entry;
}

interface Labelled {
    name: string;
    zone: string | null;
    labels: Record<string, string>;
}

// A host is meant if for every key that is named one of the values named fits.
function means(role: Entry, host: Labelled): boolean {
    const wanted = list(role, 'hosts');
    if (host.zone !== text(role, 'zone')) {
        return false;
    }
    if (wanted.includes('all')) {
        return true;
    }
    const byKey = new Map<string, string[]>();
    for (const one of wanted) {
        const [key = '', value = ''] = one.split(/=(.*)/s);
        byKey.set(key, [...(byKey.get(key) ?? []), value]);
    }
    return byKey.size > 0 && [...byKey].every(([key, values]) => {
        const has = key === 'name' ? host.name : host.labels[key];
        return has !== undefined && (values.includes('*') || values.includes(has));
    });
}

function hostsOf(policy: Policy, fleet: FleetHost[]): Labelled[] {
    const written = policy.document.hosts.map((entry) => ({ name: text(entry, 'name'), zone: text(entry, 'zone'), labels: inner(entry, 'labels') as Record<string, string> }));
    const names = new Set(written.map((one) => one.name));
    return [...written, ...fleet.filter((host) => host.state === 'active' && !names.has(host.name))];
}

function Effect({ policy, role }: { policy: Policy; role: Entry }): JSX.Element {
    const fleet = useLoad('fleet', (signal) => all<FleetHost>('/v1/fleet', 5000, signal));
    const people = peopleOf(policy.document, role).length;
    const hosts = hostsOf(policy, fleet.data ?? []).filter((host) => means(role, host)).length;
    return (
        <div aria-live="polite">
            <Note tone="info">{t('role.effect', { people, hosts })}</Note>
            {findings(role).map((one) => (
                <Note key={one} tone="warn">
                    {t(one)}
                </Note>
            ))}
            <pre tabIndex={0}>
                <code>{writePolicy({ ...emptyDocument(), roles: [role] })}</code>
            </pre>
        </div>
    );
}

export function RoleForm({ policy, role, onText }: { policy: Policy; role: Entry | null; onText: (text: string) => void }): JSX.Element {
    const zones = policy.document.zones.map((zone) => text(zone, 'name'));
    const [form, setForm] = useState<Form>(() => formOf(role, zones[0] ?? ''));
    const set = (changes: Partial<Form>): void => setForm((old) => ({ ...old, ...changes }));
    const entry = entryOf(form, role);
    const who = [...policy.document.groups.map((group) => `group:${text(group, 'name')}`), ...policy.document.users.slice(0, 500).map((user) => `user:${text(user, 'name')}`)];
    const submit = (event: Event): void => {
        event.preventDefault();
        onText(writePolicy(withEntry(policy.document, 'roles', form.name.trim(), entry)));
    };
    return (
        <form onSubmit={submit} class="sides">
            <div>
                {!role && <Field label={t('cert.role')} value={form.name} onInput={(name) => set({ name })} help={t('name.help')} required maxLength={64} />}
                <Select label={t('zone')} value={form.zone} options={zones.map((one) => [one, one] as const)} onInput={(zone) => set({ zone })} />
                <Field label={t('groups.members')} value={form.members} onInput={(members) => set({ members })} help={t('role.members.help')} list={who} isCode />
                <Field label={t('nav.hosts')} value={form.hosts} onInput={(hosts) => set({ hosts })} help={t('role.hosts.help')} required isCode />
                <Field label={t('roles.logins')} value={form.logins} onInput={(logins) => set({ logins })} help={t('role.logins.help')} required isCode />
                <Field label={t('roles.ttl')} value={form.ttl} onInput={(ttl) => set({ ttl })} help={t('role.ttl.help')} required isCode />
                <Field label={t('role.extensions')} value={form.extensions} onInput={(extensions) => set({ extensions })} help={t('role.extensions.help')} isCode />
                <Tick label={t('role.needs-reason')} checked={form.needsReason} onInput={(needsReason) => set({ needsReason })} />
                <Tick label={t('role.break-glass.tick')} checked={form.breaksGlass} onInput={(breaksGlass) => set(breaksGlass ? EMERGENCY : { breaksGlass })} />
                {form.breaksGlass && <Note tone="warn">{t('role.break-glass.help')}</Note>}
                <Field label={t('role.by')} value={form.by} onInput={(by) => set({ by })} help={t('role.by.help')} list={who} isCode />
                {form.by.trim() !== '' && <Field label={t('role.count')} value={form.count} onInput={(count) => set({ count })} type="number" />}
                <details>
                    <summary>{t('role.more')}</summary>
                    <Field label={t('role.sources')} value={form.sources} onInput={(sources) => set({ sources })} help="10.0.0.0/8" isCode />
                    <Field label={t('role.command')} value={form.command} onInput={(command) => set({ command })} isCode />
                    <Field label={t('role.factor')} value={form.factor} onInput={(factor) => set({ factor })} help={t('role.factor.help')} isCode />
                </details>
                <button type="submit" disabled={form.name.trim() === '' || form.hosts.trim() === '' || form.logins.trim() === ''}>
                    {t('change.preview')}
                </button>
            </div>
            <Effect policy={policy} role={entry} />
        </form>
    );
}
