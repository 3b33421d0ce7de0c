// SPDX-License-Identifier: ISC
// Roles for emergencies: read and written, told apart by what explains, in the table and in what changed.
#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/load.h"
#include "policy/matrix.h"
#include "policy/test-fixture.h"

#define POLICY_WITH(more)                                                                          \
    "zones: [{name: prod, patterns: ['*.example.com']}]\n"                                         \
    "users: [{name: ann}, {name: ben}]\n"                                                          \
    "roles:\n"                                                                                     \
    "  - {name: dev, zone: prod, members: [user:ann], hosts: [all], logins: [app], max_ttl: 8h}\n" \
    "  - {name: loud, zone: prod, members: [user:ann], hosts: [all], logins: [root, app],\n"       \
    "     max_ttl: 1h, reason: required, second_factor: 5m" more "}\n"                             \
    "  - {name: asked, zone: prod, members: [user:ann], hosts: [all], logins: [root, db],\n"       \
    "     max_ttl: 1h, approval: {by: ['user:ben']}}\n"                                            \
    "hosts: [{name: web1.example.com, zone: prod}]\n"

#define LOUD POLICY_WITH(", break_glass: yes")

static void it_is_read_and_written(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(LOUD);
    struct vouch_buf out;
    vouch_buf_init(&out, 65536);
    const struct vouch_policy_role *role = vouch_policy_role_named(policy, text_of("loud"));
    assert_int_equal(role->break_glass, VOUCH_POLICY_BREAKS_GLASS);
    role = vouch_policy_role_named(policy, text_of("dev"));
    assert_int_equal(role->break_glass, VOUCH_POLICY_ORDINARY);
    vouch_policy_write(policy, &out);
    const char *written = test_text_in(&out);
    vouch_autopolicy struct vouch_policy *again = test_policy(written);
    role = vouch_policy_role_named(again, text_of("loud"));
    assert_int_equal(role->break_glass, VOUCH_POLICY_BREAKS_GLASS);
    vouch_buf_done(&out);
}

static void each_way_says_how(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(LOUD);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {policy, 1800000000, &arena};
    struct vouch_policy_paths roles = {0};
    static const char *const hows[] = {"approval", "standing", "break-glass"}; // asked, dev, loud
    assert_int_equal(
        vouch_policy_roles_of(&view, text_of("ann"), (struct vouch_bytes){0}, NULL, &roles),
        VOUCH_OK);
    assert_int_equal(roles.count, 3);
    for (size_t i = 0; i < roles.count; i++) {
        assert_string_equal(vouch_policy_how_word(roles.items[i].how), hows[i]);
    }
    assert_string_equal(vouch_policy_how_word(VOUCH_POLICY_NO_WAY), "none");
}

// app stands besides; root is had at once in an emergency, so that asking for it is no more.
static void the_table_has_it_apart(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(LOUD);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {policy, 1800000000, &arena};
    const struct vouch_policy_matrix_ask ask = {.row_count = 10, .column_count = 10};
    struct vouch_policy_matrix matrix = {0};
    assert_int_equal(vouch_policy_matrix(&view, &ask, &matrix), VOUCH_OK);
    assert_int_equal(matrix.cell_count, 1);
    const struct vouch_policy_matrix_cell *cell = &matrix.cells[0];
    assert_int_equal(cell->standing.count, 1);
    assert_true(vouch_bytes_equal(cell->standing.items[0], text_of("app")));
    assert_int_equal(cell->break_glass.count, 1);
    assert_true(vouch_bytes_equal(cell->break_glass.items[0], text_of("root")));
    assert_int_equal(cell->approval.count, 1);
    assert_true(vouch_bytes_equal(cell->approval.items[0], text_of("db")));
}

static void becoming_one_is_a_change(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *before = test_policy(POLICY_WITH(""));
    vouch_autopolicy struct vouch_policy *after = test_policy(LOUD);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {before, 1800000000, &arena};
    struct vouch_policy_diff diff = {0};
    assert_int_equal(vouch_policy_compare(&view, after, &diff), VOUCH_OK);
    assert_int_equal(diff.edit_count, 1);
    assert_string_equal(diff.edits[0].key, "break_glass");
    assert_int_equal(diff.change_count, 1); // app stands as before
    assert_true(vouch_bytes_equal(diff.changes[0].login, text_of("root")));
    assert_int_equal(diff.changes[0].before, VOUCH_POLICY_STANDING);
    assert_int_equal(diff.changes[0].after, VOUCH_POLICY_BREAK_GLASS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_and_written),
        cmocka_unit_test(each_way_says_how),
        cmocka_unit_test(the_table_has_it_apart),
        cmocka_unit_test(becoming_one_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
