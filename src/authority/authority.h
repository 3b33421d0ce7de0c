// SPDX-License-Identifier: ISC
// The authority: decides, has it signed and recorded, and keeps the index. issue.c is the way of a
// request, from top to bottom.
//
// Two bodies with one face: the one that owns the database (issue.c and its neighbours), and remote.c,
// which asks it over a lane. Code above is given handles and cannot tell which. An authority handle
// belongs to one thread; answers are good until it is next asked. An error is a failure; "no" is a
// verdict.
#pragma once

#include "authority/request-access.h"
#include "authority/request-admin.h"
#include "authority/request-ca.h"
#include "authority/request-cert.h"
#include "authority/request-device.h"
#include "authority/request-hosts.h"
#include "authority/request-logins.h"
#include "authority/request-overview.h"
#include "authority/request-people.h"
#include "authority/request-public.h"
#include "authority/request-review.h"

struct vouch_authority;

// The asking end of a lane (remote.c), which it owns from here on.
VOUCH_MUST_USE int vouch_authority_connect(int take_fd, struct vouch_authority **ret_authority,
                                           struct vouch_fault *fault);
void vouch_authority_close(struct vouch_authority *authority);

#define VOUCH_AUTHORITY_ASKS(X)                                                                    \
    X(issue, struct vouch_ask_issue, struct vouch_answer_cert)                                     \
    X(renew, struct vouch_ask_renew, struct vouch_answer_cert)                                     \
    X(show, struct vouch_ask_show, struct vouch_answer_cert)                                       \
    X(certs, struct vouch_ask_certs, struct vouch_answer_certs)                                    \
    X(revoke, struct vouch_ask_revoke, struct vouch_answer_revoke)                                 \
    X(revocations, struct vouch_ask_revocations, struct vouch_answer_revocations)                  \
    X(public, struct vouch_ask_public, struct vouch_answer_public)                                 \
    X(tile, struct vouch_ask_tile, struct vouch_answer_tile)                                       \
    X(token_new, struct vouch_ask_token_new, struct vouch_answer_token)                            \
    X(tokens, struct vouch_ask_tokens, struct vouch_answer_tokens)                                 \
    X(token_disable, struct vouch_ask_name, struct vouch_answer_token)                             \
    X(profile_put, struct vouch_profile_row, struct vouch_answer_profile)                          \
    X(profile_show, struct vouch_ask_name, struct vouch_answer_profile)                            \
    X(profiles, struct vouch_ask_page, struct vouch_answer_profiles)                               \
    X(profile_remove, struct vouch_ask_name, struct vouch_answer_profile)                          \
    X(audit, struct vouch_ask_audit, struct vouch_answer_audit)                                    \
    X(policy_show, struct vouch_ask_policy_show, struct vouch_answer_policy)                       \
    X(policy_apply, struct vouch_ask_policy_apply, struct vouch_answer_policy_apply)               \
    X(policies, struct vouch_ask_policies, struct vouch_answer_policies)                           \
    X(me, struct vouch_ask_me, struct vouch_answer_me)                                             \
    X(hosts, struct vouch_ask_hosts, struct vouch_answer_hosts)                                    \
    X(who_can, struct vouch_ask_who_can, struct vouch_answer_who_can)                              \
    X(access, struct vouch_ask_access, struct vouch_answer_access)                                 \
    X(requests, struct vouch_ask_requests, struct vouch_answer_requests)                           \
    X(request_decide, struct vouch_ask_request_decide, struct vouch_answer_request)                \
    X(request_take, struct vouch_ask_request_take, struct vouch_answer_cert)                       \
    X(access_preview, struct vouch_ask_access, struct vouch_answer_access_preview)                 \
    X(request_impact, struct vouch_ask_request_impact, struct vouch_answer_request_impact)         \
    X(summary, struct vouch_ask_summary, struct vouch_answer_summary)                              \
    X(preferences, struct vouch_ask_preferences, struct vouch_answer_preferences)                  \
    X(status, struct vouch_ask_page, struct vouch_answer_status)                                   \
    X(sign_in, struct vouch_ask_sign_in, struct vouch_answer_session)                              \
    X(device_new, struct vouch_ask_device_new, struct vouch_answer_device_new)                     \
    X(device, struct vouch_ask_device, struct vouch_answer_device)                                 \
    X(device_session, struct vouch_ask_device_session, struct vouch_answer_session)                \
    X(factor, struct vouch_ask_factor, struct vouch_answer_session)                                \
    X(session_show, struct vouch_ask_page, struct vouch_answer_session)                            \
    X(sessions, struct vouch_ask_sessions, struct vouch_answer_sessions)                           \
    X(session_end, struct vouch_ask_session_end, struct vouch_answer_ended)                        \
    X(accounts, struct vouch_ask_accounts, struct vouch_answer_accounts)                           \
    X(link_new, struct vouch_ask_link_new, struct vouch_answer_link)                               \
    X(link_show, struct vouch_ask_link, struct vouch_answer_link)                                  \
    X(account_begin, struct vouch_ask_account_begin, struct vouch_answer_account_begin)            \
    X(account_finish, struct vouch_ask_account_finish, struct vouch_answer_codes)                  \
    X(password, struct vouch_ask_password, struct vouch_answer_ended)                              \
    X(recovery_new, struct vouch_ask_recovery_new, struct vouch_answer_codes)                      \
    X(passkey_question, struct vouch_ask_passkey_question, struct vouch_answer_passkey_question)   \
    X(passkey_add, struct vouch_ask_passkey_add, struct vouch_answer_passkey)                      \
    X(passkeys, struct vouch_ask_passkeys, struct vouch_answer_passkeys)                           \
    X(passkey_remove, struct vouch_ask_passkey_remove, struct vouch_answer_passkey)                \
    X(host_token_new, struct vouch_ask_host_token_new, struct vouch_answer_host_token)             \
    X(host_tokens, struct vouch_ask_host_tokens, struct vouch_answer_host_tokens)                  \
    X(host_token_remove, struct vouch_ask_host_token_remove, struct vouch_answer_host_token)       \
    X(enrol, struct vouch_ask_enrol, struct vouch_answer_enrol)                                    \
    X(host_renew, struct vouch_ask_host_renew, struct vouch_answer_enrol)                          \
    X(host_leave, struct vouch_ask_host_leave, struct vouch_answer_host_left)                      \
    X(fleet, struct vouch_ask_fleet, struct vouch_answer_fleet)                                    \
    X(fleet_change, struct vouch_ask_fleet_change, struct vouch_answer_fleet_row)                  \
    X(host_state, struct vouch_ask_host_state, struct vouch_answer_host_state)                     \
    X(host_report, struct vouch_ask_host_report, struct vouch_answer_host_done)                    \
    X(host_logins, struct vouch_ask_host_logins, struct vouch_answer_host_done)                    \
    X(logins, struct vouch_ask_logins, struct vouch_answer_logins)                                 \
    X(explain, struct vouch_ask_explain, struct vouch_answer_explain)                              \
    X(krl_status, struct vouch_ask_krl_status, struct vouch_answer_krl_status)                     \
    X(matrix, struct vouch_ask_matrix, struct vouch_answer_matrix)                                 \
    X(access_diff, struct vouch_ask_access_diff, struct vouch_answer_policy_apply)                 \
    X(rotation, struct vouch_ask_rotation, struct vouch_answer_rotation)                           \
    X(rotate, struct vouch_ask_rotate, struct vouch_answer_rotate)                                 \
    X(reviews, struct vouch_ask_reviews, struct vouch_answer_reviews)                              \
    X(review_decide, struct vouch_ask_review_decide, struct vouch_answer_review)                   \
    X(seal, struct vouch_ask_seal, struct vouch_answer_cert)                                       \
    X(sheet, struct vouch_ask_page, struct vouch_answer_sheet)

// vouch_authority_issue(authority, caller, ask, ret_answer, fault), and so on for each row.
#define VOUCH_AUTHORITY_DECLARE(name, ask_type, answer_type)                                       \
    VOUCH_MUST_USE int vouch_authority_##name(                                                     \
        struct vouch_authority *authority, const struct vouch_caller *caller, const ask_type *ask, \
        answer_type *ret_answer, struct vouch_fault *fault);
VOUCH_AUTHORITY_ASKS(VOUCH_AUTHORITY_DECLARE)
