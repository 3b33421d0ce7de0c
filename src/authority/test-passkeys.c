// SPDX-License-Identifier: ISC
// Passkeys of people: registered and asked; and that a question is answered once, in time, by whom and for what it
// was asked. Gauntlet: F4 F5 L10.
#include <stdio.h>
#include <string.h>

#include "authority/test-passkey-lab.h"

// --- registering and signing in

static void a_passkey_alone_lets_its_user_in(void **state) {
    struct lab *lab = *state;
    struct device device;
    uint64_t id = passkey_give(lab, "alice", &device);
    static const char *const named[] = {"", "alice", "ALICE"};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_answer_session session = passkey_enter(lab, &device, named[i]);
        lab_verdict(session, VOUCH_VERDICT_DONE);
        assert_true(vouch_bytes_equal(session.row.user, vouch_bytes_of("alice")));
        assert_true(vouch_bytes_equal(session.row.methods, vouch_bytes_of("passkey")));
        struct person alice = {.name = "alice"};
        person_keep_session(&alice, &session);
        assert_int_equal(person_verdict(lab, &alice), VOUCH_VERDICT_DONE);
    }
    const struct vouch_caller caller = company_caller(lab, "alice", 1000);
    const struct vouch_ask_passkeys all = {0};
    struct vouch_answer_passkeys list;
    test_ok(vouch_authority_passkeys(lab->admin, &caller, &all, &list, &fault));
    lab_verdict(list, VOUCH_VERDICT_DONE);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.rows[0].id, id);
    assert_true(vouch_bytes_equal(list.rows[0].name, vouch_bytes_of("office key")));
    assert_true(list.rows[0].used_s >= list.rows[0].created_s);
    assert_int_equal(person_row(lab, "alice").passkeys, 1);
    assert_int_equal(company_events(lab, "account.passkey", "alice"), 1);
    assert_int_equal(company_events(lab, "session.begin", "alice"), 3);
    device_end(&device);
}

static void F5_a_passkey_is_added_with_a_fresh_factor_alone(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_passkey_question new = {.purpose = VOUCH_PASSKEY_FOR_NEW};
    const struct vouch_caller old = company_caller(lab, "alice", 301);
    struct question question = question_ask(lab, &old, new);
    assert_reply(&question.reply, VOUCH_VERDICT_REFUSED, "V-1886");
    const struct vouch_caller by_code = company_caller(lab, "alice+recovery", 1);
    question = question_ask(lab, &by_code, new);
    assert_reply(&question.reply, VOUCH_VERDICT_REFUSED, "V-1889");
    const struct vouch_caller local = lab_local();
    question = question_ask(lab, &local, new);
    assert_reply(&question.reply, VOUCH_VERDICT_REFUSED, "V-1802");
    const struct vouch_caller nobody = person_unknown("192.0.2.4");
    question = question_ask(lab, &nobody, new);
    assert_int_equal(question.reply.verdict, VOUCH_VERDICT_UNKNOWN);
    question = question_ask(lab, &local, (struct vouch_ask_passkey_question){0});
    assert_int_equal(question.reply.verdict, VOUCH_VERDICT_INVALID);
}

static void F4_a_credential_is_registered_once_and_for_one(void **state) {
    struct lab *lab = *state;
    struct device device;
    uint64_t id = 0;
    (void)passkey_give(lab, "alice", &device);
    static const char *const again[] = {"alice", "bob"};
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_caller caller = company_caller(lab, again[i], 10);
        struct question question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_NEW);
        assert_int_equal(question.ids, 1 - i); // so that the browser need not offer it
        struct vouch_reply reply = passkey_add(lab, &caller, &device, &question, &id);
        assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2006");
    }
    assert_int_equal(person_row(lab, "bob").passkeys, 0);
    device_end(&device);
}

static void an_account_has_at_most_sixteen(void **state) {
    struct lab *lab = *state;
    for (unsigned i = 0; i < VOUCH_STORE_PASSKEYS_MAX; i++) {
        struct device device;
        (void)passkey_give(lab, "alice", &device);
        device_end(&device);
    }
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    struct question question = question_ask(
        lab, &caller, (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_NEW});
    assert_reply(&question.reply, VOUCH_VERDICT_CONFLICT, "V-2006");
}

static void F4_a_bad_registration_is_not_kept(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    struct question question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_NEW);
    device_begin(&device, VOUCH_COSE_ES256, question.handle);
    struct vouch_ask_passkey_add ask = {.passkey = question_make(&device, &question, &said)};
    device_make(&device,
                &(struct device_told){.challenge = question_challenge(&question),
                                      .origin = "https://evil.example"},
                &said);
    ask.passkey.client_data = said.client_data;
    struct vouch_answer_passkey added;
    test_ok(vouch_authority_passkey_add(lab->admin, &caller, &ask, &added, &fault));
    assert_reply(&added.reply, VOUCH_VERDICT_INVALID, "V-2006");
    assert_string_equal(added.reply.field, "credential");
    ask.passkey.name = vouch_bytes_of("a\nb");
    test_ok(vouch_authority_passkey_add(lab->admin, &caller, &ask, &added, &fault));
    assert_reply(&added.reply, VOUCH_VERDICT_INVALID, "V-1805");
    assert_int_equal(person_row(lab, "alice").passkeys, 0);
    assert_int_equal(company_events(lab, "account.passkey", "alice"), 0);
    device_end(&device);
}

// --- questions

static void F4_a_question_is_answered_once(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct question question = question_stranger(lab, "");
    struct vouch_passkey_given given = question_answer(&device, &question, &said);
    struct vouch_answer_session session = passkey_send(lab, given);
    lab_verdict(session, VOUCH_VERDICT_DONE);
    session = passkey_send(lab, given);
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    session = passkey_send(
        lab, question_answer(&device, &question, &said)); // signed anew, with a higher count
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    assert_true(session.secret.len == 0);
    device_end(&device);
}

static void F4_a_question_is_over_after_five_minutes(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct question question = question_stranger(lab, "");
    passkeys_later_s = 298;
    struct vouch_answer_session session =
        passkey_send(lab, question_answer(&device, &question, &said));
    lab_verdict(session, VOUCH_VERDICT_DONE);
    question = question_stranger(lab, "");
    passkeys_later_s += 301;
    session = passkey_send(lab, question_answer(&device, &question, &said));
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    // What was answered long ago is forgotten, and still not taken.
    for (unsigned i = 0; i < 4; i++) {
        passkeys_later_s += 301;
        session = passkey_enter(lab, &device, "");
        lab_verdict(session, VOUCH_VERDICT_DONE);
    }
    session = passkey_send(lab, question_answer(&device, &question, &said));
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    device_end(&device);
}

// Each half of what was answered is kept until it cannot be answered any more.
static void F4_an_answer_is_remembered_as_long_as_its_question_is_good(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct vouch_answer_session session = passkey_enter(lab, &device, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    for (unsigned i = 0; i < 8; i++) {
        passkeys_later_s += 97;
        struct question question = question_stranger(lab, "");
        struct vouch_passkey_given given = question_answer(&device, &question, &said);
        session = passkey_send(lab, given);
        lab_verdict(session, VOUCH_VERDICT_DONE);
        passkeys_later_s += 150;
        struct device_said other;
        struct question next = question_stranger(lab, "");
        session = passkey_send(lab, question_answer(&device, &next, &other));
        lab_verdict(session, VOUCH_VERDICT_DONE);
        session = passkey_send(lab, question_answer(&device, &question, &said));
        assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    }
    device_end(&device);
}

static void F4_a_question_does_not_outlive_the_server(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct question question = question_stranger(lab, "");
    lab_close_office(lab);
    lab_open(lab);
    struct vouch_answer_session session =
        passkey_send(lab, question_answer(&device, &question, &said));
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    session = passkey_enter(lab, &device, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void F4_no_name_of_a_question_can_be_made_up(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct question question = question_stranger(lab, "");
    struct vouch_passkey_given given = question_answer(&device, &question, &said);
    char name[VOUCH_PASSKEY_QUESTION_MAX + 1];
    for (size_t i = 0; i < strlen(question.name); i++) {
        memcpy(name, question.name, sizeof name);
        name[i] = name[i] == 'A' ? 'B' : 'A';
        given.question = vouch_bytes_of(name);
        struct vouch_answer_session session = passkey_send(lab, given);
        assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
        given.question = (struct vouch_bytes){(const uint8_t *)question.name, i};
        session = passkey_send(lab, given);
        assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    }
    given.question = vouch_bytes_of(question.name);
    struct vouch_answer_session session = passkey_send(lab, given);
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void F4_a_question_is_for_one_session_and_one_purpose(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device, other;
    uint64_t id = 0;
    (void)passkey_give(lab, "alice", &device);
    const struct vouch_caller here = company_caller(lab, "alice", 10);
    const struct vouch_caller there = company_caller(lab, "alice", 10);
    const struct vouch_caller bob = company_caller(lab, "bob", 10);
    // A factor's in another session, and of another user.
    struct question question = question_for(lab, &here, VOUCH_PASSKEY_FOR_FACTOR);
    assert_int_equal(question.ids, 1);
    struct vouch_reply reply = passkey_give_factor(lab, &there, &device, &question);
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    reply = passkey_give_factor(lab, &bob, &device, &question);
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    // A factor's for signing in, and the reverse.
    struct vouch_answer_session session =
        passkey_send(lab, question_answer(&device, &question, &said));
    assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    struct question sign_in = question_stranger(lab, "");
    reply = passkey_give_factor(lab, &here, &device, &sign_in);
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    // A new one's in another session, or by a question that was for something else.
    device_begin(&other, VOUCH_COSE_EDDSA, question.handle);
    reply = passkey_add(lab, &here, &other, &question, &id);
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    struct question new = question_for(lab, &here, VOUCH_PASSKEY_FOR_NEW);
    reply = passkey_add(lab, &there, &other, &new, &id);
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    reply = passkey_add(lab, &here, &other, &new, &id);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    reply = passkey_give_factor(lab, &here, &device, &question);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    device_end(&device);
    device_end(&other);
}

// --- whose it is

static void F4_the_passkey_of_another_lets_nobody_in(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    struct device device, other;
    (void)passkey_give(lab, "alice", &device);
    (void)passkey_give(lab, "bob", &other);
    // Asked for bob, and for nobody that there is.
    static const char *const named[] = {"bob", "nobody-at-all", "not a name"};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_answer_session session = passkey_enter(lab, &device, named[i]);
        assert_reply(&session.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    }
    // Alice's, which says that it is bob's; and bob's signature under alice's ID.
    struct question question = question_stranger(lab, "");
    struct vouch_passkey_given given = question_answer(&device, &question, &said);
    given.handle = vouch_bytes_of(other.handle);
    struct vouch_answer_session session = passkey_send(lab, given);
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    given = question_answer(&other, &question, &said);
    given.id = (struct vouch_bytes){device.id, sizeof device.id};
    given.handle = vouch_bytes_of(device.handle);
    session = passkey_send(lab, given);
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    // One that says nothing of whose it is, where nobody was named.
    given = question_answer(&device, &question, &said);
    given.handle = (struct vouch_bytes){0};
    session = passkey_send(lab, given);
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    session = passkey_send(lab, question_answer(&device, &question, &said));
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
    device_end(&other);
}

static void F4_a_passkey_that_nobody_has_lets_nobody_in(void **state) {
    struct lab *lab = *state;
    struct device device;
    device_begin(&device, VOUCH_COSE_ES256, "u1");
    struct vouch_answer_session session = passkey_enter(lab, &device, "");
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    assert_true(company_events(lab, "session.refuse", "") > 0);
    device_end(&device);
}

static void F4_a_copied_passkey_is_refused_and_recorded(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    struct device copy = device;
    struct vouch_answer_session session = passkey_enter(lab, &device, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    session = passkey_enter(lab, &copy, "");
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2003");
    assert_int_equal(company_events(lab, "account.passkey_clone", "alice"), 1);
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    struct question question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_FACTOR);
    copy.count = 1;
    struct vouch_reply reply = passkey_give_factor(lab, &caller, &copy, &question);
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-2003");
    assert_int_equal(company_events(lab, "account.passkey_clone", "alice"), 2);
    session = passkey_enter(lab, &device, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void who_may_not_sign_in_may_not_by_a_passkey(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "mallory", &device);
    company_change(lab, "- {name: mallory}", "- {name: mallory, state: disabled}");
    struct vouch_answer_session session = passkey_enter(lab, &device, "");
    assert_int_equal(session.reply.verdict, VOUCH_VERDICT_UNKNOWN);
    assert_true(session.secret.len == 0);
    device_end(&device);
}

// L10: who guesses at an account closes it to what can be guessed, and to nothing else.
static void L10_tries_do_not_close_an_account_to_its_passkeys(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "alice", &device);
    for (unsigned i = 0; i < 8; i++) {
        const struct sign_in try = TRY_FROM("alice", "wrong wrong wrong", "000000", "192.0.2.40");
        (void)person_try(lab->admin, &try);
    }
    const struct sign_in try = TRY_FROM("alice", "wrong wrong wrong", "000000", "192.0.2.40");
    struct vouch_answer_session session = person_try(lab->admin, &try);
    assert_reply(&session.reply, VOUCH_VERDICT_BUSY, "V-1882");
    session = passkey_enter(lab, &device, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, passkeys_begin, lab_end)
    const struct CMUnitTest tests[] = {
        T(a_passkey_alone_lets_its_user_in),
        T(F5_a_passkey_is_added_with_a_fresh_factor_alone),
        T(F4_a_credential_is_registered_once_and_for_one),
        T(an_account_has_at_most_sixteen),
        T(F4_a_bad_registration_is_not_kept),
        T(F4_a_question_is_answered_once),
        T(F4_a_question_is_over_after_five_minutes),
        T(F4_an_answer_is_remembered_as_long_as_its_question_is_good),
        T(F4_a_question_does_not_outlive_the_server),
        T(F4_no_name_of_a_question_can_be_made_up),
        T(F4_a_question_is_for_one_session_and_one_purpose),
        T(F4_the_passkey_of_another_lets_nobody_in),
        T(F4_a_passkey_that_nobody_has_lets_nobody_in),
        T(F4_a_copied_passkey_is_refused_and_recorded),
        T(who_may_not_sign_in_may_not_by_a_passkey),
        T(L10_tries_do_not_close_an_account_to_its_passkeys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
