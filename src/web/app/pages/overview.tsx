// SPDX-License-Identifier: ISC
// Overview: what needs attention, the figures, what was issued, what ends next, and how the hosts are.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { all, get } from '../api';
import { ago, count, duration } from '../format';
import { endOf, healthOf } from '../hosts';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { readPolicy } from '../policy';
import type { Policy } from '../policy';
import { list, text } from '../policy-text';
import { Honeycomb } from '../pictures/honeycomb';
import { Ends } from '../pictures/runway';
import { Timeline } from '../pictures/timeline';
import type { Happened } from '../pictures/timeline';
import { endingSeals, loadEndingSeals } from '../reviews';
import { go, query, setQuery, withQuery } from '../router';
import { mayAdminister } from '../session';
import type { Account, Cert, FleetHost, Login, Page, Summary, SummaryRow } from '../types';
import { Badge, Cli, Heading, Loading } from '../ui/bits';
import type { Tone } from '../ui/bits';
import { useEvery, useLoad } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { waiting } from '../waiting';

interface Facts {
    summary: Summary; // of everything; the rest is what is shown one by one
    people: Cert[];
    alarms: Login[];
    fleet: FleetHost[];
    policy: Policy;
    accounts: Account[];
}

const MOST = 2000;

async function load(seconds: number, signal: AbortSignal): Promise<Facts> {
    const from = new Date(Math.floor(Date.now() / 1000) * 1000 - seconds * 1000).toISOString();
    const [summary, people, alarms, fleet, policy, accounts] = await Promise.all([
        get<Summary>(withQuery('/v1/summary', { hours: seconds / 3600 }), signal),
        get<Page<Cert>>('/v1/certs?type=user&limit=1', signal),
        get<Page<Login>>(withQuery('/v1/logins', { alarms: 'true', outcome: 'refused', from, limit: 50 }), signal),
        all<FleetHost>('/v1/fleet', 5000, signal),
        readPolicy(),
        mayAdminister.value ? all<Account>('/v1/accounts', MOST, signal) : Promise.resolve([]),
    ]);
    return { summary, people: people.items, alarms: alarms.items, fleet, policy, accounts };
}

function Tile({ title, value, about, href, tone }: { title: string; value: string; about: string; href: string; tone: Tone }): JSX.Element {
    return (
        <a class={`tile ${tone}`} href={href}>
            <span class="tile-title">{title}</span>
            <strong>{value}</strong>
            <span class="quiet">{about}</span>
        </a>
    );
}

function Tiles({ facts }: { facts: Facts }): JSX.Element {
    const { certs, hosts, krl, logins_refused: refused } = facts.summary;
    const late = krl.hosts - krl.current;
    return (
        <div class="tiles">
            <Tile title={t('overview.valid')} value={count(certs.valid)} about={t('overview.valid.text')} href="/certs?whose=all&when=now" tone="info" />
            <Tile title={t('overview.hosts')} value={`${count(hosts.ok)} / ${count(hosts.active)}`} about={t('overview.hosts.text')} href="/hosts" tone={hosts.ok === hosts.active ? 'good' : 'warn'} />
            <Tile title={t('overview.requests')} value={count(waiting.value)} about={t('overview.requests.text')} href="/requests?which=to-decide" tone={waiting.value > 0 ? 'warn' : 'good'} />
            <Tile title={t('overview.refused')} value={count(refused.count)} about={t('overview.refused.text')} href="/logins?outcome=refused" tone={refused.count > 0 ? 'warn' : 'good'} />
            <Tile title={t('overview.krl')} value={count(late)} about={t('overview.krl.text')} href="/revocation" tone={late > 0 ? 'warn' : 'good'} />
            <Tile title={t('overview.next')} value={certs.next_end ? ago(certs.next_end) : '–'} about={t('overview.next.text')} href="/certs?whose=all&when=now" tone="info" />
        </div>
    );
}

interface Need {
    tone: Tone;
    text: string;
    href: string;
}

const RENEW_S = 5 * 86400;

function needsOf(facts: Facts): Need[] {
    const krl = facts.summary.krl.version;
    const needs: Need[] = [];
    const admins = facts.accounts.filter((account) => account.closed).map((account): Need => ({ tone: 'warn', text: t('need.closed', { user: account.user }), href: `/users/${encodeURIComponent(account.user)}` }));
    for (const host of facts.fleet) {
        const health = healthOf(host, krl);
        const href = `/hosts/${encodeURIComponent(host.name)}`;
        const end = endOf(host);
        if (health === 'waiting') {
            needs.push({ tone: 'info', text: t('need.adopt', { host: host.name }), href: '/enrolment' });
        } else if (health === 'critical' || health === 'locked') {
            needs.push({ tone: 'bad', text: `${host.name}: ${host.problems.join('; ') || host.why || word('health', health)}`, href });
        } else if (health !== 'ok') {
            needs.push({ tone: 'warn', text: `${host.name}: ${host.problems.join('; ') || word('health', health)}`, href });
        }
        if (host.state === 'active' && end && (Date.parse(end) - Date.now()) / 1000 < RENEW_S) {
            needs.push({ tone: 'bad', text: t('need.renew', { host: host.name, span: duration((Date.parse(end) - Date.now()) / 1000) }), href });
        }
    }
    for (const login of facts.alarms) {
        needs.push({ tone: 'bad', text: `${login.login}@${login.host}: ${login.alarm}`, href: withQuery('/logins', { host: login.host, alarms: 'true' }) });
    }
    for (const seal of endingSeals.value) {
        needs.push({ tone: 'warn', text: t('need.seal', { user: seal.holder, time: seal.ends ? ago(seal.ends) : '' }), href: '/break-glass' });
    }
    const order: Tone[] = ['bad', 'warn', 'info'];
    return [...needs, ...admins].sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
}

function Attention({ facts }: { facts: Facts }): JSX.Element {
    const needs = needsOf(facts);
    return (
        <section>
            <h2>{t('overview.attention')}</h2>
            {needs.length === 0 ? (
                <p>
                    <Badge tone="good">{t('overview.nothing')}</Badge>
                </p>
            ) : (
                <ul class="plain">
                    {needs.slice(0, 12).map((need, i) => (
                        <li key={i}>
                            <Badge tone={need.tone}>{word('tone', need.tone)}</Badge> <a href={need.href}>{need.text}</a>
                        </li>
                    ))}
                </ul>
            )}
            {needs.length > 12 && <p class="quiet">{t('overview.more', { n: needs.length - 12 })}</p>}
        </section>
    );
}

// What a new authority still lacks; gone when all is there.
function Start({ facts }: { facts: Facts }): JSX.Element | null {
    const admins = (facts.policy.document.groups ?? []).find((group) => text(group, 'name') === 'vouch-admins');
    const isSetUp = (account: Account): boolean => (account.password && account.totp) || (account.passkeys ?? 0) > 0;
    const administrators = facts.accounts.filter((account) => isSetUp(account) && list(admins ?? {}, 'members').includes(account.user)).length;
    const steps: [boolean, string, string][] = [
        [(facts.policy.document.zones ?? []).length > 0, t('start.zone'), '/zones'],
        [facts.fleet.some((host) => host.state === 'active'), t('start.host'), '/enrolment'],
        [facts.people.length > 0, t('start.login'), '/new'],
        [administrators > 1, t('start.second'), '/users'],
    ];
    if (!mayAdminister.value || steps.every(([isDone]) => isDone)) {
        return null;
    }
    return (
        <section class="card">
            <h2>{t('start.title')}</h2>
            <ul class="plain">
                {steps.map(([isDone, text, href]) => (
                    <li key={href}>
                        <Badge tone={isDone ? 'good' : 'info'}>{t(isDone ? 'start.done' : 'start.open')}</Badge> <a href={href}>{text}</a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

const SPANS: [string, number][] = [
    ['1d', 86400],
    ['7d', 604800],
    ['90d', 7776000],
];

export function OverviewPage(): JSX.Element {
    const span = SPANS.find(([name]) => name === query.value.get('span')) ?? ['1d', 86400];
    const [now, setNow] = useState(Date.now());
    const found = useLoad(`overview ${span[0]}`, (signal) => load(span[1], signal));
    const again = (): void => {
        setNow(Date.now());
        found.reload();
    };
    useEffect(() => void loadEndingSeals().catch(() => undefined), []);
    useLive(30, again);
    useEvery(60, again); // hosts report, and time passes, without the ledger
    const facts = found.data;
    const summary = found.data?.summary;
    const happened = (isRefusal: boolean) => (row: SummaryRow): Happened => ({ at: Date.parse(row.time), kind: row.role, isRefusal, count: row.count });
    const events = summary ? [...summary.issued.map(happened(false)), ...summary.refused.map(happened(true))] : [];
    return (
        <>
            <Heading title={t('nav.overview')}>
                <div role="group" aria-label={t('overview.span')}>
                    {SPANS.map(([name, seconds]) => (
                        <button key={name} type="button" class="small outline" aria-pressed={span[0] === name} onClick={() => setQuery({ span: name === '1d' ? null : name })}>
                            {duration(seconds)}
                        </button>
                    ))}
                </div>
            </Heading>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !facts && <Loading />}
            {facts && (
                <>
                    <Tiles facts={facts} />
                    <Start facts={facts} />
                    <Attention facts={facts} />
                    <Timeline title={t('overview.issued')} events={events} from={Date.parse(facts.summary.from)} until={now} onPick={(from, until) => go(withQuery('/audit', { from: new Date(from).toISOString(), until: new Date(until).toISOString() }))} />
                    <Ends valid={facts.summary.ending} total={facts.summary.certs.valid} />
                    <Honeycomb hosts={facts.fleet} krl={facts.summary.krl.version} />
                    <p class="quiet">{t('as-of', { time: ago(new Date(found.at).toISOString()) })}</p>
                    <Cli command="vouch audit tail" />
                </>
            )}
        </>
    );
}
