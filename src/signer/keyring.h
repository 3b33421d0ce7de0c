// SPDX-License-Identifier: ISC
// The CA keys of an open signer: following the ledger to what they are, opening those that sign, making
// and destroying their files.
//
// Who changes the list holds publish_lock, and keys_lock for writing; or is alone. Who makes or destroys
// files holds rotate_lock, or is alone.
#pragma once

#include "base/secret.h"
#include "signer/holder.h"
#include "signer/key-list.h"
#include "signer/serve.h"

struct vouch_signer_engine;

// What the files of CA keys need.
struct vouch_keyring {
    struct vouch_key_list list;
    struct vouch_holder *holders[2];    // of the active keys: user, host
    struct vouch_private_key *early[2]; // opened in passing: see vouch_keyring_open_checkpoint()
    char *dir;
    char *agent_socket;         // NULL: the keys are in files
    struct vouch_secret unlock; // for files; empty: they are not encrypted, or an agent has them
    uint32_t rounds;
};

// What opening the signer says of the files; takes copies. Ended by vouch_keyring_done(), which takes a
// zeroed struct.
VOUCH_MUST_USE int vouch_keyring_init(struct vouch_keyring *ring,
                                      const struct vouch_signer_open *what,
                                      struct vouch_fault *fault);
void vouch_keyring_done(struct vouch_keyring *ring);

// Opens the checkpoint key, before the ledger. With it, since that costs little more, the CA keys that
// were active when the list was written: most likely they still are, and vouch_keyring_open() then has
// them.
VOUCH_MUST_USE int vouch_keyring_open_checkpoint(struct vouch_keyring *ring,
                                                 struct vouch_private_key **ret_key,
                                                 struct vouch_fault *fault);

// Which ledger to follow.
struct vouch_keyring_ledger {
    const char *dir;
    uint64_t size;
    int is_another; // nonzero: it may not be the one that the list was made of; it is read as a whole
};

// Reads the list, follows the ledger from there, finishes or takes back what was begun with files, opens
// the active keys, and writes the list. V-1972 if ledger and files do not fit.
VOUCH_MUST_USE int vouch_keyring_open(struct vouch_keyring *ring,
                                      const struct vouch_keyring_ledger *ledger,
                                      struct vouch_fault *fault);

// Writes the list; its states are those after `ledger_size` records.
VOUCH_MUST_USE int vouch_keyring_save(struct vouch_keyring *ring, uint64_t ledger_size,
                                      struct vouch_fault *fault);

// Opens the private half of a key.
VOUCH_MUST_USE int vouch_keyring_holder(struct vouch_keyring *ring,
                                        const struct vouch_listed_key *row,
                                        struct vouch_holder **ret_holder,
                                        struct vouch_fault *fault);

// Writes the files of a row: always the public half; the private one unless it is NULL, because an
// agent has it. `origin`: the ledger's name.
VOUCH_MUST_USE int vouch_keyring_write(const struct vouch_keyring *ring,
                                       const struct vouch_listed_key *row,
                                       const struct vouch_private_key *key, const char *origin,
                                       struct vouch_fault *fault);

// Destroys the files of keys that the ledger says are destroyed, and those of keys that it never learnt
// of; and drops their rows.
VOUCH_MUST_USE int vouch_keyring_clear(struct vouch_keyring *ring, struct vouch_fault *fault);

// Overwrites and removes the files of a row. Those that are gone already are no failure, and files of
// another key under its name are left alone.
VOUCH_MUST_USE int vouch_keyring_erase(const struct vouch_keyring *ring,
                                       const struct vouch_listed_key *row,
                                       struct vouch_fault *fault);
