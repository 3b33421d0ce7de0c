// SPDX-License-Identifier: ISC
// The way to vouch keygen, for help and completion.
#include "prog/vouch/command.h"
#include "prog/vouch/keygen.h"

static const char *const keygen_examples[] = {
    "vouch keygen -t ed25519 -f ca_key",
    "vouch keygen -s ca_key -I alice -n alice -V +8h id_ed25519.pub",
    NULL,
};

// main() hands the words after "keygen" over before any of them is looked at.
const struct vouch_command vouch_cmd_keygen = {
    .noun = "keygen",
    .summary =
        "ssh-keygen's own options and words, for scripts that know them: see vouch-keygen(1)",
    .operands = "[ssh-keygen's options]",
    .examples = keygen_examples,
    .letters = vouch_keygen_letters,
};
