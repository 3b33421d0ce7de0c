// SPDX-License-Identifier: ISC
// Key revocation lists (KRL): read, build, check, walk.
//
// Format: PROTOCOL.krl of OpenSSH. Reads all that OpenSSH 9.2 and 10.x read and refuses what they
// refuse; writes only what every OpenSSH since 7.x reads (SHA-256 hashes: since 7.9).
#pragma once

#include "vouch/cert.h"

#define VOUCH_KRL_MAX (256u * 1024 * 1024) // bytes of a list
#define VOUCH_KRL_COMMENT_MAX 1024

struct vouch_krl;

struct vouch_krl_header {
    uint64_t version;
    uint64_t generated; // seconds since 1970
    struct vouch_bytes comment;
};

// An empty list, to be filled; NULL when memory is short.
VOUCH_API struct vouch_krl *vouch_krl_new(void);
VOUCH_API void vouch_krl_free(struct vouch_krl *krl);

// Reads a list. It keeps its own copy of nothing: `blob` must outlive *ret_krl, unless the list is
// then added to or written, which copies what is needed. 1,000,000 entries take milliseconds.
VOUCH_MUST_USE VOUCH_API int vouch_krl_parse(struct vouch_bytes blob, struct vouch_krl **ret_krl,
                                             struct vouch_where *ret_where);

// Nonzero if `blob` begins with the magic of a KRL (sshd takes any other file as a list of keys).
VOUCH_API int vouch_krl_is(struct vouch_bytes blob);

// Each adds to what is revoked. `ca` NULL means certificates of any CA. Serials run from `first` to
// `last`, both included; 0 cannot be revoked (VOUCH_ERR_ARGUMENT). Adding twice is no error.
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_serials(struct vouch_krl *krl,
                                                   const struct vouch_key *ca, uint64_t first,
                                                   uint64_t last);
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_key_id(struct vouch_krl *krl, const struct vouch_key *ca,
                                                  struct vouch_bytes key_id);
// A plain key, and with it every certificate of that key and, if it is a CA's, by that CA.
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_key(struct vouch_krl *krl, const struct vouch_key *key);
// A key by the hash of its blob: VOUCH_HASH_SHA256 (32 bytes) or VOUCH_HASH_SHA1 (20 bytes).
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_hash(struct vouch_krl *krl, enum vouch_hash hash,
                                                struct vouch_bytes digest);
// A certificate as ssh-keygen -k takes it: its serial under its CA, or its key ID if the serial is 0.
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_cert(struct vouch_krl *krl,
                                                const struct vouch_cert *cert);

// Serials in bulk, in any order, repeats allowed: sorted once, not one by one.
VOUCH_MUST_USE VOUCH_API int vouch_krl_add_serial_list(struct vouch_krl *krl,
                                                       const struct vouch_key *ca,
                                                       const uint64_t *serials, size_t count);

// Sets version and date; the comment is copied, cut at VOUCH_KRL_COMMENT_MAX bytes; NULL keeps the one
// that the list has.
VOUCH_API void vouch_krl_set_header(struct vouch_krl *krl, uint64_t version, uint64_t generated,
                                    const char *comment);

// What the header says; the comment is borrowed until the list is next changed, walked, written or freed.
VOUCH_API struct vouch_krl_header vouch_krl_header(const struct vouch_krl *krl);

// Appends the list in its canonical form: one section a CA, serials in the smallest encoding that
// every OpenSSH since 7.x reads (no bitmap over 16,000 bits), everything sorted, nothing twice.
// VOUCH_ERR_LIMIT over 128 MiB, which no OpenSSH reads. Extensions and signatures of a parsed list are
// left out.
VOUCH_MUST_USE VOUCH_API int vouch_krl_write(struct vouch_krl *krl, struct vouch_buf *out);

// Which part of a list revoked something. The zero value refuses.
enum vouch_krl_verdict {
    VOUCH_KRL_UNKNOWN = 0, // not judged: treat as revoked
    VOUCH_KRL_GOOD,        // nothing in the list speaks against it
    VOUCH_KRL_REVOKED_SERIAL,
    VOUCH_KRL_REVOKED_KEY_ID,
    VOUCH_KRL_REVOKED_KEY,
    VOUCH_KRL_REVOKED_SHA1,
    VOUCH_KRL_REVOKED_SHA256,
    VOUCH_KRL_REVOKED_CA_KEY,
    VOUCH_KRL_REVOKED_CA_SHA1,
    VOUCH_KRL_REVOKED_CA_SHA256,
};

// Judges a certificate, or a plain key, as OpenSSH does.
VOUCH_API enum vouch_krl_verdict vouch_krl_check_cert(const struct vouch_krl *krl,
                                                      const struct vouch_cert *cert);
VOUCH_API enum vouch_krl_verdict vouch_krl_check_key(const struct vouch_krl *krl,
                                                     const struct vouch_key *key);

// A constant text such as "serial" or "SHA256 hash of the key"; "not revoked" for GOOD.
VOUCH_API const char *vouch_krl_verdict_text(enum vouch_krl_verdict verdict);

enum vouch_krl_entry_kind {
    VOUCH_KRL_ENTRY_SERIALS, // first..last under `ca`
    VOUCH_KRL_ENTRY_KEY_ID,  // `data` under `ca`
    VOUCH_KRL_ENTRY_KEY,     // `data` is a public key blob
    VOUCH_KRL_ENTRY_SHA1,
    VOUCH_KRL_ENTRY_SHA256,
};

struct vouch_krl_entry {
    enum vouch_krl_entry_kind kind;
    struct vouch_bytes ca; // CA's key blob; empty for any CA, and for keys and hashes
    uint64_t first, last;
    struct vouch_bytes data;
};

// Calls `visit` for each entry in the order of vouch_krl_write(), adjoining serials as one run; a
// nonzero answer ends the walk and is returned. May sort the list in place, hence not const.
typedef int vouch_krl_visit_fn(void *context, const struct vouch_krl_entry *entry);
VOUCH_MUST_USE VOUCH_API int vouch_krl_walk(struct vouch_krl *krl, vouch_krl_visit_fn *visit,
                                            void *context);
