// SPDX-License-Identifier: ISC
// What to type or to put into a file so that a program uses a certificate: with the names of the files that
// were just saved.
import { bytesOf } from '../ssh/wire';
import type { Bytes } from '../ssh/wire';
import type { ReachedHost } from '../types';

export interface Facts {
    zone: string;
    patterns: string[];
    key: string; // the private key's file
    cert: string;
    line: string; // the certificate's
    serial: string;
    hostCa: string;
    hosts: ReachedHost[];
}

function destination(facts: Facts): string {
    const host = facts.hosts.find((one) => one.logins.length > 0);
    return host ? `${host.logins[0]}@${host.host}` : `LOGIN@HOST`;
}

export function knownHosts(facts: Facts): string {
    return `@cert-authority ${facts.patterns.join(',')} ${facts.hostCa}`;
}

export function config(facts: Facts, folder: string): string {
    return `Host ${facts.patterns.join(' ')}\n    IdentityFile ${folder}${facts.key}\n    CertificateFile ${folder}${facts.cert}\n    IdentitiesOnly yes`;
}

export function unix(facts: Facts): string {
    return [
        `mv ~/Downloads/${facts.cert} ~/.ssh/`,
        `chmod 600 ~/.ssh/${facts.key}`,
        `ssh -i ~/.ssh/${facts.key} -o CertificateFile=~/.ssh/${facts.cert} ${destination(facts)}`,
    ].join('\n');
}

export function windows(facts: Facts): string {
    return [
        `move %USERPROFILE%\\Downloads\\${facts.cert} %USERPROFILE%\\.ssh\\`,
        `ssh -i %USERPROFILE%\\.ssh\\${facts.key} -o CertificateFile=%USERPROFILE%\\.ssh\\${facts.cert} ${destination(facts)}`,
    ].join('\n');
}

export function plink(facts: Facts, folder: string): string {
    return `plink -i "${folder}\\${facts.key}.ppk" -cert "${folder}\\${facts.cert}" ${destination(facts)}`;
}

export function curl(facts: Facts): string {
    return `curl -fsS -H "Authorization: Bearer $TOKEN" ${location.origin}/v1/certs/${facts.serial} \\\n  | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > ~/.ssh/${facts.cert}`;
}

// A text of a .reg file: backslashes and quotes are escaped, and nothing ends the line.
function registryText(text: string): string {
    return `"${text.replace(/[\r\n]/g, ' ').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

// PuTTY keeps names as parts of registry paths, with everything unusual as %XX.
function registryName(text: string): string {
    return Array.from(bytesOf(text), (byte) => {
        const one = String.fromCharCode(byte);
        return /[A-Za-z0-9._-]/.test(one) ? one : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }).join('');
}

// PuTTY's words for patterns of host names.
function validity(patterns: string[]): string {
    return patterns.join(' || ');
}

function session(facts: Facts, host: ReachedHost, folder: string): string {
    const name = `vouch ${facts.zone} ${host.host}`;
    return [
        `[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\Sessions\\${registryName(name)}]`,
        `"HostName"=${registryText(host.host)}`,
        `"Protocol"="ssh"`,
        `"PortNumber"=dword:00000016`,
        `"UserName"=${registryText(host.logins[0] ?? '')}`,
        `"PublicKeyFile"=${registryText(`${folder}\\${facts.key}.ppk`)}`,
        `"DetachedCertificate"=${registryText(`${folder}\\${facts.cert}`)}`,
    ].join('\r\n');
}

const MOST_SESSIONS = 100;

// The trust in the host CA, and a session for each host. UTF-16 with its mark, as regedit writes it.
export function registry(facts: Facts, folder: string): Bytes {
    const trust = [
        `[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\SshHostCAs\\${registryName(facts.zone)}]`,
        `"PublicKey"=${registryText(facts.hostCa.split(' ')[1] ?? '')}`,
        `"Validity"=${registryText(validity(facts.patterns))}`,
        '"PermitRSASHA1"=dword:00000000',
        '"PermitRSASHA256"=dword:00000001',
        '"PermitRSASHA512"=dword:00000001',
    ].join('\r\n');
    const sessions = facts.hosts.filter((host) => host.logins.length > 0).slice(0, MOST_SESSIONS);
    const text = ['Windows Registry Editor Version 5.00', trust, ...sessions.map((host) => session(facts, host, folder)), ''].join('\r\n\r\n');
    const units = Uint16Array.from(`\ufeff${text}`, (one) => one.charCodeAt(0));
    return new Uint8Array(units.buffer);
}
