// SPDX-License-Identifier: ISC
// The table of who reaches what.
//
// Whether a role means a column is found out once for each role that a row has; a cell is then a look at
// the roles of its row.
#include "policy/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "policy/prepared.h"
#include "policy/rule.h"
#include "policy/ways.h"

struct filling {
    const struct vouch_policy_view *view;
    const struct vouch_policy_matrix_ask *ask;
    struct vouch_bytes *columns; // all of them, sorted
    size_t column_count;
    size_t from, until;  // the window's columns
    uint32_t *column_of; // by host, in the window; NOWHERE: not in it
    uint8_t *looked_at;  // by role
    uint8_t *means;      // by role and column of the window
    struct vouch_policy_growing cells;
};

static int compare(const void *left, const void *right) {
    const struct vouch_bytes *a = left;
    const struct vouch_bytes *b = right;
    size_t shorter = a->len < b->len ? a->len : b->len;
    int order = shorter > 0 ? memcmp(a->ptr, b->ptr, shorter) : 0;
    return order != 0 ? order : a->len < b->len ? -1 : a->len > b->len;
}

// What column a host belongs to, by name; empty: to none.
static struct vouch_bytes column_name(const struct filling *filling,
                                      const struct vouch_policy_host *host) {
    const struct vouch_policy_matrix_ask *ask = filling->ask;
    if (ask->zone.len > 0 && !vouch_bytes_equal(ask->zone, host->zone)) {
        return (struct vouch_bytes){0};
    }
    if (ask->label.len == 0) {
        return host->name;
    }
    for (size_t i = 0; i < host->labels.count; i++) {
        struct vouch_bytes value;
        struct vouch_bytes key = vouch_policy_before(host->labels.items[i], '=', &value);
        if (vouch_bytes_equal(key, ask->label)) {
            return value;
        }
    }
    return (struct vouch_bytes){0};
}

static int find_columns(struct filling *filling) {
    const struct vouch_policy_content *content = &filling->view->policy->content;
    filling->columns = vouch_arena_alloc(filling->view->arena,
                                         (content->host_count + 1) * sizeof *filling->columns);
    if (filling->columns == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t h = 0; h < content->host_count; h++) {
        struct vouch_bytes name = column_name(filling, &content->hosts[h]);
        if (name.len > 0) {
            filling->columns[count++] = name;
        }
    }
    if (count > 0) {
        qsort(filling->columns, count, sizeof *filling->columns, compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare(&filling->columns[i], &filling->columns[i - 1]) != 0) {
            filling->columns[filling->column_count++] = filling->columns[i];
        }
    }
    return VOUCH_OK;
}

static uint32_t column_at(const struct filling *filling, struct vouch_bytes name) {
    size_t count = filling->until - filling->from;
    const struct vouch_bytes *first = filling->columns + filling->from;
    const struct vouch_bytes *found =
        name.len > 0 && count > 0 ? bsearch(&name, first, count, sizeof name, compare) : NULL;
    return found != NULL ? (uint32_t)(found - first) : VOUCH_POLICY_NOWHERE;
}

// Which hosts stand in the window, and where.
static int place_hosts(struct filling *filling) {
    const struct vouch_policy_content *content = &filling->view->policy->content;
    struct vouch_arena *arena = filling->view->arena;
    size_t width = filling->until - filling->from;
    filling->column_of =
        vouch_arena_alloc(arena, (content->host_count + 1) * sizeof *filling->column_of);
    filling->looked_at = vouch_arena_alloc(arena, content->role_count + 1);
    filling->means = vouch_arena_alloc(arena, content->role_count * width + 1);
    if (filling->column_of == NULL || filling->looked_at == NULL || filling->means == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t h = 0; h < content->host_count; h++) {
        filling->column_of[h] = column_at(filling, column_name(filling, &content->hosts[h]));
    }
    return VOUCH_OK;
}

// By column of the window: nonzero if the role means a host there.
static const uint8_t *meant_by(struct filling *filling, uint32_t role) {
    size_t width = filling->until - filling->from;
    uint8_t *means = filling->means + role * width;
    const size_t hosts = filling->view->policy->content.host_count;
    for (uint32_t h = 0; !filling->looked_at[role] && h < hosts; h++) {
        uint32_t column = filling->column_of[h];
        if (column != VOUCH_POLICY_NOWHERE && !means[column]) {
            means[column] = vouch_policy_role_means(filling->view->policy, role, h) != 0;
        }
    }
    filling->looked_at[role] = 1;
    return means;
}

// --- rows

// The roles of a row, in the order of names.
struct row {
    uint32_t user; // NOWHERE: a group
    uint32_t *roles;
    size_t count;
};

static int row_has(const struct filling *filling, size_t at, uint32_t role) {
    const struct vouch_policy *policy = filling->view->policy;
    uint64_t now_s = filling->view->now_s;
    uint32_t group;
    if (filling->ask->rows == VOUCH_POLICY_ROWS_GROUPS) {
        return vouch_policy_ids_have(&policy->roles[role].groups, (uint32_t)at) &&
               vouch_policy_role_is_active(&policy->content.roles[role], now_s);
    }
    return vouch_policy_is_member(policy, role, (uint32_t)at, NULL, &group) &&
           vouch_policy_role_is_of(policy, role, (uint32_t)at, now_s);
}

static void find_roles(const struct filling *filling, size_t at, struct row *row) {
    row->count = 0;
    row->user = filling->ask->rows == VOUCH_POLICY_ROWS_USERS ? (uint32_t)at : VOUCH_POLICY_NOWHERE;
    for (uint32_t r = 0; r < filling->view->policy->content.role_count; r++) {
        if (row_has(filling, at, r)) {
            row->roles[row->count++] = r;
        }
    }
}

// --- cells

struct logins {
    struct vouch_bytes items[VOUCH_POLICY_CELL_LOGINS_MAX];
    size_t count;
};

static int have(const struct logins *logins, struct vouch_bytes login) {
    int has = 0;
    for (size_t i = 0; i < logins->count && !has; i++) {
        has = vouch_bytes_equal(logins->items[i], login);
    }
    return has;
}

static void add_logins(const struct filling *filling, const struct row *row, uint32_t role,
                       const struct logins *besides, struct logins *logins) {
    const struct vouch_policy_content *content = &filling->view->policy->content;
    const struct vouch_policy_names *names = &content->roles[role].logins;
    for (size_t i = 0; i < names->count; i++) {
        int is_own = vouch_bytes_equal(names->items[i], vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN));
        struct vouch_bytes login = is_own && row->user != VOUCH_POLICY_NOWHERE
                                       ? content->users[row->user].login
                                       : names->items[i];
        if (!have(&besides[0], login) && !have(&besides[1], login) && !have(logins, login) &&
            logins->count < VOUCH_POLICY_CELL_LOGINS_MAX) {
            logins->items[logins->count++] = login;
        }
    }
}

static void gather(struct filling *filling, const struct row *row, size_t column,
                   enum vouch_policy_how how, const struct logins *besides, struct logins *logins) {
    logins->count = 0;
    for (size_t i = 0; i < row->count; i++) {
        uint32_t role = row->roles[i];
        if (vouch_policy_how_of(&filling->view->policy->content.roles[role]) == how &&
            meant_by(filling, role)[column]) {
            add_logins(filling, row, role, besides, logins);
        }
    }
}

static int keep(struct vouch_arena *arena, const struct logins *logins,
                struct vouch_policy_names *ret_names) {
    if (logins->count == 0) {
        return VOUCH_OK;
    }
    struct vouch_bytes *items = vouch_arena_alloc(arena, logins->count * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(items, logins->items, logins->count * sizeof *items);
    *ret_names = (struct vouch_policy_names){items, NULL, logins->count};
    return VOUCH_OK;
}

static int fill_cell(struct filling *filling, const struct row *row, size_t at, size_t column) {
    struct logins had[2] = {{.count = 0}, {.count = 0}}; // that stand; in an emergency
    struct logins found;
    struct logins approval;
    gather(filling, row, column, VOUCH_POLICY_STANDING, had, &found);
    had[0] = found;
    gather(filling, row, column, VOUCH_POLICY_BREAK_GLASS, had, &found);
    had[1] = found;
    gather(filling, row, column, VOUCH_POLICY_ON_APPROVAL, had, &approval);
    if (had[0].count + had[1].count + approval.count == 0) {
        return VOUCH_OK;
    }
    struct vouch_policy_matrix_cell *cell =
        vouch_policy_grow(filling->view->arena, &filling->cells, sizeof *cell);
    if (cell == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *cell = (struct vouch_policy_matrix_cell){.row = at, .column = column};
    int err = keep(filling->view->arena, &had[0], &cell->standing);
    err = err == VOUCH_OK ? keep(filling->view->arena, &had[1], &cell->break_glass) : err;
    return err == VOUCH_OK ? keep(filling->view->arena, &approval, &cell->approval) : err;
}

static size_t row_total(const struct filling *filling) {
    const struct vouch_policy_content *content = &filling->view->policy->content;
    return filling->ask->rows == VOUCH_POLICY_ROWS_USERS ? content->user_count
                                                         : content->group_count;
}

static struct vouch_bytes row_name(const struct filling *filling, size_t at) {
    const struct vouch_policy_content *content = &filling->view->policy->content;
    return filling->ask->rows == VOUCH_POLICY_ROWS_USERS ? content->users[at].name
                                                         : content->groups[at].name;
}

static size_t end_of(size_t from, size_t count, size_t total) {
    return from >= total ? from : total - from < count ? total : from + count;
}

static int fill_rows(struct filling *filling, struct vouch_policy_matrix *matrix) {
    const struct vouch_policy_matrix_ask *ask = filling->ask;
    size_t until = end_of(ask->row_from, ask->row_count, row_total(filling));
    struct vouch_bytes *names =
        vouch_arena_alloc(filling->view->arena, (ask->row_count + 1) * sizeof *names);
    struct row row = {.roles = vouch_arena_alloc(filling->view->arena,
                                                 (filling->view->policy->content.role_count + 1) *
                                                     sizeof *row.roles)};
    int err = names == NULL || row.roles == NULL ? VOUCH_ERR_NO_MEMORY : VOUCH_OK;
    for (size_t at = ask->row_from; err == VOUCH_OK && at < until; at++) {
        find_roles(filling, at, &row);
        names[at - ask->row_from] = row_name(filling, at);
        for (size_t c = 0; err == VOUCH_OK && c < filling->until - filling->from; c++) {
            err = fill_cell(filling, &row, at - ask->row_from, c);
        }
    }
    matrix->rows = (struct vouch_policy_names){names, NULL, until - ask->row_from};
    return err;
}

int vouch_policy_matrix(const struct vouch_policy_view *view,
                        const struct vouch_policy_matrix_ask *ask,
                        struct vouch_policy_matrix *ret_matrix) {
    struct filling filling = {.view = view, .ask = ask};
    struct vouch_policy_matrix matrix = {0};
    if (ask->row_count > VOUCH_POLICY_WINDOW_MAX || ask->column_count > VOUCH_POLICY_WINDOW_MAX) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = find_columns(&filling);
    if (err == VOUCH_OK) {
        filling.from = ask->column_from;
        filling.until = end_of(ask->column_from, ask->column_count, filling.column_count);
        err = place_hosts(&filling);
    }
    if (err == VOUCH_OK) {
        err = fill_rows(&filling, &matrix);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    matrix.columns = (struct vouch_policy_names){
        filling.until > filling.from ? filling.columns + filling.from : filling.columns, NULL,
        filling.until - filling.from};
    matrix.rows_in_all = row_total(&filling);
    matrix.columns_in_all = filling.column_count;
    matrix.cells = (const void *)filling.cells.items;
    matrix.cell_count = filling.cells.count;
    *ret_matrix = matrix;
    return VOUCH_OK;
}
