// SPDX-License-Identifier: ISC
// RFC 4251 data types.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vouch/wire.h"

static void write_all_types(struct vouch_buf *out) {
    vouch_write_u8(out, 0xab);
    vouch_write_u32(out, 0x01020304);
    vouch_write_u64(out, 0x0102030405060708);
    vouch_write_text(out, "text");
    vouch_write_mpint(out, (struct vouch_bytes){(const uint8_t *)"\x00\x80\x01", 3});
    size_t outer = vouch_write_string_begin(out);
    size_t inner = vouch_write_string_begin(out);
    vouch_write_u8(out, 7);
    vouch_write_string_end(out, inner);
    vouch_write_string_end(out, outer);
}

static int read_all_types(struct vouch_bytes input) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, input);
    uint8_t a = vouch_read_u8(&reader, "a");
    uint32_t b = vouch_read_u32(&reader, "b");
    uint64_t c = vouch_read_u64(&reader, "c");
    struct vouch_bytes d = vouch_read_text(&reader, "d");
    struct vouch_bytes e = vouch_read_mpint(&reader, 2, "e");
    struct vouch_bytes f = vouch_read_string(&reader, "f");
    int err = vouch_reader_end(&reader, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    assert_int_equal(a, 0xab);
    assert_int_equal(b, 0x01020304);
    assert_true(c == 0x0102030405060708);
    assert_true(vouch_bytes_equal(d, vouch_bytes_of("text")));
    assert_int_equal(e.len, 2);
    assert_memory_equal(e.ptr, "\x80\x01", 2);
    assert_int_equal(f.len, 5);
    assert_memory_equal(f.ptr, "\0\0\0\1\7", 5);
    return VOUCH_OK;
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 1000);
    write_all_types(&buf);
    assert_int_equal(read_all_types(vouch_buf_bytes(&buf)), VOUCH_OK);
    // RFC 4251's own example: 0x80 is written 00 00 00 02 00 80.
    assert_memory_equal(buf.ptr + 21, "\0\0\0\3\0\x80\1", 7);
    vouch_buf_done(&buf);
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 1000);
    write_all_types(&buf);
    for (size_t len = 0; len < buf.len; len++) {
        assert_int_equal(read_all_types((struct vouch_bytes){buf.ptr, len}), VOUCH_ERR_TRUNCATED);
    }
    vouch_buf_done(&buf);
}

static void refuses_leftover_bytes(void **state) {
    (void)state;
    struct vouch_buf buf;
    vouch_buf_init(&buf, 1000);
    write_all_types(&buf);
    vouch_write_u8(&buf, 0);
    assert_int_equal(read_all_types(vouch_buf_bytes(&buf)), VOUCH_ERR_TRAILING);
    vouch_buf_done(&buf);
}

static void the_first_error_sticks_and_names_its_place(void **state) {
    (void)state;
    static const uint8_t input[] = {0, 0, 0, 1, 'x', 0, 0, 0, 9, 'y'};
    struct vouch_reader reader;
    vouch_reader_init(&reader, (struct vouch_bytes){input, sizeof input});
    (void)vouch_read_string(&reader, "first");
    assert_int_equal(vouch_read_string(&reader, "second").len, 0);
    assert_int_equal(vouch_read_u8(&reader, "third"), 0);
    assert_int_equal(vouch_reader_left(&reader), 0);
    struct vouch_where where = {0};
    assert_int_equal(vouch_reader_end(&reader, &where), VOUCH_ERR_TRUNCATED);
    assert_string_equal(where.field, "second");
    assert_int_equal(where.offset, 5);
}

static void mpints_keep_the_rules(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        size_t max;
        int err;
        size_t value_len;
    } rows[] = {
        {"\0\0\0\0", 4, 4, 0, 0},
        {"\0\0\0\1\0", 5, 4, 0, 0},
        {"\0\0\0\1\x7f", 5, 4, 0, 1},
        {"\0\0\0\1\x80", 5, 4, VOUCH_ERR_FORMAT, 0},  // negative
        {"\0\0\0\2\0\x80", 6, 1, 0, 1},               // the sign byte does not count
        {"\0\0\0\2\1\x80", 6, 1, VOUCH_ERR_LIMIT, 0}, // too long
        {"\0\0\0\3\0\0\1", 7, 4, 0, 1},               // superfluous zeros are dropped
        {"\0\0\0\6\0\0\0\0\0\1", 10, 4, VOUCH_ERR_LIMIT, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_reader reader;
        vouch_reader_init(&reader,
                          (struct vouch_bytes){(const uint8_t *)rows[i].bytes, rows[i].len});
        struct vouch_bytes value = vouch_read_mpint(&reader, rows[i].max, "number");
        assert_int_equal(vouch_reader_end(&reader, NULL), rows[i].err);
        assert_int_equal(value.len, rows[i].value_len);
    }
}

static void text_holds_no_nul_but_one_at_its_end(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int err;
        size_t text_len;
    } rows[] = {
        {"\0\0\0\2ab", 6, VOUCH_OK, 2},
        {"\0\0\0\2a\0", 6, VOUCH_OK, 1}, // OpenSSH's sshbuf_get_cstring() drops it too
        {"\0\0\0\1\0", 5, VOUCH_OK, 0},
        {"\0\0\0\2\0a", 6, VOUCH_ERR_FORMAT, 0},
        {"\0\0\0\2\0\0", 6, VOUCH_ERR_FORMAT, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_reader reader;
        vouch_reader_init(&reader,
                          (struct vouch_bytes){(const uint8_t *)rows[i].bytes, rows[i].len});
        struct vouch_bytes text = vouch_read_text(&reader, "text");
        assert_int_equal(vouch_reader_end(&reader, NULL), rows[i].err);
        assert_int_equal(text.len, rows[i].text_len);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_leftover_bytes),
        cmocka_unit_test(the_first_error_sticks_and_names_its_place),
        cmocka_unit_test(mpints_keep_the_rules),
        cmocka_unit_test(text_holds_no_nul_but_one_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
