// SPDX-License-Identifier: ISC
// Charging one count of tries, and taking it back.
#include "authority/tries-one.h"

#include "authority/proof.h"
#include "base/str.h"
#include "base/time.h"
#include "core/cidr.h"

#define KEPT_S 86400 // the longest that a try counts

struct vouch_bytes vouch_source_fold(struct vouch_bytes source,
                                     char room[static VOUCH_STORE_TRIES_SOURCE_MAX]) {
    struct vouch_cidr address;
    struct vouch_buf text;
    if (vouch_cidr_parse(source, &address) != VOUCH_OK || address.address_len != 16) {
        size_t most = VOUCH_STORE_TRIES_SOURCE_MAX;
        return (struct vouch_bytes){source.ptr, source.len < most ? source.len : most};
    }
    vouch_buf_init_fixed(&text, room, VOUCH_STORE_TRIES_SOURCE_MAX);
    vouch_str_hex((struct vouch_bytes){address.address, 8}, &text);
    vouch_buf_put_text(&text, "/64");
    return vouch_buf_bytes(&text);
}

static int read_state(struct vouch_local *authority, const struct vouch_try *attempt,
                      struct vouch_tries *ret_tries, struct vouch_fault *fault) {
    struct vouch_bytes state;
    int err = vouch_store_tries_get(authority->office->desk, &attempt->key, &authority->arena,
                                    &state, fault);
    return err == VOUCH_OK ? vouch_tries_read(state, &ret_tries->of[attempt->rule], fault) : err;
}

static int write_state(struct vouch_local *authority, const struct vouch_try *attempt,
                       const struct vouch_tries *tries, struct vouch_fault *fault) {
    uint8_t room[VOUCH_TRIES_STORED_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    vouch_tries_write(&tries->of[attempt->rule], &text);
    return vouch_store_tries_put(authority->office->desk, &attempt->key, vouch_buf_bytes(&text),
                                 vouch_time_now_s() + KEPT_S, fault);
}

int vouch_try_charge(struct vouch_local *authority, struct vouch_try *attempt,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_tries tries = {0};
    struct vouch_tries_outcome outcome = {0};
    uint64_t now_s = vouch_time_now_s();
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = read_state(authority, attempt, &tries, fault);
        if (err == VOUCH_OK) {
            outcome = vouch_tries_begin(&tries, now_s);
            err = write_state(authority, attempt, &tries, fault);
        }
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome.verdict == VOUCH_TRIES_ALLOWED) {
        attempt->charged_s = outcome.charged_s;
        vouch_reply_done(reply);
    } else if (err == VOUCH_OK) {
        vouch_tries_wait_take(&outcome, now_s, reply);
    }
    return err;
}

int vouch_try_right(struct vouch_local *authority, const struct vouch_try *attempt,
                    struct vouch_fault *fault) {
    struct vouch_tries tries = {0};
    int err = read_state(authority, attempt, &tries, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_tries_right(&tries, attempt->charged_s);
    if (attempt->rule != VOUCH_TRIES_SOURCE) {
        vouch_tries_signed_in(&tries);
    }
    return write_state(authority, attempt, &tries, fault);
}
