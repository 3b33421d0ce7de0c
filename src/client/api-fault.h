// SPDX-License-Identifier: ISC
// Inside of api.h: what a failed transfer, or a problem that the server reported, means to a person.
#pragma once

#include "base/fault.h"

// One attempt that gave no answer.
struct vouch_api_broken {
    const char *server;
    int code;           // CURLcode
    const char *detail; // libcurl's words
    int overflow;       // nonzero: the answer was larger than it may be
    const char *pin;    // as given; NULL: none
};
int vouch_api_broken_fault(const struct vouch_api_broken *broken, struct vouch_fault *fault);

// An answer that is neither 2xx nor 304. `body` may be a problem of RFC 9457, or anything else.
int vouch_api_problem_fault(const char *server, unsigned status, struct vouch_bytes body,
                            struct vouch_fault *fault);
