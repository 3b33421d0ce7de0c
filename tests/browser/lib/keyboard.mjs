// SPDX-License-Identifier: ISC
//
// Going through a page by the keyboard alone.

import { Failure } from './tap.mjs';

const MOST = 120; // stops on one page

// Tab until something has the focus, and then the keys that are given.
export async function press(page, target, ...keys) {
    await target.waitFor();
    for (let i = 0; !(await target.evaluate((one) => one === document.activeElement)); i++) {
        if (i === MOST) {
            throw new Failure(`${target}: Tab does not lead there`);
        }
        await page.keyboard.press('Tab');
    }
    for (const key of keys) {
        await page.keyboard.press(key);
    }
}
