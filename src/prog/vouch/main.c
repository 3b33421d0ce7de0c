// SPDX-License-Identifier: ISC
// The vouch program, and vouch-keygen, which is the same by another name.
#include <string.h>

#include "prog/vouch/command.h"
#include "prog/vouch/keygen.h"

static int is_keygen(const char *program) {
    const char *slash = strrchr(program, '/');
    return strcmp(slash != NULL ? slash + 1 : program, "vouch-keygen") == 0;
}

int main(int argc, char **argv) {
    vouch_program_begin();
    if (argc > 0 && is_keygen(argv[0])) {
        return vouch_keygen_main(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "keygen") == 0) {
        return vouch_keygen_main(argc - 1, argv + 1);
    }
    return vouch_program_main(argc, argv);
}
