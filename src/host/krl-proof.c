// SPDX-License-Identifier: ISC
// Whether a revocation list may be installed: see krl-proof.h.
#include "host/krl-proof.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/krl-canary.h"

static const char name[] = "the revocation list";

static int check_cas(const struct vouch_krl_proof *proof,
                     const struct vouch_krl_statement *statement, struct vouch_fault *fault) {
    char ca[VOUCH_FINGERPRINT_MAX];
    for (size_t i = 0; i < proof->ca_count; i++) {
        if (!vouch_krl_statement_names(statement, proof->cas[i])) {
            vouch_key_fingerprint(proof->cas[i], VOUCH_HASH_SHA256, ca);
            return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused,
                                   "%s says nothing of %s, which this host trusts", name, ca);
        }
    }
    return VOUCH_OK;
}

static int check_version(const struct vouch_krl_proof *proof,
                         const struct vouch_krl_statement *statement, struct vouch_bytes list,
                         struct vouch_fault *fault) {
    if (statement->version < proof->installed_version) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused,
                               "%s is version %" PRIu64 ", and %" PRIu64 " was here already", name,
                               statement->version, proof->installed_version);
    }
    if (statement->version == proof->installed_version && proof->installed.len > 0 &&
        !vouch_bytes_equal(list, proof->installed)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused,
                               "%s of version %" PRIu64 " is not the one of that version that is "
                               "installed",
                               name, statement->version);
    }
    return VOUCH_OK;
}

static int check_age(const struct vouch_krl_proof *proof,
                     const struct vouch_krl_statement *statement, struct vouch_fault *fault) {
    if (proof->age_max_s > 0 && proof->now_s > statement->time_s &&
        proof->now_s - statement->time_s > proof->age_max_s) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused,
                               "%s was signed %" PRIu64 " seconds ago, and %" PRIu64 " are allowed",
                               name, proof->now_s - statement->time_s, proof->age_max_s);
    }
    return VOUCH_OK;
}

static int check_canaries(const struct vouch_krl_proof *proof, struct vouch_bytes list,
                          struct vouch_fault *fault) {
    enum vouch_krl_canaries canaries = VOUCH_KRL_CANARIES_UNKNOWN;
    struct vouch_krl *krl = NULL;
    struct vouch_where where = {0};
    int err = vouch_krl_parse(list, &krl, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_krl_format, name, &where);
    }
    err = vouch_krl_canary_judge(krl, proof->ca_name, &canaries);
    vouch_krl_free(krl);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_krl_refused, "%s: its canaries: %s", name,
                               vouch_err_text(err));
    }
    if (canaries != VOUCH_KRL_CANARIES_AS_DUE) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused, "%s %s", name,
                               canaries == VOUCH_KRL_CANARIES_GOOD_REFUSED
                                   ? "revokes the canary that has to pass"
                                   : "does not revoke the canary that has to be refused");
    }
    return VOUCH_OK;
}

int vouch_krl_prove(const struct vouch_krl_proof *proof, struct vouch_bytes list,
                    struct vouch_bytes envelope, struct vouch_krl_statement *ret_statement,
                    struct vouch_fault *fault) {
    struct vouch_krl_statement statement = {0};
    if (proof->ca_count == 0) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_krl_refused,
                               "%s: this host trusts no CA yet", name);
    }
    const struct vouch_krl_trust trust = {
        .checkpoint_key = proof->checkpoint_key, .ca = proof->cas[0], .use = VOUCH_CERT_USER};
    int err = vouch_krl_envelope_verify(envelope, &trust, name, &statement, fault);
    if (err == VOUCH_OK) {
        err = check_cas(proof, &statement, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_krl_statement_check(&statement, list, name, fault);
    }
    if (err == VOUCH_OK) {
        err = check_version(proof, &statement, list, fault);
    }
    if (err == VOUCH_OK) {
        err = check_age(proof, &statement, fault);
    }
    if (err == VOUCH_OK) {
        err = check_canaries(proof, list, fault);
    }
    if (err == VOUCH_OK) {
        *ret_statement = statement;
    }
    return err;
}
