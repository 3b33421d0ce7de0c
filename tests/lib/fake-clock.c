// SPDX-License-Identifier: ISC
// A clock that is wrong: loaded before a program (LD_PRELOAD), it adds FAKE_CLOCK seconds to the time
// of day. Only the tests use it.
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    const char *offset = getenv("FAKE_CLOCK");
    if (status == 0 && clock == CLOCK_REALTIME && offset != NULL) {
        now->tv_sec += strtol(offset, NULL, 10);
    }
    return status;
}

__attribute__((visibility("default"))) time_t time(time_t *ret_now) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_now != NULL) {
        *ret_now = now.tv_sec;
    }
    return now.tv_sec;
}
