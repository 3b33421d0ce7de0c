// SPDX-License-Identifier: ISC
// The policy: shown, compared with another, applied, and its history.
//
// Applying is one straight line: read, compare, record in the ledger, keep, let it hold, wait for those
// who still decide by the one before, and only then let accounts, sessions and certificates follow. What
// somebody lost is gone when the answer comes.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/explain.h"
#include "policy/load.h"
#include "store/policies.h"

#define ROWS_MAX 200     // of changes and of edits in an answer
#define NAMES_MAX 64     // users and hosts that a change names
#define NOTED_CHANGES 50 // that the ledger's record names
#define DETAILS_MAX 16384

// --- reading

// The policy of a text. What is wrong with it is a reply; DONE if nothing is.
static int read_text(const struct vouch_ask_policy_apply *ask, struct vouch_policy **ret_policy,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_fault why = {0};
    char name[256] = "policy";
    if (ask->name.len > 0 && ask->name.len < sizeof name) {
        memcpy(name, ask->name.ptr, ask->name.len);
        name[ask->name.len] = '\0';
    }
    int err = vouch_policy_draft_new(&draft, &why);
    if (err == VOUCH_OK) {
        err = vouch_policy_draft_read(draft, name, ask->text, &why);
    }
    if (err == VOUCH_OK) {
        err = vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, &why);
    }
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_no_memory(fault);
    }
    if (err != VOUCH_OK) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "policy", "%s", why.text);
    }
    return VOUCH_OK;
}

// --- from one to the other

struct change {
    const struct vouch_who *who;
    const struct vouch_policy *before; // an empty one if none holds
    const struct vouch_policy *held;   // NULL: none
    struct vouch_policy *empty;        // NULL unless `before` is it
    struct vouch_policy *after;
    int is_other;                       // nonzero: the document says something else
    const struct vouch_policy *content; // `after`, as long as anything of it is needed
    struct vouch_policy *reach;         // `after` with the enrolled hosts; NULL: adds none
    uint64_t version;                   // of the one that holds
    uint64_t now_s;
    struct vouch_policy_diff diff;
    struct vouch_buf text; // of the one to come, canonical
    struct vouch_arena arena;
};

static void end_change(struct vouch_local *authority, struct change *change) {
    vouch_policy_release(authority, change->held);
    vouch_policy_free(change->empty);
    vouch_policy_free(change->after);
    vouch_policy_free(change->reach);
    vouch_buf_done(&change->text);
    vouch_arena_done(&change->arena);
}

static int hold_before(struct vouch_local *authority, struct change *change,
                       struct vouch_fault *fault) {
    static const struct vouch_policy_content nothing;
    int err = vouch_policy_remake(authority, VOUCH_POLICY_HURRIED, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    change->held = vouch_policy_hold(authority, &change->version);
    change->before = vouch_policy_document(authority, change->held);
    if (change->held != NULL) {
        return VOUCH_OK;
    }
    err = vouch_policy_new(&nothing, &change->empty, fault);
    change->before = change->empty;
    return err;
}

// Edits are of the documents; who gains or loses what is told of all hosts, enrolled ones too.
static int compare(struct vouch_local *authority, struct change *change,
                   struct vouch_fault *fault) {
    const struct vouch_policy_view documents = {change->before, change->now_s, &change->arena};
    const struct vouch_policy_view all = {change->held != NULL ? change->held : change->before,
                                          change->now_s, &change->arena};
    struct vouch_policy_diff reach = {0};
    change->content = change->after;
    int err = vouch_policy_with_fleet(authority, change->after, &change->reach, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_policy *after = change->reach != NULL ? change->reach : change->after;
    vouch_buf_init(&change->text, VOUCH_POLICY_TEXT_MAX);
    vouch_policy_write(change->after, &change->text);
    if (change->text.err != VOUCH_OK ||
        vouch_policy_compare(&documents, change->after, &change->diff) != VOUCH_OK ||
        vouch_policy_compare(&all, after, &reach) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    change->is_other = change->diff.change_count > 0 || change->diff.edit_count > 0;
    change->diff.changes = reach.changes;
    change->diff.change_count = reach.change_count;
    return VOUCH_OK;
}

static const char *edit_word(enum vouch_policy_edit_kind kind) {
    switch (kind) {
    case VOUCH_POLICY_ADDED:
        return "added";
    case VOUCH_POLICY_REMOVED:
        return "removed";
    case VOUCH_POLICY_CHANGED:
        break;
    }
    return "changed";
}

// --- the answer: copied, since both policies may be gone before it is read

static int put_change(struct vouch_arena *arena, const struct vouch_policy_change *change,
                      struct vouch_access_change *row) {
    *row = (struct vouch_access_change){
        .before = vouch_bytes_of(vouch_policy_how_word(change->before)),
        .after = vouch_bytes_of(vouch_policy_how_word(change->after)),
        .user_count = change->users.count,
        .host_count = change->hosts.count};
    int err = vouch_arena_copy(arena, change->login, &row->login);
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, change->users.items, change->users.count, NAMES_MAX,
                               &row->users);
    }
    return err == VOUCH_OK ? vouch_texts_keep(arena, change->hosts.items, change->hosts.count,
                                              NAMES_MAX, &row->hosts)
                           : err;
}

static int put_changes(struct vouch_arena *arena, const struct vouch_policy_diff *diff,
                       struct vouch_answer_policy_apply *answer) {
    size_t count = diff->change_count > ROWS_MAX ? ROWS_MAX : diff->change_count;
    struct vouch_access_change *rows = vouch_arena_alloc(arena, (count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = put_change(arena, &diff->changes[i], &rows[i]);
    }
    answer->changes = rows;
    answer->change_count = count;
    answer->changes_in_all = diff->change_count;
    return err;
}

static int put_edits(struct vouch_arena *arena, const struct vouch_policy_diff *diff,
                     struct vouch_answer_policy_apply *answer) {
    size_t count = diff->edit_count > ROWS_MAX ? ROWS_MAX : diff->edit_count;
    struct vouch_policy_edit_row *rows = vouch_arena_alloc(arena, (count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        const struct vouch_policy_edit *edit = &diff->edits[i];
        rows[i] = (struct vouch_policy_edit_row){.what = vouch_bytes_of(edit_word(edit->kind)),
                                                 .list = vouch_bytes_of(edit->list),
                                                 .key = vouch_bytes_of(edit->key)};
        err = vouch_arena_copy(arena, edit->name, &rows[i].name);
    }
    answer->edits = rows;
    answer->edit_count = count;
    answer->edits_in_all = diff->edit_count;
    return err;
}

int vouch_policy_put_diff(struct vouch_arena *arena, const struct vouch_policy_diff *diff,
                          struct vouch_answer_policy_apply *answer) {
    int err = put_changes(arena, diff, answer);
    return err == VOUCH_OK ? put_edits(arena, diff, answer) : err;
}

static int answer_change(struct vouch_local *authority, const struct change *change,
                         struct vouch_answer_policy_apply *ret_answer, struct vouch_fault *fault) {
    ret_answer->version = change->version;
    if (vouch_policy_put_diff(&authority->arena, &change->diff, ret_answer) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    vouch_reply_done(&ret_answer->reply);
    return VOUCH_OK;
}

// --- whether it may be applied

static int has_admin(const struct vouch_policy *policy, uint64_t now_s) {
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    for (size_t i = 0; i < content->user_count; i++) {
        if (vouch_policy_user_is_active(&content->users[i], now_s) &&
            vouch_policy_group_has(policy, vouch_bytes_of(VOUCH_GROUP_ADMINS),
                                   content->users[i].name)) {
            return 1;
        }
    }
    return 0;
}

static void judge(const struct change *change, uint64_t expect, struct vouch_reply *reply) {
    if (expect != change->version) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_policy_version, "If-Match",
                        "version %" PRIu64 " holds, and the change was made from version %" PRIu64,
                        change->version, expect);
    } else if (!change->who->is_local && has_admin(change->before, change->now_s) &&
               !has_admin(change->after, change->now_s)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_lock_out, "policy",
                        "groups.%s: no active user would be left in it", VOUCH_GROUP_ADMINS);
    }
}

// --- applying

static void put_count(struct vouch_buf *details, const char *name, size_t count) {
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", count);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

// "root on 3 hosts for 2 users (alice ...): none -> standing"
static void put_noted(struct vouch_buf *details, const struct vouch_policy_change *change) {
    char text[512];
    struct vouch_bytes user =
        change->users.count > 0 ? change->users.items[0] : (struct vouch_bytes){0};
    struct vouch_bytes host =
        change->hosts.count > 0 ? change->hosts.items[0] : (struct vouch_bytes){0};
    (void)snprintf(text, sizeof text, "%.*s: %s -> %s for %zu users (%.*s) on %zu hosts (%.*s)",
                   VOUCH_REPLY_TEXT(change->login), vouch_policy_how_word(change->before),
                   vouch_policy_how_word(change->after), change->users.count,
                   VOUCH_REPLY_TEXT(user), change->hosts.count, VOUCH_REPLY_TEXT(host));
    vouch_record_detail_put(details, "change", vouch_bytes_of(text));
}

static void put_details(const struct change *change, struct vouch_bytes hash,
                        struct vouch_buf *details) {
    const struct vouch_policy_content *content = vouch_policy_holds(change->content);
    struct vouch_buf hex;
    vouch_buf_init(&hex, (size_t)2 * VOUCH_STORE_HASH_LEN);
    vouch_str_hex(hash, &hex);
    vouch_record_detail_put(details, "sha256", vouch_buf_bytes(&hex));
    put_count(details, "zones", content->zone_count);
    put_count(details, "users", content->user_count);
    put_count(details, "groups", content->group_count);
    put_count(details, "roles", content->role_count);
    put_count(details, "hosts", content->host_count);
    put_count(details, "changes", change->diff.change_count);
    put_count(details, "edits", change->diff.edit_count);
    for (size_t i = 0; i < change->diff.change_count && i < NOTED_CHANGES; i++) {
        put_noted(details, &change->diff.changes[i]);
    }
    details->err = details->err == VOUCH_OK ? hex.err : details->err;
    vouch_buf_done(&hex);
}

static int note(struct vouch_local *authority, const struct change *change, struct vouch_bytes hash,
                struct vouch_signer_noted *ret_noted, struct vouch_fault *fault) {
    char version[24];
    struct vouch_buf details;
    (void)snprintf(version, sizeof version, "%" PRIu64, change->version + 1);
    vouch_buf_init(&details, DETAILS_MAX);
    put_details(change, hash, &details);
    const struct vouch_signer_event event = {.actor = change->who->actor,
                                             .type = vouch_bytes_of(VOUCH_EVENT_POLICY_APPLY),
                                             .object = vouch_bytes_of(version),
                                             .details = vouch_buf_bytes(&details)};
    int err = details.err != VOUCH_OK ? vouch_no_memory(fault)
                                      : vouch_seat_note(authority, &event, ret_noted, fault);
    vouch_buf_done(&details);
    return err;
}

static int keep(struct vouch_local *authority, const struct change *change,
                const struct vouch_store_policy *policy, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_policy_add(office->desk, policy, &outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad,
                              "database: version %" PRIu64 " of the policy does not follow",
                              change->version + 1);
    }
    return err;
}

static int note_and_keep(struct vouch_local *authority, const struct change *change,
                         struct vouch_fault *fault) {
    struct vouch_signer_noted noted = {0};
    struct vouch_store_policy policy = {.version = change->version + 1,
                                        .actor = change->who->actor,
                                        .text = vouch_buf_bytes(&change->text)};
    int err = vouch_hash_of(authority, policy.text, policy.hash, fault);
    if (err == VOUCH_OK) {
        err = note(authority, change, (struct vouch_bytes){policy.hash, sizeof policy.hash}, &noted,
                   fault);
    }
    policy.number = noted.number;
    policy.time_s = noted.time_ms / 1000;
    return err == VOUCH_OK ? keep(authority, change, &policy, fault) : err;
}

// Recorded, kept, and the one that holds. What is kept holds in any case: nothing can fail in between.
static int put_in_force(struct vouch_local *authority, struct change *change,
                        struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_policy_held *held = NULL;
    pthread_mutex_lock(&office->policies.making);
    int err = vouch_policy_held_new(authority, change->after, change->version + 1, &held, fault);
    if (err == VOUCH_OK) {
        change->after = NULL; // the place's now
        err = note_and_keep(authority, change, fault);
    }
    if (err == VOUCH_OK) {
        atomic_store(&office->follow_is_due, 1);
        vouch_policy_shelve(office, held);
        change->version++;
    } else {
        vouch_policy_held_free(authority, held);
    }
    pthread_mutex_unlock(&office->policies.making);
    return err;
}

// Lets all that depends on the policy follow the one that holds now; `before` NULL: all of it.
static int follow(struct vouch_local *authority, const struct vouch_policy *before,
                  struct vouch_bytes actor, struct vouch_fault *fault) {
    uint64_t version = 0;
    const struct vouch_policy *now = vouch_policy_hold(authority, &version);
    atomic_store(&authority->office->follow_is_due, 1);
    int err =
        now == NULL ? VOUCH_OK : vouch_policy_settle(authority->office, version, before, fault);
    if (err == VOUCH_OK && now != NULL) {
        err = vouch_accounts_follow(authority, before, now, actor, fault);
    }
    if (err == VOUCH_OK && now != NULL) {
        err = vouch_requests_follow(authority, now, actor, fault);
    }
    vouch_policy_release(authority, now);
    if (err == VOUCH_OK) {
        atomic_store(&authority->office->follow_is_due, 0);
    }
    return err;
}

int vouch_policy_follow_up(struct vouch_local *authority, struct vouch_fault *fault) {
    return follow(authority, NULL, vouch_bytes_of("vouchd"), fault);
}

static int apply(struct vouch_local *authority, const struct vouch_ask_policy_apply *ask,
                 struct change *change, struct vouch_answer_policy_apply *ret_answer,
                 struct vouch_fault *fault) {
    int err = hold_before(authority, change, fault);
    if (err == VOUCH_OK) {
        judge(change, ask->expect, &ret_answer->reply);
    }
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = compare(authority, change, fault);
    if (err == VOUCH_OK) {
        err = answer_change(authority, change, ret_answer, fault);
    }
    int is_other = change->is_other;
    // What was cut short is made up for first: a user who was removed and comes back is another.
    if (err == VOUCH_OK && is_other && atomic_load(&authority->office->follow_is_due)) {
        err = follow(authority, NULL, change->who->actor, fault);
    }
    if (err == VOUCH_OK && is_other) {
        err = put_in_force(authority, change, fault);
    }
    if (err == VOUCH_OK) { // the same again: all of it
        err = follow(authority, is_other ? change->held : NULL, change->who->actor, fault);
    }
    ret_answer->version = change->version;
    return err;
}

static int show_change(struct vouch_local *authority, struct change *change,
                       struct vouch_answer_policy_apply *ret_answer, struct vouch_fault *fault) {
    int err = hold_before(authority, change, fault);
    if (err == VOUCH_OK) {
        err = compare(authority, change, fault);
    }
    return err == VOUCH_OK ? answer_change(authority, change, ret_answer, fault) : err;
}

static int identify(struct vouch_local *authority, const struct vouch_caller *caller,
                    enum vouch_policy_apply what, struct vouch_who *who, struct vouch_reply *reply,
                    struct vouch_fault *fault) {
    if (what == VOUCH_POLICY_COMPARE) {
        return vouch_identify_reader(authority, caller, who, reply, fault);
    }
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        (void)vouch_fresh_factor(who, vouch_time_now_s(), reply);
    }
    return err;
}

// One at a time. Whoever had to wait for that may be no administrator any more.
static int apply_alone(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_policy_apply *ask, struct change *change,
                       struct vouch_answer_policy_apply *ret_answer, struct vouch_fault *fault) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    struct vouch_who who;
    vouch_standing_end(authority);
    pthread_mutex_lock(&shelf->applying);
    int err = identify(authority, caller, ask->what, &who, &ret_answer->reply, fault);
    vouch_standing_end(authority); // until the lock is given back no other policy can hold
    if (err == VOUCH_OK && ret_answer->reply.verdict == VOUCH_VERDICT_DONE) {
        change->who = &who;
        err = apply(authority, ask, change, ret_answer, fault);
    }
    pthread_mutex_unlock(&shelf->applying);
    return err;
}

int vouch_local_policy_apply(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_policy_apply *ask,
                             struct vouch_answer_policy_apply *ret_answer,
                             struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    struct change change = {.now_s = vouch_time_now_s()};
    int err = identify(authority, caller, ask->what, &who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = read_text(ask, &change.after, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = ask->what == VOUCH_POLICY_COMPARE
              ? show_change(authority, &change, ret_answer, fault)
              : apply_alone(authority, caller, ask, &change, ret_answer, fault);
    end_change(authority, &change);
    return err;
}

// --- what was applied

int vouch_local_policy_show(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_policy_show *ask,
                            struct vouch_answer_policy *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_policy found = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_policy_find(store, ask->version, &authority->arena, &outcome, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE && ask->version > 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "version",
                        "there is no version %" PRIu64 " of the policy", ask->version);
    } else if (err == VOUCH_OK) {
        ret_answer->version = found.version; // 0 where none was ever applied
        ret_answer->time_s = found.time_s;
        ret_answer->actor = found.actor;
        ret_answer->text = found.text;
    }
    return err;
}

int vouch_local_policies(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_policies *ask,
                         struct vouch_answer_policies *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_policies found = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_policies_list(store, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    struct vouch_policy_version_row *rows =
        vouch_arena_alloc(&found.arena, (found.count + 1) * sizeof *rows);
    if (rows == NULL ||
        vouch_arena_copy(&found.arena, vouch_bytes_of(found.next), &ret_answer->next) != VOUCH_OK) {
        vouch_store_policies_done(&found);
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < found.count; i++) {
        rows[i] = (struct vouch_policy_version_row){.version = found.rows[i].version,
                                                    .time_s = found.rows[i].time_s,
                                                    .number = found.rows[i].number,
                                                    .actor = found.rows[i].actor};
        memcpy(rows[i].hash, found.rows[i].hash, sizeof rows[i].hash);
    }
    ret_answer->rows = rows;
    ret_answer->count = found.count;
    vouch_arena_adopt(authority, &found.arena);
    return VOUCH_OK;
}
