// SPDX-License-Identifier: ISC
// For the files that are a method each: what a method is, and what the engine offers it.
//
// A method is one row in engine.c and one file. It sees an ask that is within its bounds and writes one
// reply; it keeps nothing between asks and knows neither lanes nor threads. What needs a challenge first
// (passkeys) gets it in the ask: the authority makes and keeps it.
#pragma once

#include "base/secret.h"
#include "identity/password.h"
#include "identity/pool.h"
#include "identity/protocol.h"
#include "identity/seal.h"
#include "identity/serve.h"

// What is shared by all threads, and constant but for the pool.
struct vouch_identity_engine {
    struct vouch_identity_cost cost;
    struct vouch_pool pool;
    struct vouch_secret keys; // VOUCH_SEAL_KEY_LEN bytes for each use: see seal.h
    uint8_t key_id[VOUCH_SEAL_ID_LEN];
    char decoy[VOUCH_PASSWORD_STORED_MAX]; // what is "stored" for users who are not there
};

// The answer under work, with the memory its slices point into. Both buffers are locked memory.
struct vouch_identity_reply {
    struct vouch_identity_answer answer;
    struct vouch_buf stored;
    struct vouch_buf shown;
};

struct vouch_method {
    const char *name; // "password"
    int (*make)(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                uint64_t deadline_ns, struct vouch_identity_reply *reply,
                struct vouch_fault *fault);
    int (*check)(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                 uint64_t deadline_ns, struct vouch_identity_reply *reply,
                 struct vouch_fault *fault);
};

// Writes engine->decoy, at the engine's cost.
void vouch_password_make_decoy(struct vouch_identity_engine *engine);

extern const struct vouch_method vouch_method_password;
extern const struct vouch_method vouch_method_totp;
extern const struct vouch_method vouch_method_recovery;
extern const struct vouch_method vouch_method_passkey;

// One desk for each thread that asks or answers: the memory of its last answer.
struct vouch_identity_desk {
    struct vouch_identity_engine *engine;
    struct vouch_secret memory;
    struct vouch_identity_reply reply;
};

// V-1001.
VOUCH_MUST_USE int vouch_identity_desk_init(struct vouch_identity_desk *desk,
                                            struct vouch_identity_engine *engine,
                                            struct vouch_fault *fault);
void vouch_identity_desk_done(struct vouch_identity_desk *desk); // takes a zeroed struct

// Answers one ask. The answer is desk->reply.answer; after an error it is all zero.
VOUCH_MUST_USE int vouch_identity_desk_ask(struct vouch_identity_desk *desk,
                                           enum vouch_identity_verb verb,
                                           const struct vouch_identity_ask *ask,
                                           uint64_t deadline_ns, struct vouch_fault *fault);

// Forgets the last answer, wiping what it held.
void vouch_identity_desk_clear(struct vouch_identity_desk *desk);

// Writes a refusal. The words must be the same whether the user exists or not.
void vouch_identity_refuse(struct vouch_identity_reply *reply, const struct vouch_fault_kind *kind,
                           const char *field, const char *why);

// The one refusal for anything wrong that a person gives to sign in.
void vouch_identity_refuse_sign_in(struct vouch_identity_reply *reply);
