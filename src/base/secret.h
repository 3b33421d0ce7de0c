// SPDX-License-Identifier: ISC
// Secrets: memory that is locked, kept out of core dumps, wiped when freed, and never printed.
#pragma once

#include "vouch/buf.h"

// Owned secret bytes. Zeroed is empty. There is no copying: secrets move or are borrowed.
struct vouch_secret {
    uint8_t *ptr;
    size_t len;
};

// Takes `len` bytes of locked, zeroed memory between guard pages. VOUCH_ERR_NO_MEMORY if there is none.
VOUCH_MUST_USE int vouch_secret_new(size_t len, struct vouch_secret *ret_secret);

// Wipes and frees; takes NULL and a zeroed struct.
void vouch_secret_done(struct vouch_secret *secret);

#define vouch_autosecret __attribute__((cleanup(vouch_secret_done)))

static inline struct vouch_bytes vouch_secret_bytes(const struct vouch_secret *secret) {
    return (struct vouch_bytes){secret->ptr, secret->len};
}

// Locked memory for a library's own structures; wiped by vouch_secret_free(), which takes NULL.
void *vouch_secret_alloc(size_t len);
void vouch_secret_free(void *ptr);

// Overwrites memory in a way that the compiler keeps.
void vouch_wipe(void *ptr, size_t len);

// Nonzero if equal; takes the same time wherever they differ.
int vouch_secret_equal(const void *a, const void *b, size_t len);

// Fills with bytes of the system's generator; ends the process if that fails.
void vouch_random(void *out, size_t len);

// For a process that will hold keys: no core dumps, not traceable by others, pages locked as far as
// the system's limits let it. Call it before the first secret is read.
void vouch_secret_harden_process(void);
