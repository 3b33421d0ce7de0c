// SPDX-License-Identifier: ISC
// Ordering by likeness: the same together, the like near, what has nothing at the end.
#include "policy/similar.h"
#include "policy/test-fixture.h"

// Sets as texts: each letter is something that the thing has.
static void assert_order(const char *const *things, size_t count, const char *wanted) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_sets sets;
    uint32_t order[32];
    char found[32] = "";
    assert_true(count < 32);
    assert_int_equal(vouch_policy_sets_new(&arena, count, 100, &sets), VOUCH_OK);
    for (size_t i = 0; i < count; i++) {
        for (const char *letter = things[i]; *letter != '\0'; letter++) {
            vouch_policy_sets_add(&sets, i, (size_t)(*letter - 'a') * 3); // beyond one word too
        }
    }
    assert_int_equal(vouch_policy_similar(&arena, &sets, order), VOUCH_OK);
    for (size_t i = 0; i < count; i++) {
        found[i] = (char)('0' + order[i]);
    }
    assert_string_equal(found, wanted);
}
#define ORDER(wanted, ...)                                                                         \
    assert_order((const char *const[]){__VA_ARGS__},                                               \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), wanted)

static void things_with_the_same_stand_together(void **state) {
    (void)state;
    ORDER("024513", "ab", "xyz", "ab", "xyz", "ab", "q");
}

static void the_next_is_the_one_that_differs_least(void **state) {
    (void)state;
    ORDER("03421", "abc", "xyz", "axyc", "abc", "abd");
    ORDER("01243", "z", "z", "zy", "yxwv", "zyx");
}

static void what_has_nothing_stands_at_the_end(void **state) {
    (void)state;
    ORDER("24013", "", "", "a", "", "b");
    ORDER("01", "", "");
}

static void nothing_is_ordered_as_nothing(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_sets sets;
    uint32_t order[1] = {7};
    assert_int_equal(vouch_policy_sets_new(&arena, 0, 0, &sets), VOUCH_OK);
    assert_int_equal(vouch_policy_similar(&arena, &sets, order), VOUCH_OK);
    assert_int_equal(order[0], 7);
}

// More different sets than are compared with each other: each thing is still there once, and the same
// stand together.
static void many_different_sets_are_all_there(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_sets sets;
    static uint32_t order[COUNT];
    static int seen[COUNT];
    assert_int_equal(vouch_policy_sets_new(&arena, COUNT, 16, &sets), VOUCH_OK);
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t bit = 0; bit < 16; bit++) {
            if ((i % 1500) >> bit & 1u) {
                vouch_policy_sets_add(&sets, i, bit);
            }
        }
    }
    assert_int_equal(vouch_policy_similar(&arena, &sets, order), VOUCH_OK);
    for (size_t i = 0; i < COUNT; i++) {
        seen[order[i]]++;
        if (i % 2 == 1) {
            assert_int_equal(order[i] % 1500, order[i - 1] % 1500);
            assert_true(order[i] > order[i - 1]);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(seen[i], 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_with_the_same_stand_together),
        cmocka_unit_test(the_next_is_the_one_that_differs_least),
        cmocka_unit_test(what_has_nothing_stands_at_the_end),
        cmocka_unit_test(nothing_is_ordered_as_nothing),
        cmocka_unit_test(many_different_sets_are_all_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
