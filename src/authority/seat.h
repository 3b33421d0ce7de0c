// SPDX-License-Identifier: ISC
// Asking the signer, each handle over the lane that it shares; and borrowing a reading handle of the
// database. Private to src/authority.
#pragma once

#include "signer/signer.h"

struct vouch_local;
struct vouch_pool;
struct vouch_store;

// Asks the signer at the handle's seat. What the answer borrows is copied into the handle's arena. What
// was recorded is told to the clerk.
VOUCH_MUST_USE int vouch_seat_sign(struct vouch_local *authority,
                                   const struct vouch_signer_ask *ask,
                                   struct vouch_signer_grant *ret_grant, struct vouch_fault *fault);
// An event that the signer refuses is a fault: it is our own doing.
VOUCH_MUST_USE int vouch_seat_note(struct vouch_local *authority,
                                   const struct vouch_signer_event *event,
                                   struct vouch_signer_noted *ret_noted, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_seat_publish(struct vouch_local *authority,
                                      const struct vouch_signer_krl *krl,
                                      struct vouch_signer_published *ret_published,
                                      struct vouch_fault *fault);
// A step that the signer refuses is in `outcome`.
VOUCH_MUST_USE int vouch_seat_rotate(struct vouch_local *authority,
                                     const struct vouch_signer_rotation *rotation,
                                     struct vouch_signer_rotated *ret_rotated,
                                     struct vouch_fault *fault);

// The reading handle for the way of a request: lent at the first call, and until vouch_lease_end(), which
// must come before anything that waits for long.
struct vouch_store *vouch_lease(struct vouch_local *local);
void vouch_lease_end(struct vouch_local *local);

// Borrows a reading handle; waits while all are lent. Never NULL.
struct vouch_store *vouch_pool_take(struct vouch_pool *pool);
void vouch_pool_give(struct vouch_pool *pool, struct vouch_store *store);
