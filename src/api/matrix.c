// SPDX-License-Identifier: ISC
// /v1/access/matrix: who reaches what, as a table; /v1/access/diff: what changed between two moments.
#include "api/fields.h"
#include "api/resources.h"

#define PLACE_MAX 1000000

int vouch_api_access_matrix(struct vouch_api_call *call) {
    static const char *const kinds[] = {"users", "groups", NULL};
    struct vouch_ask_matrix ask = {0};
    ask.rows =
        vouch_api_query_word(call, "rows", kinds) == 2 ? VOUCH_MATRIX_GROUPS : VOUCH_MATRIX_USERS;
    ask.label = vouch_api_query_text(call, "label", VOUCH_API_NAME_TEXT_MAX);
    ask.zone = vouch_api_query_text(call, "zone", VOUCH_API_NAME_TEXT_MAX);
    ask.at_s = vouch_api_query_time_ms(call, "at") / 1000;
    ask.row_from = vouch_api_query_number(call, "row_from", PLACE_MAX);
    ask.row_count = vouch_api_query_number(call, "row_count", VOUCH_ASK_PAGE_MAX);
    ask.column_from = vouch_api_query_number(call, "column_from", PLACE_MAX);
    ask.column_count = vouch_api_query_number(call, "column_count", VOUCH_ASK_PAGE_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_matrix answer = {0};
    int err = vouch_authority_matrix(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.matrix/1");
    vouch_json_id(json, "policy", answer.policy);
    vouch_json_texts(json, "rows", answer.rows.items, answer.rows.count);
    vouch_json_texts(json, "columns", answer.columns.items, answer.columns.count);
    vouch_json_number(json, "rows_in_all", answer.rows_in_all);
    vouch_json_number(json, "columns_in_all", answer.columns_in_all);
    vouch_json_open(json, "cells", '[');
    for (size_t i = 0; i < answer.cell_count; i++) {
        const struct vouch_matrix_cell *cell = &answer.cells[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_number(json, "row", cell->row);
        vouch_json_number(json, "column", cell->column);
        vouch_json_texts(json, "standing", cell->standing.items, cell->standing.count);
        vouch_json_texts(json, "approval", cell->approval.items, cell->approval.count);
        vouch_json_texts(json, "break_glass", cell->break_glass.items, cell->break_glass.count);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    return vouch_api_answer_end(call);
}

int vouch_api_access_diff(struct vouch_api_call *call) {
    struct vouch_ask_access_diff ask = {0};
    ask.from_s = vouch_api_query_time_ms(call, "from") / 1000;
    ask.until_s = vouch_api_query_time_ms(call, "until") / 1000;
    if (ask.from_s == 0 && !call->refused) {
        vouch_api_refuse_field(call, "from", "from is missing");
    }
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_policy_apply answer = {0};
    int err =
        vouch_authority_access_diff(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_policy_answer_diff(call, &answer)
                                                       : VOUCH_OK;
}
