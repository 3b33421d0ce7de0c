// SPDX-License-Identifier: ISC
// The options that sshd knows: one table for building, checking and showing.
#pragma once

#include "vouch/cert.h"

enum vouch_cert_section { VOUCH_CERT_SECTION_CRITICAL = 0, VOUCH_CERT_SECTION_EXTENSION };

struct vouch_cert_option_kind {
    const char *name;
    enum vouch_cert_section section;
    int has_value; // nonzero: data is one string; else it must be empty
};

// Every known option, ended by a NULL name.
extern const struct vouch_cert_option_kind vouch_cert_option_kinds[];

// The row of a name; NULL if sshd does not know it.
const struct vouch_cert_option_kind *vouch_cert_option_kind_of(struct vouch_bytes name);
