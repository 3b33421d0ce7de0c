// SPDX-License-Identifier: ISC
// Key revocation lists: serials in the fewest bytes.
#include "core/test-krl.h"

// --- random sets --------------------------------------------------------------------------------

struct run {
    uint64_t first;
    uint64_t last;
};

// A set of runs that neither overlap nor touch.
struct runs {
    struct run *at;
    size_t count;
};

// How far apart runs lie and how long they are, at most.
struct shape {
    uint64_t gap;
    uint64_t length;
};

static const struct shape shapes[] = {
    {1, 1},     {3, 1},     {40, 1},       {200, 1},       {3, 30},
    {100, 100}, {70, 2},    {9000, 3},     {16100, 1},     {1u << 20, 1u << 20},
    {20, 200},  {5, 17000}, {1u << 30, 9}, {16000, 16000}, {2, 2},
};
#define SHAPE_COUNT (sizeof shapes / sizeof shapes[0])

static struct runs make_runs(struct shape shape, size_t count, uint64_t start) {
    struct runs runs = {calloc(count, sizeof(struct run)), count};
    uint64_t next = start;
    for (size_t i = 0; i < count; i++) {
        runs.at[i].first = next + below(shape.gap);
        runs.at[i].last = runs.at[i].first + below(shape.length);
        next = runs.at[i].last + 2;
    }
    return runs;
}

// A list of the runs, added in some other order, some of them twice and in parts.
static struct vouch_krl *add_shuffled(const struct runs *runs) {
    struct vouch_krl *krl = vouch_krl_new();
    size_t *places = calloc(runs->count, sizeof *places);
    for (size_t i = 0; i < runs->count; i++) {
        size_t j = below(i + 1);
        places[i] = places[j];
        places[j] = i;
    }
    for (size_t i = 0; i < runs->count; i++) {
        struct run run = runs->at[places[i]];
        uint64_t middle = run.first + below(run.last - run.first + 1);
        assert_int_equal(vouch_krl_add_serials(krl, NULL, middle, run.last), VOUCH_OK);
        assert_int_equal(vouch_krl_add_serials(krl, NULL, run.first, middle), VOUCH_OK);
        if (below(10) == 0) {
            assert_int_equal(vouch_krl_add_serials(krl, NULL, middle, middle), VOUCH_OK);
        }
    }
    free(places);
    return krl;
}

// --- reading what was written, by hand ----------------------------------------------------------

struct found {
    struct run *runs;
    size_t count;
    size_t capacity;
    size_t widest_bitmap; // in bits
};

static void note(struct found *found, uint64_t first, uint64_t last) {
    if (found->count == found->capacity) {
        found->capacity = found->capacity * 2 + 64;
        found->runs = realloc(found->runs, found->capacity * sizeof *found->runs);
    }
    found->runs[found->count++] = (struct run){first, last};
}

static void note_bitmap(struct found *found, struct vouch_reader *piece) {
    uint64_t offset = vouch_read_u64(piece, "offset");
    struct vouch_bytes bits = vouch_read_string(piece, "bits");
    assert_true(bits.len > 0 && bits.ptr[0] < 0x80);
    for (size_t bit = 0; bit < bits.len * 8; bit++) {
        if (bits.ptr[bits.len - 1 - bit / 8] >> bit % 8 & 1) {
            note(found, offset + bit, offset + bit);
            found->widest_bitmap = bit >= found->widest_bitmap ? bit + 1 : found->widest_bitmap;
        }
    }
}

static void note_piece(struct found *found, unsigned type, struct vouch_reader *piece) {
    if (type == VOUCH_KRL_SERIAL_BITMAP) {
        note_bitmap(found, piece);
    } else if (type == VOUCH_KRL_SERIAL_RANGE) {
        uint64_t first = vouch_read_u64(piece, "first");
        note(found, first, vouch_read_u64(piece, "last"));
    } else {
        assert_int_equal(type, VOUCH_KRL_SERIAL_LIST);
        while (vouch_reader_left(piece) > 0) {
            uint64_t serial = vouch_read_u64(piece, "serial");
            note(found, serial, serial);
        }
    }
    assert_int_equal(vouch_reader_end(piece, NULL), VOUCH_OK);
}

static int by_first(const void *a, const void *b) {
    const struct run *x = a;
    const struct run *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

// All serials of a list with one section, under any CA.
static struct found read_serials(struct vouch_bytes list) {
    struct found found = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, list);
    (void)vouch_read_bytes(&reader, HEADER_LEN, "header");
    assert_int_equal(vouch_read_u8(&reader, "section"), VOUCH_KRL_CERTIFICATES);
    struct vouch_bytes section = vouch_read_string(&reader, "section");
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
    vouch_reader_init(&reader, section);
    assert_int_equal(vouch_read_string(&reader, "CA").len, 0);
    assert_int_equal(vouch_read_string(&reader, "reserved").len, 0);
    while (vouch_reader_left(&reader) > 0) {
        unsigned type = vouch_read_u8(&reader, "type");
        struct vouch_reader piece;
        vouch_reader_init(&piece, vouch_read_string(&reader, "piece"));
        note_piece(&found, type, &piece);
    }
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
    qsort(found.runs, found.count, sizeof *found.runs, by_first);
    return found;
}

// Each serial of `runs` was found once, and none else.
static void assert_found(const struct found *found, const struct runs *runs) {
    size_t at = 0;
    for (size_t i = 0; i < runs->count; i++) {
        uint64_t next = runs->at[i].first;
        while (at < found->count && found->runs[at].first == next &&
               found->runs[at].last <= runs->at[i].last) {
            next = found->runs[at].last + 1;
            at++;
        }
        assert_true(next == runs->at[i].last + 1);
    }
    assert_int_equal(at, found->count);
}

// --- the bytes of simpler writers ---------------------------------------------------------------

#define SECTION_LEN (HEADER_LEN + 5 + 4 + 4)

static size_t list_cost(const struct runs *runs) {
    uint64_t serials = 0;
    for (size_t i = 0; i < runs->count; i++) {
        serials += runs->at[i].last - runs->at[i].first + 1;
    }
    return 5 + 8 * serials;
}

static size_t bitmap_cost(struct run run) {
    return 5 + 8 + 4 + (run.last - run.first + 1) / 8 + 1;
}

// Bitmaps that each take in as many runs as go into one, ranges for what is too long.
static size_t greedy_bitmap_cost(const struct runs *runs) {
    size_t cost = 0;
    size_t i = 0;
    while (i < runs->count) {
        struct run span = runs->at[i++];
        while (i < runs->count && runs->at[i].last - span.first < VOUCH_KRL_BITMAP_BITS_WRITTEN) {
            span.last = runs->at[i++].last;
        }
        size_t bitmap = bitmap_cost(span);
        cost += span.last - span.first < VOUCH_KRL_BITMAP_BITS_WRITTEN ? bitmap : 21;
    }
    return cost;
}

// The least cost of all, by trying every way; exponential.
static size_t least_cost(const struct runs *runs, size_t from, size_t listed) {
    if (from == runs->count) {
        return listed > 0 ? 5 + 8 * listed : 0;
    }
    struct run span = runs->at[from];
    size_t best = 21 + least_cost(runs, from + 1, listed);
    uint64_t length = span.last - span.first + 1;
    if (length < 20) {
        size_t cost = least_cost(runs, from + 1, listed + length);
        best = cost < best ? cost : best;
    }
    for (size_t i = from; i < runs->count; i++) {
        span.last = runs->at[i].last;
        if (span.last - span.first >= VOUCH_KRL_BITMAP_BITS_WRITTEN) {
            break;
        }
        size_t cost = bitmap_cost(span) + least_cost(runs, i + 1, listed);
        best = cost < best ? cost : best;
    }
    return best;
}

// Writes the runs and reads them back; returns how many bytes their pieces take.
static size_t pack_and_compare(const struct runs *runs) {
    struct vouch_krl *krl = add_shuffled(runs);
    struct vouch_buf list = written(krl);
    struct found found = read_serials(vouch_buf_bytes(&list));
    assert_found(&found, runs);
    assert_true(found.widest_bitmap < 16000);
    assert_int_equal(parses(vouch_buf_bytes(&list)), VOUCH_OK);
    size_t len = list.len - SECTION_LEN;
    free(found.runs);
    vouch_buf_done(&list);
    vouch_krl_free(krl);
    return len;
}

static void packs_random_sets_into_no_more_than_simpler_writers(void **state) {
    (void)state;
    for (size_t round = 0; round < 20 * SHAPE_COUNT; round++) {
        struct shape shape = shapes[round % SHAPE_COUNT];
        struct runs runs = make_runs(shape, 1 + below(600), 1 + below(1u << 20));
        size_t len = pack_and_compare(&runs);
        assert_true(len <= list_cost(&runs));
        assert_true(len <= 21 * runs.count);
        assert_true(len <= greedy_bitmap_cost(&runs));
        free(runs.at);
    }
}

static void packs_small_sets_into_the_fewest_bytes_there_are(void **state) {
    (void)state;
    for (size_t round = 0; round < 200 * SHAPE_COUNT; round++) {
        struct shape shape = shapes[round % SHAPE_COUNT];
        struct runs runs = make_runs(shape, 1 + below(9), 1 + below(1u << 20));
        assert_int_equal(pack_and_compare(&runs), least_cost(&runs, 0, 0));
        free(runs.at);
    }
}

static void packs_serials_up_to_the_last_one(void **state) {
    (void)state;
    const struct run edges[] = {
        {1, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX},
        {UINT64_MAX - 1, UINT64_MAX},
        {UINT64_MAX - 20, UINT64_MAX},
        {UINT64_MAX - 16100, UINT64_MAX},
        {1, 1},
    };
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        struct vouch_krl *krl = vouch_krl_new();
        assert_int_equal(vouch_krl_add_serials(krl, NULL, edges[i].first, edges[i].last), VOUCH_OK);
        struct vouch_buf list = written(krl);
        struct vouch_krl *again = parse(&list);
        assert_int_equal(check_serial(again, edges[i].first), VOUCH_KRL_REVOKED_SERIAL);
        assert_int_equal(check_serial(again, edges[i].last), VOUCH_KRL_REVOKED_SERIAL);
        assert_int_equal(check_serial(again, edges[i].first - 1), VOUCH_KRL_GOOD);
        assert_int_equal(entry_count(again), 1);
        vouch_krl_free(again);
        vouch_krl_free(krl);
        vouch_buf_done(&list);
    }
}

static void a_bitmap_spans_at_most_15999_bits(void **state) {
    (void)state;
    const uint64_t spans[] = {15998, 15999, 16000, 16384, 16385};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        // Every third serial, so that a bitmap is cheapest wherever it is allowed.
        struct runs runs = {calloc(spans[i], sizeof(struct run)), 0};
        for (uint64_t serial = 1; serial <= spans[i] - 2; serial += 3) {
            runs.at[runs.count++] = (struct run){serial, serial};
        }
        runs.at[runs.count++] = (struct run){spans[i], spans[i]};
        size_t len = pack_and_compare(&runs);
        size_t one_bitmap = bitmap_cost((struct run){1, spans[i]});
        assert_int_equal(len <= one_bitmap, spans[i] <= 15999);
        assert_true(len <= one_bitmap + 21);
        free(runs.at);
    }
}

static void prefers_the_simpler_of_two_pieces_of_one_size(void **state) {
    (void)state;
    // 24 to 31 serials in sequence take 21 bytes as a bitmap, and as a range.
    for (uint64_t length = 23; length < 32; length++) {
        struct vouch_krl *krl = vouch_krl_new();
        assert_int_equal(vouch_krl_add_serials(krl, NULL, 100, 99 + length), VOUCH_OK);
        struct vouch_buf list = written(krl);
        unsigned type = length < 24 ? VOUCH_KRL_SERIAL_BITMAP : VOUCH_KRL_SERIAL_RANGE;
        assert_int_equal(list.ptr[SECTION_LEN], type);
        vouch_buf_done(&list);
        vouch_krl_free(krl);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_random_sets_into_no_more_than_simpler_writers),
        cmocka_unit_test(packs_small_sets_into_the_fewest_bytes_there_are),
        cmocka_unit_test(packs_serials_up_to_the_last_one),
        cmocka_unit_test(a_bitmap_spans_at_most_15999_bits),
        cmocka_unit_test(prefers_the_simpler_of_two_pieces_of_one_size),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
