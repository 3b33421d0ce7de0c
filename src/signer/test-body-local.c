// SPDX-License-Identifier: ISC
// The body that owns keys and ledger, in this process.
#include "signer/test-body.h"

const char body_name[] = "signer/local";

struct vouch_signer *body_begin(struct fixture *fixture) {
    struct vouch_signer *signer = NULL;
    const struct vouch_signer_ceiling ceiling = fixture_ceiling();
    fixture_open_with(fixture, &ceiling);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    return signer;
}

void body_end(struct fixture *fixture, struct vouch_signer *signer) {
    vouch_signer_close(signer);
    fixture_stop(fixture);
}
