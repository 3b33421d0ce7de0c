// SPDX-License-Identifier: ISC
// The groups of pages that stand behind one link of the rail.
import type { JSX } from 'preact';
import { t } from '../i18n';
import { mayAdminister } from '../session';
import { Tabs } from './bits';

export function HostTabs(): JSX.Element {
    const adding = mayAdminister.value ? [{ href: '/enrolment', name: t('enrolment.title') }] : [];
    return <Tabs label={t('nav.hosts')} tabs={[{ href: '/hosts', name: t('nav.hosts') }, ...adding, { href: '/logins', name: t('logins.title') }]} />;
}

export function PeopleTabs(): JSX.Element {
    return (
        <Tabs
            label={t('nav.people')}
            tabs={[
                { href: '/users', name: t('users.title') },
                { href: '/groups', name: t('groups.title') },
                { href: '/roles', name: t('roles.title') },
                { href: '/zones', name: t('zones.title') },
                { href: '/policy', name: t('policy.title') },
            ]}
        />
    );
}

export function MatrixTabs(): JSX.Element {
    return (
        <Tabs
            label={t('nav.matrix')}
            tabs={[
                { href: '/matrix', name: t('nav.matrix') },
                { href: '/who', name: t('who.title') },
            ]}
        />
    );
}

export function CaTabs(): JSX.Element {
    const rotation = mayAdminister.value ? [{ href: '/ca/rotation', name: t('rotation.title') }] : [];
    return <Tabs label={t('nav.ca')} tabs={[{ href: '/ca', name: t('nav.ca') }, ...rotation]} />;
}

export function SettingsTabs(): JSX.Element {
    const tokens = mayAdminister.value ? [{ href: '/tokens', name: t('tokens.title') }] : [];
    return <Tabs label={t('nav.settings')} tabs={[{ href: '/settings', name: t('nav.settings') }, ...tokens]} />;
}
