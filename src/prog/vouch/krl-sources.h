// SPDX-License-Identifier: ISC
// What `vouch krl build` revokes: options, key files, text lists and binary lists into one list.
#pragma once

#include "prog/vouch/args.h"
#include "prog/vouch/krl-spec.h"

// Adds what every option of the command line revokes.
VOUCH_MUST_USE int vouch_krl_sources_add(const struct vouch_args *args,
                                         const struct vouch_krl_spec *spec, struct vouch_krl *krl,
                                         struct vouch_fault *fault);

// The fault for something that the list did not take; returns `err`.
int vouch_krl_add_failed(struct vouch_fault *fault, int err, const char *what);
