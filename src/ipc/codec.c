// SPDX-License-Identifier: ISC
// The encoder and decoder of field tables. Integers are uint64, enums uint32, all else strings of RFC
// 4251; lists and rows are a uint32 and as many items.
#include "ipc/codec.h"

static const void *at(const void *object, size_t offset) {
    return (const uint8_t *)object + offset;
}

static uint64_t get_u64(const void *place) {
    uint64_t value = 0;
    memcpy(&value, place, sizeof value);
    return value;
}

static uint32_t get_enum(const void *place) {
    uint32_t value = 0;
    memcpy(&value, place, sizeof value);
    return value;
}

static struct vouch_bytes get_bytes(const void *place) {
    struct vouch_bytes value;
    memcpy(&value, place, sizeof value);
    return value;
}

static struct vouch_text_list get_list(const void *place) {
    struct vouch_text_list value;
    memcpy(&value, place, sizeof value);
    return value;
}

struct rows {
    const uint8_t *first;
    size_t count;
};

static struct rows get_rows(const struct vouch_field *field, const void *object) {
    struct rows rows;
    memcpy(&rows.first, at(object, field->offset), sizeof rows.first);
    memcpy(&rows.count, at(object, field->count), sizeof rows.count);
    return rows;
}

// --- bounds

static int list_fits(struct vouch_text_list list, size_t max) {
    if (list.count > max) {
        return 0;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].len > VOUCH_CODEC_TEXT_MAX) {
            return 0;
        }
    }
    return 1;
}

static int rows_fit(const struct vouch_field *field, const void *object, const char **ret_name) {
    struct rows rows = get_rows(field, object);
    if (rows.count > field->max) {
        *ret_name = field->name;
        return 0;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (!vouch_codec_fits(field->part, rows.first + i * field->part->size, ret_name)) {
            return 0;
        }
    }
    return 1;
}

// A field that is a value, not a struct or rows.
static int value_fits(const struct vouch_field *field, const void *place) {
    switch (field->kind) {
    case VOUCH_FIELD_ENUM:
        return get_enum(place) <= field->max;
    case VOUCH_FIELD_BYTES:
        return get_bytes(place).len <= field->max;
    case VOUCH_FIELD_TEXT:
        return memchr(place, 0, field->max) != NULL;
    case VOUCH_FIELD_LIST:
        return list_fits(get_list(place), field->max);
    case VOUCH_FIELD_END:
    case VOUCH_FIELD_U64:
    case VOUCH_FIELD_FIXED:
    case VOUCH_FIELD_PART:
    case VOUCH_FIELD_ROWS:
        break;
    }
    return 1;
}

int vouch_codec_fits(const struct vouch_fields *fields, const void *object, const char **ret_name) {
    for (const struct vouch_field *field = fields->fields; field->kind != VOUCH_FIELD_END;
         field++) {
        const void *place = at(object, field->offset);
        if (field->kind == VOUCH_FIELD_PART) {
            if (!vouch_codec_fits(field->part, place, ret_name)) {
                return 0;
            }
        } else if (field->kind == VOUCH_FIELD_ROWS) {
            if (!rows_fit(field, object, ret_name)) {
                return 0;
            }
        } else if (!value_fits(field, place)) {
            *ret_name = field->name;
            return 0;
        }
    }
    return 1;
}

// --- writing

static void write_list(struct vouch_text_list list, struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)list.count);
    for (size_t i = 0; i < list.count; i++) {
        vouch_write_string(out, list.items[i]);
    }
}

static void write_object(const struct vouch_fields *fields, const void *object,
                         struct vouch_buf *out);

static void write_rows(const struct vouch_field *field, const void *object, struct vouch_buf *out) {
    struct rows rows = get_rows(field, object);
    vouch_write_u32(out, (uint32_t)rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        write_object(field->part, rows.first + i * field->part->size, out);
    }
}

static void write_field(const struct vouch_field *field, const void *object,
                        struct vouch_buf *out) {
    const void *place = at(object, field->offset);
    switch (field->kind) {
    case VOUCH_FIELD_U64:
        vouch_write_u64(out, get_u64(place));
        break;
    case VOUCH_FIELD_ENUM:
        vouch_write_u32(out, get_enum(place));
        break;
    case VOUCH_FIELD_BYTES:
        vouch_write_string(out, get_bytes(place));
        break;
    case VOUCH_FIELD_FIXED:
        vouch_buf_put(out, (struct vouch_bytes){place, field->max});
        break;
    case VOUCH_FIELD_TEXT:
        vouch_write_text(out, place);
        break;
    case VOUCH_FIELD_LIST:
        write_list(get_list(place), out);
        break;
    case VOUCH_FIELD_PART:
        write_object(field->part, place, out);
        break;
    case VOUCH_FIELD_ROWS:
        write_rows(field, object, out);
        break;
    case VOUCH_FIELD_END:
        break;
    }
}

static void write_object(const struct vouch_fields *fields, const void *object,
                         struct vouch_buf *out) {
    for (const struct vouch_field *field = fields->fields; field->kind != VOUCH_FIELD_END;
         field++) {
        write_field(field, object, out);
    }
}

void vouch_codec_write(const struct vouch_fields *fields, const void *object,
                       struct vouch_buf *out) {
    const char *name = NULL;
    if (vouch_codec_fits(fields, object, &name)) {
        write_object(fields, object, out);
    } else if (out->err == VOUCH_OK) {
        out->err = VOUCH_ERR_LIMIT;
    }
}

// --- reading

static void read_enum(const struct vouch_field *field, struct vouch_reader *reader, void *place) {
    uint32_t value = vouch_read_u32(reader, field->name);
    if (value > field->max) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field->name, "is not one of its values");
        return;
    }
    memcpy(place, &value, sizeof value);
}

static struct vouch_bytes read_bytes(struct vouch_reader *reader, size_t max, const char *name) {
    struct vouch_bytes value = vouch_read_string(reader, name);
    if (value.len > max) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, name, "is too long");
        return (struct vouch_bytes){0};
    }
    return value;
}

static void read_text(const struct vouch_field *field, struct vouch_reader *reader, void *place) {
    struct vouch_bytes value = read_bytes(reader, field->max - 1, field->name);
    if (value.len > 0 && memchr(value.ptr, 0, value.len) != NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field->name, "holds a NUL byte");
    } else if (value.len > 0) {
        memcpy(place, value.ptr, value.len);
    }
}

// How many items follow. Each takes at least four bytes, so that a number alone makes nobody ask for
// memory.
static size_t read_count(const struct vouch_field *field, struct vouch_reader *reader) {
    uint32_t count = vouch_read_u32(reader, field->name);
    if (count > field->max || count > vouch_reader_left(reader) / 4) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field->name, "are too many");
        return 0;
    }
    return count;
}

static void *make_items(const struct vouch_field *field, struct vouch_reader *reader,
                        struct vouch_arena *arena, size_t len) {
    void *items = len > 0 ? vouch_arena_alloc(arena, len) : NULL;
    if (items == NULL && len > 0) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, field->name, NULL);
    }
    return items;
}

static void read_list(const struct vouch_field *field, struct vouch_reader *reader,
                      struct vouch_arena *arena, void *place) {
    size_t count = read_count(field, reader);
    struct vouch_bytes *items = make_items(field, reader, arena, count * sizeof *items);
    struct vouch_text_list list = {items, items != NULL ? count : 0};
    for (size_t i = 0; i < list.count; i++) {
        items[i] = read_bytes(reader, VOUCH_CODEC_TEXT_MAX, field->name);
    }
    memcpy(place, &list, sizeof list);
}

static void read_rows(const struct vouch_field *field, struct vouch_reader *reader,
                      struct vouch_arena *arena, uint8_t *object) {
    size_t count = read_count(field, reader);
    uint8_t *rows = make_items(field, reader, arena, count * field->part->size);
    count = rows != NULL ? count : 0;
    for (size_t i = 0; i < count && reader->err == VOUCH_OK; i++) {
        vouch_codec_read(field->part, reader, arena, rows + i * field->part->size);
    }
    memcpy(object + field->offset, &rows, sizeof rows);
    memcpy(object + field->count, &count, sizeof count);
}

static void read_value(const struct vouch_field *field, struct vouch_reader *reader, void *place) {
    uint64_t number = 0;
    struct vouch_bytes bytes = {0};
    switch (field->kind) {
    case VOUCH_FIELD_U64:
        number = vouch_read_u64(reader, field->name);
        memcpy(place, &number, sizeof number);
        break;
    case VOUCH_FIELD_ENUM:
        read_enum(field, reader, place);
        break;
    case VOUCH_FIELD_BYTES:
        bytes = read_bytes(reader, field->max, field->name);
        memcpy(place, &bytes, sizeof bytes);
        break;
    case VOUCH_FIELD_FIXED:
        bytes = vouch_read_bytes(reader, field->max, field->name);
        if (bytes.len == field->max) {
            memcpy(place, bytes.ptr, bytes.len);
        }
        break;
    case VOUCH_FIELD_TEXT:
        read_text(field, reader, place);
        break;
    case VOUCH_FIELD_END:
    case VOUCH_FIELD_LIST:
    case VOUCH_FIELD_PART:
    case VOUCH_FIELD_ROWS:
        break;
    }
}

void vouch_codec_read(const struct vouch_fields *fields, struct vouch_reader *reader,
                      struct vouch_arena *arena, void *ret_object) {
    uint8_t *object = ret_object;
    memset(object, 0, fields->size);
    for (const struct vouch_field *field = fields->fields; field->kind != VOUCH_FIELD_END;
         field++) {
        uint8_t *place = object + field->offset;
        if (field->kind == VOUCH_FIELD_LIST) {
            read_list(field, reader, arena, place);
        } else if (field->kind == VOUCH_FIELD_PART) {
            vouch_codec_read(field->part, reader, arena, place);
        } else if (field->kind == VOUCH_FIELD_ROWS) {
            read_rows(field, reader, arena, object);
        } else {
            read_value(field, reader, place);
        }
    }
}
