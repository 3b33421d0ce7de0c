// SPDX-License-Identifier: ISC
// API tokens. The store never sees a secret, only its SHA-256, by which a token is looked up: a secret
// of 128 random bits or more cannot be found from it, and no comparison of secrets takes place.
//
// Whether a token that was found is good (time, disabled, scope) is for the caller to judge.
#pragma once

#include "store/store.h"

#define VOUCH_STORE_TOKEN_COARSE_S 3600 // how fine "last used" is

struct vouch_store_token {
    uint64_t id;             // given by the store, never given again
    struct vouch_bytes name; // 1 to VOUCH_STORE_NAME_MAX bytes
    const struct vouch_bytes *scopes;
    size_t scope_count;
    struct vouch_bytes profile; // empty: none
    struct vouch_bytes actor;   // who made it
    uint64_t created_s;
    uint64_t expires_s;   // good before; never 0
    uint64_t last_used_s; // within VOUCH_STORE_TOKEN_COARSE_S; 0: never
    uint64_t disabled_s;  // 0: it is not
};

// Adds a token with the SHA-256 of its secret, durably; id, last_used_s and disabled_s are not read.
// TAKEN: the name or the secret is there already; ABSENT: there is no such profile.
VOUCH_MUST_USE int vouch_store_token_add(struct vouch_store *store,
                                         const struct vouch_store_token *token,
                                         const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_fault *fault);

// Finds a token by the SHA-256 of the whole secret, or by its name. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_token_by_secret(struct vouch_store *store,
                                               const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                               struct vouch_arena *arena,
                                               enum vouch_store_outcome *ret_outcome,
                                               struct vouch_store_token *ret_token,
                                               struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_token_by_name(struct vouch_store *store, struct vouch_bytes name,
                                             struct vouch_arena *arena,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_store_token *ret_token,
                                             struct vouch_fault *fault);

// Notes that a token was used. It writes only if the token's last_used_s is too old, so a caller that
// compares first saves the call; a power cut may undo it.
VOUCH_MUST_USE int vouch_store_token_used(struct vouch_store *store, uint64_t id, uint64_t now_s,
                                          struct vouch_fault *fault);

// Disables a token for good, durably: ABSENT if there is none of that name that was not disabled.
VOUCH_MUST_USE int vouch_store_token_disable(struct vouch_store *store, struct vouch_bytes name,
                                             uint64_t now_s, enum vouch_store_outcome *ret_outcome,
                                             struct vouch_fault *fault);

struct vouch_store_tokens {
    struct vouch_arena arena;
    struct vouch_store_token *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists tokens, oldest first.
VOUCH_MUST_USE int vouch_store_tokens_list(struct vouch_store *store,
                                           const struct vouch_store_page *page,
                                           struct vouch_store_tokens *ret_tokens,
                                           struct vouch_fault *fault);
void vouch_store_tokens_done(struct vouch_store_tokens *tokens);
