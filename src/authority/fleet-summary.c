// SPDX-License-Identifier: ISC
// The whole inventory in one small answer: hosts counted by zone or label and by how they are, and those that
// need somebody, with the reason. Each host is looked at once; texts are read of the few that are told.
#include "authority/access.h"
#include "authority/fleet-groups.h"
#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/time.h"
#include "store/conditions.h"

#define ENDS_SOON_S (5u * 86400) // so long before a certificate ends, it should have been renewed
#define PROBLEMS_TOLD 2u         // of a host
#define PROBLEM_TOLD_MAX 160u    // bytes of one

struct counting {
    struct vouch_local *authority;
    const struct vouch_ask_fleet_summary *ask;
    struct vouch_fleet_look look;
    struct vouch_arena *arena; // of what is counted
    struct vouch_fleet_items items;
    struct vouch_fleet_keys keys;
};

// --- counting

static struct vouch_bytes group_of(const struct vouch_ask_fleet_summary *ask,
                                   const struct vouch_fleet_place *place) {
    if (ask->label.len == 0) {
        return place->zone;
    }
    for (size_t i = 0; i < place->label_count; i++) {
        const struct vouch_bytes label = place->labels[i];
        const struct vouch_bytes key = vouch_host_label_key(label);
        if (vouch_bytes_equal(key, ask->label) && label.len > key.len) {
            return (struct vouch_bytes){label.ptr + key.len + 1, label.len - key.len - 1};
        }
    }
    return (struct vouch_bytes){0};
}

static int add(struct counting *counting, const struct vouch_store_host_brief *brief) {
    const struct vouch_store_host host = {.id = brief->id,
                                          .state = (enum vouch_store_host_state)brief->state,
                                          .name = brief->name,
                                          .zone = brief->zone,
                                          .labels = brief->labels,
                                          .label_count = brief->label_count,
                                          .told = brief->told};
    const struct vouch_fleet_look *look = &counting->look;
    if (!vouch_fleet_fits(look, &host)) {
        return VOUCH_OK;
    }
    const struct vouch_fleet_place place = vouch_fleet_place_of(look->content, &host);
    const int is_ending = host.state == VOUCH_STORE_HOST_ACTIVE && brief->end_s != 0 &&
                          brief->end_s < look->how.now_s + ENDS_SOON_S;
    const struct vouch_fleet_item item = {
        .id = host.id,
        .host = host.name,
        .group = group_of(counting->ask, &place),
        .condition = (enum vouch_host_condition)vouch_store_condition_of((int)host.state,
                                                                         &host.told, &look->how),
        .end_s = is_ending ? brief->end_s : 0};
    int err = vouch_fleet_items_add(counting->arena, &counting->items, &item);
    for (size_t i = 0; err == VOUCH_OK && i < place.label_count; i++) {
        err = vouch_fleet_keys_add(counting->arena, &counting->keys,
                                   vouch_host_label_key(place.labels[i]));
    }
    return err;
}

static int count_all(struct vouch_store *store, struct counting *counting,
                     struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena spare = {0};
    struct vouch_store_host_brief brief;
    int is_found = 1;
    int err = vouch_store_briefs_begin(store, fault);
    while (err == VOUCH_OK && is_found) {
        vouch_arena_clear(&spare);
        err = vouch_store_briefs_next(store, &spare, &is_found, &brief, fault);
        if (err == VOUCH_OK && is_found && add(counting, &brief) != VOUCH_OK) {
            err = vouch_no_memory(fault);
        }
    }
    vouch_store_briefs_end(store);
    return err;
}

// --- those that need somebody

// As much as is told of a text, whole characters of it.
static struct vouch_bytes beginning(struct vouch_bytes text) {
    size_t len = text.len;
    if (len > PROBLEM_TOLD_MAX) {
        len = PROBLEM_TOLD_MAX;
        while (len > 0 && (text.ptr[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return (struct vouch_bytes){text.ptr, len};
}

static int put_need(struct counting *counting, const struct vouch_fleet_item *item,
                    const struct vouch_fleet_row *row, struct vouch_fleet_need *need) {
    size_t count = row->problems.count < PROBLEMS_TOLD ? row->problems.count : PROBLEMS_TOLD;
    struct vouch_bytes *problems =
        vouch_arena_alloc(&counting->authority->arena, (count + 1) * sizeof *problems);
    if (problems == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        problems[i] = beginning(row->problems.items[i]);
    }
    *need = (struct vouch_fleet_need){.host = row->name,
                                      .zone = row->zone,
                                      .condition = item->condition,
                                      .end_s = item->end_s,
                                      .why = beginning(row->why),
                                      .problems = {problems, count}};
    return VOUCH_OK;
}

// One that is gone since it was counted is left out.
static int tell(struct vouch_store *store, struct counting *counting,
                const struct vouch_fleet_item *item, struct vouch_answer_fleet_summary *answer,
                struct vouch_fault *fault) {
    struct vouch_arena *arena = &counting->authority->arena;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_host host = {0};
    struct vouch_fleet_row row;
    int err = vouch_store_host_by_id(store, item->id, arena, &outcome, &host, fault);
    if (err != VOUCH_OK || outcome != VOUCH_STORE_DONE) {
        return err;
    }
    err =
        vouch_fleet_row_of(counting->authority, store, counting->look.content, &host, &row, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return put_need(counting, item, &row, &answer->needs[answer->need_count++]) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int tell_needs(struct vouch_store *store, struct counting *counting,
                      struct vouch_answer_fleet_summary *answer, struct vouch_fault *fault) {
    answer->needing = vouch_fleet_needing(&counting->items);
    answer->needs = vouch_arena_alloc(&counting->authority->arena,
                                      VOUCH_FLEET_NEEDS_MAX * sizeof *answer->needs);
    if (answer->needs == NULL) {
        return vouch_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < answer->needing && i < VOUCH_FLEET_NEEDS_MAX; i++) {
        err = tell(store, counting, &counting->items.items[i], answer, fault);
    }
    return err;
}

static int put_groups(struct counting *counting, struct vouch_answer_fleet_summary *answer,
                      struct vouch_fault *fault) {
    struct vouch_arena *arena = &counting->authority->arena;
    return vouch_fleet_groups_put(arena, &counting->items, answer) == VOUCH_OK &&
                   vouch_fleet_keys_put(arena, &counting->keys, answer) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

int vouch_local_fleet_summary(struct vouch_local *authority, const struct vouch_caller *caller,
                              const struct vouch_ask_fleet_summary *ask,
                              struct vouch_answer_fleet_summary *ret_answer,
                              struct vouch_fault *fault) {
    static const struct vouch_policy_content nothing;
    struct vouch_who who;
    uint64_t version = 0;
    int err = vouch_identify_reader(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    ret_answer->now_s = vouch_time_now_s();
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    const struct vouch_policy *document = vouch_policy_document(authority, policy);
    struct counting counting = {.authority = authority,
                                .ask = ask,
                                .look = {&ask->what,
                                         document != NULL ? vouch_policy_holds(document) : &nothing,
                                         vouch_fleet_how(authority->office, ret_answer->now_s)},
                                .arena = &authority->arena};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = count_all(store, &counting, fault);
    err = err == VOUCH_OK ? tell_needs(store, &counting, ret_answer, fault) : err;
    vouch_pool_give(&authority->office->slow, store);
    vouch_policy_release(authority, policy);
    return err == VOUCH_OK ? put_groups(&counting, ret_answer, fault) : err;
}
