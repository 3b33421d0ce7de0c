// SPDX-License-Identifier: ISC
// Finding a program of the system, and running it to its end.
#include "host/run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "host/child.h"

#define PROGRAM_MAX 512
#define WORDS_MAX 16

static int find(const char *name, char ret_path[static PROGRAM_MAX]) {
    static const char *const folders[] = {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"};
    if (name[0] == '/') {
        return snprintf(ret_path, PROGRAM_MAX, "%s", name) < PROGRAM_MAX;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (snprintf(ret_path, PROGRAM_MAX, "%s%s", folders[i], name) < PROGRAM_MAX &&
            access(ret_path, X_OK) == 0) {
            return 1;
        }
    }
    return 0;
}

int vouch_run(const char *const *argv, uint64_t timeout_ms, struct vouch_buf *out, int *ret_status,
              struct vouch_fault *fault) {
    char path[PROGRAM_MAX];
    const char *words[WORDS_MAX] = {path};
    struct vouch_child child = {0};
    if (!find(argv[0], path)) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_child,
                               "%s: there is no such program", argv[0]);
    }
    for (size_t i = 1; i + 1 < WORDS_MAX && argv[i] != NULL; i++) {
        words[i] = argv[i];
    }
    int err = vouch_child_start_all(words, &child, fault);
    return err == VOUCH_OK
               ? vouch_child_finish(&child, vouch_time_monotonic_ns() + timeout_ms * 1000000, out,
                                    ret_status, fault)
               : err;
}
