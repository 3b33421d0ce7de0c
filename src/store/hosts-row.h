// SPDX-License-Identifier: ISC
// What reading and changing hosts share. Private to src/store.
#pragma once

#include "store/handle.h"
#include "store/hosts.h"

// A number as it is kept.
static inline int64_t vouch_host_number(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}
