// SPDX-License-Identifier: ISC
// Huge pages for large blocks: see mem.h.
#include "base/mem.h"

#include <stdint.h>
#include <sys/mman.h>

// Below this a block has no whole huge page to gain.
#define LARGE ((size_t)2 << 20)

void vouch_mem_expect_filling(void *block, size_t len) {
    if (len < LARGE) {
        return;
    }
    // Whole pages, with the allocator's header before the block: a mapping of which a part is marked is
    // split in two, and mremap() cannot grow it any more.
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    size_t before = (uintptr_t)block & (page - 1);
    size_t whole = (before + len + page - 1) & ~(page - 1);
    // A hint: where it is refused, ordinary pages do.
    (void)madvise((uint8_t *)block - before, whole, MADV_HUGEPAGE);
}
