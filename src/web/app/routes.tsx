// SPDX-License-Identifier: ISC
// Every page by its address, and who may see it. The server answers each of these with the same file
// (pages.json), and each page asks the API, which judges anew.
import type { ComponentType } from 'preact';
import { AccessPage } from './pages/access';
import { AuditPage } from './pages/audit';
import { CaPage } from './pages/ca';
import { CertPage } from './pages/cert';
import { CertsPage } from './pages/certs';
import { EnrolmentPage } from './pages/enrolment';
import { GroupsPage } from './pages/groups';
import { HostPage } from './pages/host';
import { HostsPage } from './pages/hosts';
import { LoginsPage } from './pages/logins';
import { MatrixPage } from './pages/matrix';
import { NewCertPage } from './pages/new';
import { OverviewPage } from './pages/overview';
import { PolicyPage } from './pages/policy';
import { ProfilePage } from './pages/profile';
import { RequestPage, RequestsPage } from './pages/requests';
import { RevocationPage } from './pages/revocation';
import { RolePage, RolesPage } from './pages/roles';
import { RotationPage } from './pages/rotation';
import { SettingsPage } from './pages/settings';
import { SetupPage } from './pages/setup';
import { SignInPage } from './pages/sign-in';
import { TokensPage } from './pages/tokens';
import { UserPage, UsersPage } from './pages/users';
import { WhoPage } from './pages/who';
import { ZonesPage } from './pages/zones';
import { match } from './router';

export interface PageProps {
    params: Record<string, string>;
}

export type Audience = 'stranger' | 'everyone' | 'reader' | 'administrator';

export interface Route {
    path: string;
    page: ComponentType<PageProps>;
    audience: Audience;
}

export const routes: Route[] = [
    { path: '/', page: AccessPage, audience: 'everyone' },
    { path: '/sign-in', page: SignInPage, audience: 'stranger' },
    { path: '/setup', page: SetupPage, audience: 'stranger' },
    { path: '/access', page: AccessPage, audience: 'everyone' },
    { path: '/new', page: NewCertPage, audience: 'everyone' },
    { path: '/certs', page: CertsPage, audience: 'everyone' },
    { path: '/certs/{serial}', page: CertPage, audience: 'everyone' },
    { path: '/requests', page: RequestsPage, audience: 'everyone' },
    { path: '/requests/{id}', page: RequestPage, audience: 'everyone' },
    { path: '/profile', page: ProfilePage, audience: 'everyone' },
    { path: '/logins', page: LoginsPage, audience: 'everyone' },
    { path: '/overview', page: OverviewPage, audience: 'reader' },
    { path: '/hosts', page: HostsPage, audience: 'reader' },
    { path: '/hosts/{name}', page: HostPage, audience: 'reader' },
    { path: '/enrolment', page: EnrolmentPage, audience: 'administrator' },
    { path: '/users', page: UsersPage, audience: 'reader' },
    { path: '/users/{name}', page: UserPage, audience: 'reader' },
    { path: '/groups', page: GroupsPage, audience: 'reader' },
    { path: '/groups/{name}', page: GroupsPage, audience: 'reader' },
    { path: '/roles', page: RolesPage, audience: 'reader' },
    { path: '/roles/{name}', page: RolePage, audience: 'reader' },
    { path: '/zones', page: ZonesPage, audience: 'reader' },
    { path: '/policy', page: PolicyPage, audience: 'reader' },
    { path: '/policy/{version}', page: PolicyPage, audience: 'reader' },
    { path: '/matrix', page: MatrixPage, audience: 'reader' },
    { path: '/who', page: WhoPage, audience: 'reader' },
    { path: '/audit', page: AuditPage, audience: 'reader' },
    { path: '/revocation', page: RevocationPage, audience: 'reader' },
    { path: '/ca', page: CaPage, audience: 'everyone' },
    { path: '/ca/rotation', page: RotationPage, audience: 'administrator' },
    { path: '/tokens', page: TokensPage, audience: 'administrator' },
    { path: '/settings', page: SettingsPage, audience: 'reader' },
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
