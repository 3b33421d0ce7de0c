// SPDX-License-Identifier: ISC
// The names inside a CA folder, for the files of this module.
#pragma once

#include <limits.h>

#include "signer/ca.h"

#define VOUCH_CA_USER_KEY "user_ca"
#define VOUCH_CA_HOST_KEY "host_ca"
#define VOUCH_CA_CHECKPOINT_KEY "checkpoint_key"
#define VOUCH_CA_LEDGER "ledger"
#define VOUCH_CA_PUBLIC ".pub"

// "user_ca" or "host_ca"; "user" or "host" as the ledger has it.
const char *vouch_ca_key_file(enum vouch_cert_type type);
const char *vouch_ca_use(enum vouch_cert_type type);

// Parts of an open CA; borrowed.
enum vouch_cert_type vouch_ca_type(const struct vouch_ca *ca);
struct vouch_ledger *vouch_ca_ledger(struct vouch_ca *ca);
struct vouch_holder *vouch_ca_holder(struct vouch_ca *ca);
const struct vouch_private_key *vouch_ca_checkpoint_key(const struct vouch_ca *ca);

// Nonzero if `key` is the user CA's, the host CA's or the checkpoint key.
int vouch_ca_is_own_key(const struct vouch_ca *ca, const struct vouch_key *key);

// Reads a public key beside which there need be no ledger; the caller frees it.
VOUCH_MUST_USE int vouch_ca_read_public(const char *dir, enum vouch_cert_type type,
                                        struct vouch_key **ret_key, struct vouch_fault *fault);

// The same of a key by its name in the folder.
VOUCH_MUST_USE int vouch_ca_read_public_of(const char *dir, const char *name,
                                           struct vouch_key **ret_key, struct vouch_fault *fault);

// A key pair to be written to a folder. The files must not exist yet.
struct vouch_ca_pair {
    const char *dir;
    const char *name;              // in the folder
    const char *origin;            // the ledger's name, for the comment
    struct vouch_bytes passphrase; // empty: it is not encrypted
    uint32_t rounds;               // of bcrypt; 0: VOUCH_KEYFILE_ROUNDS
};
VOUCH_MUST_USE int vouch_ca_write_public(const struct vouch_ca_pair *pair,
                                         const struct vouch_key *key, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_ca_write_private(const struct vouch_ca_pair *pair,
                                          const struct vouch_private_key *key,
                                          struct vouch_fault *fault);

// The details of "ca.key.new": use and key. The buffer keeps the error.
void vouch_ca_describe_key(struct vouch_buf *details, const char *use, const struct vouch_key *key);

// Opens the private half of `key`, in what->dir or its agent. `passphrase` may be NULL.
VOUCH_MUST_USE int vouch_ca_open_holder(const struct vouch_ca_open *what,
                                        const struct vouch_key *key,
                                        const struct vouch_passphrase_source *passphrase,
                                        struct vouch_holder **ret_holder,
                                        struct vouch_fault *fault);

// The ledger says which key signs what, so that swapped files cannot make a host CA sign for people:
// V-1303 if it did not introduce `key` for that type.
VOUCH_MUST_USE int vouch_ca_check_use(enum vouch_cert_type type, const struct vouch_key *key,
                                      const char *ledger_dir, struct vouch_fault *fault);

// DIR/NAME SUFFIX. VOUCH_ERR_LIMIT with the fault set if it is too long.
VOUCH_MUST_USE int vouch_ca_path(const char *dir, const char *name, const char *suffix,
                                 char ret_path[static PATH_MAX], struct vouch_fault *fault);
