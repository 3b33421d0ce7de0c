// SPDX-License-Identifier: ISC
// Keeping reviews of what was had in emergencies.
#include "store/reviews.h"

#include "store/handle.h"

#define CURSOR 'v'

static const char *judge(const struct vouch_store_review *review) {
    const struct vouch_bytes texts[] = {review->user, review->holder, review->role,
                                        review->zone, review->reason, review->source,
                                        review->note, review->done_by};
    const uint64_t numbers[] = {review->id,     review->revision, review->opened_s, review->ends_s,
                                review->used_s, review->uses,     review->done_s};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].len > VOUCH_STORE_TEXT_MAX) {
            return "a review has a text that is too long";
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i] >= INT64_MAX) {
            return "a review needs numbers below 2^63";
        }
    }
    if (review->state < VOUCH_STORE_REVIEW_OPEN || review->state > VOUCH_STORE_REVIEW_VOID ||
        review->kind < VOUCH_STORE_REVIEW_LOUD || review->kind > VOUCH_STORE_REVIEW_SEALED) {
        return "a review needs a state and a kind";
    }
    return NULL;
}

// --- opening and changing

int vouch_store_review_add(struct vouch_store *store, const struct vouch_store_review *review,
                           uint64_t *ret_id, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(review->state),
        vouch_value_integer(review->kind),
        vouch_value_integer(review->why),
        vouch_value_bytes(review->user),
        vouch_value_bytes(review->holder),
        vouch_value_bytes(review->role),
        vouch_value_bytes(review->zone),
        vouch_value_bytes(review->reason),
        vouch_value_bytes(review->source),
        vouch_value_bytes((struct vouch_bytes){review->key, sizeof review->key}),
        vouch_value_integer((int64_t)review->opened_s),
        vouch_value_integer(vouch_serial_kept(review->serial)),
        vouch_value_integer((int64_t)review->ends_s),
        vouch_value_integer((int64_t)review->uses),
        vouch_value_integer((int64_t)review->used_s),
        vouch_value_bytes(review->done_by),
        vouch_value_bytes(review->note),
        vouch_value_integer((int64_t)review->done_s),
    };
    const char *reason = judge(review);
    int64_t id = 0;
    int found = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = store->driver->run(store->db, VOUCH_SQL_REVIEW_ADD, args, NULL, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_REVIEW_NEWEST, NULL, &found, &id, fault);
    }
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK) {
        *ret_id = (uint64_t)id;
    }
    return err;
}

int vouch_store_review_change(struct vouch_store *store, const struct vouch_store_review *review,
                              enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)review->id),
        vouch_value_integer((int64_t)review->revision),
        vouch_value_integer(review->state),
        vouch_value_integer(vouch_serial_kept(review->serial)),
        vouch_value_integer((int64_t)review->ends_s),
        vouch_value_integer((int64_t)review->uses),
        vouch_value_integer((int64_t)review->used_s),
        vouch_value_bytes(review->done_by),
        vouch_value_bytes(review->note),
        vouch_value_integer((int64_t)review->done_s),
    };
    const char *reason = judge(review);
    uint64_t changed = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err =
        vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_REVIEW_CHANGE, args, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// --- reading

static int keep_texts(const struct vouch_store *store, struct vouch_arena *arena,
                      struct vouch_store_review *found, struct vouch_fault *fault) {
    struct vouch_bytes *const texts[] = {&found->user,    &found->holder, &found->role,
                                         &found->zone,    &found->reason, &found->source,
                                         &found->done_by, &found->note};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static int read_review(const struct vouch_store *store, enum vouch_statement statement,
                       const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_review found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.revision = vouch_row_u64(&row);
    int64_t state = vouch_row_integer(&row);
    int64_t kind = vouch_row_integer(&row);
    int64_t why = vouch_row_integer(&row);
    found.user = vouch_row_bytes(&row);
    found.holder = vouch_row_bytes(&row);
    found.role = vouch_row_bytes(&row);
    found.zone = vouch_row_bytes(&row);
    found.reason = vouch_row_bytes(&row);
    found.source = vouch_row_bytes(&row);
    vouch_row_hash(&row, found.key);
    found.opened_s = vouch_row_u64(&row);
    found.serial = vouch_serial_read(vouch_row_integer(&row));
    found.ends_s = vouch_row_u64(&row);
    found.uses = vouch_row_u64(&row);
    found.used_s = vouch_row_u64(&row);
    found.done_by = vouch_row_bytes(&row);
    found.note = vouch_row_bytes(&row);
    found.done_s = vouch_row_u64(&row);
    found.state = (enum vouch_store_review_state)state;
    found.kind = (enum vouch_store_review_kind)kind;
    found.why = why != 0 ? VOUCH_STORE_REVIEW_DRILL : VOUCH_STORE_REVIEW_EMERGENCY;
    if (row.err != VOUCH_OK || judge(&found) != NULL) {
        return vouch_store_row_bad(store, "reviews: a row", fault);
    }
    int err = keep_texts(store, arena, &found, fault);
    if (err == VOUCH_OK) {
        *(struct vouch_store_review *)ret_row = found;
    }
    return err;
}

static int find(struct vouch_store *store, enum vouch_statement statement, int64_t number,
                struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                struct vouch_store_review *ret_review, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(number);
    const struct vouch_one what = {.statement = statement, .args = &arg, .read = read_review};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_review, fault);
}

int vouch_store_review_find(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                            enum vouch_store_outcome *ret_outcome,
                            struct vouch_store_review *ret_review, struct vouch_fault *fault) {
    return find(store, VOUCH_SQL_REVIEW_FIND, id > INT64_MAX ? 0 : (int64_t)id, arena, ret_outcome,
                ret_review, fault);
}

int vouch_store_review_of(struct vouch_store *store, uint64_t serial, struct vouch_arena *arena,
                          enum vouch_store_outcome *ret_outcome,
                          struct vouch_store_review *ret_review, struct vouch_fault *fault) {
    return find(store, VOUCH_SQL_REVIEW_OF, vouch_serial_kept(serial), arena, ret_outcome,
                ret_review, fault);
}

int vouch_store_reviews_sum(struct vouch_store *store, struct vouch_store_reviews_sum *ret_sum,
                            struct vouch_fault *fault) {
    int64_t open = 0, drill_s = 0;
    int found = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_REVIEWS_OPEN, NULL, &found, &open, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_REVIEWS_DRILL, NULL, &found, &drill_s, fault);
    }
    if (err == VOUCH_OK) {
        *ret_sum = (struct vouch_store_reviews_sum){(uint64_t)open, (uint64_t)drill_s};
    }
    return err;
}

int vouch_store_reviews_list(struct vouch_store *store,
                             const struct vouch_store_review_filter *filter,
                             const struct vouch_store_page *page,
                             struct vouch_store_reviews *ret_reviews, struct vouch_fault *fault) {
    struct vouch_value args[] = {
        {0}, {0}, vouch_value_integer(filter->state), vouch_value_integer(filter->kind)};
    struct vouch_numbered_page list = {0};
    const struct vouch_numbered what = {.statement = VOUCH_SQL_REVIEWS_LIST,
                                        .args = args,
                                        .after = 0,
                                        .start = INT64_MAX,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_review),
                                        .at = offsetof(struct vouch_store_review, id),
                                        .read = read_review};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_reviews = (struct vouch_store_reviews){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_reviews->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_reviews_done(struct vouch_store_reviews *reviews) {
    if (reviews != NULL) {
        vouch_arena_done(&reviews->arena);
        *reviews = (struct vouch_store_reviews){0};
    }
}
