// SPDX-License-Identifier: ISC
// Passkeys: the server's challenge, the browser's answer, and where each goes.
import { browserSupportsWebAuthnAutofill, startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';
import { post } from './api';
import { signIn } from './session';

interface AskedFor {
    challenge_id: string;
    options: PublicKeyCredentialRequestOptionsJSON;
}

export interface ToBeMade {
    challenge_id: string;
    options: PublicKeyCredentialCreationOptionsJSON;
}

// With no name the browser offers what it has for this server. `autofill`: in the list of the name's field.
export async function passkeySignIn(user: string | null, autofill?: true): Promise<void> {
    const asked = await post<AskedFor>('/v1/passkeys/challenge', user ? { user } : {});
    const credential = await startAuthentication({ optionsJSON: asked.options, useBrowserAutofill: autofill ?? false });
    await signIn({ passkey: { challenge_id: asked.challenge_id, credential } });
}

export async function offerPasskeys(): Promise<void> {
    if (await browserSupportsWebAuthnAutofill()) {
        await passkeySignIn(null, true);
    }
}

// What a passkey of the session's user answers; for the approval of one request, if it is named.
export async function passkeyAnswer(request?: string): Promise<{ challenge_id: string; credential: unknown }> {
    const asked = await post<AskedFor>('/v1/session/challenge', request ? { request } : {});
    return { challenge_id: asked.challenge_id, credential: await startAuthentication({ optionsJSON: asked.options }) };
}

export async function passkeyFactor(request?: string): Promise<void> {
    await post('/v1/session/factor', { factor: 'passkey', ...(await passkeyAnswer(request)) });
}

// A new passkey by what the server wants, as the server takes it.
export async function passkeyMade(wanted: ToBeMade, name: string): Promise<Record<string, unknown>> {
    return { challenge_id: wanted.challenge_id, credential: await startRegistration({ optionsJSON: wanted.options }), name };
}

export async function passkeyNew(name: string): Promise<void> {
    await post('/v1/account/passkeys', await passkeyMade(await post<ToBeMade>('/v1/account/passkeys/begin'), name));
}
