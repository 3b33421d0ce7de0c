// SPDX-License-Identifier: ISC
// The body that asks over a lane. Who answers is a thread of this process; nothing but the lane is
// between them.
#include "signer/test-body.h"

const char body_name[] = "signer/remote";

struct vouch_signer *body_begin(struct fixture *fixture) {
    struct vouch_signer *signer = NULL;
    const struct vouch_signer_ceiling ceiling = fixture_ceiling();
    fixture_open_with(fixture, &ceiling);
    fixture_serve(fixture, 2);
    assert_int_equal(vouch_signer_connect(fixture->lanes[0], &signer, NULL), VOUCH_OK);
    fixture->lanes[0] = -1;
    return signer;
}

void body_end(struct fixture *fixture, struct vouch_signer *signer) {
    vouch_signer_close(signer);
    fixture_serve_end(fixture);
}
