// SPDX-License-Identifier: ISC
//
// What people do at every visit: setting an account up, signing in and out. Fields are found by what they
// are for, which holds in every language.

import { expect } from './tap.mjs';
import { App } from './totp.mjs';

export const PASSWORD = 'four plain words make it long';

// The button that sends what is in a field.
export function sender(page, field) {
    return page.locator('form', { has: page.locator(field) }).locator('button[type=submit]');
}

// Sets an account up in the browser; what its owner knows then.
export async function setUp(visitor, link, password = PASSWORD) {
    const { page } = visitor;
    await visitor.go(`/setup#${link}`);
    const fields = page.locator('input[autocomplete=new-password]');
    await fields.nth(0).fill(password);
    await fields.nth(1).fill(password);
    await sender(page, 'input[autocomplete=new-password]').click();
    const secret = page.locator('pre code').filter({ hasText: /^[A-Z2-7 ]{16,}$/ });
    const app = new App(await secret.innerText());
    await page.locator('input[autocomplete=one-time-code]').fill(await app.code());
    await sender(page, 'input[autocomplete=one-time-code]').click();
    await page.locator('.recovery li').first().waitFor();
    return { password, app, codes: await page.locator('.recovery li').allInnerTexts() };
}

export async function nameOneself(visitor, user) {
    await visitor.page.locator('input[autocomplete~=username]:visible').fill(user);
    await sender(visitor.page, 'input[autocomplete~=username]').click();
    await visitor.page.locator('input[autocomplete=current-password]').waitFor();
}

export async function prove(visitor, password, code) {
    await visitor.page.locator('input[autocomplete=current-password]').fill(password);
    await visitor.page.locator('input[autocomplete=one-time-code]').fill(code);
    await sender(visitor.page, 'input[autocomplete=current-password]').click();
}

// From whatever page asks for it; the page that was wanted is there afterwards.
export async function signIn(visitor, user, known, target = '/access') {
    await visitor.go(target);
    await nameOneself(visitor, user);
    await prove(visitor, known.password, await known.app.code());
    await visitor.page.waitForURL((url) => url.pathname === target);
    await visitor.settle();
}

export async function signOut(visitor) {
    await visitor.page.getByRole('button', { name: 'Sign out' }).click();
    await visitor.page.waitForURL((url) => url.pathname === '/sign-in');
}

// What a page's scripts could read must not hold what would sign somebody in.
export async function mustKeepNothing(visitor, secrets) {
    const held = await visitor.page.evaluate(() =>
        JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));
    for (const [what, secret] of Object.entries(secrets)) {
        expect(!held.includes(secret), `a script of the page can read the ${what}`);
    }
    expect(!held.includes('vouchs_'), "a script of the page can read a session's secret");
}
