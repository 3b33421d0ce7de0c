// SPDX-License-Identifier: ISC
// Memory of one answer: zeroed, in its place until the end, bounded; and emptied to be filled again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void gives_zeroed_memory_that_stays(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    uint8_t *parts[200];
    for (size_t i = 0; i < 200; i++) {
        parts[i] = vouch_arena_alloc(&arena, i + 1);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(parts[i][k], 0);
        }
        memset(parts[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(parts[i][i], i);
    }
    vouch_arena_done(&arena);
}

static void cleared_it_gives_zeroed_memory_again(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    vouch_arena_clear(&arena);
    uint8_t *first = vouch_arena_alloc(&arena, 100);
    assert_non_null(first);
    memset(first, 0xff, 100);
    vouch_arena_clear(&arena);
    assert_ptr_equal(vouch_arena_alloc(&arena, 64), first);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(first[i], 0);
    }
    vouch_arena_done(&arena);
}

static void cleared_it_keeps_no_more_than_a_chunk(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    assert_non_null(vouch_arena_alloc(&arena, 1 << 20));
    vouch_arena_clear(&arena);
    assert_int_equal(arena.total, 0);
    for (size_t i = 0; i < 100; i++) {
        assert_non_null(vouch_arena_alloc(&arena, 1000));
    }
    vouch_arena_clear(&arena);
    assert_int_equal(arena.total, 0);
    vouch_arena_done(&arena);
}

static void stops_at_its_bound(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    assert_null(vouch_arena_alloc(&arena, VOUCH_ARENA_MAX + 1));
    assert_null(vouch_arena_alloc(&arena, SIZE_MAX));
    assert_non_null(vouch_arena_alloc(&arena, VOUCH_ARENA_MAX - 4096));
    assert_null(vouch_arena_alloc(&arena, 16384));
    vouch_arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_memory_that_stays),
        cmocka_unit_test(cleared_it_gives_zeroed_memory_again),
        cmocka_unit_test(cleared_it_keeps_no_more_than_a_chunk),
        cmocka_unit_test(stops_at_its_bound),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
