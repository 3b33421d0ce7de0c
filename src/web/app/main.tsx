// SPDX-License-Identifier: ISC
// The application's beginning: who is signed in, and which page is meant.
import { effect } from '@preact/signals';
import { Component, render } from 'preact';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Frame } from './frame';
import { language, t } from './i18n';
import { go, place, startRouter, withQuery } from './router';
import { find } from './routes';
import type { Audience } from './routes';
import { begin, mayAdminister, mayRead, me, started, startProblem } from './session';
import { startTheme } from './theme';
import { Heading, Loading } from './ui/bits';
import { ProblemBox } from './ui/problem';
import { StepUp } from './ui/stepup';
import { countWaiting } from './waiting';

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

function Inside(): JSX.Element {
    useEffect(() => {
        void countWaiting();
        const timer = setInterval(() => void countWaiting(), 60_000);
        return () => clearInterval(timer);
    }, []);
    const found = find(place.value.path);
    let page: JSX.Element;
    if (!found) {
        page = <Nothing title={t('missing.title')} text={t('missing.text')} />;
    } else if (!isAllowed(found.route.audience)) {
        page = <Nothing title={t('forbidden.title')} text={t('forbidden.text')} />;
    } else {
        const Page = found.route.page;
        page = <Page params={found.params} />;
    }
    return (
        <Frame>
            <Fence key={place.value.path}>{page}</Fence>
        </Frame>
    );
}

function Application(): JSX.Element {
    if (!started.value) {
        return (
            <Outside>
                <Loading />
            </Outside>
        );
    }
    const found = find(place.value.path);
    if (found?.route.audience === 'stranger' && !(me.value && found.route.path === '/sign-in')) {
        const Page = found.route.page;
        return (
            <Outside>
                <Fence>
                    <Page params={{}} />
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

function start(): void {
    startTheme();
    startRouter();
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
    void begin().then(guard);
}

start();
