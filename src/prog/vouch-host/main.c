// SPDX-License-Identifier: ISC
// vouch-host: the agent of a host, and what its administrator types. The part that talks to the network;
// vouch-host-apply is the part that writes sshd's files.
#include "prog/vouch/command.h"

int main(int argc, char **argv) {
    vouch_program_begin();
    return vouch_program_main(argc, argv);
}
