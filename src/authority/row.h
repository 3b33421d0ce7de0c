// SPDX-License-Identifier: ISC
// Between the forms of one thing: rows of the store, records of the ledger, rows of answers. Private to
// src/authority.
#pragma once

#include "authority/office.h"
#include "core/cert-view.h"
#include "store/profiles.h"
#include "store/tokens.h"

// Each borrows from what it is given.
struct vouch_profile_row vouch_profile_row_of(const struct vouch_store_profile *profile);
struct vouch_token_row vouch_token_row_of(const struct vouch_store_token *token);
struct vouch_cert_row vouch_cert_row_of(const struct vouch_store_cert *cert);
struct vouch_revocation_row vouch_revocation_row_of(
    const struct vouch_store_revocation *revocation);

// The fields of a certificate of our own ledger, not verified again. VOUCH_ERR_FORMAT; VOUCH_ERR_CERT_TYPE
// if it is neither a user's nor a host's.
VOUCH_MUST_USE int vouch_own_cert_read(struct vouch_bytes blob, struct vouch_cert_view *ret_view);

// The strings of a list in its encoding, in the arena. VOUCH_ERR_FORMAT, _LIMIT (over `max`), _NO_MEMORY.
VOUCH_MUST_USE int vouch_strings_read(struct vouch_bytes list, size_t max,
                                      struct vouch_arena *arena, struct vouch_text_list *ret_list);

// Copies a record, so that it lives as long as the arena. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_record_keep(struct vouch_arena *arena, struct vouch_record *record);

// Reads record `number` of the ledger into the handle's arena. V-1502 if it is not there.
VOUCH_MUST_USE int vouch_record_fetch(struct vouch_local *authority, uint64_t number,
                                      struct vouch_record *ret_record, struct vouch_fault *fault);

// The row of a record that holds a certificate, with the certificate; not revoked, as far as it knows.
VOUCH_MUST_USE int vouch_cert_row_of_record(struct vouch_local *authority,
                                            const struct vouch_record *record,
                                            struct vouch_cert_row *ret_row,
                                            struct vouch_fault *fault);

// The certificate with a serial as the index knows it, in the arena. ABSENT in *ret_found 0.
VOUCH_MUST_USE int vouch_cert_find(struct vouch_local *authority, uint64_t serial, int *ret_found,
                                   struct vouch_cert_row *ret_row, struct vouch_fault *fault);
// Adds the certificate itself to a row, from the ledger.
VOUCH_MUST_USE int vouch_cert_row_fill(struct vouch_local *authority, struct vouch_cert_row *row,
                                       struct vouch_fault *fault);

// The arena of a page becomes that of the answer, so that nothing is copied; what was in it before is gone.
void vouch_arena_adopt(struct vouch_local *authority, struct vouch_arena *take_arena);

// A page as the store takes it: the default is the store's, the most is that of an answer. An answer
// INVALID with field "cursor" is made of the store's V-1902 by vouch_cursor_is_bad().
struct vouch_store_page vouch_page_of(const struct vouch_ask_page *page);
int vouch_cursor_is_bad(int err, struct vouch_reply *reply, const struct vouch_fault *fault);
