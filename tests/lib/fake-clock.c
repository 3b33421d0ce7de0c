// SPDX-License-Identifier: ISC
// A clock that is wrong: loaded before a program (LD_PRELOAD), it adds FAKE_CLOCK seconds to the time
// of day; or as many as the 64-bit number in the file FAKE_CLOCK_FILE says now, so that the clock of a
// daemon can be set while it runs, whatever sandbox it is in. Only the tests use it.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *in_file;
static long in_environment;

// The program may be in a sandbox later, and without its environment.
__attribute__((constructor)) static void find_offset(void) {
    const char *path = getenv("FAKE_CLOCK_FILE"), *text = getenv("FAKE_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *page = mmap(NULL, sizeof *in_file, PROT_READ, MAP_SHARED, fd, 0);
        in_file = page != MAP_FAILED ? page : NULL;
        (void)close(fd);
    }
    in_environment = text != NULL ? strtol(text, NULL, 10) : 0;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += in_file != NULL ? *in_file : in_environment;
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
