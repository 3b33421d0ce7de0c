// SPDX-License-Identifier: ISC
// The tests' identity without a lane.
#include "identity/test-fixture.h"

void fixture_attach(struct fixture *fixture) {
    assert_int_equal(vouch_identity_attach(fixture->engine, &fixture->identity, &fixture->fault),
                     VOUCH_OK);
}

void fixture_detach(struct fixture *fixture) {
    vouch_identity_close(fixture->identity);
}

int fixture_is_remote(void) {
    return 0;
}
