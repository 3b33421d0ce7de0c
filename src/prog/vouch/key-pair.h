// SPDX-License-Identifier: ISC
// A new key pair as two files, which both appear or neither.
#pragma once

#include "base/fault.h"
#include "vouch/keyfile.h"

struct vouch_key_pair {
    const char *path; // 0600
    const char *public_path;
    const char *comment;
    struct vouch_bytes passphrase; // empty: not encrypted
    enum vouch_key_type type;
    unsigned bits;
};

// Makes it. Nothing that exists is overwritten (V-1103). The caller frees *ret_key.
VOUCH_MUST_USE int vouch_key_pair_make(const struct vouch_key_pair *pair,
                                       struct vouch_private_key **ret_key,
                                       struct vouch_fault *fault);

// Reads a private key file that is not encrypted. The caller frees *ret_key.
VOUCH_MUST_USE int vouch_key_pair_read(const char *path, struct vouch_private_key **ret_key,
                                       struct vouch_fault *fault);
