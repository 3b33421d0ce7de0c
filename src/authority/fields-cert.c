// SPDX-License-Identifier: ISC
// The fields of asks and answers about certificates.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define ONCE_MAX 128
#define CERT_MAX 65535 // what a record of the ledger can hold

static const struct vouch_field reply_fields[] = {
    F_ENUM(vouch_reply, verdict, "verdict", VOUCH_VERDICT_BUSY),
    F_TEXT(vouch_reply, code),
    F_TEXT(vouch_reply, field),
    F_TEXT(vouch_reply, why),
    F_U64(vouch_reply, retry_after_s),
    F_END,
};
const struct vouch_fields vouch_reply_fields = {reply_fields, sizeof(struct vouch_reply)};

static const struct vouch_field page_fields[] = {
    F_U64(vouch_ask_page, limit),
    F_BYTES(vouch_ask_page, cursor, "cursor", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_page_fields = {page_fields, sizeof(struct vouch_ask_page)};

static const struct vouch_field name_fields[] = {
    F_BYTES(vouch_ask_name, name, "name", VOUCH_CODEC_TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_name_fields = {name_fields, sizeof(struct vouch_ask_name)};

static const struct vouch_field issue_fields[] = {
    F_ENUM(vouch_ask_issue, type, "type", VOUCH_CERT_HOST),
    F_BYTES(vouch_ask_issue, key, "public_key", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_ask_issue, key_id, "key_id", TEXT_MAX),
    F_LIST(vouch_ask_issue, principals, "principals", VOUCH_ASK_LIST_MAX),
    F_U64(vouch_ask_issue, ttl_s),
    F_LIST(vouch_ask_issue, critical, "critical_options", VOUCH_ASK_LIST_MAX),
    F_LIST(vouch_ask_issue, extensions, "extensions", VOUCH_ASK_LIST_MAX),
    F_BYTES(vouch_ask_issue, once, "Idempotency-Key", ONCE_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_issue_fields = {issue_fields, sizeof(struct vouch_ask_issue)};

static const struct vouch_field renew_fields[] = {
    F_U64(vouch_ask_renew, serial),
    F_BYTES(vouch_ask_renew, once, "Idempotency-Key", ONCE_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_renew_fields = {renew_fields, sizeof(struct vouch_ask_renew)};

static const struct vouch_field show_fields[] = {
    F_U64(vouch_ask_show, serial),
    F_END,
};
const struct vouch_fields vouch_ask_show_fields = {show_fields, sizeof(struct vouch_ask_show)};

static const struct vouch_field certs_fields[] = {
    F_PART(vouch_ask_certs, page, &vouch_ask_page_fields),
    F_U64(vouch_ask_certs, serial),
    F_BYTES(vouch_ask_certs, key, "fingerprint", 32),
    F_BYTES(vouch_ask_certs, key_id, "key_id", TEXT_MAX),
    F_BYTES(vouch_ask_certs, principal, "principal", TEXT_MAX),
    F_BYTES(vouch_ask_certs, actor, "actor", TEXT_MAX),
    F_ENUM(vouch_ask_certs, type, "type", VOUCH_CERT_HOST),
    F_U64(vouch_ask_certs, from_ms),
    F_U64(vouch_ask_certs, until_ms),
    F_U64(vouch_ask_certs, valid_at_s),
    F_END,
};
const struct vouch_fields vouch_ask_certs_fields = {certs_fields, sizeof(struct vouch_ask_certs)};

static const struct vouch_field row_fields[] = {
    F_U64(vouch_cert_row, serial),
    F_U64(vouch_cert_row, number),
    F_U64(vouch_cert_row, time_ms),
    F_ENUM(vouch_cert_row, type, "type", VOUCH_CERT_HOST),
    F_BYTES(vouch_cert_row, key_id, "key_id", TEXT_MAX),
    F_FIXED(vouch_cert_row, key),
    F_FIXED(vouch_cert_row, ca),
    F_LIST(vouch_cert_row, principals, "principals", VOUCH_CERT_PRINCIPALS_MAX),
    F_U64(vouch_cert_row, valid_after),
    F_U64(vouch_cert_row, valid_before),
    F_BYTES(vouch_cert_row, actor, "actor", TEXT_MAX),
    F_BYTES(vouch_cert_row, role, "role", TEXT_MAX),
    F_BYTES(vouch_cert_row, source, "source", TEXT_MAX),
    F_U64(vouch_cert_row, revoked_ms),
    F_BYTES(vouch_cert_row, revoked_by, "revoked_by", TEXT_MAX),
    F_BYTES(vouch_cert_row, revoked_reason, "revoked_reason", TEXT_MAX),
    F_BYTES(vouch_cert_row, cert, "certificate", CERT_MAX),
    F_END,
};
const struct vouch_fields vouch_cert_row_fields = {row_fields, sizeof(struct vouch_cert_row)};

static const struct vouch_field answer_cert_fields[] = {
    F_PART(vouch_answer_cert, reply, &vouch_reply_fields),
    F_PART(vouch_answer_cert, row, &vouch_cert_row_fields),
    F_END,
};
const struct vouch_fields vouch_answer_cert_fields = {answer_cert_fields,
                                                      sizeof(struct vouch_answer_cert)};

static const struct vouch_field answer_certs_fields[] = {
    F_PART(vouch_answer_certs, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_certs, &vouch_cert_row_fields),
    F_BYTES(vouch_answer_certs, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_certs_fields = {answer_certs_fields,
                                                       sizeof(struct vouch_answer_certs)};
