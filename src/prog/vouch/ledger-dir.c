// SPDX-License-Identifier: ISC
// Finding a ledger: see ledger-dir.h.
#include "prog/vouch/ledger-dir.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int has_records(const char *dir, const char *below, char ret_path[static PATH_MAX]) {
    char records[PATH_MAX];
    int len = snprintf(ret_path, PATH_MAX, "%s%s", dir, below);
    int records_len = snprintf(records, sizeof records, "%s%s/records", dir, below);
    return len > 0 && len < PATH_MAX && records_len < (int)sizeof records &&
           access(records, F_OK) == 0;
}

int vouch_ledger_dir(const char *dir, char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    if (has_records(dir, "/ledger", ret_path)) {
        return 0;
    }
    int why = errno;
    if (has_records(dir, "", ret_path)) {
        return 0;
    }
    if (why == EACCES) {
        return vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_read,
                               "%s: this user may not look into it", dir);
    }
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_ca_dir,
                           "%s: holds no ledger (no file ledger/records)", dir);
}
