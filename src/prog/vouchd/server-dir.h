// SPDX-License-Identifier: ISC
// The folder of a server: what lies where, and making one, all or nothing.
//
//   vouchd.yaml ceiling.yaml   settings (config.h)
//   signer/    keys of the CA and of the ledger, their unlock file, state    the signer's user only
//   ledger/    what was issued                        the signer writes, its group (the authority) reads
//   db/        the index of it, and the published lists                    the authority's user only
//   identity/  the key that second factors are sealed under             who runs the server only
//   tls/       certificate and key of the server                            the web role's user only
//   run/       the socket for administration, while the server runs         its owner only
#pragma once

#include "base/secret.h"
#include "prog/vouchd/config.h"
#include "prog/vouchd/tls-pair.h"
#include "vouch/key.h"

#define VOUCH_SERVER_SIGNER "signer"
#define VOUCH_SERVER_UNLOCK "signer/unlock"
// Of bcrypt, where that file unlocks: it holds 256 random bits, so nothing is gained by making a guess
// slow.
#define VOUCH_SERVER_UNLOCK_ROUNDS 1
#define VOUCH_SERVER_LEDGER "ledger"
#define VOUCH_SERVER_DB "db"
#define VOUCH_SERVER_DATABASE "db/vouch.db"
#define VOUCH_SERVER_IDENTITY "identity"
#define VOUCH_SERVER_SEAL_KEY "identity/seal.key"
#define VOUCH_SERVER_TLS "tls"
#define VOUCH_SERVER_RUN "run"
#define VOUCH_SERVER_SOCKET "run/admin.sock"

struct vouch_server_new {
    const char *dir; // must not exist, or be an empty folder; its parent must exist
    const char *name;
    const char *listen; // addresses with commas between them
    enum vouch_key_type key_type;
    unsigned key_bits; // RSA only
    enum vouch_config_unlock unlock;
    const char *credential;                // for VOUCH_UNLOCK_CREDENTIAL
    struct vouch_bytes passphrase;         // empty for VOUCH_UNLOCK_KEY_FILE, which makes its own
    const char *users[VOUCH_CONFIG_USERS]; // as in the configuration; NULL: its defaults
    // DEMONSTRATION: it stays this user's until the caller has filled it and gives it: vouch_server_give().
    enum vouch_config_purpose purpose;
    uint64_t
        time_ms; // of the ledger's first records; 0: now, as for every server that is none to show
};

struct vouch_server_made {
    char pin[VOUCH_PIN_TEXT_MAX];
    char fingerprints[3][VOUCH_FINGERPRINT_MAX]; // user CA, host CA, checkpoint key
    int separates;                               // nonzero: the parts have users of their own
};

// Makes a server. On failure nothing of it is left. Started by root, its parts belong to the users of the
// roles; else all belongs to this user.
VOUCH_MUST_USE int vouch_server_create(const struct vouch_server_new *what,
                                       struct vouch_server_made *ret_made,
                                       struct vouch_fault *fault);

// Gives each part of a server to the user of its role, where root starts it: for who wrote in the folder
// while the server did not run.
VOUCH_MUST_USE int vouch_server_give(const char *dir, const struct vouch_config *config,
                                     struct vouch_fault *fault);

// VOUCH_ERR_NOT_FOUND with the fault set if the folder does not look like a server's.
VOUCH_MUST_USE int vouch_server_check(const char *dir, struct vouch_fault *fault);

// Whether the server's ledger is that of `name`, as its checkpoint says. A ledger that cannot be read here
// is left to the signer. VOUCH_ERR_MISMATCH.
VOUCH_MUST_USE int vouch_server_check_name(const char *dir, const char *name,
                                           struct vouch_fault *fault);
