// SPDX-License-Identifier: ISC
// Which server commands ask when no option says so: ~/.config/vouch/server.json.
//
// Beside the address it keeps what was noted down when the server was first met: the keys of its CAs and
// of its checkpoints. What is fetched later is held to them. The token itself is not in it, only the
// path of its file.
#pragma once

#include <limits.h>

#include "base/fault.h"
#include "vouch/key.h"

struct vouch_settings {
    char *url;
    char *pin;        // NULL: its certificate is judged by CAs
    char *ca_file;    // NULL: the system's
    char *token_file; // NULL: none
    char *name;       // of the CA, which is also the origin of its ledger
    struct vouch_key *user_ca;
    struct vouch_key *host_ca;
    struct vouch_key *checkpoint_key;
};

void vouch_settings_done(struct vouch_settings *settings);

// Where they are: $XDG_CONFIG_HOME/vouch/server.json, or under ~/.config.
VOUCH_MUST_USE int vouch_settings_path(char ret_path[static PATH_MAX], struct vouch_fault *fault);

// Reads them; VOUCH_ERR_NOT_FOUND if there are none.
VOUCH_MUST_USE int vouch_settings_read(struct vouch_settings *ret_settings,
                                       struct vouch_fault *fault);

// Writes them with mode 0600, making the folder, in place of those that are there.
VOUCH_MUST_USE int vouch_settings_write(const struct vouch_settings *settings,
                                        struct vouch_fault *fault);

// Removes them; VOUCH_ERR_NOT_FOUND if there are none.
VOUCH_MUST_USE int vouch_settings_remove(struct vouch_fault *fault);

// The keys of a CA from an object with "name", "user_ca", "host_ca" and "checkpoint_key", each with
// "public_key": as the settings have them, and /v1/ca. VOUCH_ERR_FORMAT, with the member in *ret_member.
struct json_t;
VOUCH_MUST_USE int vouch_settings_keys(const struct json_t *json, struct vouch_settings *settings,
                                       const char **ret_member);
