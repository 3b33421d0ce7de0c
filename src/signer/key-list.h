// SPDX-License-Identifier: ISC
// The CA keys of a signer, each with its state and its file, and the file that remembers them:
// signer/keys. doc/frames.md has the file's format.
//
// The ledger is the truth about the states; this list is what the signer made of it up to a record, so
// that a start reads only what came after. A step of a rotation is recorded first and written here
// behind that: a crash in between costs nothing. Only what the ledger cannot know stands here first: a
// file that is being made (NONE), and one that is still to be destroyed (DESTROYED).
#pragma once

#include "base/fault.h"
#include "ledger/rotation.h"
#include "vouch/cert.h"

#define VOUCH_KEY_LIST_MAX 16
#define VOUCH_KEY_LIST_FILE "keys"
#define VOUCH_KEY_LIST_NAME_MAX 24 // "user_ca-0123abcd" with its NUL

struct vouch_listed_key {
    enum vouch_cert_type use;
    enum vouch_ca_key_state state;
    char file
        [VOUCH_KEY_LIST_NAME_MAX]; // in the signer's folder; its public half has ".pub" behind it
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    uint64_t since_ms;     // time of the event that gave it its state
    uint64_t has_signed;   // nonzero: it is active or has been
    struct vouch_key *key; // owned; NULL: not read
};

struct vouch_key_list {
    struct vouch_listed_key rows[VOUCH_KEY_LIST_MAX];
    size_t count;
    uint64_t ledger_size; // the states are those after so many records
};

// Frees the keys; takes a zeroed struct.
void vouch_key_list_done(struct vouch_key_list *list);

// Whole, keys included; VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_key_list_copy(const struct vouch_key_list *from,
                                       struct vouch_key_list *ret_list);

// Rows by what they are; NULL if there is none. The other one of a use: next, old or removed.
struct vouch_listed_key *vouch_key_list_find(struct vouch_key_list *list, const char *fingerprint);
const struct vouch_listed_key *vouch_key_list_active(const struct vouch_key_list *list,
                                                     enum vouch_cert_type use);
const struct vouch_listed_key *vouch_key_list_other(const struct vouch_key_list *list,
                                                    enum vouch_cert_type use);

// What the states come to, as the ledger's events count them.
void vouch_key_list_rotation(const struct vouch_key_list *list,
                             struct vouch_rotation *ret_rotation);

// Adds a row whose file is named after the fingerprint, or, for the first key of its use, after the use
// alone. VOUCH_ERR_LIMIT.
VOUCH_MUST_USE int vouch_key_list_add(struct vouch_key_list *list, enum vouch_cert_type use,
                                      const char *fingerprint, int is_first,
                                      struct vouch_listed_key **ret_row);
void vouch_key_list_drop(struct vouch_key_list *list, struct vouch_listed_key *row);

// Takes a change over that an event at `time_ms` made. VOUCH_ERR_LIMIT if there is no room for a row,
// VOUCH_ERR_MISMATCH if the key is another use's.
VOUCH_MUST_USE int vouch_key_list_change(struct vouch_key_list *list,
                                         const struct vouch_rotation_change *change,
                                         uint64_t time_ms);

// The file: one text for one list. Reading fails with V-1972; *ret_found is 0 if there is no file.
VOUCH_MUST_USE int vouch_key_list_write(const char *path, const struct vouch_key_list *list,
                                        struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_key_list_read(const char *path, struct vouch_key_list *ret_list,
                                       int *ret_found, struct vouch_fault *fault);
