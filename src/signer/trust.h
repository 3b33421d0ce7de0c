// SPDX-License-Identifier: ISC
// The trust bundle as the signer makes it: from its own keys, never from what it is asked (doc/trust.md).
//
// A new one is made at each start and whenever the keys change, recorded as "trust.publish", and only
// then told to anybody.
#pragma once

#include "base/fault.h"
#include "core/trust.h"
#include "ledger/record.h"

struct vouch_signer_engine;
struct vouch_key_list;

// A bundle that is not recorded yet.
struct vouch_signer_bundle {
    uint64_t version;
    struct vouch_buf text;
    uint8_t details[256]; // of the record
};

// Makes the bundle of those keys under the next version, and the record that announces it, which
// borrows the bundle. Its end is vouch_signer_bundle_done().
VOUCH_MUST_USE int vouch_signer_bundle_make(struct vouch_signer_engine *engine,
                                            const struct vouch_key_list *list,
                                            struct vouch_signer_bundle *ret_bundle,
                                            struct vouch_record *ret_record,
                                            struct vouch_fault *fault);

// The record is durable: this is the bundle now. Takes the bundle over. The caller saves the state; it
// holds publish_lock, or is alone.
void vouch_signer_bundle_adopt(struct vouch_signer_engine *engine,
                               struct vouch_signer_bundle *take_bundle);

// Takes a zeroed struct, and one that was taken over.
void vouch_signer_bundle_done(struct vouch_signer_bundle *bundle);
