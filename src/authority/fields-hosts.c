// SPDX-License-Identifier: ISC
// The fields of asks and answers about enrolled hosts: tokens, enrolling, renewing, the inventory.
#include "authority/fields.h"

#include <assert.h>

#define NAME_MAX_LEN VOUCH_HOST_NAME_LEN_MAX
#define TEXT_MAX 1024
#define LABELS_MAX VOUCH_HOST_LABELS_MAX
#define NAMES_MAX VOUCH_HOST_NAMES_MAX
#define NETWORKS_MAX 64
#define PROBLEMS_MAX 32
#define KEYS_MAX VOUCH_HOST_KEYS_MAX
#define KEY_MAX 8192         // bytes of a public key blob, and of a certificate
#define PROOF_MAX 8192       // of an armoured proof
#define MACHINE_LEN 32       // SHA-256
#define VERSION_TEXT_MAX 128 // of a program, as text
#define FINGERPRINT_LEN_MAX 64
#define SECRET_MAX VOUCH_TOKEN_TEXT_MAX

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

// --- tokens

static const struct vouch_field token_row_fields[] = {
    F_U64(vouch_host_token_row, id),
    F_BYTES(vouch_host_token_row, match, "match", NAME_MAX_LEN),
    F_BYTES(vouch_host_token_row, zone, "zone", TEXT_MAX),
    F_LIST(vouch_host_token_row, labels, "labels", LABELS_MAX),
    F_LIST(vouch_host_token_row, networks, "networks", NETWORKS_MAX),
    F_U64(vouch_host_token_row, uses),
    F_U64(vouch_host_token_row, uses_left),
    F_BYTES(vouch_host_token_row, actor, "actor", TEXT_MAX),
    F_U64(vouch_host_token_row, created_s),
    F_U64(vouch_host_token_row, expires_s),
    F_END,
};
static const struct vouch_fields token_row_table = TABLE(token_row_fields, vouch_host_token_row);

static const struct vouch_field token_new_fields[] = {
    F_BYTES(vouch_ask_host_token_new, match, "match", NAME_MAX_LEN),
    F_BYTES(vouch_ask_host_token_new, zone, "zone", TEXT_MAX),
    F_LIST(vouch_ask_host_token_new, labels, "labels", LABELS_MAX),
    F_LIST(vouch_ask_host_token_new, networks, "networks", NETWORKS_MAX),
    F_U64(vouch_ask_host_token_new, uses),
    F_U64(vouch_ask_host_token_new, ttl_s),
    F_END,
};
const struct vouch_fields vouch_ask_host_token_new_fields =
    TABLE(token_new_fields, vouch_ask_host_token_new);

static const struct vouch_field answer_token_fields[] = {
    F_PART(vouch_answer_host_token, reply, &vouch_reply_fields),
    F_PART(vouch_answer_host_token, row, &token_row_table),
    F_BYTES(vouch_answer_host_token, name, "name", TEXT_MAX),
    F_BYTES(vouch_answer_host_token, address, "address", TEXT_MAX),
    F_BYTES(vouch_answer_host_token, secret, "secret", SECRET_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_host_token_fields =
    TABLE(answer_token_fields, vouch_answer_host_token);

static const struct vouch_field tokens_fields[] = {
    F_PART(vouch_ask_host_tokens, page, &vouch_ask_page_fields),
    F_END,
};
const struct vouch_fields vouch_ask_host_tokens_fields =
    TABLE(tokens_fields, vouch_ask_host_tokens);

static const struct vouch_field answer_tokens_fields[] = {
    F_PART(vouch_answer_host_tokens, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_host_tokens, &token_row_table),
    F_BYTES(vouch_answer_host_tokens, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_host_tokens_fields =
    TABLE(answer_tokens_fields, vouch_answer_host_tokens);

static const struct vouch_field token_remove_fields[] = {
    F_U64(vouch_ask_host_token_remove, id),
    F_END,
};
const struct vouch_fields vouch_ask_host_token_remove_fields =
    TABLE(token_remove_fields, vouch_ask_host_token_remove);

// --- enrolling and renewing

static const struct vouch_field key_fields[] = {
    F_BYTES(vouch_host_key_row, key, "public_key", KEY_MAX),
    F_BYTES(vouch_host_key_row, proof, "proof", PROOF_MAX),
    F_U64(vouch_host_key_row, serial),
    F_END,
};
static const struct vouch_fields key_table = TABLE(key_fields, vouch_host_key_row);

static const struct vouch_field enrol_fields[] = {
    F_BYTES(vouch_ask_enrol, token, "token", SECRET_MAX),
    F_BYTES(vouch_ask_enrol, name, "name", NAME_MAX_LEN),
    F_LIST(vouch_ask_enrol, aliases, "aliases", NAMES_MAX),
    F_LIST(vouch_ask_enrol, labels, "labels", LABELS_MAX),
    F_ROWS_OF(vouch_ask_enrol, keys, key_count, KEYS_MAX, &key_table),
    F_U64(vouch_ask_enrol, time_s),
    F_BYTES(vouch_ask_enrol, machine, "machine", MACHINE_LEN),
    F_BYTES(vouch_ask_enrol, agent, "agent", VERSION_TEXT_MAX),
    F_BYTES(vouch_ask_enrol, sshd, "sshd", VERSION_TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_enrol_fields = TABLE(enrol_fields, vouch_ask_enrol);

static const struct vouch_field renew_fields[] = {
    F_LIST(vouch_ask_host_renew, aliases, "aliases", NAMES_MAX),
    F_ROWS_OF(vouch_ask_host_renew, keys, key_count, KEYS_MAX, &key_table),
    F_U64(vouch_ask_host_renew, time_s),
    F_BYTES(vouch_ask_host_renew, machine, "machine", MACHINE_LEN),
    F_BYTES(vouch_ask_host_renew, agent, "agent", VERSION_TEXT_MAX),
    F_BYTES(vouch_ask_host_renew, sshd, "sshd", VERSION_TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_host_renew_fields = TABLE(renew_fields, vouch_ask_host_renew);

static const struct vouch_field cert_fields[] = {
    F_BYTES(vouch_host_cert, cert, "cert", KEY_MAX),
    F_U64(vouch_host_cert, serial),
    F_U64(vouch_host_cert, valid_before_s),
    F_END,
};
static const struct vouch_fields cert_table = TABLE(cert_fields, vouch_host_cert);

static const struct vouch_field answer_enrol_fields[] = {
    F_PART(vouch_answer_enrol, reply, &vouch_reply_fields),
    F_ENUM(vouch_answer_enrol, state, "state", VOUCH_HOST_RETIRED),
    F_U64(vouch_answer_enrol, id),
    F_BYTES(vouch_answer_enrol, name, "name", NAME_MAX_LEN),
    F_BYTES(vouch_answer_enrol, zone, "zone", TEXT_MAX),
    F_LIST(vouch_answer_enrol, names, "names", NAMES_MAX),
    F_ROWS_OF(vouch_answer_enrol, certs, cert_count, KEYS_MAX, &cert_table),
    F_BYTES(vouch_answer_enrol, secret, "secret", SECRET_MAX),
    F_U64(vouch_answer_enrol, generation),
    F_END,
};
const struct vouch_fields vouch_answer_enrol_fields =
    TABLE(answer_enrol_fields, vouch_answer_enrol);

static const struct vouch_field leave_fields[] = {
    F_BYTES(vouch_ask_host_leave, reason, "reason", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_host_leave_fields = TABLE(leave_fields, vouch_ask_host_leave);

static const struct vouch_field left_fields[] = {
    F_PART(vouch_answer_host_left, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_host_left, name, "name", NAME_MAX_LEN),
    F_U64(vouch_answer_host_left, revoked),
    F_END,
};
const struct vouch_fields vouch_answer_host_left_fields =
    TABLE(left_fields, vouch_answer_host_left);

// --- the inventory

static const struct vouch_field fleet_key_fields[] = {
    F_BYTES(vouch_fleet_key, fingerprint, "fingerprint", FINGERPRINT_LEN_MAX),
    F_BYTES(vouch_fleet_key, type, "type", FINGERPRINT_LEN_MAX),
    F_U64(vouch_fleet_key, serial),
    F_U64(vouch_fleet_key, valid_before_s),
    F_END,
};
static const struct vouch_fields fleet_key_table = TABLE(fleet_key_fields, vouch_fleet_key);

static_assert(sizeof(int64_t) == sizeof(uint64_t), "a number with a sign goes over as its 64 bits");

static const struct vouch_field fleet_row_fields[] = {
    F_U64(vouch_fleet_row, id),
    F_BYTES(vouch_fleet_row, name, "name", NAME_MAX_LEN),
    F_BYTES(vouch_fleet_row, zone, "zone", TEXT_MAX),
    F_LIST(vouch_fleet_row, labels, "labels", LABELS_MAX),
    F_LIST(vouch_fleet_row, aliases, "aliases", NAMES_MAX),
    F_ENUM(vouch_fleet_row, state, "state", VOUCH_HOST_RETIRED),
    F_BYTES(vouch_fleet_row, why, "why", TEXT_MAX),
    F_U64(vouch_fleet_row, in_policy),
    F_BYTES(vouch_fleet_row, token, "token", TEXT_MAX),
    F_BYTES(vouch_fleet_row, source, "source", TEXT_MAX),
    F_BYTES(vouch_fleet_row, agent, "agent", VERSION_TEXT_MAX),
    F_BYTES(vouch_fleet_row, sshd, "sshd", VERSION_TEXT_MAX),
    F_U64(vouch_fleet_row, created_s),
    F_U64(vouch_fleet_row, seen_s),
    F_U64(vouch_fleet_row, renewed_s),
    F_U64(vouch_fleet_row, generation),
    F_U64(vouch_fleet_row, approvals),
    F_U64(vouch_fleet_row, needed),
    F_LIST(vouch_fleet_row, approvers, "approvers", NAMES_MAX),
    F_LIST(vouch_fleet_row, wished, "wished", NAMES_MAX),
    F_BYTES(vouch_fleet_row, asker, "asker", TEXT_MAX),
    F_U64(vouch_fleet_row, adopt_until_s),
    F_ROWS_OF(vouch_fleet_row, keys, key_count, KEYS_MAX, &fleet_key_table),
    F_U64(vouch_fleet_row, reported_s),
    F_U64(vouch_fleet_row, krl_version),
    F_U64(vouch_fleet_row, state_version),
    F_U64(vouch_fleet_row, trust_version),
    F_U64(vouch_fleet_row, krl_generated_s),
    F_BYTES(vouch_fleet_row, health, "health", 16),
    F_LIST(vouch_fleet_row, problems, "problems", PROBLEMS_MAX),
    F_U64(vouch_fleet_row, clock_ms),
    F_END,
};
static const struct vouch_fields fleet_row_table = TABLE(fleet_row_fields, vouch_fleet_row);

static const struct vouch_field fleet_fields[] = {
    F_PART(vouch_ask_fleet, page, &vouch_ask_page_fields),
    F_BYTES(vouch_ask_fleet, zone, "zone", TEXT_MAX),
    F_BYTES(vouch_ask_fleet, host, "host", TEXT_MAX),
    F_LIST(vouch_ask_fleet, labels, "labels", LABELS_MAX),
    F_ENUM(vouch_ask_fleet, state, "state", VOUCH_HOST_RETIRED),
    F_END,
};
const struct vouch_fields vouch_ask_fleet_fields = TABLE(fleet_fields, vouch_ask_fleet);

static const struct vouch_field answer_fleet_fields[] = {
    F_PART(vouch_answer_fleet, reply, &vouch_reply_fields),
    F_ROWS(vouch_answer_fleet, &fleet_row_table),
    F_BYTES(vouch_answer_fleet, next, "next", VOUCH_ASK_CURSOR_MAX),
    F_END,
};
const struct vouch_fields vouch_answer_fleet_fields =
    TABLE(answer_fleet_fields, vouch_answer_fleet);

static const struct vouch_field change_fields[] = {
    F_BYTES(vouch_ask_fleet_change, name, "name", NAME_MAX_LEN),
    F_ENUM(vouch_ask_fleet_change, verb, "verb", VOUCH_FLEET_RETIRE),
    F_BYTES(vouch_ask_fleet_change, zone, "zone", TEXT_MAX),
    F_LIST(vouch_ask_fleet_change, labels, "labels", LABELS_MAX),
    F_LIST(vouch_ask_fleet_change, without, "without", LABELS_MAX),
    F_LIST(vouch_ask_fleet_change, wildcards, "wildcards", NAMES_MAX),
    F_LIST(vouch_ask_fleet_change, without_wildcards, "without_wildcards", NAMES_MAX),
    F_BYTES(vouch_ask_fleet_change, fingerprint, "fingerprint", FINGERPRINT_LEN_MAX),
    F_BYTES(vouch_ask_fleet_change, fresh_name, "fresh_name", NAME_MAX_LEN),
    F_BYTES(vouch_ask_fleet_change, reason, "reason", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_fleet_change_fields =
    TABLE(change_fields, vouch_ask_fleet_change);

static const struct vouch_field answer_row_fields[] = {
    F_PART(vouch_answer_fleet_row, reply, &vouch_reply_fields),
    F_PART(vouch_answer_fleet_row, row, &fleet_row_table),
    F_END,
};
const struct vouch_fields vouch_answer_fleet_row_fields =
    TABLE(answer_row_fields, vouch_answer_fleet_row);
