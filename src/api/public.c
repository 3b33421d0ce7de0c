// SPDX-License-Identifier: ISC
// The watcher: one thread that keeps the snapshot of the public files up to date.
#include "api/public.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "api/snapshot.h"
#include "base/mem.h"
#include "base/time.h"

#define WAIT_MS 250  // of one ask: how long a stop may take
#define PAUSE_MS 100 // after a failure
#define FRESH_NS 2000000000ULL
#define TELL_NS 1000000000ULL // how long those who follow the ledger are left alone
#define STACK_BYTES (256 * 1024)

struct vouch_api_public {
    struct vouch_authority *authority;
    pthread_t thread;
    pthread_mutex_t lock; // of all below
    pthread_cond_t stop;
    unsigned stopping;
    struct vouch_http_server *server;
    struct vouch_api_snapshot *latest;
    struct vouch_public_counts counts;
    _Atomic uint64_t answered_ns; // when the authority last did
    uint64_t told_size;           // of the ledger, when those who follow it were woken last
    uint64_t told_ns;             // and when that was; these two are the thread's own
};

uint64_t vouch_api_krl_wait_key(unsigned use) {
    return 1 + use;
}

uint64_t vouch_api_trust_wait_key(void) {
    return 3;
}

uint64_t vouch_api_news_wait_key(void) {
    return 4;
}

uint64_t vouch_api_live_wait_key(void) {
    return 5;
}

struct vouch_api_snapshot *vouch_api_public_hold(struct vouch_api_public *files) {
    pthread_mutex_lock(&files->lock);
    struct vouch_api_snapshot *latest = vouch_api_snapshot_hold(files->latest);
    pthread_mutex_unlock(&files->lock);
    return latest;
}

struct vouch_public_counts vouch_api_public_counts(struct vouch_api_public *files) {
    pthread_mutex_lock(&files->lock);
    struct vouch_public_counts counts = files->counts;
    pthread_mutex_unlock(&files->lock);
    return counts;
}

int vouch_api_public_is_fresh(struct vouch_api_public *files) {
    uint64_t answered_ns = atomic_load(&files->answered_ns);
    return answered_ns != 0 && vouch_time_monotonic_ns() - answered_ns < FRESH_NS;
}

void vouch_api_public_attach(struct vouch_api_public *files, struct vouch_http_server *server) {
    pthread_mutex_lock(&files->lock);
    files->server = server;
    pthread_mutex_unlock(&files->lock);
}

static int is_fleet_new(const struct vouch_api_snapshot *before,
                        const struct vouch_answer_public *answer) {
    return answer->fleet_seq != 0 && (before == NULL || before->fleet_seq != answer->fleet_seq);
}

static int has_news(const struct vouch_api_snapshot *before,
                    const struct vouch_answer_public *answer) {
    return answer->krls[0].version != 0 || answer->krls[1].version != 0 ||
           answer->checkpoint.len > 0 || answer->trust.len > 0 || is_fleet_new(before, answer);
}

// Under the lock, since the server may be freed right after it was detached.
static void wake(struct vouch_api_public *files, const struct vouch_api_snapshot *before,
                 const struct vouch_answer_public *answer) {
    if (files->server == NULL) {
        return;
    }
    for (unsigned use = 0; use < 2; use++) {
        if (answer->krls[use].version != 0) {
            vouch_http_wake(files->server, vouch_api_krl_wait_key(use));
        }
    }
    if (answer->trust.len > 0) {
        vouch_http_wake(files->server, vouch_api_trust_wait_key());
    }
    if (answer->krls[0].version != 0 || answer->trust.len > 0 || is_fleet_new(before, answer)) {
        vouch_http_wake(files->server, vouch_api_news_wait_key());
    }
}

static int take(struct vouch_api_public *files, const struct vouch_answer_public *answer) {
    struct vouch_api_snapshot *before = files->latest; // only this thread changes it
    struct vouch_api_snapshot *next = NULL;
    pthread_mutex_lock(&files->lock);
    files->counts = answer->counts;
    pthread_mutex_unlock(&files->lock);
    if (before != NULL && !has_news(before, answer)) {
        return VOUCH_OK;
    }
    int err = vouch_api_snapshot_next(before, answer, &next);
    if (err != VOUCH_OK) {
        return err;
    }
    pthread_mutex_lock(&files->lock);
    files->latest = next;
    wake(files, before, answer);
    pthread_mutex_unlock(&files->lock);
    vouch_api_snapshot_drop(before);
    return VOUCH_OK;
}

// Asks once. A refusal is none of ours to answer: it is asked again.
static int look(struct vouch_api_public *files, uint64_t wait_ms, enum vouch_verdict *ret_verdict,
                struct vouch_fault *fault) {
    const struct vouch_caller nobody = {0};
    const struct vouch_api_snapshot *have = files->latest;
    struct vouch_ask_public ask = {.wait_ms = have != NULL ? wait_ms : 0};
    struct vouch_answer_public answer = {0};
    if (have != NULL) {
        ask.krl_versions[0] = have->krl_versions[0];
        ask.krl_versions[1] = have->krl_versions[1];
        ask.checkpoint_size = have->checkpoint_size;
        ask.trust_version = have->trust_version;
        ask.fleet_seq = have->fleet_seq;
    }
    int err = vouch_authority_public(files->authority, &nobody, &ask, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    *ret_verdict = answer.reply.verdict;
    if (answer.reply.verdict != VOUCH_VERDICT_DONE) {
        return VOUCH_OK;
    }
    err = take(files, &answer);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_api_unready,
                               "public files: the authority's answer cannot be used: %s",
                               vouch_err_text(err));
    }
    atomic_store(&files->answered_ns, vouch_time_monotonic_ns());
    return VOUCH_OK;
}

// Rests for a moment after a failure. Nonzero: the end has come.
static int rest(struct vouch_api_public *files, uint64_t pause_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)pause_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int err = 0;
    pthread_mutex_lock(&files->lock);
    while (!files->stopping && pause_ms != 0 && err != ETIMEDOUT) {
        err = pthread_cond_timedwait(&files->stop, &files->lock, &until);
    }
    unsigned stopping = files->stopping;
    pthread_mutex_unlock(&files->lock);
    return stopping != 0;
}

// A ledger that grows all the time wakes those who follow it once a second.
static void tell(struct vouch_api_public *files) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    uint64_t size = files->latest != NULL ? files->latest->checkpoint_size : 0;
    if (size == files->told_size || now_ns - files->told_ns < TELL_NS) {
        return;
    }
    files->told_size = size;
    files->told_ns = now_ns;
    pthread_mutex_lock(&files->lock);
    if (files->server != NULL) {
        vouch_http_wake(files->server, vouch_api_live_wait_key());
    }
    pthread_mutex_unlock(&files->lock);
}

static void *watch(void *context) {
    struct vouch_api_public *files = context;
    uint64_t pause_ms = 0;
    while (!rest(files, pause_ms)) {
        enum vouch_verdict verdict = VOUCH_VERDICT_REFUSED;
        const struct vouch_api_snapshot *before = files->latest;
        uint64_t asked_ns = vouch_time_monotonic_ns();
        int err = look(files, WAIT_MS, &verdict, NULL);
        tell(files);
        // Nothing new, and no waiting for it either, would be asked for without end.
        int waited = vouch_time_monotonic_ns() - asked_ns >= PAUSE_MS * 1000000ULL;
        int answered = err == VOUCH_OK && verdict == VOUCH_VERDICT_DONE;
        pause_ms = answered && (waited || files->latest != before) ? 0 : PAUSE_MS;
    }
    return NULL;
}

static int start_thread(struct vouch_api_public *files) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int err = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (err == 0) {
        err = pthread_create(&files->thread, &attributes, watch, files);
    }
    pthread_attr_destroy(&attributes);
    return err == 0 ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

static void release(struct vouch_api_public *files) {
    vouch_api_snapshot_drop(files->latest);
    pthread_cond_destroy(&files->stop);
    pthread_mutex_destroy(&files->lock);
    free(files);
}

static struct vouch_api_public *prepare(struct vouch_authority *authority) {
    struct vouch_api_public *files = calloc(1, sizeof *files);
    pthread_condattr_t attributes;
    if (files == NULL) {
        return NULL;
    }
    files->authority = authority;
    pthread_mutex_init(&files->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&files->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    return files;
}

int vouch_api_public_start(struct vouch_authority *authority, struct vouch_api_public **ret_files,
                           struct vouch_fault *fault) {
    enum vouch_verdict verdict = VOUCH_VERDICT_REFUSED;
    struct vouch_api_public *files = prepare(authority);
    if (files == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory for the public files");
    }
    int err = look(files, 0, &verdict, fault);
    if (err == VOUCH_OK && start_thread(files) != VOUCH_OK) {
        err = vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                              "no room for the thread that watches the public files");
    }
    if (err != VOUCH_OK) {
        release(files);
        return err;
    }
    *ret_files = files;
    return VOUCH_OK;
}

void vouch_api_public_free(struct vouch_api_public *files) {
    if (files == NULL) {
        return;
    }
    pthread_mutex_lock(&files->lock);
    files->stopping = 1;
    pthread_cond_signal(&files->stop);
    pthread_mutex_unlock(&files->lock);
    pthread_join(files->thread, NULL);
    release(files);
}
