// SPDX-License-Identifier: ISC
// A granted certificate as a file beside its key, and what is said about it.
#pragma once

#include "prog/vouch/reach.h"
#include "vouch/cert.h"

// key.pub -> key-cert.pub, as ssh finds it beside the key; freed by the caller. NULL without memory.
char *vouch_cert_out_path(const char *key_path);

// Refuses (V-1103) a path where something is already, unless --force was given; "-" is free.
VOUCH_MUST_USE int vouch_cert_out_check(const struct vouch_args *args, const char *path,
                                        struct vouch_fault *fault);

// Writes it by rename, or on standard output for "-", and says so: the path, or JSON for -o.
struct vouch_cert_out {
    const struct vouch_cert *cert;
    const char *comment; // may be NULL
    const char *path;
    int replace; // nonzero: take the place of what is there
};
VOUCH_MUST_USE int vouch_cert_out_write(const struct vouch_cli *cli,
                                        const struct vouch_cert_out *out,
                                        struct vouch_fault *fault);
