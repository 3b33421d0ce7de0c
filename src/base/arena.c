// SPDX-License-Identifier: ISC
// A list of chunks, each filled from its beginning.
#include "base/arena.h"

#include <stddef.h>
#include <stdlib.h>

#define CHUNK_LEN 8192
#define ALIGNMENT _Alignof(max_align_t)

struct vouch_arena_chunk {
    struct vouch_arena_chunk *older;
    size_t size;
    _Alignas(max_align_t) uint8_t bytes[];
};

void vouch_arena_done(struct vouch_arena *arena) {
    if (arena == NULL) {
        return;
    }
    while (arena->newest != NULL) {
        struct vouch_arena_chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    *arena = (struct vouch_arena){0};
}

void vouch_arena_clear(struct vouch_arena *arena) {
    struct vouch_arena_chunk *kept = arena->newest;
    size_t used = arena->used;
    if (kept == NULL || kept->older != NULL || kept->size != CHUNK_LEN) {
        vouch_arena_done(arena);
        return;
    }
    memset(kept->bytes, 0, used); // what is given out is zeroed
    arena->used = 0;
}

static int add_chunk(struct vouch_arena *arena, size_t len) {
    size_t size = len > CHUNK_LEN ? len : CHUNK_LEN;
    if (size > VOUCH_ARENA_MAX - arena->total) {
        return 0;
    }
    struct vouch_arena_chunk *chunk = calloc(1, sizeof *chunk + size);
    if (chunk == NULL) {
        return 0;
    }
    chunk->older = arena->newest;
    chunk->size = size;
    arena->newest = chunk;
    arena->used = 0;
    arena->total += size;
    return 1;
}

void *vouch_arena_alloc(struct vouch_arena *arena, size_t len) {
    if (len > VOUCH_ARENA_MAX) {
        return NULL;
    }
    size_t rounded = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if ((arena->newest == NULL || rounded > arena->newest->size - arena->used) &&
        !add_chunk(arena, rounded)) {
        return NULL;
    }
    void *result = arena->newest->bytes + arena->used;
    arena->used += rounded;
    return result;
}

int vouch_arena_copy(struct vouch_arena *arena, struct vouch_bytes bytes,
                     struct vouch_bytes *ret_copy) {
    if (bytes.len == 0) {
        *ret_copy = (struct vouch_bytes){0};
        return VOUCH_OK;
    }
    uint8_t *copy = vouch_arena_alloc(arena, bytes.len);
    if (copy == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(copy, bytes.ptr, bytes.len);
    *ret_copy = (struct vouch_bytes){copy, bytes.len};
    return VOUCH_OK;
}
