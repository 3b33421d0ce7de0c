// SPDX-License-Identifier: ISC
// The annotated certificate: each field as ssh-keygen -L has it, what it means, and who heeds it.
import type { JSX } from 'preact';
import { utc } from '../format';
import { t } from '../i18n';
import type { MessageKey } from '../i18n';
import { readCert } from '../ssh/cert';
import type { CertFields } from '../ssh/cert';
import { Loading, Snippet } from '../ui/bits';
import { useLoad } from '../ui/load';
import { ProblemBox } from '../ui/problem';

type Row = [field: string, about: MessageKey, value: string];

const pairs = (list: [string, string][]): string => list.map(([name, value]) => (value ? `${name} ${value}` : name)).join('\n') || t('passport.nothing');

function rowsOf(cert: CertFields): Row[] {
    return [
        ['Type', 'passport.type', `${cert.type} ${cert.use} certificate`],
        ['Public key', 'passport.key', cert.key.replace(/(.{64})/g, '$1\n').trim()],
        ['Signing CA', 'passport.ca', `${cert.caType} ${cert.ca}\n(${cert.signature})`],
        ['Key ID', 'passport.id', cert.keyId],
        ['Serial', 'passport.serial', cert.serial],
        ['Valid', 'passport.valid', `${cert.validAfter ? utc(cert.validAfter) : t('passport.always')} – ${cert.validBefore ? utc(cert.validBefore) : t('passport.forever')}`],
        ['Principals', cert.use === 'host' ? 'passport.principals-host' : 'passport.principals', cert.principals.join('\n')],
        ['Critical Options', 'passport.critical', pairs(cert.critical)],
        ['Extensions', 'passport.extensions', pairs(cert.extensions)],
        ['Nonce', 'passport.nonce', cert.nonce],
    ];
}

export function Passport({ line }: { line: string }): JSX.Element {
    const found = useLoad(line, () => readCert(line));
    if (found.problem) {
        return <ProblemBox problem={found.problem} />;
    }
    if (!found.data) {
        return <Loading />;
    }
    return (
        <section>
            <h2>{t('passport.title')}</h2>
            <div class="scroll" tabIndex={0} role="region" aria-label={t('passport.title')}>
                <table class="passport">
                    <caption>{t('passport.caption')}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t('passport.field')}</th>
                            <th scope="col">{t('passport.value')}</th>
                            <th scope="col">{t('passport.means')}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rowsOf(found.data).map(([field, about, value]) => (
                            <tr key={field}>
                                <th scope="row">{field}</th>
                                <td>
                                    <code class="pre break">{value}</code>
                                </td>
                                <td class="about">{t(about)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <details>
                <summary>{t('passport.line')}</summary>
                <Snippet text={line} />
            </details>
        </section>
    );
}
