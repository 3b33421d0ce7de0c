// SPDX-License-Identifier: ISC
// Names with a wildcard on their way into a host's certificates: what is asked for, and the two people who
// adopt it. Private to src/authority.
//
// Each of the two approves one thing: this name, these keys, these aliases, this zone and these labels, of
// which the row keeps a hash. Whatever is another thing by then has no approval yet. Who asked for the names,
// or made the token by which they were asked for, is neither of the two.
#pragma once

#include "authority/fleet.h"

#define VOUCH_HOST_APPROVALS 2
#define VOUCH_HOST_WISH_S 86400 // how long an enrolled host's wish, or a first approval, is open

// Nonzero if one of the names is a wildcard.
int vouch_host_has_wildcard(const struct vouch_bytes *names, size_t count);

// Nonzero if the list has the name.
int vouch_host_has_name(const struct vouch_bytes *names, size_t count, struct vouch_bytes name);

// Until when the row waits for people: to be adopted, for its wish, or for the second approval of a locked
// one. 0: it does not.
uint64_t vouch_host_open_until(const struct vouch_store_host *host, uint64_t now_s);

// Nobody has approved anything; and nothing is asked for either.
void vouch_host_approvals_end(struct vouch_store_host *host);
void vouch_host_wish_end(struct vouch_store_host *host);

// The aliases of an enrolled host that asks for these: the plain ones, and the wildcards that it has, which
// are not the machine's to ask for or to drop.
VOUCH_MUST_USE int vouch_host_aliases_of(struct vouch_local *authority,
                                         const struct vouch_store_host *host,
                                         const struct vouch_text_list *asked,
                                         struct vouch_text_list *ret_aliases,
                                         struct vouch_fault *fault);

// One who adopts a host with wildcards.
struct vouch_host_approval {
    const struct vouch_who *who;
    const struct vouch_policy *policy; // in force
    struct vouch_text_list names;      // the wildcards, as they judged them
    uint64_t now_s;
};

// Adds them to those who approve the row as it stands here, with the aliases that it is to have. Who may
// not, or names others than it asks for, is a reply (V-1942, V-1943). Nonzero *ret_is_enough: with them
// there are as many as it needs.
VOUCH_MUST_USE int vouch_host_approve(struct vouch_local *authority,
                                      const struct vouch_host_approval *approval,
                                      struct vouch_store_host *host, int *ret_is_enough,
                                      struct vouch_reply *reply, struct vouch_fault *fault);

// What is open, in words: "1 of 2 approvals, by alice: *.web.example.com", in the arena; empty if nothing is
// that two people decide.
VOUCH_MUST_USE int vouch_host_wish_text(struct vouch_local *authority,
                                        const struct vouch_store_host *host, uint64_t now_s,
                                        struct vouch_bytes *ret_text, struct vouch_fault *fault);
