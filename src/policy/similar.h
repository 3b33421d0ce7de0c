// SPDX-License-Identifier: ISC
// Orders things by what they have: those that have the same stand together, and those that have nearly the
// same stand near. Pure. For the files of this module.
#pragma once

#include "base/arena.h"

// So many things times what they may have are compared; beyond it is too much for an answer.
#define VOUCH_POLICY_SIMILAR_MAX 8000000u

// A set for each thing, as bits, `words` of 64 after each other.
struct vouch_policy_sets {
    uint64_t *bits;
    size_t words;
    size_t count;
};

// Empty sets for so many things and what they may have. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_policy_sets_new(struct vouch_arena *arena, size_t count, size_t features,
                                         struct vouch_policy_sets *ret_sets);
void vouch_policy_sets_add(struct vouch_policy_sets *sets, size_t thing, size_t feature);

// Which thing stands where, into `ret_order`, of sets->count. It begins with the set that most things have;
// then comes, each time, the one that differs least from the last. What has nothing comes at the end. Things
// with the same set stay in their order. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_policy_similar(struct vouch_arena *arena,
                                        const struct vouch_policy_sets *sets, uint32_t *ret_order);
