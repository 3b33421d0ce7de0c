// SPDX-License-Identifier: ISC
// Holders of CA keys: where a private key lives and how it is asked to sign.
//
// One driver a file: file.c (a key file), agent.c (ssh-agent). A PKCS#11 driver would be a third.
// A holder signs what the signer built itself; nothing outside this module reaches it.
#pragma once

#include "base/fault.h"
#include "base/secret.h"
#include "vouch/cert.h"

struct vouch_holder;

struct vouch_holder_driver {
    const char *name;
    // Appends a signature blob over `tbs`. Must say why in `fault` when it does not sign.
    int (*sign)(struct vouch_holder *holder, const char *algorithm, struct vouch_bytes tbs,
                struct vouch_buf *signature, struct vouch_fault *fault);
    void (*close)(struct vouch_holder *holder);
};

// What every driver's own struct begins with.
struct vouch_holder {
    const struct vouch_holder_driver *driver;
    struct vouch_key *key; // the CA's public key; owned
};

// Asks for the passphrase of `path` when the file turns out to be encrypted; it is asked once a file.
// Returns 0 with locked memory in *ret_passphrase, or an error with the fault set.
typedef int vouch_passphrase_fn(void *context, const char *path,
                                struct vouch_secret *ret_passphrase, struct vouch_fault *fault);

struct vouch_passphrase_source {
    vouch_passphrase_fn *ask; // NULL: none is known
    void *context;
};

// Reads a private key file, which must be closed to group and others; the caller frees the key.
VOUCH_MUST_USE int vouch_private_key_load(const char *path,
                                          const struct vouch_passphrase_source *passphrase,
                                          struct vouch_private_key **ret_key,
                                          struct vouch_fault *fault);

// Reads several under one passphrase, all or none, for little more than the price of one (bcrypt). It is
// asked once, for the first of them.
#define VOUCH_PRIVATE_KEYS_MAX 3
VOUCH_MUST_USE int vouch_private_keys_load(const char *const *paths, size_t count,
                                           const struct vouch_passphrase_source *passphrase,
                                           struct vouch_private_key **ret_keys,
                                           struct vouch_fault *fault);

// Signs with a private key that was read, which is the holder's from here on, whatever is returned.
VOUCH_MUST_USE int vouch_holder_file_new(struct vouch_private_key *take_key,
                                         struct vouch_holder **ret_holder,
                                         struct vouch_fault *fault);

// Opens a private key file to sign with.
VOUCH_MUST_USE int vouch_holder_file_open(const char *path,
                                          const struct vouch_passphrase_source *passphrase,
                                          struct vouch_holder **ret_holder,
                                          struct vouch_fault *fault);

// A key in the ssh-agent at `socket_path`. The agent must hold the private half of `key`.
VOUCH_MUST_USE int vouch_holder_agent_open(const char *socket_path, const struct vouch_key *key,
                                           struct vouch_holder **ret_holder,
                                           struct vouch_fault *fault);

// Closes and frees; takes NULL.
void vouch_holder_close(struct vouch_holder *holder);
