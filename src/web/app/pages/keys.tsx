// SPDX-License-Identifier: ISC
// One's own keys, as one's certificates know them, and where one is signed in: what to look at when a
// machine was lost.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { stateOf } from '../certs';
import { t } from '../i18n';
import { withQuery } from '../router';
import { me } from '../session';
import type { Cert, Login } from '../types';
import { Badge, Code, Empty, Heading, Moment, Note, Words } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { useRows } from '../ui/load';
import { SignIns } from '../ui/sign-ins';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';

interface Key {
    fingerprint: string;
    certs: Cert[]; // newest first
    valid: Cert[]; // of these
    login: Login | undefined; // the last one
}

function keysOf(certs: Cert[], logins: Login[]): Key[] {
    const found = new Map<string, Cert[]>();
    for (const cert of certs) {
        found.set(cert.fingerprint, [...(found.get(cert.fingerprint) ?? []), cert]);
    }
    return [...found].map(([fingerprint, own]) => {
        const serials = new Set(own.map((cert) => cert.serial));
        return {
            fingerprint,
            certs: own,
            valid: own.filter((cert) => ['valid', 'early'].includes(stateOf(cert))),
            login: logins.find((login) => login.serial !== null && serials.has(login.serial)),
        };
    });
}

const sources = (key: Key): string[] => [...new Set(key.certs.map((cert) => cert.source).filter(Boolean))];

const columns = (onLost: (key: Key) => void): Column<Key>[] => [
    { id: 'fingerprint', title: t('fingerprint'), cell: (row) => <Code>{row.fingerprint}</Code>, text: (row) => row.fingerprint },
    { id: 'valid', title: t('state'), cell: (row) => <Badge tone={row.valid.length > 0 ? 'good' : 'quiet'}>{t('keys.valid', { n: row.valid.length })}</Badge>, text: (row) => String(row.valid.length), number: (row) => row.valid.length },
    { id: 'certs', title: t('keys.certs'), cell: (row) => <a href={withQuery('/certs', { fingerprint: row.fingerprint })}>{row.certs.length}</a>, text: (row) => String(row.certs.length), number: (row) => row.certs.length },
    { id: 'source', title: t('keys.from'), cell: (row) => <Words of={sources(row)} />, text: (row) => sources(row).join(' ') },
    { id: 'issued', title: t('keys.issued'), cell: (row) => <Moment at={row.certs[0]?.issued} relative />, text: (row) => row.certs[0]?.issued ?? '' },
    { id: 'used', title: t('cert.used'), cell: (row) => (row.login ? <Moment at={row.login.time} relative /> : '–'), text: (row) => row.login?.time ?? '' },
    {
        id: 'do',
        title: '',
        cell: (row) =>
            row.valid.length > 0 && (
                <button type="button" class="small outline danger" onClick={() => onLost(row)}>
                    {t('keys.lost')}
                    <span class="hidden"> {row.fingerprint}</span>
                </button>
            ),
        text: () => '',
    },
];

// One may take back one's own certificates, by serial; closing out a key for good is an administrator's.
function Lost({ lost, onClose, onDone }: { lost: Key; onClose: () => void; onDone: () => void }): JSX.Element {
    const revoke = async (reason: string): Promise<void> => {
        for (const cert of lost.valid) {
            await post('/v1/revocations', { serial: cert.serial, reason });
        }
        onDone();
    };
    return (
        <Confirm title={t('keys.lost.title')} action={t('revoke')} asksReason="required" onClose={onClose} onConfirm={revoke}>
            <p>{t('keys.lost.text', { n: lost.valid.length })}</p>
            <p>
                <Code>{lost.fingerprint}</Code>
            </p>
            <Note tone="info">{t('keys.lost.for-good')}</Note>
        </Confirm>
    );
}

export function KeysPage(): JSX.Element {
    const own = `user:${me.value?.user ?? ''}`;
    const certs = useRows<Cert>(withQuery('/v1/certs', { limit: 100, actor: own, type: 'user' }));
    const logins = useRows<Login>(withQuery('/v1/logins', { user: me.value?.user, outcome: 'accepted', limit: 100 }));
    const [lost, setLost] = useState<Key | null>(null);
    return (
        <>
            <Heading title={t('nav.keys')} />
            <section>
                <h2>{t('keys.title')}</h2>
                <DataTable
                    caption={t('keys.caption')}
                    columns={columns(setLost)}
                    rows={{ ...certs, data: certs.data && keysOf(certs.data, logins.data ?? []) }}
                    rowKey={(row) => row.fingerprint}
                    file="keys"
                    cli={`vouch cert ls --actor ${own} --type user`}
                    empty={
                        <Empty title={t('keys.none')}>
                            <p>
                                <a href="/new">{t('certs.none.text')}</a>
                            </p>
                        </Empty>
                    }
                />
            </section>
            <SignIns />
            <p>
                <a href="/profile">{t('keys.passkeys')}</a>
            </p>
            {lost && <Lost lost={lost} onClose={() => setLost(null)} onDone={certs.reload} />}
        </>
    );
}
