// SPDX-License-Identifier: ISC
// The office's own thread: it follows the ledger and indexes what is new, and does what nobody waits for.
//
// Woken by whoever had something recorded, it lets a moment pass, so that many records make one
// transaction. What it reads from the ledger is all it needs: the same code indexes again at the start.
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "authority/caller.h"
#include "authority/entry.h"
#include "authority/row.h"
#include "base/time.h"
#include "store/devices.h"
#include "store/host-tokens.h"
#include "store/hosts.h"
#include "store/idempotency.h"
#include "store/links.h"
#include "store/logins.h"
#include "store/requests.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/tries.h"

#define BATCH_MAX 1024
#define GATHER_NS (UINT64_C(10) * 1000000)
#define TICK_NS (UINT64_C(1000) * 1000000)
#define NEWS_NS (UINT64_C(200) * 1000000) // between two looks at the checkpoint while it lags
#define WAIT_NS (UINT64_C(10) * 1000000000)
#define PRUNE_MAX 10000
#define REQUESTS_KEPT_S (UINT64_C(90) * 86400) // after they came to their time
#define LOGINS_KEPT_S (UINT64_C(400) * 86400)

static struct timespec at_ns(uint64_t time_ns) {
    return (struct timespec){.tv_sec = (time_t)(time_ns / 1000000000),
                             .tv_nsec = (long)(time_ns % 1000000000)};
}

// --- what others tell the clerk

void vouch_clerk_told(struct vouch_office *office, uint64_t size) {
    pthread_mutex_lock(&office->lock);
    if (size > office->wanted) {
        int was_idle = office->wanted <= office->position;
        office->wanted = size;
        if (was_idle) {
            pthread_cond_signal(&office->clerk_wakes);
        }
    }
    pthread_mutex_unlock(&office->lock);
}

int vouch_clerk_wait(struct vouch_office *office, uint64_t size, struct vouch_fault *fault) {
    const struct timespec until = at_ns(vouch_time_monotonic_ns() + WAIT_NS);
    int waited = 0;
    pthread_mutex_lock(&office->lock);
    while (office->position < size && waited == 0 && !office->is_stopping) {
        office->is_hurried = 1;
        pthread_cond_signal(&office->clerk_wakes);
        waited = pthread_cond_timedwait(&office->index_moves, &office->lock, &until);
    }
    int is_there = office->position >= size;
    pthread_mutex_unlock(&office->lock);
    return is_there ? VOUCH_OK
                    : vouch_fault_set(fault, VOUCH_ERR_TIMEOUT, &vouch_fault_store_busy,
                                      "authority: the index did not come after the ledger in time");
}

static void add_used(struct vouch_office *office, uint64_t *used, size_t *count, uint64_t id) {
    pthread_mutex_lock(&office->lock);
    int is_there = 0;
    for (size_t i = 0; i < *count; i++) {
        is_there = is_there || used[i] == id;
    }
    if (!is_there && *count < VOUCH_OFFICE_USED_MAX) {
        used[(*count)++] = id;
    }
    pthread_mutex_unlock(&office->lock);
}

void vouch_clerk_token_used(struct vouch_office *office, uint64_t token_id) {
    add_used(office, office->used, &office->used_count, token_id);
}

void vouch_clerk_session_used(struct vouch_office *office, uint64_t session_id) {
    add_used(office, office->sessions_used, &office->sessions_used_count, session_id);
}

// If the list is full it is said the next time.
void vouch_clerk_session_trust(struct vouch_office *office, uint64_t session_id,
                               uint64_t trust_version) {
    pthread_mutex_lock(&office->lock);
    size_t at = 0;
    while (at < office->shown_count && office->shown[at].session != session_id) {
        at++;
    }
    if (at < VOUCH_OFFICE_USED_MAX) {
        office->shown[at] = (struct vouch_trust_shown){session_id, trust_version};
        office->shown_count += at == office->shown_count ? 1 : 0;
    }
    pthread_mutex_unlock(&office->lock);
}

// --- indexing

static void move_to(struct vouch_office *office, uint64_t position) {
    pthread_mutex_lock(&office->lock);
    office->position = position;
    office->wanted = office->wanted > position ? office->wanted : position;
    pthread_cond_broadcast(&office->index_moves);
    pthread_mutex_unlock(&office->lock);
}

static int open_reader(struct vouch_office *office, struct vouch_fault *fault) {
    if (office->reader != NULL) {
        return VOUCH_OK;
    }
    return vouch_ledger_reader_open(office->ledger_dir, office->position, &office->reader, fault);
}

// The ledger must be read again from where the index is.
static void drop_reader(struct vouch_office *office) {
    vouch_ledger_reader_close(office->reader);
    office->reader = NULL;
}

struct batch {
    struct vouch_arena arena;
    struct vouch_store_record records[BATCH_MAX];
    size_t count;
};

static int fill(struct vouch_local *authority, struct batch *batch, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    int err = open_reader(office, fault);
    while (err == VOUCH_OK && batch->count < BATCH_MAX) {
        struct vouch_record record;
        int is_found = 0;
        err = vouch_ledger_reader_next(office->reader, &record, &is_found, fault);
        if (err != VOUCH_OK || !is_found) {
            break;
        }
        err = vouch_entry_make(authority, &batch->arena, &record, &batch->records[batch->count],
                               fault);
        batch->count += err == VOUCH_OK ? 1 : 0;
    }
    return err;
}

// Requests whose keys the database has now need not be remembered any more; lists that lack a
// revocation are due.
static void after_batch(struct vouch_office *office, const struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        const struct vouch_store_record *record = &batch->records[i];
        if (record->once != NULL) {
            vouch_once_indexed(&office->once, record->once->key);
        }
        if (record->event != NULL && vouch_rotation_is_event(record->event->type)) {
            atomic_store(&office->cas_are_due, 1);
        }
        if (record->revocation != NULL) {
            atomic_store(&office->krl_is_due[0], 1);
            atomic_store(&office->krl_is_due[1], 1);
        }
    }
}

static int write_batch(struct vouch_office *office, const struct batch *batch,
                       struct vouch_fault *fault) {
    const struct vouch_store_batch what = {
        .origin = vouch_bytes_of(office->origin), .records = batch->records, .count = batch->count};
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_write_batch(office->desk, &what, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK) {
        after_batch(office, batch);
        move_to(office, office->position + batch->count);
    }
    return err;
}

// One batch, if there is something; *ret_count says how many records.
static int index_some(struct vouch_local *authority, size_t *ret_count, struct vouch_fault *fault) {
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return vouch_no_memory(fault);
    }
    int err = fill(authority, batch, fault);
    if (err == VOUCH_OK && batch->count > 0) {
        err = write_batch(authority->office, batch, fault);
    }
    if (err != VOUCH_OK) {
        drop_reader(authority->office);
    }
    *ret_count = batch->count;
    vouch_arena_done(&batch->arena);
    free(batch);
    return err;
}

int vouch_clerk_catch_up(struct vouch_local *authority, struct vouch_fault *fault) {
    size_t count = 0;
    int err = VOUCH_OK;
    do {
        err = index_some(authority, &count, fault);
    } while (err == VOUCH_OK && count > 0);
    return err;
}

// --- what nobody waits for

static int note_used(struct vouch_office *office, struct vouch_fault *fault) {
    uint64_t used[VOUCH_OFFICE_USED_MAX];
    pthread_mutex_lock(&office->lock);
    size_t count = office->used_count;
    memcpy(used, office->used, count * sizeof used[0]);
    office->used_count = 0;
    pthread_mutex_unlock(&office->lock);
    int err = VOUCH_OK;
    pthread_mutex_lock(&office->desk_lock);
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = vouch_store_token_used(office->desk, used[i], vouch_time_now_s(), fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

struct noted {
    uint64_t used[VOUCH_OFFICE_USED_MAX];
    size_t used_count;
    struct vouch_trust_shown shown[VOUCH_OFFICE_USED_MAX];
    size_t shown_count;
};

static void take_noted(struct vouch_office *office, struct noted *ret_noted) {
    pthread_mutex_lock(&office->lock);
    ret_noted->used_count = office->sessions_used_count;
    memcpy(ret_noted->used, office->sessions_used,
           ret_noted->used_count * sizeof ret_noted->used[0]);
    office->sessions_used_count = 0;
    ret_noted->shown_count = office->shown_count;
    memcpy(ret_noted->shown, office->shown, ret_noted->shown_count * sizeof ret_noted->shown[0]);
    office->shown_count = 0;
    pthread_mutex_unlock(&office->lock);
}

static int note_each(struct vouch_store *desk, const struct noted *noted,
                     struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < noted->used_count; i++) {
        err = vouch_store_session_used(desk, noted->used[i], vouch_time_now_s(), fault);
    }
    for (size_t i = 0; err == VOUCH_OK && i < noted->shown_count; i++) {
        err = vouch_store_session_trust(desk, noted->shown[i].session, noted->shown[i].version,
                                        fault);
    }
    return err;
}

static int note_sessions(struct vouch_office *office, struct vouch_fault *fault) {
    struct noted noted;
    take_noted(office, &noted);
    if (noted.used_count + noted.shown_count == 0) {
        return VOUCH_OK;
    }
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = note_each(office->desk, &noted, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int prune_short_lived(struct vouch_store *desk, uint64_t now_s, struct vouch_fault *fault) {
    uint64_t removed = 0;
    int err = vouch_store_work_begin(desk, VOUCH_STORE_LATER, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_store_sessions_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_links_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_devices_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_tries_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_hosts_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_host_tokens_prune(desk, now_s, PRUNE_MAX, &removed, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_logins_prune(desk, (now_s - LOGINS_KEPT_S) * 1000, PRUNE_MAX, &removed,
                                       fault);
    }
    return vouch_store_work_end(desk, err, VOUCH_STORE_DONE, fault);
}

static int prune(struct vouch_office *office, struct vouch_fault *fault) {
    uint64_t removed = 0;
    uint64_t now_s = vouch_time_now_s();
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_once_prune(office->desk, now_s, PRUNE_MAX, &removed, fault);
    err = err == VOUCH_OK ? prune_short_lived(office->desk, now_s, fault) : err;
    if (err == VOUCH_OK) {
        err = vouch_store_requests_expire(office->desk, now_s, now_s - REQUESTS_KEPT_S, PRUNE_MAX,
                                          fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int renew_lists(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    int err = VOUCH_OK;
    pthread_mutex_lock(&office->krl_lock);
    for (size_t ca = 0; err == VOUCH_OK && ca < 2; ca++) {
        err = vouch_krl_is_due(office, ca) ? vouch_krl_renew(authority, ca, fault) : VOUCH_OK;
    }
    pthread_mutex_unlock(&office->krl_lock);
    return err;
}

static void report(struct vouch_office *office, const struct vouch_fault *fault) {
    if (office->report != NULL) {
        office->report(fault);
    }
}

// Once a second. Each of these is tried again the next time.
static void tick(struct vouch_local *authority) {
    struct vouch_fault fault = {0};
    struct vouch_office *office = authority->office;
    if (note_used(office, &fault) != VOUCH_OK || note_sessions(office, &fault) != VOUCH_OK ||
        prune(office, &fault) != VOUCH_OK || vouch_refusal_sum(authority, &fault) != VOUCH_OK ||
        vouch_policy_remake(authority, VOUCH_POLICY_GATHERED, &fault) != VOUCH_OK ||
        vouch_cas_refresh_due(authority, &fault) != VOUCH_OK ||
        renew_lists(authority, &fault) != VOUCH_OK) {
        report(office, &fault);
    }
    vouch_arena_done(&authority->arena);
}

// --- the thread

enum turn { TURN_STOP = 0, TURN_INDEX, TURN_NEWS, TURN_TICK };

// Waits until there is something to do; `tick_ns` and `news_ns` are when the next of each is due.
static enum turn wait_turn(struct vouch_office *office, uint64_t tick_ns, uint64_t news_ns) {
    uint64_t gathered_ns = 0;
    enum turn turn = TURN_STOP;
    pthread_mutex_lock(&office->lock);
    while (!office->is_stopping) {
        uint64_t now_ns = vouch_time_monotonic_ns();
        int is_behind = office->wanted > office->position;
        if (is_behind && gathered_ns == 0) {
            gathered_ns = now_ns + GATHER_NS;
        }
        if (is_behind && (office->is_hurried || now_ns >= gathered_ns)) {
            turn = TURN_INDEX;
            break;
        }
        if (now_ns >= tick_ns || now_ns >= news_ns) {
            turn = now_ns >= news_ns ? TURN_NEWS : TURN_TICK;
            break;
        }
        uint64_t until_ns = tick_ns < news_ns ? tick_ns : news_ns;
        until_ns = is_behind && gathered_ns < until_ns ? gathered_ns : until_ns;
        const struct timespec until = at_ns(until_ns);
        (void)pthread_cond_timedwait(&office->clerk_wakes, &office->lock, &until);
    }
    office->is_hurried = 0;
    pthread_mutex_unlock(&office->lock);
    return turn;
}

// A failure is reported when it begins, and again when it is another one.
static void took(struct vouch_office *office, int err, int *last, struct vouch_fault *fault) {
    atomic_store(&office->is_ready, err == VOUCH_OK);
    if (err != VOUCH_OK && err != *last) {
        report(office, fault);
    }
    *last = err;
}

static uint64_t next_news(struct vouch_office *office, uint64_t now_ns) {
    pthread_mutex_lock(&office->public_lock);
    uint64_t covered = office->checkpoint_size;
    pthread_mutex_unlock(&office->public_lock);
    pthread_mutex_lock(&office->lock);
    int lags = covered < office->position;
    pthread_mutex_unlock(&office->lock);
    return now_ns + (lags ? NEWS_NS : TICK_NS);
}

static void pause_after_failure(struct vouch_office *office) {
    const struct timespec until = at_ns(vouch_time_monotonic_ns() + TICK_NS);
    pthread_mutex_lock(&office->lock);
    while (!office->is_stopping &&
           pthread_cond_timedwait(&office->clerk_wakes, &office->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&office->lock);
}

void *vouch_clerk_run(void *context) {
    struct vouch_local *authority = context;
    struct vouch_office *office = authority->office;
    uint64_t tick_ns = vouch_time_monotonic_ns() + TICK_NS;
    uint64_t news_ns = vouch_time_monotonic_ns();
    int last = VOUCH_OK;
    enum turn turn = TURN_STOP;
    while ((turn = wait_turn(office, tick_ns, news_ns)) != TURN_STOP) {
        struct vouch_fault fault = {0};
        size_t count = 0;
        int err = VOUCH_OK;
        if (turn == TURN_INDEX) {
            err = index_some(authority, &count, &fault);
            news_ns = count > 0 && news_ns > vouch_time_monotonic_ns() + NEWS_NS
                          ? vouch_time_monotonic_ns() + NEWS_NS
                          : news_ns;
        } else if (turn == TURN_NEWS) {
            err = vouch_public_refresh(office, &fault);
            news_ns = next_news(office, vouch_time_monotonic_ns());
        } else {
            // The signer writes records of its own, of which nobody tells.
            tick_ns = vouch_time_monotonic_ns() + TICK_NS;
            err = vouch_clerk_catch_up(authority, &fault);
            tick(authority);
        }
        took(office, err, &last, &fault);
        if (err != VOUCH_OK) {
            pause_after_failure(office);
        }
    }
    return NULL;
}
