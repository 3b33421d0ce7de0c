// SPDX-License-Identifier: ISC
// Waiting for news: see news.h.
#include "prog/vouch-host/news.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/secret.h"
#include "prog/vouch-host/pace.h"

#define WAIT_S 55

struct vouch_news {
    struct vouch_api *api; // the thread's own
    struct vouch_contact_news have;
    int ready;
    int halt; // an eventfd: wakes the thread out of a pause
    atomic_int stop;
    pthread_t thread;
    int is_running;
    pthread_mutex_t lock; // of what follows
    struct vouch_news_told told;
    int is_fresh;
};

static void tell(struct vouch_news *news, const struct vouch_contact_news *versions,
                 const struct vouch_fault *fault) {
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&news->lock);
    if (versions != NULL) {
        news->told = (struct vouch_news_told){.versions = *versions};
    } else {
        news->told.fault = *fault;
    }
    news->is_fresh = 1;
    (void)pthread_mutex_unlock(&news->lock);
    // A full counter is readable already.
    (void)!write(news->ready, &one, sizeof one);
}

static void pause_for(const struct vouch_news *news, uint64_t ms) {
    struct pollfd halt = {.fd = news->halt, .events = POLLIN};
    (void)poll(&halt, 1, (int)ms);
}

static int is_same(const struct vouch_contact_news *a, const struct vouch_contact_news *b) {
    return a->state == b->state && a->krl == b->krl && a->trust == b->trust;
}

static void *wait_for_news(void *context) {
    struct vouch_news *news = context;
    struct vouch_pace pace = {0};
    int was_bad = 0;
    while (!atomic_load(&news->stop)) {
        struct vouch_contact_news fresh = {0};
        struct vouch_fault fault = {0};
        int err = vouch_contact_news(news->api, &news->have, WAIT_S, &fresh, &fault);
        if (atomic_load(&news->stop)) {
            break;
        }
        if (err != 0) {
            uint64_t random = 0;
            vouch_random(&random, sizeof random);
            tell(news, NULL, &fault);
            pause_for(news, vouch_pace_failed_ms(&pace, random));
            was_bad = 1;
            continue;
        }
        vouch_pace_reset(&pace);
        // Whoever heard of a failure hears that it is over.
        if (was_bad || !is_same(&fresh, &news->have)) {
            tell(news, &fresh, NULL);
        }
        was_bad = 0;
        news->have = fresh;
    }
    return NULL;
}

// Signals are for the main thread.
static int start_thread(struct vouch_news *news) {
    sigset_t all, old;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    news->is_running = pthread_create(&news->thread, NULL, wait_for_news, news) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return news->is_running ? 0 : VOUCH_ERR_NO_MEMORY;
}

int vouch_news_start(const struct vouch_enrolled *enrolled, struct vouch_bytes secret,
                     const struct vouch_contact_news *have, int ready, struct vouch_news **ret_news,
                     struct vouch_fault *fault) {
    struct vouch_news *news = calloc(1, sizeof *news);
    if (news == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    (void)pthread_mutex_init(&news->lock, NULL);
    news->have = *have;
    news->ready = ready;
    news->halt = eventfd(0, EFD_CLOEXEC);
    int err = vouch_contact_open(enrolled, secret, &news->api, fault);
    if (err == 0) {
        vouch_api_set_stop(news->api, &news->stop);
        err = news->halt >= 0 ? start_thread(news) : VOUCH_ERR_NO_MEMORY;
        if (err != 0) {
            (void)vouch_fault_set(fault, err, &vouch_fault_memory, "no thread to wait for news in");
        }
    }
    if (err != 0) {
        vouch_news_stop(news);
        return err;
    }
    *ret_news = news;
    return 0;
}

int vouch_news_take(struct vouch_news *news, struct vouch_news_told *ret_told) {
    (void)pthread_mutex_lock(&news->lock);
    int is_fresh = news->is_fresh;
    if (is_fresh) {
        *ret_told = news->told;
        news->is_fresh = 0;
    }
    (void)pthread_mutex_unlock(&news->lock);
    return is_fresh ? 0 : VOUCH_ERR_NOT_FOUND;
}

void vouch_news_stop(struct vouch_news *news) {
    if (news == NULL) {
        return;
    }
    const uint64_t one = 1;
    atomic_store(&news->stop, 1);
    if (news->is_running) {
        (void)!write(news->halt, &one, sizeof one);
        (void)pthread_join(news->thread, NULL);
    }
    if (news->halt >= 0) {
        (void)close(news->halt);
    }
    vouch_api_close(news->api);
    (void)pthread_mutex_destroy(&news->lock);
    free(news);
}
