// SPDX-License-Identifier: ISC
// What a handle is made of, for the two bodies behind it. Private to src/authority.
//
// One program may hold both (the admin socket asks the office, the web's lanes ask another process), so
// each handle knows its own; a library that has only one of them needs nothing of the other.
#pragma once

#include "authority/authority.h"

#define VOUCH_BODY_MEMBER(name, ask_type, answer_type)                                             \
    int (*name)(struct vouch_authority * authority, const struct vouch_caller *caller,             \
                const ask_type *ask, answer_type *ret_answer, struct vouch_fault *fault);

// A body is asked only what is within its bounds, and gets an answer that is all zero.
struct vouch_authority_body {
    void (*close)(struct vouch_authority *authority);
    VOUCH_AUTHORITY_ASKS(VOUCH_BODY_MEMBER)
};

// The first member of each body's own struct.
struct vouch_authority {
    const struct vouch_authority_body *body;
};
