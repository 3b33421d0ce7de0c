// SPDX-License-Identifier: ISC
// Sharing out work: each thread takes every n-th piece, and the caller's is one of them.
#include "base/share.h"

#include <pthread.h>
#include <sched.h>

struct share {
    vouch_share_fn *work;
    void *context;
    size_t first, step, count;
    int err;
    size_t bad; // the piece that failed, if err says so
    struct vouch_fault fault;
};

static void *do_share(void *context) {
    struct share *share = context;
    for (size_t at = share->first; share->err == 0 && at < share->count; at += share->step) {
        share->bad = at;
        share->err = share->work(share->context, at, &share->fault);
    }
    return NULL;
}

static size_t thread_count(size_t count, size_t least) {
    cpu_set_t cpus;
    size_t most = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
    most = most > VOUCH_SHARE_THREADS_MAX ? VOUCH_SHARE_THREADS_MAX : most;
    size_t useful = count / (least > 0 ? least : 1);
    useful = useful < most ? useful : most;
    return useful > 0 ? useful : 1;
}

int vouch_share_out(size_t count, size_t least, vouch_share_fn *work, void *context,
                    size_t *ret_bad, struct vouch_fault *fault) {
    struct share shares[VOUCH_SHARE_THREADS_MAX];
    pthread_t threads[VOUCH_SHARE_THREADS_MAX];
    int started[VOUCH_SHARE_THREADS_MAX] = {0};
    size_t step = thread_count(count, least);
    for (size_t i = 0; i < step; i++) {
        shares[i] = (struct share){work, context, i, step, count, 0, 0, {0}};
    }
    for (size_t i = 1; i < step; i++) {
        started[i] = pthread_create(&threads[i], NULL, do_share, &shares[i]) == 0;
    }
    const struct share *failed = NULL;
    for (size_t i = 0; i < step; i++) {
        if (started[i]) {
            (void)pthread_join(threads[i], NULL);
        } else {
            (void)do_share(&shares[i]);
        }
        if (shares[i].err != 0 && (failed == NULL || shares[i].bad < failed->bad)) {
            failed = &shares[i];
        }
    }
    if (failed == NULL) {
        return 0;
    }
    *ret_bad = failed->bad;
    if (fault != NULL) {
        *fault = failed->fault;
    }
    return failed->err;
}
