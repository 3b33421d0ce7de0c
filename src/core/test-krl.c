// SPDX-License-Identifier: ISC
// Key revocation lists: what is judged, and what becomes of a list that is added to.
#include "core/test-krl.h"

#include "base/str.h"

static const uint64_t rich_serials[] = {0,         1,
                                        4,         5,
                                        6,         77,
                                        78,        79,
                                        99,        999,
                                        1000,      1001,
                                        899999,    900000,
                                        900001,    4999999,
                                        5000000,   5000001,
                                        5000003,   5000117,
                                        5000118,   UINT64_MAX - 1,
                                        UINT64_MAX};
static const char *const rich_ids[] = {"alice", "alice@example", "anywhere", "alic", "alicee", ""};

// Both lists judge all that the rich one could speak of alike.
static void assert_same_verdicts(const struct vouch_krl *a, const struct vouch_krl *b) {
    const struct vouch_key *signers[] = {ca, other, user};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vouch_krl_check_key(a, signers[i]), vouch_krl_check_key(b, signers[i]));
        for (size_t j = 0; j < sizeof rich_serials / sizeof rich_serials[0]; j++) {
            assert_int_equal(check(a, signers[i], rich_serials[j], "nobody"),
                             check(b, signers[i], rich_serials[j], "nobody"));
        }
        for (size_t j = 0; j < sizeof rich_ids / sizeof rich_ids[0]; j++) {
            assert_int_equal(check(a, signers[i], 1, rich_ids[j]),
                             check(b, signers[i], 1, rich_ids[j]));
        }
    }
}

// Runs `ask` on the list as it was built, and as it is read back.
static void on_both_forms(struct vouch_krl *krl, void (*ask)(const struct vouch_krl *krl)) {
    ask(krl);
    struct vouch_buf list = written(krl);
    ask(krl);
    struct vouch_krl *parsed = parse(&list);
    ask(parsed);
    vouch_krl_free(parsed);
    vouch_buf_done(&list);
    vouch_krl_free(krl);
}

static void ask_serials(const struct vouch_krl *krl) {
    const uint64_t revoked[] = {5, 1000, 5000, 900000, 5000000, 5000003, 5000117, UINT64_MAX};
    const uint64_t good[] = {0, 1, 4, 6, 999, 900001, 4999999, 5000001, 5000118, UINT64_MAX - 1};
    for (size_t i = 0; i < sizeof revoked / sizeof revoked[0]; i++) {
        assert_int_equal(check_serial(krl, revoked[i]), VOUCH_KRL_REVOKED_SERIAL);
        assert_int_equal(check(krl, user, revoked[i], "nobody"), VOUCH_KRL_GOOD);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(check_serial(krl, good[i]), VOUCH_KRL_GOOD);
    }
    assert_int_equal(check(krl, user, 77, "nobody"), VOUCH_KRL_REVOKED_SERIAL); // any CA
    assert_int_equal(check(krl, user, 79, "nobody"), VOUCH_KRL_GOOD);
}

static void finds_serials_under_their_ca_or_any(void **state) {
    (void)state;
    on_both_forms(make_rich(), ask_serials);
}

static void ask_key_ids(const struct vouch_krl *krl) {
    assert_int_equal(check(krl, ca, 1, "alice"), VOUCH_KRL_REVOKED_KEY_ID);
    assert_int_equal(check(krl, ca, 0, "alice@example"), VOUCH_KRL_REVOKED_KEY_ID);
    assert_int_equal(check(krl, ca, 1, "alic"), VOUCH_KRL_GOOD);
    assert_int_equal(check(krl, ca, 1, "alice@exampl"), VOUCH_KRL_GOOD);
    assert_int_equal(check(krl, user, 1, "alice"), VOUCH_KRL_GOOD);
    assert_int_equal(check(krl, user, 1, "anywhere"), VOUCH_KRL_REVOKED_KEY_ID);
    assert_int_equal(check(krl, ca, 5, "alice"), VOUCH_KRL_REVOKED_KEY_ID); // before the serial
}

static void finds_key_ids_under_their_ca_or_any(void **state) {
    (void)state;
    on_both_forms(make_rich(), ask_key_ids);
}

static void ask_keys(const struct vouch_krl *krl) {
    assert_int_equal(vouch_krl_check_key(krl, other), VOUCH_KRL_REVOKED_KEY);
    assert_int_equal(vouch_krl_check_key(krl, user), VOUCH_KRL_GOOD);
    assert_int_equal(check(krl, other, 1, "nobody"), VOUCH_KRL_REVOKED_CA_KEY);
    assert_int_equal(check(krl, other, 99, "nobody"), VOUCH_KRL_REVOKED_SERIAL);
}

static void a_revoked_key_takes_its_certificates_with_it(void **state) {
    (void)state;
    on_both_forms(make_rich(), ask_keys);
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_key(krl, user), VOUCH_OK);
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_KEY);
    vouch_krl_free(krl);
}

// The list that names `key` by its hash alone.
static struct vouch_krl *make_hashed(enum vouch_hash hash, const struct vouch_key *key) {
    char text[VOUCH_FINGERPRINT_MAX];
    struct vouch_buf digest;
    vouch_buf_init(&digest, VOUCH_HASH_MAX);
    vouch_key_fingerprint(key, hash, text);
    struct vouch_bytes base64 = vouch_bytes_of(strchr(text, ':') + 1);
    char padded[VOUCH_FINGERPRINT_MAX] = {0};
    memcpy(padded, base64.ptr, base64.len);
    memset(padded + base64.len, '=', (4 - base64.len % 4) % 4);
    assert_int_equal(vouch_str_unbase64(vouch_bytes_of(padded), &digest), VOUCH_OK);
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_hash(krl, hash, vouch_buf_bytes(&digest)), VOUCH_OK);
    vouch_buf_done(&digest);
    return krl;
}

static void ask_sha256(const struct vouch_krl *krl) {
    assert_int_equal(vouch_krl_check_key(krl, user), VOUCH_KRL_REVOKED_SHA256);
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_SHA256);
    assert_int_equal(check(krl, user, 1, "nobody"), VOUCH_KRL_REVOKED_SHA256);
    assert_int_equal(vouch_krl_check_key(krl, ca), VOUCH_KRL_GOOD);
}

static void ask_sha1(const struct vouch_krl *krl) {
    assert_int_equal(vouch_krl_check_key(krl, user), VOUCH_KRL_REVOKED_SHA1);
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_SHA1);
    assert_int_equal(vouch_krl_check_key(krl, ca), VOUCH_KRL_GOOD);
}

static void ask_ca_sha256(const struct vouch_krl *krl) {
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_CA_SHA256);
    assert_int_equal(check(krl, other, 1, "nobody"), VOUCH_KRL_GOOD);
}

static void ask_ca_sha1(const struct vouch_krl *krl) {
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_CA_SHA1);
    assert_int_equal(check(krl, other, 1, "nobody"), VOUCH_KRL_GOOD);
}

static void hashes_are_those_of_the_plain_key(void **state) {
    (void)state;
    on_both_forms(make_hashed(VOUCH_HASH_SHA256, user), ask_sha256);
    on_both_forms(make_hashed(VOUCH_HASH_SHA1, user), ask_sha1);
    on_both_forms(make_hashed(VOUCH_HASH_SHA256, ca), ask_ca_sha256);
    on_both_forms(make_hashed(VOUCH_HASH_SHA1, ca), ask_ca_sha1);
}

static void serial_0_is_never_revoked_by_serial(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 1, UINT64_MAX), VOUCH_OK);
    assert_int_equal(check_serial(krl, 0), VOUCH_KRL_GOOD);
    assert_int_equal(check_serial(krl, 1), VOUCH_KRL_REVOKED_SERIAL);
    struct vouch_buf list = written(krl);
    vouch_krl_free(krl);
    krl = parse(&list);
    assert_int_equal(check_serial(krl, 0), VOUCH_KRL_GOOD);
    assert_int_equal(check_serial(krl, UINT64_MAX), VOUCH_KRL_REVOKED_SERIAL);
    vouch_krl_free(krl);
    vouch_buf_done(&list);
}

static void a_list_changed_after_reading_judges_nothing_good(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    struct vouch_buf list = written(krl);
    vouch_krl_free(krl);
    krl = parse(&list);
    assert_int_equal(check(krl, user, 1, "nobody"), VOUCH_KRL_GOOD);
    list.ptr[HEADER_LEN + 4 + 5 + 4 + 4 + 1] = 0xff; // the length of the first piece
    assert_int_equal(check(krl, user, 1, "nobody"), VOUCH_KRL_UNKNOWN);
    assert_true(vouch_krl_add_serials(krl, ca, 1, 1) < 0);
    vouch_krl_free(krl);
    vouch_buf_done(&list);
}

static void each_verdict_has_its_text(void **state) {
    (void)state;
    assert_string_equal(vouch_krl_verdict_text(VOUCH_KRL_GOOD), "not revoked");
    assert_string_equal(vouch_krl_verdict_text(VOUCH_KRL_UNKNOWN), "not judged");
    for (int i = VOUCH_KRL_REVOKED_SERIAL; i <= VOUCH_KRL_REVOKED_CA_SHA256; i++) {
        const char *text = vouch_krl_verdict_text((enum vouch_krl_verdict)i);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(text, vouch_krl_verdict_text((enum vouch_krl_verdict)j));
        }
    }
    assert_string_equal(vouch_krl_verdict_text((enum vouch_krl_verdict)99), "not judged");
}

// --- adding to a list that was read -----------------------------------------------------------------

static void an_updated_list_keeps_all_that_it_had(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    size_t before = entry_count(krl);
    struct vouch_buf list = written(krl);
    struct vouch_krl *updated = parse(&list);
    assert_int_equal(vouch_krl_add_serials(updated, other, 3, 3), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, other, 3, 3), VOUCH_OK);
    memset(list.ptr, 0xee, list.len); // it is no longer needed
    vouch_buf_done(&list);
    assert_same_verdicts(krl, updated);
    assert_int_equal(entry_count(updated), before + 1);
    struct vouch_krl_header header = vouch_krl_header(updated);
    assert_int_equal(header.version, 7);
    assert_true(vouch_bytes_equal(header.comment, vouch_bytes_of("rich")));
    struct vouch_buf a = written(krl);
    struct vouch_buf b = written(updated);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&a), vouch_buf_bytes(&b)));
    vouch_buf_done(&a);
    vouch_buf_done(&b);
    vouch_krl_free(krl);
    vouch_krl_free(updated);
}

static void sections_of_one_ca_become_one(void **state) {
    (void)state;
    struct vouch_buf list;
    begin_list(&list);
    for (char serial = 9; serial > 5; serial--) {
        put_piece(&list, vouch_key_blob(serial % 2 == 0 ? ca : other), VOUCH_KRL_SERIAL_LIST,
                  literal((const char[]){0, 0, 0, 0, 0, 0, 0, serial}, 8));
    }
    struct vouch_krl *krl = parse(&list);
    assert_int_equal(check_serial(krl, 8), VOUCH_KRL_REVOKED_SERIAL);
    assert_int_equal(check_serial(krl, 6), VOUCH_KRL_REVOKED_SERIAL);
    assert_int_equal(check_serial(krl, 7), VOUCH_KRL_GOOD);
    struct vouch_buf again = written(krl);
    assert_int_equal(again.len, HEADER_LEN + 2 * (5 + 4 + 51 + 4 + 18));
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    vouch_buf_done(&list);
}

static void repeated_and_unsorted_hashes_are_written_once_and_sorted(void **state) {
    (void)state;
    struct vouch_buf list =
        list_of(VOUCH_KRL_FINGERPRINT_SHA1, LITERAL("\0\0\0\x14"
                                                    "zzzzzzzzzzzzzzzzzzzz\0\0\0\x14"
                                                    "aaaaaaaaaaaaaaaaaaaa\0\0\0\x14"
                                                    "zzzzzzzzzzzzzzzzzzzz"));
    struct vouch_krl *krl = parse(&list);
    struct vouch_buf again = written(krl);
    assert_int_equal(again.len, list.len - 24);
    assert_memory_equal(again.ptr + HEADER_LEN + 5 + 4, "aaaaaaaaaaaaaaaaaaaa", 20);
    assert_memory_equal(again.ptr + HEADER_LEN + 5 + 24 + 4, "zzzzzzzzzzzzzzzzzzzz", 20);
    vouch_krl_free(krl);
    vouch_buf_done(&again);
    vouch_buf_done(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_serials_under_their_ca_or_any),
        cmocka_unit_test(finds_key_ids_under_their_ca_or_any),
        cmocka_unit_test(a_revoked_key_takes_its_certificates_with_it),
        cmocka_unit_test(hashes_are_those_of_the_plain_key),
        cmocka_unit_test(serial_0_is_never_revoked_by_serial),
        cmocka_unit_test(a_list_changed_after_reading_judges_nothing_good),
        cmocka_unit_test(each_verdict_has_its_text),
        cmocka_unit_test(an_updated_list_keeps_all_that_it_had),
        cmocka_unit_test(sections_of_one_ca_become_one),
        cmocka_unit_test(repeated_and_unsorted_hashes_are_written_once_and_sorted),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
