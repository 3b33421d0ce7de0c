// SPDX-License-Identifier: ISC
// The tables of fields, one for each struct that goes over a lane. Private to src/authority.
#pragma once

#include "authority/authority.h"
#include "ipc/codec.h"

#define F_ROWS(type, table)                                                                        \
    {                                                                                              \
        VOUCH_FIELD_ROWS, "rows", offsetof(struct type, rows), VOUCH_ASK_PAGE_MAX,                 \
            offsetof(struct type, count), table                                                    \
    }

// Rows whose members are not called `rows` and `count`, or that may be more than a page.
#define F_ROWS_OF(type, member, counter, most, table)                                              \
    {                                                                                              \
        VOUCH_FIELD_ROWS, #member, offsetof(struct type, member), most,                            \
            offsetof(struct type, counter), table                                                  \
    }

#define F_TABLE(of) extern const struct vouch_fields vouch_##of##_fields
F_TABLE(reply);
F_TABLE(ask_page);
F_TABLE(ask_name);

F_TABLE(ask_issue);
F_TABLE(ask_renew);
F_TABLE(ask_show);
F_TABLE(ask_certs);
F_TABLE(answer_cert);
F_TABLE(answer_certs);

F_TABLE(ask_revoke);
F_TABLE(answer_revoke);
F_TABLE(ask_revocations);
F_TABLE(answer_revocations);
F_TABLE(ask_public);
F_TABLE(answer_public);
F_TABLE(ask_tile);
F_TABLE(answer_tile);

F_TABLE(ask_token_new);
F_TABLE(ask_tokens);
F_TABLE(answer_token);
F_TABLE(answer_tokens);
F_TABLE(profile_row);
F_TABLE(answer_profile);
F_TABLE(answer_profiles);
F_TABLE(ask_audit);
F_TABLE(answer_audit);
F_TABLE(answer_status);

F_TABLE(ask_sign_in);
F_TABLE(answer_session);
F_TABLE(ask_device_new);
F_TABLE(answer_device_new);
F_TABLE(ask_device);
F_TABLE(answer_device);
F_TABLE(ask_device_session);
F_TABLE(ask_factor);
F_TABLE(ask_sessions);
F_TABLE(answer_sessions);
F_TABLE(ask_session_end);
F_TABLE(answer_ended);
F_TABLE(ask_accounts);
F_TABLE(answer_accounts);
F_TABLE(ask_link_new);
F_TABLE(answer_link);
F_TABLE(ask_link);
F_TABLE(ask_account_begin);
F_TABLE(answer_account_begin);
F_TABLE(ask_account_finish);
F_TABLE(ask_password);
F_TABLE(ask_recovery_new);
F_TABLE(answer_codes);
F_TABLE(passkey_given);
F_TABLE(passkey_new);
F_TABLE(passkey_question);
F_TABLE(ask_passkey_question);
F_TABLE(answer_passkey_question);
F_TABLE(ask_passkey_add);
F_TABLE(answer_passkey);
F_TABLE(ask_passkeys);
F_TABLE(answer_passkeys);
F_TABLE(ask_passkey_remove);

F_TABLE(cert_row);
F_TABLE(ask_host_token_new);
F_TABLE(ask_host_tokens);
F_TABLE(ask_host_token_remove);
F_TABLE(answer_host_token);
F_TABLE(answer_host_tokens);
F_TABLE(ask_enrol);
F_TABLE(ask_host_renew);
F_TABLE(answer_enrol);
F_TABLE(ask_host_leave);
F_TABLE(answer_host_left);
F_TABLE(ask_fleet);
F_TABLE(answer_fleet);
F_TABLE(ask_fleet_change);
F_TABLE(answer_fleet_row);
F_TABLE(ask_host_state);
F_TABLE(answer_host_state);
F_TABLE(ask_host_report);
F_TABLE(ask_host_logins);
F_TABLE(answer_host_done);
F_TABLE(ask_logins);
F_TABLE(answer_logins);
F_TABLE(ask_explain);
F_TABLE(answer_explain);
F_TABLE(answer_access_preview);
F_TABLE(ask_request_impact);
F_TABLE(answer_request_impact);
F_TABLE(ask_summary);
F_TABLE(answer_summary);
F_TABLE(ask_preferences);
F_TABLE(answer_preferences);
F_TABLE(ask_krl_status);
F_TABLE(answer_krl_status);
F_TABLE(ask_matrix);
F_TABLE(answer_matrix);
F_TABLE(ask_access_diff);
F_TABLE(ask_rotation);
F_TABLE(answer_rotation);
F_TABLE(ask_rotate);
F_TABLE(answer_rotate);
F_TABLE(ask_policy_show);
F_TABLE(answer_policy);
F_TABLE(ask_policy_apply);
F_TABLE(answer_policy_apply);
F_TABLE(ask_policies);
F_TABLE(answer_policies);
F_TABLE(ask_me);
F_TABLE(answer_me);
F_TABLE(ask_hosts);
F_TABLE(answer_hosts);
F_TABLE(ask_who_can);
F_TABLE(answer_who_can);
F_TABLE(ask_access);
F_TABLE(answer_access);
F_TABLE(ask_requests);
F_TABLE(answer_requests);
F_TABLE(ask_request_decide);
F_TABLE(ask_request_take);
F_TABLE(ask_reviews);
F_TABLE(answer_reviews);
F_TABLE(ask_review_decide);
F_TABLE(answer_review);
F_TABLE(ask_seal);
F_TABLE(answer_sheet);
F_TABLE(answer_request);
