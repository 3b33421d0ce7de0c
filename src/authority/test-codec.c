// SPDX-License-Identifier: ISC
// The codec, for every ask and every answer: what is written is read again as the same; each proper
// prefix, each byte too many and each field over its bound is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authority/protocol.h"

#define OUT_MAX (16u * 1024 * 1024)

// Small numbers that are the same in every run.
static uint32_t seed;
static uint32_t draw(uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static struct vouch_bytes draw_bytes(struct vouch_arena *arena, size_t max) {
    size_t len = draw((uint32_t)(max < 20 ? max : 20) + 1);
    uint8_t *bytes = vouch_arena_alloc(arena, len + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)draw(256);
    }
    return (struct vouch_bytes){bytes, len};
}

static void fill(const struct vouch_fields *fields, struct vouch_arena *arena, uint8_t *object);

static void fill_list(const struct vouch_field *field, struct vouch_arena *arena, uint8_t *place) {
    size_t count = draw(4);
    struct vouch_bytes *items = vouch_arena_alloc(arena, (count + 1) * sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        items[i] = draw_bytes(arena, VOUCH_CODEC_TEXT_MAX);
    }
    const struct vouch_text_list list = {items, count};
    assert_true(count <= field->max);
    memcpy(place, &list, sizeof list);
}

static void fill_rows(const struct vouch_field *field, struct vouch_arena *arena, uint8_t *object) {
    size_t count = draw((uint32_t)(field->max < 3 ? field->max : 3) + 1);
    uint8_t *rows = vouch_arena_alloc(arena, (count + 1) * field->part->size);
    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        fill(field->part, arena, rows + i * field->part->size);
    }
    memcpy(object + field->offset, &rows, sizeof rows);
    memcpy(object + field->count, &count, sizeof count);
}

static void fill_field(const struct vouch_field *field, struct vouch_arena *arena,
                       uint8_t *object) {
    uint8_t *place = object + field->offset;
    uint64_t number = (uint64_t)draw(1u << 20) << draw(44);
    uint32_t value = draw((uint32_t)(field->max < 1000 ? field->max : 1000) + 1);
    struct vouch_bytes bytes;
    switch (field->kind) {
    case VOUCH_FIELD_U64:
        memcpy(place, &number, sizeof number);
        break;
    case VOUCH_FIELD_ENUM:
        memcpy(place, &value, sizeof value);
        break;
    case VOUCH_FIELD_BYTES:
        bytes = draw_bytes(arena, field->max);
        memcpy(place, &bytes, sizeof bytes);
        break;
    case VOUCH_FIELD_FIXED:
        memset(place, (int)draw(256), field->max);
        break;
    case VOUCH_FIELD_TEXT:
        memset(place, 'a' + (int)draw(26), draw((uint32_t)field->max));
        break;
    case VOUCH_FIELD_LIST:
        fill_list(field, arena, place);
        break;
    case VOUCH_FIELD_PART:
        fill(field->part, arena, place);
        break;
    case VOUCH_FIELD_ROWS:
        fill_rows(field, arena, object);
        break;
    case VOUCH_FIELD_END:
        break;
    }
}

static void fill(const struct vouch_fields *fields, struct vouch_arena *arena, uint8_t *object) {
    for (const struct vouch_field *field = fields->fields; field->kind != VOUCH_FIELD_END;
         field++) {
        fill_field(field, arena, object);
    }
}

static int read_back(const struct vouch_fields *fields, struct vouch_bytes bytes,
                     struct vouch_arena *arena, void *ret_object) {
    struct vouch_reader reader;
    struct vouch_where where = {0};
    vouch_reader_init(&reader, bytes);
    vouch_codec_read(fields, &reader, arena, ret_object);
    int err = vouch_reader_end(&reader, &where);
    assert_true(err == VOUCH_OK || where.field != NULL);
    return err;
}

static void round_trip(const struct vouch_fields *fields) {
    struct vouch_arena arena = {0};
    struct vouch_buf first, second;
    uint8_t *object = vouch_arena_alloc(&arena, fields->size);
    uint8_t *again = vouch_arena_alloc(&arena, fields->size);
    assert_true(object != NULL && again != NULL);
    fill(fields, &arena, object);
    vouch_buf_init(&first, OUT_MAX);
    vouch_buf_init(&second, OUT_MAX);
    vouch_codec_write(fields, object, &first);
    assert_int_equal(first.err, VOUCH_OK);
    const struct vouch_bytes bytes = vouch_buf_bytes(&first);
    assert_int_equal(read_back(fields, bytes, &arena, again), VOUCH_OK);
    vouch_codec_write(fields, again, &second);
    assert_true(vouch_bytes_equal(bytes, vouch_buf_bytes(&second)));
    for (size_t len = 0; len < bytes.len; len++) {
        assert_true(read_back(fields, (struct vouch_bytes){bytes.ptr, len}, &arena, again) < 0);
    }
    const uint8_t one = 0;
    vouch_buf_put(&second, (struct vouch_bytes){&one, 1});
    assert_int_equal(read_back(fields, vouch_buf_bytes(&second), &arena, again),
                     VOUCH_ERR_TRAILING);
    vouch_buf_done(&first);
    vouch_buf_done(&second);
    vouch_arena_done(&arena);
}

// With one bit changed it is refused, or is another message whose one encoding this is.
static void flip_bits(const struct vouch_fields *fields) {
    struct vouch_arena arena = {0};
    struct vouch_buf first;
    uint8_t *object = vouch_arena_alloc(&arena, fields->size);
    assert_non_null(object);
    fill(fields, &arena, object);
    vouch_buf_init(&first, OUT_MAX);
    vouch_codec_write(fields, object, &first);
    for (size_t bit = 0; bit < first.len * 8; bit++) {
        struct vouch_buf second;
        first.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        vouch_buf_init(&second, OUT_MAX);
        if (read_back(fields, vouch_buf_bytes(&first), &arena, object) == VOUCH_OK) {
            vouch_codec_write(fields, object, &second);
            assert_true(vouch_bytes_equal(vouch_buf_bytes(&first), vouch_buf_bytes(&second)));
        }
        vouch_buf_done(&second);
        first.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    vouch_buf_done(&first);
    vouch_arena_done(&arena);
}

static void for_all(void (*test)(const struct vouch_fields *fields)) {
    test(&vouch_caller_fields);
    test(&vouch_failed_fields);
    for (int op = 1; op < VOUCH_OP_COUNT; op++) {
        test(vouch_ops[op].ask);
        test(vouch_ops[op].answer);
    }
}

static void every_message_goes_there_and_back(void **state) {
    (void)state;
    for (seed = 1; seed < 8; seed += 1) {
        uint32_t before = seed;
        for_all(round_trip);
        seed = before;
    }
}

static void no_changed_bit_makes_two_encodings(void **state) {
    (void)state;
    seed = 5;
    for_all(flip_bits);
}

// One step over the bound of each field, and not one less.
static void over(const struct vouch_fields *fields) {
    for (const struct vouch_field *field = fields->fields; field->kind != VOUCH_FIELD_END;
         field++) {
        struct vouch_arena arena = {0};
        const char *name = NULL;
        uint8_t *object = vouch_arena_alloc(&arena, fields->size);
        uint8_t *bytes = vouch_arena_alloc(&arena, field->max + 1);
        assert_true(object != NULL && bytes != NULL);
        if (field->kind == VOUCH_FIELD_ENUM) {
            uint32_t value = (uint32_t)field->max;
            memcpy(object + field->offset, &value, sizeof value);
            assert_true(vouch_codec_fits(fields, object, &name));
            value++;
            memcpy(object + field->offset, &value, sizeof value);
        } else if (field->kind == VOUCH_FIELD_BYTES) {
            struct vouch_bytes value = {bytes, field->max};
            memcpy(object + field->offset, &value, sizeof value);
            assert_true(vouch_codec_fits(fields, object, &name));
            value.len++;
            memcpy(object + field->offset, &value, sizeof value);
        } else if (field->kind == VOUCH_FIELD_TEXT) {
            memset(object + field->offset, 'x', field->max);
        } else if (field->kind == VOUCH_FIELD_ROWS) {
            size_t count = field->max + 1;
            memcpy(object + field->count, &count, sizeof count);
        } else {
            vouch_arena_done(&arena);
            continue;
        }
        struct vouch_buf out;
        vouch_buf_init(&out, OUT_MAX);
        assert_false(vouch_codec_fits(fields, object, &name));
        assert_string_equal(name, field->name);
        vouch_codec_write(fields, object, &out);
        assert_int_equal(out.err, VOUCH_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        vouch_buf_done(&out);
        vouch_arena_done(&arena);
    }
}

static void nothing_over_its_bound_is_written(void **state) {
    (void)state;
    for_all(over);
}

// A number of rows or texts that nobody sent makes nobody ask for memory.
static void a_count_alone_is_refused(void **state) {
    (void)state;
    const uint8_t answer[28] = {[3] = 1, [27] = 200};
    struct vouch_arena arena = {0};
    struct vouch_answer_certs certs;
    assert_int_equal(read_back(vouch_ops[VOUCH_OP_certs].answer,
                               (struct vouch_bytes){answer, sizeof answer}, &arena, &certs),
                     VOUCH_ERR_LIMIT);
    assert_int_equal(arena.total, 0);
    assert_int_equal(certs.count, 0);
}

// The zero of every answer refuses.
static void an_answer_of_zeros_refuses(void **state) {
    (void)state;
    for (int op = 1; op < VOUCH_OP_COUNT; op++) {
        struct vouch_arena arena = {0};
        void *answer = vouch_arena_alloc(&arena, vouch_ops[op].answer->size);
        assert_non_null(answer);
        assert_int_equal(vouch_answer_reply(answer)->verdict, VOUCH_VERDICT_REFUSED);
        vouch_arena_done(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_goes_there_and_back),
        cmocka_unit_test(no_changed_bit_makes_two_encodings),
        cmocka_unit_test(nothing_over_its_bound_is_written),
        cmocka_unit_test(a_count_alone_is_refused),
        cmocka_unit_test(an_answer_of_zeros_refuses),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
