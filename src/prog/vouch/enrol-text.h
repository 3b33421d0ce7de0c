// SPDX-License-Identifier: ISC
// What to run on a machine that is to be enrolled, with its token in it: for a shell, for cloud-init, for
// Ansible.
//
// The secret is never an argument of a program, where everyone on the machine could read it. What comes
// from the server is held to the characters that addresses and secrets have, since a shell reads it.
#pragma once

#include "base/fault.h"
#include "vouch/buf.h"

enum vouch_enrol_form {
    VOUCH_ENROL_SHELL = 0,
    VOUCH_ENROL_CLOUD_INIT,
    VOUCH_ENROL_ANSIBLE,
    VOUCH_ENROL_TOKEN, // the secret alone
};

struct vouch_enrol_text {
    const char *address; // "https://HOST:PORT#PIN", or without #PIN
    const char *secret;
};

// Nonzero if nothing in address and secret could mean anything to a shell or to YAML.
int vouch_enrol_text_is_plain(const struct vouch_enrol_text *text);

// Appends it. What is not plain is a bug of the caller.
void vouch_enrol_text_put(const struct vouch_enrol_text *text, enum vouch_enrol_form form,
                          struct vouch_buf *out);
