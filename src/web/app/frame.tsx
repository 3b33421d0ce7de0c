// SPDX-License-Identifier: ISC
// What is around every page: the rail of links, search, and who is signed in.
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from './i18n';
import type { MessageKey } from './i18n';
import { openReviews } from './reviews';
import { go, place } from './router';
import { mayAdminister, mayRead, me, session, signOut } from './session';
import { waiting } from './waiting';

interface Entry {
    href: string;
    name: MessageKey;
    under: string[]; // other addresses that belong to it
}

const OWN: Entry[] = [
    { href: '/access', name: 'nav.access', under: ['/'] },
    { href: '/new', name: 'nav.new', under: [] },
    { href: '/certs', name: 'nav.certs', under: [] },
    { href: '/keys', name: 'nav.keys', under: [] },
    { href: '/requests', name: 'nav.requests', under: [] },
];

const AUTHORITY: Entry[] = [
    { href: '/overview', name: 'nav.overview', under: [] },
    { href: '/hosts', name: 'nav.hosts', under: ['/enrolment', '/logins'] },
    { href: '/users', name: 'nav.people', under: ['/groups', '/roles', '/zones', '/policy'] },
    { href: '/matrix', name: 'nav.matrix', under: ['/who'] },
    { href: '/revocation', name: 'nav.revocation', under: [] },
    { href: '/audit', name: 'nav.audit', under: [] },
    { href: '/ca', name: 'nav.ca', under: ['/ca/rotation'] },
    { href: '/break-glass', name: 'nav.break-glass', under: [] },
    { href: '/settings', name: 'nav.settings', under: ['/tokens'] },
];

const isOpen = signal(false);

function isHere(entry: Entry): boolean {
    const { path } = place.value;
    return [entry.href, ...entry.under].some((one) => path === one || (one !== '/' && path.startsWith(`${one}/`)));
}

function Links({ entries, title }: { entries: Entry[]; title: string }): JSX.Element {
    return (
        <>
            <h2>{title}</h2>
            <ul>
                {entries.map((entry) => (
                    <li key={entry.href}>
                        <a href={entry.href} {...(isHere(entry) ? { 'aria-current': 'page' as const } : {})}>
                            {t(entry.name)}
                            {entry.href === '/requests' && waiting.value > 0 && (
                                <span class="count" title={t('nav.waiting', { n: waiting.value })}>
                                    {waiting.value}
                                    <span class="hidden">{t('nav.waiting', { n: waiting.value })}</span>
                                </span>
                            )}
                        </a>
                    </li>
                ))}
            </ul>
        </>
    );
}

// Where a word that was typed leads: a serial, a fingerprint, an address of a person, a host.
export function target(word: string): string {
    const q = encodeURIComponent(word);
    if (/^\d{3,20}$/.test(word)) {
        return `/certs/${word}`;
    }
    if (word.startsWith('SHA256:')) {
        return mayRead.value ? `/certs?whose=all&fingerprint=${q}` : `/certs?fingerprint=${q}`;
    }
    if (!mayRead.value) {
        return `/access?q=${q}`;
    }
    const [, login, host] = /^([^@]+)@([^@]+\.[^@]+)$/.exec(word) ?? [];
    if (login && host && !host.startsWith('example.')) {
        return `/who?login=${encodeURIComponent(login)}&host=${encodeURIComponent(host)}`;
    }
    return word.includes('.') ? `/hosts?q=${q}` : `/users?q=${q}`;
}

function Search(): JSX.Element {
    const field = useRef<HTMLInputElement>(null);
    useEffect(() => {
        const keys = (event: KeyboardEvent): void => {
            const typing = (event.target as Element).closest('input, textarea, select, [contenteditable], dialog');
            if ((event.key === '/' && !typing) || (event.key === 'k' && (event.ctrlKey || event.metaKey))) {
                event.preventDefault();
                field.current?.focus();
            }
        };
        document.addEventListener('keydown', keys);
        return () => document.removeEventListener('keydown', keys);
    }, []);
    const submit = (event: Event): void => {
        event.preventDefault();
        const word = field.current?.value.trim();
        if (word) {
            go(target(word));
        }
    };
    return (
        <form role="search" class="search" aria-label={t('search.label')} onSubmit={submit}>
            <input ref={field} type="search" placeholder={t('search.hint')} aria-label={t('search')} maxLength={200} spellcheck={false} />
        </form>
    );
}

export function Logo(): JSX.Element {
    return (
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5z" class="logo-shield" />
            <path d="m8 11.5 3 3 5-6" class="logo-tick" />
        </svg>
    );
}

function Top(): JSX.Element {
    return (
        <header class="top">
            <button type="button" class="menu outline small" aria-expanded={isOpen.value} aria-controls="rail" onClick={() => (isOpen.value = !isOpen.value)}>
                {t('nav.menu')}
            </button>
            <a class="brand" href="/access">
                <Logo /> Vouchsafe
            </a>
            <Search />
            <a href="/profile" class="who" {...(place.value.path === '/profile' ? { 'aria-current': 'page' as const } : {})}>
                {me.value?.user}
            </a>
            <button type="button" class="small outline secondary" onClick={() => void signOut()}>
                {t('sign-out')}
            </button>
        </header>
    );
}

function Demonstration(): JSX.Element | null {
    return session.value?.demonstration ? (
        <aside class="demonstration" aria-label={t('demo.label')}>
            {t('demo.banner')}
        </aside>
    ) : null;
}

// Access that somebody had in an emergency and nobody has looked at: on every page, until it is done.
function Alarm(): JSX.Element | null {
    if (openReviews.value === 0 || !mayRead.value) {
        return null;
    }
    return (
        <aside class="alarm" aria-label={t('glass.alarm')}>
            <strong>{t('glass.alarm.text', { n: openReviews.value })}</strong> <a href="/break-glass?state=open">{t('glass.alarm.look')}</a>
        </aside>
    );
}

export function Frame({ children }: { children: ComponentChildren }): JSX.Element {
    const { path } = place.value;
    const was = useRef(path);
    useEffect(() => {
        isOpen.value = false;
        if (was.current !== path) {
            document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
        }
        was.current = path;
    }, [path]);
    const authority = mayAdminister.value ? AUTHORITY : AUTHORITY.filter((entry) => mayRead.value || entry.href === '/ca');
    return (
        <>
            <a class="skip" href="#main">
                {t('nav.skip')}
            </a>
            <Top />
            <Demonstration />
            <Alarm />
            <div class="body">
                <nav id="rail" class={isOpen.value ? 'rail open' : 'rail'} aria-label={t('nav.main')}>
                    <Links entries={OWN} title={t('nav.own')} />
                    <Links entries={authority} title={t('nav.authority')} />
                </nav>
                <main id="main" tabIndex={-1}>
                    {children}
                </main>
            </div>
        </>
    );
}
