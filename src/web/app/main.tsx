// SPDX-License-Identifier: ISC
// The application's beginning: who is signed in, and which page is meant.
import { effect, signal } from '@preact/signals';
import { Component, render } from 'preact';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Problem } from './api';
import { Frame } from './frame';
import { language, startLanguage, t } from './i18n';
import { startLive, useLive } from './live';
import { startPreferences } from './preferences';
import { fetching, go, place, startRouter, withQuery } from './router';
import { find, prepare } from './routes';
import type { Audience, Lazy } from './routes';
import { begin, mayAdminister, mayRead, me, started, startProblem } from './session';
import { startTheme } from './theme';
import { Heading, Loading } from './ui/bits';
import { ProblemBox } from './ui/problem';
import { StepUp } from './ui/stepup';
import { countReviews } from './reviews';
import { countWaiting } from './waiting';

const isReady = signal(false); // the first page can be shown, or told why not

// What a page cannot show because of a fault of its own is said, and the rest of the application stays.
class Fence extends Component<{ children: ComponentChildren }, { fault: unknown }> {
    override state = { fault: null as unknown };

    static getDerivedStateFromError(fault: unknown): { fault: unknown } {
        return { fault };
    }

    override render(): ComponentChildren {
        return this.state.fault ? <ProblemBox problem={this.state.fault} /> : this.props.children;
    }
}

function isAllowed(audience: Audience): boolean {
    return audience === 'everyone' || audience === 'stranger' || (audience === 'reader' && mayRead.value) || mayAdminister.value;
}

function Outside({ children }: { children: ComponentChildren }): JSX.Element {
    return (
        <main id="main" class="outside" tabIndex={-1}>
            {children}
        </main>
    );
}

function Nothing({ title, text }: { title: string; text: string }): JSX.Element {
    return (
        <>
            <Heading title={title} />
            <p>{text}</p>
            <p>
                <a href="/access">{t('nav.access')}</a>
            </p>
        </>
    );
}

// A page whose code did not come: an address that is asked for anew also brings what a newer server has.
function LazyPage({ page, params }: { page: Lazy; params: Record<string, string> }): JSX.Element {
    const Page = page.ready;
    if (Page) {
        return <Page params={params} />;
    }
    return (
        <>
            <Heading title={t('page.failed')} />
            <ProblemBox problem={new Problem(0, '', t('page.failed'), t('page.failed.text'), '')} onRetry={() => location.reload()} />
        </>
    );
}

async function countAll(): Promise<void> {
    await Promise.all([countWaiting(), countReviews()]);
}

function Inside(): JSX.Element {
    useEffect(() => void countAll(), []);
    useLive(60, () => void countAll());
    const found = find(place.value.path);
    let page: JSX.Element;
    if (!found) {
        page = <Nothing title={t('missing.title')} text={t('missing.text')} />;
    } else if (!isAllowed(found.route.audience)) {
        page = <Nothing title={t('forbidden.title')} text={t('forbidden.text')} />;
    } else {
        page = <LazyPage page={found.route.page} params={found.params} />;
    }
    return (
        <Frame>
            <Fence key={place.value.path}>{page}</Fence>
        </Frame>
    );
}

function Application(): JSX.Element {
    if (!started.value || !isReady.value) {
        return (
            <Outside>
                <Loading />
            </Outside>
        );
    }
    const found = find(place.value.path);
    if (found?.route.audience === 'stranger' && !(me.value && found.route.path === '/sign-in')) {
        return (
            <Outside>
                <Fence>
                    <LazyPage page={found.route.page} params={{}} />
                </Fence>
            </Outside>
        );
    }
    if (startProblem.value) {
        return (
            <Outside>
                <Heading title="Vouchsafe" />
                <ProblemBox problem={startProblem.value} onRetry={() => void begin()} />
            </Outside>
        );
    }
    return me.value ? <Inside /> : <Loading />;
}

// A path of these pages: browsers take //host and /\host for other places.
function isOwn(path: string): boolean {
    return /^\/(?![/\\])/.test(path) && URL.canParse(path, location.origin) && new URL(path, location.origin).origin === location.origin;
}

// Who is not signed in is taken to the sign-in, and back afterwards.
function guard(): void {
    effect(() => {
        if (!started.value || startProblem.value) {
            return;
        }
        const { path, query } = place.value;
        const audience = find(path)?.route.audience;
        if (!me.value && audience !== 'stranger') {
            go(withQuery('/sign-in', { next: path === '/' || path === '/access' ? '' : path + query }), true);
        } else if (me.value && path === '/sign-in') {
            const next = new URLSearchParams(query).get('next');
            go(next && isOwn(next) ? next : '/access', true);
        }
    });
}

async function start(): Promise<void> {
    startTheme();
    fetching.prepare = prepare;
    startRouter();
    const fetched = Promise.all([prepare(place.value.path), begin()]);
    await startLanguage(); // nothing is shown in another one first
    effect(() => {
        document.documentElement.lang = language.value;
    });
    const root = document.getElementById('app');
    if (root) {
        render(
            <>
                <Application />
                <StepUp />
            </>,
            root,
        );
    }
    await fetched;
    isReady.value = true;
    startLive();
    startPreferences();
    guard();
}

void start();
