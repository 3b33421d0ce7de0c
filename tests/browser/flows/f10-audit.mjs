// SPDX-License-Identifier: ISC
//
// F10: the audit log: searched by text and by chips, narrowed by the picture, one event whole, all about one
// serial, taken away as a file, and proven in the browser; also that a server that lies is caught.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { certify, makeKey, save } from '../lib/certs.mjs';
import { press } from '../lib/keyboard.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const rowsOf = (page) => page.locator('.table-part tbody tr');

// What stands in a column of the table.
function column(page, title) {
    return page.locator(`.table-part tbody td[data-title="${title}"]`).allInnerTexts();
}

async function searching(lab, alice) {
    const { tap } = lab;
    const { page } = alice;
    await tap.row('F10: chips narrow it, live in the address, and go again', async () => {
        await alice.go('/audit');
        await page.getByLabel('Type', { exact: true }).fill('cert.issue');
        await page.keyboard.press('Enter');
        await page.getByLabel('Actor', { exact: true }).fill('user:bob');
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.searchParams.get('type') === 'cert.issue' && url.searchParams.get('actor') === 'user:bob');
        await alice.settle();
        expectEqual([...new Set(await column(page, 'Actor'))], ['user:bob'], 'actors');
        expect((await column(page, 'Type')).every((type) => type.includes('cert.issue')), 'other types');
        await alice.look('audit chips');
        await page.getByRole('list', { name: 'Active filters' }).getByRole('button', { name: /^Actor/ }).click();
        await page.waitForURL((url) => !url.searchParams.has('actor') && url.searchParams.has('type'));
        await alice.go(page.url());
        expect((await column(page, 'Type')).every((type) => type.includes('cert.issue')), 'loaded anew, other types');
        alice.mustBeQuiet();
    });
    await tap.row('F10: any words of an event find it', async () => {
        await alice.go('/audit');
        const all = await rowsOf(page).count();
        await page.getByRole('searchbox').last().fill('enumerable-reason');
        await page.waitForFunction((most) => document.querySelectorAll('.table-part tbody tr').length < most, all);
        expectEqual(await rowsOf(page).count(), 1, 'rows');
        await rowsOf(page).first().getByText('enumerable-reason').waitFor();
        await page.getByRole('searchbox').last().fill('nothing has these words');
        await page.getByText('Nothing fits the filters.').waitFor();
        alice.mustBeQuiet();
    });
    await tap.row('F10: a bar of the picture narrows the time to what it stands for', async () => {
        await alice.go('/audit');
        const picture = page.getByRole('figure');
        const bar = picture.locator('svg [role=button]').first();
        const promised = [...(await bar.getAttribute('aria-label')).matchAll(/ (\d+)/g)].map(([, n]) => Number(n));
        await press(page, bar, 'Enter');
        await page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('until'));
        await alice.settle();
        const { searchParams } = new URL(page.url());
        const times = await page.locator('.table-part tbody time').evaluateAll((all) => all.map((one) => Date.parse(one.dateTime)));
        expect(times.length > 0 && promised.length > 0, 'the bar stands for nothing');
        expect(times.every((time) => time >= Date.parse(searchParams.get('from')) - 1000 && time <= Date.parse(searchParams.get('until'))), times.join(' '));
        alice.mustBeQuiet();
    });
}

async function oneSerial(lab, alice, cert) {
    const { tap } = lab;
    const { page } = alice;
    await tap.row('F10: one event is shown whole, with what else there is about the same', async () => {
        await alice.go('/audit?type=cert.issue&actor=user:bob');
        await rowsOf(page).getByRole('button').last().click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText('Other events about the same').waitFor();
        await dialog.getByRole('listitem').filter({ hasText: 'session.begin' }).first().waitFor();
        await dialog.locator('summary').click();
        const event = JSON.parse(await dialog.locator('pre').innerText());
        expectEqual([event.type, event.object, event.actor], ['cert.issue', 'bob', 'user:bob'], 'the event');
        await alice.look('audit event');
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        alice.mustBeQuiet();
    });
    await tap.row('F10: a serial leads to everything about it: issued, used, revoked, refused', async () => {
        await page.keyboard.press('/');
        await page.keyboard.type(cert.serial);
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.pathname === `/certs/${cert.serial}`);
        await alice.settle();
        const life = page.getByRole('figure').filter({ hasText: 'Its life' });
        await life.getByRole('button', { name: 'Table' }).click();
        const seen = await life.locator('tbody tr td:nth-of-type(1)').allInnerTexts();
        for (const what of ['Signed', 'Used', 'Revoked', 'Refused', 'Ends']) {
            expect(seen.includes(what), `no ${what} among ${seen.join(', ')}`);
        }
        await alice.look('audit life');
        alice.mustBeQuiet();
    });
}

async function taking(lab, alice, folder) {
    const { tap } = lab;
    const { page } = alice;
    await tap.row('F10: what is shown can be taken away, as JSON lines and as a table', async () => {
        await alice.go('/audit?type=cert.issue');
        const shown = (await page.locator('.table-part tbody th').allInnerTexts()).map((text) => text.trim());
        const events = fs.readFileSync(await save(alice, page.getByRole('button', { name: 'JSONL' }), folder), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
        expectEqual(events.map((event) => event.record), shown, 'records');
        const listed = JSON.parse(await lab.service.vouch('audit', 'search', '--type', 'cert.issue', '-o', 'json'));
        const theirs = new Map((listed.items ?? listed).map((event) => [event.record, event]));
        for (const event of events) {
            expectEqual(event, theirs.get(event.record), `record ${event.record}`);
        }
        const table = fs.readFileSync(await save(alice, page.locator('.table-part').getByRole('button', { name: 'CSV' }), folder), 'utf8').trimEnd().split('\r\n');
        expectEqual(table.length, shown.length + 1, 'lines');
        expectEqual(table.slice(1).map((line) => line.split(',')[0]), shown, 'the first column');
        alice.mustBeQuiet();
    });
}

async function proving(lab, alice) {
    const { tap } = lab;
    const { page } = alice;
    const verify = () => page.getByRole('button', { name: 'Verify' });
    await tap.row('F10: the browser proves the record, and what is shown of it, by itself', async () => {
        await alice.go('/audit');
        await verify().click();
        await page.getByText('From now on this browser notices').waitFor();
        await alice.go('/audit?actor=user:bob');
        await verify().click();
        await page.getByText(/Nothing was changed or removed of the \d+ records/).waitFor();
        const said = await page.locator('.note', { hasText: 'Proven.' }).innerText();
        expect(/all \d+ events of this page are among them/.test(said), said);
        await alice.look('audit proven');
        alice.mustBeQuiet();
    });
    const caught = async (route, change, words) => {
        await page.route(route, async (asked) => {
            const headers = { ...(await asked.request().allHeaders()), 'sec-fetch-site': 'same-origin' };
            const answer = await asked.fetch({ headers });
            await asked.fulfill({ response: answer, body: change(await answer.body()) });
        });
        try {
            await alice.go('/audit?actor=user:bob');
            await verify().click();
            await page.locator('.note.bad', { hasText: words }).waitFor();
            await alice.shoot(`audit disproven ${words}`);
            expectEqual(await page.getByText('Proven.', { exact: true }).count(), 0, 'and proven');
        } finally {
            await page.unroute(route);
        }
    };
    await tap.row('F10: an event that is shown otherwise than it was recorded is caught', async () => {
        await caught(/\/v1\/audit\?/, (body) => body.toString().replace('"object":"bob"', '"object":"eve"'), 'is not in the ledger as it is shown here');
        await alice.mustBeAccessible('what was disproven');
        alice.mustBeQuiet();
    });
    await tap.row('F10: a hash, a signature and a past that are others are caught', async () => {
        const flip = (body) => Buffer.concat([Buffer.from([body[0] ^ 1]), body.subarray(1)]);
        await caught(/\/v1\/ledger\/tile\/0\//, flip, 'do not give what the server signed');
        await caught(/\/v1\/ledger\/checkpoint/, (body) => body.toString().replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) - 1}\n`), 'signature of the checkpoint');
        await page.evaluate(() => {
            const kept = JSON.parse(localStorage.getItem('vouch-ledger'));
            localStorage.setItem('vouch-ledger', JSON.stringify({ ...kept, root: btoa('another past of this ledger.....') }));
        });
        await alice.go('/audit?actor=user:bob');
        await verify().click();
        await page.locator('.note.bad', { hasText: 'were changed or removed since' }).waitFor();
        await page.evaluate(() => localStorage.removeItem('vouch-ledger'));
        alice.mustBeQuiet();
    });
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f10-'));
    const machine = await lab.machine();
    const bob = await lab.enterAs('bob', '/new');
    const cert = await certify(bob, await makeKey(folder, 'id_bob'), 'shell');
    await machine.mustLetIn(cert);
    await lab.service.vouch('cert', 'revoke', '--serial', cert.serial, '--reason', 'for the record', '--yes');
    await machine.mustRefuse(cert);
    const alice = await lab.enterAs('alice', '/audit');
    const other = await certify(alice, await makeKey(folder, 'id_alice'), 'dev');
    await alice.page.evaluate(async (serial) => {
        const { csrf } = await (await fetch('/v1/session')).json();
        await fetch('/v1/revocations', { method: 'POST', body: JSON.stringify({ serial, reason: 'an enumerable-reason' }), headers: { 'Content-Type': 'application/json', 'X-Vouch-CSRF': csrf } });
    }, other.serial);
    await searching(lab, alice);
    await oneSerial(lab, alice, cert);
    await taking(lab, alice, folder);
    await proving(lab, alice);
    await tap.row('F10: the keyboard alone searches, opens an event and proves', async () => {
        const { page } = alice;
        await alice.go('/audit');
        await press(page, page.getByLabel('Type', { exact: true }));
        await page.keyboard.type('cert.revoke');
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.searchParams.get('type') === 'cert.revoke');
        await alice.settle();
        await press(page, rowsOf(page).getByRole('button').first(), 'Enter');
        await page.getByRole('dialog').getByText('cert.revoke').first().waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await press(page, page.getByRole('button', { name: 'Verify' }), 'Enter');
        await page.getByText('Proven.').waitFor();
        alice.mustBeQuiet();
    });
}
