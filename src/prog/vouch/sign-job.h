// SPDX-License-Identifier: ISC
// One call of `vouch sign`: the CA, the keys to be certified, and where each certificate goes.
//
// Everything that can be refused is refused here, before the CA key is touched or a passphrase asked.
#pragma once

#include "prog/vouch/command.h"
#include "prog/vouch/sign-request.h"

// One key to be certified.
struct vouch_sign_subject {
    const char *path;
    struct vouch_key *key;
    char *comment;
    char *out; // where its certificate goes
};

struct vouch_sign_job {
    const struct vouch_cli *cli;
    enum vouch_cert_type type;
    uint64_t now_s;
    char *dir;
    const char *agent; // socket; NULL: the CA key is a file
    struct vouch_sign_request request;
    struct vouch_sign_subject *subjects;
    size_t count;
};

// "user" or "host".
const char *vouch_sign_type_word(enum vouch_cert_type type);

// Reads options and keys, and checks the body and the place of each certificate.
VOUCH_MUST_USE int vouch_sign_job_read(const struct vouch_cli *cli, enum vouch_cert_type type,
                                       struct vouch_sign_job *ret_job, struct vouch_fault *fault);

// Frees what a job holds; takes a zeroed one.
void vouch_sign_job_done(struct vouch_sign_job *job);
