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
    struct vouch_bytes actor;    // "token:NAME", "user:NAME", "local:uid:N"
    struct vouch_bytes name;     // NAME, or as the actor
    struct vouch_bytes evidence; // "api-token", "session:password+totp", "local-socket"
    struct vouch_bytes role;     // the profile's name; "local"
    struct vouch_bytes policy;   // "profile NAME@UPDATED"; "local"
    int is_local;
    unsigned scopes; // bits of enum vouch_scope; all of them for a local caller
    const struct vouch_profile_row *profile; // NULL: none
    // Signed in; else empty and 0.
    struct vouch_bytes user;
    struct vouch_bytes methods; // "password+totp"
    uint64_t session_id;
    uint64_t account_id;
    uint64_t factor_s;       // when the second factor was last given
    uint64_t session_idle_s; // when the session ends if it is not used
    uint64_t session_ends_s; // and in any case
};

// Finds out who asks and holds them to a scope (VOUCH_MAY_NOTHING: whoever is known may). ret_reply DONE;
// or UNKNOWN, INVALID; or REFUSED, which is then recorded. With VOUCH_MAY_ADMIN the policy that a session
// was judged by is held until the ask is over, so that whoever stops being an administrator has done
// all that they began when applying returns.
VOUCH_MUST_USE int vouch_identify(struct vouch_local *authority, const struct vouch_caller *caller,
                                  enum vouch_scope scope, struct vouch_who *ret_who,
                                  struct vouch_reply *ret_reply, struct vouch_fault *fault);

// The same, but somebody signed in passes without the scope: they may do that with what is their own. So
// the caller must look at vouch_who_may().
VOUCH_MUST_USE int vouch_identify_own(struct vouch_local *authority,
                                      const struct vouch_caller *caller, enum vouch_scope scope,
                                      struct vouch_who *ret_who, struct vouch_reply *ret_reply,
                                      struct vouch_fault *fault);

// Nonzero if they have the scope.
static inline int vouch_who_may(const struct vouch_who *who, enum vouch_scope scope) {
    return (who->scopes & (unsigned)scope) == (unsigned)scope;
}

#define VOUCH_FACTOR_FRESH_S 300

// For what a session may only do with a second factor of the last five minutes, which is not a recovery
// code. 0 with the reply set, if it is not so; whoever is not signed in passes.
int vouch_fresh_factor(const struct vouch_who *who, uint64_t now_s, struct vouch_reply *reply);

// Somebody who is signed in: session.c. As vouch_identify(), without a scope.
VOUCH_MUST_USE int vouch_come_with_session(struct vouch_local *authority,
                                           const struct vouch_caller *caller, struct vouch_who *who,
                                           struct vouch_reply *reply, struct vouch_fault *fault);

// Gives back the policy that the asking session was judged by, if it is held.
void vouch_standing_end(struct vouch_local *authority);

// Records that somebody known was refused, as "cert.refuse"; at most ten a second, and how many more.
VOUCH_MUST_USE int vouch_refusal_note(struct vouch_local *authority,
                                      const struct vouch_caller *caller,
                                      const struct vouch_who *who, struct vouch_bytes object,
                                      const struct vouch_reply *reply, struct vouch_fault *fault);
// The same for somebody who could not sign in, as "session.refuse".
VOUCH_MUST_USE int vouch_refusal_sign_in(struct vouch_local *authority,
                                         const struct vouch_caller *caller, struct vouch_bytes name,
                                         const struct vouch_reply *reply,
                                         struct vouch_fault *fault);
// The same for a host that was refused when it enrolled or renewed, as "host.refuse"; `name` is what it
// calls itself.
VOUCH_MUST_USE int vouch_refusal_host(struct vouch_local *authority,
                                      const struct vouch_caller *caller, struct vouch_bytes name,
                                      const struct vouch_reply *reply, struct vouch_fault *fault);
// Records those that were too many.
VOUCH_MUST_USE int vouch_refusal_sum(struct vouch_local *authority, struct vouch_fault *fault);
