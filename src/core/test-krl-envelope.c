// SPDX-License-Identifier: ISC
// Tests of the envelope of a revocation list: a good one, and every way to spoil it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/key.h"
#include "core/krl-envelope.h"
#include "vouch/sshsig.h"

struct world {
    struct vouch_private_key *checkpoint, *user_ca, *host_ca;
    struct vouch_buf krl;
    char statement[1024];
};

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static void make_krl(struct world *world, uint64_t version) {
    struct vouch_krl *krl = vouch_krl_new();
    assert_non_null(krl);
    assert_int_equal(
        vouch_krl_add_serials(krl, vouch_private_key_public(world->user_ca), 4711, 4712), 0);
    vouch_krl_set_header(krl, version, 1700000000, "");
    vouch_buf_init(&world->krl, 65536);
    assert_int_equal(vouch_krl_write(krl, &world->krl), 0);
    vouch_krl_free(krl);
}

static void make_statement(struct world *world, const char *use, uint64_t version) {
    char ca[VOUCH_FINGERPRINT_MAX], hex[65];
    uint8_t hash[VOUCH_HASH_MAX];
    struct vouch_buf text;
    assert_int_equal(vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&world->krl), hash), 32);
    vouch_buf_init_fixed(&text, hex, 64);
    vouch_str_hex((struct vouch_bytes){hash, 32}, &text);
    hex[64] = '\0';
    vouch_key_fingerprint(vouch_private_key_public(world->user_ca), VOUCH_HASH_SHA256, ca);
    (void)snprintf(world->statement, sizeof world->statement,
                   "vouch-krl/1\nca %s\nuse %s\nversion %llu\nlength %zu\nsha256 %s\n"
                   "time 2026-11-22T10:00:00Z\n",
                   ca, use, (unsigned long long)version, world->krl.len, hex);
}

static int set_up(void **state) {
    static struct world world;
    struct vouch_private_key **keys[] = {&world.checkpoint, &world.user_ca, &world.host_ca};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, keys[i]) != 0) {
            return -1;
        }
    }
    make_krl(&world, 12);
    make_statement(&world, "user", 12);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    vouch_private_key_free(world->checkpoint);
    vouch_private_key_free(world->user_ca);
    vouch_private_key_free(world->host_ca);
    vouch_buf_done(&world->krl);
    return 0;
}

// The statement, an empty line, and a signature over it by `key` in a namespace.
static void seal(const struct vouch_private_key *key, const char *name_space, const char *statement,
                 struct vouch_buf *ret_envelope) {
    uint8_t memory[512];
    struct vouch_buf line;
    struct vouch_buf blob;
    struct vouch_bytes comment;
    struct vouch_where where;
    vouch_buf_init_fixed(&blob, memory, sizeof memory);
    vouch_buf_init(&line, 4096);
    vouch_key_print(vouch_private_key_public(key), NULL, &line);
    assert_int_equal(vouch_key_line_decode(vouch_buf_bytes(&line), &blob, &comment, &where), 0);
    vouch_buf_done(&line);
    const struct vouch_sshsig_signer signer = {vouch_buf_bytes(&blob), sign, (void *)(uintptr_t)key,
                                               VOUCH_HASH_SHA512};
    vouch_buf_init(ret_envelope, VOUCH_KRL_ENVELOPE_MAX);
    vouch_buf_put_text(ret_envelope, statement);
    vouch_buf_put_text(ret_envelope, "\n");
    assert_int_equal(
        vouch_sshsig_sign(&signer, name_space, vouch_bytes_of(statement), ret_envelope), 0);
}

static struct vouch_krl_trust trust_of(const struct world *world) {
    return (struct vouch_krl_trust){vouch_private_key_public(world->checkpoint),
                                    vouch_private_key_public(world->user_ca), VOUCH_CERT_USER};
}

// What becomes of an envelope over this statement; *ret_statement may be NULL.
static int judge(const struct world *world, const char *statement,
                 struct vouch_krl_statement *ret_statement) {
    struct vouch_buf envelope;
    struct vouch_fault fault;
    struct vouch_krl_statement found = {0};
    const struct vouch_krl_trust trust = trust_of(world);
    seal(world->checkpoint, "vouch-krl", statement, &envelope);
    int err = vouch_krl_envelope_verify(vouch_buf_bytes(&envelope), &trust, "x", &found, &fault);
    vouch_buf_done(&envelope);
    if (err != 0) {
        assert_ptr_equal(fault.kind, &vouch_fault_krl_unproven);
        assert_int_equal(found.version, 0);
    } else if (ret_statement != NULL) {
        *ret_statement = found;
    }
    return err;
}

static void takes_a_good_envelope_and_its_list(void **state) {
    const struct world *world = *state;
    struct vouch_krl_statement statement = {0};
    assert_int_equal(judge(world, world->statement, &statement), 0);
    assert_int_equal(statement.version, 12);
    assert_int_equal(statement.length, world->krl.len);
    assert_int_equal(vouch_krl_statement_check(&statement, vouch_buf_bytes(&world->krl), "x", NULL),
                     0);
}

static void refuses_each_proper_prefix_of_an_envelope(void **state) {
    const struct world *world = *state;
    struct vouch_buf envelope;
    struct vouch_krl_statement found;
    const struct vouch_krl_trust trust = trust_of(world);
    seal(world->checkpoint, "vouch-krl", world->statement, &envelope);
    for (size_t len = 0; len + 1 < envelope.len; len++) { // the last byte is a line's end
        struct vouch_bytes cut = {envelope.ptr, len};
        assert_int_not_equal(vouch_krl_envelope_verify(cut, &trust, "x", &found, NULL), 0);
    }
    vouch_buf_done(&envelope);
}

static void refuses_each_flipped_bit_of_a_statement(void **state) {
    const struct world *world = *state;
    struct vouch_buf envelope;
    struct vouch_krl_statement found;
    const struct vouch_krl_trust trust = trust_of(world);
    seal(world->checkpoint, "vouch-krl", world->statement, &envelope);
    for (size_t bit = 0; bit < 8 * strlen(world->statement); bit += 3) {
        envelope.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(
            vouch_krl_envelope_verify(vouch_buf_bytes(&envelope), &trust, "x", &found, NULL), 0);
        envelope.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    vouch_buf_done(&envelope);
}

static void refuses_other_keys_and_namespaces(void **state) {
    const struct world *world = *state;
    const struct vouch_krl_trust trust = trust_of(world);
    const struct {
        const struct vouch_private_key *key;
        const char *name_space;
    } rows[] = {
        {world->user_ca, "vouch-krl"}, {world->host_ca, "vouch-krl"}, {world->checkpoint, "file"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_buf envelope;
        struct vouch_krl_statement found;
        seal(rows[i].key, rows[i].name_space, world->statement, &envelope);
        assert_int_equal(
            vouch_krl_envelope_verify(vouch_buf_bytes(&envelope), &trust, "x", &found, NULL),
            VOUCH_ERR_SIGNATURE);
        vouch_buf_done(&envelope);
    }
}

// A statement in which `old` stands no more, but `new`.
static void replaced(const struct world *world, const char *old, const char *new, size_t cut,
                     char *ret_text, size_t size) {
    const char *at = strstr(world->statement, old);
    assert_non_null(at);
    (void)snprintf(ret_text, size, "%.*s%s%s", (int)(at - world->statement), world->statement, new,
                   at + strlen(old) + cut);
}

static void refuses_lines_that_are_nearly_right(void **state) {
    const struct world *world = *state;
    char text[sizeof world->statement + 512];
    static const struct {
        const char *old, *new;
        size_t cut; // characters behind `old` that go too
    } rows[] = {
        {"version 12", "version:12", 0}, {"version 12", "version ", 0},
        {"version 12", "version", 0},    {"version 12", "versiom 12", 0},
        {"use user", "use", 0},          {"sha256 ", "sha256 ", 2}, // 62 digits
        {"sha256 ", "sha256 00", 0},                                // 66
        {"sha256 ", "sha256 zz", 2},                                // no digits
        {"sha256 ", "sha256 000g", 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        replaced(world, rows[i].old, rows[i].new, rows[i].cut, text, sizeof text);
        assert_int_not_equal(judge(world, text, NULL), 0);
    }
    char longer[VOUCH_FINGERPRINT_MAX + 16] = "ca ";
    memset(longer + 3, 'A', sizeof longer - 5);
    longer[sizeof longer - 2] = '\n';
    replaced(world, "use user", longer, 0, text, sizeof text);
    assert_int_not_equal(judge(world, text, NULL), 0);
    char again[sizeof longer + 16];
    (void)snprintf(again, sizeof again, "%suse user", longer);
    replaced(world, "use user", again, 0, text, sizeof text);
    assert_int_not_equal(judge(world, text, NULL), 0);
}

static void an_envelope_has_a_length_and_faults_have_words(void **state) {
    const struct world *world = *state;
    const struct vouch_krl_trust trust = trust_of(world);
    struct vouch_krl_statement found;
    struct vouch_fault fault;
    struct vouch_buf envelope;
    seal(world->checkpoint, "vouch-krl", world->statement, &envelope);
    uint8_t *room = calloc(1, VOUCH_KRL_ENVELOPE_MAX + 1);
    assert_non_null(room);
    memcpy(room, envelope.ptr, envelope.len);
    const struct vouch_bytes over = {room, VOUCH_KRL_ENVELOPE_MAX + 1}, none = {room, 0};
    assert_int_equal(vouch_krl_envelope_verify(over, &trust, "x", &found, &fault),
                     VOUCH_ERR_FORMAT);
    assert_non_null(strstr(fault.text, "is none"));
    assert_int_equal(vouch_krl_envelope_verify(none, &trust, "x", &found, &fault),
                     VOUCH_ERR_FORMAT);
    free(room);
    const char *armour = memmem(envelope.ptr, envelope.len, "-----BEGIN", 10);
    assert_non_null(armour);
    envelope.len -= 30; // the end of its armour
    struct vouch_where where = {0};
    struct vouch_sshsig_by by = {0};
    const struct vouch_bytes cut = {
        (const uint8_t *)armour, envelope.len - (size_t)((const uint8_t *)armour - envelope.ptr)};
    assert_int_not_equal(
        vouch_sshsig_verify(cut, "vouch-krl", vouch_bytes_of(world->statement), &by, &where), 0);
    assert_non_null(where.reason);
    assert_int_equal(
        vouch_krl_envelope_verify(vouch_buf_bytes(&envelope), &trust, "x", &found, &fault),
        VOUCH_ERR_SIGNATURE);
    assert_non_null(strstr(fault.text, where.reason));
    vouch_buf_done(&envelope);
    struct world other = *world;
    make_statement(&other, "host", 12);
    seal(world->checkpoint, "vouch-krl", other.statement, &envelope);
    assert_int_equal(
        vouch_krl_envelope_verify(vouch_buf_bytes(&envelope), &trust, "x", &found, &fault),
        VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "another list: host of"));
    vouch_buf_done(&envelope);
}

// A signature by the right key is no excuse for a statement that is none.
static void refuses_statements_of_another_form(void **state) {
    const struct world *world = *state;
    char text[sizeof world->statement + 32];
    static const char *const names[] = {"vouch-krl/1", "ca",     "use", "version",
                                        "length",      "sha256", "time"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        // One line less.
        const char *begin = i == 0 ? world->statement : strstr(world->statement, "\nca");
        for (size_t line = 1; i > 0 && line < i; line++) {
            begin = strchr(begin + 1, '\n');
        }
        begin += i > 0;
        const char *end = strchr(begin, '\n') + 1;
        assert_memory_equal(begin, names[i], strlen(names[i]));
        (void)snprintf(text, sizeof text, "%.*s%s", (int)(begin - world->statement),
                       world->statement, end);
        assert_int_not_equal(judge(world, text, NULL), 0);
    }
    (void)snprintf(text, sizeof text, "%sextra line\n", world->statement);
    assert_int_not_equal(judge(world, text, NULL), 0);
}

static void refuses_a_statement_about_another_list(void **state) {
    const struct world *world = *state;
    struct world other = *world;
    struct vouch_krl_statement statement = {0};
    make_statement(&other, "host", 12);
    assert_int_equal(judge(world, other.statement, NULL), VOUCH_ERR_MISMATCH);
    make_statement(&other, "user", 13); // the list itself says 12
    assert_int_equal(judge(world, other.statement, &statement), 0);
    assert_int_equal(vouch_krl_statement_check(&statement, vouch_buf_bytes(&world->krl), "x", NULL),
                     VOUCH_ERR_MISMATCH);
}

// While keys are rotated a list speaks of several.
static void takes_a_list_of_several_ca_keys(void **state) {
    const struct world *world = *state;
    char text[sizeof world->statement + 2 * VOUCH_FINGERPRINT_MAX], ca[VOUCH_FINGERPRINT_MAX];
    struct vouch_krl_statement statement = {0};
    vouch_key_fingerprint(vouch_private_key_public(world->host_ca), VOUCH_HASH_SHA256, ca);
    (void)snprintf(text, sizeof text, "vouch-krl/1\nca %s\n%s", ca,
                   world->statement + strlen("vouch-krl/1\n"));
    assert_int_equal(judge(world, text, &statement), 0);
    assert_int_equal(statement.ca_count, 2);
    assert_true(vouch_krl_statement_names(&statement, vouch_private_key_public(world->user_ca)));
    assert_true(vouch_krl_statement_names(&statement, vouch_private_key_public(world->host_ca)));
    assert_false(
        vouch_krl_statement_names(&statement, vouch_private_key_public(world->checkpoint)));
    // The same key twice, or a key that is not the one asked for alone.
    (void)snprintf(text, sizeof text, "vouch-krl/1\nca %s\nca %s\n%s", ca, ca,
                   strstr(world->statement, "use "));
    assert_int_equal(judge(world, text, NULL), VOUCH_ERR_FORMAT);
    (void)snprintf(text, sizeof text, "vouch-krl/1\nca %s\n%s", ca,
                   strstr(world->statement, "use "));
    assert_int_equal(judge(world, text, NULL), VOUCH_ERR_MISMATCH);
}

static void refuses_a_list_that_was_changed_or_cut(void **state) {
    const struct world *world = *state;
    struct vouch_krl_statement statement = {0};
    assert_int_equal(judge(world, world->statement, &statement), 0);
    struct vouch_bytes cut = {world->krl.ptr, world->krl.len - 1};
    assert_int_equal(vouch_krl_statement_check(&statement, cut, "x", NULL), VOUCH_ERR_MISMATCH);
    world->krl.ptr[world->krl.len - 1] ^= 1;
    assert_int_equal(vouch_krl_statement_check(&statement, vouch_buf_bytes(&world->krl), "x", NULL),
                     VOUCH_ERR_MISMATCH);
    world->krl.ptr[world->krl.len - 1] ^= 1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_good_envelope_and_its_list),
        cmocka_unit_test(refuses_each_proper_prefix_of_an_envelope),
        cmocka_unit_test(refuses_each_flipped_bit_of_a_statement),
        cmocka_unit_test(refuses_other_keys_and_namespaces),
        cmocka_unit_test(refuses_statements_of_another_form),
        cmocka_unit_test(refuses_lines_that_are_nearly_right),
        cmocka_unit_test(an_envelope_has_a_length_and_faults_have_words),
        cmocka_unit_test(refuses_a_statement_about_another_list),
        cmocka_unit_test(takes_a_list_of_several_ca_keys),
        cmocka_unit_test(refuses_a_list_that_was_changed_or_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
