// SPDX-License-Identifier: ISC
// Roles: who gets which logins on which hosts, for how long, on what terms.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import type { MessageKey } from '../i18n';
import { usePolicy } from '../policy';
import { inner, list, named, peopleOf, text, withEntry, writePolicy } from '../policy-text';
import type { Entry, PolicyDocument } from '../policy-text';
import { spanSeconds } from '../format';
import type { PageProps } from '../routes';
import { go, query, setQuery } from '../router';
import { mayAdminister } from '../session';
import { Badge, Cli, Empty, Fact, Heading, Loading, Note, Words } from '../ui/bits';
import { ChangeDialog } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { ProblemBox } from '../ui/problem';
import { DataTable, still } from '../ui/table';
import type { Column } from '../ui/table';
import { PeopleTabs } from '../ui/tabs';
import { RoleForm } from './role-form';

function approvalsOf(role: Entry): number {
    const approval = inner(role, 'approval');
    return Array.isArray(approval['by']) ? Number(approval['count'] ?? 1) : 0;
}

// What somebody should think about again.
export function findings(role: Entry): MessageKey[] {
    const found: MessageKey[] = [];
    if (!list(role, 'extensions').includes('permit-pty') && !text(role, 'force_command')) {
        found.push('lint.no-pty');
    }
    if (list(role, 'logins').includes('root') && approvalsOf(role) === 0 && text(role, 'break_glass') !== 'yes') {
        found.push('lint.root');
    }
    if ((spanSeconds(text(role, 'max_ttl')) ?? 0) > 86400) {
        found.push('lint.long');
    }
    if (list(role, 'members').length === 0) {
        found.push('lint.empty');
    }
    return found;
}

const columns = (document: PolicyDocument | null): Column<Entry>[] => [
    { id: 'name', title: t('cert.role'), cell: (row) => <a href={`/roles/${encodeURIComponent(text(row, 'name'))}`}>{text(row, 'name')}</a>, text: (row) => text(row, 'name') },
    { id: 'zone', title: t('zone'), cell: (row) => text(row, 'zone'), text: (row) => text(row, 'zone') },
    { id: 'members', title: t('groups.members'), cell: (row) => <Words of={list(row, 'members')} />, text: (row) => list(row, 'members').join(' ') },
    { id: 'people', title: t('roles.people'), cell: (row) => (document ? peopleOf(document, row).length : ''), text: (row) => String(document ? peopleOf(document, row).length : 0), number: (row) => (document ? peopleOf(document, row).length : 0) },
    { id: 'hosts', title: t('nav.hosts'), cell: (row) => <Words of={list(row, 'hosts')} />, text: (row) => list(row, 'hosts').join(' ') },
    { id: 'logins', title: t('roles.logins'), cell: (row) => <Words of={list(row, 'logins')} />, text: (row) => list(row, 'logins').join(' ') },
    { id: 'ttl', title: t('roles.ttl'), cell: (row) => text(row, 'max_ttl'), text: (row) => text(row, 'max_ttl'), number: (row) => spanSeconds(text(row, 'max_ttl')) ?? 0 },
    { id: 'approval', title: t('roles.approval'), cell: (row) => approvalsOf(row) || '–', text: (row) => String(approvalsOf(row)) },
    { id: 'lint', title: t('roles.lint'), cell: (row) => <Badge tone={findings(row).length > 0 ? 'warn' : 'good'}>{findings(row).length}</Badge>, text: (row) => findings(row).map((one) => t(one)).join('; ') },
];

export function RolesPage(): JSX.Element {
    const policy = usePolicy();
    const [change, setChange] = useState<string | null>(null);
    const isAdding = query.value.get('new') === '1' && mayAdminister.value;
    return (
        <>
            <Heading title={t('roles.title')}>
                {mayAdminister.value && (
                    <button type="button" onClick={() => setQuery({ new: '1' })}>
                        {t('roles.add')}
                    </button>
                )}
            </Heading>
            <PeopleTabs />
            <DataTable
                caption={t('roles.title')}
                columns={columns(policy.data?.document ?? null)}
                rows={still(policy.data?.document.roles ?? null, policy)}
                rowKey={(row) => text(row, 'name')}
                file="roles"
                cli="vouch role ls"
                empty={
                    <Empty title={t('roles.none')}>
                        <p>{t('roles.none.text')}</p>
                    </Empty>
                }
            />
            {isAdding && policy.data && !change && (
                <Dialog title={t('roles.add')} onClose={() => setQuery({ new: null })}>
                    <RoleForm policy={policy.data} role={null} onText={setChange} />
                </Dialog>
            )}
            {change !== null && policy.data && (
                <ChangeDialog
                    text={change}
                    version={policy.data.version}
                    onClose={() => setChange(null)}
                    onDone={() => {
                        setQuery({ new: null });
                        policy.reload();
                    }}
                />
            )}
        </>
    );
}

function Shown({ role, people }: { role: Entry; people: string[] }): JSX.Element {
    return (
        <>
            <dl class="facts">
                <Fact name={t('zone')}>{text(role, 'zone')}</Fact>
                <Fact name={t('groups.members')}>
                    <Words of={list(role, 'members')} />
                </Fact>
                <Fact name={t('roles.people')}>
                    <Words of={people} />
                </Fact>
                <Fact name={t('nav.hosts')}>
                    <Words of={list(role, 'hosts')} />
                </Fact>
                <Fact name={t('roles.logins')}>
                    <Words of={list(role, 'logins')} />
                </Fact>
                <Fact name={t('roles.ttl')}>{text(role, 'max_ttl')}</Fact>
            </dl>
            {findings(role).map((one) => (
                <Note key={one} tone="warn">
                    {t(one)}
                </Note>
            ))}
        </>
    );
}

export function RolePage({ params }: PageProps): JSX.Element {
    const name = params['name'] ?? '';
    const policy = usePolicy();
    const [change, setChange] = useState<string | null>(null);
    const [isRemoval, setRemoval] = useState(false);
    const role = policy.data && named(policy.data.document, 'roles', name);
    const remove = (): void => {
        if (policy.data) {
            setRemoval(true);
            setChange(writePolicy(withEntry(policy.data.document, 'roles', name, null)));
        }
    };
    return (
        <>
            <Heading title={t('role.title', { name })}>
                {role && mayAdminister.value && (
                    <button type="button" class="outline danger" onClick={remove}>
                        {t('remove')}
                    </button>
                )}
            </Heading>
            <PeopleTabs />
            <ProblemBox problem={policy.problem} onRetry={policy.reload} />
            {policy.isLoading && !policy.data && <Loading />}
            {policy.data && !role && <Empty title={t('role.gone', { name })} />}
            {policy.data && role && (
                <>
                    <Shown role={role} people={peopleOf(policy.data.document, role)} />
                    {mayAdminister.value && (
                        <section>
                            <h2>{t('role.change')}</h2>
                            <RoleForm key={policy.data.version} policy={policy.data} role={role} onText={setChange} />
                        </section>
                    )}
                    <Cli command={`vouch role show ${name}`} />
                </>
            )}
            {change !== null && policy.data && (
                <ChangeDialog
                    text={change}
                    version={policy.data.version}
                    onClose={() => {
                        setChange(null);
                        setRemoval(false);
                    }}
                    onDone={() => (isRemoval ? go('/roles') : policy.reload())}
                />
            )}
        </>
    );
}
