// SPDX-License-Identifier: ISC
// Members of a JSON body that stand for bytes: lines of keys and certificates, fingerprints, hexadecimal.
#include <stdio.h>

#include "api/fields.h"
#include "base/str.h"

static struct vouch_bytes decode_line(struct vouch_api_call *call, const char *name,
                                      struct vouch_bytes line) {
    struct vouch_bytes comment;
    struct vouch_where where = {0};
    size_t from = call->scratch.len;
    int err = vouch_key_line_decode(line, &call->scratch, &comment, &where);
    if (err == VOUCH_ERR_NO_MEMORY) {
        vouch_api_refuse(call, 503, &vouch_fault_memory, NULL, "memory is short");
    } else if (err != VOUCH_OK) {
        vouch_api_refuse_field(call, name, "%s is not a line \"TYPE BASE64\": %s %s", name,
                               where.field != NULL ? where.field : "it",
                               where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    return call->refused ? (struct vouch_bytes){0}
                         : (struct vouch_bytes){call->scratch.ptr + from, call->scratch.len - from};
}

// The line's bytes, trimmed; empty if it is absent or refused.
static struct vouch_bytes read_line(struct vouch_api_call *call, const char *name,
                                    enum vouch_api_need need) {
    static const char dashes[] = "-----BEGIN ";
    const json_t *value = vouch_api_member(call, name, need);
    if (value == NULL) {
        return (struct vouch_bytes){0};
    }
    if (!json_is_string(value)) {
        vouch_api_refuse_field(call, name, "%s is not a string", name);
        return (struct vouch_bytes){0};
    }
    const struct vouch_bytes text = {(const uint8_t *)json_string_value(value),
                                     json_string_length(value)};
    struct vouch_bytes line = vouch_str_trim(text);
    if (line.len >= sizeof dashes - 1 && memcmp(line.ptr, dashes, sizeof dashes - 1) == 0) {
        vouch_api_refuse_field(call, name,
                               "%s is a file of another kind, perhaps a private key, which must "
                               "never be sent: send the line of the .pub file",
                               name);
    } else {
        (void)vouch_api_scratch(call);
    }
    return call->refused ? (struct vouch_bytes){0}
                         : vouch_api_check_text(call, name, line, VOUCH_API_KEY_TEXT_MAX);
}

struct vouch_bytes vouch_api_public_key(struct vouch_api_call *call, enum vouch_api_need need) {
    static const char name[] = "public_key";
    struct vouch_bytes line = read_line(call, name, need);
    return line.len > 0 ? decode_line(call, name, line) : line;
}

struct vouch_bytes vouch_api_cert_line(struct vouch_api_call *call, const char *name) {
    struct vouch_bytes line = read_line(call, name, VOUCH_API_OPTIONAL);
    return line.len > 0 ? decode_line(call, name, line) : line;
}

int vouch_api_read_fingerprint(struct vouch_bytes text, uint8_t ret_digest[static 32]) {
    uint8_t padded[44];
    uint8_t digest[33];
    struct vouch_buf out;
    if (!vouch_str_take(&text, "SHA256:") || text.len != 43) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(padded, text.ptr, 43);
    padded[43] = '='; // fingerprints are printed without
    vouch_buf_init_fixed(&out, digest, sizeof digest);
    int err = vouch_str_unbase64((struct vouch_bytes){padded, sizeof padded}, &out);
    if (err != VOUCH_OK || out.len != 32) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(ret_digest, digest, 32);
    return VOUCH_OK;
}

int vouch_api_is_no_fingerprint(struct vouch_api_call *call, const char *name,
                                struct vouch_bytes text) {
    uint8_t digest[32];
    if (text.len == 0 || vouch_api_read_fingerprint(text, digest) == VOUCH_OK) {
        return 0;
    }
    vouch_api_refuse_field(call, name, "%s is not \"SHA256:\" and 43 characters of base64", name);
    return 1;
}

struct vouch_bytes vouch_api_fingerprint(struct vouch_api_call *call, const char *name) {
    struct vouch_bytes text = vouch_api_text(call, name, VOUCH_API_OPTIONAL, VOUCH_API_OPTION_MAX);
    if (text.len == 0 || vouch_api_is_no_fingerprint(call, name, text) ||
        vouch_api_scratch(call) != VOUCH_OK) {
        return (struct vouch_bytes){0};
    }
    uint8_t *room = vouch_buf_extend(&call->scratch, 32);
    if (room == NULL || vouch_api_read_fingerprint(text, room) != VOUCH_OK) {
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){room, 32};
}

struct vouch_bytes vouch_api_hex(struct vouch_api_call *call, const char *name, size_t len) {
    struct vouch_bytes text = vouch_api_text(call, name, VOUCH_API_REQUIRED, VOUCH_API_OPTION_MAX);
    if (text.len == 0 || vouch_api_scratch(call) != VOUCH_OK) {
        return (struct vouch_bytes){0};
    }
    size_t from = call->scratch.len;
    if (text.len != 2 * len || vouch_str_unhex(text, &call->scratch) != VOUCH_OK) {
        vouch_api_refuse_field(call, name, "%s is not %zu hexadecimal digits", name, 2 * len);
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){call->scratch.ptr + from, len};
}

struct vouch_api_place vouch_api_enter(struct vouch_api_call *call, const char *name) {
    struct vouch_api_place place = {.body = call->body};
    const json_t *inside = vouch_api_member(call, name, VOUCH_API_REQUIRED);
    memcpy(place.within, call->within, sizeof place.within);
    if (inside != NULL && !json_is_object(inside)) {
        vouch_api_refuse_field(call, name, "%s is not an object", name);
    }
    if (!call->refused) {
        call->body = json_object_get(call->body, name);
        (void)snprintf(call->within, sizeof call->within, "%s%s.", place.within, name);
    }
    return place;
}

void vouch_api_leave(struct vouch_api_call *call, const struct vouch_api_place *place) {
    call->body = place->body;
    memcpy(call->within, place->within, sizeof call->within);
}

struct vouch_bytes vouch_api_base64url(struct vouch_api_call *call, const char *name,
                                       enum vouch_api_need need, size_t max) {
    struct vouch_bytes text = vouch_api_text(call, name, need, (max + 2) / 3 * 4);
    if (text.len == 0 || vouch_api_scratch(call) != VOUCH_OK) {
        return (struct vouch_bytes){0};
    }
    size_t from = call->scratch.len;
    if (vouch_str_unbase64url(text, &call->scratch) != VOUCH_OK || call->scratch.len - from > max) {
        vouch_api_refuse_field(call, name, "%s is not base64url of at most %zu bytes", name, max);
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){call->scratch.ptr + from, call->scratch.len - from};
}
