// SPDX-License-Identifier: ISC
//
// A real sshd on loopback that trusts the service, and a real ssh that logs in to it.

import { execFile, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './service.mjs';
import { Failure, waitFor } from './tap.mjs';

const run = promisify(execFile);

// Standard output and standard error of a program; a failure is one of the test.
export async function must(program, ...args) {
    try {
        return await run(program, args, { timeout: 60000, env: { PATH: process.env.PATH, HOME: os.tmpdir() } });
    } catch (error) {
        throw new Failure(`${program} ${args.join(' ')}: ${error.code ?? error.signal}\n${error.stdout}${error.stderr}`);
    }
}

export class Sshd {
    constructor(folder, service) {
        this.folder = folder;
        this.service = service;
        this.log = path.join(folder, 'log');
    }

    // `principals` are those that let somebody in to the account that runs the tests.
    async start(principals) {
        const { folder } = this;
        const user = os.userInfo().username;
        this.port = await freePort();
        fs.mkdirSync(path.join(folder, 'principals'), { recursive: true, mode: 0o700 });
        fs.writeFileSync(path.join(folder, 'principals', user), `${principals.join('\n')}\n`);
        fs.writeFileSync(path.join(folder, 'ca.pub'), (await this.service.get('/v1/ca/user.pub')).body);
        await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'host_key'));
        fs.writeFileSync(path.join(folder, 'config'), [
            'ListenAddress 127.0.0.1', `Port ${this.port}`, `HostKey ${folder}/host_key`, `TrustedUserCAKeys ${folder}/ca.pub`,
            `AuthorizedPrincipalsFile ${folder}/principals/%u`, 'AuthorizedKeysFile none', 'StrictModes no', 'UsePAM no',
            'PidFile none', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PermitRootLogin prohibit-password', '',
        ].join('\n'));
        await this.listen(`${folder}/config`);
        const host = fs.readFileSync(path.join(folder, 'host_key.pub'), 'utf8');
        fs.writeFileSync(path.join(folder, 'known_hosts'), `[127.0.0.1]:${this.port} ${host}`);
    }

    async listen(config) {
        if (process.getuid() === 0 && !fs.existsSync('/run/sshd')) {
            fs.mkdirSync('/run/sshd', { mode: 0o755 });
        }
        this.process = spawn('/usr/sbin/sshd', ['-D', '-f', config, '-E', this.log], { stdio: 'ignore' });
        this.process.on('exit', () => (this.ended = true));
        await waitFor(() => this.ended || (fs.existsSync(this.log) && fs.readFileSync(this.log, 'utf8').includes('Server listening')), 'sshd listens');
    }

    options(cert) {
        const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', `CertificateFile=${cert}`,
            `UserKnownHostsFile=${this.folder}/known_hosts`, 'GlobalKnownHostsFile=none', 'StrictHostKeyChecking=yes', 'ConnectTimeout=20'];
        return (this.alias ? [...options, `HostKeyAlias=${this.alias}`] : options).flatMap((one) => ['-o', one]);
    }

    // What ssh says of a login that may be refused: {status, out, err}.
    tryLogin(key, cert, ...command) {
        const args = ['-F', 'none', '-i', key, ...this.options(cert), '-p', String(this.port), `${os.userInfo().username}@127.0.0.1`, ...command];
        return new Promise((done) => {
            execFile('ssh', args, { timeout: 60000, env: { PATH: process.env.PATH, HOME: os.tmpdir() } }, (error, out, err) =>
                done({ status: error ? error.code ?? error.signal : 0, out, err }));
        });
    }

    // What a command says on the other side.
    async login(key, cert, ...command) {
        const { status, out, err } = await this.tryLogin(key, cert, ...command);
        if (status !== 0) {
            throw new Failure(`ssh ${command.join(' ')}: ${status}\n${out}${err}`);
        }
        return out;
    }

    stop() {
        if (this.process && !this.ended) {
            this.process.kill('SIGTERM');
        }
    }
}
