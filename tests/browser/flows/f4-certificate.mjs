// SPDX-License-Identifier: ISC
//
// F4: getting a certificate in the browser: for a key that is pasted, for one that the page makes, and with a
// real login by each. A private key is noticed in the page and goes nowhere.

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { getCert, save } from '../lib/certs.mjs';
import { signIn } from '../lib/people.mjs';
import { Sshd, must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

function fingerprintOf(file) {
    const blob = Buffer.from(fs.readFileSync(file, 'utf8').split(' ')[1], 'base64');
    return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f4-'));
    const visitor = await lab.enter();
    const { page } = visitor;
    const sshd = new Sshd(path.join(folder, 'sshd'), lab.service);
    const pasted = path.join(folder, 'id_pasted');
    try {
        await sshd.start(['role:dev']);
        await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bob@laptop', '-f', pasted);
        await signIn(visitor, 'bob', await lab.person('bob'), '/new');
        await tap.row('F4: a private key is noticed, kept nowhere and sent to nobody', async () => {
            const secret = fs.readFileSync(pasted, 'utf8');
            const sent = [];
            const listen = (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`);
            visitor.context.on('request', listen);
            await page.getByLabel('Your public key').fill(secret);
            await page.getByText('This is a private key').waitFor();
            await visitor.mustBeAccessible('a private key that was noticed');
            await visitor.shoot('private-key');
            await page.locator('input[type=file]').setInputFiles(pasted);
            await page.getByText('This is a private key').waitFor();
            const part = secret.split('\n')[2];
            const held = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((one) => one.value).join());
            expect(!held.includes(part), 'the page holds it');
            expect(sent.every((one) => !one.includes(part) && !one.includes('PRIVATE')), sent.join('\n'));
            expect(await page.getByRole('button', { name: 'Get the certificate' }).isDisabled(), 'a certificate can be asked for');
            visitor.context.off('request', listen);
            visitor.mustBeQuiet();
        });
        await tap.row('F4: a key that was pasted gets a certificate, and logs in with it', async () => {
            await visitor.go('/new');
            await page.getByLabel('Your public key').fill(fs.readFileSync(`${pasted}.pub`, 'utf8'));
            await page.getByText('SHA256:').first().waitFor();
            const cert = await getCert(visitor, folder);
            const { stdout } = await must('ssh-keygen', '-L', '-f', cert);
            expect(/role:dev/.test(stdout) && /Key ID: "bob/.test(stdout), stdout);
            expectEqual((await sshd.login(pasted, cert, 'echo', 'hello')).trim(), 'hello');
            await visitor.shoot('certificate');
            await visitor.mustBeAccessible('a new certificate');
            visitor.mustBeQuiet();
        });
        await tap.row('F4: each way of using it is there, for each kind of program', async () => {
            for (const tab of await page.getByRole('tab').all()) {
                await tab.click();
                expect((await page.getByRole('tabpanel').innerText()).trim().length > 40, `${await tab.innerText()}: nothing`);
                await visitor.mustBeAccessible(`how to use it: ${await tab.innerText()}`);
            }
            visitor.mustBeQuiet();
        });
        await tap.row('F4: it is listed, and its page shows it', async () => {
            await page.getByRole('link', { name: /certificates/i }).first().click();
            await visitor.go('/certs');
            await page.locator('tbody a').first().click();
            await page.waitForURL(/\/certs\/\d+$/);
            await visitor.settle();
            await page.getByText('role:dev').first().waitFor();
            await visitor.shoot('page-certificate');
            await visitor.mustBeAccessible('the page of a certificate');
            visitor.mustBeQuiet();
        });
        await tap.row('F4: a key that the page makes never leaves it, and logs in', async () => {
            await visitor.go('/new');
            await page.getByRole('button', { name: 'Make one here' }).click();
            const made = await save(visitor, page.getByRole('button', { name: 'Make a key' }), folder);
            await page.getByText('Made here').waitFor();
            const cert = await getCert(visitor, folder);
            const { stdout } = await must('ssh-keygen', '-y', '-f', made);
            expect(stdout.startsWith('ssh-ed25519 ') || stdout.startsWith('ecdsa-sha2-nistp256 '), stdout);
            expectEqual((await sshd.login(made, cert, 'echo', 'hello')).trim(), 'hello');
            visitor.mustBeQuiet();
        });
        await tap.row('F4: a key that was lost is seen among my own, and its certificates are taken back', async () => {
            await visitor.go('/keys');
            const row = page.locator('tbody tr', { hasText: fingerprintOf(`${pasted}.pub`) });
            await row.getByText('1 valid certificate').waitFor();
            await row.getByRole('button', { name: 'Lost it' }).click();
            const dialog = page.locator('dialog[open]');
            await dialog.getByLabel('Reason').fill('left in a train');
            await dialog.getByRole('button', { name: 'Revoke' }).click();
            await row.getByText('0 valid certificates').waitFor();
            expectEqual(await row.getByRole('button', { name: 'Lost it' }).count(), 0, 'buttons');
            await visitor.go('/certs');
            await page.locator('tbody tr', { hasText: fingerprintOf(`${pasted}.pub`) }).getByText('Revoked').first().waitFor();
            visitor.mustBeQuiet();
        });
    } finally {
        sshd.stop();
    }
}
