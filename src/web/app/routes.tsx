// SPDX-License-Identifier: ISC
// Every page by its address, and who may see it. The server answers each of these with the same file
// (pages.json), and each page asks the API, which judges anew. A page's code comes when the page is first
// wanted: build.mjs reads from these rows which file a path needs.
import type { ComponentType } from 'preact';
import { match } from './router';

export interface PageProps {
    params: Record<string, string>;
}

export type Audience = 'stranger' | 'everyone' | 'reader' | 'administrator';

export type PageType = ComponentType<PageProps>;

// What may still have to be fetched: null until it is here.
export interface Lazy {
    ready: PageType | null;
    load: () => Promise<void>;
}

export interface Route {
    path: string;
    page: Lazy;
    audience: Audience;
}

function lazy(fetch: () => Promise<PageType>): Lazy {
    const page: Lazy = {
        ready: null,
        load: async () => {
            page.ready ??= await fetch();
        },
    };
    return page;
}

export const routes: Route[] = [
    { path: '/', page: lazy(() => import('./pages/access').then((m) => m.AccessPage)), audience: 'everyone' },
    { path: '/sign-in', page: lazy(() => import('./pages/sign-in').then((m) => m.SignInPage)), audience: 'stranger' },
    { path: '/setup', page: lazy(() => import('./pages/setup').then((m) => m.SetupPage)), audience: 'stranger' },
    { path: '/access', page: lazy(() => import('./pages/access').then((m) => m.AccessPage)), audience: 'everyone' },
    { path: '/new', page: lazy(() => import('./pages/new').then((m) => m.NewCertPage)), audience: 'everyone' },
    { path: '/certs', page: lazy(() => import('./pages/certs').then((m) => m.CertsPage)), audience: 'everyone' },
    { path: '/certs/{serial}', page: lazy(() => import('./pages/cert').then((m) => m.CertPage)), audience: 'everyone' },
    { path: '/keys', page: lazy(() => import('./pages/keys').then((m) => m.KeysPage)), audience: 'everyone' },
    { path: '/requests', page: lazy(() => import('./pages/requests').then((m) => m.RequestsPage)), audience: 'everyone' },
    { path: '/requests/{id}', page: lazy(() => import('./pages/requests').then((m) => m.RequestPage)), audience: 'everyone' },
    { path: '/device', page: lazy(() => import('./pages/device').then((m) => m.DevicePage)), audience: 'everyone' },
    { path: '/profile', page: lazy(() => import('./pages/profile').then((m) => m.ProfilePage)), audience: 'everyone' },
    { path: '/logins', page: lazy(() => import('./pages/logins').then((m) => m.LoginsPage)), audience: 'everyone' },
    { path: '/overview', page: lazy(() => import('./pages/overview').then((m) => m.OverviewPage)), audience: 'reader' },
    { path: '/hosts', page: lazy(() => import('./pages/hosts').then((m) => m.HostsPage)), audience: 'reader' },
    { path: '/hosts/{name}', page: lazy(() => import('./pages/host').then((m) => m.HostPage)), audience: 'reader' },
    { path: '/enrolment', page: lazy(() => import('./pages/enrolment').then((m) => m.EnrolmentPage)), audience: 'administrator' },
    { path: '/users', page: lazy(() => import('./pages/users').then((m) => m.UsersPage)), audience: 'reader' },
    { path: '/users/{name}', page: lazy(() => import('./pages/users').then((m) => m.UserPage)), audience: 'reader' },
    { path: '/groups', page: lazy(() => import('./pages/groups').then((m) => m.GroupsPage)), audience: 'reader' },
    { path: '/groups/{name}', page: lazy(() => import('./pages/groups').then((m) => m.GroupsPage)), audience: 'reader' },
    { path: '/roles', page: lazy(() => import('./pages/roles').then((m) => m.RolesPage)), audience: 'reader' },
    { path: '/roles/{name}', page: lazy(() => import('./pages/roles').then((m) => m.RolePage)), audience: 'reader' },
    { path: '/zones', page: lazy(() => import('./pages/zones').then((m) => m.ZonesPage)), audience: 'reader' },
    { path: '/policy', page: lazy(() => import('./pages/policy').then((m) => m.PolicyPage)), audience: 'reader' },
    { path: '/policy/{version}', page: lazy(() => import('./pages/policy').then((m) => m.PolicyPage)), audience: 'reader' },
    { path: '/matrix', page: lazy(() => import('./pages/matrix').then((m) => m.MatrixPage)), audience: 'reader' },
    { path: '/who', page: lazy(() => import('./pages/who').then((m) => m.WhoPage)), audience: 'reader' },
    { path: '/audit', page: lazy(() => import('./pages/audit').then((m) => m.AuditPage)), audience: 'reader' },
    { path: '/revocation', page: lazy(() => import('./pages/revocation').then((m) => m.RevocationPage)), audience: 'reader' },
    { path: '/ca', page: lazy(() => import('./pages/ca').then((m) => m.CaPage)), audience: 'everyone' },
    { path: '/ca/rotation', page: lazy(() => import('./pages/rotation').then((m) => m.RotationPage)), audience: 'administrator' },
    { path: '/break-glass', page: lazy(() => import('./pages/break-glass').then((m) => m.BreakGlassPage)), audience: 'reader' },
    { path: '/tokens', page: lazy(() => import('./pages/tokens').then((m) => m.TokensPage)), audience: 'administrator' },
    { path: '/settings', page: lazy(() => import('./pages/settings').then((m) => m.SettingsPage)), audience: 'reader' },
];

export function find(path: string): { route: Route; params: Record<string, string> } | null {
    for (const route of routes) {
        const params = match(route.path, path.length > 1 ? path.replace(/\/$/, '') : path);
        if (params) {
            return { route, params };
        }
    }
    return null;
}

// Fetches what the path shows, if that is to be waited for. A failure is left to the page's place to tell.
export function prepare(path: string): Promise<void> | null {
    const page = find(path)?.route.page;
    return page && !page.ready ? page.load().catch(() => undefined) : null;
}
