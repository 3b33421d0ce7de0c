// SPDX-License-Identifier: ISC
// Fuzzing of vouch/sshsig.h: an input is tried as armoured text, and as a blob that we armour, so that
// the fuzzer need not learn base64.
#include <stdlib.h>

#include "base/str.h"
#include "vouch/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct vouch_bytes armoured) {
    struct vouch_sshsig_by by = {0};
    int err =
        vouch_sshsig_verify(armoured, "file", vouch_bytes_of("The quick brown fox.\n"), &by, NULL);
    if ((err == VOUCH_OK) != ((by.key != NULL) != (by.cert != NULL))) {
        abort();
    }
    vouch_sshsig_by_done(&by);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check((struct vouch_bytes){data, size});
    struct vouch_buf armoured;
    vouch_buf_init(&armoured, 2 * VOUCH_SSHSIG_MAX);
    vouch_buf_put_text(&armoured, "-----BEGIN SSH SIGNATURE-----\n");
    vouch_str_base64((struct vouch_bytes){data, size}, '=', &armoured);
    vouch_buf_put_text(&armoured, "\n-----END SSH SIGNATURE-----\n");
    check(vouch_buf_bytes(&armoured));
    vouch_buf_done(&armoured);
    return 0;
}
