// SPDX-License-Identifier: ISC
//
// F6: a request for a role that others must approve: asked for, weighed with what it resolves to, approved, taken;
// and text that somebody else wrote is text, whatever stands in it.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { signIn } from '../lib/people.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const HOSTILE = [
    '<script>window.hit = 1</script>',
    '<img src=x onerror="window.hit=1">',
    '"><svg onload=window.hit=1>',
    "'-window.hit=1-'",
    'javascript:window.hit=1',
    '{{constructor.constructor("window.hit=1")()}}',
    '${window.hit=1}',
    '</textarea><iframe srcdoc="<script>parent.hit=1</script>">',
    '&lt;b&gt; &amp; %3Cscript%3E',
    '\u202etxet desrever \u202c end',
];

async function request(visitor, key, reason) {
    const { page } = visitor;
    await visitor.go('/new?zone=prod&role=dba');
    await page.getByLabel('Your public key').fill(key);
    await page.getByLabel(/what for|reason/i).last().fill(reason);
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    await page.waitForURL(/\/requests\/\d+$/);
    await visitor.settle();
    return new URL(page.url()).pathname;
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f6-'));
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'id'));
    const key = fs.readFileSync(path.join(folder, 'id.pub'), 'utf8');
    const bob = await lab.enter();
    const alice = await lab.enter();
    await signIn(bob, 'bob', await lab.person('bob'));
    await signIn(alice, 'alice', await lab.person('alice'));
    let made;
    await tap.row('F6: a role that needs approval is asked for', async () => {
        made = await request(bob, key, 'the index is broken');
        await bob.page.getByText('waiting').first().waitFor();
        await bob.shoot('request-mine');
        await bob.mustBeAccessible('my request');
        bob.mustBeQuiet();
    });
    await tap.row('F6: who decides sees what it resolves to, and approves', async () => {
        await alice.go('/requests?which=to-decide');
        await alice.page.getByText('bob').first().waitFor();
        await alice.go(made);
        await alice.page.getByText('the index is broken').first().waitFor();
        await alice.page.getByText('db1.prod.example.com').first().waitFor();
        await alice.shoot('request-to-decide');
        await alice.mustBeAccessible('a request to decide');
        await alice.page.getByRole('button', { name: 'Approve', exact: true }).click();
        await alice.page.getByText('approved').first().waitFor();
        alice.mustBeQuiet();
    });
    await tap.row('F6: who asked takes the certificate, once', async () => {
        await bob.go(made);
        await bob.page.getByRole('button', { name: 'Take the certificate' }).click();
        await bob.page.getByRole('button', { name: /^Download .*-cert\.pub$/ }).waitFor();
        await bob.go(made);
        await bob.page.getByText('taken').first().waitFor();
        expectEqual(await bob.page.getByRole('button', { name: 'Take the certificate' }).count(), 0);
        bob.mustBeQuiet();
    });
    await tap.row('F6: nobody decides on their own request', async () => {
        const own = await request(alice, key, 'for myself');
        expectEqual(await alice.page.getByRole('button', { name: 'Approve', exact: true }).count(), 0, own);
        alice.mustBeQuiet();
    });
    await tap.row('F6: a reason is text and nothing else, whatever stands in it', async () => {
        for (const reason of [HOSTILE.slice(0, 5).join(' '), HOSTILE.slice(5).join(' ')]) {
            const target = await request(bob, key, reason);
            await alice.go(target);
            const shown = await alice.page.locator('dd').allInnerTexts();
            expect(shown.some((text) => text.trim() === reason.trim()), `${reason}: shown as ${shown.join(' | ')}`);
            expect(!(await alice.page.evaluate(() => 'hit' in window)), `${reason}: ran`);
        }
        await alice.go('/requests');
        expect(!(await alice.page.evaluate(() => 'hit' in window)), 'something ran');
        await bob.go('/requests');
        bob.mustBeQuiet();
        alice.mustBeQuiet();
    });
}
