// SPDX-License-Identifier: ISC
// What administrators do to a host: look, edit, adopt, refuse, lock, rename, retire.
//
// Each verb is one function in the table at the end. What widens is recorded before it holds, what narrows
// is done before it is recorded.
#include <stdio.h>

#include "authority/access.h"
#include "authority/fleet-change.h"
#include "authority/host-wish.h"
#include "authority/issue.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"

#define REASON_MAX 1000

// --- finding it

static void absent(struct vouch_reply *reply, struct vouch_bytes name) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "name",
                    "there is no host %.*s", VOUCH_REPLY_TEXT(name));
}

// The one that has the name; else the newest that waits, else the newest that was retired.
static int find(struct vouch_local *authority, struct vouch_change *change,
                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    static const enum vouch_store_host_state then[] = {VOUCH_STORE_HOST_WAITING,
                                                       VOUCH_STORE_HOST_RETIRED};
    struct vouch_store *store = vouch_lease(authority);
    int err = vouch_store_host_by_name(store, change->ask->name, &authority->arena, ret_outcome,
                                       &change->host, fault);
    for (size_t i = 0; err == VOUCH_OK && *ret_outcome != VOUCH_STORE_DONE && i < 2; i++) {
        err = vouch_store_host_in_state(store, change->ask->name, then[i], NULL, &authority->arena,
                                        ret_outcome, &change->host, fault);
    }
    return err;
}

static int is_named(const struct vouch_store_host *host, const void *name) {
    return vouch_bytes_equal(host->name, *(const struct vouch_bytes *)name);
}

int vouch_change_has_key(const struct vouch_store_host *host, struct vouch_bytes wanted) {
    for (size_t i = 0; i < host->key_count; i++) {
        uint8_t room[VOUCH_FINGERPRINT_MAX];
        struct vouch_buf text;
        vouch_buf_init_fixed(&text, room, sizeof room);
        vouch_buf_put_text(&text, "SHA256:");
        vouch_str_base64((struct vouch_bytes){host->keys[i].hash, sizeof host->keys[i].hash}, 0,
                         &text);
        if (vouch_bytes_equal(vouch_buf_bytes(&text), wanted)) {
            return 1;
        }
    }
    return 0;
}

// Several machines may wait under one name: the fingerprint says which. Those of a page are enough, since
// only so many of one address can wait.
static int find_by_fingerprint(struct vouch_local *authority, struct vouch_change *change,
                               struct vouch_fault *fault) {
    const struct vouch_store_host_filter filter = {
        .state = VOUCH_STORE_HOST_WAITING, .fits = is_named, .context = &change->ask->name};
    const struct vouch_store_page page = {.limit = VOUCH_STORE_PAGE_MAX};
    struct vouch_store_hosts found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t id = 0;
    struct vouch_store *store = vouch_lease(authority);
    int err = vouch_store_hosts_list(store, &filter, &page, &found, fault);
    for (size_t i = 0; err == VOUCH_OK && id == 0 && i < found.count; i++) {
        id = vouch_change_has_key(&found.rows[i], change->ask->fingerprint) ? found.rows[i].id : 0;
    }
    vouch_store_hosts_done(&found);
    if (err == VOUCH_OK && id != 0) {
        err = vouch_store_host_by_id(store, id, &authority->arena, &outcome, &change->host, fault);
    }
    return err;
}

static int find_all(struct vouch_local *authority, struct vouch_change *change,
                    struct vouch_reply *reply, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = find(authority, change, &outcome, fault);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        absent(reply, change->ask->name);
        vouch_lease_end(authority);
        return VOUCH_OK;
    }
    if (err == VOUCH_OK && change->ask->verb == VOUCH_FLEET_ADOPT &&
        change->host.state == VOUCH_STORE_HOST_WAITING) {
        err = find_by_fingerprint(authority, change, fault);
    }
    if (err == VOUCH_OK) {
        err =
            vouch_store_host_keys(vouch_lease(authority), &authority->arena, &change->host, fault);
    }
    vouch_lease_end(authority);
    return err;
}

// --- writing it

int vouch_change_is_in(const struct vouch_change *change, unsigned states, const char *needs,
                       struct vouch_reply *reply) {
    if ((states & 1u << change->host.state) != 0) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_stage, "name",
                    "the host %.*s %s", VOUCH_REPLY_TEXT(change->host.name), needs);
    return 0;
}

static int write_row(struct vouch_store *desk, const struct vouch_change *change,
                     enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    size_t taken = 0;
    int err = vouch_store_host_put(desk, &change->host, ret_outcome, fault);
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE && change->what != VOUCH_CHANGE_ROW) {
        err = vouch_store_host_names(desk, change->host.id, change->names.items,
                                     change->names.count, ret_outcome, &taken, fault);
    }
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE &&
        change->what == VOUCH_CHANGE_NAMES_AND_SECRETS) {
        err = vouch_store_host_secrets_end(desk, change->host.id, fault);
    }
    return err;
}

static int keep(struct vouch_local *authority, const struct vouch_change *change,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = write_row(office->desk, change, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_at_work, NULL,
                        "something else about this host is at work: ask again");
    }
    return err;
}

static int note(struct vouch_local *authority, const struct vouch_change *change, const char *type,
                struct vouch_fault *fault) {
    const struct vouch_host_event event = {.type = type,
                                           .actor = change->who.actor,
                                           .host = &change->host,
                                           .caller = change->caller,
                                           .reason = change->ask->reason};
    return vouch_host_note(authority, &event, fault);
}

int vouch_change_keep(struct vouch_local *authority, const struct vouch_change *change,
                      const char *type, struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = note(authority, change, type, fault);
    return err == VOUCH_OK ? keep(authority, change, reply, fault) : err;
}

int vouch_change_name(struct vouch_local *authority, struct vouch_change *change,
                      enum vouch_host_wildcards wildcards, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    const struct vouch_host_naming naming = {
        .id = change->host.id,
        .name = change->host.name,
        .aliases = {change->host.aliases, change->host.alias_count},
        .zone = vouch_host_zone_named(change->content, change->host.zone),
        .content = change->content,
        .wildcards = wildcards};
    if (naming.zone == NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_zone, "zone",
                        change->host.zone.len > 0 ? "zone: the policy has no zone %.*s"
                                                  : "zone must be given: the name fits no zone, or "
                                                    "several%.*s",
                        VOUCH_REPLY_TEXT(change->host.zone));
        return VOUCH_OK;
    }
    change->what = change->what == VOUCH_CHANGE_ROW ? VOUCH_CHANGE_NAMES : change->what;
    return vouch_host_names(authority, &naming, &change->names, reply, fault);
}

// --- the verbs

int vouch_change_labels_are_good(const struct vouch_change *change, struct vouch_reply *reply) {
    struct vouch_bytes wrong = {0};
    const char *why =
        vouch_host_labels_fault(change->host.labels, change->host.label_count, &wrong);
    if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "labels",
                        "labels: %.*s %s", VOUCH_REPLY_TEXT(wrong), why);
    }
    return why == NULL;
}

static int names_key(const struct vouch_text_list *list, struct vouch_bytes label) {
    const struct vouch_bytes key = vouch_host_label_key(label);
    for (size_t i = 0; i < list->count; i++) {
        if (vouch_bytes_equal(vouch_host_label_key(list->items[i]), key)) {
            return 1;
        }
    }
    return 0;
}

static int set_labels(struct vouch_local *authority, struct vouch_change *change,
                      struct vouch_fault *fault) {
    const struct vouch_ask_fleet_change *ask = change->ask;
    struct vouch_store_host *host = &change->host;
    size_t count = 0;
    struct vouch_bytes *labels = vouch_arena_alloc(
        &authority->arena, (host->label_count + ask->labels.count + 1) * sizeof *labels);
    if (labels == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < host->label_count; i++) {
        if (!names_key(&ask->labels, host->labels[i]) &&
            !names_key(&ask->without, host->labels[i])) {
            labels[count++] = host->labels[i];
        }
    }
    for (size_t i = 0; i < ask->labels.count; i++) {
        labels[count++] = ask->labels.items[i];
    }
    host->labels = labels;
    host->label_count = count;
    return VOUCH_OK;
}

// What was approved was another thing.
static void void_approvals(struct vouch_store_host *host) {
    if (host->approved.len > 0) {
        vouch_host_approvals_end(host);
    }
}

static int edit(struct vouch_local *authority, struct vouch_change *change,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_host *host = &change->host;
    if (!vouch_change_is_in(
            change, VOUCH_CHANGE_IN_WAITING | VOUCH_CHANGE_IN_ACTIVE | VOUCH_CHANGE_IN_LOCKED,
            "was retired: enrol it again", reply)) {
        return VOUCH_OK;
    }
    const struct vouch_ask_fleet_change *ask = change->ask;
    if (ask->zone.len + ask->labels.count + ask->without.count > 0 &&
        vouch_host_named(change->content, host->name) != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_stage, "name",
                        "the policy names %.*s, and its zone and labels hold: edit them there",
                        VOUCH_REPLY_TEXT(host->name));
        return VOUCH_OK;
    }
    void_approvals(host);
    int err = set_labels(authority, change, fault);
    if (err != VOUCH_OK || !vouch_change_labels_are_good(change, reply)) {
        return err;
    }
    if (change->ask->zone.len > 0 && !vouch_bytes_equal(change->ask->zone, host->zone)) {
        host->zone = change->ask->zone;
        host->renew = host->state != VOUCH_STORE_HOST_WAITING;
        err = vouch_change_name(authority, change, VOUCH_HOST_WILDCARDS_LEFT_OUT, reply, fault);
        change->what = host->state == VOUCH_STORE_HOST_WAITING ? VOUCH_CHANGE_ROW : change->what;
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_fleet_wish(authority, change, reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_change_keep(authority, change, VOUCH_EVENT_HOST_EDIT, reply, fault)
               : err;
}

// Of a host that is enrolled only the wish goes.
static int refuse_wish(struct vouch_local *authority, struct vouch_change *change,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    vouch_host_wish_end(&change->host);
    int err = keep(authority, change, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? note(authority, change, VOUCH_EVENT_HOST_REFUSE, fault)
               : err;
}

static int refuse(struct vouch_local *authority, struct vouch_change *change,
                  struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    if (change->host.state == VOUCH_STORE_HOST_ACTIVE && change->host.wished_count > 0) {
        return refuse_wish(authority, change, reply, fault);
    }
    if (!vouch_change_is_in(change, VOUCH_CHANGE_IN_WAITING, "does not wait to be adopted",
                            reply)) {
        return VOUCH_OK;
    }
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_forget(office->desk, change->host.id, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        absent(reply, change->ask->name);
        return VOUCH_OK;
    }
    return err == VOUCH_OK ? note(authority, change, VOUCH_EVENT_HOST_REFUSE, fault) : err;
}

static int lock(struct vouch_local *authority, struct vouch_change *change,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    if (!vouch_change_is_in(change, VOUCH_CHANGE_IN_ACTIVE, "is not active", reply)) {
        return VOUCH_OK;
    }
    vouch_host_wish_end(&change->host);
    change->host.state = VOUCH_STORE_HOST_LOCKED;
    change->host.why = change->ask->reason;
    change->host.may_collect_s = 0;
    int err = keep(authority, change, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? note(authority, change, VOUCH_EVENT_HOST_LOCK, fault)
               : err;
}

static int rename_host(struct vouch_local *authority, struct vouch_change *change,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    if (!vouch_change_is_in(change, VOUCH_CHANGE_IN_ACTIVE, "is not active", reply)) {
        return VOUCH_OK;
    }
    void_approvals(&change->host);
    change->host.former = change->host.name;
    change->host.name = change->ask->fresh_name;
    change->host.renew = 1;
    int err = vouch_change_name(authority, change, VOUCH_HOST_WILDCARDS_LEFT_OUT, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_change_keep(authority, change, VOUCH_EVENT_HOST_RENAME, reply, fault)
               : err;
}

typedef int verb_fn(struct vouch_local *authority, struct vouch_change *change,
                    struct vouch_reply *reply, struct vouch_fault *fault);

static verb_fn *const verbs[] = {[VOUCH_FLEET_EDIT] = edit,
                                 [VOUCH_FLEET_ADOPT] = vouch_fleet_adopt,
                                 [VOUCH_FLEET_REFUSE] = refuse,
                                 [VOUCH_FLEET_LOCK] = lock,
                                 [VOUCH_FLEET_RENAME] = rename_host};

// --- top to bottom

// Retiring takes its locks itself: it revokes, which waits for the index.
static int retire(struct vouch_local *authority, struct vouch_change *change,
                  struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_host_end end = {change->caller, change->who.actor, change->ask->reason};
    uint64_t revoked = 0;
    int err = find_all(authority, change, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_change_is_in(
            change, VOUCH_CHANGE_IN_ACTIVE | VOUCH_CHANGE_IN_LOCKED | VOUCH_CHANGE_IN_RETIRED,
            "waits to be adopted: refuse it", reply)) {
        return err;
    }
    err = vouch_host_retire(authority, &end, &change->host, &revoked, reply, fault);
    change->host.state = VOUCH_STORE_HOST_RETIRED;
    change->host.why = change->ask->reason;
    return err;
}

static int do_verb(struct vouch_local *authority, struct vouch_change *change,
                   struct vouch_reply *reply, struct vouch_fault *fault) {
    const enum vouch_fleet_verb verb = change->ask->verb;
    if (verb == VOUCH_FLEET_RETIRE) {
        return retire(authority, change, reply, fault);
    }
    pthread_mutex_lock(&authority->office->fleet_lock);
    int err = find_all(authority, change, reply, fault);
    int goes_on =
        err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && verb != VOUCH_FLEET_LOOK;
    if (goes_on) {
        err = verbs[verb](authority, change, reply, fault);
    }
    pthread_mutex_unlock(&authority->office->fleet_lock);
    return goes_on && err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_fleet_changed(authority, fault)
               : err;
}

static int copy_texts(struct vouch_arena *arena, struct vouch_fleet_row *row) {
    struct vouch_bytes *texts[] = {&row->name, &row->zone, &row->why};
    struct vouch_text_list *lists[] = {&row->labels, &row->aliases, &row->wished};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(arena, *texts[i], texts[i]);
    }
    for (size_t i = 0; err == VOUCH_OK && i < sizeof lists / sizeof lists[0]; i++) {
        const struct vouch_text_list list = *lists[i];
        err = vouch_texts_keep(arena, list.items, list.count, list.count, lists[i]);
    }
    return err;
}

// The answer outlives the ask.
static int answer(struct vouch_local *authority, const struct vouch_change *change,
                  struct vouch_fleet_row *ret_row, struct vouch_fault *fault) {
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_fleet_row_of(authority, store, change->content, &change->host, ret_row, fault);
    vouch_pool_give(&authority->office->slow, store);
    return err == VOUCH_OK && copy_texts(&authority->arena, ret_row) != VOUCH_OK
               ? vouch_no_memory(fault)
               : err;
}

static int reason_is_good(const struct vouch_ask_fleet_change *ask, struct vouch_reply *reply) {
    size_t at = 0;
    while (at < ask->reason.len && ask->reason.ptr[at] >= 0x20 && ask->reason.ptr[at] != 0x7f) {
        at++;
    }
    if (at == ask->reason.len && at <= REASON_MAX) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "reason",
                    "reason must be one line of at most 1000 bytes");
    return 0;
}

static int identify(struct vouch_local *authority, struct vouch_change *change,
                    struct vouch_reply *reply, struct vouch_fault *fault) {
    if (change->ask->verb == VOUCH_FLEET_LOOK) {
        return vouch_identify_reader(authority, change->caller, &change->who, reply, fault);
    }
    int err =
        vouch_identify(authority, change->caller, VOUCH_MAY_ADMIN, &change->who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE &&
        vouch_fresh_factor(&change->who, change->now_s, reply)) {
        (void)reason_is_good(change->ask, reply);
    }
    return err;
}

int vouch_local_fleet_change(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_fleet_change *ask,
                             struct vouch_answer_fleet_row *ret_answer, struct vouch_fault *fault) {
    static const struct vouch_policy_content nothing;
    struct vouch_change change = {.caller = caller, .ask = ask, .now_s = vouch_time_now_s()};
    struct vouch_reply *reply = &ret_answer->reply;
    uint64_t version = 0;
    int err = identify(authority, &change, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    const struct vouch_policy *document = vouch_policy_document(authority, policy);
    change.policy = policy;
    change.content = document != NULL ? vouch_policy_holds(document) : &nothing;
    err = do_verb(authority, &change, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = answer(authority, &change, &ret_answer->row, fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}
