// SPDX-License-Identifier: ISC
// Trust ribbon: person, group, role, login on a host, joined by bands, for one question.
import type { JSX } from 'preact';
import { t, word } from '../i18n';
import type { AccessPath } from '../types';
import { Picture } from './picture';

const WIDTH = 720;
const ROW = 26;
const MOST = 24;
const PLACES = [10, 250, 450, 620];
const LONGEST = 26;
const LETTER = 6.3; // how wide one is, about

function short(name: string): string {
    return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}

interface Node {
    name: string;
    layer: number;
    y: number;
    href: string | null;
}

function layers(paths: AccessPath[], target: string): Node[] {
    const columns: [string, string | null][][] = [
        paths.map((path) => [path.user, `/users/${encodeURIComponent(path.user)}`]),
        paths.flatMap((path): [string, string][] => (path.group ? [[path.group, `/groups/${encodeURIComponent(path.group)}`]] : [])),
        paths.map((path) => [path.role, `/roles/${encodeURIComponent(path.role)}`]),
        [[target, null]],
    ];
    const unique = columns.map((column) => [...new Map(column)]);
    const tallest = Math.max(...unique.map((column) => column.length));
    return unique.flatMap((column, layer) => column.map(([name, href], i) => ({ name, href, layer, y: ((i + 0.5) * tallest * ROW) / column.length })));
}

function band(from: Node, to: Node): string {
    const x1 = (PLACES[from.layer] ?? 0) + short(from.name).length * LETTER + 8;
    const x2 = (PLACES[to.layer] ?? 0) - 4;
    const middle = (x1 + x2) / 2;
    return `M${x1} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${x2} ${to.y}`;
}

function Label({ node }: { node: Node }): JSX.Element {
    const text = (
        <text x={PLACES[node.layer]} y={node.y + 4} class="label">
            {short(node.name)}
        </text>
    );
    return node.href ? <a href={node.href}>{text}</a> : text;
}

export function Ribbon({ paths, login, host }: { paths: AccessPath[]; login: string; host: string }): JSX.Element {
    const shown = paths.slice(0, MOST);
    const nodes = layers(shown, login);
    const node = (layer: number, name: string): Node | undefined => nodes.find((one) => one.layer === layer && one.name === name);
    const bands = shown.flatMap((path) => {
        const steps = [node(0, path.user), path.group ? node(1, path.group) : undefined, node(2, path.role), node(3, login)].filter((one) => one !== undefined);
        return steps.slice(1).map((to, i) => ({ d: band(steps[i] as Node, to), how: path.how }));
    });
    const height = Math.max(...nodes.map((one) => one.y)) + ROW;
    const people = new Set(paths.map((path) => path.user)).size;
    return (
        <Picture
            title={t('ribbon.title', { login, host })}
            summary={t('ribbon.summary', { n: people, standing: new Set(paths.filter((path) => path.how === 'standing').map((path) => path.user)).size })}
            file="who-can-reach"
            head={[t('user'), t('groups.name'), t('cert.role'), t('who.how')]}
            rows={paths.map((path) => [path.user, path.group ?? '', path.role, word('reach', path.how)])}
        >
            <svg class="chart ribbon" viewBox={`0 0 ${WIDTH} ${height}`} role="group" aria-label={t('ribbon.title', { login, host })}>
                {bands.map((one, i) => (
                    <path key={i} d={one.d} class={`band ${one.how}`} />
                ))}
                {nodes.map((one) => (
                    <Label key={`${one.layer}/${one.name}`} node={one} />
                ))}
            </svg>
        </Picture>
    );
}
