// SPDX-License-Identifier: ISC
// The failure sweep: the n-th allocation, and the n-th write or sync of the database, of whoever asks
// fails, for every n. No session, certificate or code is given without its record, nothing is half
// there, and what was cut short is made up for before anything else can change it.
//
// The functions below stand in the place of the system's, for the database's library too. The ledger is
// written by a thread of its own, which they leave alone.
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "authority/office.h"
#include "authority/test-company.h"
#include "authority/test-person.h"
#include "base/test-failing.h"
#include "identity/test-passkey-device.h"
#include "store/sessions.h"
#include "store/tries.h"

static _Thread_local long disk_left; // writes of this thread until one fails; 0: none does
static _Thread_local long disk_seen;

static int disk_fails(void) {
    disk_seen++;
    return disk_left != 0 && --disk_left == 0;
}

#define IN_PLACE_OF(name) __asm__(name) __attribute__((visibility("default")))
ssize_t write_at(int fd, const void *content, size_t len, off64_t offset) IN_PLACE_OF("pwrite64");
int sync_data(int fd) IN_PLACE_OF("fdatasync");

ssize_t write_at(int fd, const void *content, size_t len, off64_t offset) {
    if (disk_fails()) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, content, len, offset);
}

int sync_data(int fd) {
    if (disk_fails()) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

// --- the sweep

enum what { MEMORY, DISK };

// Who asks: a new handle each time, which has no memory yet.
static struct vouch_authority *asker;

static void arm(struct lab *lab, enum what what, long nth) {
    test_ok(vouch_office_attach(lab->office, vouch_office_admin_seat(lab->office), &asker, &fault));
    disk_left = what == DISK ? nth : 0;
    disk_seen = 0;
    failing_arm_here(FAIL_MEMORY, what == MEMORY ? nth : 0);
}

// Nonzero if there were so many calls that number `nth` was among them. Of the answer nothing may be read
// any more that it borrowed.
static int disarm(enum what what, long nth) {
    long seen = what == MEMORY ? failing_seen(FAIL_MEMORY) : disk_seen;
    failing_disarm();
    disk_left = 0;
    vouch_authority_close(asker);
    asker = NULL;
    return seen >= nth;
}

// One time in which call number `nth` fails; nonzero while there are as many calls.
typedef int once_fn(struct lab *lab, enum what what, long nth);

static void sweep(struct lab *lab, once_fn *once) {
    for (enum what what = MEMORY; what <= DISK; what++) {
        long nth = 1;
        while (once(lab, what, nth)) {
            nth += nth > 24 && getenv("VOUCH_LONG") == NULL ? 5 : 1;
            assert_true(nth < 2000);
        }
        assert_true(nth > 2);
    }
}

static uint64_t version_of(struct lab *lab) {
    uint64_t version = 0;
    struct vouch_local *self = (void *)lab->admin;
    vouch_policy_release(self, vouch_policy_hold(self, &version));
    assert_int_equal(version, company_version(lab)); // what holds is what is kept
    return version;
}

// --- signing in

static struct person bob;

// As if nobody had tried yet.
static void forget_tries(struct lab *lab) {
    struct vouch_store *store = person_store(lab);
    char who[32];
    (void)snprintf(who, sizeof who, "#%" PRIu64, person_account(store, "bob"));
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_tries_forget(store, vouch_bytes_of(who), &fault));
    test_ok(vouch_store_work_end(store, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    vouch_store_close(store);
}

static int sign_in(struct vouch_authority *authority, const char *source,
                   struct vouch_answer_session *answer) {
    const struct vouch_caller caller = person_unknown(source);
    const struct vouch_ask_sign_in ask = {.user = vouch_bytes_of("bob"),
                                          .password = vouch_bytes_of(PASSWORD),
                                          .factor = VOUCH_FACTOR_TOTP,
                                          .code = vouch_bytes_of(person_code(&bob, 0))};
    return vouch_authority_sign_in(authority, &caller, &ask, answer, NULL);
}

static int sign_in_once(struct lab *lab, enum what what, long nth) {
    char source[32];
    struct vouch_answer_session answer = {0};
    uint64_t before = person_row(lab, "bob").sessions;
    size_t noted = company_events(lab, "session.begin", "bob");
    (void)snprintf(source, sizeof source, "10.%d.%ld.%ld", (int)what, nth / 250, nth % 250);
    forget_tries(lab);
    person_step_passes(lab, "bob");
    arm(lab, what, nth);
    int err = sign_in(asker, source, &answer);
    int goes_on = disarm(what, nth);
    int is_in = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.secret.len > 0, is_in);
    assert_true(goes_on || is_in);
    // One whose end could not be written either was given to nobody, and idles away.
    uint64_t sessions = person_row(lab, "bob").sessions;
    assert_true(sessions >= before + (is_in ? 1 : 0) && sessions <= before + 1);
    assert_true(company_events(lab, "session.begin", "bob") >= noted + (is_in ? 1 : 0));
    return goes_on;
}

static void each_failing_call_of_a_sign_in_lets_nobody_in_unrecorded(void **state) {
    struct lab *lab = *state;
    bob = person_set_up(lab, "bob");
    sweep(lab, sign_in_once);
}

static void a_sign_in_that_cannot_be_recorded_gives_no_session(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_session answer = {0};
    bob = person_set_up(lab, "bob");
    person_step_passes(lab, "bob");
    test_ok(vouch_signer_stop(lab->engine, &fault));
    assert_true(sign_in(lab->admin, "192.0.2.44", &answer) != VOUCH_OK);
    assert_int_equal(answer.secret.len, 0);
    assert_int_equal(answer.reply.verdict, VOUCH_VERDICT_REFUSED);
    assert_int_equal(person_row(lab, "bob").sessions, 0);
}

// --- setting an account up

static int finish_once(struct lab *lab, enum what what, long nth) {
    char link[VOUCH_TOKEN_TEXT_MAX];
    person_link(lab, "bob", link);
    const struct vouch_answer_account_begin begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    person_read_uri(begun.uri, bob.secret);
    const struct vouch_caller caller = person_unknown("192.0.2.45");
    const struct vouch_ask_account_finish ask = {.secret = vouch_bytes_of(link),
                                                 .code = vouch_bytes_of(person_code(&bob, 0))};
    struct vouch_answer_codes answer = {0};
    arm(lab, what, nth);
    int err = vouch_authority_account_finish(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    const struct vouch_account_row row = person_row(lab, "bob");
    int is_done = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.codes.count > 0, is_done);
    assert_int_equal(row.has_password, row.has_totp); // all of it or nothing
    assert_int_equal(row.has_password, row.recovery_left > 0);
    assert_true(!is_done || row.has_password);
    assert_true(!row.has_password || company_events(lab, "account.setup", "bob") > 0);
    assert_true(goes_on || is_done);
    return goes_on;
}

static void each_failing_call_of_a_set_up_keeps_all_of_it_or_nothing(void **state) {
    struct lab *lab = *state;
    bob = (struct person){.name = "bob"};
    sweep(lab, finish_once);
}

// --- passkeys

static struct device device;
static struct device_said said;

static void go_by_a_name(struct lab *lab) {
    lab_close_office(lab);
    lab->address = DEVICE_ORIGIN;
    lab_open(lab);
}

// A link's last step, by a passkey.
static struct vouch_passkey_new made_for(const struct vouch_passkey_question *question) {
    const struct device_told told = {.challenge = question->challenge};
    device_make(&device, &told, &said);
    return (struct vouch_passkey_new){.id = said.id,
                                      .client_data = said.client_data,
                                      .attestation = said.attestation,
                                      .name = vouch_bytes_of("key")};
}

static int finish_by_passkey_once(struct lab *lab, enum what what, long nth) {
    char link[VOUCH_TOKEN_TEXT_MAX], question[VOUCH_PASSKEY_QUESTION_MAX + 1] = "";
    person_link(lab, "bob", link);
    const struct vouch_answer_account_begin begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    const struct vouch_caller caller = person_unknown("192.0.2.45");
    struct vouch_ask_account_finish ask = {.secret = vouch_bytes_of(link),
                                           .factor = VOUCH_FACTOR_PASSKEY,
                                           .passkey = made_for(&begun.question)};
    struct vouch_answer_codes answer = {0};
    memcpy(question, begun.question.question.ptr, begun.question.question.len);
    ask.passkey.question = vouch_bytes_of(question);
    arm(lab, what, nth);
    int err = vouch_authority_account_finish(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    const struct vouch_account_row row = person_row(lab, "bob");
    int is_done = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.codes.count > 0, is_done);
    assert_int_equal(row.has_password, row.passkeys); // all of it or nothing
    assert_int_equal(row.has_totp, 0);
    assert_true(!is_done || row.has_password);
    assert_true(!row.passkeys || company_events(lab, "account.passkey", "bob") > 0);
    assert_true(goes_on || is_done);
    return goes_on;
}

static void each_failing_call_of_a_set_up_by_passkey_keeps_all_of_it_or_nothing(void **state) {
    struct lab *lab = *state;
    go_by_a_name(lab);
    device_begin(&device, VOUCH_COSE_ES256, "u2");
    sweep(lab, finish_by_passkey_once);
    device_end(&device);
}

static struct vouch_passkey_given answer_for(struct lab *lab, char *room) {
    const struct vouch_caller caller = person_unknown("192.0.2.45");
    const struct vouch_ask_passkey_question ask = {.purpose = VOUCH_PASSKEY_FOR_SIGN_IN};
    struct vouch_answer_passkey_question asked;
    test_ok(vouch_authority_passkey_question(lab->admin, &caller, &ask, &asked, &fault));
    lab_verdict(asked, VOUCH_VERDICT_DONE);
    const struct device_told told = {.challenge = asked.question.challenge};
    device_answer(&device, &told, &said);
    memcpy(room, asked.question.question.ptr, asked.question.question.len);
    room[asked.question.question.len] = '\0';
    return (struct vouch_passkey_given){.question = vouch_bytes_of(room),
                                        .id = said.id,
                                        .client_data = said.client_data,
                                        .authdata = said.authdata,
                                        .signature = said.signature,
                                        .handle = said.handle};
}

static int enter_by_passkey_once(struct lab *lab, enum what what, long nth) {
    char question[VOUCH_PASSKEY_QUESTION_MAX + 1];
    struct vouch_answer_session answer = {0};
    const struct vouch_caller caller = person_unknown("192.0.2.45");
    const struct vouch_ask_sign_in ask = {.factor = VOUCH_FACTOR_PASSKEY,
                                          .passkey = answer_for(lab, question)};
    uint64_t before = person_row(lab, "bob").sessions;
    size_t noted = company_events(lab, "session.begin", "bob");
    arm(lab, what, nth);
    int err = vouch_authority_sign_in(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    int is_in = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.secret.len > 0, is_in);
    assert_true(goes_on || is_in);
    uint64_t sessions = person_row(lab, "bob").sessions;
    assert_true(sessions >= before + (is_in ? 1 : 0) && sessions <= before + 1);
    assert_true(company_events(lab, "session.begin", "bob") >= noted + (is_in ? 1 : 0));
    return goes_on;
}

static void each_failing_call_of_a_passkeys_sign_in_lets_nobody_in_unrecorded(void **state) {
    struct lab *lab = *state;
    go_by_a_name(lab);
    struct vouch_store *store = person_store(lab);
    char handle[32];
    (void)snprintf(handle, sizeof handle, "u%" PRIu64, person_account(store, "bob"));
    vouch_store_close(store);
    device_begin(&device, VOUCH_COSE_ES256, handle);
    assert_int_equal(finish_by_passkey_once(lab, MEMORY, 0), 1);
    assert_int_equal(person_row(lab, "bob").passkeys, 1);
    sweep(lab, enter_by_passkey_once);
    device_end(&device);
}

// --- applying a policy

// Somebody is removed, that is cut short, and somebody of the same name comes.
static int apply_once(struct lab *lab, enum what what, long nth) {
    struct person before = {.name = "bob"};
    const struct vouch_caller caller = lab_local();
    uint64_t version = version_of(lab);
    person_session(lab, &before, 600 + (uint64_t)nth, 60 + what, 60);
    assert_int_equal(person_verdict(lab, &before), VOUCH_VERDICT_DONE);
    const struct vouch_ask_policy_apply ask = {.text = vouch_bytes_of(PERSON_POLICY_BOB_GONE),
                                               .what = VOUCH_POLICY_APPLY,
                                               .expect = version};
    struct vouch_answer_policy_apply answer = {0};
    arm(lab, what, nth);
    int err = vouch_authority_policy_apply(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    uint64_t after = version_of(lab);
    assert_true(after == version || after == version + 1);
    assert_int_equal(answer.version, err == VOUCH_OK ? after : 0);
    assert_true(err == VOUCH_OK || goes_on);
    (void)person_policy(lab, PERSON_POLICY);
    assert_int_equal(person_verdict(lab, &before),
                     after == version ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_UNKNOWN);
    return goes_on;
}

static void each_failing_call_of_applying_is_made_up_for_by_the_next(void **state) {
    sweep(*state, apply_once);
}

// --- certificates by the policy

static size_t count_certs(struct lab *lab) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_certs ask = {.page = {.limit = 200},
                                        .actor = vouch_bytes_of("user:alice")};
    struct vouch_answer_certs answer;
    lab_settle(lab);
    test_ok(vouch_authority_certs(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

static int access_once(struct lab *lab, enum what what, long nth) {
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    const struct vouch_ask_access ask = company_ask(lab, "dev");
    struct vouch_answer_access answer = {0};
    size_t before = count_certs(lab);
    arm(lab, what, nth);
    int err = vouch_authority_access(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    int is_granted = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.cert.serial != 0, is_granted);
    assert_int_equal(answer.cert.cert.len > 0, is_granted);
    assert_true(is_granted || goes_on);
    assert_true(count_certs(lab) >= before + (is_granted ? 1 : 0) || before >= 199);
    return goes_on;
}

static void each_failing_call_of_access_gives_nothing_unrecorded(void **state) {
    struct lab *lab = *state;
    for (long nth = 1; access_once(lab, MEMORY, nth); nth++) { // it writes nothing of the database
        assert_true(nth < 500);
    }
}

static int approve_once(struct lab *lab, enum what what, long nth) {
    uint64_t id = company_request(lab, "alice", "dba");
    char object[24];
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_caller caller = company_caller(lab, "bob", 60);
    const struct vouch_ask_request_decide ask = {.id = id, .verb = VOUCH_REQUEST_APPROVE};
    struct vouch_answer_request answer = {0};
    (void)snprintf(object, sizeof object, "%" PRIu64, id);
    arm(lab, what, nth);
    int err = vouch_authority_request_decide(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    const struct vouch_store_request kept = company_kept(lab, id, &arena);
    int is_approved = kept.state == VOUCH_STORE_REQUEST_APPROVED;
    assert_int_equal(kept.approvers.count, is_approved);
    assert_true(!is_approved || company_events(lab, "request.approve", object) == 1);
    assert_true(err == VOUCH_OK ? is_approved : goes_on);
    (void)company_decide(lab, "alice", id, VOUCH_REQUEST_CANCEL);
    return goes_on;
}

static void each_failing_call_of_an_approval_leaves_it_whole_or_undone(void **state) {
    sweep(*state, approve_once);
}

static int take_once(struct lab *lab, enum what what, long nth) {
    uint64_t id = company_request(lab, "alice", "dba");
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    const struct vouch_ask_request_take ask = {.id = id};
    struct vouch_answer_cert answer = {0};
    size_t before = count_certs(lab);
    struct vouch_answer_request decided = company_decide(lab, "bob", id, VOUCH_REQUEST_APPROVE);
    lab_verdict(decided, VOUCH_VERDICT_DONE);
    arm(lab, what, nth);
    int err = vouch_authority_request_take(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    int is_granted = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_int_equal(answer.row.serial != 0, is_granted);
    assert_true(is_granted || goes_on);
    int is_taken = company_kept(lab, id, &arena).state == VOUCH_STORE_REQUEST_TAKEN;
    assert_true(is_taken || !is_granted);
    struct vouch_answer_cert again = company_take(lab, "alice", id);
    lab_verdict(again, is_taken ? VOUCH_VERDICT_CONFLICT : VOUCH_VERDICT_DONE);
    assert_true(count_certs(lab) <= before + 1); // once, whatever happened
    return goes_on;
}

static void each_failing_call_of_taking_gives_one_certificate_at_most(void **state) {
    sweep(*state, take_once);
}

// --- rotating a CA key

static enum vouch_rotation_phase phase_of(struct lab *lab) {
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    return vouch_cas_phase(&cas, 0);
}

// The steps that were recorded between distribute and drain, back and forth.
static size_t count_steps(struct lab *lab) {
    return company_events(lab, "ca.key.switch", "user") +
           company_events(lab, "ca.key.back", "user");
}

static uint64_t public_trust(struct lab *lab) {
    pthread_mutex_lock(&lab->office->public_lock);
    uint64_t version = lab->office->trust_version;
    pthread_mutex_unlock(&lab->office->public_lock);
    return version;
}

static int rotate_once(struct lab *lab, enum what what, long nth) {
    const struct vouch_caller caller = lab_local();
    const enum vouch_rotation_phase before = phase_of(lab);
    const enum vouch_rotation_phase after =
        before == VOUCH_ROTATION_DRAIN ? VOUCH_ROTATION_DISTRIBUTE : VOUCH_ROTATION_DRAIN;
    const struct vouch_ask_rotate ask = {
        .use = VOUCH_CERT_USER,
        .move = before == VOUCH_ROTATION_DRAIN ? VOUCH_ROTATION_BACK : VOUCH_ROTATION_ADVANCE};
    struct vouch_answer_rotate answer = {0};
    const size_t noted = count_steps(lab);
    const uint64_t trust = public_trust(lab);
    arm(lab, what, nth);
    int err = vouch_authority_rotate(asker, &caller, &ask, &answer, NULL);
    int goes_on = disarm(what, nth);
    int is_done = err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE;
    assert_true(is_done || goes_on);
    if (!is_done) { // whoever asked got no answer: the clerk does this a moment later
        test_ok(vouch_cas_refresh((void *)lab->admin, &fault));
    }
    const enum vouch_rotation_phase now = phase_of(lab);
    const int is_made = now == after;
    assert_true(is_made || (now == before && !is_done));
    assert_int_equal(public_trust(lab) != trust, is_made);
    const uint64_t until_ns = vouch_time_monotonic_ns() + UINT64_C(10) * 1000000000;
    while (count_steps(lab) - noted != (is_made ? 1 : 0)) { // made and recorded, or neither
        assert_true(vouch_time_monotonic_ns() < until_ns);
        usleep(10000);
    }
    return goes_on;
}

static void each_failing_call_of_a_rotation_makes_the_step_or_leaves_it(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_rotate start = {.use = VOUCH_CERT_USER, .move = VOUCH_ROTATION_START};
    struct vouch_answer_rotate answer;
    test_ok(vouch_authority_rotate(lab->admin, &caller, &start, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    long nth = 1; // of memory: of the database these two steps write nothing
    while (rotate_once(lab, MEMORY, nth)) {
        nth += nth > 24 && getenv("VOUCH_LONG") == NULL ? 5 : 1;
        assert_true(nth < 2000);
    }
    assert_true(nth > 50);
}

#define PEOPLE(test) cmocka_unit_test_setup_teardown(test, person_lab_begin, lab_end)
#define COMPANY(test) cmocka_unit_test_setup_teardown(test, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        PEOPLE(each_failing_call_of_a_sign_in_lets_nobody_in_unrecorded),
        PEOPLE(a_sign_in_that_cannot_be_recorded_gives_no_session),
        PEOPLE(each_failing_call_of_a_set_up_keeps_all_of_it_or_nothing),
        PEOPLE(each_failing_call_of_a_set_up_by_passkey_keeps_all_of_it_or_nothing),
        PEOPLE(each_failing_call_of_a_passkeys_sign_in_lets_nobody_in_unrecorded),
        PEOPLE(each_failing_call_of_applying_is_made_up_for_by_the_next),
        COMPANY(each_failing_call_of_access_gives_nothing_unrecorded),
        COMPANY(each_failing_call_of_an_approval_leaves_it_whole_or_undone),
        COMPANY(each_failing_call_of_taking_gives_one_certificate_at_most),
        COMPANY(each_failing_call_of_a_rotation_makes_the_step_or_leaves_it),
    };
    return cmocka_run_group_tests_name("authority/failure", tests, NULL, NULL);
}
