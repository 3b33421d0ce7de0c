// SPDX-License-Identifier: ISC
// The fields of each ask and answer, with their bounds, and the frames that carry them. doc/frames.md.
#include "authority/protocol.h"

#include <assert.h>

#include "authority/fields.h"

#define ANSWER_MAX (15u * 1024 * 1024)
#define SECRET_ANSWER_MAX (64u * 1024)
#define ASK_MIN 24    // the empty fields of a caller
#define ANSWER_MIN 24 // and of a reply

#define SOURCE_MAX 256
#define REQUEST_MAX 128

static const struct vouch_field caller_fields[] = {
    F_ENUM(vouch_caller, way, "caller", VOUCH_CALLER_HOST),
    F_BYTES(vouch_caller, token, "token", VOUCH_TOKEN_TEXT_MAX),
    F_U64(vouch_caller, uid),
    F_BYTES(vouch_caller, source, "source", SOURCE_MAX),
    F_BYTES(vouch_caller, request, "request", REQUEST_MAX),
    F_END,
};
const struct vouch_fields vouch_caller_fields = {caller_fields, sizeof(struct vouch_caller)};

static const struct vouch_field failed_fields[] = {
    F_TEXT(vouch_failed, code),
    F_U64(vouch_failed, err),
    F_TEXT(vouch_failed, text),
    F_TEXT(vouch_failed, next),
    F_END,
};
const struct vouch_fields vouch_failed_fields = {failed_fields, sizeof(struct vouch_failed)};

static_assert(offsetof(struct vouch_answer_cert, reply) == 0 &&
                  offsetof(struct vouch_answer_public, reply) == 0 &&
                  offsetof(struct vouch_answer_status, reply) == 0,
              "the verdict stands first in every answer");

const struct vouch_op_row vouch_ops[VOUCH_OP_COUNT] = {
    [VOUCH_OP_issue] = {&vouch_ask_issue_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_renew] = {&vouch_ask_renew_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_show] = {&vouch_ask_show_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_certs] = {&vouch_ask_certs_fields, &vouch_answer_certs_fields},
    [VOUCH_OP_revoke] = {&vouch_ask_revoke_fields, &vouch_answer_revoke_fields},
    [VOUCH_OP_revocations] = {&vouch_ask_revocations_fields, &vouch_answer_revocations_fields},
    [VOUCH_OP_public] = {&vouch_ask_public_fields, &vouch_answer_public_fields},
    [VOUCH_OP_tile] = {&vouch_ask_tile_fields, &vouch_answer_tile_fields},
    [VOUCH_OP_token_new] = {&vouch_ask_token_new_fields, &vouch_answer_token_fields},
    [VOUCH_OP_tokens] = {&vouch_ask_tokens_fields, &vouch_answer_tokens_fields},
    [VOUCH_OP_token_disable] = {&vouch_ask_name_fields, &vouch_answer_token_fields},
    [VOUCH_OP_profile_put] = {&vouch_profile_row_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_profile_show] = {&vouch_ask_name_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_profiles] = {&vouch_ask_page_fields, &vouch_answer_profiles_fields},
    [VOUCH_OP_profile_remove] = {&vouch_ask_name_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_audit] = {&vouch_ask_audit_fields, &vouch_answer_audit_fields},
    [VOUCH_OP_policy_show] = {&vouch_ask_policy_show_fields, &vouch_answer_policy_fields},
    [VOUCH_OP_policy_apply] = {&vouch_ask_policy_apply_fields, &vouch_answer_policy_apply_fields},
    [VOUCH_OP_policies] = {&vouch_ask_policies_fields, &vouch_answer_policies_fields},
    [VOUCH_OP_me] = {&vouch_ask_me_fields, &vouch_answer_me_fields},
    [VOUCH_OP_hosts] = {&vouch_ask_hosts_fields, &vouch_answer_hosts_fields},
    [VOUCH_OP_who_can] = {&vouch_ask_who_can_fields, &vouch_answer_who_can_fields},
    [VOUCH_OP_access] = {&vouch_ask_access_fields, &vouch_answer_access_fields},
    [VOUCH_OP_requests] = {&vouch_ask_requests_fields, &vouch_answer_requests_fields},
    [VOUCH_OP_request_decide] = {&vouch_ask_request_decide_fields, &vouch_answer_request_fields},
    [VOUCH_OP_request_take] = {&vouch_ask_request_take_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_status] = {&vouch_ask_page_fields, &vouch_answer_status_fields},
    [VOUCH_OP_sign_in] = {&vouch_ask_sign_in_fields, &vouch_answer_session_fields},
    [VOUCH_OP_device_new] = {&vouch_ask_device_new_fields, &vouch_answer_device_new_fields},
    [VOUCH_OP_device] = {&vouch_ask_device_fields, &vouch_answer_device_fields},
    [VOUCH_OP_device_session] = {&vouch_ask_device_session_fields, &vouch_answer_session_fields},
    [VOUCH_OP_factor] = {&vouch_ask_factor_fields, &vouch_answer_session_fields},
    [VOUCH_OP_session_show] = {&vouch_ask_page_fields, &vouch_answer_session_fields},
    [VOUCH_OP_sessions] = {&vouch_ask_sessions_fields, &vouch_answer_sessions_fields},
    [VOUCH_OP_session_end] = {&vouch_ask_session_end_fields, &vouch_answer_ended_fields},
    [VOUCH_OP_accounts] = {&vouch_ask_accounts_fields, &vouch_answer_accounts_fields},
    [VOUCH_OP_link_new] = {&vouch_ask_link_new_fields, &vouch_answer_link_fields},
    [VOUCH_OP_link_show] = {&vouch_ask_link_fields, &vouch_answer_link_fields},
    [VOUCH_OP_account_begin] = {&vouch_ask_account_begin_fields,
                                &vouch_answer_account_begin_fields},
    [VOUCH_OP_account_finish] = {&vouch_ask_account_finish_fields, &vouch_answer_codes_fields},
    [VOUCH_OP_password] = {&vouch_ask_password_fields, &vouch_answer_ended_fields},
    [VOUCH_OP_recovery_new] = {&vouch_ask_recovery_new_fields, &vouch_answer_codes_fields},
    [VOUCH_OP_passkey_question] = {&vouch_ask_passkey_question_fields,
                                   &vouch_answer_passkey_question_fields},
    [VOUCH_OP_passkey_add] = {&vouch_ask_passkey_add_fields, &vouch_answer_passkey_fields},
    [VOUCH_OP_passkeys] = {&vouch_ask_passkeys_fields, &vouch_answer_passkeys_fields},
    [VOUCH_OP_passkey_remove] = {&vouch_ask_passkey_remove_fields, &vouch_answer_passkey_fields},
    [VOUCH_OP_host_token_new] = {&vouch_ask_host_token_new_fields, &vouch_answer_host_token_fields},
    [VOUCH_OP_host_tokens] = {&vouch_ask_host_tokens_fields, &vouch_answer_host_tokens_fields},
    [VOUCH_OP_host_token_remove] = {&vouch_ask_host_token_remove_fields,
                                    &vouch_answer_host_token_fields},
    [VOUCH_OP_enrol] = {&vouch_ask_enrol_fields, &vouch_answer_enrol_fields},
    [VOUCH_OP_host_renew] = {&vouch_ask_host_renew_fields, &vouch_answer_enrol_fields},
    [VOUCH_OP_host_leave] = {&vouch_ask_host_leave_fields, &vouch_answer_host_left_fields},
    [VOUCH_OP_fleet] = {&vouch_ask_fleet_fields, &vouch_answer_fleet_fields},
    [VOUCH_OP_fleet_change] = {&vouch_ask_fleet_change_fields, &vouch_answer_fleet_row_fields},
    [VOUCH_OP_host_state] = {&vouch_ask_host_state_fields, &vouch_answer_host_state_fields},
    [VOUCH_OP_host_report] = {&vouch_ask_host_report_fields, &vouch_answer_host_done_fields},
    [VOUCH_OP_host_logins] = {&vouch_ask_host_logins_fields, &vouch_answer_host_done_fields},
    [VOUCH_OP_logins] = {&vouch_ask_logins_fields, &vouch_answer_logins_fields},
    [VOUCH_OP_explain] = {&vouch_ask_explain_fields, &vouch_answer_explain_fields},
    [VOUCH_OP_access_preview] = {&vouch_ask_access_fields, &vouch_answer_access_preview_fields},
    [VOUCH_OP_request_impact] = {&vouch_ask_request_impact_fields,
                                 &vouch_answer_request_impact_fields},
    [VOUCH_OP_summary] = {&vouch_ask_summary_fields, &vouch_answer_summary_fields},
    [VOUCH_OP_preferences] = {&vouch_ask_preferences_fields, &vouch_answer_preferences_fields},
    [VOUCH_OP_krl_status] = {&vouch_ask_krl_status_fields, &vouch_answer_krl_status_fields},
    [VOUCH_OP_matrix] = {&vouch_ask_matrix_fields, &vouch_answer_matrix_fields},
    [VOUCH_OP_access_diff] = {&vouch_ask_access_diff_fields, &vouch_answer_policy_apply_fields},
    [VOUCH_OP_rotation] = {&vouch_ask_rotation_fields, &vouch_answer_rotation_fields},
    [VOUCH_OP_rotate] = {&vouch_ask_rotate_fields, &vouch_answer_rotate_fields},
    [VOUCH_OP_reviews] = {&vouch_ask_reviews_fields, &vouch_answer_reviews_fields},
    [VOUCH_OP_review_decide] = {&vouch_ask_review_decide_fields, &vouch_answer_review_fields},
    [VOUCH_OP_seal] = {&vouch_ask_seal_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_sheet] = {&vouch_ask_page_fields, &vouch_answer_sheet_fields},
};

// Each ask brings a token, which is a secret. One brings a policy besides, one the logins of a host.
#define LOGINS_MAX (VOUCH_REPORT_LOGINS_MAX * VOUCH_OP_LOGIN_MAX)
#define MORE_MAX(op)                                                                               \
    ((op) == VOUCH_OP_policy_apply  ? VOUCH_POLICY_TEXT_MAX                                        \
     : (op) == VOUCH_OP_host_logins ? LOGINS_MAX                                                   \
                                    : 0)
#define ASK_RULE(name_, ask_type, answer_type)                                                     \
    {.type = VOUCH_OP_##name_,                                                                     \
     .content = VOUCH_FRAME_SECRET,                                                                \
     .body_min = ASK_MIN,                                                                          \
     .body_max = VOUCH_OP_ASK_MAX + MORE_MAX((int)VOUCH_OP_##name_),                               \
     .name = #name_},
static const struct vouch_frame_rule asks[] = {VOUCH_AUTHORITY_ASKS(ASK_RULE)};

// Answers that show a secret, once: they are few, small, and wiped.
#define IS_SECRET(op)                                                                              \
    ((op) == VOUCH_OP_token_new || (op) == VOUCH_OP_sign_in || (op) == VOUCH_OP_link_new ||        \
     (op) == VOUCH_OP_account_begin || (op) == VOUCH_OP_account_finish ||                          \
     (op) == VOUCH_OP_recovery_new || (op) == VOUCH_OP_host_token_new || (op) == VOUCH_OP_enrol || \
     (op) == VOUCH_OP_host_renew || (op) == VOUCH_OP_device_new || (op) == VOUCH_OP_device ||      \
     (op) == VOUCH_OP_device_session)
#define ANSWER_RULE(name_, ask_type, answer_type)                                                  \
    {.type = VOUCH_OP_##name_,                                                                     \
     .content = IS_SECRET((int)VOUCH_OP_##name_) ? VOUCH_FRAME_SECRET : VOUCH_FRAME_PLAIN,         \
     .body_min = ANSWER_MIN,                                                                       \
     .body_max = IS_SECRET((int)VOUCH_OP_##name_) ? SECRET_ANSWER_MAX : ANSWER_MAX,                \
     .name = #name_ " answer"},
static const struct vouch_frame_rule answers[] = {
    VOUCH_AUTHORITY_ASKS(ANSWER_RULE){
        .type = VOUCH_OP_FAILED, .body_min = 20, .body_max = 2048, .name = "failure"},
};

const struct vouch_frame_protocol vouch_authority_protocol = {
    .name = "authority",
    .asks = asks,
    .ask_count = sizeof asks / sizeof asks[0],
    .answers = answers,
    .answer_count = sizeof answers / sizeof answers[0],
};
