// SPDX-License-Identifier: ISC
//
// Getting a certificate from the page New, with the files that the browser saves.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { must } from './ssh.mjs';

// Clicks what saves a file; its path, closed to others as ssh wants it.
export async function save(visitor, button, folder) {
    const [download] = await Promise.all([visitor.page.waitForEvent('download'), button.click()]);
    const file = path.join(folder, download.suggestedFilename());
    await download.saveAs(file);
    fs.chmodSync(file, 0o600);
    return file;
}

// With the key chosen: the role, the button, and the certificate's file.
export async function getCert(visitor, folder, role = 'dev', button = 'Get the certificate') {
    const { page } = visitor;
    const box = page.locator('.cards label').filter({ has: page.getByText(role, { exact: true }) }).getByRole('checkbox');
    await box.check();
    await page.getByRole('button', { name: button }).click();
    const saver = page.getByRole('button', { name: /^Download .*-cert\.pub$/ });
    await saver.waitFor();
    return save(visitor, saver, folder);
}

export async function makeKey(folder, name) {
    const key = path.join(folder, name);
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key);
    return key;
}

// A certificate for a key that is pasted: {key, cert, serial}.
export async function certify(visitor, key, role) {
    await visitor.go('/new');
    await visitor.page.getByLabel('Your public key').fill(fs.readFileSync(`${key}.pub`, 'utf8'));
    await visitor.page.getByText('SHA256:').first().waitFor();
    const folder = fs.mkdtempSync(`${key}-`);
    const cert = await getCert(visitor, folder, role);
    const { stdout } = await must('ssh-keygen', '-L', '-f', cert);
    return { key, cert, serial: /Serial: (\d+)/.exec(stdout)[1] };
}
