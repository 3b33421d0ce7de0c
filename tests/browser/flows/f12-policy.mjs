// SPDX-License-Identifier: ISC
//
// F12: the policy is changed as a text: who gains and who loses what is said before it holds; it holds at once; and
// one click goes back.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { certify, makeKey } from '../lib/certs.mjs';
import { press } from '../lib/keyboard.mjs';
import { USER } from '../lib/machine.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

// The text with the members of a role in the place of those that it has.
function withMembers(text, role, members) {
    const changed = text.replace(new RegExp(`(- name: ${role}\\n(?: +.*\\n)*? +members:)[^\\n]*\\n(?: +- .*\\n)*`), `$1 ${members}\n`);
    expect(changed !== text, `no role ${role} with members in\n${text}`);
    return changed;
}

// With the key pasted and the role chosen, one click before the certificate.
async function aboutToAsk(visitor, key) {
    const { page } = visitor;
    await visitor.go('/new?zone=prod&role=shell');
    await page.getByLabel('Your public key').fill(fs.readFileSync(`${key}.pub`, 'utf8'));
    await page.getByText('SHA256:').first().waitFor();
    return page.getByRole('button', { name: 'Get the certificate' });
}

async function narrowing(lab, alice, bob, key) {
    const { tap } = lab;
    const { page } = alice;
    const field = page.getByRole('textbox', { name: 'The document' });
    const dialog = page.getByRole('dialog');
    let before;
    await tap.row('F12: what is no policy is refused, with the place', async () => {
        await alice.go('/policy');
        const holding = await field.inputValue();
        await field.fill(`${holding}\nroles: twice\n`);
        await page.getByRole('button', { name: 'Preview the change' }).click();
        await dialog.getByRole('alert').getByText(/V-\d{4}/).waitFor();
        expect(await dialog.getByRole('button', { name: 'Apply' }).isDisabled(), 'it can be applied');
        await alice.look('policy refused');
        await page.keyboard.press('Escape');
        await field.fill(holding);
        alice.mustBeQuiet();
    });
    await tap.row('F12: before a change holds, the page says in words who loses what', async () => {
        before = await field.inputValue();
        await field.fill(withMembers(before, 'shell', "['user:alice']"));
        await page.getByRole('button', { name: 'Preview the change' }).click();
        const change = dialog.getByRole('listitem').filter({ hasText: 'loses' });
        await change.getByText('bob').waitFor();
        await change.getByText(new RegExp(`${USER} on .*web7.prod.example.com`)).waitFor();
        await dialog.getByText('0 gains, 1 loss of access').waitFor();
        await alice.look('policy diff');
        alice.mustBeQuiet();
    });
    await tap.row('F12: applied, it holds for who was about to ask', async () => {
        const get = await aboutToAsk(bob, key);
        await dialog.getByRole('button', { name: 'Apply' }).click();
        await dialog.waitFor({ state: 'detached' });
        await get.click();
        await bob.page.getByRole('alert').getByText(/V-\d{4}/).waitFor();
        expectEqual(await bob.page.getByRole('button', { name: /^Download/ }).count(), 0, 'certificates');
        await alice.go('/policy');
        expect((await field.inputValue()) !== before, 'the page has the old one');
        alice.mustBeQuiet();
        bob.mustBeQuiet();
    });
}

async function reverting(lab, alice, bob, key) {
    const { tap } = lab;
    const { page } = alice;
    const dialog = page.getByRole('dialog');
    const machine = await lab.machine();
    await tap.row('F12: one goes back to the version before, by the keyboard alone, and is told who gains', async () => {
        await press(page, page.getByRole('table').locator('tbody th a').nth(1), 'Enter');
        await page.waitForURL(/\/policy\/\d+$/);
        await alice.settle();
        await alice.look('policy old');
        await press(page, page.getByRole('button', { name: 'Go back to this version' }), 'Enter');
        await dialog.getByText('1 gain, 0 losses of access').waitFor();
        await dialog.getByRole('listitem').filter({ hasText: 'gains' }).getByText('bob').waitFor();
        await press(page, dialog.getByRole('button', { name: 'Apply' }), 'Enter');
        await dialog.waitFor({ state: 'detached' });
        alice.mustBeQuiet();
    });
    await tap.row('F12: and what was refused a moment ago gets a certificate, and logs in', async () => {
        await machine.mustLetIn(await certify(bob, key, 'shell'));
        alice.mustBeQuiet();
        bob.mustBeQuiet();
    });
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f12-'));
    await lab.machine();
    const key = await makeKey(folder, 'id_bob');
    const bob = await lab.enterAs('bob', '/new');
    const alice = await lab.enterAs('alice', '/policy');
    await narrowing(lab, alice, bob, key);
    await reverting(lab, alice, bob, key);
    await tap.row('F12: the keyboard alone edits it, and sees what that would change', async () => {
        const { page } = alice;
        const dialog = page.getByRole('dialog');
        await alice.go('/policy');
        await press(page, page.getByRole('textbox', { name: 'The document' }), 'Control+Home');
        await page.keyboard.type('# a word at the top\n');
        await press(page, page.getByRole('button', { name: 'Preview the change' }), 'Enter');
        await dialog.getByText(/Nobody gains or loses access/).waitFor();
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        alice.mustBeQuiet();
    });
}
