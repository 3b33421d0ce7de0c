// SPDX-License-Identifier: ISC
// The fields of asks and answers about tokens, profiles, events and the state of the service.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define DETAILS_MAX 65535
#define SECRET_MAX VOUCH_TOKEN_TEXT_MAX

static const struct vouch_field token_new_fields[] = {
    F_BYTES(vouch_ask_token_new, name, "name", TEXT_MAX),
    F_LIST(vouch_ask_token_new, scopes, "scopes", VOUCH_ASK_LIST_MAX),
    F_BYTES(vouch_ask_token_new, profile, "profile", TEXT_MAX),
    F_U64(vouch_ask_token_new, ttl_s),
    F_END,
};
const struct vouch_fields vouch_ask_token_new_fields = {token_new_fields,
                                                        sizeof(struct vouch_ask_token_new)};

static const struct vouch_field tokens_fields[] = {
    F_PART(vouch_ask_tokens, page, &vouch_ask_page_fields),
    F_END,
};
const struct vouch_fields vouch_ask_tokens_fields = {tokens_fields,
                                                     sizeof(struct vouch_ask_tokens)};

static const struct vouch_field token_fields[] = {
    F_BYTES(vouch_token_row, name, "name", TEXT_MAX),
    F_LIST(vouch_token_row, scopes, "scopes", VOUCH_ASK_LIST_MAX),
    F_BYTES(vouch_token_row, profile, "profile", TEXT_MAX),
    F_BYTES(vouch_token_row, actor, "actor", TEXT_MAX),
    F_U64(vouch_token_row, created_s),
    F_U64(vouch_token_row, expires_s),
    F_U64(vouch_token_row, last_used_s),
    F_U64(vouch_token_row, disabled_s),
    F_END,
};
static const struct vouch_fields token_table = {token_fields, sizeof(struct vouch_token_row)};

static const struct vouch_field answer_token_fields[] = {
    F_PART(vouch_answer_token, reply, &vouch_reply_fields),
    F_PART(vouch_answer_token, row, &token_table),
    F_BYTES(vouch_answer_token, secret, "secret", SECRET_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_token_fields = {answer_token_fields,
                                                       sizeof(struct vouch_answer_token)};

static const struct vouch_field answer_tokens_fields[] = {
    F_PART(vouch_answer_tokens, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_tokens, &token_table),
    F_BYTES(vouch_answer_tokens, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_tokens_fields = {answer_tokens_fields,
                                                        sizeof(struct vouch_answer_tokens)};

static const struct vouch_field profile_fields[] = {
    F_BYTES(vouch_profile_row, name, "name", TEXT_MAX),
    F_ENUM(vouch_profile_row, type, "type", VOUCH_CERT_HOST),
    F_LIST(vouch_profile_row, principals, "principals", VOUCH_ASK_LIST_MAX),
    F_LIST(vouch_profile_row, options, "options", VOUCH_ASK_LIST_MAX),
    F_U64(vouch_profile_row, ttl_max_s),
    F_U64(vouch_profile_row, updated_s),
    F_BYTES(vouch_profile_row, actor, "actor", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_profile_row_fields = {profile_fields,
                                                      sizeof(struct vouch_profile_row)};

static const struct vouch_field answer_profile_fields[] = {
    F_PART(vouch_answer_profile, reply, &vouch_reply_fields),
    F_PART(vouch_answer_profile, row, &vouch_profile_row_fields),
    F_END,
};
const struct vouch_fields vouch_answer_profile_fields = {answer_profile_fields,
                                                         sizeof(struct vouch_answer_profile)};

static const struct vouch_field answer_profiles_fields[] = {
    F_PART(vouch_answer_profiles, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_profiles, &vouch_profile_row_fields),
    F_BYTES(vouch_answer_profiles, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_profiles_fields = {answer_profiles_fields,
                                                          sizeof(struct vouch_answer_profiles)};

static const struct vouch_field audit_fields[] = {
    F_PART(vouch_ask_audit, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_audit, type, "type", TEXT_MAX),
    F_BYTES(vouch_ask_audit, actor, "actor", TEXT_MAX),
    F_BYTES(vouch_ask_audit, object, "object", TEXT_MAX),
    F_U64(vouch_ask_audit, from_ms),
    F_U64(vouch_ask_audit, until_ms),
    F_END,
};
const struct vouch_fields vouch_ask_audit_fields = {audit_fields, sizeof(struct vouch_ask_audit)};

static const struct vouch_field event_fields[] = {
    F_U64(vouch_event_row, number),
    F_U64(vouch_event_row, time_ms),
    F_BYTES(vouch_event_row, type, "type", TEXT_MAX),
    F_BYTES(vouch_event_row, actor, "actor", TEXT_MAX),
    F_BYTES(vouch_event_row, object, "object", TEXT_MAX),
    F_BYTES(vouch_event_row, details, "details", DETAILS_MAX),
    F_END,
};
static const struct vouch_fields event_table = {event_fields, sizeof(struct vouch_event_row)};

static const struct vouch_field answer_audit_fields[] = {
    F_PART(vouch_answer_audit, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_audit, &event_table),
    F_BYTES(vouch_answer_audit, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_audit_fields = {answer_audit_fields,
                                                       sizeof(struct vouch_answer_audit)};

static const struct vouch_field answer_status_fields[] = {
    F_PART(vouch_answer_status, reply, &vouch_reply_fields),
    F_U64(vouch_answer_status, ledger_size),
    F_U64(vouch_answer_status, checkpoint_size),
    F_U64(vouch_answer_status, indexed),
    F_U64(vouch_answer_status, epoch),
    F_U64(vouch_answer_status, serial),
    F_U64(vouch_answer_status, issued),
    F_U64(vouch_answer_status, refused),
    F_U64(vouch_answer_status, revoked),
    F_U64(vouch_answer_status, logins),
    F_U64(vouch_answer_status, alarms),
    F_U64(vouch_answer_status, reviews_open),
    F_U64(vouch_answer_status, ready),
    F_END,
};
const struct vouch_fields vouch_answer_status_fields = {answer_status_fields,
                                                        sizeof(struct vouch_answer_status)};
