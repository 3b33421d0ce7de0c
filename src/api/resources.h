// SPDX-License-Identifier: ISC
// What stands behind each route, by resource. Private to src/api.
//
// Each fills in call->response; a refusal is a response too. A negative code is a failure without words.
#pragma once

#include "api/call.h"

// certs.c
int vouch_api_cert_issue(struct vouch_api_call *call);
int vouch_api_cert_list(struct vouch_api_call *call);
int vouch_api_cert_show(struct vouch_api_call *call);
int vouch_api_cert_renew(struct vouch_api_call *call);

// revocations.c
int vouch_api_revocation_new(struct vouch_api_call *call);
int vouch_api_revocation_list(struct vouch_api_call *call);

// ca.c
int vouch_api_ca_show(struct vouch_api_call *call);
int vouch_api_ca_user_key(struct vouch_api_call *call);
int vouch_api_ca_host_key(struct vouch_api_call *call);
int vouch_api_ca_checkpoint_key(struct vouch_api_call *call);
int vouch_api_trust_show(struct vouch_api_call *call);

// krls.c
int vouch_api_krl_user(struct vouch_api_call *call);
int vouch_api_krl_host(struct vouch_api_call *call);
int vouch_api_krl_user_envelope(struct vouch_api_call *call);
int vouch_api_krl_host_envelope(struct vouch_api_call *call);

// ledger.c
int vouch_api_ledger_checkpoint(struct vouch_api_call *call);
int vouch_api_ledger_tile(struct vouch_api_call *call);

// tokens.c
int vouch_api_token_new(struct vouch_api_call *call);
int vouch_api_token_list(struct vouch_api_call *call);
int vouch_api_token_disable(struct vouch_api_call *call);

// sessions.c
int vouch_api_session_new(struct vouch_api_call *call);
int vouch_api_session_show(struct vouch_api_call *call);
int vouch_api_session_list(struct vouch_api_call *call);
int vouch_api_session_end(struct vouch_api_call *call);
int vouch_api_session_end_one(struct vouch_api_call *call);
int vouch_api_session_end_all(struct vouch_api_call *call);
int vouch_api_session_factor(struct vouch_api_call *call);

// devices.c
int vouch_api_device_new(struct vouch_api_call *call);
int vouch_api_device_show(struct vouch_api_call *call);
int vouch_api_device_approve(struct vouch_api_call *call);
int vouch_api_device_deny(struct vouch_api_call *call);
int vouch_api_device_undo(struct vouch_api_call *call);

// accounts.c
int vouch_api_account_list(struct vouch_api_call *call);
int vouch_api_account_link(struct vouch_api_call *call);
int vouch_api_account_password(struct vouch_api_call *call);
int vouch_api_account_recovery(struct vouch_api_call *call);

// passkeys.c
int vouch_api_passkey_challenge(struct vouch_api_call *call);
int vouch_api_session_challenge(struct vouch_api_call *call);
int vouch_api_passkey_begin(struct vouch_api_call *call);
int vouch_api_passkey_add(struct vouch_api_call *call);
int vouch_api_passkey_list(struct vouch_api_call *call);
int vouch_api_passkey_remove(struct vouch_api_call *call);

// setup.c
int vouch_api_setup_look(struct vouch_api_call *call);
int vouch_api_setup_begin(struct vouch_api_call *call);
int vouch_api_setup_finish(struct vouch_api_call *call);

// me.c, hosts.c
int vouch_api_me_show(struct vouch_api_call *call);
int vouch_api_host_list(struct vouch_api_call *call);
int vouch_api_who_list(struct vouch_api_call *call);

// host-tokens.c
int vouch_api_host_token_new(struct vouch_api_call *call);
int vouch_api_host_token_list(struct vouch_api_call *call);
int vouch_api_host_token_remove(struct vouch_api_call *call);

// enrol.c
int vouch_api_host_enrol(struct vouch_api_call *call);
int vouch_api_host_renew(struct vouch_api_call *call);
int vouch_api_host_leave(struct vouch_api_call *call);

// fleet.c
int vouch_api_fleet_list(struct vouch_api_call *call);
int vouch_api_fleet_show(struct vouch_api_call *call);
int vouch_api_fleet_edit(struct vouch_api_call *call);
int vouch_api_fleet_adopt(struct vouch_api_call *call);
int vouch_api_fleet_refuse(struct vouch_api_call *call);
int vouch_api_fleet_lock(struct vouch_api_call *call);
int vouch_api_fleet_rename(struct vouch_api_call *call);
int vouch_api_fleet_retire(struct vouch_api_call *call);

// ca-rotation.c
int vouch_api_rotation_show(struct vouch_api_call *call);
int vouch_api_rotate(struct vouch_api_call *call);

// host.c, logins.c
int vouch_api_host_state(struct vouch_api_call *call);
int vouch_api_host_news(struct vouch_api_call *call);
int vouch_api_host_report(struct vouch_api_call *call);
int vouch_api_host_logins(struct vouch_api_call *call);
int vouch_api_login_list(struct vouch_api_call *call);

// explain.c, matrix.c
int vouch_api_explain(struct vouch_api_call *call);
int vouch_api_krl_status(struct vouch_api_call *call);
int vouch_api_access_matrix(struct vouch_api_call *call);
int vouch_api_access_diff(struct vouch_api_call *call);

// policy.c
int vouch_api_policy_show(struct vouch_api_call *call);
int vouch_api_policy_put(struct vouch_api_call *call);
int vouch_api_policy_diff(struct vouch_api_call *call);
int vouch_api_policy_list(struct vouch_api_call *call);

// access.c
int vouch_api_access_new(struct vouch_api_call *call);

// requests.c
int vouch_api_request_list(struct vouch_api_call *call);
int vouch_api_request_show(struct vouch_api_call *call);
int vouch_api_request_impact(struct vouch_api_call *call);
int vouch_api_request_approve(struct vouch_api_call *call);
int vouch_api_request_deny(struct vouch_api_call *call);
int vouch_api_request_cancel(struct vouch_api_call *call);
int vouch_api_request_take(struct vouch_api_call *call);

// reviews.c
int vouch_api_review_list(struct vouch_api_call *call);
int vouch_api_review_show(struct vouch_api_call *call);
int vouch_api_review_finish(struct vouch_api_call *call);
int vouch_api_seal_new(struct vouch_api_call *call);
int vouch_api_sheet_show(struct vouch_api_call *call);

// profiles.c
int vouch_api_profile_put(struct vouch_api_call *call);
int vouch_api_profile_show(struct vouch_api_call *call);
int vouch_api_profile_list(struct vouch_api_call *call);
int vouch_api_profile_remove(struct vouch_api_call *call);

// overview.c
int vouch_api_summary_show(struct vouch_api_call *call);
int vouch_api_preferences_show(struct vouch_api_call *call);
int vouch_api_preferences_put(struct vouch_api_call *call);

// live.c
int vouch_api_live_follow(struct vouch_api_call *call);

// audit.c, status.c, metrics.c
int vouch_api_audit_list(struct vouch_api_call *call);
int vouch_api_status_show(struct vouch_api_call *call);
int vouch_api_ready_show(struct vouch_api_call *call);
int vouch_api_metrics_show(struct vouch_api_call *call);

// Counts one issuing that took so long.
void vouch_api_tally_issue(struct vouch_api_tally *tally, uint64_t duration_ns);

// Answers with one of the public files, by its ETag; 503 if it is not there yet.
struct vouch_api_snapshot;
int vouch_api_file_answer(struct vouch_api_call *call, const struct vouch_api_snapshot *snapshot,
                          unsigned file, const char *cache_control);
#define VOUCH_API_CHANGING_CACHE "public, no-cache" // kept, but asked about each time
// Answers with the latest of a file that changes; or, with ?wait=SECONDS of a client that has it, when
// there is another or the time is over.
int vouch_api_file_await(struct vouch_api_call *call, unsigned file, uint64_t wait_key);
// The latest snapshot, held; NULL, and 503, if there is none.
struct vouch_api_snapshot *vouch_api_snapshot_of(struct vouch_api_call *call);

// Answers with a new certificate, or with a new request for one.
int vouch_api_cert_answer_new(struct vouch_api_call *call, const struct vouch_cert_row *row);
int vouch_api_request_answer_new(struct vouch_api_call *call, const struct vouch_request_row *row);

// Answers with a link for setting up an account; the secret only when it is new.
int vouch_api_link_answer(struct vouch_api_call *call, unsigned status,
                          const struct vouch_answer_link *link);
// Answers with recovery codes.
int vouch_api_codes_answer(struct vouch_api_call *call, const struct vouch_answer_codes *codes);

// Answers a host that reported; and writes one login, as an item of a list.
int vouch_api_host_answer_done(struct vouch_api_call *call,
                               const struct vouch_answer_host_done *answer);
void vouch_api_put_login(struct vouch_json *json, const struct vouch_login_row *row);

// Answers with what a policy, or time, changed.
int vouch_api_policy_answer_diff(struct vouch_api_call *call,
                                 const struct vouch_answer_policy_apply *diff);

// "user", "host" or "".
struct vouch_bytes vouch_api_cert_type_text(enum vouch_cert_type type);
