// SPDX-License-Identifier: ISC
// A certificate authority in a folder: two CA keys, the checkpoint key, and the ledger.
//
//   DIR/user_ca  user_ca.pub      signs certificates of people     (no private file: key in an agent)
//   DIR/host_ca  host_ca.pub      signs certificates of machines
//   DIR/checkpoint_key  .pub      signs the ledger's checkpoints
//   DIR/ledger/                   what was issued, append-only (ledger/ledger.h)
//
// A server keeps keys and ledger apart (serve.h); vouch_ca_create() can make them so.
//
// Issuing keeps the one promise: check, give serials, sign in memory, verify, append all records, one
// sync, and only then hand the certificates out.
#pragma once

#include "ledger/ledger.h"
#include "signer/holder.h"

struct vouch_ca;

struct vouch_ca_new {
    const char *dir;        // must not exist, or be an empty folder
    const char *ledger_dir; // where the ledger goes; NULL: "ledger" in dir
    const char *name; // the ledger's origin, such as "ca.example.com"; printable, no blanks or +
    enum vouch_key_type type;
    unsigned bits;                 // RSA only; 0: the default
    struct vouch_bytes passphrase; // empty: the keys are not encrypted
    uint32_t rounds;               // of bcrypt, for the passphrase; 0: VOUCH_KEYFILE_ROUNDS
    const char *actor;             // who does it, for the ledger
    uint64_t time_ms;              // of the ledger's first records; 0: now
    // Public keys whose private halves live elsewhere (an agent); NULL: made here. The caller's.
    const struct vouch_key *user_key;
    const struct vouch_key *host_key;
};

// Makes a CA. On failure nothing of it is left.
VOUCH_MUST_USE int vouch_ca_create(const struct vouch_ca_new *what, struct vouch_fault *fault);

// Nonzero if `dir` holds a CA.
int vouch_ca_is(const char *dir);

// Opens a CA for issuing with the key for `type`. The ledger is locked until it is closed (waits up to
// 10 s for another process). `agent_socket` not NULL: the CA key is in that agent instead of its file.
struct vouch_ca_open {
    const char *dir;
    enum vouch_cert_type type;
    struct vouch_passphrase_source passphrase;
    const char *agent_socket;
    const char *file; // the key's name in dir; NULL: that of the first key of its use
};
VOUCH_MUST_USE int vouch_ca_open(const struct vouch_ca_open *what, struct vouch_ca **ret_ca,
                                 struct vouch_fault *fault);
void vouch_ca_close(struct vouch_ca *ca);

// The public key that this CA was opened with.
const struct vouch_key *vouch_ca_key(const struct vouch_ca *ca);

// Reads one of the public keys of the folder, without opening it; the caller frees it.
VOUCH_MUST_USE int vouch_ca_read_key(const char *dir, enum vouch_cert_type type,
                                     struct vouch_key **ret_key, struct vouch_fault *fault);

// One certificate to issue, and what the ledger keeps about it.
struct vouch_issue {
    struct vouch_cert_spec spec; // serial: 0 asks for the next one, unless keep_serial is set
    int keep_serial; // nonzero: spec.serial as it stands, refused if used before (0 is free)
    enum vouch_cert_rules rules;
    const char *algorithm;       // CA's signature algorithm; NULL: the default
    struct vouch_bytes actor;    // who asked: "alice@host", "uid:0"
    struct vouch_bytes evidence; // how they proved it
    struct vouch_bytes role;
    struct vouch_bytes request;
    struct vouch_bytes source; // address they came from
    struct vouch_bytes policy;
};

struct vouch_issued {
    uint64_t serial;
    struct vouch_buf cert; // the blob; the caller ends it
};

// Issues all of them or none. `ret_issued` has room for `count`. When one is refused, nothing is
// recorded, *ret_bad (may be NULL) is its index, and the fault names the field.
VOUCH_MUST_USE int vouch_ca_issue(struct vouch_ca *ca, const struct vouch_issue *issues,
                                  size_t count, struct vouch_issued *ret_issued, size_t *ret_bad,
                                  struct vouch_fault *fault);
