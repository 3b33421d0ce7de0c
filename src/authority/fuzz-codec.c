// SPDX-License-Identifier: ISC
// Fuzz target: questions and answers as they come over a lane. What is read must be within its bounds and
// be written again as the same bytes.
//
// The first byte says which table; a question has its caller before it, as on the lane.
#include <assert.h>
#include <stdlib.h>

#include "authority/protocol.h"

#define OUT_MAX (16u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void *room(struct vouch_arena *arena, const struct vouch_fields *fields) {
    void *object = vouch_arena_alloc(arena, fields->size);
    assert(object != NULL);
    return object;
}

// Reads one struct after the other, and holds them to what is written again.
static void try_message(const struct vouch_fields *const *tables, size_t count,
                        struct vouch_bytes message) {
    struct vouch_arena arena = {0};
    struct vouch_reader reader;
    struct vouch_where where = {0};
    struct vouch_buf again;
    void *objects[2] = {NULL, NULL};
    vouch_reader_init(&reader, message);
    for (size_t i = 0; i < count; i++) {
        objects[i] = room(&arena, tables[i]);
        vouch_codec_read(tables[i], &reader, &arena, objects[i]);
    }
    vouch_buf_init(&again, OUT_MAX);
    if (vouch_reader_end(&reader, &where) == VOUCH_OK) {
        for (size_t i = 0; i < count; i++) {
            vouch_codec_write(tables[i], objects[i], &again);
        }
        assert(again.err == VOUCH_OK);
        assert(vouch_bytes_equal(vouch_buf_bytes(&again), message));
    } else {
        assert(where.field != NULL);
    }
    vouch_buf_done(&again);
    vouch_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len == 0) {
        return 0;
    }
    const struct vouch_bytes message = {data + 1, len - 1};
    size_t op = data[0] % (2 * VOUCH_OP_COUNT);
    if (op == 0 || op == VOUCH_OP_COUNT) {
        const struct vouch_fields *failed = &vouch_failed_fields;
        try_message(&failed, 1, message);
    } else if (op < VOUCH_OP_COUNT) {
        const struct vouch_fields *ask[] = {&vouch_caller_fields, vouch_ops[op].ask};
        try_message(ask, 2, message);
    } else {
        try_message(&vouch_ops[op - VOUCH_OP_COUNT].answer, 1, message);
    }
    return 0;
}
