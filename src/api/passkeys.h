// SPDX-License-Identifier: ISC
// Passkeys as browsers write them: the JSON forms of WebAuthn (Level 3), 5.1. Private to src/api.
#pragma once

#include "api/call.h"

// What is asked of a passkey, as the members "challenge_id" and "options" of an answer: of one that is to be
// made, or that there is.
void vouch_api_passkey_create(struct vouch_json *json,
                              const struct vouch_passkey_question *question);
void vouch_api_passkey_get(struct vouch_json *json, const struct vouch_passkey_question *question);

// The members "challenge_id" and "credential" of the body: an answer; or a new one, with "name" besides.
struct vouch_passkey_given vouch_api_passkey_given(struct vouch_api_call *call);
struct vouch_passkey_new vouch_api_passkey_new(struct vouch_api_call *call);

// The same within the member "passkey", where there may be a code in its place: whichever it is.
enum vouch_factor vouch_api_passkey_or_code(struct vouch_api_call *call,
                                            struct vouch_bytes *ret_code,
                                            struct vouch_passkey_given *ret_passkey);
struct vouch_passkey_given vouch_api_passkey_inside(struct vouch_api_call *call);
struct vouch_passkey_new vouch_api_passkey_new_inside(struct vouch_api_call *call);
