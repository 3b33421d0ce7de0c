// SPDX-License-Identifier: ISC
//
// W4: text is text. Five hundred texts that are code somewhere go through every field that takes text, through
// what the address carries, and through what others stored; none of them runs, loads or leads anywhere.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { ALL, chunks, fill, flood, mustBeText, refuseAll } from '../lib/hostile.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual, note } from '../lib/tap.mjs';

const LEAST_FIELDS = 100; // of all pages together; fewer would mean that they were not found

const PREFERENCES = ['/profile']; // last: its buttons change the language

const paths = JSON.parse(fs.readFileSync(new URL('../../../src/web/pages.json', import.meta.url), 'utf8'));

// Every page there is, with something behind each path that names one.
async function pagesOf(lab) {
    const samples = {
        '/certs/{serial}': (await lab.service.list('cert', 'ls'))[0]?.serial, '/hosts/{name}': 'web1.prod.example.com', '/users/{name}': 'bob',
        '/groups/{name}': 'engineering', '/roles/{name}': 'dev', '/policy/{version}': '1',
    };
    const there = paths.filter((one) => (one.includes('{') ? samples[one] : !['/', '/sign-in', '/setup'].includes(one)));
    return there.map((one) => one.replace(/\{\w+\}/, samples[one])).sort((a, b) => PREFERENCES.includes(a) - PREFERENCES.includes(b));
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'w4-'));
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', path.join(folder, 'id'));
    const [type, blob] = fs.readFileSync(path.join(folder, 'id.pub'), 'utf8').split(' ');
    const alice = await lab.enterAs('alice', '/access');
    await tap.row('W4: there are five hundred texts', async () => {
        expect(ALL.length >= 500 && new Set(ALL).size === ALL.length, `${ALL.length} texts`);
    });
    await tap.row('W4: through each field of every page and of what its buttons open', async () => {
        const visitor = await lab.enterAs('alice', '/access');
        await refuseAll(visitor);
        const fields = [];
        for (const target of await pagesOf(lab)) {
            fields.push(...await flood(visitor, target));
        }
        expect(fields.length >= LEAST_FIELDS, `only ${fields.length} fields:\n${fields.join('\n')}`);
        note(`${fields.length} fields`);
    });
    await tap.row('W4: through each field that a stranger sees', async () => {
        const stranger = await lab.enter();
        await refuseAll(stranger);
        for (const target of ['/sign-in', '/setup']) {
            await stranger.go(target);
            expect((await fill(stranger, target, 'form')).length > 0, `no field on ${target}`);
        }
    });
    await tap.row('W4: in the address', async () => {
        for (const chunk of chunks(1200)) {
            const text = encodeURIComponent(chunk);
            for (const target of [`/certs?q=${text}`, `/audit?type=${text}&actor=${text}`, `/sign-in?next=${text}`, `/hosts#${text}`]) {
                await alice.page.goto(target);
                await mustBeText(alice, 'the address');
            }
        }
    });
    await tap.row('W4: an address that is no text leads to a page that says so', async () => {
        await alice.go('/hosts');
        for (const target of ['/hosts/%E0%A4', '/users/%FF', '/certs/%F0%9F']) {
            await alice.page.evaluate((address) => {
                history.pushState(null, '', address);
                dispatchEvent(new PopStateEvent('popstate'));
            }, target);
            await alice.settle();
            await alice.page.getByRole('heading', { name: 'No such page' }).waitFor();
            await mustBeText(alice, target);
        }
    });
    await tap.row('W4: where the sign-in leads on to is a page of this server', async () => {
        for (const next of ['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:window.hit=1', '/%2f%2fevil.example']) {
            await alice.go(`/sign-in?next=${encodeURIComponent(next)}`);
            expectEqual(new URL(alice.page.url()).origin, alice.origin, next);
            await mustBeText(alice, next);
        }
    });
    await tap.row('W4: what others gave as a reason, as the comment of a key, or as a name', async () => {
        const bob = await lab.enterAs('bob', '/access');
        const made = await bob.page.evaluate(async ({ reasons, key }) => {
            const { csrf } = await (await fetch('/v1/session')).json();
            const ids = [];
            for (const reason of reasons) {
                const body = { zone: 'prod', roles: ['dba'], public_key: `${key} ${reason.slice(0, 200)}`, reason, request: true };
                const answer = await fetch('/v1/access', {
                    method: 'POST', body: JSON.stringify(body),
                    headers: { 'Content-Type': 'application/json', 'X-Vouch-CSRF': csrf },
                });
                ids.push(answer.status === 202 ? (await answer.json()).id : `${answer.status} ${await answer.text()}`);
            }
            return ids;
        }, { reasons: chunks(1000).map((one) => one.replace(/[\u0000-\u001f\u007f]/g, ' ')), key: `${type} ${blob}` });
        const ids = made.filter((id) => /^\d+$/.test(id));
        expect(ids.length > 5, `few requests were made: ${made.join('\n')}`);
        for (const id of ids) {
            await alice.go(`/requests/${id}`);
            await mustBeText(alice, `request ${id}`);
        }
        for (const target of ['/requests?which=all', '/audit', '/overview']) {
            await alice.go(target);
            await mustBeText(alice, target);
        }
    });
}
