// SPDX-License-Identifier: ISC
// Signing in: both factors at once, one answer to all that is wrong, tries, and links that set accounts up.
// Gauntlet: L7 L8 L9 L10 F1 F2 F3 F5 F7.
#include <inttypes.h>
#include <string.h>

#include "authority/test-person.h"
#include "base/time.h"
#include "identity/method.h"
#include "identity/tries.h"
#include "store/tries.h"

// --- signing in

static void a_session_begins_with_both_factors(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    const struct vouch_ask_sessions ask = {0};
    struct vouch_answer_sessions sessions;
    person_enter(lab, &bob);
    const struct vouch_caller caller = person_caller(&bob);
    test_ok(vouch_authority_sessions(lab->admin, &caller, &ask, &sessions, &fault));
    lab_verdict(sessions, VOUCH_VERDICT_DONE);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.rows[0].id, bob.session_id);
    assert_true(vouch_bytes_equal(sessions.rows[0].user, vouch_bytes_of("bob")));
    assert_true(vouch_bytes_equal(sessions.rows[0].methods, vouch_bytes_of("password+totp")));
    assert_true(vouch_bytes_equal(sessions.rows[0].source, vouch_bytes_of("192.0.2.31")));
    assert_int_equal(sessions.rows[0].ends_s - sessions.rows[0].created_s, 7 * 86400);
    assert_int_equal(sessions.rows[0].idle_s, 12 * 3600);
}

// Names are the same in both cases, and nothing else about them is changed.
static void a_name_is_folded_and_not_trimmed(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    person_step_passes(lab, "bob");
    struct sign_in try = TRY("bob ", PASSWORD, person_code(&bob, 0));
    struct vouch_answer_session answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    try.user = "BOB";
    answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// L9 L7: whatever is wrong, and whether there is such a user, the answer is the same to the byte.
static void whatever_is_wrong_the_answer_is_the_same(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    char long_password[1100], source[24];
    memset(long_password, 'a', sizeof long_password - 1);
    long_password[sizeof long_password - 1] = '\0';
    person_step_passes(lab, "bob");
    const struct sign_in tries[] = {
        TRY("nobody", PASSWORD, "123456"),
        TRY("bob", OTHER_PASSWORD, person_code(&bob, 0)),
        TRY("bob", PASSWORD, "000000"),
        TRY("bob", PASSWORD, ""),
        TRY("bob", "", person_code(&bob, 0)),
        TRY("eve", PASSWORD, "123456"), // has not set up anything
        TRY("no name at all", PASSWORD, "123456"),
        TRY("", PASSWORD, "123456"),
        TRY("nobody", long_password, "123456"),
        RECOVERY("nobody", "abcd-efgh-ijkl-mnop", NULL),
        RECOVERY("alice", "abcd-efgh-ijkl-mnop", NULL),
    };
    struct vouch_reply first = {0};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct sign_in try = tries[i];
        (void)snprintf(source, sizeof source, "192.0.2.%zu", 100 + i);
        try.source = source;
        struct vouch_answer_session answer = person_try(lab->admin, &try);
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
        assert_int_equal(answer.secret.len, 0);
        first = i == 0 ? answer.reply : first;
        assert_memory_equal(&answer.reply, &first, sizeof first);
    }
    assert_string_equal(first.code, "V-1880");
}

static void somebody_disabled_is_told_the_same(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    person_step_passes(lab, "bob");
    const struct sign_in right = TRY("bob", PASSWORD, person_code(&bob, 0));
    const struct sign_in wrong = TRY_FROM("nobody", PASSWORD, "123456", "192.0.2.32");
    struct vouch_answer_session a = person_try(lab->admin, &right);
    struct vouch_reply reply = a.reply;
    struct vouch_answer_session b = person_try(lab->admin, &wrong);
    lab_verdict(b, VOUCH_VERDICT_UNKNOWN);
    assert_memory_equal(&reply, &b.reply, sizeof reply);
}

// F3: neither factor alone, and a right code is not used up by a wrong password.
static void nothing_is_used_up_unless_all_is_right(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    person_step_passes(lab, "bob");
    char code[VOUCH_TOTP_DIGITS + 1];
    (void)snprintf(code, sizeof code, "%s", person_code(&bob, 0));
    struct sign_in try = TRY("bob", OTHER_PASSWORD, code);
    struct vouch_answer_session answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    try = (struct sign_in){.user = "bob",
                           .password = OTHER_PASSWORD,
                           .code = bob.codes[0],
                           .source = "192.0.2.33",
                           .factor = VOUCH_FACTOR_RECOVERY};
    answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    try = (struct sign_in)TRY("bob", PASSWORD, code);
    answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.recovery_left, 10);
    try = (struct sign_in)RECOVERY("bob", bob.codes[0], "192.0.2.34");
    answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.recovery_left, 9);
}

// F1: exactly six digits, each good once.
static void a_code_is_good_once_and_has_one_spelling(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    char code[VOUCH_TOTP_DIGITS + 1], spaced[16];
    person_step_passes(lab, "bob");
    (void)snprintf(code, sizeof code, "%s", person_code(&bob, 0));
    (void)snprintf(spaced, sizeof spaced, "%.3s %s", code, code + 3);
    const struct sign_in tries[] = {TRY_FROM("bob", PASSWORD, code, "192.0.2.41"),
                                    TRY_FROM("bob", PASSWORD, code, "192.0.2.42"),
                                    TRY_FROM("bob", PASSWORD, spaced, "192.0.2.43")};
    static const enum vouch_verdict verdicts[] = {VOUCH_VERDICT_DONE, VOUCH_VERDICT_UNKNOWN,
                                                  VOUCH_VERDICT_UNKNOWN};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_answer_session answer = person_try(lab->admin, &tries[i]);
        lab_verdict(answer, verdicts[i]);
    }
}

// F7: one step to either side.
static void a_clock_may_be_one_step_off(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    static const struct {
        int64_t steps;
        enum vouch_verdict verdict;
    } rows[] = {{-3, VOUCH_VERDICT_UNKNOWN}, // not 2: a step may end meanwhile
                {3, VOUCH_VERDICT_UNKNOWN},
                {0, VOUCH_VERDICT_DONE},
                {1, VOUCH_VERDICT_DONE}};
    char source[24];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        person_step_passes(lab, "bob");
        (void)snprintf(source, sizeof source, "198.51.100.%zu", i + 1);
        const struct sign_in try =
            TRY_FROM("bob", PASSWORD, person_code(&bob, rows[i].steps), source);
        struct vouch_answer_session answer = person_try(lab->admin, &try);
        lab_verdict(answer, rows[i].verdict);
    }
}

// --- two at once

struct racer {
    struct vouch_authority *authority;
    struct sign_in try;
    enum vouch_verdict verdict;
    pthread_t thread;
};

static void *race(void *context) {
    struct racer *racer = context;
    struct vouch_answer_session answer = person_try(racer->authority, &racer->try);
    racer->verdict = answer.reply.verdict;
    return NULL;
}

static unsigned race_for(struct lab *lab, const struct sign_in *try) {
    struct racer racers[4];
    unsigned won = 0;
    for (size_t i = 0; i < 4; i++) {
        racers[i] = (struct racer){.authority = lab->remotes[i], .try = *try};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        won += racers[i].verdict == VOUCH_VERDICT_DONE;
        // The fourth at once has to wait for the others.
        assert_true(racers[i].verdict == VOUCH_VERDICT_DONE ||
                    racers[i].verdict == VOUCH_VERDICT_UNKNOWN ||
                    racers[i].verdict == VOUCH_VERDICT_BUSY);
    }
    return won;
}

// F1: of those who submit a code at the same time one gets in.
static void of_parallel_submits_of_a_code_one_wins(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), eve = person_set_up(lab, "eve");
    char code[VOUCH_TOTP_DIGITS + 1];
    person_step_passes(lab, "bob");
    (void)snprintf(code, sizeof code, "%s", person_code(&bob, 0));
    const struct sign_in by_app = TRY_FROM("bob", PASSWORD, code, "192.0.2.51");
    const struct sign_in on_paper = RECOVERY("eve", eve.codes[3], "192.0.2.52");
    lab_serve(lab, 4);
    assert_int_equal(race_for(lab, &by_app), 1);
    assert_int_equal(race_for(lab, &on_paper), 1);
    lab_serve_end(lab);
}

// --- tries

static enum vouch_verdict try_wrong(struct lab *lab, const char *user, size_t from) {
    char source[24];
    (void)snprintf(source, sizeof source, "203.0.113.%zu", from);
    const struct sign_in try = TRY_FROM(user, OTHER_PASSWORD, "000000", source);
    struct vouch_answer_session answer = person_try(lab->admin, &try);
    if (answer.reply.verdict == VOUCH_VERDICT_BUSY) {
        assert_string_equal(answer.reply.code, "V-1882");
        assert_true(answer.reply.retry_after_s > 0 && answer.reply.retry_after_s <= 300);
    }
    return answer.reply.verdict;
}

// F2: five in five minutes, from wherever, in whichever session, before or after a restart; for names that
// nobody has as well.
static void tries_are_counted_across_sources_and_restarts(void **state) {
    struct lab *lab = *state;
    static const char *const users[] = {"bob", "nobody"};
    struct person bob = person_set_up(lab, "bob");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(try_wrong(lab, users[0], i), VOUCH_VERDICT_UNKNOWN);
        assert_int_equal(try_wrong(lab, users[1], i), VOUCH_VERDICT_UNKNOWN);
    }
    lab_close_office(lab);
    lab_open(lab);
    for (size_t i = 3; i < 8; i++) {
        enum vouch_verdict wanted = i < 5 ? VOUCH_VERDICT_UNKNOWN : VOUCH_VERDICT_BUSY;
        assert_int_equal(try_wrong(lab, users[0], i), wanted);
        assert_int_equal(try_wrong(lab, users[1], i), wanted);
    }
    person_step_passes(lab, "bob");
    const struct sign_in right = TRY_FROM("bob", PASSWORD, person_code(&bob, 0), "203.0.113.99");
    struct vouch_answer_session answer = person_try(lab->admin, &right);
    lab_verdict(answer, VOUCH_VERDICT_BUSY); // not looked at
}

// Another session's codes are counted with those of signing in.
static void codes_of_a_session_count_as_tries(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    person_enter(lab, &bob);
    const struct vouch_caller caller = person_caller(&bob);
    const struct vouch_ask_factor wrong = {.factor = VOUCH_FACTOR_TOTP,
                                           .code = vouch_bytes_of("000000")};
    struct vouch_answer_session answer;
    for (size_t i = 0; i < 3; i++) {
        test_ok(vouch_authority_factor(lab->admin, &caller, &wrong, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        assert_string_equal(answer.reply.code, "V-1880");
    }
    assert_int_equal(try_wrong(lab, "bob", 1), VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(try_wrong(lab, "bob", 2), VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(try_wrong(lab, "bob", 3), VOUCH_VERDICT_BUSY);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_DONE); // the session itself is good
}

static void put_failures(const struct lab *lab, const char *name, uint32_t failures) {
    struct vouch_store *store = person_store(lab);
    const struct vouch_tries_state tried = {.failures = failures};
    uint8_t room[VOUCH_TRIES_STORED_MAX];
    char who[32];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    vouch_tries_write(&tried, &text);
    (void)snprintf(who, sizeof who, "#%" PRIu64, person_account(store, name));
    const struct vouch_store_tries_key key = {.who = vouch_bytes_of(who)};
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_tries_put(store, &key, vouch_buf_bytes(&text), 0, &fault));
    test_ok(vouch_store_work_end(store, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    vouch_store_close(store);
}

// L10: after a hundred failures an account is closed, whatever is given, until there is a new link.
static void an_account_closes_and_a_link_opens_it(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    put_failures(lab, "bob", 100);
    person_step_passes(lab, "bob");
    const struct sign_in right = TRY("bob", PASSWORD, person_code(&bob, 0));
    struct vouch_answer_session answer = person_try(lab->admin, &right);
    lab_verdict(answer, VOUCH_VERDICT_BUSY);
    assert_non_null(strstr(answer.reply.why, "administrator"));
    assert_int_equal(person_row(lab, "bob").closed, 1);
    bob = person_set_up(lab, "bob");
    assert_int_equal(person_row(lab, "bob").closed, 0);
    person_enter(lab, &bob);
}

static enum vouch_verdict try_from(struct lab *lab, const char *network, size_t number) {
    char user[24], source[48];
    (void)snprintf(user, sizeof user, "nobody%zu", number);
    (void)snprintf(source, sizeof source, "%s%zx", network, number + 1);
    const struct sign_in try = TRY_FROM(user, OTHER_PASSWORD, "000000", source);
    return person_try(lab->admin, &try).reply.verdict;
}

// F2: whoever has one address of a network of 64 bits has them all.
static void the_addresses_of_a_network_are_one_source(void **state) {
    struct lab *lab = *state;
    enum vouch_verdict verdict = VOUCH_VERDICT_UNKNOWN;
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(try_from(lab, "2001:db8:0:1::", i), VOUCH_VERDICT_UNKNOWN);
    }
    for (size_t i = 10; i < 13 && verdict != VOUCH_VERDICT_BUSY; i++) {
        verdict = try_from(lab, "2001:db8:0:1:ffff::", i); // each wait is twice the one before
    }
    assert_int_equal(verdict, VOUCH_VERDICT_BUSY);
    assert_int_equal(try_from(lab, "2001:db8:0:2::", 20), VOUCH_VERDICT_UNKNOWN);
}

static void *wait_for_place(void *engine) {
    struct vouch_pool *pool = &((struct vouch_identity_engine *)engine)->pool;
    if (vouch_pool_begin(pool, vouch_time_monotonic_ns() + UINT64_C(60000000000)) ==
        VOUCH_POOL_TAKEN) {
        vouch_pool_end(pool);
    }
    return NULL;
}

// Waits until so many wait for a place.
static void await_waiting(struct vouch_pool *pool, unsigned wanted) {
    unsigned waiting = 0;
    while (waiting < wanted) {
        (void)pthread_mutex_lock(&pool->lock);
        waiting = pool->waiting;
        (void)pthread_mutex_unlock(&pool->lock);
    }
}

// L8: while as many passwords are hashed and wait as may, the next is turned away, and not charged.
static void whoever_is_turned_away_was_not_looked_at(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    pthread_t waiter;
    lab_close_office(lab);
    vouch_identity_engine_close(lab->identity);
    lab_open_identity(lab, 1);
    lab_open(lab);
    struct vouch_pool *pool = &lab->identity->pool;
    assert_int_equal(vouch_pool_begin(pool, 0), VOUCH_POOL_TAKEN);
    assert_int_equal(pthread_create(&waiter, NULL, wait_for_place, lab->identity), 0);
    await_waiting(pool, 1);
    person_step_passes(lab, "bob");
    const struct sign_in right = TRY("bob", PASSWORD, person_code(&bob, 0));
    for (size_t i = 0; i < 12; i++) { // more than any limit of tries
        struct vouch_answer_session answer = person_try(lab->admin, &right);
        lab_verdict(answer, VOUCH_VERDICT_BUSY);
        assert_string_equal(answer.reply.code, "V-1883");
    }
    vouch_pool_end(pool);
    assert_int_equal(pthread_join(waiter, NULL), 0);
    person_enter(lab, &bob);
}

// --- links

// F5: whoever has the link sets up, once; nothing holds before a code was right.
static void a_link_sets_an_account_up_once(void **state) {
    struct lab *lab = *state;
    struct person bob = {.name = "bob"};
    char link[VOUCH_TOKEN_TEXT_MAX];
    person_link(lab, "bob", link);
    struct vouch_answer_codes codes = person_link_finish(lab, link, "000000");
    lab_verdict(codes, VOUCH_VERDICT_CONFLICT); // not begun
    struct vouch_answer_account_begin begun = person_link_begin(lab, link, "password1234");
    lab_verdict(begun, VOUCH_VERDICT_INVALID);
    assert_string_equal(begun.reply.code, "V-1881");
    assert_string_equal(begun.reply.field, "password");
    begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    person_read_uri(begun.uri, bob.secret);
    const struct sign_in early = TRY("bob", PASSWORD, person_code(&bob, 0));
    struct vouch_answer_session answer = person_try(lab->admin, &early);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    codes = person_link_finish(lab, link, person_code(&bob, 9));
    lab_verdict(codes, VOUCH_VERDICT_INVALID);
    codes = person_link_finish(lab, link, person_code(&bob, 0));
    lab_verdict(codes, VOUCH_VERDICT_DONE);
    assert_int_equal(codes.codes.count, 10);
    codes = person_link_finish(lab, link, person_code(&bob, 0));
    lab_verdict(codes, VOUCH_VERDICT_ABSENT);
    begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_ABSENT);
    assert_string_equal(begun.reply.code, "V-1888");
    assert_int_equal(person_row(lab, "bob").has_totp, 1);
}

static enum vouch_verdict show_link(struct lab *lab, const char *link) {
    const struct vouch_caller caller = person_unknown("192.0.2.30");
    const struct vouch_ask_link ask = {vouch_bytes_of(link)};
    struct vouch_answer_link answer;
    test_ok(vouch_authority_link_show(lab->admin, &caller, &ask, &answer, &fault));
    return answer.reply.verdict;
}

static void a_newer_link_takes_the_place_of_the_one_before(void **state) {
    struct lab *lab = *state;
    char first[VOUCH_TOKEN_TEXT_MAX], second[VOUCH_TOKEN_TEXT_MAX];
    person_link(lab, "bob", first);
    assert_int_equal(show_link(lab, first), VOUCH_VERDICT_DONE);
    person_link(lab, "bob", second);
    assert_int_equal(show_link(lab, first), VOUCH_VERDICT_ABSENT);
    assert_int_equal(show_link(lab, second), VOUCH_VERDICT_DONE);
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    assert_int_equal(show_link(lab, second), VOUCH_VERDICT_ABSENT);
}

static void nobody_outside_of_the_policy_gets_a_link(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_link_new ask = {.user = vouch_bytes_of("mallory")};
    struct vouch_answer_link answer;
    test_ok(vouch_authority_link_new(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    assert_string_equal(answer.reply.code, "V-1890");
}

// A new set-up ends what was there before: sessions, password, codes.
static void setting_up_anew_ends_all_sessions(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    person_enter(lab, &bob);
    struct person again = person_set_up(lab, "bob");
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_UNKNOWN);
    const struct sign_in old = RECOVERY("bob", bob.codes[0], NULL);
    struct vouch_answer_session answer = person_try(lab->admin, &old);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    person_enter(lab, &again);
}

static void without_identity_nobody_signs_in(void **state) {
    struct lab *lab = *state;
    struct vouch_identity_engine *engine = lab->identity;
    const struct vouch_caller caller = person_unknown("192.0.2.30");
    const struct vouch_ask_sign_in ask = {.user = vouch_bytes_of("bob"),
                                          .factor = VOUCH_FACTOR_TOTP};
    struct vouch_answer_session answer;
    struct vouch_fault why = {0};
    lab_close_office(lab);
    lab->identity = NULL;
    lab_open(lab);
    assert_int_not_equal(vouch_authority_sign_in(lab->admin, &caller, &ask, &answer, &why),
                         VOUCH_OK);
    assert_string_equal(why.kind->code, "V-1891");
    lab->identity = engine;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, person_lab_begin, lab_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_session_begins_with_both_factors),
        TEST(a_name_is_folded_and_not_trimmed),
        TEST(whatever_is_wrong_the_answer_is_the_same),
        TEST(somebody_disabled_is_told_the_same),
        TEST(nothing_is_used_up_unless_all_is_right),
        TEST(a_code_is_good_once_and_has_one_spelling),
        TEST(a_clock_may_be_one_step_off),
        TEST(of_parallel_submits_of_a_code_one_wins),
        TEST(tries_are_counted_across_sources_and_restarts),
        TEST(codes_of_a_session_count_as_tries),
        TEST(an_account_closes_and_a_link_opens_it),
        TEST(the_addresses_of_a_network_are_one_source),
        TEST(whoever_is_turned_away_was_not_looked_at),
        TEST(a_link_sets_an_account_up_once),
        TEST(a_newer_link_takes_the_place_of_the_one_before),
        TEST(nobody_outside_of_the_policy_gets_a_link),
        TEST(setting_up_anew_ends_all_sessions),
        TEST(without_identity_nobody_signs_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
