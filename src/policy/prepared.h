// SPDX-License-Identifier: ISC
// The inside of a prepared policy, for the files of this module that ask it.
//
// All lists are sorted by name, so that a place in a list stands for the name and is found in a few
// comparisons; memberships are sorted lists of such places.
#pragma once

#include "base/arena.h"
#include "core/cidr.h"
#include "policy/policy.h"

#define VOUCH_POLICY_NOWHERE UINT32_MAX // the place of a name that is in no list

struct vouch_policy_ids {
    uint32_t *items; // ascending, none twice
    size_t count;
};

struct vouch_policy_role_index {
    uint32_t zone;
    struct vouch_policy_ids users; // members by themselves
    struct vouch_policy_ids groups;
    struct vouch_policy_ids approver_users;
    struct vouch_policy_ids approver_groups;
    int grants_own;      // nonzero: the person's own login is among the logins
    size_t named_count;  // of logins that are named
    uint32_t extensions; // bits
    uint32_t key_types;  // bits by enum vouch_key_type; 0: any
    struct vouch_cidr *sources;
};

// A login that a role of a zone grants by name.
struct vouch_policy_named_login {
    struct vouch_bytes login;
    uint32_t zone;
    uint32_t role; // one of them, for messages
};

struct vouch_policy {
    struct vouch_arena arena;
    struct vouch_policy_content content;
    struct vouch_policy_role_index *roles; // by role
    struct vouch_policy_ids *user_groups;  // by user
    struct vouch_policy_ids *group_users;  // by group
    uint32_t *host_zones;                  // by host
    uint32_t *by_login;                    // users that have a login, sorted by it
    size_t by_login_count;
    struct vouch_policy_named_login *named; // sorted by zone, then login
    size_t named_count;
};

// The place of a name among things of one size that begin with their name and are sorted by it; NOWHERE.
uint32_t vouch_policy_find(const void *things, size_t count, size_t size, struct vouch_bytes name);

// The order of logins that are granted by name, for qsort() and bsearch().
int vouch_policy_compare_named(const void *a, const void *b);

// The place of a name in one of the lists; NOWHERE.
uint32_t vouch_policy_zone_at(const struct vouch_policy *policy, struct vouch_bytes name);
uint32_t vouch_policy_user_at(const struct vouch_policy *policy, struct vouch_bytes name);
uint32_t vouch_policy_group_at(const struct vouch_policy *policy, struct vouch_bytes name);
uint32_t vouch_policy_role_at(const struct vouch_policy *policy, struct vouch_bytes name);
uint32_t vouch_policy_host_at(const struct vouch_policy *policy, struct vouch_bytes name);
uint32_t vouch_policy_user_of_login(const struct vouch_policy *policy, struct vouch_bytes login);

// The role that grants a login by name in a zone; NOWHERE.
uint32_t vouch_policy_role_naming(const struct vouch_policy *policy, uint32_t zone,
                                  struct vouch_bytes login);

// Nonzero if the list has the place.
int vouch_policy_ids_have(const struct vouch_policy_ids *ids, uint32_t id);

// Where the user is a member: nonzero, with the group through which, or NOWHERE for none. `asserted`
// are more groups of the user, and may be NULL.
int vouch_policy_is_member(const struct vouch_policy *policy, uint32_t role, uint32_t user,
                           const struct vouch_policy_ids *asserted, uint32_t *ret_group);

// Nonzero if the role names the user among those who approve it, or has them in a group.
int vouch_policy_may_approve(const struct vouch_policy *policy, uint32_t role, uint32_t user);

// Nonzero if the host is meant by one selector of a role: "all", "KEY=VALUE", "KEY=*", "name=HOST".
int vouch_policy_selector_fits(const struct vouch_policy *policy, struct vouch_bytes selector,
                               uint32_t host);

// Nonzero if the role's labels mean the host, and both are of one zone.
int vouch_policy_role_means(const struct vouch_policy *policy, uint32_t role, uint32_t host);

// Nonzero if the role counts at a time.
int vouch_policy_role_is_active(const struct vouch_policy_role *role, uint64_t now_s);

// Makes the indexes of a policy whose content is copied, sorted and free of faults of single values.
// Finds faults between values: unknown names, logins twice, contradictions.
VOUCH_MUST_USE int vouch_policy_index(struct vouch_policy *policy, struct vouch_fault *fault);

// "FILE:LINE: KIND.NAME.KEY: what is wrong"; `line` 0: the key's. Returns VOUCH_ERR_FORMAT.
struct vouch_policy_spot {
    const struct vouch_policy_place *place;
    const char *kind; // "roles"
    struct vouch_bytes name;
    const char *key; // "" for all of it
    size_t line;
};
int vouch_policy_wrong(const struct vouch_policy_spot *spot, struct vouch_fault *fault,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

// For memory that is short.
int vouch_policy_no_memory(struct vouch_fault *fault);
