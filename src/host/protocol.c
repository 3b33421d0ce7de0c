// SPDX-License-Identifier: ISC
// The fields of each ask and answer of the root part, with their bounds, and the frames that carry them.
#include "host/protocol.h"

#include "core/krl-envelope.h"
#include "core/trust.h"

#define TEXT_MAX VOUCH_APPLY_TEXT_MAX
#define NAME_MAX_LEN 255
#define LIST_MAX 256
#define FILES_MAX (VOUCH_APPLY_LOGINS_MAX + 64)
#define CHECKS_MAX 64
#define BODY_MAX (15u * 1024 * 1024)

#define F_ROWS_OF(type, member, counter, most, table)                                              \
    {                                                                                              \
        VOUCH_FIELD_ROWS, #member, offsetof(struct type, member), most,                            \
            offsetof(struct type, counter), table                                                  \
    }
#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field failed_fields[] = {
    F_U64(vouch_apply_failed, err),
    F_TEXT(vouch_apply_failed, code),
    F_TEXT(vouch_apply_failed, text),
    F_TEXT(vouch_apply_failed, next),
    F_END,
};
const struct vouch_fields vouch_apply_failed_fields = TABLE(failed_fields, vouch_apply_failed);

static const struct vouch_field none_fields[] = {
    F_U64(vouch_apply_none, unused),
    F_END,
};
static const struct vouch_fields none = TABLE(none_fields, vouch_apply_none);

// --- describe

static const struct vouch_field key_fields[] = {
    F_BYTES(vouch_apply_key, key, "key", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_apply_key, fingerprint, "fingerprint", VOUCH_FINGERPRINT_MAX),
    F_BYTES(vouch_apply_key, cert, "cert", VOUCH_CERT_BLOB_MAX),
    F_U64(vouch_apply_key, serial),
    F_U64(vouch_apply_key, valid_after_s),
    F_U64(vouch_apply_key, valid_before_s),
    F_U64(vouch_apply_key, is_outgoing),
    F_END,
};
static const struct vouch_fields key = TABLE(key_fields, vouch_apply_key);

static const struct vouch_field machine_fields[] = {
    F_BYTES(vouch_apply_machine, name, "name", NAME_MAX_LEN),
    F_FIXED(vouch_apply_machine, machine),
    F_BYTES(vouch_apply_machine, sshd, "sshd", TEXT_MAX),
    F_ROWS_OF(vouch_apply_machine, keys, key_count, VOUCH_APPLY_KEYS_MAX, &key),
    F_LIST(vouch_apply_machine, settings, "settings", LIST_MAX),
    F_BYTES(vouch_apply_machine, ca, "ca", NAME_MAX_LEN),
    F_BYTES(vouch_apply_machine, checkpoint, "checkpoint", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_apply_machine, host_name, "host name", NAME_MAX_LEN),
    F_U64(vouch_apply_machine, trust_version),
    F_U64(vouch_apply_machine, krl_version),
    F_U64(vouch_apply_machine, krl_generated_s),
    F_U64(vouch_apply_machine, state_version),
    F_U64(vouch_apply_machine, by_login),
    F_LIST(vouch_apply_machine, ca_keys, "ca keys", VOUCH_TRUST_KEYS_MAX),
    F_ENUM(vouch_apply_machine, state, "state", VOUCH_APPLY_APPLIED),
    F_U64(vouch_apply_machine, confirm_until_s),
    F_LIST(vouch_apply_machine, problems, "problems", LIST_MAX),
    F_END,
};
static const struct vouch_fields machine = TABLE(machine_fields, vouch_apply_machine);

// --- prove

static const struct vouch_field prove_fields[] = {
    F_ENUM(vouch_apply_prove, purpose, "purpose", VOUCH_HOST_PROOF_RENEW),
    F_BYTES(vouch_apply_prove, ca, "ca", NAME_MAX_LEN),
    F_BYTES(vouch_apply_prove, name, "name", NAME_MAX_LEN),
    F_U64(vouch_apply_prove, time_s),
    F_END,
};
static const struct vouch_fields prove = TABLE(prove_fields, vouch_apply_prove);

static const struct vouch_field proof_fields[] = {
    F_BYTES(vouch_apply_proof, key, "key", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_apply_proof, proof, "proof", VOUCH_SSHSIG_MAX),
    F_U64(vouch_apply_proof, serial),
    F_END,
};
static const struct vouch_fields proof = TABLE(proof_fields, vouch_apply_proof);

static const struct vouch_field proofs_fields[] = {
    F_ROWS_OF(vouch_apply_proofs, rows, count, VOUCH_APPLY_KEYS_MAX, &proof),
    F_FIXED(vouch_apply_proofs, machine),
    F_END,
};
static const struct vouch_fields proofs = TABLE(proofs_fields, vouch_apply_proofs);

// --- install

static const struct vouch_field principal_fields[] = {
    F_BYTES(vouch_apply_principal, principal, "principal", NAME_MAX_LEN),
    F_BYTES(vouch_apply_principal, why, "why", TEXT_MAX),
    F_END,
};
static const struct vouch_fields principal = TABLE(principal_fields, vouch_apply_principal);

static const struct vouch_field login_fields[] = {
    F_BYTES(vouch_apply_login, login, "login", NAME_MAX_LEN),
    F_ROWS_OF(vouch_apply_login, principals, principal_count, VOUCH_APPLY_PRINCIPALS_MAX,
              &principal),
    F_END,
};
static const struct vouch_fields login = TABLE(login_fields, vouch_apply_login);

static const struct vouch_field cert_fields[] = {
    F_BYTES(vouch_apply_cert, cert, "certificate", VOUCH_CERT_BLOB_MAX),
    F_END,
};
static const struct vouch_fields cert = TABLE(cert_fields, vouch_apply_cert);

// The list itself comes as a descriptor: it may be longer than any frame.
static const struct vouch_field install_fields[] = {
    F_BYTES(vouch_apply_install, ca, "ca", NAME_MAX_LEN),
    F_BYTES(vouch_apply_install, checkpoint, "checkpoint", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_apply_install, name, "name", NAME_MAX_LEN),
    F_BYTES(vouch_apply_install, trust, "trust", VOUCH_TRUST_MAX),
    F_BYTES(vouch_apply_install, krl_envelope, "krl envelope", VOUCH_KRL_ENVELOPE_MAX),
    F_U64(vouch_apply_install, state_version),
    F_U64(vouch_apply_install, by_login),
    F_ROWS_OF(vouch_apply_install, logins, login_count, VOUCH_APPLY_LOGINS_MAX, &login),
    F_ROWS_OF(vouch_apply_install, certs, cert_count, VOUCH_APPLY_KEYS_MAX, &cert),
    F_END,
};
static const struct vouch_fields install = TABLE(install_fields, vouch_apply_install);

// --- apply, and what others answer

static const struct vouch_field change_fields[] = {
    F_ENUM(vouch_apply_change, what, "what", VOUCH_APPLY_DO),
    F_ENUM(vouch_apply_change, log, "log", VOUCH_APPLY_LOG_KEEP),
    F_U64(vouch_apply_change, confirm_within_s),
    F_END,
};
static const struct vouch_fields change = TABLE(change_fields, vouch_apply_change);

static const struct vouch_field leave_fields[] = {
    F_ENUM(vouch_apply_leave, what, "what", VOUCH_APPLY_DO),
    F_END,
};
static const struct vouch_fields leave = TABLE(leave_fields, vouch_apply_leave);

static const struct vouch_field file_fields[] = {
    F_BYTES(vouch_apply_file, path, "path", TEXT_MAX),
    F_BYTES(vouch_apply_file, before, "before", VOUCH_APPLY_FILE_MAX),
    F_BYTES(vouch_apply_file, after, "after", VOUCH_APPLY_FILE_MAX),
    F_U64(vouch_apply_file, is_new),
    F_U64(vouch_apply_file, is_removed),
    F_END,
};
static const struct vouch_fields file = TABLE(file_fields, vouch_apply_file);

static const struct vouch_field done_fields[] = {
    F_ROWS_OF(vouch_apply_done, files, file_count, FILES_MAX, &file),
    F_LIST(vouch_apply_done, steps, "steps", LIST_MAX),
    F_U64(vouch_apply_done, confirm_until_s),
    F_END,
};
static const struct vouch_fields done = TABLE(done_fields, vouch_apply_done);

// --- follow, scan, check

static const struct vouch_field follow_fields[] = {
    F_U64(vouch_apply_follow, next),
    F_END,
};
static const struct vouch_fields follow = TABLE(follow_fields, vouch_apply_follow);

static const struct vouch_field seen_fields[] = {
    F_U64(vouch_apply_seen, number),
    F_U64(vouch_apply_seen, time_ms),
    F_U64(vouch_apply_seen, accepted),
    F_BYTES(vouch_apply_seen, login, "login", TEXT_MAX),
    F_BYTES(vouch_apply_seen, source, "source", TEXT_MAX),
    F_BYTES(vouch_apply_seen, method, "method", TEXT_MAX),
    F_BYTES(vouch_apply_seen, key_id, "key id", TEXT_MAX),
    F_U64(vouch_apply_seen, serial),
    F_BYTES(vouch_apply_seen, fingerprint, "fingerprint", TEXT_MAX),
    F_BYTES(vouch_apply_seen, ca, "ca", TEXT_MAX),
    F_BYTES(vouch_apply_seen, reason, "reason", TEXT_MAX),
    F_BYTES(vouch_apply_seen, line, "line", TEXT_MAX),
    F_END,
};
static const struct vouch_fields seen = TABLE(seen_fields, vouch_apply_seen);

static const struct vouch_field logins_fields[] = {
    F_ROWS_OF(vouch_apply_logins, rows, count, VOUCH_APPLY_FOLLOW_MAX, &seen),
    F_END,
};
static const struct vouch_fields logins = TABLE(logins_fields, vouch_apply_logins);

static const struct vouch_field scanned_fields[] = {
    F_BYTES(vouch_apply_scanned, account, "account", NAME_MAX_LEN),
    F_BYTES(vouch_apply_scanned, path, "path", TEXT_MAX),
    F_U64(vouch_apply_scanned, line),
    F_BYTES(vouch_apply_scanned, type, "type", NAME_MAX_LEN),
    F_BYTES(vouch_apply_scanned, fingerprint, "fingerprint", VOUCH_FINGERPRINT_MAX),
    F_BYTES(vouch_apply_scanned, comment, "comment", TEXT_MAX),
    F_BYTES(vouch_apply_scanned, options, "options", TEXT_MAX),
    F_U64(vouch_apply_scanned, is_ca),
    F_U64(vouch_apply_scanned, used_s),
    F_END,
};
static const struct vouch_fields scanned = TABLE(scanned_fields, vouch_apply_scanned);

static const struct vouch_field scan_fields[] = {
    F_ROWS_OF(vouch_apply_scan, rows, count, VOUCH_APPLY_SCAN_MAX, &scanned),
    F_LIST(vouch_apply_scan, problems, "problems", LIST_MAX),
    F_END,
};
static const struct vouch_fields scan = TABLE(scan_fields, vouch_apply_scan);

static const struct vouch_field checked_fields[] = {
    F_BYTES(vouch_apply_checked, name, "name", NAME_MAX_LEN),
    F_ENUM(vouch_apply_checked, health, "health", VOUCH_APPLY_OK),
    F_BYTES(vouch_apply_checked, text, "text", TEXT_MAX),
    F_BYTES(vouch_apply_checked, next, "next", TEXT_MAX),
    F_END,
};
static const struct vouch_fields checked = TABLE(checked_fields, vouch_apply_checked);

static const struct vouch_field checks_fields[] = {
    F_ROWS_OF(vouch_apply_checks, rows, count, CHECKS_MAX, &checked),
    F_END,
};
static const struct vouch_fields checks = TABLE(checks_fields, vouch_apply_checks);

// --- frames

const struct vouch_apply_op_row vouch_apply_ops[VOUCH_APPLY_OP_COUNT] = {
    [VOUCH_APPLY_OP_describe] = {&none, &machine}, [VOUCH_APPLY_OP_prove] = {&prove, &proofs},
    [VOUCH_APPLY_OP_install] = {&install, &done},  [VOUCH_APPLY_OP_apply] = {&change, &done},
    [VOUCH_APPLY_OP_confirm] = {&none, &done},     [VOUCH_APPLY_OP_put_back] = {&none, &done},
    [VOUCH_APPLY_OP_leave] = {&leave, &done},      [VOUCH_APPLY_OP_follow] = {&follow, &logins},
    [VOUCH_APPLY_OP_scan] = {&none, &scan},        [VOUCH_APPLY_OP_check] = {&none, &checks},
    [VOUCH_APPLY_OP_guard] = {&none, &done},
};

#define ASK_ROW(name_, ask_type, answer_type)                                                      \
    {.type = VOUCH_APPLY_OP_##name_,                                                               \
     .body_min = 4,                                                                                \
     .body_max = VOUCH_APPLY_OP_##name_ == VOUCH_APPLY_OP_install ? BODY_MAX : 4096,               \
     .fd_max = VOUCH_APPLY_OP_##name_ == VOUCH_APPLY_OP_install,                                   \
     .name = #name_},
static const struct vouch_frame_rule asks[] = {VOUCH_APPLY_ASKS(ASK_ROW)};

#define ANSWER_ROW(name_, ask_type, answer_type)                                                   \
    {.type = VOUCH_APPLY_OP_##name_,                                                               \
     .body_min = 4,                                                                                \
     .body_max = BODY_MAX,                                                                         \
     .name = "answer to " #name_},
static const struct vouch_frame_rule answers[] = {
    VOUCH_APPLY_ASKS(ANSWER_ROW){
        .type = VOUCH_APPLY_OP_FAILED, .body_min = 20, .body_max = 1024, .name = "failure"},
};

const struct vouch_frame_protocol vouch_apply_protocol = {
    .name = "vouch-host-apply",
    .asks = asks,
    .ask_count = sizeof asks / sizeof asks[0],
    .answers = answers,
    .answer_count = sizeof answers / sizeof answers[0],
};
