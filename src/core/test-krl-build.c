// SPDX-License-Identifier: ISC
// Key revocation lists: sets, sorting, writing and walking.
#include "core/test-krl.h"

#include <stdio.h>

// --- sets ---------------------------------------------------------------------------------------

#define DOMAIN 600

// Adds random runs of places from 1 to DOMAIN - 1, of which `base` is place 0.
static void add_random_runs(struct vouch_krl_set *set, uint64_t base, uint8_t *expected) {
    for (size_t i = below(120); i > 0; i--) {
        uint64_t first = 1 + below(DOMAIN - 1);
        uint64_t last = first + below(10);
        last = last < DOMAIN ? last : DOMAIN - 1;
        memset(expected + first, 1, last - first + 1);
        assert_int_equal(vouch_krl_set_add_run(set, base + first, base + last), VOUCH_OK);
    }
}

static void a_set_of_runs_holds_what_was_added(void **state) {
    (void)state;
    for (size_t round = 0; round < 300; round++) {
        struct vouch_krl_set set = {.kind = VOUCH_KRL_RUNS};
        uint8_t expected[DOMAIN] = {0};
        uint64_t base = round % 2 == 0 ? 0 : UINT64_MAX - (DOMAIN - 1);
        add_random_runs(&set, base, expected);
        for (uint64_t place = 0; place < DOMAIN; place++) {
            assert_int_equal(vouch_krl_set_has_serial(&set, base + place), expected[place]);
        }
        assert_int_equal(vouch_krl_set_settle(&set), VOUCH_OK);
        size_t runs = 0;
        for (uint64_t place = 0; place < DOMAIN; place++) {
            assert_int_equal(vouch_krl_set_has_serial(&set, base + place), expected[place]);
            runs += expected[place] && !expected[place - 1];
        }
        assert_int_equal(set.count, runs);
        vouch_krl_set_done(&set);
    }
}

// Texts of few different bytes, zero among them, so that many share long beginnings.
static uint8_t *make_text(size_t len_max) {
    size_t len = below(len_max + 1);
    uint8_t *text = malloc(4 + len);
    for (size_t i = 0; i < 4; i++) {
        text[i] = (uint8_t)(len >> (24 - 8 * i));
    }
    size_t zeros_from = below(len + 1);
    for (size_t i = 0; i < len; i++) {
        text[4 + i] = i >= zeros_from || below(8) != 0 ? 0 : (uint8_t)below(3);
    }
    return text;
}

static int by_text(const void *a, const void *b) {
    return vouch_bytes_compare(vouch_krl_text(*(uint8_t *const *)a),
                               vouch_krl_text(*(uint8_t *const *)b));
}

static void assert_settled(struct vouch_krl_set *set, uint8_t **texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(vouch_krl_set_has_text(set, vouch_krl_text(texts[i])), 1);
    }
    assert_int_equal(vouch_krl_set_settle(set), VOUCH_OK);
    qsort(texts, count, sizeof *texts, by_text);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && by_text(&texts[i - 1], &texts[i]) == 0) {
            continue;
        }
        struct vouch_bytes text = vouch_krl_text(texts[i]);
        assert_true(vouch_bytes_equal(vouch_krl_text(set->records[at].text), text));
        assert_true(set->records[at].key == vouch_krl_text_key(text, 0));
        assert_int_equal(vouch_krl_set_has_text(set, text), 1);
        at++;
    }
    assert_int_equal(set->count, at);
}

// A set of `count` texts that `make` makes is as it should be once it is settled; frees the texts.
static void assert_settles(size_t count, uint8_t *(*make)(size_t), size_t what) {
    struct vouch_krl_set set = {.kind = VOUCH_KRL_TEXTS};
    uint8_t **texts = calloc(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        texts[i] = make(what);
        assert_int_equal(vouch_krl_set_add_text(&set, texts[i]), VOUCH_OK);
    }
    assert_settled(&set, texts, count);
    assert_int_equal(vouch_krl_set_has_text(&set, LITERAL("none such")), 0);
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
    vouch_krl_set_done(&set);
}

static void a_set_of_texts_is_sorted_and_holds_each_once(void **state) {
    (void)state;
    for (size_t round = 0; round < 60; round++) {
        assert_settles(below(1500), make_text, 1 + below(60));
    }
}

// A text such as xxxx0047@: the beginning in `beginning_len` bytes, and a number with many gaps between
// the bits that differ.
static uint8_t *make_number_text(size_t beginning_len) {
    char number[8];
    size_t len = (size_t)snprintf(number, sizeof number, "%05u@", (unsigned)below(4000));
    uint8_t *text = calloc(1, 4 + beginning_len + len);
    text[3] = (uint8_t)(beginning_len + len);
    memset(text + 4, 'x', beginning_len);
    memcpy(text + 4 + beginning_len, number, len);
    return text;
}

// Fewer bytes than a key has, as many, more, and several keys of them.
static void a_beginning_that_texts_share_changes_nothing(void **state) {
    (void)state;
    for (size_t beginning_len = 0; beginning_len <= 18; beginning_len++) {
        assert_settles(700, make_number_text, beginning_len);
        assert_settles(below(60), make_number_text, beginning_len);
    }
}

static void a_set_of_one_text_many_times_holds_one(void **state) {
    (void)state;
    for (size_t len = 0; len <= 17; len++) {
        struct vouch_krl_set set = {.kind = VOUCH_KRL_TEXTS};
        uint8_t text[4 + 17] = {0, 0, 0, (uint8_t)len, 'a', 'b', 'c'};
        for (size_t i = 0; i < 100; i++) {
            assert_int_equal(vouch_krl_set_add_text(&set, text), VOUCH_OK);
        }
        assert_int_equal(vouch_krl_set_settle(&set), VOUCH_OK);
        assert_int_equal(set.count, 1);
        assert_true(set.records[0].key == vouch_krl_text_key(vouch_krl_text(text), 0));
        vouch_krl_set_done(&set);
    }
}

// As many as the largest digits of the sort are for, with and without gaps between the bits that differ.
static void a_set_of_many_runs_is_sorted(void **state) {
    (void)state;
    static const uint64_t masks[] = {UINT64_MAX, 0x0f0f0f0f0f0f0f0f, 0x8765432112345678, 0xfff,
                                     0xf000000000000000};
    enum { COUNT = 10000 };
    uint64_t *serials = calloc(COUNT, sizeof *serials);
    for (size_t m = 0; m < sizeof masks / sizeof masks[0]; m++) {
        struct vouch_krl_set set = {.kind = VOUCH_KRL_RUNS};
        for (size_t i = 0; i < COUNT; i++) {
            serials[i] = next_random() >> below(64) & masks[m];
            assert_int_equal(vouch_krl_set_add_run(&set, serials[i], serials[i]), VOUCH_OK);
        }
        assert_int_equal(vouch_krl_set_settle(&set), VOUCH_OK);
        for (size_t i = 1; i < set.count; i++) {
            assert_true(set.records[i].key > set.records[i - 1].last + 1);
        }
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(vouch_krl_set_has_serial(&set, serials[i]), 1);
        }
        vouch_krl_set_done(&set);
    }
    free(serials);
}

static void a_set_has_its_limit(void **state) {
    (void)state;
    struct vouch_krl_set set = {.kind = VOUCH_KRL_RUNS};
    assert_int_equal(vouch_krl_set_reserve(&set, (size_t)VOUCH_KRL_RECORDS_MAX + 1),
                     VOUCH_ERR_LIMIT);
    assert_int_equal(vouch_krl_set_add_run(&set, 5, 6), VOUCH_OK);
    assert_int_equal(vouch_krl_set_reserve(&set, VOUCH_KRL_RECORDS_MAX), VOUCH_ERR_LIMIT);
    assert_int_equal(vouch_krl_set_has_serial(&set, 5), 1);
    vouch_krl_set_done(&set);
}

// --- adding and writing -------------------------------------------------------------------------

static void refuses_what_cannot_be_revoked(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    const uint64_t serials[] = {5, 0, 7};
    assert_int_equal(vouch_krl_add_serials(krl, ca, 0, 5), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_krl_add_serials(krl, ca, 6, 5), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_krl_add_serial_list(krl, ca, serials, 3), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_krl_add_key_id(krl, ca, LITERAL("a\0b")), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_krl_add_hash(krl, VOUCH_HASH_SHA256, LITERAL("short")),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_krl_add_hash(krl, VOUCH_HASH_SHA512, LITERAL("any")),
                     VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(entry_count(krl), 0);
    vouch_krl_free(krl);
}

static void writes_each_piece_as_the_format_says(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 0x0102, 0x0102), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 0x1000, 0x2000), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 0x10000, 0x10002), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 0x10004, 0x10007), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, NULL, vouch_bytes_of("me")), VOUCH_OK);
    struct vouch_buf list = written(krl);
    static const uint8_t expected[] =
        "\x01\0\0\0\x48\0\0\0\0\0\0\0\0"                     // any CA, reserved
        "\x20\0\0\0\x08\0\0\0\0\0\0\x01\x02"                 // list
        "\x21\0\0\0\x10\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\x20\0" // range
        "\x22\0\0\0\x0e\0\0\0\0\0\x01\0\0\0\0\0\x02\0\xf7"   // bitmap: a zero first
        "\x23\0\0\0\x06\0\0\0\x02me";                        // key ID
    assert_int_equal(list.len, HEADER_LEN + sizeof expected - 1);
    assert_memory_equal(list.ptr + HEADER_LEN, expected, sizeof expected - 1);
    vouch_buf_done(&list);
    vouch_krl_free(krl);
}

static void what_is_expected_changes_nothing(void **state) {
    (void)state;
    static const size_t expected[][2] = {
        {0, 0}, {1, 1}, {100000, 5}, {3, SIZE_MAX}, {SIZE_MAX, 3}, {VOUCH_KRL_RECORDS_MAX + 1, 3}};
    struct vouch_krl *plain = vouch_krl_new();
    assert_int_equal(vouch_krl_add_key_id(plain, ca, vouch_bytes_of("al")), VOUCH_OK);
    struct vouch_buf want = written(plain);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct vouch_krl *krl = vouch_krl_new();
        vouch_krl_expect_key_ids(krl, other, expected[i][0], expected[i][1]);
        vouch_krl_expect_key_ids(krl, ca, expected[i][0], expected[i][1]);
        assert_int_equal(vouch_krl_add_key_id(krl, ca, vouch_bytes_of("al")), VOUCH_OK);
        struct vouch_buf list = written(krl);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&list), vouch_buf_bytes(&want)));
        vouch_buf_done(&list);
        vouch_krl_free(krl);
    }
    vouch_buf_done(&want);
    vouch_krl_free(plain);
}

static void the_order_of_adding_changes_nothing(void **state) {
    (void)state;
    const uint64_t serials[] = {900, 5, 6, 7, 70000, 5, 1, UINT64_MAX, 71};
    const char *const ids[] = {"bob", "al", "alice", "al", "zz", ""};
    struct vouch_krl *a = vouch_krl_new();
    struct vouch_krl *b = vouch_krl_new();
    assert_int_equal(vouch_krl_add_serial_list(a, ca, serials, 9), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(a, other, 3, 9), VOUCH_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(vouch_krl_add_key_id(a, NULL, vouch_bytes_of(ids[i])), VOUCH_OK);
        assert_int_equal(vouch_krl_add_key_id(b, NULL, vouch_bytes_of(ids[5 - i])), VOUCH_OK);
    }
    assert_int_equal(vouch_krl_add_serials(b, other, 5, 9), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(b, other, 3, 7), VOUCH_OK);
    for (size_t i = 9; i > 0; i--) {
        assert_int_equal(vouch_krl_add_serials(b, ca, serials[i - 1], serials[i - 1]), VOUCH_OK);
    }
    struct vouch_buf list_a = written(a);
    struct vouch_buf list_b = written(b);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&list_a), vouch_buf_bytes(&list_b)));
    vouch_buf_done(&list_b);
    list_b = written(a); // and once more
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&list_a), vouch_buf_bytes(&list_b)));
    vouch_buf_done(&list_a);
    vouch_buf_done(&list_b);
    vouch_krl_free(a);
    vouch_krl_free(b);
}

static void revokes_a_certificate_by_serial_or_else_by_key_id(void **state) {
    (void)state;
    union {
        const struct vouch_key *borrowed;
        struct vouch_key *key;
    } subject = {user}, issuer = {ca};
    struct vouch_cert cert = {
        .key = subject.key, .ca = issuer.key, .serial = 8, .key_id = vouch_bytes_of("alice")};
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_cert(krl, &cert), VOUCH_OK);
    assert_int_equal(check(krl, ca, 8, "bob"), VOUCH_KRL_REVOKED_SERIAL);
    assert_int_equal(check(krl, ca, 9, "alice"), VOUCH_KRL_GOOD);
    cert.serial = 0;
    assert_int_equal(vouch_krl_add_cert(krl, &cert), VOUCH_OK);
    assert_int_equal(check(krl, ca, 9, "alice"), VOUCH_KRL_REVOKED_KEY_ID);
    assert_int_equal(check(krl, other, 9, "alice"), VOUCH_KRL_GOOD);
    vouch_krl_free(krl);
}

static void the_header_is_kept_and_changed(void **state) {
    (void)state;
    char comment[VOUCH_KRL_COMMENT_MAX + 100];
    memset(comment, 'c', sizeof comment - 1);
    comment[sizeof comment - 1] = 0;
    struct vouch_krl *krl = vouch_krl_new();
    vouch_krl_set_header(krl, 3, 4, comment);
    struct vouch_buf list = written(krl);
    struct vouch_krl *again = parse(&list);
    assert_int_equal(vouch_krl_header(again).comment.len, VOUCH_KRL_COMMENT_MAX);
    vouch_krl_set_header(again, 5, 6, NULL);
    assert_int_equal(vouch_krl_header(again).version, 5);
    assert_int_equal(vouch_krl_header(again).generated, 6);
    assert_int_equal(vouch_krl_header(again).comment.len, VOUCH_KRL_COMMENT_MAX);
    vouch_krl_set_header(again, 5, 6, "new");
    assert_int_equal(vouch_krl_add_serials(again, NULL, 1, 1), VOUCH_OK);
    assert_true(vouch_bytes_equal(vouch_krl_header(again).comment, vouch_bytes_of("new")));
    vouch_krl_free(again);
    vouch_krl_free(krl);
    vouch_buf_done(&list);
}

static void leaves_the_buffer_as_it_was_when_it_fails(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    struct vouch_buf whole = written(krl);
    for (size_t max = 3; max < whole.len + 3; max++) {
        struct vouch_buf out;
        vouch_buf_init(&out, max);
        vouch_buf_put_text(&out, "abc");
        assert_int_equal(vouch_krl_write(krl, &out), VOUCH_ERR_LIMIT);
        assert_int_equal(out.len, 3);
        vouch_buf_done(&out);
    }
    vouch_buf_done(&whole);
    vouch_krl_free(krl);
}

static void writes_no_list_that_openssh_would_not_load(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    size_t len = 1024 * 1024;
    uint8_t *id = malloc(len);
    memset(id, 'a', len);
    for (uint8_t i = 0; i < 128; i++) {
        id[len - 1] = (uint8_t)(i + 1);
        assert_int_equal(vouch_krl_add_key_id(krl, NULL, (struct vouch_bytes){id, len}), VOUCH_OK);
    }
    free(id);
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KRL_MAX);
    assert_int_equal(vouch_krl_write(krl, &out), VOUCH_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    vouch_krl_free(krl);
}

// --- walking ------------------------------------------------------------------------------------

struct walked {
    struct vouch_krl_entry entries[32];
    size_t count;
    size_t stop_at;
};

static int collect(void *context, const struct vouch_krl_entry *entry) {
    struct walked *walked = context;
    assert_true(walked->count < 32);
    walked->entries[walked->count++] = *entry;
    return walked->count == walked->stop_at ? 42 : 0;
}

static void walks_in_the_order_of_writing(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_key(krl, user), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, ca, 8, 9), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, ca, 3, 3), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, ca, 4, 7), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, ca, vouch_bytes_of("bob")), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, ca, vouch_bytes_of("al")), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 1, 1), VOUCH_OK);
    struct walked walked = {0};
    assert_int_equal(vouch_krl_walk(krl, collect, &walked), 0);
    assert_int_equal(walked.count, 5);
    assert_int_equal(walked.entries[0].ca.len, 0);
    assert_int_equal(walked.entries[0].first, 1);
    assert_int_equal(walked.entries[1].kind, VOUCH_KRL_ENTRY_SERIALS);
    assert_true(vouch_bytes_equal(walked.entries[1].ca, vouch_key_blob(ca)));
    assert_int_equal(walked.entries[1].first, 3);
    assert_int_equal(walked.entries[1].last, 9);
    assert_int_equal(walked.entries[2].kind, VOUCH_KRL_ENTRY_KEY_ID);
    assert_true(vouch_bytes_equal(walked.entries[2].data, vouch_bytes_of("al")));
    assert_true(vouch_bytes_equal(walked.entries[3].data, vouch_bytes_of("bob")));
    assert_int_equal(walked.entries[4].kind, VOUCH_KRL_ENTRY_KEY);
    assert_true(vouch_bytes_equal(walked.entries[4].data, vouch_key_blob(user)));
    vouch_krl_free(krl);
}

static void a_walk_ends_where_the_visitor_says(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    for (size_t stop = 1; stop < 32; stop++) {
        struct walked walked = {.stop_at = stop};
        assert_int_equal(vouch_krl_walk(krl, collect, &walked), 42);
        assert_int_equal(walked.count, stop);
    }
    assert_true(entry_count(krl) > 32);
    vouch_krl_free(krl);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_of_runs_holds_what_was_added),
        cmocka_unit_test(a_set_of_texts_is_sorted_and_holds_each_once),
        cmocka_unit_test(a_beginning_that_texts_share_changes_nothing),
        cmocka_unit_test(a_set_of_one_text_many_times_holds_one),
        cmocka_unit_test(a_set_of_many_runs_is_sorted),
        cmocka_unit_test(a_set_has_its_limit),
        cmocka_unit_test(refuses_what_cannot_be_revoked),
        cmocka_unit_test(writes_each_piece_as_the_format_says),
        cmocka_unit_test(what_is_expected_changes_nothing),
        cmocka_unit_test(the_order_of_adding_changes_nothing),
        cmocka_unit_test(revokes_a_certificate_by_serial_or_else_by_key_id),
        cmocka_unit_test(the_header_is_kept_and_changed),
        cmocka_unit_test(leaves_the_buffer_as_it_was_when_it_fails),
        cmocka_unit_test(writes_no_list_that_openssh_would_not_load),
        cmocka_unit_test(walks_in_the_order_of_writing),
        cmocka_unit_test(a_walk_ends_where_the_visitor_says),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
