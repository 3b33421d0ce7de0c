// SPDX-License-Identifier: ISC
// A record of the ledger as the index takes it. Private to src/authority.
#pragma once

#include "authority/office.h"

#define VOUCH_EVENT_REVOKE "cert.revoke"

// Makes an entry of a record; all that it points to is in the arena. An event "cert.revoke" whose details
// are not what they must be is indexed as an event only.
VOUCH_MUST_USE int vouch_entry_make(struct vouch_local *authority, struct vouch_arena *arena,
                                    const struct vouch_record *record,
                                    struct vouch_store_record *ret_entry,
                                    struct vouch_fault *fault);

// Appends the details of a revocation, as vouch_entry_make() reads them again.
void vouch_entry_revocation_put(const struct vouch_store_revocation *revocation,
                                struct vouch_buf *details);

// A word for a kind, "serial", "key-id", "key", "ca".
const char *vouch_entry_kind_word(enum vouch_store_revocation_kind kind);
