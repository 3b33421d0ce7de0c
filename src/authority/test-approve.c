// SPDX-License-Identifier: ISC
// Requests: made, decided by those whom the policy names, taken once and for exactly what was approved.
#include "authority/test-company.h"

#include <pthread.h>

#include "authority/access.h"
#include "authority/office.h"
#include "authority/row.h"
#include "core/key.h"

#define TAKERS 4
#define DAY_S 86400

static const char *const leads[] = {"carol", "dave", "erin", "frank", "gina"};
#define LEADS (sizeof leads / sizeof leads[0])

static struct vouch_answer_request look(struct lab *lab, const char *who, uint64_t id) {
    return company_decide(lab, who, id, VOUCH_REQUEST_LOOK);
}

static enum vouch_request_state state_of(struct lab *lab, uint64_t id) {
    const struct vouch_answer_request answer = look(lab, "eve", id);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row.state;
}

static void approve(struct lab *lab, const char *who, uint64_t id) {
    const struct vouch_answer_request answer = company_decide(lab, who, id, VOUCH_REQUEST_APPROVE);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static uint64_t approved(struct lab *lab) {
    uint64_t id = company_request(lab, "alice", "dba");
    approve(lab, "carol", id);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_APPROVED);
    return id;
}

static void refused_with(struct lab *lab, const char *who, uint64_t id,
                         enum vouch_request_verb verb, enum vouch_verdict verdict,
                         const char *code) {
    const struct vouch_answer_request answer = company_decide(lab, who, id, verb);
    lab_verdict(answer, verdict);
    company_code(answer, code);
    assert_int_equal(answer.row.id, 0);
}

static void not_taken(struct lab *lab, const char *who, uint64_t id, enum vouch_verdict verdict,
                      const char *code) {
    const struct vouch_answer_cert answer = company_take(lab, who, id);
    lab_verdict(answer, verdict);
    company_code(answer, code);
    assert_true(answer.row.serial == 0 && answer.row.cert.len == 0);
}

// --- making

static void what_needs_approval_is_refused_unless_it_is_asked_for(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "dba");
    ask.pending = VOUCH_PENDING_REFUSE;
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1815");
    assert_non_null(strstr(answer.reply.why, "group:leads"));
    assert_int_equal(company_events(lab, "request.new", ""), 0);
}

static void a_request_says_exactly_what_would_be_granted(void **state) {
    struct lab *lab = *state;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_ask_access ask = company_ask(lab, "dba");
    test_ok(vouch_hash_of((void *)lab->admin, ask.key, hash, &fault));
    ask.reason = vouch_bytes_of("index repair");
    ask.ttl_s = 1800;
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    const struct vouch_request_row *row = &answer.request;
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial == 0);
    assert_true(vouch_bytes_equal(row->user, vouch_bytes_of("alice")));
    assert_true(vouch_bytes_equal(row->zone, vouch_bytes_of("prod")));
    assert_true(company_is(row->roles, "dba"));
    assert_true(company_is(row->principals, "role:dba"));
    assert_int_equal(row->ttl_s, 1800);
    assert_memory_equal(row->key, hash, sizeof hash);
    assert_true(vouch_bytes_equal(row->reason, vouch_bytes_of("index repair")));
    assert_true(vouch_bytes_equal(row->source, vouch_bytes_of("192.0.2.17")));
    assert_int_equal(row->expires_s - row->created_s, DAY_S);
    assert_int_equal(row->missing, 1);
    assert_int_equal(company_events(lab, "request.new", "1"), 1);
    assert_int_equal(company_events(lab, "cert.refuse", ""), 0); // to wait is not to be refused
}

static struct vouch_answer_request_impact impact(struct lab *lab, const char *who, uint64_t id) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_request_impact ask = {.id = id};
    struct vouch_answer_request_impact answer = {0};
    test_ok(vouch_authority_request_impact(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static void who_may_decide_sees_which_logins_it_would_open(void **state) {
    struct lab *lab = *state;
    static const char *const seers[] = {"alice", "carol", "eve"}; // who asked, a lead, an auditor
    uint64_t id = company_request(lab, "alice", "dba");
    for (size_t i = 0; i < sizeof seers / sizeof seers[0]; i++) {
        const struct vouch_answer_request_impact seen = impact(lab, seers[i], id);
        lab_verdict(seen, VOUCH_VERDICT_DONE);
        assert_int_equal(seen.hosts, 1);
        assert_int_equal(seen.count, 1);
        assert_true(vouch_bytes_equal(seen.rows[0].host, vouch_bytes_of("db1.prod.example.com")));
        assert_true(company_is(seen.rows[0].logins, "postgres"));
    }
    lab_verdict(impact(lab, "mallory", id), VOUCH_VERDICT_ABSENT);
    lab_verdict(impact(lab, "carol", id + 1), VOUCH_VERDICT_ABSENT);
    // By the policy that holds when it is looked at.
    company_change(lab, "logins: [postgres]", "logins: [postgres, backup]");
    assert_true(company_is(impact(lab, "carol", id).rows[0].logins, "postgres backup"));
}

static void the_same_request_is_found_again_and_another_is_another(void **state) {
    struct lab *lab = *state;
    struct vouch_private_key *other = NULL;
    struct vouch_ask_access ask = company_ask(lab, "dba");
    uint64_t first = company_request(lab, "alice", "dba");
    assert_true(company_request(lab, "alice", "dba") == first);
    ask.ttl_s = 1799; // another time
    uint64_t second = company_access(lab, "alice", &ask).request.id;
    assert_true(second > first);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &other), VOUCH_OK);
    ask = company_ask(lab, "dba");
    ask.key = vouch_key_blob(vouch_private_key_public(other)); // another key
    uint64_t third = company_access(lab, "alice", &ask).request.id;
    assert_true(third > second);
    approve(lab, "carol", first);
    assert_int_equal(state_of(lab, second), VOUCH_REQUEST_WAITING);
    assert_int_equal(state_of(lab, third), VOUCH_REQUEST_WAITING);
    not_taken(lab, "alice", second, VOUCH_VERDICT_CONFLICT, "V-1816");
    vouch_private_key_free(other);
}

static void nobody_has_more_than_twenty_open_requests(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "dba");
    uint64_t last = 0;
    for (uint64_t i = 0; i < 20; i++) {
        ask.ttl_s = 600 + i;
        const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
        lab_verdict(answer, VOUCH_VERDICT_DONE);
        last = answer.request.id;
    }
    ask.ttl_s = 700;
    struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
    (void)company_decide(lab, "alice", last, VOUCH_REQUEST_CANCEL);
    answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void open_requests_are_found_behind_many_that_are_over(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "dba");
    ask.ttl_s = 600;
    uint64_t first = company_access(lab, "alice", &ask).request.id;
    for (uint64_t i = 0; i <= VOUCH_STORE_PAGE_MAX; i++) {
        ask.ttl_s = 601 + i;
        uint64_t id = company_access(lab, "alice", &ask).request.id;
        (void)company_decide(lab, "alice", id, VOUCH_REQUEST_CANCEL);
    }
    ask.ttl_s = 600;
    assert_true(company_access(lab, "alice", &ask).request.id == first);
}

// --- approving

static void what_was_approved_is_taken_as_it_was_approved(void **state) {
    struct lab *lab = *state;
    struct vouch_record record;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    uint64_t id = approved(lab);
    const struct vouch_ask_access ask = company_ask(lab, "dba");
    test_ok(vouch_hash_of((void *)lab->admin, ask.key, hash, &fault));
    struct vouch_answer_request request = look(lab, "alice", id);
    assert_int_equal(request.row.missing, 0);
    assert_true(company_is(request.row.approvers, "carol"));
    assert_true(request.row.expires_s <= vouch_time_now_s() + 3600);
    const struct vouch_answer_cert answer = company_take(lab, "alice", id);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t serial = answer.row.serial;
    assert_true(serial != 0);
    assert_memory_equal(answer.row.key, hash, sizeof hash); // for the key of the request: W15
    assert_true(company_is(answer.row.principals, "role:dba"));
    assert_int_equal(answer.row.valid_before - answer.row.valid_after, 3600 + 60);
    test_ok(vouch_record_fetch((void *)lab->admin, answer.row.number, &record, &fault));
    assert_true(vouch_bytes_equal(record.policy, vouch_bytes_of("policy 1 request 1")));
    assert_true(vouch_bytes_equal(record.role, vouch_bytes_of("dba")));
    request = look(lab, "carol", id);
    assert_int_equal(request.row.state, VOUCH_REQUEST_TAKEN);
    assert_true(request.row.serial == serial);
    assert_int_equal(company_events(lab, "request.approve", "1"), 1);
}

static void nobody_approves_what_they_asked_for(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "bob", "vault"); // whom the policy names among the approvers
    refused_with(lab, "bob", id, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_REFUSED, "V-1817");
    refused_with(lab, "bob", id, VOUCH_REQUEST_DENY, VOUCH_VERDICT_REFUSED, "V-1817");
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_WAITING);
    assert_int_equal(company_events(lab, "request.approve", ""), 0);
}

static void only_those_whom_the_policy_names_decide(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    uint64_t id = company_request(lab, "alice", "dba");
    const struct vouch_ask_request_decide ask = {.id = id, .verb = VOUCH_REQUEST_APPROVE};
    struct vouch_answer_request answer;
    for (enum vouch_request_verb verb = VOUCH_REQUEST_APPROVE; verb <= VOUCH_REQUEST_DENY; verb++) {
        refused_with(lab, "mallory", id, verb, VOUCH_VERDICT_ABSENT, "V-1804");
        refused_with(lab, "eve", id, verb, VOUCH_VERDICT_REFUSED, "V-1817");
        refused_with(lab, "root-of-all", id, verb, VOUCH_VERDICT_REFUSED, "V-1817");
    }
    test_ok(vouch_authority_request_decide(lab->admin, &local, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_WAITING);
}

static void approving_needs_a_fresh_code(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "dba");
    const struct {
        const char *who;
        uint64_t age_s;
        enum vouch_verdict verdict;
    } rows[] = {{"carol", 301, VOUCH_VERDICT_REFUSED},
                {"carol+recovery", 1, VOUCH_VERDICT_REFUSED},
                {"carol", 299, VOUCH_VERDICT_DONE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_caller caller = company_caller(lab, rows[i].who, rows[i].age_s);
        const struct vouch_ask_request_decide ask = {.id = id, .verb = VOUCH_REQUEST_APPROVE};
        struct vouch_answer_request answer;
        test_ok(vouch_authority_request_decide(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, rows[i].verdict);
    }
}

// Gauntlet C18: five must approve; at each place one who does not count.
static void four_and_one_who_does_not_count_are_not_five_C18(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "vault");
    static const char *const bad[] = {"alice", "mallory", "root-of-all"};
    for (size_t at = 0; at < LEADS; at++) {
        ask.ttl_s = 600 + at;
        uint64_t id = company_access(lab, "alice", &ask).request.id;
        for (size_t i = 0; i < LEADS; i++) {
            const char *who = i == at ? bad[at % 3] : leads[i];
            const struct vouch_answer_request answer =
                company_decide(lab, who, id, VOUCH_REQUEST_APPROVE);
            assert_int_equal(answer.reply.verdict == VOUCH_VERDICT_DONE, i != at);
        }
        const struct vouch_answer_request answer = look(lab, "alice", id);
        assert_int_equal(answer.row.state, VOUCH_REQUEST_WAITING);
        assert_int_equal(answer.row.missing, 1);
        not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816");
        refused_with(lab, at == 0 ? leads[1] : leads[0], id, VOUCH_REQUEST_APPROVE,
                     VOUCH_VERDICT_CONFLICT, "V-1816"); // nobody counts twice
    }
}

// And where one of the five no longer counts when it is taken.
static void an_approver_who_was_disabled_does_not_count_any_more_C18(void **state) {
    struct lab *lab = *state;
    for (size_t at = 0; at < LEADS; at++) {
        char before[64], after[64];
        uint64_t id = company_request(lab, "alice", "vault");
        for (size_t i = 0; i < LEADS; i++) {
            approve(lab, leads[i], id);
        }
        assert_int_equal(state_of(lab, id), VOUCH_REQUEST_APPROVED);
        (void)snprintf(before, sizeof before, "{name: %s}", leads[at]);
        (void)snprintf(after, sizeof after, "{name: %s, state: disabled}", leads[at]);
        company_change(lab, before, after);
        not_taken(lab, "alice", id, VOUCH_VERDICT_REFUSED, "V-1814");
        company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
        const struct vouch_answer_cert answer = company_take(lab, "alice", id);
        lab_verdict(answer, VOUCH_VERDICT_DONE); // it was not used up
    }
}

// --- no

static void one_no_is_enough(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "vault");
    approve(lab, "carol", id);
    const struct vouch_answer_request answer = company_decide(lab, "dave", id, VOUCH_REQUEST_DENY);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.row.state, VOUCH_REQUEST_DENIED);
    assert_true(vouch_bytes_equal(answer.row.decided_by, vouch_bytes_of("dave")));
    assert_true(vouch_bytes_equal(answer.row.comment, vouch_bytes_of("as said")));
    refused_with(lab, "erin", id, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_CONFLICT, "V-1816");
    refused_with(lab, "alice", id, VOUCH_REQUEST_CANCEL, VOUCH_VERDICT_CONFLICT, "V-1816");
    not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816");
    id = approved(lab);
    lab_verdict(company_decide(lab, "dave", id, VOUCH_REQUEST_DENY), VOUCH_VERDICT_DONE);
    not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816"); // also after a yes
}

static void a_request_is_cancelled_by_who_made_it(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "dba");
    refused_with(lab, "carol", id, VOUCH_REQUEST_CANCEL, VOUCH_VERDICT_REFUSED, "V-1817");
    refused_with(lab, "root-of-all", id, VOUCH_REQUEST_CANCEL, VOUCH_VERDICT_REFUSED, "V-1817");
    lab_verdict(company_decide(lab, "alice", id, VOUCH_REQUEST_CANCEL), VOUCH_VERDICT_DONE);
    refused_with(lab, "carol", id, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_CONFLICT, "V-1816");
    not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816");
    assert_true(company_request(lab, "alice", "dba") > id); // a new one is a new one
}

// --- taking

static void a_request_is_good_for_one_certificate(void **state) {
    struct lab *lab = *state;
    uint64_t id = approved(lab);
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    struct vouch_ask_request_take ask = {.id = id, .once = vouch_bytes_of("take-1")};
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_request_take(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t serial = answer.row.serial;
    not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816");
    test_ok(vouch_authority_request_take(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE); // the same request anew is the same certificate
    assert_true(answer.row.serial == serial);
    ask.once = vouch_bytes_of("take-2");
    test_ok(vouch_authority_request_take(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
}

struct taker {
    struct vouch_authority *authority;
    struct vouch_caller caller;
    uint64_t id;
    enum vouch_verdict verdict;
};

static void *take_it(void *context) {
    struct taker *taker = context;
    const struct vouch_ask_request_take ask = {.id = taker->id};
    struct vouch_answer_cert answer;
    struct vouch_fault fault = {0};
    int err = vouch_authority_request_take(taker->authority, &taker->caller, &ask, &answer, &fault);
    taker->verdict = err == VOUCH_OK ? answer.reply.verdict : VOUCH_VERDICT_UNKNOWN;
    return NULL;
}

static void of_many_who_take_at_once_one_wins(void **state) {
    struct lab *lab = *state;
    struct taker takers[TAKERS];
    pthread_t threads[TAKERS];
    for (unsigned turn = 0; turn < 10; turn++) {
        uint64_t id = approved(lab);
        size_t won = 0;
        for (size_t i = 0; i < TAKERS; i++) {
            takers[i] = (struct taker){.caller = company_caller(lab, "alice", 10), .id = id};
            test_ok(vouch_office_attach(lab->office, i, &takers[i].authority, &fault));
        }
        for (size_t i = 0; i < TAKERS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, take_it, &takers[i]), 0);
        }
        for (size_t i = 0; i < TAKERS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            vouch_authority_close(takers[i].authority);
            won += takers[i].verdict == VOUCH_VERDICT_DONE ? 1 : 0;
            assert_true(takers[i].verdict == VOUCH_VERDICT_DONE ||
                        takers[i].verdict == VOUCH_VERDICT_CONFLICT);
        }
        assert_int_equal(won, 1);
        assert_int_equal(state_of(lab, id), VOUCH_REQUEST_TAKEN);
    }
    assert_int_equal(company_events(lab, "cert.issue", "alice"), 10);
}

static void what_was_not_signed_is_given_back(void **state) {
    struct lab *lab = *state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_reply reply = {.verdict = VOUCH_VERDICT_DONE};
    uint64_t id = approved(lab);
    const struct vouch_store_request request = company_kept(lab, id, &arena);
    test_ok(vouch_request_take((void *)lab->admin, &request, &reply, &fault));
    lab_verdict((struct vouch_answer_cert){.reply = reply}, VOUCH_VERDICT_DONE);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_TAKEN);
    test_ok(vouch_request_take((void *)lab->admin, &request, &reply, &fault));
    assert_int_equal(reply.verdict, VOUCH_VERDICT_CONFLICT);
    vouch_request_taken((void *)lab->admin, &request, VOUCH_ONCE_UNKNOWN, 0);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_TAKEN); // nobody knows: it stays taken
    vouch_request_taken((void *)lab->admin, &request, VOUCH_ONCE_NOTHING, 0);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_APPROVED);
    lab_verdict(company_take(lab, "alice", id), VOUCH_VERDICT_DONE);
}

static void a_revoked_key_does_not_use_the_request_up(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    uint64_t id = approved(lab);
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    const struct vouch_ask_access ask = company_ask(lab, "dba");
    struct vouch_answer_revoke answer;
    test_ok(vouch_hash_of((void *)lab->admin, ask.key, hash, &fault));
    const struct vouch_ask_revoke revoke = {
        .kind = VOUCH_REVOKE_KEY, .value = {hash, sizeof hash}, .reason = vouch_bytes_of("lost")};
    test_ok(vouch_authority_revoke(lab->admin, &local, &revoke, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    not_taken(lab, "alice", id, VOUCH_VERDICT_REFUSED, "V-1809");
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_APPROVED);
}

static void a_request_has_its_time(void **state) {
    struct lab *lab = *state;
    uint64_t waiting = company_request(lab, "alice", "vault");
    uint64_t ready = approved(lab);
    company_age(lab, waiting, vouch_time_now_s() - 1);
    company_age(lab, ready, vouch_time_now_s() - 1);
    assert_int_equal(state_of(lab, waiting), VOUCH_REQUEST_EXPIRED);
    assert_int_equal(state_of(lab, ready), VOUCH_REQUEST_EXPIRED);
    refused_with(lab, "carol", waiting, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_CONFLICT, "V-1816");
    not_taken(lab, "alice", ready, VOUCH_VERDICT_CONFLICT, "V-1816");
}

static void the_time_to_take_it_begins_when_it_is_approved(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "dba");
    company_age(lab, id, vouch_time_now_s() + 600); // ten minutes are left of its day
    approve(lab, "carol", id);
    assert_true(look(lab, "alice", id).row.expires_s <= vouch_time_now_s() + 600);
}

// --- the policy is changed between approving and taking

static void the_policy_is_asked_again_when_it_is_taken(void **state) {
    struct lab *lab = *state;
    static const struct {
        const char *before, *after;
        enum vouch_verdict verdict;
        const char *code;
    } rows[] = {
        // less time than was approved
        {"logins: [postgres]\n    max_ttl: 1h", "logins: [postgres]\n    max_ttl: 30m",
         VOUCH_VERDICT_REFUSED, "V-1814"},
        // something else than was approved
        {"logins: [postgres]\n", "logins: [postgres]\n    extensions: [permit-pty]\n",
         VOUCH_VERDICT_CONFLICT, "V-1818"},
        {"logins: [postgres]\n", "logins: [postgres, $user]\n", VOUCH_VERDICT_CONFLICT, "V-1818"},
        {"logins: [postgres]\n", "logins: [postgres]\n    force_command: /bin/true\n",
         VOUCH_VERDICT_CONFLICT, "V-1818"},
        // one more has to approve
        {"by: [group:leads], count: 1", "by: [group:leads], count: 2", VOUCH_VERDICT_REFUSED,
         "V-1815"},
        // others approve
        {"by: [group:leads], count: 1", "by: [user:bob], count: 1", VOUCH_VERDICT_REFUSED,
         "V-1814"},
        // the role is not theirs any more
        {"members: [user:alice, user:walt]", "members: [user:walt]", VOUCH_VERDICT_REFUSED,
         "V-1814"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t id = approved(lab);
        company_change(lab, rows[i].before, rows[i].after);
        not_taken(lab, "alice", id, rows[i].verdict, rows[i].code);
        company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
        lab_verdict(company_take(lab, "alice", id), VOUCH_VERDICT_DONE);
    }
}

static void what_was_changed_before_it_is_approved_is_not_approved(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "dba");
    company_change(lab, "logins: [postgres]\n", "logins: [postgres, $user]\n");
    refused_with(lab, "carol", id, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_CONFLICT, "V-1818");
    company_change(lab, "members: [user:alice, user:walt]", "members: [user:walt]");
    refused_with(lab, "carol", id, VOUCH_REQUEST_APPROVE, VOUCH_VERDICT_REFUSED, "V-1814");
    assert_int_equal(company_events(lab, "request.approve", ""), 0);
}

static void who_is_gone_takes_their_requests_along(void **state) {
    struct lab *lab = *state;
    uint64_t id = approved(lab);
    uint64_t other = company_request(lab, "bob", "vault");
    company_change(lab, "by: [group:leads], count: 1 }", "by: [user:bob], count: 1 }");
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_APPROVED);
    company_apply(lab,
                  "zones:\n  - {name: prod, patterns: ['*.prod.example.com']}\n"
                  "users:\n  - {name: eve}\n  - {name: bob}\n"
                  "groups:\n  - {name: vouch-auditors, members: [eve]}\n",
                  VOUCH_VERDICT_DONE);
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_CANCELLED);
    assert_int_equal(state_of(lab, other), VOUCH_REQUEST_WAITING);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE); // another alice
    not_taken(lab, "alice", id, VOUCH_VERDICT_CONFLICT, "V-1816");
    assert_int_equal(company_events(lab, "request.cancel", "1"), 1);
}

// --- who sees them

// Gauntlet W8: those of others, and those that are none, look the same.
static void requests_of_others_are_not_there_W8(void **state) {
    struct lab *lab = *state;
    uint64_t id = approved(lab);
    const uint64_t none[] = {0, id + 1, UINT64_MAX};
    refused_with(lab, "mallory", id, VOUCH_REQUEST_LOOK, VOUCH_VERDICT_ABSENT, "V-1804");
    not_taken(lab, "mallory", id, VOUCH_VERDICT_ABSENT, "V-1804");
    not_taken(lab, "bob", id, VOUCH_VERDICT_REFUSED, "V-1817"); // who may see it, but not have it
    not_taken(lab, "root-of-all", id, VOUCH_VERDICT_REFUSED, "V-1817");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        refused_with(lab, "alice", none[i], VOUCH_REQUEST_LOOK, VOUCH_VERDICT_ABSENT, "V-1804");
        not_taken(lab, "alice", none[i], VOUCH_VERDICT_ABSENT, "V-1804");
    }
    const char *const may[] = {"alice", "carol", "eve", "root-of-all"};
    for (size_t i = 0; i < sizeof may / sizeof may[0]; i++) {
        lab_verdict(look(lab, may[i], id), VOUCH_VERDICT_DONE);
    }
}

static size_t count(struct lab *lab, const char *who, enum vouch_requests_which which,
                    enum vouch_request_state state) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_requests ask = {.which = which, .state = state};
    struct vouch_answer_requests answer;
    test_ok(vouch_authority_requests(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

static void each_sees_their_own_and_what_is_theirs_to_decide(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller mallory = company_caller(lab, "mallory", 60);
    const struct vouch_ask_requests all = {.which = VOUCH_REQUESTS_ALL};
    struct vouch_answer_requests answer;
    uint64_t vault = company_request(lab, "bob", "vault");
    (void)approved(lab);
    (void)company_request(lab, "alice", "vault");
    assert_int_equal(count(lab, "alice", VOUCH_REQUESTS_MINE, VOUCH_REQUEST_NONE), 2);
    assert_int_equal(count(lab, "alice", VOUCH_REQUESTS_MINE, VOUCH_REQUEST_APPROVED), 1);
    assert_int_equal(count(lab, "alice", VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUEST_NONE), 0);
    assert_int_equal(count(lab, "bob", VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUEST_NONE), 1);
    assert_int_equal(count(lab, "carol", VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUEST_NONE), 2);
    approve(lab, "carol", vault);
    assert_int_equal(count(lab, "carol", VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUEST_NONE), 1);
    assert_int_equal(count(lab, "eve", VOUCH_REQUESTS_ALL, VOUCH_REQUEST_NONE), 3);
    assert_int_equal(count(lab, "mallory", VOUCH_REQUESTS_MINE, VOUCH_REQUEST_NONE), 0);
    company_age(lab, vault, vouch_time_now_s() - 1);
    assert_int_equal(count(lab, "eve", VOUCH_REQUESTS_ALL, VOUCH_REQUEST_EXPIRED), 1);
    test_ok(vouch_authority_requests(lab->admin, &mallory, &all, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
}

static void requests_outlive_a_restart(void **state) {
    struct lab *lab = *state;
    uint64_t id = company_request(lab, "alice", "vault");
    for (size_t i = 0; i < LEADS; i++) {
        approve(lab, leads[i], id);
        lab_close_office(lab);
        lab_open(lab);
    }
    lab_verdict(company_take(lab, "alice", id), VOUCH_VERDICT_DONE);
}

static void a_comment_is_one_line_of_text(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "carol", 60);
    uint64_t id = company_request(lab, "alice", "dba");
    static const char *const bad[] = {"two\nlines", "\x1b[31mred", "\xff\xfe"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct vouch_ask_request_decide ask = {
            .id = id, .verb = VOUCH_REQUEST_DENY, .comment = vouch_bytes_of(bad[i])};
        struct vouch_answer_request answer;
        test_ok(vouch_authority_request_decide(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_INVALID);
    }
    assert_int_equal(state_of(lab, id), VOUCH_REQUEST_WAITING);
}

#define WITH_COMPANY(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_COMPANY(what_needs_approval_is_refused_unless_it_is_asked_for),
        WITH_COMPANY(a_request_says_exactly_what_would_be_granted),
        WITH_COMPANY(who_may_decide_sees_which_logins_it_would_open),
        WITH_COMPANY(the_same_request_is_found_again_and_another_is_another),
        WITH_COMPANY(nobody_has_more_than_twenty_open_requests),
        WITH_COMPANY(open_requests_are_found_behind_many_that_are_over),
        WITH_COMPANY(what_was_approved_is_taken_as_it_was_approved),
        WITH_COMPANY(nobody_approves_what_they_asked_for),
        WITH_COMPANY(only_those_whom_the_policy_names_decide),
        WITH_COMPANY(approving_needs_a_fresh_code),
        WITH_COMPANY(four_and_one_who_does_not_count_are_not_five_C18),
        WITH_COMPANY(an_approver_who_was_disabled_does_not_count_any_more_C18),
        WITH_COMPANY(one_no_is_enough),
        WITH_COMPANY(a_request_is_cancelled_by_who_made_it),
        WITH_COMPANY(a_request_is_good_for_one_certificate),
        WITH_COMPANY(of_many_who_take_at_once_one_wins),
        WITH_COMPANY(what_was_not_signed_is_given_back),
        WITH_COMPANY(a_revoked_key_does_not_use_the_request_up),
        WITH_COMPANY(a_request_has_its_time),
        WITH_COMPANY(the_time_to_take_it_begins_when_it_is_approved),
        WITH_COMPANY(the_policy_is_asked_again_when_it_is_taken),
        WITH_COMPANY(what_was_changed_before_it_is_approved_is_not_approved),
        WITH_COMPANY(who_is_gone_takes_their_requests_along),
        WITH_COMPANY(requests_of_others_are_not_there_W8),
        WITH_COMPANY(each_sees_their_own_and_what_is_theirs_to_decide),
        WITH_COMPANY(requests_outlive_a_restart),
        WITH_COMPANY(a_comment_is_one_line_of_text),
    };
    return cmocka_run_group_tests_name("approve", tests, NULL, NULL);
}
