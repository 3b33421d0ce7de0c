// SPDX-License-Identifier: ISC
// The hosts that are enrolled, as the server shows them: one asked for, one changed, one printed.
#pragma once

#include "prog/vouch/query.h"

#define VOUCH_FLEET_PATH "/v1/fleet"
#define VOUCH_FLEET_SCHEMA "vouch.fleet-host/1"

// One of them; the caller frees *ret_host with json_decref().
VOUCH_MUST_USE int vouch_fleet_get(struct vouch_reach *reach, const char *name,
                                   struct json_t **ret_host, struct vouch_fault *fault);

// Changes one, by a verb of the API such as "adopt". `body` is JSON; the answer is the host as it is then.
VOUCH_MUST_USE int vouch_fleet_change(struct vouch_reach *reach, const char *name, const char *verb,
                                      const char *body, struct json_t **ret_host,
                                      struct vouch_fault *fault);

// Nonzero if it waits for people: to be adopted, or for names with a wildcard.
int vouch_fleet_is_open(const struct json_t *host);

// Prints one: lines for a person, or the form that -o asks for.
VOUCH_MUST_USE int vouch_fleet_print(const struct vouch_cli *cli, const struct json_t *host,
                                     struct vouch_fault *fault);
