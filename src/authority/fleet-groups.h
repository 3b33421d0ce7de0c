// SPDX-License-Identifier: ISC
// Counting hosts by what they have in common, and choosing those that need somebody. No I/O. Private to
// src/authority.
#pragma once

#include "authority/request-fleet.h"
#include "base/arena.h"

// A host, as it is counted.
struct vouch_fleet_item {
    uint64_t id;
    struct vouch_bytes host, group;
    enum vouch_host_condition condition;
    uint64_t end_s; // when the certificate ends that ends soon; 0: none does
};
struct vouch_fleet_items {
    struct vouch_fleet_item *items;
    size_t count, room;
};
// How many hosts have a label.
struct vouch_fleet_keys {
    struct vouch_fleet_label items[VOUCH_FLEET_LABELS_MAX];
    size_t count;
};

// Copies it into the arena. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_fleet_items_add(struct vouch_arena *arena, struct vouch_fleet_items *items,
                                         const struct vouch_fleet_item *item);
// Counts the key, if it is one of the first that came. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_fleet_keys_add(struct vouch_arena *arena, struct vouch_fleet_keys *keys,
                                        struct vouch_bytes key);

// Counts one more host of that condition; nothing for one that is retired.
void vouch_fleet_counts_add(struct vouch_fleet_counts *counts, enum vouch_host_condition condition);

// Brings the hosts into the order in which they need somebody, and says how many do.
size_t vouch_fleet_needing(struct vouch_fleet_items *items);

// Writes groups, and what did not fit, into the answer; the hosts are in another order then.
// VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_fleet_groups_put(struct vouch_arena *arena,
                                          struct vouch_fleet_items *items,
                                          struct vouch_answer_fleet_summary *answer);
// Writes the keys into the answer, the most frequent first. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_fleet_keys_put(struct vouch_arena *arena, struct vouch_fleet_keys *keys,
                                        struct vouch_answer_fleet_summary *answer);
