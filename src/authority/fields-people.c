// SPDX-License-Identifier: ISC
// The fields of asks and answers about people: sessions, accounts, links.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define SECRET_MAX VOUCH_TOKEN_TEXT_MAX
#define URI_MAX 2048
#define CODES_MAX 16

// ----- sessions

static const struct vouch_field session_fields[] = {
    F_U64(vouch_session_row, id),
    F_BYTES(vouch_session_row, user, "user", TEXT_MAX),
    F_BYTES(vouch_session_row, methods, "methods", TEXT_MAX),
    F_BYTES(vouch_session_row, source, "source", TEXT_MAX),
    F_BYTES(vouch_session_row, client, "client", TEXT_MAX),
    F_U64(vouch_session_row, created_s),
    F_U64(vouch_session_row, used_s),
    F_U64(vouch_session_row, factor_s),
    F_U64(vouch_session_row, idle_s),
    F_U64(vouch_session_row, ends_s),
    F_END,
};
static const struct vouch_fields session_table = {session_fields, sizeof(struct vouch_session_row)};

static const struct vouch_field sign_in_fields[] = {
    F_BYTES(vouch_ask_sign_in, user, "user", TEXT_MAX),
    F_BYTES(vouch_ask_sign_in, password, "password", VOUCH_PASSWORD_GIVEN_MAX),
    F_ENUM(vouch_ask_sign_in, factor, "factor", VOUCH_FACTOR_PASSKEY),
    F_BYTES(vouch_ask_sign_in, code, "code", VOUCH_CODE_GIVEN_MAX),
    F_PART(vouch_ask_sign_in, passkey, &vouch_passkey_given_fields),
    F_END,
};
const struct vouch_fields vouch_ask_sign_in_fields = {sign_in_fields,
                                                      sizeof(struct vouch_ask_sign_in)};

static const struct vouch_field answer_session_fields[] = {
    F_PART(vouch_answer_session, reply, &vouch_reply_fields),
    F_PART(vouch_answer_session, row, &session_table),
    F_BYTES(vouch_answer_session, secret, "secret", SECRET_MAX),
    F_U64(vouch_answer_session, recovery_left),
    F_END,
};
const struct vouch_fields vouch_answer_session_fields = {answer_session_fields,
                                                         sizeof(struct vouch_answer_session)};

static const struct vouch_field factor_fields[] = {
    F_ENUM(vouch_ask_factor, factor, "factor", VOUCH_FACTOR_PASSKEY),
    F_BYTES(vouch_ask_factor, code, "code", VOUCH_CODE_GIVEN_MAX),
    F_PART(vouch_ask_factor, passkey, &vouch_passkey_given_fields),
    F_END,
};
const struct vouch_fields vouch_ask_factor_fields = {factor_fields,
                                                     sizeof(struct vouch_ask_factor)};

static const struct vouch_field sessions_fields[] = {
    F_PART(vouch_ask_sessions, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_sessions, user, "user", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_sessions_fields = {sessions_fields,
                                                       sizeof(struct vouch_ask_sessions)};

static const struct vouch_field answer_sessions_fields[] = {
    F_PART(vouch_answer_sessions, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_sessions, &session_table),
    F_BYTES(vouch_answer_sessions, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_sessions_fields = {answer_sessions_fields,
                                                          sizeof(struct vouch_answer_sessions)};

static const struct vouch_field session_end_fields[] = {
    F_ENUM(vouch_ask_session_end, which, "which", VOUCH_SESSIONS_OF_USER),
    F_U64(vouch_ask_session_end, id),
    F_BYTES(vouch_ask_session_end, user, "user", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_session_end_fields = {session_end_fields,
                                                          sizeof(struct vouch_ask_session_end)};

static const struct vouch_field answer_ended_fields[] = {
    F_PART(vouch_answer_ended, reply, &vouch_reply_fields),
    F_U64(vouch_answer_ended, count),
    F_END,
};
const struct vouch_fields vouch_answer_ended_fields = {answer_ended_fields,
                                                       sizeof(struct vouch_answer_ended)};

// ----- accounts

static const struct vouch_field accounts_fields[] = {
    F_PART(vouch_ask_accounts, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_accounts, user, "user", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_accounts_fields = {accounts_fields,
                                                       sizeof(struct vouch_ask_accounts)};

static const struct vouch_field account_fields[] = {
    F_BYTES(vouch_account_row, user, "user", TEXT_MAX),
    F_BYTES(vouch_account_row, login, "login", TEXT_MAX),
    F_U64(vouch_account_row, enabled),
    F_U64(vouch_account_row, until_s),
    F_U64(vouch_account_row, has_password),
    F_U64(vouch_account_row, has_totp),
    F_U64(vouch_account_row, recovery_left),
    F_U64(vouch_account_row, created_s),
    F_U64(vouch_account_row, signed_in_s),
    F_U64(vouch_account_row, sessions),
    F_U64(vouch_account_row, passkeys),
    F_U64(vouch_account_row, closed),
    F_END,
};
static const struct vouch_fields account_table = {account_fields, sizeof(struct vouch_account_row)};

static const struct vouch_field answer_accounts_fields[] = {
    F_PART(vouch_answer_accounts, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_accounts, &account_table),
    F_BYTES(vouch_answer_accounts, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_accounts_fields = {answer_accounts_fields,
                                                          sizeof(struct vouch_answer_accounts)};

// ----- links, passwords, codes

static const struct vouch_field link_new_fields[] = {
    F_BYTES(vouch_ask_link_new, user, "user", TEXT_MAX),
    F_U64(vouch_ask_link_new, ttl_s),
    F_END,
};
const struct vouch_fields vouch_ask_link_new_fields = {link_new_fields,
                                                       sizeof(struct vouch_ask_link_new)};

static const struct vouch_field answer_link_fields[] = {
    F_PART(vouch_answer_link, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_link, user, "user", TEXT_MAX),
    F_BYTES(vouch_answer_link, name, "name", TEXT_MAX),
    F_U64(vouch_answer_link, expires_s),
    F_BYTES(vouch_answer_link, address, "address", TEXT_MAX),
    F_BYTES(vouch_answer_link, secret, "secret", SECRET_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_link_fields = {answer_link_fields,
                                                      sizeof(struct vouch_answer_link)};

static const struct vouch_field link_fields[] = {
    F_BYTES(vouch_ask_link, secret, "link", SECRET_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_link_fields = {link_fields, sizeof(struct vouch_ask_link)};

static const struct vouch_field begin_fields[] = {
    F_BYTES(vouch_ask_account_begin, secret, "link", SECRET_MAX),
    F_BYTES(vouch_ask_account_begin, password, "password", VOUCH_PASSWORD_GIVEN_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_account_begin_fields = {begin_fields,
                                                            sizeof(struct vouch_ask_account_begin)};

static const struct vouch_field answer_begin_fields[] = {
    F_PART(vouch_answer_account_begin, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_account_begin, user, "user", TEXT_MAX),
    F_BYTES(vouch_answer_account_begin, uri, "uri", URI_MAX),
    F_PART(vouch_answer_account_begin, question, &vouch_passkey_question_fields),
    F_END,
};
const struct vouch_fields vouch_answer_account_begin_fields = {
    answer_begin_fields, sizeof(struct vouch_answer_account_begin)};

static const struct vouch_field finish_fields[] = {
    F_BYTES(vouch_ask_account_finish, secret, "link", SECRET_MAX),
    F_ENUM(vouch_ask_account_finish, factor, "factor", VOUCH_FACTOR_PASSKEY),
    F_BYTES(vouch_ask_account_finish, code, "code", VOUCH_CODE_GIVEN_MAX),
    F_PART(vouch_ask_account_finish, passkey, &vouch_passkey_new_fields),
    F_END,
};
const struct vouch_fields vouch_ask_account_finish_fields = {
    finish_fields, sizeof(struct vouch_ask_account_finish)};

static const struct vouch_field answer_codes_fields[] = {
    F_PART(vouch_answer_codes, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_codes, user, "user", TEXT_MAX),
    F_LIST(vouch_answer_codes, codes, "codes", CODES_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_codes_fields = {answer_codes_fields,
                                                       sizeof(struct vouch_answer_codes)};

static const struct vouch_field password_fields[] = {
    F_BYTES(vouch_ask_password, current, "current", VOUCH_PASSWORD_GIVEN_MAX),
    F_BYTES(vouch_ask_password, fresh, "new", VOUCH_PASSWORD_GIVEN_MAX),
    F_ENUM(vouch_ask_password, factor, "factor", VOUCH_FACTOR_PASSKEY),
    F_BYTES(vouch_ask_password, code, "code", VOUCH_CODE_GIVEN_MAX),
    F_PART(vouch_ask_password, passkey, &vouch_passkey_given_fields),
    F_END,
};
const struct vouch_fields vouch_ask_password_fields = {password_fields,
                                                       sizeof(struct vouch_ask_password)};

static const struct vouch_field recovery_new_fields[] = {
    F_ENUM(vouch_ask_recovery_new, factor, "factor", VOUCH_FACTOR_PASSKEY),
    F_BYTES(vouch_ask_recovery_new, code, "code", VOUCH_CODE_GIVEN_MAX),
    F_PART(vouch_ask_recovery_new, passkey, &vouch_passkey_given_fields),
    F_END,
};
const struct vouch_fields vouch_ask_recovery_new_fields = {recovery_new_fields,
                                                           sizeof(struct vouch_ask_recovery_new)};
