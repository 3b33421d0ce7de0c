// SPDX-License-Identifier: ISC
// Secrets on libsodium's guarded memory.
#include "base/secret.h"

#include <sodium.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

__attribute__((constructor)) static void init(void) {
    if (sodium_init() < 0) {
        abort();
    }
}

void *vouch_secret_alloc(size_t len) {
    void *ptr = sodium_malloc(len > 0 ? len : 1);
    if (ptr != NULL) {
        memset(ptr, 0, len);
    }
    return ptr;
}

void vouch_secret_free(void *ptr) {
    sodium_free(ptr);
}

int vouch_secret_new(size_t len, struct vouch_secret *ret_secret) {
    uint8_t *ptr = vouch_secret_alloc(len);
    if (ptr == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *ret_secret = (struct vouch_secret){ptr, len};
    return VOUCH_OK;
}

void vouch_secret_done(struct vouch_secret *secret) {
    if (secret == NULL) {
        return;
    }
    sodium_free(secret->ptr);
    *secret = (struct vouch_secret){0};
}

void vouch_wipe(void *ptr, size_t len) {
    if (len > 0) {
        sodium_memzero(ptr, len);
    }
}

int vouch_secret_equal(const void *a, const void *b, size_t len) {
    return sodium_memcmp(a, b, len) == 0;
}

void vouch_random(void *out, size_t len) {
    randombytes_buf(out, len);
}

void vouch_secret_harden_process(void) {
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    struct rlimit locked = {0};
    // Under a small limit, locking everything would make later allocations fail; the secrets that we
    // hold ourselves are locked one by one in any case.
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY) {
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
}
