// SPDX-License-Identifier: ISC
//
// F1: somebody gets a link, chooses a password, sets an authenticator app up, and keeps the recovery codes.

import { PASSWORD, mustKeepNothing, sender, setUp } from '../lib/people.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

export async function run(lab) {
    const { tap, service } = lab;
    const visitor = await lab.enter();
    const { page } = visitor;
    let link;
    await tap.row('F1: a link that is none is refused, with its code and what to do next', async () => {
        await visitor.go(`/setup#vouchl_${'0'.repeat(43)}`);
        await page.getByText(/V-\d{4}/).first().waitFor();
        await visitor.mustBeAccessible('the refusal of a link');
        visitor.mustBeQuiet();
    });
    await tap.row('F1: a link says whose account it sets up', async () => {
        link = await service.link('alice');
        await visitor.go(`/setup#${link}`);
        await page.getByText('alice').first().waitFor();
        await page.locator('input[autocomplete=new-password]').first().waitFor();
        await visitor.mustBeAccessible('choosing a password');
        await visitor.shoot('setup-password');
        visitor.mustBeQuiet();
    });
    await tap.row('F1: a password that is easy to guess is refused, and said why', async () => {
        const fields = page.locator('input[autocomplete=new-password]');
        await fields.nth(0).fill('passwordpassword');
        await fields.nth(1).fill('passwordpassword');
        await sender(page, 'input[autocomplete=new-password]').click();
        await page.getByText(/V-\d{4}/).first().waitFor();
        visitor.mustBeQuiet();
    });
    await tap.row('F1: password and app set the account up, and there are ten recovery codes', async () => {
        const known = await setUp(visitor, link);
        expectEqual(known.codes.length, 10, 'recovery codes');
        await visitor.shoot('setup-codes');
        await visitor.mustBeAccessible('the recovery codes');
        await mustKeepNothing(visitor, { password: known.password, link });
        visitor.mustBeQuiet();
        lab.people.set('alice', known);
    });
    await tap.row('F1: the codes can be kept as a file', async () => {
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.no-print button').first().click()]);
        const stream = await download.createReadStream();
        let text = '';
        for await (const part of stream) {
            text += part;
        }
        for (const code of lab.people.get('alice').codes) {
            expect(text.includes(code), `the file lacks ${code}`);
        }
        visitor.mustBeQuiet();
    });
    await tap.row('F1: the link is used up', async () => {
        await visitor.go('/sign-in');
        await visitor.go(`/setup#${link}`);
        await page.getByText(/V-\d{4}/).first().waitFor();
        visitor.mustBeQuiet();
    });
    await tap.row('F1: a passkey will do in place of the app, and then signs in alone', async () => {
        const key = await visitor.plugIn();
        await visitor.go(`/setup#${await service.link('carol')}`);
        const fields = page.locator('input[autocomplete=new-password]');
        await fields.nth(0).fill(PASSWORD);
        await fields.nth(1).fill(PASSWORD);
        await sender(page, 'input[autocomplete=new-password]').click();
        const add = page.getByRole('button', { name: 'Add passkey' });
        await page.locator('form', { has: add }).getByRole('textbox').fill('My phone');
        await add.click();
        await page.locator('.recovery li').first().waitFor();
        expectEqual((await key.credentials()).length, 1, 'passkeys');
        await visitor.go('/sign-in'); // where the browser offers it, and this key's user takes what is offered
        await page.waitForURL((url) => url.pathname === '/access');
        visitor.mustBeQuiet();
    });
}
