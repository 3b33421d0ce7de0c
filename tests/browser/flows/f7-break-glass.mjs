// SPDX-License-Identifier: ISC
//
// F7: break-glass. A role for emergencies is used, aloud, and opens a real sshd; another administrator sees the
// banner on every page and reviews it; the sheet is there to be printed.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { getCert } from '../lib/certs.mjs';
import { USER } from '../lib/machine.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const ROLE = 'emergency';
const REASON = 'the database is down <img src=x onerror="window.hit=1">';
const SK = 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1EaAAAABHNzaDo= safe';

async function breakGlass(visitor, folder, key, isDrill) {
    const { page } = visitor;
    await visitor.go(`/new?zone=prod&role=${ROLE}${isDrill ? '&drill=1' : ''}`);
    await page.getByLabel('Your public key').fill(fs.readFileSync(`${key}.pub`, 'utf8'));
    await page.getByText('SHA256:').first().waitFor();
    await page.getByText('All administrators are told at once').waitFor();
    await page.getByLabel(/what for|reason/i).last().fill(REASON);
    expectEqual(await page.getByLabel('This is a drill').isChecked(), isDrill);
    return getCert(visitor, folder, ROLE, 'Break the glass');
}

async function rows(lab, tap, machine, folder) {
    const key = path.join(folder, 'id');
    const bob = await lab.enterAs('bob', '/access');
    const alice = await lab.enterAs('alice', '/access');
    let cert;
    await tap.row('F7: nothing is open, and so there is no banner', async () => {
        await alice.go('/break-glass');
        await alice.page.getByText('There was no drill yet.').waitFor();
        await alice.page.getByRole('link', { name: ROLE, exact: true }).waitFor();
        expectEqual(await alice.page.locator('aside.alarm').count(), 0);
        alice.mustBeQuiet();
    });
    await tap.row('F7: the role for emergencies is had at once, after it said what follows, and logs in', async () => {
        cert = await breakGlass(bob, folder, key, false);
        await bob.shoot('break-glass-used');
        await bob.mustBeAccessible('the certificate of an emergency');
        const { stdout } = await must('ssh-keygen', '-L', '-f', cert);
        expect(stdout.includes(`role:${ROLE}`), stdout);
        await machine.mustLetIn({ key, cert });
        bob.mustBeQuiet();
    });
    await tap.row('F7: another administrator sees it on every page, and nobody else does', async () => {
        for (const target of ['/access', '/break-glass']) {
            await alice.go(target);
            await alice.page.locator('aside.alarm', { hasText: '1 emergency access' }).waitFor();
        }
        await alice.go('/overview');
        await alice.page.locator('aside.alarm').waitFor();
        await alice.shoot('break-glass-banner');
        await alice.mustBeAccessible('the banner');
        await bob.go('/access');
        expectEqual(await bob.page.locator('aside.alarm').count(), 0);
        expectEqual(await bob.page.getByRole('link', { name: 'Break-glass' }).count(), 0);
        await bob.go('/break-glass');
        await bob.page.getByRole('heading', { level: 1 }).waitFor();
        expectEqual(await bob.page.getByText('Reviews').count(), 0, 'who may not see it');
        bob.mustBeQuiet();
        alice.mustBeQuiet();
    });
    await tap.row('F7: the banner leads to the review, which says who, why and with what; text stays text', async () => {
        const { page } = alice;
        await page.locator('aside.alarm a').click();
        await page.waitForURL(/\/break-glass\?state=open/);
        await page.locator('tbody button.link').first().click();
        await page.getByRole('heading', { name: /^Review \d+$/ }).waitFor();
        const shown = await page.locator('dd').allInnerTexts();
        expect(shown.some((text) => text.trim() === REASON), shown.join(' | '));
        expect(!(await page.evaluate(() => 'hit' in window)), 'the reason ran');
        await page.getByText(`${USER}@${machine.alias}`).first().waitFor(); // as the machine's agent reported it
        await alice.shoot('break-glass-review');
        await alice.mustBeAccessible('a review');
        alice.mustBeQuiet();
    });
    await tap.row('F7: it is reviewed with a note, and the banner goes', async () => {
        const { page } = alice;
        await page.getByRole('button', { name: 'Mark as reviewed' }).click();
        const dialog = page.getByRole('dialog');
        expect(await dialog.getByRole('button', { name: 'Mark as reviewed' }).isDisabled(), 'without a note');
        await dialog.locator('input, textarea').first().fill('the failover of ticket 4711');
        await dialog.getByRole('button', { name: 'Mark as reviewed' }).click();
        await dialog.waitFor({ state: 'detached' });
        await page.getByText('the failover of ticket 4711').first().waitFor();
        await page.locator('aside.alarm').waitFor({ state: 'detached' });
        expectEqual(await page.getByRole('button', { name: 'Mark as reviewed' }).count(), 0);
        alice.mustBeQuiet();
    });
    await tap.row('F7: a drill is marked as one, remembered, and reviewed all the same', async () => {
        await breakGlass(bob, folder, key, true);
        await alice.go('/break-glass?state=open');
        await alice.page.getByText(/^Last drill:/).waitFor();
        await alice.page.locator('tbody .badge', { hasText: 'drill' }).first().waitFor();
        const id = (await alice.page.locator('tbody button.link').first().innerText()).trim();
        await alice.go(`/break-glass?review=${id}`);
        await alice.page.getByRole('button', { name: 'Mark as reviewed' }).click();
        await alice.page.getByRole('dialog').locator('input, textarea').first().fill('a drill');
        await alice.page.getByRole('dialog').getByRole('button', { name: 'Mark as reviewed' }).click();
        await alice.page.locator('aside.alarm').waitFor({ state: 'detached' });
        bob.mustBeQuiet();
        alice.mustBeQuiet();
    });
    await tap.row('F7: a certificate is sealed as far as the ceiling allows, and not an hour further', async () => {
        const { page } = alice;
        await alice.go('/break-glass');
        await page.getByText('Seal a certificate', { exact: true }).click();
        await page.getByLabel('User').last().fill('bob');
        await page.getByLabel('Public key of the security key').fill(SK);
        await page.getByLabel('Where it will lie').fill('the safe in Bonn');
        await page.getByRole('button', { name: 'Seal it' }).click();
        await page.getByText('V-2045').first().waitFor();
        await page.getByText('user.ttl_max').first().waitFor();
        await page.getByLabel('Days').fill('1');
        await page.getByRole('button', { name: 'Seal it' }).click();
        await page.getByText('Sealed for').waitFor();
        await page.getByText('renew it').first().waitFor();
        await alice.shoot('break-glass-sealed');
        await alice.mustBeAccessible('sealed certificates');
        await alice.go('/overview');
        await page.getByText('The sealed certificate of bob ends').waitFor();
        alice.mustBeQuiet();
    });
    await tap.row('F7: the sheet is printed alone', async () => {
        const { page } = alice;
        await alice.go('/break-glass');
        await page.locator('pre.sheet', { hasText: 'vouch backup verify' }).waitFor();
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('pre.sheet').isVisible(), 'no sheet');
        for (const other of ['.rail', '.top', 'aside.alarm', 'table', 'h2']) {
            for (const one of await page.locator(other).all()) {
                expect(!(await one.isVisible()), `${other} would be printed`);
            }
        }
        await alice.shoot('break-glass-sheet-print');
        await page.emulateMedia({ media: null });
    });
}

// What is still open would be on every page of the flows that follow.
async function tidy(lab) {
    const carol = 'carol';
    await lab.service.vouch('group', 'edit', 'vouch-admins', '--add', carol);
    const visitor = await lab.enterAs(carol, '/break-glass');
    while ((await visitor.page.locator('aside.alarm').count()) > 0) {
        await visitor.go('/break-glass?state=open');
        await visitor.page.locator('tbody button.link').first().click();
        await visitor.page.getByRole('button', { name: 'Mark as reviewed' }).click();
        await visitor.page.getByRole('dialog').locator('input, textarea').first().fill('tidied');
        await visitor.page.getByRole('dialog').getByRole('button', { name: 'Mark as reviewed' }).click();
        await visitor.page.getByRole('dialog').waitFor({ state: 'detached' });
        await visitor.go('/access');
    }
    await lab.leave(visitor);
    await lab.service.vouch('group', 'edit', 'vouch-admins', '--remove', carol);
    await lab.service.vouch('role', 'rm', ROLE, '--yes');
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f7-'));
    const machine = await lab.machine();
    await lab.service.vouch('role', 'add', ROLE, '--zone', 'prod', '--member', 'user:bob', '--host', 'all', '--login', USER, '--ttl', '1h', '--break-glass');
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'id'));
    await rows(lab, tap, machine, folder);
    await tidy(lab);
}
