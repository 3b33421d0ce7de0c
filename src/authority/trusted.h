// SPDX-License-Identifier: ISC
// The CA keys of this service, of every state, as the trust bundle has them. Private to src/authority.
#pragma once

#include "authority/office.h"
#include "core/trust.h"

// Reads the bundle that is in force. The caller ends *ret_trust.
VOUCH_MUST_USE int vouch_trust_now(struct vouch_local *authority, struct vouch_trust *ret_trust,
                                   struct vouch_fault *fault);
