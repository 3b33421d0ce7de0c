// SPDX-License-Identifier: ISC
// The stand-ins for the system's calls: the linker puts them in their place (--wrap).
#include "base/test-failing.h"

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

static _Atomic long first[FAIL_CALLS]; // the call that fails; 0: none does
static _Atomic long seen[FAIL_CALLS];
static _Atomic int is_only_once;
static _Atomic int is_only_here;
static _Thread_local int is_here; // this thread is the one

static void count_anew(void) {
    for (size_t i = 0; i < FAIL_CALLS; i++) {
        first[i] = 0;
        seen[i] = 0;
    }
}

void failing_arm(enum failing_call call, long nth) {
    count_anew();
    is_only_once = 0;
    is_only_here = 0;
    first[call] = nth;
}

void failing_arm_here(enum failing_call call, long nth) {
    count_anew();
    is_only_once = 1;
    is_only_here = 1;
    is_here = 1;
    first[call] = nth;
}

void failing_arm_once(enum failing_call call, long nth) {
    count_anew();
    is_only_once = 1;
    is_only_here = 0;
    first[call] = nth;
}

void failing_disarm(void) {
    for (size_t i = 0; i < FAIL_CALLS; i++) {
        first[i] = 0;
    }
}

long failing_seen(enum failing_call call) {
    return seen[call];
}

int failing_now(enum failing_call call) {
    if (is_only_here && !is_here) {
        return 0;
    }
    long now = ++seen[call];
    long from = first[call];
    return from != 0 && (now == from || (now > from && !is_only_once));
}

static int refuse(int number) {
    errno = number;
    return -1;
}

ssize_t __real_pwrite64(int fd, const void *content, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *content, size_t len, off_t offset);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
void *__wrap_realloc(void *old, size_t len);
void *__real_reallocarray(void *old, size_t count, size_t len);
void *__wrap_reallocarray(void *old, size_t count, size_t len);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

ssize_t __wrap_pwrite64(int fd, const void *content, size_t len, off_t offset) {
    if (failing_now(FAIL_SHORT_WRITE)) {
        int is_first = seen[FAIL_SHORT_WRITE] == first[FAIL_SHORT_WRITE];
        return is_first && len > 1 ? __real_pwrite64(fd, content, len / 2, offset) : refuse(ENOSPC);
    }
    return failing_now(FAIL_WRITE) ? refuse(EIO) : __real_pwrite64(fd, content, len, offset);
}

int __wrap_fdatasync(int fd) {
    return failing_now(FAIL_SYNC) ? refuse(EIO) : __real_fdatasync(fd);
}

int __wrap_fsync(int fd) {
    return failing_now(FAIL_SYNC) ? refuse(EIO) : __real_fsync(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return failing_now(FAIL_RENAME) ? refuse(EROFS) : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_rename(const char *from, const char *to) {
    return failing_now(FAIL_RENAME) ? refuse(EROFS) : __real_rename(from, to);
}

void *__wrap_malloc(size_t len) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_realloc(old, len);
}

void *__wrap_reallocarray(void *old, size_t count, size_t len) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_reallocarray(old, count, len);
}

char *__wrap_strdup(const char *text) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_strdup(text);
}
