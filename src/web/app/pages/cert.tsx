// SPDX-License-Identifier: ISC
// One certificate: what it is worth, its life on one line, every field with what it means, and taking it back.
import type { JSX } from 'preact';
import { personOf, stateOf, TONES } from '../certs';
import { t, word } from '../i18n';
import { Life } from '../pictures/life';
import { Passport } from '../pictures/passport';
import type { PageProps } from '../routes';
import { withQuery } from '../router';
import { mayRead } from '../session';
import type { Cert, Event, Login, Page } from '../types';
import { Badge, Cli, Code, Fact, Heading, Loading, Moment, Words } from '../ui/bits';
import { useGet } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { RevokeButton } from '../ui/revoke';
import { Ring } from '../ui/ring';
import { save } from '../ui/save';

function Facts({ cert }: { cert: Cert }): JSX.Element {
    const person = personOf(cert.actor);
    return (
        <dl class="facts">
            <Fact name={t('state')}>
                <Badge tone={TONES[stateOf(cert)]}>{word('cert', stateOf(cert))}</Badge>
            </Fact>
            <Fact name={t('cert.key-id')}>{cert.key_id}</Fact>
            <Fact name={t('cert.principals')}>
                <Words of={cert.principals} />
            </Fact>
            <Fact name={t('cert.role')}>{cert.role || '–'}</Fact>
            <Fact name={t('cert.actor')}>{person && mayRead.value ? <a href={`/users/${encodeURIComponent(person)}`}>{cert.actor}</a> : cert.actor}</Fact>
            <Fact name={t('cert.source')}>{cert.source || '–'}</Fact>
            <Fact name={t('cert.issued')}>
                <Moment at={cert.issued} />
            </Fact>
            <Fact name={t('cert.until')}>
                <Moment at={cert.valid_before} />
            </Fact>
            <Fact name={t('fingerprint')}>
                <Code>{cert.fingerprint}</Code>
            </Fact>
            {cert.revoked && (
                <Fact name={t('cert.revoked')}>
                    <Moment at={cert.revoked.at} /> · {cert.revoked.by} · {cert.revoked.reason}
                </Fact>
            )}
        </dl>
    );
}

export function CertPage({ params }: PageProps): JSX.Element {
    const serial = params['serial'] ?? '';
    const found = useGet<Cert>(`/v1/certs/${encodeURIComponent(serial)}`);
    const logins = useGet<Page<Login>>(withQuery('/v1/logins', { serial, limit: 200 }));
    const events = useGet<Page<Event>>(mayRead.value ? withQuery('/v1/audit', { object: serial, limit: 50 }) : null);
    const cert = found.data;
    return (
        <>
            <Heading title={t('cert.title', { serial })}>
                {cert?.certificate && (
                    <button type="button" class="outline" onClick={() => save('id-cert.pub', `${cert.certificate}\n`)}>
                        {t('cert.save')}
                    </button>
                )}
                {cert && stateOf(cert) === 'valid' && <RevokeButton cert={cert} onDone={found.reload} />}
            </Heading>
            <ProblemBox problem={found.problem} onRetry={found.reload} />
            {found.isLoading && !cert && <Loading />}
            {cert && (
                <>
                    {stateOf(cert) === 'valid' && (
                        <p>
                            <Ring cert={cert} />
                        </p>
                    )}
                    <Facts cert={cert} />
                    <Life cert={cert} logins={logins.data?.items ?? []} events={events.data?.items ?? []} />
                    <ProblemBox problem={logins.problem ?? events.problem} />
                    {cert.certificate && <Passport line={cert.certificate} />}
                    <Cli command={`vouch cert ls --serial ${serial}`} />
                    {mayRead.value && <Cli command={`vouch audit search --serial ${serial}`} />}
                </>
            )}
        </>
    );
}
