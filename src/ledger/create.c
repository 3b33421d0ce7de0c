// SPDX-License-Identifier: ISC
// Making a ledger: its folder, record 0, the first records and the first checkpoint.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/state.h"

// Whether the folder is there already, which then must be empty. *ret_made is 1 if it was made here.
static int make_folder(const char *dir, int *ret_made, struct vouch_fault *fault) {
    if (mkdir(dir, VOUCH_LEDGER_FOLDER_MODE) == 0) {
        *ret_made = 1;
        return VOUCH_OK;
    }
    if (errno != EEXIST) {
        int err = vouch_folder_errno();
        return vouch_fault_set(fault, err, &vouch_fault_write, "ledger %s: cannot make: %s", dir,
                               strerror(errno));
    }
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        int err = vouch_folder_errno();
        return vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: cannot open: %s", dir,
                               strerror(errno));
    }
    int entries = 0;
    while (readdir(folder) != NULL) {
        entries++;
    }
    closedir(folder);
    if (entries > 2) {
        return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists,
                               "ledger %s: the folder is not empty", dir);
    }
    *ret_made = 0;
    return VOUCH_OK;
}

static void remove_all(const char *dir, int dir_fd, int made) {
    static const char *const names[] = {
        VOUCH_LEDGER_CHECKPOINT, VOUCH_LEDGER_CHECKPOINT_NEW, VOUCH_LEDGER_VKEY,
        VOUCH_LEDGER_RECORDS,    VOUCH_LEDGER_INDEX,          VOUCH_LEDGER_TILES,
        VOUCH_LEDGER_LOCK,
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0] && dir_fd >= 0; i++) {
        // The first failure has been reported; this one could only hide it.
        (void)!vouch_folder_remove(dir_fd, names[i]);
    }
    if (made) {
        (void)rmdir(dir);
    }
}

static int write_vkey(const struct vouch_ledger *ledger) {
    uint8_t memory[512];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    vouch_verifier_print(&ledger->verifier, &text);
    vouch_buf_put_text(&text, "\n");
    return text.err != VOUCH_OK
               ? text.err
               : vouch_folder_put(ledger->dir_fd, VOUCH_LEDGER_VKEY, vouch_buf_bytes(&text));
}

static int make_files(struct vouch_ledger *ledger, struct vouch_fault *fault) {
    const char *file = VOUCH_LEDGER_LOCK;
    int err = vouch_folder_lock(ledger->dir_fd, 0, &ledger->lock_fd);
    if (err == VOUCH_OK) {
        file = VOUCH_LEDGER_VKEY;
        err = write_vkey(ledger);
    }
    if (err == VOUCH_OK) {
        file = VOUCH_LEDGER_RECORDS;
        err = vouch_folder_open_file(ledger->dir_fd, VOUCH_LEDGER_RECORDS,
                                     O_RDWR | O_CREAT | O_EXCL, &ledger->records_fd);
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, file, err, fault) : VOUCH_OK;
}

// Record 0 names the ledger and the key that vouches for it.
static int append_first(struct vouch_ledger *ledger, const struct vouch_ledger_new *what,
                        struct vouch_fault *fault) {
    uint8_t line_memory[256];
    uint8_t memory[512];
    struct vouch_buf line;
    struct vouch_buf details;
    vouch_buf_init_fixed(&line, line_memory, sizeof line_memory);
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    vouch_key_print(ledger->verifier.key, NULL, &line);
    vouch_record_detail_put(&details, "key", vouch_buf_bytes(&line));
    struct vouch_record record = {
        .kind = VOUCH_RECORD_EVENT,
        .time_ms = what->time_ms,
        .actor = what->actor,
        .type = vouch_bytes_of(VOUCH_EVENT_LEDGER_NEW),
        .object = vouch_bytes_of(ledger->verifier.name),
        .details = vouch_buf_bytes(&details),
    };
    return vouch_ledger_append(ledger, &record, 1, fault);
}

static int sync_folder(const struct vouch_ledger *ledger, struct vouch_fault *fault) {
    int err = fsync(ledger->dir_fd) == 0 ? vouch_io_sync_folder(ledger->dir) : VOUCH_ERR_IO;
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, ".", err, fault) : VOUCH_OK;
}

static int fill(struct vouch_ledger *ledger, const struct vouch_ledger_new *what,
                struct vouch_fault *fault) {
    int err = make_files(ledger, fault);
    if (err == VOUCH_OK) {
        err = append_first(ledger, what, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_ledger_append(ledger, what->records, what->count, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_ledger_checkpoint(ledger, what->checkpoint_key, fault);
    }
    return err == VOUCH_OK ? sync_folder(ledger, fault) : err;
}

static int create(struct vouch_ledger *ledger, const struct vouch_ledger_new *what,
                  struct vouch_fault *fault) {
    int made = 0;
    int err = make_folder(what->dir, &made, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_folder_open(what->dir, &ledger->dir_fd);
    if (err == VOUCH_OK) {
        ledger->derived.dir_fd = ledger->dir_fd;
        err = fill(ledger, what, fault);
    } else {
        (void)vouch_ledger_io(what->dir, ".", err, fault);
    }
    if (err != VOUCH_OK) {
        remove_all(what->dir, ledger->dir_fd, made);
    }
    return err;
}

int vouch_ledger_create(const struct vouch_ledger_new *what, struct vouch_fault *fault) {
    struct vouch_ledger *ledger = vouch_ledger_alloc(what->dir);
    if (ledger == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "ledger %s: no memory to make it", what->dir);
    }
    int err = vouch_verifier_init(&ledger->verifier, vouch_bytes_of(what->origin),
                                  vouch_private_key_public(what->checkpoint_key));
    if (err == VOUCH_OK) {
        err = create(ledger, what, fault);
    } else {
        (void)vouch_fault_set(
            fault, err, &vouch_fault_input, "ledger %s: origin \"%s\": %s", what->dir, what->origin,
            err == VOUCH_ERR_ARGUMENT ? "must be 1 to 200 printable characters, no blank, no +"
                                      : vouch_err_text(err));
    }
    vouch_ledger_close(ledger);
    return err;
}
