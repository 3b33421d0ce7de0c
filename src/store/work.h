// SPDX-License-Identifier: ISC
// Several changes as one: what is called between begin and end is kept together, or none of it.
//
// The functions of accounts.h, passkeys.h, sessions.h, tries.h and links.h that change something say so and belong
// between the two.
#pragma once

#include "store/store.h"

// What a change promises when end returns: that it is on the disk; or only that no crash of the program
// loses it, while a power cut may take the last ones back.
enum vouch_store_keep { VOUCH_STORE_DURABLY = 0, VOUCH_STORE_LATER };

// Begins, and waits for other writers as long as the handle does: V-1701.
VOUCH_MUST_USE int vouch_store_work_begin(struct vouch_store *store, enum vouch_store_keep keep,
                                          struct vouch_fault *fault);

// Ends: keeps what was changed if `err` is 0 and the outcome DONE, else nothing of it. Gives `err`, or
// what went wrong now.
VOUCH_MUST_USE int vouch_store_work_end(struct vouch_store *store, int err,
                                        enum vouch_store_outcome outcome,
                                        struct vouch_fault *fault);
