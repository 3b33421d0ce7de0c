// SPDX-License-Identifier: ISC
// What to run on a machine so that it enrols by a token: the same as vouch host token new prints.
import type { NewHostToken } from '../types';

interface Server {
    url: string;
    pin: string | null;
}

function serverOf(token: NewHostToken): Server {
    const [url = location.origin, pin = null] = (token.address ?? location.origin).split('#');
    return { url, pin };
}

// Inside quotes of a shell; none of the parts can hold one, and if one did it would stay a part.
function shellQuote(text: string): string {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

function yamlQuote(text: string): string {
    return `'${text.replaceAll("'", "''")}'`;
}

export function shell(token: NewHostToken): string {
    const { url, pin } = serverOf(token);
    return `sudo vouch-host enrol ${shellQuote(url)}${pin ? ` --pin ${pin}` : ''} --token-file - <<'END'\n${token.secret}\nEND`;
}

export function cloudInit(token: NewHostToken): string {
    const { url, pin } = serverOf(token);
    const arguments_ = ['vouch-host', 'enrol', yamlQuote(url), ...(pin ? ['--pin', yamlQuote(pin)] : []), '--token-file', '/run/vouch-enrol.token'];
    return [
        '#cloud-config',
        'write_files:',
        '  - path: /run/vouch-enrol.token',
        "    permissions: '0600'",
        '    content: |',
        `      ${token.secret}`,
        'runcmd:',
        `  - [${arguments_.join(', ')}]`,
        '  - [rm, -f, /run/vouch-enrol.token]',
    ].join('\n');
}

export function ansible(token: NewHostToken): string {
    const { url, pin } = serverOf(token);
    const arguments_ = ['vouch-host', 'enrol', yamlQuote(url), ...(pin ? ['--pin', yamlQuote(pin)] : []), '--token-file', "'-'"];
    return [
        '- name: enrol the host with the SSH certificate authority',
        '  become: true',
        '  no_log: true',
        '  ansible.builtin.command:',
        `    argv: [${arguments_.join(', ')}]`,
        `    stdin: ${yamlQuote(token.secret)}`,
        '    creates: /var/lib/vouch-host/agent/agent.json',
    ].join('\n');
}
