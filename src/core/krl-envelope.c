// SPDX-License-Identifier: ISC
// The envelope of a revocation list: see krl-envelope.h.
#include "core/krl-envelope.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "vouch/sshsig.h"

#define NAMESPACE "vouch-krl"

__attribute__((format(printf, 4, 5))) static int unproven(struct vouch_fault *fault, int err,
                                                          const char *name, const char *format,
                                                          ...) {
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vouch_fault_set(fault, err, &vouch_fault_krl_unproven, "%s: %s", name, text);
}

// The value of the next line "NAME VALUE"; ptr NULL if it is another line.
static struct vouch_bytes next_value(struct vouch_bytes *rest, const char *name) {
    struct vouch_bytes line = vouch_str_cut(rest, '\n');
    size_t len = strlen(name);
    if (line.len <= len + 1 || memcmp(line.ptr, name, len) != 0 || line.ptr[len] != ' ') {
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){line.ptr + len + 1, line.len - len - 1};
}

static int names(const struct vouch_krl_statement *statement, struct vouch_bytes ca) {
    for (size_t i = 0; i < statement->ca_count; i++) {
        if (vouch_bytes_equal(vouch_bytes_of(statement->cas[i]), ca)) {
            return 1;
        }
    }
    return 0;
}

int vouch_krl_statement_names(const struct vouch_krl_statement *statement,
                              const struct vouch_key *ca) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(ca, VOUCH_HASH_SHA256, fingerprint);
    return names(statement, vouch_bytes_of(fingerprint));
}

static int read_hash(struct vouch_bytes text, uint8_t ret_hash[static 32]) {
    struct vouch_buf hash;
    vouch_buf_init_fixed(&hash, ret_hash, 32);
    return text.len == 64 && vouch_str_unhex(text, &hash) == 0 ? 0 : VOUCH_ERR_FORMAT;
}

static int read_use(struct vouch_bytes text, enum vouch_cert_type *ret_use) {
    if (vouch_bytes_equal(text, vouch_bytes_of("user"))) {
        *ret_use = VOUCH_CERT_USER;
        return 0;
    }
    *ret_use = VOUCH_CERT_HOST;
    return vouch_bytes_equal(text, vouch_bytes_of("host")) ? 0 : VOUCH_ERR_FORMAT;
}

// One or more lines "ca FINGERPRINT", none twice.
static int read_cas(struct vouch_bytes *rest, struct vouch_krl_statement *found) {
    struct vouch_bytes after = *rest;
    struct vouch_bytes text = next_value(&after, "ca");
    while (text.ptr != NULL) {
        if (text.len >= VOUCH_FINGERPRINT_MAX || found->ca_count == VOUCH_KRL_CAS_MAX ||
            names(found, text)) {
            return VOUCH_ERR_FORMAT;
        }
        memcpy(found->cas[found->ca_count], text.ptr, text.len);
        found->cas[found->ca_count++][text.len] = '\0';
        *rest = after;
        text = next_value(&after, "ca");
    }
    return found->ca_count > 0 ? 0 : VOUCH_ERR_FORMAT;
}

// The lines of a statement, in their order and no others. `ret_field` is the one that is wrong.
static int read_statement(struct vouch_bytes text, struct vouch_krl_statement *ret_statement,
                          const char **ret_field) {
    struct vouch_krl_statement found = {0};
    struct vouch_bytes rest = text;
    *ret_field = "its first line";
    if (!vouch_bytes_equal(vouch_str_cut(&rest, '\n'), vouch_bytes_of("vouch-krl/1"))) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    *ret_field = "ca";
    int err = read_cas(&rest, &found);
    if (err == 0) {
        *ret_field = "use";
        err = read_use(next_value(&rest, "use"), &found.use);
    }
    if (err == 0) {
        *ret_field = "version";
        err = vouch_str_to_u64(next_value(&rest, "version"), &found.version);
    }
    if (err == 0) {
        *ret_field = "length";
        err = vouch_str_to_u64(next_value(&rest, "length"), &found.length);
    }
    if (err == 0) {
        *ret_field = "sha256";
        err = read_hash(next_value(&rest, "sha256"), found.sha256);
    }
    if (err == 0) {
        *ret_field = "time";
        err = vouch_time_parse(next_value(&rest, "time"), &found.time_s);
    }
    if (err == 0 && rest.len > 0) {
        *ret_field = "its last line";
        err = VOUCH_ERR_TRAILING;
    }
    if (err == 0) {
        *ret_statement = found;
    }
    return err;
}

// The key's own word, before anything of the statement is believed.
static int check_signature(struct vouch_bytes statement, struct vouch_bytes armoured,
                           const struct vouch_krl_trust *trust, const char *name,
                           struct vouch_fault *fault) {
    struct vouch_sshsig_by by = {0};
    struct vouch_where where = {0};
    int err = vouch_sshsig_verify(armoured, NAMESPACE, statement, &by, &where);
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "out of memory");
    }
    if (err != 0) {
        return unproven(fault, VOUCH_ERR_SIGNATURE, name, "the signature of its envelope: %s",
                        where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    if (by.key == NULL || !vouch_key_equal(by.key, trust->checkpoint_key)) {
        err = unproven(fault, VOUCH_ERR_SIGNATURE, name,
                       "its envelope is signed by another key than the one that was noted down");
    }
    vouch_sshsig_by_done(&by);
    return err;
}

int vouch_krl_envelope_verify(struct vouch_bytes envelope, const struct vouch_krl_trust *trust,
                              const char *name, struct vouch_krl_statement *ret_statement,
                              struct vouch_fault *fault) {
    struct vouch_krl_statement found = {0};
    const char *field = NULL;
    const uint8_t *blank = envelope.len > 0 && envelope.len <= VOUCH_KRL_ENVELOPE_MAX
                               ? memmem(envelope.ptr, envelope.len, "\n\n", 2)
                               : NULL;
    if (blank == NULL) {
        return unproven(fault, VOUCH_ERR_FORMAT, name, "its envelope is none");
    }
    struct vouch_bytes statement = {envelope.ptr, (size_t)(blank - envelope.ptr) + 1};
    struct vouch_bytes armoured = {blank + 2, envelope.len - statement.len - 1};
    int err = check_signature(statement, armoured, trust, name, fault);
    if (err != 0) {
        return err;
    }
    err = read_statement(statement, &found, &field);
    if (err != 0) {
        return unproven(fault, err, name, "its envelope: %s is wrong", field);
    }
    if (found.use != trust->use || !vouch_krl_statement_names(&found, trust->ca)) {
        return unproven(fault, VOUCH_ERR_MISMATCH, name,
                        "its envelope is about another list: %s of %s",
                        found.use == VOUCH_CERT_HOST ? "host" : "user", found.cas[0]);
    }
    *ret_statement = found;
    return 0;
}

int vouch_krl_statement_check(const struct vouch_krl_statement *statement, struct vouch_bytes krl,
                              const char *name, struct vouch_fault *fault) {
    uint8_t hash[VOUCH_HASH_MAX];
    struct vouch_krl *parsed = NULL;
    struct vouch_where where = {0};
    if (vouch_hash_bytes(VOUCH_HASH_SHA256, krl, hash) != sizeof statement->sha256) {
        return vouch_fault_set(fault, VOUCH_ERR_CRYPTO, &vouch_fault_memory, "%s: cannot be hashed",
                               name);
    }
    if (krl.len != statement->length ||
        memcmp(hash, statement->sha256, sizeof statement->sha256) != 0) {
        return unproven(fault, VOUCH_ERR_MISMATCH, name,
                        "it is not the list that its envelope speaks of");
    }
    int err = vouch_krl_parse(krl, &parsed, &where);
    if (err != 0) {
        return vouch_fault_where(fault, err, &vouch_fault_krl_format, name, &where);
    }
    if (vouch_krl_header(parsed).version != statement->version) {
        err = unproven(fault, VOUCH_ERR_MISMATCH, name, "its version is %llu, and not %llu",
                       (unsigned long long)vouch_krl_header(parsed).version,
                       (unsigned long long)statement->version);
    }
    vouch_krl_free(parsed);
    return err;
}
