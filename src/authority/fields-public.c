// SPDX-License-Identifier: ISC
// The fields of asks and answers about revocation, and of what everybody may have.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define FILE_MAX (14u * 1024 * 1024) // a list, a part of the ledger: what fits a frame
#define ENVELOPE_MAX (64u * 1024)
#define CHECKPOINT_MAX (64u * 1024)
#define TRUST_MAX (64u * 1024)
#define PATH_MAX_ 256

static const struct vouch_field revoke_fields[] = {
    F_ENUM(vouch_ask_revoke, kind, "kind", VOUCH_REVOKE_CA),
    F_BYTES(vouch_ask_revoke, value, "value", TEXT_MAX),
    F_BYTES(vouch_ask_revoke, reason, "reason", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_revoke_fields = {revoke_fields,
                                                     sizeof(struct vouch_ask_revoke)};

static const struct vouch_field row_fields[] = {
    F_U64(vouch_revocation_row, number),
    F_U64(vouch_revocation_row, time_ms),
    F_ENUM(vouch_revocation_row, kind, "kind", VOUCH_REVOKE_CA),
    F_BYTES(vouch_revocation_row, value, "value", TEXT_MAX),
    F_FIXED(vouch_revocation_row, ca),
    F_BYTES(vouch_revocation_row, reason, "reason", TEXT_MAX),
    F_BYTES(vouch_revocation_row, actor, "actor", TEXT_MAX),
    F_U64(vouch_revocation_row, until_s),
    F_END,
};
static const struct vouch_fields row_table = {row_fields, sizeof(struct vouch_revocation_row)};

static const struct vouch_field answer_revoke_fields[] = {
    F_PART(vouch_answer_revoke, reply, &vouch_reply_fields),
    F_PART(vouch_answer_revoke, row, &row_table),
    F_U64(vouch_answer_revoke, krl_versions[0]),
    F_U64(vouch_answer_revoke, krl_versions[1]),
    F_END,
};
const struct vouch_fields vouch_answer_revoke_fields = {answer_revoke_fields,
                                                        sizeof(struct vouch_answer_revoke)};

static const struct vouch_field revocations_fields[] = {
    F_PART(vouch_ask_revocations, page, &vouch_ask_page_fields),
    F_END,
};
const struct vouch_fields vouch_ask_revocations_fields = {revocations_fields,
                                                          sizeof(struct vouch_ask_revocations)};

static const struct vouch_field answer_revocations_fields[] = {
    F_PART(vouch_answer_revocations, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_revocations, &row_table),
    F_BYTES(vouch_answer_revocations, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_revocations_fields = {
    answer_revocations_fields, sizeof(struct vouch_answer_revocations)};

static const struct vouch_field public_fields[] = {
    F_U64(vouch_ask_public, krl_versions[0]),
    F_U64(vouch_ask_public, krl_versions[1]),
    F_U64(vouch_ask_public, checkpoint_size),
    F_U64(vouch_ask_public, trust_version),
    F_U64(vouch_ask_public, fleet_seq),
    F_U64(vouch_ask_public, wait_ms),
    F_END,
};
const struct vouch_fields vouch_ask_public_fields = {public_fields,
                                                     sizeof(struct vouch_ask_public)};

static const struct vouch_field krl_fields[] = {
    F_U64(vouch_public_krl, version),
    F_U64(vouch_public_krl, generated_s),
    F_BYTES(vouch_public_krl, krl, "krl", FILE_MAX),
    F_BYTES(vouch_public_krl, envelope, "envelope", ENVELOPE_MAX),
    F_END,
};
static const struct vouch_fields krl_table = {krl_fields, sizeof(struct vouch_public_krl)};

static const struct vouch_field counts_fields[] = {
    F_U64(vouch_public_counts, ledger_size),
    F_U64(vouch_public_counts, indexed),
    F_U64(vouch_public_counts, epoch),
    F_U64(vouch_public_counts, issued),
    F_U64(vouch_public_counts, refused),
    F_U64(vouch_public_counts, revoked),
    F_U64(vouch_public_counts, logins),
    F_U64(vouch_public_counts, alarms),
    F_END,
};
static const struct vouch_fields counts_table = {counts_fields, sizeof(struct vouch_public_counts)};

static const struct vouch_field answer_public_fields[] = {
    F_PART(vouch_answer_public, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_public, name, "name", TEXT_MAX),
    F_BYTES(vouch_answer_public, user_ca, "user_ca", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_answer_public, host_ca, "host_ca", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_answer_public, checkpoint_key, "checkpoint_key", VOUCH_KEY_BLOB_MAX),
    F_PART(vouch_answer_public, krls[0], &krl_table),
    F_PART(vouch_answer_public, krls[1], &krl_table),
    F_U64(vouch_answer_public, checkpoint_size),
    F_BYTES(vouch_answer_public, checkpoint, "checkpoint", CHECKPOINT_MAX),
    F_U64(vouch_answer_public, trust_version),
    F_BYTES(vouch_answer_public, trust, "trust", TRUST_MAX),
    F_U64(vouch_answer_public, fleet_seq),
    F_PART(vouch_answer_public, counts, &counts_table),
    F_END,
};
const struct vouch_fields vouch_answer_public_fields = {answer_public_fields,
                                                        sizeof(struct vouch_answer_public)};

static const struct vouch_field tile_fields[] = {
    F_BYTES(vouch_ask_tile, path, "path", PATH_MAX_),
    F_END,
};
const struct vouch_fields vouch_ask_tile_fields = {tile_fields, sizeof(struct vouch_ask_tile)};

static const struct vouch_field answer_tile_fields[] = {
    F_PART(vouch_answer_tile, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_tile, bytes, "bytes", FILE_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_tile_fields = {answer_tile_fields,
                                                      sizeof(struct vouch_answer_tile)};
