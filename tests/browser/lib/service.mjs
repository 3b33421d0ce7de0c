// SPDX-License-Identifier: ISC
//
// A real vouchd in a folder of its own, and the command beside it.

import { execFile, spawn } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as https from 'node:https';
import * as net from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { Failure, waitFor } from './tap.mjs';

const run = promisify(execFile);

export function freePort() {
    return new Promise((done, fail) => {
        const server = net.createServer().on('error', fail);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });
}

export class Service {
    // The folder must not exist; the one that holds it must.
    constructor(folder) {
        this.folder = folder;
        this.log = `${folder}.log`;
        fs.chmodSync(path.dirname(folder), 0o711); // the roles' users have to get there
        this.home = `${folder}.home`;
        fs.mkdirSync(this.home, { mode: 0o700 });
    }

    async start() {
        this.port = await freePort();
        this.url = `https://localhost:${this.port}`;
        const { stdout } = await run(process.env.VOUCHD, ['init', this.folder, '--name', 'ca.example.com', '--listen', `127.0.0.1:${this.port}`]);
        this.pin = /sha256:\S+/.exec(stdout)[0];
        fs.appendFileSync(path.join(this.folder, 'vouchd.yaml'), `\nurl: ${this.url}\n`);
        const ceiling = path.join(this.folder, 'ceiling.yaml');
        fs.writeFileSync(ceiling, fs.readFileSync(ceiling, 'utf8').replace('wildcards: []', 'wildcards: [wild.prod.example.com]'));
        const log = fs.openSync(this.log, 'a');
        this.process = spawn(process.env.VOUCHD, ['run', this.folder], { stdio: ['ignore', log, log] });
        this.process.on('exit', (status, signal) => {
            this.ended = `vouchd ended with ${status ?? signal}`;
        });
        fs.closeSync(log);
        await waitFor(() => this.isReady(), 'vouchd is ready', 60);
    }

    isReady() {
        if (this.ended) {
            throw new Failure(`${this.ended}:\n${fs.readFileSync(this.log, 'utf8')}`);
        }
        return this.get('/readyz').then((answer) => answer.status === 200, () => false);
    }

    get certificate() {
        return fs.readFileSync(path.join(this.folder, 'tls', 'cert.pem'));
    }

    // Of its public key, as Chromium wants it: SHA-256 in base64.
    keyHash() {
        const key = new X509Certificate(this.certificate).publicKey.export({ type: 'spki', format: 'der' });
        return createHash('sha256').update(key).digest('base64');
    }

    // An answer without a browser: {status, headers, body}.
    get(target) {
        const ca = this.certificate;
        return new Promise((done, fail) => {
            const options = { ca, agent: false, timeout: 10000, checkServerIdentity: () => undefined };
            const asked = https.get(`${this.url}${target}`, options, (answer) => {
                let body = '';
                answer.setEncoding('utf8').on('data', (part) => (body += part));
                answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body }));
            });
            asked.on('error', fail).on('timeout', () => asked.destroy(new Error('no answer for 10 s')));
        });
    }

    // The command, on the server's own machine; what it prints.
    async vouch(...args) {
        const env = { PATH: process.env.PATH, HOME: this.home };
        try {
            return (await run(process.env.VOUCH, [...args, '--local', this.folder], { env, timeout: 60000 })).stdout;
        } catch (error) {
            throw new Failure(`vouch ${args.join(' ')}: ${error.code ?? error.signal}\n${error.stdout}${error.stderr}`);
        }
    }

    // What a command lists.
    async list(...words) {
        return JSON.parse(await this.vouch(...words, '-o', 'json')).items;
    }

    async apply(policy) {
        const file = `${this.folder}.policy.yaml`;
        fs.writeFileSync(file, policy);
        await this.vouch('policy', 'apply', file, '--yes');
    }

    // The secret of a new link for setting somebody's account up.
    async link(user) {
        const file = `${this.folder}.link`;
        await this.vouch('user', 'link', user, '--out', file);
        const text = fs.readFileSync(file, 'utf8');
        fs.rmSync(file);
        return /vouchl_[A-Za-z0-9_-]+/.exec(text)[0];
    }

    stop() {
        if (this.process && !this.ended) {
            this.process.kill('SIGTERM');
            return waitFor(() => this.ended, 'vouchd stops', 20).catch(() => this.process.kill('SIGKILL'));
        }
        return Promise.resolve();
    }
}
