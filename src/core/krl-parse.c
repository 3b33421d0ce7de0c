// SPDX-License-Identifier: ISC
// Key revocation lists: reading one, which checks every byte and copies none.
//
// Where versions of OpenSSH differ this follows 10.x: extensions that are not critical and signatures
// are passed over, keys of types that it no longer knows are refused. doc/krl.md has the whole table.
#include "core/krl.h"

#define PART_HEAD 5 // a type and the length of what follows

struct parser {
    struct vouch_reader reader; // over the whole list
    struct vouch_krl *krl;
    struct vouch_bytes ca_raw; // the last CA key that was read, as it stood
    struct vouch_bytes ca;     // and in its canonical form
};

// A reader of a part of what `outer` reads; its offsets are those of the whole.
static struct vouch_reader within(const struct vouch_reader *outer, struct vouch_bytes part) {
    struct vouch_reader inner = *outer;
    if (outer->err == VOUCH_OK) {
        inner.pos = part.ptr;
        inner.end = part.ptr + part.len;
    }
    return inner;
}

// Ends a reader that within() gave: its error becomes that of the outer one.
static void join(struct vouch_reader *outer, struct vouch_reader *inner) {
    if (inner->err == VOUCH_OK && inner->pos == inner->end) {
        return;
    }
    struct vouch_where where = {0};
    int err = vouch_reader_end(inner, &where);
    if (err != VOUCH_OK && outer->err == VOUCH_OK) {
        outer->err = err;
        outer->where = where;
        outer->pos = outer->end;
    }
}

struct vouch_bytes vouch_krl_cstring(struct vouch_bytes text) {
    if (text.len > 0 && text.ptr[text.len - 1] == 0) {
        text.len--;
    }
    return text;
}

static struct vouch_bytes read_cstring(struct vouch_reader *reader, const char *field) {
    struct vouch_bytes text = vouch_krl_cstring(vouch_read_string(reader, field));
    if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
        reader->pos = text.ptr;
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "holds a NUL byte");
    }
    return text;
}

static void read_header(struct parser *parser) {
    struct vouch_reader *reader = &parser->reader;
    struct vouch_krl_header *header = &parser->krl->header;
    if (!vouch_krl_is((struct vouch_bytes){reader->pos, vouch_reader_left(reader)})) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "magic", "is not that of a KRL");
        return;
    }
    (void)vouch_read_bytes(reader, VOUCH_KRL_MAGIC_LEN, "magic");
    if (vouch_read_u32(reader, "format version") != VOUCH_KRL_FORMAT) {
        vouch_reader_fail(reader, VOUCH_ERR_UNSUPPORTED, "format version", "is not 1");
    }
    header->version = vouch_read_u64(reader, "KRL version");
    header->generated = vouch_read_u64(reader, "generated date");
    (void)vouch_read_u64(reader, "flags");
    (void)vouch_read_string(reader, "reserved");
    header->comment = read_cstring(reader, "comment");
}

// Reads a CA key and remembers its canonical form, under which keys are compared.
static int read_ca_key(struct parser *parser, struct vouch_bytes raw, struct vouch_where *where) {
    struct vouch_key *key = NULL;
    int err = vouch_key_parse(raw, &key, where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes blob = vouch_key_blob(key);
    parser->ca = raw;
    if (!vouch_bytes_equal(blob, raw)) {
        uint8_t *copy = vouch_krl_room(parser->krl, blob.len);
        if (copy != NULL) {
            memcpy(copy, blob.ptr, blob.len);
        }
        err = copy != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
        parser->ca = (struct vouch_bytes){copy, blob.len};
    }
    vouch_key_free(key);
    return err;
}

// OpenSSH reads a certificate in a CA's place too, and then matches it with nothing.
static int read_ca_cert(struct parser *parser, struct vouch_bytes raw, struct vouch_where *where) {
    struct vouch_cert *cert = NULL;
    int err = vouch_cert_parse(raw, &cert, where);
    vouch_cert_free(cert);
    parser->ca = raw;
    return err;
}

static int names_cert(struct vouch_bytes blob) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes name = vouch_read_string(&reader, "key type");
    return reader.err == VOUCH_OK && vouch_key_type_from_cert_name(name) != VOUCH_KEY_NONE;
}

static void read_ca(struct parser *parser, struct vouch_reader *reader) {
    struct vouch_bytes raw = vouch_read_string(reader, "CA key");
    if (reader->err != VOUCH_OK || vouch_bytes_equal(raw, parser->ca_raw)) {
        return;
    }
    parser->ca_raw = raw;
    parser->ca = (struct vouch_bytes){0};
    if (raw.len == 0) {
        return;
    }
    struct vouch_where where = {0};
    int err =
        names_cert(raw) ? read_ca_cert(parser, raw, &where) : read_ca_key(parser, raw, &where);
    if (err != VOUCH_OK) {
        reader->pos = raw.ptr + (where.offset <= raw.len ? where.offset : 0);
        vouch_reader_fail(reader, err, "CA key", where.reason);
    }
}

static void check_serials(struct vouch_reader *reader) {
    while (vouch_reader_left(reader) > 0) {
        if (vouch_read_u64(reader, "serial list") == 0) {
            vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "serial list", "names serial 0");
        }
    }
}

static void check_range(struct vouch_reader *reader) {
    uint64_t first = vouch_read_u64(reader, "serial range");
    uint64_t last = vouch_read_u64(reader, "serial range");
    if (first == 0) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "serial range", "names serial 0");
    } else if (last < first) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "serial range", "ends before it begins");
    }
}

void vouch_krl_bitmap_read(struct vouch_reader *reader, struct vouch_krl_bitmap *ret_bitmap) {
    ret_bitmap->first = vouch_read_u64(reader, "serial bitmap");
    ret_bitmap->bits = vouch_read_mpint(reader, VOUCH_KRL_BITMAP_BYTES_READ, "serial bitmap");
}

size_t vouch_krl_bitmap_len(const struct vouch_krl_bitmap *bitmap) {
    if (bitmap->bits.len == 0) {
        return 0;
    }
    // The first byte is not 0: an mpint is read without its leading zeros.
    size_t unused = (size_t)__builtin_clz(bitmap->bits.ptr[0]) - 24;
    return bitmap->bits.len * 8 - unused;
}

int vouch_krl_bitmap_has(const struct vouch_krl_bitmap *bitmap, size_t bit) {
    return bitmap->bits.ptr[bitmap->bits.len - 1 - bit / 8] >> (bit % 8) & 1;
}

static void check_bitmap(struct vouch_reader *reader) {
    struct vouch_krl_bitmap bitmap;
    vouch_krl_bitmap_read(reader, &bitmap);
    size_t len = vouch_krl_bitmap_len(&bitmap);
    if (reader->err != VOUCH_OK || len == 0) {
        return;
    }
    if (bitmap.first > UINT64_MAX - (len - 1)) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "serial bitmap", "goes past the last serial");
    } else if (bitmap.first == 0 && vouch_krl_bitmap_has(&bitmap, 0)) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "serial bitmap", "names serial 0");
    }
}

static void check_key_ids(struct vouch_reader *reader) {
    while (vouch_reader_left(reader) > 0) {
        (void)read_cstring(reader, "key ID");
    }
}

static void check_extension(struct vouch_reader *reader) {
    (void)read_cstring(reader, "extension name");
    unsigned critical = vouch_read_u8(reader, "extension");
    (void)vouch_read_string(reader, "extension contents");
    if (critical != 0) {
        vouch_reader_fail(reader, VOUCH_ERR_UNSUPPORTED, "extension",
                          "is critical, and none is known here");
    }
}

static void check_keys(struct vouch_reader *reader) {
    while (vouch_reader_left(reader) > 0) {
        (void)vouch_read_string(reader, "explicit key");
    }
}

static void check_hashes(struct vouch_reader *reader, size_t len, const char *field) {
    while (vouch_reader_left(reader) > 0) {
        struct vouch_bytes hash = vouch_read_string(reader, field);
        if (hash.len != len) {
            vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "has a wrong length");
        }
    }
}

static void check_sha1(struct vouch_reader *reader) {
    check_hashes(reader, 20, "SHA1 hash");
}

static void check_sha256(struct vouch_reader *reader) {
    check_hashes(reader, 32, "SHA256 hash");
}

struct rule {
    unsigned type;
    void (*check)(struct vouch_reader *body);
};

static const struct rule section_rules[] = {
    {VOUCH_KRL_EXPLICIT_KEY, check_keys},
    {VOUCH_KRL_FINGERPRINT_SHA1, check_sha1},
    {VOUCH_KRL_FINGERPRINT_SHA256, check_sha256},
    {VOUCH_KRL_EXTENSION, check_extension},
};

static const struct rule piece_rules[] = {
    {VOUCH_KRL_SERIAL_LIST, check_serials},      {VOUCH_KRL_SERIAL_RANGE, check_range},
    {VOUCH_KRL_SERIAL_BITMAP, check_bitmap},     {VOUCH_KRL_KEY_ID, check_key_ids},
    {VOUCH_KRL_CERT_EXTENSION, check_extension},
};

// Checks the body of a section or piece, of which one of `rules` must speak.
static void check_by(struct vouch_reader *outer, const struct rule *rules, size_t count,
                     const struct vouch_krl_part *part) {
    for (size_t i = 0; i < count; i++) {
        if (rules[i].type == part->type) {
            struct vouch_reader body = within(outer, part->body);
            rules[i].check(&body);
            join(outer, &body);
            return;
        }
    }
    outer->pos = part->body.ptr - PART_HEAD;
    vouch_reader_fail(outer, VOUCH_ERR_UNSUPPORTED, "section type", "is not known");
}

// Reads a type and the string that follows it.
static struct vouch_krl_part read_part(struct vouch_reader *reader) {
    struct vouch_krl_part part = {.type = vouch_read_u8(reader, "section type")};
    part.body = vouch_read_string(reader, "section");
    return part;
}

int vouch_krl_piece_next(struct vouch_reader *body, unsigned *ret_type,
                         struct vouch_bytes *ret_piece) {
    size_t left = (size_t)(body->end - body->pos);
    if (left < PART_HEAD || vouch_krl_u32(body->pos + 1) > left - PART_HEAD) {
        if (left > 0) {
            (void)read_part(body); // which says what is wrong
        }
        return 0;
    }
    *ret_type = body->pos[0];
    *ret_piece = (struct vouch_bytes){body->pos + PART_HEAD, vouch_krl_u32(body->pos + 1)};
    body->pos += PART_HEAD + ret_piece->len;
    return 1;
}

// There can be millions of ranges: those without fault are told from the rest at a glance.
static int is_good_range(const struct vouch_krl_part *piece) {
    return piece->type == VOUCH_KRL_SERIAL_RANGE && piece->body.len == 16 &&
           vouch_krl_u64(piece->body.ptr) > 0 &&
           vouch_krl_u64(piece->body.ptr) <= vouch_krl_u64(piece->body.ptr + 8);
}

static void read_certificates(struct parser *parser, struct vouch_krl_part *part) {
    struct vouch_reader body = within(&parser->reader, part->body);
    read_ca(parser, &body);
    (void)vouch_read_string(&body, "reserved");
    part->ca = parser->ca;
    part->body = (struct vouch_bytes){body.pos, vouch_reader_left(&body)};
    struct vouch_krl_part piece = {0};
    while (vouch_krl_piece_next(&body, &piece.type, &piece.body)) {
        if (!is_good_range(&piece)) {
            check_by(&body, piece_rules, sizeof piece_rules / sizeof piece_rules[0], &piece);
        }
    }
    join(&parser->reader, &body);
}

static void read_section(struct parser *parser) {
    struct vouch_reader *reader = &parser->reader;
    struct vouch_krl_part part = read_part(reader);
    if (reader->err != VOUCH_OK) {
        return;
    }
    if (part.type == VOUCH_KRL_SIGNATURE) {
        // Its data was the key; the signature itself is a second string.
        (void)vouch_read_string(reader, "signature");
        return;
    }
    if (part.type == VOUCH_KRL_CERTIFICATES) {
        read_certificates(parser, &part);
    } else {
        check_by(reader, section_rules, sizeof section_rules / sizeof section_rules[0], &part);
    }
    if (reader->err == VOUCH_OK && part.type != VOUCH_KRL_EXTENSION && part.body.len > 0) {
        int err = vouch_krl_part_add(parser->krl, &part);
        if (err != VOUCH_OK) {
            vouch_reader_fail(reader, err, "section", "is one of too many");
        }
    }
}

int vouch_krl_parse(struct vouch_bytes blob, struct vouch_krl **ret_krl,
                    struct vouch_where *ret_where) {
    struct parser parser = {.krl = vouch_krl_new()};
    if (parser.krl == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_reader_init(&parser.reader, blob);
    if (blob.len > VOUCH_KRL_MAX) {
        vouch_reader_fail(&parser.reader, VOUCH_ERR_LIMIT, "list", "is larger than 256 MiB");
    }
    parser.krl->blob = blob;
    if (parser.reader.err == VOUCH_OK) {
        read_header(&parser);
    }
    while (vouch_reader_left(&parser.reader) > 0) {
        read_section(&parser);
    }
    int err = vouch_reader_end(&parser.reader, ret_where);
    if (err != VOUCH_OK) {
        vouch_krl_free(parser.krl);
        return err;
    }
    *ret_krl = parser.krl;
    return VOUCH_OK;
}
