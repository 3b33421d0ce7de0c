// SPDX-License-Identifier: ISC
// How far a change of CA keys has come: which hosts have which trust bundle, and what a CA key has signed
// that is still good.
#pragma once

#include "store/certs.h"

// What one CA key has signed.
struct vouch_store_ca_use {
    uint64_t signed_count;
    uint64_t live;       // of these, not expired and not revoked
    uint64_t live_end_s; // when the last of those expires; VOUCH_CERT_FOREVER; 0: there is none
};
// Every certificate of it that has not expired is looked at.
VOUCH_MUST_USE int vouch_store_ca_use(struct vouch_store *store,
                                      const uint8_t ca[static VOUCH_STORE_HASH_LEN], uint64_t now_s,
                                      struct vouch_store_ca_use *ret_use,
                                      struct vouch_fault *fault);

// Sessions that have not ended at `now_s`, and of these the ones whose client showed that trust bundle or a
// newer one.
struct vouch_store_session_use {
    uint64_t sessions, current;
};
VOUCH_MUST_USE int vouch_store_sessions_trust(struct vouch_store *store, uint64_t now_s,
                                              uint64_t trust_version,
                                              struct vouch_store_session_use *ret_use,
                                              struct vouch_fault *fault);

// An active host, as it last reported; zeros if it never did.
struct vouch_store_host_trust {
    struct vouch_bytes host, agent;
    uint64_t trust_version, reported_s;
    uint64_t others; // keys whose newest certificate is by another CA key than that asked about
    uint64_t others_end_s;
};
// All active hosts, by name, in the arena. Of certificates, those that have not expired at `now_s`; where
// `ca` is NULL, none is looked at.
VOUCH_MUST_USE int vouch_store_hosts_trust(struct vouch_store *store, const uint8_t *ca,
                                           uint64_t now_s, struct vouch_arena *arena,
                                           const struct vouch_store_host_trust **ret_hosts,
                                           size_t *ret_count, struct vouch_fault *fault);
