// SPDX-License-Identifier: ISC
// The files of `vouch keygen`: keys and lists that it reads, files that it writes, and the CA of -s.
//
// Everything is read as leniently as OpenSSH reads it, and nothing is written by halves.
#pragma once

#include "prog/vouch/keygen.h"

// A public key, or a certificate (then `key` is borrowed from it).
struct vouch_keygen_public_key {
    const struct vouch_key *key;
    struct vouch_key *plain; // owned; NULL for a certificate
    struct vouch_cert *cert; // owned; NULL for a plain key
    char *comment;           // owned; NULL if there is none
    char label[32];          // "ED25519", "RSA-CERT"
};
void vouch_keygen_public_key_done(struct vouch_keygen_public_key *public_key);

#define vouch_autopublic __attribute__((cleanup(vouch_keygen_public_key_done)))

// Reads "TYPE BASE64" at *text and moves *text to the comment behind it; leaves comment NULL.
VOUCH_MUST_USE int vouch_keygen_read_line(const char **text,
                                          struct vouch_keygen_public_key *ret_public_key,
                                          struct vouch_where *ret_where);

// Reads a public key from `path`, from `path`.pub, or from the open part of a private key file, as
// every part of OpenSSH does. The only failure is VOUCH_ERR_NOT_FOUND, with errno set.
VOUCH_MUST_USE int vouch_keygen_read_public(const char *path,
                                            struct vouch_keygen_public_key *ret_public_key);

// Reads a private key file, asking for its passphrase unless -P gave it. 0, or VOUCH_KEYGEN_FAILED
// after saying what is wrong. *ret_comment is malloc'd, NULL if there is none.
VOUCH_MUST_USE int vouch_keygen_read_private(const struct vouch_keygen *args, const char *path,
                                             struct vouch_private_key **ret_key,
                                             char **ret_comment);

struct vouch_krl;

// Reads a revocation list into `blob`, which must outlive *ret_krl. 0, or VOUCH_KEYGEN_FAILED after
// saying what is wrong.
VOUCH_MUST_USE int vouch_keygen_krl_load(const char *path, struct vouch_buf *blob,
                                         struct vouch_krl **ret_krl);

// Says what is wrong with a private key file that ssh-keygen would not read: that it is missing, or
// open to others. 0 or VOUCH_KEYGEN_FAILED.
VOUCH_MUST_USE int vouch_keygen_check_private(const char *path);

// The passphrase of a file: -P, or what is typed.
VOUCH_MUST_USE int vouch_keygen_ask_for(const struct vouch_keygen *args, const char *path,
                                        struct vouch_secret *ret_passphrase);

// The comment of a private key file that is not encrypted, and the key; NULL if it cannot be read.
struct vouch_private_key *vouch_keygen_peek_private(const char *path, char **ret_comment);

// Nonzero if `path` is a private key file of a security key (sk-*).
int vouch_keygen_is_security_key(const char *path);

// Nonzero if `path`, or `path`.pub, holds a key of a type that only the system's ssh-keygen may know:
// DSA until OpenSSH 9.9, ML-DSA from 10.4 on.
int vouch_keygen_is_foreign(const char *path);

// Asks for a passphrase as OpenSSH does: by SSH_ASKPASS, on the terminal, or on standard input. The
// question has no colon.
VOUCH_MUST_USE int vouch_keygen_ask(const char *question, struct vouch_secret *ret_passphrase);

// Writes a file whole or not at all. A file that exists is replaced, keeping its mode if `mode` lets
// others read; 0, or an error with errno set. What can be made again, such as a certificate, need not
// be on the disk before the next one is made.
enum vouch_keygen_keeping { VOUCH_KEYGEN_SYNCED = 0, VOUCH_KEYGEN_UNSYNCED };
struct vouch_keygen_target {
    const char *path;
    unsigned mode;
    enum vouch_keygen_keeping keeping;
};
VOUCH_MUST_USE int vouch_keygen_write(const struct vouch_keygen_target *target,
                                      struct vouch_bytes content);

// The path with a leading ~ or ~user replaced, malloc'd; NULL after saying what is wrong.
char *vouch_keygen_expand(const char *path);

// The file of -f; without one it is asked for on standard output and input, with the usual name as the
// suggestion. malloc'd. VOUCH_KEYGEN_GO_ON, or the exit status.
VOUCH_MUST_USE int vouch_keygen_file(const struct vouch_keygen *args, const char *question,
                                     char **ret_path);

// The CA of -s: a key file, a key in ssh-agent (-U), or a CA folder, which records what it signs.
struct vouch_keygen_ca {
    const struct vouch_key *key;           // borrowed from one of the next three
    struct vouch_private_key *private_key; // owned, or NULL
    struct vouch_key *agent_key;           // owned, or NULL
    struct vouch_ca *folder;               // owned, or NULL
    const char *algorithm;                 // of signatures; NULL: the default
};

// Opens it. 0, or an exit status after saying what is wrong. It may hand over to the system's
// ssh-keygen, for tokens and security keys.
VOUCH_MUST_USE int vouch_keygen_ca_open(const struct vouch_keygen *args,
                                        struct vouch_keygen_ca *ret_ca);
void vouch_keygen_ca_close(struct vouch_keygen_ca *ca);

// Nonzero if the key file `path` lies in a CA folder.
int vouch_keygen_ca_is_folder(const char *path);

#define VOUCH_KEYGEN_BATCH_MAX 256

// What is signed together. `specs` and `count` are the caller's.
struct vouch_keygen_batch {
    struct vouch_cert_spec specs[VOUCH_KEYGEN_BATCH_MAX];
    size_t count;
    struct vouch_buf certs[VOUCH_KEYGEN_BATCH_MAX]; // those that were made: owned
    size_t made;
    char *why; // owned; if not all were made, why the next was not; NULL when memory is short
};

// Signs the certificates of a batch, in their order, up to the first that cannot be. The caller ends
// the batch, after which it is empty.
void vouch_keygen_ca_sign(const struct vouch_keygen_ca *ca, struct vouch_keygen_batch *batch);
void vouch_keygen_batch_done(struct vouch_keygen_batch *batch);
