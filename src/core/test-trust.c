// SPDX-License-Identifier: ISC
// Tests of core/trust.h: a good bundle, and every way to spoil it.
#include "core/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/key-signer.h"
#include "core/key.h"
#include "vouch/sshsig.h"

#define VERSION ((UINT64_C(15634) << VOUCH_TRUST_EPOCH_SHIFT) + 3)

// Keys by number: 0 checkpoint, 1 canary, then those of the CAs.
enum { CHECKPOINT, CANARY, USER_OLD, USER, USER_NEXT, HOST, HOST_GONE, KEYS };

static struct vouch_private_key *keys[KEYS];

static struct vouch_key *copy_of(int number) {
    struct vouch_key *key = vouch_key_copy(vouch_private_key_public(keys[number]));
    assert_non_null(key);
    return key;
}

static void put(struct vouch_trust *trust, enum vouch_cert_type use, enum vouch_trust_state state,
                int number) {
    trust->keys[trust->key_count++] = (struct vouch_trust_key){use, state, copy_of(number)};
}

// A bundle in the middle of both rotations.
static struct vouch_trust make_trust(void) {
    struct vouch_trust trust = {.name = "ca.example.com", .version = VERSION, .time_s = 1795430000};
    trust.canary = copy_of(CANARY);
    put(&trust, VOUCH_CERT_USER, VOUCH_TRUST_OLD, USER_OLD);
    put(&trust, VOUCH_CERT_USER, VOUCH_TRUST_ACTIVE, USER);
    put(&trust, VOUCH_CERT_USER, VOUCH_TRUST_NEXT, USER_NEXT);
    put(&trust, VOUCH_CERT_HOST, VOUCH_TRUST_ACTIVE, HOST);
    put(&trust, VOUCH_CERT_HOST, VOUCH_TRUST_REVOKED, HOST_GONE);
    return trust;
}

static struct vouch_buf bundle;

static int set_up(void **state) {
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        const uint8_t seed[32] = {(uint8_t)(i + 1)};
        assert_int_equal(vouch_private_key_from_seed(seed, &keys[i]), VOUCH_OK);
    }
    struct vouch_trust trust = make_trust();
    vouch_buf_init(&bundle, VOUCH_TRUST_MAX);
    assert_int_equal(vouch_trust_write(&trust, keys[CHECKPOINT], &bundle), VOUCH_OK);
    vouch_trust_done(&trust);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    vouch_buf_done(&bundle);
    for (int i = 0; i < KEYS; i++) {
        vouch_private_key_free(keys[i]);
    }
    return 0;
}

static struct vouch_trust_known known_of(int checkpoint, const char *name, uint64_t version) {
    return (struct vouch_trust_known){vouch_private_key_public(keys[checkpoint]), name, version};
}

static int verify_as(struct vouch_bytes bytes, struct vouch_trust_known known) {
    struct vouch_trust trust = {0};
    int err = vouch_trust_verify(bytes, &known, &trust, NULL);
    assert_true((err == VOUCH_OK) == (trust.version != 0));
    vouch_trust_done(&trust);
    return err;
}

static int verify(struct vouch_bytes bytes) {
    return verify_as(bytes, known_of(CHECKPOINT, "ca.example.com", VERSION));
}

// Signs any text as if it were a statement.
static int verify_statement(const char *statement, int signer, const char *name_space) {
    struct vouch_buf signed_text;
    vouch_buf_init(&signed_text, VOUCH_TRUST_MAX);
    vouch_buf_put_text(&signed_text, statement);
    vouch_buf_put_text(&signed_text, "\n");
    const struct vouch_sshsig_signer by = {vouch_key_blob(vouch_private_key_public(keys[signer])),
                                           vouch_key_signs, keys[signer], VOUCH_HASH_SHA512};
    assert_int_equal(vouch_sshsig_sign(&by, name_space, vouch_bytes_of(statement), &signed_text),
                     VOUCH_OK);
    int err = verify(vouch_buf_bytes(&signed_text));
    vouch_buf_done(&signed_text);
    return err;
}

static char *statement_of_bundle(void) {
    const char *end = memmem(bundle.ptr, bundle.len, "\n\n", 2);
    assert_non_null(end);
    size_t len = (size_t)(end + 1 - (const char *)bundle.ptr);
    char *text = calloc(len + 1, 1);
    assert_non_null(text);
    memcpy(text, bundle.ptr, len);
    return text;
}

// `text` with the first `from` replaced.
static char *with(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    char *made = NULL;
    assert_non_null(at);
    assert_true(asprintf(&made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
    return made;
}

static void reads_what_was_written(void **state) {
    (void)state;
    struct vouch_trust trust = {0};
    const struct vouch_trust_known known = known_of(CHECKPOINT, NULL, 0);
    assert_int_equal(vouch_trust_verify(vouch_buf_bytes(&bundle), &known, &trust, NULL), VOUCH_OK);
    assert_string_equal(trust.name, "ca.example.com");
    assert_int_equal(trust.version, VERSION);
    assert_int_equal(trust.time_s, 1795430000);
    assert_true(vouch_key_equal(trust.canary, vouch_private_key_public(keys[CANARY])));
    assert_int_equal(trust.key_count, 5);
    assert_true(vouch_key_equal(vouch_trust_active(&trust, VOUCH_CERT_USER),
                                vouch_private_key_public(keys[USER])));
    assert_true(vouch_key_equal(vouch_trust_active(&trust, VOUCH_CERT_HOST),
                                vouch_private_key_public(keys[HOST])));
    vouch_trust_done(&trust);
}

static void says_what_each_key_is_good_for(void **state) {
    (void)state;
    struct vouch_trust trust = make_trust();
    static const struct {
        enum vouch_cert_type use;
        int key;
        enum vouch_trust_state state;
        int counts;
    } rows[] = {
        {VOUCH_CERT_USER, USER_OLD, VOUCH_TRUST_OLD, 1},
        {VOUCH_CERT_USER, USER, VOUCH_TRUST_ACTIVE, 1},
        {VOUCH_CERT_USER, USER_NEXT, VOUCH_TRUST_NEXT, 1},
        {VOUCH_CERT_USER, HOST, VOUCH_TRUST_NONE, 0},
        {VOUCH_CERT_HOST, USER, VOUCH_TRUST_NONE, 0},
        {VOUCH_CERT_HOST, HOST_GONE, VOUCH_TRUST_REVOKED, 0},
        {VOUCH_CERT_HOST, CHECKPOINT, VOUCH_TRUST_NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vouch_trust_state found =
            vouch_trust_of(&trust, rows[i].use, vouch_private_key_public(keys[rows[i].key]));
        assert_int_equal(found, rows[i].state);
        assert_int_equal(vouch_trust_state_counts(found), rows[i].counts);
    }
    vouch_trust_done(&trust);
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    assert_int_equal(verify(vouch_buf_bytes(&bundle)), VOUCH_OK);
    for (size_t len = 0; len < bundle.len; len++) {
        assert_int_not_equal(verify((struct vouch_bytes){bundle.ptr, len}), VOUCH_OK);
    }
}

static void refuses_each_flipped_bit(void **state) {
    (void)state;
    for (size_t bit = 0; bit < 8 * bundle.len; bit++) {
        bundle.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(verify(vouch_buf_bytes(&bundle)), VOUCH_OK);
        bundle.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(verify(vouch_buf_bytes(&bundle)), VOUCH_OK);
}

static void refuses_another_key_name_and_a_lower_version(void **state) {
    (void)state;
    struct vouch_bytes bytes = vouch_buf_bytes(&bundle);
    assert_int_equal(verify_as(bytes, known_of(CHECKPOINT, NULL, VERSION - 1)), VOUCH_OK);
    assert_int_equal(verify_as(bytes, known_of(USER, NULL, 0)), VOUCH_ERR_SIGNATURE);
    assert_int_equal(verify_as(bytes, known_of(CHECKPOINT, "ca.example.co", 0)),
                     VOUCH_ERR_MISMATCH);
    assert_int_equal(verify_as(bytes, known_of(CHECKPOINT, NULL, VERSION + 1)), VOUCH_ERR_MISMATCH);
}

static void refuses_other_signers_and_namespaces(void **state) {
    (void)state;
    char *statement = statement_of_bundle();
    assert_int_equal(verify_statement(statement, CHECKPOINT, VOUCH_TRUST_NAMESPACE), VOUCH_OK);
    assert_int_equal(verify_statement(statement, CHECKPOINT, "vouch-krl"), VOUCH_ERR_MISMATCH);
    assert_int_equal(verify_statement(statement, CHECKPOINT, "file"), VOUCH_ERR_MISMATCH);
    assert_int_equal(verify_statement(statement, USER, VOUCH_TRUST_NAMESPACE), VOUCH_ERR_SIGNATURE);
    assert_int_equal(verify_statement(statement, HOST, VOUCH_TRUST_NAMESPACE), VOUCH_ERR_SIGNATURE);
    free(statement);
}

// A signature by the right key is no excuse for a statement that is none.
static void refuses_statements_of_another_form(void **state) {
    (void)state;
    static const char *const changes[][2] = {
        {"vouch-trust/1\n", "vouch-trust/2\n"},
        {"vouch-trust/1\n", ""},
        {"name ca", "name  ca"},
        {"name ca", "name c+a"},
        {"name ca.example.com\n", "name \n"},
        {"name ca.example.com\n", ""},
        {"version ", "version 0"},
        {"version ", "version -"},
        {"version ", "version 99999999999999999999"},
        {"time 2026", "time 26"},
        {"Z\n", "+00:00\n"},
        {"Z\n", "\n"},
        {"canary ssh-ed25519 ", "canary ssh-rsa "},
        {"canary ", "canary  "},
        {"canary ", "CANARY "},
        {"key user old", "key user  old"},
        {"key user old", "key user none"},
        {"key user old", "key user active"},
        {"key user active", "key user old"},
        {"key host active", "key host next"},
        {"key host active", "key user old"},
        {"key user old", "key host old"},
        {"key user old", "key all old"},
        {"key user old", "Key user old"},
        {"key user old ", "key user old\n"},
        {"key user old ssh-ed25519 ", "key user old ssh-ed25519  "},
        {"\nkey user next", " comment\nkey user next"},
        {"\nkey user next", "\r\nkey user next"},
        {"\nkey user next", "\n# \nkey user next"},
    };
    char *statement = statement_of_bundle();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *changed = with(statement, changes[i][0], changes[i][1]);
        assert_int_not_equal(verify_statement(changed, CHECKPOINT, VOUCH_TRUST_NAMESPACE),
                             VOUCH_OK);
        free(changed);
    }
    free(statement);
}

static void refuses_each_prefix_of_a_statement_even_if_it_is_signed(void **state) {
    (void)state;
    char *statement = statement_of_bundle();
    // The host CA's keys come last: with fewer lines than that one use has no active key.
    size_t active = (size_t)(strstr(statement, "key host revoked") - statement);
    for (size_t len = strlen(statement) - 1; len > 0; len--) {
        statement[len] = '\0';
        struct vouch_trust trust = {0};
        int err = vouch_trust_parse(vouch_bytes_of(statement), &trust, NULL);
        assert_int_equal(err == VOUCH_OK, len == active);
        vouch_trust_done(&trust);
    }
    free(statement);
}

typedef void spoil_fn(struct vouch_trust *trust);

static void empty_name(struct vouch_trust *trust) {
    trust->name[0] = '\0';
}
static void name_with_line_end(struct vouch_trust *trust) {
    trust->name[2] = '\n';
}
static void name_without_end(struct vouch_trust *trust) {
    memset(trust->name, 'a', sizeof trust->name);
}
static void no_version(struct vouch_trust *trust) {
    trust->version = 0;
}
static void no_canary(struct vouch_trust *trust) {
    vouch_key_free(trust->canary);
    trust->canary = NULL;
}
static void canary_that_is_a_ca(struct vouch_trust *trust) {
    vouch_key_free(trust->canary);
    trust->canary = copy_of(USER_OLD);
}
static void two_active_keys(struct vouch_trust *trust) {
    trust->keys[0].state = VOUCH_TRUST_ACTIVE;
}
static void no_active_key(struct vouch_trust *trust) {
    trust->keys[3].state = VOUCH_TRUST_OLD;
}
static void a_key_without_state(struct vouch_trust *trust) {
    trust->keys[0].state = VOUCH_TRUST_NONE;
}
static void a_key_of_another_use(struct vouch_trust *trust) {
    trust->keys[0].use = (enum vouch_cert_type)3;
}
static void one_key_for_both_uses(struct vouch_trust *trust) {
    vouch_key_free(trust->keys[4].key);
    trust->keys[4].key = copy_of(USER);
}
static void another_order(struct vouch_trust *trust) {
    struct vouch_trust_key last = trust->keys[4];
    trust->keys[4] = trust->keys[0];
    trust->keys[0] = last;
}
static void a_weak_key(struct vouch_trust *trust) {
    struct vouch_private_key *weak = NULL;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 2048, &weak), VOUCH_OK);
    vouch_key_free(trust->keys[0].key);
    trust->keys[0].key = vouch_key_copy(vouch_private_key_public(weak));
    vouch_private_key_free(weak);
}

static void writes_nothing_that_does_not_hold_together(void **state) {
    (void)state;
    static spoil_fn *const rows[] = {
        empty_name,          name_with_line_end,   name_without_end,      no_version,
        no_canary,           canary_that_is_a_ca,  two_active_keys,       no_active_key,
        a_key_without_state, a_key_of_another_use, one_key_for_both_uses, another_order,
        a_weak_key,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_trust trust = make_trust();
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_TRUST_MAX);
        assert_null(vouch_trust_fault(&trust));
        rows[i](&trust);
        assert_non_null(vouch_trust_fault(&trust));
        assert_int_equal(vouch_trust_write(&trust, keys[CHECKPOINT], &out), VOUCH_ERR_ARGUMENT);
        assert_int_equal(out.len, 0);
        vouch_buf_done(&out);
        vouch_trust_done(&trust);
    }
}

static void leaves_a_full_buffer_as_it_was(void **state) {
    (void)state;
    struct vouch_trust trust = make_trust();
    struct vouch_buf out;
    vouch_buf_init(&out, bundle.len - 1);
    assert_int_not_equal(vouch_trust_write(&trust, keys[CHECKPOINT], &out), VOUCH_OK);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    vouch_trust_done(&trust);
}

static void refuses_more_keys_than_a_bundle_may_have(void **state) {
    (void)state;
    char *statement = statement_of_bundle();
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_TRUST_MAX);
    vouch_buf_put_text(&text, statement);
    for (uint8_t i = 0; i < VOUCH_TRUST_KEYS_MAX; i++) {
        const uint8_t seed[32] = {1, i};
        struct vouch_private_key *key = NULL;
        struct vouch_trust trust = {0};
        assert_int_equal(vouch_private_key_from_seed(seed, &key), VOUCH_OK);
        vouch_buf_put_text(&text, "key host old ");
        vouch_key_print(vouch_private_key_public(key), NULL, &text);
        vouch_buf_put_text(&text, "\n");
        vouch_private_key_free(key);
        assert_int_equal(vouch_trust_parse(vouch_buf_bytes(&text), &trust, NULL),
                         5 + i < VOUCH_TRUST_KEYS_MAX ? VOUCH_OK : VOUCH_ERR_LIMIT);
        vouch_trust_done(&trust);
    }
    vouch_buf_done(&text);
    free(statement);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(says_what_each_key_is_good_for),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_each_flipped_bit),
        cmocka_unit_test(refuses_another_key_name_and_a_lower_version),
        cmocka_unit_test(refuses_other_signers_and_namespaces),
        cmocka_unit_test(refuses_statements_of_another_form),
        cmocka_unit_test(refuses_each_prefix_of_a_statement_even_if_it_is_signed),
        cmocka_unit_test(writes_nothing_that_does_not_hold_together),
        cmocka_unit_test(leaves_a_full_buffer_as_it_was),
        cmocka_unit_test(refuses_more_keys_than_a_bundle_may_have),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
