// SPDX-License-Identifier: ISC
// What `vouch cert issue` asks for: its options, as a question to the server and as a wish to hold the
// answer to.
#pragma once

#include "prog/vouch/command.h"
#include "prog/vouch/granted.h"

#define VOUCH_ISSUE_OPTIONS_MAX 32

struct json_t;

struct vouch_issue_wish {
    struct vouch_granted_wish wish; // all but `ca`
    const char *path;               // of the key
    struct vouch_key *key;          // owned, as all below
    char *comment;
    char *out;
    struct vouch_bytes *principals;
    struct vouch_cert_option critical[VOUCH_ISSUE_OPTIONS_MAX];
    struct vouch_cert_option extensions[VOUCH_ISSUE_OPTIONS_MAX];
    struct vouch_buf values[VOUCH_ISSUE_OPTIONS_MAX]; // data of the options in `critical`
};

// Reads the command line and the key, in place since it points into itself; judges by the careful rules
// what they can judge. vouch_issue_wish_done() ends it, also after a failure.
VOUCH_MUST_USE int vouch_issue_wish_read(const struct vouch_cli *cli, struct vouch_issue_wish *wish,
                                         struct vouch_fault *fault);
void vouch_issue_wish_done(struct vouch_issue_wish *wish);

// The body of the question; malloc'd JSON. NULL when memory is short.
char *vouch_issue_wish_json(const struct vouch_issue_wish *wish);
