// SPDX-License-Identifier: ISC
// Certificates: one's own, and for those who may see them everybody's.
import type { JSX } from 'preact';
import { stateOf, TONES } from '../certs';
import { moment } from '../format';
import { t, word } from '../i18n';
import { query, setQuery, withQuery } from '../router';
import { mayRead, me } from '../session';
import type { Cert, Login } from '../types';
import { Badge, Code, Empty, Heading, Moment, Words } from '../ui/bits';
import { useRows } from '../ui/load';
import { RevokeButton } from '../ui/revoke';
import { Runway } from '../pictures/runway';
import { DataTable } from '../ui/table';
import type { Column, Filter } from '../ui/table';

// Where it was last used, as far as hosts have reported.
function Used({ login }: { login: Login | undefined }): JSX.Element {
    return login ? (
        <>
            <Moment at={login.time} relative />{' '}
            <code>
                {login.login}@{login.host}
            </code>
        </>
    ) : (
        <>–</>
    );
}

function columns(isAll: boolean, logins: Login[], reload: () => void): Column<Cert>[] {
    const last = (row: Cert): Login | undefined => logins.find((login) => login.serial === row.serial);
    const whose: Column<Cert>[] = [{ id: 'actor', title: t('cert.actor'), cell: (row) => row.actor, text: (row) => row.actor }];
    return [
        { id: 'serial', title: t('cert.serial'), cell: (row) => <a href={`/certs/${row.serial}`}>{row.serial}</a>, text: (row) => row.serial, number: (row) => Number(row.record) },
        { id: 'state', title: t('state'), cell: (row) => <Badge tone={TONES[stateOf(row)]}>{word('cert', stateOf(row))}</Badge>, text: (row) => word('cert', stateOf(row)) },
        { id: 'key_id', title: t('cert.key-id'), cell: (row) => row.key_id, text: (row) => row.key_id },
        ...(isAll ? whose : []),
        { id: 'role', title: t('cert.role'), cell: (row) => row.role || '–', text: (row) => row.role },
        { id: 'principals', title: t('cert.principals'), cell: (row) => <Words of={row.principals} />, text: (row) => row.principals.join(' ') },
        { id: 'until', title: t('cert.until'), cell: (row) => <Moment at={row.valid_before} />, text: (row) => row.valid_before ?? '', number: (row) => Date.parse(row.valid_before ?? '') || 0 },
        { id: 'used', title: t('cert.used'), cell: (row) => <Used login={last(row)} />, text: (row) => last(row)?.time ?? '' },
        { id: 'fingerprint', title: t('fingerprint'), cell: (row) => <Code>{row.fingerprint}</Code>, text: (row) => row.fingerprint },
        { id: 'issued', title: t('cert.issued'), cell: (row) => <Moment at={row.issued} relative />, text: (row) => row.issued },
        { id: 'do', title: '', cell: (row) => (stateOf(row) === 'valid' ? <RevokeButton cert={row} onDone={reload} /> : ''), text: () => '' },
    ];
}

const filters = (isAll: boolean): Filter[] => [
    {
        name: 'type',
        label: t('cert.type'),
        options: [
            ['user', t('cert.type.user')],
            ['host', t('cert.type.host')],
        ],
    },
    { name: 'when', label: t('cert.when'), options: [['now', t('cert.when.now')]] },
    ...(isAll ? [{ name: 'actor', label: t('cert.actor') }, { name: 'principal', label: t('cert.principal') }] : []),
    { name: 'fingerprint', label: t('fingerprint') },
];

function command(isAll: boolean, actor: string): string {
    const q = query.value;
    const option = (name: string, key: string): string => (q.get(key) ? ` --${name} '${q.get(key)}'` : '');
    return `vouch cert ls${isAll ? option('actor', 'actor') : ` --actor ${actor}`}${option('type', 'type')}${option('principal', 'principal')}${option('fingerprint', 'fingerprint')}${q.get('when') ? ' --valid-at now' : ''}`;
}

export function CertsPage(): JSX.Element {
    const q = query.value;
    const isAll = mayRead.value && q.get('whose') === 'all';
    const own = `user:${me.value?.user ?? ''}`;
    const now = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
    const path = withQuery('/v1/certs', {
        limit: 100,
        actor: isAll ? q.get('actor') : own,
        type: q.get('type'),
        principal: q.get('principal'),
        fingerprint: q.get('fingerprint'),
        valid_at: q.get('when') === 'now' ? now : null,
    });
    const rows = useRows<Cert>(path);
    const logins = useRows<Login>(withQuery('/v1/logins', { user: isAll ? null : me.value?.user, outcome: 'accepted', limit: 100 }));
    return (
        <>
            <Heading title={t(isAll ? 'certs.all' : 'nav.certs')}>
                {mayRead.value && (
                    <div role="group" aria-label={t('certs.whose')}>
                        <button type="button" class="small outline" aria-pressed={!isAll} onClick={() => setQuery({ whose: null })}>
                            {t('certs.mine')}
                        </button>
                        <button type="button" class="small outline" aria-pressed={isAll} onClick={() => setQuery({ whose: 'all' })}>
                            {t('certs.everybody')}
                        </button>
                    </div>
                )}
                <a role="button" href="/new">
                    {t('nav.new')}
                </a>
            </Heading>
            {rows.data && <Runway certs={rows.data} />}
            <DataTable
                caption={t(isAll ? 'certs.all' : 'nav.certs')}
                columns={columns(isAll, logins.data ?? [], rows.reload)}
                rows={rows}
                rowKey={(row) => row.serial}
                filters={filters(isAll)}
                file="certificates"
                cli={command(isAll, own)}
                empty={
                    <Empty title={t('certs.none')}>
                        <p>
                            <a href="/new">{t('certs.none.text')}</a>
                        </p>
                    </Empty>
                }
            />
            <p class="quiet">{t('certs.as-of', { time: rows.at ? moment(new Date(rows.at).toISOString()) : '–' })}</p>
        </>
    );
}
