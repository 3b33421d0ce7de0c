// SPDX-License-Identifier: ISC
// Whether a login would work, with every check of it and what to do: what ssh itself never says.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api';
import { t, word } from '../i18n';
import { query, setQuery } from '../router';
import type { Check, Explanation } from '../types';
import { Badge, Cli, Loading } from './bits';
import type { Tone } from './bits';
import { Field } from './forms';
import { useLoad } from './load';
import { ProblemBox } from './problem';

const TONES: Record<Check['state'], Tone> = { ok: 'good', fail: 'bad', warn: 'warn', unknown: 'quiet' };
const OUTCOMES: Record<Explanation['outcome'], Tone> = { yes: 'good', no: 'bad', unknown: 'quiet' };

export function Checks({ checks }: { checks: Check[] }): JSX.Element {
    return (
        <ul class="checks">
            {checks.map((check, i) => (
                <li key={i}>
                    <Badge tone={TONES[check.state]}>{check.name}</Badge> <span class="pre">{check.text}</span>
                    {check.next && <span class="next">→ {check.next}</span>}
                </li>
            ))}
        </ul>
    );
}

function Result({ login, host, user }: { login: string; host: string; user: string | null }): JSX.Element {
    const found = useLoad<Explanation>(`${user}|${login}|${host}`, () => post<Explanation>('/v1/explain', user ? { login, host, user } : { login, host }));
    if (found.problem) {
        return <ProblemBox problem={found.problem} />;
    }
    if (!found.data) {
        return <Loading />;
    }
    return (
        <div class="explained" aria-live="polite">
            <p>
                <Badge tone={OUTCOMES[found.data.outcome]}>{word('explain', found.data.outcome)}</Badge>{' '}
                <code>
                    {login}@{host}
                </code>
            </p>
            <Checks checks={found.data.checks} />
            {found.data.instead.length > 0 && (
                <p>
                    {t('explain.instead')}{' '}
                    {found.data.instead.map((one) => (
                        <code key={one}>
                            {one}@{host}{' '}
                        </code>
                    ))}
                </p>
            )}
            <Cli command={`vouch explain ${login}@${host}${user ? ` --user ${user}` : ''}`} />
        </div>
    );
}

export function ExplainBox({ user = null }: { user?: string | null }): JSX.Element {
    const login = query.value.get('login') ?? '';
    const host = query.value.get('host') ?? '';
    const [typed, setTyped] = useState('');
    useEffect(() => setTyped(login && host ? `${login}@${host}` : ''), [login, host]);
    const submit = (event: Event): void => {
        event.preventDefault();
        const at = typed.lastIndexOf('@');
        if (at > 0) {
            setQuery({ login: typed.slice(0, at).trim(), host: typed.slice(at + 1).trim() });
        }
    };
    return (
        <section>
            <h2>{t('explain.title')}</h2>
            <form class="inline" onSubmit={submit}>
                <Field label={t('explain.what')} value={typed} onInput={setTyped} placeholder="app@web1.example.com" maxLength={320} isCode />
                <button type="submit" disabled={typed.lastIndexOf('@') < 1}>
                    {t('explain.do')}
                </button>
            </form>
            {login && host && <Result login={login} host={host} user={user} />}
        </section>
    );
}
