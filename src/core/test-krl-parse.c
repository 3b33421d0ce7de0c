// SPDX-License-Identifier: ISC
// Key revocation lists: what is read and what is refused, and where.
#include "core/test-krl.h"

// A bitmap piece's data: `len` bytes of mpint from `first` on.
static struct vouch_buf bitmap_data(uint64_t first, struct vouch_bytes bits) {
    struct vouch_buf out;
    vouch_buf_init(&out, 8192);
    vouch_write_u64(&out, first);
    vouch_write_string(&out, bits);
    return out;
}

// What parsing gives; ends the buffer.
static int verdict_on(struct vouch_buf list) {
    assert_int_equal(list.err, VOUCH_OK);
    int err = parses(vouch_buf_bytes(&list));
    vouch_buf_done(&list);
    return err;
}
static void an_empty_list_is_44_bytes(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    vouch_krl_set_header(krl, 7, 1600000000, NULL);
    struct vouch_buf list = written(krl);
    struct vouch_buf by_hand;
    begin_list(&by_hand);
    assert_int_equal(list.len, HEADER_LEN);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&list), vouch_buf_bytes(&by_hand)));
    assert_true(vouch_krl_is(vouch_buf_bytes(&list)));
    vouch_krl_free(krl);
    krl = parse(&list);
    assert_int_equal(vouch_krl_header(krl).version, 7);
    assert_int_equal(vouch_krl_header(krl).generated, 1600000000);
    assert_int_equal(vouch_krl_header(krl).comment.len, 0);
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_GOOD);
    assert_int_equal(entry_count(krl), 0);
    vouch_krl_free(krl);
    vouch_buf_done(&list);
    vouch_buf_done(&by_hand);
}

static void refuses_each_proper_prefix_inside_a_section(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    size_t all = entry_count(krl);
    struct vouch_buf list = written(krl);
    size_t whole = 0;
    for (size_t len = 0; len < list.len; len++) {
        // A buffer of just that length, so that the sanitizer sees any step beyond it.
        uint8_t *prefix = malloc(len + 1);
        memcpy(prefix, list.ptr, len);
        struct vouch_krl *shorter = NULL;
        if (vouch_krl_parse((struct vouch_bytes){prefix, len}, &shorter, NULL) == VOUCH_OK) {
            assert_true(entry_count(shorter) < all);
            vouch_krl_free(shorter);
            whole++;
        }
        free(prefix);
    }
    // Header; any CA, two CAs; keys, SHA1: a list that ends there is a good, shorter list.
    assert_int_equal(whole, 6);
    vouch_buf_done(&list);
    vouch_krl_free(krl);
}

// Where a byte may change and the list says the same: flags, of which none is defined.
static int is_flags(size_t offset) {
    return offset >= 28 && offset < 36;
}

static void a_flipped_bit_is_refused_or_changes_the_list(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    struct vouch_buf list = written(krl);
    for (size_t bit = 0; bit < list.len * 8; bit++) {
        uint8_t *copy = malloc(list.len);
        memcpy(copy, list.ptr, list.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct vouch_krl *flipped = NULL;
        if (vouch_krl_parse((struct vouch_bytes){copy, list.len}, &flipped, NULL) == VOUCH_OK) {
            struct vouch_buf again = written(flipped);
            int same = vouch_bytes_equal(vouch_buf_bytes(&again), vouch_buf_bytes(&list));
            assert_int_equal(same, is_flags(bit / 8));
            vouch_krl_free(flipped);
            vouch_buf_done(&again);
        }
        free(copy);
    }
    vouch_buf_done(&list);
    vouch_krl_free(krl);
}

static void names_the_place_of_a_fault(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    size_t section = begin_certificates(&list, (struct vouch_bytes){0});
    size_t at = list.len;
    vouch_write_u8(&list, 0x24);
    vouch_write_text(&list, "");
    vouch_write_string_end(&list, section);
    struct vouch_krl *krl = NULL;
    struct vouch_where where = {0};
    assert_int_equal(vouch_krl_parse(vouch_buf_bytes(&list), &krl, &where), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(where.offset, at);
    assert_string_equal(where.field, "section type");
    vouch_buf_done(&list);
}

static void refuses_what_is_no_list(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    list.ptr[0] = 's';
    assert_false(vouch_krl_is(vouch_buf_bytes(&list)));
    assert_int_equal(verdict_on(list), VOUCH_ERR_FORMAT);
    begin_list(&list);
    list.ptr[11] = 2;
    assert_int_equal(verdict_on(list), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(parses((struct vouch_bytes){0}), VOUCH_ERR_FORMAT);
    assert_int_equal(parses((struct vouch_bytes){(const uint8_t *)"x", (size_t)VOUCH_KRL_MAX + 1}),
                     VOUCH_ERR_LIMIT);
}

static void refuses_serial_0_and_broken_serials(void **state) {
    (void)state;
    const struct {
        unsigned type;
        struct vouch_bytes data;
        int err;
    } rows[] = {
        {VOUCH_KRL_SERIAL_LIST, LITERAL("\0\0\0\0\0\0\0\1"), VOUCH_OK},
        {VOUCH_KRL_SERIAL_LIST, LITERAL(""), VOUCH_OK},
        {VOUCH_KRL_SERIAL_LIST, LITERAL("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"), VOUCH_ERR_FORMAT},
        {VOUCH_KRL_SERIAL_LIST, LITERAL("\0\0\0\0\0\0\0\1\0"), VOUCH_ERR_TRUNCATED},
        {VOUCH_KRL_SERIAL_RANGE, LITERAL("\0\0\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff"),
         VOUCH_OK},
        {VOUCH_KRL_SERIAL_RANGE, LITERAL("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), VOUCH_ERR_FORMAT},
        {VOUCH_KRL_SERIAL_RANGE, LITERAL("\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1"), VOUCH_ERR_FORMAT},
        {VOUCH_KRL_SERIAL_RANGE, LITERAL("\0\0\0\0\0\0\0\1"), VOUCH_ERR_TRUNCATED},
        {VOUCH_KRL_SERIAL_RANGE,
         LITERAL("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"),
         VOUCH_ERR_TRAILING},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\0\0\0\0\1\2"), VOUCH_OK},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\0\0\0\0\1\1"), VOUCH_ERR_FORMAT},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\0\0\0\0\0"), VOUCH_OK},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\1\0\0\0\1\x80"), VOUCH_ERR_FORMAT},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\1\0\0\0\3\0\0\1"), VOUCH_OK},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\0\0\0\0\0\0\0\1\0\0\0\1\1\1"), VOUCH_ERR_TRAILING},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\1\1"), VOUCH_OK},
        {VOUCH_KRL_SERIAL_BITMAP, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\1\2"),
         VOUCH_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(verdict_on(list_of_piece(rows[i].type, rows[i].data)), rows[i].err);
    }
}

static void takes_bitmaps_of_16384_bits_and_no_more(void **state) {
    (void)state;
    static uint8_t bits[2050] = {0, 0x80};
    struct vouch_buf data = bitmap_data(1, (struct vouch_bytes){bits, 2049});
    struct vouch_buf list = list_of_piece(VOUCH_KRL_SERIAL_BITMAP, vouch_buf_bytes(&data));
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check_serial(krl, 16384), VOUCH_KRL_REVOKED_SERIAL);
    assert_int_equal(check_serial(krl, 16383), VOUCH_KRL_GOOD);
    vouch_krl_free(krl);
    vouch_buf_done(&list);
    vouch_buf_done(&data);
    data = bitmap_data(1, (struct vouch_bytes){bits, 2050});
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_SERIAL_BITMAP, vouch_buf_bytes(&data))),
                     VOUCH_ERR_LIMIT);
    vouch_buf_done(&data);
}

static void refuses_sections_that_are_not_known(void **state) {
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        int known = type >= 1 && type <= 5;
        int err = verdict_on(list_of(type, (struct vouch_bytes){0}));
        if (!known && type != VOUCH_KRL_EXTENSION) {
            assert_int_equal(err, VOUCH_ERR_UNSUPPORTED);
        }
        known = type >= 0x20 && type <= 0x23;
        err = verdict_on(list_of_piece(type, (struct vouch_bytes){0}));
        if (!known && type != VOUCH_KRL_CERT_EXTENSION) {
            assert_int_equal(err, VOUCH_ERR_UNSUPPORTED);
        }
    }
}

static void reads_over_extensions_that_are_not_critical(void **state) {
    (void)state;
    struct vouch_bytes optional = LITERAL("\0\0\0\3x@y\0\0\0\0\4data");
    struct vouch_bytes critical = LITERAL("\0\0\0\3x@y\1\0\0\0\4data");
    struct vouch_bytes longer = LITERAL("\0\0\0\3x@y\0\0\0\0\4data+");
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_EXTENSION, optional)), VOUCH_OK);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_EXTENSION, critical)), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_EXTENSION, longer)), VOUCH_ERR_TRAILING);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_EXTENSION, LITERAL("\0\0\0\1x"))),
                     VOUCH_ERR_TRUNCATED);
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_CERT_EXTENSION, optional)), VOUCH_OK);
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_CERT_EXTENSION, critical)),
                     VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_CERT_EXTENSION, longer)),
                     VOUCH_ERR_TRAILING);
}

static void leaves_extensions_and_signatures_out_when_it_writes(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    size_t section = begin_certificates(&list, (struct vouch_bytes){0});
    vouch_write_u8(&list, VOUCH_KRL_CERT_EXTENSION);
    vouch_write_string(&list, LITERAL("\0\0\0\3x@y\0\0\0\0\4data"));
    vouch_write_u8(&list, VOUCH_KRL_SERIAL_LIST);
    vouch_write_string(&list, LITERAL("\0\0\0\0\0\0\0\3"));
    vouch_write_string_end(&list, section);
    size_t without_signature = list.len;
    vouch_write_u8(&list, VOUCH_KRL_SIGNATURE);
    vouch_write_string(&list, vouch_key_blob(ca));
    vouch_write_text(&list, "no signature at all");
    vouch_write_u8(&list, VOUCH_KRL_EXTENSION);
    vouch_write_string(&list, LITERAL("\0\0\0\3x@y\0\0\0\0\4data"));
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check_serial(krl, 3), VOUCH_KRL_REVOKED_SERIAL);
    struct vouch_buf again = written(krl);
    assert_int_equal(again.len, without_signature - 5 - 16);
    assert_int_equal(check_serial(krl, 3), VOUCH_KRL_REVOKED_SERIAL);
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    list.len = without_signature;
    vouch_write_u8(&list, VOUCH_KRL_SIGNATURE);
    vouch_write_string(&list, vouch_key_blob(ca));
    assert_int_equal(verdict_on(list), VOUCH_ERR_TRUNCATED); // the second string is missing
}

static void refuses_hashes_of_a_wrong_length(void **state) {
    (void)state;
    struct vouch_bytes sha1 = LITERAL("\0\0\0\x14"
                                      "0123456789abcdefghij");
    struct vouch_bytes sha256 = LITERAL("\0\0\0\x20"
                                        "0123456789abcdefghijklmnopqrstuv");
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_FINGERPRINT_SHA1, sha1)), VOUCH_OK);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_FINGERPRINT_SHA1, sha256)), VOUCH_ERR_FORMAT);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_FINGERPRINT_SHA256, sha256)), VOUCH_OK);
    assert_int_equal(verdict_on(list_of(VOUCH_KRL_FINGERPRINT_SHA256, sha1)), VOUCH_ERR_FORMAT);
}

static void a_nul_may_only_end_a_key_id(void **state) {
    (void)state;
    struct vouch_buf list = list_of_piece(VOUCH_KRL_KEY_ID, LITERAL("\0\0\0\3me\0"));
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check(krl, ca, 1, "me"), VOUCH_KRL_REVOKED_KEY_ID);
    struct vouch_buf again = written(krl);
    assert_int_equal(again.len, list.len - 1);
    assert_int_equal(check(krl, ca, 1, "me"), VOUCH_KRL_REVOKED_KEY_ID);
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    vouch_buf_done(&list);
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_KEY_ID, LITERAL("\0\0\0\3m\0e"))),
                     VOUCH_ERR_FORMAT);
    assert_int_equal(verdict_on(list_of_piece(VOUCH_KRL_KEY_ID, LITERAL("\0\0\0\3m\0\0"))),
                     VOUCH_ERR_FORMAT);
}

static void refuses_a_ca_key_that_cannot_be_read(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    size_t section = begin_certificates(&list, LITERAL("\0\0\0\7ssh-dss\0\0\0\1\1"));
    vouch_write_string_end(&list, section);
    assert_int_equal(verdict_on(list), VOUCH_ERR_UNSUPPORTED);
    begin_list(&list);
    struct vouch_bytes blob = vouch_key_blob(ca);
    section = begin_certificates(&list, (struct vouch_bytes){blob.ptr, blob.len - 1});
    vouch_write_string_end(&list, section);
    assert_int_equal(verdict_on(list), VOUCH_ERR_TRUNCATED);
}

static void refuses_more_sections_than_any_list_has(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    for (size_t i = 0; i <= VOUCH_KRL_SECTIONS_MAX; i++) {
        vouch_write_u8(&list, VOUCH_KRL_EXPLICIT_KEY);
        vouch_write_string(&list, LITERAL("\0\0\0\0"));
    }
    assert_int_equal(verdict_on(list), VOUCH_ERR_LIMIT);
}

// A CA key as another program may encode it: RSA numbers with zeros before them.
static struct vouch_buf padded_rsa(const struct vouch_key *key) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, vouch_key_blob(key));
    struct vouch_buf out;
    vouch_buf_init(&out, 4096);
    vouch_write_string(&out, vouch_read_string(&reader, "type"));
    vouch_write_string(&out, vouch_read_string(&reader, "e"));
    struct vouch_bytes n = vouch_read_string(&reader, "n");
    size_t mark = vouch_write_string_begin(&out);
    vouch_write_u8(&out, 0);
    vouch_buf_put(&out, n);
    vouch_write_string_end(&out, mark);
    return out;
}

static void one_ca_in_two_encodings_is_one_ca(void **state) {
    (void)state;
    struct vouch_private_key *rsa = NULL;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 2048, &rsa), VOUCH_OK);
    const struct vouch_key *key = vouch_private_key_public(rsa);
    struct vouch_buf padded = padded_rsa(key);
    struct vouch_buf list;
    begin_list(&list);
    put_piece(&list, vouch_buf_bytes(&padded), VOUCH_KRL_SERIAL_LIST, LITERAL("\0\0\0\0\0\0\0\3"));
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check(krl, key, 3, "nobody"), VOUCH_KRL_REVOKED_SERIAL);
    assert_int_equal(vouch_krl_add_serials(krl, key, 4, 4), VOUCH_OK);
    assert_int_equal(entry_count(krl), 1); // 3 to 4, under one CA
    struct vouch_buf again = written(krl);
    assert_int_equal(again.len, list.len - 1 - 13 + 18);
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    vouch_buf_done(&list);
    vouch_buf_done(&padded);
    vouch_private_key_free(rsa);
}

static int sign_by_ca(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context;
    return vouch_private_key_sign(private_keys[0], NULL, tbs, signature);
}

static void a_certificate_in_a_cas_place_matches_nothing(void **state) {
    (void)state;
    struct vouch_bytes name = vouch_bytes_of("root");
    struct vouch_cert_spec spec = {.type = VOUCH_CERT_USER,
                                   .key = user,
                                   .serial = 3,
                                   .key_id = vouch_bytes_of("id"),
                                   .principals = &name,
                                   .principal_count = 1,
                                   .valid_before = 100};
    struct vouch_cert_ca signer = {
        .key = ca, .sign = sign_by_ca, .rules = VOUCH_CERT_RULES_OPENSSH};
    const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    struct vouch_buf cert;
    vouch_buf_init(&cert, 4096);
    assert_int_equal(vouch_cert_build(&spec, &signer, nonce, &cert, NULL), VOUCH_OK);
    struct vouch_buf list;
    begin_list(&list);
    put_piece(&list, vouch_buf_bytes(&cert), VOUCH_KRL_SERIAL_LIST, LITERAL("\0\0\0\0\0\0\0\3"));
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check_serial(krl, 3), VOUCH_KRL_GOOD);
    assert_int_equal(check(krl, user, 3, "nobody"), VOUCH_KRL_GOOD);
    struct vouch_buf again = written(krl);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&again), vouch_buf_bytes(&list)));
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    list.ptr[HEADER_LEN + 5 + 4 + cert.len - 1] ^= 1; // its signature no longer verifies
    assert_int_equal(verdict_on(list), VOUCH_ERR_SIGNATURE);
    vouch_buf_done(&cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_is_44_bytes),
        cmocka_unit_test(refuses_each_proper_prefix_inside_a_section),
        cmocka_unit_test(a_flipped_bit_is_refused_or_changes_the_list),
        cmocka_unit_test(names_the_place_of_a_fault),
        cmocka_unit_test(refuses_what_is_no_list),
        cmocka_unit_test(refuses_serial_0_and_broken_serials),
        cmocka_unit_test(takes_bitmaps_of_16384_bits_and_no_more),
        cmocka_unit_test(refuses_sections_that_are_not_known),
        cmocka_unit_test(reads_over_extensions_that_are_not_critical),
        cmocka_unit_test(leaves_extensions_and_signatures_out_when_it_writes),
        cmocka_unit_test(refuses_hashes_of_a_wrong_length),
        cmocka_unit_test(a_nul_may_only_end_a_key_id),
        cmocka_unit_test(refuses_a_ca_key_that_cannot_be_read),
        cmocka_unit_test(refuses_more_sections_than_any_list_has),
        cmocka_unit_test(one_ca_in_two_encodings_is_one_ca),
        cmocka_unit_test(a_certificate_in_a_cas_place_matches_nothing),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
