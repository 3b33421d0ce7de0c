// SPDX-License-Identifier: ISC
// Profiles: put, shown, listed, removed.
#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/row.h"
#include "base/time.h"

#define LIST_MAX 100 // rows of a page: each may be tens of kilobytes
#define DETAILS_MAX 49152

static void put_list(struct vouch_buf *details, const char *name,
                     const struct vouch_text_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        vouch_record_detail_put(details, name, list->items[i]);
    }
}

static int note(struct vouch_local *authority, const struct vouch_who *who, const char *type,
                const struct vouch_profile_row *profile, struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_signer_noted noted;
    char ttl[24];
    vouch_buf_init(&details, DETAILS_MAX);
    (void)snprintf(ttl, sizeof ttl, "%" PRIu64, profile->ttl_max_s);
    if (profile->ttl_max_s > 0) {
        vouch_record_detail_put(&details, "type",
                                vouch_bytes_of(profile->type == VOUCH_CERT_HOST ? "host" : "user"));
        put_list(&details, "principal", &profile->principals);
        put_list(&details, "option", &profile->options);
        vouch_record_detail_put(&details, "ttl-max", vouch_bytes_of(ttl));
    }
    const struct vouch_signer_event event = {.actor = who->actor,
                                             .type = vouch_bytes_of(type),
                                             .object = profile->name,
                                             .details = vouch_buf_bytes(&details)};
    int err = details.err != VOUCH_OK ? vouch_no_memory(fault)
                                      : vouch_seat_note(authority, &event, &noted, fault);
    vouch_buf_done(&details);
    return err;
}

static struct vouch_store_profile store_row(const struct vouch_profile_row *row) {
    return (struct vouch_store_profile){.name = row->name,
                                        .type = row->type,
                                        .principals = row->principals.items,
                                        .principal_count = row->principals.count,
                                        .options = row->options.items,
                                        .option_count = row->options.count,
                                        .max_ttl_s = row->ttl_max_s,
                                        .updated_s = row->updated_s,
                                        .actor = row->actor};
}

static void absent(struct vouch_reply *reply, struct vouch_bytes name) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "name",
                    "there is no profile %.*s", VOUCH_REPLY_TEXT(name));
}

static int find(struct vouch_local *authority, struct vouch_bytes name,
                struct vouch_answer_profile *ret_answer, struct vouch_fault *fault) {
    struct vouch_store_profile profile;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = VOUCH_OK;
    if (vouch_name_is(name)) {
        struct vouch_store *store = vouch_pool_take(&authority->office->slow);
        err = vouch_store_profile_find(store, name, &authority->arena, &outcome, &profile, fault);
        vouch_pool_give(&authority->office->slow, store);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        ret_answer->row = vouch_profile_row_of(&profile);
    } else if (err == VOUCH_OK) {
        absent(&ret_answer->reply, name);
    }
    return err;
}

int vouch_local_profile_put(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_profile_row *ask,
                            struct vouch_answer_profile *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    vouch_profile_judge(ask, reply);
    if (reply->verdict != VOUCH_VERDICT_DONE) {
        return VOUCH_OK;
    }
    struct vouch_profile_row row = *ask;
    row.updated_s = vouch_time_now_s();
    row.actor = who.actor;
    const struct vouch_store_profile profile = store_row(&row);
    err = note(authority, &who, "profile.put", &row, fault);
    if (err == VOUCH_OK) {
        pthread_mutex_lock(&authority->office->desk_lock);
        err = vouch_store_profile_put(authority->office->desk, &profile, fault);
        pthread_mutex_unlock(&authority->office->desk_lock);
    }
    return err == VOUCH_OK ? find(authority, row.name, ret_answer, fault) : err;
}

int vouch_local_profile_show(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_name *ask,
                             struct vouch_answer_profile *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    return find(authority, ask->name, ret_answer, fault);
}

// One row more than is given says that there is another page; its cursor is the last name given.
static int put_profiles(struct vouch_local *authority, struct vouch_store_profiles *page,
                        size_t limit, struct vouch_answer_profiles *answer,
                        struct vouch_fault *fault) {
    size_t count = page->count > limit ? limit : page->count;
    vouch_arena_done(&authority->arena);
    authority->arena = page->arena;
    page->arena = (struct vouch_arena){0};
    struct vouch_profile_row *rows =
        vouch_arena_alloc(&authority->arena, (count + 1) * sizeof *rows);
    if (rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = vouch_profile_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = count;
    answer->next = page->count > limit ? rows[count - 1].name : (struct vouch_bytes){0};
    return VOUCH_OK;
}

int vouch_local_profiles(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_page *ask, struct vouch_answer_profiles *ret_answer,
                         struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_profiles found = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    size_t limit = ask->limit == 0 || ask->limit > LIST_MAX ? LIST_MAX : (size_t)ask->limit;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->cursor.len > 0 && !vouch_name_is(ask->cursor)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "cursor",
                        "the cursor is not one of this listing");
        return VOUCH_OK;
    }
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_profiles_list(store, ask->cursor, limit + 1, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK) {
        err = put_profiles(authority, &found, limit, ret_answer, fault);
    }
    vouch_store_profiles_done(&found);
    return err;
}

static int remove_it(struct vouch_local *authority, struct vouch_bytes name,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&authority->office->desk_lock);
    int err = vouch_store_profile_remove(authority->office->desk, name, &outcome, fault);
    pthread_mutex_unlock(&authority->office->desk_lock);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_IN_USE) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_taken, "name",
                        "a token has the profile %.*s", VOUCH_REPLY_TEXT(name));
    } else if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        absent(reply, name);
    }
    return err;
}

int vouch_local_profile_remove(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_name *ask,
                               struct vouch_answer_profile *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    err = find(authority, ask->name, ret_answer, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = remove_it(authority, ask->name, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        const struct vouch_profile_row removed = {.name = ret_answer->row.name};
        err = note(authority, &who, "profile.remove", &removed, fault);
    }
    return err;
}
