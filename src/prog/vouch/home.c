// SPDX-License-Identifier: ISC
// Where a person's files are: see home.h.
#include "prog/vouch/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"

const struct vouch_home_place vouch_home_config = {"XDG_CONFIG_HOME", "/.config"};
const struct vouch_home_place vouch_home_state = {"XDG_STATE_HOME", "/.local/state"};
const struct vouch_home_place vouch_home_ssh = {NULL, "/.ssh"};

int vouch_home_path(const struct vouch_home_place *place, const char *rest,
                    char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    const char *named = place->variable != NULL ? getenv(place->variable) : NULL;
    const char *home = getenv("HOME");
    int own = named != NULL && named[0] == '/';
    if (!own && (home == NULL || home[0] != '/')) {
        vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_unknown,
                        "no place for %s: HOME is not a folder", rest);
        return vouch_fault_next(fault, "set HOME; or give --server URL and --pin where that is "
                                       "enough");
    }
    int len =
        snprintf(ret_path, PATH_MAX, "%s%s%s", own ? named : home, own ? "" : place->usual, rest);
    return len > 0 && len < PATH_MAX
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_server_unknown,
                                 "HOME is longer than a path can be");
}

int vouch_home_make_folders(const char *path, struct vouch_fault *fault) {
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    for (char *c = folder + 1; *c != '\0'; c++) {
        if (*c != '/') {
            continue;
        }
        *c = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return vouch_io_write_fault(folder, fault);
        }
        *c = '/';
    }
    return 0;
}
