// SPDX-License-Identifier: ISC
// A dry run of access: what the server would give by its policy, or what speaks against it. Nothing is signed,
// asked for, or written here.
#pragma once

#include "prog/vouch/reach.h"
#include "prog/vouch/zone-dir.h"

struct json_t;

#define VOUCH_PREVIEW_SCHEMA "vouch.access-dry-run/1"

// The key that a certificate in the zone would be for: the one in `path`, else the zone's own, or where there is
// none yet a key of the same type that is thrown away. The caller frees *ret_key.
VOUCH_MUST_USE int vouch_preview_key(const struct vouch_zone_dir *dir, const char *path,
                                     struct vouch_key **ret_key, struct vouch_fault *fault);

// Asks what a body of POST /v1/access would give, and appends it to `rows`, an array: the zone, `verdict` (granted,
// pending or refused), and the server's words. A refusal is such a row and no failure.
VOUCH_MUST_USE int vouch_preview_ask(struct vouch_reach *reach, const char *zone, const char *body,
                                     struct json_t *rows, struct vouch_fault *fault);

// Prints the rows. *ret_exit is OK if all would be granted at once, REFUSED if one would be refused, else WAITING.
VOUCH_MUST_USE int vouch_preview_print(const struct vouch_cli *cli, const struct json_t *rows,
                                       enum vouch_exit *ret_exit, struct vouch_fault *fault);
