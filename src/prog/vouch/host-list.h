// SPDX-License-Identifier: ISC
// A list of machines whose host keys somebody has compared: CSV of one's own, or what ssh-keyscan and
// known_hosts files hold. For adopting many at once.
//
//   CSV     a first line that names the columns, of which "name" and "fingerprint" have to be there, and
//           "zone" and "labels" (KEY=VALUE with blanks between) may be; no quotes
//   scan    "NAME[,NAME...] TYPE BASE64", as ssh-keyscan prints it; "[NAME]:PORT" stands for NAME. Several
//           lines of one name are its several keys
#pragma once

#include "base/fault.h"
#include "vouch/key.h"

#define VOUCH_HOST_LIST_MAX 10000
#define VOUCH_HOST_LIST_KEYS_MAX 8

struct vouch_host_list_row {
    char *name;
    char *zone;   // NULL: the list says nothing of it
    char *labels; // "KEY=VALUE,..."; NULL: likewise
    char fingerprints[VOUCH_HOST_LIST_KEYS_MAX][VOUCH_FINGERPRINT_MAX];
    size_t fingerprint_count;
};

struct vouch_host_list {
    struct vouch_host_list_row *rows;
    size_t count;
};

void vouch_host_list_done(struct vouch_host_list *list);

enum vouch_host_list_form { VOUCH_HOST_LIST_CSV = 0, VOUCH_HOST_LIST_SCAN };

// Reads it; `name` is what messages call it: "NAME: line N: what is wrong" (V-1902). No host at all is a
// fault as well. vouch_host_list_done() ends it, also after a failure.
VOUCH_MUST_USE int vouch_host_list_read(struct vouch_bytes text, enum vouch_host_list_form form,
                                        const char *name, struct vouch_host_list *ret_list,
                                        struct vouch_fault *fault);
