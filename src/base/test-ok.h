// SPDX-License-Identifier: ISC
// For tests: a call that must work, or the test fails with the fault's text. The call names the fault that
// it is given: test_ok(vouch_thing_do(thing, &fault)). After cmocka.h.
#pragma once

#include "base/fault.h"

#define test_ok(call)                                                                              \
    do {                                                                                           \
        struct vouch_fault fault = {0};                                                            \
        int err_ = (call);                                                                         \
        if (err_ != VOUCH_OK) {                                                                    \
            fail_msg("%s: %d %s", #call, err_, fault.text);                                        \
        }                                                                                          \
    } while (0)
