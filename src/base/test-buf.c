// SPDX-License-Identifier: ISC
// The bounded buffer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vouch/buf.h"

static void keeps_what_was_put(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 1000);
    for (int i = 0; i < 100; i++) {
        vouch_buf_put_text(&buf, "0123456789");
    }
    assert_int_equal(buf.err, VOUCH_OK);
    assert_int_equal(buf.len, 1000);
    assert_memory_equal(buf.ptr + 990, "0123456789", 10);
    vouch_buf_done(&buf);
}

static void stops_at_its_bound_and_stays_so(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 10);
    vouch_buf_put_text(&buf, "01234567890");
    assert_int_equal(buf.err, VOUCH_ERR_LIMIT);
    vouch_buf_put_text(&buf, "x");
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.err, VOUCH_ERR_LIMIT);
    vouch_buf_clear(&buf);
    vouch_buf_put_text(&buf, "x");
    assert_int_equal(buf.err, VOUCH_OK);
    vouch_buf_done(&buf);
}

static void a_fixed_buffer_never_moves(void **state) {
    (void)state;
    char memory[4];
    struct vouch_buf buf;
    vouch_buf_init_fixed(&buf, memory, sizeof memory);
    vouch_buf_put_text(&buf, "abcd");
    assert_ptr_equal(buf.ptr, memory);
    vouch_buf_put_text(&buf, "e");
    assert_int_equal(buf.err, VOUCH_ERR_LIMIT);
    assert_memory_equal(memory, "abcd", 4);
    vouch_buf_done(&buf);
}

static void refuses_a_length_that_overflows(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, SIZE_MAX);
    vouch_buf_put_text(&buf, "a");
    assert_null(vouch_buf_extend(&buf, SIZE_MAX));
    assert_int_equal(buf.err, VOUCH_ERR_LIMIT);
    vouch_buf_done(&buf);
}

static void take_hands_over_the_memory(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 100);
    size_t len = 0;
    assert_null(vouch_buf_take(&buf, &len));
    vouch_buf_put_text(&buf, "abc");
    uint8_t *memory = vouch_buf_take(&buf, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(memory, "abc", 3);
    assert_null(buf.ptr);
    free(memory);
    vouch_buf_done(&buf);
    vouch_buf_done(NULL);
}

static void slices_compare_like_memcmp_with_prefixes_first(void **state) {
    (void)state;
    assert_true(vouch_bytes_compare(vouch_bytes_of("a"), vouch_bytes_of("ab")) < 0);
    assert_true(vouch_bytes_compare(vouch_bytes_of("b"), vouch_bytes_of("ab")) > 0);
    assert_int_equal(vouch_bytes_compare(vouch_bytes_of(NULL), vouch_bytes_of("")), 0);
    assert_true(vouch_bytes_equal(vouch_bytes_of("x"), vouch_bytes_of("x")));
    assert_false(vouch_bytes_equal(vouch_bytes_of("x"), vouch_bytes_of("xx")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_put),
        cmocka_unit_test(stops_at_its_bound_and_stays_so),
        cmocka_unit_test(a_fixed_buffer_never_moves),
        cmocka_unit_test(refuses_a_length_that_overflows),
        cmocka_unit_test(take_hands_over_the_memory),
        cmocka_unit_test(slices_compare_like_memcmp_with_prefixes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
