// SPDX-License-Identifier: ISC
// The contract: clients that wait for somebody to approve them in a browser. Each step is taken once.
#include "store/test-contract.h"

#include "store/accounts.h"
#include "store/devices.h"
#include "store/sessions.h"

#define NOW_S UINT64_C(1800000000)
#define SESSION_SECRET 900

static struct vouch_bytes text(const char *of) {
    return vouch_bytes_of(of);
}

static void begin(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
}

static void end(enum vouch_store_outcome outcome) {
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, outcome, &fault));
}

static enum vouch_store_outcome add(uint64_t secret, uint64_t code) {
    struct vouch_store_device device = {.port = 40000,
                                        .mark = text("mark"),
                                        .machine = text("laptop"),
                                        .os = text("Debian"),
                                        .version = text("vouch 1"),
                                        .source = text("192.0.2.7"),
                                        .created_s = NOW_S,
                                        .expires_s = NOW_S + 600};
    uint8_t secret_hash[VOUCH_STORE_HASH_LEN], code_hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(secret, secret_hash);
    test_key(code, code_hash);
    test_key(3, device.challenge);
    begin();
    test_ok(vouch_store_device_add(test_writer, &device, secret_hash, code_hash, &outcome, &fault));
    end(outcome);
    return outcome;
}

// By its secret and by its code it is the same one. Texts are checked here and not given back.
static struct vouch_store_device find(uint64_t secret, uint64_t code) {
    struct vouch_arena arena = {0};
    struct vouch_store_device device = {0}, other = {0};
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_key(secret, hash);
    test_ok(vouch_store_device_by_secret(test_reader, hash, &arena, &outcome, &device, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_key(code, hash);
    test_ok(vouch_store_device_by_code(test_reader, hash, &arena, &outcome, &other, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(device.id, other.id);
    assert_true(vouch_bytes_equal(device.machine, text("laptop")));
    assert_true(vouch_bytes_equal(device.os, text("Debian")));
    assert_true(vouch_bytes_equal(device.version, text("vouch 1")));
    assert_true(vouch_bytes_equal(device.source, text("192.0.2.7")));
    assert_true(vouch_bytes_equal(device.mark, text("mark")));
    test_key(3, hash);
    assert_memory_equal(device.challenge, hash, sizeof hash);
    assert_int_equal(device.port, 40000);
    vouch_arena_done(&arena);
    return device;
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

static uint64_t add_session(uint64_t account, uint64_t number) {
    const struct vouch_store_session session = {.account = account,
                                                .methods = text("passkey"),
                                                .source = text("192.0.2.8"),
                                                .client = text("laptop (Debian)"),
                                                .created_s = NOW_S,
                                                .used_s = NOW_S,
                                                .factor_s = NOW_S,
                                                .idle_s = 600,
                                                .ends_s = NOW_S + 6000};
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    uint64_t id = 0;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(number, secret);
    begin();
    test_ok(vouch_store_session_add(test_writer, &session, secret, &outcome, &id, &fault));
    end(outcome);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return id;
}

static enum vouch_store_outcome decide(uint64_t id, enum vouch_store_device_state state,
                                       uint64_t account, uint64_t approver,
                                       struct vouch_bytes back) {
    const struct vouch_store_device device = {.id = id,
                                              .state = state,
                                              .expires_s = NOW_S + 86400,
                                              .account = account,
                                              .approver = approver,
                                              .methods = text("passkey"),
                                              .factor_s = NOW_S - 5,
                                              .back = back};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_device_decide(test_writer, &device, &outcome, &fault));
    end(outcome);
    return outcome;
}

static enum vouch_store_outcome take(uint64_t id, struct vouch_bytes back, uint64_t session) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_device_take(test_writer, id, back, session, &outcome, &fault));
    end(outcome);
    return outcome;
}

static enum vouch_store_outcome undo(uint64_t id) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_device_undo(test_writer, id, &outcome, &fault));
    end(outcome);
    return outcome;
}

static void what_a_client_said_is_kept_until_it_expires(void **state) {
    (void)state;
    uint64_t count = 0, removed = 0;
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
    assert_int_equal(add(1, 9), VOUCH_STORE_TAKEN);
    assert_int_equal(add(9, 2), VOUCH_STORE_TAKEN);
    struct vouch_store_device device = find(1, 2);
    assert_int_equal(device.state, VOUCH_STORE_DEVICE_WAITING);
    assert_int_equal(device.expires_s, NOW_S + 600);
    assert_int_equal(device.account + device.approver + device.session, 0);
    test_ok(vouch_store_devices_waiting(test_reader, NOW_S + 599, &count, &fault));
    assert_int_equal(count, 1);
    test_ok(vouch_store_devices_waiting(test_reader, NOW_S + 600, &count, &fault));
    assert_int_equal(count, 0);
    begin();
    test_ok(vouch_store_devices_prune(test_writer, NOW_S + 599, 100, &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_devices_prune(test_writer, NOW_S + 600, 100, &removed, &fault));
    assert_int_equal(removed, 1);
    end(VOUCH_STORE_DONE);
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
}

static void a_client_that_asks_too_soon_is_found_out(void **state) {
    (void)state;
    static const struct {
        uint64_t now_ms, since_ms;
        enum vouch_store_outcome wanted;
    } rows[] = {{5000, 3000, VOUCH_STORE_DONE},
                {6000, 4000, VOUCH_STORE_ABSENT},
                {7001, 5001, VOUCH_STORE_DONE},
                {100, 0, VOUCH_STORE_DONE}}; // the clock went back
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
    uint64_t id = find(1, 2).id;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin();
        test_ok(vouch_store_device_asked(test_writer, id, rows[i].now_ms, rows[i].since_ms,
                                         &outcome, &fault));
        end(outcome);
        assert_int_equal(outcome, rows[i].wanted);
    }
}

static void one_decision_is_kept(void **state) {
    (void)state;
    uint64_t count = 0, alice = add_account("alice");
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
    uint64_t id = find(1, 2).id;
    assert_int_equal(undo(id), VOUCH_STORE_ABSENT);
    assert_int_equal(decide(id, VOUCH_STORE_DEVICE_DENIED, alice, 5, text("")), VOUCH_STORE_DONE);
    assert_int_equal(decide(id, VOUCH_STORE_DEVICE_APPROVED, alice, 5, text("")),
                     VOUCH_STORE_ABSENT);
    struct vouch_store_device device = find(1, 2);
    assert_int_equal(device.state, VOUCH_STORE_DEVICE_DENIED);
    assert_int_equal(device.account, alice);
    assert_int_equal(device.approver, 5);
    assert_int_equal(device.factor_s, NOW_S - 5);
    assert_int_equal(take(id, text(""), 7), VOUCH_STORE_ABSENT);
    assert_int_equal(undo(id), VOUCH_STORE_ABSENT);
    test_ok(vouch_store_devices_waiting(test_reader, NOW_S, &count, &fault));
    assert_int_equal(count, 0);
}

static void it_is_taken_once_with_what_the_browser_brings(void **state) {
    (void)state;
    uint8_t right[VOUCH_STORE_HASH_LEN], wrong[VOUCH_STORE_HASH_LEN];
    test_key(20, right);
    test_key(21, wrong);
    const struct vouch_bytes back = {right, sizeof right}, other = {wrong, sizeof wrong};
    uint64_t alice = add_account("alice"), session = add_session(alice, SESSION_SECRET);
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
    uint64_t id = find(1, 2).id;
    assert_int_equal(take(id, back, 7), VOUCH_STORE_ABSENT); // nobody approved
    assert_int_equal(decide(id, VOUCH_STORE_DEVICE_APPROVED, alice, session, back),
                     VOUCH_STORE_DONE);
    assert_int_equal(take(id, text(""), 7), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id, other, 7), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id, back, 7), VOUCH_STORE_DONE);
    assert_int_equal(take(id, back, 8), VOUCH_STORE_ABSENT);
    struct vouch_store_device device = find(1, 2);
    assert_int_equal(device.state, VOUCH_STORE_DEVICE_TAKEN);
    assert_int_equal(device.session, 7);
    assert_int_equal(undo(id), VOUCH_STORE_DONE);
    assert_int_equal(undo(id), VOUCH_STORE_ABSENT);
    assert_int_equal(find(1, 2).state, VOUCH_STORE_DEVICE_UNDONE);
}

static void an_approval_ends_with_the_session_that_gave_it(void **state) {
    (void)state;
    uint64_t count = 0, alice = add_account("alice"), session = add_session(alice, SESSION_SECRET);
    assert_int_equal(add(1, 2), VOUCH_STORE_DONE);
    uint64_t id = find(1, 2).id;
    assert_int_equal(decide(id, VOUCH_STORE_DEVICE_APPROVED, alice, session, text("")),
                     VOUCH_STORE_DONE);
    begin();
    test_ok(vouch_store_session_end(test_writer, session, &count, &fault));
    end(VOUCH_STORE_DONE);
    assert_int_equal(take(id, text(""), 7), VOUCH_STORE_ABSENT);
}

static void a_session_knows_what_its_client_calls_itself(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_session session = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t id = add_session(add_account("alice"), SESSION_SECRET);
    test_ok(vouch_store_session_by_id(test_reader, id, &arena, &outcome, &session, &fault));
    assert_true(vouch_bytes_equal(session.client, text("laptop (Debian)")));
    vouch_arena_done(&arena);
}

static void a_decision_has_its_bounds(void **state) {
    (void)state;
    const struct vouch_store_device forever = {.state = VOUCH_STORE_DEVICE_APPROVED};
    const struct vouch_store_device waits = {.state = VOUCH_STORE_DEVICE_WAITING,
                                             .expires_s = NOW_S};
    const struct vouch_store_device odd = {
        .state = VOUCH_STORE_DEVICE_APPROVED, .expires_s = NOW_S, .back = text("short")};
    const struct vouch_store_device *const all[] = {&forever, &waits, &odd};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        begin();
        assert_int_equal(vouch_store_device_decide(test_writer, all[i], &outcome, NULL),
                         VOUCH_ERR_ARGUMENT);
        end(VOUCH_STORE_ABSENT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_devices(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(what_a_client_said_is_kept_until_it_expires),
        TEST(a_client_that_asks_too_soon_is_found_out),
        TEST(one_decision_is_kept),
        TEST(it_is_taken_once_with_what_the_browser_brings),
        TEST(an_approval_ends_with_the_session_that_gave_it),
        TEST(a_session_knows_what_its_client_calls_itself),
        TEST(a_decision_has_its_bounds),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
