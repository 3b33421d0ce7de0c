// SPDX-License-Identifier: ISC
// Key revocation lists: sorting a set of a million records in milliseconds.
//
// A radix sort from the most significant byte, on the keys alone, that skips bytes in which no record
// differs and leaves small groups to insertion. Texts that agree in all eight bytes of their keys are
// loaded with the next eight. The work that waits is a list, not recursion: its depth would be up to
// the sender of a list.
#include "core/krl.h"

#include <stdlib.h>

#define SMALL 24

// A group of records that agree in all bytes before `depth`, which is where their keys were loaded.
struct group {
    size_t begin;
    size_t count;
    size_t depth;
};

struct sorter {
    struct vouch_krl_set *set;
    struct vouch_krl_record *scratch;
    struct group *waiting;
    size_t waiting_count;
};

static int order(const struct sorter *sorter, const struct vouch_krl_record *a,
                 const struct vouch_krl_record *b) {
    if (a->key != b->key || sorter->set->kind == VOUCH_KRL_RUNS) {
        return (a->key > b->key) - (a->key < b->key);
    }
    return vouch_bytes_compare(vouch_krl_text(a->text), vouch_krl_text(b->text));
}

static void sort_small(const struct sorter *sorter, struct vouch_krl_record *records,
                       size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct vouch_krl_record moving = records[i];
        size_t at = i;
        while (at > 0 && order(sorter, &moving, &records[at - 1]) < 0) {
            records[at] = records[at - 1];
            at--;
        }
        records[at] = moving;
    }
}

// Sorts a group at once if it is small, else lets it wait. There is always room: groups that wait do
// not overlap, and each has more than SMALL records.
static void put(struct sorter *sorter, struct group group) {
    if (group.count <= SMALL) {
        sort_small(sorter, sorter->set->records + group.begin, group.count);
    } else {
        sorter->waiting[sorter->waiting_count++] = group;
    }
}

// The bits in which the keys of a group differ.
static uint64_t differing(const struct vouch_krl_record *records, size_t count) {
    uint64_t bits = 0;
    for (size_t i = 1; i < count; i++) {
        bits |= records[i].key ^ records[0].key;
    }
    return bits;
}

// Deals a group out by the byte of the key that begins at bit `shift`.
static void split(struct sorter *sorter, struct group group, unsigned shift) {
    struct vouch_krl_record *records = sorter->set->records + group.begin;
    size_t ends[256] = {0};
    for (size_t i = 0; i < group.count; i++) {
        ends[records[i].key >> shift & 0xff]++;
    }
    size_t begin = 0;
    for (size_t byte = 0; byte < 256; byte++) {
        size_t count = ends[byte];
        ends[byte] = begin;
        begin += count;
    }
    for (size_t i = 0; i < group.count; i++) {
        sorter->scratch[ends[records[i].key >> shift & 0xff]++] = records[i];
    }
    memcpy(records, sorter->scratch, group.count * sizeof *records);
    begin = 0;
    for (size_t byte = 0; byte < 256; byte++) {
        put(sorter, (struct group){group.begin + begin, ends[byte] - begin, group.depth});
        begin = ends[byte];
    }
}

// Loads the keys of a group from `depth` on; nonzero if any text goes beyond it.
static int load_keys(struct sorter *sorter, struct group group) {
    struct vouch_krl_record *records = sorter->set->records + group.begin;
    int more = 0;
    for (size_t i = 0; i < group.count; i++) {
        vouch_krl_look_ahead(records, group.count, i);
        struct vouch_bytes text = vouch_krl_text(records[i].text);
        records[i].key = vouch_krl_text_key(text, group.depth);
        more |= text.len > group.depth;
    }
    return more;
}

static int by_length(const void *a, const void *b) {
    uint32_t a_len = vouch_krl_u32(((const struct vouch_krl_record *)a)->text);
    uint32_t b_len = vouch_krl_u32(((const struct vouch_krl_record *)b)->text);
    return (a_len > b_len) - (a_len < b_len);
}

// A group whose keys are all the same. Where no text goes on they differ in their number of zeros at
// most, and the shorter comes first.
static void deepen(struct sorter *sorter, struct group group) {
    group.depth += 8;
    if (load_keys(sorter, group)) {
        put(sorter, group);
    } else {
        qsort(sorter->set->records + group.begin, group.count, sizeof *sorter->set->records,
              by_length);
    }
}

static void sort_next(struct sorter *sorter);

// Sorts texts that agree in their first eight bytes, and puts back the key that they share.
static void sort_alike(struct sorter *sorter, struct group group) {
    struct vouch_krl_record *records = sorter->set->records + group.begin;
    uint64_t key = records[0].key;
    size_t before = sorter->waiting_count;
    deepen(sorter, group);
    while (sorter->waiting_count > before) {
        sort_next(sorter);
    }
    for (size_t i = 0; i < group.count; i++) {
        records[i].key = key;
    }
}

static void sort_next(struct sorter *sorter) {
    struct group group = sorter->waiting[--sorter->waiting_count];
    uint64_t bits = differing(sorter->set->records + group.begin, group.count);
    if (bits != 0) {
        unsigned highest = 63 - (unsigned)__builtin_clzll(bits);
        split(sorter, group, highest & ~7u);
    } else if (sorter->set->kind == VOUCH_KRL_TEXTS && group.depth == 0) {
        sort_alike(sorter, group); // which never comes here again: all its groups are deeper
    } else if (sorter->set->kind == VOUCH_KRL_TEXTS) {
        deepen(sorter, group);
    }
}

int vouch_krl_sort(struct vouch_krl_set *set, struct vouch_krl_record *scratch) {
    struct sorter sorter = {.set = set, .scratch = scratch};
    sorter.waiting = calloc(set->count / SMALL + 1, sizeof *sorter.waiting);
    if (sorter.waiting == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    put(&sorter, (struct group){.count = set->count});
    while (sorter.waiting_count > 0) {
        sort_next(&sorter);
    }
    free(sorter.waiting);
    return VOUCH_OK;
}
