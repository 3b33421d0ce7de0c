// SPDX-License-Identifier: ISC
// Ordering by likeness. Things with the same set are one class, and classes are few: they are chained, each to
// the nearest that is left. Where they are many all the same, they stand as their bits are sorted.
#include "policy/similar.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 512u // classes that are compared with each other
#define WORD_BITS 64u

int vouch_policy_sets_new(struct vouch_arena *arena, size_t count, size_t features,
                          struct vouch_policy_sets *ret_sets) {
    const size_t words = features / WORD_BITS + 1;
    uint64_t *bits = vouch_arena_alloc(arena, (count * words + 1) * sizeof *bits);
    if (bits == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *ret_sets = (struct vouch_policy_sets){bits, words, count};
    return VOUCH_OK;
}

void vouch_policy_sets_add(struct vouch_policy_sets *sets, size_t thing, size_t feature) {
    sets->bits[thing * sets->words + feature / WORD_BITS] |= UINT64_C(1) << feature % WORD_BITS;
}

struct member {
    const uint64_t *bits;
    size_t words;
    uint32_t thing;
};

static int compare_bits(const struct member *a, const struct member *b) {
    return memcmp(a->bits, b->bits, a->words * sizeof *a->bits);
}

static int compare(const void *left, const void *right) {
    const struct member *a = left;
    const struct member *b = right;
    int order = compare_bits(a, b);
    return order != 0 ? order : a->thing < b->thing ? -1 : a->thing > b->thing;
}

// A stretch of members with the same set.
struct class {
    size_t from, count;
    int is_empty;  // the set is
    int is_placed; // in the order
};

static size_t distance(const struct member *a, const struct member *b) {
    size_t bits = 0;
    for (size_t w = 0; w < a->words; w++) {
        bits += (size_t)__builtin_popcountll(a->bits[w] ^ b->bits[w]);
    }
    return bits;
}

static int is_empty(const struct member *member) {
    uint64_t any = 0;
    for (size_t w = 0; w < member->words; w++) {
        any |= member->bits[w];
    }
    return any == 0;
}

static size_t find_classes(const struct member *members, size_t count, struct class *classes) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_bits(&members[i], &members[i - 1]) != 0) {
            classes[found++] = (struct class){.from = i, .is_empty = is_empty(&members[i])};
        }
        classes[found - 1].count++;
    }
    return found;
}

// Nonzero if `a` is to come before `b`, behind `last`; NULL: as the first.
static int is_nearer(const struct member *members, const struct class *last, const struct class *a,
                     const struct class *b) {
    if (a->is_empty != b->is_empty) {
        return b->is_empty;
    }
    return last == NULL ? a->count > b->count
                        : distance(&members[a->from], &members[last->from]) <
                              distance(&members[b->from], &members[last->from]);
}

static const struct class *next_of(const struct member *members, struct class *classes,
                                   size_t count, const struct class *last) {
    struct class *next = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!classes[i].is_placed &&
            (next == NULL || is_nearer(members, last, &classes[i], next))) {
            next = &classes[i];
        }
    }
    if (next != NULL) {
        next->is_placed = 1;
    }
    return next;
}

static void chain(const struct member *members, struct class *classes, size_t count,
                  uint32_t *ret_order) {
    const struct class *last = NULL;
    for (size_t placed = 0; (last = next_of(members, classes, count, last)) != NULL;) {
        for (size_t i = 0; i < last->count; i++) {
            ret_order[placed++] = members[last->from + i].thing;
        }
    }
}

int vouch_policy_similar(struct vouch_arena *arena, const struct vouch_policy_sets *sets,
                         uint32_t *ret_order) {
    struct member *members = vouch_arena_alloc(arena, (sets->count + 1) * sizeof *members);
    struct class *classes = vouch_arena_alloc(arena, (sets->count + 1) * sizeof *classes);
    if (members == NULL || classes == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < sets->count; i++) {
        members[i] = (struct member){sets->bits + i * sets->words, sets->words, (uint32_t)i};
    }
    if (sets->count > 0) {
        qsort(members, sets->count, sizeof *members, compare);
    }
    size_t count = find_classes(members, sets->count, classes);
    if (count <= CHAIN_MAX) {
        chain(members, classes, count, ret_order);
        return VOUCH_OK;
    }
    for (size_t i = 0; i < sets->count; i++) {
        ret_order[i] = members[i].thing;
    }
    return VOUCH_OK;
}
