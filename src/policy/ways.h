// SPDX-License-Identifier: ISC
// What explaining and comparing share, for the files of this module.
#pragma once

#include "policy/explain.h"
#include "policy/prepared.h"

// An array that grows in an arena. Zero is empty.
struct vouch_policy_growing {
    char *items;
    size_t count;
    size_t cap;
};

// Room for one more item; NULL when memory is short.
void *vouch_policy_grow(struct vouch_arena *arena, struct vouch_policy_growing *array,
                        size_t item_size);

// Nonzero if a member gets anything by a role at that time: both are active, and so is the person's own
// login where the role grants it.
int vouch_policy_role_is_of(const struct vouch_policy *policy, uint32_t role, uint32_t user,
                            uint64_t now_s);

// How the members of a role get what it grants.
enum vouch_policy_how vouch_policy_how_of(const struct vouch_policy_role *role);

// What is written differently in two policies: struct vouch_policy_edit, in the order of lists and names.
VOUCH_MUST_USE int vouch_policy_edits(const struct vouch_policy *before,
                                      const struct vouch_policy *after, struct vouch_arena *arena,
                                      struct vouch_policy_growing *edits);
