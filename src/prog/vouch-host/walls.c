// SPDX-License-Identifier: ISC
// The sandbox of the network part: see walls.h.
#include "prog/vouch-host/walls.h"

#include <stdio.h>
#include <unistd.h>

#include "ipc/sandbox.h"

// Folders and not the files in them: programs that manage them put new files in their place.
static const char *const places[] = {"/etc",
                                     "/run/systemd/resolve",
                                     "/run/NetworkManager",
                                     "/run/resolvconf",
                                     "/usr/lib/ssl",
                                     "/usr/share/ca-certificates",
                                     "/usr/local/share/ca-certificates",
                                     "/usr/share/zoneinfo",
                                     "/var/lib/ca-certificates"};
#define PLACES (sizeof places / sizeof places[0])

static int is_in;

int vouch_host_is_walled_in(void) {
    return is_in;
}

int vouch_host_wall_in(const struct vouch_member *member, const struct vouch_term *term,
                       struct vouch_fault *fault) {
    const char *readable[PLACES + 1];
    char folder[40];
    const char *const writable[] = {folder};
    struct vouch_sandbox_report report = {0};
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        if (access(places[i], R_OK) == 0) {
            readable[count++] = places[i];
        }
    }
    if (member->enrolled.ca_file != NULL && access(member->enrolled.ca_file, R_OK) == 0) {
        readable[count++] = member->enrolled.ca_file;
    }
    (void)snprintf(folder, sizeof folder, "/proc/self/fd/%d", member->station.folder);
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_HOST,
                                          .network = VOUCH_SANDBOX_CONNECT,
                                          .need = VOUCH_SANDBOX_OPTIONAL,
                                          .readable = {readable, count},
                                          .writable = {writable, 1}};
    int err = vouch_sandbox_enter(&sandbox, &report, fault);
    is_in = 1;
    if (err == VOUCH_OK && report.warning[0] != '\0') {
        vouch_say(term, "vouch-host: %s", report.warning);
    }
    return err;
}
