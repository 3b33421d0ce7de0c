// SPDX-License-Identifier: ISC
// Tests of core/agent-msg.h: the bytes of each question, and answers cut, altered and forged.
#include "core/agent-msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/test-agent-keys.h"

static void assert_bytes(struct vouch_bytes got, const char *wanted, size_t len) {
    assert_int_equal(got.len, len);
    assert_memory_equal(got.ptr, wanted, len);
}

// --- questions

static void asks_to_list_remove_and_remove_all(void **state) {
    (void)state;
    assert_bytes(vouch_agent_msg_list(), "\x0b", 1);
    assert_bytes(vouch_agent_msg_remove_all(), "\x13", 1);
    struct vouch_buf out;
    vouch_buf_init(&out, 100);
    vouch_agent_msg_write_remove(vouch_bytes_of("blob"), &out);
    assert_bytes(vouch_buf_bytes(&out), "\x12\0\0\0\4blob", 9);
    vouch_buf_done(&out);
}

// The flags of the request to sign, with its other fields checked.
static uint32_t sign_flags(const struct vouch_agent_sign *what, struct vouch_bytes blob) {
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_AGENT_MESSAGE_MAX);
    assert_int_equal(vouch_agent_msg_write_sign(what, &out, NULL), VOUCH_OK);
    struct vouch_reader reader;
    vouch_reader_init(&reader, vouch_buf_bytes(&out));
    assert_int_equal(vouch_read_u8(&reader, "type"), 13);
    assert_true(vouch_bytes_equal(vouch_read_string(&reader, "key"), blob));
    assert_true(vouch_bytes_equal(vouch_read_string(&reader, "data"), what->data));
    uint32_t flags = vouch_read_u32(&reader, "flags");
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
    vouch_buf_done(&out);
    return flags;
}

static void asks_rsa_keys_for_sha512_unless_told_otherwise(void **state) {
    (void)state;
    struct vouch_agent_sign what = {.key = public_of(1), .data = vouch_bytes_of("data")};
    struct vouch_bytes blob = vouch_key_blob(what.key);
    assert_int_equal(sign_flags(&what, blob), 4);
    what.algorithm = "rsa-sha2-512";
    assert_int_equal(sign_flags(&what, blob), 4);
    what.algorithm = "rsa-sha2-256";
    assert_int_equal(sign_flags(&what, blob), 2);
    what.algorithm = "ssh-rsa";
    assert_int_equal(sign_flags(&what, blob), 0);
}

static void asks_by_key_or_by_certificate(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct vouch_agent_sign what = {.key = public_of(i), .data = vouch_bytes_of("data")};
        uint32_t flags = i == 1 ? 4 : 0;
        assert_int_equal(sign_flags(&what, vouch_key_blob(what.key)), flags);
        what.cert = certs[i];
        assert_int_equal(sign_flags(&what, certs[i]->blob), flags);
    }
}

static void refuses_to_ask_for_the_algorithm_of_another_type(void **state) {
    (void)state;
    static const char *const wrong[] = {"rsa-sha2-512", "ssh-ed25519", "ssh-dss", ""};
    struct vouch_buf out;
    vouch_buf_init(&out, 1000);
    for (size_t i = 0; i < 4; i++) {
        size_t kind = i == 0 ? 0 : 1;
        const struct vouch_agent_sign what = {.key = public_of(kind), .algorithm = wrong[i]};
        struct vouch_where where = {0};
        assert_int_equal(vouch_agent_msg_write_sign(&what, &out, &where), VOUCH_ERR_UNSUPPORTED);
        assert_string_equal(where.field, "signature algorithm");
    }
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

static void refuses_the_certificate_of_another_key(void **state) {
    (void)state;
    struct vouch_buf out;
    vouch_buf_init(&out, 1000);
    struct vouch_secret message = {0};
    struct vouch_where where = {0};
    const struct vouch_agent_sign sign = {.key = public_of(0), .cert = certs[1]};
    assert_int_equal(vouch_agent_msg_write_sign(&sign, &out, &where), VOUCH_ERR_MISMATCH);
    assert_string_equal(where.field, "certificate");
    const struct vouch_agent_add add = {.key = keys[2], .cert = certs[1], .lifetime_s = 60};
    assert_int_equal(vouch_agent_msg_write_add(&add, &message, NULL), VOUCH_ERR_MISMATCH);
    assert_null(message.ptr);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

static void refuses_data_that_fits_no_message(void **state) {
    (void)state;
    uint8_t *data = calloc(1, VOUCH_AGENT_MESSAGE_MAX);
    const struct vouch_agent_sign what = {.key = public_of(0),
                                          .data = {data, VOUCH_AGENT_MESSAGE_MAX}};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_AGENT_MESSAGE_MAX);
    assert_int_equal(vouch_agent_msg_write_sign(&what, &out, NULL), VOUCH_ERR_LIMIT);
    vouch_buf_done(&out);
    free(data);
}

// --- adding

static void begin_added(struct vouch_reader *reader, const struct vouch_secret *message,
                        uint8_t type) {
    vouch_reader_init(reader, vouch_secret_bytes(message));
    assert_int_equal(vouch_read_u8(reader, "type"), type);
}

static void adds_a_plain_key_as_its_file_has_it(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct vouch_agent_add what = {
            .key = keys[i], .comment = "mine", .lifetime_s = VOUCH_AGENT_UNTIL_REMOVED};
        struct vouch_secret message = {0};
        assert_int_equal(vouch_agent_msg_write_add(&what, &message, NULL), VOUCH_OK);
        struct vouch_reader reader;
        begin_added(&reader, &message, 17);
        struct vouch_private_key *read = vouch_private_key_read(&reader);
        assert_non_null(read);
        assert_true(vouch_key_equal(vouch_private_key_public(read), public_of(i)));
        assert_bytes(vouch_read_string(&reader, "comment"), "mine", 4);
        assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
        vouch_private_key_free(read);
        vouch_secret_done(&message);
    }
}

static void adds_lifetime_and_confirmation_as_constraints(void **state) {
    (void)state;
    static const struct {
        uint32_t lifetime_s;
        int confirm;
        const char *tail;
        size_t tail_len;
    } rows[] = {
        {0x01020304, 0, "\0\0\0\0\1\1\2\3\4", 9},
        {VOUCH_AGENT_UNTIL_REMOVED, 1, "\0\0\0\0\2", 5},
        {1, 1, "\0\0\0\0\1\0\0\0\1\2", 10},
    };
    for (size_t i = 0; i < 3; i++) {
        const struct vouch_agent_add what = {
            .key = keys[0], .lifetime_s = rows[i].lifetime_s, .confirm = rows[i].confirm};
        struct vouch_secret message = {0};
        assert_int_equal(vouch_agent_msg_write_add(&what, &message, NULL), VOUCH_OK);
        struct vouch_reader reader;
        begin_added(&reader, &message, 25);
        vouch_private_key_free(vouch_private_key_read(&reader));
        size_t left = vouch_reader_left(&reader);
        assert_bytes(vouch_read_bytes(&reader, left, "tail"), rows[i].tail, rows[i].tail_len);
        vouch_secret_done(&message);
    }
}

static void refuses_a_lifetime_of_zero(void **state) {
    (void)state;
    const struct vouch_agent_add what = {.key = keys[0]};
    struct vouch_secret message = {0};
    struct vouch_where where = {0};
    assert_int_equal(vouch_agent_msg_write_add(&what, &message, &where), VOUCH_ERR_ARGUMENT);
    assert_string_equal(where.field, "lifetime");
    assert_null(message.ptr);
}

static void adds_a_certificate_with_what_it_does_not_say_itself(void **state) {
    (void)state;
    static const size_t private_fields[KIND_COUNT] = {2, 4, 1, 1, 1};
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct vouch_agent_add what = {
            .key = keys[i], .cert = certs[i], .comment = "c", .lifetime_s = 60};
        struct vouch_secret message = {0};
        assert_int_equal(vouch_agent_msg_write_add(&what, &message, NULL), VOUCH_OK);
        struct vouch_reader reader;
        begin_added(&reader, &message, 25);
        const char *name = vouch_key_type_cert_name(key_kinds[i].type);
        assert_bytes(vouch_read_string(&reader, "type"), name, strlen(name));
        assert_true(vouch_bytes_equal(vouch_read_string(&reader, "cert"), certs[i]->blob));
        for (size_t field = 0; field < private_fields[i]; field++) {
            assert_true(vouch_read_string(&reader, "private field").len > 0);
        }
        assert_bytes(vouch_read_string(&reader, "comment"), "c", 1);
        assert_bytes(vouch_read_bytes(&reader, 5, "constraint"), "\1\0\0\0\x3c", 5);
        assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
        vouch_secret_done(&message);
    }
}

static void refuses_to_add_with_a_comment_that_fits_no_message(void **state) {
    (void)state;
    char *comment = calloc(1, VOUCH_AGENT_MESSAGE_MAX + 1);
    memset(comment, 'x', VOUCH_AGENT_MESSAGE_MAX);
    const struct vouch_agent_add what = {.key = keys[0], .comment = comment, .lifetime_s = 60};
    struct vouch_secret message = {0};
    assert_int_equal(vouch_agent_msg_write_add(&what, &message, NULL), VOUCH_ERR_LIMIT);
    comment[VOUCH_AGENT_MESSAGE_MAX - 100] = '\0';
    assert_int_equal(vouch_agent_msg_write_add(&what, &message, NULL), VOUCH_ERR_LIMIT);
    assert_null(message.ptr);
    free(comment);
}

// --- answers

static int read_done(const char *answer, size_t len) {
    return vouch_agent_msg_read_done((struct vouch_bytes){(const uint8_t *)answer, len}, NULL);
}

static void takes_only_success_for_success(void **state) {
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        int wanted = type == 6 ? VOUCH_OK : type == 5 ? VOUCH_ERR_REFUSED : VOUCH_ERR_FORMAT;
        char answer = (char)type;
        assert_int_equal(read_done(&answer, 1), wanted);
    }
    assert_int_equal(read_done("", 0), VOUCH_ERR_TRUNCATED);
    assert_int_equal(read_done("\6\0", 2), VOUCH_ERR_TRAILING);
    assert_int_equal(read_done("\5\0", 2), VOUCH_ERR_FORMAT);
}

static const char two_keys[] = "\x0c\0\0\0\2\0\0\0\3one\0\0\0\5first\0\0\0\3two\0\0\0";
#define TWO_KEYS_LEN (sizeof two_keys)

static int read_list(const char *answer, size_t len, struct vouch_agent_listing *ret_listing) {
    struct vouch_bytes bytes = {(const uint8_t *)answer, len};
    return vouch_agent_msg_read_list(bytes, ret_listing, NULL);
}

static void lists_keys_with_their_comments(void **state) {
    (void)state;
    struct vouch_agent_listing listing = {0};
    assert_int_equal(read_list(two_keys, TWO_KEYS_LEN, &listing), VOUCH_OK);
    assert_int_equal(listing.count, 2);
    assert_bytes(listing.keys[0].blob, "one", 3);
    assert_bytes(listing.keys[0].comment, "first", 5);
    assert_bytes(listing.keys[1].blob, "two", 3);
    assert_bytes(listing.keys[1].comment, "", 0);
    assert_true(vouch_agent_listing_has(&listing, vouch_bytes_of("two")));
    assert_false(vouch_agent_listing_has(&listing, vouch_bytes_of("tw")));
    assert_false(vouch_agent_listing_has(&listing, vouch_bytes_of("first")));
    vouch_agent_listing_done(&listing);
    assert_int_equal(read_list("\x0c\0\0\0\0", 5, &listing), VOUCH_OK);
    assert_int_equal(listing.count, 0);
    vouch_agent_listing_done(&listing);
}

static void refuses_each_proper_prefix_of_a_list(void **state) {
    (void)state;
    struct vouch_agent_listing listing = {0};
    for (size_t len = 0; len < TWO_KEYS_LEN; len++) {
        assert_int_equal(read_list(two_keys, len, &listing), VOUCH_ERR_TRUNCATED);
    }
    assert_null(listing.keys);
}

// Nonzero if the listing is what two_keys says.
static int is_two_keys(const struct vouch_agent_listing *listing) {
    return listing->count == 2 && vouch_bytes_equal(listing->keys[0].blob, vouch_bytes_of("one")) &&
           vouch_bytes_equal(listing->keys[0].comment, vouch_bytes_of("first")) &&
           vouch_bytes_equal(listing->keys[1].blob, vouch_bytes_of("two")) &&
           listing->keys[1].comment.len == 0;
}

static void no_flipped_bit_of_a_list_goes_unnoticed(void **state) {
    (void)state;
    size_t refused = 0;
    for (size_t bit = 0; bit < TWO_KEYS_LEN * 8; bit++) {
        char answer[TWO_KEYS_LEN];
        memcpy(answer, two_keys, sizeof answer);
        answer[bit / 8] = (char)(answer[bit / 8] ^ 1 << bit % 8);
        struct vouch_agent_listing listing = {0};
        if (read_list(answer, sizeof answer, &listing) == VOUCH_OK) {
            assert_false(is_two_keys(&listing));
        } else {
            refused++;
        }
        vouch_agent_listing_done(&listing);
    }
    // Type, count and lengths are judged; the letters of keys and comments are the agent's own.
    assert_true(refused >= (TWO_KEYS_LEN - strlen("onefirsttwo")) * 8);
}

static void refuses_a_list_over_its_bounds(void **state) {
    (void)state;
    struct vouch_agent_listing listing = {0};
    assert_int_equal(read_list("\x0c\xff\xff\xff\xff", 5, &listing), VOUCH_ERR_LIMIT);
    assert_int_equal(read_list("\x0c\0\0\x08\x01", 5, &listing), VOUCH_ERR_LIMIT);
    assert_int_equal(read_list("\x0c\0\0\x08\0", 5, &listing), VOUCH_ERR_TRUNCATED);
    assert_int_equal(read_list("\x0c\0\0\0\0\0", 6, &listing), VOUCH_ERR_TRAILING);
    assert_int_equal(read_list("\5", 1, &listing), VOUCH_ERR_REFUSED);
    assert_int_equal(read_list("\x0c\0\0\0\1\0\0\0\0\0\0\0\2\0x", 15, &listing), VOUCH_ERR_FORMAT);
    char *huge = calloc(1, VOUCH_AGENT_MESSAGE_MAX + 1);
    huge[0] = 12;
    assert_int_equal(read_list(huge, VOUCH_AGENT_MESSAGE_MAX + 1, &listing), VOUCH_ERR_LIMIT);
    free(huge);
    assert_null(listing.keys);
}

// An answer with a signature by key `kind`.
static void answer_signed(size_t kind, const char *algorithm, const char *data,
                          struct vouch_buf *answer) {
    vouch_buf_init(answer, VOUCH_AGENT_MESSAGE_MAX);
    vouch_write_u8(answer, 14);
    size_t mark = vouch_write_string_begin(answer);
    assert_int_equal(vouch_private_key_sign(keys[kind], algorithm, vouch_bytes_of(data), answer),
                     VOUCH_OK);
    vouch_write_string_end(answer, mark);
    assert_int_equal(answer->err, VOUCH_OK);
}

static int read_signature(struct vouch_bytes answer, size_t kind, const char *algorithm) {
    const struct vouch_agent_sign what = {
        .key = public_of(kind), .algorithm = algorithm, .data = vouch_bytes_of("data")};
    struct vouch_bytes signature = {0};
    int err = vouch_agent_msg_read_signature(answer, &what, &signature, NULL);
    assert_int_equal(err == VOUCH_OK, signature.ptr != NULL);
    return err;
}

static void takes_a_signature_that_verifies(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct vouch_buf answer;
        answer_signed(i, NULL, "data", &answer);
        assert_int_equal(read_signature(vouch_buf_bytes(&answer), i, NULL), VOUCH_OK);
        vouch_buf_done(&answer);
    }
}

static void refuses_each_proper_prefix_of_a_signature(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct vouch_buf answer;
        answer_signed(i, NULL, "data", &answer);
        for (size_t len = 0; len < answer.len; len++) {
            struct vouch_bytes prefix = {answer.ptr, len};
            assert_int_equal(read_signature(prefix, i, NULL), VOUCH_ERR_TRUNCATED);
        }
        vouch_buf_done(&answer);
    }
}

static void refuses_each_flipped_bit_of_a_signature(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct vouch_buf answer;
        answer_signed(i, NULL, "data", &answer);
        for (size_t bit = 0; bit < answer.len * 8; bit++) {
            answer.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(read_signature(vouch_buf_bytes(&answer), i, NULL), VOUCH_OK);
            answer.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(read_signature(vouch_buf_bytes(&answer), i, NULL), VOUCH_OK);
        vouch_buf_done(&answer);
    }
}

static void refuses_a_signature_by_another_key_or_over_other_data(void **state) {
    (void)state;
    struct vouch_buf answer;
    answer_signed(0, NULL, "data", &answer);
    struct vouch_private_key *own = keys[0];
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &keys[0]), VOUCH_OK);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 0, NULL), VOUCH_ERR_SIGNATURE);
    vouch_private_key_free(keys[0]);
    keys[0] = own;
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 2, NULL), VOUCH_ERR_MISMATCH);
    vouch_buf_done(&answer);
    answer_signed(0, NULL, "Data", &answer);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 0, NULL), VOUCH_ERR_SIGNATURE);
    vouch_buf_done(&answer);
}

static void refuses_a_weaker_algorithm_than_was_asked_for(void **state) {
    (void)state;
    struct vouch_buf answer;
    answer_signed(1, "ssh-rsa", "data", &answer);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 1, NULL), VOUCH_ERR_MISMATCH);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 1, "ssh-rsa"), VOUCH_OK);
    vouch_buf_done(&answer);
    answer_signed(1, "rsa-sha2-256", "data", &answer);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 1, NULL), VOUCH_ERR_MISMATCH);
    assert_int_equal(read_signature(vouch_buf_bytes(&answer), 1, "rsa-sha2-256"), VOUCH_OK);
    vouch_buf_done(&answer);
}

static void tells_a_refusal_to_sign_from_nonsense(void **state) {
    (void)state;
    assert_int_equal(read_signature((struct vouch_bytes){(const uint8_t *)"\5", 1}, 0, NULL),
                     VOUCH_ERR_REFUSED);
    assert_int_equal(read_signature((struct vouch_bytes){(const uint8_t *)"\6", 1}, 0, NULL),
                     VOUCH_ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_to_list_remove_and_remove_all),
        cmocka_unit_test(asks_rsa_keys_for_sha512_unless_told_otherwise),
        cmocka_unit_test(asks_by_key_or_by_certificate),
        cmocka_unit_test(refuses_to_ask_for_the_algorithm_of_another_type),
        cmocka_unit_test(refuses_the_certificate_of_another_key),
        cmocka_unit_test(refuses_data_that_fits_no_message),
        cmocka_unit_test(adds_a_plain_key_as_its_file_has_it),
        cmocka_unit_test(adds_lifetime_and_confirmation_as_constraints),
        cmocka_unit_test(refuses_a_lifetime_of_zero),
        cmocka_unit_test(adds_a_certificate_with_what_it_does_not_say_itself),
        cmocka_unit_test(refuses_to_add_with_a_comment_that_fits_no_message),
        cmocka_unit_test(takes_only_success_for_success),
        cmocka_unit_test(lists_keys_with_their_comments),
        cmocka_unit_test(refuses_each_proper_prefix_of_a_list),
        cmocka_unit_test(no_flipped_bit_of_a_list_goes_unnoticed),
        cmocka_unit_test(refuses_a_list_over_its_bounds),
        cmocka_unit_test(takes_a_signature_that_verifies),
        cmocka_unit_test(refuses_each_proper_prefix_of_a_signature),
        cmocka_unit_test(refuses_each_flipped_bit_of_a_signature),
        cmocka_unit_test(refuses_a_signature_by_another_key_or_over_other_data),
        cmocka_unit_test(refuses_a_weaker_algorithm_than_was_asked_for),
        cmocka_unit_test(tells_a_refusal_to_sign_from_nonsense),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
