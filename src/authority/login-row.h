// SPDX-License-Identifier: ISC
// Logins between their forms: as hosts send them, as they are kept, as they are answered. Private to
// src/authority.
#pragma once

#include "authority/office.h"
#include "authority/request-logins.h"
#include "store/logins.h"

// As it is kept: without user and alarm, which are not the host's to say. Borrows.
struct vouch_store_login vouch_login_kept(const struct vouch_login_row *row,
                                          struct vouch_bytes host);
// As it is answered. Borrows.
struct vouch_login_row vouch_login_row_of(const struct vouch_store_login *login);

// Copies what an answer's row borrows. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_login_row_keep(struct vouch_arena *arena, struct vouch_login_row *row);

// Appends what a host sent of a login: the batch's hash in the ledger is over these.
void vouch_login_put(struct vouch_buf *out, const struct vouch_store_login *login);

// Whose certificate it is, by its actor: a person's name; of others, such as tokens, the whole actor.
struct vouch_bytes vouch_login_user(struct vouch_bytes actor);
