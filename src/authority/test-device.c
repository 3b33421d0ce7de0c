// SPDX-License-Identifier: ISC
// Signing in by browser: a program asks, somebody compares and decides, the program gets its session; and all of
// that taken back. RFC 8628 5.1, 5.2 and 5.4: codes that are guessed, copied and passed on.
#include <inttypes.h>
#include <string.h>

#include "authority/test-person.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define MARK "0123456789abcdef"
#define HERE "192.0.2.31"

// The clock that the authority sees is ahead by so much.
static uint64_t ahead_s;
uint64_t __real_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void) {
    return __real_vouch_time_now_s() + ahead_s;
}
uint64_t __real_vouch_time_now_ms(void);
uint64_t __wrap_vouch_time_now_ms(void);
uint64_t __wrap_vouch_time_now_ms(void) {
    return __real_vouch_time_now_ms() + ahead_s * 1000;
}

static int begin(void **state) {
    ahead_s = 0;
    return person_lab_begin(state);
}

// --- what the tests do again and again

struct program {
    char secret[VOUCH_TOKEN_TEXT_MAX], code[VOUCH_DEVICE_CODE_LEN + 1], back[VOUCH_TOKEN_TEXT_MAX];
};

static void copy(struct vouch_bytes text, char *room) {
    if (text.len > 0) {
        memcpy(room, text.ptr, text.len);
    }
    room[text.len] = '\0';
}

static struct vouch_ask_device_new question(uint64_t port) {
    struct vouch_ask_device_new ask = {.machine = vouch_bytes_of("laptop"),
                                       .os = vouch_bytes_of("Debian GNU/Linux 12"),
                                       .version = vouch_bytes_of("vouch 1.0"),
                                       .port = port,
                                       .mark = vouch_bytes_of(port != 0 ? MARK : "")};
    uint8_t digest[VOUCH_HASH_MAX];
    assert_int_equal(vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_bytes_of(VERIFIER), digest), 32);
    memcpy(ask.challenge, digest, sizeof ask.challenge);
    return ask;
}

static struct vouch_answer_device_new ask_from(struct lab *lab, const char *source,
                                               const struct vouch_ask_device_new *ask) {
    const struct vouch_caller caller = person_unknown(source);
    struct vouch_answer_device_new answer;
    test_ok(vouch_authority_device_new(lab->admin, &caller, ask, &answer, &fault));
    return answer;
}

static struct program start(struct lab *lab, uint64_t port) {
    struct program program = {0};
    const struct vouch_ask_device_new ask = question(port);
    struct vouch_answer_device_new answer = ask_from(lab, HERE, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    copy(answer.secret, program.secret);
    copy(answer.code, program.code);
    return program;
}

static struct vouch_answer_device act_as(struct lab *lab, const struct person *person,
                                         const char *code, enum vouch_device_verb verb) {
    struct vouch_caller caller = person_caller(person);
    caller.source = vouch_bytes_of(HERE);
    const struct vouch_ask_device ask = {.code = vouch_bytes_of(code), .verb = verb};
    struct vouch_answer_device answer;
    test_ok(vouch_authority_device(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static void approve(struct lab *lab, const struct person *person, struct program *program) {
    struct vouch_answer_device answer = act_as(lab, person, program->code, VOUCH_DEVICE_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.row.state, VOUCH_DEVICE_APPROVED);
    copy(answer.row.back, program->back);
}

static struct vouch_answer_session come(struct vouch_authority *authority,
                                        const struct program *program, const char *verifier) {
    const struct vouch_caller caller = person_unknown(HERE);
    const struct vouch_ask_device_session ask = {.secret = vouch_bytes_of(program->secret),
                                                 .verifier = vouch_bytes_of(verifier),
                                                 .back = vouch_bytes_of(program->back)};
    struct vouch_answer_session answer;
    test_ok(vouch_authority_device_session(authority, &caller, &ask, &answer, &fault));
    return answer;
}

static void refused(struct lab *lab, const struct program *program, const char *code) {
    ahead_s += VOUCH_DEVICE_INTERVAL_S;
    struct vouch_answer_session answer = come(lab->admin, program, VERIFIER);
    assert_int_not_equal(answer.reply.verdict, VOUCH_VERDICT_DONE);
    assert_string_equal(answer.reply.code, code);
    assert_int_equal(answer.secret.len, 0);
}

static struct person bob_signed_in(struct lab *lab) {
    struct person bob = person_set_up(lab, "bob");
    person_enter(lab, &bob);
    return bob;
}

static struct vouch_cert_row get_access(struct lab *lab, const struct person *person) {
    const struct vouch_caller caller = person_caller(person);
    const struct vouch_key *key = vouch_private_key_public(lab->subject);
    const struct vouch_ask_access ask = {.zone = vouch_bytes_of("prod"),
                                         .key = vouch_key_blob(key)};
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

static size_t events(struct lab *lab, const char *type) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_audit ask = {.page = {.limit = 200}, .type = vouch_bytes_of(type)};
    struct vouch_answer_audit answer;
    lab_settle(lab);
    test_ok(vouch_authority_audit(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

// --- from asking to a session

static void a_program_gets_a_session_of_its_own(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab), program_of_bob = {.name = "bob"};
    struct program program = start(lab, 0);
    refused(lab, &program, "V-2020");
    struct vouch_answer_device shown = act_as(lab, &bob, program.code, VOUCH_DEVICE_LOOK);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.row.state, VOUCH_DEVICE_WAITING);
    assert_true(vouch_bytes_equal(shown.row.machine, vouch_bytes_of("laptop")));
    assert_int_equal(shown.row.differs, 0);
    approve(lab, &bob, &program);
    assert_string_equal(program.back, "");
    ahead_s += VOUCH_DEVICE_INTERVAL_S;
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(answer.row.user, vouch_bytes_of("bob")));
    assert_true(vouch_bytes_equal(answer.row.methods, vouch_bytes_of("password+totp")));
    assert_true(
        vouch_bytes_equal(answer.row.client, vouch_bytes_of("laptop (Debian GNU/Linux 12)")));
    assert_true(answer.row.factor_s < answer.row.created_s); // when it was given, not now
    person_keep_session(&program_of_bob, &answer);
    assert_int_not_equal(program_of_bob.session_id, bob.session_id);
    assert_int_equal(person_verdict(lab, &program_of_bob), VOUCH_VERDICT_DONE);
    refused(lab, &program, "V-2023"); // once
    assert_int_equal(events(lab, "device.ask"), 1);
    assert_int_equal(events(lab, "device.approve"), 1);
}

// The form of this that is sent to others: without the browser's code on the machine itself it is good for
// nothing.
static void a_loopback_needs_what_the_browser_brings(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    assert_int_equal(strncmp(program.back, VOUCH_DEVICE_BACK_PREFIX, 7), 0);
    struct program without = program, wrong = program;
    without.back[0] = '\0';
    wrong.back[20] = wrong.back[20] == 'A' ? 'B' : 'A';
    refused(lab, &without, "V-2026");
    refused(lab, &wrong, "V-2023");
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    refused(lab, &program, "V-2023");
}

// RFC 7636: who overhears the code has not the verifier.
static void a_wrong_verifier_is_as_good_as_an_unknown_secret(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000), unknown = program;
    approve(lab, &bob, &program);
    unknown = program;
    unknown.secret[10] = unknown.secret[10] == 'A' ? 'B' : 'A';
    struct vouch_answer_session wrong = come(lab->admin, &program, VERIFIER "x");
    struct vouch_reply first = wrong.reply;
    struct vouch_answer_session strange = come(lab->admin, &unknown, VERIFIER);
    assert_memory_equal(&first, &strange.reply, sizeof first);
    assert_string_equal(first.code, "V-2023");
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void who_asks_too_soon_is_told_to_wait(void **state) {
    struct lab *lab = *state;
    struct program program = start(lab, 0);
    refused(lab, &program, "V-2020");
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_BUSY);
    assert_string_equal(answer.reply.code, "V-2021");
    assert_int_equal(answer.reply.retry_after_s, VOUCH_DEVICE_INTERVAL_S);
    refused(lab, &program, "V-2020");
}

struct taker {
    struct vouch_authority *authority;
    const struct program *program;
    enum vouch_verdict verdict;
};

static void *take_one(void *context) {
    struct taker *taker = context;
    taker->verdict = come(taker->authority, taker->program, VERIFIER).reply.verdict;
    return NULL;
}

static void two_that_come_at_once_get_one_session(void **state) {
    struct lab *lab = *state;
    struct taker takers[2];
    pthread_t threads[2];
    struct person bob = bob_signed_in(lab);
    lab_serve(lab, 2);
    for (unsigned round = 0; round < 8; round++) {
        struct program program = start(lab, 40000);
        approve(lab, &bob, &program);
        for (size_t i = 0; i < 2; i++) {
            takers[i] = (struct taker){lab->remotes[i], &program, VOUCH_VERDICT_BUSY};
            assert_int_equal(pthread_create(&threads[i], NULL, take_one, &takers[i]), 0);
        }
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        assert_int_not_equal(takers[0].verdict == VOUCH_VERDICT_DONE,
                             takers[1].verdict == VOUCH_VERDICT_DONE);
    }
    lab_serve_end(lab);
}

// --- who may decide, and when

static void a_denied_program_is_told_so(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 0);
    struct vouch_answer_device answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_DENY);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    refused(lab, &program, "V-2022");
    answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
    assert_string_equal(answer.reply.code, "V-2028");
    answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_UNDO);
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
    assert_int_equal(events(lab, "device.deny"), 1);
}

static void it_waits_for_ten_minutes(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 0);
    ahead_s += VOUCH_DEVICE_TTL_S - 10;
    refused(lab, &program, "V-2020");
    ahead_s += 10;
    refused(lab, &program, "V-2023");
    struct vouch_answer_device answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    assert_string_equal(answer.reply.code, "V-2024");
}

static void approving_needs_a_fresh_factor_that_is_no_recovery_code(void **state) {
    struct lab *lab = *state;
    struct person bob = person_set_up(lab, "bob"), stale = {.name = "bob"};
    struct program program = start(lab, 0);
    person_session(lab, &stale, 3600, 60, 301);
    struct vouch_answer_device answer = act_as(lab, &stale, program.code, VOUCH_DEVICE_LOOK);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    answer = act_as(lab, &stale, program.code, VOUCH_DEVICE_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1886");
    const struct sign_in by_recovery = RECOVERY("bob", bob.codes[0], NULL);
    struct vouch_answer_session entered = person_try(lab->admin, &by_recovery);
    lab_verdict(entered, VOUCH_VERDICT_DONE);
    person_keep_session(&stale, &entered);
    answer = act_as(lab, &stale, program.code, VOUCH_DEVICE_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    refused(lab, &program, "V-2020");
}

static void only_people_decide(void **state) {
    struct lab *lab = *state;
    struct program program = start(lab, 0);
    const struct vouch_caller callers[] = {lab_local(), person_unknown(HERE)};
    const struct vouch_ask_device ask = {.code = vouch_bytes_of(program.code),
                                         .verb = VOUCH_DEVICE_APPROVE};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_answer_device answer;
        test_ok(vouch_authority_device(lab->admin, &callers[i], &ask, &answer, &fault));
        assert_int_not_equal(answer.reply.verdict, VOUCH_VERDICT_DONE);
    }
    refused(lab, &program, "V-2020");
}

static void what_somebody_decided_is_theirs_alone(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab), eve = person_set_up(lab, "eve");
    struct program program = start(lab, 0);
    person_enter(lab, &eve);
    approve(lab, &bob, &program);
    static const enum vouch_device_verb verbs[] = {VOUCH_DEVICE_LOOK, VOUCH_DEVICE_APPROVE,
                                                   VOUCH_DEVICE_DENY, VOUCH_DEVICE_UNDO};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct vouch_answer_device answer = act_as(lab, &eve, program.code, verbs[i]);
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    }
    ahead_s += VOUCH_DEVICE_INTERVAL_S;
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void codes_are_taken_as_people_write_them(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 0);
    char written[16];
    (void)snprintf(written, sizeof written, "%.4s-%.4s", program.code, program.code + 4);
    for (char *c = written; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' ? *c | 0x20 : *c);
    }
    struct vouch_answer_device answer = act_as(lab, &bob, written, VOUCH_DEVICE_LOOK);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// RFC 8628 5.1.
static void five_wrong_codes_must_wait_and_right_ones_need_not(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 0);
    struct vouch_answer_device answer;
    for (unsigned i = 0; i < 8; i++) {
        answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_LOOK);
        lab_verdict(answer, VOUCH_VERDICT_DONE);
    }
    static const char *const wrong[] = {"BCDFGHJK", "AEIOUAEI", "BCDF", "", "BCDFGHJKL"};
    for (unsigned i = 0; i < 5; i++) {
        answer = act_as(lab, &bob, wrong[i], VOUCH_DEVICE_LOOK);
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    }
    answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_LOOK);
    lab_verdict(answer, VOUCH_VERDICT_BUSY);
    assert_true(answer.reply.retry_after_s > 200);
    ahead_s += 300;
    answer = act_as(lab, &bob, program.code, VOUCH_DEVICE_LOOK);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void the_addresses_are_compared(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    static const struct {
        const char *program, *browser;
        uint64_t differs;
    } rows[] = {{HERE, HERE, 0},
                {HERE, "192.0.2.32", 1},
                {"2001:db8:1:2::7", "2001:db8:1:2::8", 0}, // one machine has many of these
                {"2001:db8:1:2::7", "2001:db8:1:3::7", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_ask_device_new ask = question(0);
        struct vouch_caller caller = person_caller(&bob);
        char code[VOUCH_DEVICE_CODE_LEN + 1];
        struct vouch_answer_device_new asked = ask_from(lab, rows[i].program, &ask);
        lab_verdict(asked, VOUCH_VERDICT_DONE);
        copy(asked.code, code);
        caller.source = vouch_bytes_of(rows[i].browser);
        const struct vouch_ask_device look = {.code = vouch_bytes_of(code)};
        struct vouch_answer_device answer;
        test_ok(vouch_authority_device(lab->admin, &caller, &look, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_DONE);
        assert_int_equal(answer.row.differs, rows[i].differs);
        assert_true(vouch_bytes_equal(answer.row.source, vouch_bytes_of(rows[i].program)));
        assert_true(vouch_bytes_equal(answer.row.here, vouch_bytes_of(rows[i].browser)));
    }
}

// --- asking within bounds

static void an_address_may_ask_so_often(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_device_new ask = question(0);
    for (unsigned i = 0; i < 10; i++) {
        struct vouch_answer_device_new answer = ask_from(lab, HERE, &ask);
        lab_verdict(answer, VOUCH_VERDICT_DONE);
    }
    struct vouch_answer_device_new answer = ask_from(lab, HERE, &ask);
    lab_verdict(answer, VOUCH_VERDICT_BUSY);
    assert_true(answer.reply.retry_after_s > 0);
    answer = ask_from(lab, "192.0.2.99", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// People behind one address do not stand in each other's way.
static void what_comes_to_a_good_end_is_not_counted(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    for (unsigned i = 0; i < 14; i++) {
        struct program program = start(lab, 40000);
        approve(lab, &bob, &program);
        struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
        lab_verdict(answer, VOUCH_VERDICT_DONE);
    }
}

static void what_a_program_says_of_itself_has_its_bounds(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_device_new asks[7];
    static const char *const fields[] = {"client.host", "client.os", "client.version", "port",
                                         "state",       "state",     "state"};
    for (size_t i = 0; i < 7; i++) {
        asks[i] = question(i < 4 ? 0 : 40000);
    }
    asks[0].machine = vouch_bytes_of("");
    asks[1].os = vouch_bytes_of("Debian\n12");
    asks[2].version = vouch_bytes_of("\xe2\x80\xae"); // turns what follows around
    asks[3].port = 80;
    asks[4].mark = vouch_bytes_of("");
    asks[5].mark = vouch_bytes_of("0123456789abcde&");
    asks[6].port = 0;
    for (size_t i = 0; i < 7; i++) {
        struct vouch_answer_device_new answer = ask_from(lab, HERE, &asks[i]);
        lab_verdict(answer, VOUCH_VERDICT_INVALID);
        assert_string_equal(answer.reply.field, fields[i]);
    }
}

// --- what ends it

static void a_disabled_user_gets_no_session(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    (void)person_policy(lab, PERSON_POLICY_BOB_DISABLED);
    refused(lab, &program, "V-2023");
    (void)person_policy(lab, PERSON_POLICY); // nor when they come back: their session is gone
    refused(lab, &program, "V-2023");
}

static void an_approval_is_no_better_than_the_session_that_gave_it(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    const struct vouch_caller caller = person_caller(&bob);
    const struct vouch_ask_session_end ask = {.which = VOUCH_SESSION_THIS};
    struct vouch_answer_ended ended;
    test_ok(vouch_authority_session_end(lab->admin, &caller, &ask, &ended, &fault));
    lab_verdict(ended, VOUCH_VERDICT_DONE);
    refused(lab, &program, "V-2023");
}

static void undoing_ends_the_session_and_revokes_what_it_got(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab), program_of_bob = {.name = "bob"};
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    struct vouch_answer_session answer = come(lab->admin, &program, VERIFIER);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    person_keep_session(&program_of_bob, &answer);
    uint64_t own = get_access(lab, &bob).serial;
    uint64_t first = get_access(lab, &program_of_bob).serial;
    uint64_t second = get_access(lab, &program_of_bob).serial;
    struct vouch_answer_device undone = act_as(lab, &bob, program.code, VOUCH_DEVICE_UNDO);
    lab_verdict(undone, VOUCH_VERDICT_DONE);
    assert_int_equal(undone.row.revoked, 2);
    assert_int_equal(undone.row.state, VOUCH_DEVICE_UNDONE);
    assert_int_equal(person_verdict(lab, &program_of_bob), VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(person_verdict(lab, &bob), VOUCH_VERDICT_DONE);
    assert_true(is_revoked(lab, first));
    assert_true(is_revoked(lab, second));
    assert_false(is_revoked(lab, own));
    undone = act_as(lab, &bob, program.code, VOUCH_DEVICE_UNDO); // again is no harm
    lab_verdict(undone, VOUCH_VERDICT_DONE);
    assert_int_equal(undone.row.revoked, 0);
    assert_int_equal(events(lab, "device.undo"), 2);
}

static void undoing_before_the_program_came_leaves_it_nothing(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    struct vouch_answer_device undone = act_as(lab, &bob, program.code, VOUCH_DEVICE_UNDO);
    lab_verdict(undone, VOUCH_VERDICT_DONE);
    refused(lab, &program, "V-2022");
}

static void it_can_be_undone_for_a_day(void **state) {
    struct lab *lab = *state;
    struct person bob = bob_signed_in(lab);
    struct program program = start(lab, 40000);
    approve(lab, &bob, &program);
    ahead_s += 40000; // less than the session may be unused
    struct vouch_answer_device shown = act_as(lab, &bob, program.code, VOUCH_DEVICE_LOOK);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_true(shown.row.expires_s - shown.row.created_s >= VOUCH_DEVICE_UNDO_S);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, lab_end)
    const struct CMUnitTest tests[] = {
        TEST(a_program_gets_a_session_of_its_own),
        TEST(a_loopback_needs_what_the_browser_brings),
        TEST(a_wrong_verifier_is_as_good_as_an_unknown_secret),
        TEST(who_asks_too_soon_is_told_to_wait),
        TEST(two_that_come_at_once_get_one_session),
        TEST(a_denied_program_is_told_so),
        TEST(it_waits_for_ten_minutes),
        TEST(approving_needs_a_fresh_factor_that_is_no_recovery_code),
        TEST(only_people_decide),
        TEST(what_somebody_decided_is_theirs_alone),
        TEST(codes_are_taken_as_people_write_them),
        TEST(five_wrong_codes_must_wait_and_right_ones_need_not),
        TEST(the_addresses_are_compared),
        TEST(an_address_may_ask_so_often),
        TEST(what_comes_to_a_good_end_is_not_counted),
        TEST(what_a_program_says_of_itself_has_its_bounds),
        TEST(a_disabled_user_gets_no_session),
        TEST(an_approval_is_no_better_than_the_session_that_gave_it),
        TEST(undoing_ends_the_session_and_revokes_what_it_got),
        TEST(undoing_before_the_program_came_leaves_it_nothing),
        TEST(it_can_be_undone_for_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
