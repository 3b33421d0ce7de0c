// SPDX-License-Identifier: ISC
//
// Somebody at a browser: a window of their own, with what must never happen in any of them watched for:
// a request to another origin, a report of the content security policy, an error on the console.

import { createRequire } from 'node:module';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { chromium } from 'playwright-core';
import { Failure, expect, waitFor } from './tap.mjs';

const require = createRequire(import.meta.url);
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 320, height: 640 };

// Dark and narrow change colours and sizes, and nothing else that these rules look at.
export const LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

// The server's certificate is its own, so the browser is told its key beforehand. Where an error of a certificate
// is ignored as it comes (ignoreHTTPSErrors, which Playwright's own requests need), the request begins anew each
// time, and in a busy moment once too often.
export function launch(keyHash) {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        timeout: 60000,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync',
            `--ignore-certificate-errors-spki-list=${keyHash}`],
    });
}

// Answers of the API that a page may get and deal with; the browser writes each on its console.
const REFUSAL = /Failed to load resource: the server responded with a status of (40[0-9]|413|414|422|431|503)/;

// A stream has no end, and nobody says how it ended that a window asked for its icon.
const UNCOUNTED = ['eventsource', 'other'];

export class Visitor {
    findings = [];
    open = new Set(); // requests that have no answer yet

    static async enter(browser, url, screens, options = {}) {
        const context = await browser.newContext({
            baseURL: url, ignoreHTTPSErrors: true, viewport: WIDE, locale: 'en-GB', timezoneId: 'Europe/Berlin',
            colorScheme: 'light', reducedMotion: 'reduce', ...options,
        });
        const visitor = new Visitor(context, new URL(url).origin, screens);
        visitor.page = await context.newPage();
        return visitor;
    }

    constructor(context, origin, screens) {
        this.context = context;
        this.origin = origin;
        this.screens = screens;
        context.setDefaultTimeout(20000);
        context.on('request', (request) => {
            this.judge(request.url());
            if (request.isNavigationRequest()) {
                this.isLeaving = true;
                this.open.clear();
            }
            if (!UNCOUNTED.includes(request.resourceType())) {
                this.open.add(request);
            }
        });
        // Nobody says how those ended that a page had asked when it was replaced or closed.
        context.on('page', (page) => {
            page.on('close', () => this.open.clear());
            page.on('framenavigated', () => {
                if (this.isLeaving) {
                    this.isLeaving = false;
                    this.open.clear();
                }
            });
        });
        context.on('response', (answer) => this.open.delete(answer.request()));
        context.on('requestfailed', (request) => this.open.delete(request));
        context.on('weberror', (error) => this.findings.push(`an error on the page: ${error.error().message}`));
        context.on('dialog', (dialog) => {
            this.findings.push(`a dialogue of the browser: ${dialog.message()}`);
            dialog.dismiss().catch(() => undefined);
        });
        context.on('console', (message) => {
            if (message.type() === 'error' && !REFUSAL.test(message.text())) {
                this.findings.push(`on the console: ${message.text()}`);
            }
        });
    }

    judge(url) {
        const { origin, protocol } = new URL(url);
        if (origin !== this.origin && !['data:', 'blob:', 'about:'].includes(protocol)) {
            this.findings.push(`a request to another origin: ${url}`);
        }
    }

    // Fails if something happened that must not; forgets it.
    mustBeQuiet() {
        const found = this.findings.splice(0);
        expect(found.length === 0, found.join('\n'));
    }

    // As from a bookmark: anew, also where only what stands behind # differs.
    async go(target) {
        await this.page.goto('about:blank');
        this.open.clear();
        await this.page.goto(target);
        await this.settle();
    }

    async back() {
        await this.settle();
        this.open.clear();
        await this.page.goBack();
        await this.settle();
    }

    // Until the page has what it asked for and shows it.
    async settle() {
        const busy = this.page.locator('[aria-busy=true]').first();
        let quiet = 0;
        await waitFor(async () => {
            const is = this.open.size === 0 && (await busy.count()) === 0 && (await this.page.locator('h1').count()) > 0;
            quiet = is ? quiet + 1 : 0;
            return quiet > 2;
        }, () => `the page has all that it asked for: ${[...this.open].map((request) => request.url()).join(' ')}`, 30);
    }

    // Loads the page anew until something is on it that is no news to it.
    async until(find) {
        const target = find(this.page);
        await waitFor(async () => {
            if ((await target.count()) > 0) {
                return true;
            }
            await this.go(this.page.url());
            return false;
        }, () => `${target} on ${this.page.url()}`);
    }

    heading() {
        return this.page.locator('h1').first().innerText();
    }

    async shoot(name) {
        fs.mkdirSync(this.screens, { recursive: true });
        const file = path.join(this.screens, `${name.replace(/[^A-Za-z0-9]+/g, '-')}.png`);
        await this.page.screenshot({ path: file, fullPage: true });
        return file;
    }

    // What axe-core finds on the page as it is now, by the rules of WCAG 2.2 A and AA or those given; one
    // text for each.
    async barriers(rules) {
        await this.page.evaluate(axe);
        const found = await this.page.evaluate((only) => window.axe.run(document, { runOnly: only, resultTypes: ['violations'] }),
            rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
        return found.violations.flatMap((rule) =>
            rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${rule.help}: ${node.target.join(' ')}`));
    }

    async mustBeAccessible(what, rules) {
        const found = await this.barriers(rules);
        if (found.length > 0) {
            throw new Failure(`${what}: axe found ${found.length}\n${found.join('\n')}`);
        }
    }

    // Looks at a state as it is now: light and wide, then dark and narrow, with a picture and the barriers of each.
    async look(name) {
        const { page } = this;
        await this.shoot(`${name} light`);
        await this.mustBeAccessible(`${name}, light and wide`);
        await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
        await page.setViewportSize(NARROW);
        await this.shoot(`${name} dark narrow`);
        await this.mustBeAccessible(`${name}, dark and narrow`, LOOKS);
        await this.mustFit(`${name} at 320 pixels`);
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
        await page.setViewportSize(WIDE);
    }

    // Nothing is wider than the window, or one would have to scroll in two directions to read (WCAG 1.4.10).
    async mustFit(what) {
        const excess = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(excess <= 0, `${what}: ${excess} pixels wider than the window`);
    }

    // A security key that finds its user present and verified, until told otherwise.
    async plugIn(options = {}) {
        const cdp = await this.context.newCDPSession(this.page);
        await cdp.send('WebAuthn.enable', { enableUI: false });
        const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
            options: {
                protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true,
                hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...options,
            },
        });
        const tell = (what, more) => cdp.send(`WebAuthn.${what}`, { authenticatorId, ...more });
        return {
            touch: (enabled) => tell('setAutomaticPresenceSimulation', { enabled }),
            verify: (isUserVerified) => tell('setUserVerified', { isUserVerified }),
            credentials: async () => (await tell('getCredentials')).credentials,
            // In the place of the one that it is.
            put: async (credential) => {
                await tell('removeCredential', { credentialId: credential.credentialId });
                await tell('addCredential', { credential });
            },
        };
    }

    leave() {
        return this.context.close();
    }
}
