// SPDX-License-Identifier: ISC
// What passkeys are good for besides signing in, and how one gets rid of them: second factors, approvals, links,
// passwords; and where there are none. Gauntlet: F5.
#include <stdio.h>
#include <string.h>

#include "authority/test-passkey-lab.h"

// --- the second factor

static void a_passkey_makes_a_sessions_factor_fresh(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "root-of-all", &device);
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 1000);
    const struct vouch_ask_link_new link = {.user = vouch_bytes_of("alice")};
    struct vouch_answer_link made;
    test_ok(vouch_authority_link_new(lab->admin, &caller, &link, &made, &fault));
    assert_reply(&made.reply, VOUCH_VERDICT_REFUSED, "V-1886");
    struct question question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_FACTOR);
    struct vouch_reply reply = passkey_give_factor(lab, &caller, &device, &question);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    test_ok(vouch_authority_link_new(lab->admin, &caller, &link, &made, &fault));
    lab_verdict(made, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void a_question_for_a_factor_wants_a_passkey_to_ask(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    struct question question = question_ask(
        lab, &caller, (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_FACTOR});
    assert_reply(&question.reply, VOUCH_VERDICT_ABSENT, "V-2001");
}

static struct vouch_reply approve(struct lab *lab, const struct vouch_caller *caller, uint64_t id) {
    const struct vouch_ask_request_decide ask = {.id = id, .verb = VOUCH_REQUEST_APPROVE};
    struct vouch_answer_request decided;
    test_ok(vouch_authority_request_decide(lab->admin, caller, &ask, &decided, &fault));
    return decided.reply;
}

static void an_answer_about_a_request_approves_that_one_alone(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "bob", &device);
    uint64_t first = company_request(lab, "alice", "dba"),
             second = company_request(lab, "alice", "vault");
    const struct vouch_caller caller = company_caller(lab, "bob", 1000);
    const struct vouch_caller other = company_caller(lab, "bob", 1000);
    struct vouch_reply reply = approve(lab, &caller, first);
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    struct question question = question_ask(
        lab, &caller,
        (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_FACTOR, .request = first});
    lab_verdict(question, VOUCH_VERDICT_DONE);
    reply = passkey_give_factor(lab, &caller, &device, &question);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    // The session is no fresher for anything else, and no other session is.
    reply = approve(lab, &caller, second);
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    reply = approve(lab, &other, first);
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    passkeys_later_s += 301;
    reply = approve(lab, &caller, first);
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    passkeys_later_s -= 301;
    reply = approve(lab, &caller, first);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void a_question_about_a_request_is_for_who_may_see_it(void **state) {
    struct lab *lab = *state;
    struct device device;
    (void)passkey_give(lab, "mallory", &device);
    uint64_t id = company_request(lab, "alice", "dba");
    const struct vouch_caller caller = company_caller(lab, "mallory", 10);
    for (uint64_t more = 0; more < 2; more++) {
        struct question question =
            question_ask(lab, &caller,
                         (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_FACTOR,
                                                             .request = id + more * 1000});
        assert_int_equal(question.reply.verdict, VOUCH_VERDICT_ABSENT);
    }
    device_end(&device);
}

// --- removing

static struct vouch_reply drop(struct lab *lab, const struct vouch_caller *caller, uint64_t id,
                               const char *user) {
    const struct vouch_ask_passkey_remove ask = {.id = id, .user = vouch_bytes_of(user)};
    struct vouch_answer_passkey removed;
    test_ok(vouch_authority_passkey_remove(lab->admin, caller, &ask, &removed, &fault));
    return removed.reply;
}

static void passkeys_are_listed_page_by_page(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    uint64_t ids[3];
    char cursor[VOUCH_ASK_CURSOR_MAX] = "";
    for (size_t i = 0; i < 3; i++) {
        struct device device;
        ids[i] = passkey_give(lab, "alice", &device);
        device_end(&device);
    }
    for (size_t i = 0; i < 3; i++) {
        const struct vouch_ask_passkeys ask = {
            .page = {.limit = 1, .cursor = vouch_bytes_of(cursor)}};
        struct vouch_answer_passkeys list;
        test_ok(vouch_authority_passkeys(lab->admin, &caller, &ask, &list, &fault));
        lab_verdict(list, VOUCH_VERDICT_DONE);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.rows[0].id, ids[i]);
        assert_int_equal(list.next.len > 0, i < 2);
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)list.next.len,
                       list.next.len > 0 ? (const char *)list.next.ptr : "");
    }
    const struct vouch_ask_passkeys bad = {.page = {.cursor = vouch_bytes_of("x")}};
    struct vouch_answer_passkeys list;
    test_ok(vouch_authority_passkeys(lab->admin, &caller, &bad, &list, &fault));
    assert_int_equal(list.reply.verdict, VOUCH_VERDICT_INVALID);
    assert_string_equal(list.reply.field, "cursor");
}

static void F5_a_passkey_is_removed_by_its_owner_but_not_the_last(void **state) {
    struct lab *lab = *state;
    struct device device, other;
    uint64_t first = passkey_give(lab, "alice", &device),
             second = passkey_give(lab, "alice", &other);
    const struct vouch_caller old = company_caller(lab, "alice", 301);
    struct vouch_reply reply = drop(lab, &old, first, "");
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    const struct vouch_caller bob = company_caller(lab, "bob", 10);
    reply = drop(lab, &bob, first, "");
    assert_reply(&reply, VOUCH_VERDICT_ABSENT, "V-1804");
    reply = drop(lab, &bob, first, "alice");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_ABSENT);
    const struct vouch_caller alice = company_caller(lab, "alice", 10);
    reply = drop(lab, &alice, first, "");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    reply = drop(lab, &alice, first, "");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_ABSENT);
    reply = drop(lab, &alice, second, "");
    assert_reply(&reply, VOUCH_VERDICT_CONFLICT, "V-2005");
    struct vouch_answer_session session = passkey_enter(lab, &device, "");
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    session = passkey_enter(lab, &other, "");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    assert_int_equal(company_events(lab, "account.passkey_remove", "alice"), 1);
    device_end(&device);
    device_end(&other);
}

static void an_administrator_removes_any(void **state) {
    struct lab *lab = *state;
    struct device device;
    uint64_t id = passkey_give(lab, "alice", &device);
    const struct vouch_caller old = company_caller(lab, "root-of-all", 301);
    struct vouch_reply reply = drop(lab, &old, id, "alice");
    assert_reply(&reply, VOUCH_VERDICT_REFUSED, "V-1886");
    const struct vouch_caller admin = company_caller(lab, "root-of-all", 10);
    const struct vouch_ask_passkeys all = {.user = vouch_bytes_of("alice")};
    struct vouch_answer_passkeys list;
    test_ok(vouch_authority_passkeys(lab->admin, &admin, &all, &list, &fault));
    lab_verdict(list, VOUCH_VERDICT_DONE);
    assert_int_equal(list.count, 1);
    const struct vouch_caller bob = company_caller(lab, "bob", 10);
    test_ok(vouch_authority_passkeys(lab->admin, &bob, &all, &list, &fault));
    lab_verdict(list, VOUCH_VERDICT_ABSENT);
    reply = drop(lab, &admin, id, "alice");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    const struct vouch_caller local = lab_local();
    reply = drop(lab, &local, id, "alice");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_ABSENT);
    reply = drop(lab, &local, id, "");
    assert_int_equal(reply.verdict, VOUCH_VERDICT_INVALID);
    assert_int_equal(person_row(lab, "alice").passkeys, 0);
    device_end(&device);
}

// --- links, passwords, codes

static struct question begin_link(struct lab *lab, const char *link) {
    struct question question = {0};
    struct vouch_answer_account_begin begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    question_take(&begun.question, &question);
    return question;
}

static struct vouch_answer_codes finish_link(struct lab *lab, const char *link,
                                             struct device *device,
                                             const struct question *question) {
    static struct device_said said;
    const struct vouch_caller caller = person_unknown("192.0.2.30");
    const struct vouch_ask_account_finish ask = {.secret = vouch_bytes_of(link),
                                                 .factor = VOUCH_FACTOR_PASSKEY,
                                                 .passkey = question_make(device, question, &said)};
    struct vouch_answer_codes codes;
    test_ok(vouch_authority_account_finish(lab->admin, &caller, &ask, &codes, &fault));
    return codes;
}

static void a_link_is_finished_with_a_passkey_in_place_of_an_app(void **state) {
    struct lab *lab = *state;
    char link[VOUCH_TOKEN_TEXT_MAX], later[VOUCH_TOKEN_TEXT_MAX];
    struct device old, device;
    struct person before = person_set_up(lab, "alice");
    (void)passkey_give(lab, "alice", &old);
    person_link(lab, "bob", link);
    struct question others = begin_link(lab, link);
    person_link(lab, "alice", later);
    struct question question = begin_link(lab, later);
    device_begin(&device, VOUCH_COSE_EDDSA, question.handle);
    struct vouch_answer_codes codes = finish_link(lab, later, &device, &others);
    assert_reply(&codes.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    codes = finish_link(lab, link, &device, &question);
    assert_reply(&codes.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    codes = finish_link(lab, later, &device, &question);
    lab_verdict(codes, VOUCH_VERDICT_DONE);
    assert_int_equal(codes.codes.count, 10);
    // What there was before is gone: the app and the other passkey.
    struct vouch_account_row row = person_row(lab, "alice");
    assert_int_equal(row.passkeys, 1);
    assert_int_equal(row.has_totp, 0);
    assert_int_equal(row.has_password, 1);
    assert_int_equal(row.recovery_left, 10);
    struct vouch_answer_session session = passkey_enter(lab, &old, "");
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-2001");
    const struct sign_in try = TRY("alice", PASSWORD, person_code(&before, 1));
    session = person_try(lab->admin, &try);
    assert_reply(&session.reply, VOUCH_VERDICT_UNKNOWN, "V-1880");
    session = passkey_enter(lab, &device, "alice");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&old);
    device_end(&device);
}

static void a_link_with_a_passkey_of_another_changes_nothing(void **state) {
    struct lab *lab = *state;
    char link[VOUCH_TOKEN_TEXT_MAX];
    struct device device;
    (void)passkey_give(lab, "bob", &device);
    struct person alice = person_set_up(lab, "alice");
    person_link(lab, "alice", link);
    struct question question = begin_link(lab, link);
    struct vouch_answer_codes codes = finish_link(lab, link, &device, &question);
    assert_reply(&codes.reply, VOUCH_VERDICT_CONFLICT, "V-2006");
    assert_int_equal(person_row(lab, "alice").has_totp, 1);
    person_enter(lab, &alice);
    struct vouch_answer_session session = passkey_enter(lab, &device, "bob");
    lab_verdict(session, VOUCH_VERDICT_DONE);
    device_end(&device);
}

static void a_passkey_stands_for_the_code_where_a_password_is_changed(void **state) {
    struct lab *lab = *state;
    static struct device_said said;
    char link[VOUCH_TOKEN_TEXT_MAX];
    struct device device;
    person_link(lab, "alice", link);
    struct question question = begin_link(lab, link);
    device_begin(&device, VOUCH_COSE_ES256, question.handle);
    struct vouch_answer_codes codes = finish_link(lab, link, &device, &question);
    lab_verdict(codes, VOUCH_VERDICT_DONE);
    const struct vouch_caller caller = company_caller(lab, "alice", 1000);
    struct vouch_ask_password ask = {.current = vouch_bytes_of("not the password"),
                                     .fresh = vouch_bytes_of(OTHER_PASSWORD),
                                     .factor = VOUCH_FACTOR_PASSKEY};
    struct vouch_answer_ended changed;
    question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_FACTOR);
    ask.passkey = question_answer(&device, &question, &said);
    test_ok(vouch_authority_password(lab->admin, &caller, &ask, &changed, &fault));
    assert_reply(&changed.reply, VOUCH_VERDICT_REFUSED, "V-1880");
    ask.current = vouch_bytes_of(PASSWORD); // the question was not used up by that
    test_ok(vouch_authority_password(lab->admin, &caller, &ask, &changed, &fault));
    lab_verdict(changed, VOUCH_VERDICT_DONE);
    struct vouch_ask_recovery_new anew = {.factor = VOUCH_FACTOR_PASSKEY};
    anew.passkey = ask.passkey;
    test_ok(vouch_authority_recovery_new(lab->admin, &caller, &anew, &codes, &fault));
    assert_reply(&codes.reply, VOUCH_VERDICT_CONFLICT, "V-2002");
    question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_FACTOR);
    anew.passkey = question_answer(&device, &question, &said);
    test_ok(vouch_authority_recovery_new(lab->admin, &caller, &anew, &codes, &fault));
    lab_verdict(codes, VOUCH_VERDICT_DONE);
    assert_int_equal(codes.codes.count, 10);
    device_end(&device);
}

// --- where there are none

static int begin_at_an_address(void **state) {
    return passkeys_begin_at(state, "https://192.0.2.1:8443");
}

static void there_are_no_passkeys_under_an_ip_address(void **state) {
    struct lab *lab = *state;
    char link[VOUCH_TOKEN_TEXT_MAX];
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    const struct vouch_caller stranger = person_unknown("192.0.2.40");
    struct question question = question_ask(
        lab, &caller, (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_NEW});
    assert_reply(&question.reply, VOUCH_VERDICT_CONFLICT, "V-2004");
    question = question_ask(
        lab, &stranger, (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_SIGN_IN});
    assert_reply(&question.reply, VOUCH_VERDICT_CONFLICT, "V-2004");
    person_link(lab, "alice", link);
    struct vouch_answer_account_begin begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    assert_int_equal(begun.question.question.len, 0);
    assert_true(begun.uri.len > 0);
}

// What browsers are offered is what identity takes.
static void the_kinds_of_key_that_are_offered_are_taken(void **state) {
    (void)state;
    static const int64_t kinds[] = VOUCH_PASSKEY_KINDS;
    assert_int_equal(sizeof kinds / sizeof kinds[0], VOUCH_PASSKEY_ALGORITHMS);
    for (size_t i = 0; i < VOUCH_PASSKEY_ALGORITHMS; i++) {
        assert_int_equal(kinds[i], vouch_passkey_algorithms[i]);
    }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, passkeys_begin, lab_end)
    const struct CMUnitTest tests[] = {
        T(a_passkey_makes_a_sessions_factor_fresh),
        T(a_question_for_a_factor_wants_a_passkey_to_ask),
        T(an_answer_about_a_request_approves_that_one_alone),
        T(a_question_about_a_request_is_for_who_may_see_it),
        T(passkeys_are_listed_page_by_page),
        T(F5_a_passkey_is_removed_by_its_owner_but_not_the_last),
        T(an_administrator_removes_any),
        T(a_link_is_finished_with_a_passkey_in_place_of_an_app),
        T(a_link_with_a_passkey_of_another_changes_nothing),
        T(a_passkey_stands_for_the_code_where_a_password_is_changed),
        cmocka_unit_test(the_kinds_of_key_that_are_offered_are_taken),
        cmocka_unit_test_setup_teardown(there_are_no_passkeys_under_an_ip_address,
                                        begin_at_an_address, lab_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
