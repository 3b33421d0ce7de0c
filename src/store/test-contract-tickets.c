// SPDX-License-Identifier: ISC
// The contract: tickets that are used once, within their time, while the session they were made in lasts.
#include "store/test-contract.h"

#include "store/accounts.h"
#include "store/sessions.h"
#include "store/tickets.h"

#define NOW_S UINT64_C(1800000000)

static struct vouch_bytes text(const char *of) {
    return vouch_bytes_of(of);
}

static void begin(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
}

static void end(enum vouch_store_outcome outcome) {
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, outcome, &fault));
}

static uint64_t add_account(const char *name) {
    struct vouch_arena arena = {0};
    struct vouch_store_account account = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_account_add(test_writer, text(name), NOW_S, &outcome, &fault));
    end(outcome);
    test_ok(vouch_store_account_find(test_reader, text(name), &arena, &outcome, &account, &fault));
    vouch_arena_done(&arena);
    return account.id;
}

static uint64_t add_session(uint64_t account) {
    const struct vouch_store_session session = {.account = account,
                                                .methods = text("passkey"),
                                                .source = text("192.0.2.8"),
                                                .created_s = NOW_S,
                                                .used_s = NOW_S,
                                                .factor_s = NOW_S,
                                                .idle_s = 600,
                                                .ends_s = NOW_S + 6000};
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    uint64_t id = 0;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(900 + account, secret);
    begin();
    test_ok(vouch_store_session_add(test_writer, &session, secret, &outcome, &id, &fault));
    end(outcome);
    return id;
}

static void end_session(uint64_t id) {
    uint64_t count = 0;
    begin();
    test_ok(vouch_store_session_end(test_writer, id, &count, &fault));
    end(VOUCH_STORE_DONE);
    assert_int_equal(count, 1);
}

static enum vouch_store_outcome add(uint64_t number, uint64_t account, uint64_t session,
                                    uint64_t *ret_id) {
    const struct vouch_store_ticket ticket = {.account = account,
                                              .session = session,
                                              .created_s = NOW_S,
                                              .expires_s = NOW_S + 300,
                                              .ask = text("asked"),
                                              .granted = text("granted")};
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(number, secret);
    begin();
    test_ok(vouch_store_ticket_add(test_writer, &ticket, secret, &outcome, ret_id, &fault));
    end(outcome);
    return outcome;
}

static enum vouch_store_outcome use(uint64_t id, uint64_t now_s) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_ticket_use(test_writer, id, now_s, text("198.51.100.4"), &outcome, &fault));
    end(outcome);
    return outcome;
}

static enum vouch_store_outcome finish(uint64_t id, enum vouch_store_ticket_state state,
                                       uint64_t serial) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_ticket_end(test_writer, id, state, serial, &outcome, &fault));
    end(outcome);
    return outcome;
}

// Numbers and state; its texts are checked here.
static struct vouch_store_ticket find(uint64_t id) {
    struct vouch_arena arena = {0};
    struct vouch_store_ticket ticket = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_ticket_by_id(test_reader, id, &arena, &outcome, &ticket, &fault));
    if (outcome == VOUCH_STORE_DONE) {
        assert_true(vouch_bytes_equal(ticket.ask, text("asked")));
        assert_true(vouch_bytes_equal(ticket.granted, text("granted")));
        assert_true(
            vouch_bytes_equal(ticket.source, text(ticket.used_s != 0 ? "198.51.100.4" : "")));
    }
    vouch_arena_done(&arena);
    return ticket;
}

static int is_known(uint64_t number) {
    struct vouch_arena arena = {0};
    struct vouch_store_ticket ticket = {0};
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(number, secret);
    test_ok(vouch_store_ticket_by_secret(test_reader, secret, &arena, &outcome, &ticket, &fault));
    vouch_arena_done(&arena);
    return outcome == VOUCH_STORE_DONE;
}

static void a_ticket_is_used_once(void **state) {
    (void)state;
    uint64_t account = add_account("alice"), session = add_session(account), id = 0;
    assert_int_equal(add(1, account, session, &id), VOUCH_STORE_DONE);
    assert_int_equal(find(id).state, VOUCH_STORE_TICKET_WAITING);
    assert_int_equal(find(id).session, session);
    assert_int_equal(find(id).account, account);
    assert_int_equal(use(id, NOW_S + 299), VOUCH_STORE_DONE);
    assert_int_equal(use(id, NOW_S + 299), VOUCH_STORE_ABSENT);
    assert_int_equal(finish(id, VOUCH_STORE_TICKET_USED, UINT64_MAX), VOUCH_STORE_DONE);
    assert_int_equal(find(id).state, VOUCH_STORE_TICKET_USED);
    assert_int_equal(find(id).used_s, NOW_S + 299);
    assert_true(find(id).serial == UINT64_MAX);
    assert_int_equal(use(id, NOW_S + 299), VOUCH_STORE_ABSENT);
}

static void one_that_gave_nothing_is_given_back(void **state) {
    (void)state;
    uint64_t account = add_account("alice"), session = add_session(account), id = 0;
    assert_int_equal(add(1, account, session, &id), VOUCH_STORE_DONE);
    assert_int_equal(finish(id, VOUCH_STORE_TICKET_WAITING, 0), VOUCH_STORE_ABSENT);
    assert_int_equal(use(id, NOW_S), VOUCH_STORE_DONE);
    assert_int_equal(finish(id, VOUCH_STORE_TICKET_WAITING, 0), VOUCH_STORE_DONE);
    assert_int_equal(use(id, NOW_S), VOUCH_STORE_DONE);
}

static void it_ends_with_its_time_and_with_its_session(void **state) {
    (void)state;
    uint64_t account = add_account("alice"), session = add_session(account), id = 0;
    assert_int_equal(add(1, account, session, &id), VOUCH_STORE_DONE);
    assert_int_equal(use(id, NOW_S + 300), VOUCH_STORE_ABSENT);
    end_session(session);
    assert_int_equal(use(id, NOW_S), VOUCH_STORE_ABSENT);
    assert_int_equal(find(id).state, VOUCH_STORE_TICKET_WAITING);
}

static void a_newer_one_takes_its_place_unless_it_was_used(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), hers = add_session(alice);
    uint64_t bob = add_account("bob"), his = add_session(bob);
    uint64_t first = 0, second = 0, third = 0, other = 0;
    assert_int_equal(add(1, alice, hers, &first), VOUCH_STORE_DONE);
    assert_int_equal(add(9, bob, his, &other), VOUCH_STORE_DONE);
    assert_int_equal(add(9, alice, hers, &second), VOUCH_STORE_TAKEN);
    assert_int_equal(add(2, alice, hers, &second), VOUCH_STORE_DONE);
    assert_false(is_known(1));
    assert_true(is_known(2));
    assert_int_equal(use(second, NOW_S), VOUCH_STORE_DONE);
    assert_int_equal(add(3, alice, hers, &third), VOUCH_STORE_DONE);
    assert_true(second != third && first != third);
    assert_true(is_known(2));
    assert_true(is_known(9));
    assert_int_equal(find(other).state, VOUCH_STORE_TICKET_WAITING);
}

static void they_are_forgotten_an_hour_after_their_end(void **state) {
    (void)state;
    uint64_t account = add_account("alice"), session = add_session(account), id = 0, removed = 0;
    assert_int_equal(add(1, account, session, &id), VOUCH_STORE_DONE);
    begin();
    test_ok(vouch_store_tickets_prune(test_writer, NOW_S + 300 + VOUCH_STORE_TICKET_KEPT_S - 1, 100,
                                      &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_tickets_prune(test_writer, NOW_S + 300 + VOUCH_STORE_TICKET_KEPT_S, 100,
                                      &removed, &fault));
    end(VOUCH_STORE_DONE);
    assert_int_equal(removed, 1);
    assert_int_equal(find(id).id, 0);
}

static void a_ticket_has_its_bounds(void **state) {
    (void)state;
    static const uint8_t much[VOUCH_STORE_TICKET_BYTES_MAX + 1];
    const struct vouch_store_ticket wrong[] = {
        {.account = 1, .expires_s = 0},
        {.account = 1, .expires_s = UINT64_MAX},
        {.account = 1, .expires_s = NOW_S, .ask = {much, sizeof much}},
        {.account = 1, .expires_s = NOW_S, .granted = {much, sizeof much}}};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    uint64_t id = 0;
    test_key(1, secret);
    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            vouch_store_ticket_add(test_writer, &wrong[i], secret, &outcome, &id, NULL),
            VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(
        vouch_store_ticket_end(test_writer, 1, VOUCH_STORE_TICKET_NONE, 0, &outcome, NULL),
        VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_store_ticket_use(test_writer, 1, NOW_S,
                                            (struct vouch_bytes){much, sizeof much}, &outcome,
                                            NULL),
                     VOUCH_ERR_ARGUMENT);
    end(VOUCH_STORE_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_tickets(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_used_once),
        TEST(one_that_gave_nothing_is_given_back),
        TEST(it_ends_with_its_time_and_with_its_session),
        TEST(a_newer_one_takes_its_place_unless_it_was_used),
        TEST(they_are_forgotten_an_hour_after_their_end),
        TEST(a_ticket_has_its_bounds),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
