// SPDX-License-Identifier: ISC
// What a policy means: who reaches which login on which host, by which role; and what changes for whom
// from one policy to another.
//
// Pure, as deciding is. It shows what could be granted to somebody who brings all that is asked for
// (second factor, reason, approvals, address, key); what is granted is decided anew each time.
#pragma once

#include "base/arena.h"
#include "policy/policy.h"

// How a login is reached. The zero value is: not at all.
enum vouch_policy_how {
    VOUCH_POLICY_NO_WAY = 0,
    VOUCH_POLICY_ON_APPROVAL,
    VOUCH_POLICY_BREAK_GLASS, // in an emergency: at once, aloud, and reviewed afterwards
    VOUCH_POLICY_STANDING,
};

// "none", "approval", "break-glass", "standing".
const char *vouch_policy_how_word(enum vouch_policy_how how);

// What is looked at, when, and where answers are kept.
struct vouch_policy_view {
    const struct vouch_policy *policy;
    uint64_t now_s;
    struct vouch_arena *arena;
};

// One way: somebody, by a role, perhaps by a group, to a login on a host. Borrowed from the policy.
struct vouch_policy_path {
    struct vouch_bytes user;
    struct vouch_bytes host;
    struct vouch_bytes login;
    struct vouch_bytes role;
    struct vouch_bytes group; // through which the user has the role; empty: named there
    enum vouch_policy_how how;
    uint64_t ttl_s; // the longest certificate
};

struct vouch_policy_paths {
    const struct vouch_policy_path *items;
    size_t count;
};

// All that a person reaches, in the order of roles, hosts, logins. Nothing for somebody who is not
// known, is disabled or has ended. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_policy_reach(const struct vouch_policy_view *view, struct vouch_bytes user,
                                      struct vouch_policy_paths *ret_paths);

// Who reaches a login on a host, in the order of roles and users.
VOUCH_MUST_USE int vouch_policy_who_can(const struct vouch_policy_view *view,
                                        struct vouch_bytes login, struct vouch_bytes host,
                                        struct vouch_policy_paths *ret_paths);

// What a person reaches on one host by roles of theirs, in the order of `roles` and logins.
VOUCH_MUST_USE int vouch_policy_reach_host(const struct vouch_policy_view *view,
                                           const struct vouch_policy_paths *roles,
                                           struct vouch_bytes host,
                                           struct vouch_policy_paths *ret_paths);

// Nonzero if the role names the user, active or not, among those who approve it.
int vouch_policy_approves(const struct vouch_policy *policy, struct vouch_bytes role,
                          struct vouch_bytes user);

// The roles of a person in a zone (empty: in all), `groups` being further ones that a provider names;
// host and login stay empty.
VOUCH_MUST_USE int vouch_policy_roles_of(const struct vouch_policy_view *view,
                                         struct vouch_bytes user, struct vouch_bytes zone,
                                         const struct vouch_policy_names *groups,
                                         struct vouch_policy_paths *ret_paths);

// The principals that a host must accept for a login: what sshd's AuthorizedPrincipalsFile of that login
// holds. None: nobody may have it.
VOUCH_MUST_USE int vouch_policy_accepted(const struct vouch_policy_view *view,
                                         struct vouch_bytes login, struct vouch_bytes host,
                                         struct vouch_policy_names *ret_principals);

// ----- from one policy to another -----

// What some people gain or lose: a login, on hosts. A person's own login stands as "$user" where it is
// the same before and after.
struct vouch_policy_change {
    struct vouch_bytes login;
    enum vouch_policy_how before;
    enum vouch_policy_how after;
    struct vouch_policy_names users;
    struct vouch_policy_names hosts;
};

enum vouch_policy_edit_kind { VOUCH_POLICY_CHANGED = 0, VOUCH_POLICY_ADDED, VOUCH_POLICY_REMOVED };

// What was written differently: "roles", "dba", "max_ttl".
struct vouch_policy_edit {
    enum vouch_policy_edit_kind kind;
    const char *list;
    struct vouch_bytes name;
    const char *key; // empty unless CHANGED
};

struct vouch_policy_diff {
    const struct vouch_policy_change *changes; // nobody stands in two for the same login and host
    size_t change_count;
    const struct vouch_policy_edit *edits;
    size_t edit_count;
};

// Compares two policies at one moment, that of `before`, whose arena keeps the answer; it borrows from
// both. Without changes and edits both are the same. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_policy_compare(const struct vouch_policy_view *before,
                                        const struct vouch_policy *after,
                                        struct vouch_policy_diff *ret_diff);
