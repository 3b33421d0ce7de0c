// SPDX-License-Identifier: ISC
// Every path of the API. What a row does not say is not allowed: no credential means 401, a body 413, a
// parameter 422.
#include "api/routes.h"

#include "api/resources.h"

#define PAGE "limit", "cursor"

static const char *const page_params[] = {PAGE, NULL};
static const char *const cert_params[] = {PAGE,        "serial",   "fingerprint", "key_id",
                                          "principal", "actor",    "type",        "from",
                                          "until",     "valid_at", NULL};
static const char *const audit_params[] = {PAGE, "type", "actor", "object", "from", "until", NULL};
static const char *const krl_params[] = {"wait", NULL};
static const char *const summary_params[] = {"hours", NULL};
static const char *const live_params[] = {"for", NULL};
static const char *const user_params[] = {"user", NULL};
static const char *const user_page_params[] = {PAGE, "user", NULL};
static const char *const host_params[] = {PAGE, "user", "zone", "host", NULL};
static const char *const fleet_params[] = {PAGE, "zone", "host", "label", "state", NULL};
static const char *const state_params[] = {"have", NULL};
static const char *const news_params[] = {"state", "krl", "trust", "wait", NULL};
static const char *const login_params[] = {
    PAGE, "host", "login", "user", "key_id", "serial", "outcome", "alarms", "from", "until", NULL};
static const char *const matrix_params[] = {
    "rows", "label", "zone", "at", "row_from", "row_count", "column_from", "column_count", NULL};
static const char *const rotation_params[] = {"use", NULL};
static const char *const diff_params[] = {"from", "until", NULL};
static const char *const who_params[] = {"login", "host", NULL};
static const char *const version_params[] = {"version", NULL};
static const char *const request_params[] = {PAGE, "which", "state", NULL};
static const char *const review_params[] = {PAGE, "state", "kind", NULL};

#define ROW(name, function, ...)                                                                   \
    static const struct vouch_api_row name = {.answer = (function), __VA_ARGS__}

ROW(cert_issue, vouch_api_cert_issue, .body = VOUCH_API_JSON);
ROW(cert_list, vouch_api_cert_list, .params = cert_params);
ROW(cert_show, vouch_api_cert_show, .access = VOUCH_API_CALLERS);
ROW(cert_renew, vouch_api_cert_renew, .body = VOUCH_API_JSON);
ROW(revocation_new, vouch_api_revocation_new, .body = VOUCH_API_JSON);
ROW(revocation_list, vouch_api_revocation_list, .params = page_params);
ROW(token_new, vouch_api_token_new, .body = VOUCH_API_JSON);
ROW(token_list, vouch_api_token_list, .params = page_params);
ROW(token_disable, vouch_api_token_disable, .access = VOUCH_API_CALLERS);
ROW(profile_put, vouch_api_profile_put, .body = VOUCH_API_JSON);
ROW(profile_list, vouch_api_profile_list, .params = page_params);
ROW(profile_show, vouch_api_profile_show, .access = VOUCH_API_CALLERS);
ROW(profile_remove, vouch_api_profile_remove, .access = VOUCH_API_CALLERS);
ROW(audit_list, vouch_api_audit_list, .params = audit_params);
ROW(summary, vouch_api_summary_show, .params = summary_params);
ROW(preferences_show, vouch_api_preferences_show, .access = VOUCH_API_CALLERS);
ROW(preferences_put, vouch_api_preferences_put, .body = VOUCH_API_JSON);
ROW(live, vouch_api_live_follow, .params = live_params);
ROW(status_show, vouch_api_status_show, .access = VOUCH_API_CALLERS);
ROW(entries, vouch_api_ledger_tile, .access = VOUCH_API_CALLERS);

ROW(session_new, vouch_api_session_new, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN, .effect = VOUCH_API_QUESTION);
ROW(session_show, vouch_api_session_show, .access = VOUCH_API_CALLERS);
ROW(session_list, vouch_api_session_list, .params = user_page_params);
ROW(session_end, vouch_api_session_end, .access = VOUCH_API_CALLERS, .effect = VOUCH_API_QUESTION);
ROW(session_end_one, vouch_api_session_end_one, .access = VOUCH_API_CALLERS);
ROW(session_end_all, vouch_api_session_end_all, .params = user_params);
ROW(session_factor, vouch_api_session_factor, .body = VOUCH_API_JSON, .effect = VOUCH_API_QUESTION);
ROW(session_challenge, vouch_api_session_challenge, .body = VOUCH_API_JSON,
    .effect = VOUCH_API_QUESTION);
ROW(passkey_challenge, vouch_api_passkey_challenge, .access = VOUCH_API_STRANGERS,
    .body = VOUCH_API_JSON, .work = VOUCH_API_SIGN_IN, .effect = VOUCH_API_QUESTION);
ROW(passkey_begin, vouch_api_passkey_begin, .body = VOUCH_API_JSON);
ROW(passkey_add, vouch_api_passkey_add, .body = VOUCH_API_JSON);
ROW(passkey_list, vouch_api_passkey_list, .params = user_page_params);
ROW(passkey_remove, vouch_api_passkey_remove, .params = user_params);
ROW(device_new, vouch_api_device_new, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN, .effect = VOUCH_API_QUESTION);
ROW(device_show, vouch_api_device_show, .access = VOUCH_API_CALLERS);
ROW(device_approve, vouch_api_device_approve, .body = VOUCH_API_JSON, .effect = VOUCH_API_QUESTION);
ROW(device_deny, vouch_api_device_deny, .body = VOUCH_API_JSON, .effect = VOUCH_API_QUESTION);
ROW(device_undo, vouch_api_device_undo, .body = VOUCH_API_JSON);
ROW(account_list, vouch_api_account_list, .params = user_page_params);
ROW(account_link, vouch_api_account_link, .body = VOUCH_API_JSON);
ROW(account_password, vouch_api_account_password, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN);
ROW(account_recovery, vouch_api_account_recovery, .body = VOUCH_API_JSON);
ROW(setup_look, vouch_api_setup_look, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN);
ROW(setup_begin, vouch_api_setup_begin, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN);
ROW(setup_finish, vouch_api_setup_finish, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_SIGN_IN);
ROW(me_show, vouch_api_me_show, .params = user_params);
ROW(host_list, vouch_api_host_list, .params = host_params);
ROW(who_list, vouch_api_who_list, .params = who_params);
ROW(host_token_new, vouch_api_host_token_new, .body = VOUCH_API_JSON);
ROW(host_token_list, vouch_api_host_token_list, .params = page_params);
ROW(host_token_remove, vouch_api_host_token_remove, .access = VOUCH_API_CALLERS);
ROW(host_enrol, vouch_api_host_enrol, .access = VOUCH_API_STRANGERS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_ENROL);
ROW(host_renew, vouch_api_host_renew, .access = VOUCH_API_HOSTS, .body = VOUCH_API_JSON,
    .work = VOUCH_API_ENROL);
ROW(host_leave, vouch_api_host_leave, .access = VOUCH_API_HOSTS);
ROW(host_state, vouch_api_host_state, .access = VOUCH_API_HOSTS, .params = state_params);
ROW(host_news, vouch_api_host_news, .access = VOUCH_API_HOSTS, .params = news_params);
ROW(host_report, vouch_api_host_report, .access = VOUCH_API_HOSTS, .body = VOUCH_API_JSON);
ROW(host_logins, vouch_api_host_logins, .access = VOUCH_API_HOSTS, .body = VOUCH_API_JSON);
ROW(login_list, vouch_api_login_list, .params = login_params);
ROW(explain, vouch_api_explain, .body = VOUCH_API_JSON, .effect = VOUCH_API_QUESTION);
ROW(krl_status, vouch_api_krl_status, .params = page_params);
ROW(access_matrix, vouch_api_access_matrix, .params = matrix_params);
ROW(access_diff, vouch_api_access_diff, .params = diff_params);
ROW(fleet_list, vouch_api_fleet_list, .params = fleet_params);
ROW(fleet_show, vouch_api_fleet_show, .access = VOUCH_API_CALLERS);
ROW(fleet_edit, vouch_api_fleet_edit, .body = VOUCH_API_JSON);
ROW(fleet_adopt, vouch_api_fleet_adopt, .body = VOUCH_API_JSON);
ROW(fleet_refuse, vouch_api_fleet_refuse, .body = VOUCH_API_JSON);
ROW(fleet_lock, vouch_api_fleet_lock, .body = VOUCH_API_JSON);
ROW(fleet_rename, vouch_api_fleet_rename, .body = VOUCH_API_JSON);
ROW(fleet_retire, vouch_api_fleet_retire, .body = VOUCH_API_JSON);
ROW(policy_show, vouch_api_policy_show, .params = version_params);
ROW(policy_put, vouch_api_policy_put, .body = VOUCH_API_YAML);
ROW(policy_diff, vouch_api_policy_diff, .body = VOUCH_API_YAML, .effect = VOUCH_API_QUESTION);
ROW(policy_list, vouch_api_policy_list, .params = page_params);
ROW(access_new, vouch_api_access_new, .body = VOUCH_API_JSON);
ROW(review_list, vouch_api_review_list, .params = review_params);
ROW(review_show, vouch_api_review_show, .access = VOUCH_API_CALLERS);
ROW(review_finish, vouch_api_review_finish, .body = VOUCH_API_JSON);
ROW(seal_new, vouch_api_seal_new, .body = VOUCH_API_JSON);
ROW(sheet_show, vouch_api_sheet_show, .access = VOUCH_API_CALLERS);
ROW(request_list, vouch_api_request_list, .params = request_params);
ROW(request_show, vouch_api_request_show, .access = VOUCH_API_CALLERS);
ROW(request_impact, vouch_api_request_impact, .access = VOUCH_API_CALLERS);
ROW(request_approve, vouch_api_request_approve, .body = VOUCH_API_JSON);
ROW(request_deny, vouch_api_request_deny, .body = VOUCH_API_JSON);
ROW(request_cancel, vouch_api_request_cancel, .body = VOUCH_API_JSON);
ROW(request_take, vouch_api_request_take, .body = VOUCH_API_JSON);

ROW(ca_show, vouch_api_ca_show, .access = VOUCH_API_EVERYBODY);
ROW(ca_user_key, vouch_api_ca_user_key, .access = VOUCH_API_EVERYBODY);
ROW(ca_host_key, vouch_api_ca_host_key, .access = VOUCH_API_EVERYBODY);
ROW(ca_checkpoint_key, vouch_api_ca_checkpoint_key, .access = VOUCH_API_EVERYBODY);
ROW(rotation_show, vouch_api_rotation_show, .params = rotation_params);
ROW(rotate, vouch_api_rotate, .body = VOUCH_API_JSON);
ROW(trust_show, vouch_api_trust_show, .access = VOUCH_API_EVERYBODY, .params = krl_params);
ROW(krl_user, vouch_api_krl_user, .access = VOUCH_API_EVERYBODY, .params = krl_params);
ROW(krl_host, vouch_api_krl_host, .access = VOUCH_API_EVERYBODY, .params = krl_params);
ROW(krl_user_envelope, vouch_api_krl_user_envelope, .access = VOUCH_API_EVERYBODY);
ROW(krl_host_envelope, vouch_api_krl_host_envelope, .access = VOUCH_API_EVERYBODY);
ROW(checkpoint, vouch_api_ledger_checkpoint, .access = VOUCH_API_EVERYBODY);
ROW(tile, vouch_api_ledger_tile, .access = VOUCH_API_EVERYBODY);
ROW(ready_show, vouch_api_ready_show, .access = VOUCH_API_EVERYBODY);
// Asks for a credential by itself, unless the configuration says that everybody may read it.
ROW(metrics_show, vouch_api_metrics_show, .access = VOUCH_API_EVERYBODY);

#define READ(pattern, row)                                                                         \
    { VOUCH_HTTP_GET, pattern, vouch_api_serve, 0, 0, &(row) }
#define TAKE(method, pattern, row)                                                                 \
    { VOUCH_HTTP_##method, pattern, vouch_api_serve, VOUCH_API_BODY_MAX, 0, &(row) }
// What strangers may ask for and what costs a processor's time; and what thousands of hosts may ask for at
// once, while somebody else wants a certificate.
#define TAKE_FEW(pattern, row)                                                                     \
    { VOUCH_HTTP_POST, pattern, vouch_api_serve, VOUCH_API_BODY_MAX, VOUCH_HTTP_ROOM_FEW, &(row) }
#define READ_FEW(pattern, row)                                                                     \
    { VOUCH_HTTP_GET, pattern, vouch_api_serve, 0, VOUCH_HTTP_ROOM_FEW, &(row) }
#define TAKE_POLICY(method, pattern, row)                                                          \
    { VOUCH_HTTP_##method, pattern, vouch_api_serve, VOUCH_POLICY_TEXT_MAX, 0, &(row) }
#define DROP(pattern, row)                                                                         \
    { VOUCH_HTTP_DELETE, pattern, vouch_api_serve, 0, 0, &(row) }

// A row earlier in the table goes before one whose captures fit too.
const struct vouch_http_route vouch_api_routes[] = {
    TAKE(POST, "/v1/certs", cert_issue),
    READ("/v1/certs", cert_list),
    READ("/v1/certs/{serial}", cert_show),
    TAKE(POST, "/v1/certs/{serial}/renew", cert_renew),
    TAKE(POST, "/v1/revocations", revocation_new),
    READ("/v1/revocations", revocation_list),
    READ("/v1/ca", ca_show),
    READ("/v1/ca/user.pub", ca_user_key),
    READ("/v1/ca/host.pub", ca_host_key),
    READ("/v1/ca/checkpoint.pub", ca_checkpoint_key),
    READ("/v1/ca/rotation", rotation_show),
    TAKE(POST, "/v1/ca/rotation", rotate),
    READ("/v1/trust", trust_show),
    READ("/v1/krls/user", krl_user),
    READ("/v1/krls/host", krl_host),
    READ("/v1/krls/user/envelope", krl_user_envelope),
    READ("/v1/krls/host/envelope", krl_host_envelope),
    READ("/v1/ledger/checkpoint", checkpoint),
    READ("/v1/ledger/tile/entries/{n1}", entries),
    READ("/v1/ledger/tile/entries/{n1}/{n2}", entries),
    READ("/v1/ledger/tile/entries/{n1}/{n2}/{n3}", entries),
    READ("/v1/ledger/tile/entries/{n1}/{n2}/{n3}/{n4}", entries),
    READ("/v1/ledger/tile/entries/{n1}/{n2}/{n3}/{n4}/{n5}", entries),
    READ("/v1/ledger/tile/{level}/{n1}", tile),
    READ("/v1/ledger/tile/{level}/{n1}/{n2}", tile),
    READ("/v1/ledger/tile/{level}/{n1}/{n2}/{n3}", tile),
    READ("/v1/ledger/tile/{level}/{n1}/{n2}/{n3}/{n4}", tile),
    READ("/v1/ledger/tile/{level}/{n1}/{n2}/{n3}/{n4}/{n5}", tile),
    TAKE(POST, "/v1/tokens", token_new),
    READ("/v1/tokens", token_list),
    DROP("/v1/tokens/{name}", token_disable),
    TAKE(PUT, "/v1/profiles/{name}", profile_put),
    READ("/v1/profiles", profile_list),
    READ("/v1/profiles/{name}", profile_show),
    DROP("/v1/profiles/{name}", profile_remove),
    TAKE_FEW("/v1/sessions", session_new),
    READ("/v1/sessions", session_list),
    DROP("/v1/sessions", session_end_all),
    DROP("/v1/sessions/{id}", session_end_one),
    READ("/v1/session", session_show),
    DROP("/v1/session", session_end),
    TAKE(POST, "/v1/session/factor", session_factor),
    TAKE(POST, "/v1/session/challenge", session_challenge),
    TAKE_FEW("/v1/device", device_new),
    READ("/v1/device/{code}", device_show),
    TAKE(POST, "/v1/device/{code}/approve", device_approve),
    TAKE(POST, "/v1/device/{code}/deny", device_deny),
    TAKE(POST, "/v1/device/{code}/undo", device_undo),
    TAKE_FEW("/v1/passkeys/challenge", passkey_challenge),
    TAKE(POST, "/v1/account/passkeys/begin", passkey_begin),
    TAKE(POST, "/v1/account/passkeys", passkey_add),
    READ("/v1/account/passkeys", passkey_list),
    DROP("/v1/account/passkeys/{id}", passkey_remove),
    READ("/v1/accounts", account_list),
    TAKE(POST, "/v1/accounts/{user}/link", account_link),
    TAKE_FEW("/v1/account/password", account_password),
    TAKE(POST, "/v1/account/recovery", account_recovery),
    TAKE_FEW("/v1/setup", setup_look),
    TAKE_FEW("/v1/setup/begin", setup_begin),
    TAKE_FEW("/v1/setup/finish", setup_finish),
    READ("/v1/me", me_show),
    READ("/v1/hosts", host_list),
    TAKE(POST, "/v1/host-tokens", host_token_new),
    READ("/v1/host-tokens", host_token_list),
    DROP("/v1/host-tokens/{id}", host_token_remove),
    TAKE_FEW("/v1/host/enrol", host_enrol),
    TAKE_FEW("/v1/host/renew", host_renew),
    DROP("/v1/host", host_leave),
    READ_FEW("/v1/host/state", host_state),
    READ_FEW("/v1/host/news", host_news),
    TAKE_FEW("/v1/host/report", host_report),
    TAKE_FEW("/v1/host/logins", host_logins),
    READ("/v1/logins", login_list),
    TAKE(POST, "/v1/explain", explain),
    READ("/v1/krls/status", krl_status),
    READ("/v1/access/matrix", access_matrix),
    READ("/v1/access/diff", access_diff),
    READ("/v1/fleet", fleet_list),
    READ("/v1/fleet/{name}", fleet_show),
    TAKE(POST, "/v1/fleet/{name}/edit", fleet_edit),
    TAKE(POST, "/v1/fleet/{name}/adopt", fleet_adopt),
    TAKE(POST, "/v1/fleet/{name}/refuse", fleet_refuse),
    TAKE(POST, "/v1/fleet/{name}/lock", fleet_lock),
    TAKE(POST, "/v1/fleet/{name}/rename", fleet_rename),
    TAKE(POST, "/v1/fleet/{name}/retire", fleet_retire),
    READ("/v1/access/who", who_list),
    TAKE(POST, "/v1/access", access_new),
    READ("/v1/policy", policy_show),
    TAKE_POLICY(PUT, "/v1/policy", policy_put),
    TAKE_POLICY(POST, "/v1/policy/diff", policy_diff),
    READ("/v1/policies", policy_list),
    READ("/v1/requests", request_list),
    READ("/v1/requests/{id}", request_show),
    READ("/v1/requests/{id}/impact", request_impact),
    TAKE(POST, "/v1/requests/{id}/approve", request_approve),
    TAKE(POST, "/v1/requests/{id}/deny", request_deny),
    TAKE(POST, "/v1/requests/{id}/cancel", request_cancel),
    TAKE(POST, "/v1/requests/{id}/cert", request_take),
    READ("/v1/reviews", review_list),
    READ("/v1/reviews/{id}", review_show),
    TAKE(POST, "/v1/reviews/{id}/done", review_finish),
    TAKE(POST, "/v1/seals", seal_new),
    READ("/v1/recovery-sheet", sheet_show),
    READ("/v1/audit", audit_list),
    READ("/v1/status", status_show),
    READ_FEW("/v1/live", live),
    READ("/v1/summary", summary),
    READ("/v1/account/preferences", preferences_show),
    TAKE(PUT, "/v1/account/preferences", preferences_put),
    READ("/readyz", ready_show),
    READ("/metrics", metrics_show),
};
const size_t vouch_api_route_count = sizeof vouch_api_routes / sizeof vouch_api_routes[0];
