// SPDX-License-Identifier: ISC
// Keeping versions of the policy.
#include "store/policies.h"

#include "store/handle.h"

#define CURSOR 'p'

static const char *judge(const struct vouch_store_policy *policy) {
    if (policy->version == 0 || policy->version > INT64_MAX || policy->number > INT64_MAX ||
        policy->time_s > INT64_MAX) {
        return "a policy's version, record and time must be below 2^63, and its version not 0";
    }
    if (policy->actor.len > VOUCH_STORE_TEXT_MAX || policy->text.len > VOUCH_STORE_POLICY_MAX) {
        return "a policy's text or actor is too long";
    }
    return NULL;
}

int vouch_store_policy_add(struct vouch_store *store, const struct vouch_store_policy *policy,
                           enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const char *reason = judge(policy);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)policy->version),
        vouch_value_integer((int64_t)policy->time_s),
        vouch_value_bytes(policy->actor),
        vouch_value_bytes((struct vouch_bytes){policy->hash, sizeof policy->hash}),
        vouch_value_integer((int64_t)policy->number),
        vouch_value_bytes(policy->text),
    };
    uint64_t changed = 0;
    int err =
        vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_POLICY_ADD, args, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

// `statement` gives the text or does not.
static int read_policy(const struct vouch_store *store, enum vouch_statement statement,
                       const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_store_policy *ret_policy = ret_row;
    struct vouch_row row;
    struct vouch_store_policy found = {0};
    struct vouch_bytes text = {0};
    vouch_row_init(&row, statement, values);
    found.version = vouch_row_u64(&row);
    found.time_s = vouch_row_u64(&row);
    struct vouch_bytes actor = vouch_row_bytes(&row);
    vouch_row_hash(&row, found.hash);
    found.number = vouch_row_u64(&row);
    if (statement != VOUCH_SQL_POLICIES_ALL) {
        text = vouch_row_bytes(&row);
    }
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "policies: a row", fault);
    }
    if (vouch_arena_copy(arena, actor, &found.actor) != VOUCH_OK ||
        vouch_arena_copy(arena, text, &found.text) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_policy = found;
    return VOUCH_OK;
}

int vouch_store_policy_find(struct vouch_store *store, uint64_t version, struct vouch_arena *arena,
                            enum vouch_store_outcome *ret_outcome,
                            struct vouch_store_policy *ret_policy, struct vouch_fault *fault) {
    const struct vouch_value arg = // there is no version 0
        vouch_value_integer(version > INT64_MAX ? 0 : (int64_t)version);
    const struct vouch_one what = {
        version == 0 ? VOUCH_SQL_POLICY_NEWEST : VOUCH_SQL_POLICY_BY_VERSION, &arg, read_policy};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_policy, fault);
}

int vouch_store_policy_at(struct vouch_store *store, uint64_t at_s, struct vouch_arena *arena,
                          enum vouch_store_outcome *ret_outcome,
                          struct vouch_store_policy *ret_policy, struct vouch_fault *fault) {
    const struct vouch_value arg =
        vouch_value_integer(at_s > INT64_MAX ? INT64_MAX : (int64_t)at_s);
    const struct vouch_one what = {VOUCH_SQL_POLICY_AT, &arg, read_policy};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_policy, fault);
}

int vouch_store_policies_list(struct vouch_store *store, const struct vouch_store_page *page,
                              struct vouch_store_policies *ret_policies,
                              struct vouch_fault *fault) {
    struct vouch_numbered_page list;
    struct vouch_value args[2];
    const struct vouch_numbered what = {.statement = VOUCH_SQL_POLICIES_ALL,
                                        .args = args,
                                        .start = INT64_MAX,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_policy),
                                        .at = offsetof(struct vouch_store_policy, version),
                                        .read = read_policy};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_policies = (struct vouch_store_policies){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_policies->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_policies_done(struct vouch_store_policies *policies) {
    if (policies != NULL) {
        vouch_arena_done(&policies->arena);
        *policies = (struct vouch_store_policies){0};
    }
}
