// SPDX-License-Identifier: ISC
// bcrypt_pbkdf against values that OpenBSD's code gives (through Python's bcrypt 3.2.2, bcrypt.kdf).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/bcrypt.h"

#define LEN_MAX 128

static const uint8_t binary_pass[] = "correct horse \xff\0 battery";
static const uint8_t binary_salt[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static const struct vector {
    struct vouch_bytes pass;
    struct vouch_bytes salt;
    uint32_t rounds;
    const char *hex;
} vectors[] = {
    {{(const uint8_t *)"p", 1}, {(const uint8_t *)"salt", 4}, 1, "2d"},
    {{(const uint8_t *)"password", 8},
     {(const uint8_t *)"salt", 4},
     4,
     "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9"},
    {{(const uint8_t *)"password", 8},
     {(const uint8_t *)"salt", 4},
     3,
     "cc1db52f08dc020975ff3593a9dd6287f5d391edd43aa725eeb6a0d58f11e1c65e"},
    {{(const uint8_t *)"password", 8},
     {(const uint8_t *)"salt", 4},
     24,
     "f015cb1f9748f504b3fb09a84a735fc04f1c664b848101d7e93a6ccaa57a705ebb286a3a1ff2c7495790cbbd71ab"
     "7b12"},
    {{binary_pass, sizeof binary_pass - 1},
     {binary_salt, sizeof binary_salt},
     2,
     "7fbfc17e59857c3b77b4951315dba20d6c5ef4780962255bc6bc9e78c387362926fa72464c3358c420662f53155e"
     "4ae8a3932978414b390b72dc2a79e6018a61"},
    {{binary_pass, sizeof binary_pass - 1},
     {binary_salt, sizeof binary_salt},
     1,
     "41ae624a73b01b64d4a3bfba557cf250fc7e2938f0c787d64de4212b740cc43ce41640fa1c944987028e272d092e"
     "40cbfe1919300cb3704e2cab87c25e689ccfe9ac4e14fea5b9a711e3e3c226658bb439f8f7423e35132eb87f450d"
     "3b8db67ceb"},
};

static int derive(struct vouch_bytes pass, struct vouch_bytes salt, uint32_t rounds, size_t len,
                  struct vouch_buf *hex) {
    vouch_autosecret struct vouch_secret secret = {0};
    assert_int_equal(vouch_secret_new(len > 0 ? len : 1, &secret), VOUCH_OK);
    secret.len = len;
    int err = vouch_bcrypt_derive(pass, salt, rounds, &secret);
    if (err == VOUCH_OK) {
        vouch_str_hex(vouch_secret_bytes(&secret), hex);
    }
    return err;
}

static void derives_what_openbsd_derives(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *vector = &vectors[i];
        char text[2 * LEN_MAX + 1] = "";
        struct vouch_buf hex;
        vouch_buf_init_fixed(&hex, text, sizeof text - 1);
        size_t len = strlen(vector->hex) / 2;
        assert_int_equal(derive(vector->pass, vector->salt, vector->rounds, len, &hex), VOUCH_OK);
        assert_string_equal(text, vector->hex);
    }
}

// All vectors in one go: of different lengths, with different rounds, in lanes next to each other.
static void derives_several_side_by_side(void **state) {
    (void)state;
    enum { COUNT = sizeof vectors / sizeof vectors[0] };
    struct vouch_secret secrets[COUNT] = {0};
    struct vouch_bcrypt_job jobs[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(vouch_secret_new(strlen(vectors[i].hex) / 2, &secrets[i]), VOUCH_OK);
        jobs[i] = (struct vouch_bcrypt_job){vectors[i].pass, vectors[i].salt, vectors[i].rounds,
                                            &secrets[i]};
    }
    assert_int_equal(vouch_bcrypt_derive_all(jobs, COUNT), VOUCH_OK);
    for (size_t i = 0; i < COUNT; i++) {
        char text[2 * LEN_MAX + 1] = "";
        struct vouch_buf hex;
        vouch_buf_init_fixed(&hex, text, sizeof text - 1);
        vouch_str_hex(vouch_secret_bytes(&secrets[i]), &hex);
        assert_string_equal(text, vectors[i].hex);
    }
    jobs[COUNT - 1].rounds = 0;
    assert_int_equal(vouch_bcrypt_derive_all(jobs, COUNT), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_bcrypt_derive_all(jobs, 0), VOUCH_OK);
    for (size_t i = 0; i < COUNT; i++) {
        vouch_secret_done(&secrets[i]);
    }
}

static void changes_with_each_input(void **state) {
    (void)state;
    static const struct {
        const char *pass, *salt;
        uint32_t rounds;
    } rows[] = {{"pass", "salt", 1}, {"pasS", "salt", 1}, {"pass", "salT", 1}, {"pass", "salt", 2}};
    char texts[4][2 * LEN_MAX + 1] = {0};
    for (size_t i = 0; i < 4; i++) {
        struct vouch_buf hex;
        vouch_buf_init_fixed(&hex, texts[i], sizeof texts[i] - 1);
        assert_int_equal(derive(vouch_bytes_of(rows[i].pass), vouch_bytes_of(rows[i].salt),
                                rows[i].rounds, 48, &hex),
                         VOUCH_OK);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(texts[i], texts[j]);
        }
    }
}

static void refuses_empty_inputs_and_outputs_out_of_bounds(void **state) {
    (void)state;
    struct vouch_bytes some = vouch_bytes_of("x");
    struct vouch_bytes none = {0};
    static const size_t lengths[] = {0, 1025};
    assert_int_equal(derive(none, some, 1, 32, NULL), VOUCH_ERR_ARGUMENT);
    assert_int_equal(derive(some, none, 1, 32, NULL), VOUCH_ERR_ARGUMENT);
    assert_int_equal(derive(some, some, 0, 32, NULL), VOUCH_ERR_ARGUMENT);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(derive(some, some, 1, lengths[i], NULL), VOUCH_ERR_ARGUMENT);
    }
}

static void fills_the_longest_output_to_its_end(void **state) {
    (void)state;
    vouch_autosecret struct vouch_secret secret = {0};
    assert_int_equal(vouch_secret_new(1024, &secret), VOUCH_OK);
    struct vouch_bytes some = vouch_bytes_of("x");
    assert_int_equal(vouch_bcrypt_derive(some, some, 1, &secret), VOUCH_OK);
    size_t zeros = 0;
    for (size_t i = 0; i < secret.len; i++) {
        zeros += secret.ptr[i] == 0;
    }
    assert_true(zeros < 32); // some 4 of 1024 by chance
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_what_openbsd_derives),
        cmocka_unit_test(derives_several_side_by_side),
        cmocka_unit_test(changes_with_each_input),
        cmocka_unit_test(refuses_empty_inputs_and_outputs_out_of_bounds),
        cmocka_unit_test(fills_the_longest_output_to_its_end),
    };
    return cmocka_run_group_tests_name("core/bcrypt", tests, NULL, NULL);
}
