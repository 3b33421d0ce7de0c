// SPDX-License-Identifier: ISC
// Which hosts have the newest revocation list, by what they report.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/access.h"
#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/str.h"
#include "base/time.h"
#include "store/host-reports.h"

#define PAGE_DEFAULT 100u
#define SILENT_S 600u // without a report

struct listing {
    const struct vouch_store_host_list *lists;
    size_t count;
    uint64_t newest, generated_s;
};

static int is_behind(const struct listing *listing, size_t at) {
    return listing->lists[at].version < listing->newest;
}

static void add_up(const struct listing *listing, uint64_t now_s,
                   struct vouch_answer_krl_status *answer) {
    answer->hosts = listing->count;
    for (size_t i = 0; i < listing->count; i++) {
        uint64_t reported_s = listing->lists[i].reported_s;
        answer->current += is_behind(listing, i) ? 0 : 1;
        answer->silent += now_s > reported_s && now_s - reported_s > SILENT_S ? 1 : 0;
    }
}

static int compare_spans(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

// How long after its publication the list arrived. A host that was enrolled later did not wait for it.
static int find_span(const struct listing *listing, size_t at, uint64_t *ret_span_s) {
    const struct vouch_store_host_list *list = &listing->lists[at];
    if (is_behind(listing, at) || list->arrived_s == 0 || list->created_s > listing->generated_s) {
        return 0;
    }
    *ret_span_s =
        list->arrived_s > listing->generated_s ? list->arrived_s - listing->generated_s : 0;
    return 1;
}

// The least time within which it had arrived at 95 of 100 of those that were there.
static int measure(struct vouch_arena *scratch, const struct listing *listing,
                   struct vouch_answer_krl_status *answer) {
    uint64_t *spans_s = vouch_arena_alloc(scratch, (listing->count + 1) * sizeof *spans_s);
    size_t count = 0;
    if (spans_s == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < listing->count; i++) {
        count += find_span(listing, i, &spans_s[count]) ? 1 : 0;
    }
    qsort(spans_s, count, sizeof *spans_s, compare_spans);
    answer->measured = count;
    answer->within_s = count > 0 ? spans_s[(count * 95 + 99) / 100 - 1] : 0;
    return VOUCH_OK;
}

static int put_row(struct vouch_arena *arena, const struct listing *listing, size_t at,
                   struct vouch_krl_host_row *row) {
    const struct vouch_store_host_list *list = &listing->lists[at];
    *row = (struct vouch_krl_host_row){.version = list->version,
                                       .generated_s = list->generated_s,
                                       .reported_s = list->reported_s,
                                       .arrived_s = list->arrived_s,
                                       .behind = (uint64_t)is_behind(listing, at)};
    return vouch_arena_copy(arena, list->host, &row->host);
}

// Those behind, then the others, each by name: the rows from place `from` of that order.
static int put_rows(struct vouch_local *authority, const struct listing *listing, uint64_t from,
                    size_t limit, struct vouch_answer_krl_status *answer) {
    struct vouch_arena *arena = &authority->arena;
    struct vouch_krl_host_row *rows = vouch_arena_alloc(arena, (limit + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    uint64_t place = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; err == VOUCH_OK && i < listing->count; i++) {
            if (is_behind(listing, i) != (pass == 0)) {
                continue;
            }
            if (place >= from && answer->count < limit) {
                err = put_row(arena, listing, i, &rows[answer->count++]);
            }
            place++;
        }
    }
    answer->rows = rows;
    if (err == VOUCH_OK && from + answer->count < listing->count) {
        char next[24];
        (void)snprintf(next, sizeof next, "%" PRIu64, from + answer->count);
        err = vouch_arena_copy(arena, vouch_bytes_of(next), &answer->next);
    }
    return err;
}

static int read_cursor(struct vouch_bytes cursor, uint64_t *ret_from, struct vouch_reply *reply) {
    *ret_from = 0;
    if (cursor.len == 0 || vouch_str_to_u64(cursor, ret_from) == VOUCH_OK) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "cursor",
                    "the cursor is not one of this listing");
    return 0;
}

int vouch_local_krl_status(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_krl_status *ask,
                           struct vouch_answer_krl_status *ret_answer, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena scratch = {0};
    struct vouch_office *office = authority->office;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_who who;
    struct listing listing = {0};
    uint64_t from = 0;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !read_cursor(ask->page.cursor, &from, reply)) {
        return err;
    }
    pthread_mutex_lock(&office->public_lock);
    ret_answer->version = office->krls[0].version;
    ret_answer->generated_s = office->krls[0].generated_s;
    pthread_mutex_unlock(&office->public_lock);
    listing.newest = ret_answer->version;
    listing.generated_s = ret_answer->generated_s;
    struct vouch_store *store = vouch_pool_take(&office->slow);
    err = vouch_store_host_lists(store, &scratch, &listing.lists, &listing.count, fault);
    vouch_pool_give(&office->slow, store);
    if (err != VOUCH_OK) {
        return err;
    }
    if (measure(&scratch, &listing, ret_answer) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    uint64_t limit = ask->page.limit == 0 ? PAGE_DEFAULT : ask->page.limit;
    limit = limit > VOUCH_ASK_PAGE_MAX ? VOUCH_ASK_PAGE_MAX : limit;
    add_up(&listing, vouch_time_now_s(), ret_answer);
    return put_rows(authority, &listing, from, (size_t)limit, ret_answer) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}
