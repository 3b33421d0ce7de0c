// SPDX-License-Identifier: ISC
// Small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ago, moment, utc } from '../format';
import { t } from '../i18n';
import { place } from '../router';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'info';

const GLYPHS: Record<Tone, string> = { good: '✓', warn: '!', bad: '✗', quiet: '–', info: '○' };

// A word with a sign: never colour alone.
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element {
    return (
        <span class={`badge ${tone}`}>
            <span aria-hidden="true">{GLYPHS[tone]}</span> {children}
        </span>
    );
}

export function Moment({ at, relative }: { at: string | null | undefined; relative?: true }): JSX.Element {
    if (!at) {
        return <span class="quiet">{t('time.never')}</span>;
    }
    return (
        <time dateTime={at} title={utc(at)}>
            {relative ? ago(at) : moment(at)}
        </time>
    );
}

export function Code({ children }: { children: ComponentChildren }): JSX.Element {
    return <code class="break">{children}</code>;
}

// The clipboard is there only where the page came safely; else the text is selected for the viewer.
export function Copy({ text, label }: { text: string; label?: string }): JSX.Element {
    const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
    useEffect(() => {
        if (state === 'idle') {
            return undefined;
        }
        const timer = setTimeout(() => setState('idle'), 2500);
        return () => clearTimeout(timer);
    }, [state]);
    const copy = async (): Promise<void> => {
        try {
            await navigator.clipboard.writeText(text);
            setState('done');
        } catch {
            setState('failed');
        }
    };
    const words = { idle: label ?? t('copy'), done: t('copied'), failed: t('copy.failed') };
    return (
        <button type="button" class="small outline" onClick={() => void copy()}>
            <span aria-live="polite">{words[state]}</span>
        </button>
    );
}

export function Snippet({ text, label, name }: { text: string; label?: string; name?: string }): JSX.Element {
    return (
        <div class="snippet">
            {name && <span class="snippet-name">{name}</span>}
            <pre tabIndex={0}>
                <code>{text}</code>
            </pre>
            <Copy text={text} {...(label ? { label } : {})} />
        </div>
    );
}

// What one would type for what this page shows.
export function Cli({ command }: { command: string }): JSX.Element {
    return (
        <p class="cli">
            <span class="quiet">{t('cli.same')}</span> <code class="break">{command}</code> <Copy text={command} label={t('cli.copy')} />
        </p>
    );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
    return (
        <div class="empty">
            <p>
                <strong>{title}</strong>
            </p>
            {children}
        </div>
    );
}

export function Loading(): JSX.Element {
    return (
        <p aria-busy="true" role="status">
            {t('loading')}
        </p>
    );
}

export function Note({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element {
    return (
        <div class={`note ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
            {children}
        </div>
    );
}

export function Words({ of, none }: { of: readonly string[]; none?: string }): JSX.Element {
    if (of.length === 0) {
        return <span class="quiet">{none ?? '–'}</span>;
    }
    return (
        <span class="words">
            {of.map((one) => (
                <code key={one}>{one}</code>
            ))}
        </span>
    );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
    return (
        <div class="fact">
            <dt>{name}</dt>
            <dd>{children}</dd>
        </div>
    );
}

export function Heading({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
    useEffect(() => {
        document.title = `${title} · Vouchsafe`;
    }, [title]);
    return (
        <header class="page-head">
            <h1 tabIndex={-1}>{title}</h1>
            {children && <div class="actions">{children}</div>}
        </header>
    );
}

export interface Tab {
    href: string;
    name: string;
}

function isShown(href: string, tabs: Tab[]): boolean {
    const { path } = place.value;
    const under = tabs.filter((tab) => path === tab.href || path.startsWith(`${tab.href}/`)).sort((a, b) => b.href.length - a.href.length);
    return under[0]?.href === href;
}

// Pages that belong together; the one that is shown is known by its address.
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }): JSX.Element {
    return (
        <nav class="tabs" aria-label={label}>
            <ul>
                {tabs.map((tab) => (
                    <li key={tab.href}>
                        <a href={tab.href} {...(isShown(tab.href, tabs) ? { 'aria-current': 'page' as const } : {})}>
                            {tab.name}
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}
