// SPDX-License-Identifier: ISC
//
// F8: a host is added from the page: its command is run on a machine with a real sshd, and the page follows. One
// that came without a token is adopted by its fingerprint. Then somebody logs in there, and is asked nothing.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { certify, makeKey } from '../lib/certs.mjs';
import { press } from '../lib/keyboard.mjs';
import { mustBeAbleToEnrol } from '../lib/machine.mjs';
import { expect, expectEqual, waitFor } from '../lib/tap.mjs';

const FIRST = 'web5.prod.example.com';
const SECOND = 'web6.prod.example.com';
const WILD = 'web10.prod.example.com';
const STAR = '*.wild.prod.example.com';

async function makeToken(visitor) {
    const { page } = visitor;
    await visitor.go('/hosts');
    await page.locator('main a', { hasText: 'Add a host' }).first().click();
    await page.waitForURL((url) => url.pathname === '/enrolment');
    await visitor.settle();
    await page.getByLabel('Zone').selectOption('prod');
    await page.getByLabel('Name or pattern').first().fill(FIRST);
    await page.getByLabel('Labels').first().fill('tier=lab');
    await page.getByRole('button', { name: 'Make token' }).click();
    await page.getByRole('dialog').waitFor();
}

async function arriving(lab, alice) {
    const { tap } = lab;
    const { page } = alice;
    let machine;
    await tap.row('F8: a token comes with what to run, in every form, and the page waits', async () => {
        await makeToken(alice);
        const dialog = page.getByRole('dialog');
        const token = /vouchh_\w+/.exec(await dialog.locator('pre').innerText())[0];
        for (const form of ['cloud-init', 'Ansible', 'Shell']) {
            await dialog.getByRole('button', { name: form }).click();
            const text = await dialog.locator('pre').innerText();
            expect(text.includes(token) && text.includes(lab.service.pin) && text.includes('vouch-host'), `${form}: ${text}`);
        }
        await dialog.getByText('Waiting for the host').waitFor();
        alice.mustBeQuiet();
    });
    await tap.row('F8: the command enrols the machine as it stands there, and the page says so', async () => {
        machine = await lab.bareMachine(FIRST);
        const dialog = page.getByRole('dialog');
        const { status, out, err } = await machine.type(await dialog.locator('pre').innerText());
        expectEqual(status, 0, `${out}${err}`);
        for (const [step, shown] of [['Token', 'used from 127.0.0.1'], ['Names', FIRST], ['Host keys', await machine.fingerprint()], ['Certificates', /\d{10}/]]) {
            await dialog.getByRole('listitem').filter({ hasText: step }).filter({ hasText: shown }).waitFor();
        }
        alice.mustBeQuiet();
    });
    await tap.row("F8: with the agent's first report it is ready, and the host's page is well", async () => {
        machine.startAgent();
        await page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'Self-test' }).getByText('the host is ready').waitFor();
        await alice.look('enrol arrived');
        await page.getByRole('dialog').getByRole('link', { name: FIRST }).click();
        await page.waitForURL((url) => url.pathname === `/hosts/${FIRST}`);
        await alice.settle();
        await page.locator('.fact', { hasText: 'tier=lab' }).waitFor();
        await page.locator('.fact').first().locator('.badge.good', { hasText: 'ok' }).waitFor();
        await alice.look('enrol host');
        alice.mustBeQuiet();
    });
    return machine;
}

async function adopting(lab, alice) {
    const { tap } = lab;
    const { page } = alice;
    const machine = await lab.bareMachine(SECOND);
    const enrol = () => machine.type(`vouch-host enrol '${lab.service.url}' --pin ${lab.service.pin} --no-wait </dev/null`);
    const row = page.getByRole('row').filter({ hasText: SECOND });
    await tap.row('F8: a machine without a token waits in the queue, with its fingerprints', async () => {
        const { status, err } = await enrol();
        expectEqual(status, 6, err);
        await alice.go('/enrolment');
        await row.getByText(await machine.fingerprint()).waitFor();
        await alice.look('enrol queue');
        alice.mustBeQuiet();
    });
    await tap.row('F8: a fingerprint that is not its own adopts nothing', async () => {
        await row.getByRole('button', { name: 'Adopt' }).click();
        await page.getByLabel('Fingerprint, as the machine shows it').fill(`SHA256:${'A'.repeat(43)}`);
        await page.getByRole('dialog').getByRole('button', { name: 'Adopt' }).click();
        await page.getByRole('dialog').getByText(/V-\d{4}/).first().waitFor();
        await alice.look('enrol adopt refused');
        expectEqual((await enrol()).status, 6, 'and it still waits');
        alice.mustBeQuiet();
    });
    await tap.row('F8: the one that the machine shows adopts it, and its command then enrols it', async () => {
        const dialog = page.getByRole('dialog');
        await page.getByLabel('Fingerprint, as the machine shows it').fill(await machine.fingerprint());
        await dialog.getByLabel('Zone').fill('prod');
        await dialog.getByLabel('Labels').fill('tier=lab');
        await dialog.getByRole('button', { name: 'Adopt' }).click();
        await dialog.waitFor({ state: 'detached' });
        const { status, out, err } = await enrol();
        expectEqual(status, 0, `${out}${err}`);
        await alice.go('/hosts');
        await page.getByRole('row').filter({ hasText: SECOND }).waitFor();
        alice.mustBeQuiet();
    });
    return machine;
}

async function wildcards(lab, alice) {
    const { tap } = lab;
    const { page } = alice;
    const machine = await lab.bareMachine(WILD);
    await tap.row('F8: a name with a wildcard is ticked by whoever judged it, and one of two is not enough', async () => {
        const { status, err } = await machine.type(`vouch-host enrol '${lab.service.url}' --pin ${lab.service.pin} --alias '${STAR}' --no-wait </dev/null`);
        expectEqual(status, 6, err);
        await alice.go('/enrolment');
        const row = page.getByRole('row').filter({ hasText: WILD });
        await row.getByText('0 of 2 approvals').first().waitFor();
        await row.getByRole('button', { name: 'Adopt' }).click();
        const dialog = page.getByRole('dialog');
        const adopt = dialog.getByRole('button', { name: 'Adopt' });
        await page.getByLabel('Fingerprint, as the machine shows it').fill(await machine.fingerprint());
        expect(await adopt.isDisabled(), 'it can be adopted without a look at the name');
        await dialog.getByRole('checkbox', { name: STAR }).check();
        await alice.look('enrol wildcard');
        await adopt.click();
        await dialog.waitFor({ state: 'detached' });
        await row.getByText('1 of 2 approvals, by alice').first().waitFor();
        await alice.go(`/hosts/${WILD}`);
        await page.locator('.fact', { hasText: STAR }).filter({ hasText: '1 of 2 approvals, by alice' }).first().waitFor();
        alice.mustBeQuiet();
    });
    machine.stop();
}

export async function run(lab) {
    const { tap } = lab;
    mustBeAbleToEnrol();
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f8-'));
    const alice = await lab.enterAs('alice', '/hosts');
    const first = await arriving(lab, alice);
    const second = await adopting(lab, alice);
    await tap.row('F8: somebody logs in on both by a certificate of the page, and no host key was ever compared', async () => {
        const bob = await lab.enterAs('bob', '/new');
        const mine = await certify(bob, await makeKey(folder, 'id_bob'), 'shell');
        await first.mustLetIn(mine);
        await second.mustLetIn(mine);
        const other = await certify(bob, await makeKey(folder, 'id_other'), 'dev');
        await first.mustRefuse(other);
        bob.mustBeQuiet();
    });
    await tap.row('F8: the login is on the page of the host, with whose it was', async () => {
        await alice.go(`/hosts/${FIRST}`);
        await alice.until((page) => page.getByRole('row').filter({ hasText: 'bob' }).first());
        alice.mustBeQuiet();
    });
    await tap.row('F8: the keyboard alone makes a token', async () => {
        const { page } = alice;
        await alice.go('/hosts');
        await press(page, page.locator('main a', { hasText: 'Add a host' }).first(), 'Space');
        await page.waitForURL((url) => url.pathname === '/enrolment');
        await alice.settle();
        await press(page, page.getByLabel('Name or pattern').first());
        await page.keyboard.type('web9.prod.example.com');
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').locator('pre', { hasText: 'vouchh_' }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        alice.mustBeQuiet();
    });
    await tap.row('F8: a host is retired by typing its name, and its machine is no host any more', async () => {
        const { page } = alice;
        await alice.go(`/hosts/${FIRST}`);
        await page.getByRole('button', { name: 'Retire' }).click();
        const dialog = page.getByRole('dialog');
        const retire = dialog.getByRole('button', { name: 'Retire' });
        expect(await retire.isDisabled(), 'it can be retired without its name');
        await dialog.getByLabel(`Type ${FIRST} to confirm`).fill(FIRST);
        await retire.click();
        await dialog.waitFor({ state: 'detached' });
        await waitFor(() => !first.agent, 'its agent ends');
        expect((await first.type('vouch-host sync')).status !== 0, 'it is still served');
        await lab.service.vouch('host', 'retire', SECOND, '--confirm', SECOND); // what comes later counts the hosts
        alice.mustBeQuiet();
    });
    first.stop();
    second.stop();
}
