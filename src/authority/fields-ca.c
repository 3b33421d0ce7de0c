// SPDX-License-Identifier: ISC
// The fields of asks and answers about the rotation of CA keys.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define FINGERPRINT_MAX 64
#define USES 2

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field key_fields[] = {
    F_BYTES(vouch_ca_rotation_key, fingerprint, "fingerprint", FINGERPRINT_MAX),
    F_BYTES(vouch_ca_rotation_key, type, "type", FINGERPRINT_MAX),
    F_ENUM(vouch_ca_rotation_key, state, "state", VOUCH_CA_KEY_DESTROYED),
    F_U64(vouch_ca_rotation_key, since_ms),
    F_U64(vouch_ca_rotation_key, signed_count),
    F_U64(vouch_ca_rotation_key, live),
    F_U64(vouch_ca_rotation_key, live_end_s),
    F_END,
};
static const struct vouch_fields key_table = TABLE(key_fields, vouch_ca_rotation_key);

static const struct vouch_field host_fields[] = {
    F_BYTES(vouch_ca_rotation_host, host, "host", TEXT_MAX),
    F_BYTES(vouch_ca_rotation_host, agent, "agent", TEXT_MAX),
    F_ENUM(vouch_ca_rotation_host, why, "why", VOUCH_ROTATION_SILENT),
    F_U64(vouch_ca_rotation_host, trust_version),
    F_U64(vouch_ca_rotation_host, reported_s),
    F_U64(vouch_ca_rotation_host, cert_end_s),
    F_END,
};
static const struct vouch_fields host_table = TABLE(host_fields, vouch_ca_rotation_host);

static const struct vouch_field use_fields[] = {
    F_ENUM(vouch_ca_rotation, use, "use", VOUCH_CERT_HOST),
    F_ENUM(vouch_ca_rotation, phase, "phase", VOUCH_ROTATION_REMOVED),
    F_ENUM(vouch_ca_rotation, next, "next", VOUCH_ROTATE_DESTROY),
    F_U64(vouch_ca_rotation, is_ready),
    F_ROWS_OF(vouch_ca_rotation, keys, key_count, VOUCH_ROTATION_KEYS_MAX, &key_table),
    F_U64(vouch_ca_rotation, needs),
    F_U64(vouch_ca_rotation, active),
    F_U64(vouch_ca_rotation, reporting),
    F_U64(vouch_ca_rotation, covered),
    F_U64(vouch_ca_rotation, silent),
    F_U64(vouch_ca_rotation, blocking),
    F_ROWS_OF(vouch_ca_rotation, hosts, host_count, VOUCH_ROTATION_HOSTS_MAX, &host_table),
    F_U64(vouch_ca_rotation, until_s),
    F_END,
};
static const struct vouch_fields use_table = TABLE(use_fields, vouch_ca_rotation);

static const struct vouch_field rotation_fields[] = {
    F_ENUM(vouch_ask_rotation, use, "use", VOUCH_CERT_HOST),
    F_END,
};
const struct vouch_fields vouch_ask_rotation_fields = TABLE(rotation_fields, vouch_ask_rotation);

static const struct vouch_field answer_rotation_fields[] = {
    F_PART(vouch_answer_rotation, reply, &vouch_reply_fields),
    F_U64(vouch_answer_rotation, trust_version),
    F_U64(vouch_answer_rotation, sessions),
    F_U64(vouch_answer_rotation, sessions_current),
    F_ROWS_OF(vouch_answer_rotation, rows, count, USES, &use_table),
    F_END,
};
const struct vouch_fields vouch_answer_rotation_fields =
    TABLE(answer_rotation_fields, vouch_answer_rotation);

static const struct vouch_field rotate_fields[] = {
    F_ENUM(vouch_ask_rotate, use, "use", VOUCH_CERT_HOST),
    F_ENUM(vouch_ask_rotate, move, "verb", VOUCH_ROTATION_BACK),
    F_ENUM(vouch_ask_rotate, phase, "phase", VOUCH_ROTATION_REMOVED),
    F_LIST(vouch_ask_rotate, without, "without", VOUCH_ROTATION_WITHOUT_MAX),
    F_U64(vouch_ask_rotate, is_hurried),
    F_BYTES(vouch_ask_rotate, key, "key", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_ask_rotate, fingerprint, "fingerprint", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_rotate_fields = TABLE(rotate_fields, vouch_ask_rotate);

static const struct vouch_field answer_rotate_fields[] = {
    F_PART(vouch_answer_rotate, reply, &vouch_reply_fields),
    F_ENUM(vouch_answer_rotate, verb, "verb", VOUCH_ROTATE_DESTROY),
    F_U64(vouch_answer_rotate, number),
    F_U64(vouch_answer_rotate, trust_version),
    F_PART(vouch_answer_rotate, use, &use_table),
    F_END,
};
const struct vouch_fields vouch_answer_rotate_fields =
    TABLE(answer_rotate_fields, vouch_answer_rotate);
