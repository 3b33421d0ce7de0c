// SPDX-License-Identifier: ISC
// Records: one encoding for one record, and everything else refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/cert-view.h"
#include "ledger/record.h"

// Made with Python's hashlib and struct from doc/ledger.md.
static const char event_hex[] =
    "010200000000000000070000018bcfe5687b00000007726f6f744063610000000a63612e6b65792e6e65770000"
    "0004757365720000001b000000037573650000000475736572000000036b657900000001780000000000000029"
    "c65193ce1a253486";
static const char event_leaf[] = "f7eb1a90631500e8b8f3c543c7ec4ef45441fd2f67454512268e4aaef416f6bb";
static const char cert_hex[] =
    "000000207373682d656432353531392d636572742d763031406f70656e7373682e636f6d000000204e4e4e4e4e4e"
    "4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e000000204b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b"
    "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b000000000000002a00000001000000026964000000090000000561"
    "6c696365000000000000000100000000000000020000000000000000000000000000000543414b4559000000"
    "03534947";
static const char cert_head[] = "010100000000000000080000018bcfe5687c00000005616c696365000000b7";
static const char cert_tail[] =
    "00000004746f747000000003646576000000027231000000093139322e302e322e31000000027033000000000000"
    "002ad410572a637a4197";

static struct vouch_hasher *hasher;
static uint8_t cert_memory[256];
static struct vouch_bytes cert_bytes;

static void unhex(const char *hex, struct vouch_buf *out) {
    assert_int_equal(vouch_str_unhex(vouch_bytes_of(hex), out), VOUCH_OK);
}

static int begin(void **state) {
    (void)state;
    struct vouch_buf out;
    hasher = vouch_hasher_new();
    vouch_buf_init_fixed(&out, cert_memory, sizeof cert_memory);
    unhex(cert_hex, &out);
    cert_bytes = vouch_buf_bytes(&out);
    return hasher != NULL ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    vouch_hasher_free(hasher);
    return 0;
}

static struct vouch_record event_record(struct vouch_buf *details) {
    vouch_record_detail_put(details, "use", vouch_bytes_of("user"));
    vouch_record_detail_put(details, "key", vouch_bytes_of("x"));
    return (struct vouch_record){
        .kind = VOUCH_RECORD_EVENT,
        .number = 7,
        .time_ms = 1700000000123,
        .actor = vouch_bytes_of("root@ca"),
        .type = vouch_bytes_of("ca.key.new"),
        .object = vouch_bytes_of("user"),
        .details = vouch_buf_bytes(details),
        .serial_high = 41,
    };
}

static struct vouch_record cert_record(void) {
    return (struct vouch_record){
        .kind = VOUCH_RECORD_CERT,
        .number = 8,
        .time_ms = 1700000000124,
        .actor = vouch_bytes_of("alice"),
        .cert = cert_bytes,
        .evidence = vouch_bytes_of("totp"),
        .role = vouch_bytes_of("dev"),
        .request = vouch_bytes_of("r1"),
        .source = vouch_bytes_of("192.0.2.1"),
        .policy = vouch_bytes_of("p3"),
        .serial_high = 42,
    };
}

static void encodes_an_event_as_documented(void **state) {
    (void)state;
    uint8_t memory[512];
    uint8_t expected_memory[512];
    uint8_t details_memory[128];
    struct vouch_buf out;
    struct vouch_buf expected;
    struct vouch_buf details;
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    vouch_buf_init_fixed(&details, details_memory, sizeof details_memory);
    struct vouch_record record = event_record(&details);
    assert_int_equal(vouch_record_encode(&record, hasher, &out, NULL), VOUCH_OK);
    unhex(event_hex, &expected);
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(memory, expected_memory, out.len);

    struct vouch_tree_hash leaf;
    vouch_buf_clear(&expected);
    unhex(event_leaf, &expected);
    vouch_hasher_leaf(hasher, vouch_buf_bytes(&out), &leaf);
    assert_memory_equal(&leaf, expected_memory, sizeof leaf);
}

static void cert_entry(struct vouch_buf *out) {
    unhex(cert_head, out);
    unhex(cert_hex, out);
    unhex(cert_tail, out);
}

static void encodes_a_certificate_as_documented(void **state) {
    (void)state;
    uint8_t memory[512];
    uint8_t expected_memory[512];
    struct vouch_buf out;
    struct vouch_buf expected;
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    struct vouch_record record = cert_record();
    assert_int_equal(vouch_record_encode(&record, hasher, &out, NULL), VOUCH_OK);
    cert_entry(&expected);
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(memory, expected_memory, out.len);
}

static void decodes_what_it_encoded(void **state) {
    (void)state;
    uint8_t memory[512];
    struct vouch_buf entry;
    struct vouch_record record = {0};
    struct vouch_cert_view cert = {0};
    vouch_buf_init_fixed(&entry, memory, sizeof memory);
    cert_entry(&entry);
    assert_int_equal(vouch_record_decode(vouch_buf_bytes(&entry), hasher, &record, NULL), VOUCH_OK);
    assert_int_equal(record.kind, VOUCH_RECORD_CERT);
    assert_int_equal(record.number, 8);
    assert_int_equal(record.time_ms, 1700000000124);
    assert_int_equal(record.serial_high, 42);
    assert_true(vouch_bytes_equal(record.actor, vouch_bytes_of("alice")));
    assert_true(vouch_bytes_equal(record.cert, cert_bytes));
    assert_true(vouch_bytes_equal(record.evidence, vouch_bytes_of("totp")));
    assert_true(vouch_bytes_equal(record.role, vouch_bytes_of("dev")));
    assert_true(vouch_bytes_equal(record.request, vouch_bytes_of("r1")));
    assert_true(vouch_bytes_equal(record.source, vouch_bytes_of("192.0.2.1")));
    assert_true(vouch_bytes_equal(record.policy, vouch_bytes_of("p3")));
    assert_int_equal(vouch_cert_view_read(record.cert, &cert, NULL), VOUCH_OK);
    assert_int_equal(cert.serial, 42);
    assert_int_equal(cert.type, 1);
    assert_true(vouch_bytes_equal(cert.key_id, vouch_bytes_of("id")));
    assert_true(vouch_bytes_equal(cert.ca, vouch_bytes_of("CAKEY")));
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    uint8_t memory[512];
    struct vouch_buf entry;
    struct vouch_record record = {0};
    vouch_buf_init_fixed(&entry, memory, sizeof memory);
    cert_entry(&entry);
    for (size_t len = 0; len < entry.len; len++) {
        assert_int_equal(
            vouch_record_decode((struct vouch_bytes){memory, len}, hasher, &record, NULL),
            VOUCH_ERR_CORRUPT);
    }
    assert_int_equal(record.kind, VOUCH_RECORD_NONE);
}

static void refuses_each_flipped_bit(void **state) {
    (void)state;
    uint8_t memory[512];
    struct vouch_buf entry;
    struct vouch_record record = {0};
    vouch_buf_init_fixed(&entry, memory, sizeof memory);
    cert_entry(&entry);
    for (size_t bit = 0; bit < 8 * entry.len; bit++) {
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(vouch_record_decode(vouch_buf_bytes(&entry), hasher, &record, NULL),
                         VOUCH_ERR_CORRUPT);
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(record.kind, VOUCH_RECORD_NONE);
}

// Puts a check that fits behind `len` bytes.
static struct vouch_bytes seal(uint8_t *memory, size_t len) {
    struct vouch_tree_hash hash;
    vouch_hasher_plain(hasher, (struct vouch_bytes){memory, len}, &hash);
    memcpy(memory + len, hash.bytes, VOUCH_RECORD_CHECK_LEN);
    return (struct vouch_bytes){memory, len + VOUCH_RECORD_CHECK_LEN};
}

static void refuses_another_encoding_even_with_a_fitting_check(void **state) {
    (void)state;
    uint8_t memory[1024];
    uint8_t original[512];
    struct vouch_buf entry;
    struct vouch_record record = {0};
    vouch_buf_init_fixed(&entry, original, sizeof original);
    cert_entry(&entry);
    size_t body = entry.len - VOUCH_RECORD_CHECK_LEN;
    for (size_t len = 0; len < body; len++) {
        memcpy(memory, original, len);
        assert_int_not_equal(vouch_record_decode(seal(memory, len), hasher, &record, NULL),
                             VOUCH_OK);
    }
    memcpy(memory, original, body);
    memory[body] = 0;
    assert_int_equal(vouch_record_decode(seal(memory, body + 1), hasher, &record, NULL),
                     VOUCH_ERR_TRAILING);
    for (size_t i = 0; i < 2; i++) { // version, kind
        memcpy(memory, original, body);
        memory[i] ^= 4;
        assert_int_not_equal(vouch_record_decode(seal(memory, body), hasher, &record, NULL),
                             VOUCH_OK);
    }
    assert_int_equal(record.kind, VOUCH_RECORD_NONE);
}

static void refuses_to_encode_what_it_would_not_decode(void **state) {
    (void)state;
    static uint8_t big[70000];
    static const char *const types[] = {"", "CA.key", "a b", "a\n", "ca\x80", "ca/key"};
    struct vouch_buf out;
    struct vouch_where where = {0};
    struct vouch_record record = cert_record();
    vouch_buf_init(&out, 1 << 20);

    record.cert.len--;
    assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_ARGUMENT);
    record = cert_record();
    record.kind = VOUCH_RECORD_NONE;
    assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_ARGUMENT);
    record = cert_record();
    record.role = (struct vouch_bytes){big, VOUCH_RECORD_TEXT_MAX + 1};
    assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_LIMIT);
    assert_string_equal(where.field, "role");
    record = cert_record();
    record.evidence = (struct vouch_bytes){big, 65500};
    assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_LIMIT);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        record =
            (struct vouch_record){.kind = VOUCH_RECORD_EVENT, .type = vouch_bytes_of(types[i])};
        assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_ARGUMENT);
    }
    record = (struct vouch_record){
        .kind = VOUCH_RECORD_EVENT, .type = vouch_bytes_of("a"), .details = {big, 5}};
    assert_int_equal(vouch_record_encode(&record, hasher, &out, &where), VOUCH_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    assert_int_equal(out.err, VOUCH_OK);
    vouch_buf_done(&out);
}

static void takes_the_longest_record_and_no_longer_one(void **state) {
    (void)state;
    static uint8_t big[70000];
    struct vouch_buf out;
    struct vouch_record record = cert_record();
    struct vouch_record decoded;
    vouch_buf_init(&out, 1 << 20);
    record.evidence = (struct vouch_bytes){big, 0};
    assert_int_equal(vouch_record_encode(&record, hasher, &out, NULL), VOUCH_OK);
    size_t rest = VOUCH_RECORD_MAX - out.len;
    vouch_buf_clear(&out);
    record.evidence.len = rest + 1;
    assert_int_equal(vouch_record_encode(&record, hasher, &out, NULL), VOUCH_ERR_LIMIT);
    record.evidence.len = rest;
    assert_int_equal(vouch_record_encode(&record, hasher, &out, NULL), VOUCH_OK);
    assert_int_equal(out.len, VOUCH_RECORD_MAX);
    assert_int_equal(vouch_record_decode(vouch_buf_bytes(&out), hasher, &decoded, NULL), VOUCH_OK);
    vouch_buf_done(&out);
}

static void finds_details_by_name(void **state) {
    (void)state;
    uint8_t memory[128];
    struct vouch_buf details;
    struct vouch_bytes value = {0};
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    struct vouch_record record = event_record(&details);
    assert_true(vouch_record_detail(&record, "key", &value));
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("x")));
    assert_true(vouch_record_detail(&record, "use", &value));
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("user")));
    assert_false(vouch_record_detail(&record, "user", &value));
    assert_true(vouch_record_is_event(&record, VOUCH_EVENT_CA_KEY_NEW));
    assert_false(vouch_record_is_event(&record, VOUCH_EVENT_LEDGER_NEW));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_an_event_as_documented),
        cmocka_unit_test(encodes_a_certificate_as_documented),
        cmocka_unit_test(decodes_what_it_encoded),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_each_flipped_bit),
        cmocka_unit_test(refuses_another_encoding_even_with_a_fitting_check),
        cmocka_unit_test(refuses_to_encode_what_it_would_not_decode),
        cmocka_unit_test(takes_the_longest_record_and_no_longer_one),
        cmocka_unit_test(finds_details_by_name),
    };
    return cmocka_run_group_tests_name("ledger/record", tests, begin, end);
}
