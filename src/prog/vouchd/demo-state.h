// SPDX-License-Identifier: ISC
// A story while it is told, for the files that tell it (demo-story.c and demo-tell.c).
#pragma once

#include "base/arena.h"
#include "ledger/hash.h"
#include "policy/decide.h"
#include "prog/vouchd/demo-story.h"
#include "store/logins.h"

#define VOUCH_DEMO_ROLES_TEXT_MAX 128

// What the policy grants a user in a zone without anybody's word.
struct vouch_demo_grant {
    struct vouch_policy_grant grant;       // no principals: nothing
    char roles[VOUCH_DEMO_ROLES_TEXT_MAX]; // "dev-web,bastion"
    unsigned role_bits;                    // in vouch_demo_roles
};

// The newest certificate of a user in a zone.
struct vouch_demo_hold {
    uint64_t serial, valid_before_s;
    unsigned role_bits;
};

struct vouch_demo_person {
    struct vouch_key *key;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_demo_grant grants[VOUCH_DEMO_ZONES];
    struct vouch_demo_hold holds[VOUCH_DEMO_ZONES];
    uint64_t session;
};

struct vouch_demo_machine {
    struct vouch_key *key;
    uint8_t hash[VOUCH_STORE_HASH_LEN]; // of its blob
    uint64_t serial, valid_before_s, next_login;
};

struct vouch_demo_story {
    struct vouch_demo_tale tale;
    struct vouch_demo_random random;
    struct vouch_hasher *hasher;
    struct vouch_demo_person *people;
    struct vouch_demo_machine *machines;
    uint64_t *request_serials;
    struct vouch_demo_applied applied[VOUCH_DEMO_POLICIES];
    unsigned version; // of the policy, now
    uint64_t sessions;
    uint8_t ca[VOUCH_STORE_HASH_LEN]; // of the user CA
    uint8_t host_ca[VOUCH_STORE_HASH_LEN];
    char ca_fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_arena lasting;
    struct vouch_arena batch;
    struct vouch_demo_entry *entries;
    size_t entry_count;
    struct vouch_store_login *logins;
    size_t login_count;
    int err; // the first; VOUCH_ERR_NO_MEMORY
};

// A text of the batch. Empty if memory is short, which story->err then says.
struct vouch_bytes vouch_demo_text(struct vouch_demo_story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct vouch_bytes vouch_demo_copy(struct vouch_demo_story *story, struct vouch_bytes bytes);

// "user:NAME" and "host:NAME".
struct vouch_bytes vouch_demo_user_actor(struct vouch_demo_story *story, size_t user);
struct vouch_bytes vouch_demo_host_actor(struct vouch_demo_story *story, size_t host);

// The next entry of the batch, which has room for what one moment comes to (VOUCH_DEMO_ENTRIES_MAX).
#define VOUCH_DEMO_ENTRIES_MAX 4u
struct vouch_demo_entry *vouch_demo_entry(struct vouch_demo_story *story);

// Tells one moment.
void vouch_demo_tell(struct vouch_demo_story *story, const struct vouch_demo_moment *moment);

// Decides what a user may have by roles; the answer is the arena's. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_demo_decide(struct vouch_demo_story *story, size_t user,
                                     const struct vouch_policy_names *roles,
                                     struct vouch_bytes reason, struct vouch_arena *arena,
                                     struct vouch_policy_decision *ret_decision);

// SHA-256. VOUCH_ERR_CRYPTO.
VOUCH_MUST_USE int vouch_demo_hash(const struct vouch_demo_story *story, struct vouch_bytes bytes,
                                   uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]);

// What a request asks for, and what the policy makes of it.
struct vouch_demo_asked {
    struct vouch_bytes zone, reason;
    const struct vouch_bytes *roles; // one
    struct vouch_policy_grant proposal;
    size_t needed;                       // approvals
    const struct vouch_bytes *approvers; // who gives them
};
// VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_demo_ask(struct vouch_demo_story *story, size_t request,
                                  struct vouch_arena *arena, struct vouch_demo_asked *ret_asked);
