// SPDX-License-Identifier: ISC
// Opening and closing a ledger, and its faults.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ledger/state.h"

#define VKEY_MAX 1024

int vouch_ledger_bad(const char *dir, struct vouch_fault *fault, const char *format, ...) {
    char text[384];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_ledger_bad, "ledger %s: %s", dir,
                          text);
    return vouch_fault_next(fault, "keep a copy of it, then run: vouch ledger verify %s", dir);
}

// `err` tells what went wrong; errno is looked at only where the system did.
int vouch_ledger_io(const char *dir, const char *file, int err, struct vouch_fault *fault) {
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "ledger %s: no memory for %s", dir,
                               file);
    }
    int from_system =
        err == VOUCH_ERR_IO || err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_PERMISSION;
    return vouch_fault_set(fault, err, &vouch_fault_ledger_io, "ledger %s: %s: %s", dir, file,
                           from_system ? strerror(errno) : vouch_err_text(err));
}

struct vouch_ledger *vouch_ledger_alloc(const char *dir) {
    struct vouch_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        return NULL;
    }
    ledger->dir_fd = -1;
    ledger->lock_fd = -1;
    ledger->records_fd = -1;
    // Twice what is appended at most: what a crash left behind may be more than that, not much more.
    vouch_buf_init(&ledger->leaves, (size_t)VOUCH_LEDGER_UNCHECKED_MAX * 2 * VOUCH_TREE_HASH_LEN);
    vouch_buf_init(&ledger->bundles, (size_t)VOUCH_LEDGER_UNCHECKED_MAX / 8);
    vouch_buf_init(&ledger->batch, VOUCH_LEDGER_BATCH_BYTES);
    ledger->dir = strdup(dir);
    ledger->hasher = vouch_hasher_new();
    if (ledger->dir == NULL || ledger->hasher == NULL ||
        vouch_derived_init(&ledger->derived, -1, ledger->hasher) != VOUCH_OK) {
        vouch_ledger_close(ledger);
        return NULL;
    }
    return ledger;
}

static void close_fd(int fd) {
    if (fd >= 0) {
        close(fd);
    }
}

void vouch_ledger_close(struct vouch_ledger *ledger) {
    if (ledger == NULL) {
        return;
    }
    close_fd(ledger->records_fd);
    close_fd(ledger->dir_fd);
    vouch_derived_done(&ledger->derived);
    vouch_verifier_done(&ledger->verifier);
    vouch_hasher_free(ledger->hasher);
    vouch_buf_done(&ledger->leaves);
    vouch_buf_done(&ledger->bundles);
    vouch_buf_done(&ledger->batch);
    close_fd(ledger->lock_fd); // last: until here nobody else may write
    free(ledger->dir);
    free(ledger);
}

// The vkey: one line.
static int read_verifier(struct vouch_ledger *ledger, const struct vouch_key *expected,
                         struct vouch_fault *fault) {
    uint8_t memory[VKEY_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    int err = vouch_folder_read(ledger->dir_fd, VOUCH_LEDGER_VKEY, sizeof memory, &text);
    int failed = err == VOUCH_ERR_IO || err == VOUCH_ERR_PERMISSION;
    if (err == VOUCH_OK) {
        err = text.len > 0 && memory[text.len - 1] == '\n'
                  ? vouch_verifier_parse(&ledger->verifier,
                                         (struct vouch_bytes){memory, text.len - 1})
                  : VOUCH_ERR_FORMAT;
    }
    if (failed || err == VOUCH_ERR_NO_MEMORY || err == VOUCH_ERR_CRYPTO) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_VKEY, err, fault);
    }
    if (err != VOUCH_OK) {
        return vouch_ledger_bad(ledger->dir, fault, "checkpoint.vkey: %s", vouch_err_text(err));
    }
    if (expected != NULL && !vouch_key_equal(expected, ledger->verifier.key)) {
        return vouch_ledger_bad(ledger->dir, fault,
                                "checkpoint.vkey: is not the expected checkpoint key");
    }
    return VOUCH_OK;
}

static int take_lock(struct vouch_ledger *ledger, unsigned wait_ms, struct vouch_fault *fault) {
    int err = vouch_folder_lock(ledger->dir_fd, wait_ms, &ledger->lock_fd);
    if (err == VOUCH_ERR_TIMEOUT) {
        return vouch_fault_set(fault, err, &vouch_fault_ledger_busy,
                               "ledger %s: another process has been writing to it for %u s",
                               ledger->dir, wait_ms / 1000);
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_LOCK, err, fault) : VOUCH_OK;
}

static int open_all(struct vouch_ledger *ledger, const struct vouch_ledger_open *what,
                    struct vouch_fault *fault) {
    int err = vouch_folder_open(what->dir, &ledger->dir_fd);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: cannot open: %s",
                               what->dir, strerror(errno));
    }
    ledger->derived.dir_fd = ledger->dir_fd;
    err = take_lock(ledger, what->wait_ms, fault);
    if (err == VOUCH_OK) {
        err = read_verifier(ledger, what->checkpoint_key, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_folder_open_file(ledger->dir_fd, VOUCH_LEDGER_RECORDS, O_RDWR, &ledger->records_fd);
    if (err == VOUCH_ERR_NOT_FOUND) {
        return vouch_ledger_bad(what->dir, fault, "the file records is missing");
    }
    if (err != VOUCH_OK) {
        return vouch_ledger_io(what->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    return vouch_ledger_recover(ledger, fault);
}

int vouch_ledger_open(const struct vouch_ledger_open *what, struct vouch_ledger **ret_ledger,
                      struct vouch_fault *fault) {
    struct vouch_ledger *ledger = vouch_ledger_alloc(what->dir);
    if (ledger == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "ledger %s: no memory to open it", what->dir);
    }
    int err = open_all(ledger, what, fault);
    if (err != VOUCH_OK) {
        vouch_ledger_close(ledger);
        return err;
    }
    *ret_ledger = ledger;
    return VOUCH_OK;
}
