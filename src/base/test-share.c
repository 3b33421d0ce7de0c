// SPDX-License-Identifier: ISC
// Work shared out: every piece once, and the first failure named.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/share.h"

#define PIECES 1000

struct work {
    unsigned done[PIECES];
    size_t fails_from; // pieces from here on fail
};

static int count_piece(void *context, size_t at, struct vouch_fault *fault) {
    struct work *work = context;
    work->done[at]++;
    if (at >= work->fails_from) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_read, "piece %zu", at);
    }
    return VOUCH_OK;
}

static void does_each_piece_once(void **state) {
    (void)state;
    for (size_t count = 0; count <= PIECES; count = count * 3 + 1) {
        struct work work = {.fails_from = SIZE_MAX};
        size_t bad = 7;
        assert_int_equal(vouch_share_out(count, 10, count_piece, &work, &bad, NULL), VOUCH_OK);
        assert_int_equal(bad, 7);
        for (size_t i = 0; i < PIECES; i++) {
            assert_int_equal(work.done[i], i < count);
        }
    }
}

static void names_the_first_piece_that_fails(void **state) {
    (void)state;
    for (size_t from = 0; from < PIECES; from += 37) {
        struct work work = {.fails_from = from};
        struct vouch_fault fault = {0};
        size_t bad = SIZE_MAX;
        char expected[32];
        (void)snprintf(expected, sizeof expected, "piece %zu", from);
        assert_int_equal(vouch_share_out(PIECES, 1, count_piece, &work, &bad, &fault),
                         VOUCH_ERR_IO);
        assert_int_equal(bad, from);
        assert_string_equal(fault.text, expected);
        for (size_t i = 0; i < from; i++) {
            assert_int_equal(work.done[i], 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_each_piece_once),
        cmocka_unit_test(names_the_first_piece_that_fails),
    };
    return cmocka_run_group_tests_name("base/share", tests, NULL, NULL);
}
