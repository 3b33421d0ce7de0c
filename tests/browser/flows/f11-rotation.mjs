// SPDX-License-Identifier: ISC
//
// F11: the user CA's key is replaced from the page, from steady to steady, with a real host that has to confirm:
// who is in the way is named, each step but the last can be undone, and logins work by what counts.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { certify, makeKey } from '../lib/certs.mjs';
import { press } from '../lib/keyboard.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

async function signedBy({ cert }) {
    return /Signing CA: \S+ (SHA256:\S+)/.exec((await must('ssh-keygen', '-L', '-f', cert)).stdout)[1];
}

class Wizard {
    constructor(visitor, title) {
        this.visitor = visitor;
        this.page = visitor.page;
        this.card = this.page.getByRole('article').filter({ has: this.page.getByRole('heading', { name: title }) }).first();
        this.dialog = this.page.getByRole('dialog');
    }

    button(name) {
        return this.card.locator('> .actions').getByRole('button', { name });
    }

    phase(words) {
        return this.card.locator('.badge', { hasText: words }).waitFor();
    }

    ready() {
        return this.card.getByText('Ready for the next step').waitFor();
    }

    async open(name) {
        await this.button(name).click();
        await this.dialog.waitFor();
    }

    async act(name, before = async () => undefined) {
        await this.open(name);
        await before(this.dialog);
        await this.dialog.getByRole('button', { name }).click();
        await this.dialog.waitFor({ state: 'detached' });
    }
}

async function distributing(lab, wizard, machine) {
    const { tap } = lab;
    const { card, dialog, visitor } = wizard;
    await tap.row('F11: a rotation starts, and the host that has not heard of it is named', async () => {
        machine.pause();
        await wizard.act('Start a rotation');
        await wizard.phase('The new key is being distributed');
        await card.getByText('Ready: 0 of 1 hosts').waitFor();
        expectEqual(await card.getByRole('meter').evaluate((meter) => [meter.value, meter.max]), [0, 1], 'the meter');
        await card.getByRole('listitem').filter({ hasText: machine.alias }).getByText('has not the new keys').waitFor();
        await visitor.look('rotation blocked');
        visitor.mustBeQuiet();
    });
    await tap.row('F11: nothing goes on over its head, unless it is left behind by name', async () => {
        await wizard.open('Switch signing');
        await dialog.getByRole('checkbox', { name: `Leave these hosts behind: ${machine.alias}` }).waitFor();
        await dialog.getByRole('button', { name: 'Switch signing' }).click();
        await dialog.getByRole('alert').getByText(machine.alias).first().waitFor();
        await visitor.look('rotation refused');
        await dialog.getByRole('button', { name: 'Cancel' }).click();
        await wizard.phase('The new key is being distributed');
        visitor.mustBeQuiet();
    });
    await tap.row('F11: once it has heard, the meter is full by itself', async () => {
        machine.resume();
        await card.getByText('Ready: 1 of 1 hosts').waitFor();
        await wizard.ready();
        visitor.mustBeQuiet();
    });
    await tap.row('F11: one step back, and it is as if it had not begun', async () => {
        await wizard.act('One step back');
        await wizard.phase('No rotation under way');
        await wizard.act('Start a rotation');
        await wizard.ready();
        visitor.mustBeQuiet();
    });
}

async function switching(lab, wizard, machine, { bob, folder, old }) {
    const { tap } = lab;
    const { card, visitor } = wizard;
    const first = await signedBy(old);
    let fresh;
    await tap.row('F11: the new key signs, and certificates by both get in', async () => {
        await wizard.act('Switch signing');
        await wizard.phase('The new key signs; the old one is still trusted');
        fresh = await certify(bob, await makeKey(folder, 'id_fresh'), 'shell');
        expect(await signedBy(fresh) !== first, 'the old key signed it');
        await machine.mustLetIn(fresh);
        await machine.mustLetIn(old);
        await visitor.look('rotation drain');
        visitor.mustBeQuiet();
    });
    await tap.row('F11: the old trust goes only when its certificates have ended, or one says that they need not', async () => {
        await card.getByText(/Certificates by the old key end by/).waitFor();
        await wizard.open('Remove the old trust');
        await wizard.dialog.getByRole('button', { name: 'Remove the old trust' }).click();
        await wizard.dialog.getByRole('alert').getByText(/V-\d{4}/).waitFor();
        await wizard.dialog.getByRole('checkbox', { name: /^Do not wait/ }).check();
        await wizard.dialog.getByRole('button', { name: 'Remove the old trust' }).click();
        await wizard.dialog.waitFor({ state: 'detached' });
        await wizard.phase('The old key is trusted no more');
        await machine.mustRefuse(old);
        await machine.mustLetIn(fresh);
        visitor.mustBeQuiet();
    });
    await tap.row('F11: that can be undone too, and done again', async () => {
        await wizard.act('One step back');
        await wizard.phase('The new key signs; the old one is still trusted');
        await machine.mustLetIn(old);
        await wizard.act('Remove the old trust', (dialog) => dialog.getByRole('checkbox', { name: /^Do not wait/ }).check());
        await machine.mustRefuse(old);
        visitor.mustBeQuiet();
    });
    await tap.row('F11: the old key is destroyed by its name alone, and all is steady', async () => {
        await wizard.ready();
        await wizard.open('Destroy the old key');
        const { dialog } = wizard;
        const destroy = dialog.getByRole('button', { name: 'Destroy the old key' });
        const field = dialog.getByLabel(`Type ${first} to confirm`);
        await field.fill(await signedBy(fresh));
        expect(await destroy.isDisabled(), 'another name will do');
        await field.fill(first);
        await visitor.look('rotation destroy');
        await destroy.click();
        await dialog.waitFor({ state: 'detached' });
        await wizard.phase('No rotation under way');
        await machine.mustLetIn(fresh);
        await machine.mustRefuse(old);
        visitor.mustBeQuiet();
    });
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f11-'));
    const machine = await lab.machine();
    const bob = await lab.enterAs('bob', '/new');
    const old = await certify(bob, await makeKey(folder, 'id_old'), 'shell');
    await machine.mustLetIn(old);
    const alice = await lab.enterAs('alice', '/ca/rotation');
    const wizard = new Wizard(alice, 'User CA');
    await distributing(lab, wizard, machine);
    await switching(lab, wizard, machine, { bob, folder, old });
    await tap.row('F11: the keyboard alone begins a rotation and takes it back', async () => {
        const other = new Wizard(alice, 'Host CA');
        for (const [step, phase] of [['Start a rotation', 'The new key is being distributed'], ['One step back', 'No rotation under way']]) {
            await press(alice.page, other.button(step), 'Enter');
            await other.dialog.waitFor();
            await press(alice.page, other.dialog.getByRole('button', { name: step }), 'Enter');
            await other.phase(phase);
        }
        alice.mustBeQuiet();
        bob.mustBeQuiet();
    });
}
