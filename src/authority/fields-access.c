// SPDX-License-Identifier: ISC
// The fields of asks and answers about the policy, access and requests.
#include "authority/fields.h"
#include "policy/decide.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define NAME_MAX_LEN 128 // of a user, zone, role, login
#define HOST_NAME_MAX_LEN 255
#define ONCE_MAX 128
#define COMMENT_MAX VOUCH_REASON_MAX
#define CHANGES_MAX 200
#define EDITS_MAX 200
#define CHANGE_NAMES_MAX 64 // users or hosts that a change names
#define PATHS_MAX 1000
#define HOST_NAMES_MAX 1024 // logins and roles on one host
#define ROLES_MAX 1000      // of one person, as they are shown
#define LIST_MAX VOUCH_ASK_LIST_MAX

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

// --- the policy

static const struct vouch_field policy_show_fields[] = {
    F_U64(vouch_ask_policy_show, version),
    F_END,
};
const struct vouch_fields vouch_ask_policy_show_fields =
    TABLE(policy_show_fields, vouch_ask_policy_show);

static const struct vouch_field answer_policy_fields[] = {
    F_PART(vouch_answer_policy, reply, &vouch_reply_fields),
    F_U64(vouch_answer_policy, version),
    F_U64(vouch_answer_policy, time_s),
    F_BYTES(vouch_answer_policy, actor, "actor", TEXT_MAX),
    F_BYTES(vouch_answer_policy, text, "text", VOUCH_POLICY_TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_policy_fields =
    TABLE(answer_policy_fields, vouch_answer_policy);

static const struct vouch_field policy_apply_fields[] = {
    F_BYTES(vouch_ask_policy_apply, text, "policy", VOUCH_POLICY_TEXT_MAX),
    F_BYTES(vouch_ask_policy_apply, name, "name", 255),
    F_ENUM(vouch_ask_policy_apply, what, "what", VOUCH_POLICY_APPLY),
    F_U64(vouch_ask_policy_apply, expect),
    F_END,
};
const struct vouch_fields vouch_ask_policy_apply_fields =
    TABLE(policy_apply_fields, vouch_ask_policy_apply);

static const struct vouch_field change_fields[] = {
    F_BYTES(vouch_access_change, login, "login", NAME_MAX_LEN),
    F_BYTES(vouch_access_change, before, "before", 16),
    F_BYTES(vouch_access_change, after, "after", 16),
    F_LIST(vouch_access_change, users, "users", CHANGE_NAMES_MAX),
    F_LIST(vouch_access_change, hosts, "hosts", CHANGE_NAMES_MAX),
    F_U64(vouch_access_change, user_count),
    F_U64(vouch_access_change, host_count),
    F_END,
};
static const struct vouch_fields change_table = TABLE(change_fields, vouch_access_change);

static const struct vouch_field edit_fields[] = {
    F_BYTES(vouch_policy_edit_row, what, "what", 16),
    F_BYTES(vouch_policy_edit_row, list, "list", 16),
    F_BYTES(vouch_policy_edit_row, name, "name", HOST_NAME_MAX_LEN),
    F_BYTES(vouch_policy_edit_row, key, "key", 64),
    F_END,
};
static const struct vouch_fields edit_table = TABLE(edit_fields, vouch_policy_edit_row);

static const struct vouch_field answer_policy_apply_fields[] = {
    F_PART(vouch_answer_policy_apply, reply, &vouch_reply_fields),
    F_U64(vouch_answer_policy_apply, version),
    F_ROWS_OF(vouch_answer_policy_apply, changes, change_count, CHANGES_MAX, &change_table),
    F_ROWS_OF(vouch_answer_policy_apply, edits, edit_count, EDITS_MAX, &edit_table),
    F_U64(vouch_answer_policy_apply, changes_in_all),
    F_U64(vouch_answer_policy_apply, edits_in_all),
    F_END,
};
const struct vouch_fields vouch_answer_policy_apply_fields =
    TABLE(answer_policy_apply_fields, vouch_answer_policy_apply);

static const struct vouch_field policies_fields[] = {
    F_PART(vouch_ask_policies, page, &vouch_ask_page_fields),
    F_END,
};
const struct vouch_fields vouch_ask_policies_fields = TABLE(policies_fields, vouch_ask_policies);

static const struct vouch_field version_fields[] = {
    F_U64(vouch_policy_version_row, version),
    F_U64(vouch_policy_version_row, time_s),
    F_U64(vouch_policy_version_row, number),
    F_BYTES(vouch_policy_version_row, actor, "actor", TEXT_MAX),
    F_FIXED(vouch_policy_version_row, hash),
    F_END,
};
static const struct vouch_fields version_table = TABLE(version_fields, vouch_policy_version_row);

static const struct vouch_field answer_policies_fields[] = {
    F_PART(vouch_answer_policies, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_policies, &version_table),
    F_BYTES(vouch_answer_policies, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_policies_fields =
    TABLE(answer_policies_fields, vouch_answer_policies);

// --- what somebody may have

static const struct vouch_field me_fields[] = {
    F_BYTES(vouch_ask_me, user, "user", NAME_MAX_LEN),
    F_END,
};
const struct vouch_fields vouch_ask_me_fields = TABLE(me_fields, vouch_ask_me);

static const struct vouch_field role_fields[] = {
    F_BYTES(vouch_role_view, zone, "zone", NAME_MAX_LEN),
    F_BYTES(vouch_role_view, role, "role", NAME_MAX_LEN),
    F_BYTES(vouch_role_view, group, "group", NAME_MAX_LEN),
    F_LIST(vouch_role_view, logins, "logins", LIST_MAX),
    F_U64(vouch_role_view, ttl_s),
    F_U64(vouch_role_view, approvals),
    F_U64(vouch_role_view, needs_reason),
    F_U64(vouch_role_view, factor_age_s),
    F_U64(vouch_role_view, break_glass),
    F_END,
};
static const struct vouch_fields role_table = TABLE(role_fields, vouch_role_view);

static const struct vouch_field zone_fields[] = {
    F_BYTES(vouch_zone_view, name, "name", NAME_MAX_LEN),
    F_LIST(vouch_zone_view, patterns, "patterns", VOUCH_POLICY_PATTERNS_MAX),
    F_END,
};
static const struct vouch_fields zone_table = TABLE(zone_fields, vouch_zone_view);

static const struct vouch_field answer_me_fields[] = {
    F_PART(vouch_answer_me, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_me, user, "user", NAME_MAX_LEN),
    F_BYTES(vouch_answer_me, name, "name", TEXT_MAX),
    F_U64(vouch_answer_me, is_admin),
    F_U64(vouch_answer_me, is_auditor),
    F_U64(vouch_answer_me, factor_s),
    F_U64(vouch_answer_me, idle_s),
    F_U64(vouch_answer_me, ends_s),
    F_U64(vouch_answer_me, policy),
    F_ROWS_OF(vouch_answer_me, zones, zone_count, VOUCH_POLICY_ZONES_MAX, &zone_table),
    F_ROWS_OF(vouch_answer_me, roles, role_count, ROLES_MAX, &role_table),
    F_END,
};
const struct vouch_fields vouch_answer_me_fields = TABLE(answer_me_fields, vouch_answer_me);

static const struct vouch_field hosts_fields[] = {
    F_PART(vouch_ask_hosts, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_hosts, user, "user", NAME_MAX_LEN),
    F_BYTES(vouch_ask_hosts, zone, "zone", NAME_MAX_LEN),
    F_BYTES(vouch_ask_hosts, host, "host", HOST_NAME_MAX_LEN),
    F_END,
};
const struct vouch_fields vouch_ask_hosts_fields = TABLE(hosts_fields, vouch_ask_hosts);

static const struct vouch_field host_fields[] = {
    F_BYTES(vouch_host_view, host, "host", HOST_NAME_MAX_LEN),
    F_BYTES(vouch_host_view, zone, "zone", NAME_MAX_LEN),
    F_LIST(vouch_host_view, logins, "logins", HOST_NAMES_MAX),
    F_LIST(vouch_host_view, requests, "requests", HOST_NAMES_MAX),
    F_LIST(vouch_host_view, roles, "roles", HOST_NAMES_MAX),
    F_END,
};
static const struct vouch_fields host_table = TABLE(host_fields, vouch_host_view);

static const struct vouch_field answer_hosts_fields[] = {
    F_PART(vouch_answer_hosts, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_hosts, &host_table),
    F_BYTES(vouch_answer_hosts, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_hosts_fields =
    TABLE(answer_hosts_fields, vouch_answer_hosts);

static const struct vouch_field who_can_fields[] = {
    F_BYTES(vouch_ask_who_can, login, "login", NAME_MAX_LEN),
    F_BYTES(vouch_ask_who_can, host, "host", HOST_NAME_MAX_LEN),
    F_END,
};
const struct vouch_fields vouch_ask_who_can_fields = TABLE(who_can_fields, vouch_ask_who_can);

static const struct vouch_field path_fields[] = {
    F_BYTES(vouch_path_view, user, "user", NAME_MAX_LEN),
    F_BYTES(vouch_path_view, role, "role", NAME_MAX_LEN),
    F_BYTES(vouch_path_view, group, "group", NAME_MAX_LEN),
    F_BYTES(vouch_path_view, how, "how", 16),
    F_U64(vouch_path_view, ttl_s),
    F_END,
};
static const struct vouch_fields path_table = TABLE(path_fields, vouch_path_view);

static const struct vouch_field answer_who_can_fields[] = {
    F_PART(vouch_answer_who_can, reply, &vouch_reply_fields),
    F_ROWS_OF(vouch_answer_who_can, rows, count, PATHS_MAX, &path_table),
    F_U64(vouch_answer_who_can, in_all),
    F_END,
};
const struct vouch_fields vouch_answer_who_can_fields =
    TABLE(answer_who_can_fields, vouch_answer_who_can);

// --- certificates and requests

static const struct vouch_field access_fields[] = {
    F_BYTES(vouch_ask_access, zone, "zone", NAME_MAX_LEN),
    F_LIST(vouch_ask_access, roles, "roles", VOUCH_POLICY_ASK_ROLES_MAX),
    F_BYTES(vouch_ask_access, key, "public_key", VOUCH_KEY_BLOB_MAX),
    F_U64(vouch_ask_access, ttl_s),
    F_BYTES(vouch_ask_access, reason, "reason", VOUCH_REASON_MAX),
    F_LIST(vouch_ask_access, extensions, "extensions", LIST_MAX),
    F_LIST(vouch_ask_access, logins, "logins", LIST_MAX),
    F_LIST(vouch_ask_access, sources, "sources", LIST_MAX),
    F_ENUM(vouch_ask_access, extensions_are, "extensions", VOUCH_ASK_CHOSEN),
    F_ENUM(vouch_ask_access, logins_are, "logins", VOUCH_ASK_CHOSEN),
    F_ENUM(vouch_ask_access, sources_are, "sources", VOUCH_ASK_CHOSEN),
    F_BYTES(vouch_ask_access, force_command, "force_command", TEXT_MAX),
    F_U64(vouch_ask_access, verify_required),
    F_U64(vouch_ask_access, trust_version),
    F_ENUM(vouch_ask_access, pending, "request", VOUCH_PENDING_REQUEST),
    F_U64(vouch_ask_access, drill),
    F_BYTES(vouch_ask_access, once, "Idempotency-Key", ONCE_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_access_fields = TABLE(access_fields, vouch_ask_access);

static const struct vouch_field request_fields[] = {
    F_U64(vouch_request_row, id),
    F_BYTES(vouch_request_row, user, "user", NAME_MAX_LEN),
    F_BYTES(vouch_request_row, zone, "zone", NAME_MAX_LEN),
    F_LIST(vouch_request_row, roles, "roles", VOUCH_POLICY_ASK_ROLES_MAX),
    F_LIST(vouch_request_row, principals, "principals", VOUCH_POLICY_PRINCIPALS_MAX),
    F_U64(vouch_request_row, ttl_s),
    F_FIXED(vouch_request_row, key),
    F_BYTES(vouch_request_row, reason, "reason", VOUCH_REASON_MAX),
    F_BYTES(vouch_request_row, source, "source", TEXT_MAX),
    F_U64(vouch_request_row, created_s),
    F_U64(vouch_request_row, expires_s),
    F_ENUM(vouch_request_row, state, "state", VOUCH_REQUEST_TAKEN),
    F_U64(vouch_request_row, missing),
    F_LIST(vouch_request_row, approvers, "approvers", VOUCH_POLICY_ASK_APPROVALS_MAX),
    F_BYTES(vouch_request_row, decided_by, "decided_by", TEXT_MAX),
    F_BYTES(vouch_request_row, comment, "comment", COMMENT_MAX),
    F_U64(vouch_request_row, serial),
    F_END,
};
static const struct vouch_fields request_table = TABLE(request_fields, vouch_request_row);

static const struct vouch_field answer_access_fields[] = {
    F_PART(vouch_answer_access, reply, &vouch_reply_fields),
    F_PART(vouch_answer_access, cert, &vouch_cert_row_fields),
    F_PART(vouch_answer_access, request, &request_table),
    F_END,
};
const struct vouch_fields vouch_answer_access_fields =
    TABLE(answer_access_fields, vouch_answer_access);

static const struct vouch_field requests_fields[] = {
    F_PART(vouch_ask_requests, page, &vouch_ask_page_fields),
    F_ENUM(vouch_ask_requests, which, "which", VOUCH_REQUESTS_ALL),
    F_ENUM(vouch_ask_requests, state, "state", VOUCH_REQUEST_TAKEN),
    F_END,
};
const struct vouch_fields vouch_ask_requests_fields = TABLE(requests_fields, vouch_ask_requests);

static const struct vouch_field answer_requests_fields[] = {
    F_PART(vouch_answer_requests, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_requests, &request_table),
    F_BYTES(vouch_answer_requests, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_requests_fields =
    TABLE(answer_requests_fields, vouch_answer_requests);

static const struct vouch_field request_decide_fields[] = {
    F_U64(vouch_ask_request_decide, id),
    F_ENUM(vouch_ask_request_decide, verb, "verb", VOUCH_REQUEST_CANCEL),
    F_BYTES(vouch_ask_request_decide, comment, "comment", COMMENT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_request_decide_fields =
    TABLE(request_decide_fields, vouch_ask_request_decide);

static const struct vouch_field answer_request_fields[] = {
    F_PART(vouch_answer_request, reply, &vouch_reply_fields),
    F_PART(vouch_answer_request, row, &request_table),
    F_END,
};
const struct vouch_fields vouch_answer_request_fields =
    TABLE(answer_request_fields, vouch_answer_request);

static const struct vouch_field request_take_fields[] = {
    F_U64(vouch_ask_request_take, id),
    F_BYTES(vouch_ask_request_take, once, "Idempotency-Key", ONCE_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_request_take_fields =
    TABLE(request_take_fields, vouch_ask_request_take);
