// SPDX-License-Identifier: ISC
// The contract: reviews of what was had in emergencies.
#include "store/test-contract.h"

#include "store/reviews.h"

static struct vouch_bytes text(const char *text) {
    return vouch_bytes_of(text);
}

static struct vouch_store_review make_review(const char *user, enum vouch_store_review_kind kind) {
    struct vouch_store_review review = {.kind = kind,
                                        .why = VOUCH_STORE_REVIEW_EMERGENCY,
                                        .user = text(user),
                                        .holder = text("bob"),
                                        .role = text("emergency"),
                                        .zone = text("prod"),
                                        .reason = text("the database is down"),
                                        .source = text("192.0.2.7"),
                                        .opened_s = 4000,
                                        .state = VOUCH_STORE_REVIEW_OPEN};
    memset(review.key, 7, sizeof review.key);
    return review;
}

static uint64_t add(const struct vouch_store_review *review) {
    uint64_t id = 0;
    test_ok(vouch_store_review_add(test_writer, review, &id, &fault));
    assert_true(id > 0);
    return id;
}

static struct vouch_store_review find(uint64_t id, struct vouch_arena *arena) {
    struct vouch_store_review found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_review_find(test_reader, id, arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(found.id, id);
    return found;
}

static enum vouch_store_outcome change(const struct vouch_store_review *review) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(vouch_store_review_change(test_writer, review, &outcome, &fault));
    return outcome;
}

static void a_review_is_kept_whole(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_review put = make_review("alice", VOUCH_STORE_REVIEW_SEALED);
    put.why = VOUCH_STORE_REVIEW_DRILL;
    const struct vouch_store_review got = find(add(&put), &arena);
    assert_int_equal(got.kind, put.kind);
    assert_int_equal(got.why, put.why);
    assert_true(vouch_bytes_equal(got.user, put.user));
    assert_true(vouch_bytes_equal(got.holder, put.holder));
    assert_true(vouch_bytes_equal(got.role, put.role));
    assert_true(vouch_bytes_equal(got.zone, put.zone));
    assert_true(vouch_bytes_equal(got.reason, put.reason));
    assert_true(vouch_bytes_equal(got.source, put.source));
    assert_memory_equal(got.key, put.key, sizeof put.key);
    assert_int_equal(got.opened_s, put.opened_s);
    assert_int_equal(got.state, VOUCH_STORE_REVIEW_OPEN);
    assert_int_equal(got.revision, 0);
    assert_true(got.serial == 0);
    assert_int_equal(got.uses, 0);
    assert_int_equal(got.done_by.len, 0);
}

static void of_two_changes_of_a_review_one_holds(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_review put = make_review("alice", VOUCH_STORE_REVIEW_LOUD);
    uint64_t id = add(&put);
    struct vouch_store_review first = find(id, &arena);
    struct vouch_store_review second = first;
    first.state = VOUCH_STORE_REVIEW_DONE;
    first.done_by = text("carol");
    first.note = text("looked at all of it");
    first.done_s = 5000;
    first.serial = (UINT64_C(3) << 44) + 9;
    second.uses = 4;
    assert_int_equal(change(&first), VOUCH_STORE_DONE);
    assert_int_equal(change(&second), VOUCH_STORE_ABSENT);
    const struct vouch_store_review now = find(id, &arena);
    assert_int_equal(now.state, VOUCH_STORE_REVIEW_DONE);
    assert_int_equal(now.revision, 1);
    assert_int_equal(now.uses, 0);
    assert_int_equal(now.done_s, 5000);
    assert_true(now.serial == first.serial);
    assert_true(vouch_bytes_equal(now.done_by, first.done_by));
    assert_true(vouch_bytes_equal(now.note, first.note));
    second.id = id + 1;
    assert_int_equal(change(&second), VOUCH_STORE_ABSENT); // there is none
}

static void the_newest_review_of_a_certificate_is_found(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_review review = make_review("alice", VOUCH_STORE_REVIEW_LOUD);
    struct vouch_store_review found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    test_ok(vouch_store_review_of(test_reader, 17, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    review.serial = 17;
    (void)add(&review);
    uint64_t second = add(&review);
    review.serial = UINT64_MAX;
    uint64_t other = add(&review);
    test_ok(vouch_store_review_of(test_reader, 17, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(found.id, second);
    test_ok(vouch_store_review_of(test_reader, UINT64_MAX, &arena, &outcome, &found, &fault));
    assert_int_equal(found.id, other);
}

static void a_review_needs_a_state_a_kind_and_texts_within_their_bounds(void **state) {
    (void)state;
    struct vouch_fault why = {0};
    uint64_t id = 0;
    struct vouch_store_review reviews[4];
    for (size_t i = 0; i < 4; i++) {
        reviews[i] = make_review("alice", VOUCH_STORE_REVIEW_LOUD);
    }
    reviews[0].state = VOUCH_STORE_REVIEW_NONE;
    reviews[1].kind = VOUCH_STORE_REVIEW_ANY;
    reviews[2].reason.len = VOUCH_STORE_TEXT_MAX + 1;
    reviews[3].ends_s = UINT64_MAX;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(vouch_store_review_add(test_writer, &reviews[i], &id, &why),
                         VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(id, 0);
}

static struct vouch_store_reviews_sum sum(void) {
    struct vouch_store_reviews_sum sum = {0};
    test_ok(vouch_store_reviews_sum(test_reader, &sum, &fault));
    return sum;
}

static void open_reviews_and_the_last_drill_are_summed_up(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_review review = make_review("alice", VOUCH_STORE_REVIEW_LOUD);
    assert_int_equal(sum().open, 0);
    assert_int_equal(sum().drill_s, 0);
    uint64_t id = add(&review);
    review.why = VOUCH_STORE_REVIEW_DRILL;
    (void)add(&review);
    review.opened_s = 9000;
    review.state = VOUCH_STORE_REVIEW_VOID; // nothing was issued: no drill
    (void)add(&review);
    assert_int_equal(sum().open, 2);
    assert_int_equal(sum().drill_s, 4000);
    struct vouch_store_review first = find(id, &arena);
    first.state = VOUCH_STORE_REVIEW_DONE;
    assert_int_equal(change(&first), VOUCH_STORE_DONE);
    assert_int_equal(sum().open, 1);
}

static size_t count_reviews(const struct vouch_store_review_filter *filter, size_t limit) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t before = UINT64_MAX;
    size_t count = 0;
    do {
        struct vouch_store_reviews list = {0};
        const struct vouch_store_page page = {.limit = limit, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_reviews_list(test_reader, filter, &page, &list, &fault));
        for (size_t i = 0; i < list.count; i++) {
            assert_true(list.rows[i].id < before);
            assert_true(filter->state == VOUCH_STORE_REVIEW_NONE ||
                        filter->state == list.rows[i].state);
            assert_true(filter->kind == VOUCH_STORE_REVIEW_ANY ||
                        filter->kind == list.rows[i].kind);
            before = list.rows[i].id;
        }
        count += list.count;
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_reviews_done(&list);
    } while (cursor[0] != '\0');
    return count;
}

static void reviews_are_listed_by_state_and_kind(void **state) {
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        struct vouch_store_review review =
            make_review("alice", i % 3 == 0 ? VOUCH_STORE_REVIEW_SEALED : VOUCH_STORE_REVIEW_LOUD);
        review.state = i % 2 == 0 ? VOUCH_STORE_REVIEW_OPEN : VOUCH_STORE_REVIEW_DONE;
        (void)add(&review);
    }
    const struct {
        struct vouch_store_review_filter filter;
        size_t count;
    } rows[] = {
        {{.state = VOUCH_STORE_REVIEW_NONE}, 12},
        {{.state = VOUCH_STORE_REVIEW_OPEN}, 6},
        {{.kind = VOUCH_STORE_REVIEW_SEALED}, 4},
        {{.state = VOUCH_STORE_REVIEW_DONE, .kind = VOUCH_STORE_REVIEW_SEALED}, 2},
        {{.state = VOUCH_STORE_REVIEW_VOID}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(count_reviews(&rows[i].filter, 1000), rows[i].count);
        assert_int_equal(count_reviews(&rows[i].filter, 5), rows[i].count);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_reviews(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(a_review_is_kept_whole),
        TEST(of_two_changes_of_a_review_one_holds),
        TEST(the_newest_review_of_a_certificate_is_found),
        TEST(a_review_needs_a_state_a_kind_and_texts_within_their_bounds),
        TEST(open_reviews_and_the_last_drill_are_summed_up),
        TEST(reviews_are_listed_by_state_and_kind),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
