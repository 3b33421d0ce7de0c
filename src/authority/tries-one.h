// SPDX-License-Identifier: ISC
// One count of tries, for what is not a sign-in and still must not be tried without end. Private to
// src/authority. The rules are those of identity/tries.h.
#pragma once

#include "authority/office.h"
#include "identity/tries.h"
#include "store/tries.h"

struct vouch_try {
    struct vouch_store_tries_key key; // whose it is; what nobody's name can be
    enum vouch_tries_count rule;
    uint64_t charged_s; // when it was charged
};

// Charges one. The reply is DONE; or BUSY with V-1883.
VOUCH_MUST_USE int vouch_try_charge(struct vouch_local *authority, struct vouch_try *attempt,
                                    struct vouch_reply *reply, struct vouch_fault *fault);
// It was right: takes it back, in a work that the desk has begun.
VOUCH_MUST_USE int vouch_try_right(struct vouch_local *authority, const struct vouch_try *attempt,
                                   struct vouch_fault *fault);

// A network of 64 bits is one source: whoever has one address of it has them all. Into `room`, or where the
// source is.
struct vouch_bytes vouch_source_fold(struct vouch_bytes source,
                                     char room[static VOUCH_STORE_TRIES_SOURCE_MAX]);
