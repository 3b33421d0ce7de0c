// SPDX-License-Identifier: ISC
// Groups of users, and who is in them.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { usePolicy } from '../policy';
import type { Policy } from '../policy';
import { list, text, withEntry, writePolicy } from '../policy-text';
import type { Entry } from '../policy-text';
import type { PageProps } from '../routes';
import { go } from '../router';
import { mayAdminister } from '../session';
import { Empty, Heading, Words } from '../ui/bits';
import { ChangeDialog } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { Field, words } from '../ui/forms';
import { DataTable, still } from '../ui/table';
import type { Column } from '../ui/table';
import { PeopleTabs } from '../ui/tabs';

const columns = (policy: Policy | null): Column<Entry>[] => [
    { id: 'name', title: t('groups.name'), cell: (row) => <a href={`/groups/${encodeURIComponent(text(row, 'name'))}`}>{text(row, 'name')}</a>, text: (row) => text(row, 'name') },
    { id: 'members', title: t('groups.members'), cell: (row) => <Words of={list(row, 'members')} />, text: (row) => list(row, 'members').join(' ') },
    { id: 'count', title: t('groups.count'), cell: (row) => list(row, 'members').length, text: (row) => String(list(row, 'members').length), number: (row) => list(row, 'members').length },
    { id: 'roles', title: t('roles.title'), cell: (row) => <Words of={rolesOf(policy, row)} />, text: (row) => rolesOf(policy, row).join(' ') },
];

function rolesOf(policy: Policy | null, group: Entry): string[] {
    return (policy?.document.roles ?? []).filter((role) => list(role, 'members').includes(`group:${text(group, 'name')}`)).map((role) => text(role, 'name'));
}

interface EditProps {
    policy: Policy;
    entry: Entry | null;
    onClose: () => void;
    onText: (text: string) => void;
}

function Edit({ policy, entry, onClose, onText }: EditProps): JSX.Element {
    const [name, setName] = useState(text(entry ?? {}, 'name'));
    const [members, setMembers] = useState(list(entry ?? {}, 'members').join('\n'));
    const submit = (event: Event): void => {
        event.preventDefault();
        onText(writePolicy(withEntry(policy.document, 'groups', name.trim(), { name: name.trim(), members: words(members) })));
    };
    const remove = (): void => {
        const next = withEntry(policy.document, 'groups', name, null);
        const roles = next.roles.map((role) => ({ ...role, members: list(role, 'members').filter((one) => one !== `group:${name}`) }));
        onText(writePolicy({ ...next, roles }));
    };
    return (
        <Dialog title={entry ? name : t('groups.add')} onClose={onClose}>
            <form onSubmit={submit}>
                {!entry && <Field label={t('groups.name')} value={name} onInput={setName} help={t('name.help')} required maxLength={64} autofocus />}
                <Field label={t('groups.members')} value={members} onInput={setMembers} help={t('list.help')} rows={6} isCode />
                <footer>
                    {entry && (
                        <button type="button" class="danger outline" onClick={remove}>
                            {t('remove')}
                        </button>
                    )}
                    <button type="submit" disabled={name.trim() === ''}>
                        {t('change.preview')}
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}

export function GroupsPage({ params }: PageProps): JSX.Element {
    const policy = usePolicy();
    const [isAdding, setAdding] = useState(false);
    const [change, setChange] = useState<string | null>(null);
    const wanted = params['name'];
    const entry = policy.data?.document.groups.find((group) => text(group, 'name') === wanted) ?? null;
    const close = (): void => {
        setAdding(false);
        if (wanted) {
            go('/groups');
        }
    };
    return (
        <>
            <Heading title={t('groups.title')}>
                {mayAdminister.value && (
                    <button type="button" onClick={() => setAdding(true)}>
                        {t('groups.add')}
                    </button>
                )}
            </Heading>
            <PeopleTabs />
            <DataTable
                caption={t('groups.title')}
                columns={columns(policy.data)}
                rows={still(policy.data?.document.groups ?? null, policy)}
                rowKey={(row) => text(row, 'name')}
                file="groups"
                cli={wanted ? `vouch group show ${wanted}` : 'vouch group ls'}
                empty={
                    <Empty title={t('groups.none')}>
                        <p>{t('groups.none.text')}</p>
                    </Empty>
                }
            />
            {policy.data && mayAdminister.value && (isAdding || entry) && !change && <Edit key={wanted ?? ''} policy={policy.data} entry={entry} onClose={close} onText={setChange} />}
            {change !== null && policy.data && (
                <ChangeDialog
                    text={change}
                    version={policy.data.version}
                    onClose={() => setChange(null)}
                    onDone={() => {
                        close();
                        policy.reload();
                    }}
                />
            )}
        </>
    );
}
