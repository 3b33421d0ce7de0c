// SPDX-License-Identifier: ISC
//
// A machine that is enrolled: a folder that stands for it, its own sshd, and vouch-host with its root part. All
// of it real, on the loopback; only the programs are told where the machine's files lie.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { freePort } from './service.mjs';
import { Sshd, must } from './ssh.mjs';
import { Failure, Skip, waitFor } from './tap.mjs';

export const USER = os.userInfo().username;

export function mustBeAbleToEnrol() {
    if (process.getuid() !== 0) {
        throw new Skip('vouch-host works as root');
    }
}

export class Machine extends Sshd {
    // The folder must not exist; `name` is what the machine calls itself.
    constructor(folder, service, name) {
        super(folder, service);
        this.alias = name;
        this.log = this.path('run/sshd.log');
    }

    path(...parts) {
        return path.join(this.folder, ...parts);
    }

    async start() {
        for (const place of ['etc/ssh/sshd_config.d', 'etc/vouch', 'var/lib', 'run', 'bin']) {
            fs.mkdirSync(this.path(place), { recursive: true, mode: 0o755 });
        }
        const keys = ['ed25519', 'ecdsa'].map((kind) => [kind, this.path('etc/ssh', `ssh_host_${kind}_key`)]);
        for (const [kind, key] of keys) {
            await must('ssh-keygen', '-q', '-t', kind, '-N', '', '-f', key);
        }
        this.port = await freePort();
        fs.writeFileSync(this.path('etc/ssh/sshd_config'), [
            `Include ${this.folder}/etc/ssh/sshd_config.d/*.conf`, `Port ${this.port}`, 'ListenAddress 127.0.0.1',
            `PidFile ${this.folder}/run/sshd.pid`, ...keys.map(([, key]) => `HostKey ${key}`), 'LogLevel VERBOSE', 'UsePAM no', 'StrictModes no',
            'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'AuthorizedKeysFile none', '',
        ].join('\n'));
        fs.writeFileSync(this.path('etc/vouch/host.conf'), [
            'log file /run/sshd.log', 'pid_file /run/sshd.pid', 'address 127.0.0.1', `port ${this.port}`, '',
        ].join('\n'));
        fs.writeFileSync(this.path('etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
        this.shims();
        await this.listen(this.path('etc/ssh/sshd_config'));
        fs.writeFileSync(this.path('known_hosts'), `@cert-authority *.prod.example.com ${(await this.service.get('/v1/ca/host.pub')).body}`);
    }

    // Commands as one types them on the machine: root already, with a name and files of its own.
    shims() {
        const shim = (name, text) => fs.writeFileSync(this.path('bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        shim('sudo', 'exec "$@"');
        shim('vouch-host', `exec '${process.env.VOUCH_HOST}' "$@" --root '${this.folder}' --name '${this.alias}'`);
    }

    // Runs what somebody types on the machine: {status, out, err}.
    type(text) {
        const env = { ...process.env, PATH: `${this.path('bin')}:${process.env.PATH}`, HOME: this.folder };
        return new Promise((done) => {
            execFile('sh', ['-c', text], { env, timeout: 120000 }, (error, out, err) =>
                done({ status: error ? error.code ?? error.signal : 0, out, err }));
        });
    }

    // Enrolled by the command, its agent running and heard of.
    async enrol() {
        const token = JSON.parse(await this.service.vouch('host', 'token', 'new', '--zone', 'prod', '--match', this.alias, '--label', 'tier=lab', '-o', 'json'));
        const { status, out, err } = await this.type(`vouch-host enrol '${this.service.url}' --pin ${this.service.pin} --token-file - <<END\n${token.secret}\nEND`);
        if (status !== 0) {
            throw new Failure(`vouch-host enrol: ${status}\n${out}${err}`);
        }
        this.startAgent();
        await waitFor(async () => JSON.parse(await this.service.vouch('host', 'show', this.alias, '-o', 'json')).reported, `the first report of ${this.alias}`, 30);
    }

    async fingerprint() {
        return (await must('ssh-keygen', '-lf', this.path('etc/ssh/ssh_host_ed25519_key.pub'))).stdout.split(' ')[1];
    }

    startAgent() {
        const log = fs.openSync(this.path('run/agent.log'), 'a');
        this.agent = spawn(process.env.VOUCH_HOST, ['run', '--root', this.folder], { stdio: ['ignore', log, log] });
        this.agent.on('exit', () => (this.agent = null));
        fs.closeSync(log);
    }

    // As if its cable was pulled, and put back in.
    pause() {
        this.agent.kill('SIGSTOP');
    }

    resume() {
        this.agent.kill('SIGCONT');
    }

    async letsIn(key, cert) {
        return (await this.tryLogin(key, cert, 'echo in')).out === 'in\n';
    }

    mustLetIn({ key, cert }) {
        return waitFor(() => this.letsIn(key, cert), () => `a login at ${this.alias}\n${this.words()}`, 30);
    }

    // By sshd, which is there and knows no way in for it.
    mustRefuse({ key, cert }) {
        return waitFor(async () => {
            const { status, err } = await this.tryLogin(key, cert, 'echo in');
            return status === 255 && err.includes('Permission denied');
        }, () => `a refusal at ${this.alias}\n${this.words()}`, 30);
    }

    words() {
        return fs.readFileSync(this.log, 'utf8').slice(-2000);
    }

    stop() {
        if (this.agent) {
            this.resume();
            this.agent.kill('SIGTERM');
        }
        super.stop();
    }
}
