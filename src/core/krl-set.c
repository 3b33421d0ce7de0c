// SPDX-License-Identifier: ISC
// Key revocation lists: sets of records, and texts as they stand on the wire.
#include "core/krl.h"

#include <stdlib.h>

#include "base/mem.h"

uint64_t vouch_krl_text_key(struct vouch_bytes text, size_t depth) {
    if (text.len >= depth + 8) {
        return vouch_krl_u64(text.ptr + depth);
    }
    uint8_t filled[8] = {0};
    if (text.len > depth) {
        memcpy(filled, text.ptr + depth, text.len - depth);
    }
    return vouch_krl_u64(filled);
}

void vouch_krl_set_done(struct vouch_krl_set *set) {
    free(set->records);
    *set = (struct vouch_krl_set){.kind = set->kind};
}

static int resize(struct vouch_krl_set *set, size_t need) {
    size_t capacity = set->capacity == 0 ? 16 : set->capacity;
    while (capacity < need) {
        capacity *= 2;
    }
    struct vouch_krl_record *records = realloc(set->records, capacity * sizeof *records);
    if (records == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_mem_expect_filling(records, capacity * sizeof *records);
    set->records = records;
    set->capacity = capacity;
    return VOUCH_OK;
}

int vouch_krl_set_reserve(struct vouch_krl_set *set, size_t more) {
    if (more <= set->capacity - set->count) {
        return VOUCH_OK;
    }
    if (more > VOUCH_KRL_RECORDS_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    if (more > VOUCH_KRL_RECORDS_MAX - set->count) {
        // Repeats may be what fills it.
        int err = vouch_krl_set_settle(set);
        if (err != VOUCH_OK) {
            return err;
        }
        // Asking for room to spare keeps the next call from settling again.
        if (more + VOUCH_KRL_RECORDS_MAX / 4 > VOUCH_KRL_RECORDS_MAX - set->count) {
            return VOUCH_ERR_LIMIT;
        }
    }
    return resize(set, set->count + more);
}

// Widens the last run if the new one touches it from above, so that runs in order stay few.
static int widen_last(struct vouch_krl_set *set, uint64_t first, uint64_t last) {
    if (set->count == 0) {
        return 0;
    }
    struct vouch_krl_record *top = &set->records[set->count - 1];
    if (first < top->key || (top->last != UINT64_MAX && first > top->last + 1)) {
        return 0;
    }
    top->last = last > top->last ? last : top->last;
    return 1;
}

int vouch_krl_set_add_run(struct vouch_krl_set *set, uint64_t first, uint64_t last) {
    if (widen_last(set, first, last)) {
        return VOUCH_OK;
    }
    int err = vouch_krl_set_reserve(set, 1);
    if (err != VOUCH_OK) {
        return err;
    }
    if (set->count > 0 && first < set->records[set->count - 1].key) {
        set->unsorted = 1;
    }
    set->records[set->count++] = (struct vouch_krl_record){.key = first, .last = last};
    return VOUCH_OK;
}

int vouch_krl_set_add_text(struct vouch_krl_set *set, const uint8_t *text) {
    int err = vouch_krl_set_reserve(set, 1);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t key = vouch_krl_text_key(vouch_krl_text(text), 0);
    if (set->count > 0 && key <= set->records[set->count - 1].key) {
        set->unsorted = 1;
    }
    set->records[set->count++] = (struct vouch_krl_record){.key = key, .text = text};
    return VOUCH_OK;
}

// Joins the runs of a sorted set that overlap or touch.
static void join_runs(struct vouch_krl_set *set) {
    struct vouch_krl_record *records = set->records;
    size_t count = set->count;
    set->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct vouch_krl_record run = records[i];
        if (!widen_last(set, run.key, run.last)) {
            records[set->count++] = run;
        }
    }
}

int vouch_krl_set_settle(struct vouch_krl_set *set) {
    if (!set->unsorted) {
        return VOUCH_OK;
    }
    struct vouch_krl_record *scratch = malloc(set->count * sizeof *scratch);
    if (scratch == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_mem_expect_filling(scratch, set->count * sizeof *scratch);
    int err = vouch_krl_sort(set, scratch);
    free(scratch);
    if (err != VOUCH_OK) {
        return err;
    }
    if (set->kind == VOUCH_KRL_RUNS) {
        join_runs(set);
    }
    set->unsorted = 0;
    return VOUCH_OK;
}

// How many records of a settled set have a key below `key`.
static size_t count_below(const struct vouch_krl_set *set, uint64_t key) {
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->records[middle].key < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int vouch_krl_set_has_serial(const struct vouch_krl_set *set, uint64_t serial) {
    size_t from = 0;
    size_t to = set->count;
    if (!set->unsorted) {
        // Only the last run that begins at or before the serial can hold it.
        to = serial == UINT64_MAX ? set->count : count_below(set, serial + 1);
        from = to > 0 ? to - 1 : 0;
    }
    for (size_t i = from; i < to; i++) {
        if (set->records[i].key <= serial && serial <= set->records[i].last) {
            return 1;
        }
    }
    return 0;
}

int vouch_krl_set_has_text(const struct vouch_krl_set *set, struct vouch_bytes text) {
    uint64_t key = vouch_krl_text_key(text, 0);
    for (size_t i = set->unsorted ? 0 : count_below(set, key); i < set->count; i++) {
        if (!set->unsorted && set->records[i].key != key) {
            return 0;
        }
        if (set->records[i].key == key &&
            vouch_bytes_equal(vouch_krl_text(set->records[i].text), text)) {
            return 1;
        }
    }
    return 0;
}
