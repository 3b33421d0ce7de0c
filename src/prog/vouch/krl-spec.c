// SPDX-License-Identifier: ISC
// The text form of revocations: see krl-spec.h.
#include "prog/vouch/krl-spec.h"

#include <stdlib.h>
#include <strings.h>

#include "base/str.h"
#include "core/key.h"

#define KEY_BLOB_MAX (512u * 1024)
#define HASH_TEXT "SHA256:"

// Single serials, gathered so that the list sorts them once.
struct serials {
    uint64_t *numbers;
    size_t count;
    size_t room;
};

struct parser {
    const struct vouch_krl_spec *spec;
    struct vouch_krl *krl;
    struct vouch_krl_spec_error *error;
    struct serials serials;
    struct vouch_buf blob;
};

static int fail(struct parser *parser, enum vouch_krl_spec_problem problem,
                struct vouch_bytes text) {
    parser->error->problem = problem;
    parser->error->text = text;
    parser->error->err = VOUCH_ERR_FORMAT;
    return VOUCH_ERR_FORMAT;
}

static int added(struct parser *parser, int err) {
    if (err != 0) {
        parser->error->problem = VOUCH_KRL_SPEC_FAILED;
        parser->error->err = err;
    }
    return err;
}

static int is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

static struct vouch_bytes skip_blanks(struct vouch_bytes text) {
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    return text;
}

// The line without comment and without blanks at both ends. A CR stays: ssh-keygen keeps it.
static struct vouch_bytes content_of(struct vouch_bytes line) {
    const uint8_t *hash = line.len > 0 ? memchr(line.ptr, '#', line.len) : NULL;
    if (hash != NULL) {
        line.len = (size_t)(hash - line.ptr);
    }
    line = skip_blanks(line);
    while (line.len > 0 && is_blank(line.ptr[line.len - 1])) {
        line.len--;
    }
    return line;
}

// Nonzero if `text` begins with the keyword, in either case; what follows it is left in *text.
static int take_keyword(struct vouch_bytes *text, const char *keyword) {
    size_t len = strlen(keyword);
    if (text->len < len || strncasecmp((const char *)text->ptr, keyword, len) != 0) {
        return 0;
    }
    *text = skip_blanks((struct vouch_bytes){text->ptr + len, text->len - len});
    return 1;
}

static int digit_of(uint8_t c, unsigned base) {
    unsigned value = 36;
    if (c >= '0' && c <= '9') {
        value = (unsigned)(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        value = (unsigned)((c | 0x20) - 'a') + 10;
    }
    return value < base ? (int)value : -1;
}

static unsigned take_base(struct vouch_bytes *text) {
    if (text->len > 2 && text->ptr[0] == '0' && (text->ptr[1] | 0x20) == 'x' &&
        digit_of(text->ptr[2], 16) >= 0) {
        text->ptr += 2;
        text->len -= 2;
        return 16;
    }
    return text->len > 0 && text->ptr[0] == '0' ? 8 : 10;
}

static int is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// A number in the words of C's strtoull() with base 0, which is what ssh-keygen reads: decimal, 0x,
// leading 0 for octal, and a sign that wraps around. Moves *text behind it; -1 if there is none.
static int take_number(struct vouch_bytes *text, uint64_t *ret_number, int *ret_too_big) {
    struct vouch_bytes rest = *text;
    uint64_t number = 0;
    size_t digits = 0;
    int too_big = 0, value;
    while (rest.len > 0 && is_space(rest.ptr[0])) {
        rest.ptr++;
        rest.len--;
    }
    int negative = rest.len > 0 && rest.ptr[0] == '-';
    if (negative || (rest.len > 0 && rest.ptr[0] == '+')) {
        rest.ptr++;
        rest.len--;
    }
    unsigned base = take_base(&rest);
    while (rest.len > 0 && (value = digit_of(rest.ptr[0], base)) >= 0) {
        too_big |= __builtin_mul_overflow(number, (uint64_t)base, &number);
        too_big |= __builtin_add_overflow(number, (uint64_t)value, &number);
        rest.ptr++;
        rest.len--;
        digits++;
    }
    if (digits == 0) {
        return -1;
    }
    *text = rest;
    *ret_number = negative ? 0 - number : number;
    *ret_too_big = too_big;
    return 0;
}

static int keep_serial(struct parser *parser, uint64_t serial) {
    struct serials *serials = &parser->serials;
    if (serials->count == serials->room) {
        size_t room = serials->room > 0 ? serials->room * 2 : 1024;
        uint64_t *grown = reallocarray(serials->numbers, room, sizeof *grown);
        if (grown == NULL) {
            return added(parser, VOUCH_ERR_NO_MEMORY);
        }
        serials->numbers = grown;
        serials->room = room;
    }
    serials->numbers[serials->count++] = serial;
    return 0;
}

static const struct vouch_key *ca_of(const struct parser *parser) {
    return parser->spec->scope == VOUCH_KRL_SPEC_ONE_CA ? parser->spec->ca : NULL;
}

// One end of a range: a number, with `after` as the only character that may follow.
static int read_serial(struct parser *parser, struct vouch_bytes *text, int after,
                       uint64_t *ret_number) {
    struct vouch_bytes whole = *text;
    int too_big = 0;
    if (take_number(text, ret_number, &too_big) != 0 || (text->len > 0 && text->ptr[0] != after)) {
        return fail(parser, VOUCH_KRL_SPEC_SERIAL, whole);
    }
    return too_big ? fail(parser, VOUCH_KRL_SPEC_SERIAL_TOO_BIG, whole) : 0;
}

static int read_range(struct parser *parser, struct vouch_bytes text, uint64_t first) {
    uint64_t last = 0;
    const struct vouch_bytes whole = text;
    int err = read_serial(parser, &text, -1, &last);
    if (err != 0) {
        return err;
    }
    if (last <= first) {
        parser->error->first = first;
        parser->error->last = last;
        return fail(parser, VOUCH_KRL_SPEC_SERIAL_RANGE, whole);
    }
    if (first == 0) {
        return fail(parser, VOUCH_KRL_SPEC_SERIAL_ZERO, whole);
    }
    return added(parser, vouch_krl_add_serials(parser->krl, ca_of(parser), first, last));
}

static int read_serials(struct parser *parser, struct vouch_bytes text) {
    uint64_t first = 0;
    if (parser->spec->scope == VOUCH_KRL_SPEC_NO_CA) {
        return fail(parser, VOUCH_KRL_SPEC_SERIAL_NO_CA, text);
    }
    struct vouch_bytes whole = text;
    int err = read_serial(parser, &text, '-', &first);
    if (err != 0) {
        return err;
    }
    if (text.len > 0) {
        return read_range(parser, (struct vouch_bytes){text.ptr + 1, text.len - 1}, first);
    }
    return first == 0 ? fail(parser, VOUCH_KRL_SPEC_SERIAL_ZERO, whole)
                      : keep_serial(parser, first);
}

static int read_key_id(struct parser *parser, struct vouch_bytes text) {
    if (parser->spec->scope == VOUCH_KRL_SPEC_NO_CA) {
        return fail(parser, VOUCH_KRL_SPEC_ID_NO_CA, text);
    }
    return added(parser, vouch_krl_add_key_id(parser->krl, ca_of(parser), text));
}

// Base64 as in fingerprints: the padding may be left out.
static int read_hash(struct parser *parser, struct vouch_bytes text) {
    uint8_t padded[64];
    struct vouch_bytes base64 = text;
    if (!vouch_str_take(&base64, HASH_TEXT)) {
        return fail(parser, VOUCH_KRL_SPEC_HASH_NAME, text);
    }
    if (base64.len > sizeof padded - 4) {
        return fail(parser, VOUCH_KRL_SPEC_HASH, text);
    }
    memset(padded, '=', sizeof padded);
    memcpy(padded, base64.ptr, base64.len);
    vouch_buf_clear(&parser->blob);
    struct vouch_bytes whole = {padded, (base64.len + 3) / 4 * 4};
    if (vouch_str_unbase64(whole, &parser->blob) != 0 || parser->blob.len != 32) {
        return fail(parser, VOUCH_KRL_SPEC_HASH, text);
    }
    return added(
        parser, vouch_krl_add_hash(parser->krl, VOUCH_HASH_SHA256, vouch_buf_bytes(&parser->blob)));
}

// What a line with a key asks for.
enum key_form { KEY_BARE = 0, KEY_EXPLICIT, KEY_SHA1, KEY_SHA256 };

static int add_key(struct parser *parser, const struct vouch_key *key, enum key_form form) {
    uint8_t digest[VOUCH_HASH_MAX];
    if (form == KEY_BARE || form == KEY_EXPLICIT) {
        return added(parser, vouch_krl_add_key(parser->krl, key));
    }
    enum vouch_hash hash = form == KEY_SHA1 ? VOUCH_HASH_SHA1 : VOUCH_HASH_SHA256;
    size_t len = vouch_hash_bytes(hash, vouch_key_blob(key), digest);
    return added(parser, len == 0 ? VOUCH_ERR_CRYPTO
                                  : vouch_krl_add_hash(parser->krl, hash,
                                                       (struct vouch_bytes){digest, len}));
}

static int bad_key(struct parser *parser, int err, struct vouch_bytes text) {
    (void)fail(parser, VOUCH_KRL_SPEC_KEY, text);
    parser->error->err = err;
    return err;
}

static int read_cert(struct parser *parser, struct vouch_bytes text, enum key_form form) {
    struct vouch_cert *cert = NULL;
    int err = vouch_cert_parse(vouch_buf_bytes(&parser->blob), &cert, &parser->error->where);
    if (err != 0) {
        return bad_key(parser, err, text);
    }
    err = form == KEY_BARE ? added(parser, vouch_krl_add_cert(parser->krl, cert))
                           : add_key(parser, cert->key, form);
    vouch_cert_free(cert);
    return err;
}

static int read_key(struct parser *parser, struct vouch_bytes text, enum key_form form) {
    struct vouch_key *key = NULL;
    vouch_buf_clear(&parser->blob);
    int err = vouch_key_line_decode(text, &parser->blob, NULL, &parser->error->where);
    if (err != 0) {
        return bad_key(parser, err, text);
    }
    struct vouch_bytes blob = vouch_buf_bytes(&parser->blob);
    if (vouch_key_type_from_cert_name(vouch_signature_algorithm(blob)) != VOUCH_KEY_NONE) {
        return read_cert(parser, text, form);
    }
    err = vouch_key_parse(blob, &key, &parser->error->where);
    if (err != 0) {
        return bad_key(parser, err, text);
    }
    err = add_key(parser, key, form);
    vouch_key_free(key);
    return err;
}

static int has_control(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] == 0x7f) {
            return 1;
        }
    }
    return 0;
}

static int read_line(struct parser *parser, struct vouch_bytes line) {
    struct vouch_bytes text = content_of(line);
    if (text.len == 0) {
        return 0;
    }
    if (parser->spec->rules == VOUCH_KRL_SPEC_CAREFUL && has_control(text)) {
        return fail(parser, VOUCH_KRL_SPEC_CONTROL, text);
    }
    if (take_keyword(&text, "serial:")) {
        return read_serials(parser, text);
    }
    if (take_keyword(&text, "id:")) {
        return read_key_id(parser, text);
    }
    if (take_keyword(&text, "hash:")) {
        return read_hash(parser, text);
    }
    if (take_keyword(&text, "key:")) {
        return read_key(parser, text, KEY_EXPLICIT);
    }
    if (take_keyword(&text, "sha1:")) {
        return read_key(parser, text, KEY_SHA1);
    }
    return read_key(parser, text, take_keyword(&text, "sha256:") ? KEY_SHA256 : KEY_BARE);
}

int vouch_krl_spec_read(struct vouch_bytes text, const struct vouch_krl_spec *spec,
                        struct vouch_krl *krl, struct vouch_krl_spec_error *ret_error) {
    struct parser parser = {.spec = spec, .krl = krl, .error = ret_error};
    int err = 0;
    *ret_error = (struct vouch_krl_spec_error){0};
    vouch_buf_init(&parser.blob, KEY_BLOB_MAX);
    while (err == 0 && text.ptr != NULL) {
        ret_error->line++;
        err = read_line(&parser, vouch_str_cut(&text, '\n'));
    }
    if (err == 0 && parser.serials.count > 0) {
        err = added(&parser, vouch_krl_add_serial_list(krl, ca_of(&parser), parser.serials.numbers,
                                                       parser.serials.count));
    }
    free(parser.serials.numbers);
    vouch_buf_done(&parser.blob);
    return err;
}
