// SPDX-License-Identifier: ISC
// Encoding and decoding of records (doc/ledger.md, "Records").
#include "ledger/record.h"

#include "core/cert-view.h"

// One text field of a record, with its bound. The order of these rows is the order on the wire.
struct text_field {
    const char *name;
    size_t offset; // of the struct vouch_bytes in struct vouch_record
    size_t max;
};

static const struct text_field cert_fields[] = {
    {"cert", offsetof(struct vouch_record, cert), VOUCH_RECORD_MAX},
    {"evidence", offsetof(struct vouch_record, evidence), VOUCH_RECORD_MAX},
    {"role", offsetof(struct vouch_record, role), VOUCH_RECORD_TEXT_MAX},
    {"request", offsetof(struct vouch_record, request), VOUCH_RECORD_MAX},
    {"source", offsetof(struct vouch_record, source), VOUCH_RECORD_TEXT_MAX},
    {"policy", offsetof(struct vouch_record, policy), VOUCH_RECORD_TEXT_MAX},
    {NULL, 0, 0},
};

static const struct text_field event_fields[] = {
    {"type", offsetof(struct vouch_record, type), VOUCH_RECORD_TYPE_MAX},
    {"object", offsetof(struct vouch_record, object), VOUCH_RECORD_TEXT_MAX},
    {"details", offsetof(struct vouch_record, details), VOUCH_RECORD_MAX},
    {NULL, 0, 0},
};

static const struct text_field no_fields[] = {{NULL, 0, 0}};

static const struct text_field *fields_of(enum vouch_record_kind kind) {
    if (kind == VOUCH_RECORD_CERT) {
        return cert_fields;
    }
    return kind == VOUCH_RECORD_EVENT ? event_fields : no_fields;
}

static struct vouch_bytes *field_at(struct vouch_record *record, const struct text_field *field) {
    return (struct vouch_bytes *)((char *)record + field->offset);
}

static struct vouch_bytes field_value(const struct vouch_record *record,
                                      const struct text_field *field) {
    return *(const struct vouch_bytes *)((const char *)record + field->offset);
}

static int is_name(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", text.ptr[i], 39) == NULL) {
            return 0;
        }
    }
    return text.len > 0 && text.len <= VOUCH_RECORD_TYPE_MAX;
}

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){.field = field, .reason = reason};
    }
    return err;
}

static void read_details(struct vouch_reader *reader) {
    while (reader->err == VOUCH_OK && vouch_reader_left(reader) > 0) {
        struct vouch_bytes name = vouch_read_string(reader, "details");
        (void)vouch_read_string(reader, "details");
        if (reader->err == VOUCH_OK && !is_name(name)) {
            vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "details", "has a bad name");
        }
    }
}

// The rules that both directions hold a record to.
static int check_fields(const struct vouch_record *record, struct vouch_where *ret_where) {
    const struct text_field *fields = fields_of(record->kind);
    if (fields == no_fields) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "kind", "is neither certificate nor event");
    }
    if (record->actor.len > VOUCH_RECORD_TEXT_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "actor", "is too long");
    }
    for (; fields->name != NULL; fields++) {
        if (field_value(record, fields).len > fields->max) {
            return fail(ret_where, VOUCH_ERR_LIMIT, fields->name, "is too long");
        }
    }
    if (record->kind == VOUCH_RECORD_CERT) {
        struct vouch_cert_view cert;
        return vouch_cert_view_read(record->cert, &cert, ret_where);
    }
    if (!is_name(record->type)) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "type", "is not a name of a-z 0-9 . - _");
    }
    struct vouch_reader details;
    vouch_reader_init(&details, record->details);
    read_details(&details);
    return vouch_reader_end(&details, ret_where);
}

static void write_fields(const struct vouch_record *record, struct vouch_buf *out) {
    vouch_write_u8(out, VOUCH_RECORD_VERSION);
    vouch_write_u8(out, (uint8_t)record->kind);
    vouch_write_u64(out, record->number);
    vouch_write_u64(out, record->time_ms);
    vouch_write_string(out, record->actor);
    for (const struct text_field *field = fields_of(record->kind); field->name != NULL; field++) {
        vouch_write_string(out, field_value(record, field));
    }
    vouch_write_u64(out, record->serial_high);
}

int vouch_record_encode(const struct vouch_record *record, struct vouch_hasher *hasher,
                        struct vouch_buf *out, struct vouch_where *ret_where) {
    int err = out->err != VOUCH_OK ? out->err : check_fields(record, ret_where);
    if (err != VOUCH_OK) {
        return err == VOUCH_ERR_LIMIT || err == out->err ? err : VOUCH_ERR_ARGUMENT;
    }
    size_t start = out->len;
    write_fields(record, out);
    if (out->err == VOUCH_OK && out->len - start > VOUCH_RECORD_MAX - VOUCH_RECORD_CHECK_LEN) {
        out->len = start;
        return fail(ret_where, VOUCH_ERR_LIMIT, "record", "is over 65535 bytes");
    }
    if (out->err == VOUCH_OK) {
        struct vouch_tree_hash hash;
        vouch_hasher_plain(hasher, (struct vouch_bytes){out->ptr + start, out->len - start}, &hash);
        vouch_buf_put(out, (struct vouch_bytes){hash.bytes, VOUCH_RECORD_CHECK_LEN});
    }
    err = out->err != VOUCH_OK ? out->err : vouch_hasher_error(hasher);
    if (err != VOUCH_OK) {
        out->len = start;
        out->err = VOUCH_OK;
        return fail(ret_where, err, "record", NULL);
    }
    return VOUCH_OK;
}

static int check_fits(struct vouch_bytes entry, struct vouch_hasher *hasher) {
    if (entry.len <= VOUCH_RECORD_CHECK_LEN) {
        return 0;
    }
    size_t len = entry.len - VOUCH_RECORD_CHECK_LEN;
    struct vouch_tree_hash hash;
    vouch_hasher_plain(hasher, (struct vouch_bytes){entry.ptr, len}, &hash);
    return memcmp(hash.bytes, entry.ptr + len, VOUCH_RECORD_CHECK_LEN) == 0;
}

static void read_fields(struct vouch_reader *reader, struct vouch_record *record) {
    if (vouch_read_u8(reader, "version") != VOUCH_RECORD_VERSION) {
        vouch_reader_fail(reader, VOUCH_ERR_UNSUPPORTED, "version", "is not 1");
    }
    record->kind = vouch_read_u8(reader, "kind");
    record->number = vouch_read_u64(reader, "number");
    record->time_ms = vouch_read_u64(reader, "time");
    record->actor = vouch_read_string(reader, "actor");
    const struct text_field *field = fields_of(record->kind);
    if (field == no_fields) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "kind", "is neither certificate nor event");
        return;
    }
    for (; field->name != NULL; field++) {
        *field_at(record, field) = vouch_read_string(reader, field->name);
    }
    record->serial_high = vouch_read_u64(reader, "highest serial");
}

int vouch_record_decode(struct vouch_bytes entry, struct vouch_hasher *hasher,
                        struct vouch_record *ret_record, struct vouch_where *ret_where) {
    if (entry.len > VOUCH_RECORD_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "record", "is over 65535 bytes");
    }
    int fits = check_fits(entry, hasher);
    if (vouch_hasher_error(hasher) != VOUCH_OK) {
        return fail(ret_where, VOUCH_ERR_CRYPTO, "check", NULL);
    }
    if (!fits) {
        return fail(ret_where, VOUCH_ERR_CORRUPT, "check", "does not fit the record's bytes");
    }
    struct vouch_record record = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, (struct vouch_bytes){entry.ptr, entry.len - VOUCH_RECORD_CHECK_LEN});
    read_fields(&reader, &record);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        err = check_fields(&record, ret_where);
    }
    if (err == VOUCH_OK) {
        *ret_record = record;
    }
    return err;
}

void vouch_record_detail_put(struct vouch_buf *details, const char *name,
                             struct vouch_bytes value) {
    vouch_write_text(details, name);
    vouch_write_string(details, value);
}

int vouch_record_detail_next(struct vouch_bytes *details, struct vouch_bytes *ret_name,
                             struct vouch_bytes *ret_value) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, *details);
    struct vouch_bytes name = vouch_read_string(&reader, "details");
    struct vouch_bytes value = vouch_read_string(&reader, "details");
    if (reader.err != VOUCH_OK) {
        return 0;
    }
    *ret_name = name;
    *ret_value = value;
    *details = (struct vouch_bytes){reader.pos, vouch_reader_left(&reader)};
    return 1;
}

int vouch_record_detail(const struct vouch_record *record, const char *name,
                        struct vouch_bytes *ret_value) {
    struct vouch_bytes rest = record->details;
    struct vouch_bytes found;
    struct vouch_bytes value;
    while (vouch_record_detail_next(&rest, &found, &value)) {
        if (vouch_bytes_equal(found, vouch_bytes_of(name))) {
            *ret_value = value;
            return 1;
        }
    }
    return 0;
}

int vouch_record_is_event(const struct vouch_record *record, const char *type) {
    return record->kind == VOUCH_RECORD_EVENT &&
           vouch_bytes_equal(record->type, vouch_bytes_of(type));
}
