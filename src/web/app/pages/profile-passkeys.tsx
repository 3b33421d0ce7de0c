// SPDX-License-Identifier: ISC
// One's passkeys: adding, naming, removing. Where the browser or the server's address cannot, it is said why.
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { remove } from '../api';
import { t } from '../i18n';
import { passkeyNew } from '../passkeys';
import type { Passkey } from '../types';
import { Cli, Empty, Moment, Note } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Field } from '../ui/forms';
import { useAction, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';

const columns = (onRemove: (row: Passkey) => void): Column<Passkey>[] => [
    { id: 'name', title: t('passkey.name'), cell: (row) => row.name, text: (row) => row.name },
    { id: 'copied', title: t('passkey.where'), cell: (row) => t(row.may_be_copied ? 'passkey.where.many' : 'passkey.where.one'), text: (row) => t(row.may_be_copied ? 'passkey.where.many' : 'passkey.where.one') },
    { id: 'created', title: t('created'), cell: (row) => <Moment at={row.created} />, text: (row) => row.created ?? '' },
    { id: 'used', title: t('passkey.used'), cell: (row) => <Moment at={row.used} relative />, text: (row) => row.used ?? '' },
    {
        id: 'do',
        title: '',
        cell: (row) => (
            <button type="button" class="small outline danger" onClick={() => onRemove(row)}>
                {t('remove')}
                <span class="hidden"> {row.name}</span>
            </button>
        ),
        text: () => '',
    },
];

function Add({ onDone }: { onDone: () => void }): JSX.Element {
    const [name, setName] = useState('');
    const { run, isBusy, problem } = useAction(async () => {
        await passkeyNew(name.trim());
        setName('');
        onDone();
    });
    // Browsers make no passkeys for bare addresses.
    const isAddress = /^(\d+\.){3}\d+$|^\[/.test(location.hostname);
    if (!browserSupportsWebAuthn() || isAddress) {
        return <Note tone="info">{t(isAddress ? 'passkey.no-address' : 'passkey.no-browser')}</Note>;
    }
    return (
        <form
            class="inline"
            onSubmit={(event) => {
                event.preventDefault();
                void run();
            }}
        >
            <Field label={t('passkey.new-name')} value={name} onInput={setName} maxLength={64} placeholder={t('passkey.example')} />
            <button type="submit" aria-busy={isBusy} disabled={isBusy || name.trim() === ''}>
                {t('passkey.add')}
            </button>
            <ProblemBox problem={problem} />
        </form>
    );
}

export function Passkeys(): JSX.Element {
    const rows = useRows<Passkey>('/v1/account/passkeys');
    const [removing, setRemoving] = useState<Passkey | null>(null);
    return (
        <section>
            <h2>{t('passkey.title')}</h2>
            <p>{t('passkey.text')}</p>
            <DataTable caption={t('passkey.title')} columns={columns(setRemoving)} rows={rows} rowKey={(row) => row.id} empty={<Empty title={t('passkey.none')} />} />
            <Add onDone={rows.reload} />
            <Cli command="vouch passkey ls" />
            {removing && (
                <Confirm
                    title={t('passkey.remove')}
                    action={t('remove')}
                    onClose={() => setRemoving(null)}
                    onConfirm={async () => {
                        await remove(`/v1/account/passkeys/${encodeURIComponent(removing.id)}`);
                        rows.reload();
                    }}
                >
                    <p>{t('passkey.remove.text', { name: removing.name })}</p>
                </Confirm>
            )}
        </section>
    );
}
