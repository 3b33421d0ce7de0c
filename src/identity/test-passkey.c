// SPDX-License-Identifier: ISC
// Tests of passkeys: what a device of the tests makes is taken; whatever of it is not as it must be, signed
// rightly or not, is refused.
#include "identity/passkey.h"

#include <stdio.h>

#include "identity/cbor.h"
#include "identity/test-fixture.h"
#include "identity/test-passkey-device.h"

#define USER "7f3a90"
#define ROOM VOUCH_IDENTITY_GIVEN_MAX
#define MAY_BACK_UP 0x08u
#define BACKED_UP 0x10u

static const uint8_t challenge_bytes[VOUCH_PASSKEY_CHALLENGE_LEN] = {7, 1, 255, 62, 63};
static const struct vouch_bytes challenge = {challenge_bytes, sizeof challenge_bytes};

// A device and what is kept of it.
struct bench {
    struct fixture fixture;
    struct device device;
    struct device_said said;
    uint8_t given_room[ROOM], stored_room[VOUCH_IDENTITY_STORED_MAX];
    struct vouch_buf given;
    struct vouch_bytes stored;
};

static void bench_begin(struct bench *bench, int32_t algorithm) {
    *bench = (struct bench){0};
    fixture_begin(&bench->fixture, NULL);
    device_begin(&bench->device, algorithm, USER);
    vouch_buf_init_fixed(&bench->given, bench->given_room, sizeof bench->given_room);
}

static void bench_end(struct bench *bench) {
    device_end(&bench->device);
    fixture_end(&bench->fixture);
}

static struct vouch_identity_ask ask_of(const struct bench *bench) {
    return (struct vouch_identity_ask){.method = VOUCH_METHOD_PASSKEY,
                                       .user = vouch_bytes_of(USER),
                                       .name = vouch_bytes_of("alice"),
                                       .stored = bench->stored,
                                       .origin = vouch_bytes_of(DEVICE_ORIGIN),
                                       .challenge = challenge};
}

// What was said as it stands.
static enum vouch_identity_verdict send_made(struct bench *bench) {
    struct vouch_identity_ask ask = ask_of(bench);
    ask.stored = (struct vouch_bytes){0};
    ask.given = device_made_bytes(&bench->said, &bench->given);
    return fixture_make(&bench->fixture, &ask);
}

static enum vouch_identity_verdict send_shown(struct bench *bench) {
    struct vouch_identity_ask ask = ask_of(bench);
    ask.given = device_shown_bytes(&bench->said, &bench->given);
    return fixture_check(&bench->fixture, &ask);
}

static enum vouch_identity_verdict make(struct bench *bench, struct device_told told) {
    told.challenge = told.challenge.len > 0 ? told.challenge : challenge;
    device_make(&bench->device, &told, &bench->said);
    return send_made(bench);
}

static enum vouch_identity_verdict answer(struct bench *bench, struct device_told told) {
    told.challenge = told.challenge.len > 0 ? told.challenge : challenge;
    device_answer(&bench->device, &told, &bench->said);
    return send_shown(bench);
}

static void keep(struct bench *bench) {
    bench->stored = fixture_keep(&bench->fixture, bench->stored_room);
}

static void registered(struct bench *bench, int32_t algorithm) {
    bench_begin(bench, algorithm);
    assert_int_equal(make(bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    keep(bench);
}

static void assert_refused(const struct bench *bench, const char *code, const char *why) {
    const struct vouch_identity_answer *got = &bench->fixture.answer;
    assert_int_equal(got->verdict, VOUCH_IDENTITY_REFUSED);
    assert_string_equal(got->refusal.code, code);
    assert_string_equal(got->refusal.field, "credential");
    if (strstr(got->refusal.why, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", got->refusal.why, why);
    }
    assert_int_equal(got->stored.len, 0);
}

static struct vouch_passkey kept(const struct bench *bench) {
    struct vouch_passkey passkey;
    assert_int_equal(vouch_passkey_read(bench->stored, &passkey, NULL), VOUCH_OK);
    return passkey;
}

// --- what is right

static void takes_a_passkey_of_each_kind_and_its_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < VOUCH_PASSKEY_ALGORITHMS; i++) {
        struct bench bench;
        registered(&bench, vouch_passkey_algorithms[i]);
        struct vouch_passkey passkey = kept(&bench);
        assert_int_equal(passkey.algorithm, vouch_passkey_algorithms[i]);
        assert_int_equal(passkey.count, 1);
        assert_int_equal(passkey.backup, 0);
        assert_int_equal(passkey.aaguid[0], 0xaa);
        assert_memory_equal(passkey.id.ptr, bench.device.id, sizeof bench.device.id);
        for (uint32_t count = 2; count < 4; count++) {
            assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
            keep(&bench);
            assert_int_equal(kept(&bench).count, count);
        }
        bench_end(&bench);
    }
}

static void takes_members_of_the_client_data_that_it_does_not_know(void **state) {
    (void)state;
    struct bench bench;
    static const char more[] = ",\"other_keys_can_be_added_here\":\"x\",\"list\":[1,{\"a\":null}]";
    bench_begin(&bench, VOUCH_COSE_ES256);
    assert_int_equal(make(&bench, (struct device_told){.more = more}), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    assert_int_equal(answer(&bench, (struct device_told){.more = more}), VOUCH_IDENTITY_ACCEPTED);
    bench_end(&bench);
}

static void takes_an_answer_that_does_not_name_its_user(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_EDDSA);
    bench.device.handle[0] = '\0';
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    bench_end(&bench);
}

static void takes_extensions_that_the_flags_announce(void **state) {
    (void)state;
    struct bench bench;
    static const uint8_t extensions[] = {0xa1, 0x61, 'x', 0xf5}; // {"x": true}
    const struct device_told told = {.flags = DEVICE_FLAGS | 0x80,
                                     .extra = {extensions, sizeof extensions}};
    bench_begin(&bench, VOUCH_COSE_ES256);
    assert_int_equal(make(&bench, told), VOUCH_IDENTITY_ACCEPTED);
    bench_end(&bench);
}

// --- F4: what the browser says

static void F4_refuses_an_answer_to_another_page_or_question(void **state) {
    (void)state;
    static const uint8_t other[VOUCH_PASSKEY_CHALLENGE_LEN] = {8};
    const struct {
        struct device_told told;
        const char *why;
    } rows[] = {
        {{.origin = "https://ca.example.com"}, "another address"},
        {{.origin = "http://ca.example.com:8443"}, "another address"},
        {{.origin = "https://ca.example.com:8443/"}, "another address"},
        {{.origin = "https://evil.example"}, "another address"},
        {{.origin = "https://ca.example.com:8443.evil.example"}, "another address"},
        {{.challenge = {other, sizeof other}}, "another question"},
        {{.challenge = {challenge_bytes, 31}}, "another question"},
        {{.more = ",\"crossOrigin\":true"}, "no JSON object"}, // twice
        {{.more = ",\"topOrigin\":\"https://evil.example\""}, "within another"},
        {{.more = ",\"origin\":\"" DEVICE_ORIGIN "\""}, "no JSON object"},
        {{.more = "}{"}, "no JSON object"},
    };
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)make(&bench, rows[i].told);
        assert_refused(&bench, "V-2006", rows[i].why);
        (void)answer(&bench, rows[i].told);
        assert_refused(&bench, "V-2001", rows[i].why);
    }
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    bench_end(&bench);
}

static void F4_refuses_a_registration_as_an_answer_and_the_reverse(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    (void)answer(&bench, (struct device_told){.type = "webauthn.create"});
    assert_refused(&bench, "V-2001", "another kind");
    (void)make(&bench, (struct device_told){.type = "webauthn.get"});
    assert_refused(&bench, "V-2006", "another kind");
    (void)answer(&bench, (struct device_told){.type = "payment.get"});
    assert_refused(&bench, "V-2001", "another kind");
    bench_end(&bench);
}

static void F4_refuses_a_page_within_another(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    char text[512];
    const char *from = strstr((const char *)bench.said.client_data_room, "challenge\":\"") + 12;
    char encoded[64] = {0};
    memcpy(encoded, from, 43);
    (void)snprintf(text, sizeof text,
                   "{\"type\":\"webauthn.create\",\"challenge\":\"%s\",\"origin\":\"%s\","
                   "\"crossOrigin\":true}",
                   encoded, DEVICE_ORIGIN);
    bench.said.client_data = vouch_bytes_of(text);
    (void)send_made(&bench);
    assert_refused(&bench, "V-2006", "within another");
    bench_end(&bench);
}

// --- F4: what the passkey says

static void F4_refuses_another_host_no_presence_and_no_verification(void **state) {
    (void)state;
    const struct {
        struct device_told told;
        const char *why;
    } rows[] = {
        {{.host = "example.com"}, "another host"},
        {{.host = "ca.example.com:8443"}, "another host"},
        {{.host = "CA.example.com"}, "another host"},
        {{.flags = DEVICE_VERIFIED}, "presence"},
        {{.flags = DEVICE_PRESENT}, "verify its user"},
        {{.flags = 0x02}, "presence"},
        {{.flags = DEVICE_FLAGS | BACKED_UP}, "that it cannot be"},
    };
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)make(&bench, rows[i].told);
        assert_refused(&bench, "V-2006", rows[i].why);
        (void)answer(&bench, rows[i].told);
        assert_refused(&bench, "V-2001", rows[i].why);
    }
    bench_end(&bench);
}

static void F4_refuses_a_turned_backup_eligibility_and_keeps_a_turned_state(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_EDDSA);
    (void)answer(&bench, (struct device_told){.flags = DEVICE_FLAGS | MAY_BACK_UP});
    assert_refused(&bench, "V-2001", "otherwise than before");
    assert_int_equal(make(&bench, (struct device_told){.flags = DEVICE_FLAGS | MAY_BACK_UP}),
                     VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    assert_int_equal(kept(&bench).backup, VOUCH_PASSKEY_MAY_BACK_UP);
    const struct device_told copied = {.flags = DEVICE_FLAGS | MAY_BACK_UP | BACKED_UP};
    assert_int_equal(answer(&bench, copied), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    assert_int_equal(kept(&bench).backup, VOUCH_PASSKEY_MAY_BACK_UP | VOUCH_PASSKEY_BACKED_UP);
    (void)answer(&bench, (struct device_told){0});
    assert_refused(&bench, "V-2001", "otherwise than before");
    bench_end(&bench);
}

static void F4_refuses_a_count_that_does_not_go_up(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench, VOUCH_COSE_ES256);
    bench.device.count = 41;
    assert_int_equal(make(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    static const uint32_t counts[] = {40, 39, 1, UINT32_MAX}; // the device adds one: 41, 40, 2, 0
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bench.device.count = counts[i];
        (void)answer(&bench, (struct device_told){0});
        assert_refused(&bench, "V-2003", "did not go up");
    }
    bench.device.count = 41;
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    bench_end(&bench);
}

static void takes_a_passkey_that_does_not_count_until_it_does(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench, VOUCH_COSE_EDDSA);
    bench.device.count = 0;
    assert_int_equal(make(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    bench.device.count = 1;
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    keep(&bench);
    assert_int_equal(kept(&bench).count, 2);
    bench.device.count = 0;
    (void)answer(&bench, (struct device_told){0});
    assert_refused(&bench, "V-2003", "did not go up");
    bench_end(&bench);
}

static void F4_refuses_the_passkey_of_another(void **state) {
    (void)state;
    struct bench bench, other;
    registered(&bench, VOUCH_COSE_ES256);
    registered(&other, VOUCH_COSE_ES256);
    // Another's passkey, whole, with what is kept of this one.
    (void)answer(&other, (struct device_told){0});
    bench.said = other.said;
    bench.said.client_data.ptr = bench.said.client_data_room;
    bench.said.authdata.ptr = bench.said.authdata_room;
    bench.said.signature.ptr = bench.said.signature_room;
    (void)send_shown(&bench);
    assert_refused(&bench, "V-2001", "another's");
    // Under this one's ID.
    bench.said.id = (struct vouch_bytes){bench.device.id, sizeof bench.device.id};
    (void)send_shown(&bench);
    assert_refused(&bench, "V-2001", "signature");
    // This one, which was made for another user.
    memcpy(bench.device.handle, "u13", 4);
    (void)answer(&bench, (struct device_told){0});
    assert_refused(&bench, "V-2001", "another's");
    bench_end(&bench);
    bench_end(&other);
}

static void F4_refuses_a_passkey_that_is_not_kept(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    bench.stored = (struct vouch_bytes){0};
    (void)answer(&bench, (struct device_told){0});
    assert_refused(&bench, "V-2001", "not known");
    bench_end(&bench);
}

static void F4_refuses_an_id_that_is_not_the_passkeys(void **state) {
    (void)state;
    struct bench bench;
    static const uint8_t id[16] = {1, 2, 3};
    registered(&bench, VOUCH_COSE_ES256);
    device_make(&bench.device, &(struct device_told){.challenge = challenge}, &bench.said);
    bench.said.id = (struct vouch_bytes){id, sizeof id};
    (void)send_made(&bench);
    assert_refused(&bench, "V-2006", "another ID");
    device_answer(&bench.device, &(struct device_told){.challenge = challenge}, &bench.said);
    bench.said.id = (struct vouch_bytes){id, sizeof id};
    (void)send_shown(&bench);
    assert_refused(&bench, "V-2001", "another's");
    bench_end(&bench);
}

static void F4_refuses_kinds_of_key_that_were_not_offered(void **state) {
    (void)state;
    static const int64_t kinds[] = {-35, -36, -37, -38, -47, -258, -65535, 7, 5};
    struct bench bench;
    bench_begin(&bench, VOUCH_COSE_ES256);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        (void)make(&bench, (struct device_told){.algorithm = kinds[i]});
        assert_refused(&bench, "V-2006", "offered");
    }
    (void)make(&bench, (struct device_told){.algorithm = VOUCH_COSE_EDDSA});
    assert_refused(&bench, "V-2006", "damaged");
    (void)make(&bench, (struct device_told){.algorithm = VOUCH_COSE_RS256});
    assert_refused(&bench, "V-2006", "damaged");
    bench_end(&bench);
}

static void F4_refuses_attestations(void **state) {
    (void)state;
    static const char *const formats[] = {"packed", "fido-u2f", "tpm", "apple", "", "None"};
    struct bench bench;
    bench_begin(&bench, VOUCH_COSE_ES256);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        (void)make(&bench, (struct device_told){.format = formats[i]});
        assert_refused(&bench, "V-2006", "attestation");
    }
    bench_end(&bench);
}

static void refuses_a_point_that_is_on_no_curve(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench, VOUCH_COSE_ES256);
    (void)make(&bench, (struct device_told){0});
    // The attestation ends with Y.
    bench.said.attestation_room[bench.said.attestation.len - 1] ^= 1;
    (void)send_made(&bench);
    assert_refused(&bench, "V-2006", "its key is damaged");
    bench_end(&bench);
}

// --- F4: damage

static void F4_refuses_each_proper_prefix_and_each_leftover(void **state) {
    (void)state;
    static const uint8_t extra[1] = {0xa0};
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    // Signed, and still not taken.
    (void)make(&bench, (struct device_told){.extra = {extra, 1}});
    assert_refused(&bench, "V-2006", "damaged");
    (void)answer(&bench, (struct device_told){.extra = {extra, 1}});
    assert_refused(&bench, "V-2001", "damaged");
    (void)answer(&bench, (struct device_told){.flags = DEVICE_FLAGS | 0x80});
    assert_refused(&bench, "V-2001", "damaged");
    device_make(&bench.device, &(struct device_told){.challenge = challenge}, &bench.said);
    size_t whole = bench.said.attestation.len;
    for (size_t len = 1; len < whole; len++) {
        bench.said.attestation.len = len;
        assert_int_equal(send_made(&bench), VOUCH_IDENTITY_REFUSED);
        assert_refused(&bench, "V-2006", "");
    }
    bench.said.attestation.len = whole + 1;
    bench.said.attestation_room[whole] = 0xa0;
    (void)send_made(&bench);
    assert_refused(&bench, "V-2006", "damaged");
    bench_end(&bench);
}

static void refuses_each_bit_flip_of_an_answer(void **state) {
    (void)state;
    for (size_t i = 0; i < VOUCH_PASSKEY_ALGORITHMS; i++) {
        struct bench bench;
        registered(&bench, vouch_passkey_algorithms[i]);
        assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
        struct vouch_bytes parts[] = {bench.said.authdata, bench.said.signature};
        uint8_t *const rooms[] = {bench.said.authdata_room, bench.said.signature_room};
        for (size_t part = 0; part < 2; part++) {
            for (size_t bit = 0; bit < parts[part].len * 8; bit++) {
                rooms[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(send_shown(&bench), VOUCH_IDENTITY_REFUSED);
                rooms[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
        for (size_t len = 1; len < bench.said.signature.len; len += 7) {
            bench.said.signature.len = len;
            assert_int_equal(send_shown(&bench), VOUCH_IDENTITY_REFUSED);
            bench.said.signature.len = parts[1].len;
        }
        assert_int_equal(send_shown(&bench), VOUCH_IDENTITY_ACCEPTED);
        bench_end(&bench);
    }
}

// A client data that says the same in other bytes is not what was signed.
static void F4_refuses_client_data_that_was_not_signed(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    assert_int_equal(answer(&bench, (struct device_told){0}), VOUCH_IDENTITY_ACCEPTED);
    bench.said.client_data_room[bench.said.client_data.len++] = ' ';
    (void)send_shown(&bench);
    assert_refused(&bench, "V-2001", "signature");
    bench_end(&bench);
}

static void fails_where_what_is_kept_is_damaged(void **state) {
    (void)state;
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    device_answer(&bench.device, &(struct device_told){.challenge = challenge}, &bench.said);
    struct vouch_identity_ask ask = ask_of(&bench);
    ask.given = device_shown_bytes(&bench.said, &bench.given);
    for (size_t len = 1; len < bench.stored.len; len++) {
        ask.stored.len = len;
        assert_int_equal(vouch_identity_check(bench.fixture.identity, &ask, fixture_deadline(),
                                              &bench.fixture.answer, &bench.fixture.fault),
                         VOUCH_ERR_CORRUPT);
        assert_string_equal(bench.fixture.fault.kind->code, "V-1884");
        assert_int_equal(bench.fixture.answer.verdict, VOUCH_IDENTITY_REFUSED);
    }
    bench_end(&bench);
}

static void fails_without_an_origin_or_a_challenge(void **state) {
    (void)state;
    static const char *const origins[] = {"", "https://192.0.2.1:8443", "https://[::1]", "ca"};
    struct bench bench;
    registered(&bench, VOUCH_COSE_ES256);
    device_answer(&bench.device, &(struct device_told){.challenge = challenge}, &bench.said);
    for (size_t i = 0; i <= sizeof origins / sizeof origins[0]; i++) {
        struct vouch_identity_ask ask = ask_of(&bench);
        ask.given = device_shown_bytes(&bench.said, &bench.given);
        if (i < sizeof origins / sizeof origins[0]) {
            ask.origin = vouch_bytes_of(origins[i]);
        } else {
            ask.challenge = (struct vouch_bytes){0};
        }
        assert_int_equal(vouch_identity_check(bench.fixture.identity, &ask, fixture_deadline(),
                                              &bench.fixture.answer, &bench.fixture.fault),
                         VOUCH_ERR_ARGUMENT);
        assert_int_equal(bench.fixture.answer.verdict, VOUCH_IDENTITY_REFUSED);
    }
    bench_end(&bench);
}

// --- the name

static void takes_the_origin_of_an_address_as_browsers_write_it(void **state) {
    (void)state;
    static const struct {
        const char *address, *origin, *host;
    } rows[] = {
        {"https://ca.example.com:8443#sha256:abc", "https://ca.example.com:8443", "ca.example.com"},
        {"https://CA.Example.com:443", "https://ca.example.com", "ca.example.com"},
        {"https://ca.example.com", "https://ca.example.com", "ca.example.com"},
        {"https://localhost:9", "https://localhost:9", "localhost"},
        {"https://ca1", "https://ca1", "ca1"},
        {"https://1.ca", "https://1.ca", "1.ca"},
        {"https://192.0.2.7:8443", "", ""},
        {"https://10", "", ""},
        {"https://0x7f.1", "", ""},
        {"https://a.0x1", "", ""},
        {"https://[2001:db8::1]:8443#x", "", ""},
        {"https://", "", ""},
        {"", "", ""},
        {"https://a..b", "", ""},
        {"https://a.b.", "", ""},
        {"https://-a.b", "", ""},
        {"https://a_b.c", "", ""},
        {"https://a.b:", "", ""},
        {"https://a.b:0", "", ""},
        {"https://a.b:08443", "", ""},
        {"https://a.b:65536", "", ""},
        {"http://a.b", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char origin[VOUCH_PASSKEY_ORIGIN_MAX];
        int err = vouch_passkey_origin(vouch_bytes_of(rows[i].address), origin);
        assert_int_equal(err, rows[i].origin[0] != '\0' ? VOUCH_OK : VOUCH_ERR_FORMAT);
        assert_string_equal(origin, rows[i].origin);
        assert_true(vouch_bytes_equal(vouch_passkey_host(vouch_bytes_of(origin)),
                                      vouch_bytes_of(rows[i].host)));
    }
}

// --- CBOR

#define BYTES(...)                                                                                 \
    { (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}) }

static void skips_one_item_of_cbor_whatever_it_is(void **state) {
    (void)state;
    const struct vouch_bytes items[] = {
        BYTES(0x00),
        BYTES(0x17),
        BYTES(0x18, 0x18),
        BYTES(0x39, 0x01, 0x00),
        BYTES(0x40),
        BYTES(0x42, 1, 2),
        BYTES(0x61, 'a'),
        BYTES(0x80),
        BYTES(0x82, 0x01, 0x81, 0xf4),
        BYTES(0xa1, 0x01, 0xa1, 0x02, 0xf6),
        BYTES(0xf5),
        BYTES(0x81, 0x81, 0x81, 0x81, 0x00),
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct vouch_cbor cbor = vouch_cbor_of(items[i]);
        assert_int_equal(vouch_cbor_skip(&cbor).len, items[i].len);
        assert_int_equal(vouch_cbor_end(&cbor), VOUCH_OK);
        for (size_t len = 0; len < items[i].len; len++) {
            cbor = vouch_cbor_of((struct vouch_bytes){items[i].ptr, len});
            assert_int_equal(vouch_cbor_skip(&cbor).len, 0);
            assert_int_equal(vouch_cbor_end(&cbor), VOUCH_ERR_FORMAT);
        }
    }
}

static void refuses_cbor_that_is_not_canonical_or_too_large(void **state) {
    (void)state;
    const struct vouch_bytes items[] = {
        BYTES(0x18, 0x17),                               // 23 in two bytes
        BYTES(0x19, 0x00, 0xff),                         // 255 in three
        BYTES(0x1a, 0x00, 0x00, 0xff, 0xff),             // 65535 in five
        BYTES(0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), // 2^32-1 in nine
        BYTES(0x1c),
        BYTES(0x5f, 0x41, 1, 0xff), // indefinite
        BYTES(0x9f, 0xff),
        BYTES(0xbf, 0xff),
        BYTES(0xc0, 0x00), // a tag
        BYTES(0xf9, 0, 0), // a float
        BYTES(0xe0),
        BYTES(0xf7),
        BYTES(0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        BYTES(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        BYTES(0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0),
        BYTES(0x81, 0x81, 0x81, 0x81, 0x81, 0x00), // too deep
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct vouch_cbor cbor = vouch_cbor_of(items[i]);
        assert_int_equal(vouch_cbor_skip(&cbor).len, 0);
        assert_int_equal(vouch_cbor_end(&cbor), VOUCH_ERR_FORMAT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_passkey_of_each_kind_and_its_answers),
        cmocka_unit_test(takes_members_of_the_client_data_that_it_does_not_know),
        cmocka_unit_test(takes_an_answer_that_does_not_name_its_user),
        cmocka_unit_test(takes_extensions_that_the_flags_announce),
        cmocka_unit_test(F4_refuses_an_answer_to_another_page_or_question),
        cmocka_unit_test(F4_refuses_a_registration_as_an_answer_and_the_reverse),
        cmocka_unit_test(F4_refuses_a_page_within_another),
        cmocka_unit_test(F4_refuses_another_host_no_presence_and_no_verification),
        cmocka_unit_test(F4_refuses_a_turned_backup_eligibility_and_keeps_a_turned_state),
        cmocka_unit_test(F4_refuses_a_count_that_does_not_go_up),
        cmocka_unit_test(takes_a_passkey_that_does_not_count_until_it_does),
        cmocka_unit_test(F4_refuses_the_passkey_of_another),
        cmocka_unit_test(F4_refuses_a_passkey_that_is_not_kept),
        cmocka_unit_test(F4_refuses_an_id_that_is_not_the_passkeys),
        cmocka_unit_test(F4_refuses_kinds_of_key_that_were_not_offered),
        cmocka_unit_test(F4_refuses_attestations),
        cmocka_unit_test(refuses_a_point_that_is_on_no_curve),
        cmocka_unit_test(F4_refuses_each_proper_prefix_and_each_leftover),
        cmocka_unit_test(refuses_each_bit_flip_of_an_answer),
        cmocka_unit_test(F4_refuses_client_data_that_was_not_signed),
        cmocka_unit_test(fails_where_what_is_kept_is_damaged),
        cmocka_unit_test(fails_without_an_origin_or_a_challenge),
        cmocka_unit_test(takes_the_origin_of_an_address_as_browsers_write_it),
        cmocka_unit_test(skips_one_item_of_cbor_whatever_it_is),
        cmocka_unit_test(refuses_cbor_that_is_not_canonical_or_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
