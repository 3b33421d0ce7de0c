// SPDX-License-Identifier: ISC
// What names, patterns and options may be, for profiles and for what is asked under them. Private to
// src/authority; pure.
#pragma once

#include "authority/decide.h"
#include "core/cert-options.h"

// An option as text: "NAME" or "NAME=VALUE".
struct vouch_option_text {
    struct vouch_bytes name;
    struct vouch_bytes value;
    int has_value;
};

// Takes a text apart at its first "=".
struct vouch_option_text vouch_option_split(struct vouch_bytes text);

// What is wrong with an option as such in that place of a certificate, or NULL. A constant.
const char *vouch_option_fault(const struct vouch_option_text *option,
                               enum vouch_cert_section section);

// Nonzero if it can be a principal at all; the rules of issuing are narrower.
int vouch_principal_is(struct vouch_bytes name);

// Nonzero if the text is among the first `before` of a list.
int vouch_texts_have(const struct vouch_text_list *list, size_t before, struct vouch_bytes text);
