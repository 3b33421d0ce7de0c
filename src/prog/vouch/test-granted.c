// SPDX-License-Identifier: ISC
// Tests of what a server granted against what was asked for: every field, a little off.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prog/vouch/granted.h"

#define NOW 1700000000
#define TTL 3600
#define BYTES(text)                                                                                \
    { (const uint8_t *)(text), sizeof(text) - 1 }

struct world {
    struct vouch_private_key *ca, *other_ca, *subject, *stranger;
};

static int set_up(void **state) {
    static struct world world;
    struct vouch_private_key **keys[] = {&world.ca, &world.other_ca, &world.subject,
                                         &world.stranger};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, keys[i]) != 0) {
            return -1;
        }
    }
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    vouch_private_key_free(world->ca);
    vouch_private_key_free(world->other_ca);
    vouch_private_key_free(world->subject);
    vouch_private_key_free(world->stranger);
    return 0;
}

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static const struct vouch_bytes alice_bob[] = {BYTES("alice"), BYTES("bob")};
static const struct vouch_bytes bob_alice[] = {BYTES("bob"), BYTES("alice")};
static const struct vouch_bytes alice_root[] = {BYTES("alice"), BYTES("root")};
static const struct vouch_bytes three[] = {BYTES("alice"), BYTES("bob"), BYTES("root")};
static const struct vouch_cert_option command_id[] = {
    {BYTES("force-command"), BYTES("\0\0\0\2id")},
};
static const struct vouch_cert_option command_sh[] = {
    {BYTES("force-command"), BYTES("\0\0\0\2sh")},
};
static const struct vouch_cert_option pty[] = {{BYTES("permit-pty"), {0}}};
static const struct vouch_cert_option user_rc[] = {{BYTES("permit-user-rc"), {0}}};
static const struct vouch_cert_option both[] = {{BYTES("permit-pty"), {0}},
                                                {BYTES("permit-user-rc"), {0}}};

static struct vouch_cert_spec good_spec(const struct world *world) {
    return (struct vouch_cert_spec){
        .type = VOUCH_CERT_USER,
        .key = vouch_private_key_public(world->subject),
        .serial = 7,
        .key_id = BYTES("me"),
        .principals = alice_bob,
        .principal_count = 2,
        .valid_after = NOW - 60,
        .valid_before = NOW + TTL,
        .critical = command_id,
        .critical_count = 1,
        .extensions = pty,
        .extension_count = 1,
    };
}

static struct vouch_granted_wish good_wish(const struct world *world) {
    return (struct vouch_granted_wish){
        .type = VOUCH_CERT_USER,
        .key = vouch_private_key_public(world->subject),
        .ca = vouch_private_key_public(world->ca),
        .key_id = BYTES("me"),
        .principals = bob_alice,
        .principal_count = 2,
        .ttl_s = TTL,
        .critical = command_id,
        .critical_count = 1,
        .extensions = pty,
        .extension_count = 1,
        .now_s = NOW,
    };
}

static struct vouch_cert *make(const struct vouch_private_key *ca,
                               const struct vouch_cert_spec *spec) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    struct vouch_buf blob;
    struct vouch_where where;
    struct vouch_cert *cert = NULL;
    const struct vouch_cert_ca signer = {vouch_private_key_public(ca), sign, (void *)(uintptr_t)ca,
                                         VOUCH_CERT_RULES_OPENSSH};
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(vouch_cert_build(spec, &signer, nonce, &blob, &where), 0);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, &where), 0);
    vouch_buf_done(&blob);
    return cert;
}

// What becomes of a certificate by `ca` with this body, against this wish.
static int judge(const struct vouch_private_key *ca, const struct vouch_cert_spec *spec,
                 const struct vouch_granted_wish *wish) {
    struct vouch_fault fault = {0};
    struct vouch_cert *cert = make(ca, spec);
    int err = vouch_granted_check(cert, wish, "key.pub", &fault);
    vouch_cert_free(cert);
    if (err != 0) {
        assert_int_equal(err, VOUCH_ERR_MISMATCH);
        assert_ptr_equal(fault.kind, &vouch_fault_not_asked);
    }
    return err;
}

static void takes_exactly_what_was_asked_for_in_any_order(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec spec = good_spec(world);
    struct vouch_granted_wish wish = good_wish(world);
    assert_int_equal(judge(world->ca, &spec, &wish), 0);
}

static void takes_what_was_left_to_the_server(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec spec = good_spec(world);
    struct vouch_granted_wish wish = good_wish(world);
    wish.key_id = (struct vouch_bytes){0};
    wish.ttl_s = 0;
    wish.any_extensions = 1;
    spec.extensions = both;
    spec.extension_count = 2;
    spec.valid_before = NOW + 86400;
    assert_int_equal(judge(world->ca, &spec, &wish), 0);
}

static void refuses_each_field_that_differs(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec specs[13];
    size_t count = sizeof specs / sizeof specs[0];
    struct vouch_granted_wish wish = good_wish(world);
    for (size_t i = 0; i < count; i++) {
        specs[i] = good_spec(world);
    }
    specs[0].type = VOUCH_CERT_HOST;
    specs[0].critical_count = specs[0].extension_count = 0;
    specs[1].key = vouch_private_key_public(world->stranger);
    specs[2].key_id = (struct vouch_bytes)BYTES("you");
    specs[3].principals = alice_root;
    specs[4].principals = three;
    specs[4].principal_count = 3;
    specs[5].principal_count = 1;
    specs[6].principal_count = 0;
    specs[7].critical_count = 0;
    specs[8].critical = command_sh;
    specs[9].extension_count = 0;
    specs[10].extensions = user_rc;
    specs[11].extensions = both;
    specs[11].extension_count = 2;
    specs[12].valid_before = VOUCH_CERT_FOREVER;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(judge(world->ca, &specs[i], &wish), VOUCH_ERR_MISMATCH);
    }
}

static void refuses_another_ca(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec spec = good_spec(world);
    struct vouch_granted_wish wish = good_wish(world);
    assert_int_equal(judge(world->other_ca, &spec, &wish), VOUCH_ERR_MISMATCH);
}

static void holds_the_time_to_what_was_asked_for(void **state) {
    const struct world *world = *state;
    static const struct {
        int64_t after, before; // from now
        int good;
    } rows[] = {
        {0, TTL, 1},
        {-VOUCH_GRANTED_BACKDATE_S, TTL, 1},
        {-VOUCH_GRANTED_BACKDATE_S - 1, TTL, 0},
        {0, TTL - 1, 0},
        {-60, TTL - 60, 1},
        {VOUCH_GRANTED_CLOCK_S, TTL + VOUCH_GRANTED_CLOCK_S, 1},
        {VOUCH_GRANTED_CLOCK_S + 1, TTL + VOUCH_GRANTED_CLOCK_S + 1, 0},
        {-2 * TTL, -TTL, 0}, // expired
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert_spec spec = good_spec(world);
        struct vouch_granted_wish wish = good_wish(world);
        spec.valid_after = (uint64_t)(NOW + rows[i].after);
        spec.valid_before = (uint64_t)(NOW + rows[i].before);
        assert_int_equal(judge(world->ca, &spec, &wish) == 0, rows[i].good);
    }
}

static void a_renewed_certificate_has_to_say_the_same(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec spec = good_spec(world);
    struct vouch_cert *old = make(world->ca, &spec);
    const struct vouch_key *ca = vouch_private_key_public(world->ca);
    struct vouch_granted_wish wish = vouch_granted_same(old, ca, NOW);
    spec.serial++;
    assert_int_equal(judge(world->ca, &spec, &wish), 0);
    spec.extensions = both;
    spec.extension_count = 2;
    assert_int_equal(judge(world->ca, &spec, &wish), VOUCH_ERR_MISMATCH);
    vouch_cert_free(old);
}

static void reads_a_certificate_only_under_its_own_serial(void **state) {
    const struct world *world = *state;
    struct vouch_cert_spec spec = good_spec(world);
    struct vouch_cert *cert = make(world->ca, &spec), *found = NULL;
    struct vouch_buf line;
    struct vouch_fault fault;
    vouch_buf_init(&line, VOUCH_CERT_BLOB_MAX);
    vouch_cert_print(cert->blob, NULL, &line);
    vouch_buf_put(&line, (struct vouch_bytes){(const uint8_t *)"", 1});
    const char *text = (const char *)line.ptr;
    assert_int_equal(vouch_granted_read(text, 7, "k", &found, &fault), 0);
    vouch_cert_free(found);
    found = NULL;
    assert_int_equal(vouch_granted_read(text, 8, "k", &found, &fault), VOUCH_ERR_MISMATCH);
    assert_int_equal(vouch_granted_read(text, 0, "k", &found, &fault), VOUCH_ERR_MISMATCH);
    assert_int_equal(vouch_granted_read(NULL, 7, "k", &found, &fault), VOUCH_ERR_MISMATCH);
    for (size_t len = 0; len + 1 < line.len; len += 5) {
        uint8_t kept = line.ptr[len];
        line.ptr[len] = '\0';
        assert_int_equal(vouch_granted_read(text, 7, "k", &found, &fault), VOUCH_ERR_MISMATCH);
        line.ptr[len] = kept;
    }
    assert_null(found);
    vouch_buf_done(&line);
    vouch_cert_free(cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_exactly_what_was_asked_for_in_any_order),
        cmocka_unit_test(takes_what_was_left_to_the_server),
        cmocka_unit_test(refuses_each_field_that_differs),
        cmocka_unit_test(refuses_another_ca),
        cmocka_unit_test(holds_the_time_to_what_was_asked_for),
        cmocka_unit_test(a_renewed_certificate_has_to_say_the_same),
        cmocka_unit_test(reads_a_certificate_only_under_its_own_serial),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
