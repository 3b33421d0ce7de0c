// SPDX-License-Identifier: ISC
// All requests: listed for those whom they concern, and made to follow the policy.
#include "authority/access.h"
#include "authority/bounds.h"
#include "authority/issue.h"
#include "authority/row.h"
#include "base/time.h"

#define FOLLOW_PAGE 200

// --- listing

// Whether a request belongs into a listing.
static int is_listed(const struct vouch_ask_requests *ask, const struct vouch_who *who,
                     const struct vouch_policy *policy, const struct vouch_store_request *request,
                     uint64_t now_s) {
    enum vouch_request_state state = vouch_request_state_of(request, now_s);
    if (ask->which == VOUCH_REQUESTS_TO_DECIDE) {
        const struct vouch_text_list approvers = {request->approvers.items,
                                                  request->approvers.count};
        return state == VOUCH_REQUEST_WAITING &&
               vouch_request_concerns(policy, request, who->user) &&
               !vouch_texts_have(&approvers, approvers.count, who->user);
    }
    return ask->state == VOUCH_REQUEST_NONE || ask->state == state;
}

static int judge_which(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_requests *ask, const struct vouch_who *who,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    if (ask->which == VOUCH_REQUESTS_ALL && !vouch_who_is_reader(who)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "which",
                        "all requests are for administrators and auditors to see");
        return vouch_refusal_note(authority, caller, who, (struct vouch_bytes){0}, reply, fault);
    }
    if (ask->which != VOUCH_REQUESTS_ALL && who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "which",
                        "which must be all for a caller that is no user");
    }
    return VOUCH_OK;
}

static struct vouch_store_request_filter filter_of(const struct vouch_ask_requests *ask,
                                                   const struct vouch_who *who) {
    struct vouch_store_request_filter filter = {.state =
                                                    (enum vouch_store_request_state)ask->state};
    if (ask->which == VOUCH_REQUESTS_MINE) {
        filter.user = who->user;
    } else if (ask->which == VOUCH_REQUESTS_TO_DECIDE) {
        filter.state = VOUCH_STORE_REQUEST_WAITING;
    }
    // What has come to its time may not be marked as expired yet.
    filter.state = ask->state == VOUCH_REQUEST_EXPIRED ? VOUCH_STORE_REQUEST_NONE : filter.state;
    return filter;
}

static int put_rows(struct vouch_local *authority, const struct vouch_ask_requests *ask,
                    const struct vouch_who *who, struct vouch_store_requests *page,
                    struct vouch_answer_requests *answer, struct vouch_fault *fault) {
    uint64_t now_s = vouch_time_now_s();
    uint64_t version = 0;
    struct vouch_request_row *rows =
        vouch_arena_alloc(&page->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL ||
        vouch_arena_copy(&page->arena, vouch_bytes_of(page->next), &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    for (size_t i = 0; i < page->count; i++) {
        if (is_listed(ask, who, policy, &page->rows[i], now_s)) {
            rows[answer->count++] = vouch_request_row_of(&page->rows[i], now_s);
        }
    }
    vouch_policy_release(authority, policy);
    answer->rows = rows;
    vouch_arena_adopt(authority, &page->arena);
    return VOUCH_OK;
}

int vouch_local_requests(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_requests *ask,
                         struct vouch_answer_requests *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = judge_which(authority, caller, ask, &who, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_request_filter filter = filter_of(ask, &who);
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_requests found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_requests_list(store, &filter, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_rows(authority, ask, &who, &found, ret_answer, fault);
    vouch_store_requests_done(&found);
    return err;
}

// --- following the policy

static int is_orphan(const struct vouch_policy *policy, const struct vouch_store_request *request) {
    int is_one = vouch_policy_user_named(policy, request->user) == NULL;
    for (size_t i = 0; i < request->approvers.count && !is_one; i++) {
        is_one = vouch_policy_user_named(policy, request->approvers.items[i]) == NULL;
    }
    return is_one;
}

static int cancel_orphan(struct vouch_local *authority, struct vouch_store_request *request,
                         struct vouch_bytes actor, struct vouch_fault *fault) {
    struct vouch_reply reply = {0}; // whoever changed it at the same time changed it for good
    request->state = VOUCH_STORE_REQUEST_CANCELLED;
    request->decided_by = actor;
    request->comment = vouch_bytes_of("who asked or approved is no longer in the policy");
    int err = vouch_request_note(authority, actor, VOUCH_EVENT_REQUEST_CANCEL, request, fault);
    return err == VOUCH_OK ? vouch_request_change(authority, request, &reply, fault) : err;
}

static int follow_state(struct vouch_local *authority, const struct vouch_policy *policy,
                        enum vouch_store_request_state state, struct vouch_bytes actor,
                        struct vouch_fault *fault) {
    const struct vouch_store_request_filter filter = {.state = state};
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    int err = VOUCH_OK;
    do {
        const struct vouch_store_page page = {.limit = FOLLOW_PAGE,
                                              .cursor = vouch_bytes_of(cursor)};
        struct vouch_store_requests list = {0};
        struct vouch_store *store = vouch_pool_take(&authority->office->slow);
        err = vouch_store_requests_list(store, &filter, &page, &list, fault);
        vouch_pool_give(&authority->office->slow, store);
        for (size_t i = 0; err == VOUCH_OK && i < list.count; i++) {
            if (is_orphan(policy, &list.rows[i])) {
                err = cancel_orphan(authority, &list.rows[i], actor, fault);
            }
        }
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_requests_done(&list);
    } while (err == VOUCH_OK && cursor[0] != '\0');
    return err;
}

int vouch_requests_follow(struct vouch_local *authority, const struct vouch_policy *policy,
                          struct vouch_bytes actor, struct vouch_fault *fault) {
    pthread_mutex_lock(&authority->office->requests_lock);
    int err = follow_state(authority, policy, VOUCH_STORE_REQUEST_WAITING, actor, fault);
    if (err == VOUCH_OK) {
        err = follow_state(authority, policy, VOUCH_STORE_REQUEST_APPROVED, actor, fault);
    }
    pthread_mutex_unlock(&authority->office->requests_lock);
    return err;
}
