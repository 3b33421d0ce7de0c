// SPDX-License-Identifier: ISC
// What cannot be undone about a CA key: two people, one thing, one time, and nothing without a record.
#include "authority/test-company.h"

#include "authority/office.h"
#include "authority/proposal.h"

#define ADMINS "members: [root-of-all]"
#define REASON "the rotation of 2026"

// The clock is ahead by so much; events of that kind cannot be recorded.
static uint64_t ahead_s;
static const char *broken;

uint64_t __real_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void) {
    return __real_vouch_time_now_s() + ahead_s;
}

int __real_vouch_seat_note(struct vouch_local *authority, const struct vouch_signer_event *event,
                           struct vouch_signer_noted *ret_noted, struct vouch_fault *fault);
int __wrap_vouch_seat_note(struct vouch_local *authority, const struct vouch_signer_event *event,
                           struct vouch_signer_noted *ret_noted, struct vouch_fault *fault);
int __wrap_vouch_seat_note(struct vouch_local *authority, const struct vouch_signer_event *event,
                           struct vouch_signer_noted *ret_noted, struct vouch_fault *fault) {
    if (broken != NULL && vouch_bytes_equal(event->type, vouch_bytes_of(broken))) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_signer_state, "a test");
    }
    return __real_vouch_seat_note(authority, event, ret_noted, fault);
}

static int begin(void **state) {
    ahead_s = 0;
    broken = NULL;
    assert_int_equal(company_begin(state), 0);
    company_change(*state, ADMINS, "members: [root-of-all, alice, bob]");
    return 0;
}

// --- keys

static struct vouch_office_ca key_in(struct lab *lab, enum vouch_ca_key_state state) {
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    for (size_t i = 0; i < cas.count; i++) {
        if (cas.rows[i].use == VOUCH_CERT_USER && cas.rows[i].state == state) {
            return cas.rows[i];
        }
    }
    fail_msg("no user CA key in state %d", (int)state);
    return (struct vouch_office_ca){0};
}

static enum vouch_rotation_phase phase(struct lab *lab) {
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    return vouch_cas_phase(&cas, 0);
}

static struct vouch_answer_rotate rotate_by(struct lab *lab, const struct vouch_caller *caller,
                                            const struct vouch_ask_rotate *ask,
                                            enum vouch_verdict wanted) {
    struct vouch_answer_rotate answer;
    test_ok(vouch_authority_rotate(lab->admin, caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

static void step(struct lab *lab, enum vouch_rotation_move move) {
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    const struct vouch_ask_rotate ask = {.use = VOUCH_CERT_USER, .move = move, .is_hurried = 1};
    (void)rotate_by(lab, &caller, &ask, VOUCH_VERDICT_DONE);
}

// The old user CA key is removed: the next step destroys it.
static struct vouch_office_ca removed(struct lab *lab) {
    step(lab, VOUCH_ROTATION_START);
    step(lab, VOUCH_ROTATION_ADVANCE);
    step(lab, VOUCH_ROTATION_ADVANCE);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
    return key_in(lab, VOUCH_CA_KEY_REMOVED);
}

static struct vouch_ask_rotate destroying(const struct vouch_office_ca *key) {
    static char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key->key, VOUCH_HASH_SHA256, text);
    return (struct vouch_ask_rotate){
        .use = VOUCH_CERT_USER,
        .move = key->state == VOUCH_CA_KEY_NEXT ? VOUCH_ROTATION_BACK : VOUCH_ROTATION_ADVANCE,
        .is_hurried = 1,
        .fingerprint = vouch_bytes_of(text)};
}

// --- proposals

static struct vouch_ask_propose ask_for(enum vouch_proposal_act act,
                                        const struct vouch_office_ca *key) {
    return (struct vouch_ask_propose){.act = act,
                                      .key = {key->hash, sizeof key->hash},
                                      .reason = vouch_bytes_of(REASON),
                                      .is_hurried = act == VOUCH_PROPOSAL_DESTROY};
}

static struct vouch_answer_proposal propose_by(struct lab *lab, const struct vouch_caller *caller,
                                               const struct vouch_ask_propose *ask,
                                               enum vouch_verdict wanted) {
    struct vouch_answer_proposal answer;
    test_ok(vouch_authority_propose(lab->admin, caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

static struct vouch_answer_proposal propose(struct lab *lab, const char *who,
                                            const struct vouch_ask_propose *ask,
                                            enum vouch_verdict wanted) {
    const struct vouch_caller caller = company_caller(lab, who, 10);
    return propose_by(lab, &caller, ask, wanted);
}

static uint64_t proposed(struct lab *lab, const char *who, enum vouch_proposal_act act,
                         const struct vouch_office_ca *key) {
    const struct vouch_ask_propose ask = ask_for(act, key);
    const struct vouch_answer_proposal answer = propose(lab, who, &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.row.state, VOUCH_PROPOSAL_OPEN);
    assert_int_equal(answer.number, 0);
    return answer.row.id;
}

static struct vouch_ask_proposal_decide confirming(uint64_t id, enum vouch_proposal_act act,
                                                   const struct vouch_office_ca *key) {
    return (struct vouch_ask_proposal_decide){.id = id,
                                              .verb = VOUCH_PROPOSAL_CONFIRM,
                                              .act = act,
                                              .key = {key->hash, sizeof key->hash},
                                              .reason = vouch_bytes_of(REASON)};
}

static struct vouch_answer_proposal decide_by(struct lab *lab, const struct vouch_caller *caller,
                                              const struct vouch_ask_proposal_decide *ask,
                                              enum vouch_verdict wanted) {
    struct vouch_answer_proposal answer;
    test_ok(vouch_authority_proposal_decide(lab->admin, caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

static struct vouch_answer_proposal confirm(struct lab *lab, const char *who,
                                            const struct vouch_ask_proposal_decide *ask,
                                            enum vouch_verdict wanted) {
    const struct vouch_caller caller = company_caller(lab, who, 10);
    return decide_by(lab, &caller, ask, wanted);
}

static void withdraw(struct lab *lab, const char *who, uint64_t id, enum vouch_verdict wanted) {
    const struct vouch_ask_proposal_decide ask = {.id = id, .verb = VOUCH_PROPOSAL_WITHDRAW};
    (void)confirm(lab, who, &ask, wanted);
}

static enum vouch_proposal_state state_of(struct lab *lab, uint64_t id) {
    const struct vouch_ask_proposal_decide ask = {.id = id, .verb = VOUCH_PROPOSAL_LOOK};
    return confirm(lab, "eve", &ask, VOUCH_VERDICT_DONE).row.state;
}

static size_t count_listed(struct lab *lab, enum vouch_proposal_state state) {
    const struct vouch_caller caller = company_caller(lab, "eve", 10);
    const struct vouch_ask_proposals ask = {.state = state};
    struct vouch_answer_proposals answer;
    test_ok(vouch_authority_proposals(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

static const char *name_of(const struct vouch_office_ca *key) {
    static char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key->key, VOUCH_HASH_SHA256, text);
    return text;
}

// Nobody can confirm it any more, and the key is as it was.
static void assert_over(struct lab *lab, uint64_t id, const struct vouch_office_ca *key) {
    const struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_DESTROY, key);
    company_code(confirm(lab, "bob", &ask, VOUCH_VERDICT_CONFLICT), "V-2063");
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_CONFIRM, name_of(key)), 0);
}

// --- two people

static void two_people_destroy_a_key(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_MAKE, name_of(&key)), 1);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_CONFIRM, name_of(&key)), 0);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_OPEN), 1);
    const struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    const struct vouch_answer_proposal done = confirm(lab, "bob", &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(done.row.state, VOUCH_PROPOSAL_DONE);
    assert_true(vouch_bytes_equal(done.row.proposer, vouch_bytes_of("alice")));
    assert_true(vouch_bytes_equal(done.row.decider, vouch_bytes_of("bob")));
    assert_true(done.number > 0);
    assert_int_equal(phase(lab), VOUCH_ROTATION_STEADY);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_CONFIRM, name_of(&key)), 1);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_OPEN), 0);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_DONE), 1);
    company_code(confirm(lab, "bob", &ask, VOUCH_VERDICT_CONFLICT), "V-2063"); // once
}

static void two_people_revoke_a_ca(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = key_in(lab, VOUCH_CA_KEY_ACTIVE);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_REVOKE, &key);
    assert_int_equal(company_events(lab, "cert.revoke", name_of(&key)), 0);
    const struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_REVOKE, &key);
    const struct vouch_answer_proposal done = confirm(lab, "bob", &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(done.row.use, VOUCH_CERT_USER);
    assert_true(done.number > 0);
    assert_true(done.krl_versions[0] > 0);
    assert_int_equal(company_events(lab, "cert.revoke", name_of(&key)), 1);
    company_code(confirm(lab, "root-of-all", &ask, VOUCH_VERDICT_CONFLICT), "V-2063");
    assert_int_equal(company_events(lab, "cert.revoke", name_of(&key)), 1);
}

static void one_person_is_not_two(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    const struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    for (int i = 0; i < 2; i++) { // each call is another session
        company_code(confirm(lab, "alice", &ask, VOUCH_VERDICT_REFUSED), "V-2061");
    }
    (void)confirm(lab, "eve", &ask, VOUCH_VERDICT_REFUSED);
    (void)confirm(lab, "mallory", &ask, VOUCH_VERDICT_REFUSED);
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_OPEN);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
}

static void programs_and_the_local_socket_are_nobody(void **state) {
    struct lab *lab = *state;
    char admin[VOUCH_TOKEN_TEXT_MAX];
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    lab_new_token(lab, "admin", NULL, "admin cert:revoke", admin);
    const struct vouch_caller callers[] = {lab_local(), lab_token(admin)};
    const struct vouch_ask_propose propose = ask_for(VOUCH_PROPOSAL_REVOKE, &key);
    struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    for (size_t i = 0; i < 2; i++) {
        company_code(propose_by(lab, &callers[i], &propose, VOUCH_VERDICT_REFUSED), "V-2061");
        ask.verb = VOUCH_PROPOSAL_CONFIRM;
        company_code(decide_by(lab, &callers[i], &ask, VOUCH_VERDICT_REFUSED), "V-2061");
        ask.verb = VOUCH_PROPOSAL_WITHDRAW;
        company_code(decide_by(lab, &callers[i], &ask, VOUCH_VERDICT_REFUSED), "V-2061");
    }
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_OPEN);
}

static void both_prove_themselves_anew(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_caller alice = company_caller(lab, "alice", 301);
    const struct vouch_caller bob = company_caller(lab, "bob", 301);
    const struct vouch_ask_propose propose = ask_for(VOUCH_PROPOSAL_DESTROY, &key);
    (void)propose_by(lab, &alice, &propose, VOUCH_VERDICT_REFUSED);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_NONE), 0);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    const struct vouch_ask_proposal_decide ask = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    (void)decide_by(lab, &bob, &ask, VOUCH_VERDICT_REFUSED);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
}

// --- one thing

static void who_confirms_says_what(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_office_ca active = key_in(lab, VOUCH_CA_KEY_ACTIVE);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    struct vouch_ask_proposal_decide wrong[] = {confirming(id, VOUCH_PROPOSAL_DESTROY, &active),
                                                confirming(id, VOUCH_PROPOSAL_REVOKE, &key),
                                                confirming(id, VOUCH_PROPOSAL_DESTROY, &key),
                                                confirming(id, VOUCH_PROPOSAL_DESTROY, &key)};
    wrong[2].reason = vouch_bytes_of("another one");
    wrong[3].key = (struct vouch_bytes){0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        company_code(confirm(lab, "bob", &wrong[i], VOUCH_VERDICT_CONFLICT), "V-2062");
    }
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_OPEN);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
}

static void what_changed_meanwhile_is_void_for_good(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    const uint64_t other = proposed(lab, "alice", VOUCH_PROPOSAL_REVOKE, &key);
    step(lab, VOUCH_ROTATION_BACK);
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_VOID);
    assert_int_equal(state_of(lab, other), VOUCH_PROPOSAL_VOID);
    assert_over(lab, id, &key);
    step(lab, VOUCH_ROTATION_ADVANCE); // as it was, but later
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
    assert_over(lab, id, &key);
    assert_int_equal(state_of(lab, other), VOUCH_PROPOSAL_VOID);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_VOID), 2);
    (void)proposed(lab, "bob", VOUCH_PROPOSAL_DESTROY, &key); // one that is void is in nobody's way
}

static void who_is_no_administrator_any_more_proposed_nothing(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    company_change(lab, ADMINS, "members: [root-of-all, bob]");
    assert_over(lab, id, &key);
    company_change(lab, ADMINS, "members: [root-of-all, alice, bob]");
    assert_over(lab, id, &key);
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
}

static void what_waited_for_a_day_is_over(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    ahead_s = VOUCH_PROPOSAL_S - 60;
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_OPEN);
    ahead_s = VOUCH_PROPOSAL_S;
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_EXPIRED);
    assert_over(lab, id, &key);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_OPEN), 0);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_EXPIRED), 1);
    (void)proposed(lab, "bob", VOUCH_PROPOSAL_DESTROY, &key);
}

static void one_no_is_enough(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    for (int i = 0; i < 2; i++) {
        const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
        withdraw(lab, "eve", id, VOUCH_VERDICT_REFUSED);
        withdraw(lab, i == 0 ? "alice" : "bob", id, VOUCH_VERDICT_DONE);
        assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_WITHDRAWN);
        assert_over(lab, id, &key);
        withdraw(lab, "bob", id, VOUCH_VERDICT_CONFLICT);
    }
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_WITHDRAW, name_of(&key)), 2);
}

static void there_is_one_proposal_at_a_time(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_ask_propose ask = ask_for(VOUCH_PROPOSAL_DESTROY, &key);
    (void)proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    company_code(propose(lab, "alice", &ask, VOUCH_VERDICT_CONFLICT), "V-2063");
    company_code(propose(lab, "bob", &ask, VOUCH_VERDICT_CONFLICT), "V-2063");
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_MAKE, name_of(&key)), 1);
}

static void what_cannot_be_done_is_not_proposed(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca active = key_in(lab, VOUCH_CA_KEY_ACTIVE);
    struct vouch_office_ca strange = active;
    strange.hash[0] ^= 1;
    struct vouch_ask_propose ask = ask_for(VOUCH_PROPOSAL_DESTROY, &active);
    company_code(propose(lab, "alice", &ask, VOUCH_VERDICT_CONFLICT), "V-1976");
    ask = ask_for(VOUCH_PROPOSAL_REVOKE, &strange);
    (void)propose(lab, "alice", &ask, VOUCH_VERDICT_ABSENT);
    ask = ask_for(VOUCH_PROPOSAL_REVOKE, &active);
    ask.is_hurried = 1;
    (void)propose(lab, "alice", &ask, VOUCH_VERDICT_INVALID);
    ask = ask_for(VOUCH_PROPOSAL_REVOKE, &active);
    ask.reason = (struct vouch_bytes){0};
    (void)propose(lab, "alice", &ask, VOUCH_VERDICT_INVALID);
    ask = ask_for(VOUCH_PROPOSAL_ACT_NONE, &active);
    (void)propose(lab, "alice", &ask, VOUCH_VERDICT_INVALID);
    ask = ask_for(VOUCH_PROPOSAL_REVOKE, &active);
    ask.key.len = 31;
    (void)propose(lab, "alice", &ask, VOUCH_VERDICT_INVALID);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_NONE), 0);
}

// --- alone

static void nobody_does_it_alone_from_elsewhere(void **state) {
    struct lab *lab = *state;
    char token[VOUCH_TOKEN_TEXT_MAX];
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_caller alice = company_caller(lab, "alice", 10);
    struct vouch_ask_rotate ask = destroying(&key);
    company_code(rotate_by(lab, &alice, &ask, VOUCH_VERDICT_REFUSED), "V-2060");
    ask.is_alone = 1;
    company_code(rotate_by(lab, &alice, &ask, VOUCH_VERDICT_REFUSED), "V-2064");
    lab_new_token(lab, "ops", NULL, "cert:revoke", token);
    const struct vouch_caller callers[] = {alice, lab_token(token)};
    struct vouch_ask_revoke revoke = {.kind = VOUCH_REVOKE_CA,
                                      .value = {key.hash, sizeof key.hash},
                                      .reason = vouch_bytes_of(REASON)};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_answer_revoke answer;
        for (revoke.is_alone = 0; revoke.is_alone < 2; revoke.is_alone++) {
            test_ok(vouch_authority_revoke(lab->admin, &callers[i], &revoke, &answer, &fault));
            lab_verdict(answer, VOUCH_VERDICT_REFUSED);
            company_code(answer, revoke.is_alone ? "V-2064" : "V-2060");
        }
    }
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_ALONE, name_of(&key)), 0);
    assert_int_equal(company_events(lab, "cert.revoke", name_of(&key)), 0);
}

static void root_may_do_it_alone_and_it_is_recorded(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_caller local = lab_local();
    struct vouch_answer_revoke answer;
    struct vouch_ask_revoke revoke = {.kind = VOUCH_REVOKE_CA,
                                      .value = {key.hash, sizeof key.hash},
                                      .reason = vouch_bytes_of(REASON)};
    test_ok(vouch_authority_revoke(lab->admin, &local, &revoke, &answer, &fault));
    company_code(answer, "V-2060");
    revoke.is_alone = 1;
    test_ok(vouch_authority_revoke(lab->admin, &local, &revoke, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_ALONE, name_of(&key)), 1);
    struct vouch_ask_rotate ask = destroying(&key);
    company_code(rotate_by(lab, &local, &ask, VOUCH_VERDICT_REFUSED), "V-2060");
    ask.is_alone = 1;
    assert_int_equal(rotate_by(lab, &local, &ask, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_DESTROY);
    assert_int_equal(company_events(lab, VOUCH_EVENT_PROPOSAL_ALONE, name_of(&key)), 2);
    // Where one is enough, nobody says that they are alone.
    ask = (struct vouch_ask_rotate){
        .use = VOUCH_CERT_USER, .move = VOUCH_ROTATION_START, .is_alone = 1};
    (void)rotate_by(lab, &local, &ask, VOUCH_VERDICT_INVALID);
}

// A key that never signed can be made again; one that has is somebody's certificate.
static void a_key_that_has_signed_takes_two_on_the_way_back_too(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller root = company_caller(lab, "root-of-all", 10);
    step(lab, VOUCH_ROTATION_START);
    struct vouch_office_ca key = key_in(lab, VOUCH_CA_KEY_NEXT);
    struct vouch_ask_rotate ask = destroying(&key);
    struct vouch_ask_propose propose_it = ask_for(VOUCH_PROPOSAL_DESTROY, &key);
    company_code(propose(lab, "alice", &propose_it, VOUCH_VERDICT_CONFLICT), "V-1976");
    assert_int_equal(rotate_by(lab, &root, &ask, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_DROP);
    step(lab, VOUCH_ROTATION_START);
    step(lab, VOUCH_ROTATION_ADVANCE);
    step(lab, VOUCH_ROTATION_BACK);
    key = key_in(lab, VOUCH_CA_KEY_NEXT);
    ask = destroying(&key);
    company_code(rotate_by(lab, &root, &ask, VOUCH_VERDICT_REFUSED), "V-2060");
    propose_it = ask_for(VOUCH_PROPOSAL_DESTROY, &key);
    propose_it.is_hurried = 0;
    company_code(propose(lab, "alice", &propose_it, VOUCH_VERDICT_CONFLICT), "V-1978");
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    const struct vouch_ask_proposal_decide yes = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    (void)confirm(lab, "bob", &yes, VOUCH_VERDICT_DONE);
    assert_int_equal(phase(lab), VOUCH_ROTATION_STEADY);
}

// --- records

static void nothing_is_done_that_cannot_be_recorded(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    const struct vouch_caller alice = company_caller(lab, "alice", 10);
    const struct vouch_caller bob = company_caller(lab, "bob", 10), local = lab_local();
    const struct vouch_ask_propose propose_it = ask_for(VOUCH_PROPOSAL_DESTROY, &key);
    struct vouch_answer_proposal answer;
    struct vouch_answer_rotate rotated;
    struct vouch_fault fault = {0};
    broken = VOUCH_EVENT_PROPOSAL_MAKE;
    assert_int_equal(vouch_authority_propose(lab->admin, &alice, &propose_it, &answer, &fault),
                     VOUCH_ERR_IO);
    assert_int_equal(count_listed(lab, VOUCH_PROPOSAL_NONE), 0);
    broken = NULL;
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    const struct vouch_ask_proposal_decide yes = confirming(id, VOUCH_PROPOSAL_DESTROY, &key);
    broken = VOUCH_EVENT_PROPOSAL_CONFIRM;
    assert_int_equal(vouch_authority_proposal_decide(lab->admin, &bob, &yes, &answer, &fault),
                     VOUCH_ERR_IO);
    broken = VOUCH_EVENT_PROPOSAL_ALONE;
    struct vouch_ask_rotate alone = destroying(&key);
    alone.is_alone = 1;
    assert_int_equal(vouch_authority_rotate(lab->admin, &local, &alone, &rotated, &fault),
                     VOUCH_ERR_IO);
    broken = NULL;
    assert_int_equal(phase(lab), VOUCH_ROTATION_REMOVED);
    assert_int_equal(state_of(lab, id), VOUCH_PROPOSAL_OPEN);
    (void)confirm(lab, "bob", &yes, VOUCH_VERDICT_DONE);
}

static void a_proposal_outlives_a_restart(void **state) {
    struct lab *lab = *state;
    const struct vouch_office_ca key = removed(lab);
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    memcpy(hash, key.hash, sizeof hash);
    const uint64_t id = proposed(lab, "alice", VOUCH_PROPOSAL_DESTROY, &key);
    lab_close(lab);
    lab_open(lab);
    const struct vouch_office_ca again = key_in(lab, VOUCH_CA_KEY_REMOVED);
    assert_memory_equal(again.hash, hash, sizeof hash);
    const struct vouch_ask_proposal_decide yes = confirming(id, VOUCH_PROPOSAL_DESTROY, &again);
    (void)confirm(lab, "bob", &yes, VOUCH_VERDICT_DONE);
    assert_int_equal(phase(lab), VOUCH_ROTATION_STEADY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_people_destroy_a_key),
        TEST(two_people_revoke_a_ca),
        TEST(one_person_is_not_two),
        TEST(programs_and_the_local_socket_are_nobody),
        TEST(both_prove_themselves_anew),
        TEST(who_confirms_says_what),
        TEST(what_changed_meanwhile_is_void_for_good),
        TEST(who_is_no_administrator_any_more_proposed_nothing),
        TEST(what_waited_for_a_day_is_over),
        TEST(one_no_is_enough),
        TEST(there_is_one_proposal_at_a_time),
        TEST(what_cannot_be_done_is_not_proposed),
        TEST(nobody_does_it_alone_from_elsewhere),
        TEST(root_may_do_it_alone_and_it_is_recorded),
        TEST(a_key_that_has_signed_takes_two_on_the_way_back_too),
        TEST(nothing_is_done_that_cannot_be_recorded),
        TEST(a_proposal_outlives_a_restart),
    };
    return cmocka_run_group_tests_name("proposals", tests, NULL, NULL);
}
