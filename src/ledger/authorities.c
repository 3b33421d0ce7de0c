// SPDX-License-Identifier: ISC
// The CA keys that a ledger introduces, and the serials that each has given.
//
// Serials mostly come one after the other, so runs of them take next to no memory; scattered ones take
// 16 bytes each. Repeats show when the runs are sorted.
#include "ledger/authorities.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNS_MAX ((size_t)1 << 36)

void vouch_authorities_done(struct vouch_authorities *authorities) {
    for (size_t i = 0; i < authorities->count; i++) {
        vouch_key_free(authorities->rows[i].key);
        vouch_buf_done(&authorities->rows[i].runs);
    }
    free(authorities->rows);
    *authorities = (struct vouch_authorities){NULL, 0};
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

static unsigned use_of(const struct vouch_record *record) {
    struct vouch_bytes use = {0};
    (void)vouch_record_detail(record, "use", &use);
    if (vouch_bytes_equal(use, vouch_bytes_of("user"))) {
        return 1u << 1;
    }
    return vouch_bytes_equal(use, vouch_bytes_of("host")) ? 1u << 2 : 0;
}

static int key_of(const struct vouch_record *record, struct vouch_key **ret_key) {
    struct vouch_bytes line;
    struct vouch_bytes comment;
    struct vouch_buf blob;
    if (!vouch_record_detail(record, "key", &line)) {
        return VOUCH_ERR_NOT_FOUND;
    }
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    int err = vouch_key_line_decode(line, &blob, &comment, NULL);
    if (err == VOUCH_OK) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), ret_key, NULL);
    }
    vouch_buf_done(&blob);
    return err;
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

int vouch_authorities_add(struct vouch_authorities *authorities, const struct vouch_record *record,
                          struct vouch_findings *findings) {
    char where[VOUCH_WHERE_MAX];
    struct vouch_key *key = NULL;
    unsigned use = use_of(record);
    vouch_where_number(where, "record", record->number);
    int err = key_of(record, &key);
    if (vouch_is_failure(err)) {
        return err;
    }
    const char *wrong = NULL;
    if (err != VOUCH_OK) {
        wrong = "introduces a CA key that cannot be read";
    } else if (use == 0) {
        wrong = "introduces a CA key whose use is neither user nor host";
    } else if (vouch_authorities_find(authorities, vouch_key_blob(key)) != NULL) {
        wrong = "introduces a CA key a second time";
    } else if (authorities->count >= VOUCH_AUTHORITIES_MAX) {
        wrong = "introduces more CA keys than a ledger can have";
    }
    if (wrong != NULL) {
        vouch_findings_add(findings, VOUCH_FINDING_RECORD, where, "%s", wrong);
        vouch_key_free(key);
        return VOUCH_OK;
    }
    return add_row(authorities, key, use);
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
