// SPDX-License-Identifier: ISC
// Handing over to the system's ssh-keygen, for what is not a CA's business.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen.h"

#define PROGRAM "VOUCH_SSH_KEYGEN"

// Set for the program that we become: if it turns out to be this one by another way, it stops there.
#define MARK "VOUCH_KEYGEN_HANDED_OVER"

static int is_ourselves(const struct stat *program) {
    struct stat self;
    return stat("/proc/self/exe", &self) == 0 && self.st_dev == program->st_dev &&
           self.st_ino == program->st_ino;
}

static int is_other_program(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
           !is_ourselves(&st);
}

// The first ssh-keygen on PATH that is not this program under that name, malloc'd.
static char *find_on_path(void) {
    const char *path = getenv("PATH");
    struct vouch_bytes rest = vouch_bytes_of(path != NULL ? path : "/usr/bin:/bin");
    while (rest.ptr != NULL) {
        struct vouch_bytes folder = vouch_str_cut(&rest, ':');
        char program[PATH_MAX];
        int len = snprintf(program, sizeof program, "%.*s/ssh-keygen", (int)folder.len,
                           (const char *)folder.ptr);
        if (folder.len > 0 && len < (int)sizeof program && is_other_program(program)) {
            return vouch_str_copy(vouch_bytes_of(program));
        }
    }
    return NULL;
}

static char *find_program(void) {
    const char *given = getenv(PROGRAM);
    if (given == NULL || *given == '\0') {
        return find_on_path();
    }
    return is_other_program(given) ? vouch_str_copy(vouch_bytes_of(given)) : NULL;
}

// The arguments with the program's name first, and `-t type` behind it if there is a type.
static char **build_arguments(char *program, char **argv, const char *type) {
    size_t count = 0;
    while (argv[count] != NULL) {
        count++;
    }
    char **all = calloc(count + 3, sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    size_t at = 0;
    all[at++] = program;
    if (type != NULL) {
        static char flag[] = "-t";
        all[at++] = flag;
        all[at++] = (char *)(uintptr_t)type; // execv() does not write to it
    }
    for (size_t i = 1; i < count; i++) {
        all[at++] = argv[i];
    }
    return all;
}

int vouch_keygen_hand_over(const struct vouch_keygen *args, const char *type) {
    if (getenv(MARK) != NULL) {
        return vouch_keygen_fail("ssh-keygen leads back to %s: set " PROGRAM
                                 " to the path of OpenSSH's own",
                                 args->name);
    }
    vouch_autofree char *program = find_program();
    if (program == NULL) {
        return vouch_keygen_fail(
            "this is done by OpenSSH's ssh-keygen, which is not found: install "
            "it (openssh-client), or set " PROGRAM " to its path");
    }
    vouch_autofree char **all = build_arguments(program, args->argv, type);
    if (all == NULL || setenv(MARK, "1", 1) != 0) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    (void)fflush(stdout);
    (void)execv(program, all);
    return vouch_keygen_fail("cannot run %s: %s", program, strerror(errno));
}
