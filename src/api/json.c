// SPDX-License-Identifier: ISC
// Writes JSON by appending: answers to issuing are the service's most frequent, and building a tree for
// each would cost more than all else that this layer does.
#include "api/json.h"

#include "base/str.h"
#include "vouch/cert.h"

#define REPLACEMENT 0xfffdU
#define YEAR_10000_S 253402300800ULL

static void put(struct vouch_buf *out, const void *bytes, size_t len) {
    vouch_buf_put(out, (struct vouch_bytes){bytes, len});
}

static void begin_value(struct vouch_json *json, const char *name) {
    if (json->comma) {
        put(json->out, ",", 1);
    }
    json->comma = 1;
    if (name != NULL) {
        put(json->out, "\"", 1);
        vouch_buf_put_text(json->out, name);
        put(json->out, "\":", 2);
    }
}

void vouch_json_open(struct vouch_json *json, const char *name, char bracket) {
    begin_value(json, name);
    put(json->out, &bracket, 1);
    json->comma = 0;
}

void vouch_json_close(struct vouch_json *json, char bracket) {
    put(json->out, &bracket, 1);
    json->comma = 1;
}

// Nonzero for what stands for itself between quotes.
static int is_plain(uint8_t c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_unit(struct vouch_buf *out, unsigned unit) {
    static const char digits[] = "0123456789abcdef";
    const char text[6] = {'\\',
                          'u',
                          digits[unit >> 12 & 15],
                          digits[unit >> 8 & 15],
                          digits[unit >> 4 & 15],
                          digits[unit & 15]};
    put(out, text, sizeof text);
}

static void put_point(struct vouch_buf *out, unsigned point) {
    if (point == '"' || point == '\\') {
        const char text[2] = {'\\', (char)point};
        put(out, text, sizeof text);
    } else if (point == '\n') {
        put(out, "\\n", 2);
    } else if (point < 0x10000) {
        put_unit(out, point);
    } else {
        put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
        put_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
}

// How long the sequence is that a byte begins (RFC 3629); 0: none.
static size_t sequence_len(uint8_t first) {
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// Takes one character off; U+FFFD for a byte that begins none.
static unsigned take_point(struct vouch_bytes *text) {
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = sequence_len(text->ptr[0]);
    unsigned point = len > 1 ? text->ptr[0] & (0x7fU >> len) : text->ptr[0];
    int good = len > 0 && len <= text->len;
    for (size_t i = 1; good && i < len; i++) {
        good = (text->ptr[i] & 0xc0) == 0x80;
        point = point << 6 | (text->ptr[i] & 0x3fU);
    }
    good = good && point >= least[len] && point < 0x110000 && (point < 0xd800 || point > 0xdfff);
    size_t taken = good ? len : 1;
    text->ptr += taken;
    text->len -= taken;
    return good ? point : REPLACEMENT;
}

static void put_string(struct vouch_buf *out, struct vouch_bytes text) {
    put(out, "\"", 1);
    while (text.len > 0) {
        size_t run = 0;
        while (run < text.len && is_plain(text.ptr[run])) {
            run++;
        }
        put(out, text.ptr, run);
        text.ptr += run;
        text.len -= run;
        if (text.len > 0) {
            put_point(out, take_point(&text));
        }
    }
    put(out, "\"", 1);
}

void vouch_json_text(struct vouch_json *json, const char *name, struct vouch_bytes text) {
    begin_value(json, name);
    put_string(json->out, text);
}

void vouch_json_text_or_null(struct vouch_json *json, const char *name, struct vouch_bytes text) {
    if (text.len > 0) {
        vouch_json_text(json, name, text);
    } else {
        vouch_json_null(json, name);
    }
}

void vouch_json_pair(struct vouch_json *json, struct vouch_bytes name, struct vouch_bytes text) {
    begin_value(json, NULL);
    put_string(json->out, name);
    put(json->out, ":", 1);
    put_string(json->out, text);
}

void vouch_json_texts(struct vouch_json *json, const char *name, const struct vouch_bytes *texts,
                      size_t count) {
    vouch_json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        vouch_json_text(json, NULL, texts[i]);
    }
    vouch_json_close(json, ']');
}

static void put_number(struct vouch_buf *out, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(out, digits + at, sizeof digits - at);
}

void vouch_json_number(struct vouch_json *json, const char *name, uint64_t number) {
    begin_value(json, name);
    put_number(json->out, number);
}

void vouch_json_id_or_null(struct vouch_json *json, const char *name, uint64_t number) {
    if (number != 0) {
        vouch_json_id(json, name, number);
    } else {
        vouch_json_null(json, name);
    }
}

void vouch_json_signed(struct vouch_json *json, const char *name, int64_t number) {
    begin_value(json, name);
    if (number < 0) {
        put(json->out, "-", 1);
    }
    put_number(json->out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void vouch_json_labels(struct vouch_json *json, const char *name, const struct vouch_bytes *labels,
                       size_t count) {
    vouch_json_open(json, name, '{');
    for (size_t i = 0; i < count; i++) {
        const uint8_t *sign = labels[i].len > 0 ? memchr(labels[i].ptr, '=', labels[i].len) : NULL;
        size_t len = sign != NULL ? (size_t)(sign - labels[i].ptr) : labels[i].len;
        size_t skip = sign != NULL ? len + 1 : len;
        vouch_json_pair(json, (struct vouch_bytes){labels[i].ptr, len},
                        (struct vouch_bytes){labels[i].ptr + skip, labels[i].len - skip});
    }
    vouch_json_close(json, '}');
}

void vouch_json_id(struct vouch_json *json, const char *name, uint64_t number) {
    begin_value(json, name);
    put(json->out, "\"", 1);
    put_number(json->out, number);
    put(json->out, "\"", 1);
}

static char *put_digits(char *at, unsigned number, unsigned width) {
    for (unsigned i = width; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + width;
}

// Years that begin in March, so that the leap day is the last of its year.
static char *put_date(char *at, unsigned days) {
    unsigned shifted = days + 719468; // since 0000-03-01
    unsigned era = shifted / 146097;
    unsigned day_of_era = shifted % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * day_of_year + 2) / 153; // 0: March
    unsigned day = day_of_year - (153 * month + 2) / 5 + 1;
    at = put_digits(at, era * 400 + year_of_era + (month >= 10), 4);
    *at++ = '-';
    at = put_digits(at, month < 10 ? month + 3 : month - 9, 2);
    *at++ = '-';
    return put_digits(at, day, 2);
}

static char *put_clock(char *at, unsigned second) {
    at = put_digits(at, second / 3600, 2);
    *at++ = ':';
    at = put_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    return put_digits(at, second % 60, 2);
}

void vouch_json_time_s(struct vouch_json *json, const char *name, uint64_t time_s) {
    char text[24];
    if (time_s == 0 || time_s >= YEAR_10000_S) {
        vouch_json_null(json, name);
        return;
    }
    char *at = put_date(text, (unsigned)(time_s / 86400));
    *at++ = 'T';
    at = put_clock(at, (unsigned)(time_s % 86400));
    *at++ = 'Z';
    vouch_json_text(json, name, (struct vouch_bytes){(uint8_t *)text, (size_t)(at - text)});
}

void vouch_json_time_ms(struct vouch_json *json, const char *name, uint64_t time_ms) {
    char text[28];
    uint64_t time_s = time_ms / 1000;
    if (time_ms == 0 || time_s >= YEAR_10000_S) {
        vouch_json_null(json, name);
        return;
    }
    char *at = put_date(text, (unsigned)(time_s / 86400));
    *at++ = 'T';
    at = put_clock(at, (unsigned)(time_s % 86400));
    *at++ = '.';
    at = put_digits(at, (unsigned)(time_ms % 1000), 3);
    *at++ = 'Z';
    vouch_json_text(json, name, (struct vouch_bytes){(uint8_t *)text, (size_t)(at - text)});
}

void vouch_json_digest(struct vouch_json *json, const char *name, const uint8_t digest[static 32]) {
    begin_value(json, name);
    put(json->out, "\"SHA256:", 8);
    vouch_str_base64((struct vouch_bytes){digest, 32}, 0, json->out);
    put(json->out, "\"", 1);
}

void vouch_json_cert(struct vouch_json *json, const char *name, struct vouch_bytes blob) {
    begin_value(json, name);
    put(json->out, "\"", 1);
    vouch_cert_print(blob, NULL, json->out);
    put(json->out, "\"", 1);
}

void vouch_json_null(struct vouch_json *json, const char *name) {
    begin_value(json, name);
    put(json->out, "null", 4);
}

void vouch_json_flag(struct vouch_json *json, const char *name, int flag) {
    begin_value(json, name);
    vouch_buf_put_text(json->out, flag ? "true" : "false");
}
