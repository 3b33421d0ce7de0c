// SPDX-License-Identifier: ISC
// Refusals in the ledger. Whoever is refused again and again must not be able to fill it: ten a second
// are recorded one by one, the others are counted and recorded as one.
#include <inttypes.h>
#include <stdio.h>

#include "authority/caller.h"
#include "authority/fleet.h"
#include "base/time.h"

#define REFUSALS_A_SECOND 10
#define DETAILS_MAX 4096
#define SERVICE "vouchd"

static const char *const events[VOUCH_REFUSALS_KINDS] = {
    [VOUCH_REFUSALS_CERT] = "cert.refuse",
    [VOUCH_REFUSALS_SIGN_IN] = "session.refuse",
    [VOUCH_REFUSALS_HOST] = VOUCH_EVENT_HOST_REFUSE};

// Nonzero if this one is to be recorded by itself.
static int take_turn(struct vouch_office *office, size_t which) {
    uint64_t second = vouch_time_monotonic_ns() / 1000000000;
    struct vouch_refusals *refusals = &office->refusals[which];
    pthread_mutex_lock(&office->lock);
    if (refusals->second != second) {
        refusals->second = second;
        refusals->noted = 0;
    }
    int is_noted = refusals->noted < REFUSALS_A_SECOND;
    if (is_noted) {
        refusals->noted++;
    } else {
        refusals->unnoted++;
    }
    pthread_mutex_unlock(&office->lock);
    return is_noted;
}

static int note(struct vouch_local *authority, size_t which, struct vouch_bytes actor,
                struct vouch_bytes object, const struct vouch_buf *details,
                struct vouch_fault *fault) {
    struct vouch_signer_noted noted;
    const struct vouch_signer_event event = {.actor = actor,
                                             .type = vouch_bytes_of(events[which]),
                                             .object = object,
                                             .details = vouch_buf_bytes(details)};
    if (details->err != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return vouch_seat_note(authority, &event, &noted, fault);
}

// At whose request something was refused.
struct refused {
    size_t which;
    struct vouch_bytes actor;
    struct vouch_bytes object;
};

static int note_refused(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct refused *refused, const struct vouch_reply *reply,
                        struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_bytes object = refused->object;
    atomic_fetch_add(&authority->office->refused, 1);
    if (!take_turn(authority->office, refused->which)) {
        return VOUCH_OK;
    }
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "code", vouch_bytes_of(reply->code));
    vouch_record_detail_put(&details, "why", vouch_bytes_of(reply->why));
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    object.len = object.len > VOUCH_CERT_KEY_ID_MAX ? VOUCH_CERT_KEY_ID_MAX : object.len;
    int err = note(authority, refused->which, refused->actor, object, &details, fault);
    vouch_buf_done(&details);
    return err;
}

int vouch_refusal_note(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_who *who, struct vouch_bytes object,
                       const struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct refused refused = {VOUCH_REFUSALS_CERT, who->actor, object};
    return note_refused(authority, caller, &refused, reply, fault);
}

// Nobody is known, so it is the service that says so.
int vouch_refusal_sign_in(struct vouch_local *authority, const struct vouch_caller *caller,
                          struct vouch_bytes name, const struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    const struct refused refused = {VOUCH_REFUSALS_SIGN_IN, vouch_bytes_of(SERVICE), name};
    return note_refused(authority, caller, &refused, reply, fault);
}

int vouch_refusal_host(struct vouch_local *authority, const struct vouch_caller *caller,
                       struct vouch_bytes name, const struct vouch_reply *reply,
                       struct vouch_fault *fault) {
    const struct refused refused = {VOUCH_REFUSALS_HOST, vouch_bytes_of(SERVICE), name};
    return note_refused(authority, caller, &refused, reply, fault);
}

static int sum(struct vouch_local *authority, size_t which, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    char count[24];
    pthread_mutex_lock(&office->lock);
    uint64_t unnoted = office->refusals[which].unnoted;
    office->refusals[which].unnoted = 0;
    pthread_mutex_unlock(&office->lock);
    if (unnoted == 0) {
        return VOUCH_OK;
    }
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    (void)snprintf(count, sizeof count, "%" PRIu64, unnoted);
    vouch_record_detail_put(&details, "count", vouch_bytes_of(count));
    int err =
        note(authority, which, vouch_bytes_of(SERVICE), (struct vouch_bytes){0}, &details, fault);
    vouch_buf_done(&details);
    return err;
}

int vouch_refusal_sum(struct vouch_local *authority, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < VOUCH_REFUSALS_KINDS; i++) {
        err = sum(authority, i, fault);
    }
    return err;
}
