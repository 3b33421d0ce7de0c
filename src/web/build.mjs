#!/usr/bin/env node
// SPDX-License-Identifier: ISC
//
// Builds the web application: app/ and style/ become a few files in dist/, which are kept in the tree so
// that building the server needs no Node. The same sources and lock file give the same bytes everywhere.
//
// usage: node build.mjs [--out DIR | --check | --watch]
//   --out DIR  write there instead of dist/
//   --check    write nothing; exit 1 if dist/ is not what the sources give
//   --watch    build again whenever a source changes, until it is ended

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));

const options = {
    absWorkingDir: here,
    entryPoints: [
        { in: 'app/main.tsx', out: 'app' },
        { in: 'style/main.css', out: 'app' },
    ],
    outdir: 'dist',
    bundle: true,
    splitting: true, // what only some pages need comes with them
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    minify: true,
    charset: 'utf8',
    format: 'esm',
    target: ['chrome110', 'firefox110', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none', // the whole texts stand in LICENSES.txt
    loader: { '.json': 'json', '.svg': 'dataurl' },
    metafile: true,
    write: false,
    logLevel: 'warning',
};

// What the first script needs is always there, but esbuild would cut it into pieces by which pages need each of
// it too. So every page is made to need all of it, and it stays in one piece: `inputs` are those of a build
// without this.
function keepTogether(inputs) {
    const core = new Set();
    const add = (name) => {
        if (!core.has(name) && name.startsWith('app/')) {
            core.add(name);
            inputs[name].imports.filter(({ kind, external }) => kind === 'import-statement' && !external).forEach((one) => add(one.path));
        }
    };
    add('app/main.tsx');
    core.delete('app/main.tsx');
    return {
        name: 'keep-together',
        setup: (build) => {
            build.onLoad({ filter: /\/app\/(main|pages\/[^/]+)\.tsx$/ }, (args) => ({
                contents: `${fs.readFileSync(args.path, 'utf8')}\nimport 'vouch:core';\n`,
                loader: 'tsx',
            }));
            build.onResolve({ filter: /^vouch:core$/ }, () => ({ path: 'core', namespace: 'vouch' }));
            build.onLoad({ filter: /^core$/, namespace: 'vouch' }, () => ({
                contents: [...core].sort().map((name) => `import './${name}';`).join('\n'),
                resolveDir: here,
            }));
        },
    };
}

async function plan() {
    const { metafile } = await esbuild.build(options);
    return { ...options, plugins: [keepTogether(metafile.inputs)] };
}

function read(name) {
    return fs.readFileSync(path.join(here, name), 'utf8');
}

// A name that changes with the content, so that a browser may keep the file for ever. Scripts have it from
// esbuild, since they name each other.
function stamp(name, content) {
    const { name: stem, ext } = path.parse(name);
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    return `${stem}-${hash}${ext}`;
}

// The packages whose code is in the bundle, by the folders that its parts came from.
function packagesOf(metafile) {
    const folders = new Set();
    for (const input of Object.keys(metafile.inputs)) {
        const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (found) {
            folders.add(found[1]);
        }
    }
    return [...folders].sort();
}

function licenceOf(folder) {
    const about = JSON.parse(read(`${folder}/package.json`));
    const file = fs.readdirSync(path.join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (!file) {
        throw new Error(`${folder}: the package has no licence file, so its code cannot be passed on`);
    }
    return `${about.name} ${about.version} (${about.license})\n\n${read(`${folder}/${file}`).trim()}\n`;
}

// The licences of what is in the bundle: of packages, and of what was copied into style/.
function licences(metafile) {
    const parts = packagesOf(metafile).map(licenceOf);
    for (const name of fs.readdirSync(path.join(here, 'style')).sort()) {
        if (/^LICEN[CS]E-.*\.txt$/.test(name)) {
            parts.push(`${read(`style/${name}`).trim()}\n`);
        }
    }
    return parts.join(`\n${'-'.repeat(78)}\n\n`);
}

// `modules`: what the first script cannot run without, for the browser to fetch beside it.
function fill(template, names, modules) {
    const links = modules.map((name) => `<link rel="modulepreload" href="/assets/${name}">`).join('\n');
    return template.replace('{{modules}}', links).replace(/\{\{([a-z.]+)\}\}/g, (_, name) => {
        if (!(name in names)) {
            throw new Error(`index.html: there is no file {{${name}}}; there are: ${Object.keys(names).join(' ')}`);
        }
        return `/assets/${names[name]}`;
    });
}

// A file of esbuild's and all that it cannot run without, by the names in dist/.
function neededBy(output, outputs, found = new Set()) {
    if (!found.has(output)) {
        found.add(output);
        for (const { path: other, kind } of outputs[output].imports) {
            if (kind === 'import-statement') {
                neededBy(other, outputs, found);
            }
        }
    }
    return found;
}

// Which scripts the page at each path needs beside the first one, read from the rows of app/routes.tsx, so
// that a browser can fetch them all at once.
function preloads(outputs, first) {
    const byEntry = new Map(Object.keys(outputs).map((output) => [outputs[output].entryPoint, output]));
    const here = neededBy(first, outputs);
    const rows = [...read('app/routes.tsx').matchAll(/path: '([^']+)', page: lazy\(\(\) => import\('\.\/([^']+)'\)/g)];
    const pages = JSON.parse(read('pages.json'));
    const lost = pages.filter((page) => !rows.some(([, route]) => route === page));
    if (lost.length > 0) {
        throw new Error(`app/routes.tsx: no row of the form "{ path: '…', page: lazy(() => import('./…')" for ${lost.join(' ')}`);
    }
    return Object.fromEntries(rows.map(([, route, module]) => {
        const output = byEntry.get(`app/${module}.tsx`);
        if (!output) {
            throw new Error(`app/routes.tsx: ${route}: ./${module} is not a part of its own`);
        }
        const needed = [...neededBy(output, outputs)].filter((one) => !here.has(one));
        return [route, needed.map((one) => path.basename(one)).sort()];
    }));
}

// All files of dist/, by name.
function assemble(result) {
    const files = new Map();
    const names = {};
    const { outputs } = result.metafile;
    for (const output of result.outputFiles) {
        files.set(path.basename(output.path), Buffer.from(output.contents));
    }
    for (const output of Object.keys(outputs)) {
        const { entryPoint } = outputs[output];
        if (entryPoint === 'app/main.tsx' || entryPoint === 'style/main.css') {
            names[`app${path.extname(output)}`] = path.basename(output);
        }
    }
    const first = `dist/${names['app.js']}`;
    const modules = [...neededBy(first, outputs)].filter((one) => one !== first).map((one) => path.basename(one)).sort();
    files.set('preload.json', Buffer.from(`${JSON.stringify(preloads(outputs, first))}\n`));
    const icon = Buffer.from(read('icon.svg'));
    names['icon.svg'] = stamp('icon.svg', icon);
    files.set(names['icon.svg'], icon);
    files.set('LICENSES.txt', Buffer.from(licences(result.metafile)));
    files.set('index.html', Buffer.from(fill(read('index.html'), names, modules)));
    return files;
}

// index.html comes last: what reads the folder follows it to the others.
function write(files, folder) {
    fs.mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) {
        const target = path.join(folder, name);
        if (!fs.existsSync(target) || !fs.readFileSync(target).equals(content)) {
            fs.writeFileSync(target, content);
        }
    }
    for (const name of fs.readdirSync(folder)) {
        if (!files.has(name)) {
            fs.rmSync(path.join(folder, name));
        }
    }
}

// What differs between the files and the folder, a line each.
function compare(files, folder) {
    const there = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    const findings = there.filter((name) => !files.has(name)).map((name) => `${name}: the build does not make it`);
    for (const [name, content] of files) {
        if (!there.includes(name)) {
            findings.push(`${name}: is missing`);
        } else if (!fs.readFileSync(path.join(folder, name)).equals(content)) {
            findings.push(`${name}: holds other bytes`);
        }
    }
    return findings;
}

function tell(files) {
    for (const [name, content] of files) {
        console.log(`${String(content.length).padStart(8)}  ${name}`);
    }
}

async function watch(folder) {
    const plugin = {
        name: 'write',
        setup: (build) =>
            build.onEnd((result) => {
                if (result.errors.length === 0) {
                    write(assemble(result), folder);
                    console.log(`${new Date().toISOString()}  built`);
                }
            }),
    };
    const planned = await plan();
    const context = await esbuild.context({ ...planned, plugins: [...planned.plugins, plugin] });
    await context.watch();
}

async function main(args) {
    const [what, where] = args;
    const folder = path.resolve(what === '--out' ? where : path.join(here, 'dist'));
    const known = args.length === 0 || (what === '--out' && args.length === 2) ||
        (['--check', '--watch'].includes(what) && args.length === 1);
    if (!known) {
        console.error('usage: node build.mjs [--out DIR | --check | --watch]');
        return 2;
    }
    if (what === '--watch') {
        await watch(folder);
        return 0;
    }
    const files = assemble(await esbuild.build(await plan()));
    if (what === '--check') {
        const findings = compare(files, folder);
        findings.forEach((finding) => console.log(`src/web/dist/${finding}`));
        if (findings.length > 0) {
            console.log('Build it again: npm --prefix src/web ci && npm --prefix src/web run build');
        }
        return findings.length > 0 ? 1 : 0;
    }
    write(files, folder);
    tell(files);
    return 0;
}

process.exitCode = await main(process.argv.slice(2));
