// SPDX-License-Identifier: ISC
// Which body of signer.h the contract is held against.
#pragma once

#include "signer/test-fixture.h"

extern const char body_name[];

// Opens the signer and gives a handle; ends both with a clean stop.
struct vouch_signer *body_begin(struct fixture *fixture);
void body_end(struct fixture *fixture, struct vouch_signer *signer);
