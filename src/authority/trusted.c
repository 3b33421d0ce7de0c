// SPDX-License-Identifier: ISC
// Reading the signer's trust bundle, which is proven again each time: it is small, and seldom asked for.
#include "authority/trusted.h"

int vouch_trust_now(struct vouch_local *authority, struct vouch_trust *ret_trust,
                    struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_bytes bundle = {0};
    struct vouch_where where = {0};
    const struct vouch_trust_known known = {.checkpoint_key = office->checkpoint_key};
    pthread_mutex_lock(&office->public_lock);
    int err = vouch_arena_copy(&authority->arena,
                               (struct vouch_bytes){office->trust, office->trust_len}, &bundle);
    pthread_mutex_unlock(&office->public_lock);
    if (err != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    err = vouch_trust_verify(bundle, &known, ret_trust, &where);
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_where(fault, err, &vouch_fault_trust_unproven, "trust bundle", &where);
}
