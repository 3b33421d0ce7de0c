// SPDX-License-Identifier: ISC
//
// Pages that follow the ledger, load in parts, show beforehand what would be signed, and look the same in each of
// somebody's browsers.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { signIn } from '../lib/people.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual, waitFor } from '../lib/tap.mjs';

const SOON = 8; // seconds: less than these pages wait who ask by themselves

// Asks for a role that needs approval, as a page of the visitor's own would; the request's number.
async function request(visitor, key, reason) {
    return visitor.page.evaluate(async (wish) => {
        const { csrf } = await (await fetch('/v1/session')).json();
        const headers = { 'Content-Type': 'application/json', 'X-Vouch-CSRF': csrf };
        const answer = await fetch('/v1/access', { method: 'POST', headers, body: JSON.stringify(wish) });
        return (await answer.json()).id;
    }, { zone: 'prod', roles: ['dba'], public_key: key, reason, request: true });
}

async function cancel(visitor, id) {
    await visitor.page.evaluate(async (path) => {
        const { csrf } = await (await fetch('/v1/session')).json();
        await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Vouch-CSRF': csrf }, body: '{}' });
    }, `/v1/requests/${id}/cancel`);
}

async function follow({ tap }, alice, bob, keys) {
    await tap.row('W5: a request is on its approver\'s page within seconds, without asking for it', async () => {
        await alice.go('/requests?which=to-decide');
        await alice.page.evaluate(() => Object.assign(window, { untouched: true }));
        const id = await request(bob, keys[0], 'told at once');
        await waitFor(async () => (await alice.page.getByRole('link', { name: id, exact: true }).count()) > 0, () => `request ${id}`, SOON);
        expect(await alice.page.evaluate(() => window.untouched === true), 'the page was loaded anew');
        await cancel(bob, id);
        await waitFor(async () => (await alice.page.getByRole('link', { name: id, exact: true }).count()) === 0, () => `request ${id} is gone`, SOON);
        alice.mustBeQuiet();
    });
    await tap.row('W5: one stream for a window, through however many pages it goes', async () => {
        const streams = [];
        alice.page.on('request', (one) => one.resourceType() === 'eventsource' && streams.push(one.url()));
        await alice.go('/overview');
        await alice.page.getByRole('link', { name: 'Hosts', exact: true }).first().click();
        await alice.settle();
        expectEqual(streams.length, 1, streams.join(' '));
    });
    await tap.row('W5: where the stream does not come, a page asks by itself', async () => {
        const id = await request(bob, keys[1], 'asked for');
        await alice.page.route('**/v1/live', (route) => route.abort());
        await alice.go(`/requests/${id}`);
        await cancel(bob, id);
        await alice.page.getByText('cancelled').first().waitFor({ timeout: 15000 });
        await alice.page.unroute('**/v1/live');
        alice.findings.length = 0; // the browser writes on its console that nothing came
    });
}

async function load({ tap }, alice) {
    await tap.row('W5: a page whose part does not come says so, and is there when it is asked for again', async () => {
        await alice.go('/access');
        await alice.page.route('**/assets/audit-*.js', (route) => route.abort());
        await alice.page.getByRole('link', { name: 'Audit log', exact: true }).first().click();
        await alice.page.getByRole('heading', { name: 'This page did not load' }).waitFor();
        await alice.mustBeAccessible('a page that did not load');
        await alice.shoot('page-not-loaded');
        await alice.page.unroute('**/assets/audit-*.js');
        alice.findings.length = 0;
        await alice.page.getByRole('button', { name: 'Try again' }).click();
        await alice.page.getByRole('table').first().waitFor();
        expectEqual(new URL(alice.page.url()).pathname, '/audit');
        alice.mustBeQuiet();
    });
    await tap.row('W5: the page before stays until the next one can be shown', async () => {
        await alice.go('/access');
        let release = () => undefined;
        const held = new Promise((done) => (release = done));
        await alice.page.route('**/assets/matrix-*.js', async (route) => {
            await held;
            await route.continue();
        });
        const before = await alice.heading();
        await alice.page.getByRole('link', { name: 'Access matrix', exact: true }).first().click();
        await alice.page.waitForURL(/\/matrix$/);
        expectEqual(await alice.heading(), before);
        release();
        await waitFor(async () => (await alice.heading()) !== before, () => 'the next page');
        await alice.page.unroute('**/assets/matrix-*.js');
        alice.mustBeQuiet();
    });
    await tap.row('W5: who reads English is sent no German, and no page that was not asked for', async () => {
        const scripts = [];
        alice.page.on('request', (one) => one.resourceType() === 'script' && scripts.push(path.basename(one.url())));
        await alice.go('/access');
        expect(scripts.length > 0, 'no scripts');
        expect(!scripts.some((name) => /^(german|overview|audit|rotation)-/.test(name)), scripts.join(' '));
    });
}

async function preview({ tap }, bob, key) {
    await tap.row('W5: what will be in a certificate is shown as the server would sign it', async () => {
        await bob.go('/new?zone=prod&role=dev');
        await bob.page.getByLabel('Your public key').fill(key);
        const section = bob.page.getByRole('region').or(bob.page.locator('section')).filter({ has: bob.page.getByRole('heading', { name: 'What will be in it' }) }).first();
        await section.getByText('role:dev:bob').or(section.getByText('role:dev', { exact: true })).first().waitFor();
        await section.getByText('permit-pty').waitFor();
        await bob.shoot('new-preview');
        await bob.mustBeAccessible('the preview of a certificate');
        const shown = await section.locator('code').allInnerTexts();
        await bob.page.getByRole('button', { name: 'Get the certificate' }).click();
        await bob.page.getByRole('button', { name: /^Download .*-cert\.pub$/ }).waitFor();
        const newest = await bob.page.evaluate(async () => (await (await fetch('/v1/certs?limit=1')).json()).items[0]);
        newest.principals.forEach((one) => expect(shown.includes(one), `${one} was not shown: ${shown.join(' ')}`));
        bob.mustBeQuiet();
    });
}

async function prefer(lab, bob) {
    await lab.tap.row('W5: language and colours that somebody chose are there in their next browser', async () => {
        await bob.go('/profile');
        await bob.page.getByLabel('Language').selectOption('de');
        await bob.page.getByRole('heading', { level: 1, name: 'Mein Konto' }).or(bob.page.locator('html[lang=de]')).first().waitFor();
        await waitFor(async () => (await bob.page.evaluate(async () => (await (await fetch('/v1/account/preferences')).json()).language)) === 'de', () => 'it is kept');
        const other = await lab.enter();
        await signIn(other, 'bob', await lab.person('bob'));
        await waitFor(async () => (await other.page.locator('html').getAttribute('lang')) === 'de', () => 'German');
        await other.shoot('access-german');
        await lab.leave(other);
        await bob.go('/profile');
        await bob.page.locator('select').filter({ has: bob.page.locator('option[value=en]') }).selectOption('en');
        await waitFor(async () => (await bob.page.evaluate(async () => (await (await fetch('/v1/account/preferences')).json()).language)) === 'en', () => 'it is kept');
        bob.mustBeQuiet();
    });
}

export async function run(lab) {
    const folder = fs.mkdtempSync(path.join(lab.folder, 'w5-'));
    const keys = [];
    for (const name of ['one', 'two', 'three']) {
        await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, name));
        keys.push(fs.readFileSync(path.join(folder, `${name}.pub`), 'utf8').trim());
    }
    const alice = await lab.enter();
    const bob = await lab.enter();
    await signIn(alice, 'alice', await lab.person('alice'));
    await signIn(bob, 'bob', await lab.person('bob'));
    await follow(lab, alice, bob, keys);
    await load(lab, alice);
    await preview(lab, bob, keys[2]);
    await prefer(lab, bob);
    await lab.leave(alice);
    await lab.leave(bob);
}
