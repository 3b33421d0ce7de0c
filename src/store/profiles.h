// SPDX-License-Identifier: ISC
// Profiles: the named bounds within which a token may ask for certificates.
//
// The store keeps them and does not judge: deciding is policy's.
#pragma once

#include "store/store.h"
#include "vouch/cert.h"

struct vouch_store_profile {
    struct vouch_bytes name; // 1 to VOUCH_STORE_NAME_MAX bytes
    enum vouch_cert_type type;
    const struct vouch_bytes *principals; // names and patterns that may be asked for
    size_t principal_count;
    const struct vouch_bytes *options; // "permit-pty", "source-address=10.0.0.0/8"
    size_t option_count;
    uint64_t max_ttl_s; // longest validity; not 0
    uint64_t updated_s;
    struct vouch_bytes actor;
};

// Makes a profile or replaces the one of that name, durably.
VOUCH_MUST_USE int vouch_store_profile_put(struct vouch_store *store,
                                           const struct vouch_store_profile *profile,
                                           struct vouch_fault *fault);

// Finds one by name; its slices point into `arena`.
VOUCH_MUST_USE int vouch_store_profile_find(struct vouch_store *store, struct vouch_bytes name,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_profile *ret_profile,
                                            struct vouch_fault *fault);

// Removes one, durably: ABSENT, or IN_USE while a token names it.
VOUCH_MUST_USE int vouch_store_profile_remove(struct vouch_store *store, struct vouch_bytes name,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

struct vouch_store_profiles {
    struct vouch_arena arena;
    struct vouch_store_profile *rows;
    size_t count;
};

// Up to `limit` profiles in the order of their names, those after `after` (empty: from the first).
VOUCH_MUST_USE int vouch_store_profiles_list(struct vouch_store *store, struct vouch_bytes after,
                                             size_t limit,
                                             struct vouch_store_profiles *ret_profiles,
                                             struct vouch_fault *fault);
void vouch_store_profiles_done(struct vouch_store_profiles *profiles);
