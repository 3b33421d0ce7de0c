// SPDX-License-Identifier: ISC
// My access: what I reach and how to get there, until when, what I can ask for, and which of my logins were refused.
import type { JSX } from 'preact';
import { stateOf } from '../certs';
import { duration } from '../format';
import { t } from '../i18n';
import { withQuery } from '../router';
import { me } from '../session';
import type { Cert, Login, Me, ReachedHost, RoleView } from '../types';
import { Badge, Cli, Empty, Heading, Loading, Moment, Words } from '../ui/bits';
import { ExplainBox } from '../ui/explain';
import { useRows } from '../ui/load';
import type { Rows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { Ring } from '../ui/ring';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
import { Copy } from '../ui/bits';

function newest(certs: Cert[] | null, roles: RoleView[], zone: string): Cert | null {
    const names = new Set(roles.filter((role) => role.zone === zone).map((role) => role.role));
    const mine = (certs ?? []).filter((cert) => cert.type === 'user' && stateOf(cert) === 'valid' && cert.role.split(',').some((one) => names.has(one)));
    return mine.sort((a, b) => Date.parse(b.valid_before ?? '') - Date.parse(a.valid_before ?? ''))[0] ?? null;
}

function ZoneCard({ zone, who, certs }: { zone: string; who: Me; certs: Cert[] | null }): JSX.Element {
    const roles = who.roles.filter((role) => role.zone === zone);
    const standing = roles.filter((role) => role.approvals === 0);
    const cert = newest(certs, roles, zone);
    return (
        <article class="card">
            <h2>{zone}</h2>
            <p>{cert ? <Ring cert={cert} /> : <Badge tone="quiet">{t('access.no-cert')}</Badge>}</p>
            <p>
                {t('access.roles')}: <Words of={standing.map((role) => role.role)} none={t('access.on-request-only')} />
            </p>
            {cert && (
                <p>
                    <a href={`/certs/${cert.serial}`}>{t('access.show-cert')}</a>
                </p>
            )}
            {standing.length > 0 && (
                <a role="button" class="small" href={withQuery('/new', { zone, role: standing.map((role) => role.role).join(',') })}>
                    {t(cert ? 'access.renew' : 'access.get')}
                </a>
            )}
        </article>
    );
}

function Requestable({ roles }: { roles: RoleView[] }): JSX.Element | null {
    const asked = roles.filter((role) => role.approvals > 0);
    if (asked.length === 0) {
        return null;
    }
    return (
        <section>
            <h2>{t('access.can-request')}</h2>
            <ul class="cards">
                {asked.map((role) => (
                    <li key={`${role.zone}/${role.role}`} class="card">
                        <h3>
                            {role.role} <span class="quiet">{role.zone}</span>
                        </h3>
                        <p>
                            {t('role.as')} <Words of={role.logins} />
                        </p>
                        <p class="quiet">
                            {t('role.up-to', { span: duration(role.ttl_s) })} · {t('role.approvals', { n: role.approvals })}
                        </p>
                        <a role="button" class="small outline" href={withQuery('/new', { zone: role.zone, role: role.role })}>
                            {t('access.request')}
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

const hostColumns = (): Column<ReachedHost>[] => [
    { id: 'host', title: t('host'), cell: (row) => <code>{row.host}</code>, text: (row) => row.host },
    { id: 'zone', title: t('zone'), cell: (row) => row.zone, text: (row) => row.zone },
    { id: 'logins', title: t('host.as'), cell: (row) => <Words of={row.logins} />, text: (row) => row.logins.join(' ') },
    { id: 'roles', title: t('host.by-roles'), cell: (row) => <Words of={row.roles} />, text: (row) => row.roles.join(' ') },
    { id: 'requests', title: t('host.on-request'), cell: (row) => <Words of={row.requests} />, text: (row) => row.requests.join(' ') },
    { id: 'connect', title: t('host.connect'), cell: (row) => <Connect row={row} />, text: (row) => (row.logins[0] ? `ssh ${row.logins[0]}@${row.host}` : '') },
];

function Connect({ row }: { row: ReachedHost }): JSX.Element {
    const login = row.logins[0];
    if (!login) {
        return <span class="quiet">{t('host.first-request')}</span>;
    }
    const command = `ssh ${login}@${row.host}`;
    return (
        <span class="connect">
            <code>{command}</code> <Copy text={command} />
        </span>
    );
}

function Refused({ rows }: { rows: Rows<Login> }): JSX.Element | null {
    if (!rows.data || rows.data.length === 0) {
        return null;
    }
    return (
        <section>
            <h2>{t('access.refused')}</h2>
            <ul class="plain">
                {rows.data.slice(0, 10).map((login) => (
                    <li key={login.id}>
                        <Badge tone="bad">{t('login.refused')}</Badge>{' '}
                        <code>
                            {login.login}@{login.host}
                        </code>{' '}
                        <Moment at={login.time} relative />
                        {login.reason && <>: {login.reason}</>}{' '}
                        <a href={withQuery('/access', { login: login.login, host: login.host })}>{t('explain.why')}</a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function AccessPage(): JSX.Element {
    const who = me.value;
    const hosts = useRows<ReachedHost>('/v1/hosts?limit=200');
    const certs = useRows<Cert>(who ? withQuery('/v1/certs', { actor: `user:${who.user}`, valid_at: new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(), limit: 100 }) : null);
    const refused = useRows<Login>(who ? withQuery('/v1/logins', { user: who.user, outcome: 'refused', limit: 10 }) : null);
    if (!who) {
        return <Loading />;
    }
    const zones = who.zones.map((zone) => zone.name).filter((zone) => who.roles.some((role) => role.zone === zone));
    return (
        <>
            <Heading title={t('nav.access')}>
                <a role="button" href="/new">
                    {t('nav.new')}
                </a>
            </Heading>
            <ProblemBox problem={certs.problem ?? refused.problem} />
            {zones.length === 0 && (
                <Empty title={t('access.none')}>
                    <p>{t('access.none.text', { user: who.user })}</p>
                </Empty>
            )}
            <div class="cards">
                {zones.map((zone) => (
                    <ZoneCard key={zone} zone={zone} who={who} certs={certs.data} />
                ))}
            </div>
            <Refused rows={refused} />
            <ExplainBox />
            <Requestable roles={who.roles} />
            <section>
                <h2>{t('access.hosts')}</h2>
                <DataTable
                    caption={t('access.hosts.caption')}
                    columns={hostColumns()}
                    rows={hosts}
                    rowKey={(row) => row.host}
                    file="hosts"
                    cli="vouch ls"
                    empty={
                        <Empty title={t('access.hosts.none')}>
                            <p>{t('access.hosts.none.text')}</p>
                        </Empty>
                    }
                />
                <Cli command={`vouch login ${location.origin}`} />
            </section>
        </>
    );
}
