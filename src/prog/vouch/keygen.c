// SPDX-License-Identifier: ISC
// The entry of `vouch keygen`: which invocation it is, and whether it is ours or the system's.
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "prog/vouch/keygen-load.h"

// A file that is opened must never become standard error, into which messages are then written.
static int open_standard_files(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 ? close(fd) : -1;
}

static int any_given(const struct vouch_keygen *args, const char *letters) {
    for (; *letters != '\0'; letters++) {
        if (args->count[(unsigned char)*letters] > 0) {
            return 1;
        }
    }
    return 0;
}

// What ssh-keygen refuses before it looks at what is asked for: letters that may not stand together.
static const struct {
    const char *one;
    const char *other;
    const char *message;
} conflicts[] = {
    {"p", "c", "Can only have one of -p and -c."},
    {"l", "RH", "Cannot use -l with -H or -R."},
};

static int check(const struct vouch_keygen *args) {
    if (args->value['s'] != NULL && args->file_count < 1 && !any_given(args, "k")) {
        return vouch_keygen_usage("Too few arguments.");
    }
    if (args->value['s'] == NULL && args->file_count > 0 && !any_given(args, "kQM")) {
        return vouch_keygen_usage("Too many arguments.");
    }
    for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++) {
        if (any_given(args, conflicts[i].one) && any_given(args, conflicts[i].other)) {
            return vouch_keygen_usage(conflicts[i].message);
        }
    }
    return VOUCH_KEYGEN_GO_ON;
}

// In the order in which ssh-keygen looks: the first row whose letter was given decides.
static const struct invocation {
    const char *letters;
    int (*run)(const struct vouch_keygen *args); // NULL: the system's
} invocations[] = {
    {"k", vouch_keygen_krl_build},
    {"Q", vouch_keygen_krl_check},
    {"s", vouch_keygen_sign},
    {"L", vouch_keygen_show},
    {"RHFDKB", NULL},
    {"l", vouch_keygen_fingerprint},
    {"pceiX", NULL},
    {"y", vouch_keygen_public},
    {"rMA", NULL},
};

static int is_foreign(const char *path) {
    return path != NULL && vouch_keygen_is_foreign(path);
}

// Whether a file that is to be read holds a key of a type that is not ours. What a CA folder signs is
// never handed over, for its ledger would not know of it.
static int touches_foreign(const struct vouch_keygen *args) {
    int is_list = any_given(args, "kQ");
    if (args->value['s'] != NULL && !is_list && vouch_keygen_ca_is_folder(args->value['s'])) {
        return 0;
    }
    int foreign = is_foreign(args->value['s']);
    if (!is_list && any_given(args, "Lly")) {
        foreign |= is_foreign(args->value['f']);
    }
    for (int i = 0; !foreign && i < args->file_count; i++) {
        foreign = is_foreign(args->files[i]);
    }
    return foreign;
}

static int run(const struct vouch_keygen *args) {
    if (any_given(args, "Y")) {
        return vouch_keygen_hand_over(args, NULL);
    }
    int status = check(args);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    if (touches_foreign(args)) {
        return vouch_keygen_hand_over(args, NULL);
    }
    for (size_t i = 0; i < sizeof invocations / sizeof invocations[0]; i++) {
        const struct invocation *row = &invocations[i];
        if (any_given(args, row->letters)) {
            return row->run != NULL ? row->run(args) : vouch_keygen_hand_over(args, NULL);
        }
    }
    return vouch_keygen_generate(args);
}

int vouch_keygen_main(int argc, char **argv) {
    struct vouch_keygen args = {0};
    if (open_standard_files() != 0) {
        return VOUCH_KEYGEN_FAILED;
    }
    (void)setlocale(LC_CTYPE, "");
    vouch_secret_harden_process();
    int status = vouch_keygen_parse(argc, argv, &args);
    if (status == VOUCH_KEYGEN_GO_ON) {
        status = run(&args);
    }
    vouch_keygen_done(&args);
    if (fflush(stdout) != 0 && status == 0) {
        return vouch_keygen_fail("write standard output: %s", vouch_keygen_why(VOUCH_ERR_IO, NULL));
    }
    return status;
}
