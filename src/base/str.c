// SPDX-License-Identifier: ISC
// Text: safe printing, numbers, base64 and hexadecimal, near misses.
#include "base/str.h"

#include <stdlib.h>

static const char digits[] = "0123456789abcdef";

static int is_printable(uint8_t c) {
    return c >= 0x20 && c < 0x7f && c != '\\';
}

void vouch_str_escape(struct vouch_bytes text, struct vouch_buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (is_printable(c)) {
            vouch_buf_put(out, (struct vouch_bytes){&c, 1});
        } else if (c == '\\') {
            vouch_buf_put_text(out, "\\\\");
        } else {
            char hex[] = {'\\', 'x', digits[c >> 4], digits[c & 15], '\0'};
            vouch_buf_put_text(out, hex);
        }
    }
}

void vouch_str_escape_to(struct vouch_bytes text, char *out, size_t out_size) {
    struct vouch_buf buf;
    vouch_buf_init_fixed(&buf, out, out_size - 1);
    size_t fitting = 0; // what still leaves room for the dots
    for (size_t i = 0; i < text.len && buf.err == VOUCH_OK; i++) {
        fitting = buf.len + 3 <= buf.cap ? buf.len : fitting;
        vouch_str_escape((struct vouch_bytes){text.ptr + i, 1}, &buf);
    }
    if (buf.err != VOUCH_OK) {
        vouch_buf_clear(&buf);
        buf.len = fitting;
        vouch_buf_put_text(&buf, "...");
    }
    out[buf.len] = '\0';
}

int vouch_str_to_u64(struct vouch_bytes text, uint64_t *ret_value) {
    if (text.len == 0) {
        return VOUCH_ERR_FORMAT;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return VOUCH_ERR_FORMAT;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value)) {
            return VOUCH_ERR_LIMIT;
        }
    }
    *ret_value = value;
    return VOUCH_OK;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void vouch_str_base64(struct vouch_bytes data, char padding, struct vouch_buf *out) {
    for (size_t i = 0; i < data.len; i += 3) {
        size_t left = data.len - i < 3 ? data.len - i : 3;
        uint32_t group = (uint32_t)data.ptr[i] << 16;
        group |= left > 1 ? (uint32_t)data.ptr[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)data.ptr[i + 2] : 0;
        uint8_t text[4];
        for (size_t k = 0; k < 4; k++) {
            text[k] = (uint8_t)base64_digits[(group >> (18 - 6 * k)) & 63];
        }
        for (size_t k = left + 1; k < 4; k++) {
            text[k] = (uint8_t)padding;
        }
        vouch_buf_put(out, (struct vouch_bytes){text, padding != 0 ? 4 : left + 1});
    }
}

// The value of each digit plus one; 0 for every other byte.
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

// One group of four digits, of which the last `padding` are '='; the bits left over must be 0.
static int decode_group(const uint8_t *text, size_t padding, uint8_t *out) {
    uint32_t group = 0;
    int good = 1;
    for (size_t k = 0; k < 4; k++) {
        uint32_t value = k < 4 - padding ? base64_values[text[k]] : 1;
        good &= value != 0;
        group = group << 6 | ((value - 1) & 63);
    }
    for (size_t k = 0; k < 3 - padding; k++) {
        out[k] = (uint8_t)(group >> (16 - 8 * k));
    }
    return good && (group & ((1u << 8 * padding) - 1)) == 0;
}

int vouch_str_unbase64(struct vouch_bytes text, struct vouch_buf *out) {
    if (text.len % 4 != 0) {
        return VOUCH_ERR_FORMAT;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    size_t from = out->len;
    uint8_t *room = vouch_buf_extend(out, text.len / 4 * 3 - padding);
    if (room == NULL) {
        return out->err;
    }
    int good = 1;
    for (size_t i = 0; i < text.len; i += 4) {
        good &= decode_group(text.ptr + i, i + 4 == text.len ? padding : 0, room + i / 4 * 3);
    }
    out->len = good ? out->len : from;
    return good ? VOUCH_OK : VOUCH_ERR_FORMAT;
}

void vouch_str_base64url(struct vouch_bytes data, struct vouch_buf *out) {
    size_t from = out->len;
    vouch_str_base64(data, 0, out);
    for (size_t i = from; i < out->len; i++) {
        uint8_t c = out->ptr[i];
        out->ptr[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
}

int vouch_str_unbase64url(struct vouch_bytes text, struct vouch_buf *out) {
    size_t from = out->len;
    int err = text.len % 4 == 1 ? VOUCH_ERR_FORMAT : VOUCH_OK;
    for (size_t i = 0; i < text.len && err == VOUCH_OK; i += 4) {
        size_t len = text.len - i < 4 ? text.len - i : 4;
        uint8_t group[4] = {'=', '=', '=', '='};
        for (size_t k = 0; k < len; k++) {
            uint8_t c = text.ptr[i + k];
            group[k] = c == '-' ? '+' : c == '_' ? '/' : c == '+' || c == '/' || c == '=' ? '.' : c;
        }
        err = vouch_str_unbase64((struct vouch_bytes){group, sizeof group}, out);
    }
    out->len = err == VOUCH_OK ? out->len : from;
    return err;
}

void vouch_str_hex(struct vouch_bytes data, struct vouch_buf *out) {
    for (size_t i = 0; i < data.len; i++) {
        uint8_t pair[2] = {(uint8_t)digits[data.ptr[i] >> 4], (uint8_t)digits[data.ptr[i] & 15]};
        vouch_buf_put(out, (struct vouch_bytes){pair, 2});
    }
}

static int hex_value(uint8_t c) {
    const char *at = c != 0 ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

int vouch_str_unhex(struct vouch_bytes text, struct vouch_buf *out) {
    if (text.len % 2 != 0) {
        return VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.ptr[i]);
        int low = hex_value(text.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return VOUCH_ERR_FORMAT;
        }
        uint8_t byte = (uint8_t)(high << 4 | low);
        vouch_buf_put(out, (struct vouch_bytes){&byte, 1});
    }
    return out->err;
}

struct vouch_bytes vouch_str_cut(struct vouch_bytes *rest, char mark) {
    struct vouch_bytes part = *rest;
    const uint8_t *at = part.len > 0 ? memchr(part.ptr, mark, part.len) : NULL;
    if (at == NULL) {
        *rest = (struct vouch_bytes){0};
        return part;
    }
    part.len = (size_t)(at - part.ptr);
    *rest = (struct vouch_bytes){at + 1, rest->len - part.len - 1};
    return part;
}

static int is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct vouch_bytes vouch_str_trim(struct vouch_bytes text) {
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

int vouch_str_take(struct vouch_bytes *text, const char *head) {
    size_t len = strlen(head);
    if (text->len < len || memcmp(text->ptr, head, len) != 0) {
        return 0;
    }
    *text = (struct vouch_bytes){text->ptr + len, text->len - len};
    return 1;
}

#define WORD_MAX 40

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// How many letters must be added, dropped, changed or swapped with a neighbour (Damerau).
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

const char *vouch_str_nearest(const char *typed, const char *const *words) {
    const char *best = NULL;
    size_t best_distance = 3;
    size_t typed_len = strlen(typed);
    for (size_t i = 0; words[i] != NULL && typed_len <= WORD_MAX; i++) {
        size_t len = strlen(words[i]);
        size_t d = len <= WORD_MAX ? distance(typed, typed_len, words[i], len) : best_distance;
        // Two slips in a word of three letters is another word.
        if (d < best_distance && d * 2 <= least(len, typed_len)) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}

char *vouch_str_copy(struct vouch_bytes text) {
    char *copy = malloc(text.len + 1);
    if (copy != NULL) {
        if (text.len > 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}
