// SPDX-License-Identifier: ISC
// The fields of asks and answers about tickets.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define LIST_MAX VOUCH_ASK_LIST_MAX

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field new_fields[] = {
    F_PART(vouch_answer_ticket_new, reply, &vouch_reply_fields),
    F_U64(vouch_answer_ticket_new, id),
    F_BYTES(vouch_answer_ticket_new, secret, "secret", VOUCH_TOKEN_TEXT_MAX),
    F_BYTES(vouch_answer_ticket_new, address, "address", TEXT_MAX),
    F_LIST(vouch_answer_ticket_new, roles, "roles", LIST_MAX),
    F_LIST(vouch_answer_ticket_new, principals, "principals", LIST_MAX),
    F_U64(vouch_answer_ticket_new, ttl_s),
    F_U64(vouch_answer_ticket_new, expires_s),
    F_END,
};
const struct vouch_fields vouch_answer_ticket_new_fields =
    TABLE(new_fields, vouch_answer_ticket_new);

static const struct vouch_field ask_fields[] = {
    F_U64(vouch_ask_ticket, id),
    F_END,
};
const struct vouch_fields vouch_ask_ticket_fields = TABLE(ask_fields, vouch_ask_ticket);

static const struct vouch_field answer_fields[] = {
    F_PART(vouch_answer_ticket, reply, &vouch_reply_fields),
    F_ENUM(vouch_answer_ticket, state, "state", VOUCH_TICKET_OVER),
    F_U64(vouch_answer_ticket, expires_s),
    F_U64(vouch_answer_ticket, used_s),
    F_BYTES(vouch_answer_ticket, source, "source", TEXT_MAX),
    F_U64(vouch_answer_ticket, serial),
    F_END,
};
const struct vouch_fields vouch_answer_ticket_fields = TABLE(answer_fields, vouch_answer_ticket);

static const struct vouch_field use_fields[] = {
    F_BYTES(vouch_ask_ticket_use, secret, "ticket", VOUCH_TOKEN_TEXT_MAX),
    F_BYTES(vouch_ask_ticket_use, key, "public_key", VOUCH_KEY_BLOB_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_ticket_use_fields = TABLE(use_fields, vouch_ask_ticket_use);
