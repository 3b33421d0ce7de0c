// SPDX-License-Identifier: ISC
// The fields of asks and answers about what hosts hold and report, about logins, and about who reaches
// what.
#include "authority/fields.h"

#include "policy/host-logins.h"

#define NAME_MAX_LEN VOUCH_HOST_NAME_LEN_MAX
#define TEXT_MAX 1024
#define LOGIN_LEN_MAX 256 // also one that nobody has: sshd logs what was tried
#define WHY_MAX 4096
#define PRINCIPALS_MAX VOUCH_POLICY_ROLES_MAX // of a login on a host: at most two of a role
#define LINE_MAX_LEN 512
#define WORD_MAX 64
#define VERSION_TEXT_MAX 128
#define FINGERPRINT_LEN_MAX 128
#define CERT_MAX (64u * 1024)
#define KEYS_MAX 16
#define CHECKS_MAX 64
#define REFUSED_MAX 10
#define INSTEAD_MAX 64
#define LOGINS_MAX 64 // of a cell
#define CELLS_MAX (VOUCH_ASK_PAGE_MAX * VOUCH_ASK_PAGE_MAX)

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

// --- what a host installs

static const struct vouch_field principal_fields[] = {
    F_BYTES(vouch_host_principal, principal, "principal", TEXT_MAX),
    F_BYTES(vouch_host_principal, why, "why", WHY_MAX),
    F_END,
};
static const struct vouch_fields principal_table = TABLE(principal_fields, vouch_host_principal);

static const struct vouch_field host_login_fields[] = {
    F_BYTES(vouch_host_login, login, "login", LOGIN_LEN_MAX),
    F_ROWS_OF(vouch_host_login, principals, principal_count, 2 * PRINCIPALS_MAX, &principal_table),
    F_END,
};
static const struct vouch_fields host_login_table = TABLE(host_login_fields, vouch_host_login);

static const struct vouch_field state_fields[] = {
    F_U64(vouch_ask_host_state, have),
    F_END,
};
const struct vouch_fields vouch_ask_host_state_fields = TABLE(state_fields, vouch_ask_host_state);

static const struct vouch_field answer_state_fields[] = {
    F_PART(vouch_answer_host_state, reply, &vouch_reply_fields),
    F_U64(vouch_answer_host_state, version),
    F_BYTES(vouch_answer_host_state, name, "name", NAME_MAX_LEN),
    F_BYTES(vouch_answer_host_state, zone, "zone", TEXT_MAX),
    F_U64(vouch_answer_host_state, by_login),
    F_ROWS_OF(vouch_answer_host_state, logins, login_count, VOUCH_POLICY_HOST_LOGINS_MAX,
              &host_login_table),
    F_U64(vouch_answer_host_state, krl_version),
    F_U64(vouch_answer_host_state, trust_version),
    F_U64(vouch_answer_host_state, renew),
    F_U64(vouch_answer_host_state, generation),
    F_END,
};
const struct vouch_fields vouch_answer_host_state_fields =
    TABLE(answer_state_fields, vouch_answer_host_state);

// --- what it reports

static const struct vouch_field report_fields[] = {
    F_U64(vouch_ask_host_report, time_s),
    F_U64(vouch_ask_host_report, krl_version),
    F_U64(vouch_ask_host_report, state_version),
    F_U64(vouch_ask_host_report, trust_version),
    F_U64(vouch_ask_host_report, krl_generated_s),
    F_BYTES(vouch_ask_host_report, health, "health", WORD_MAX),
    F_LIST(vouch_ask_host_report, problems, "problems", VOUCH_REPORT_PROBLEMS_MAX),
    F_LIST(vouch_ask_host_report, ca_keys, "ca_keys", KEYS_MAX),
    F_BYTES(vouch_ask_host_report, agent, "agent", VERSION_TEXT_MAX),
    F_BYTES(vouch_ask_host_report, sshd, "sshd", VERSION_TEXT_MAX),
    F_LIST(vouch_ask_host_report, settings, "settings", VOUCH_REPORT_SETTINGS_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_host_report_fields =
    TABLE(report_fields, vouch_ask_host_report);

static const struct vouch_field login_row_fields[] = {
    F_U64(vouch_login_row, id),
    F_BYTES(vouch_login_row, host, "host", NAME_MAX_LEN),
    F_U64(vouch_login_row, time_ms),
    F_ENUM(vouch_login_row, outcome, "outcome", VOUCH_LOGIN_REFUSED),
    F_BYTES(vouch_login_row, login, "login", LOGIN_LEN_MAX),
    F_BYTES(vouch_login_row, source, "source", LOGIN_LEN_MAX),
    F_BYTES(vouch_login_row, method, "method", WORD_MAX),
    F_BYTES(vouch_login_row, key_id, "key_id", TEXT_MAX),
    F_U64(vouch_login_row, serial),
    F_BYTES(vouch_login_row, fingerprint, "fingerprint", FINGERPRINT_LEN_MAX),
    F_BYTES(vouch_login_row, ca, "ca", FINGERPRINT_LEN_MAX),
    F_BYTES(vouch_login_row, reason, "reason", LINE_MAX_LEN),
    F_BYTES(vouch_login_row, line, "line", LINE_MAX_LEN),
    F_BYTES(vouch_login_row, alarm, "alarm", WORD_MAX),
    F_BYTES(vouch_login_row, user, "user", TEXT_MAX),
    F_END,
};
static const struct vouch_fields login_row_table = TABLE(login_row_fields, vouch_login_row);

static const struct vouch_field host_logins_fields[] = {
    F_ROWS_OF(vouch_ask_host_logins, rows, count, VOUCH_REPORT_LOGINS_MAX, &login_row_table),
    F_U64(vouch_ask_host_logins, first),
    F_END,
};
const struct vouch_fields vouch_ask_host_logins_fields =
    TABLE(host_logins_fields, vouch_ask_host_logins);

static const struct vouch_field done_fields[] = {
    F_PART(vouch_answer_host_done, reply, &vouch_reply_fields),
    F_U64(vouch_answer_host_done, next),
    F_END,
};
const struct vouch_fields vouch_answer_host_done_fields =
    TABLE(done_fields, vouch_answer_host_done);

// --- logins

static const struct vouch_field logins_fields[] = {
    F_PART(vouch_ask_logins, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_logins, host, "host", NAME_MAX_LEN),
    F_BYTES(vouch_ask_logins, login, "login", LOGIN_LEN_MAX),
    F_BYTES(vouch_ask_logins, user, "user", TEXT_MAX),
    F_BYTES(vouch_ask_logins, key_id, "key_id", TEXT_MAX),
    F_U64(vouch_ask_logins, serial),
    F_ENUM(vouch_ask_logins, outcome, "outcome", VOUCH_LOGIN_REFUSED),
    F_U64(vouch_ask_logins, alarms),
    F_U64(vouch_ask_logins, from_ms),
    F_U64(vouch_ask_logins, until_ms),
    F_END,
};
const struct vouch_fields vouch_ask_logins_fields = TABLE(logins_fields, vouch_ask_logins);

static const struct vouch_field answer_logins_fields[] = {
    F_PART(vouch_answer_logins, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_logins, &login_row_table),
    F_BYTES(vouch_answer_logins, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_logins_fields =
    TABLE(answer_logins_fields, vouch_answer_logins);

// --- why a login would work or not

static const struct vouch_field check_fields[] = {
    F_BYTES(vouch_check_row, name, "name", WORD_MAX),
    F_ENUM(vouch_check_row, state, "state", VOUCH_CHECK_OK),
    F_BYTES(vouch_check_row, text, "text", WHY_MAX),
    F_BYTES(vouch_check_row, next, "next", WHY_MAX),
    F_END,
};
static const struct vouch_fields check_table = TABLE(check_fields, vouch_check_row);

static const struct vouch_field explain_fields[] = {
    F_BYTES(vouch_ask_explain, user, "user", TEXT_MAX),
    F_BYTES(vouch_ask_explain, login, "login", LOGIN_LEN_MAX),
    F_BYTES(vouch_ask_explain, host, "host", NAME_MAX_LEN),
    F_BYTES(vouch_ask_explain, cert, "certificate", CERT_MAX),
    F_BYTES(vouch_ask_explain, source, "source", LOGIN_LEN_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_explain_fields = TABLE(explain_fields, vouch_ask_explain);

static const struct vouch_field answer_explain_fields[] = {
    F_PART(vouch_answer_explain, reply, &vouch_reply_fields),
    F_ENUM(vouch_answer_explain, outcome, "outcome", VOUCH_CHECK_OK),
    F_BYTES(vouch_answer_explain, user, "user", TEXT_MAX),
    F_BYTES(vouch_answer_explain, login, "login", LOGIN_LEN_MAX),
    F_BYTES(vouch_answer_explain, host, "host", NAME_MAX_LEN),
    F_ROWS_OF(vouch_answer_explain, rows, count, CHECKS_MAX, &check_table),
    F_ROWS_OF(vouch_answer_explain, refused, refused_count, REFUSED_MAX, &login_row_table),
    F_LIST(vouch_answer_explain, instead, "instead", INSTEAD_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_explain_fields =
    TABLE(answer_explain_fields, vouch_answer_explain);

// --- who has which list

static const struct vouch_field krl_host_fields[] = {
    F_BYTES(vouch_krl_host_row, host, "host", NAME_MAX_LEN),
    F_U64(vouch_krl_host_row, version),
    F_U64(vouch_krl_host_row, generated_s),
    F_U64(vouch_krl_host_row, reported_s),
    F_U64(vouch_krl_host_row, arrived_s),
    F_U64(vouch_krl_host_row, behind),
    F_END,
};
static const struct vouch_fields krl_host_table = TABLE(krl_host_fields, vouch_krl_host_row);

static const struct vouch_field krl_status_fields[] = {
    F_PART(vouch_ask_krl_status, page, &vouch_ask_page_fields),
    F_END,
};
const struct vouch_fields vouch_ask_krl_status_fields =
    TABLE(krl_status_fields, vouch_ask_krl_status);

static const struct vouch_field answer_krl_status_fields[] = {
    F_PART(vouch_answer_krl_status, reply, &vouch_reply_fields),
    F_U64(vouch_answer_krl_status, version),
    F_U64(vouch_answer_krl_status, generated_s),
    F_U64(vouch_answer_krl_status, hosts),
    F_U64(vouch_answer_krl_status, current),
    F_U64(vouch_answer_krl_status, silent),
    F_U64(vouch_answer_krl_status, measured),
    F_U64(vouch_answer_krl_status, within_s),
    F_ROWS(vouch_answer_krl_status, &krl_host_table),
    F_BYTES(vouch_answer_krl_status, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_krl_status_fields =
    TABLE(answer_krl_status_fields, vouch_answer_krl_status);

// --- who reaches what

static const struct vouch_field matrix_fields[] = {
    F_ENUM(vouch_ask_matrix, rows, "rows", VOUCH_MATRIX_GROUPS),
    F_BYTES(vouch_ask_matrix, label, "label", WORD_MAX),
    F_BYTES(vouch_ask_matrix, zone, "zone", TEXT_MAX),
    F_U64(vouch_ask_matrix, at_s),
    F_U64(vouch_ask_matrix, row_from),
    F_U64(vouch_ask_matrix, row_count),
    F_U64(vouch_ask_matrix, column_from),
    F_U64(vouch_ask_matrix, column_count),
    F_END,
};
const struct vouch_fields vouch_ask_matrix_fields = TABLE(matrix_fields, vouch_ask_matrix);

static const struct vouch_field cell_fields[] = {
    F_U64(vouch_matrix_cell, row),
    F_U64(vouch_matrix_cell, column),
    F_LIST(vouch_matrix_cell, standing, "standing", LOGINS_MAX),
    F_LIST(vouch_matrix_cell, approval, "approval", LOGINS_MAX),
    F_LIST(vouch_matrix_cell, break_glass, "break_glass", LOGINS_MAX),
    F_END,
};
static const struct vouch_fields cell_table = TABLE(cell_fields, vouch_matrix_cell);

static const struct vouch_field answer_matrix_fields[] = {
    F_PART(vouch_answer_matrix, reply, &vouch_reply_fields),
    F_U64(vouch_answer_matrix, policy),
    F_LIST(vouch_answer_matrix, rows, "rows", VOUCH_ASK_PAGE_MAX),
    F_LIST(vouch_answer_matrix, columns, "columns", VOUCH_ASK_PAGE_MAX),
    F_U64(vouch_answer_matrix, rows_in_all),
    F_U64(vouch_answer_matrix, columns_in_all),
    F_ROWS_OF(vouch_answer_matrix, cells, cell_count, CELLS_MAX, &cell_table),
    F_END,
};
const struct vouch_fields vouch_answer_matrix_fields =
    TABLE(answer_matrix_fields, vouch_answer_matrix);

static const struct vouch_field access_diff_fields[] = {
    F_U64(vouch_ask_access_diff, from_s),
    F_U64(vouch_ask_access_diff, until_s),
    F_END,
};
const struct vouch_fields vouch_ask_access_diff_fields =
    TABLE(access_diff_fields, vouch_ask_access_diff);
