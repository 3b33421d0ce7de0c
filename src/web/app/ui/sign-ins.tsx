// SPDX-License-Identifier: ISC
// Where somebody is signed in, and ending that.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { remove } from '../api';
import { t } from '../i18n';
import { session } from '../session';
import type { SignIn } from '../types';
import { Badge, Empty, Moment } from './bits';
import { Confirm } from './dialog';
import { useRows } from './load';
import { DataTable } from './table';
import type { Column } from './table';

function Since({ row }: { row: SignIn }): JSX.Element {
    return (
        <>
            <Moment at={row.created} /> {row.id === session.value?.id && <Badge tone="info">{t('signins.this')}</Badge>}
        </>
    );
}

const signInColumns = (onEnd: (row: SignIn) => void): Column<SignIn>[] => [
    { id: 'created', title: t('signins.since'), cell: (row) => <Since row={row} />, text: (row) => row.created ?? '' },
    { id: 'source', title: t('cert.source'), cell: (row) => row.source, text: (row) => row.source },
    { id: 'client', title: t('signins.client'), cell: (row) => row.client ?? '–', text: (row) => row.client ?? '' },
    { id: 'methods', title: t('profile.methods'), cell: (row) => row.methods, text: (row) => row.methods },
    { id: 'used', title: t('signins.used'), cell: (row) => <Moment at={row.used} relative />, text: (row) => row.used ?? '' },
    { id: 'ends', title: t('profile.ends'), cell: (row) => <Moment at={row.ends} />, text: (row) => row.ends ?? '' },
    {
        id: 'do',
        title: '',
        cell: (row) => (
            <button type="button" class="small outline danger" onClick={() => onEnd(row)}>
                {t('signins.end')}
                <span class="hidden"> {row.id}</span>
            </button>
        ),
        text: () => '',
    },
];

export function SignIns({ user }: { user?: string }): JSX.Element {
    const rows = useRows<SignIn>(user ? `/v1/sessions?user=${encodeURIComponent(user)}&limit=100` : '/v1/sessions?limit=100');
    const [ending, setEnding] = useState<SignIn | 'all' | null>(null);
    const end = async (): Promise<void> => {
        await remove(ending === 'all' ? `/v1/sessions${user ? `?user=${encodeURIComponent(user)}` : ''}` : `/v1/sessions/${(ending as SignIn).id}`);
        rows.reload();
    };
    return (
        <section>
            <h2>{t('signins.title')}</h2>
            <DataTable
                caption={t('signins.title')}
                columns={signInColumns(setEnding)}
                rows={rows}
                rowKey={(row) => row.id}
                file="sign-ins"
                empty={<Empty title={t('signins.none')} />}
                {...(user ? { cli: `vouch user sessions ${user}` } : {})}
            />
            <button type="button" class="outline danger" onClick={() => setEnding('all')}>
                {t('signins.end-all')}
            </button>
            {ending && (
                <Confirm title={t('signins.end')} action={t('signins.end')} onClose={() => setEnding(null)} onConfirm={end}>
                    <p>{t(ending === 'all' ? 'signins.end-all.text' : 'signins.end.text')}</p>
                </Confirm>
            )}
        </section>
    );
}
