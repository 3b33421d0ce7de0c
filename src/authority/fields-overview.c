// SPDX-License-Identifier: ISC
// The fields of request-overview.h.
#include "authority/fields.h"

#include "policy/policy.h"

#define NAME_MAX_LEN 1024
#define LIST_MAX 256
#define LOGINS_MAX 64

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field summary_fields[] = {
    F_U64(vouch_ask_summary, hours),
    F_END,
};
const struct vouch_fields vouch_ask_summary_fields = TABLE(summary_fields, vouch_ask_summary);

static const struct vouch_field row_fields[] = {
    F_U64(vouch_summary_row, time_s),
    F_BYTES(vouch_summary_row, name, "name", NAME_MAX_LEN),
    F_U64(vouch_summary_row, count),
    F_END,
};
static const struct vouch_fields row_table = TABLE(row_fields, vouch_summary_row);

static const struct vouch_field ending_fields[] = {
    F_U64(vouch_ending_row, serial),
    F_U64(vouch_ending_row, is_host),
    F_BYTES(vouch_ending_row, key_id, "key_id", NAME_MAX_LEN),
    F_U64(vouch_ending_row, end_s),
    F_END,
};
static const struct vouch_fields ending_table = TABLE(ending_fields, vouch_ending_row);

static const struct vouch_field answer_summary_fields[] = {
    F_PART(vouch_answer_summary, reply, &vouch_reply_fields),
    F_U64(vouch_answer_summary, now_s),
    F_U64(vouch_answer_summary, valid),
    F_U64(vouch_answer_summary, revoked),
    F_U64(vouch_answer_summary, next_end_s),
    F_U64(vouch_answer_summary, hosts),
    F_U64(vouch_answer_summary, critical),
    F_U64(vouch_answer_summary, silent),
    F_U64(vouch_answer_summary, attention),
    F_U64(vouch_answer_summary, behind),
    F_U64(vouch_answer_summary, ok),
    F_U64(vouch_answer_summary, hosts_waiting),
    F_U64(vouch_answer_summary, hosts_locked),
    F_U64(vouch_answer_summary, krl_version),
    F_U64(vouch_answer_summary, krl_current),
    F_U64(vouch_answer_summary, requests_waiting),
    F_U64(vouch_answer_summary, logins_refused),
    F_U64(vouch_answer_summary, logins_since_s),
    F_U64(vouch_answer_summary, from_s),
    F_U64(vouch_answer_summary, step_s),
    F_ROWS_OF(vouch_answer_summary, ending, ending_count, VOUCH_SUMMARY_ENDING_MAX, &ending_table),
    F_ROWS_OF(vouch_answer_summary, issued, issued_count, VOUCH_SUMMARY_ROWS_MAX, &row_table),
    F_ROWS_OF(vouch_answer_summary, refused, refused_count, VOUCH_SUMMARY_ROWS_MAX, &row_table),
    F_END,
};
const struct vouch_fields vouch_answer_summary_fields =
    TABLE(answer_summary_fields, vouch_answer_summary);

static const struct vouch_field preferences_fields[] = {
    F_BYTES(vouch_ask_preferences, value, "value", VOUCH_PREFERENCES_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_preferences_fields =
    TABLE(preferences_fields, vouch_ask_preferences);

static const struct vouch_field answer_preferences_fields[] = {
    F_PART(vouch_answer_preferences, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_preferences, value, "value", VOUCH_PREFERENCES_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_preferences_fields =
    TABLE(answer_preferences_fields, vouch_answer_preferences);

static const struct vouch_field preview_fields[] = {
    F_PART(vouch_answer_access_preview, reply, &vouch_reply_fields),
    F_U64(vouch_answer_access_preview, missing),
    F_BYTES(vouch_answer_access_preview, key_id, "key_id", NAME_MAX_LEN),
    F_FIXED(vouch_answer_access_preview, key),
    F_LIST(vouch_answer_access_preview, roles, "roles", LIST_MAX),
    F_LIST(vouch_answer_access_preview, principals, "principals", LIST_MAX),
    F_LIST(vouch_answer_access_preview, critical, "critical_options", LIST_MAX),
    F_LIST(vouch_answer_access_preview, extensions, "extensions", LIST_MAX),
    F_U64(vouch_answer_access_preview, valid_after),
    F_U64(vouch_answer_access_preview, valid_before),
    F_END,
};
const struct vouch_fields vouch_answer_access_preview_fields =
    TABLE(preview_fields, vouch_answer_access_preview);

static const struct vouch_field impact_fields[] = {
    F_U64(vouch_ask_request_impact, id),
    F_END,
};
const struct vouch_fields vouch_ask_request_impact_fields =
    TABLE(impact_fields, vouch_ask_request_impact);

static const struct vouch_field impact_row_fields[] = {
    F_BYTES(vouch_impact_row, host, "host", NAME_MAX_LEN),
    F_LIST(vouch_impact_row, logins, "logins", LOGINS_MAX),
    F_END,
};
static const struct vouch_fields impact_row_table = TABLE(impact_row_fields, vouch_impact_row);

static const struct vouch_field answer_impact_fields[] = {
    F_PART(vouch_answer_request_impact, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_request_impact, &impact_row_table),
    F_U64(vouch_answer_request_impact, hosts),
    F_END,
};
const struct vouch_fields vouch_answer_request_impact_fields =
    TABLE(answer_impact_fields, vouch_answer_request_impact);
