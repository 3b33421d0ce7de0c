// SPDX-License-Identifier: ISC
// Revocation: the lists, whether they arrived at every host, what was revoked and why, and revoking more.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { t, word } from '../i18n';
import { useLive } from '../live';
import { Swarm } from '../pictures/swarm';
import { mayAdminister } from '../session';
import type { Ca, KrlStatus, Revocation } from '../types';
import { Code, Empty, Fact, Heading, Moment, Note } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Field, Select } from '../ui/forms';
import { useEvery, useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';

type Kind = 'serial' | 'key_id' | 'fingerprint' | 'public_key' | 'ca';

const columns = (): Column<Revocation>[] => [
    { id: 'record', title: t('audit.record'), cell: (row) => row.record, text: (row) => row.record, number: (row) => Number(row.record) },
    { id: 'kind', title: t('revocation.what'), cell: (row) => word('revocation', row.kind), text: (row) => word('revocation', row.kind) },
    { id: 'value', title: t('revocation.value'), cell: (row) => (row.kind === 'serial' ? <a href={`/certs/${row.value}`}>{row.value}</a> : <Code>{row.value}</Code>), text: (row) => row.value },
    { id: 'reason', title: t('reason'), cell: (row) => <span class="pre">{row.reason}</span>, text: (row) => row.reason },
    { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor, text: (row) => row.actor },
    { id: 'at', title: t('time'), cell: (row) => <Moment at={row.at} />, text: (row) => row.at },
    { id: 'until', title: t('revocation.until'), cell: (row) => (row.until ? <Moment at={row.until} /> : t('revocation.always')), text: (row) => row.until ?? '' },
];

function Revoke({ ca, onClose, onDone }: { ca: Ca | null; onClose: () => void; onDone: () => void }): JSX.Element {
    const [kind, setKind] = useState<Kind>('serial');
    const [value, setValue] = useState('');
    const isCa = kind === 'ca';
    const work = async (reason: string): Promise<void> => {
        if (value.trim() !== '') {
            await post('/v1/revocations', { [kind]: value.trim(), reason });
            onDone();
        }
    };
    return (
        <Confirm title={t('revoke.title')} action={t('revoke')} asksReason="required" onClose={onClose} onConfirm={work} {...(isCa && ca ? { typed: ca.name } : {})}>
            <Select
                label={t('revocation.what')}
                value={kind}
                options={(['serial', 'key_id', 'fingerprint', 'public_key', 'ca'] as const).map((one) => [one, word('revocation', one)] as const)}
                onInput={(next) => setKind(next as Kind)}
            />
            <Field label={t('revocation.value')} value={value} onInput={setValue} required isCode help={word('revocation.help', kind)} />
            {isCa && <Note tone="bad">{t('revocation.ca-warning')}</Note>}
            <Note tone="warn">{t('revoke.running')}</Note>
        </Confirm>
    );
}

function Lists({ ca }: { ca: Ca }): JSX.Element {
    return (
        <dl class="facts">
            {(['user', 'host'] as const).map((kind) => (
                <Fact key={kind} name={t(kind === 'user' ? 'krl.user' : 'krl.host')}>
                    {t('krl.version')} {ca.krls[kind].version} · <Moment at={ca.krls[kind].generated} relative /> ·{' '}
                    <a href={`/v1/krls/${kind}`} download={`${kind}.krl`}>
                        {t('krl.get')}
                    </a>
                </Fact>
            ))}
        </dl>
    );
}

export function RevocationPage(): JSX.Element {
    const ca = useGet<Ca>('/v1/ca');
    const status = useGet<KrlStatus>('/v1/krls/status?limit=200');
    const rows = useRows<Revocation>('/v1/revocations?limit=100');
    const [isOpen, setOpen] = useState(false);
    useLive(4, status.reload);
    useEvery(4, status.reload); // what hosts have, they report
    const done = (): void => [ca, status, rows].forEach((one) => one.reload());
    return (
        <>
            <Heading title={t('nav.revocation')}>
                {mayAdminister.value && (
                    <button type="button" class="danger" onClick={() => setOpen(true)}>
                        {t('revocation.new')}
                    </button>
                )}
            </Heading>
            <ProblemBox problem={ca.problem ?? status.problem} />
            {ca.data && <Lists ca={ca.data} />}
            <div aria-live="polite">{status.data && (status.data.hosts > 0 ? <Swarm status={status.data} /> : <Empty title={t('swarm.none')} />)}</div>
            <section>
                <h2>{t('revocation.history')}</h2>
                <DataTable
                    caption={t('revocation.history')}
                    columns={columns()}
                    rows={rows}
                    rowKey={(row) => row.record}
                    file="revocations"
                    cli="vouch krl revocations"
                    empty={
                        <Empty title={t('revocation.none')}>
                            <p>{t('revocation.none.text')}</p>
                        </Empty>
                    }
                />
            </section>
            {isOpen && <Revoke ca={ca.data} onClose={() => setOpen(false)} onDone={done} />}
        </>
    );
}
