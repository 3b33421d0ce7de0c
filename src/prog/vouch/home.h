// SPDX-License-Identifier: ISC
// Where a person's files are: settings, state, and what ssh reads.
#pragma once

#include <limits.h>

#include "base/fault.h"

// The folder that the environment names for one purpose, by the rules of XDG.
struct vouch_home_place {
    const char *variable; // "XDG_CONFIG_HOME"; NULL: none
    const char *usual;    // under HOME where that is not set, such as "/.config"
};
extern const struct vouch_home_place vouch_home_config, vouch_home_state, vouch_home_ssh;

// PLACE and `rest` ("/vouch/session"). VOUCH_ERR_NOT_FOUND where the environment names no folder.
VOUCH_MUST_USE int vouch_home_path(const struct vouch_home_place *place, const char *rest,
                                   char ret_path[static PATH_MAX], struct vouch_fault *fault);

// Makes the folders that hold `path`, with mode 0700; those that are there are left as they are.
VOUCH_MUST_USE int vouch_home_make_folders(const char *path, struct vouch_fault *fault);
