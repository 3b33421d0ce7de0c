// SPDX-License-Identifier: ISC
// The table of who reaches what: the same as asking for each person and host, in windows of any size.
#include "policy/matrix.h"
#include "policy/test-fixture.h"

#include "base/time.h"

static struct vouch_policy_matrix table_of(const struct vouch_policy_view *view,
                                           struct vouch_policy_matrix_ask ask) {
    struct vouch_policy_matrix matrix = {0};
    ask.row_count = ask.row_count == 0 ? VOUCH_POLICY_WINDOW_MAX : ask.row_count;
    ask.column_count = ask.column_count == 0 ? VOUCH_POLICY_WINDOW_MAX : ask.column_count;
    assert_int_equal(vouch_policy_matrix(view, &ask, &matrix), VOUCH_OK);
    return matrix;
}

static const struct vouch_policy_matrix_cell *cell_at(const struct vouch_policy_matrix *matrix,
                                                      size_t row, size_t column) {
    for (size_t i = 0; i < matrix->cell_count; i++) {
        if (matrix->cells[i].row == row && matrix->cells[i].column == column) {
            return &matrix->cells[i];
        }
    }
    return NULL;
}

static int has_name(const struct vouch_policy_names *names, struct vouch_bytes name) {
    int has = 0;
    for (size_t i = 0; i < names->count; i++) {
        has = has || vouch_bytes_equal(names->items[i], name);
    }
    return has;
}

// Each way that explaining gives is in the cell, and each login of the cell is a way.
static size_t check_cell(const struct vouch_policy_view *view,
                         const struct vouch_policy_matrix_cell *cell, struct vouch_bytes user,
                         struct vouch_bytes host) {
    struct vouch_policy_paths roles = {0};
    struct vouch_policy_paths paths = {0};
    size_t standing = 0;
    assert_int_equal(vouch_policy_roles_of(view, user, (struct vouch_bytes){0}, NULL, &roles),
                     VOUCH_OK);
    assert_int_equal(vouch_policy_reach_host(view, &roles, host, &paths), VOUCH_OK);
    assert_true((cell != NULL) == (paths.count > 0));
    for (size_t i = 0; i < paths.count; i++) {
        struct vouch_bytes login = paths.items[i].login;
        int stands = has_name(&cell->standing, login);
        standing += paths.items[i].how == VOUCH_POLICY_STANDING ? 1 : 0;
        assert_true(stands || has_name(&cell->approval, login));
        assert_true(stands || paths.items[i].how == VOUCH_POLICY_ON_APPROVAL);
    }
    if (cell != NULL) {
        assert_true(cell->standing.count <= standing);
        assert_true((cell->standing.count > 0) == (standing > 0));
        assert_true(cell->standing.count + cell->approval.count <= paths.count);
    }
    return paths.count;
}

static void each_cell_is_what_the_person_reaches_there(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    const struct vouch_policy_matrix matrix =
        table_of(&view, (struct vouch_policy_matrix_ask){.row_from = 0});
    const struct vouch_policy_content *content = vouch_policy_holds(sample);
    size_t ways = 0;
    assert_int_equal(matrix.rows.count, content->user_count);
    assert_int_equal(matrix.columns.count, content->host_count);
    assert_int_equal(matrix.rows_in_all, content->user_count);
    assert_int_equal(matrix.columns_in_all, content->host_count);
    for (size_t r = 0; r < matrix.rows.count; r++) {
        for (size_t c = 0; c < matrix.columns.count; c++) {
            ways += check_cell(&view, cell_at(&matrix, r, c), matrix.rows.items[r],
                               matrix.columns.items[c]);
        }
    }
    assert_true(ways > 10);
}

static void a_window_is_a_part_of_the_whole(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    const struct vouch_policy_matrix all =
        table_of(&view, (struct vouch_policy_matrix_ask){.row_from = 0});
    size_t cells = 0;
    for (size_t r = 0; r < all.rows_in_all; r += 2) {
        for (size_t c = 0; c < all.columns_in_all; c += 3) {
            const struct vouch_policy_matrix part = table_of(
                &view, (struct vouch_policy_matrix_ask){
                           .row_from = r, .row_count = 2, .column_from = c, .column_count = 3});
            assert_true(part.rows.count <= 2 && part.columns.count <= 3);
            for (size_t i = 0; i < part.cell_count; i++) {
                const struct vouch_policy_matrix_cell *cell =
                    cell_at(&all, r + part.cells[i].row, c + part.cells[i].column);
                assert_non_null(cell);
                assert_int_equal(cell->standing.count, part.cells[i].standing.count);
                assert_int_equal(cell->approval.count, part.cells[i].approval.count);
            }
            cells += part.cell_count;
        }
    }
    assert_int_equal(cells, all.cell_count);
    const struct vouch_policy_matrix beyond =
        table_of(&view, (struct vouch_policy_matrix_ask){.row_from = 10000, .column_from = 10000});
    assert_int_equal(beyond.rows.count + beyond.columns.count + beyond.cell_count, 0);
    assert_int_equal(beyond.rows_in_all, all.rows_in_all);
}

// A small company that can be looked over.
#define SMALL                                                                                      \
    "zones:\n  - {name: prod, patterns: [\"*.example.com\"], max_ttl: 8h}\n"                       \
    "users:\n  - {name: ann}\n  - {name: ben}\n"                                                   \
    "groups:\n  - {name: dev, members: [ann]}\n  - {name: ops, members: [ann, ben]}\n"             \
    "roles:\n"                                                                                     \
    "  - {name: app, zone: prod, members: [\"group:dev\"], hosts: [tier=web], logins: [app, "      \
    "$user], max_ttl: 8h}\n"                                                                       \
    "  - {name: root, zone: prod, members: [\"group:ops\"], hosts: [all], logins: [root], "        \
    "max_ttl: 1h, approval: {by: [\"user:ben\"], count: 1}}\n"                                     \
    "hosts:\n"                                                                                     \
    "  - {name: a.example.com, zone: prod, labels: {tier: web, site: linz}}\n"                     \
    "  - {name: b.example.com, zone: prod, labels: {tier: db, site: linz}}\n"                      \
    "  - {name: c.example.com, zone: prod, labels: {tier: web, site: graz}}\n"                     \
    "  - {name: d.example.com, zone: prod}\n"

static void assert_names(const struct vouch_policy_names *names, const char *const *wanted,
                         size_t count) {
    assert_int_equal(names->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(vouch_bytes_equal(names->items[i], text_of(wanted[i])));
    }
}
#define NAMES(names, ...)                                                                          \
    assert_names(&(names), (const char *const[]){__VA_ARGS__},                                     \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void columns_may_be_the_values_of_a_label(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    vouch_autopolicy struct vouch_policy *policy = test_policy(SMALL);
    const struct vouch_policy_view view = {policy, NOW, &arena};
    const struct vouch_policy_matrix matrix =
        table_of(&view, (struct vouch_policy_matrix_ask){.label = text_of("tier")});
    NAMES(matrix.columns, "db", "web");
    NAMES(matrix.rows, "ann", "ben");
    assert_int_equal(matrix.columns_in_all, 2);
    NAMES(cell_at(&matrix, 0, 1)->standing, "app", "ann");
    NAMES(cell_at(&matrix, 0, 1)->approval, "root");
    assert_int_equal(cell_at(&matrix, 0, 0)->standing.count, 0);
    NAMES(cell_at(&matrix, 1, 1)->approval, "root");
}

static void rows_may_be_groups(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    vouch_autopolicy struct vouch_policy *policy = test_policy(SMALL);
    const struct vouch_policy_view view = {policy, NOW, &arena};
    const struct vouch_policy_matrix matrix =
        table_of(&view, (struct vouch_policy_matrix_ask){.rows = VOUCH_POLICY_ROWS_GROUPS,
                                                         .label = text_of("site")});
    NAMES(matrix.columns, "graz", "linz");
    NAMES(matrix.rows, "dev", "ops");
    NAMES(cell_at(&matrix, 0, 0)->standing, "app", "$user");
    NAMES(cell_at(&matrix, 1, 1)->approval, "root");
    assert_int_equal(cell_at(&matrix, 1, 1)->standing.count, 0);
}

static void a_window_that_is_too_large_is_refused(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    const struct vouch_policy_matrix_ask ask = {.row_count = VOUCH_POLICY_WINDOW_MAX + 1};
    struct vouch_policy_matrix matrix = {0};
    assert_int_equal(vouch_policy_matrix(&view, &ask, &matrix), VOUCH_ERR_ARGUMENT);
}

// --- scale

#define HOSTS 5000u
#define USERS 1000u

// 5,000 hosts in 50 tiers, 1,000 people in 50 groups, a role for each group and tier.
static struct vouch_policy *large_policy(void) {
    static char text[2u << 20];
    size_t len = 0;
    const size_t room = sizeof text;
    len += (size_t)snprintf(text + len, room - len,
                            "zones:\n  - {name: prod, patterns: [\"*.example.com\"], max_ttl: 8h}\n"
                            "users:\n");
    for (unsigned i = 0; i < USERS; i++) {
        len += (size_t)snprintf(text + len, room - len, "  - {name: u%04u}\n", i);
    }
    len += (size_t)snprintf(text + len, room - len, "groups:\n");
    for (unsigned g = 0; g < 50; g++) {
        len += (size_t)snprintf(text + len, room - len, "  - {name: g%02u, members: [", g);
        for (unsigned i = g; i < USERS; i += 50) {
            len += (size_t)snprintf(text + len, room - len, "%su%04u", i == g ? "" : ", ", i);
        }
        len += (size_t)snprintf(text + len, room - len, "]}\n");
    }
    len += (size_t)snprintf(text + len, room - len, "roles:\n");
    for (unsigned g = 0; g < 50; g++) {
        len += (size_t)snprintf(text + len, room - len,
                                "  - {name: r%02u, zone: prod, members: [\"group:g%02u\"], hosts: "
                                "[tier=t%02u], logins: [app], max_ttl: 8h}\n",
                                g, g, g);
    }
    len += (size_t)snprintf(text + len, room - len, "hosts:\n");
    for (unsigned i = 0; i < HOSTS; i++) {
        len += (size_t)snprintf(
            text + len, room - len,
            "  - {name: h%04u.example.com, zone: prod, labels: {tier: t%02u}}\n", i, i % 50);
    }
    return test_policy(text);
}

static void a_window_of_a_large_company_takes_no_half_second(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    vouch_autopolicy struct vouch_policy *policy = large_policy();
    const struct vouch_policy_view view = {policy, NOW, &arena};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    const struct vouch_policy_matrix hosts =
        table_of(&view, (struct vouch_policy_matrix_ask){.row_from = 500, .column_from = 2500});
    const struct vouch_policy_matrix tiers =
        table_of(&view, (struct vouch_policy_matrix_ask){.label = text_of("tier")});
    uint64_t took_ms = (vouch_time_monotonic_ns() - begun_ns) / 1000000;
    print_message("# two windows: %u ms\n", (unsigned)took_ms);
    assert_int_equal(hosts.cell_count, 200 * 200 / 50);
    assert_int_equal(tiers.cell_count, 200);
    assert_int_equal(hosts.columns_in_all, HOSTS);
    assert_true(took_ms <
                2 * 500 * 4); // two of them; four times as long with sanitizers on a busy machine
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_is_what_the_person_reaches_there),
        cmocka_unit_test(a_window_is_a_part_of_the_whole),
        cmocka_unit_test(columns_may_be_the_values_of_a_label),
        cmocka_unit_test(rows_may_be_groups),
        cmocka_unit_test(a_window_that_is_too_large_is_refused),
        cmocka_unit_test(a_window_of_a_large_company_takes_no_half_second),
    };
    return cmocka_run_group_tests_name("policy/matrix", tests, test_load, test_unload);
}
