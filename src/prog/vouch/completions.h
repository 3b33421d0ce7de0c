// SPDX-License-Identifier: ISC
// The completions of dist/completions, as the build put them into the program.
#pragma once

#include <stddef.h>

struct vouch_completion {
    const char *shell; // "bash", "zsh", "fish"
    const char *text;
};

// Ended by a NULL shell.
extern const struct vouch_completion vouch_completions[];
