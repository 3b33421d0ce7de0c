// SPDX-License-Identifier: ISC
// The configuration as a running server holds it: read from the file, judged, and handed to the roles as
// a file in memory that nobody can change.
#pragma once

#include "prog/vouchd/config.h"

struct vouch_settings {
    struct vouch_config config;
    int fd; // the text, sealed; -1: none
};

// Reads DIR/vouchd.yaml. The caller ends *ret_settings, which is filled in on success only.
VOUCH_MUST_USE int vouch_settings_load(const char *dir, struct vouch_settings *ret_settings,
                                       struct vouch_fault *fault);
void vouch_settings_done(struct vouch_settings *settings);

// Nonzero if both come from the same text.
int vouch_settings_equal(const struct vouch_settings *a, const struct vouch_settings *b);

// Bytes as a file in memory that nobody can change, and that is kept from a swap disk; `name` is for those
// who list descriptors. The caller closes *ret_fd.
VOUCH_MUST_USE int vouch_settings_hold(const char *name, struct vouch_bytes content, int *ret_fd,
                                       struct vouch_fault *fault);

// What opens the keys, as a descriptor for the signer: asked for, from the file, from the service
// manager, or nothing where the signer has its key file. The caller closes *ret_fd. It is kept in locked
// memory until then.
VOUCH_MUST_USE int vouch_unlock_open(const struct vouch_config *config, const char *passphrase_file,
                                     int *ret_fd, struct vouch_fault *fault);
