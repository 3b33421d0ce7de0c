// SPDX-License-Identifier: ISC
// The state of the service: what it is, whether it answers, how far its record has come, and where figures and
// backups come from.
import type { JSX } from 'preact';
import { get } from '../api';
import { count, moment } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import type { Status } from '../types';
import { Badge, Cli, Fact, Heading, Loading, Note, Snippet } from '../ui/bits';
import { useEvery, useGet, useLoad } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { SettingsTabs } from '../ui/tabs';

interface Clock {
    offset: number; // the server's before the browser's, in seconds
}

async function clock(): Promise<Clock> {
    const before = Date.now();
    const answer = await fetch('/healthz', { cache: 'no-store' });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    return { offset: Math.round((theirs - (before + Date.now()) / 2) / 1000) };
}

function Health(): JSX.Element {
    const ready = useLoad('ready', () => get<{ status: string }>('/readyz'));
    const time = useLoad('clock', clock);
    useEvery(10, ready.reload);
    return (
        <>
            <Fact name={t('settings.ready')}>
                <Badge tone={ready.data ? 'good' : ready.problem ? 'bad' : 'quiet'}>{t(ready.data ? 'settings.ready.yes' : ready.problem ? 'settings.ready.no' : 'loading')}</Badge>
            </Fact>
            <Fact name={t('settings.clock')}>{time.data && (Math.abs(time.data.offset) < 3 ? t('settings.clock.same') : t('settings.clock.off', { n: time.data.offset }))}</Fact>
        </>
    );
}

export function SettingsPage(): JSX.Element {
    const status = useGet<Status>('/v1/status');
    useLive(10, status.reload);
    const found = status.data;
    return (
        <>
            <Heading title={t('nav.settings')} />
            <SettingsTabs />
            <ProblemBox problem={status.problem} onRetry={status.reload} />
            {status.isLoading && !found && <Loading />}
            {found && (
                <dl class="facts">
                    <Fact name={t('settings.version')}>{found.version}</Fact>
                    <Health />
                    <Fact name={t('settings.issued')}>{count(found.issued)}</Fact>
                    <Fact name={t('settings.refused')}>{count(found.refused)}</Fact>
                    <Fact name={t('settings.revoked')}>{count(found.revoked)}</Fact>
                    <Fact name={t('settings.ledger')}>{t('settings.ledger.text', { all: found.ledger_size, signed: found.checkpoint_size, indexed: found.indexed })}</Fact>
                    <Fact name={t('settings.epoch')}>{found.epoch}</Fact>
                    <Fact name={t('cert.serial')}>{found.serial}</Fact>
                    <Fact name={t('settings.at')}>{moment(new Date(status.at).toISOString())}</Fact>
                </dl>
            )}
            <section>
                <h2>{t('settings.metrics')}</h2>
                <p>{t('settings.metrics.text')}</p>
                <Snippet text={`curl -H "Authorization: Bearer $TOKEN" ${location.origin}/metrics`} />
            </section>
            <section>
                <h2>{t('settings.backup')}</h2>
                <Note tone="info">{t('settings.backup.text')}</Note>
                <Snippet text={'vouch backup new --local /var/lib/vouchd /var/backups/vouchd-today\nvouch backup verify /var/backups/vouchd-today'} />
            </section>
            <section>
                <h2>{t('settings.config')}</h2>
                <p>{t('settings.config.text')}</p>
                <Snippet text="man 5 vouchd.yaml" />
            </section>
            <Cli command="vouch server show" />
        </>
    );
}
