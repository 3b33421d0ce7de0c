// SPDX-License-Identifier: ISC
// Certificates in the index: finding and listing them.
//
// What a row holds is copied from the ledger's record; the certificate itself is in the ledger.
#pragma once

#include "store/krls.h"
#include "store/store.h"
#include "vouch/cert.h"

struct vouch_store_cert {
    uint64_t number;  // its record in the ledger
    uint64_t time_ms; // of issue
    uint64_t serial;
    uint8_t ca[VOUCH_STORE_HASH_LEN]; // SHA-256 of the CA's key blob
    enum vouch_cert_type type;
    struct vouch_bytes key_id;
    uint8_t key[VOUCH_STORE_HASH_LEN]; // SHA-256 of the subject's key blob: its fingerprint
    const struct vouch_bytes *principals;
    size_t principal_count;
    uint64_t valid_after;  // seconds since 1970
    uint64_t valid_before; // VOUCH_CERT_FOREVER
    struct vouch_bytes actor;
    struct vouch_bytes role;
    struct vouch_bytes request;
    struct vouch_bytes source;
    struct vouch_bytes policy;

    // Filled in when it is read: the oldest revocation that hits it, if any.
    struct vouch_store_revoked revoked;
};

// What is asked for: all that is set must fit. A field is not set when it is zero or its ptr is NULL.
struct vouch_store_cert_filter {
    const uint64_t *serial;
    const uint8_t *key; // VOUCH_STORE_HASH_LEN bytes, and so for ca
    const uint8_t *ca;
    struct vouch_bytes key_id;
    struct vouch_bytes principal;
    struct vouch_bytes actor;
    enum vouch_cert_type type;
    uint64_t from_ms;    // issued at or after
    uint64_t until_ms;   // issued before
    uint64_t valid_at_s; // within their validity then
};

// A page of them, newest first. `rows` point into `arena`.
struct vouch_store_certs {
    struct vouch_arena arena;
    struct vouch_store_cert *rows;
    size_t count;                      // may be 0 though more follow: see `next`
    char next[VOUCH_STORE_CURSOR_MAX]; // the cursor of the next page; empty: this is the last
};

// Lists what fits. At most VOUCH_STORE_SCAN_MAX rows are looked at, so that a page takes milliseconds
// whatever is asked for: a page may hold fewer rows than its limit, or none, and still have a next one.
// VOUCH_ERR_FORMAT (V-1902) if the cursor is not one of this listing.
VOUCH_MUST_USE int vouch_store_certs_list(struct vouch_store *store,
                                          const struct vouch_store_cert_filter *filter,
                                          const struct vouch_store_page *page,
                                          struct vouch_store_certs *ret_certs,
                                          struct vouch_fault *fault);
void vouch_store_certs_done(struct vouch_store_certs *certs);
