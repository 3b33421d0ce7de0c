// SPDX-License-Identifier: ISC
// The certificate is there: what to save, and what to do with it, for each kind of program.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Passport } from '../pictures/passport';
import { me } from '../session';
import type { Ca, ReachedHost } from '../types';
import { Cli, Note, Snippet } from '../ui/bits';
import { Field } from '../ui/forms';
import { useGet, useRows } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { Ring } from '../ui/ring';
import { save } from '../ui/save';
import { withQuery } from '../router';
import * as guide from './guides';
import type { Issued } from './new';

type Way = 'unix' | 'windows' | 'putty' | 'winscp' | 'vscode' | 'curl';

const WAYS: [Way, string][] = [
    ['unix', 'Linux / macOS'],
    ['windows', 'Windows OpenSSH'],
    ['putty', 'PuTTY'],
    ['winscp', 'WinSCP'],
    ['vscode', 'VS Code'],
    ['curl', 'curl'],
];

function firstWay(): Way {
    return navigator.userAgent.includes('Windows') ? 'windows' : 'unix';
}

// PuTTY wants whole paths: the folder is asked for.
function Putty({ facts }: { facts: guide.Facts }): JSX.Element {
    const [folder, setFolder] = useState('C:\\vouch');
    const file = `vouch-${facts.zone}.reg`;
    return (
        <>
            <p>{t('guide.putty')}</p>
            <Field label={t('guide.putty.folder')} value={folder} onInput={setFolder} help={t('guide.putty.folder.help', { key: `${facts.key}.ppk`, cert: facts.cert })} isCode />
            <button type="button" class="outline" onClick={() => save(file, guide.registry(facts, folder), 'application/octet-stream')}>
                {t('guide.putty.reg', { file })}
            </button>
            <p>{t('guide.putty.once')}</p>
            <Snippet text={guide.plink(facts, folder)} />
        </>
    );
}

function Guide({ way, facts }: { way: Way; facts: guide.Facts }): JSX.Element {
    switch (way) {
        case 'unix':
            return (
                <>
                    <p>{t('guide.unix')}</p>
                    <Snippet text={guide.unix(facts)} />
                    <p>{t('guide.known-hosts')}</p>
                    <Snippet name="~/.ssh/known_hosts" text={guide.knownHosts(facts)} />
                    <p>{t('guide.config')}</p>
                    <Snippet name="~/.ssh/config" text={guide.config(facts, '~/.ssh/')} />
                </>
            );
        case 'windows':
            return (
                <>
                    <p>{t('guide.windows')}</p>
                    <Snippet text={guide.windows(facts)} />
                    <p>{t('guide.known-hosts')}</p>
                    <Snippet name="%USERPROFILE%\.ssh\known_hosts" text={guide.knownHosts(facts)} />
                    <Snippet name="%USERPROFILE%\.ssh\config" text={guide.config(facts, '~/.ssh/')} />
                </>
            );
        case 'putty':
            return <Putty facts={facts} />;
        case 'winscp':
            return (
                <>
                    <p>{t('guide.winscp')}</p>
                    <ol>
                        <li>{t('guide.winscp.key', { file: `${facts.key}.ppk` })}</li>
                        <li>{t('guide.winscp.cert', { file: facts.cert })}</li>
                        <li>{t('guide.winscp.ca')}</li>
                    </ol>
                </>
            );
        case 'vscode':
            return (
                <>
                    <p>{t('guide.vscode')}</p>
                    <Snippet name="~/.ssh/config" text={guide.config(facts, '~/.ssh/')} />
                </>
            );
        default:
            return (
                <>
                    <p>{t('guide.curl')}</p>
                    <Snippet text={guide.curl(facts)} />
                </>
            );
    }
}

export function Result({ issued, onAgain }: { issued: Issued; onAgain: () => void }): JSX.Element {
    const { cert, key, zone } = issued;
    const [way, setWay] = useState<Way>(firstWay());
    const ca = useGet<Ca>('/v1/ca');
    const hosts = useRows<ReachedHost>(withQuery('/v1/hosts', { zone, limit: 100 }));
    const patterns = me.value?.zones.find((one) => one.name === zone)?.patterns ?? [];
    const file = `${key.name}-cert.pub`;
    const reached = (hosts.data ?? []).filter((host) => host.roles.some((role) => cert.role.split(',').includes(role)) || host.requests.some((role) => cert.role.split(',').includes(role)));
    const facts: guide.Facts | null = ca.data && { zone, patterns, key: key.name, cert: file, line: cert.certificate ?? '', serial: cert.serial, hostCa: ca.data.host_ca.public_key, hosts: reached };
    return (
        <>
            <p>
                <Ring cert={cert} />
            </p>
            <Note tone="good">
                {t('result.text')} <a href={`/certs/${cert.serial}`}>{t('result.kept')}</a>
            </Note>
            <p class="actions">
                <button type="button" onClick={() => save(file, `${cert.certificate}\n`, 'application/octet-stream')}>
                    {t('result.save', { file })}
                </button>
                <button type="button" class="secondary outline" onClick={onAgain}>
                    {t('result.again')}
                </button>
            </p>
            <h2>{t('result.use')}</h2>
            <div class="tabs" role="tablist" aria-label={t('result.use')}>
                {WAYS.map(([one, name]) => (
                    <button key={one} type="button" role="tab" id={`tab-${one}`} aria-selected={way === one} aria-controls="guide" class="tab" onClick={() => setWay(one)}>
                        {name}
                    </button>
                ))}
            </div>
            <div id="guide" role="tabpanel" aria-labelledby={`tab-${way}`} tabIndex={0}>
                <ProblemBox problem={ca.problem} onRetry={ca.reload} />
                {facts && <Guide way={way} facts={facts} />}
            </div>
            {cert.certificate && <Passport line={cert.certificate} />}
            <Cli command={`vouch login ${location.origin}`} />
        </>
    );
}
