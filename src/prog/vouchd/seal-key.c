// SPDX-License-Identifier: ISC
// Making, judging and handing over the key that second factors are sealed under.
#include "prog/vouchd/seal-key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "identity/serve.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/settings.h"
#include "store/accounts.h"

#define DB_WAIT_MS 5000
#define KEY_FILE_MAX 4096 // more than a key, to say what is wrong with it

// ----- the file

static int fail(const char *path, const char *step, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write, "%s: %s: %s", path, step,
                           strerrordesc_np(errno));
}

int vouch_seal_key_make(const char *dir, struct vouch_fault *fault) {
    char folder[PATH_MAX], path[PATH_MAX];
    int err = vouch_server_path(dir, VOUCH_SERVER_IDENTITY, folder, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(dir, VOUCH_SERVER_SEAL_KEY, path, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(folder, "cannot make it", fault);
    }
    vouch_autosecret struct vouch_secret key = {0};
    if (vouch_secret_new(VOUCH_IDENTITY_KEY_LEN, &key) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s: no locked memory", path);
    }
    vouch_random(key.ptr, key.len);
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_KEEP};
    err = vouch_io_write(&file, vouch_secret_bytes(&key), fault);
    // What is sealed under a key that a crash takes away is lost.
    return err == VOUCH_OK && vouch_io_sync_folder(folder) != VOUCH_OK
               ? fail(folder, "cannot be synced", fault)
               : err;
}

static int check_folder(const char *dir, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct stat meta;
    int err = vouch_server_path(dir, VOUCH_SERVER_IDENTITY, path, fault);
    if (err != VOUCH_OK || (lstat(path, &meta) != 0 && errno == ENOENT)) {
        return err;
    }
    if (lstat(path, &meta) == 0 && S_ISDIR(meta.st_mode) && (meta.st_mode & 077) == 0 &&
        (meta.st_uid == 0 || meta.st_uid == geteuid())) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_server_dir,
                          "%s: is no folder, or not closed to all but who runs the server", path);
    return vouch_fault_next(fault, "Close it with: chown root %s; chmod 700 %s", path, path);
}

static int read_key(const char *dir, struct vouch_secret *ret_key,
                    enum vouch_seal_key_state *ret_state, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = check_folder(dir, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(dir, VOUCH_SERVER_SEAL_KEY, path, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret_state = VOUCH_SEAL_KEY_MISSING;
        return VOUCH_OK;
    }
    vouch_autosecret struct vouch_secret key = {0};
    err = vouch_io_read_secret(path, KEY_FILE_MAX, VOUCH_IO_PRIVATE, &key, fault);
    if (err == VOUCH_OK && key.len != VOUCH_IDENTITY_KEY_LEN) {
        err = vouch_fault_set(fault, VOUCH_ERR_KEY_LENGTH, &vouch_fault_identity_key,
                              "%s: has %zu bytes, not %d", path, key.len, VOUCH_IDENTITY_KEY_LEN);
    }
    if (err == VOUCH_OK) {
        *ret_state = VOUCH_SEAL_KEY_GOOD;
        *ret_key = key;
        key = (struct vouch_secret){0};
    }
    return err;
}

int vouch_seal_key_check(const char *dir, enum vouch_seal_key_state *ret_state,
                         struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret key = {0};
    return read_key(dir, &key, ret_state, fault);
}

// ----- who would miss it

// What the process that counted says. Both are the same program, so that addresses mean the same.
struct tally {
    int err;
    uint64_t sealed; // accounts with something that only the key opens
    struct vouch_fault fault;
};

// Opens the database as the authority is about to: makes it, or brings it up to date.
static int count_sealed(uint64_t *sealed, struct vouch_fault *fault) {
    const struct vouch_store_open what = {
        .where = VOUCH_SERVER_DATABASE, .access = VOUCH_STORE_WRITE, .wait_ms = DB_WAIT_MS};
    struct vouch_store *store = NULL;
    int err = vouch_store_open(&what, &store, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_accounts_sealed(store, sealed, fault);
    }
    vouch_store_close(store);
    return err;
}

_Noreturn static void count_apart(const char *dir, const struct vouch_user *reader, int out) {
    struct tally tally = {0};
    // First into the folder: its user may not pass what lies above.
    if (chdir(dir) != 0) {
        tally.err = fail(dir, "cannot be entered", &tally.fault);
    } else if (reader != NULL) {
        tally.err = vouch_user_become(*reader, &tally.fault);
    }
    if (tally.err == VOUCH_OK) {
        tally.err = count_sealed(&tally.sealed, &tally.fault);
    }
    const struct vouch_bytes bytes = {(const uint8_t *)&tally, sizeof tally};
    _exit(vouch_io_write_all(out, bytes) == VOUCH_OK ? 0 : 1);
}

// In a process of the database's own user: root would leave files of its own beside it.
static int ask_database(const char *dir, const struct vouch_user *reader, struct tally *ret_tally,
                        struct vouch_fault *fault) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail(dir, "cannot make a pipe", fault);
    }
    pid_t pid = fork();
    if (pid == 0) {
        count_apart(dir, reader, ends[1]);
    }
    (void)close(ends[1]);
    ssize_t len = pid < 0 ? -1 : read(ends[0], ret_tally, sizeof *ret_tally);
    (void)close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return len == (ssize_t)sizeof *ret_tally
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role,
                                 "%s/%s: cannot be looked into: the process for it ended", dir,
                                 VOUCH_SERVER_DATABASE);
}

static int check_nobody_needs_it(const char *dir, const struct vouch_user *reader,
                                 struct vouch_fault *fault) {
    struct tally tally = {0};
    int err = ask_database(dir, reader, &tally, fault);
    if (err == VOUCH_OK && tally.err != VOUCH_OK) {
        *fault = tally.fault;
        return tally.err;
    }
    if (err != VOUCH_OK || tally.sealed == 0) {
        return err;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_identity_key,
                          "%s/%s: is missing, and the second factors of %" PRIu64
                          " users are sealed under it",
                          dir, VOUCH_SERVER_SEAL_KEY, tally.sealed);
    return vouch_fault_next(fault,
                            "Put it back from a backup. If it is lost, a new one makes all of them "
                            "set up anew: (umask 077; head -c 32 /dev/urandom >%s/%s)",
                            dir, VOUCH_SERVER_SEAL_KEY);
}

static int make_where_missing(const char *dir, const struct vouch_user *reader,
                              struct vouch_secret *ret_key, struct vouch_fault *fault) {
    enum vouch_seal_key_state state = VOUCH_SEAL_KEY_MISSING;
    int err = check_nobody_needs_it(dir, reader, fault);
    if (err == VOUCH_OK) {
        err = vouch_seal_key_make(dir, fault);
    }
    return err == VOUCH_OK ? read_key(dir, ret_key, &state, fault) : err;
}

int vouch_seal_key_open(const char *dir, const struct vouch_user *reader, int *ret_fd,
                        int *ret_was_made, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret key = {0};
    enum vouch_seal_key_state state = VOUCH_SEAL_KEY_MISSING;
    int err = read_key(dir, &key, &state, fault);
    int is_missing = err == VOUCH_OK && state == VOUCH_SEAL_KEY_MISSING;
    if (is_missing) {
        err = make_where_missing(dir, reader, &key, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_settings_hold("seal", vouch_secret_bytes(&key), ret_fd, fault);
    }
    if (err == VOUCH_OK) {
        *ret_was_made = is_missing;
    }
    return err;
}
