// SPDX-License-Identifier: ISC
// What everybody may have: lists, keys, the checkpoint. Whoever asks says what they have, and waits until
// there is something newer.
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "authority/issue.h"
#include "base/time.h"
#include "ledger/folder.h"
#include "store/reviews.h"

#define KRL_MAX (14u * 1024 * 1024) // what fits an answer with all the rest: see fields-public.c

// --- the checkpoint

static int read_checkpoint(struct vouch_office *office, struct vouch_buf *note, uint64_t *ret_size,
                           struct vouch_fault *fault) {
    struct vouch_checkpoint checkpoint;
    struct vouch_where where = {0};
    int err =
        vouch_folder_read(office->ledger_fd, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, note);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: checkpoint: %s",
                               office->ledger_dir, vouch_err_text(err));
    }
    err = vouch_checkpoint_parse(vouch_buf_bytes(note), &checkpoint, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_ledger_bad, "ledger: checkpoint", &where);
    }
    *ret_size = checkpoint.size;
    return VOUCH_OK;
}

int vouch_public_refresh(struct vouch_office *office, struct vouch_fault *fault) {
    struct vouch_buf note;
    uint64_t size = 0;
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    int err = read_checkpoint(office, &note, &size, fault);
    if (err != VOUCH_OK) {
        vouch_buf_done(&note);
        return err;
    }
    pthread_mutex_lock(&office->public_lock);
    uint8_t *old = NULL;
    if (size != office->checkpoint_size || office->checkpoint == NULL) {
        old = office->checkpoint;
        office->checkpoint = vouch_buf_take(&note, &office->checkpoint_len);
        office->checkpoint_size = size;
        pthread_cond_broadcast(&office->news);
    }
    pthread_mutex_unlock(&office->public_lock);
    free(old);
    vouch_buf_done(&note);
    return VOUCH_OK;
}

void vouch_fleet_moved(struct vouch_office *office) {
    pthread_mutex_lock(&office->public_lock);
    office->fleet_seq++;
    pthread_cond_broadcast(&office->news);
    pthread_mutex_unlock(&office->public_lock);
}

// --- asking

static int has_news(const struct vouch_office *office, const struct vouch_ask_public *ask) {
    return office->krls[0].version != ask->krl_versions[0] ||
           office->krls[1].version != ask->krl_versions[1] ||
           (ask->trust_version != 0 && office->trust_version != ask->trust_version) ||
           (ask->fleet_seq != 0 && office->fleet_seq != ask->fleet_seq) ||
           office->checkpoint_size != ask->checkpoint_size;
}

static void wait_for_news(struct vouch_office *office, const struct vouch_ask_public *ask) {
    uint64_t wait_ms =
        ask->wait_ms < VOUCH_PUBLIC_WAIT_MAX_MS ? ask->wait_ms : VOUCH_PUBLIC_WAIT_MAX_MS;
    uint64_t until_ns = vouch_time_monotonic_ns() + wait_ms * 1000000;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};
    while (!has_news(office, ask) && !atomic_load(&office->public_ends) &&
           pthread_cond_timedwait(&office->news, &office->public_lock, &until) != ETIMEDOUT) {
    }
}

// A list and its envelope, unless the asker has them. Lists that do not fit an answer together go one
// after the other: whoever lacks one asks again at once.
static int copy_krl(struct vouch_local *authority, const struct vouch_office_krl *krl, uint64_t has,
                    size_t *left, struct vouch_public_krl *ret_krl) {
    size_t len = krl->krl_len + krl->envelope_len;
    if (krl->version == has || len > *left) {
        return VOUCH_OK;
    }
    *left -= len;
    ret_krl->version = krl->version;
    ret_krl->generated_s = krl->generated_s;
    int err = vouch_arena_copy(&authority->arena, (struct vouch_bytes){krl->bytes, krl->krl_len},
                               &ret_krl->krl);
    return err != VOUCH_OK ? err
                           : vouch_arena_copy(
                                 &authority->arena,
                                 (struct vouch_bytes){krl->bytes + krl->krl_len, krl->envelope_len},
                                 &ret_krl->envelope);
}

static int copy_news(struct vouch_local *authority, const struct vouch_ask_public *ask,
                     struct vouch_answer_public *answer) {
    const struct vouch_office *office = authority->office;
    size_t left = KRL_MAX;
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < 2; i++) {
        err = copy_krl(authority, &office->krls[i], ask->krl_versions[i], &left, &answer->krls[i]);
    }
    answer->checkpoint_size = office->checkpoint_size;
    answer->fleet_seq = office->fleet_seq;
    if (err == VOUCH_OK && office->checkpoint_size != ask->checkpoint_size) {
        err = vouch_arena_copy(&authority->arena,
                               (struct vouch_bytes){office->checkpoint, office->checkpoint_len},
                               &answer->checkpoint);
    }
    answer->trust_version = office->trust_version;
    if (err == VOUCH_OK && office->trust_version != ask->trust_version) {
        err = vouch_arena_copy(&authority->arena,
                               (struct vouch_bytes){office->trust, office->trust_len},
                               &answer->trust);
    }
    return err;
}

static struct vouch_public_counts count(struct vouch_office *office) {
    struct vouch_public_counts counts = {
        .epoch = atomic_load(&office->epoch),
        .issued = atomic_load(&office->issued),
        .refused = atomic_load(&office->refused),
        .revoked = atomic_load(&office->revoked),
        .logins = atomic_load(&office->logins),
        .alarms = atomic_load(&office->alarms),
    };
    pthread_mutex_lock(&office->lock);
    counts.ledger_size = office->wanted;
    counts.indexed = office->position;
    pthread_mutex_unlock(&office->lock);
    return counts;
}

int vouch_local_public(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_public *ask, struct vouch_answer_public *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_office_cas cas;
    (void)caller; // everybody may
    pthread_mutex_lock(&office->public_lock);
    wait_for_news(office, ask);
    int err = copy_news(authority, ask, ret_answer);
    pthread_mutex_unlock(&office->public_lock);
    if (err != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    ret_answer->name = vouch_bytes_of(office->origin);
    vouch_cas_now(office, &cas);
    ret_answer->user_ca = vouch_key_blob(vouch_cas_active(&cas, 0)->key);
    ret_answer->host_ca = vouch_key_blob(vouch_cas_active(&cas, 1)->key);
    ret_answer->checkpoint_key = vouch_key_blob(office->checkpoint_key);
    ret_answer->counts = count(office);
    vouch_reply_done(&ret_answer->reply);
    return VOUCH_OK;
}

// --- the state of the service

static int count_reviews(struct vouch_office *office, uint64_t *ret_open,
                         struct vouch_fault *fault) {
    struct vouch_store_reviews_sum sum = {0};
    struct vouch_store *store = vouch_pool_take(&office->slow);
    int err = vouch_store_reviews_sum(store, &sum, fault);
    vouch_pool_give(&office->slow, store);
    *ret_open = sum.open;
    return err;
}

int vouch_local_status(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_page *ask, struct vouch_answer_status *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_office *office = authority->office;
    (void)ask;
    int err = vouch_identify(authority, caller, VOUCH_MAY_METRICS, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_public_counts counts = count(office);
    ret_answer->ledger_size = counts.ledger_size;
    ret_answer->indexed = counts.indexed;
    pthread_mutex_lock(&office->public_lock);
    ret_answer->checkpoint_size = office->checkpoint_size;
    pthread_mutex_unlock(&office->public_lock);
    ret_answer->epoch = counts.epoch;
    ret_answer->serial = atomic_load(&office->serial);
    ret_answer->issued = counts.issued;
    ret_answer->refused = counts.refused;
    ret_answer->revoked = counts.revoked;
    ret_answer->logins = counts.logins;
    ret_answer->alarms = counts.alarms;
    ret_answer->ready = (uint64_t)atomic_load(&office->is_ready);
    return count_reviews(office, &ret_answer->reviews_open, fault);
}
