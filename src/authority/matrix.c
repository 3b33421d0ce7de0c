// SPDX-License-Identifier: ISC
// Who reaches what, as a table, now or by the policy of an earlier time; and what changed between two
// times.
//
// An earlier policy is that of its document with the hosts that are enrolled now: the inventory of then is
// not kept.
#include "policy/matrix.h"
#include "authority/access.h"
#include "authority/issue.h"
#include "base/time.h"
#include "policy/load.h"
#include "store/policies.h"

#define WINDOW_DEFAULT 100u

// --- policies of a time

struct dated {
    struct vouch_policy *document; // NULL: none had been applied
    struct vouch_policy *reach;    // with the enrolled hosts; NULL: they add none
    uint64_t version;
};

static void dated_done(struct dated *dated) {
    vouch_policy_free(dated->document);
    vouch_policy_free(dated->reach);
}

static const struct vouch_policy *in_force(const struct dated *dated) {
    return dated->reach != NULL ? dated->reach : dated->document;
}

static int read_text(struct vouch_bytes text, struct vouch_policy **ret_policy,
                     struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    int err = vouch_policy_draft_new(&draft, fault);
    if (err == VOUCH_OK) {
        err = vouch_policy_draft_read(draft, "policy in the database", text, fault);
    }
    return err == VOUCH_OK ? vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, fault)
                           : err;
}

// The policy that held at a time; nothing for a time before the first.
static int read_dated(struct vouch_local *authority, uint64_t at_s, struct dated *dated,
                      struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_policy kept = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_policy_at(store, at_s, &arena, &outcome, &kept, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        dated->version = kept.version;
        err = read_text(kept.text, &dated->document, fault);
    }
    if (err == VOUCH_OK && dated->document != NULL) {
        err = vouch_policy_with_fleet(authority, dated->document, &dated->reach, fault);
    }
    return err;
}

// --- the table

static int put_cell(struct vouch_arena *arena, const struct vouch_policy_matrix_cell *cell,
                    struct vouch_matrix_cell *row) {
    *row = (struct vouch_matrix_cell){.row = cell->row, .column = cell->column};
    int err = vouch_texts_keep(arena, cell->standing.items, cell->standing.count,
                               cell->standing.count, &row->standing);
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, cell->break_glass.items, cell->break_glass.count,
                               cell->break_glass.count, &row->break_glass);
    }
    return err == VOUCH_OK ? vouch_texts_keep(arena, cell->approval.items, cell->approval.count,
                                              cell->approval.count, &row->approval)
                           : err;
}

static int put_matrix(struct vouch_arena *arena, const struct vouch_policy_matrix *matrix,
                      struct vouch_answer_matrix *answer) {
    struct vouch_matrix_cell *cells =
        vouch_arena_alloc(arena, (matrix->cell_count + 1) * sizeof *cells);
    int err = cells != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < matrix->cell_count; i++) {
        err = put_cell(arena, &matrix->cells[i], &cells[i]);
    }
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, matrix->rows.items, matrix->rows.count, matrix->rows.count,
                               &answer->rows);
    }
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, matrix->columns.items, matrix->columns.count,
                               matrix->columns.count, &answer->columns);
    }
    answer->cells = cells;
    answer->cell_count = matrix->cell_count;
    answer->rows_in_all = matrix->rows_in_all;
    answer->columns_in_all = matrix->columns_in_all;
    return err;
}

static size_t window(uint64_t count) {
    return count == 0 ? WINDOW_DEFAULT
                      : (size_t)(count > VOUCH_POLICY_WINDOW_MAX ? VOUCH_POLICY_WINDOW_MAX : count);
}

static size_t place(uint64_t from) {
    return (size_t)(from > UINT32_MAX ? UINT32_MAX : from);
}

static int fill(struct vouch_local *authority, const struct vouch_policy *policy,
                const struct vouch_ask_matrix *ask, struct vouch_answer_matrix *answer,
                struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena scratch = {0};
    const struct vouch_policy_view view = {policy, ask->at_s != 0 ? ask->at_s : vouch_time_now_s(),
                                           &scratch};
    const struct vouch_policy_matrix_ask window_of = {
        .rows =
            ask->rows == VOUCH_MATRIX_GROUPS ? VOUCH_POLICY_ROWS_GROUPS : VOUCH_POLICY_ROWS_USERS,
        .label = ask->label,
        .zone = ask->zone,
        .row_from = place(ask->row_from),
        .row_count = window(ask->row_count),
        .column_from = place(ask->column_from),
        .column_count = window(ask->column_count),
    };
    struct vouch_policy_matrix matrix = {0};
    int err = vouch_policy_matrix(&view, &window_of, &matrix);
    if (err == VOUCH_OK) {
        err = put_matrix(&authority->arena, &matrix, answer);
    }
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static int fill_now(struct vouch_local *authority, const struct vouch_ask_matrix *ask,
                    struct vouch_answer_matrix *answer, struct vouch_fault *fault) {
    const struct vouch_policy *policy = vouch_policy_hold(authority, &answer->policy);
    int err = VOUCH_OK;
    if (policy == NULL) {
        vouch_reply_no_policy(&answer->reply);
    } else {
        err = fill(authority, policy, ask, answer, fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}

static int fill_dated(struct vouch_local *authority, const struct vouch_ask_matrix *ask,
                      struct vouch_answer_matrix *answer, struct vouch_fault *fault) {
    struct dated dated = {0};
    int err = read_dated(authority, ask->at_s, &dated, fault);
    answer->policy = dated.version;
    if (err == VOUCH_OK && dated.document == NULL) {
        vouch_reply_no_policy(&answer->reply);
    } else if (err == VOUCH_OK) {
        err = fill(authority, in_force(&dated), ask, answer, fault);
    }
    dated_done(&dated);
    return err;
}

int vouch_local_matrix(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_matrix *ask, struct vouch_answer_matrix *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    int err = vouch_identify_reader(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    return ask->at_s == 0 ? fill_now(authority, ask, ret_answer, fault)
                          : fill_dated(authority, ask, ret_answer, fault);
}

// --- what changed

// Before the first policy nobody had anything.
static int fill_up(struct dated *dated, struct vouch_fault *fault) {
    static const struct vouch_policy_content nothing = {0};
    return dated->document != NULL ? VOUCH_OK : vouch_policy_new(&nothing, &dated->document, fault);
}

static int compare(struct vouch_local *authority, const struct dated *before,
                   const struct dated *after, struct vouch_answer_policy_apply *answer,
                   struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena scratch = {0};
    const uint64_t now_s = vouch_time_now_s();
    const struct vouch_policy_view documents = {before->document, now_s, &scratch};
    const struct vouch_policy_view reach = {in_force(before), now_s, &scratch};
    struct vouch_policy_diff edits = {0};
    struct vouch_policy_diff changes = {0};
    if (vouch_policy_compare(&documents, after->document, &edits) != VOUCH_OK ||
        vouch_policy_compare(&reach, in_force(after), &changes) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    edits.changes = changes.changes;
    edits.change_count = changes.change_count;
    return vouch_policy_put_diff(&authority->arena, &edits, answer) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

int vouch_local_access_diff(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_access_diff *ask,
                            struct vouch_answer_policy_apply *ret_answer,
                            struct vouch_fault *fault) {
    struct vouch_who who;
    struct dated before = {0};
    struct dated after = {0};
    uint64_t until_s = ask->until_s != 0 ? ask->until_s : vouch_time_now_s();
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->from_s > until_s) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "from",
                        "from must not be later than until");
        return VOUCH_OK;
    }
    err = read_dated(authority, ask->from_s, &before, fault);
    err = err == VOUCH_OK ? read_dated(authority, until_s, &after, fault) : err;
    err = err == VOUCH_OK ? fill_up(&before, fault) : err;
    err = err == VOUCH_OK ? fill_up(&after, fault) : err;
    err = err == VOUCH_OK ? compare(authority, &before, &after, ret_answer, fault) : err;
    ret_answer->version = after.version;
    dated_done(&before);
    dated_done(&after);
    return err;
}
