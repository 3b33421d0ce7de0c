// SPDX-License-Identifier: ISC
// Zones: hosts under one authority, by the patterns of their names.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { usePolicy } from '../policy';
import type { Policy } from '../policy';
import { list, text, withEntry, writePolicy } from '../policy-text';
import type { Entry } from '../policy-text';
import { mayAdminister } from '../session';
import { Empty, Heading, Words } from '../ui/bits';
import { ChangeDialog } from '../ui/change';
import { Dialog } from '../ui/dialog';
import { Field, Select, words } from '../ui/forms';
import { DataTable, still } from '../ui/table';
import type { Column } from '../ui/table';
import { PeopleTabs } from '../ui/tabs';

const columns = (policy: Policy | null, onEdit: (row: Entry) => void): Column<Entry>[] => [
    { id: 'name', title: t('zone'), cell: (row) => text(row, 'name'), text: (row) => text(row, 'name') },
    { id: 'patterns', title: t('zones.patterns'), cell: (row) => <Words of={list(row, 'patterns')} />, text: (row) => list(row, 'patterns').join(' ') },
    { id: 'principals', title: t('cert.principals'), cell: (row) => text(row, 'principals') || 'role', text: (row) => text(row, 'principals') || 'role' },
    {
        id: 'roles',
        title: t('roles.title'),
        cell: (row) => <Words of={(policy?.document.roles ?? []).filter((role) => text(role, 'zone') === text(row, 'name')).map((role) => text(role, 'name'))} />,
        text: (row) => String((policy?.document.roles ?? []).filter((role) => text(role, 'zone') === text(row, 'name')).length),
    },
    {
        id: 'do',
        title: '',
        cell: (row) =>
            mayAdminister.value ? (
                <button type="button" class="small outline" onClick={() => onEdit(row)}>
                    {t('edit')}
                    <span class="hidden"> {text(row, 'name')}</span>
                </button>
            ) : (
                ''
            ),
        text: () => '',
    },
];

function Edit({ policy, entry, onClose, onText }: { policy: Policy; entry: Entry | null; onClose: () => void; onText: (text: string) => void }): JSX.Element {
    const [name, setName] = useState(text(entry ?? {}, 'name'));
    const [patterns, setPatterns] = useState(list(entry ?? {}, 'patterns').join('\n'));
    const [principals, setPrincipals] = useState(text(entry ?? {}, 'principals') || 'role');
    const submit = (event: Event): void => {
        event.preventDefault();
        const { principals: _old, ...rest } = entry ?? {};
        const next: Entry = { ...rest, name: name.trim(), patterns: words(patterns), ...(principals === 'login' ? { principals } : {}) };
        onText(writePolicy(withEntry(policy.document, 'zones', name.trim(), next)));
    };
    return (
        <Dialog title={entry ? name : t('zones.add')} onClose={onClose}>
            <form onSubmit={submit}>
                {!entry && <Field label={t('zone')} value={name} onInput={setName} help={t('name.help')} required maxLength={64} autofocus />}
                <Field label={t('zones.patterns')} value={patterns} onInput={setPatterns} help={t('zones.patterns.help')} rows={4} isCode required />
                <Select
                    label={t('cert.principals')}
                    value={principals}
                    options={[
                        ['role', t('zones.by-role')],
                        ['login', t('zones.by-login')],
                    ]}
                    onInput={setPrincipals}
                />
                <footer>
                    {entry && (
                        <button type="button" class="danger outline" onClick={() => onText(writePolicy(withEntry(policy.document, 'zones', name, null)))}>
                            {t('remove')}
                        </button>
                    )}
                    <button type="submit" disabled={name.trim() === '' || words(patterns).length === 0}>
                        {t('change.preview')}
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}

export function ZonesPage(): JSX.Element {
    const policy = usePolicy();
    const [edited, setEdited] = useState<Entry | 'new' | null>(null);
    const [change, setChange] = useState<string | null>(null);
    return (
        <>
            <Heading title={t('zones.title')}>
                {mayAdminister.value && (
                    <button type="button" onClick={() => setEdited('new')}>
                        {t('zones.add')}
                    </button>
                )}
            </Heading>
            <PeopleTabs />
            <DataTable
                caption={t('zones.title')}
                columns={columns(policy.data, setEdited)}
                rows={still(policy.data?.document.zones ?? null, policy)}
                rowKey={(row) => text(row, 'name')}
                file="zones"
                cli="vouch zone ls"
                empty={
                    <Empty title={t('zones.none')}>
                        <p>{t('zones.none.text')}</p>
                    </Empty>
                }
            />
            {policy.data && edited && !change && <Edit policy={policy.data} entry={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onText={setChange} />}
            {change !== null && policy.data && (
                <ChangeDialog
                    text={change}
                    version={policy.data.version}
                    onClose={() => setChange(null)}
                    onDone={() => {
                        setEdited(null);
                        policy.reload();
                    }}
                />
            )}
        </>
    );
}
