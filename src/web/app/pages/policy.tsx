// SPDX-License-Identifier: ISC
// The policy as a text, its versions, what would change before it does, and going back to an earlier one.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { readPolicyText } from '../policy';
import type { PageProps } from '../routes';
import { mayAdminister } from '../session';
import type { PolicyVersion } from '../types';
import { Badge, Cli, Code, Empty, Heading, Loading, Moment, Note } from '../ui/bits';
import { ChangeDialog } from '../ui/change';
import { Field } from '../ui/forms';
import { useLoad, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { save } from '../ui/save';
import { DataTable } from '../ui/table';
import type { Column } from '../ui/table';
import { PeopleTabs } from '../ui/tabs';

const columns = (now: string): Column<PolicyVersion>[] => [
    {
        id: 'version',
        title: t('policy.version'),
        cell: (row) => (
            <>
                <a href={`/policy/${row.version}`}>{row.version}</a> {row.version === now && <Badge tone="good">{t('policy.holds')}</Badge>}
            </>
        ),
        text: (row) => row.version,
        number: (row) => Number(row.version),
    },
    { id: 'time', title: t('time'), cell: (row) => <Moment at={row.time} />, text: (row) => row.time ?? '' },
    { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor, text: (row) => row.actor },
    { id: 'hash', title: t('policy.hash'), cell: (row) => <Code>{row.hash}</Code>, text: (row) => row.hash },
];

export function PolicyPage({ params }: PageProps): JSX.Element {
    const wanted = params['version'];
    const holding = useLoad('holding', () => readPolicyText());
    const shown = useLoad(wanted ? `version ${wanted}` : null, () => readPolicyText(wanted));
    const versions = useRows<PolicyVersion>('/v1/policies?limit=50');
    const [text, setText] = useState('');
    const [isChanging, setChanging] = useState(false);
    const source = wanted ? shown : holding;
    useEffect(() => setText(source.data?.text ?? ''), [source.data?.text]);
    const isOld = Boolean(wanted && holding.data && wanted !== holding.data.version);
    return (
        <>
            <Heading title={isOld ? t('policy.old', { version: wanted ?? '' }) : t('policy.title')}>
                <button type="button" class="outline" disabled={!source.data} onClick={() => save('policy.yaml', text, 'application/yaml')}>
                    {t('policy.export')}
                </button>
            </Heading>
            <PeopleTabs />
            <ProblemBox problem={source.problem} onRetry={source.reload} />
            {source.isLoading && !source.data && <Loading />}
            {isOld && (
                <Note tone="info">
                    {t('policy.old.text')} <a href="/policy">{t('policy.to-newest')}</a>
                </Note>
            )}
            {source.data && (
                <form
                    onSubmit={(event) => {
                        event.preventDefault();
                        setChanging(true);
                    }}
                >
                    <Field label={t('policy.text')} value={text} onInput={setText} rows={24} isCode help={t('policy.help')} />
                    {mayAdminister.value && (
                        <button type="submit" disabled={text === holding.data?.text || text.trim() === ''}>
                            {t(isOld ? 'policy.revert' : 'change.preview')}
                        </button>
                    )}
                </form>
            )}
            <Cli command={wanted ? `vouch policy export --version ${wanted}` : 'vouch policy export'} />
            <section>
                <h2>{t('policy.versions')}</h2>
                <DataTable caption={t('policy.versions')} columns={columns(holding.data?.version ?? '')} rows={versions} rowKey={(row) => row.version} file="policy-versions" cli="vouch policy log" empty={<Empty title={t('policy.none')} />} />
            </section>
            {isChanging && holding.data && (
                <ChangeDialog
                    text={text}
                    version={holding.data.version}
                    onClose={() => setChanging(false)}
                    onDone={() => {
                        holding.reload();
                        versions.reload();
                    }}
                />
            )}
        </>
    );
}
