// SPDX-License-Identifier: ISC
// Adopting: a machine that waits, a host that was locked, and the wildcards that an enrolled host is to have.
//
// Where a name has a wildcard it takes two people (host-wish.h). The first of them changes nothing but the
// row's approvals; what the second does is what one does for other hosts.
#include <stdio.h>

#include "authority/fleet-change.h"
#include "authority/host-wish.h"
#include "authority/issue.h"
#include "base/str.h"
#include "core/host-wildcard.h"

#define COLLECT_S                                                                                  \
    (UINT64_C(7) * 86400) // how long an adopted host may take to come for its certificates

// --- what is adopted

static int is_open(const struct vouch_change *change, struct vouch_reply *reply) {
    const struct vouch_store_host *host = &change->host;
    const int has_wish =
        host->state == VOUCH_STORE_HOST_ACTIVE && vouch_host_open_until(host, change->now_s) > 0;
    if (!has_wish &&
        !vouch_change_is_in(change, VOUCH_CHANGE_IN_WAITING | VOUCH_CHANGE_IN_LOCKED,
                            "neither waits nor is locked, and no wildcard is asked for", reply)) {
        return 0;
    }
    if (host->state == VOUCH_STORE_HOST_WAITING && host->until_s <= change->now_s) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_stage, "name",
                        "the host %.*s has waited too long: it has to ask again",
                        VOUCH_REPLY_TEXT(host->name));
        return 0;
    }
    return 1;
}

static int is_meant(const struct vouch_change *change, struct vouch_reply *reply) {
    if (vouch_change_has_key(&change->host, change->ask->fingerprint)) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_fingerprint, "fingerprint",
                    "the host %.*s has no key with the fingerprint %.*s",
                    VOUCH_REPLY_TEXT(change->host.name),
                    VOUCH_REPLY_TEXT(change->ask->fingerprint));
    return 0;
}

// Zone and labels are whoever adopts it says; those of an enrolled host are changed with edit.
static int take_words(struct vouch_change *change, struct vouch_reply *reply) {
    const struct vouch_ask_fleet_change *ask = change->ask;
    struct vouch_store_host *host = &change->host;
    if (host->state == VOUCH_STORE_HOST_ACTIVE && ask->zone.len + ask->labels.count > 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "zone",
                        "zone and labels of a host that is enrolled are edited, not adopted");
        return 0;
    }
    host->zone = ask->zone.len > 0 ? ask->zone : host->zone;
    if (ask->labels.count > 0) {
        host->labels = ask->labels.items;
        host->label_count = ask->labels.count;
    }
    return vouch_change_labels_are_good(change, reply);
}

// Both lists, one behind the other.
static int join(struct vouch_local *authority, const struct vouch_bytes *first, size_t first_count,
                const struct vouch_bytes *then, size_t then_count, struct vouch_text_list *ret_list,
                struct vouch_fault *fault) {
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, (first_count + then_count + 1) * sizeof *items);
    if (items == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < first_count + then_count; i++) {
        items[i] = i < first_count ? first[i] : then[i - first_count];
    }
    *ret_list = (struct vouch_text_list){items, first_count + then_count};
    return VOUCH_OK;
}

static void set_aliases(struct vouch_store_host *host, const struct vouch_text_list *list) {
    host->aliases = list->items;
    host->alias_count = list->count;
}

// --- the end of it

static int say_by(struct vouch_local *authority, struct vouch_change *change,
                  struct vouch_fault *fault) {
    char by[300];
    struct vouch_buf text;
    struct vouch_store_host *host = &change->host;
    vouch_buf_init_fixed(&text, by, sizeof by);
    vouch_buf_put_text(&text, "adopted:");
    for (size_t i = 0; i + 1 < host->approver_count; i++) {
        struct vouch_bytes before = host->approvers[i];
        (void)vouch_str_take(&before, "user:");
        vouch_buf_put(&text, before);
        vouch_buf_put_text(&text, "+");
    }
    vouch_buf_put(&text, change->who.name);
    return vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), &host->by) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// The keys alone get the next secret from now on, for a while; no secret of before is good any more.
static void let_in(struct vouch_change *change) {
    struct vouch_store_host *host = &change->host;
    host->state = VOUCH_STORE_HOST_ACTIVE;
    host->token = 0;
    host->why = change->ask->reason;
    host->until_s = 0;
    host->created_s = change->now_s;
    host->may_collect_s = change->now_s + COLLECT_S;
    change->what = VOUCH_CHANGE_NAMES_AND_SECRETS;
}

// Who adopted it stays in the row; nothing is open any more.
static int finish(struct vouch_local *authority, struct vouch_change *change,
                  struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_host *host = &change->host;
    const struct vouch_bytes *approvers = host->approvers;
    const size_t count = host->approver_count;
    int err = say_by(authority, change, fault);
    vouch_host_wish_end(host);
    host->approvers = approvers;
    host->approver_count = count;
    host->needed = count;
    if (host->state == VOUCH_STORE_HOST_ACTIVE) {
        host->renew = 1;
    } else {
        let_in(change);
    }
    return err == VOUCH_OK
               ? vouch_change_keep(authority, change, VOUCH_EVENT_HOST_ADOPT, reply, fault)
               : err;
}

static int adopt_alone(struct vouch_local *authority, struct vouch_change *change,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_bytes *approver = vouch_arena_alloc(&authority->arena, sizeof *approver);
    if (approver == NULL) {
        return vouch_no_memory(fault);
    }
    if (change->ask->wildcards.count > 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_wish, "wildcards",
                        "wildcards: the host asks for none");
        return VOUCH_OK;
    }
    *approver = change->who.actor;
    change->host.approvers = approver;
    change->host.approver_count = 1;
    return finish(authority, change, reply, fault);
}

// The first approval leaves the names as they were.
static int adopt_together(struct vouch_local *authority, struct vouch_change *change,
                          const struct vouch_text_list *before, struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    const struct vouch_host_approval approval = {.who = &change->who,
                                                 .policy = change->policy,
                                                 .names = change->ask->wildcards,
                                                 .now_s = change->now_s};
    int is_enough = 0;
    int err = vouch_host_approve(authority, &approval, &change->host, &is_enough, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (is_enough) {
        return finish(authority, change, reply, fault);
    }
    set_aliases(&change->host, before);
    change->what = VOUCH_CHANGE_ROW;
    return vouch_change_keep(authority, change, VOUCH_EVENT_HOST_APPROVE, reply, fault);
}

static int keys_are_free(struct vouch_local *authority, const struct vouch_change *change,
                         struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_host_keys keys = {.count = change->host.key_count};
    memcpy(keys.rows, change->host.keys, keys.count * sizeof keys.rows[0]);
    return vouch_host_keys_free(authority, &keys, change->host.id, reply, fault);
}

// Whoever is first learns at once what the second would be refused for.
static int find_names(struct vouch_local *authority, struct vouch_change *change,
                      struct vouch_text_list *ret_before, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    struct vouch_store_host *host = &change->host;
    struct vouch_text_list after = {0};
    const size_t wished = host->state == VOUCH_STORE_HOST_ACTIVE ? host->wished_count : 0;
    int err = join(authority, host->aliases, host->alias_count, NULL, 0, ret_before, fault);
    if (err == VOUCH_OK) {
        err =
            join(authority, host->aliases, host->alias_count, host->wished, wished, &after, fault);
    }
    if (err == VOUCH_OK) {
        set_aliases(host, &after);
        err = vouch_change_name(authority, change, VOUCH_HOST_WILDCARDS_WANTED, reply, fault);
    }
    return err;
}

int vouch_fleet_adopt(struct vouch_local *authority, struct vouch_change *change,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_store_host *host = &change->host;
    struct vouch_text_list before = {0};
    if (!is_open(change, reply) || !is_meant(change, reply) || !take_words(change, reply)) {
        return VOUCH_OK;
    }
    int err = keys_are_free(authority, change, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = find_names(authority, change, &before, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    return vouch_host_has_wildcard(host->aliases, host->alias_count)
               ? adopt_together(authority, change, &before, reply, fault)
               : adopt_alone(authority, change, reply, fault);
}

// --- asking for wildcards, and taking them away

static int wish_is_good(const struct vouch_change *change, struct vouch_reply *reply) {
    const struct vouch_text_list *wished = &change->ask->wildcards;
    const struct vouch_store_host *host = &change->host;
    for (size_t i = 0; i < wished->count; i++) {
        const struct vouch_bytes name = wished->items[i];
        const char *why = NULL;
        if (!vouch_host_is_wildcard(name)) {
            why = "is not * and a dot before a domain of two labels or more";
        } else if (vouch_host_has_name(wished->items, i, name) ||
                   vouch_host_has_name(host->aliases, host->alias_count, name)) {
            why = "is one that the host has, or is named twice";
        }
        if (why != NULL) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_wildcard, "wildcards",
                            "wildcards: %.*s %s", VOUCH_REPLY_TEXT(name), why);
            return 0;
        }
    }
    return 1;
}

// What is in the list but not among those that go.
static int without(struct vouch_local *authority, const struct vouch_bytes *items, size_t count,
                   const struct vouch_text_list *gone, struct vouch_text_list *ret_list,
                   struct vouch_fault *fault) {
    size_t left = 0;
    struct vouch_bytes *kept = vouch_arena_alloc(&authority->arena, (count + 1) * sizeof *kept);
    if (kept == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        if (!vouch_host_has_name(gone->items, gone->count, items[i])) {
            kept[left++] = items[i];
        }
    }
    *ret_list = (struct vouch_text_list){kept, left};
    return VOUCH_OK;
}

static int knows_them(const struct vouch_change *change, struct vouch_reply *reply) {
    const struct vouch_text_list *gone = &change->ask->without_wildcards;
    const struct vouch_store_host *host = &change->host;
    for (size_t i = 0; i < gone->count; i++) {
        const struct vouch_bytes name = gone->items[i];
        if (!vouch_host_is_wildcard(name) ||
            (!vouch_host_has_name(host->aliases, host->alias_count, name) &&
             !vouch_host_has_name(host->wished, host->wished_count, name))) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_wildcard,
                            "without_wildcards",
                            "without_wildcards: %.*s is no wildcard that the host has or asks for",
                            VOUCH_REPLY_TEXT(name));
            return 0;
        }
    }
    return 1;
}

// Whoever takes away one that is asked for ends what people approved.
static int take_away(struct vouch_local *authority, struct vouch_change *change,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_text_list *gone = &change->ask->without_wildcards;
    struct vouch_store_host *host = &change->host;
    struct vouch_text_list aliases, wished;
    if (gone->count == 0 || !knows_them(change, reply)) {
        return VOUCH_OK;
    }
    int err = without(authority, host->aliases, host->alias_count, gone, &aliases, fault);
    if (err == VOUCH_OK) {
        err = without(authority, host->wished, host->wished_count, gone, &wished, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_bytes asker = host->asker;
    const uint64_t until_s = host->wish_until_s;
    vouch_host_wish_end(host);
    if (wished.count > 0) {
        host->wished = wished.items;
        host->wished_count = wished.count;
        host->asker = asker;
        host->wish_until_s = until_s;
    }
    set_aliases(host, &aliases);
    host->renew = 1;
    return vouch_change_name(authority, change, VOUCH_HOST_WILDCARDS_LEFT_OUT, reply, fault);
}

// Judged with the names that it has, of which none is changed by asking.
static int ask_for(struct vouch_local *authority, struct vouch_change *change,
                   struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_text_list *wished = &change->ask->wildcards;
    struct vouch_change judged = *change;
    struct vouch_store_host *host = &change->host;
    struct vouch_text_list after;
    if (!vouch_change_is_in(change, VOUCH_CHANGE_IN_ACTIVE, "is not active", reply) ||
        !wish_is_good(change, reply)) {
        return VOUCH_OK;
    }
    int err = join(authority, host->aliases, host->alias_count, wished->items, wished->count,
                   &after, fault);
    if (err == VOUCH_OK) {
        set_aliases(&judged.host, &after);
        err = vouch_change_name(authority, &judged, VOUCH_HOST_WILDCARDS_WANTED, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    vouch_host_wish_end(host);
    host->wished = wished->items;
    host->wished_count = wished->count;
    host->wish_until_s = change->now_s + VOUCH_HOST_WISH_S;
    host->asker = change->who.actor;
    host->needed = VOUCH_HOST_APPROVALS;
    return VOUCH_OK;
}

int vouch_fleet_wish(struct vouch_local *authority, struct vouch_change *change,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_ask_fleet_change *ask = change->ask;
    if (ask->wildcards.count + ask->without_wildcards.count == 0) {
        return VOUCH_OK;
    }
    if (!vouch_change_is_in(change, VOUCH_CHANGE_IN_ACTIVE | VOUCH_CHANGE_IN_LOCKED,
                            "is not enrolled: its names are what it asks for", reply)) {
        return VOUCH_OK;
    }
    int err = take_away(authority, change, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && ask->wildcards.count > 0
               ? ask_for(authority, change, reply, fault)
               : err;
}
