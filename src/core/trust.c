// SPDX-License-Identifier: ISC
// Writing, reading and proving trust bundles: doc/trust.md.
#include "core/trust.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key-signer.h"
#include "vouch/sshsig.h"

#define HEAD "vouch-trust/1"
#define FIRST_KEY_LINE "key"

#define autobuf VOUCH_CLEANUP(vouch_buf_done)
#define autotrust VOUCH_CLEANUP(vouch_trust_done)
#define autoby VOUCH_CLEANUP(vouch_sshsig_by_done)

static const char *const states[] = {
    [VOUCH_TRUST_NEXT] = "next",
    [VOUCH_TRUST_ACTIVE] = "active",
    [VOUCH_TRUST_OLD] = "old",
    [VOUCH_TRUST_REVOKED] = "revoked",
};
#define STATE_COUNT (sizeof states / sizeof states[0])

const char *vouch_trust_state_text(enum vouch_trust_state state) {
    return (size_t)state < STATE_COUNT ? states[state] : NULL;
}

int vouch_trust_state_counts(enum vouch_trust_state state) {
    return state == VOUCH_TRUST_NEXT || state == VOUCH_TRUST_ACTIVE || state == VOUCH_TRUST_OLD;
}

void vouch_trust_done(struct vouch_trust *trust) {
    for (size_t i = 0; i < trust->key_count; i++) {
        vouch_key_free(trust->keys[i].key);
    }
    vouch_key_free(trust->canary);
    *trust = (struct vouch_trust){0};
}

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){.field = field, .reason = reason};
    }
    return err;
}

// --- what holds together

// As the ledger's names are: printable, no blank, no '+'.
static int is_name(const char *name) {
    size_t len = strnlen(name, VOUCH_TRUST_NAME_MAX);
    for (size_t i = 0; i < len; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') {
            return 0;
        }
    }
    return len > 0 && len < VOUCH_TRUST_NAME_MAX;
}

static int is_twice(const struct vouch_trust *trust, size_t at) {
    for (size_t i = 0; i < at; i++) {
        if (vouch_key_equal(trust->keys[i].key, trust->keys[at].key)) {
            return 1;
        }
    }
    return vouch_key_equal(trust->canary, trust->keys[at].key);
}

static const char *key_fault(const struct vouch_trust *trust, size_t at) {
    const struct vouch_trust_key *key = &trust->keys[at];
    if (key->use != VOUCH_CERT_USER && key->use != VOUCH_CERT_HOST) {
        return "has a key that is neither for users nor for hosts";
    }
    if (vouch_trust_state_text(key->state) == NULL) {
        return "has a key without a state";
    }
    if (at > 0 && key->use == VOUCH_CERT_USER && trust->keys[at - 1].use == VOUCH_CERT_HOST) {
        return "has a user CA key behind a host CA key";
    }
    if (vouch_key_ca_weakness(key->key) != NULL) {
        return "has a key that is too weak for a CA";
    }
    return is_twice(trust, at) ? "has one key twice" : NULL;
}

static size_t count_active(const struct vouch_trust *trust, enum vouch_cert_type use) {
    size_t count = 0;
    for (size_t i = 0; i < trust->key_count; i++) {
        count += trust->keys[i].use == use && trust->keys[i].state == VOUCH_TRUST_ACTIVE;
    }
    return count;
}

const char *vouch_trust_fault(const struct vouch_trust *trust) {
    if (!is_name(trust->name)) {
        return "has no name, or one with blanks or signs that a name must not have";
    }
    if (trust->version == 0 || trust->canary == NULL) {
        return "has no version or no canary";
    }
    for (size_t i = 0; i < trust->key_count; i++) {
        const char *why = key_fault(trust, i);
        if (why != NULL) {
            return why;
        }
    }
    if (count_active(trust, VOUCH_CERT_USER) != 1 || count_active(trust, VOUCH_CERT_HOST) != 1) {
        return "does not have one active key of each use";
    }
    return NULL;
}

const struct vouch_key *vouch_trust_active(const struct vouch_trust *trust,
                                           enum vouch_cert_type use) {
    for (size_t i = 0; i < trust->key_count; i++) {
        if (trust->keys[i].use == use && trust->keys[i].state == VOUCH_TRUST_ACTIVE) {
            return trust->keys[i].key;
        }
    }
    return NULL;
}

enum vouch_trust_state vouch_trust_of(const struct vouch_trust *trust, enum vouch_cert_type use,
                                      const struct vouch_key *key) {
    for (size_t i = 0; i < trust->key_count; i++) {
        if (trust->keys[i].use == use && vouch_key_equal(trust->keys[i].key, key)) {
            return trust->keys[i].state;
        }
    }
    return VOUCH_TRUST_NONE;
}

// --- writing

static void write_statement(const struct vouch_trust *trust, struct vouch_buf *out) {
    char line[64 + VOUCH_TRUST_NAME_MAX], time[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(trust->time_s, time);
    (void)snprintf(line, sizeof line, HEAD "\nname %s\n", trust->name);
    vouch_buf_put_text(out, line);
    (void)snprintf(line, sizeof line, "version %" PRIu64 "\ntime %s\ncanary ", trust->version,
                   time);
    vouch_buf_put_text(out, line);
    vouch_key_print(trust->canary, NULL, out);
    vouch_buf_put_text(out, "\n");
    for (size_t i = 0; i < trust->key_count; i++) {
        const struct vouch_trust_key *key = &trust->keys[i];
        (void)snprintf(line, sizeof line, FIRST_KEY_LINE " %s %s ",
                       key->use == VOUCH_CERT_USER ? "user" : "host",
                       vouch_trust_state_text(key->state));
        vouch_buf_put_text(out, line);
        vouch_key_print(key->key, NULL, out);
        vouch_buf_put_text(out, "\n");
    }
}

int vouch_trust_write(const struct vouch_trust *trust,
                      const struct vouch_private_key *checkpoint_key, struct vouch_buf *out) {
    if (vouch_trust_fault(trust) != NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    size_t before = out->len;
    autobuf struct vouch_buf statement;
    vouch_buf_init(&statement, VOUCH_TRUST_MAX);
    write_statement(trust, &statement);
    vouch_buf_put(out, vouch_buf_bytes(&statement));
    vouch_buf_put_text(out, "\n");
    const struct vouch_sshsig_signer by = {
        .public_blob = vouch_key_blob(vouch_private_key_public(checkpoint_key)),
        .sign = vouch_key_signs,
        .context = (void *)(uintptr_t)checkpoint_key,
        .hash = VOUCH_HASH_SHA512};
    int err = statement.err != VOUCH_OK ? statement.err : out->err;
    if (err == VOUCH_OK) {
        err = vouch_sshsig_sign(&by, VOUCH_TRUST_NAMESPACE, vouch_buf_bytes(&statement), out);
    }
    if (err == VOUCH_OK && out->len - before > VOUCH_TRUST_MAX) {
        err = VOUCH_ERR_LIMIT;
    }
    if (err != VOUCH_OK) {
        out->len = before;
    }
    return err;
}

// --- reading

// The next line "NAME VALUE"; ptr NULL if it is another line, or has no end.
static struct vouch_bytes next_value(struct vouch_bytes *rest, const char *name) {
    if (rest->len == 0) {
        return (struct vouch_bytes){0};
    }
    struct vouch_bytes value = vouch_str_cut(rest, '\n');
    struct vouch_bytes word =
        rest->ptr == NULL ? (struct vouch_bytes){0} : vouch_str_cut(&value, ' ');
    return vouch_bytes_equal(word, vouch_bytes_of(name)) ? value : (struct vouch_bytes){0};
}

static int read_name(struct vouch_bytes text, struct vouch_trust *trust) {
    if (text.len == 0 || text.len >= sizeof trust->name || memchr(text.ptr, '\0', text.len)) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(trust->name, text.ptr, text.len);
    return VOUCH_OK;
}

static int read_key(struct vouch_bytes text, struct vouch_key **ret_key) {
    autobuf struct vouch_buf blob;
    struct vouch_bytes comment;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    int err = vouch_key_line_decode(text, &blob, &comment, NULL);
    return err == VOUCH_OK ? vouch_key_parse(vouch_buf_bytes(&blob), ret_key, NULL) : err;
}

static int read_key_line(struct vouch_bytes text, struct vouch_trust *trust) {
    if (text.len == 0 || trust->key_count == VOUCH_TRUST_KEYS_MAX) {
        return text.len == 0 ? VOUCH_ERR_FORMAT : VOUCH_ERR_LIMIT;
    }
    struct vouch_trust_key key = {0};
    struct vouch_bytes rest = text;
    struct vouch_bytes use = vouch_str_cut(&rest, ' ');
    struct vouch_bytes state = rest.len > 0 ? vouch_str_cut(&rest, ' ') : (struct vouch_bytes){0};
    if (vouch_bytes_equal(use, vouch_bytes_of("user"))) {
        key.use = VOUCH_CERT_USER;
    } else if (vouch_bytes_equal(use, vouch_bytes_of("host"))) {
        key.use = VOUCH_CERT_HOST;
    }
    for (size_t i = VOUCH_TRUST_NEXT; i < STATE_COUNT; i++) {
        if (vouch_bytes_equal(state, vouch_bytes_of(states[i]))) {
            key.state = (enum vouch_trust_state)i;
        }
    }
    int err = rest.len > 0 ? read_key(rest, &key.key) : VOUCH_ERR_FORMAT;
    if (err == VOUCH_OK) {
        trust->keys[trust->key_count++] = key;
    }
    return err;
}

// The fields in their order; `ret_field` is the one that is wrong.
static int read_fields(struct vouch_bytes statement, struct vouch_trust *trust,
                       const char **ret_field) {
    struct vouch_bytes rest = statement;
    *ret_field = "first line";
    if (rest.len == 0 || !vouch_bytes_equal(vouch_str_cut(&rest, '\n'), vouch_bytes_of(HEAD))) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    *ret_field = "name";
    int err = read_name(next_value(&rest, "name"), trust);
    if (err == VOUCH_OK) {
        *ret_field = "version";
        err = vouch_str_to_u64(next_value(&rest, "version"), &trust->version);
    }
    if (err == VOUCH_OK) {
        *ret_field = "time";
        err = vouch_time_parse(next_value(&rest, "time"), &trust->time_s);
    }
    if (err == VOUCH_OK) {
        *ret_field = "canary";
        err = read_key(next_value(&rest, "canary"), &trust->canary);
    }
    *ret_field = err == VOUCH_OK ? "key" : *ret_field;
    while (err == VOUCH_OK && rest.len > 0) {
        err = read_key_line(next_value(&rest, FIRST_KEY_LINE), trust);
    }
    return err;
}

// One content has one form: so nothing that was signed can be read in two ways.
static int is_canonical(const struct vouch_trust *trust, struct vouch_bytes statement) {
    autobuf struct vouch_buf again;
    vouch_buf_init(&again, VOUCH_TRUST_MAX);
    write_statement(trust, &again);
    return again.err == VOUCH_OK && vouch_bytes_equal(vouch_buf_bytes(&again), statement);
}

int vouch_trust_parse(struct vouch_bytes statement, struct vouch_trust *ret_trust,
                      struct vouch_where *ret_where) {
    autotrust struct vouch_trust trust = {0};
    const char *field = NULL;
    if (statement.len > VOUCH_TRUST_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "bundle", "is longer than 64 KiB");
    }
    int err = read_fields(statement, &trust, &field);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, field, "is not what it must be");
    }
    const char *why = vouch_trust_fault(&trust);
    if (why != NULL) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "bundle", why);
    }
    if (!is_canonical(&trust, statement)) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "bundle", "is not written as it must be");
    }
    *ret_trust = trust;
    trust = (struct vouch_trust){0};
    return VOUCH_OK;
}

// --- proving

static int check_signature(struct vouch_bytes statement, struct vouch_bytes armoured,
                           const struct vouch_key *checkpoint_key, struct vouch_where *ret_where) {
    autoby struct vouch_sshsig_by by = {0};
    int err = vouch_sshsig_verify(armoured, VOUCH_TRUST_NAMESPACE, statement, &by, ret_where);
    if (err == VOUCH_OK && (by.key == NULL || !vouch_key_equal(by.key, checkpoint_key))) {
        return fail(ret_where, VOUCH_ERR_SIGNATURE, "signature",
                    "is by another key than the one that was noted down");
    }
    return err;
}

int vouch_trust_verify(struct vouch_bytes bundle, const struct vouch_trust_known *known,
                       struct vouch_trust *ret_trust, struct vouch_where *ret_where) {
    if (bundle.len == 0 || bundle.len > VOUCH_TRUST_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "bundle", "is empty or longer than 64 KiB");
    }
    const uint8_t *blank = memmem(bundle.ptr, bundle.len, "\n\n", 2);
    if (blank == NULL || bundle.ptr[bundle.len - 1] != '\n') {
        return fail(ret_where, VOUCH_ERR_TRUNCATED, "bundle", "has no signature, or no end");
    }
    struct vouch_bytes statement = {bundle.ptr, (size_t)(blank - bundle.ptr) + 1};
    struct vouch_bytes armoured = {blank + 2, bundle.len - statement.len - 1};
    int err = check_signature(statement, armoured, known->checkpoint_key, ret_where);
    autotrust struct vouch_trust trust = {0};
    if (err == VOUCH_OK) {
        err = vouch_trust_parse(statement, &trust, ret_where);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (known->name != NULL && strcmp(known->name, trust.name) != 0) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "name", "is that of another authority");
    }
    if (trust.version < known->version) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "version",
                    "is lower than that of the bundle in force");
    }
    *ret_trust = trust;
    trust = (struct vouch_trust){0};
    return VOUCH_OK;
}
