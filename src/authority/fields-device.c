// SPDX-License-Identifier: ISC
// The fields of asks and answers about signing in by browser.
#include "authority/fields.h"

#define TEXT_MAX VOUCH_CODEC_TEXT_MAX
#define SAID_MAX VOUCH_DEVICE_TEXT_MAX
#define SECRET_MAX VOUCH_TOKEN_TEXT_MAX
#define CODE_GIVEN_MAX 16

static const struct vouch_field new_fields[] = {
    F_BYTES(vouch_ask_device_new, machine, "client.host", SAID_MAX),
    F_BYTES(vouch_ask_device_new, os, "client.os", SAID_MAX),
    F_BYTES(vouch_ask_device_new, version, "client.version", SAID_MAX),
    F_FIXED(vouch_ask_device_new, challenge),
    F_U64(vouch_ask_device_new, port),
    F_BYTES(vouch_ask_device_new, mark, "state", VOUCH_DEVICE_MARK_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_device_new_fields = {new_fields,
                                                         sizeof(struct vouch_ask_device_new)};

static const struct vouch_field answer_new_fields[] = {
    F_PART(vouch_answer_device_new, reply, &vouch_reply_fields),
    F_BYTES(vouch_answer_device_new, secret, "secret", SECRET_MAX),
    F_BYTES(vouch_answer_device_new, code, "code", CODE_GIVEN_MAX),
    F_BYTES(vouch_answer_device_new, address, "address", TEXT_MAX),
    F_U64(vouch_answer_device_new, expires_s),
    F_U64(vouch_answer_device_new, interval_s),
    F_END,
};
const struct vouch_fields vouch_answer_device_new_fields = {answer_new_fields,
                                                            sizeof(struct vouch_answer_device_new)};

static const struct vouch_field ask_fields[] = {
    F_BYTES(vouch_ask_device, code, "code", CODE_GIVEN_MAX),
    F_ENUM(vouch_ask_device, verb, "verb", VOUCH_DEVICE_UNDO),
    F_END,
};
const struct vouch_fields vouch_ask_device_fields = {ask_fields, sizeof(struct vouch_ask_device)};

static const struct vouch_field row_fields[] = {
    F_BYTES(vouch_device_row, machine, "machine", SAID_MAX),
    F_BYTES(vouch_device_row, os, "os", SAID_MAX),
    F_BYTES(vouch_device_row, version, "version", SAID_MAX),
    F_BYTES(vouch_device_row, source, "source", TEXT_MAX),
    F_BYTES(vouch_device_row, here, "here", TEXT_MAX),
    F_U64(vouch_device_row, differs),
    F_U64(vouch_device_row, created_s),
    F_U64(vouch_device_row, expires_s),
    F_ENUM(vouch_device_row, state, "state", VOUCH_DEVICE_UNDONE),
    F_U64(vouch_device_row, port),
    F_BYTES(vouch_device_row, mark, "mark", VOUCH_DEVICE_MARK_MAX),
    F_BYTES(vouch_device_row, back, "back", SECRET_MAX),
    F_U64(vouch_device_row, session),
    F_U64(vouch_device_row, revoked),
    F_END,
};
static const struct vouch_fields row_table = {row_fields, sizeof(struct vouch_device_row)};

static const struct vouch_field answer_fields[] = {
    F_PART(vouch_answer_device, reply, &vouch_reply_fields),
    F_PART(vouch_answer_device, row, &row_table),
    F_END,
};
const struct vouch_fields vouch_answer_device_fields = {answer_fields,
                                                        sizeof(struct vouch_answer_device)};

static const struct vouch_field session_fields[] = {
    F_BYTES(vouch_ask_device_session, secret, "device_code", SECRET_MAX),
    F_BYTES(vouch_ask_device_session, verifier, "verifier", VOUCH_DEVICE_VERIFIER_MAX),
    F_BYTES(vouch_ask_device_session, back, "code", SECRET_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_device_session_fields = {
    session_fields, sizeof(struct vouch_ask_device_session)};
