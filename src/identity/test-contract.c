// SPDX-License-Identifier: ISC
// What identity.h promises, of every method, whichever body answers. It is built twice.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "identity/base32.h"
#include "identity/test-fixture.h"
#include "identity/totp.h"

#define GOOD "violin tractor seven oysters"
#define NOW UINT64_C(1790000000)

static int begin(void **state) {
    static struct fixture fixture;
    fixture_begin(&fixture, NULL);
    *state = &fixture;
    return 0;
}

static int end(void **state) {
    fixture_end(*state);
    return 0;
}

static void assert_refused(const struct fixture *fixture, const char *code) {
    const struct vouch_identity_answer *answer = &fixture->answer;
    assert_int_equal(answer->verdict, VOUCH_IDENTITY_REFUSED);
    assert_string_equal(answer->refusal.code, code);
    assert_true(answer->refusal.why[0] != '\0');
    assert_true(answer->stored.len == 0 && answer->shown.len == 0);
    assert_true(answer->step == 0 && answer->left == 0);
}

// --- passwords

static void takes_the_password_that_was_set_and_no_other(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(fixture_make(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    assert_int_equal(fixture->answer.shown.len, 0);
    ask.stored = fixture_keep(fixture, memory);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    assert_int_equal(fixture->answer.stored.len, 0);

    static const char *const others[] = {
        "violin tractor seven oysters ", " violin tractor seven oysters",
        "Violin tractor seven oysters", "violin tractor seven oyster", "x"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ask.given = vouch_bytes_of(others[i]);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
}

static void keeps_a_string_that_libsodium_reads_and_reads_libsodiums(void **state) {
    struct fixture *fixture = *state;
    char text[crypto_pwhash_STRBYTES] = {0};
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    fixture_make(fixture, &ask);
    assert_true(fixture->answer.stored.len < sizeof text);
    memcpy(text, fixture->answer.stored.ptr, fixture->answer.stored.len);
    assert_int_equal(crypto_pwhash_str_verify(text, GOOD, strlen(GOOD)), 0);

    assert_int_equal(
        crypto_pwhash_str_alg(text, GOOD, strlen(GOOD), 3, 64 * 1024, crypto_pwhash_ALG_ARGON2ID13),
        0);
    ask.stored = vouch_bytes_of(text);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
}

static void never_makes_the_same_string_twice(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    fixture_make(fixture, &ask);
    struct vouch_bytes first = fixture_keep(fixture, memory);
    fixture_make(fixture, &ask);
    assert_false(vouch_bytes_equal(first, fixture->answer.stored));
}

static void hashes_anew_what_was_hashed_more_cheaply(void **state) {
    struct fixture *fixture = *state;
    struct fixture dearer;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    fixture_make(fixture, &ask);
    ask.stored = fixture_keep(fixture, memory);
    fixture_begin(&dearer, &(struct vouch_identity_cost){.memory_kib = 16, .passes = 2});
    assert_int_equal(fixture_check(&dearer, &ask), VOUCH_IDENTITY_ACCEPTED);
    ask.stored = fixture_keep(&dearer, memory);
    assert_memory_equal(ask.stored.ptr, "$argon2id$v=19$m=16,t=2,p=1$", 28);
    assert_int_equal(fixture_check(&dearer, &ask), VOUCH_IDENTITY_ACCEPTED);
    assert_int_equal(dearer.answer.stored.len, 0);
    // A wrong one is no occasion.
    fixture_make(fixture, &ask);
    ask.stored = fixture_keep(fixture, memory);
    ask.given = vouch_bytes_of("violin tractor seven lobsters");
    fixture_check(&dearer, &ask);
    assert_refused(&dearer, "V-1880");
    fixture_end(&dearer);
}

static void L1_refuses_what_is_no_password_without_any_work(void **state) {
    struct fixture *fixture = *state;
    static uint8_t longest[VOUCH_IDENTITY_GIVEN_MAX + 1];
    struct vouch_identity_load before, after;
    memset(longest, 'a', sizeof longest);
    const struct vouch_bytes inputs[] = {
        {NULL, 0},
        {(const uint8_t *)"\0violin tractor seven", 21},
        {(const uint8_t *)"violin tractor\0seven", 20},
        {(const uint8_t *)"            ", 12},
        {(const uint8_t *)"\t\n \r\v\f        ", 14},
        {(const uint8_t *)"violin \xff tractor seven", 22},
        {(const uint8_t *)"violin tractor \xc3", 16},
        {(const uint8_t *)"violin tractor \xed\xa0\x80 x", 20},
        {(const uint8_t *)"violin tractor \xc0\x80 x", 19},
        {longest, 1025},
        {longest, VOUCH_IDENTITY_GIVEN_MAX},
    };
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, NULL);
    vouch_identity_load(fixture->engine, &before);
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        ask.given = inputs[i];
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
        fixture_make(fixture, &ask);
        assert_refused(fixture, "V-1881");
        assert_string_equal(fixture->answer.refusal.field, "password");
    }
    ask.given = (struct vouch_bytes){longest, VOUCH_IDENTITY_GIVEN_MAX + 1};
    fixture_check(fixture, &ask);
    assert_refused(fixture, "V-1805");
    vouch_identity_load(fixture->engine, &after);
    assert_int_equal(before.hashes, after.hashes);
}

static void L7_takes_a_password_of_the_greatest_length(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX], password[1024];
    for (size_t i = 0; i < sizeof password; i++) {
        password[i] = (uint8_t)('!' + i * i % 89);
    }
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, NULL);
    ask.given = (struct vouch_bytes){password, sizeof password};
    assert_int_equal(fixture_make(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    ask.stored = fixture_keep(fixture, memory);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    // Nothing is cut off: L7.
    password[sizeof password - 1] ^= 1;
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_REFUSED);
    ask.given.len--;
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_REFUSED);
}

static void L9_does_the_same_work_for_users_that_are_not_there(void **state) {
    struct fixture *fixture = *state;
    struct vouch_identity_load loads[3];
    struct vouch_identity_answer answers[2];
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    fixture_make(fixture, &ask);
    const struct vouch_bytes stored[] = {fixture_keep(fixture, memory), {NULL, 0}};
    ask.given = vouch_bytes_of("violin tractor seven lobsters");
    vouch_identity_load(fixture->engine, &loads[0]);
    for (size_t i = 0; i < 2; i++) {
        ask.stored = stored[i];
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
        answers[i] = fixture->answer;
        vouch_identity_load(fixture->engine, &loads[i + 1]);
    }
    assert_int_equal(loads[1].hashes - loads[0].hashes, 1);
    assert_int_equal(loads[2].hashes - loads[1].hashes, 1);
    assert_int_equal(loads[1].kib_passes - loads[0].kib_passes,
                     loads[2].kib_passes - loads[1].kib_passes);
    assert_memory_equal(&answers[0].refusal, &answers[1].refusal, sizeof answers[0].refusal);
}

static void refuses_a_user_without_a_password_whatever_is_given(void **state) {
    struct fixture *fixture = *state;
    static const char *const given[] = {"", "x", GOOD, "$argon2id$v=19$m=8,t=1,p=1$"};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, given[i]);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
}

static const char *const damaged_hashes[] = {
    "x",
    "$",
    "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=16$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=08,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=7,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=2$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    // Memory or time without bound.
    "$argon2id$v=19$m=262145,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=11,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=1,x=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$",
    "$6$abcdefgh$qrstuvwxyz",
};

// A stored string that is not whole is a failure, not a "no", and costs no hash.
static void fails_on_a_stored_hash_that_is_not_one(void **state) {
    struct fixture *fixture = *state;
    struct vouch_identity_load before, after;
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    vouch_identity_load(fixture->engine, &before);
    for (size_t i = 0; i < sizeof damaged_hashes / sizeof damaged_hashes[0]; i++) {
        ask.stored = vouch_bytes_of(damaged_hashes[i]);
        assert_int_equal(vouch_identity_check(fixture->identity, &ask, fixture_deadline(),
                                              &fixture->answer, &fixture->fault),
                         VOUCH_ERR_CORRUPT);
        assert_string_equal(fixture->fault.kind->code, "V-1884");
        assert_int_equal(fixture->answer.verdict, VOUCH_IDENTITY_REFUSED);
    }
    vouch_identity_load(fixture->engine, &after);
    assert_int_equal(before.hashes, after.hashes);
}

static void accepts_no_damaged_stored_value(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    static const enum vouch_identity_method methods[] = {VOUCH_METHOD_PASSWORD, VOUCH_METHOD_TOTP};
    for (size_t m = 0; m < 2; m++) {
        struct vouch_identity_ask ask = fixture_ask(methods[m], GOOD);
        assert_int_equal(fixture_make(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
        struct vouch_bytes stored = fixture_keep(fixture, memory);
        for (size_t bit = 0; bit < stored.len * 8; bit++) {
            // 2^18 KiB and more passes cost time and are tried above.
            if (methods[m] == VOUCH_METHOD_PASSWORD && bit / 8 >= 15 && bit / 8 < 26) {
                continue;
            }
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
            ask.stored = stored;
            int err = vouch_identity_check(fixture->identity, &ask, fixture_deadline(),
                                           &fixture->answer, &fixture->fault);
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(fixture->answer.verdict, VOUCH_IDENTITY_ACCEPTED);
            assert_true(err == VOUCH_ERR_CORRUPT ||
                        (err == VOUCH_OK && methods[m] == VOUCH_METHOD_PASSWORD));
        }
        for (size_t len = 1; len < stored.len; len++) {
            ask.stored.len = len;
            assert_int_equal(vouch_identity_check(fixture->identity, &ask, fixture_deadline(),
                                                  &fixture->answer, &fixture->fault),
                             VOUCH_ERR_CORRUPT);
        }
    }
}

// --- TOTP

// The secret out of the address that was shown.
static void take_secret(const struct fixture *fixture, uint8_t secret[VOUCH_TOTP_SECRET_LEN]) {
    char uri[VOUCH_IDENTITY_SHOWN_MAX + 1] = {0};
    memcpy(uri, fixture->answer.shown.ptr, fixture->answer.shown.len);
    const char *at = strstr(uri, "?secret=");
    assert_non_null(at);
    assert_int_equal(vouch_unbase32((struct vouch_bytes){(const uint8_t *)at + 8, 32}, secret,
                                    VOUCH_TOTP_SECRET_LEN),
                     VOUCH_OK);
}

struct app {
    uint8_t secret[VOUCH_TOTP_SECRET_LEN];
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    char code[VOUCH_TOTP_DIGITS + 1];
    struct vouch_identity_ask ask;
};

static void enrol(struct fixture *fixture, struct app *app) {
    app->ask = fixture_ask(VOUCH_METHOD_TOTP, NULL);
    assert_int_equal(fixture_make(fixture, &app->ask), VOUCH_IDENTITY_ACCEPTED);
    take_secret(fixture, app->secret);
    app->ask.stored = fixture_keep(fixture, app->memory);
    app->ask.time_s = NOW;
}

static const struct vouch_identity_ask *with_code(struct app *app, uint64_t step) {
    assert_int_equal(
        vouch_totp_code((struct vouch_bytes){app->secret, sizeof app->secret}, step, app->code),
        VOUCH_OK);
    app->ask.given = vouch_bytes_of(app->code);
    return &app->ask;
}

static void F7_accepts_one_step_before_and_after_and_no_more(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    enrol(fixture, &app);
    uint64_t now = NOW / VOUCH_TOTP_STEP_S;
    for (uint64_t step = now - 4; step <= now + 4; step++) {
        int is_near = step >= now - 1 && step <= now + 1;
        assert_int_equal(fixture_check(fixture, with_code(&app, step)),
                         is_near ? VOUCH_IDENTITY_ACCEPTED : VOUCH_IDENTITY_REFUSED);
        assert_int_equal(fixture->answer.step, is_near ? step : 0);
    }
}

static void F1_accepts_no_code_twice_and_none_before_it(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    enrol(fixture, &app);
    uint64_t now = NOW / VOUCH_TOTP_STEP_S;
    assert_int_equal(fixture_check(fixture, with_code(&app, now)), VOUCH_IDENTITY_ACCEPTED);
    app.ask.last_step = fixture->answer.step;
    for (unsigned later = 0; later <= 60; later += 15) { // as long as the window lasts
        app.ask.time_s = NOW + later;
        fixture_check(fixture, with_code(&app, now));
        assert_refused(fixture, "V-1880");
        fixture_check(fixture, with_code(&app, now - 1));
        assert_refused(fixture, "V-1880");
    }
    app.ask.time_s = NOW;
    assert_int_equal(fixture_check(fixture, with_code(&app, now + 1)), VOUCH_IDENTITY_ACCEPTED);
    // The clock goes back: what was accepted stays behind.
    app.ask.last_step = now + 1;
    app.ask.time_s = NOW - 3600;
    fixture_check(fixture, with_code(&app, now + 1));
    assert_refused(fixture, "V-1880");
    app.ask.last_step = UINT64_MAX;
    app.ask.time_s = UINT64_MAX;
    fixture_check(fixture, with_code(&app, UINT64_MAX / VOUCH_TOTP_STEP_S));
    assert_refused(fixture, "V-1880");
}

// Two at the same time are both accepted here with the same step; the database takes the step only if it
// is greater than what it has, so one of them changes no row (identity.h).
static void F1_gives_the_same_step_to_two_that_ask_at_once(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    enrol(fixture, &app);
    uint64_t kept = 0, now = NOW / VOUCH_TOTP_STEP_S, wins = 0;
    uint64_t steps[2];
    for (size_t i = 0; i < 2; i++) {
        app.ask.last_step = kept;
        assert_int_equal(fixture_check(fixture, with_code(&app, now)), VOUCH_IDENTITY_ACCEPTED);
        steps[i] = fixture->answer.step;
    }
    for (size_t i = 0; i < 2; i++) { // UPDATE … SET step = ? WHERE step < ?
        wins += kept < steps[i];
        kept = kept < steps[i] ? steps[i] : kept;
    }
    assert_int_equal(wins, 1);
    assert_int_equal(kept, now);
}

static void F1_accepts_exactly_six_digits(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    char text[64];
    enrol(fixture, &app);
    with_code(&app, NOW / VOUCH_TOTP_STEP_S);
    static const char *const around[][2] = {{"", " "}, {" ", ""}, {"", "\n"},    {"", "0"},
                                            {"0", ""}, {"+", ""}, {"123456", ""}};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%s%s", around[i][0], app.code, around[i][1]);
        app.ask.given = vouch_bytes_of(text);
        fixture_check(fixture, &app.ask);
        assert_refused(fixture, "V-1880");
    }
    (void)snprintf(text, sizeof text, "%.3s %.3s", app.code, app.code + 3);
    app.ask.given = vouch_bytes_of(text);
    fixture_check(fixture, &app.ask);
    assert_refused(fixture, "V-1880");
    for (size_t len = 0; len < 6; len++) {
        app.ask.given = (struct vouch_bytes){(const uint8_t *)app.code, len};
        fixture_check(fixture, &app.ask);
        assert_refused(fixture, "V-1880");
    }
    // With a NUL for its end, and in digits that are not ASCII.
    app.ask.given = (struct vouch_bytes){(const uint8_t *)app.code, 7};
    fixture_check(fixture, &app.ask);
    assert_refused(fixture, "V-1880");
    text[0] = '\0';
    for (size_t i = 0; i < 6; i++) {
        text[i * 3] = '\xef';
        text[i * 3 + 1] = '\xbc';
        text[i * 3 + 2] = (char)(0x90 + app.code[i] - '0');
    }
    app.ask.given = (struct vouch_bytes){(const uint8_t *)text, 18};
    fixture_check(fixture, &app.ask);
    assert_refused(fixture, "V-1880");
    app.ask.given = vouch_bytes_of(app.code);
    assert_int_equal(fixture_check(fixture, &app.ask), VOUCH_IDENTITY_ACCEPTED);
}

static void fails_on_another_users_secret(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    enrol(fixture, &app);
    with_code(&app, NOW / VOUCH_TOTP_STEP_S);
    static const char *const users[] = {"", "7f3a9", "7f3a901", "7f3a91"};
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        app.ask.user = vouch_bytes_of(users[i]);
        assert_int_equal(vouch_identity_check(fixture->identity, &app.ask, fixture_deadline(),
                                              &fixture->answer, &fixture->fault),
                         VOUCH_ERR_CORRUPT);
        assert_string_equal(fixture->fault.kind->code, "V-1884");
        assert_int_equal(fixture->answer.verdict, VOUCH_IDENTITY_REFUSED);
    }
}

static void keeps_no_secret_in_what_is_stored(void **state) {
    struct fixture *fixture = *state;
    struct app app;
    enrol(fixture, &app);
    assert_null(memmem(app.ask.stored.ptr, app.ask.stored.len, app.secret, sizeof app.secret));
    for (size_t at = 0; at + 4 <= sizeof app.secret; at++) {
        assert_null(memmem(app.ask.stored.ptr, app.ask.stored.len, app.secret + at, 4));
    }
}

static void refuses_a_user_without_an_app(void **state) {
    struct fixture *fixture = *state;
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_TOTP, "000000");
    ask.time_s = NOW;
    for (unsigned i = 0; i < 100; i++) {
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
}

// --- recovery codes

static void F6_accepts_each_recovery_code_once(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    char shown[VOUCH_IDENTITY_SHOWN_MAX + 1] = {0};
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_RECOVERY, NULL);
    assert_int_equal(fixture_make(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    assert_int_equal(fixture->answer.left, 10);
    assert_int_equal(fixture->answer.shown.len, 200);
    memcpy(shown, fixture->answer.shown.ptr, fixture->answer.shown.len);
    ask.stored = fixture_keep(fixture, memory);
    for (size_t i = 0; i < 10; i++) {
        size_t which = (i * 7 + 3) % 10;
        ask.given = (struct vouch_bytes){(const uint8_t *)shown + which * 20, 19};
        assert_int_equal(shown[which * 20 + 19], '\n');
        assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
        assert_int_equal(fixture->answer.left, 9 - i);
        ask.stored = fixture_keep(fixture, memory);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
    for (size_t i = 0; i < 10; i++) { // none is left
        ask.given = (struct vouch_bytes){(const uint8_t *)shown + i * 20, 19};
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
}

// Makes codes; the first of them, and an ask with what is to be stored.
static struct vouch_identity_ask make_codes(struct fixture *fixture, uint8_t *memory,
                                            char ret_code[static 20]) {
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_RECOVERY, NULL);
    fixture_make(fixture, &ask);
    memcpy(ret_code, fixture->answer.shown.ptr, 19);
    ret_code[19] = '\0';
    ask.stored = fixture_keep(fixture, memory);
    return ask;
}

static void reads_a_recovery_code_with_and_without_hyphens(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    char code[20], text[32];
    struct vouch_identity_ask ask = make_codes(fixture, memory, code);
    (void)snprintf(text, sizeof text, "%.4s%.4s%.4s%.4s", code, code + 5, code + 10, code + 15);
    ask.given = vouch_bytes_of(text);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    for (size_t i = 0; code[i] != '\0'; i++) {
        text[i] = (char)(code[i] >= 'a' && code[i] <= 'z' ? code[i] - 32 : code[i]);
    }
    text[19] = '\0';
    ask.given = vouch_bytes_of(text);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
}

static void refuses_a_recovery_code_that_is_altered_in_any_place(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    char code[20], text[32];
    struct vouch_identity_ask ask = make_codes(fixture, memory, code);
    static const char *const around[][2] = {{"", " "}, {" ", ""}, {"", "-"}, {"-", ""}, {"", "a"}};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%s%s", around[i][0], code, around[i][1]);
        ask.given = vouch_bytes_of(text);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
    for (size_t len = 0; len < 19; len++) {
        ask.given = (struct vouch_bytes){(const uint8_t *)code, len};
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
    for (size_t i = 0; i < 19; i++) {
        char saved = code[i];
        code[i] = saved == 'a' ? 'b' : 'a';
        ask.given = vouch_bytes_of(code);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
        code[i] = saved;
    }
    ask.given = vouch_bytes_of(code);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
}

static void refuses_a_recovery_code_of_another_user(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    char code[20];
    struct vouch_identity_ask ask = make_codes(fixture, memory, code);
    ask.given = vouch_bytes_of(code);
    assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    static const char *const users[] = {"", "another", "7f3a91", "7f3a9", "7f3a900"};
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        ask.user = vouch_bytes_of(users[i]);
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1880");
    }
}

static void fails_on_damaged_recovery_hashes(void **state) {
    struct fixture *fixture = *state;
    uint8_t memory[1 + 11 * 32] = {1};
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_RECOVERY, "abcd-efgh-ijkl-mnop");
    for (size_t len = 1; len <= sizeof memory; len++) {
        int is_whole = (len - 1) % 32 == 0 && len <= 1 + 10 * 32;
        ask.stored = (struct vouch_bytes){memory, len};
        int err = vouch_identity_check(fixture->identity, &ask, fixture_deadline(),
                                       &fixture->answer, &fixture->fault);
        assert_int_equal(err, is_whole ? VOUCH_OK : VOUCH_ERR_CORRUPT);
        assert_int_equal(fixture->answer.verdict, VOUCH_IDENTITY_REFUSED);
    }
    memory[0] = 2;
    ask.stored = (struct vouch_bytes){memory, 33};
    assert_int_equal(vouch_identity_check(fixture->identity, &ask, fixture_deadline(),
                                          &fixture->answer, &fixture->fault),
                     VOUCH_ERR_CORRUPT);
}

// --- all

static void refuses_an_ask_outside_its_bounds(void **state) {
    struct fixture *fixture = *state;
    static uint8_t bytes[VOUCH_IDENTITY_GIVEN_MAX + 1];
    memset(bytes, 'a', sizeof bytes);
    for (unsigned i = 0; i < 9; i++) {
        struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
        struct vouch_bytes *const fields[] = {&ask.user,  &ask.name,   &ask.issuer,   &ask.stored,
                                              &ask.given, &ask.origin, &ask.challenge};
        static const size_t bounds[] = {64, 256, 64, 2048, 8192, 300, 64};
        if (i < 7) {
            *fields[i] = (struct vouch_bytes){bytes, bounds[i] + 1};
        } else {
            ask.method = i == 7 ? VOUCH_METHOD_NONE : VOUCH_METHOD_COUNT;
        }
        fixture_make(fixture, &ask);
        assert_refused(fixture, "V-1805");
        fixture_check(fixture, &ask);
        assert_refused(fixture, "V-1805");
    }
    // After all that the handle still works.
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(fixture_make(fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
}

static void says_the_same_of_every_wrong_thing(void **state) {
    struct fixture *fixture = *state;
    struct vouch_identity_refusal first = {{0}, {0}, {0}};
    for (int method = VOUCH_METHOD_PASSWORD; method <= VOUCH_METHOD_RECOVERY; method++) {
        static const char *const given[] = {"", "wrong", "000000", "abcd-efgh-ijkl-mnop"};
        for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
            struct vouch_identity_ask ask =
                fixture_ask((enum vouch_identity_method)method, given[i]);
            ask.time_s = NOW;
            fixture_check(fixture, &ask);
            if (first.code[0] == '\0') {
                first = fixture->answer.refusal;
            }
            assert_memory_equal(&first, &fixture->answer.refusal, sizeof first);
        }
    }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(takes_the_password_that_was_set_and_no_other),
        T(keeps_a_string_that_libsodium_reads_and_reads_libsodiums),
        T(never_makes_the_same_string_twice),
        T(hashes_anew_what_was_hashed_more_cheaply),
        T(L1_refuses_what_is_no_password_without_any_work),
        T(L7_takes_a_password_of_the_greatest_length),
        T(L9_does_the_same_work_for_users_that_are_not_there),
        T(refuses_a_user_without_a_password_whatever_is_given),
        T(fails_on_a_stored_hash_that_is_not_one),
        T(accepts_no_damaged_stored_value),
        T(F7_accepts_one_step_before_and_after_and_no_more),
        T(F1_accepts_no_code_twice_and_none_before_it),
        T(F1_gives_the_same_step_to_two_that_ask_at_once),
        T(F1_accepts_exactly_six_digits),
        T(fails_on_another_users_secret),
        T(keeps_no_secret_in_what_is_stored),
        T(refuses_a_user_without_an_app),
        T(F6_accepts_each_recovery_code_once),
        T(reads_a_recovery_code_with_and_without_hyphens),
        T(refuses_a_recovery_code_that_is_altered_in_any_place),
        T(refuses_a_recovery_code_of_another_user),
        T(fails_on_damaged_recovery_hashes),
        T(refuses_an_ask_outside_its_bounds),
        T(says_the_same_of_every_wrong_thing),
    };
    return cmocka_run_group_tests_name(fixture_is_remote() ? "identity over a lane" : "identity",
                                       tests, NULL, NULL);
}
