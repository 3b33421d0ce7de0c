// SPDX-License-Identifier: ISC
//
// F9: taking certificates back: from a certificate's page as far as is chosen, and all that a person has. The
// page tells whether the list has reached the hosts, and what it reached refuses.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { certify, makeKey } from '../lib/certs.mjs';
import { press } from '../lib/keyboard.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const REASON = 'the laptop was left on a train';

async function choosing(lab, alice, machine, mine) {
    const { tap } = lab;
    const { page } = alice;
    const dialog = page.getByRole('dialog');
    const revoke = dialog.getByRole('button', { name: 'Revoke' });
    await tap.row('F9: how far it goes is chosen, and counted before it is done', async () => {
        await alice.go(`/certs/${mine[0].serial}`);
        await page.getByRole('button', { name: 'Revoke' }).click();
        await dialog.getByText('1 valid certificate becomes worthless').waitFor();
        await dialog.getByLabel('All certificates for this key').check();
        await dialog.getByText('2 valid certificates become worthless').waitFor();
        await dialog.getByLabel(/All certificates with the key ID/).check();
        await dialog.getByText(/^([3-9]|\d{2,}) valid certificates become worthless/).waitFor();
        await dialog.getByText('Connections that are open are not cut').waitFor();
        await alice.look('revoke dialog');
        alice.mustBeQuiet();
    });
    await tap.row('F9: a host that does not hear is named, and holds nobody up', async () => {
        machine.pause();
        await dialog.getByLabel('All certificates for this key').check();
        expect(await revoke.isDisabled(), 'it can be revoked without a reason');
        await dialog.getByLabel('Reason').fill(REASON);
        await revoke.click();
        await dialog.waitFor({ state: 'detached' });
        await page.locator('.badge', { hasText: 'Revoked' }).first().waitFor();
        await page.locator('.fact', { hasText: REASON }).waitFor();
        await alice.go('/revocation');
        await page.getByRole('row').filter({ hasText: REASON }).waitFor();
        const picture = page.getByRole('figure').filter({ hasText: 'Did it arrive?' });
        await picture.getByText('Not yet:').waitFor();
        await picture.getByRole('link', { name: machine.alias }).waitFor();
        await alice.look('revocation behind');
        alice.mustBeQuiet();
    });
    await tap.row('F9: once it hears, the page says so by itself, and both certificates are refused there', async () => {
        machine.resume();
        const picture = page.getByRole('figure').filter({ hasText: 'Did it arrive?' });
        await picture.getByRole('button', { name: 'Table' }).click();
        await picture.getByRole('row').filter({ hasText: machine.alias }).getByText('has the newest list').waitFor();
        await machine.mustRefuse(mine[0]);
        await machine.mustRefuse(mine[1]);
        expect(machine.words().includes('revoked'), machine.words());
        alice.mustBeQuiet();
    });
    await tap.row('F9: by another key the same person still gets in', () => machine.mustLetIn(mine[2]));
}

async function person(lab, alice, machine, cert) {
    const { tap } = lab;
    const { page } = alice;
    const turn = async (button) => {
        await alice.go('/users/bob');
        await page.getByRole('button', { name: button }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('button', { name: 'Apply' }).click();
        await dialog.waitFor({ state: 'detached' });
    };
    await tap.row('F9: a person who is disabled is refused by what they have', async () => {
        const bob = await lab.enterAs('bob', '/access');
        await turn('Disable');
        await page.locator('.fact', { hasText: 'disabled' }).waitFor();
        await machine.mustRefuse(cert);
        await bob.go('/certs');
        await bob.page.waitForURL((url) => url.pathname === '/sign-in');
        bob.mustBeQuiet();
        alice.mustBeQuiet();
    });
    await tap.row('F9: and when they are back, what they had stays refused, and a new one gets in', async () => {
        await turn('Enable');
        const bob = await lab.enterAs('bob', '/new');
        const fresh = await certify(bob, await makeKey(path.dirname(cert.key), 'id_fresh'), 'shell');
        await machine.mustLetIn(fresh);
        await machine.mustRefuse(cert);
        alice.mustBeQuiet();
        bob.mustBeQuiet();
    });
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f9-'));
    const machine = await lab.machine();
    const bob = await lab.enterAs('bob', '/new');
    const key = await makeKey(folder, 'id_bob');
    const other = await makeKey(folder, 'id_other');
    const mine = [];
    for (const one of [key, key, other]) {
        mine.push(await certify(bob, one, 'shell'));
    }
    const alice = await lab.enterAs('alice', '/certs');
    await machine.mustLetIn(mine[0]);
    await machine.mustLetIn(mine[1]);
    await choosing(lab, alice, machine, mine);
    await person(lab, alice, machine, mine[2]);
    await tap.row('F9: the keyboard alone takes a certificate back', async () => {
        const visitor = await lab.enterAs('bob', '/new');
        const { serial } = await certify(visitor, await makeKey(folder, 'id_keyboard'), 'shell');
        const { page } = alice;
        await alice.go(`/certs/${serial}`);
        await press(page, page.getByRole('button', { name: 'Revoke' }), 'Enter');
        await press(page, page.getByLabel('Reason'));
        await page.keyboard.type('by the keyboard');
        await page.keyboard.press('Enter');
        await page.locator('.badge', { hasText: 'Revoked' }).first().waitFor();
        alice.mustBeQuiet();
    });
}
