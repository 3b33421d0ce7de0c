// SPDX-License-Identifier: ISC
// vouch-host: the agent of a host, and what its administrator types. The part that talks to the network;
// vouch-host-apply is the part that writes sshd's files.
#include <stdio.h>
#include <unistd.h>

#include "prog/vouch-host/walls.h"
#include "prog/vouch/command.h"

int main(int argc, char **argv) {
    vouch_program_begin();
    int status = vouch_program_main(argc, argv);
    // What libraries do at an exit is not for the sandbox, which ends a process that starts another.
    if (vouch_host_is_walled_in()) {
        (void)fflush(NULL);
        _exit(status);
    }
    return status;
}
