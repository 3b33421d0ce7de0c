// SPDX-License-Identifier: ISC
// Who asks, and whether they may. Private to src/authority.
#pragma once

#include "authority/decide.h"
#include "authority/office.h"

// Scopes as bits.
enum vouch_scope {
    VOUCH_MAY_NOTHING = 0,
    VOUCH_MAY_ISSUE = 1,
    VOUCH_MAY_READ = 2,
    VOUCH_MAY_REVOKE = 4,
    VOUCH_MAY_AUDIT = 8,
    VOUCH_MAY_ADMIN = 16,
    VOUCH_MAY_METRICS = 32,
};

// The bit of a scope's name; VOUCH_MAY_NOTHING if there is no such scope.
enum vouch_scope vouch_scope_of(struct vouch_bytes name);

// Somebody who is known. Slices point into the handle's arena or at constants.
struct vouch_who {
    struct vouch_bytes actor;    // "token:NAME", "local:uid:N"
    struct vouch_bytes name;     // NAME, or as the actor
    struct vouch_bytes evidence; // "api-token", "local-socket"
    struct vouch_bytes role;     // the profile's name; "local"
    struct vouch_bytes policy;   // "profile NAME@UPDATED"; "local"
    int is_local;
    unsigned scopes; // bits of enum vouch_scope; all of them for a local caller
    const struct vouch_profile_row *profile; // NULL: none
};

// Finds out who asks and holds them to a scope (VOUCH_MAY_NOTHING: whoever is known may). ret_reply DONE;
// or UNKNOWN, INVALID; or REFUSED, which is then recorded.
VOUCH_MUST_USE int vouch_identify(struct vouch_local *authority, const struct vouch_caller *caller,
                                  enum vouch_scope scope, struct vouch_who *ret_who,
                                  struct vouch_reply *ret_reply, struct vouch_fault *fault);

// Records that somebody known was refused, as "cert.refuse"; at most ten a second, and how many more.
VOUCH_MUST_USE int vouch_refusal_note(struct vouch_local *authority,
                                      const struct vouch_caller *caller,
                                      const struct vouch_who *who, struct vouch_bytes object,
                                      const struct vouch_reply *reply, struct vouch_fault *fault);
// Records those that were too many.
VOUCH_MUST_USE int vouch_refusal_sum(struct vouch_local *authority, struct vouch_fault *fault);
