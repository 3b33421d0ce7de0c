// SPDX-License-Identifier: ISC
// What a host installs: every login that a role grants there, the principals that sshd accepts for it,
// and why.
//
// Pure. The same question for one login is vouch_policy_accepted() of explain.h; both give the same.
#pragma once

#include "base/arena.h"
#include "policy/policy.h"

#define VOUCH_POLICY_HOST_LOGINS_MAX 20000u // of one host

// A principal, and by which role and label it is accepted: "role dev, label tier=web".
struct vouch_policy_accept {
    struct vouch_bytes principal;
    struct vouch_bytes why;
};

struct vouch_policy_host_login {
    struct vouch_bytes login;
    const struct vouch_policy_accept *accepts; // in the order of roles
    size_t count;
};

struct vouch_policy_host_logins {
    const struct vouch_policy_host
        *host; // NULL: the policy has no such host, and there is no login
    enum vouch_policy_principals principals;     // of its zone
    const struct vouch_policy_host_login *items; // in the order of logins
    size_t count;
};

// All logins of a host. Borrowed from the arena and the policy. VOUCH_ERR_NO_MEMORY; VOUCH_ERR_LIMIT if
// they are more than VOUCH_POLICY_HOST_LOGINS_MAX.
VOUCH_MUST_USE int vouch_policy_host_logins(const struct vouch_policy *policy,
                                            struct vouch_bytes host, struct vouch_arena *arena,
                                            struct vouch_policy_host_logins *ret_logins);
