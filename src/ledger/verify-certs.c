// SPDX-License-Identifier: ISC
// Recorded certificates: of which CA, with which serial, and whether they are ones that are looked for.
#include <inttypes.h>
#include <stdlib.h>

#include "ledger/prover.h"

static int compare(const void *a, const void *b) {
    const struct vouch_prover_wanted *left = a;
    const struct vouch_prover_wanted *right = b;
    return (left->cert.serial > right->cert.serial) - (left->cert.serial < right->cert.serial);
}

int vouch_prover_want(struct vouch_prover *prover) {
    size_t count = prover->what->wanted_count;
    if (count == 0) {
        return VOUCH_OK;
    }
    prover->wanted = calloc(count, sizeof *prover->wanted);
    if (prover->wanted == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct vouch_prover_wanted *row = &prover->wanted[i];
        row->wanted = prover->what->wanted[i];
        // One that cannot be read is in no record either, and is then named as such.
        (void)!vouch_cert_view_read(row->wanted.blob, &row->cert, NULL);
    }
    qsort(prover->wanted, count, sizeof *prover->wanted, compare);
    return VOUCH_OK;
}

// The first of those that are looked for with this serial or a higher one.
static size_t lower_bound(const struct vouch_prover *prover, uint64_t serial) {
    size_t low = 0;
    size_t high = prover->what->wanted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (prover->wanted[middle].cert.serial < serial) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void mark_wanted(struct vouch_prover *prover, const struct vouch_record *record,
                        const struct vouch_cert_view *cert) {
    for (size_t i = lower_bound(prover, cert->serial); i < prover->what->wanted_count; i++) {
        struct vouch_prover_wanted *row = &prover->wanted[i];
        if (row->cert.serial != cert->serial) {
            return;
        }
        if (vouch_bytes_equal(row->wanted.blob, record->cert)) {
            row->found = 1;
        } else if (vouch_bytes_equal(row->cert.ca, cert->ca)) {
            row->other = 1;
            row->number = record->number;
        }
    }
}

void vouch_prover_check_wanted(struct vouch_prover *prover) {
    for (size_t i = 0; i < prover->what->wanted_count; i++) {
        const struct vouch_prover_wanted *row = &prover->wanted[i];
        if (row->found) {
            continue;
        }
        if (row->other) {
            vouch_findings_add(prover->findings, VOUCH_FINDING_INCLUSION, row->wanted.name,
                               "is not in the ledger; record %" PRIu64 " has its serial %" PRIu64
                               " for another certificate",
                               row->number, row->cert.serial);
        } else {
            vouch_findings_add(prover->findings, VOUCH_FINDING_INCLUSION, row->wanted.name,
                               "is not in the ledger");
        }
    }
}

int vouch_prover_cert(struct vouch_prover *prover, const struct vouch_record *record,
                      const struct vouch_cert_view *cert) {
    char where[VOUCH_WHERE_MAX];
    struct vouch_authority *authority = vouch_authorities_find(&prover->authorities, cert->ca);
    vouch_where_number(where, "record", record->number);
    mark_wanted(prover, record, cert);
    if (authority == NULL) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CERT, where,
                           "certificate with serial %" PRIu64
                           " is signed by a key that no earlier record introduces",
                           cert->serial);
        return VOUCH_OK;
    }
    if (cert->type > 2 || (authority->use & 1u << cert->type) == 0) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CERT, where,
                           "certificate with serial %" PRIu64
                           " is not of the type that the CA %s is for",
                           cert->serial, authority->sha256);
    }
    if (!vouch_authorities_is_active(&prover->authorities, authority)) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CERT, where,
                           "certificate with serial %" PRIu64
                           " is signed by the CA %s at a time when it was not the active one",
                           cert->serial, authority->sha256);
    }
    int err = vouch_authority_note(authority, cert->serial);
    return err != VOUCH_OK ? err
                           : vouch_logins_mark(&prover->logins, record->cert, cert, authority);
}
