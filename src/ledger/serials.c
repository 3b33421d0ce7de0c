// SPDX-License-Identifier: ISC
// Looking for serials in the records: the slow path, for serials that someone chose by hand.
#include <inttypes.h>
#include <stdlib.h>

#include "core/cert-view.h"
#include "ledger/scan.h"
#include "ledger/state.h"

int vouch_serial_query_compare(const void *a, const void *b) {
    const struct vouch_serial_query *left = a;
    const struct vouch_serial_query *right = b;
    if (left->serial != right->serial) {
        return left->serial < right->serial ? -1 : 1;
    }
    return vouch_bytes_compare(left->ca, right->ca);
}

static void mark(struct vouch_serial_query *queries, size_t count,
                 const struct vouch_record *record) {
    struct vouch_cert_view cert;
    if (record->kind != VOUCH_RECORD_CERT ||
        vouch_cert_view_read(record->cert, &cert, NULL) != VOUCH_OK) {
        return;
    }
    struct vouch_serial_query wanted = {.serial = cert.serial, .ca = cert.ca};
    struct vouch_serial_query *query =
        bsearch(&wanted, queries, count, sizeof *queries, vouch_serial_query_compare);
    // Equal ones stand side by side, and bsearch may give any of them.
    while (query != NULL && query > queries &&
           vouch_serial_query_compare(query - 1, &wanted) == 0) {
        query--;
    }
    for (; query != NULL && query < queries + count &&
           vouch_serial_query_compare(query, &wanted) == 0;
         query++) {
        query->found = 1;
    }
}

static int walk(struct vouch_ledger *ledger, struct vouch_scan *scan,
                struct vouch_serial_query *queries, size_t count, struct vouch_fault *fault) {
    for (uint64_t number = 0; number < ledger->size; number++) {
        enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
        struct vouch_bytes entry;
        struct vouch_record record;
        int err = vouch_scan_next(scan, &outcome, &entry);
        if (err != VOUCH_OK) {
            return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
        }
        if (outcome != VOUCH_SCAN_ENTRY ||
            vouch_record_decode(entry, ledger->hasher, &record, NULL) != VOUCH_OK ||
            record.number != number) {
            return vouch_ledger_bad(ledger->dir, fault, "record %" PRIu64 " is damaged", number);
        }
        mark(queries, count, &record);
    }
    return VOUCH_OK;
}

int vouch_ledger_find_serials(struct vouch_ledger *ledger, struct vouch_serial_query *queries,
                              size_t count, struct vouch_fault *fault) {
    struct vouch_scan scan;
    qsort(queries, count, sizeof *queries, vouch_serial_query_compare);
    int err = vouch_scan_init(&scan, ledger->records_fd, 0);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    err = walk(ledger, &scan, queries, count, fault);
    vouch_scan_done(&scan);
    return err;
}

int vouch_ledger_has_serial(struct vouch_ledger *ledger, struct vouch_bytes ca, uint64_t serial,
                            int *ret_found, struct vouch_fault *fault) {
    struct vouch_serial_query query = {.serial = serial, .ca = ca};
    if (serial <= ledger->serial_high) {
        int err = vouch_ledger_find_serials(ledger, &query, 1, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    *ret_found = query.found;
    return VOUCH_OK;
}
