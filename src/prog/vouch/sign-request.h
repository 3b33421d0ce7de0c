// SPDX-License-Identifier: ISC
// What `vouch sign` is asked to issue: options of the command line as the body of a certificate.
//
// The defaults are those of a careful person: hours for people, a month for hosts, a terminal and
// nothing else, and never without an end.
#pragma once

#include "prog/vouch/args.h"
#include "prog/vouch/validity.h"
#include "vouch/cert.h"

#define VOUCH_SIGN_OPTIONS_MAX 16

// Texts are borrowed from the command line and from the request itself.
struct vouch_sign_request {
    enum vouch_cert_type type;
    struct vouch_bytes key_id;
    struct vouch_bytes *principals; // owned
    size_t principal_count;
    struct vouch_validity validity;
    struct vouch_cert_option critical[VOUCH_SIGN_OPTIONS_MAX];
    size_t critical_count;
    struct vouch_cert_option extensions[VOUCH_SIGN_OPTIONS_MAX];
    size_t extension_count;
    struct vouch_buf force_command; // data of the options
    struct vouch_buf source_address;
};

// Reads the options; the careful rules of vouch/cert.h are not judged here.
VOUCH_MUST_USE int vouch_sign_request_read(const struct vouch_args *args, enum vouch_cert_type type,
                                           uint64_t now_s, struct vouch_sign_request *ret_request,
                                           struct vouch_fault *fault);
void vouch_sign_request_done(struct vouch_sign_request *request);

// The body of the certificate for one key; borrows from both.
struct vouch_cert_spec vouch_sign_request_spec(const struct vouch_sign_request *request,
                                               const struct vouch_key *key);

// Judges the body for one key by the careful rules; `name` is how the key is called.
VOUCH_MUST_USE int vouch_sign_request_check(const struct vouch_sign_request *request,
                                            const struct vouch_key *key, const char *name,
                                            struct vouch_fault *fault);
