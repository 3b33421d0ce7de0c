// SPDX-License-Identifier: ISC
// Whether a folder is a server's, as far as that can be seen without opening its parts.
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "ledger/checkpoint.h"
#include "prog/vouchd/server-dir.h"

int vouch_server_check(const char *dir, struct vouch_fault *fault) {
    static const char *const parts[] = {VOUCH_CONFIG_FILE,   VOUCH_CEILING_FILE,
                                        VOUCH_SERVER_SIGNER, VOUCH_SERVER_LEDGER,
                                        VOUCH_SERVER_DB,     VOUCH_SERVER_RUN};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char path[PATH_MAX];
        int err = vouch_server_path(dir, parts[i], path, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        if (access(path, F_OK) != 0) {
            return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_dir,
                                   i == 0 && access(dir, F_OK) == 0
                                       ? "%s: holds no server: %s is missing"
                                       : "%s: %s cannot be found",
                                   dir, parts[i]);
        }
    }
    return VOUCH_OK;
}

int vouch_server_check_name(const char *dir, const char *name, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf note;
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    int err = vouch_server_path(dir, VOUCH_SERVER_LEDGER "/checkpoint", path, fault);
    if (err == VOUCH_OK && vouch_io_read(path, VOUCH_CHECKPOINT_MAX, &note, NULL) == VOUCH_OK) {
        // The first line of a checkpoint is its ledger's name.
        struct vouch_bytes rest = vouch_buf_bytes(&note);
        struct vouch_bytes origin = vouch_str_cut(&rest, '\n');
        if (!vouch_bytes_equal(origin, vouch_bytes_of(name))) {
            err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_config,
                                  "name: is \"%s\", but the ledger in %s/%s is that of \"%.*s\"",
                                  name, dir, VOUCH_SERVER_LEDGER, (int)origin.len,
                                  (const char *)origin.ptr);
        }
    }
    vouch_buf_done(&note);
    return err;
}
