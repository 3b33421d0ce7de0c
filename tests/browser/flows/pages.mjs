// SPDX-License-Identifier: ISC
//
// Every page as an administrator, an ordinary user and a stranger see it: there, titled, readable by everybody,
// narrow and wide, light and dark; and nothing of it for who may not.

import * as fs from 'node:fs';
import { signIn } from '../lib/people.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';
import { LOOKS, NARROW, WIDE } from '../lib/visitor.mjs';

const paths = JSON.parse(fs.readFileSync(new URL('../../../src/web/pages.json', import.meta.url), 'utf8'));
const OPEN = ['/sign-in', '/setup'];
// What a path's capture stands for here; a path with another one is seen in the flow that makes its object.
const SAMPLES = { '/hosts/{name}': 'web1.prod.example.com', '/users/{name}': 'bob', '/groups/{name}': 'engineering', '/roles/{name}': 'dev', '/policy/{version}': '1' };

function targets() {
    return paths.filter((path) => !OPEN.includes(path) && (!path.includes('{') || path in SAMPLES))
        .map((path) => path.replace(/\{\w+\}/, SAMPLES[path]));
}

async function admire(lab, visitor) {
    const { page } = visitor;
    for (const target of targets()) {
        await lab.tap.row(`${target}: there, titled, and without barriers, light and dark, wide and narrow`, async () => {
            await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
            await page.setViewportSize(WIDE);
            await visitor.go(target);
            expectEqual(await page.locator('h1').count(), 1, 'first headings');
            expect((await page.title()).trim() !== '', 'no title');
            await visitor.shoot(`page ${target} light`);
            await visitor.mustBeAccessible(`${target}, light and wide`);
            await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
            await page.setViewportSize(NARROW);
            await visitor.shoot(`page ${target} dark narrow`);
            await visitor.mustBeAccessible(`${target}, dark and narrow`, LOOKS);
            await visitor.mustFit(`${target} at 320 pixels`);
            visitor.mustBeQuiet();
        });
    }
}

export async function run(lab) {
    const alice = await lab.enter();
    await signIn(alice, 'alice', await lab.person('alice'));
    await admire(lab, alice);
    await lab.leave(alice);

    const bob = await lab.enter();
    await signIn(bob, 'bob', await lab.person('bob'));
    await lab.tap.row('an ordinary user is shown every page or told that it is not for them, and nothing breaks', async () => {
        for (const target of targets()) {
            await bob.go(target);
            expectEqual(await bob.page.locator('h1').count(), 1, target);
            bob.mustBeQuiet();
        }
    });
    await lab.leave(bob);

    const stranger = await lab.enter();
    await lab.tap.row('a stranger is shown the sign-in and nothing else, from wherever they come', async () => {
        for (const target of targets().filter((_, place) => place % 4 === 0)) {
            await stranger.go(target);
            expectEqual(new URL(stranger.page.url()).pathname, '/sign-in', target);
            stranger.mustBeQuiet();
        }
    });
    await lab.leave(stranger);
}
