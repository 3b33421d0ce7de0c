// SPDX-License-Identifier: ISC
// The one face of both bodies: what is asked, as a verb.
#include "identity/protocol.h"

int vouch_identity_make(struct vouch_identity *identity, const struct vouch_identity_ask *ask,
                        uint64_t deadline_ns, struct vouch_identity_answer *ret_answer,
                        struct vouch_fault *fault) {
    return vouch_identity_put(identity, VOUCH_IDENTITY_MAKE, ask, deadline_ns, ret_answer, fault);
}

int vouch_identity_check(struct vouch_identity *identity, const struct vouch_identity_ask *ask,
                         uint64_t deadline_ns, struct vouch_identity_answer *ret_answer,
                         struct vouch_fault *fault) {
    return vouch_identity_put(identity, VOUCH_IDENTITY_CHECK, ask, deadline_ns, ret_answer, fault);
}
