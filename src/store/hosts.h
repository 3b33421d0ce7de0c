// SPDX-License-Identifier: ISC
// Enrolled hosts: rows, names, keys, and the SHA-256 of the secrets by which they come.
//
// What a host may have is judged above; here is what is kept, and that no name belongs to two hosts. A
// row is changed by compare and swap on its revision. Rows stay when a host is retired.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_HOST_NAME_MAX 253
#define VOUCH_STORE_HOST_NAMES_MAX 16 // of a host: name, short name, aliases
#define VOUCH_STORE_HOST_KEYS_MAX 8
#define VOUCH_STORE_HOST_SECRETS_MAX 16 // that are remembered, to know a copy by
#define VOUCH_STORE_HOST_COARSE_S 60    // how fine "last seen" is

enum vouch_store_host_state {
    VOUCH_STORE_HOST_NONE = 0,
    VOUCH_STORE_HOST_WAITING,
    VOUCH_STORE_HOST_ACTIVE,
    VOUCH_STORE_HOST_LOCKED,
    VOUCH_STORE_HOST_RETIRED,
};

struct vouch_store_host_key {
    uint8_t hash[VOUCH_STORE_HASH_LEN]; // SHA-256 of its blob
    struct vouch_bytes type;            // "ssh-ed25519"
    uint64_t serial, valid_before_s;    // of its newest certificate; 0: none yet
};

struct vouch_store_host {
    uint64_t id; // given by the store, never given again
    uint64_t revision;
    enum vouch_store_host_state state;
    struct vouch_bytes name;
    struct vouch_bytes former; // the name before the last renaming; may be empty
    struct vouch_bytes zone;   // WAITING: may be empty
    const struct vouch_bytes *labels;
    size_t label_count;
    const struct vouch_bytes *aliases; // as they were asked for and allowed
    size_t alias_count;
    const struct vouch_bytes *approvers; // who adopted it, or is one of those who must
    size_t approver_count;
    uint64_t needed;                  // WAITING, or with a wish: how many must
    const struct vouch_bytes *wished; // names that an enrolled one is to have beside its aliases
    size_t wished_count;
    uint64_t wish_until_s;
    struct vouch_bytes asker; // the actor who asked for those, or made the token; may be empty
    struct vouch_bytes
        approved;        // SHA-256 of what its approvers approved so far; empty: nothing is open
    uint64_t approved_s; // when
    struct vouch_bytes why;
    struct vouch_bytes by; // "host-token:ID", "adopted:USER"
    uint64_t token;        // its ID; 0: none
    uint8_t machine[VOUCH_STORE_HASH_LEN];
    uint8_t keyset[VOUCH_STORE_HASH_LEN]; // SHA-256 over its keys, in their order
    uint64_t generation;                  // of the newest secret; 0: none was given
    uint64_t used_generation;             // the highest that came; those below are void
    uint64_t may_collect_s; // until when its keys alone get the next secret; 0: they do not
    uint64_t renew;         // nonzero: its certificates do not say what they should
    struct vouch_bytes source, agent, sshd;
    uint64_t created_s, seen_s, renewed_s; // seen: to the minute
    uint64_t until_s;                      // WAITING: when it is forgotten; else 0

    // Filled in by vouch_store_host_keys() alone.
    const struct vouch_store_host_key *keys;
    size_t key_count;
};

// By its ID; by its name among those that are ACTIVE or LOCKED; by a name or alias of one of these.
// Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_host_by_id(struct vouch_store *store, uint64_t id,
                                          struct vouch_arena *arena,
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_store_host *ret_host,
                                          struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_host_by_name(struct vouch_store *store, struct vouch_bytes name,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_host *ret_host,
                                            struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_host_by_any_name(struct vouch_store *store, struct vouch_bytes name,
                                                struct vouch_arena *arena,
                                                enum vouch_store_outcome *ret_outcome,
                                                struct vouch_store_host *ret_host,
                                                struct vouch_fault *fault);

// The newest one of that name in that state; with a keyset (NULL: any).
VOUCH_MUST_USE int vouch_store_host_in_state(struct vouch_store *store, struct vouch_bytes name,
                                             enum vouch_store_host_state state,
                                             const uint8_t *keyset, struct vouch_arena *arena,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_store_host *ret_host,
                                             struct vouch_fault *fault);

// The one that is ACTIVE or LOCKED and has a key of that SHA-256.
VOUCH_MUST_USE int vouch_store_host_by_key(struct vouch_store *store,
                                           const uint8_t key[static VOUCH_STORE_HASH_LEN],
                                           struct vouch_arena *arena,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_store_host *ret_host,
                                           struct vouch_fault *fault);

// The one that a secret was given to, by its SHA-256, and the secret's generation.
VOUCH_MUST_USE int vouch_store_host_by_secret(struct vouch_store *store,
                                              const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                              struct vouch_arena *arena,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_store_host *ret_host,
                                              uint64_t *ret_generation, struct vouch_fault *fault);

// Adds its keys to a row.
VOUCH_MUST_USE int vouch_store_host_keys(struct vouch_store *store, struct vouch_arena *arena,
                                         struct vouch_store_host *host, struct vouch_fault *fault);

// How many are WAITING at `now_s`: from that source, and in all.
VOUCH_MUST_USE int vouch_store_hosts_waiting(struct vouch_store *store, struct vouch_bytes source,
                                             uint64_t now_s, uint64_t *ret_of_source,
                                             uint64_t *ret_in_all, struct vouch_fault *fault);

// What is asked for: all that is set must fit. NONE: every state but RETIRED.
struct vouch_store_host_filter {
    enum vouch_store_host_state state;
    // Judges what SQL cannot; NULL: takes all.
    int (*fits)(const struct vouch_store_host *host, const void *context);
    const void *context;
};
struct vouch_store_hosts {
    struct vouch_arena arena;
    struct vouch_store_host *rows; // with their keys
    size_t count;                  // may be 0 though more follow: see `next`
    char next[VOUCH_STORE_CURSOR_MAX];
};

// Lists them by name. At most VOUCH_STORE_SCAN_MAX rows are looked at for a page.
VOUCH_MUST_USE int vouch_store_hosts_list(struct vouch_store *store,
                                          const struct vouch_store_host_filter *filter,
                                          const struct vouch_store_page *page,
                                          struct vouch_store_hosts *ret_hosts,
                                          struct vouch_fault *fault);
void vouch_store_hosts_done(struct vouch_store_hosts *hosts);

// Every ACTIVE one, by name, without keys: what the policy in force is made of.
VOUCH_MUST_USE int vouch_store_hosts_active(struct vouch_store *store,
                                            struct vouch_store_hosts *ret_hosts,
                                            struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds a row with its keys; id, revision and used_generation are not read.
VOUCH_MUST_USE int vouch_store_host_add(struct vouch_store *store,
                                        const struct vouch_store_host *host, uint64_t *ret_id,
                                        struct vouch_fault *fault);

// Writes all of a row but its keys, if its revision is still this; else ABSENT.
VOUCH_MUST_USE int vouch_store_host_put(struct vouch_store *store,
                                        const struct vouch_store_host *host,
                                        enum vouch_store_outcome *ret_outcome,
                                        struct vouch_fault *fault);

// Gives a host these names in place of those it had: TAKEN if another has one of them, and *ret_taken is
// which.
VOUCH_MUST_USE int vouch_store_host_names(struct vouch_store *store, uint64_t id,
                                          const struct vouch_bytes *names, size_t count,
                                          enum vouch_store_outcome *ret_outcome, size_t *ret_taken,
                                          struct vouch_fault *fault);

// Notes the certificate of a key. ABSENT: the host has no such key.
VOUCH_MUST_USE int vouch_store_host_cert(struct vouch_store *store, uint64_t id,
                                         const struct vouch_store_host_key *key,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_fault *fault);

// Remembers a secret; those that were given after `used` and never came are forgotten, as are those of
// long ago. TAKEN: another has it.
struct vouch_store_host_secret {
    uint64_t host, generation, used;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
};
VOUCH_MUST_USE int vouch_store_host_secret_add(struct vouch_store *store,
                                               const struct vouch_store_host_secret *secret,
                                               enum vouch_store_outcome *ret_outcome,
                                               struct vouch_fault *fault);
// Forgets all of a host.
VOUCH_MUST_USE int vouch_store_host_secrets_end(struct vouch_store *store, uint64_t id,
                                                struct vouch_fault *fault);

// Notes that a secret of this generation came, and from when on its keys alone get no other.
VOUCH_MUST_USE int vouch_store_host_used(struct vouch_store *store, uint64_t id,
                                         uint64_t generation, struct vouch_fault *fault);
// Notes where a host came from, and when: to the minute.
VOUCH_MUST_USE int vouch_store_host_seen(struct vouch_store *store, uint64_t id, uint64_t now_s,
                                         struct vouch_bytes source, struct vouch_fault *fault);

// Removes one that waits. ABSENT: it does not.
VOUCH_MUST_USE int vouch_store_host_forget(struct vouch_store *store, uint64_t id,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_fault *fault);
// Forgets those that waited too long, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_hosts_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                                           uint64_t *removed, struct vouch_fault *fault);
