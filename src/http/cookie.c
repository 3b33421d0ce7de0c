// SPDX-License-Identifier: ISC
// Cookies, as RFC 6265 4.1.1 and 4.2.1 write them.
#include <stdio.h>

#include "base/str.h"
#include "http/http.h"

#define NAME_MAX_LEN 64
#define VALUE_MAX_LEN 1024

static int is_octets(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\",;\\", c) != NULL) {
            return 0;
        }
    }
    return 1;
}

static int is_name(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c) != NULL) {
            return 0;
        }
    }
    return text.len > 0;
}

// Takes the first "name=value" off the list.
static int next_pair(struct vouch_bytes *rest, struct vouch_http_param *ret_pair) {
    struct vouch_bytes value = vouch_str_cut(rest, ';');
    if (rest->ptr != NULL) {
        if (rest->len < 2 || rest->ptr[0] != ' ') {
            return VOUCH_ERR_FORMAT;
        }
        *rest = (struct vouch_bytes){rest->ptr + 1, rest->len - 1};
    }
    struct vouch_bytes name = vouch_str_cut(&value, '=');
    if (value.ptr == NULL || !is_name(name) || !is_octets(value)) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_pair = (struct vouch_http_param){name, value};
    return VOUCH_OK;
}

int vouch_http_cookie(struct vouch_bytes header, const char *name, struct vouch_bytes *ret_value) {
    struct vouch_bytes found = {0};
    struct vouch_bytes rest = header;
    while (rest.ptr != NULL) {
        struct vouch_http_param pair;
        if (next_pair(&rest, &pair) != VOUCH_OK) {
            return VOUCH_ERR_FORMAT;
        }
        int wanted = vouch_bytes_equal(pair.name, vouch_bytes_of(name));
        if (wanted && found.ptr != NULL) {
            return VOUCH_ERR_FORMAT;
        }
        found = wanted ? pair.value : found;
    }
    if (found.ptr == NULL) {
        return VOUCH_ERR_NOT_FOUND;
    }
    *ret_value = found;
    return VOUCH_OK;
}

int vouch_http_cookie_set(struct vouch_http_response *response, const char *name,
                          struct vouch_bytes value, uint32_t age_s) {
    struct vouch_bytes name_bytes = vouch_bytes_of(name);
    if (strncmp(name, "__Host-", 7) != 0 || !is_name(name_bytes) || name_bytes.len > NAME_MAX_LEN ||
        !is_octets(value) || value.len > VALUE_MAX_LEN) {
        return VOUCH_ERR_ARGUMENT;
    }
    char age[32] = "";
    char text[NAME_MAX_LEN + VALUE_MAX_LEN + 128];
    if (age_s != VOUCH_HTTP_COOKIE_WHILE_OPEN) {
        (void)snprintf(age, sizeof age, "; Max-Age=%u", age_s);
    }
    int len = snprintf(text, sizeof text, "%s=%.*s%s; Path=/; Secure; HttpOnly; SameSite=Strict",
                       name, (int)value.len, value.len > 0 ? (const char *)value.ptr : "", age);
    if (len < 0 || (size_t)len >= sizeof text) {
        return VOUCH_ERR_ARGUMENT;
    }
    return vouch_http_set(response, VOUCH_HTTP_SET_SET_COOKIE, vouch_bytes_of(text));
}
