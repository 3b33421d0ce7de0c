// SPDX-License-Identifier: ISC
// The state of the service: what it is, whether it answers, how far its record has come, and where figures and
// backups come from.
import type { JSX } from 'preact';
import { get } from '../api';
import { backupText, backupTone } from '../backups';
import { ago, count, moment, secondsUntil, size } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import type { Status } from '../types';
import { Badge, Cli, Fact, Heading, Loading, Moment, Note, Snippet } from '../ui/bits';
import type { Tone } from '../ui/bits';
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

const DISK_SHARE = 0.1; // of the disk that should be free
const TLS_S = 14 * 86400;

function Disk({ status }: { status: Status }): JSX.Element {
    const share = status.disk_bytes > 0 ? status.disk_free / status.disk_bytes : 0;
    return (
        <Fact name={t('settings.disk')}>
            {status.disk_bytes > 0 && <Badge tone={share < DISK_SHARE ? 'bad' : 'good'}>{t('settings.disk.text', { free: size(status.disk_free), all: size(status.disk_bytes) })}</Badge>}
        </Fact>
    );
}

function tlsTone(ends: string): Tone {
    const left = secondsUntil(ends);
    return left < 0 ? 'bad' : left < TLS_S ? 'warn' : 'good';
}

function Tls({ ends }: { ends: string | null }): JSX.Element | null {
    if (!ends) {
        return null;
    }
    return (
        <Fact name={t('settings.tls')}>
            <Badge tone={tlsTone(ends)}>{t(secondsUntil(ends) < 0 ? 'settings.tls.over' : 'settings.tls.ends', { ago: ago(ends) })}</Badge> <Moment at={ends} />
        </Fact>
    );
}

function Backups({ status }: { status: Status }): JSX.Element {
    const tone = backupTone(status);
    return (
        <section>
            <h2>{t('settings.backup')}</h2>
            <Note tone={tone}>{backupText(status)}</Note>
            <dl class="facts">
                <Fact name={t('backup.newest')}>
                    <Moment at={status.backup_made} />
                    {status.backup_made && ` · ${t('backup.size', { size: size(status.backup_bytes), records: status.backup_records })}`}
                </Fact>
                <Fact name={t('backup.verified')}>
                    <Moment at={status.backup_verified} />
                </Fact>
                <Fact name={t('backup.whole')}>
                    <Moment at={status.backup_whole} />
                </Fact>
            </dl>
            <p>{t('settings.backup.text')}</p>
            <Snippet text={'vouch backup new /var/lib/vouch --out /backup/vouch-today\nvouch backup verify /backup/vouch-today --local /var/lib/vouch'} />
            <p>
                <a href="/audit?type=backup.made">{t('backup.history')}</a>
            </p>
        </section>
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
                    <Disk status={found} />
                    <Tls ends={found.tls_ends} />
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
            {found && <Backups status={found} />}
            <section>
                <h2>{t('settings.config')}</h2>
                <p>{t('settings.config.text')}</p>
                <Snippet text="man 5 vouchd.yaml" />
            </section>
            <Cli command="vouch server show" />
        </>
    );
}
