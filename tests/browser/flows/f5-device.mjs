// SPDX-License-Identifier: ISC
//
// F5: vouch login by browser, with the real program: a browser here that brings a code back, and a code that is
// compared in any browser; what the page says when the addresses are two; refusing; taking it back. After each
// way a real ssh logs in with the certificate, and after taking it back the list has it.

import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as https from 'node:https';
import * as path from 'node:path';
import { press } from '../lib/keyboard.mjs';
import { nameOneself, prove } from '../lib/people.mjs';
import { Sshd, must } from '../lib/ssh.mjs';
import { expect, expectEqual, waitFor } from '../lib/tap.mjs';

const WAIT = 60; // seconds for a program that waits for us

// vouch at somebody's machine: a home of its own, and a browser that writes down what it is to open.
class Program {
    constructor(lab, folder) {
        this.service = lab.service;
        this.home = folder;
        this.opened = path.join(folder, 'opened');
        fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
        const browser = path.join(folder, 'browser');
        fs.writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" >'${this.opened}.part' && mv '${this.opened}.part' '${this.opened}'\n`, { mode: 0o755 });
        this.env = { PATH: process.env.PATH, HOME: folder, BROWSER: browser, LC_ALL: 'C.UTF-8' };
    }

    start(...words) {
        this.said = '';
        this.status = null;
        fs.rmSync(this.opened, { force: true });
        this.process = spawn(process.env.VOUCH, words, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.setEncoding('utf8').on('data', (part) => (this.said += part));
        }
        this.process.on('exit', (status, signal) => (this.status = status ?? signal));
    }

    async end() {
        await waitFor(() => this.status !== null, () => `vouch ends: ${this.said}`, WAIT);
        return this.status;
    }

    async run(...words) {
        this.start(...words);
        expectEqual(await this.end(), 0, this.said);
    }

    async heard(pattern) {
        await waitFor(() => pattern.test(this.said) || this.status !== null, () => `vouch says ${pattern}: ${this.said}`, WAIT);
        const found = pattern.exec(this.said);
        expect(found !== null, this.said);
        return found[1];
    }

    code() {
        return this.heard(/Your code: ([A-Z]{4}-[A-Z]{4})/);
    }

    async address() {
        await waitFor(() => fs.existsSync(this.opened), () => `a browser is opened: ${this.said}`, WAIT);
        return new URL(fs.readFileSync(this.opened, 'utf8'));
    }

    get key() {
        return path.join(this.home, '.ssh', 'vouch', 'prod', 'id');
    }

    get cert() {
        return `${this.key}-cert.pub`;
    }

    kill() {
        if (this.process && this.status === null) {
            this.process.kill('SIGTERM');
        }
    }
}

// A program that asks from another address of this machine.
function askFrom(service, localAddress) {
    const body = JSON.stringify({
        client: { host: 'elsewhere', os: 'Debian GNU/Linux 12', version: 'vouch test' },
        challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    });
    return new Promise((done, fail) => {
        const asked = https.request({
            host: '127.0.0.1', port: service.port, path: '/v1/device', method: 'POST', localAddress, rejectUnauthorized: false, agent: false,
            headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), Host: `localhost:${service.port}` },
        }, (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (part) => (text += part));
            answer.on('end', () => done(JSON.parse(text)));
        });
        asked.on('error', fail).end(body);
    });
}

// The one request to another origin that there is: to the program's own port, with what it needs.
function mustHaveGoneToLoopback(visitor) {
    const there = /^a request to another origin: http:\/\/127\.0\.0\.1:\d+\/done\?code=vouchb_[\w-]{43}&state=[\w-]{43}$/;
    const found = visitor.findings.splice(0);
    expect(found.length === 1 && there.test(found[0]), found.join('\n'));
}

const approve = (page) => page.getByRole('button', { name: /codes are the same/ });
const refuse = (page) => page.getByRole('button', { name: 'I did not ask for this' });
const undo = (page) => page.getByRole('button', { name: 'Not you? Undo' });

export async function run(lab) {
    const { tap, service } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'f5-'));
    const sshd = new Sshd(path.join(folder, 'sshd'), service);
    const here = new Program(lab, path.join(folder, 'here'));
    const there = new Program(lab, path.join(folder, 'there'));
    const bob = await lab.enter();
    const { page } = bob;
    try {
        await sshd.start(['role:dev']);
        for (const program of [here, there]) {
            await program.run('server', 'set', service.url, '--pin', service.pin);
        }
        await tap.row('F5: the browser that vouch opens asks for a sign-in first, and then shows who asks', async () => {
            const known = await lab.person('bob');
            here.start('login', '--browser', '--zone', 'prod');
            const code = await here.code();
            const address = await here.address();
            expectEqual(address.pathname + address.search, `/device?code=${code}`);
            await bob.go(address.pathname + address.search);
            expectEqual(new URL(page.url()).pathname, '/sign-in');
            await nameOneself(bob, 'bob');
            await prove(bob, known.password, await known.app.code());
            await page.waitForURL((url) => url.pathname === '/device');
            await bob.settle();
            expectEqual(await page.locator('.device-code').innerText(), code);
            await page.getByText(/^vouch \d/).waitFor();
            expectEqual(await page.getByRole('alert').count(), 0, 'there is no reason for a warning');
            await bob.shoot('device');
            await bob.mustBeAccessible('a program that waits');
            bob.mustBeQuiet();
        });
        await tap.row('F5: by the keyboard alone it is approved, brings its code back, and says what was granted', async () => {
            await press(page, approve(page), 'Enter');
            await page.getByText('Close this tab, go back to your terminal.').waitFor();
            expectEqual(new URL(page.url()).pathname, '/device');
            mustHaveGoneToLoopback(bob);
            expectEqual(await here.end(), 0, here.said);
            await page.getByText(/is signed in as bob/).waitFor();
            await bob.settle();
            await bob.shoot('device-granted');
            await bob.mustBeAccessible('a program that was let in');
            bob.mustBeQuiet();
        });
        await tap.row('F5: ssh logs in with what vouch got', async () => {
            expectEqual((await sshd.login(here.key, here.cert, 'echo', 'hello')).trim(), 'hello');
        });
        await tap.row('F5: undoing ends the session and puts the certificate on the list', async () => {
            await press(page, undo(page), 'Enter');
            await page.getByText('1 certificate was revoked', { exact: false }).waitFor();
            const list = path.join(folder, 'krl');
            await must('curl', '-fsSk', '-o', list, `${service.url}/v1/krls/user`);
            const judged = await must('ssh-keygen', '-Q', '-f', list, here.cert).then(() => 'good', (error) => String(error));
            expect(/REVOKED/.test(judged), judged);
            here.start('renew', 'prod');
            expectEqual(await here.end(), 4, here.said);
            await bob.mustBeAccessible('a program that was put out again');
            bob.mustBeQuiet();
        });
        await tap.row('F5: without a browser a code is compared, typed or followed, and the program let in', async () => {
            there.start('login', '--device-code', '--zone', 'prod');
            const code = await there.code();
            await bob.go('/device');
            await page.getByLabel('Code in your terminal').fill(code.toLowerCase());
            await bob.mustBeAccessible('asking for the code');
            await page.getByRole('button', { name: 'Continue' }).click();
            await page.locator('.device-code').waitFor();
            await page.getByText('If somebody sent you this code', { exact: false }).waitFor();
            await bob.shoot('device-code');
            await approve(page).click();
            await page.getByText('Close this tab, go back to your terminal.').waitFor();
            expectEqual(await there.end(), 0, there.said);
            await page.getByText(/is signed in as bob/).waitFor();
            expectEqual((await sshd.login(there.key, there.cert, 'echo', 'hello')).trim(), 'hello');
            bob.mustBeQuiet();
        });
        await tap.row('F5: the sign-in is listed by the name of its program', async () => {
            await bob.go('/keys');
            await page.getByRole('cell', { name: /\(.*(Linux|Debian|Ubuntu|Fedora).*\)/ }).first().waitFor();
            bob.mustBeQuiet();
        });
        await tap.row('F5: where the addresses are two the page warns, and one click is not enough', async () => {
            const asked = await askFrom(service, '127.0.0.2');
            await bob.go(`/device?code=${asked.user_code}`);
            const warning = page.getByRole('alert');
            await warning.waitFor();
            const text = await warning.innerText();
            expect(text.includes('127.0.0.2') && text.includes('127.0.0.1'), text);
            expect(await approve(page).isDisabled(), 'it can be approved at once');
            await bob.shoot('device-differs');
            await bob.mustBeAccessible('a program at another address');
            await refuse(page).click();
            await page.getByText('Refused.', { exact: false }).waitFor();
            bob.mustBeQuiet();
        });
        await tap.row('F5: a program that is refused ends, and says so', async () => {
            there.start('login', '--device-code', '--zone', 'prod');
            await bob.go(`/device?code=${await there.code()}`);
            await press(page, refuse(page), 'Enter');
            expectEqual(await there.end(), 5, there.said);
            expect(there.said.includes('[V-2022]'), there.said);
            bob.mustBeQuiet();
        });
        await tap.row('F5: a code that nobody has is said to be none', async () => {
            await bob.go('/device?code=BCDF-GHJK');
            await page.getByText('V-2024').waitFor();
            await bob.mustBeAccessible('a code that is none');
            bob.mustBeQuiet();
        });
    } finally {
        here.kill();
        there.kill();
        sshd.stop();
    }
}
