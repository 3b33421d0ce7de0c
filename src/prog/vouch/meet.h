// SPDX-License-Identifier: ISC
// Meeting a server: it proves who it is, its keys are noted down, and later commands ask it.
#pragma once

#include "prog/vouch/reach.h"

// How it is reached, as a person wrote it. Borrowed; NULL where nothing was said.
struct vouch_meet {
    const char *url;
    const char *pin;
    const char *ca_file;    // made absolute
    const char *token_file; // likewise
};

// Opens a way to it and fetches its keys. `reach` needs its `cli` alone.
VOUCH_MUST_USE int vouch_meet(const struct vouch_meet *meet, struct vouch_reach *reach,
                              struct vouch_fault *fault);

// Notes down what reach->settings has, and says so; only says what would be noted with --dry-run.
VOUCH_MUST_USE int vouch_meet_save(struct vouch_reach *reach, struct vouch_fault *fault);
