// SPDX-License-Identifier: ISC
// What hosts were given to install, and what they report.
//
// Hosts are named by their number. A version says that the content changed, and in which order.
#pragma once

#include "store/work.h"

struct vouch_store_host_given {
    uint64_t version; // 0: none was given yet
    uint8_t hash[VOUCH_STORE_HASH_LEN];
};

// What a host was given last; version 0 if nothing.
VOUCH_MUST_USE int vouch_store_host_given_find(struct vouch_store *store, uint64_t host,
                                               struct vouch_store_host_given *ret_state,
                                               struct vouch_fault *fault);

struct vouch_store_host_report {
    uint64_t host;
    uint64_t time_s;  // when it came, by our clock
    int64_t clock_ms; // how far the host's clock is ahead
    uint64_t krl_version, krl_generated_s;
    uint64_t state_version, trust_version;
    struct vouch_bytes health, agent, sshd;
    const struct vouch_bytes *problems;
    size_t problem_count;
    const struct vouch_bytes *ca_keys;
    size_t ca_key_count;
    const struct vouch_bytes *settings;
    size_t setting_count;
};

// The newest report of a host. Slices point into `arena`. ABSENT: it never reported.
VOUCH_MUST_USE int vouch_store_host_report_find(struct vouch_store *store, uint64_t host,
                                                struct vouch_arena *arena,
                                                enum vouch_store_outcome *ret_outcome,
                                                struct vouch_store_host_report *ret_report,
                                                struct vouch_fault *fault);

// Which revocation list an active host has, as it last reported; all zero if it never did.
struct vouch_store_host_list {
    struct vouch_bytes host;
    uint64_t version, generated_s, reported_s;
    uint64_t arrived_s; // when it first reported this version; 0: not known
    uint64_t created_s; // when the host was enrolled
};
// Of all active hosts, by name. In the arena.
VOUCH_MUST_USE int vouch_store_host_lists(struct vouch_store *store, struct vouch_arena *arena,
                                          const struct vouch_store_host_list **ret_lists,
                                          size_t *ret_count, struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Notes content of that hash: its version, which is the one kept if the hash is the same, else higher than
// any before, also than those that a restored database forgot: at least `now_ms`.
VOUCH_MUST_USE int vouch_store_host_given_put(struct vouch_store *store, uint64_t host,
                                              const uint8_t hash[static VOUCH_STORE_HASH_LEN],
                                              uint64_t now_ms, uint64_t *ret_version,
                                              struct vouch_fault *fault);

// Keeps a report in place of the one before.
VOUCH_MUST_USE int vouch_store_host_report_put(struct vouch_store *store,
                                               const struct vouch_store_host_report *report,
                                               struct vouch_fault *fault);
