// SPDX-License-Identifier: ISC
// Issuing: check each, give serials, sign in memory, verify, append all, one sync, then release.
#include <stdlib.h>

#include "base/secret.h"
#include "base/share.h"
#include "signer/ca-folder.h"

#define SHARE_LEAST 32 // certificates to build that are worth a thread

struct signing {
    struct vouch_holder *holder;
    const char *algorithm;
    struct vouch_fault *fault;
};

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    const struct signing *signing = context;
    return signing->holder->driver->sign(signing->holder, signing->algorithm, tbs, signature,
                                         signing->fault);
}

// Names the certificate by its key ID, since a batch has many.
static int spec_fault(struct vouch_fault *fault, int err, const struct vouch_cert_spec *spec,
                      const struct vouch_where *where) {
    return vouch_fault_set(fault, err, &vouch_fault_spec, "certificate \"%.*s\": %s %s",
                           (int)(spec->key_id.len < 200 ? spec->key_id.len : 200),
                           (const char *)spec->key_id.ptr, where->field, where->reason);
}

static int check_one(const struct vouch_ca *ca, const struct vouch_issue *issue,
                     const struct vouch_cert_spec *spec, struct vouch_fault *fault) {
    const struct vouch_key *key = vouch_ca_key(ca);
    if (spec->type != vouch_ca_type(ca)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                               "%s CA: does not sign %s certificates",
                               vouch_ca_use(vouch_ca_type(ca)), vouch_ca_use(spec->type));
    }
    if (issue->rules == VOUCH_CERT_RULES_OPENSSH) {
        return VOUCH_OK;
    }
    if (vouch_ca_is_own_key(ca, spec->key)) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_spec,
                               "public key: is one of this CA's own keys");
    }
    const char *why = vouch_key_ca_weakness(key);
    if (why != NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_key_weak, "CA key %s", why);
    }
    struct vouch_where where = {0};
    int err = vouch_cert_spec_check(spec, &where);
    return err == VOUCH_OK ? err : spec_fault(fault, err, spec, &where);
}

// Serials go up by one from the highest in the ledger; they are never given twice, not even if this
// batch fails later on, because then nothing of it was written or released.
static int number_all(struct vouch_ca *ca, const struct vouch_issue *issues, size_t count,
                      struct vouch_issued *issued, struct vouch_fault *fault) {
    uint64_t last = vouch_ledger_last_serial(vouch_ca_ledger(ca));
    for (size_t i = 0; i < count; i++) {
        if (issues[i].keep_serial && issues[i].spec.serial > last) {
            last = issues[i].spec.serial;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (issues[i].keep_serial) {
            issued[i].serial = issues[i].spec.serial;
        } else if (last < UINT64_MAX) {
            issued[i].serial = ++last;
        } else {
            return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_serial,
                                   "serial: the ledger holds the highest there is, none is left");
        }
    }
    return VOUCH_OK;
}

static int check_all(struct vouch_ca *ca, const struct vouch_issue *issues, size_t count,
                     const struct vouch_issued *issued, size_t *ret_bad,
                     struct vouch_fault *fault) {
    for (size_t i = 0; i < count; i++) {
        struct vouch_cert_spec spec = issues[i].spec;
        spec.serial = issued[i].serial;
        int err = check_one(ca, &issues[i], &spec, fault);
        if (err != VOUCH_OK) {
            *ret_bad = i;
            return err;
        }
    }
    return VOUCH_OK;
}

static int build_one(struct vouch_ca *ca, const struct vouch_issue *issue,
                     struct vouch_issued *issued, struct vouch_fault *fault) {
    struct vouch_cert_spec spec = issue->spec;
    spec.serial = issued->serial;
    struct vouch_fault holder_fault = {0};
    struct signing signing = {vouch_ca_holder(ca), issue->algorithm, &holder_fault};
    const struct vouch_cert_ca by = {vouch_ca_key(ca), sign, &signing, issue->rules};
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    vouch_random(nonce, sizeof nonce);
    struct vouch_where where = {0};
    int err = vouch_cert_build(&spec, &by, nonce, &issued->cert, &where);
    if (err == VOUCH_OK) {
        return err;
    }
    if (holder_fault.kind != NULL) {
        if (fault != NULL) {
            *fault = holder_fault;
        }
        return err;
    }
    if (err == VOUCH_ERR_SIGNATURE) {
        return vouch_fault_set(fault, err, &vouch_fault_sign, "CA key: %s %s", where.field,
                               where.reason);
    }
    return spec_fault(fault, err, &spec, &where);
}

struct building {
    struct vouch_ca *ca;
    const struct vouch_issue *issues;
    struct vouch_issued *issued;
};

static int build_piece(void *context, size_t at, struct vouch_fault *fault) {
    const struct building *building = context;
    return build_one(building->ca, &building->issues[at], &building->issued[at], fault);
}

static int record_all(struct vouch_ca *ca, const struct vouch_issue *issues, size_t count,
                      const struct vouch_issued *issued, struct vouch_fault *fault) {
    struct vouch_record *records = calloc(count, sizeof *records);
    if (records == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "ledger: no memory for %zu records", count);
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = (struct vouch_record){.kind = VOUCH_RECORD_CERT,
                                           .actor = issues[i].actor,
                                           .cert = vouch_buf_bytes(&issued[i].cert),
                                           .evidence = issues[i].evidence,
                                           .role = issues[i].role,
                                           .request = issues[i].request,
                                           .source = issues[i].source,
                                           .policy = issues[i].policy};
    }
    struct vouch_ledger *ledger = vouch_ca_ledger(ca);
    int err = vouch_ledger_append(ledger, records, count, fault);
    free(records);
    return err == VOUCH_OK ? vouch_ledger_checkpoint(ledger, vouch_ca_checkpoint_key(ca), fault)
                           : err;
}

int vouch_ca_issue(struct vouch_ca *ca, const struct vouch_issue *issues, size_t count,
                   struct vouch_issued *ret_issued, size_t *ret_bad, struct vouch_fault *fault) {
    if (count == 0 || count > VOUCH_LEDGER_BATCH_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_usage,
                               "batch: must hold 1 to %d certificates", VOUCH_LEDGER_BATCH_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        vouch_buf_init(&ret_issued[i].cert, VOUCH_RECORD_MAX);
    }
    size_t bad = 0;
    int err = number_all(ca, issues, count, ret_issued, fault);
    if (err == VOUCH_OK) {
        err = check_all(ca, issues, count, ret_issued, &bad, fault);
    }
    if (err == VOUCH_OK) {
        struct building building = {ca, issues, ret_issued};
        err = vouch_share_out(count, SHARE_LEAST, build_piece, &building, &bad, fault);
    }
    if (err == VOUCH_OK) {
        err = record_all(ca, issues, count, ret_issued, fault);
    }
    if (err != VOUCH_OK) {
        for (size_t i = 0; i < count; i++) {
            vouch_buf_done(&ret_issued[i].cert);
        }
        if (ret_bad != NULL) {
            *ret_bad = bad;
        }
    }
    return err;
}
