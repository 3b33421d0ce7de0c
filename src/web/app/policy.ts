// SPDX-License-Identifier: ISC
// The policy that holds, read; and putting another in its place, if nobody else did so meanwhile.
import { ask, Problem } from './api';
import { parsePolicy } from './policy-text';
import type { PolicyDocument } from './policy-text';
import type { PolicyDiff } from './types';
import { useLoad } from './ui/load';
import type { Loaded } from './ui/load';

export interface PolicyText {
    text: string;
    version: string;
}

export interface Policy extends PolicyText {
    document: PolicyDocument;
}

// The newest, or a version of it; empty and "0" if there was none yet.
export async function readPolicyText(version?: string): Promise<PolicyText> {
    try {
        const answer = await ask('GET', `/v1/policy${version ? `?version=${version}` : ''}`);
        return { text: answer.text, version: (answer.headers.get('etag') ?? '"0"').replaceAll('"', '') };
    } catch (problem) {
        if (problem instanceof Problem && problem.status === 404 && !version) {
            return { text: '', version: '0' };
        }
        throw problem;
    }
}

export async function readPolicy(): Promise<Policy> {
    const found = await readPolicyText();
    return { ...found, document: parsePolicy(found.text) };
}

export function usePolicy(): Loaded<Policy> {
    return useLoad('policy', readPolicy);
}

export async function diffPolicy(text: string): Promise<PolicyDiff> {
    return JSON.parse((await ask('POST', '/v1/policy/diff', { text })).text) as PolicyDiff;
}

export async function applyPolicy(text: string, version: string): Promise<PolicyDiff> {
    return JSON.parse((await ask('PUT', '/v1/policy', { text, headers: { 'If-Match': `"${version}"` } })).text) as PolicyDiff;
}
