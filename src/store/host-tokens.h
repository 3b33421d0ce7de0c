// SPDX-License-Identifier: ISC
// Tokens that enrol hosts, by the SHA-256 of their secret. Whether one that was found is good for a host
// (its name, network, time) is for the caller to judge.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_HOST_TOKEN_USES_MAX 10000

struct vouch_store_host_token {
    uint64_t id;              // given by the store, never given again
    struct vouch_bytes match; // a name, or a pattern with * and ?
    struct vouch_bytes zone;
    const struct vouch_bytes *labels; // "KEY=VALUE"
    size_t label_count;
    const struct vouch_bytes *networks; // none: anywhere
    size_t network_count;
    uint64_t uses, uses_left;
    struct vouch_bytes actor; // who made it
    uint64_t created_s;
    uint64_t expires_s; // good before; never 0
};

// By the SHA-256 of the whole secret, or by its ID. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_host_token_by_secret(
    struct vouch_store *store, const uint8_t secret[static VOUCH_STORE_HASH_LEN],
    struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
    struct vouch_store_host_token *ret_token, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_host_token_by_id(struct vouch_store *store, uint64_t id,
                                                struct vouch_arena *arena,
                                                enum vouch_store_outcome *ret_outcome,
                                                struct vouch_store_host_token *ret_token,
                                                struct vouch_fault *fault);

struct vouch_store_host_tokens {
    struct vouch_arena arena;
    struct vouch_store_host_token *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists them, oldest first.
VOUCH_MUST_USE int vouch_store_host_tokens_list(struct vouch_store *store,
                                                const struct vouch_store_page *page,
                                                struct vouch_store_host_tokens *ret_tokens,
                                                struct vouch_fault *fault);
void vouch_store_host_tokens_done(struct vouch_store_host_tokens *tokens);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds one; id and uses_left are not read. TAKEN: another has this secret.
VOUCH_MUST_USE int vouch_store_host_token_add(struct vouch_store *store,
                                              const struct vouch_store_host_token *token,
                                              const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

// Takes one use of it. ABSENT: it is gone, has expired, or has none left.
VOUCH_MUST_USE int vouch_store_host_token_take(struct vouch_store *store, uint64_t id,
                                               uint64_t now_s,
                                               enum vouch_store_outcome *ret_outcome,
                                               struct vouch_fault *fault);

// Removes it. ABSENT: it is gone.
VOUCH_MUST_USE int vouch_store_host_token_remove(struct vouch_store *store, uint64_t id,
                                                 enum vouch_store_outcome *ret_outcome,
                                                 struct vouch_fault *fault);

// Forgets those that have expired, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_host_tokens_prune(struct vouch_store *store, uint64_t now_s,
                                                 size_t limit, uint64_t *removed,
                                                 struct vouch_fault *fault);
