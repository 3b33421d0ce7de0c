// SPDX-License-Identifier: ISC
// Sessions: how they end, what whoever has one may, and what becomes of people when the policy changes.
// Gauntlet: F6 W8 W11 W13 W14.
#include <string.h>

#include "authority/test-person.h"
#include "base/time.h"
#include "ledger/record.h"

// --- sessions

// W8: somebody else's session, one that is gone, and one that never was are the same to whoever asks.
static void sessions_of_others_are_not_there(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), eve = person_set_up(lab, "eve");
    person_enter(lab, &bob);
    person_enter(lab, &eve);
    const struct vouch_caller caller = person_caller(&eve);
    const struct vouch_ask_session_end asks[] = {
        {VOUCH_SESSION_BY_ID, bob.session_id, {0}},
        {VOUCH_SESSION_BY_ID, bob.session_id + 1000, {0}},
    };
    const struct vouch_ask_session_end all[] = {
        {VOUCH_SESSIONS_OF_USER, 0, vouch_bytes_of("bob")},
        {VOUCH_SESSIONS_OF_USER, 0, vouch_bytes_of("bab")},
    };
    struct vouch_reply first = {0};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_answer_ended answer;
        test_ok(vouch_authority_session_end(lab->admin, &caller, &all[i], &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
        assert_string_equal(answer.reply.field, "user");
        assert_non_null(strstr(answer.reply.why, "whose sessions are yours"));
        test_ok(vouch_authority_session_end(lab->admin, &caller, &asks[i], &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
        first = i == 0 ? answer.reply : first;
        assert_memory_equal(&answer.reply, &first, sizeof first);
    }
    const struct vouch_ask_sessions list = {.user = vouch_bytes_of("bob")};
    struct vouch_answer_sessions sessions;
    test_ok(vouch_authority_sessions(lab->admin, &caller, &list, &sessions, &fault));
    lab_verdict(sessions, VOUCH_VERDICT_ABSENT);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_DONE);
}

static void end_as(struct lab *lab, const struct vouch_caller *caller,
                   const struct vouch_ask_session_end *ask, uint64_t count) {
    struct vouch_answer_ended answer;
    test_ok(vouch_authority_session_end(lab->admin, caller, ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.count, count);
}

static void own_sessions_end_one_by_one_or_all(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    struct person first = bob, second = bob, third = bob;
    person_enter(lab, &first);
    person_enter(lab, &second);
    person_enter(lab, &third);
    const struct vouch_caller caller = person_caller(&first);
    const struct vouch_ask_session_end by_id = {VOUCH_SESSION_BY_ID, second.session_id, {0}};
    end_as(lab, &caller, &by_id, 1);
    assert_int_equal(person_verdict(lab, &second), VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(person_verdict(lab, &first), VOUCH_VERDICT_DONE);
    const struct vouch_ask_session_end this_one = {VOUCH_SESSION_THIS, 0, {0}};
    end_as(lab, &caller, &this_one, 1);
    assert_int_equal(person_verdict(lab, &first), VOUCH_VERDICT_UNKNOWN);
    const struct vouch_caller last = person_caller(&third);
    const struct vouch_ask_session_end all = {VOUCH_SESSIONS_OF_USER, 0, {0}};
    end_as(lab, &last, &all, 1);
    assert_int_equal(person_verdict(lab, &third), VOUCH_VERDICT_UNKNOWN);
}

static void a_session_ends_when_it_is_idle_or_old(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    static const struct {
        uint64_t created_ago, used_ago;
        enum vouch_verdict verdict;
    } rows[] = {{86400, 12 * 3600 - 30, VOUCH_VERDICT_DONE},
                {86400, 12 * 3600, VOUCH_VERDICT_UNKNOWN},
                {7 * 86400 - 30, 60, VOUCH_VERDICT_DONE},
                {7 * 86400, 60, VOUCH_VERDICT_UNKNOWN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        person_session(lab, &bob, rows[i].created_ago, rows[i].used_ago, 60);
        assert_int_equal(person_verdict(lab, &bob), rows[i].verdict);
    }
}

// W13: a secret is looked up by its hash and by nothing else, and not as another kind of secret.
static void nothing_but_the_whole_secret_is_a_session(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    const struct vouch_ask_sessions ask = {0};
    struct vouch_answer_sessions answer;
    person_enter(lab, &bob);
    size_t len = strlen(bob.session);
    for (size_t cut = 0; cut < len; cut++) {
        const struct vouch_caller caller =
            lab_session((struct vouch_bytes){(const uint8_t *)bob.session, cut});
        test_ok(vouch_authority_sessions(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    }
    const struct vouch_caller token = lab_token(bob.session);
    test_ok(vouch_authority_sessions(lab->admin, &token, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
}

static void a_session_is_shown_to_who_has_it(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_session answer;
    person_enter(lab, &bob);
    struct vouch_caller caller = person_caller(&bob);
    test_ok(vouch_authority_session_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(answer.row.user, vouch_bytes_of("bob")));
    assert_true(vouch_bytes_equal(answer.row.methods, vouch_bytes_of("password+totp")));
    assert_true(answer.row.ends_s > vouch_time_now_s());
    assert_int_equal(answer.secret.len, 0);
    char secret[VOUCH_TOKEN_TEXT_MAX];
    lab_new_token(lab, "reader", NULL, "cert:read", secret);
    caller = lab_token(secret);
    test_ok(vouch_authority_session_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1802");
    caller = lab_session(vouch_bytes_of("vouchs_nobody"));
    test_ok(vouch_authority_session_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
}

// --- what a session may

static struct vouch_answer_token new_token(struct lab *lab, const struct vouch_caller *caller,
                                           const char *name) {
    const struct vouch_ask_token_new ask = {.name = vouch_bytes_of(name),
                                            .scopes = lab_list("cert:read")};
    struct vouch_answer_token answer;
    test_ok(vouch_authority_token_new(lab->admin, caller, &ask, &answer, &fault));
    return answer;
}

static void administration_is_for_administrators_with_a_fresh_code(void **state) {
    struct lab *lab = *state;
    struct person alice = person_set_up(lab, "alice"), bob = person_set_up(lab, "bob");
    person_session(lab, &bob, 60, 60, 60);
    person_session(lab, &alice, 3600, 60, 301);
    struct vouch_caller caller = person_caller(&bob);
    struct vouch_answer_token answer = new_token(lab, &caller, "one");
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1802");
    caller = person_caller(&alice);
    answer = new_token(lab, &caller, "two");
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1886");
    person_step_passes(lab, "alice");
    const struct vouch_ask_factor code = {.factor = VOUCH_FACTOR_TOTP,
                                          .code = vouch_bytes_of(person_code(&alice, 0))};
    struct vouch_answer_session fresh;
    test_ok(vouch_authority_factor(lab->admin, &caller, &code, &fresh, &fault));
    lab_verdict(fresh, VOUCH_VERDICT_DONE);
    assert_true(vouch_time_now_s() - fresh.row.factor_s < 60);
    assert_int_equal(fresh.secret.len, 0);
    answer = new_token(lab, &caller, "three");
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(answer.row.actor, vouch_bytes_of("user:alice")));
}

// F6: a recovery code lets in, once, and neither administers nor is forgotten.
static void a_recovery_code_lets_in_and_no_further(void **state) {
    struct lab *lab = *state;
    struct person alice = person_set_up(lab, "alice");
    const struct sign_in try = RECOVERY("alice", alice.codes[7], NULL);
    struct vouch_answer_session entered = person_try(lab->admin, &try);
    lab_verdict(entered, VOUCH_VERDICT_DONE);
    assert_int_equal(entered.recovery_left, 9);
    person_keep_session(&alice, &entered);
    const struct vouch_caller caller = person_caller(&alice);
    struct vouch_answer_token token = new_token(lab, &caller, "one");
    lab_verdict(token, VOUCH_VERDICT_REFUSED);
    assert_string_equal(token.reply.code, "V-1889");
    entered = person_try(lab->admin, &try);
    lab_verdict(entered, VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(person_row(lab, "alice").recovery_left, 9);
}

static void people_get_no_certificates_by_profiles(void **state) {
    struct lab *lab = *state;
    struct person alice = person_set_up(lab, "alice");
    person_enter(lab, &alice);
    const struct vouch_caller caller = person_caller(&alice);
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_issue(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_non_null(strstr(answer.reply.why, "vouch login"));
}

// --- passwords and codes

static struct vouch_answer_ended change_password(struct lab *lab, const struct person *person,
                                                 const char *current, const char *fresh,
                                                 const char *code) {
    const struct vouch_caller caller = person_caller(person);
    const struct vouch_ask_password ask = {.current = vouch_bytes_of(current),
                                           .fresh = vouch_bytes_of(fresh),
                                           .code = vouch_bytes_of(code)};
    struct vouch_answer_ended answer;
    test_ok(vouch_authority_password(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static void another_password_ends_the_other_sessions(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), other;
    char code[VOUCH_TOTP_DIGITS + 1];
    person_enter(lab, &bob);
    other = bob;
    person_enter(lab, &other);
    person_step_passes(lab, "bob");
    (void)snprintf(code, sizeof code, "%s", person_code(&bob, 0));
    struct vouch_answer_ended answer =
        change_password(lab, &bob, OTHER_PASSWORD, OTHER_PASSWORD, code);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    answer = change_password(lab, &bob, PASSWORD, "bob12345bob12345", code);
    lab_verdict(answer, VOUCH_VERDICT_INVALID); // and the code is good still
    assert_string_equal(answer.reply.field, "new");
    answer = change_password(lab, &bob, PASSWORD, OTHER_PASSWORD, code);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.count, 1);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_DONE);
    assert_int_equal(person_verdict(lab, &other), VOUCH_VERDICT_UNKNOWN);
    person_step_passes(lab, "bob");
    const struct sign_in old = TRY_FROM("bob", PASSWORD, person_code(&bob, 0), "192.0.2.61");
    struct vouch_answer_session entered = person_try(lab->admin, &old);
    lab_verdict(entered, VOUCH_VERDICT_UNKNOWN);
    const struct sign_in fresh =
        TRY_FROM("bob", OTHER_PASSWORD, person_code(&bob, 0), "192.0.2.62");
    entered = person_try(lab->admin, &fresh);
    lab_verdict(entered, VOUCH_VERDICT_DONE);
}

static void new_recovery_codes_take_the_place_of_the_old(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    person_enter(lab, &bob);
    person_step_passes(lab, "bob");
    const struct vouch_caller caller = person_caller(&bob);
    const struct vouch_ask_recovery_new ask = {.code = vouch_bytes_of(person_code(&bob, 0))};
    struct vouch_answer_codes answer;
    test_ok(vouch_authority_recovery_new(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    struct person fresh = bob;
    person_keep_codes(&fresh, &answer.codes);
    struct sign_in try = RECOVERY("bob", bob.codes[0], NULL);
    struct vouch_answer_session entered = person_try(lab->admin, &try);
    lab_verdict(entered, VOUCH_VERDICT_UNKNOWN);
    try.code = fresh.codes[0];
    entered = person_try(lab->admin, &try);
    lab_verdict(entered, VOUCH_VERDICT_DONE);
}

// --- following the policy

static struct vouch_cert_row get_access(struct lab *lab, const struct person *person,
                                        enum vouch_verdict wanted) {
    const struct vouch_caller caller = person_caller(person);
    const struct vouch_key *key = vouch_private_key_public(lab->subject);
    const struct vouch_ask_access ask = {.zone = vouch_bytes_of("prod"),
                                         .key = vouch_key_blob(key)};
    struct vouch_answer_access answer;
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer.cert;
}

static struct vouch_answer_cert show_cert(struct lab *lab, const struct vouch_caller *caller,
                                          uint64_t serial) {
    const struct vouch_ask_show ask = {.serial = serial};
    struct vouch_answer_cert answer;
    lab_settle(lab);
    test_ok(vouch_authority_show(lab->admin, caller, &ask, &answer, &fault));
    return answer;
}

// W14: a disabled user's sessions are dead and their certificates revoked when applying returns; nobody
// else's are.
static void a_disabled_user_is_out_at_once(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), alice = person_set_up(lab, "alice");
    const struct vouch_caller local = lab_local();
    person_enter(lab, &bob);
    person_enter(lab, &alice);
    uint64_t of_bob = get_access(lab, &bob, VOUCH_VERDICT_DONE).serial;
    uint64_t of_alice = get_access(lab, &alice, VOUCH_VERDICT_DONE).serial;
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(person_verdict(lab, &alice), VOUCH_VERDICT_DONE);
    struct vouch_answer_cert answer = show_cert(lab, &local, of_bob);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.row.revoked_ms != 0);
    assert_true(vouch_bytes_equal(answer.row.revoked_reason, vouch_bytes_of("user disabled")));
    answer = show_cert(lab, &local, of_alice);
    assert_int_equal(answer.row.revoked_ms, 0);
    (void)person_policy(lab, PERSON_POLICY); // and a session that has ended does not come back
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_UNKNOWN);
    person_enter(lab, &bob);
    (void)get_access(lab, &bob, VOUCH_VERDICT_DONE);
}

// What a policy means for people is done at the start as well, in case it was cut short.
static void what_was_cut_short_is_done_at_the_start(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    person_session(lab, &bob, 600, 60, 60);
    assert_int_equal(person_row(lab, "bob").sessions, 1);
    lab_close_office(lab);
    lab_open(lab);
    assert_int_equal(person_row(lab, "bob").sessions, 0);
    assert_int_equal(person_row(lab, "bob").enabled, 0);
    assert_int_equal(person_row(lab, "alice").enabled, 1);
}

// Whoever comes back under a name is somebody else to the service.
static void a_removed_users_account_is_not_given_again(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    struct vouch_store *store = person_store(lab);
    person_enter(lab, &bob);
    uint64_t before = person_account(store, "bob");
    uint64_t serial = get_access(lab, &bob, VOUCH_VERDICT_DONE).serial;
    (void)person_policy(lab, PERSON_POLICY_BOB_GONE);
    assert_int_equal(person_account(store, "bob"), 0);
    const struct vouch_caller local = lab_local();
    struct vouch_answer_cert answer = show_cert(lab, &local, serial);
    assert_true(answer.row.revoked_ms != 0);
    (void)person_policy(lab, PERSON_POLICY);
    uint64_t after = person_account(store, "bob");
    assert_true(after > before);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_UNKNOWN);
    const struct sign_in try = RECOVERY("bob", bob.codes[0], NULL);
    struct vouch_answer_session entered = person_try(lab->admin, &try);
    lab_verdict(entered, VOUCH_VERDICT_UNKNOWN);
    vouch_store_close(store);
}

// W8: certificates of others are not there for whoever is neither administrator nor auditor.
static void certificates_of_others_are_not_there(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), alice = person_set_up(lab, "alice");
    person_enter(lab, &bob);
    person_enter(lab, &alice);
    uint64_t of_alice = get_access(lab, &alice, VOUCH_VERDICT_DONE).serial;
    uint64_t of_bob = get_access(lab, &bob, VOUCH_VERDICT_DONE).serial;
    const struct vouch_caller caller = person_caller(&bob), admin = person_caller(&alice);
    struct vouch_answer_cert answer = show_cert(lab, &caller, of_alice);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    struct vouch_reply other = answer.reply;
    answer = show_cert(lab, &caller, of_alice + 1000);
    assert_memory_equal(&answer.reply, &other, sizeof other);
    answer = show_cert(lab, &caller, of_bob);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    answer = show_cert(lab, &admin, of_bob);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    const struct vouch_ask_certs all = {0};
    struct vouch_answer_certs certs;
    test_ok(vouch_authority_certs(lab->admin, &caller, &all, &certs, &fault));
    assert_int_equal(certs.count, 1);
    assert_int_equal(certs.rows[0].serial, of_bob);
    const struct vouch_ask_certs hers = {.actor = vouch_bytes_of("user:alice")};
    test_ok(vouch_authority_certs(lab->admin, &caller, &hers, &certs, &fault));
    assert_int_equal(certs.count, 0);
}

static struct vouch_answer_revoke revoke(struct lab *lab, const struct person *person,
                                         uint64_t serial) {
    const struct vouch_caller caller = person_caller(person);
    uint8_t value[8];
    for (size_t i = 0; i < sizeof value; i++) {
        value[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_SERIAL,
                                         .value = {value, sizeof value},
                                         .reason = vouch_bytes_of("lost")};
    struct vouch_answer_revoke answer;
    test_ok(vouch_authority_revoke(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static void people_revoke_what_is_their_own(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), alice = person_set_up(lab, "alice");
    person_enter(lab, &bob);
    person_enter(lab, &alice);
    uint64_t of_alice = get_access(lab, &alice, VOUCH_VERDICT_DONE).serial;
    uint64_t of_bob = get_access(lab, &bob, VOUCH_VERDICT_DONE).serial;
    struct vouch_answer_revoke answer = revoke(lab, &bob, of_alice);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    person_session(lab, &alice, 3600, 60, 301); // an administrator without a fresh code
    answer = revoke(lab, &alice, of_bob);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1886");
    answer = revoke(lab, &bob, of_bob);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    answer = revoke(lab, &alice, of_alice); // her own needs none
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// --- the ledger

static int has(struct vouch_bytes where, const char *what) {
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= where.len; i++) {
        if (memcmp(where.ptr + i, what, len) == 0) {
            return 1;
        }
    }
    return 0;
}

// W11: what happened is in the ledger, and none of the secrets that it happened with.
static void the_ledger_has_what_happened_and_no_secret(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    const struct sign_in wrong = TRY("bob", OTHER_PASSWORD, "918273");
    struct vouch_answer_session refused = person_try(lab->admin, &wrong);
    lab_verdict(refused, VOUCH_VERDICT_UNKNOWN);
    person_enter(lab, &bob);
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    static const struct {
        const char *type, *actor, *object;
    } wanted[] = {{"account.link", "local:uid:1000", "bob"},
                  {"account.setup", "user:bob", "bob"},
                  {"session.refuse", "vouchd", "bob"},
                  {"session.begin", "user:bob", "bob"},
                  {"session.end", "local:uid:1000", "bob"}};
    const struct vouch_caller caller = lab_local();
    lab_settle(lab);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct vouch_ask_audit ask = {.type = vouch_bytes_of(wanted[i].type)};
        struct vouch_answer_audit answer;
        test_ok(vouch_authority_audit(lab->admin, &caller, &ask, &answer, &fault));
        assert_int_equal(answer.count, 1);
        assert_true(vouch_bytes_equal(answer.rows[0].actor, vouch_bytes_of(wanted[i].actor)));
        assert_true(vouch_bytes_equal(answer.rows[0].object, vouch_bytes_of(wanted[i].object)));
        const char *const secrets[] = {PASSWORD,     OTHER_PASSWORD, "918273",    bob.session,
                                       bob.codes[0], "vouchl_",      "otpauth://"};
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
            assert_false(has(answer.rows[0].details, secrets[k]));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, person_lab_begin, lab_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(sessions_of_others_are_not_there),
        TEST(own_sessions_end_one_by_one_or_all),
        TEST(a_session_ends_when_it_is_idle_or_old),
        TEST(nothing_but_the_whole_secret_is_a_session),
        TEST(a_session_is_shown_to_who_has_it),
        TEST(administration_is_for_administrators_with_a_fresh_code),
        TEST(a_recovery_code_lets_in_and_no_further),
        TEST(people_get_no_certificates_by_profiles),
        TEST(another_password_ends_the_other_sessions),
        TEST(new_recovery_codes_take_the_place_of_the_old),
        TEST(a_disabled_user_is_out_at_once),
        TEST(what_was_cut_short_is_done_at_the_start),
        TEST(a_removed_users_account_is_not_given_again),
        TEST(certificates_of_others_are_not_there),
        TEST(people_revoke_what_is_their_own),
        TEST(the_ledger_has_what_happened_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
