// SPDX-License-Identifier: ISC
// The counts of an overview: all by counters and indexes, so that they cost the same however much there is.
#include "authority/access.h"
#include "authority/caller.h"
#include "authority/issue.h"
#include "base/time.h"
#include "store/tallies.h"

#define DAY_HOURS 24u
#define SILENT_S 900u // a host that has not reported for so long

// Rows of the store as rows of the answer. Names are left out where there are too many of them.
static int put_rows(struct vouch_local *authority, const struct vouch_answer_summary *answer,
                    const struct vouch_store_tally_row *tallies, size_t count,
                    struct vouch_summary_row **ret_rows, size_t *ret_count) {
    struct vouch_summary_row *rows =
        vouch_arena_alloc(&authority->arena, (count + 1) * sizeof *rows);
    size_t used = 0;
    int is_named = count <= VOUCH_SUMMARY_ROWS_MAX;
    if (rows == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t time_s = answer->from_s + tallies[i].place * answer->step_s;
        if (!is_named && used > 0 && rows[used - 1].time_s == time_s) {
            rows[used - 1].count += tallies[i].count;
            continue;
        }
        rows[used++] = (struct vouch_summary_row){
            .time_s = time_s,
            .name = is_named ? tallies[i].name : vouch_bytes_of(""),
            .count = tallies[i].count,
        };
    }
    *ret_rows = rows;
    *ret_count = used;
    return VOUCH_OK;
}

static int list(struct vouch_local *authority, struct vouch_store *store,
                enum vouch_store_tally kind, const struct vouch_answer_summary *answer,
                struct vouch_summary_row **ret_rows, size_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_store_tally_row *tallies = NULL;
    size_t count = 0;
    int err = vouch_store_tally_list(store, kind, answer->from_s / VOUCH_STORE_HOUR_S,
                                     answer->step_s / VOUCH_STORE_HOUR_S, &authority->arena,
                                     &tallies, &count, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return put_rows(authority, answer, tallies, count, ret_rows, ret_count) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int list_ending(struct vouch_local *authority, struct vouch_store *store,
                       struct vouch_answer_summary *answer, struct vouch_fault *fault) {
    struct vouch_store_ending found[VOUCH_SUMMARY_ENDING_MAX];
    size_t count = 0;
    int err = vouch_store_ending_list(store, answer->now_s, VOUCH_SUMMARY_ENDING_MAX,
                                      &authority->arena, found, &count, fault);
    if (err != VOUCH_OK || count == 0) {
        return err;
    }
    answer->ending = vouch_arena_alloc(&authority->arena, count * sizeof *answer->ending);
    if (answer->ending == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        answer->ending[i] = (struct vouch_ending_row){
            .serial = found[i].serial,
            .is_host = found[i].type == VOUCH_CERT_HOST,
            .key_id = found[i].key_id,
            .end_s = found[i].end_s,
        };
    }
    answer->ending_count = count;
    return VOUCH_OK;
}

static void put_counts(const struct vouch_store_summary *counts,
                       struct vouch_answer_summary *answer) {
    answer->valid = counts->valid;
    answer->revoked = counts->revoked;
    answer->next_end_s = counts->next_end_s;
    answer->hosts = counts->hosts;
    answer->critical = counts->critical;
    answer->silent = counts->silent;
    answer->attention = counts->attention;
    answer->behind = counts->behind;
    answer->ok = counts->ok;
    answer->hosts_waiting = counts->hosts_waiting;
    answer->hosts_locked = counts->hosts_locked;
    answer->krl_current = counts->current;
    answer->requests_waiting = counts->requests_waiting;
}

static int count_all(struct vouch_local *authority, struct vouch_store *store,
                     struct vouch_answer_summary *answer, struct vouch_fault *fault) {
    struct vouch_store_summary counts = {0};
    const struct vouch_store_summary_ask ask = {
        .now_s = answer->now_s, .silent_s = SILENT_S, .krl_version = answer->krl_version};
    int err = vouch_store_summary(store, &ask, &counts, fault);
    if (err == VOUCH_OK) {
        put_counts(&counts, answer);
        err = vouch_store_tally_sum(store, VOUCH_STORE_TALLY_LOGINS_REFUSED,
                                    answer->logins_since_s / VOUCH_STORE_HOUR_S,
                                    &answer->logins_refused, fault);
    }
    if (err == VOUCH_OK) {
        err = list_ending(authority, store, answer, fault);
    }
    if (err == VOUCH_OK) {
        err = list(authority, store, VOUCH_STORE_TALLY_ISSUED, answer, &answer->issued,
                   &answer->issued_count, fault);
    }
    if (err == VOUCH_OK) {
        err = list(authority, store, VOUCH_STORE_TALLY_REFUSED, answer, &answer->refused,
                   &answer->refused_count, fault);
    }
    return err;
}

// Counters are by the hour, so what is told begins with one.
static void choose_times(uint64_t hours, struct vouch_answer_summary *answer) {
    uint64_t this_hour = answer->now_s / VOUCH_STORE_HOUR_S;
    uint64_t step = (hours + VOUCH_SUMMARY_SLOTS - 1) / VOUCH_SUMMARY_SLOTS;
    answer->step_s = step * VOUCH_STORE_HOUR_S;
    answer->from_s = (this_hour > hours ? this_hour - hours : 0) * VOUCH_STORE_HOUR_S;
    answer->logins_since_s =
        (this_hour > DAY_HOURS ? this_hour - DAY_HOURS : 0) * VOUCH_STORE_HOUR_S;
}

int vouch_local_summary(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_summary *ask,
                        struct vouch_answer_summary *ret_answer, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_who who;
    uint64_t hours = ask->hours != 0 ? ask->hours : DAY_HOURS;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (hours > VOUCH_SUMMARY_HOURS_MAX) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "hours",
                        "hours must be 1 to %u", VOUCH_SUMMARY_HOURS_MAX);
        return VOUCH_OK;
    }
    ret_answer->now_s = vouch_time_now_s();
    choose_times(hours, ret_answer);
    pthread_mutex_lock(&office->public_lock);
    ret_answer->krl_version = office->krls[0].version;
    pthread_mutex_unlock(&office->public_lock);
    struct vouch_store *store = vouch_pool_take(&office->slow);
    err = count_all(authority, store, ret_answer, fault);
    vouch_pool_give(&office->slow, store);
    return err;
}
