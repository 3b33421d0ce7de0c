// SPDX-License-Identifier: ISC
// The fields of asks and answers about passkeys.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define QUESTION_MAX VOUCH_PASSKEY_QUESTION_MAX
#define CHALLENGE_MAX 64

static const struct vouch_field given_fields[] = {
    F_BYTES(vouch_passkey_given, question, "challenge_id", QUESTION_MAX),
    F_BYTES(vouch_passkey_given, id, "id", VOUCH_PASSKEY_ID_GIVEN_MAX),
    F_BYTES(vouch_passkey_given, client_data, "clientDataJSON", VOUCH_PASSKEY_JSON_GIVEN_MAX),
    F_BYTES(vouch_passkey_given, authdata, "authenticatorData", VOUCH_PASSKEY_DATA_GIVEN_MAX),
    F_BYTES(vouch_passkey_given, signature, "signature", VOUCH_PASSKEY_SIGN_GIVEN_MAX),
    F_BYTES(vouch_passkey_given, handle, "userHandle", VOUCH_PASSKEY_USER_GIVEN_MAX),
    F_END,
};
const struct vouch_fields vouch_passkey_given_fields = {given_fields,
                                                        sizeof(struct vouch_passkey_given)};

static const struct vouch_field new_fields[] = {
    F_BYTES(vouch_passkey_new, question, "challenge_id", QUESTION_MAX),
    F_BYTES(vouch_passkey_new, id, "id", VOUCH_PASSKEY_ID_GIVEN_MAX),
    F_BYTES(vouch_passkey_new, client_data, "clientDataJSON", VOUCH_PASSKEY_JSON_GIVEN_MAX),
    F_BYTES(vouch_passkey_new, attestation, "attestationObject", VOUCH_PASSKEY_ATTEST_GIVEN_MAX),
    F_BYTES(vouch_passkey_new, name, "name", VOUCH_PASSKEY_NAME_GIVEN_MAX),
    F_END,
};
const struct vouch_fields vouch_passkey_new_fields = {new_fields, sizeof(struct vouch_passkey_new)};

static const struct vouch_field ask_question_fields[] = {
    F_ENUM(vouch_ask_passkey_question, purpose, "purpose", VOUCH_PASSKEY_FOR_NEW),
    F_BYTES(vouch_ask_passkey_question, user, "user", TEXT_MAX),
    F_U64(vouch_ask_passkey_question, request),
    F_END,
};
const struct vouch_fields vouch_ask_passkey_question_fields = {
    ask_question_fields, sizeof(struct vouch_ask_passkey_question)};

static const struct vouch_field question_fields[] = {
    F_BYTES(vouch_passkey_question, question, "question", QUESTION_MAX),
    F_BYTES(vouch_passkey_question, challenge, "challenge", CHALLENGE_MAX),
    F_BYTES(vouch_passkey_question, host, "host", TEXT_MAX),
    F_BYTES(vouch_passkey_question, ca, "ca", TEXT_MAX),
    F_BYTES(vouch_passkey_question, handle, "handle", VOUCH_PASSKEY_USER_GIVEN_MAX),
    F_BYTES(vouch_passkey_question, user, "user", TEXT_MAX),
    F_LIST(vouch_passkey_question, ids, "ids", VOUCH_PASSKEYS_SHOWN_MAX),
    F_U64(vouch_passkey_question, ttl_s),
    F_END,
};
const struct vouch_fields vouch_passkey_question_fields = {question_fields,
                                                           sizeof(struct vouch_passkey_question)};

static const struct vouch_field answer_question_fields[] = {
    F_PART(vouch_answer_passkey_question, reply, &vouch_reply_fields),
    F_PART(vouch_answer_passkey_question, question, &vouch_passkey_question_fields),
    F_END,
};
const struct vouch_fields vouch_answer_passkey_question_fields = {
    answer_question_fields, sizeof(struct vouch_answer_passkey_question)};

static const struct vouch_field row_fields[] = {
    F_U64(vouch_passkey_row, id),
    F_BYTES(vouch_passkey_row, name, "name", VOUCH_PASSKEY_NAME_GIVEN_MAX),
    F_BYTES(vouch_passkey_row, credential, "credential", VOUCH_PASSKEY_ID_GIVEN_MAX),
    F_U64(vouch_passkey_row, backed_up),
    F_U64(vouch_passkey_row, may_back_up),
    F_FIXED(vouch_passkey_row, aaguid),
    F_U64(vouch_passkey_row, created_s),
    F_U64(vouch_passkey_row, used_s),
    F_END,
};
static const struct vouch_fields row_table = {row_fields, sizeof(struct vouch_passkey_row)};

static const struct vouch_field answer_fields[] = {
    F_PART(vouch_answer_passkey, reply, &vouch_reply_fields),
    F_PART(vouch_answer_passkey, row, &row_table),
    F_END,
};
const struct vouch_fields vouch_answer_passkey_fields = {answer_fields,
                                                         sizeof(struct vouch_answer_passkey)};

static const struct vouch_field add_fields[] = {
    F_PART(vouch_ask_passkey_add, passkey, &vouch_passkey_new_fields),
    F_END,
};
const struct vouch_fields vouch_ask_passkey_add_fields = {add_fields,
                                                          sizeof(struct vouch_ask_passkey_add)};

static const struct vouch_field list_fields[] = {
    F_PART(vouch_ask_passkeys, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_passkeys, user, "user", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_passkeys_fields = {list_fields,
                                                       sizeof(struct vouch_ask_passkeys)};

static const struct vouch_field answer_list_fields[] = {
    F_PART(vouch_answer_passkeys, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_passkeys, &row_table),
    F_BYTES(vouch_answer_passkeys, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_passkeys_fields = {answer_list_fields,
                                                          sizeof(struct vouch_answer_passkeys)};

static const struct vouch_field remove_fields[] = {
    F_U64(vouch_ask_passkey_remove, id),
    F_BYTES(vouch_ask_passkey_remove, user, "user", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_passkey_remove_fields = {
    remove_fields, sizeof(struct vouch_ask_passkey_remove)};
