// SPDX-License-Identifier: ISC
// The CA keys that a ledger introduces, and the serials that each has given.
//
// Serials mostly come one after the other, so runs of them take next to no memory; scattered ones take
// 16 bytes each. Repeats show when the runs are sorted.
#include "ledger/authorities.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vouch/cert.h"

#define RUNS_MAX ((size_t)1 << 36)

void vouch_authorities_done(struct vouch_authorities *authorities) {
    for (size_t i = 0; i < authorities->count; i++) {
        vouch_key_free(authorities->rows[i].key);
        vouch_buf_done(&authorities->rows[i].runs);
    }
    free(authorities->rows);
    *authorities = (struct vouch_authorities){0};
}

struct vouch_authority *vouch_authorities_find(const struct vouch_authorities *authorities,
                                               struct vouch_bytes blob) {
    for (size_t i = 0; i < authorities->count; i++) {
        if (vouch_bytes_equal(vouch_key_blob(authorities->rows[i].key), blob)) {
            return &authorities->rows[i];
        }
    }
    return NULL;
}

static int add_row(struct vouch_authorities *authorities, struct vouch_key *take_key,
                   unsigned use) {
    size_t room = (authorities->count + 1) * sizeof *authorities->rows;
    struct vouch_authority *rows = realloc(authorities->rows, room);
    if (rows == NULL) {
        vouch_key_free(take_key);
        return VOUCH_ERR_NO_MEMORY;
    }
    authorities->rows = rows;
    struct vouch_authority *row = &rows[authorities->count];
    *row = (struct vouch_authority){.key = take_key, .use = use};
    vouch_buf_init(&row->runs, RUNS_MAX);
    vouch_key_fingerprint(take_key, VOUCH_HASH_SHA256, row->sha256);
    vouch_key_fingerprint(take_key, VOUCH_HASH_MD5, row->md5);
    authorities->count++;
    return VOUCH_OK;
}

// What is wrong with a key that is introduced, beside its place in a rotation.
static const char *key_fault(const struct vouch_authorities *authorities,
                             const struct vouch_key *key) {
    if (key != NULL && vouch_authorities_find(authorities, vouch_key_blob(key)) != NULL) {
        return "introduces a CA key a second time";
    }
    if (authorities->count >= VOUCH_AUTHORITIES_MAX) {
        return "introduces more CA keys than a ledger can have";
    }
    return NULL;
}

static int introduce(struct vouch_authorities *authorities, const struct vouch_record *record,
                     const char **ret_wrong) {
    struct vouch_rotation_change change;
    struct vouch_key *key = NULL;
    int err = vouch_rotation_key(record, &key);
    if (vouch_is_failure(err)) {
        return err;
    }
    const char *wrong = key_fault(authorities, key);
    if (wrong == NULL) {
        wrong = vouch_rotation_follow(&authorities->rotation, record, key, &change);
    }
    *ret_wrong = wrong;
    if (wrong != NULL) {
        vouch_key_free(key);
        return VOUCH_OK;
    }
    return add_row(authorities, key,
                   change.use == 0 ? 1u << VOUCH_CERT_USER : 1u << VOUCH_CERT_HOST);
}

int vouch_authorities_follow(struct vouch_authorities *authorities,
                             const struct vouch_record *record, struct vouch_findings *findings) {
    char where[VOUCH_WHERE_MAX];
    struct vouch_rotation_change change;
    const char *wrong = NULL;
    int err = VOUCH_OK;
    if (vouch_record_is_event(record, VOUCH_EVENT_CA_KEY_NEW)) {
        err = introduce(authorities, record, &wrong);
    } else {
        wrong = vouch_rotation_follow(&authorities->rotation, record, NULL, &change);
    }
    if (wrong != NULL) {
        vouch_where_number(where, "record", record->number);
        vouch_findings_add(findings, VOUCH_FINDING_RECORD, where, "%s", wrong);
    }
    return err;
}

int vouch_authorities_is_active(const struct vouch_authorities *authorities,
                                const struct vouch_authority *authority) {
    size_t use = authority->use == 1u << VOUCH_CERT_HOST ? 1 : 0;
    return strcmp(authorities->rotation.uses[use].active, authority->sha256) == 0;
}

int vouch_authority_note(struct vouch_authority *authority, uint64_t serial) {
    struct vouch_serial_run run = {serial, serial};
    struct vouch_buf *runs = &authority->runs;
    if (serial == 0) {
        return VOUCH_OK;
    }
    if (runs->len > 0) {
        struct vouch_serial_run *last =
            (struct vouch_serial_run *)(void *)(runs->ptr + runs->len - sizeof run);
        if (last->last + 1 == serial) {
            last->last = serial;
            return VOUCH_OK;
        }
    }
    vouch_buf_put(runs, (struct vouch_bytes){(const uint8_t *)&run, sizeof run});
    return runs->err;
}

static int compare_runs(const void *a, const void *b) {
    const struct vouch_serial_run *left = a;
    const struct vouch_serial_run *right = b;
    return (left->first > right->first) - (left->first < right->first);
}

// Serials that were given again, from `first` to `last`.
static void find_repeat(const struct vouch_authority *authority, uint64_t first, uint64_t last,
                        struct vouch_findings *findings) {
    char where[VOUCH_WHERE_MAX];
    char more[64] = "";
    if (last > first) {
        (void)snprintf(more, sizeof more, ", and so was each up to %" PRIu64, last);
    }
    vouch_findings_add(findings, VOUCH_FINDING_SERIAL, vouch_where_number(where, "serial", first),
                       "was given more than once by the CA %s%s", authority->sha256, more);
}

static void check_runs(struct vouch_authority *authority, struct vouch_findings *findings) {
    struct vouch_serial_run *runs = (struct vouch_serial_run *)(void *)authority->runs.ptr;
    size_t count = authority->runs.len / sizeof *runs;
    uint64_t high = 0;
    if (count == 0) {
        return;
    }
    qsort(runs, count, sizeof *runs, compare_runs);
    for (size_t i = 0; i < count; i++) {
        if (runs[i].first <= high) {
            uint64_t last = runs[i].last < high ? runs[i].last : high;
            find_repeat(authority, runs[i].first, last, findings);
        }
        high = runs[i].last > high ? runs[i].last : high;
    }
}

void vouch_authorities_check(struct vouch_authorities *authorities,
                             struct vouch_findings *findings) {
    for (size_t i = 0; i < authorities->count; i++) {
        check_runs(&authorities->rows[i], findings);
    }
}
