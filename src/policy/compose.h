// SPDX-License-Identifier: ISC
// The second half of a decision, for the files of this module: what the certificate will hold.
#pragma once

#include "policy/decide.h"
#include "policy/prepared.h"

// A question while it is judged.
struct vouch_policy_judging {
    const struct vouch_policy *policy;
    const struct vouch_policy_ask *ask;
    struct vouch_arena *arena;
    int err;     // memory
    int refused; // nonzero once there was a reason, even if there was no room to keep it
    struct vouch_policy_reason *reasons;
    size_t reason_count;
    size_t reason_cap;
    uint32_t user; // or NOWHERE
    uint32_t zone; // or NOWHERE
    struct vouch_policy_ids asserted;
    uint32_t roles[VOUCH_POLICY_ASK_ROLES_MAX]; // that exist, are of the zone, each once
    size_t role_count;
    struct vouch_policy_awaited *awaited;
    size_t awaited_count;
};

// Adds a reason; the second with a limit.
void vouch_policy_add_reason(struct vouch_policy_judging *judging,
                             enum vouch_policy_reason_code code, struct vouch_bytes role,
                             struct vouch_bytes object);
void vouch_policy_add_limit(struct vouch_policy_judging *judging,
                            enum vouch_policy_reason_code code, struct vouch_bytes role,
                            struct vouch_bytes object, uint64_t limit);

// Nonzero for the types of keys that live in a FIDO authenticator.
int vouch_policy_is_security_key(enum vouch_key_type type);

// Why a person's own login cannot be used in a zone; NONE if it can.
enum vouch_policy_reason_code vouch_policy_own_login_fault(const struct vouch_policy *policy,
                                                           uint32_t user, uint32_t zone);

// The principal that stands for a role ("role:NAME"), or for one person in it ("role:NAME:LOGIN"; an
// empty login: for the role). Of the arena; empty when memory is short.
struct vouch_bytes vouch_policy_role_principal(struct vouch_arena *arena, struct vouch_bytes role,
                                               struct vouch_bytes login);

// Judges time, principals and options, and composes them. What it makes counts only if nothing was
// refused.
void vouch_policy_compose(struct vouch_policy_judging *judging,
                          struct vouch_policy_grant *ret_grant);

// The critical options of the same.
void vouch_policy_compose_critical(struct vouch_policy_judging *judging,
                                   struct vouch_policy_grant *grant);

// Memory of the arena; NULL when there is none, which then is the outcome of the judging.
void *vouch_policy_take(struct vouch_policy_judging *judging, size_t len);

// One of the roles that are judged.
const struct vouch_policy_role *vouch_policy_rule_of(const struct vouch_policy_judging *judging,
                                                     size_t at);
