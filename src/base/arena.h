// SPDX-License-Identifier: ISC
// Memory of one answer: everything that a call gives out is copied in here and freed at once.
//
// A zeroed arena is empty and ready. Nothing in it moves.
#pragma once

#include "vouch/buf.h"

#define VOUCH_ARENA_MAX (64u * 1024 * 1024) // bytes of one arena

struct vouch_arena_chunk;

struct vouch_arena {
    struct vouch_arena_chunk *newest;
    size_t used; // of the newest chunk
    size_t total;
};

// Frees all; takes NULL and a zeroed arena, which it leaves behind.
void vouch_arena_done(struct vouch_arena *arena);

// Empties it and keeps one chunk, so that the next filling asks for no memory. Takes a zeroed arena.
void vouch_arena_clear(struct vouch_arena *arena);

#define vouch_autoarena __attribute__((cleanup(vouch_arena_done)))

// Zeroed memory for anything; NULL when memory is short or the arena is at its bound.
void *vouch_arena_alloc(struct vouch_arena *arena, size_t len);

// A copy of bytes. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_arena_copy(struct vouch_arena *arena, struct vouch_bytes bytes,
                                    struct vouch_bytes *ret_copy);
