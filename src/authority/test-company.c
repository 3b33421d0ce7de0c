// SPDX-License-Identifier: ISC
// The parts of test-company.h.
#include "authority/test-company.h"

#include "authority/office.h"
#include "store/accounts.h"
#include "store/sessions.h"

const char company_policy[] =
    "zones:\n"
    "  - {name: prod, patterns: ['*.prod.example.com']}\n"
    "  - {name: lab, patterns: ['*.lab.example.com'], principals: login}\n"
    "users:\n"
    "  - {name: alice, login: alice}\n"
    "  - {name: bob, login: bob}\n"
    "  - {name: carol}\n"
    "  - {name: dave}\n"
    "  - {name: erin}\n"
    "  - {name: frank}\n"
    "  - {name: gina}\n"
    "  - {name: root-of-all, login: roa}\n"
    "  - {name: eve}\n"
    "  - {name: mallory}\n"
    "  - {name: walt, state: disabled}\n"
    "groups:\n"
    "  - {name: leads, members: [bob, carol, dave, erin, frank, gina]}\n"
    "  - {name: vouch-admins, members: [root-of-all]}\n"
    "  - {name: vouch-auditors, members: [eve]}\n"
    "roles:\n"
    "  - name: dev\n"
    "    zone: prod\n"
    "    members: [user:alice, user:bob]\n"
    "    hosts: [tier=web]\n"
    "    logins: [$user, app]\n"
    "    max_ttl: 8h\n"
    "    extensions: [permit-pty, permit-agent-forwarding]\n"
    "  - name: dba\n"
    "    zone: prod\n"
    "    members: [user:alice, user:walt]\n"
    "    hosts: [tier=db]\n"
    "    logins: [postgres]\n"
    "    max_ttl: 1h\n"
    "    approval: { by: [group:leads], count: 1 }\n"
    "  - name: vault\n"
    "    zone: prod\n"
    "    members: [user:alice, user:bob]\n"
    "    hosts: [tier=db]\n"
    "    logins: [vault]\n"
    "    max_ttl: 1h\n"
    "    second_factor: 15m\n"
    "    approval: { by: [group:leads], count: 5 }\n"
    "  - name: till\n"
    "    zone: prod\n"
    "    members: [user:alice]\n"
    "    hosts: [tier=till]\n"
    "    logins: [till]\n"
    "    max_ttl: 2h\n"
    "    reason: required\n"
    "    second_factor: 15m\n"
    "  - name: bench\n"
    "    zone: lab\n"
    "    members: [user:alice]\n"
    "    hosts: [all]\n"
    "    logins: [alice-lab, tester]\n"
    "    max_ttl: 8h\n"
    "hosts:\n"
    "  - {name: web1.prod.example.com, zone: prod, labels: {tier: web}}\n"
    "  - {name: web2.prod.example.com, zone: prod, labels: {tier: web}}\n"
    "  - {name: db1.prod.example.com, zone: prod, labels: {tier: db}}\n"
    "  - {name: till1.prod.example.com, zone: prod, labels: {tier: till}}\n"
    "  - {name: bench1.lab.example.com, zone: lab}\n";

// --- the policy

uint64_t company_version(struct lab *lab) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_policy_show ask = {0};
    struct vouch_answer_policy answer;
    test_ok(vouch_authority_policy_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.version;
}

void company_apply(struct lab *lab, const char *text, enum vouch_verdict wanted) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_policy_apply ask = {
        .text = vouch_bytes_of(text), .what = VOUCH_POLICY_APPLY, .expect = company_version(lab)};
    struct vouch_answer_policy_apply answer;
    test_ok(vouch_authority_policy_apply(lab->admin, &caller, &ask, &answer, &fault));
    if (answer.reply.verdict != wanted) {
        fail_msg("applying: %d %s %s", answer.reply.verdict, answer.reply.code, answer.reply.why);
    }
}

void company_change(struct lab *lab, const char *before, const char *after) {
    char text[sizeof company_policy + 1024];
    const char *at = strstr(company_policy, before);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - company_policy), company_policy, after,
                   at + strlen(before));
    company_apply(lab, text, VOUCH_VERDICT_DONE);
}

int company_begin(void **state) {
    assert_int_equal(lab_begin(state), 0);
    struct lab *lab = *state;
    lab_open(lab);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    return 0;
}

int company_end(void **state) {
    return lab_end(state);
}

// --- people

static void add_session(struct lab *lab, const char *user, const char *methods, const char *secret,
                        uint64_t factor_s) {
    struct vouch_store *desk = lab->office->desk;
    struct vouch_local *self = NULL;
    struct vouch_store_account account;
    vouch_autoarena struct vouch_arena arena = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    uint64_t id = 0;
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    test_ok(vouch_hash_of(self, vouch_bytes_of(secret), hash, &fault));
    vouch_local_free(self);
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(
        vouch_store_account_find(desk, vouch_bytes_of(user), &arena, &outcome, &account, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    const struct vouch_store_session session = {.account = account.id,
                                                .methods = vouch_bytes_of(methods),
                                                .source = vouch_bytes_of("192.0.2.17"),
                                                .created_s = factor_s,
                                                .used_s = vouch_time_now_s(),
                                                .factor_s = factor_s,
                                                .idle_s = 3600,
                                                .ends_s = vouch_time_now_s() + 86400};
    test_ok(vouch_store_work_begin(desk, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_session_add(desk, &session, hash, &outcome, &id, &fault));
    test_ok(vouch_store_work_end(desk, VOUCH_OK, outcome, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

struct vouch_caller company_caller(struct lab *lab, const char *who, uint64_t factor_age_s) {
    static char secrets[16][64];
    static unsigned next;
    char user[64];
    char *secret = secrets[next++ % 16];
    const char *mark = strchr(who, '+');
    (void)snprintf(user, sizeof user, "%.*s", (int)strcspn(who, "+"), who);
    (void)snprintf(secret, sizeof secrets[0], VOUCH_SESSION_PREFIX "%043u", next);
    add_session(lab, user, mark != NULL ? "password+recovery" : "password+totp", secret,
                vouch_time_now_s() - factor_age_s);
    return (struct vouch_caller){.way = VOUCH_CALLER_SESSION,
                                 .token = vouch_bytes_of(secret),
                                 .source = vouch_bytes_of("192.0.2.17"),
                                 .request = vouch_bytes_of("req-7")};
}

// --- asking

struct vouch_ask_access company_ask(const struct lab *lab, const char *roles) {
    return (struct vouch_ask_access){.zone = vouch_bytes_of("prod"),
                                     .roles = lab_list(roles),
                                     .key = vouch_key_blob(vouch_private_key_public(lab->subject)),
                                     .ttl_s = 3600,
                                     .pending = VOUCH_PENDING_REQUEST};
}

struct vouch_answer_access company_access(struct lab *lab, const char *who,
                                          const struct vouch_ask_access *ask) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    struct vouch_answer_access answer;
    test_ok(vouch_authority_access(lab->admin, &caller, ask, &answer, &fault));
    return answer;
}

uint64_t company_request(struct lab *lab, const char *who, const char *roles) {
    const struct vouch_ask_access ask = company_ask(lab, roles);
    const struct vouch_answer_access answer = company_access(lab, who, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial == 0);
    assert_int_equal(answer.request.state, VOUCH_REQUEST_WAITING);
    assert_int_not_equal(answer.request.id, 0);
    return answer.request.id;
}

struct vouch_answer_request company_decide(struct lab *lab, const char *who, uint64_t id,
                                           enum vouch_request_verb verb) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_request_decide ask = {
        .id = id, .verb = verb, .comment = vouch_bytes_of("as said")};
    struct vouch_answer_request answer;
    test_ok(vouch_authority_request_decide(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

struct vouch_answer_cert company_take(struct lab *lab, const char *who, uint64_t id) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_request_take ask = {.id = id};
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_request_take(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

// --- looking behind

struct vouch_store_request company_kept(struct lab *lab, uint64_t id, struct vouch_arena *arena) {
    struct vouch_store_request request = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(vouch_store_request_find(lab->office->desk, id, arena, &outcome, &request, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return request;
}

void company_age(struct lab *lab, uint64_t id, uint64_t expires_s) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_request request = company_kept(lab, id, &arena);
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    request.expires_s = expires_s;
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(vouch_store_request_change(lab->office->desk, &request, &outcome, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

size_t company_events(struct lab *lab, const char *type, const char *object) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_audit ask = {
        .page = {.limit = 200}, .type = vouch_bytes_of(type), .object = vouch_bytes_of(object)};
    struct vouch_answer_audit answer;
    lab_settle(lab);
    test_ok(vouch_authority_audit(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

int company_is(struct vouch_text_list list, const char *texts) {
    const struct vouch_text_list wanted = lab_list(texts);
    int is_same = list.count == wanted.count;
    for (size_t i = 0; is_same && i < list.count; i++) {
        is_same = vouch_bytes_equal(list.items[i], wanted.items[i]);
    }
    return is_same;
}
