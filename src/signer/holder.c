// SPDX-License-Identifier: ISC
// What all key holders share.
#include "signer/holder.h"

#include <stddef.h>

void vouch_holder_close(struct vouch_holder *holder) {
    if (holder == NULL) {
        return;
    }
    vouch_key_free(holder->key);
    holder->key = NULL;
    holder->driver->close(holder);
}
