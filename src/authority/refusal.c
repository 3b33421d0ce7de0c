// SPDX-License-Identifier: ISC
// Refusals in the ledger. Whoever is refused again and again must not be able to fill it: ten a second
// are recorded one by one, the others are counted and recorded as one.
#include <inttypes.h>
#include <stdio.h>

#include "authority/caller.h"
#include "base/time.h"

#define REFUSALS_A_SECOND 10
#define DETAILS_MAX 4096
#define EVENT_REFUSE "cert.refuse"

// Nonzero if this one is to be recorded by itself.
static int take_turn(struct vouch_office *office) {
    uint64_t second = vouch_time_monotonic_ns() / 1000000000;
    pthread_mutex_lock(&office->lock);
    if (office->refusals_second != second) {
        office->refusals_second = second;
        office->refusals_noted = 0;
    }
    int is_noted = office->refusals_noted < REFUSALS_A_SECOND;
    if (is_noted) {
        office->refusals_noted++;
    } else {
        office->refusals_unnoted++;
    }
    pthread_mutex_unlock(&office->lock);
    return is_noted;
}

static int note(struct vouch_local *authority, struct vouch_bytes actor, struct vouch_bytes object,
                const struct vouch_buf *details, struct vouch_fault *fault) {
    struct vouch_signer_noted noted;
    const struct vouch_signer_event event = {.actor = actor,
                                             .type = vouch_bytes_of(EVENT_REFUSE),
                                             .object = object,
                                             .details = vouch_buf_bytes(details)};
    if (details->err != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return vouch_seat_note(authority, &event, &noted, fault);
}

int vouch_refusal_note(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_who *who, struct vouch_bytes object,
                       const struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_buf details;
    atomic_fetch_add(&authority->office->refused, 1);
    if (!take_turn(authority->office)) {
        return VOUCH_OK;
    }
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "code", vouch_bytes_of(reply->code));
    vouch_record_detail_put(&details, "why", vouch_bytes_of(reply->why));
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    object.len = object.len > VOUCH_CERT_KEY_ID_MAX ? VOUCH_CERT_KEY_ID_MAX : object.len;
    int err = note(authority, who->actor, object, &details, fault);
    vouch_buf_done(&details);
    return err;
}

int vouch_refusal_sum(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    char count[24];
    pthread_mutex_lock(&office->lock);
    uint64_t unnoted = office->refusals_unnoted;
    office->refusals_unnoted = 0;
    pthread_mutex_unlock(&office->lock);
    if (unnoted == 0) {
        return VOUCH_OK;
    }
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    (void)snprintf(count, sizeof count, "%" PRIu64, unnoted);
    vouch_record_detail_put(&details, "count", vouch_bytes_of(count));
    int err = note(authority, vouch_bytes_of("vouchd"), (struct vouch_bytes){0}, &details, fault);
    vouch_buf_done(&details);
    return err;
}
