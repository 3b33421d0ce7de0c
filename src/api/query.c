// SPDX-License-Identifier: ISC
// Parameters of a query, and what stands in the path.
#include "api/fields.h"
#include "base/str.h"
#include "base/time.h"

#define TIME_TEXT_MIN 20 // "2026-11-22T10:45:38Z"
#define TIME_TEXT_MAX 40

struct vouch_bytes vouch_api_query_text(struct vouch_api_call *call, const char *name, size_t max) {
    struct vouch_bytes text = vouch_http_query(call->request, name);
    if (text.ptr == NULL || call->refused) {
        return (struct vouch_bytes){0};
    }
    if (text.len == 0) {
        vouch_api_refuse_field(call, name, "%s is empty: leave it out, or say something", name);
    } else if (text.len > max) {
        vouch_api_refuse_field(call, name, "%s has %zu bytes, and at most %zu are taken", name,
                               text.len, max);
    }
    return call->refused ? (struct vouch_bytes){0} : text;
}

uint64_t vouch_api_query_number(struct vouch_api_call *call, const char *name, uint64_t max) {
    struct vouch_bytes text = vouch_api_query_text(call, name, VOUCH_API_OPTION_MAX);
    uint64_t number = vouch_api_read_serial(text);
    if (text.len > 0 && (number == 0 || number > max)) {
        vouch_api_refuse_field(call, name, "%s is not a whole number between 1 and %llu", name,
                               (unsigned long long)max);
        return 0;
    }
    return number;
}

uint64_t vouch_api_query_serial(struct vouch_api_call *call, const char *name) {
    return vouch_api_query_number(call, name, UINT64_MAX);
}

// Takes a fraction of a second out of the text, in milliseconds; what is finer is dropped.
static size_t cut_fraction(char *text, size_t len, unsigned *ret_ms) {
    unsigned ms = 0;
    unsigned scale = 100;
    size_t end = TIME_TEXT_MIN - 1;
    if (len <= end || text[end] != '.') {
        return len;
    }
    end++;
    while (end < len && text[end] >= '0' && text[end] <= '9') {
        ms += (unsigned)(text[end++] - '0') * scale;
        scale /= 10;
    }
    if (end == TIME_TEXT_MIN) {
        return len; // no digit: the parser refuses the dot
    }
    memmove(text + TIME_TEXT_MIN - 1, text + end, len - end);
    *ret_ms = ms;
    return len - (end - (TIME_TEXT_MIN - 1));
}

// A zone must be there: the server's own is nobody else's business.
int vouch_api_read_time(struct vouch_bytes text, uint64_t *ret_ms) {
    char copy[TIME_TEXT_MAX];
    unsigned ms = 0;
    uint64_t time_s = 0;
    if (text.len < TIME_TEXT_MIN || text.len >= sizeof copy) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(copy, text.ptr, text.len);
    size_t len = cut_fraction(copy, text.len, &ms);
    struct vouch_bytes plain = {(const uint8_t *)copy, len};
    int zoned = len >= TIME_TEXT_MIN &&
                (copy[len - 1] == 'Z' || copy[len - 6] == '+' || copy[len - 6] == '-');
    if (!zoned || vouch_time_parse(plain, &time_s) != VOUCH_OK || time_s > UINT64_MAX / 1000 - 1) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_ms = time_s * 1000 + ms;
    return VOUCH_OK;
}

uint64_t vouch_api_query_time_ms(struct vouch_api_call *call, const char *name) {
    struct vouch_bytes text = vouch_api_query_text(call, name, VOUCH_API_OPTION_MAX);
    uint64_t time_ms = 0;
    if (text.len > 0 && (vouch_api_read_time(text, &time_ms) != VOUCH_OK || time_ms == 0)) {
        vouch_api_refuse_field(call, name, "%s is not a time like 2026-11-22T10:45:38Z", name);
    }
    return time_ms;
}

struct vouch_bytes vouch_api_query_fingerprint(struct vouch_api_call *call, const char *name,
                                               uint8_t ret_digest[static 32]) {
    struct vouch_bytes text = vouch_api_query_text(call, name, VOUCH_API_OPTION_MAX);
    if (text.len == 0) {
        return text;
    }
    if (vouch_api_read_fingerprint(text, ret_digest) != VOUCH_OK) {
        vouch_api_refuse_field(call, name, "%s is not \"SHA256:\" and 43 characters of base64",
                               name);
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){ret_digest, 32};
}

unsigned vouch_api_query_word(struct vouch_api_call *call, const char *name,
                              const char *const *words) {
    struct vouch_bytes text = vouch_api_query_text(call, name, VOUCH_API_NAME_TEXT_MAX);
    return text.len > 0 ? vouch_api_read_word(call, name, text, words) : 0;
}

struct vouch_ask_page vouch_api_query_page(struct vouch_api_call *call) {
    struct vouch_ask_page page = {0};
    page.limit = vouch_api_query_number(call, "limit", VOUCH_ASK_PAGE_MAX);
    page.cursor = vouch_api_query_text(call, "cursor", VOUCH_ASK_CURSOR_MAX);
    return page;
}

uint64_t vouch_api_path_id(struct vouch_api_call *call, const char *what) {
    uint64_t id = vouch_api_read_serial(call->request->captures[0]);
    if (id == 0) {
        vouch_api_refuse_absent(call, what);
    }
    return id;
}

struct vouch_bytes vouch_api_path_name(struct vouch_api_call *call, const char *what, size_t max) {
    struct vouch_bytes name = call->request->captures[0];
    if (name.len > max) {
        vouch_api_refuse_absent(call, what);
    }
    return name;
}

// RFC 9110 8.8.3: a strong tag, which is a version in quotes here.
uint64_t vouch_api_if_match(struct vouch_api_call *call) {
    static const char name[] = "If-Match";
    struct vouch_bytes tag = call->request->headers[VOUCH_HTTP_IF_MATCH];
    if (tag.ptr == NULL) {
        vouch_api_refuse_field(call, name,
                               "the header If-Match is missing: it says in quotes which version "
                               "this was made from, \"0\" if there was none");
        return 0;
    }
    int quoted = tag.len > 2 && tag.ptr[0] == '"' && tag.ptr[tag.len - 1] == '"';
    struct vouch_bytes text = {tag.ptr + 1, quoted ? tag.len - 2 : 0};
    uint64_t version = vouch_api_read_serial(text);
    if (version == 0 && !vouch_bytes_equal(text, vouch_bytes_of("0"))) {
        vouch_api_refuse_field(call, name, "%s is not one version in quotes, such as \"7\"", name);
    }
    return version;
}
