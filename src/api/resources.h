// SPDX-License-Identifier: ISC
// What stands behind each route, by resource. Private to src/api.
//
// Each fills in call->response; a refusal is a response too. A negative code is a failure without words.
#pragma once

#include "api/answers.h"
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

// ca-proposals.c
int vouch_api_proposal_list(struct vouch_api_call *call);
int vouch_api_proposal_new(struct vouch_api_call *call);
int vouch_api_proposal_show(struct vouch_api_call *call);
int vouch_api_proposal_confirm(struct vouch_api_call *call);
int vouch_api_proposal_withdraw(struct vouch_api_call *call);

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

// tickets.c
int vouch_api_ticket_new(struct vouch_api_call *call);
int vouch_api_ticket_show(struct vouch_api_call *call);
int vouch_api_ticket_use(struct vouch_api_call *call);

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

// fleet-summary.c
int vouch_api_fleet_summary_show(struct vouch_api_call *call);

// overview.c
int vouch_api_summary_show(struct vouch_api_call *call);
int vouch_api_preferences_show(struct vouch_api_call *call);
int vouch_api_preferences_put(struct vouch_api_call *call);

// live.c
int vouch_api_live_follow(struct vouch_api_call *call);

// audit.c, backups.c, status.c, metrics.c
int vouch_api_backup_note(struct vouch_api_call *call);
int vouch_api_audit_list(struct vouch_api_call *call);
int vouch_api_audit_export(struct vouch_api_call *call); // audit-export.c
int vouch_api_status_show(struct vouch_api_call *call);
int vouch_api_ready_show(struct vouch_api_call *call);
int vouch_api_metrics_show(struct vouch_api_call *call);
