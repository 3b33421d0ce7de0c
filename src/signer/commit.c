// SPDX-License-Identifier: ISC
// The queue to the ledger, and its pen.
#include "signer/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

#define BATCH_MAX 1024 // records of one sync: more than there are lanes
#define CHECKPOINT_EVERY_NS UINT64_C(500000000)
#define PEN_STACK_BYTES (256u * 1024)

int vouch_commit_init(struct vouch_commit *commit, const struct vouch_commit_what *what,
                      struct vouch_fault *fault) {
    *commit = (struct vouch_commit){
        .ledger = what->ledger,
        .checkpoint_key = what->checkpoint_key,
        .die = what->die,
        .die_context = what->die_context,
        .serial = what->serial,
        .serial_max = what->serial_max,
        .batch = calloc(BATCH_MAX, sizeof *commit->batch),
    };
    pthread_condattr_t monotonic;
    int code = pthread_condattr_init(&monotonic);
    code = code != 0 ? code : pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    code = code != 0 ? code : pthread_cond_init(&commit->wake, &monotonic);
    code = code != 0 ? code : pthread_mutex_init(&commit->lock, NULL);
    if (commit->batch == NULL || code != 0) {
        free(commit->batch);
        *commit = (struct vouch_commit){0};
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "signer: no memory for the queue to the ledger");
    }
    vouch_signer_rate_init(&commit->rate, what->rate_per_s, vouch_time_monotonic_ns());
    commit->time_ms = vouch_ledger_last_time_ms(what->ledger);
    commit->size = vouch_ledger_size(what->ledger);
    commit->recorded_serial = vouch_ledger_last_serial(what->ledger);
    commit->checkpoint_size = vouch_ledger_checkpoint_size(what->ledger);
    return VOUCH_OK;
}

void vouch_commit_done(struct vouch_commit *commit) {
    if (commit->batch == NULL) {
        return;
    }
    (void)pthread_cond_destroy(&commit->wake);
    (void)pthread_mutex_destroy(&commit->lock);
    free(commit->batch);
    *commit = (struct vouch_commit){0};
}

// The disk may hold anything now, and no later sync can be believed: there is nothing left to do that
// would be right.
__attribute__((noreturn)) static void die(const struct vouch_commit *commit,
                                          const struct vouch_fault *why) {
    if (commit->die != NULL) {
        commit->die(commit->die_context, why);
    } else {
        (void)fprintf(stderr, "signer: %s %s\n", why->kind->code, why->text);
    }
    _exit(1);
}

// A clock that falls back between the check of a request and its record must not stop the record.
static void stamp(const struct vouch_commit *commit, struct vouch_record *records, size_t count) {
    uint64_t now_ms = vouch_time_now_ms();
    uint64_t last_ms = vouch_ledger_last_time_ms(commit->ledger);
    for (size_t i = 0; i < count; i++) {
        records[i].time_ms = now_ms > last_ms ? now_ms : last_ms;
    }
}

static void note_state(struct vouch_commit *commit) {
    atomic_store(&commit->time_ms, vouch_ledger_last_time_ms(commit->ledger));
    atomic_store(&commit->size, vouch_ledger_size(commit->ledger));
    atomic_store(&commit->recorded_serial, vouch_ledger_last_serial(commit->ledger));
    atomic_store(&commit->checkpoint_size, vouch_ledger_checkpoint_size(commit->ledger));
}

int vouch_commit_directly(struct vouch_commit *commit, struct vouch_record *records, size_t count,
                          struct vouch_fault *fault) {
    int err = vouch_ledger_append(commit->ledger, records, count, fault);
    note_state(commit);
    return err;
}

int vouch_commit_last(struct vouch_commit *commit, struct vouch_record *record,
                      struct vouch_fault *fault) {
    stamp(commit, record, 1);
    int err = vouch_ledger_append(commit->ledger, record, 1, fault);
    if (err == VOUCH_OK) {
        err = vouch_ledger_checkpoint(commit->ledger, commit->checkpoint_key, fault);
    }
    note_state(commit);
    return err;
}

static int head_is_ready(const struct vouch_commit *commit) {
    return commit->head != NULL && commit->head->is_ready;
}

static struct timespec timespec_of(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                             .tv_nsec = (long)(ns % 1000000000)};
}

// Waits for something to write, until `until_ns` (0: for ever) or the end.
static void wait_for_work(struct vouch_commit *commit, uint64_t until_ns) {
    struct timespec until = timespec_of(until_ns);
    int code = 0;
    commit->is_waiting = 1;
    while (!head_is_ready(commit) && (commit->head != NULL || !commit->is_stopping) && code == 0) {
        code = until_ns == 0 ? pthread_cond_wait(&commit->wake, &commit->lock)
                             : pthread_cond_timedwait(&commit->wake, &commit->lock, &until);
    }
    commit->is_waiting = 0;
}

// Takes what is ready off the head of the queue. Returns its first entry, and how many there are.
static struct vouch_commit_entry *take_batch(struct vouch_commit *commit, size_t *ret_count) {
    struct vouch_commit_entry *first = commit->head;
    size_t count = 0;
    while (head_is_ready(commit) && count < BATCH_MAX) {
        commit->batch[count++] = commit->head->record;
        commit->head = commit->head->next;
    }
    commit->tail = commit->head == NULL ? NULL : commit->tail;
    *ret_count = count;
    return first;
}

static void write_batch(struct vouch_commit *commit, struct vouch_commit_entry *entry,
                        size_t count) {
    struct vouch_fault fault = {0};
    stamp(commit, commit->batch, count);
    if (vouch_ledger_append(commit->ledger, commit->batch, count, &fault) != VOUCH_OK) {
        die(commit, &fault);
    }
    note_state(commit);
    for (size_t i = 0; i < count; i++) {
        struct vouch_commit_entry *next = entry->next; // the owner may use it again at once
        entry->record.number = commit->batch[i].number;
        entry->record.time_ms = commit->batch[i].time_ms;
        entry->done(entry);
        entry = next;
    }
}

static void write_checkpoint(struct vouch_commit *commit) {
    struct vouch_fault fault = {0};
    if (vouch_ledger_checkpoint(commit->ledger, commit->checkpoint_key, &fault) != VOUCH_OK) {
        die(commit, &fault);
    }
    note_state(commit);
}

static int has_uncovered(const struct vouch_commit *commit) {
    return vouch_ledger_size(commit->ledger) > vouch_ledger_checkpoint_size(commit->ledger);
}

static uint64_t checkpoint_due_ns(const struct vouch_commit *commit) {
    return has_uncovered(commit) ? vouch_time_monotonic_ns() + CHECKPOINT_EVERY_NS : 0;
}

static void *run_pen(void *context) {
    struct vouch_commit *commit = context;
    uint64_t due_ns = checkpoint_due_ns(commit); // of the next checkpoint; 0: none is
    int goes_on = 1;
    while (goes_on) {
        size_t count = 0;
        (void)pthread_mutex_lock(&commit->lock);
        wait_for_work(commit, due_ns);
        struct vouch_commit_entry *first = take_batch(commit, &count);
        goes_on = commit->head != NULL || !commit->is_stopping;
        (void)pthread_mutex_unlock(&commit->lock);
        if (count > 0) {
            write_batch(commit, first, count);
        }
        due_ns = due_ns == 0 ? checkpoint_due_ns(commit) : due_ns;
        if (due_ns != 0 && (!goes_on || vouch_time_monotonic_ns() >= due_ns)) {
            write_checkpoint(commit);
            due_ns = 0;
        }
    }
    return NULL;
}

// With the lock: what came now would be written by nobody.
static int has_stopped(const struct vouch_commit *commit, struct vouch_fault *fault) {
    return commit->is_stopping ? vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_role,
                                                 "signer: it has stopped; nothing is recorded")
                               : VOUCH_OK;
}

int vouch_commit_start(struct vouch_commit *commit, struct vouch_fault *fault) {
    pthread_attr_t attributes;
    int code = 0;
    (void)pthread_mutex_lock(&commit->lock);
    int err = has_stopped(commit, fault);
    if (err == VOUCH_OK && !commit->has_pen) {
        code = pthread_attr_init(&attributes);
        code = code != 0 ? code : pthread_attr_setstacksize(&attributes, PEN_STACK_BYTES);
        code = code != 0 ? code : pthread_create(&commit->pen, &attributes, run_pen, commit);
        commit->has_pen = code == 0;
        (void)pthread_attr_destroy(&attributes);
    }
    (void)pthread_mutex_unlock(&commit->lock);
    return code == 0 ? err
                     : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                       "signer: no thread for the ledger: %s", strerror(code));
}

void vouch_commit_stop(struct vouch_commit *commit) {
    (void)pthread_mutex_lock(&commit->lock);
    int has_pen = commit->has_pen;
    commit->is_stopping = 1;
    commit->has_pen = 0;
    (void)pthread_cond_signal(&commit->wake);
    (void)pthread_mutex_unlock(&commit->lock);
    if (has_pen) {
        (void)pthread_join(commit->pen, NULL);
    }
}

static void enqueue(struct vouch_commit *commit, struct vouch_commit_entry *entry) {
    entry->next = NULL;
    if (commit->tail != NULL) {
        commit->tail->next = entry;
    } else {
        commit->head = entry;
    }
    commit->tail = entry;
}

static void wake_pen(struct vouch_commit *commit) {
    if (commit->is_waiting && head_is_ready(commit)) {
        (void)pthread_cond_signal(&commit->wake);
    }
}

int vouch_commit_number(struct vouch_commit *commit, struct vouch_commit_entry *entry,
                        enum vouch_signer_outcome *ret_outcome,
                        struct vouch_signer_refusal *ret_refusal, struct vouch_fault *fault) {
    enum vouch_signer_outcome outcome = VOUCH_SIGNER_REFUSED;
    (void)pthread_mutex_lock(&commit->lock);
    int err = has_stopped(commit, fault);
    if (err == VOUCH_OK && commit->serial >= commit->serial_max) {
        outcome = vouch_signer_refuse(ret_refusal, &vouch_fault_epoch, "serial",
                                      "the epoch's numbers are used up: restart the service");
    } else if (err == VOUCH_OK) {
        outcome = vouch_signer_rate_take(&commit->rate, vouch_time_monotonic_ns(), ret_refusal);
    }
    if (outcome == VOUCH_SIGNER_DONE) {
        entry->serial = ++commit->serial;
        entry->is_ready = 0;
        enqueue(commit, entry);
    }
    (void)pthread_mutex_unlock(&commit->lock);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}

void vouch_commit_ready(struct vouch_commit *commit, struct vouch_commit_entry *entry) {
    (void)pthread_mutex_lock(&commit->lock);
    entry->is_ready = 1;
    wake_pen(commit);
    (void)pthread_mutex_unlock(&commit->lock);
}

static void enqueue_event(struct vouch_commit *commit, struct vouch_commit_entry *entry) {
    entry->serial = 0;
    entry->is_ready = 1;
    enqueue(commit, entry);
}

int vouch_commit_event(struct vouch_commit *commit, struct vouch_commit_entry *entry,
                       struct vouch_fault *fault) {
    (void)pthread_mutex_lock(&commit->lock);
    int err = has_stopped(commit, fault);
    if (err == VOUCH_OK) {
        enqueue_event(commit, entry);
        wake_pen(commit);
    }
    (void)pthread_mutex_unlock(&commit->lock);
    return err;
}

int vouch_commit_two_events(struct vouch_commit *commit, struct vouch_commit_entry *first,
                            struct vouch_commit_entry *second, struct vouch_fault *fault) {
    (void)pthread_mutex_lock(&commit->lock);
    int err = has_stopped(commit, fault);
    if (err == VOUCH_OK) {
        enqueue_event(commit, first);
        enqueue_event(commit, second);
        wake_pen(commit);
    }
    (void)pthread_mutex_unlock(&commit->lock);
    return err;
}
