// SPDX-License-Identifier: ISC
// All reviews: listed, looked at, and done by an administrator who had no part in it.
#include <inttypes.h>
#include <stdio.h>

#include "authority/bounds.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/review.h"
#include "authority/row.h"
#include "base/time.h"
#include "policy/rule.h"

#define DETAILS_MAX 8192

static struct vouch_review_row row_of(const struct vouch_store_review *review) {
    struct vouch_review_row row = {
        .id = review->id,
        .state = (enum vouch_review_state)review->state,
        .kind = (enum vouch_review_kind)review->kind,
        .is_drill = review->why == VOUCH_STORE_REVIEW_DRILL,
        .user = review->user,
        .holder = review->holder,
        .role = review->role,
        .zone = review->zone,
        .reason = review->reason,
        .source = review->source,
        .opened_s = review->opened_s,
        .serial = review->serial,
        .ends_s = review->ends_s,
        .uses = review->uses,
        .used_s = review->used_s,
        .done_by = review->done_by,
        .note = review->note,
        .done_s = review->done_s,
    };
    memcpy(row.key, review->key, sizeof row.key);
    return row;
}

// --- listing

static int list(struct vouch_local *authority, const struct vouch_ask_reviews *ask,
                struct vouch_store_reviews *found, struct vouch_store_reviews_sum *sum,
                struct vouch_fault *fault) {
    const struct vouch_store_review_filter filter = {
        .state = (enum vouch_store_review_state)ask->state,
        .kind = (enum vouch_store_review_kind)ask->kind};
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_reviews_list(store, &filter, &page, found, fault);
    err = err == VOUCH_OK ? vouch_store_reviews_sum(store, sum, fault) : err;
    vouch_pool_give(&authority->office->slow, store);
    return err;
}

static int put_rows(struct vouch_local *authority, struct vouch_store_reviews *page,
                    struct vouch_answer_reviews *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_review_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                         &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return VOUCH_OK;
}

int vouch_local_reviews(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_reviews *ask,
                        struct vouch_answer_reviews *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_reviews found = {0};
    struct vouch_store_reviews_sum sum = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = list(authority, ask, &found, &sum, fault);
    if (err != VOUCH_OK) {
        vouch_store_reviews_done(&found);
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    ret_answer->open = sum.open;
    ret_answer->drill_s = sum.drill_s;
    err = put_rows(authority, &found, ret_answer, fault);
    vouch_store_reviews_done(&found);
    return err;
}

// --- deciding

static int find(struct vouch_local *authority, uint64_t id, struct vouch_store_review *ret_review,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_review_find(store, id, &authority->arena, &outcome, ret_review, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                        "there is no review with this number");
    }
    return err;
}

// Whoever stands beside the server is nobody in particular, so not somebody else either.
static int may_finish(const struct vouch_who *who, const struct vouch_store_review *review,
                      struct vouch_reply *reply) {
    const char *why = NULL;
    if (who->user.len == 0) {
        why = "reviews are done by administrators who sign in";
    } else if (vouch_bytes_equal(who->user, review->user) ||
               vouch_bytes_equal(who->user, review->holder)) {
        why = "another administrator does it: it was you who had this certificate";
    }
    if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_review_own, "id", "%s", why);
    } else if (review->state != VOUCH_STORE_REVIEW_OPEN) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_review_state, "id",
                        "review %" PRIu64 " is not open", review->id);
    }
    return reply->verdict == VOUCH_VERDICT_DONE;
}

static int is_note_good(struct vouch_bytes note, struct vouch_reply *reply) {
    const char *why = note.len > 0 ? vouch_policy_reason_fault(note) : "is missing";
    if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "note", "note %s", why);
    }
    return why == NULL;
}

static int note_done(struct vouch_local *authority, const struct vouch_who *who,
                     const struct vouch_store_review *review, struct vouch_fault *fault) {
    struct vouch_buf details;
    char number[24];
    vouch_buf_init(&details, DETAILS_MAX);
    (void)snprintf(number, sizeof number, "%" PRIu64, review->id);
    vouch_record_detail_put(&details, "review", vouch_bytes_of(number));
    (void)snprintf(number, sizeof number, "%" PRIu64, review->serial);
    vouch_record_detail_put(&details, "serial", vouch_bytes_of(number));
    (void)snprintf(number, sizeof number, "%" PRIu64, review->uses);
    vouch_record_detail_put(&details, "logins", vouch_bytes_of(number));
    vouch_record_detail_put(&details, "user", review->user);
    vouch_record_detail_put(&details, "role", review->role);
    vouch_record_detail_put(&details, "note", review->note);
    return vouch_people_note(authority, who->actor, VOUCH_EVENT_GLASS_REVIEW, review->holder,
                             &details, fault);
}

// Recorded first. If a login came in between, the review is another one than was looked at.
static int finish(struct vouch_local *authority, const struct vouch_who *who,
                  const struct vouch_ask_review_decide *ask, struct vouch_store_review *review,
                  struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    review->state = VOUCH_STORE_REVIEW_DONE;
    review->done_by = who->user;
    review->done_s = vouch_time_now_s();
    if (vouch_arena_copy(&authority->arena, ask->note, &review->note) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    int err = note_done(authority, who, review, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    pthread_mutex_lock(&office->desk_lock);
    err = vouch_store_review_change(office->desk, review, &outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_review_state, "id",
                        "review %" PRIu64 " was changed at the same time", review->id);
    }
    return err;
}

static int decide(struct vouch_local *authority, const struct vouch_caller *caller,
                  const struct vouch_who *who, const struct vouch_ask_review_decide *ask,
                  struct vouch_answer_review *answer, struct vouch_fault *fault) {
    struct vouch_store_review review = {0};
    struct vouch_reply *reply = &answer->reply;
    int err = find(authority, ask->id, &review, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE &&
        ask->verb == VOUCH_REVIEW_FINISH && may_finish(who, &review, reply) &&
        is_note_good(ask->note, reply)) {
        err = finish(authority, who, ask, &review, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED) {
        err = vouch_refusal_note(authority, caller, who, review.holder, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        answer->row = row_of(&review);
    }
    return err;
}

int vouch_local_review_decide(struct vouch_local *authority, const struct vouch_caller *caller,
                              const struct vouch_ask_review_decide *ask,
                              struct vouch_answer_review *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = ask->verb == VOUCH_REVIEW_FINISH
                  ? vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault)
                  : vouch_identify_reader(authority, caller, &who, reply, fault);
    return err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE
               ? err
               : decide(authority, caller, &who, ask, ret_answer, fault);
}
