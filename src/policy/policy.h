// SPDX-License-Identifier: ISC
// What a policy is: zones, users, groups, roles and the labels of hosts; and the prepared form of it
// that is asked.
//
// The module is pure: no clock, no file, no environment, no global state. Who may have what is judged by
// policy/decide.h, shown by policy/explain.h, and read from and written to files by policy/load.h. It
// knows nothing of databases, sessions or signatures.
#pragma once

#include "base/fault.h"
#include "vouch/key.h"

#define VOUCH_POLICY_ZONES_MAX 256u
#define VOUCH_POLICY_USERS_MAX 100000u
#define VOUCH_POLICY_GROUPS_MAX 10000u
#define VOUCH_POLICY_ROLES_MAX 10000u
#define VOUCH_POLICY_HOSTS_MAX 100000u
#define VOUCH_POLICY_MEMBERS_MAX 100000u // of a group or a role
#define VOUCH_POLICY_LABELS_MAX 32u      // of a host, and that a role may name
#define VOUCH_POLICY_PATTERNS_MAX 64u
#define VOUCH_POLICY_SOURCES_MAX 64u
#define VOUCH_POLICY_PRINCIPALS_MAX 16u // of a certificate, and logins of a role
#define VOUCH_POLICY_APPROVALS_MAX 16u  // that a role may ask for
#define VOUCH_POLICY_TTL_MAX_S (366u * 24 * 3600)
#define VOUCH_POLICY_BREAK_GLASS_TTL_MAX_S 3600u   // of a role that is for emergencies
#define VOUCH_POLICY_BREAK_GLASS_FACTOR_MAX_S 300u // how old its second factor may be
#define VOUCH_POLICY_TIME_MAX_S 253402300799u      // the end of the year 9999

// Stands among a role's logins for the person's own.
#define VOUCH_POLICY_OWN_LOGIN "$user"

// A list of texts, such as the members of a group. Borrowed.
struct vouch_policy_names {
    const struct vouch_bytes *items;
    const uint32_t *lines; // of each in its file; NULL: it comes from none
    size_t count;
};

struct vouch_policy_key_line {
    const char *key;
    size_t line;
};

// Where something stands, for messages. Zero: in no file.
struct vouch_policy_place {
    const char *file;
    size_t line;
    const struct vouch_policy_key_line *keys;
    size_t key_count;
};

// What a certificate of a zone names: roles, which the host maps to logins; or the logins themselves,
// for hosts that map nothing.
enum vouch_policy_principals { VOUCH_POLICY_BY_ROLE = 0, VOUCH_POLICY_BY_LOGIN };

struct vouch_policy_zone {
    struct vouch_bytes name;
    struct vouch_policy_names patterns; // of host names, as known_hosts and ssh_config write them
    enum vouch_policy_principals principals;
    uint64_t max_ttl_s; // 0: the roles say
    struct vouch_policy_place place;
};

enum vouch_policy_user_state { VOUCH_POLICY_USER_DISABLED = 0, VOUCH_POLICY_USER_ENABLED };

struct vouch_policy_user {
    struct vouch_bytes name;  // who it is, such as alice@example.com
    struct vouch_bytes login; // on hosts; empty: the name, if it can be a login, else none
    enum vouch_policy_user_state state;
    uint64_t until_s; // nothing is valid from then on; 0: no end
    struct vouch_policy_place place;
};

struct vouch_policy_group {
    struct vouch_bytes name;
    struct vouch_policy_names members; // names of users
    struct vouch_policy_place place;
};

enum vouch_policy_need { VOUCH_POLICY_OPTIONAL = 0, VOUCH_POLICY_REQUIRED };

// Whether a role is for emergencies: nobody approves, everybody hears of it, somebody reviews it.
enum vouch_policy_glass { VOUCH_POLICY_ORDINARY = 0, VOUCH_POLICY_BREAKS_GLASS };

struct vouch_policy_role {
    struct vouch_bytes name;
    struct vouch_bytes zone;
    struct vouch_policy_names members; // "user:NAME", "group:NAME"
    struct vouch_policy_names hosts;  // "all", "KEY=VALUE", "KEY=*", "name=HOST": see doc/policy.md
    struct vouch_policy_names logins; // names, or VOUCH_POLICY_OWN_LOGIN
    uint64_t max_ttl_s;
    struct vouch_policy_names extensions;
    struct vouch_policy_names key_types; // such as "ssh-ed25519"; none: any
    struct vouch_policy_names sources;   // networks; none: anywhere
    struct vouch_bytes force_command;    // empty: none
    enum vouch_policy_need verify;       // the key must be a security key that asks for its PIN
    enum vouch_policy_need reason;
    uint64_t second_factor_age_s; // how old it may be; 0: of any age, but there must be one
    struct vouch_policy_names by; // who approves: "user:NAME", "group:NAME"
    uint64_t approval_count;      // 0: nobody has to
    enum vouch_policy_glass break_glass;
    uint64_t from_s;  // from when it counts; 0: always
    uint64_t until_s; // when it ends; 0: never
    struct vouch_policy_place place;
};

struct vouch_policy_host {
    struct vouch_bytes name;
    struct vouch_bytes zone;
    struct vouch_policy_names labels; // "KEY=VALUE", each key once
    struct vouch_policy_place place;
};

// The whole of it, in any order. Borrowed.
struct vouch_policy_content {
    const struct vouch_policy_zone *zones;
    size_t zone_count;
    const struct vouch_policy_user *users;
    size_t user_count;
    const struct vouch_policy_group *groups;
    size_t group_count;
    const struct vouch_policy_role *roles;
    size_t role_count;
    const struct vouch_policy_host *hosts;
    size_t host_count;
};

struct vouch_policy; // checked and indexed; immutable, may be asked from many threads

// Checks all of the content (names, references, bounds, contradictions), copies it and makes it ready.
// The fault says "FILE:LINE: roles.NAME.KEY: what is wrong", without a line where no file is known. The
// caller frees *ret_policy with vouch_policy_free().
VOUCH_MUST_USE int vouch_policy_new(const struct vouch_policy_content *content,
                                    struct vouch_policy **ret_policy, struct vouch_fault *fault);

// Takes NULL.
void vouch_policy_free(struct vouch_policy *policy);

#define vouch_autopolicy __attribute__((cleanup(vouch_policy_free_at_end)))
static inline void vouch_policy_free_at_end(struct vouch_policy **policy) {
    vouch_policy_free(*policy);
}

// What it holds, each list sorted by name, without places. Borrowed from the policy.
const struct vouch_policy_content *vouch_policy_holds(const struct vouch_policy *policy);

// The user of that name; NULL if there is none.
const struct vouch_policy_user *vouch_policy_user_named(const struct vouch_policy *policy,
                                                        struct vouch_bytes name);

// The role of that name; NULL if there is none.
const struct vouch_policy_role *vouch_policy_role_named(const struct vouch_policy *policy,
                                                        struct vouch_bytes name);

// Nonzero if the user is enabled, and has not ended.
int vouch_policy_user_is_active(const struct vouch_policy_user *user, uint64_t now_s);

// Nonzero if there is such a user, who is enabled and has not ended. No policy (NULL): nobody is.
int vouch_policy_has_active(const struct vouch_policy *policy, struct vouch_bytes name,
                            uint64_t now_s);

// Nonzero if the group is there and the user is a member, active or not.
int vouch_policy_group_has(const struct vouch_policy *policy, struct vouch_bytes group,
                           struct vouch_bytes user);
