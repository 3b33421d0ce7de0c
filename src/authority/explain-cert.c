// SPDX-License-Identifier: ISC
// The checks of the certificate that would be shown, as the host's sshd makes them: core's own verdict,
// by the host's clock, and the principals that the host accepts.
#include "authority/explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"

#define CHOICES_MAX 20 // of a person's certificates that are looked at
#define LIST_TEXT_MAX 300

// --- which certificate

int vouch_explain_opens(const struct vouch_bytes *principals, size_t count,
                        const struct vouch_policy_names *accepts) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < accepts->count; k++) {
            if (vouch_bytes_equal(principals[i], accepts->items[k])) {
                return 1;
            }
        }
    }
    return 0;
}

static void take_row(struct vouch_explaining *explaining, const struct vouch_store_cert *row) {
    explaining->is_indexed = 1;
    explaining->is_revoked = row->revoked.by != VOUCH_STORE_REVOKE_NONE;
    explaining->revoked_s = row->revoked.time_ms / 1000;
}

static int parse(struct vouch_explaining *explaining, struct vouch_bytes blob) {
    struct vouch_where where = {0};
    return vouch_cert_parse(blob, &explaining->cert, &where);
}

static int list(struct vouch_explaining *explaining, const struct vouch_store_cert_filter *filter,
                size_t limit, struct vouch_store_certs *ret_certs, struct vouch_fault *fault) {
    const struct vouch_store_page page = {.limit = limit};
    struct vouch_pool *pool = &explaining->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_certs_list(store, filter, &page, ret_certs, fault);
    vouch_pool_give(pool, store);
    return err;
}

// One that was brought: its signature is verified, and the index says whether it is revoked.
static int take_given(struct vouch_explaining *explaining, struct vouch_fault *fault) {
    struct vouch_store_certs certs = {0};
    if (parse(explaining, explaining->ask->cert) != VOUCH_OK) {
        return VOUCH_OK;
    }
    const struct vouch_store_cert_filter filter = {.serial = &explaining->cert->serial,
                                                   .type = explaining->cert->type};
    int err = list(explaining, &filter, 1, &certs, fault);
    if (err == VOUCH_OK && certs.count > 0) {
        take_row(explaining, &certs.rows[0]);
    }
    vouch_store_certs_done(&certs);
    return err;
}

// The newest that opens the login and is not revoked; else the newest.
static const struct vouch_store_cert *best_of(const struct vouch_explaining *explaining,
                                              const struct vouch_store_certs *certs) {
    for (size_t i = 0; i < certs->count; i++) {
        const struct vouch_store_cert *row = &certs->rows[i];
        if (row->revoked.by == VOUCH_STORE_REVOKE_NONE &&
            vouch_explain_opens(row->principals, row->principal_count, &explaining->accepts)) {
            return row;
        }
    }
    return certs->count > 0 ? &certs->rows[0] : NULL;
}

static int take_best(struct vouch_explaining *explaining,
                     const struct vouch_store_cert_filter *filter, struct vouch_fault *fault) {
    struct vouch_store_certs certs = {0};
    int err = list(explaining, filter, CHOICES_MAX, &certs, fault);
    const struct vouch_store_cert *best = err == VOUCH_OK ? best_of(explaining, &certs) : NULL;
    if (best != NULL) {
        struct vouch_cert_row row = vouch_cert_row_of(best);
        take_row(explaining, best);
        err = vouch_cert_row_fill(explaining->authority, &row, fault);
        if (err == VOUCH_OK) {
            (void)parse(explaining, row.cert);
        }
    }
    vouch_store_certs_done(&certs);
    return err;
}

int vouch_explain_choose(struct vouch_explaining *explaining, struct vouch_fault *fault) {
    if (explaining->ask->cert.len > 0) {
        return take_given(explaining, fault);
    }
    struct vouch_store_cert_filter filter = {.type = VOUCH_CERT_USER,
                                             .valid_at_s = explaining->now_s};
    int err = vouch_people_actor(explaining->authority, explaining->user, &filter.actor, fault);
    if (err == VOUCH_OK) {
        err = take_best(explaining, &filter, fault);
    }
    if (err == VOUCH_OK && explaining->cert == NULL) {
        filter.valid_at_s = 0; // one that is over says more than none
        err = take_best(explaining, &filter, fault);
    }
    return err;
}

// --- the checks

static void put_list(const struct vouch_bytes *items, size_t count, char *ret_text, size_t size) {
    struct vouch_buf text;
    vouch_buf_init(&text, 64u * 1024);
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put_text(&text, i > 0 ? ", " : "");
        vouch_buf_put(&text, items[i]);
    }
    vouch_str_escape_to(vouch_buf_bytes(&text), ret_text, size);
    vouch_buf_done(&text);
}

static void check_there(struct vouch_explaining *explaining) {
    char left[VOUCH_TIME_TEXT_MAX];
    const struct vouch_cert *cert = explaining->cert;
    uint64_t now_s = explaining->now_s;
    if (cert == NULL && explaining->ask->cert.len > 0) {
        vouch_explain_add(explaining, "certificate", VOUCH_CHECK_FAIL, "vouch login",
                          "what was given is no certificate with a good signature");
    } else if (cert == NULL) {
        vouch_explain_add(explaining, "certificate", VOUCH_CHECK_FAIL, "vouch login",
                          "%.*s has no certificate", VOUCH_REPLY_TEXT(explaining->user));
    } else if (cert->valid_before > now_s) {
        vouch_duration_text(cert->valid_before - now_s, left);
        vouch_explain_add(explaining, "certificate", VOUCH_CHECK_OK, "",
                          "certificate %" PRIu64 ", %s left", cert->serial, left);
    } else {
        vouch_explain_add(explaining, "certificate", VOUCH_CHECK_WARN, "vouch login",
                          "certificate %" PRIu64 " is the newest there is", cert->serial);
    }
}

// The algorithm of the certificate must be among those that sshd takes; RSA has names of its own.
static void check_key_type(struct vouch_explaining *explaining) {
    struct vouch_bytes rest = vouch_explain_setting(explaining, "pubkeyacceptedalgorithms");
    enum vouch_key_type type = vouch_key_type(explaining->cert->key);
    const char *name = type == VOUCH_KEY_RSA ? "rsa-sha2-512-cert-v01@openssh.com"
                                             : vouch_key_type_cert_name(type);
    if (rest.len == 0) {
        return;
    }
    while (rest.ptr != NULL) {
        if (vouch_bytes_equal(vouch_str_cut(&rest, ','), vouch_bytes_of(name))) {
            vouch_explain_add(explaining, "key-type", VOUCH_CHECK_OK, "", "its sshd takes %s",
                              name);
            return;
        }
    }
    vouch_explain_add(explaining, "key-type", VOUCH_CHECK_FAIL,
                      "add it to PubkeyAcceptedAlgorithms in the host's sshd_config",
                      "its sshd does not take %s", name);
}

// The words of core's reasons, with what to do.
static const struct {
    enum vouch_cert_reason_code code;
    const char *name, *good, *bad, *next;
} verdicts[] = {
    {VOUCH_CERT_REASON_TYPE, "type", "it is a user certificate",
     "it is a host certificate, which lets nobody in", "vouch login"},
    {VOUCH_CERT_REASON_CA, "ca-in-bundle", "a CA of this service signed it", "another CA signed it",
     "vouch login"},
    {VOUCH_CERT_REASON_ALGORITHM, "ca-algorithm", NULL,
     "the CA signed with an algorithm that sshd refuses", "vouch login"},
    {VOUCH_CERT_REASON_NOT_YET_VALID, "not-yet-valid", NULL,
     "it is not valid yet, by the host's clock", "set the host's clock"},
    {VOUCH_CERT_REASON_EXPIRED, "expired", "it is valid by the host's clock",
     "it has expired, by the host's clock", "vouch login"},
    {VOUCH_CERT_REASON_NO_PRINCIPALS, "principal", NULL, "it names no principal", "vouch login"},
    {VOUCH_CERT_REASON_CRITICAL, "critical-options", NULL,
     "it has a critical option that sshd does not know", "vouch login"},
    {VOUCH_CERT_REASON_OPTION, "options", NULL, "one of its options is broken", "vouch login"},
    {VOUCH_CERT_REASON_SOURCE, "source-address", NULL, "it may not be used from this address",
     "come from an address that the role allows"},
};

static const struct vouch_cert_reason *reason_of(const struct vouch_cert_result *result,
                                                 enum vouch_cert_reason_code code) {
    for (size_t i = 0; i < result->reason_count; i++) {
        if (result->reasons[i].code == code) {
            return &result->reasons[i];
        }
    }
    return NULL;
}

// The user CA keys whose certificates count.
static size_t trusted_cas(const struct vouch_trust *trust,
                          const struct vouch_key *ret_cas[static VOUCH_TRUST_KEYS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < trust->key_count; i++) {
        const struct vouch_trust_key *ca = &trust->keys[i];
        if (ca->use == VOUCH_CERT_USER && vouch_trust_state_counts(ca->state)) {
            ret_cas[count++] = ca->key;
        }
    }
    return count;
}

static void check_verdict(struct vouch_explaining *explaining) {
    const struct vouch_key *cas[VOUCH_TRUST_KEYS_MAX];
    const size_t ca_count = trusted_cas(&explaining->trust, cas);
    struct vouch_bytes source =
        explaining->ask->source.len > 0 ? explaining->ask->source : explaining->caller->source;
    const struct vouch_cert_expect expect = {.type = VOUCH_CERT_USER,
                                             .now = vouch_explain_host_time(explaining),
                                             .cas = cas,
                                             .ca_count = ca_count,
                                             .address = source};
    struct vouch_cert_result result;
    vouch_cert_check(explaining->cert, &expect, &result);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        const struct vouch_cert_reason *reason = reason_of(&result, verdicts[i].code);
        if (reason != NULL) {
            vouch_explain_add(explaining, verdicts[i].name, VOUCH_CHECK_FAIL, verdicts[i].next,
                              "%s%s%s", verdicts[i].bad, reason->value[0] != '\0' ? ": " : "",
                              reason->value);
        } else if (verdicts[i].good != NULL) {
            vouch_explain_add(explaining, verdicts[i].name, VOUCH_CHECK_OK, "", "%s",
                              verdicts[i].good);
        }
    }
}

static void check_revoked(struct vouch_explaining *explaining) {
    char when[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(explaining->revoked_s, when);
    if (!explaining->is_indexed) {
        vouch_explain_add(explaining, "not-revoked", VOUCH_CHECK_UNKNOWN, "",
                          "this service has no record of certificate %" PRIu64,
                          explaining->cert->serial);
    } else if (explaining->is_revoked) {
        vouch_explain_add(explaining, "not-revoked", VOUCH_CHECK_FAIL, "vouch login",
                          "it was revoked at %s", when);
    } else {
        vouch_explain_add(explaining, "not-revoked", VOUCH_CHECK_OK, "", "it is not revoked");
    }
}

// What would give the login to this person: the roles that they have say it.
static void put_way(struct vouch_explaining *explaining, char *ret_next, size_t size) {
    const struct vouch_policy_view view = {explaining->policy, explaining->now_s,
                                           explaining->arena};
    struct vouch_policy_paths roles = {0};
    struct vouch_policy_paths paths = {0};
    const struct vouch_policy_path *way = NULL;
    (void)snprintf(ret_next, size, "an administrator puts you in a role that grants it");
    if (vouch_policy_roles_of(&view, explaining->user, explaining->place->zone, NULL, &roles) !=
            VOUCH_OK ||
        vouch_policy_reach_host(&view, &roles, explaining->host, &paths) != VOUCH_OK) {
        explaining->err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < paths.count; i++) {
        if (vouch_bytes_equal(paths.items[i].login, explaining->ask->login) &&
            (way == NULL || paths.items[i].how > way->how)) {
            way = &paths.items[i];
        }
    }
    if (way != NULL && way->how == VOUCH_POLICY_STANDING) {
        (void)snprintf(ret_next, size, "vouch login");
    } else if (way != NULL) {
        (void)snprintf(ret_next, size, "vouch request %.*s", VOUCH_REPLY_TEXT(way->role));
    }
}

static void check_principal(struct vouch_explaining *explaining) {
    const struct vouch_cert *cert = explaining->cert;
    const struct vouch_policy_names *accepts = &explaining->accepts;
    char has[LIST_TEXT_MAX];
    char wants[LIST_TEXT_MAX];
    char next[LIST_TEXT_MAX];
    put_list(cert->principals, cert->principal_count, has, sizeof has);
    put_list(accepts->items, accepts->count, wants, sizeof wants);
    if (accepts->count == 0) {
        vouch_explain_add(explaining, "principal", VOUCH_CHECK_FAIL,
                          "an administrator adds it to a role: vouch role ls",
                          "no role grants the login %.*s there",
                          VOUCH_REPLY_TEXT(explaining->ask->login));
    } else if (!vouch_explain_opens(cert->principals, cert->principal_count, accepts)) {
        put_way(explaining, next, sizeof next);
        vouch_explain_add(explaining, "principal", VOUCH_CHECK_FAIL, next,
                          "login \"%.*s\" accepts %s; your certificate has %s",
                          VOUCH_REPLY_TEXT(explaining->ask->login), wants, has);
    } else {
        vouch_explain_add(explaining, "principal", VOUCH_CHECK_OK, "",
                          "login \"%.*s\" accepts %s, which the certificate has one of",
                          VOUCH_REPLY_TEXT(explaining->ask->login), wants);
    }
}

static const struct vouch_cert_option *option_named(const struct vouch_cert_option *options,
                                                    size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(options[i].name, vouch_bytes_of(name))) {
            return &options[i];
        }
    }
    return NULL;
}

static void check_options(struct vouch_explaining *explaining) {
    const struct vouch_cert *cert = explaining->cert;
    const struct vouch_cert_option *forced =
        option_named(cert->critical, cert->critical_count, "force-command");
    struct vouch_bytes command = {0};
    char text[LIST_TEXT_MAX];
    if (forced != NULL && vouch_cert_option_value(forced, &command) == VOUCH_OK) {
        vouch_str_escape_to(command, text, sizeof text);
        vouch_explain_add(explaining, "force-command", VOUCH_CHECK_WARN, "",
                          "whatever is asked for, this runs: %s", text);
    }
    if (option_named(cert->extensions, cert->extension_count, "permit-pty") == NULL) {
        vouch_explain_add(explaining, "permit-pty", VOUCH_CHECK_WARN, "",
                          "there is no terminal: only commands run");
    }
}

void vouch_explain_cert(struct vouch_explaining *explaining) {
    check_there(explaining);
    if (explaining->cert == NULL) {
        return;
    }
    check_key_type(explaining);
    check_revoked(explaining);
    check_verdict(explaining);
    check_principal(explaining);
    check_options(explaining);
}
