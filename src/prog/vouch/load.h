// SPDX-License-Identifier: ISC
// Files of keys, certificates and revocation lists, with faults that say what was found instead.
//
// "-" is standard input everywhere. Lines that are blank or begin with # are skipped.
#pragma once

#include "base/fault.h"
#include "vouch/krl.h"

// A public key and where it stood.
struct vouch_loaded_key {
    struct vouch_key *key;
    char *comment; // "" if there is none
    unsigned long line;
};

// A certificate likewise.
struct vouch_loaded_cert {
    struct vouch_cert *cert;
    char *comment;
    unsigned long line;
};

struct vouch_key_list {
    struct vouch_loaded_key *keys;
    size_t count;
};

struct vouch_cert_list {
    struct vouch_loaded_cert *certs;
    size_t count;
};

void vouch_key_list_done(struct vouch_key_list *list);
void vouch_cert_list_done(struct vouch_cert_list *list);

// Appends every public key of a file; there must be at least one. A private key or a certificate where
// a public key belongs is named as such.
VOUCH_MUST_USE int vouch_load_keys(const char *path, struct vouch_key_list *list,
                                   struct vouch_fault *fault);

// The one public key of a file; two are refused. `ret_comment` may be NULL; both are the caller's.
VOUCH_MUST_USE int vouch_load_key(const char *path, struct vouch_key **ret_key, char **ret_comment,
                                  struct vouch_fault *fault);

// Appends every certificate of a file; there must be at least one.
VOUCH_MUST_USE int vouch_load_certs(const char *path, struct vouch_cert_list *list,
                                    struct vouch_fault *fault);

// Appends keys and certificates of a file, each to its list; there must be at least one of either.
VOUCH_MUST_USE int vouch_load_either(const char *path, struct vouch_key_list *keys,
                                     struct vouch_cert_list *certs, struct vouch_fault *fault);

// A revocation list and the bytes that it points into.
struct vouch_loaded_krl {
    struct vouch_buf blob;
    struct vouch_krl *krl;
};

void vouch_loaded_krl_done(struct vouch_loaded_krl *loaded);

// Reads a KRL; or, as sshd does for RevokedKeys, a plain list of public keys (at least one: sshd takes
// an empty or cut file for "nothing is revoked", and that is not for us to repeat). KRL_ONLY refuses
// such a list.
enum vouch_krl_file { VOUCH_KRL_FILE_ANY = 0, VOUCH_KRL_FILE_KRL_ONLY };
VOUCH_MUST_USE int vouch_load_krl(const char *path, enum vouch_krl_file which,
                                  struct vouch_loaded_krl *ret_loaded, struct vouch_fault *fault);
