// SPDX-License-Identifier: ISC
// How the user of an account wants their pages: a text that means nothing here.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_PREFERENCES_MAX 1024

// Empty if none were kept. In the arena.
VOUCH_MUST_USE int vouch_store_preferences_find(struct vouch_store *store, uint64_t account,
                                                struct vouch_arena *arena,
                                                struct vouch_bytes *ret_value,
                                                struct vouch_fault *fault);

// In place of those before; between vouch_store_work_begin() and _end(). VOUCH_ERR_ARGUMENT: too long.
VOUCH_MUST_USE int vouch_store_preferences_put(struct vouch_store *store, uint64_t account,
                                               struct vouch_bytes value, struct vouch_fault *fault);
