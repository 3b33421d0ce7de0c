// SPDX-License-Identifier: ISC
// Writes JSON into a buffer: pure ASCII, whatever the texts hold, so that nothing in an answer can move
// a terminal's cursor or be taken for markup. Reading is fields.h and Jansson's.
#pragma once

#include "vouch/buf.h"

// Members are written in order; `name` is a constant, or NULL for an element of an array. The buffer's
// first error sticks.
struct vouch_json {
    struct vouch_buf *out;
    unsigned comma; // nonzero: another value stands before
};

// Begins and ends an object ('{', '}') or an array ('[', ']').
void vouch_json_open(struct vouch_json *json, const char *name, char bracket);
void vouch_json_close(struct vouch_json *json, char bracket);

// A string. Bytes that are not UTF-8 become U+FFFD.
void vouch_json_text(struct vouch_json *json, const char *name, struct vouch_bytes text);

// The same, or null if it is empty.
void vouch_json_text_or_null(struct vouch_json *json, const char *name, struct vouch_bytes text);

// A string whose name is a text too.
void vouch_json_pair(struct vouch_json *json, struct vouch_bytes name, struct vouch_bytes text);

// An array of strings.
void vouch_json_texts(struct vouch_json *json, const char *name, const struct vouch_bytes *texts,
                      size_t count);

// A number; and one in quotes, since readers of JSON lose digits beyond 2^53.
void vouch_json_number(struct vouch_json *json, const char *name, uint64_t number);
void vouch_json_id(struct vouch_json *json, const char *name, uint64_t number);
void vouch_json_id_or_null(struct vouch_json *json, const char *name, uint64_t number); // null: 0
void vouch_json_signed(struct vouch_json *json, const char *name, int64_t number);

// An object out of texts "NAME=VALUE".
void vouch_json_labels(struct vouch_json *json, const char *name, const struct vouch_bytes *labels,
                       size_t count);

// "2026-11-22T10:45:38Z", and with milliseconds "2026-11-22T10:45:38.120Z"; null for 0 and beyond the
// year 9999.
void vouch_json_time_s(struct vouch_json *json, const char *name, uint64_t time_s);
void vouch_json_time_ms(struct vouch_json *json, const char *name, uint64_t time_ms);

// "SHA256:…", as OpenSSH prints it.
void vouch_json_digest(struct vouch_json *json, const char *name, const uint8_t digest[static 32]);

// "TYPE BASE64" of a certificate.
void vouch_json_cert(struct vouch_json *json, const char *name, struct vouch_bytes blob);

// true or false; and null.
void vouch_json_flag(struct vouch_json *json, const char *name, int flag);
void vouch_json_null(struct vouch_json *json, const char *name);
