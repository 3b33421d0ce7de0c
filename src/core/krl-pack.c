// SPDX-License-Identifier: ISC
// Key revocation lists: the fewest bytes that name a set of serials.
//
// A run of serials can stand in the list (8 bytes a serial, and one list is enough for all), alone as a
// range, or with its neighbours in a bitmap. The cheapest choice for the first n runs follows from the
// cheapest ones for fewer, so one pass finds the best of all. A run is never cut. doc/krl.md says what
// each piece costs and why the pass is linear.
#include "core/krl.h"

#include <stdlib.h>

#define PIECE_HEAD 5 // type, length
#define LIST_ENTRY 8
#define LIST_RUN_MAX 2 // a longer run is cheaper as a bitmap of its own
#define RANGE_COST (PIECE_HEAD + 16)
#define BITMAP_HEAD (PIECE_HEAD + 8 + 4)

// What becomes of a run: one of these, or the number of the first run (while planning) or of the last
// (while writing) that shares its bitmap.
#define IN_LIST UINT32_MAX
#define IN_RANGE (UINT32_MAX - 1)

// A bitmap that could begin at run `run`, all runs before that costing `cost`.
struct start {
    uint64_t first; // serial
    uint64_t cost;
    uint32_t run;
};

// The starts whose first serials are alike modulo 8, cheapest first, each later one cheaper per bit to
// come. Within 16,000 bits there are at most 2,000 of them.
#define STARTS 2048
struct starts {
    struct start ring[STARTS];
    uint32_t head;
    uint32_t count;
};

struct packer {
    const struct vouch_krl_record *runs;
    uint32_t count;
    uint32_t *choice;      // for each run
    struct starts *starts; // 8, by first serial modulo 8
    unsigned occupied;     // bit n: starts[n] is not empty
};

enum list_use { WITHOUT_LIST = 0, WITH_LIST };

static size_t bitmap_len(uint64_t bits) {
    return bits / 8 + 1; // an mpint whose top bit is set begins with a zero byte
}

// Costs of starts that are alike modulo 8 differ by the same amount for every end to come.
static int64_t handicap(const struct start *start) {
    return (int64_t)start->cost - (int64_t)(start->first / 8);
}

static void add_start(struct packer *packer, struct start start) {
    struct starts *starts = &packer->starts[start.first % 8];
    while (starts->count > 0) {
        uint32_t back = (starts->head + starts->count - 1) % STARTS;
        if (handicap(&starts->ring[back]) < handicap(&start)) {
            break;
        }
        starts->count--;
    }
    starts->ring[(starts->head + starts->count) % STARTS] = start;
    starts->count++;
    packer->occupied |= 1u << (start.first % 8);
}

// The cheapest start for a bitmap that ends with `last`, or NULL; drops those that are too far back.
static const struct start *best_start(struct packer *packer, unsigned residue, uint64_t last) {
    struct starts *starts = &packer->starts[residue];
    while (starts->count > 0 &&
           last - starts->ring[starts->head].first >= VOUCH_KRL_BITMAP_BITS_WRITTEN) {
        starts->head = (starts->head + 1) % STARTS;
        starts->count--;
    }
    if (starts->count == 0) {
        packer->occupied &= ~(1u << residue);
        return NULL;
    }
    return &starts->ring[starts->head];
}

struct option {
    uint64_t cost;
    uint32_t choice;
};

static struct option best_bitmap(struct packer *packer, uint64_t last) {
    struct option best = {.cost = UINT64_MAX};
    for (unsigned left = packer->occupied; left != 0; left &= left - 1) {
        unsigned residue = (unsigned)__builtin_ctz(left);
        const struct start *start = best_start(packer, residue, last);
        if (start != NULL) {
            uint64_t bits = last - start->first + 1;
            uint64_t cost = start->cost + BITMAP_HEAD + bitmap_len(bits);
            best = cost < best.cost ? (struct option){cost, start->run} : best;
        }
    }
    return best;
}

// Nonzero for one serial that is too far from its neighbours to share a bitmap with any.
static int stands_alone(const struct packer *packer, uint32_t i) {
    const struct vouch_krl_record *run = &packer->runs[i];
    return run->key == run->last &&
           (i == 0 || run->key - run[-1].key >= VOUCH_KRL_BITMAP_BITS_WRITTEN) &&
           (i + 1 == packer->count || run[1].key - run->key >= VOUCH_KRL_BITMAP_BITS_WRITTEN);
}

static struct option cheapest(struct packer *packer, enum list_use use, uint64_t cost, uint32_t i) {
    const struct vouch_krl_record *run = &packer->runs[i];
    if (stands_alone(packer,
                     i)) { // as below, without the search: most are, where serials are random
        return use == WITH_LIST ? (struct option){cost + LIST_ENTRY, IN_LIST}
                                : (struct option){cost + BITMAP_HEAD + bitmap_len(1), i};
    }
    add_start(packer, (struct start){run->key, cost, i});
    struct option best = best_bitmap(packer, run->last);
    if (cost + RANGE_COST <= best.cost) {
        best = (struct option){cost + RANGE_COST, IN_RANGE};
    }
    uint64_t serials = run->last - run->key + 1;
    if (use == WITH_LIST && serials <= LIST_RUN_MAX && cost + serials * LIST_ENTRY <= best.cost) {
        best = (struct option){cost + serials * LIST_ENTRY, IN_LIST};
    }
    return best;
}

// Chooses for each run; returns what the pieces cost, without the head of the list. Gives up once that
// is more than `limit`.
static uint64_t plan(struct packer *packer, enum list_use use, uint64_t limit) {
    for (size_t i = 0; i < 8; i++) {
        packer->starts[i].head = packer->starts[i].count = 0;
    }
    packer->occupied = 0;
    uint64_t cost = 0;
    for (uint32_t i = 0; i < packer->count && cost <= limit; i++) {
        struct option best = cheapest(packer, use, cost, i);
        packer->choice[i] = best.choice;
        cost = best.cost;
    }
    return cost;
}

// The plan names the first run of each bitmap at its last; turns that round, for writing forwards.
// Returns how many serials are in the list.
static size_t turn_round(struct packer *packer) {
    size_t listed = 0;
    uint32_t end = packer->count;
    while (end > 0) {
        uint32_t choice = packer->choice[end - 1];
        const struct vouch_krl_record *run = &packer->runs[end - 1];
        if (choice == IN_LIST) {
            listed += run->last - run->key + 1;
            end--;
        } else if (choice == IN_RANGE) {
            end--;
        } else {
            packer->choice[choice] = end - 1;
            end = choice;
        }
    }
    return listed;
}

static void store_u64(uint8_t *at, uint64_t value) {
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

static uint8_t *store_run(uint8_t *at, const struct vouch_krl_record *run) {
    for (uint64_t i = 0; i <= run->last - run->key; i++) {
        store_u64(at, run->key + i);
        at += LIST_ENTRY;
    }
    return at;
}

static void write_list(const struct packer *packer, size_t listed, struct vouch_buf *out) {
    if (listed == 0) {
        return;
    }
    vouch_write_u8(out, VOUCH_KRL_SERIAL_LIST);
    vouch_write_u32(out, (uint32_t)(listed * LIST_ENTRY));
    uint8_t *at = vouch_buf_extend(out, listed * LIST_ENTRY);
    if (at == NULL) {
        return;
    }
    uint32_t i = 0;
    while (i < packer->count) {
        uint32_t choice = packer->choice[i];
        if (choice == IN_LIST) {
            at = store_run(at, &packer->runs[i]);
        }
        i = choice == IN_LIST || choice == IN_RANGE ? i + 1 : choice + 1;
    }
}

static void write_range(const struct vouch_krl_record *run, struct vouch_buf *out) {
    vouch_write_u8(out, VOUCH_KRL_SERIAL_RANGE);
    vouch_write_u32(out, 16);
    vouch_write_u64(out, run->key);
    vouch_write_u64(out, run->last);
}

static void write_bitmap(const struct packer *packer, uint32_t from, uint32_t to,
                         struct vouch_buf *out) {
    uint64_t first = packer->runs[from].key;
    size_t len = bitmap_len(packer->runs[to].last - first + 1);
    vouch_write_u8(out, VOUCH_KRL_SERIAL_BITMAP);
    vouch_write_u32(out, (uint32_t)(8 + 4 + len));
    vouch_write_u64(out, first);
    vouch_write_u32(out, (uint32_t)len);
    uint8_t *bits = vouch_buf_extend(out, len);
    if (bits == NULL) {
        return;
    }
    memset(bits, 0, len);
    for (uint32_t i = from; i <= to; i++) {
        uint64_t end = packer->runs[i].last - first;
        for (uint64_t bit = packer->runs[i].key - first; bit <= end; bit++) {
            bits[len - 1 - bit / 8] |= (uint8_t)(1u << (bit % 8));
        }
    }
}

static void write_pieces(struct packer *packer, struct vouch_buf *out) {
    write_list(packer, turn_round(packer), out);
    uint32_t i = 0;
    while (i < packer->count) {
        uint32_t choice = packer->choice[i];
        if (choice == IN_RANGE) {
            write_range(&packer->runs[i], out);
        } else if (choice != IN_LIST) {
            write_bitmap(packer, i, choice, out);
            i = choice;
        }
        i++;
    }
}

int vouch_krl_pack(const struct vouch_krl_set *serials, struct vouch_buf *out) {
    struct packer packer = {.runs = serials->records, .count = (uint32_t)serials->count};
    uint32_t *choices = calloc(serials->count * 2 + 1, sizeof *choices);
    packer.starts = calloc(8, sizeof *packer.starts);
    int err = VOUCH_ERR_NO_MEMORY;
    if (choices != NULL && packer.starts != NULL) {
        packer.choice = choices;
        uint64_t with = plan(&packer, WITH_LIST, UINT64_MAX) + PIECE_HEAD;
        // Going without a list saves its head, which can be worth a bitmap that is a little longer.
        packer.choice = choices + serials->count;
        if (plan(&packer, WITHOUT_LIST, with) > with) {
            packer.choice = choices;
        }
        write_pieces(&packer, out);
        err = out->err;
    }
    free(choices);
    free(packer.starts);
    return err;
}
