// SPDX-License-Identifier: ISC
//
// F2: signing in with password and code, with a recovery code, by the keyboard alone; and signing out.

import { mustKeepNothing, nameOneself, prove, sender, signIn, signOut } from '../lib/people.mjs';
import { expectEqual } from '../lib/tap.mjs';

export async function run(lab) {
    const { tap, service } = lab;
    const known = await lab.person('alice');
    const visitor = await lab.enter();
    const { page } = visitor;
    await tap.row('F2: every page takes who is not signed in to the sign-in', async () => {
        for (const target of ['/', '/certs', '/hosts/web1.prod.example.com?zone=prod']) {
            await visitor.go(target);
            expectEqual(new URL(page.url()).pathname, '/sign-in', target);
        }
        await visitor.shoot('sign-in');
        await visitor.mustBeAccessible('the sign-in');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: whatever was wrong, the page says the same, and not what', async () => {
        const said = [];
        for (const [user, password] of [['alice', 'not the password at all'], ['nobody', 'not the password at all']]) {
            await visitor.go('/sign-in');
            await nameOneself(visitor, user);
            await prove(visitor, password, '000000');
            await page.getByText('V-1880').first().waitFor();
            said.push((await page.getByRole('alert').first().innerText()).replace(/\b[0-9a-f]{24}\b/g, 'ID'));
        }
        expectEqual(said[1], said[0], 'what the page says');
        await visitor.mustBeAccessible('a sign-in that was refused');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: password and code sign in, to the page that was wanted', async () => {
        await signIn(visitor, 'alice', known, '/certs');
        const cookies = await visitor.context.cookies();
        expectEqual(cookies.map((c) => [c.name, c.httpOnly, c.secure, c.sameSite, c.expires, c.path]),
            [['__Host-vouch', true, true, 'Strict', -1, '/']], 'cookies');
        await mustKeepNothing(visitor, { password: known.password });
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a page that is loaded anew is still signed in, and so is another tab', async () => {
        await visitor.go('/access');
        expectEqual(new URL(page.url()).pathname, '/access');
        const other = await visitor.context.newPage();
        await other.goto('/certs');
        await other.getByRole('button', { name: 'Sign out' }).waitFor();
        await other.close();
        visitor.mustBeQuiet();
    });
    await tap.row('F2: signing out ends the session, and going back shows nothing', async () => {
        await signOut(visitor);
        expectEqual(await visitor.context.cookies(), [], 'cookies');
        await visitor.back();
        await page.waitForURL((url) => url.pathname === '/sign-in');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a recovery code signs in, once', async () => {
        for (const works of [true, false]) {
            await visitor.go('/sign-in');
            await nameOneself(visitor, 'alice');
            await page.locator('input[autocomplete=current-password]').fill(known.password);
            await page.getByRole('button', { name: /recovery/i }).click();
            await page.locator('form input.mono').fill(known.codes[0]);
            await sender(page, 'input[autocomplete=current-password]').click();
            if (works) {
                await page.waitForURL((url) => url.pathname === '/access');
                await signOut(visitor);
            } else {
                await page.getByText('V-1880').first().waitFor();
            }
        }
        visitor.mustBeQuiet();
    });
    await tap.row('F2: the keyboard alone will do', async () => {
        await visitor.go('/sign-in');
        await page.locator('input[autocomplete~=username]:focus').waitFor();
        await page.keyboard.type('alice');
        await page.keyboard.press('Enter');
        await page.locator('input[autocomplete=current-password]:focus').waitFor();
        await page.keyboard.type(known.password);
        await page.keyboard.press('Tab');
        await page.locator('input[autocomplete=one-time-code]:focus').waitFor();
        await page.keyboard.type(await known.app.code());
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.pathname === '/access');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a session that was ended elsewhere ends here at the next step', async () => {
        await visitor.settle();
        await service.vouch('user', 'sign-out', 'alice', '--yes');
        await visitor.go('/certs');
        await page.waitForURL((url) => url.pathname === '/sign-in');
        expectEqual(await visitor.context.cookies(), [], 'cookies');
        visitor.mustBeQuiet();
    });
}
