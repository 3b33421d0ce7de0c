// SPDX-License-Identifier: ISC
// RFC 4251 section 5: the reader and the writers of vouch/wire.h.
#include "vouch/wire.h"

void vouch_reader_init(struct vouch_reader *reader, struct vouch_bytes input) {
    static const uint8_t nothing[1];
    const uint8_t *start = input.ptr != NULL ? input.ptr : nothing;
    *reader = (struct vouch_reader){.start = start, .pos = start, .end = start + input.len};
}

void vouch_reader_fail(struct vouch_reader *reader, int err, const char *field,
                       const char *reason) {
    if (reader->err != VOUCH_OK) {
        return;
    }
    reader->err = err;
    reader->where = (struct vouch_where){
        .offset = (size_t)(reader->pos - reader->start), .field = field, .reason = reason};
    reader->pos = reader->end;
}

size_t vouch_reader_left(const struct vouch_reader *reader) {
    return (size_t)(reader->end - reader->pos);
}

// The next `len` bytes, or NULL with the error set.
static const uint8_t *take(struct vouch_reader *reader, size_t len, const char *field) {
    if (reader->err != VOUCH_OK) {
        return NULL;
    }
    if (vouch_reader_left(reader) < len) {
        vouch_reader_fail(reader, VOUCH_ERR_TRUNCATED, field, NULL);
        return NULL;
    }
    const uint8_t *at = reader->pos;
    reader->pos += len;
    return at;
}

uint8_t vouch_read_u8(struct vouch_reader *reader, const char *field) {
    const uint8_t *at = take(reader, 1, field);
    return at != NULL ? at[0] : 0;
}

static uint64_t big_endian(const uint8_t *at, size_t len) {
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

uint32_t vouch_read_u32(struct vouch_reader *reader, const char *field) {
    const uint8_t *at = take(reader, 4, field);
    return at != NULL ? (uint32_t)big_endian(at, 4) : 0;
}

uint64_t vouch_read_u64(struct vouch_reader *reader, const char *field) {
    const uint8_t *at = take(reader, 8, field);
    return at != NULL ? big_endian(at, 8) : 0;
}

struct vouch_bytes vouch_read_bytes(struct vouch_reader *reader, size_t len, const char *field) {
    const uint8_t *at = take(reader, len, field);
    return at != NULL ? (struct vouch_bytes){at, len} : (struct vouch_bytes){0};
}

struct vouch_bytes vouch_read_string(struct vouch_reader *reader, const char *field) {
    const uint8_t *at = take(reader, 4, field);
    if (at == NULL) {
        return (struct vouch_bytes){0};
    }
    uint32_t len = (uint32_t)big_endian(at, 4);
    if (vouch_reader_left(reader) < len) {
        reader->pos = at; // the error is where the length stands
        vouch_reader_fail(reader, VOUCH_ERR_TRUNCATED, field, "its length goes past the end");
        return (struct vouch_bytes){0};
    }
    return vouch_read_bytes(reader, len, field);
}

struct vouch_bytes vouch_read_text(struct vouch_reader *reader, const char *field) {
    struct vouch_bytes text = vouch_read_string(reader, field);
    if (text.len > 0 && text.ptr[text.len - 1] == 0) {
        text.len--;
    }
    if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "holds a NUL byte");
        return (struct vouch_bytes){0};
    }
    return text;
}

static struct vouch_bytes strip_zeros(struct vouch_bytes value) {
    while (value.len > 0 && value.ptr[0] == 0) {
        value.ptr++;
        value.len--;
    }
    return value;
}

struct vouch_bytes vouch_read_mpint(struct vouch_reader *reader, size_t max_len,
                                    const char *field) {
    struct vouch_bytes value = vouch_read_string(reader, field);
    if (value.len > 0 && (value.ptr[0] & 0x80) != 0) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "is negative");
        return (struct vouch_bytes){0};
    }
    // OpenSSH bounds the encoding, one sign byte allowed, before it drops zeros.
    if (value.len > max_len + 1 || (value.len == max_len + 1 && value.ptr[0] != 0)) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field, "is too long");
        return (struct vouch_bytes){0};
    }
    return strip_zeros(value);
}

int vouch_reader_end(struct vouch_reader *reader, struct vouch_where *ret_where) {
    if (reader->err == VOUCH_OK && reader->pos != reader->end) {
        vouch_reader_fail(reader, VOUCH_ERR_TRAILING, "end", NULL);
    }
    if (reader->err != VOUCH_OK && ret_where != NULL) {
        *ret_where = reader->where;
    }
    return reader->err;
}

static void put_big_endian(struct vouch_buf *buf, uint64_t value, size_t len) {
    uint8_t *at = vouch_buf_extend(buf, len);
    if (at == NULL) {
        return;
    }
    for (size_t i = len; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void vouch_write_u8(struct vouch_buf *buf, uint8_t value) {
    put_big_endian(buf, value, 1);
}

void vouch_write_u32(struct vouch_buf *buf, uint32_t value) {
    put_big_endian(buf, value, 4);
}

void vouch_write_u64(struct vouch_buf *buf, uint64_t value) {
    put_big_endian(buf, value, 8);
}

void vouch_write_string(struct vouch_buf *buf, struct vouch_bytes value) {
    if (value.len > UINT32_MAX) {
        buf->err = buf->err != VOUCH_OK ? buf->err : VOUCH_ERR_LIMIT;
        return;
    }
    vouch_write_u32(buf, (uint32_t)value.len);
    vouch_buf_put(buf, value);
}

void vouch_write_text(struct vouch_buf *buf, const char *text) {
    vouch_write_string(buf, vouch_bytes_of(text));
}

void vouch_write_mpint(struct vouch_buf *buf, struct vouch_bytes magnitude) {
    struct vouch_bytes value = strip_zeros(magnitude);
    int sign_byte = value.len > 0 && (value.ptr[0] & 0x80) != 0;
    if (value.len >= UINT32_MAX) {
        buf->err = buf->err != VOUCH_OK ? buf->err : VOUCH_ERR_LIMIT;
        return;
    }
    vouch_write_u32(buf, (uint32_t)value.len + (uint32_t)sign_byte);
    if (sign_byte) {
        vouch_write_u8(buf, 0);
    }
    vouch_buf_put(buf, value);
}

size_t vouch_write_string_begin(struct vouch_buf *buf) {
    vouch_write_u32(buf, 0);
    return buf->len;
}

void vouch_write_string_end(struct vouch_buf *buf, size_t mark) {
    if (buf->err != VOUCH_OK) {
        return;
    }
    size_t len = buf->len - mark;
    if (len > UINT32_MAX) {
        buf->err = VOUCH_ERR_LIMIT;
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        buf->ptr[mark - 4 + i] = (uint8_t)(len >> (24 - 8 * i));
    }
}
