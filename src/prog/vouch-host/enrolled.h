// SPDX-License-Identifier: ISC
// What the agent remembers between its runs: which server, as whom, with which secret. What is installed is
// known to the root part. Two files in the agent's folder, mode 0600: agent.json, and `secret`.
#pragma once

#include "base/fault.h"
#include "base/secret.h"
#include "vouch/key.h"

#define VOUCH_ENROLLED_FILE "agent.json"
#define VOUCH_ENROLLED_SECRET "secret"
#define VOUCH_ENROLLED_NAMES_MAX 32

// What the host is to the server. The zero value is nothing.
enum vouch_enrolled_state {
    VOUCH_ENROLLED_NONE = 0,
    VOUCH_ENROLLED_WAITING, // to be adopted
    VOUCH_ENROLLED_ACTIVE,
    VOUCH_ENROLLED_BARRED, // the server wants no more of it: locked, retired or forgotten
};

struct vouch_enrolled {
    char *url;
    char *pin;     // NULL: its certificate is judged by CAs
    char *ca_file; // NULL: the system's
    char *ca_name;
    struct vouch_key *checkpoint_key;
    enum vouch_enrolled_state state;
    char *why; // BARRED: in the server's words
    char *name;
    char *zone; // NULL while it waits
    char *aliases[VOUCH_ENROLLED_NAMES_MAX];
    size_t alias_count;
    char *labels[VOUCH_ENROLLED_NAMES_MAX]; // "KEY=VALUE" that were wished for
    size_t label_count;
    uint64_t generation; // of the secret
    uint64_t enrolled_s, renewed_s;
    uint64_t contact_s;       // the server answered
    uint64_t failing_since_s; // 0: all is well
    char *failure;            // what fails, one line; NULL: nothing
    char *failure_code;       // of its fault; NULL with `failure`
    int64_t clock_ms;         // how far this clock is ahead of the server's
};

// Takes NULL and a zeroed struct.
void vouch_enrolled_done(struct vouch_enrolled *enrolled);

// Reads agent.json below the folder. VOUCH_ERR_NOT_FOUND (V-1930): the host is not enrolled.
VOUCH_MUST_USE int vouch_enrolled_read(int folder, struct vouch_enrolled *ret_enrolled,
                                       struct vouch_fault *fault);

// Writes agent.json: temporary file, fsync, rename, fsync of the folder.
VOUCH_MUST_USE int vouch_enrolled_write(int folder, const struct vouch_enrolled *enrolled,
                                        struct vouch_fault *fault);

// Sets a text to a copy; NULL clears it. VOUCH_ERR_NO_MEMORY leaves the old one.
VOUCH_MUST_USE int vouch_enrolled_set(char **text, const char *value);

// Notes down that something failed, and since when; or, with NULL, that nothing does any more.
void vouch_enrolled_failing(struct vouch_enrolled *enrolled, const struct vouch_fault *fault,
                            uint64_t now_s);

// The secret that the server gave. VOUCH_ERR_NOT_FOUND: none is kept.
VOUCH_MUST_USE int vouch_enrolled_secret_read(int folder, struct vouch_secret *ret_secret,
                                              struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_enrolled_secret_write(int folder, struct vouch_bytes secret,
                                               struct vouch_fault *fault);

// Removes both files; that there are none is no failure.
VOUCH_MUST_USE int vouch_enrolled_forget(int folder, struct vouch_fault *fault);
