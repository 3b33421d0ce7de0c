// SPDX-License-Identifier: ISC
// CA keys: what they are, how to trust them, how far a rotation has come, and where each key came from.
import type { JSX } from 'preact';
import { t } from '../i18n';
import { Lineage } from '../pictures/lineage';
import { mayRead, me } from '../session';
import type { Ca, CaKey, Rotation, Status } from '../types';
import { Cli, Code, Fact, Heading, Loading, Snippet } from '../ui/bits';
import { useGet } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { CaTabs } from '../ui/tabs';

function Key({ title, about, caKey, file }: { title: string; about: string; caKey: CaKey; file: string }): JSX.Element {
    return (
        <article class="card">
            <h2>{title}</h2>
            <p>{about}</p>
            <dl class="facts">
                <Fact name={t('cert.type')}>{caKey.public_key.split(' ')[0]}</Fact>
                <Fact name={t('fingerprint')}>
                    <Code>{caKey.fingerprint}</Code>
                </Fact>
            </dl>
            <Snippet text={caKey.public_key} />
            <p>
                <a href={`/v1/ca/${file}.pub`} download={`${file}_ca.pub`}>
                    {t('ca.get')}
                </a>
            </p>
        </article>
    );
}

function Trust({ ca }: { ca: Ca }): JSX.Element {
    const patterns = [...new Set((me.value?.zones ?? []).flatMap((zone) => zone.patterns))];
    return (
        <section>
            <h2>{t('ca.trust')}</h2>
            <p>{t('ca.trust.sshd')}</p>
            <Snippet name="/etc/ssh/sshd_config" text={'TrustedUserCAKeys /etc/ssh/vouch_user_ca.pub'} />
            <p>{t('ca.trust.ssh')}</p>
            <Snippet name="~/.ssh/known_hosts" text={`@cert-authority ${patterns.join(',') || '*.example.com'} ${ca.host_ca.public_key}`} />
            <Cli command="vouch ca trust --for sshd" />
        </section>
    );
}

export function CaPage(): JSX.Element {
    const ca = useGet<Ca>('/v1/ca');
    const rotation = useGet<Rotation>(mayRead.value ? '/v1/ca/rotation' : null);
    const status = useGet<Status>(mayRead.value ? '/v1/status' : null);
    return (
        <>
            <Heading title={t('nav.ca')} />
            <CaTabs />
            <ProblemBox problem={ca.problem} onRetry={ca.reload} />
            {ca.isLoading && !ca.data && <Loading />}
            {ca.data && (
                <>
                    <p>{t('ca.name', { name: ca.data.name })}</p>
                    <div class="cards wide">
                        <Key title={t('ca.user')} about={t('ca.user.text')} caKey={ca.data.user_ca} file="user" />
                        <Key title={t('ca.host')} about={t('ca.host.text')} caKey={ca.data.host_ca} file="host" />
                        <Key title={t('ca.checkpoint')} about={t('ca.checkpoint.text')} caKey={ca.data.checkpoint_key} file="checkpoint" />
                    </div>
                    <ProblemBox problem={rotation.problem} />
                    {rotation.data && <Lineage rotation={rotation.data} />}
                    {status.data && <p>{t('ca.signed', { n: status.data.issued })}</p>}
                    <Trust ca={ca.data} />
                    <Cli command="vouch ca rotate status" />
                </>
            )}
        </>
    );
}
