// SPDX-License-Identifier: ISC
// How far the rotation of a CA key has come, as the server says it, in words.
#pragma once

#include "prog/vouch/reach.h"

struct json_t;

#define VOUCH_CA_ROTATION_PATH "/v1/ca/rotation"

// A step: what it is called by the server, what it does, and what it did.
struct vouch_ca_step {
    const char *name;
    const char *means; // after "the user CA: "
    const char *done;
};
// NULL for a name that this program does not know.
const struct vouch_ca_step *vouch_ca_step_of(const char *name);

// The whole answer about one use ("user", "host"), or both (NULL). The caller frees it with json_decref().
VOUCH_MUST_USE int vouch_ca_rotation_get(struct vouch_reach *reach, const char *use,
                                         struct json_t **ret_answer, struct vouch_fault *fault);

// Says one use of it. To standard output for whoever asked for it; to standard error for whoever is about
// to be asked something.
enum vouch_ca_rotation_to { VOUCH_CA_ROTATION_OUT = 0, VOUCH_CA_ROTATION_ERR };
void vouch_ca_rotation_say(const struct vouch_cli *cli, const struct json_t *item,
                           enum vouch_ca_rotation_to to);
