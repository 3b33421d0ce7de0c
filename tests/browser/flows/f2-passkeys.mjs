// SPDX-License-Identifier: ISC
//
// F2 with a passkey: registering one, signing in with it alone, and what becomes of one that is removed or that
// does not verify its user.

import { signIn, signOut } from '../lib/people.mjs';
import { expect, expectEqual, waitFor } from '../lib/tap.mjs';

const PASSKEY = /passkey/i;

// The rows of the table of passkeys.
function rows(page) {
    return page.locator('section', { has: page.getByRole('heading', { name: PASSKEY }) }).locator('tbody tr');
}

// Nobody touches the key from here to the button, or the offer in the name's field would be taken at once.
async function leave(visitor, key) {
    await key.touch(false);
    await signOut(visitor);
}

async function offer(visitor, key, user) {
    const { page } = visitor;
    await key.touch(false);
    await visitor.go('/sign-in');
    await page.locator('input[autocomplete~=username]').fill(user);
    await key.touch(true);
    await page.getByRole('button', { name: PASSKEY }).click();
}

export async function run(lab) {
    const { tap } = lab;
    const known = await lab.person('bob');
    const visitor = await lab.enter();
    const { page } = visitor;
    const key = await visitor.plugIn();
    await tap.row('F2: a passkey is registered, with a name', async () => {
        await signIn(visitor, 'bob', known, '/profile');
        await page.locator('form', { has: page.getByRole('button', { name: 'Add passkey' }) }).getByRole('textbox').fill('Work laptop');
        await page.getByRole('button', { name: 'Add passkey' }).click();
        await rows(page).getByRole('rowheader', { name: 'Work laptop' }).waitFor();
        const credentials = await key.credentials();
        expectEqual(credentials.map((one) => [one.rpId, one.isResidentCredential]), [['localhost', true]], 'credentials');
        await visitor.mustBeAccessible('the profile with a passkey');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: the passkey alone signs in, and proves both factors', async () => {
        await leave(visitor, key);
        await offer(visitor, key, 'bob');
        await page.waitForURL((url) => url.pathname === '/access');
        const session = await page.evaluate(() => fetch('/v1/session').then((answer) => answer.json()));
        expectEqual([session.user, session.methods], ['bob', 'passkey'], 'the session');
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a passkey that does not verify its user does not sign in', async () => {
        await leave(visitor, key);
        await key.verify(false);
        await offer(visitor, key, 'bob');
        await page.getByRole('alert').first().waitFor();
        expectEqual(new URL(page.url()).pathname, '/sign-in');
        await key.verify(true);
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a passkey whose count goes back is refused as a copy', async () => {
        const [credential] = await key.credentials();
        await key.put({ ...credential, signCount: 0 });
        await offer(visitor, key, 'bob');
        await page.getByText('V-2003').or(page.getByText('V-1880')).first().waitFor();
        await key.put({ ...credential, signCount: 1000 });
        visitor.mustBeQuiet();
    });
    await tap.row('F2: a passkey that was removed does not sign in any more', async () => {
        await key.touch(false);
        await signIn(visitor, 'bob', known, '/profile');
        await rows(page).getByRole('button').first().click();
        await page.getByRole('dialog').getByRole('button').last().click();
        await waitFor(async () => (await rows(page).getByRole('rowheader', { name: 'Work laptop' }).count()) === 0, 'the passkey is gone');
        await leave(visitor, key);
        await offer(visitor, key, 'bob');
        await page.getByRole('alert').first().waitFor();
        expect((await visitor.context.cookies()).length === 0, 'signed in');
        visitor.mustBeQuiet();
    });
}
