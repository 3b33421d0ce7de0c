// SPDX-License-Identifier: ISC
// Enrolled hosts: who comes with a host's secret, and what tokens, enrolling, renewing and the inventory
// share. doc/hosts.md. Private to src/authority.
//
// Rows, names and secrets of hosts are changed under the office's fleet_lock, from reading to writing.
#pragma once

#include "authority/caller.h"
#include "authority/host-name.h"
#include "store/host-tokens.h"
#include "store/hosts.h"

#define VOUCH_EVENT_HOST_TOKEN "host.token"
#define VOUCH_EVENT_HOST_TOKEN_REMOVE "host.token.remove"
#define VOUCH_EVENT_HOST_ENROL "host.enrol"
#define VOUCH_EVENT_HOST_WAIT "host.wait"
#define VOUCH_EVENT_HOST_APPROVE "host.approve"
#define VOUCH_EVENT_HOST_ADOPT "host.adopt"
#define VOUCH_EVENT_HOST_REFUSE "host.refuse"
#define VOUCH_EVENT_HOST_CLONE "host.clone"
#define VOUCH_EVENT_HOST_LOCK "host.lock"
#define VOUCH_EVENT_HOST_RENAME "host.rename"
#define VOUCH_EVENT_HOST_EDIT "host.edit"
#define VOUCH_EVENT_HOST_RETIRE "host.retire"

// ----- hosts that come

// Finds out which host asks: ret_reply DONE, and the row in the handle's arena, without its keys. Else
// UNKNOWN; or REFUSED, for one that is locked, or that shows a secret which was replaced: that is a copy,
// and the host is locked by it.
VOUCH_MUST_USE int vouch_identify_host(struct vouch_local *authority,
                                       const struct vouch_caller *caller,
                                       struct vouch_store_host *ret_host,
                                       struct vouch_reply *ret_reply, struct vouch_fault *fault);

// Locks a host that was noticed twice; `how` says by what. The reply is REFUSED.
VOUCH_MUST_USE int vouch_host_lock_copy(struct vouch_local *authority,
                                        const struct vouch_caller *caller, uint64_t id,
                                        const char *how, struct vouch_reply *ret_reply,
                                        struct vouch_fault *fault);

// The inventory changed: the policy in force is made again, at once or within a second, and whoever waits
// for news is told.
VOUCH_MUST_USE int vouch_fleet_changed(struct vouch_local *authority, struct vouch_fault *fault);

// "host:NAME", in the handle's arena.
VOUCH_MUST_USE int vouch_host_actor(struct vouch_local *authority, struct vouch_bytes name,
                                    struct vouch_bytes *ret_actor, struct vouch_fault *fault);

// Records something about a host, with what is said of it and of the caller.
struct vouch_host_event {
    const char *type;
    struct vouch_bytes actor;
    const struct vouch_store_host *host;
    const struct vouch_caller *caller;
    struct vouch_bytes reason; // may be empty
};
VOUCH_MUST_USE int vouch_host_note(struct vouch_local *authority,
                                   const struct vouch_host_event *event, struct vouch_fault *fault);

// ----- keys

// What a host shows about its keys, on its way to certificates.
struct vouch_host_keys {
    size_t count;
    struct vouch_key *keys[VOUCH_HOST_KEYS_MAX]; // owned
    struct vouch_store_host_key rows[VOUCH_HOST_KEYS_MAX];
    uint8_t keyset[VOUCH_STORE_HASH_LEN];
};
void vouch_host_keys_done(struct vouch_host_keys *keys);

// Takes the keys of a request: plain ones that may have certificates. What is wrong is a reply.
VOUCH_MUST_USE int vouch_host_keys_take(struct vouch_local *authority,
                                        const struct vouch_host_key_row *rows, size_t count,
                                        struct vouch_host_keys *ret_keys, struct vouch_reply *reply,
                                        struct vouch_fault *fault);

// What the proofs of those keys must say.
struct vouch_host_claim {
    int purpose; // enum vouch_host_proof_purpose
    struct vouch_bytes name;
    uint64_t time_s;
    struct vouch_bytes machine;
    const struct vouch_host_key_row *rows;
};
VOUCH_MUST_USE int vouch_host_keys_prove(struct vouch_local *authority,
                                         const struct vouch_host_keys *keys,
                                         const struct vouch_host_claim *claim,
                                         struct vouch_reply *reply, struct vouch_fault *fault);

// Refuses keys that are those of another host; `id`: the one whose they may be (0: nobody's).
VOUCH_MUST_USE int vouch_host_keys_free(struct vouch_local *authority,
                                        const struct vouch_host_keys *keys, uint64_t id,
                                        struct vouch_reply *reply, struct vouch_fault *fault);

// ----- names and certificates

// All names of a host's certificates: its own, the short one if nobody has it, and the aliases. Each must
// be written as it should be, fit the zone, and belong to nobody else; what is wrong is a reply. Wildcards
// must be below a domain of the ceiling too. Whether somebody granted them is the caller's to know.
enum vouch_host_wildcards {
    VOUCH_HOST_WILDCARDS_WANTED = 0, // one that may not be is a reply
    VOUCH_HOST_WILDCARDS_LEFT_OUT,   // it is left out: a host loses that name, not its certificates
};
struct vouch_host_naming {
    uint64_t id; // of the host; 0: it has none yet
    struct vouch_bytes name;
    struct vouch_text_list aliases;
    const struct vouch_policy_zone *zone;
    const struct vouch_policy_content *content; // of the document
    enum vouch_host_wildcards wildcards;
};
VOUCH_MUST_USE int vouch_host_names(struct vouch_local *authority,
                                    const struct vouch_host_naming *naming,
                                    struct vouch_text_list *ret_names, struct vouch_reply *reply,
                                    struct vouch_fault *fault);

// Why a wildcard may not be, as a constant that follows its name, or NULL: by the ceiling, and by the zone
// if it is known.
const char *vouch_host_wildcard_fault(const struct vouch_office *office,
                                      const struct vouch_policy_zone *zone,
                                      struct vouch_bytes name);

// Has a certificate signed for each key, with these names, notes them in the host's row, and fills the
// answer with all but the secret. If the host is not active any more by then, they are revoked and the
// reply is REFUSED.
struct vouch_host_certs {
    const struct vouch_caller *caller;
    const struct vouch_store_host *host;
    const struct vouch_host_keys *keys;
    struct vouch_text_list names;
    struct vouch_bytes evidence;
    uint64_t policy; // version
};
VOUCH_MUST_USE int vouch_host_certify(struct vouch_local *authority,
                                      const struct vouch_host_certs *certs,
                                      struct vouch_answer_enrol *ret_answer,
                                      struct vouch_fault *fault);

// ----- rows

// A row for an answer, with the host's last report and what is wrong with it. Keys must be in `host`.
VOUCH_MUST_USE int vouch_fleet_row_of(struct vouch_local *authority, struct vouch_store *store,
                                      const struct vouch_policy_content *content,
                                      const struct vouch_store_host *host,
                                      struct vouch_fleet_row *ret_row, struct vouch_fault *fault);

// Revokes the certificates for the name that a host had before it was renamed, once it has renewed under its
// new one; then forgets that name. Called when the host says that it is well.
VOUCH_MUST_USE int vouch_host_former_end(struct vouch_local *authority,
                                         const struct vouch_store_host *host,
                                         struct vouch_fault *fault);

// Voids a host for good: secret, names, certificates. `ret_revoked` says how many of the last.
struct vouch_host_end {
    const struct vouch_caller *caller;
    struct vouch_bytes actor;
    struct vouch_bytes reason;
};
VOUCH_MUST_USE int vouch_host_retire(struct vouch_local *authority,
                                     const struct vouch_host_end *end,
                                     const struct vouch_store_host *host, uint64_t *ret_revoked,
                                     struct vouch_reply *reply, struct vouch_fault *fault);

// Revokes certificates that were signed for a host which is not active any more, and publishes that.
VOUCH_MUST_USE int vouch_host_revoke(struct vouch_local *authority, struct vouch_bytes actor,
                                     const struct vouch_host_cert *certs, size_t count,
                                     struct vouch_fault *fault);
