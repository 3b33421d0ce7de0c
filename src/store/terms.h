// SPDX-License-Identifier: ISC
// Terms: what records are found by, as 64 bits of a hash, written for many records at a time.
// Private to src/store.
#pragma once

#include "store/handle.h"

// A batch that brings as many records without terms writes theirs. Fewer are looked through one by one.
#define VOUCH_TERMS_BEHIND_MAX 1024
// Records of one segment, as a power of two.
#define VOUCH_TERMS_SEGMENT_BITS 15

enum vouch_term_kind {
    VOUCH_TERM_KEY = 1,
    VOUCH_TERM_OBJECT, // also the key ID of a certificate
    VOUCH_TERM_ACTOR,
    VOUCH_TERM_PRINCIPAL,
    VOUCH_TERM_TYPE, // of an event
};

// The term of a value. Two values may have the same one, so a hit must be compared.
int64_t vouch_term(enum vouch_term_kind kind, struct vouch_bytes value);

// Within the transaction of a batch: writes the terms of all records that have none, if they are many
// enough.
VOUCH_MUST_USE int vouch_terms_write(struct vouch_store *store, struct vouch_fault *fault);
