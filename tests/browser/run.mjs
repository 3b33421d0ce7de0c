#!/usr/bin/env node
// SPDX-License-Identifier: ISC
//
// Tests of the web application: a real Chromium against a real vouchd, from end to end.
//
// usage: run.mjs SCREENS [FLOW...]
//
// SCREENS is the folder for pictures of what was seen. The flows are in flows/, in the order of their names;
// each is given the lab and adds its rows. Needs VOUCH and VOUCHD, and what ./test installs.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

if (!fs.existsSync(path.join(here, 'node_modules', 'playwright-core'))) {
    console.log('not ok 1 - the packages of tests/browser are there');
    console.log('# install them: tools/install-node-packages tests/browser (./test does that)\n1..1');
    process.exit(1);
}
const { Machine, USER, mustBeAbleToEnrol } = await import('./lib/machine.mjs');
const { setUp, signIn } = await import('./lib/people.mjs');
const { Service } = await import('./lib/service.mjs');
const { Tap } = await import('./lib/tap.mjs');
const { Visitor, launch } = await import('./lib/visitor.mjs');

const POLICY = `
zones:
  - {name: prod, patterns: ['*.prod.example.com']}
users:
  - {name: alice}
  - {name: bob}
  - {name: carol}
groups:
  - {name: vouch-admins, members: [alice]}
  - {name: vouch-auditors, members: [carol]}
  - {name: engineering, members: [alice, bob]}
  - {name: leads, members: [alice, carol]}
roles:
  - name: dev
    zone: prod
    members: [group:engineering]
    hosts: [tier=web]
    logins: ['$user', app]
    max_ttl: 8h
    extensions: [permit-pty]
  - name: dba
    zone: prod
    members: [group:engineering]
    hosts: [tier=db]
    logins: [postgres]
    max_ttl: 1h
    reason: required
    approval: {by: [group:leads], count: 1}
  - name: shell
    zone: prod
    members: [group:engineering]
    hosts: [tier=lab]
    logins: [${USER}]
    max_ttl: 8h
    extensions: [permit-pty]
hosts:
  - {name: web1.prod.example.com, zone: prod, labels: {tier: web}}
  - {name: db1.prod.example.com, zone: prod, labels: {tier: db}}
`;

const MACHINE = 'web7.prod.example.com';
const FACTOR_KEPT_MS = 200000; // well below what administration takes for fresh

// What the flows share: the service, the browser, those who are at it now, what they know, and one machine.
class Lab {
    visitors = new Set();
    people = new Map(); // user -> {password, app, codes}
    signedIn = new Map(); // user -> {cookies, at}
    machines = [];

    async enter(options) {
        const visitor = await Visitor.enter(this.browser, this.service.url, this.screens, options);
        this.visitors.add(visitor);
        return visitor;
    }

    // What somebody knows whose account is set up; it is now, if it was not yet.
    async person(user) {
        if (!this.people.has(user)) {
            const visitor = await this.enter();
            this.people.set(user, await setUp(visitor, await this.service.link(user)));
            await this.leave(visitor);
        }
        return this.people.get(user);
    }

    // Somebody who is signed in and proved it a moment ago: in the session of an earlier flow, if it is still good.
    async enterAs(user, target) {
        const visitor = await this.enter();
        const known = await this.person(user);
        const held = this.signedIn.get(user);
        if (held && performance.now() - held.at < FACTOR_KEPT_MS) {
            await visitor.context.addCookies(held.cookies);
            await visitor.go(target);
            if (new URL(visitor.page.url()).pathname !== '/sign-in') {
                return visitor;
            }
        }
        await signIn(visitor, user, known, target);
        this.signedIn.set(user, { cookies: await visitor.context.cookies(), at: performance.now() });
        return visitor;
    }

    // A machine with a real sshd that is no host yet.
    async bareMachine(name) {
        mustBeAbleToEnrol();
        const machine = new Machine(path.join(this.folder, name), this.service, name);
        this.machines.push(machine);
        await machine.start();
        return machine;
    }

    // The one that is enrolled; it is now, if it was not yet.
    async machine() {
        const found = this.machines.find((one) => one.alias === MACHINE);
        if (found) {
            return found;
        }
        const machine = await this.bareMachine(MACHINE);
        await machine.enrol();
        return machine;
    }

    async leave(visitor) {
        this.visitors.delete(visitor);
        await visitor.leave();
    }

    async clear() {
        for (const visitor of this.visitors) {
            await this.leave(visitor);
        }
    }

    // Pictures of what everybody sees, for a row that failed.
    async shootAll(name) {
        const files = [];
        for (const visitor of this.visitors) {
            files.push(await visitor.shoot(`failed-${name}-${files.length}`));
        }
        return files.map((file) => `picture: ${file}`).join('\n');
    }
}

// As people count: f10 after f9.
function byNumber(a, b) {
    return a.localeCompare(b, 'en', { numeric: true });
}

async function main(screens, names) {
    const lab = new Lab();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vouch-browser-'));
    lab.folder = folder;
    lab.screens = path.resolve(screens);
    lab.tap = new Tap((name) => lab.shootAll(name));
    lab.service = new Service(path.join(folder, 'server'));
    for (const signal of ['SIGINT', 'SIGTERM']) {
        process.once(signal, () => { // who was told to stop leaves nothing running
            lab.machines.forEach((machine) => machine.stop());
            lab.service.process?.kill('SIGTERM');
            process.exit(1);
        });
    }
    try {
        await lab.service.start();
        await lab.service.apply(POLICY);
        lab.browser = await launch(lab.service.keyHash());
        for (const file of fs.readdirSync(path.join(here, 'flows')).sort(byNumber)) {
            if (file.endsWith('.mjs') && (names.length === 0 || names.some((name) => file.includes(name)))) {
                const flow = await import(pathToFileURL(path.join(here, 'flows', file)));
                await lab.tap.row(`to the end of ${file}`, () => flow.run(lab));
                await lab.clear();
            }
        }
    } finally {
        await lab.browser?.close();
        lab.machines.forEach((machine) => machine.stop());
        await lab.service.stop();
        fs.rmSync(folder, { recursive: true, force: true });
    }
    return lab.tap.done();
}

const [screens, ...names] = process.argv.slice(2);
if (!screens || !process.env.VOUCH || !process.env.VOUCHD) {
    console.error('usage: VOUCH=… VOUCHD=… run.mjs SCREENS [FLOW...]');
    process.exit(2);
}
process.exitCode = await main(screens, names);
