// SPDX-License-Identifier: ISC
// A change of one host on its way: what the verbs of fleet-change.c share with the two that have a file of
// their own. Private to src/authority.
#pragma once

#include "authority/fleet.h"

struct vouch_change {
    const struct vouch_caller *caller;
    const struct vouch_ask_fleet_change *ask;
    struct vouch_who who;
    const struct vouch_policy *policy;          // in force
    const struct vouch_policy_content *content; // of the document
    struct vouch_store_host host;               // as it is, and as it is to be
    struct vouch_text_list names;               // its own, where they are written anew
    enum { VOUCH_CHANGE_ROW = 0, VOUCH_CHANGE_NAMES, VOUCH_CHANGE_NAMES_AND_SECRETS } what;
    uint64_t now_s;
};

#define VOUCH_CHANGE_IN_WAITING (1u << VOUCH_STORE_HOST_WAITING)
#define VOUCH_CHANGE_IN_ACTIVE (1u << VOUCH_STORE_HOST_ACTIVE)
#define VOUCH_CHANGE_IN_LOCKED (1u << VOUCH_STORE_HOST_LOCKED)
#define VOUCH_CHANGE_IN_RETIRED (1u << VOUCH_STORE_HOST_RETIRED)

// Nonzero if the host is in one of the states; else a reply, which ends with `needs`.
int vouch_change_is_in(const struct vouch_change *change, unsigned states, const char *needs,
                       struct vouch_reply *reply);

// Nonzero if one of its keys has that fingerprint.
int vouch_change_has_key(const struct vouch_store_host *host, struct vouch_bytes fingerprint);

// Nonzero if its labels will do; else a reply.
int vouch_change_labels_are_good(const struct vouch_change *change, struct vouch_reply *reply);

// Finds its names by its row, to be written with it.
VOUCH_MUST_USE int vouch_change_name(struct vouch_local *authority, struct vouch_change *change,
                                     enum vouch_host_wildcards wildcards, struct vouch_reply *reply,
                                     struct vouch_fault *fault);

// Records it, and writes the row, if nobody else changed that meanwhile.
VOUCH_MUST_USE int vouch_change_keep(struct vouch_local *authority,
                                     const struct vouch_change *change, const char *type,
                                     struct vouch_reply *reply, struct vouch_fault *fault);

// The verb ADOPT; and the part of EDIT that asks for wildcards and takes them away. adopt.c.
VOUCH_MUST_USE int vouch_fleet_adopt(struct vouch_local *authority, struct vouch_change *change,
                                     struct vouch_reply *reply, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_fleet_wish(struct vouch_local *authority, struct vouch_change *change,
                                    struct vouch_reply *reply, struct vouch_fault *fault);
