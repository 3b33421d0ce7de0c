// SPDX-License-Identifier: ISC
//
// PuTTY: the key file that the page makes, the certificate that it gives and the settings of its .reg file log in
// by a real plink. Its trust in the host CA and its session are read from that file and put where PuTTY on Unix
// keeps them; only the way to the machine, which Windows would ask the DNS for, is the test's.

import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { getCert, save } from '../lib/certs.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const FOLDER = 'C:\\vouch';

// Keys of the registry below PuTTY's own: Map of path -> {name: value}.
function readRegistry(bytes) {
    expectEqual([...bytes.subarray(0, 2)], [0xff, 0xfe], 'the mark of UTF-16');
    const text = bytes.toString('utf16le').slice(1);
    expect(text.startsWith('Windows Registry Editor Version 5.00\r\n\r\n'), text);
    const found = new Map();
    let values;
    for (const line of text.split('\r\n').slice(1).filter(Boolean)) {
        const [, key] = /^\[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\(.*)\]$/.exec(line) ?? [];
        if (key) {
            values = {};
            found.set(key, values);
        } else {
            const [, name, word, string] = /^"(\w+)"=(?:dword:([0-9a-f]{8})|"((?:[^"\\]|\\.)*)")$/.exec(line) ?? [];
            expect(name !== undefined && values !== undefined, `the .reg file has the line ${line}`);
            values[name] = word === undefined ? string.replace(/\\(.)/g, '$1') : String(parseInt(word, 16));
        }
    }
    return found;
}

class Putty {
    constructor(folder, machine) {
        this.folder = folder;
        this.machine = machine;
        this.home = path.join(folder, 'putty');
        for (const place of ['sshhostcas', 'sessions']) {
            fs.mkdirSync(path.join(this.home, place), { recursive: true });
        }
    }

    // As Windows would find the files that were put into the folder.
    local(file) {
        expect(file.startsWith(`${FOLDER}\\`), `${file} is not in the folder`);
        return path.join(this.folder, file.slice(FOLDER.length + 1));
    }

    write(kind, name, values) {
        fs.writeFileSync(path.join(this.home, kind, name), Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join(''));
    }

    take(registry) {
        for (const [key, values] of registry) {
            const [kind, name] = key.split('\\');
            if (kind === 'SshHostCAs') {
                this.write('sshhostcas', name, values);
            } else {
                expectEqual(values.PortNumber, '22', 'the port');
                this.write('sessions', name, {
                    ...values, HostName: '127.0.0.1', PortNumber: this.machine.port, LogHost: values.HostName,
                    PublicKeyFile: this.local(values.PublicKeyFile), DetachedCertificate: this.local(values.DetachedCertificate),
                });
            }
        }
    }

    // What plink says; a question is a refusal.
    plink(...words) {
        const env = { PATH: process.env.PATH, HOME: this.folder, PUTTYDIR: this.home };
        return new Promise((done) => {
            execFile('plink', ['-batch', '-v', ...words, 'echo in'], { env, timeout: 60000 }, (error, out, err) =>
                done({ status: error ? error.code ?? error.signal : 0, out, err }));
        });
    }

    async mustLetIn(...words) {
        const { status, out, err } = await this.plink(...words);
        expect(status === 0 && out === 'in\n' && err.includes('Accepted certificate') && err.includes("Certification authority matches 'prod'"), `${status}\n${out}${err}`);
    }

    async mustRefuse(words, why) {
        const { status, out, err } = await this.plink(...words);
        expect(status !== 0 && out === '' && why.test(err), `${status}\n${out}${err}`);
    }
}

async function make(visitor, folder, passphrase) {
    const { page } = visitor;
    await visitor.go('/new');
    await page.getByRole('button', { name: 'Make one here' }).click();
    await page.getByLabel('PuTTY and WinSCP (.ppk)').check();
    await page.getByLabel('Passphrase (optional)').fill(passphrase);
    const made = await save(visitor, page.getByRole('button', { name: 'Make a key' }), folder);
    await page.getByText('Made here').waitFor();
    return made;
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'putty-'));
    const machine = await lab.machine();
    const bob = await lab.enterAs('bob', '/new');
    const { page } = bob;
    const putty = new Putty(folder, machine);
    const session = `vouch prod ${machine.alias}`;
    await tap.row('PuTTY: key, certificate and settings of the page log in by plink', async () => {
        await make(bob, folder, '');
        await getCert(bob, folder, 'shell');
        await page.getByRole('tab', { name: 'PuTTY' }).click();
        await page.getByLabel('Folder of your key and certificate').fill(FOLDER);
        await bob.look('putty');
        putty.take(readRegistry(fs.readFileSync(await save(bob, page.getByRole('button', { name: /^Download .*\.reg$/ }), folder))));
        await putty.mustLetIn('-load', session);
        bob.mustBeQuiet();
    });
    await tap.row('PuTTY: so does the command that the page shows', async () => {
        const shown = await page.getByRole('tabpanel').locator('pre').innerText();
        const [, key, cert, login] = /^plink -i "(.*)" -cert "(.*)" (\S+)@web7\.prod\.example\.com$/.exec(shown.trim()) ?? [];
        expect(login !== undefined, shown);
        const way = ['-P', String(machine.port), '-loghost', machine.alias];
        await putty.mustLetIn('-i', putty.local(key), '-cert', putty.local(cert), ...way, `${login}@127.0.0.1`);
        await putty.mustRefuse(['-i', putty.local(key), ...way, `${login}@127.0.0.1`], /Server refused our key/);
    });
    await tap.row('PuTTY: without the trust that the file brings, the machine is a stranger', async () => {
        fs.renameSync(path.join(putty.home, 'sshhostcas'), path.join(putty.home, 'away'));
        await putty.mustRefuse(['-load', session], /host key is not cached|not cached/);
        fs.renameSync(path.join(putty.home, 'away'), path.join(putty.home, 'sshhostcas'));
        await putty.mustLetIn('-load', session);
    });
    await tap.row('PuTTY: a key file with a passphrase opens by it, and by no other', async () => {
        const made = await make(bob, fs.mkdtempSync(path.join(folder, 'kept-')), 'a phrase to pass');
        const [right, wrong] = ['a phrase to pass', 'another'].map((phrase, i) => {
            fs.writeFileSync(path.join(folder, `phrase-${i}`), `${phrase}\n`);
            return path.join(folder, `phrase-${i}`);
        });
        const opened = path.join(folder, 'opened');
        await must('puttygen', made, '-O', 'private-openssh-new', '-o', opened, '--old-passphrase', right, '--new-passphrase', '/dev/null');
        expect((await must('ssh-keygen', '-y', '-P', '', '-f', opened)).stdout.startsWith('ssh-'), 'no key');
        const refused = await must('puttygen', made, '-O', 'private-openssh-new', '-o', `${opened}-2`, '--old-passphrase', wrong, '--new-passphrase', '/dev/null').catch((failure) => failure.message);
        expect(/wrong passphrase/i.test(refused), JSON.stringify(refused));
        bob.mustBeQuiet();
    });
}
