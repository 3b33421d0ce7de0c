// SPDX-License-Identifier: ISC
// Tests of what may be installed as a revocation list: a good one, and each way to spoil list or envelope.
// What is accepted is judged by the machine's own ssh-keygen as well.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "core/krl-canary.h"
#include "host/krl-proof.h"
#include "vouch/sshsig.h"

#define NOW UINT64_C(1795341600) // 2026-11-22T10:00:00Z
#define TEN_SECONDS_NS UINT64_C(10000000000)

struct world {
    struct vouch_private_key *checkpoint, *ca, *next_ca;
    const struct vouch_key *cas[2];
    struct vouch_buf list, envelope;
};
static struct world world;
static const char ca_name[] = "prod.example.com/1f3a";

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static struct vouch_krl *new_krl(void) {
    struct vouch_krl *krl = vouch_krl_new();
    assert_non_null(krl);
    assert_int_equal(vouch_krl_add_serials(krl, world.cas[0], 4711, 4712), 0);
    return krl;
}

static void write_list(struct vouch_krl *krl, uint64_t version, struct vouch_buf *ret_list) {
    vouch_krl_set_header(krl, version, 1700000000, ca_name);
    vouch_buf_init(ret_list, 65536);
    assert_int_equal(vouch_krl_write(krl, ret_list), 0);
    vouch_krl_free(krl);
}

static void good_list(uint64_t version, struct vouch_buf *ret_list) {
    struct vouch_krl *krl = new_krl();
    assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(ca_name)), 0);
    write_list(krl, version, ret_list);
}

// An envelope for any bytes, by the checkpoint key; names `ca_count` keys.
static void seal(struct vouch_bytes list, uint64_t version, size_t ca_count,
                 struct vouch_buf *ret_envelope) {
    uint8_t hash[VOUCH_HASH_MAX];
    char line[VOUCH_FINGERPRINT_MAX + 256], ca[VOUCH_FINGERPRINT_MAX];
    struct vouch_buf text;
    vouch_buf_init(&text, 4096);
    vouch_buf_put_text(&text, "vouch-krl/1\n");
    for (size_t i = 0; i < ca_count; i++) {
        vouch_key_fingerprint(world.cas[i], VOUCH_HASH_SHA256, ca);
        (void)snprintf(line, sizeof line, "ca %s\n", ca);
        vouch_buf_put_text(&text, line);
    }
    (void)snprintf(line, sizeof line, "use user\nversion %llu\nlength %zu\nsha256 ",
                   (unsigned long long)version, list.len);
    vouch_buf_put_text(&text, line);
    assert_int_equal(vouch_hash_bytes(VOUCH_HASH_SHA256, list, hash), 32);
    vouch_str_hex((struct vouch_bytes){hash, 32}, &text);
    vouch_buf_put_text(&text, "\ntime 2026-11-22T10:00:00Z\n");
    const struct vouch_sshsig_signer signer = {
        vouch_key_blob(vouch_private_key_public(world.checkpoint)), sign, world.checkpoint,
        VOUCH_HASH_SHA512};
    vouch_buf_init(ret_envelope, VOUCH_KRL_ENVELOPE_MAX);
    vouch_buf_put(ret_envelope, vouch_buf_bytes(&text));
    vouch_buf_put_text(ret_envelope, "\n");
    assert_int_equal(vouch_sshsig_sign(&signer, "vouch-krl", vouch_buf_bytes(&text), ret_envelope),
                     0);
    vouch_buf_done(&text);
}

static int set_up(void **state) {
    (void)state;
    struct vouch_private_key **keys[] = {&world.checkpoint, &world.ca, &world.next_ca};
    for (size_t i = 0; i < 3; i++) {
        if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, keys[i]) != 0) {
            return -1;
        }
    }
    world.cas[0] = vouch_private_key_public(world.ca);
    world.cas[1] = vouch_private_key_public(world.next_ca);
    good_list(12, &world.list);
    seal(vouch_buf_bytes(&world.list), 12, 1, &world.envelope);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    vouch_private_key_free(world.checkpoint);
    vouch_private_key_free(world.ca);
    vouch_private_key_free(world.next_ca);
    vouch_buf_done(&world.list);
    vouch_buf_done(&world.envelope);
    return 0;
}

static struct vouch_krl_proof proof(void) {
    return (struct vouch_krl_proof){.checkpoint_key = vouch_private_key_public(world.checkpoint),
                                    .cas = world.cas,
                                    .ca_count = 1,
                                    .ca_name = vouch_bytes_of(ca_name),
                                    .now_s = NOW + 60};
}

static int prove(const struct vouch_krl_proof *what, struct vouch_bytes list,
                 struct vouch_bytes envelope, struct vouch_fault *fault) {
    struct vouch_krl_statement statement = {0};
    int err = vouch_krl_prove(what, list, envelope, &statement, fault);
    assert_int_equal(statement.version != 0, err == 0);
    return err;
}

// Proves a list of any content that the checkpoint key stands for.
static int prove_sealed(const struct vouch_krl_proof *what, struct vouch_bytes list,
                        uint64_t version, struct vouch_fault *fault) {
    struct vouch_buf envelope;
    seal(list, version, 1, &envelope);
    int err = prove(what, list, vouch_buf_bytes(&envelope), fault);
    vouch_buf_done(&envelope);
    return err;
}

static void takes_the_good_list_first_and_again(void **state) {
    (void)state;
    struct vouch_krl_proof what = proof();
    struct vouch_bytes list = vouch_buf_bytes(&world.list);
    struct vouch_bytes envelope = vouch_buf_bytes(&world.envelope);
    assert_int_equal(prove(&what, list, envelope, NULL), 0);
    what.installed = list;
    what.installed_version = 12;
    assert_int_equal(prove(&what, list, envelope, NULL), 0);
    what.installed = (struct vouch_bytes){0}; // somebody damaged it
    assert_int_equal(prove(&what, list, envelope, NULL), 0);
}

static void refuses_each_proper_prefix_and_each_flipped_bit_of_the_list(void **state) {
    (void)state;
    const struct vouch_krl_proof what = proof();
    struct vouch_buf *list = &world.list;
    struct vouch_bytes envelope = vouch_buf_bytes(&world.envelope);
    for (size_t len = 0; len < list->len; len++) {
        assert_int_not_equal(prove(&what, (struct vouch_bytes){list->ptr, len}, envelope, NULL), 0);
    }
    for (size_t bit = 0; bit < 8 * list->len; bit++) {
        list->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(prove(&what, vouch_buf_bytes(list), envelope, NULL), 0);
        list->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

// But for the line's end behind it, which carries nothing.
static void refuses_each_proper_prefix_and_each_flipped_bit_of_the_envelope(void **state) {
    (void)state;
    const struct vouch_krl_proof what = proof();
    struct vouch_buf *envelope = &world.envelope;
    struct vouch_bytes list = vouch_buf_bytes(&world.list);
    for (size_t len = 0; len + 1 < envelope->len; len++) {
        assert_int_not_equal(prove(&what, list, (struct vouch_bytes){envelope->ptr, len}, NULL), 0);
    }
    for (size_t bit = 0; bit < 8 * (envelope->len - 1); bit++) {
        envelope->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(prove(&what, list, vouch_buf_bytes(envelope), NULL), 0);
        envelope->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

// The damage of gauntlet H1, even if the server itself stood for it.
static void refuses_what_sshd_would_take_for_an_empty_list_or_for_none(void **state) {
    (void)state;
    const struct vouch_krl_proof what = proof();
    static const uint8_t zeros[121];
    const struct vouch_bytes rows[] = {
        {zeros, 0},
        {zeros, sizeof zeros},
        vouch_bytes_of("\n"),
        vouch_bytes_of("# nothing is revoked\n"),
        vouch_bytes_of("<html>502 Bad Gateway</html>\n"),
        {world.list.ptr, 44}, // a header alone
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_not_equal(prove_sealed(&what, rows[i], 12, NULL), 0);
    }
    for (size_t len = 0; len < world.list.len; len++) {
        assert_int_not_equal(
            prove_sealed(&what, (struct vouch_bytes){world.list.ptr, len}, 12, NULL), 0);
    }
}

static void refuses_an_older_list_and_another_of_the_same_version(void **state) {
    (void)state;
    struct vouch_krl_proof what = proof();
    struct vouch_fault fault;
    struct vouch_buf other;
    what.installed = vouch_buf_bytes(&world.list);
    what.installed_version = 13;
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), &fault),
        VOUCH_ERR_MISMATCH);
    assert_ptr_equal(fault.kind, &vouch_fault_krl_refused);
    struct vouch_krl *krl = new_krl();
    assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(ca_name)), 0);
    assert_int_equal(vouch_krl_add_serials(krl, world.cas[0], 1, 1), 0);
    write_list(krl, 12, &other);
    what.installed_version = 12;
    assert_int_equal(prove_sealed(&what, vouch_buf_bytes(&other), 12, &fault), VOUCH_ERR_MISMATCH);
    assert_ptr_equal(fault.kind, &vouch_fault_krl_refused);
    vouch_buf_done(&other);
    good_list(13, &other);
    assert_int_equal(prove_sealed(&what, vouch_buf_bytes(&other), 13, NULL), 0);
    vouch_buf_done(&other);
}

static void refuses_a_list_that_is_too_old(void **state) {
    (void)state;
    struct vouch_krl_proof what = proof();
    what.age_max_s = 60;
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), NULL), 0);
    what.now_s++;
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), NULL),
        VOUCH_ERR_MISMATCH);
    what.now_s = NOW - 3600; // a clock that is behind makes nothing old
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), NULL), 0);
}

static void refuses_a_list_that_leaves_out_a_trusted_ca(void **state) {
    (void)state;
    struct vouch_krl_proof what = proof();
    struct vouch_buf envelope;
    what.ca_count = 2;
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), NULL),
        VOUCH_ERR_MISMATCH);
    seal(vouch_buf_bytes(&world.list), 12, 2, &envelope);
    assert_int_equal(prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&envelope), NULL),
                     0);
    vouch_buf_done(&envelope);
    what.ca_count = 0;
    assert_int_equal(
        prove(&what, vouch_buf_bytes(&world.list), vouch_buf_bytes(&world.envelope), NULL),
        VOUCH_ERR_ARGUMENT);
}

enum spoiled { NO_CANARY, BOTH_CANARIES, CANARY_OF_ANOTHER };

static void spoil(enum spoiled how, struct vouch_buf *ret_list) {
    struct vouch_krl *krl = new_krl();
    struct vouch_key *good = NULL;
    const char *name = how == CANARY_OF_ANOTHER ? "other" : ca_name;
    if (how != NO_CANARY) {
        assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(name)), 0);
    }
    if (how == BOTH_CANARIES) {
        assert_int_equal(vouch_krl_canary(vouch_bytes_of(name), VOUCH_KRL_CANARY_GOOD, &good), 0);
        assert_int_equal(vouch_krl_add_key(krl, good), 0);
        vouch_key_free(good);
    }
    write_list(krl, 12, ret_list);
}

static void refuses_a_list_whose_canaries_are_not_as_due(void **state) {
    (void)state;
    const struct vouch_krl_proof what = proof();
    static const enum spoiled rows[] = {NO_CANARY, BOTH_CANARIES, CANARY_OF_ANOTHER};
    static const char *const words[] = {"does not revoke", "revokes the canary that has to pass",
                                        "does not revoke"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_buf list;
        struct vouch_fault fault;
        spoil(rows[i], &list);
        assert_int_equal(prove_sealed(&what, vouch_buf_bytes(&list), 12, &fault),
                         VOUCH_ERR_MISMATCH);
        assert_ptr_equal(fault.kind, &vouch_fault_krl_refused);
        assert_non_null(strstr(fault.text, words[i]));
        vouch_buf_done(&list);
    }
}

// ----- the second opinion

static enum vouch_krl_second second(const char *program, struct vouch_bytes list) {
    enum vouch_krl_second found = VOUCH_KRL_SECOND_NONE;
    struct vouch_fault fault;
    assert_int_equal(vouch_krl_prove_second(program, list, vouch_bytes_of(ca_name),
                                            vouch_time_monotonic_ns() + TEN_SECONDS_NS, &found,
                                            &fault),
                     0);
    return found;
}

static void ssh_keygen_agrees_to_the_good_list_alone(void **state) {
    (void)state;
    if (access(VOUCH_KRL_KEYGEN, X_OK) != 0) {
        skip();
    }
    static const enum spoiled rows[] = {NO_CANARY, BOTH_CANARIES, CANARY_OF_ANOTHER};
    struct vouch_buf list;
    assert_int_equal(second(VOUCH_KRL_KEYGEN, vouch_buf_bytes(&world.list)),
                     VOUCH_KRL_SECOND_AGREES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        spoil(rows[i], &list);
        assert_int_equal(second(VOUCH_KRL_KEYGEN, vouch_buf_bytes(&list)), VOUCH_KRL_SECOND_DOUBTS);
        vouch_buf_done(&list);
    }
    for (size_t len = 0; len < world.list.len; len += 7) {
        assert_int_equal(second(VOUCH_KRL_KEYGEN, (struct vouch_bytes){world.list.ptr, len}),
                         VOUCH_KRL_SECOND_DOUBTS);
    }
}

static void a_machine_without_ssh_keygen_says_so(void **state) {
    (void)state;
    assert_int_equal(second("/nonexistent/ssh-keygen", vouch_buf_bytes(&world.list)),
                     VOUCH_KRL_SECOND_ABSENT);
    // One that answers nothing, and one that answers something else.
    assert_int_equal(second("/bin/false", vouch_buf_bytes(&world.list)), VOUCH_KRL_SECOND_DOUBTS);
    assert_int_equal(second("/bin/echo", vouch_buf_bytes(&world.list)), VOUCH_KRL_SECOND_DOUBTS);
}

static void a_program_that_hangs_is_not_waited_for(void **state) {
    (void)state;
    enum vouch_krl_second found = VOUCH_KRL_SECOND_NONE;
    struct vouch_fault fault;
    // `yes` ignores the arguments' sense and writes for ever, more than any answer.
    assert_int_equal(vouch_krl_prove_second(
                         "/usr/bin/yes", vouch_buf_bytes(&world.list), vouch_bytes_of(ca_name),
                         vouch_time_monotonic_ns() + TEN_SECONDS_NS, &found, &fault) != 0 ||
                         found == VOUCH_KRL_SECOND_DOUBTS,
                     1);
    // A deadline that has passed.
    assert_int_not_equal(vouch_krl_prove_second("/usr/bin/tail", vouch_buf_bytes(&world.list),
                                                vouch_bytes_of(ca_name), 1, &found, &fault),
                         0);
    assert_ptr_equal(fault.kind, &vouch_fault_child);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_good_list_first_and_again),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_flipped_bit_of_the_list),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_flipped_bit_of_the_envelope),
        cmocka_unit_test(refuses_what_sshd_would_take_for_an_empty_list_or_for_none),
        cmocka_unit_test(refuses_an_older_list_and_another_of_the_same_version),
        cmocka_unit_test(refuses_a_list_that_is_too_old),
        cmocka_unit_test(refuses_a_list_that_leaves_out_a_trusted_ca),
        cmocka_unit_test(refuses_a_list_whose_canaries_are_not_as_due),
        cmocka_unit_test(ssh_keygen_agrees_to_the_good_list_alone),
        cmocka_unit_test(a_machine_without_ssh_keygen_says_so),
        cmocka_unit_test(a_program_that_hangs_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
