// SPDX-License-Identifier: ISC
// Checkpoints: our signed notes against vectors of other implementations, and every change refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/key.h"
#include "ledger/checkpoint.h"

// The key's seed is 1, 2, … 32; the signature was made with Python's cryptography and with openssl
// pkeyutl, the root is that of the first five leaves of RFC 6962's vectors.
static const char vkey[] = "ca.example.com+3f575640+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk";
static const char note[] = "ca.example.com\n5\nTju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=\n\n"
                           "\xe2\x80\x94 ca.example.com "
                           "P1dWQMVFE4G2c8KnaobXuSK2FqnHockXTdTvoyH3l4RzYE/"
                           "GNxnPNBNNFUSle0oSjOkLb/DRM6Et4MPEb3DS9u+fKw8=\n";
static const char root_hex[] = "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4";

static struct vouch_private_key *key;
static struct vouch_verifier verifier;

static int begin(void **state) {
    (void)state;
    uint8_t seed[32];
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)(i + 1);
    }
    if (vouch_private_key_from_seed(seed, &key) != VOUCH_OK) {
        return -1;
    }
    return vouch_verifier_init(&verifier, vouch_bytes_of("ca.example.com"),
                               vouch_private_key_public(key));
}

static int end(void **state) {
    (void)state;
    vouch_verifier_done(&verifier);
    vouch_private_key_free(key);
    return 0;
}

static int verify(const char *text, enum vouch_checkpoint_form form) {
    struct vouch_checkpoint checkpoint;
    return vouch_checkpoint_verify(vouch_bytes_of(text), &verifier, form, &checkpoint, NULL);
}

static void assert_text(const struct vouch_buf *buf, const char *text) {
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->ptr, text, buf->len);
}

static void signs_the_note_that_others_sign(void **state) {
    (void)state;
    struct vouch_checkpoint checkpoint = {.origin = vouch_bytes_of("ca.example.com"), .size = 5};
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, checkpoint.root.bytes, sizeof checkpoint.root.bytes);
    assert_int_equal(vouch_str_unhex(vouch_bytes_of(root_hex), &out), VOUCH_OK);
    vouch_buf_init(&out, VOUCH_CHECKPOINT_MAX);
    assert_int_equal(vouch_checkpoint_sign(&checkpoint, &verifier, key, &out), VOUCH_OK);
    assert_text(&out, note);
    vouch_buf_done(&out);
}

static void reads_the_note_that_it_signed(void **state) {
    (void)state;
    struct vouch_checkpoint checkpoint;
    assert_int_equal(vouch_checkpoint_verify(vouch_bytes_of(note), &verifier, VOUCH_CHECKPOINT_OWN,
                                             &checkpoint, NULL),
                     VOUCH_OK);
    assert_int_equal(checkpoint.size, 5);
    assert_true(vouch_bytes_equal(checkpoint.origin, vouch_bytes_of("ca.example.com")));
    assert_int_equal(checkpoint.root.bytes[0], 0x4e);
    assert_int_equal(checkpoint.root.bytes[31], 0xd4);
}

static void prints_and_reads_the_vkeys_of_others(void **state) {
    (void)state;
    // The second and third are those of Go's checksum database and of the note package's example.
    static const char *const texts[] = {
        vkey,
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_verifier read;
        struct vouch_buf out;
        vouch_buf_init(&out, 1024);
        assert_int_equal(vouch_verifier_parse(&read, vouch_bytes_of(texts[i])), VOUCH_OK);
        vouch_verifier_print(&read, &out);
        assert_text(&out, texts[i]);
        vouch_buf_done(&out);
        vouch_verifier_done(&read);
    }
}

static void refuses_each_changed_byte_of_a_vkey(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vkey - 1; i++) {
        for (unsigned value = 1; value < 256; value++) {
            char changed[sizeof vkey];
            struct vouch_verifier read;
            memcpy(changed, vkey, sizeof vkey);
            changed[i] = (char)(changed[i] ^ (char)value);
            assert_int_not_equal(
                vouch_verifier_parse(
                    &read, (struct vouch_bytes){(const uint8_t *)changed, sizeof vkey - 1}),
                VOUCH_OK);
        }
    }
}

static void refuses_each_changed_byte_of_a_note(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof note - 1; i++) {
        for (unsigned value = 1; value < 256; value++) {
            char changed[sizeof note];
            struct vouch_checkpoint checkpoint;
            struct vouch_bytes bytes = {(const uint8_t *)changed, sizeof note - 1};
            memcpy(changed, note, sizeof note);
            changed[i] = (char)(changed[i] ^ (char)value);
            assert_int_not_equal(
                vouch_checkpoint_verify(bytes, &verifier, VOUCH_CHECKPOINT_OWN, &checkpoint, NULL),
                VOUCH_OK);
            assert_int_not_equal(
                vouch_checkpoint_verify(bytes, &verifier, VOUCH_CHECKPOINT_ANY, &checkpoint, NULL),
                VOUCH_OK);
        }
    }
}

static void refuses_each_proper_prefix_and_each_extension(void **state) {
    (void)state;
    char longer[sizeof note + 1];
    struct vouch_checkpoint checkpoint;
    for (size_t len = 0; len < sizeof note - 1; len++) {
        struct vouch_bytes bytes = {(const uint8_t *)note, len};
        assert_int_not_equal(
            vouch_checkpoint_verify(bytes, &verifier, VOUCH_CHECKPOINT_OWN, &checkpoint, NULL),
            VOUCH_OK);
    }
    memcpy(longer, note, sizeof note);
    for (unsigned value = 0; value < 256; value++) {
        longer[sizeof note - 1] = (char)value;
        struct vouch_bytes bytes = {(const uint8_t *)longer, sizeof note};
        assert_int_not_equal(
            vouch_checkpoint_verify(bytes, &verifier, VOUCH_CHECKPOINT_OWN, &checkpoint, NULL),
            VOUCH_OK);
    }
}

static void refuses_a_second_spelling(void **state) {
    (void)state;
    static const char *const sizes[] = {"05", "+5", " 5", "5 ", "0x5", "", "18446744073709551616"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "ca.example.com\n%s\n%s", sizes[i], note + 17);
        assert_int_not_equal(verify(text, VOUCH_CHECKPOINT_ANY), VOUCH_OK);
    }
}

static void skips_signatures_of_witnesses_only_where_they_may_stand(void **state) {
    (void)state;
    char text[1024];
    (void)snprintf(text, sizeof text, "%s\xe2\x80\x94 witness.example AAAAAAECAwQ=\n", note);
    assert_int_equal(verify(text, VOUCH_CHECKPOINT_ANY), VOUCH_OK);
    assert_int_equal(verify(text, VOUCH_CHECKPOINT_OWN), VOUCH_ERR_FORMAT);
    (void)snprintf(text, sizeof text, "%s\xe2\x80\x94 witness.example !\n", note);
    assert_int_not_equal(verify(text, VOUCH_CHECKPOINT_ANY), VOUCH_OK);
}

static void refuses_a_note_of_another_ledger_or_key(void **state) {
    (void)state;
    struct vouch_verifier other;
    struct vouch_private_key *other_key = NULL;
    struct vouch_checkpoint checkpoint;
    assert_int_equal(vouch_verifier_init(&other, vouch_bytes_of("ca.example.org"),
                                         vouch_private_key_public(key)),
                     VOUCH_OK);
    assert_int_equal(vouch_checkpoint_verify(vouch_bytes_of(note), &other, VOUCH_CHECKPOINT_ANY,
                                             &checkpoint, NULL),
                     VOUCH_ERR_SIGNATURE);
    vouch_verifier_done(&other);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &other_key), VOUCH_OK);
    assert_int_equal(vouch_verifier_init(&other, vouch_bytes_of("ca.example.com"),
                                         vouch_private_key_public(other_key)),
                     VOUCH_OK);
    assert_int_equal(vouch_checkpoint_verify(vouch_bytes_of(note), &other, VOUCH_CHECKPOINT_ANY,
                                             &checkpoint, NULL),
                     VOUCH_ERR_SIGNATURE);
    struct vouch_buf out;
    vouch_buf_init(&out, 1024);
    checkpoint = (struct vouch_checkpoint){.origin = vouch_bytes_of("ca.example.com"), .size = 1};
    assert_int_equal(vouch_checkpoint_sign(&checkpoint, &verifier, other_key, &out),
                     VOUCH_ERR_MISMATCH);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    vouch_verifier_done(&other);
    vouch_private_key_free(other_key);
}

static void takes_only_origins_that_fit_on_a_line(void **state) {
    (void)state;
    char longest[VOUCH_ORIGIN_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[VOUCH_ORIGIN_MAX] = '\0';
    assert_true(vouch_origin_is(vouch_bytes_of("ca.example.com/ledger")));
    assert_true(vouch_origin_is(vouch_bytes_of(longest)));
    longest[VOUCH_ORIGIN_MAX] = 'a';
    longest[VOUCH_ORIGIN_MAX + 1] = '\0';
    assert_false(vouch_origin_is(vouch_bytes_of(longest)));
    assert_false(vouch_origin_is(vouch_bytes_of("")));
    assert_false(vouch_origin_is(vouch_bytes_of("a b")));
    assert_false(vouch_origin_is(vouch_bytes_of("a+b")));
    assert_false(vouch_origin_is(vouch_bytes_of("a\nb")));
    assert_false(vouch_origin_is(vouch_bytes_of("\xc3\xa4")));
}

static void refuses_keys_that_are_not_ed25519(void **state) {
    (void)state;
    struct vouch_private_key *other = NULL;
    struct vouch_verifier made;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ECDSA_P256, 0, &other), VOUCH_OK);
    assert_int_equal(
        vouch_verifier_init(&made, vouch_bytes_of("a"), vouch_private_key_public(other)),
        VOUCH_ERR_UNSUPPORTED);
    vouch_private_key_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_note_that_others_sign),
        cmocka_unit_test(reads_the_note_that_it_signed),
        cmocka_unit_test(prints_and_reads_the_vkeys_of_others),
        cmocka_unit_test(refuses_each_changed_byte_of_a_vkey),
        cmocka_unit_test(refuses_each_changed_byte_of_a_note),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_extension),
        cmocka_unit_test(refuses_a_second_spelling),
        cmocka_unit_test(skips_signatures_of_witnesses_only_where_they_may_stand),
        cmocka_unit_test(refuses_a_note_of_another_ledger_or_key),
        cmocka_unit_test(takes_only_origins_that_fit_on_a_line),
        cmocka_unit_test(refuses_keys_that_are_not_ed25519),
    };
    return cmocka_run_group_tests_name("ledger/checkpoint", tests, begin, end);
}
