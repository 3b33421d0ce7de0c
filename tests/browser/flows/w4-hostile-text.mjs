// SPDX-License-Identifier: ISC
//
// W4: text is text. Five hundred texts that are code somewhere go through every field that takes text, through
// what the address carries, and through what others stored; none of them runs, loads or leads anywhere.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { signIn } from '../lib/people.mjs';
import { must } from '../lib/ssh.mjs';
import { expect, expectEqual } from '../lib/tap.mjs';

const RUN = 'window.hit=1';
const TAGS = ['img', 'svg', 'iframe', 'video', 'details', 'math', 'object', 'input', 'body', 'a', 'style', 'marquee'];
const EVENTS = ['onerror', 'onload', 'onfocus', 'ontoggle', 'onmouseover', 'onanimationstart', 'onbegin', 'onpageshow'];
const OUTS = ['', '">', "'>", '-->', '</script>', '</textarea>', '</title>', '</style>'];
const OTHERS = [
    `<script>${RUN}</script>`, `<script src=//evil.example/x.js></script>`, `<script type=module>${RUN}</script>`,
    `javascript:${RUN}`, `JaVaScRiPt:${RUN}`, `java\tscript:${RUN}`, `data:text/html,<script>parent.hit=1</script>`,
    `{{constructor.constructor('${RUN}')()}}`, `\${${RUN}}`, `#{${RUN}}`, `<%= ${RUN} %>`, '__proto__', 'constructor', 'toString',
    '{"__proto__":{"hit":1}}', '=1+1', '@SUM(A1)', '\u202eevil\u202c', '\ufeff', '\u2028', '%3Cscript%3E', '&lt;script&gt;',
    '&#60;script&#62;', '<base href=//evil.example/>', '<link rel=stylesheet href=//evil.example/x.css>',
    '<meta http-equiv=refresh content="0;url=//evil.example/">', '<form action=//evil.example/><button>', "';alert(1)//", '\\u003cscript\\u003e',
    '../../../etc/passwd', '%00', '%s%s%s%n', 'A'.repeat(400), '\u{1F511}', '\u0301'.repeat(40), '<![CDATA[<script>]]>',
];

function corpus() {
    const made = [];
    for (const tag of TAGS) {
        for (const event of EVENTS) {
            made.push(`<${tag} src=x ${event}="${RUN}" tabindex=0 autofocus>`);
            made.push(`<${tag}/${event}=${RUN}>`);
        }
    }
    for (const out of OUTS) {
        for (const one of OTHERS) {
            made.push(out + one);
        }
    }
    return made;
}

const ALL = corpus();

// So many at a time as a field holds.
function chunks(most) {
    const found = [''];
    for (const one of ALL) {
        const last = found.at(-1);
        if (last.length + one.length + 1 <= most) {
            found[found.length - 1] = last ? `${last} ${one}` : one;
        } else {
            found.push(one.slice(0, most));
        }
    }
    return found;
}

async function mustBeText(visitor, what) {
    expect(!(await visitor.page.evaluate(() => 'hit' in window || 'hit' in {})), `${what}: something ran`);
    visitor.mustBeQuiet();
}

// Every field of the page that takes text, filled with all of it.
async function fillAll(visitor, target) {
    await visitor.go(target);
    const fields = visitor.page.locator('input:not([type]), input[type=text], input[type=search], textarea');
    for (let i = 0; i < (await fields.count()); i++) {
        const field = fields.nth(i);
        if ((await field.isVisible()) && (await field.isEditable())) {
            for (const chunk of chunks(16000)) {
                await field.fill(chunk.replace(/\n/g, ' '));
            }
            await field.press('Tab');
        }
    }
    await mustBeText(visitor, target);
}

export async function run(lab) {
    const { tap } = lab;
    const folder = fs.mkdtempSync(path.join(lab.folder, 'w4-'));
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', path.join(folder, 'id'));
    const [type, blob] = fs.readFileSync(path.join(folder, 'id.pub'), 'utf8').split(' ');
    const alice = await lab.enter();
    await signIn(alice, 'alice', await lab.person('alice'));
    await tap.row('W4: there are five hundred texts or nearly', async () => {
        expect(ALL.length >= 470 && new Set(ALL).size === ALL.length, `${ALL.length} texts`);
    });
    await tap.row('W4: in every field that takes text', async () => {
        for (const target of ['/access', '/new', '/certs', '/requests', '/profile', '/hosts', '/enrolment', '/users', '/groups',
            '/roles', '/zones', '/policy', '/matrix', '/who', '/logins', '/audit', '/revocation', '/tokens']) {
            await fillAll(alice, target);
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
    await tap.row('W4: where the sign-in leads on to is a page of this server', async () => {
        for (const next of ['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:window.hit=1', '/%2f%2fevil.example']) {
            await alice.go(`/sign-in?next=${encodeURIComponent(next)}`);
            expectEqual(new URL(alice.page.url()).origin, alice.origin, next);
            await mustBeText(alice, next);
        }
    });
    await tap.row('W4: what others gave as a reason, as the comment of a key, or as a name', async () => {
        const bob = await lab.enter();
        await signIn(bob, 'bob', await lab.person('bob'));
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
