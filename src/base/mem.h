// SPDX-License-Identifier: ISC
// Owned locals that free themselves, and handing them over.
//
// A function that uses these does not use goto.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VOUCH_CLEANUP(function) __attribute__((cleanup(function)))

static inline void vouch_free_at_end(void *pointer_to_pointer) {
    free(*(void **)pointer_to_pointer);
}
static inline void vouch_close_at_end(const int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
}
static inline void vouch_fclose_at_end(FILE **file) {
    if (*file != NULL) {
        fclose(*file);
    }
}

#define vouch_autofree VOUCH_CLEANUP(vouch_free_at_end)
#define vouch_autoclose VOUCH_CLEANUP(vouch_close_at_end)
#define vouch_autofclose VOUCH_CLEANUP(vouch_fclose_at_end)

// Tells the kernel that so large a block will be filled, so that it maps huge pages: filling a list of
// a million entries is otherwise a quarter page faults. Small blocks, and kernels without, are left as
// they are.
void vouch_mem_expect_filling(void *block, size_t len);

// Gives up ownership: the value, with NULL left behind.
#define vouch_steal(pointer)                                                                       \
    __extension__({                                                                                \
        __typeof__(pointer) stolen_ = (pointer);                                                   \
        (pointer) = NULL;                                                                          \
        stolen_;                                                                                   \
    })
