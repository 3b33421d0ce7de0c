// SPDX-License-Identifier: ISC
// A transaction, for callers of the store.
#include "store/work.h"

#include "store/handle.h"

int vouch_store_work_begin(struct vouch_store *store, enum vouch_store_keep keep,
                           struct vouch_fault *fault) {
    return vouch_store_begin(
        store, keep == VOUCH_STORE_DURABLY ? VOUCH_DRIVER_NOW : VOUCH_DRIVER_LATER, fault);
}

int vouch_store_work_end(struct vouch_store *store, int err, enum vouch_store_outcome outcome,
                         struct vouch_fault *fault) {
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        store->driver->rollback(store->db);
        return VOUCH_OK;
    }
    return vouch_store_end(store, err, fault);
}
