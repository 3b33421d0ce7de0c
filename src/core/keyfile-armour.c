// SPDX-License-Identifier: ISC
// The text around OpenSSH's private key format: two marker lines and base64 between them.
//
// As strict as OpenSSH and no stricter: both marker lines end in a line feed and nothing else, blanks
// within the base64 do not count, and what follows the END line is no part of the key.
#include "base/str.h"
#include "core/keyfile.h"

#define COLUMNS 70

static const char begin_line[] = VOUCH_KEYFILE_BEGIN "\n";
static const char end_line[] = "\n" VOUCH_KEYFILE_END "\n";

static int find_body(struct vouch_keyfile_armoured *armoured, struct vouch_where *where) {
    struct vouch_bytes file = armoured->file;
    size_t begin_len = sizeof begin_line - 1;
    if (file.len < begin_len || memcmp(file.ptr, begin_line, begin_len) != 0) {
        return vouch_keyfile_fail(where, VOUCH_ERR_FORMAT, "BEGIN line",
                                  "must end in a line feed alone (CR LF is not read)");
    }
    // The line feed before the END line may be that of the BEGIN line.
    const uint8_t *from = file.ptr + begin_len - 1;
    size_t left = file.len - (begin_len - 1);
    const uint8_t *end = memmem(from, left, end_line, sizeof end_line - 1);
    if (end == NULL) {
        return vouch_keyfile_fail(where, VOUCH_ERR_TRUNCATED, "END line",
                                  "is missing, or has no line end: the file is cut short");
    }
    armoured->body = (struct vouch_bytes){from, (size_t)(end - from)};
    return VOUCH_OK;
}

static int is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int decode_body(struct vouch_keyfile_armoured *armoured, struct vouch_where *where) {
    struct vouch_bytes body = armoured->body;
    vouch_autosecret struct vouch_secret text = {0};
    int err = vouch_secret_new(body.len, &text);
    if (err == VOUCH_OK) {
        err = vouch_secret_new(body.len, &armoured->blob);
    }
    if (err != VOUCH_OK) {
        return vouch_keyfile_fail(where, err, "base64", NULL);
    }
    size_t len = 0;
    for (size_t i = 0; i < body.len; i++) {
        if (!is_space(body.ptr[i])) {
            text.ptr[len++] = body.ptr[i];
        }
    }
    struct vouch_buf blob;
    vouch_buf_init_fixed(&blob, armoured->blob.ptr, armoured->blob.len);
    err = vouch_str_unbase64((struct vouch_bytes){text.ptr, len}, &blob);
    armoured->blob.len = blob.len;
    if (err != VOUCH_OK) {
        (void)vouch_keyfile_fail(where, err, "base64", "between the lines is damaged");
        where->offset = (size_t)(body.ptr - armoured->file.ptr);
    }
    return err;
}

void vouch_keyfile_relocate(const struct vouch_keyfile_armoured *armoured,
                            struct vouch_where *where) {
    size_t digits = where->offset / 3 * 4 + where->offset % 3;
    size_t i = 0;
    while (i < armoured->body.len && (digits > 0 || is_space(armoured->body.ptr[i]))) {
        digits -= !is_space(armoured->body.ptr[i]);
        i++;
    }
    where->offset = (size_t)(armoured->body.ptr - armoured->file.ptr) + i;
}

int vouch_keyfile_unarmour(struct vouch_bytes file, struct vouch_keyfile_armoured *armoured,
                           struct vouch_where *where) {
    armoured->file = file;
    int err = find_body(armoured, where);
    return err != VOUCH_OK ? err : decode_body(armoured, where);
}

static void put_lines(struct vouch_bytes text, struct vouch_buf *out) {
    for (size_t i = 0; i < text.len; i += COLUMNS) {
        size_t len = text.len - i < COLUMNS ? text.len - i : COLUMNS;
        vouch_buf_put(out, (struct vouch_bytes){text.ptr + i, len});
        vouch_buf_put_text(out, "\n");
    }
}

int vouch_keyfile_armour(struct vouch_bytes blob, struct vouch_buf *out) {
    vouch_autosecret struct vouch_secret memory = {0};
    int err = vouch_secret_new(blob.len / 3 * 4 + 4, &memory);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    vouch_str_base64(blob, '=', &text);
    if (text.err != VOUCH_OK) {
        return text.err;
    }
    vouch_buf_put_text(out, VOUCH_KEYFILE_BEGIN "\n");
    put_lines(vouch_buf_bytes(&text), out);
    vouch_buf_put_text(out, VOUCH_KEYFILE_END "\n");
    return out->err;
}
