// SPDX-License-Identifier: ISC
// The fields of asks and answers about emergencies.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define NAME_MAX_LEN 128 // of a user, zone, role
#define ONCE_MAX 128
#define SHEET_MAX 65536

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field row_fields[] = {
    F_U64(vouch_review_row, id),
    F_ENUM(vouch_review_row, state, "state", VOUCH_REVIEW_VOID),
    F_ENUM(vouch_review_row, kind, "kind", VOUCH_REVIEW_SEALED),
    F_U64(vouch_review_row, is_drill),
    F_BYTES(vouch_review_row, user, "user", TEXT_MAX),
    F_BYTES(vouch_review_row, holder, "holder", TEXT_MAX),
    F_BYTES(vouch_review_row, role, "role", TEXT_MAX),
    F_BYTES(vouch_review_row, zone, "zone", TEXT_MAX),
    F_BYTES(vouch_review_row, reason, "reason", TEXT_MAX),
    F_BYTES(vouch_review_row, source, "source", TEXT_MAX),
    F_FIXED(vouch_review_row, key),
    F_U64(vouch_review_row, opened_s),
    F_U64(vouch_review_row, serial),
    F_U64(vouch_review_row, ends_s),
    F_U64(vouch_review_row, uses),
    F_U64(vouch_review_row, used_s),
    F_BYTES(vouch_review_row, done_by, "done_by", TEXT_MAX),
    F_BYTES(vouch_review_row, note, "note", TEXT_MAX),
    F_U64(vouch_review_row, done_s),
    F_END,
};
static const struct vouch_fields row_table = TABLE(row_fields, vouch_review_row);

static const struct vouch_field reviews_fields[] = {
    F_PART(vouch_ask_reviews, page, &vouch_ask_page_fields),
    F_ENUM(vouch_ask_reviews, state, "state", VOUCH_REVIEW_VOID),
    F_ENUM(vouch_ask_reviews, kind, "kind", VOUCH_REVIEW_SEALED),
    F_END,
};
const struct vouch_fields vouch_ask_reviews_fields = TABLE(reviews_fields, vouch_ask_reviews);

static const struct vouch_field answer_reviews_fields[] = {
    F_PART(vouch_answer_reviews, reply, &vouch_reply_fields),
    F_ROWS_OF(vouch_answer_reviews, rows, count, VOUCH_ASK_PAGE_MAX, &row_table),
    F_BYTES(vouch_answer_reviews, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_U64(vouch_answer_reviews, open),
    F_U64(vouch_answer_reviews, drill_s),
    F_END,
};
const struct vouch_fields vouch_answer_reviews_fields =
    TABLE(answer_reviews_fields, vouch_answer_reviews);

static const struct vouch_field decide_fields[] = {
    F_U64(vouch_ask_review_decide, id),
    F_ENUM(vouch_ask_review_decide, verb, "verb", VOUCH_REVIEW_FINISH),
    F_BYTES(vouch_ask_review_decide, note, "note", VOUCH_REASON_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_review_decide_fields =
    TABLE(decide_fields, vouch_ask_review_decide);

static const struct vouch_field answer_review_fields[] = {
    F_PART(vouch_answer_review, reply, &vouch_reply_fields),
    F_PART(vouch_answer_review, row, &row_table),
    F_END,
};
const struct vouch_fields vouch_answer_review_fields =
    TABLE(answer_review_fields, vouch_answer_review);

static const struct vouch_field seal_fields[] = {
    F_BYTES(vouch_ask_seal, user, "user", NAME_MAX_LEN),
    F_BYTES(vouch_ask_seal, role, "role", NAME_MAX_LEN),
    F_BYTES(vouch_ask_seal, key, "public_key", VOUCH_KEY_BLOB_MAX),
    F_U64(vouch_ask_seal, ttl_s),
    F_BYTES(vouch_ask_seal, reason, "reason", VOUCH_REASON_MAX),
    F_BYTES(vouch_ask_seal, once, "Idempotency-Key", ONCE_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_seal_fields = TABLE(seal_fields, vouch_ask_seal);

static const struct vouch_field answer_sheet_fields[] = {
    F_PART(vouch_answer_sheet, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_sheet, text, "text", SHEET_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_sheet_fields =
    TABLE(answer_sheet_fields, vouch_answer_sheet);
