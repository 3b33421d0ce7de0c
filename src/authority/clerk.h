// SPDX-License-Identifier: ISC
// The office's own thread, and what others tell it. Private to src/authority.
#pragma once

#include <stdint.h>

#include "base/fault.h"

struct vouch_local;
struct vouch_office;

// The ledger has at least `size` records.
void vouch_clerk_told(struct vouch_office *office, uint64_t size);
// Waits until as many records are indexed. VOUCH_ERR_TIMEOUT.
VOUCH_MUST_USE int vouch_clerk_wait(struct vouch_office *office, uint64_t size,
                                    struct vouch_fault *fault);
// Notes the use of a token at some later time, or not at all when there are too many.
void vouch_clerk_token_used(struct vouch_office *office, uint64_t token_id);
void vouch_clerk_session_used(struct vouch_office *office, uint64_t session_id);
// And which trust bundle its client has.
void vouch_clerk_session_trust(struct vouch_office *office, uint64_t session_id,
                               uint64_t trust_version);

// The office's thread: vouch_clerk_catch_up() at the start, on the caller's thread; then run.
VOUCH_MUST_USE int vouch_clerk_catch_up(struct vouch_local *authority, struct vouch_fault *fault);
void *vouch_clerk_run(void *office);
