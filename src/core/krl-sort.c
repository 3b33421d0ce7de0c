// SPDX-License-Identifier: ISC
// Key revocation lists: sorting a set of a million records in milliseconds.
//
// A radix sort from the most significant bit, on the keys alone. A digit is made of bits in which the
// records of a group do differ, as large as the group can fill: of two figures in ASCII that is eight
// bits. Small groups are left to insertion. What all texts begin with is skipped, so that their keys
// tell as much as they can; texts that agree in their keys all the same are loaded with the next eight
// bytes. The work that waits is a list, not recursion: its depth would be up to the sender of a list.
#include "core/krl.h"

#include <stdlib.h>

#define SMALL 32

// A digit is at most so many runs of bits, and so many bits.
#define DIGIT_RUNS 3
#define DIGIT_BITS_MAX 8

// A group of records that agree in all bytes before `depth`, which is where their keys were loaded.
struct group {
    size_t begin;
    size_t count;
    size_t depth;
    unsigned side; // which of the sorter's arrays it lies in
};

struct sorter {
    enum vouch_krl_set_kind kind;
    struct vouch_krl_record *sides[2]; // the set's own, where all ends, and the scratch
    struct group *waiting;
    size_t waiting_count;
    size_t base; // so many bytes begin all texts, and keys are loaded from there
    uint32_t ends[1 << DIGIT_BITS_MAX];
};

static struct vouch_krl_record *records_of(const struct sorter *sorter, struct group group) {
    return sorter->sides[group.side] + group.begin;
}

static int order(const struct sorter *sorter, const struct vouch_krl_record *a,
                 const struct vouch_krl_record *b) {
    if (a->key != b->key || sorter->kind == VOUCH_KRL_RUNS) {
        return (a->key > b->key) - (a->key < b->key);
    }
    return vouch_bytes_compare(vouch_krl_text(a->text), vouch_krl_text(b->text));
}

static void sort_small(const struct sorter *sorter, struct group group) {
    const struct vouch_krl_record *from = records_of(sorter, group);
    struct vouch_krl_record *to = sorter->sides[0] + group.begin;
    for (size_t i = 0; i < group.count; i++) {
        struct vouch_krl_record moving = from[i];
        size_t at = i;
        while (at > 0 && order(sorter, &moving, &to[at - 1]) < 0) {
            to[at] = to[at - 1];
            at--;
        }
        to[at] = moving;
    }
}

// Sorts a group at once if it is small, else lets it wait. There is always room: groups that wait do
// not overlap, and each has more than SMALL records.
static void put(struct sorter *sorter, struct group group) {
    if (group.count <= SMALL) {
        sort_small(sorter, group);
    } else {
        sorter->waiting[sorter->waiting_count++] = group;
    }
}

// The bits in which the keys of a group differ.
static uint64_t differing(const struct sorter *sorter, struct group group) {
    const struct vouch_krl_record *records = records_of(sorter, group);
    uint64_t bits = 0;
    for (size_t i = 1; i < group.count; i++) {
        bits |= records[i].key ^ records[0].key;
    }
    return bits;
}

// Some bits of a key as one number: runs of them, each moved down to where the one above it ends.
struct digit {
    unsigned width;
    unsigned runs; // how many of them; the others are zero
    unsigned down[DIGIT_RUNS];
    uint64_t masks[DIGIT_RUNS];
};

// The highest of `bits`, which are not none: at most `width` of them.
static struct digit choose_digit(uint64_t bits, unsigned width) {
    unsigned from[DIGIT_RUNS] = {0};
    unsigned len[DIGIT_RUNS] = {0};
    struct digit digit = {0};
    for (size_t i = 0; i < DIGIT_RUNS && bits != 0 && digit.width < width; i++) {
        unsigned above = (unsigned)__builtin_clzll(bits);
        uint64_t gaps = ~(bits << above);
        unsigned ones = gaps != 0 ? (unsigned)__builtin_clzll(gaps) : 64;
        len[i] = ones < width - digit.width ? ones : width - digit.width;
        from[i] = 64 - above - len[i];
        bits &= ((uint64_t)1 << from[i]) - 1;
        digit.width += len[i];
    }
    unsigned below = digit.width;
    for (size_t i = 0; i < DIGIT_RUNS && len[i] > 0; i++) {
        below -= len[i];
        digit.down[i] = from[i] - below;
        digit.masks[i] = (((uint64_t)1 << len[i]) - 1) << below;
        digit.runs++;
    }
    return digit;
}

static size_t digit_of(const struct digit *digit, uint64_t key) {
    size_t value = key >> digit->down[0] & digit->masks[0];
    for (size_t i = 1; i < digit->runs; i++) {
        value |= key >> digit->down[i] & digit->masks[i];
    }
    return value;
}

// As many bits as leave a few records for each value.
static unsigned width_for(size_t count) {
    unsigned width = 62 - (unsigned)__builtin_clzll(count);
    return width < DIGIT_BITS_MAX ? width : DIGIT_BITS_MAX;
}

// Deals a group out to the other side by one digit; sorter->ends is then where each value's end.
static void deal(struct sorter *sorter, struct group group, const struct digit *digit) {
    const struct vouch_krl_record *from = records_of(sorter, group);
    struct vouch_krl_record *to = sorter->sides[!group.side] + group.begin;
    size_t values = (size_t)1 << digit->width;
    uint32_t *ends = sorter->ends;
    memset(ends, 0, values * sizeof *ends);
    for (size_t i = 0; i < group.count; i++) {
        ends[digit_of(digit, from[i].key)]++;
    }
    uint32_t begin = 0;
    for (size_t value = 0; value < values; value++) {
        uint32_t count = ends[value];
        ends[value] = begin;
        begin += count;
    }
    for (size_t i = 0; i < group.count; i++) {
        to[ends[digit_of(digit, from[i].key)]++] = from[i];
    }
}

static void split(struct sorter *sorter, struct group group, uint64_t bits) {
    struct digit digit = choose_digit(bits, width_for(group.count));
    deal(sorter, group, &digit);
    size_t begin = 0;
    for (size_t value = 0; value < (size_t)1 << digit.width; value++) {
        size_t end = sorter->ends[value];
        put(sorter, (struct group){group.begin + begin, end - begin, group.depth, !group.side});
        begin = end;
    }
}

// What is in order goes home.
static void bring_home(const struct sorter *sorter, struct group group) {
    if (group.side != 0) {
        memcpy(sorter->sides[0] + group.begin, records_of(sorter, group),
               group.count * sizeof(struct vouch_krl_record));
    }
}

// Loads the keys of a group from its depth on; nonzero if any text goes beyond it.
static int load_keys(const struct sorter *sorter, struct group group) {
    struct vouch_krl_record *records = records_of(sorter, group);
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
        qsort(records_of(sorter, group), group.count, sizeof(struct vouch_krl_record), by_length);
        bring_home(sorter, group);
    }
}

static void sort_next(struct sorter *sorter);

// Sorts texts that agree in their keys, and puts back the key that they share.
static void sort_alike(struct sorter *sorter, struct group group) {
    uint64_t key = records_of(sorter, group)[0].key;
    size_t before = sorter->waiting_count;
    deepen(sorter, group);
    while (sorter->waiting_count > before) {
        sort_next(sorter);
    }
    struct vouch_krl_record *records = sorter->sides[0] + group.begin;
    for (size_t i = 0; i < group.count; i++) {
        records[i].key = key;
    }
}

static void sort_next(struct sorter *sorter) {
    struct group group = sorter->waiting[--sorter->waiting_count];
    uint64_t bits = differing(sorter, group);
    if (bits != 0) {
        split(sorter, group, bits);
    } else if (sorter->kind == VOUCH_KRL_RUNS) {
        bring_home(sorter, group);
    } else if (group.depth == sorter->base) {
        sort_alike(sorter, group); // which never comes here again: all its groups are deeper
    } else {
        deepen(sorter, group);
    }
}

static void sort_all(struct sorter *sorter, size_t count) {
    put(sorter, (struct group){.count = count, .depth = sorter->base});
    while (sorter->waiting_count > 0) {
        sort_next(sorter);
    }
}

// Loads the keys from the first byte on in which the texts differ, or from behind them all.
static void skip_beginning(struct sorter *sorter, size_t count) {
    struct group all = {.count = count};
    uint64_t bits = 0;
    int more = 1;
    while (more && (bits = differing(sorter, all)) == 0) {
        all.depth += 8;
        more = load_keys(sorter, all);
    }
    size_t alike = bits != 0 ? (size_t)__builtin_clzll(bits) / 8 : 0;
    if (alike > 0) {
        all.depth += alike;
        (void)load_keys(sorter, all);
    }
    sorter->base = all.depth;
}

static int same_text(const struct vouch_krl_record *a, const struct vouch_krl_record *b) {
    return a->key == b->key && vouch_bytes_equal(vouch_krl_text(a->text), vouch_krl_text(b->text));
}

// Drops repeats, and turns the keys into those of the texts' beginnings, of which `first` is one.
static size_t finish_texts(const struct sorter *sorter, size_t count, uint64_t first) {
    struct vouch_krl_record *records = sorter->sides[0];
    unsigned skipped = sorter->base < 8 ? (unsigned)sorter->base * 8 : 64;
    uint64_t beginning = skipped < 64 ? first & ~(UINT64_MAX >> skipped) : first;
    struct vouch_krl_record before = {0};
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct vouch_krl_record here = records[i];
        if (kept == 0 || !same_text(&before, &here)) {
            uint64_t rest = skipped < 64 ? here.key >> skipped : 0;
            records[kept++] = (struct vouch_krl_record){.key = beginning | rest, .text = here.text};
        }
        before = here;
    }
    return kept;
}

int vouch_krl_sort(struct vouch_krl_set *set, struct vouch_krl_record *scratch) {
    struct sorter sorter = {.kind = set->kind, .sides = {set->records, scratch}};
    sorter.waiting = malloc((set->count / SMALL + 1) * sizeof *sorter.waiting);
    if (sorter.waiting == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (set->kind == VOUCH_KRL_RUNS) {
        sort_all(&sorter, set->count);
    } else if (set->count > 0) {
        uint64_t first = set->records[0].key;
        skip_beginning(&sorter, set->count);
        sort_all(&sorter, set->count);
        set->count = finish_texts(&sorter, set->count, first);
    }
    free(sorter.waiting);
    return VOUCH_OK;
}
