// SPDX-License-Identifier: ISC
// Keys of every type: encoding, signatures, weaknesses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/key.h"

static const enum vouch_key_type made_types[] = {
    VOUCH_KEY_RSA,        VOUCH_KEY_ECDSA_P256, VOUCH_KEY_ECDSA_P384,
    VOUCH_KEY_ECDSA_P521, VOUCH_KEY_ED25519,
};
#define MADE_COUNT (sizeof made_types / sizeof made_types[0])

static struct vouch_private_key *keys[MADE_COUNT];
static const struct vouch_bytes message = {(const uint8_t *)"message", 7};

static int make_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        unsigned bits = made_types[i] == VOUCH_KEY_RSA ? 2048 : 0;
        if (vouch_private_key_generate(made_types[i], bits, &keys[i]) != VOUCH_OK) {
            return -1;
        }
    }
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        vouch_private_key_free(keys[i]);
    }
    return 0;
}

// RFC 4231, test case 2.
static void makes_the_hmac_of_the_rfc(void **state) {
    (void)state;
    static const uint8_t wanted[] = {
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
        0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
        0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
    };
    uint8_t mac[VOUCH_HASH_MAX];
    assert_int_equal(vouch_hash_hmac(VOUCH_HASH_SHA256, vouch_bytes_of("Jefe"),
                                     vouch_bytes_of("what do ya want for nothing?"), mac),
                     sizeof wanted);
    assert_memory_equal(mac, wanted, sizeof wanted);
}

static void decodes_what_it_encoded(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        const struct vouch_key *key = vouch_private_key_public(keys[i]);
        struct vouch_key *copy = NULL;
        assert_int_equal(vouch_key_parse(vouch_key_blob(key), &copy, NULL), VOUCH_OK);
        assert_true(vouch_key_equal(key, copy));
        assert_int_equal(vouch_key_type(copy), made_types[i]);
        assert_int_equal(vouch_key_bits(copy), vouch_key_bits(key));
        vouch_key_free(copy);
    }
}

static void refuses_each_proper_prefix_and_leftover(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_bytes blob = vouch_key_blob(vouch_private_key_public(keys[i]));
        struct vouch_key *key = NULL;
        for (size_t len = 0; len < blob.len; len++) {
            assert_true(vouch_key_parse((struct vouch_bytes){blob.ptr, len}, &key, NULL) < 0);
        }
        struct vouch_buf longer;
        vouch_buf_init(&longer, 4096);
        vouch_buf_put(&longer, blob);
        vouch_write_u8(&longer, 0);
        assert_int_equal(vouch_key_parse(vouch_buf_bytes(&longer), &key, NULL), VOUCH_ERR_TRAILING);
        vouch_buf_done(&longer);
    }
}

static void a_flipped_bit_never_gives_the_same_key(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_bytes blob = vouch_key_blob(vouch_private_key_public(keys[i]));
        uint8_t *copy = malloc(blob.len);
        memcpy(copy, blob.ptr, blob.len);
        for (size_t bit = 0; bit < blob.len * 8; bit++) {
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct vouch_key *key = NULL;
            if (vouch_key_parse((struct vouch_bytes){copy, blob.len}, &key, NULL) == VOUCH_OK) {
                assert_false(vouch_key_equal(key, vouch_private_key_public(keys[i])));
            }
            vouch_key_free(key);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(copy);
    }
}

static void points_off_the_curve_are_refused(void **state) {
    (void)state;
    for (size_t i = 1; i <= 3; i++) { // the three ECDSA types
        struct vouch_bytes blob = vouch_key_blob(vouch_private_key_public(keys[i]));
        uint8_t *copy = malloc(blob.len);
        memcpy(copy, blob.ptr, blob.len);
        copy[blob.len - 1] ^= 1;
        struct vouch_key *key = NULL;
        assert_int_equal(vouch_key_parse((struct vouch_bytes){copy, blob.len}, &key, NULL),
                         VOUCH_ERR_FORMAT);
        free(copy);
    }
}

static void each_type_verifies_only_its_own_signature(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_buf signature;
        vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
        assert_int_equal(vouch_private_key_sign(keys[i], NULL, message, &signature), VOUCH_OK);
        for (size_t k = 0; k < MADE_COUNT; k++) {
            int err = vouch_key_verify(vouch_private_key_public(keys[k]),
                                       vouch_buf_bytes(&signature), message);
            assert_int_equal(err == VOUCH_OK, i == k);
        }
        vouch_buf_done(&signature);
    }
}

static void a_flipped_bit_in_a_signature_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_buf signature;
        vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
        assert_int_equal(vouch_private_key_sign(keys[i], NULL, message, &signature), VOUCH_OK);
        for (size_t bit = 0; bit < signature.len * 8; bit++) {
            signature.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(vouch_key_verify(vouch_private_key_public(keys[i]),
                                         vouch_buf_bytes(&signature), message) < 0);
            signature.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(vouch_key_verify(vouch_private_key_public(keys[i]),
                                          vouch_buf_bytes(&signature), message),
                         VOUCH_OK);
        vouch_buf_done(&signature);
    }
}

static void rsa_signs_with_each_of_its_algorithms(void **state) {
    (void)state;
    static const char *const algorithms[] = {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_buf signature;
        vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
        assert_int_equal(vouch_private_key_sign(keys[0], algorithms[i], message, &signature),
                         VOUCH_OK);
        assert_true(vouch_bytes_equal(vouch_signature_algorithm(vouch_buf_bytes(&signature)),
                                      vouch_bytes_of(algorithms[i])));
        assert_int_equal(vouch_key_verify(vouch_private_key_public(keys[0]),
                                          vouch_buf_bytes(&signature), message),
                         VOUCH_OK);
        vouch_buf_clear(&signature);
        assert_int_equal(vouch_private_key_sign(keys[4], algorithms[i], message, &signature),
                         VOUCH_ERR_UNSUPPORTED);
        vouch_buf_done(&signature);
    }
}

static void private_fields_go_there_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_buf fields;
        vouch_buf_init(&fields, 16384);
        assert_int_equal(vouch_private_key_write(keys[i], &fields), VOUCH_OK);
        struct vouch_reader reader;
        vouch_reader_init(&reader, vouch_buf_bytes(&fields));
        struct vouch_private_key *copy = vouch_private_key_read(&reader);
        assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
        assert_true(
            vouch_key_equal(vouch_private_key_public(copy), vouch_private_key_public(keys[i])));
        struct vouch_buf signature;
        vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
        assert_int_equal(vouch_private_key_sign(copy, NULL, message, &signature), VOUCH_OK);
        assert_int_equal(vouch_key_verify(vouch_private_key_public(keys[i]),
                                          vouch_buf_bytes(&signature), message),
                         VOUCH_OK);
        vouch_buf_done(&signature);
        vouch_private_key_free(copy);
        vouch_buf_done(&fields);
    }
}

static void a_private_half_of_another_key_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        struct vouch_private_key *other = NULL;
        unsigned bits = made_types[i] == VOUCH_KEY_RSA ? 2048 : 0;
        assert_int_equal(vouch_private_key_generate(made_types[i], bits, &other), VOUCH_OK);
        struct vouch_buf mine, theirs;
        vouch_buf_init(&mine, 16384);
        vouch_buf_init(&theirs, 16384);
        assert_int_equal(vouch_private_key_write(keys[i], &mine), VOUCH_OK);
        assert_int_equal(vouch_private_key_write(other, &theirs), VOUCH_OK);
        // My public fields, which come first, and the other's private ones.
        size_t public_len = vouch_key_blob(vouch_private_key_public(keys[i])).len;
        if (mine.len == theirs.len) {
            memcpy(mine.ptr + public_len, theirs.ptr + public_len, mine.len - public_len);
            struct vouch_reader reader;
            vouch_reader_init(&reader, vouch_buf_bytes(&mine));
            assert_null(vouch_private_key_read(&reader));
            assert_true(vouch_reader_end(&reader, NULL) < 0);
        }
        vouch_buf_done(&mine);
        vouch_buf_done(&theirs);
        vouch_private_key_free(other);
    }
}

static void lines_go_there_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        const struct vouch_key *key = vouch_private_key_public(keys[i]);
        struct vouch_buf line, blob;
        vouch_buf_init(&line, 16384);
        vouch_buf_init(&blob, 16384);
        vouch_key_print(key, "a comment with blanks", &line);
        struct vouch_bytes comment;
        assert_int_equal(vouch_key_line_decode(vouch_buf_bytes(&line), &blob, &comment, NULL),
                         VOUCH_OK);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&blob), vouch_key_blob(key)));
        assert_true(vouch_bytes_equal(comment, vouch_bytes_of("a comment with blanks")));
        vouch_buf_done(&line);
        vouch_buf_done(&blob);
    }
}

static void a_line_whose_type_differs_from_its_key_is_refused(void **state) {
    (void)state;
    struct vouch_buf line, blob;
    vouch_buf_init(&line, 16384);
    vouch_buf_init(&blob, 16384);
    vouch_buf_put_text(&line, "ssh-rsa ");
    vouch_str_base64(vouch_key_blob(vouch_private_key_public(keys[4])), '=', &line);
    assert_int_equal(vouch_key_line_decode(vouch_buf_bytes(&line), &blob, NULL, NULL),
                     VOUCH_ERR_MISMATCH);
    vouch_buf_done(&line);
    vouch_buf_done(&blob);
}

// As `ssh-keygen -lf` reads them, OpenSSH 9.2.
static void a_line_may_name_an_algorithm_of_its_key(void **state) {
    (void)state;
    static const char *const lines[][2] = {
        {"rsa-sha2-256 ", "ssh-rsa"},
        {"rsa-sha2-512 ", "ssh-rsa"},
        {"webauthn-sk-ecdsa-sha2-nistp256@openssh.com ", "sk-ecdsa-sha2-nistp256@openssh.com"},
        {"rsa-sha2-256-cert-v01@openssh.com ", "ssh-rsa-cert-v01@openssh.com"}};
    for (size_t i = 0; i < 4; i++) {
        for (size_t inside = 0; inside < 4; inside++) {
            struct vouch_buf line, blob, key;
            vouch_buf_init(&line, 1024);
            vouch_buf_init(&blob, 1024);
            vouch_buf_init(&key, 1024);
            vouch_write_text(&key, lines[inside][1]);
            vouch_buf_put_text(&line, lines[i][0]);
            vouch_str_base64(vouch_buf_bytes(&key), '=', &line);
            int same = strcmp(lines[i][1], lines[inside][1]) == 0;
            assert_int_equal(vouch_key_line_decode(vouch_buf_bytes(&line), &blob, NULL, NULL),
                             same ? VOUCH_OK : VOUCH_ERR_MISMATCH);
            vouch_buf_done(&key);
            vouch_buf_done(&line);
            vouch_buf_done(&blob);
        }
    }
}

static struct vouch_key *ed25519_of(const uint8_t *point) {
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_key_from_fields(&vouch_key_impl_ed25519, (struct vouch_bytes){point, 32},
                                           (struct vouch_bytes){0}, &key),
                     VOUCH_OK);
    return key;
}

// The points of order 1, 2, 4 and 8 in their canonical encodings.
static void ed25519_points_of_low_order_are_weak(void **state) {
    (void)state;
    static const char *const points[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0200000000000000000000000000000000000000000000000000000000000000", // not on the curve
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct vouch_buf point;
        vouch_buf_init(&point, 32);
        assert_int_equal(vouch_str_unhex(vouch_bytes_of(points[i]), &point), VOUCH_OK);
        struct vouch_key *key = ed25519_of(point.ptr);
        assert_non_null(vouch_key_weakness(key));
        vouch_key_free(key);
        vouch_buf_done(&point);
    }
    assert_null(vouch_key_weakness(vouch_private_key_public(keys[4])));
}

static void fingerprints_are_those_of_openssh(void **state) {
    (void)state;
    // `ssh-keygen -lf` and `-E md5 -lf` on this key, OpenSSH 9.2.
    static const char line[] =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    struct vouch_buf blob;
    vouch_buf_init(&blob, 100);
    assert_int_equal(vouch_key_line_decode(vouch_bytes_of(line), &blob, NULL, NULL), VOUCH_OK);
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL), VOUCH_OK);
    char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, text);
    assert_string_equal(text, "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
    vouch_key_fingerprint(key, VOUCH_HASH_MD5, text);
    assert_string_equal(text, "MD5:0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba");
    vouch_key_free(key);
    vouch_buf_done(&blob);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_hmac_of_the_rfc),
        cmocka_unit_test(decodes_what_it_encoded),
        cmocka_unit_test(refuses_each_proper_prefix_and_leftover),
        cmocka_unit_test(a_flipped_bit_never_gives_the_same_key),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(each_type_verifies_only_its_own_signature),
        cmocka_unit_test(a_flipped_bit_in_a_signature_is_refused),
        cmocka_unit_test(rsa_signs_with_each_of_its_algorithms),
        cmocka_unit_test(private_fields_go_there_and_back),
        cmocka_unit_test(a_private_half_of_another_key_is_refused),
        cmocka_unit_test(lines_go_there_and_back),
        cmocka_unit_test(a_line_whose_type_differs_from_its_key_is_refused),
        cmocka_unit_test(a_line_may_name_an_algorithm_of_its_key),
        cmocka_unit_test(ed25519_points_of_low_order_are_weak),
        cmocka_unit_test(fingerprints_are_those_of_openssh),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
