// SPDX-License-Identifier: ISC
// What goes on while the policy changes: who waits, who is waited for, and what is made up for later.
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "authority/caller.h"
#include "authority/test-person.h"
#include "base/time.h"
#include "policy/load.h"

#define POLICY_ALICE_NO_ADMIN                                                                      \
    "users:\n  - {name: alice}\n  - {name: bob}\n  - {name: eve}\n"                                \
    "groups:\n  - {name: vouch-admins, members: [eve]}\n"

static struct vouch_cert_row get_cert(struct lab *lab, const struct person *person) {
    const struct vouch_caller caller = person_caller(person);
    const struct vouch_ask_access ask = {
        .zone = vouch_bytes_of("prod"),
        .key = vouch_key_blob(vouch_private_key_public(lab->subject))};
    struct vouch_answer_access answer;
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.cert;
}

static int is_revoked(struct lab *lab, uint64_t serial) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_show ask = {.serial = serial};
    struct vouch_answer_cert answer;
    lab_settle(lab);
    test_ok(vouch_authority_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row.revoked_ms != 0;
}

// PERSON_POLICY with bob's row, or somebody else's, as it is given.
static void apply_with(struct lab *lab, const char *before, const char *after) {
    char text[sizeof PERSON_POLICY + 128];
    const char *at = strstr(PERSON_POLICY, before);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - PERSON_POLICY), PERSON_POLICY, after,
                   at + strlen(before));
    (void)person_policy(lab, text);
}

// --- who waits

// The linker puts this in the place of the system's (--wrap), to see who comes to a lock.
static _Atomic(pthread_mutex_t *) watched;
static atomic_int comers;
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
    if (mutex == atomic_load(&watched)) {
        atomic_fetch_add(&comers, 1);
    }
    return __real_pthread_mutex_lock(mutex);
}

struct waiting {
    struct person *person;
    struct vouch_authority *authority;
    struct vouch_answer_policy_apply answer;
};

static void *apply_as_alice(void *context) {
    struct waiting *waiting = context;
    const struct vouch_caller caller = person_caller(waiting->person);
    const struct vouch_ask_policy_apply ask = {
        .text = vouch_bytes_of(PERSON_POLICY), .what = VOUCH_POLICY_APPLY, .expect = 2};
    test_ok(
        vouch_authority_policy_apply(waiting->authority, &caller, &ask, &waiting->answer, &fault));
    return NULL;
}

// As if another had been applied.
static void shelve(struct lab *lab, const char *text, uint64_t version) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_policy *policy = NULL;
    struct vouch_policy_held *held = NULL;
    test_ok(vouch_policy_draft_new(&draft, &fault));
    test_ok(vouch_policy_draft_read(draft, "policy", vouch_bytes_of(text), &fault));
    test_ok(vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault));
    pthread_mutex_lock(&lab->office->policies.making);
    test_ok(vouch_policy_held_new((void *)lab->admin, policy, version, &held, &fault));
    vouch_policy_shelve(lab->office, held);
    pthread_mutex_unlock(&lab->office->policies.making);
}

// By the time it is her turn she is no administrator; which version there will be is no secret.
static void whoever_waited_to_apply_is_looked_at_again(void **state) {
    struct lab *lab = *state;
    struct person alice = person_set_up(lab, "alice");
    struct waiting waiting = {.person = &alice};
    struct vouch_policy_shelf *shelf = &lab->office->policies;
    pthread_t thread;
    person_session(lab, &alice, 60, 60, 60);
    test_ok(vouch_office_attach(lab->office, 0, &waiting.authority, &fault));
    pthread_mutex_lock(&shelf->applying);
    atomic_store(&watched, &shelf->applying);
    assert_int_equal(pthread_create(&thread, NULL, apply_as_alice, &waiting), 0);
    while (atomic_load(&comers) == 0) {
        (void)sched_yield();
    }
    atomic_store(&watched, NULL);
    shelve(lab, POLICY_ALICE_NO_ADMIN, 2);
    pthread_mutex_unlock(&shelf->applying);
    assert_int_equal(pthread_join(thread, NULL), 0);
    lab_verdict(waiting.answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(waiting.answer.reply.code, "V-1802");
    vouch_authority_close(waiting.authority);
}

// --- who is waited for

// What an administrator began is done when they stop being one.
static void applying_waits_for_the_asks_of_administrators(void **state) {
    struct lab *lab = *state;
    struct person alice = person_set_up(lab, "alice");
    struct vouch_local *self = (void *)lab->admin;
    struct vouch_who who;
    struct vouch_reply reply;
    person_session(lab, &alice, 60, 60, 60);
    const struct vouch_caller caller = person_caller(&alice);
    lab->office->policies.settle_ns = 1000000;
    test_ok(vouch_identify(self, &caller, VOUCH_MAY_ADMIN, &who, &reply, &fault));
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    assert_int_equal(vouch_policy_settle(lab->office, 2, NULL, NULL), VOUCH_ERR_TIMEOUT);
    vouch_standing_end(self);
    test_ok(vouch_policy_settle(lab->office, 2, NULL, &fault));
    test_ok(vouch_identify(self, &caller, VOUCH_MAY_AUDIT, &who, &reply, &fault));
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    test_ok(vouch_policy_settle(lab->office, 2, NULL, &fault)); // readers change nothing
    const struct vouch_ask_accounts ask = {0};
    struct vouch_answer_accounts answer;
    test_ok(vouch_authority_accounts(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    test_ok(vouch_policy_settle(lab->office, 2, NULL, &fault)); // an ask that is over neither
}

// --- what is made up for

static void what_could_not_follow_follows_with_the_next(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    struct vouch_local *self = (void *)lab->admin;
    const struct vouch_caller caller = lab_local();
    uint64_t version = 0;
    person_enter(lab, &bob);
    uint64_t serial = get_cert(lab, &bob).serial;
    const struct vouch_policy *held =
        vouch_policy_hold(self, &version); // somebody is at work by it
    const struct vouch_ask_policy_apply ask = {.text = vouch_bytes_of(PERSON_POLICY_BOB_DISABLED),
                                               .what = VOUCH_POLICY_APPLY,
                                               .expect = version};
    struct vouch_answer_policy_apply answer;
    struct vouch_fault why = {0};
    lab->office->policies.settle_ns = 1000000;
    int err = vouch_authority_policy_apply(lab->admin, &caller, &ask, &answer, &why);
    assert_int_equal(err, VOUCH_ERR_TIMEOUT);
    assert_string_equal(why.kind->code, "V-1808");
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_UNKNOWN); // it holds all the same
    assert_false(is_revoked(lab, serial));
    vouch_policy_release(self, held);
    apply_with(lab, "{name: bob}", "{name: bob, login: robert, state: disabled}");
    assert_true(is_revoked(lab, serial));
    assert_int_equal(person_row(lab, "bob").sessions, 0);
}

// Their certificates last longer than they do: whoever disables them afterwards means those.
static void a_user_who_has_ended_and_is_disabled_loses_certificates(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob");
    char row[128], end[VOUCH_TIME_TEXT_MAX];
    person_enter(lab, &bob);
    uint64_t serial = get_cert(lab, &bob).serial;
    vouch_time_utc(vouch_time_now_s() + 2, end);
    (void)snprintf(row, sizeof row, "{name: bob, until: '%s'}", end);
    apply_with(lab, "{name: bob}", row);
    assert_false(is_revoked(lab, serial));
    while (person_verdict(lab, &bob) == VOUCH_VERDICT_DONE) {
        assert_int_equal(usleep(50000), 0);
    }
    apply_with(lab, "{name: bob}", "{name: bob, state: disabled}");
    assert_true(is_revoked(lab, serial));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, person_lab_begin, lab_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(whoever_waited_to_apply_is_looked_at_again),
        TEST(applying_waits_for_the_asks_of_administrators),
        TEST(what_could_not_follow_follows_with_the_next),
        TEST(a_user_who_has_ended_and_is_disabled_loses_certificates),
    };
    return cmocka_run_group_tests_name("authority/follow", tests, NULL, NULL);
}
