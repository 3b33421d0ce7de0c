// SPDX-License-Identifier: ISC
// One-time links for curl: what they are made for is got once, in time, by whoever brings them with a public key;
// and nothing at all as soon as anything is another than it was.
#include "authority/test-company.h"

#include <pthread.h>

#include "authority/office.h"
#include "authority/row.h"

// The clock that the authority sees is ahead by so much.
static uint64_t ahead_s;
uint64_t __real_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void) {
    return __real_vouch_time_now_s() + ahead_s;
}

static int begin(void **state) {
    ahead_s = 0;
    return company_begin(state);
}

// --- what the tests do again and again

struct ticket {
    uint64_t id, expires_s;
    char secret[VOUCH_TOKEN_TEXT_MAX];
};

static struct vouch_ask_access question(const struct lab *lab, const char *roles) {
    struct vouch_ask_access ask = company_ask(lab, roles);
    ask.key = (struct vouch_bytes){0};
    ask.pending = VOUCH_PENDING_REFUSE;
    return ask;
}

static struct vouch_answer_ticket_new ask_as(struct lab *lab, const struct vouch_caller *caller,
                                             const struct vouch_ask_access *ask) {
    struct vouch_answer_ticket_new answer;
    test_ok(vouch_authority_ticket_new(lab->admin, caller, ask, &answer, &fault));
    return answer;
}

static struct ticket make_as(struct lab *lab, const struct vouch_caller *caller,
                             const char *roles) {
    struct ticket ticket = {0};
    const struct vouch_ask_access ask = question(lab, roles);
    const struct vouch_answer_ticket_new answer = ask_as(lab, caller, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    ticket.id = answer.id;
    ticket.expires_s = answer.expires_s;
    (void)snprintf(ticket.secret, sizeof ticket.secret, "%.*s", (int)answer.secret.len,
                   (const char *)answer.secret.ptr);
    return ticket;
}

static struct ticket make(struct lab *lab, const char *roles) {
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    return make_as(lab, &caller, roles);
}

static struct vouch_caller stranger(void) {
    return (struct vouch_caller){.source = vouch_bytes_of("198.51.100.7"),
                                 .request = vouch_bytes_of("req-8")};
}

static struct vouch_answer_cert use_with(struct vouch_authority *authority, const char *secret,
                                         struct vouch_bytes key) {
    const struct vouch_caller caller = stranger();
    const struct vouch_ask_ticket_use ask = {.secret = vouch_bytes_of(secret), .key = key};
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_ticket_use(authority, &caller, &ask, &answer, &fault));
    return answer;
}

static struct vouch_answer_cert use(struct lab *lab, const struct ticket *ticket) {
    return use_with(lab->admin, ticket->secret,
                    vouch_key_blob(vouch_private_key_public(lab->subject)));
}

static void refused(struct lab *lab, const struct ticket *ticket, enum vouch_verdict verdict,
                    const char *code) {
    const struct vouch_answer_cert answer = use(lab, ticket);
    assert_int_equal(answer.reply.verdict, verdict);
    company_code(answer, code);
    assert_int_equal(answer.row.serial, 0);
    assert_int_equal(answer.row.cert.len, 0);
}

static struct vouch_answer_ticket look(struct lab *lab, const char *who, uint64_t id) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_ticket ask = {.id = id};
    struct vouch_answer_ticket answer;
    test_ok(vouch_authority_ticket(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static size_t certificates(struct lab *lab) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_certs ask = {.page = {.limit = 200}};
    struct vouch_answer_certs answer;
    lab_settle(lab);
    test_ok(vouch_authority_certs(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

// --- from making to a certificate

static void it_gives_what_it_was_made_for_to_who_brings_a_key(void **state) {
    struct lab *lab = *state;
    struct vouch_record record;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    const struct vouch_ask_access ask = question(lab, "dev");
    const struct vouch_answer_ticket_new made = ask_as(lab, &caller, &ask);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    assert_true(company_is(made.roles, "dev"));
    assert_true(company_is(made.principals, "role:dev role:dev:alice"));
    assert_int_equal(made.ttl_s, 3600);
    assert_in_range(made.expires_s - vouch_time_now_s(), VOUCH_TICKET_TTL_S - 5,
                    VOUCH_TICKET_TTL_S);
    struct ticket ticket = {.id = made.id};
    (void)snprintf(ticket.secret, sizeof ticket.secret, "%.*s", (int)made.secret.len,
                   (const char *)made.secret.ptr);
    const struct vouch_answer_cert answer = use(lab, &ticket);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(company_is(answer.row.principals, "role:dev role:dev:alice"));
    assert_true(vouch_bytes_equal(answer.row.key_id, vouch_bytes_of("alice")));
    assert_true(vouch_bytes_equal(answer.row.source, vouch_bytes_of("198.51.100.7")));
    struct vouch_local *self = (void *)lab->admin;
    test_ok(vouch_record_fetch(self, answer.row.number, &record, &fault));
    assert_true(vouch_bytes_equal(record.actor, vouch_bytes_of("user:alice")));
    assert_true(vouch_bytes_equal(record.evidence, vouch_bytes_of("link:password+totp")));
    assert_non_null(memmem(record.policy.ptr, record.policy.len, " link ", 6));
    assert_non_null(memmem(record.request.ptr, record.request.len, "req-8 session=", 14));
    assert_int_equal(company_events(lab, "ticket.new", "alice"), 1);
}

static void it_is_used_once(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    struct vouch_answer_ticket shown = look(lab, "alice", ticket.id);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.state, VOUCH_TICKET_WAITING);
    assert_int_equal(shown.used_s, 0);
    const struct vouch_answer_cert answer = use(lab, &ticket);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t serial = answer.row.serial;
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    shown = look(lab, "alice", ticket.id);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.state, VOUCH_TICKET_USED);
    assert_true(shown.serial == serial && shown.used_s != 0);
    assert_true(vouch_bytes_equal(shown.source, vouch_bytes_of("198.51.100.7")));
    assert_int_equal(certificates(lab), 1);
}

struct runner {
    struct vouch_authority *authority;
    const struct ticket *ticket;
    struct vouch_bytes key;
    enum vouch_verdict verdict;
};

static void *run(void *context) {
    struct runner *runner = context;
    runner->verdict =
        use_with(runner->authority, runner->ticket->secret, runner->key).reply.verdict;
    return NULL;
}

static void of_those_at_the_same_time_one_gets_it(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    struct runner runners[4];
    pthread_t threads[4];
    size_t got = 0;
    for (size_t i = 0; i < 4; i++) {
        runners[i] = (struct runner){.ticket = &ticket,
                                     .key = vouch_key_blob(vouch_private_key_public(lab->subject))};
        test_ok(vouch_office_attach(lab->office, i, &runners[i].authority, &fault));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        vouch_authority_close(runners[i].authority);
        got += runners[i].verdict == VOUCH_VERDICT_DONE;
        assert_true(runners[i].verdict == VOUCH_VERDICT_DONE ||
                    runners[i].verdict == VOUCH_VERDICT_ABSENT);
    }
    assert_int_equal(got, 1);
    assert_int_equal(certificates(lab), 1);
}

static void a_key_that_will_not_do_leaves_it_as_it_is(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    struct vouch_answer_cert answer = use_with(lab->admin, ticket.secret, vouch_bytes_of("no key"));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    company_code(answer, "V-1201");
    answer = use_with(lab->admin, ticket.secret, vouch_key_blob(lab->office->checkpoint_key));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1809");
    answer = use(lab, &ticket);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// --- what ends it

static void it_ends_after_five_minutes(void **state) {
    struct lab *lab = *state;
    const struct ticket first = make(lab, "dev");
    ahead_s = VOUCH_TICKET_TTL_S - 2;
    assert_int_equal(look(lab, "alice", first.id).state, VOUCH_TICKET_WAITING);
    ahead_s = VOUCH_TICKET_TTL_S;
    assert_int_equal(look(lab, "alice", first.id).state, VOUCH_TICKET_OVER);
    refused(lab, &first, VOUCH_VERDICT_ABSENT, "V-2065");
    assert_int_equal(certificates(lab), 0);
}

// A role that wants a second factor of a quarter of an hour lets nobody wait longer by a link.
static void it_ends_when_the_second_factor_is_too_old(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = question(lab, "till");
    ask.reason = vouch_bytes_of("stocktaking");
    const struct vouch_caller caller = company_caller(lab, "alice", 299);
    company_change(lab, "    reason: required\n    second_factor: 15m\n",
                   "    reason: required\n    second_factor: 5m\n");
    const struct vouch_answer_ticket_new made = ask_as(lab, &caller, &ask);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    assert_in_range(made.expires_s - vouch_time_now_s(), 1, 2);
}

static void a_newer_one_takes_its_place(void **state) {
    struct lab *lab = *state;
    const struct ticket first = make(lab, "dev"), second = make(lab, "dev");
    const struct vouch_caller bob = company_caller(lab, "bob", 60);
    const struct ticket other = make_as(lab, &bob, "dev");
    refused(lab, &first, VOUCH_VERDICT_ABSENT, "V-2065");
    lab_verdict(use(lab, &second), VOUCH_VERDICT_DONE);
    lab_verdict(use(lab, &other), VOUCH_VERDICT_DONE);
}

static void it_ends_with_the_session_it_was_made_in(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    const struct ticket ticket = make_as(lab, &caller, "dev");
    const struct vouch_ask_session_end ask = {.which = VOUCH_SESSION_THIS};
    struct vouch_answer_ended ended;
    test_ok(vouch_authority_session_end(lab->admin, &caller, &ask, &ended, &fault));
    lab_verdict(ended, VOUCH_VERDICT_DONE);
    assert_int_equal(ended.count, 1);
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    assert_int_equal(certificates(lab), 0);
}

static void it_ends_with_its_user(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    company_change(lab, "{name: alice, login: alice}",
                   "{name: alice, login: alice, state: disabled}");
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE); // the session does not come back
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    assert_int_equal(certificates(lab), 0);
}

// --- the policy is asked again

static void another_policy_gives_the_same_or_nothing(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    company_change(lab, "extensions: [permit-pty, permit-agent-forwarding]",
                   "extensions: [permit-pty]");
    refused(lab, &ticket, VOUCH_VERDICT_CONFLICT, "V-2066");
    company_change(lab, "extensions: [permit-pty, permit-agent-forwarding]",
                   "extensions: [permit-pty, permit-agent-forwarding, permit-port-forwarding]");
    refused(lab, &ticket, VOUCH_VERDICT_CONFLICT, "V-2066"); // nor more than was promised
    company_change(lab, "members: [user:alice, user:bob]\n    hosts: [tier=web]",
                   "members: [user:bob]\n    hosts: [tier=web]");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-1814");
    company_change(lab, "max_ttl: 8h\n    extensions", "max_ttl: 30m\n    extensions");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-1814");
    company_change(lab, "    extensions: [permit-pty, permit-agent",
                   "    approval: { by: [group:leads], count: 1 }\n"
                   "    extensions: [permit-pty, permit-agent");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-1815");
    company_change(lab, "    extensions: [permit-pty, permit-agent",
                   "    key_types: [ssh-rsa]\n    extensions: [permit-pty, permit-agent");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-1814");
    company_change(lab, "max_ttl: 8h\n    extensions",
                   "max_ttl: 1h\n    break_glass: yes\n    second_factor: 5m\n"
                   "    reason: required\n    extensions");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-2040");
    assert_int_equal(certificates(lab), 0);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    lab_verdict(use(lab, &ticket), VOUCH_VERDICT_DONE); // it was not used up by any of it
}

// --- who gets none

static void no_link_is_made_for_what_needs_approval_or_an_emergency(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    struct vouch_ask_access ask = question(lab, "dba");
    struct vouch_answer_ticket_new answer = ask_as(lab, &caller, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2069");
    assert_non_null(strstr(answer.reply.why, "role dba needs 1 approval by group:leads"));
    assert_int_equal(answer.secret.len, 0);
    company_change(lab, "max_ttl: 8h\n    extensions",
                   "max_ttl: 1h\n    break_glass: yes\n    second_factor: 5m\n"
                   "    reason: required\n    extensions");
    ask = question(lab, "dev");
    ask.reason = vouch_bytes_of("the disk is full");
    answer = ask_as(lab, &caller, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2069");
    assert_int_equal(company_events(lab, "ticket.new", ""), 0);
    assert_int_equal(company_events(lab, "cert.refuse", ""), 2);
}

static void none_is_made_without_role_or_a_fresh_second_factor(void **state) {
    struct lab *lab = *state;
    const struct {
        const char *who;
        uint64_t factor_age_s;
        const char *roles, *code;
    } rows[] = {{"mallory", 60, "dev", "V-1814"},   {"bob", 60, "till", "V-1814"},
                {"alice", 301, "dev", "V-1886"},    {"alice+recovery", 60, "dev", "V-1889"},
                {"alice", 60, "till", "V-1814"}, // without the reason that it wants
                {"alice", 60, "nonsense", "V-1814"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_caller caller = company_caller(lab, rows[i].who, rows[i].factor_age_s);
        const struct vouch_ask_access ask = question(lab, rows[i].roles);
        const struct vouch_answer_ticket_new answer = ask_as(lab, &caller, &ask);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        company_code(answer, rows[i].code);
        assert_int_equal(answer.secret.len, 0);
    }
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_access ask = question(lab, "dev");
    const struct vouch_answer_ticket_new answer = ask_as(lab, &local, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED); // nobody's roles
    assert_int_equal(company_events(lab, "ticket.new", ""), 0);
}

static void it_is_made_for_the_keys_that_its_roles_want(void **state) {
    struct lab *lab = *state;
    company_change(lab, "    extensions: [permit-pty, permit-agent",
                   "    key_types: [ssh-rsa]\n    extensions: [permit-pty, permit-agent");
    const struct ticket ticket = make(lab, "dev");
    refused(lab, &ticket, VOUCH_VERDICT_REFUSED, "V-1814"); // the lab's is none of these
}

static void nobody_sees_that_of_another(void **state) {
    struct lab *lab = *state;
    const struct ticket ticket = make(lab, "dev");
    const char *const others[] = {"bob", "root-of-all", "eve"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct vouch_answer_ticket answer = look(lab, others[i], ticket.id);
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
        assert_int_equal(answer.state, VOUCH_TICKET_NONE);
    }
    const struct vouch_answer_ticket answer = look(lab, "alice", ticket.id + 1);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
}

static void a_secret_that_is_none_gets_nothing(void **state) {
    struct lab *lab = *state;
    struct ticket ticket = make(lab, "dev");
    ticket.secret[20] = ticket.secret[20] == 'A' ? 'B' : 'A';
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    ticket.secret[0] = '\0';
    refused(lab, &ticket, VOUCH_VERDICT_ABSENT, "V-2065");
    assert_int_equal(certificates(lab), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_gives_what_it_was_made_for_to_who_brings_a_key),
        TEST(it_is_used_once),
        TEST(of_those_at_the_same_time_one_gets_it),
        TEST(a_key_that_will_not_do_leaves_it_as_it_is),
        TEST(it_ends_after_five_minutes),
        TEST(it_ends_when_the_second_factor_is_too_old),
        TEST(a_newer_one_takes_its_place),
        TEST(it_ends_with_the_session_it_was_made_in),
        TEST(it_ends_with_its_user),
        TEST(another_policy_gives_the_same_or_nothing),
        TEST(no_link_is_made_for_what_needs_approval_or_an_emergency),
        TEST(none_is_made_without_role_or_a_fresh_second_factor),
        TEST(it_is_made_for_the_keys_that_its_roles_want),
        TEST(nobody_sees_that_of_another),
        TEST(a_secret_that_is_none_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
