// SPDX-License-Identifier: ISC
// The tables of fields, one for each struct that goes over a lane. Private to src/authority.
#pragma once

#include <stddef.h>

#include "authority/authority.h"
#include "authority/codec.h"

#define F_U64(type, member)                                                                        \
    { VOUCH_FIELD_U64, #member, offsetof(struct type, member), 0, 0, NULL }
#define F_ENUM(type, member, name, highest)                                                        \
    { VOUCH_FIELD_ENUM, name, offsetof(struct type, member), highest, 0, NULL }
#define F_BYTES(type, member, name, most)                                                          \
    { VOUCH_FIELD_BYTES, name, offsetof(struct type, member), most, 0, NULL }
#define F_FIXED(type, member)                                                                      \
    {                                                                                              \
        VOUCH_FIELD_FIXED, #member, offsetof(struct type, member),                                 \
            sizeof(((struct type *)0)->member), 0, NULL                                            \
    }
#define F_TEXT(type, member)                                                                       \
    {                                                                                              \
        VOUCH_FIELD_TEXT, #member, offsetof(struct type, member),                                  \
            sizeof(((struct type *)0)->member), 0, NULL                                            \
    }
#define F_LIST(type, member, name, most)                                                           \
    { VOUCH_FIELD_LIST, name, offsetof(struct type, member), most, 0, NULL }
#define F_PART(type, member, table)                                                                \
    { VOUCH_FIELD_PART, #member, offsetof(struct type, member), 0, 0, table }
#define F_ROWS(type, table)                                                                        \
    {                                                                                              \
        VOUCH_FIELD_ROWS, "rows", offsetof(struct type, rows), VOUCH_ASK_PAGE_MAX,                 \
            offsetof(struct type, count), table                                                    \
    }
#define F_END                                                                                      \
    { VOUCH_FIELD_END, NULL, 0, 0, 0, NULL }

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

F_TABLE(cert_row);
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
F_TABLE(answer_request);
