// SPDX-License-Identifier: ISC
// The policy applied and shown, what it means for people, and certificates by it.
#include "authority/test-company.h"

#include <pthread.h>
#include <stdatomic.h>

#include "authority/office.h"
#include "authority/row.h"
#include "base/str.h"

#define WORKERS 4

static struct vouch_answer_policy_apply apply_as(struct lab *lab, const struct vouch_caller *caller,
                                                 const char *text, uint64_t expect,
                                                 enum vouch_policy_apply what) {
    const struct vouch_ask_policy_apply ask = {.text = vouch_bytes_of(text),
                                               .name = vouch_bytes_of("team.yaml"),
                                               .what = what,
                                               .expect = expect};
    struct vouch_answer_policy_apply answer;
    test_ok(vouch_authority_policy_apply(lab->admin, caller, &ask, &answer, &fault));
    return answer;
}

// --- applying

static void nothing_is_granted_before_a_policy_is_applied(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_policy_show show = {0};
    const struct vouch_ask_who_can who = {vouch_bytes_of("app"), vouch_bytes_of("web1")};
    struct vouch_answer_policy policy;
    struct vouch_answer_who_can paths;
    lab_open(lab);
    test_ok(vouch_authority_policy_show(lab->admin, &caller, &show, &policy, &fault));
    lab_verdict(policy, VOUCH_VERDICT_DONE);
    assert_int_equal(policy.version, 0);
    assert_int_equal(policy.text.len, 0);
    test_ok(vouch_authority_who_can(lab->admin, &caller, &who, &paths, &fault));
    lab_verdict(paths, VOUCH_VERDICT_REFUSED);
    company_code(paths, "V-1812");
}

static void a_policy_is_recorded_kept_and_shown(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_policies list = {0};
    const struct vouch_ask_policy_show show = {.version = 1};
    struct vouch_answer_policies versions;
    struct vouch_answer_policy policy;
    struct vouch_record record;
    struct vouch_bytes value;
    assert_int_equal(company_events(lab, "policy.apply", "1"), 1);
    test_ok(vouch_authority_policies(lab->admin, &caller, &list, &versions, &fault));
    lab_verdict(versions, VOUCH_VERDICT_DONE);
    assert_int_equal(versions.count, 1);
    assert_int_equal(versions.rows[0].version, 1);
    assert_true(vouch_bytes_equal(versions.rows[0].actor, vouch_bytes_of("local:uid:1000")));
    struct vouch_local *self = (void *)lab->admin;
    uint64_t number = versions.rows[0].number;
    uint8_t hash[32], again[32];
    memcpy(hash, versions.rows[0].hash, sizeof hash);
    test_ok(vouch_authority_policy_show(lab->admin, &caller, &show, &policy, &fault));
    lab_verdict(policy, VOUCH_VERDICT_DONE);
    assert_non_null(memmem(policy.text.ptr, policy.text.len, "name: dba", 9));
    test_ok(vouch_hash_of(self, policy.text, again, &fault));
    assert_memory_equal(hash, again, sizeof hash);
    test_ok(vouch_record_fetch(self, number, &record, &fault));
    assert_true(vouch_record_is_event(&record, "policy.apply"));
    assert_true(vouch_record_detail(&record, "roles", &value));
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("5")));
    assert_true(vouch_record_detail(&record, "change", &value));
}

static void a_change_from_another_version_conflicts(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const uint64_t wrong[] = {0, 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct vouch_answer_policy_apply answer =
            apply_as(lab, &caller, "users: []\n", wrong[i], VOUCH_POLICY_APPLY);
        lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
        company_code(answer, "V-1813");
    }
    assert_int_equal(company_version(lab), 1);
}

static void what_cannot_be_read_changes_nothing(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct {
        const char *text, *why;
    } rows[] = {
        {"users:\n  - {name: alice, colour: red}\n", "team.yaml:2"},
        {"groups:\n  - {name: g, members: [nobody]}\n", "team.yaml:2"},
        {"users: [", "team.yaml"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_answer_policy_apply answer =
            apply_as(lab, &caller, rows[i].text, 1, VOUCH_POLICY_APPLY);
        lab_verdict(answer, VOUCH_VERDICT_INVALID);
        assert_non_null(strstr(answer.reply.why, rows[i].why));
        assert_string_equal(answer.reply.field, "policy");
    }
    assert_int_equal(company_version(lab), 1);
    assert_int_equal(company_events(lab, "policy.apply", "2"), 0);
}

static void applying_the_same_again_makes_no_version(void **state) {
    struct lab *lab = *state;
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    assert_int_equal(company_version(lab), 1);
    company_change(lab, "max_ttl: 8h", "max_ttl: 4h");
    assert_int_equal(company_version(lab), 2);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    assert_int_equal(company_version(lab), 3);
}

static void comparing_shows_who_loses_what_and_applies_nothing(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    struct vouch_answer_policy_apply answer =
        apply_as(lab, &caller, "users:\n  - {name: alice}\n", 0, VOUCH_POLICY_COMPARE);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.version, 1);
    assert_true(answer.changes_in_all > 0 && answer.change_count == answer.changes_in_all);
    assert_true(answer.edits_in_all > 0);
    int is_seen = 0;
    for (size_t i = 0; i < answer.change_count; i++) {
        const struct vouch_access_change *change = &answer.changes[i];
        assert_true(vouch_bytes_equal(change->after, vouch_bytes_of("none")));
        if (vouch_bytes_equal(change->login, vouch_bytes_of("postgres"))) {
            assert_true(vouch_bytes_equal(change->before, vouch_bytes_of("approval")));
            assert_true(company_is(change->users, "alice"));
            assert_true(company_is(change->hosts, "db1.prod.example.com"));
            is_seen = 1;
        }
    }
    assert_true(is_seen);
    assert_int_equal(company_version(lab), 1);
}

static void only_administrators_with_a_fresh_code_apply(void **state) {
    struct lab *lab = *state;
    char secret[VOUCH_TOKEN_TEXT_MAX];
    lab_new_token(lab, "reader", NULL, "audit:read cert:read", secret);
    const struct {
        struct vouch_caller caller;
        const char *code;
    } rows[] = {
        {company_caller(lab, "mallory", 10), "V-1802"},
        {company_caller(lab, "eve", 10), "V-1802"},
        {company_caller(lab, "root-of-all", 301), "V-1886"},
        {company_caller(lab, "root-of-all+recovery", 10), NULL},
        {lab_token(secret), "V-1802"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_answer_policy_apply answer =
            apply_as(lab, &rows[i].caller, "users: []\n", 1, VOUCH_POLICY_APPLY);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        if (rows[i].code != NULL) {
            company_code(answer, rows[i].code);
        }
    }
    assert_int_equal(company_version(lab), 1);
    const struct vouch_caller admin = company_caller(lab, "root-of-all", 290);
    struct vouch_answer_policy_apply answer =
        apply_as(lab, &admin,
                 "users:\n  - {name: root-of-all}\ngroups:\n"
                 "  - {name: vouch-admins, members: [root-of-all]}\n",
                 1, VOUCH_POLICY_APPLY);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.version, 2);
}

static void nobody_locks_the_last_administrator_out(void **state) {
    struct lab *lab = *state;
    static const char *const texts[] = {
        "users: []\n",
        "users:\n  - {name: root-of-all}\n",
        "users:\n  - {name: root-of-all, state: disabled}\ngroups:\n"
        "  - {name: vouch-admins, members: [root-of-all]}\n",
        "users:\n  - {name: root-of-all, until: 2020-01-01T00:00:00Z}\ngroups:\n"
        "  - {name: vouch-admins, members: [root-of-all]}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct vouch_caller admin = company_caller(lab, "root-of-all", 10);
        struct vouch_answer_policy_apply answer =
            apply_as(lab, &admin, texts[i], 1, VOUCH_POLICY_APPLY);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        company_code(answer, "V-1819");
    }
    assert_int_equal(company_version(lab), 1);
    company_apply(lab, "users: []\n", VOUCH_VERDICT_DONE); // on the server itself it can be done
    assert_int_equal(company_version(lab), 2);
}

static void the_policy_is_there_after_a_restart(void **state) {
    struct lab *lab = *state;
    company_change(lab, "max_ttl: 8h", "max_ttl: 4h");
    lab_close_office(lab);
    lab_open(lab);
    assert_int_equal(company_version(lab), 2);
    struct vouch_ask_access ask = company_ask(lab, "dev");
    ask.ttl_s = 0;
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t length_s = answer.cert.valid_before - answer.cert.valid_after;
    assert_true(length_s >= 4 * 3600 && length_s < 4 * 3600 + 300);
}

// As long as it may be; what is longer is refused before it is sent.
static void a_policy_of_eight_mebibytes_goes_over_a_lane(void **state) {
    struct lab *lab = *state;
    char secret[VOUCH_TOKEN_TEXT_MAX];
    char *text = malloc(VOUCH_POLICY_TEXT_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', VOUCH_POLICY_TEXT_MAX + 1);
    for (size_t i = 0; i < VOUCH_POLICY_TEXT_MAX; i += 64) {
        text[i] = '#';
        text[i + 63] = '\n';
    }
    memcpy(text, "users: []\n#", 11);
    lab_new_token(lab, "chief", NULL, "admin", secret);
    company_apply(lab, "users: []\n", VOUCH_VERDICT_DONE);
    lab_serve(lab, 1);
    const struct vouch_caller caller = lab_token(secret);
    struct vouch_ask_policy_apply ask = {.text = {(const uint8_t *)text, VOUCH_POLICY_TEXT_MAX},
                                         .what = VOUCH_POLICY_APPLY,
                                         .expect = 2};
    struct vouch_answer_policy_apply answer;
    for (int turn = 0; turn < 3; turn++) {
        test_ok(vouch_authority_policy_apply(lab->remotes[0], &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_DONE);
        assert_int_equal(answer.version, 2);
    }
    ask.text.len++;
    test_ok(vouch_authority_policy_apply(lab->remotes[0], &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    free(text);
}

// --- what it means

static void says_who_somebody_is_and_what_they_have(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    const struct vouch_ask_me ask = {0};
    struct vouch_answer_me me;
    test_ok(vouch_authority_me(lab->admin, &caller, &ask, &me, &fault));
    lab_verdict(me, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(me.user, vouch_bytes_of("alice")));
    assert_true(vouch_bytes_equal(me.name, vouch_bytes_of(LAB_ORIGIN)));
    assert_int_equal(me.policy, 1);
    assert_int_equal(me.is_admin + me.is_auditor, 0);
    assert_true(me.factor_s > 0 && me.ends_s > me.factor_s && me.idle_s > 0);
    assert_int_equal(me.zone_count, 2);
    assert_true(vouch_bytes_equal(me.zones[1].name, vouch_bytes_of("prod")));
    assert_true(company_is(me.zones[1].patterns, "*.prod.example.com"));
    assert_int_equal(me.role_count, 5);
    const struct {
        const char *role, *logins;
        uint64_t approvals, needs_reason, factor_age_s;
    } rows[] = {{"bench", "alice-lab tester", 0, 0, 0},
                {"dba", "postgres", 1, 0, 0},
                {"dev", "alice app", 0, 0, 0},
                {"till", "till", 0, 1, 900},
                {"vault", "vault", 5, 0, 900}};
    for (size_t i = 0; i < me.role_count; i++) {
        assert_true(vouch_bytes_equal(me.roles[i].role, vouch_bytes_of(rows[i].role)));
        assert_true(company_is(me.roles[i].logins, rows[i].logins));
        assert_int_equal(me.roles[i].approvals, rows[i].approvals);
        assert_int_equal(me.roles[i].needs_reason, rows[i].needs_reason);
        assert_int_equal(me.roles[i].factor_age_s, rows[i].factor_age_s);
    }
}

// Gauntlet W8: of others only administrators and auditors are told.
static void others_are_not_for_everybody_to_see_W8(void **state) {
    struct lab *lab = *state;
    const struct {
        const char *who, *about;
        enum vouch_verdict verdict;
    } rows[] = {
        {"mallory", "alice", VOUCH_VERDICT_REFUSED},  {"bob", "alice", VOUCH_VERDICT_REFUSED},
        {"mallory", "nobody", VOUCH_VERDICT_REFUSED}, {"alice", "alice", VOUCH_VERDICT_DONE},
        {"eve", "alice", VOUCH_VERDICT_DONE},         {"root-of-all", "alice", VOUCH_VERDICT_DONE},
        {"eve", "nobody", VOUCH_VERDICT_ABSENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_caller caller = company_caller(lab, rows[i].who, 60);
        const struct vouch_ask_me ask = {vouch_bytes_of(rows[i].about)};
        const struct vouch_ask_hosts hosts = {.user = vouch_bytes_of(rows[i].about)};
        const struct vouch_ask_who_can who = {vouch_bytes_of("app"),
                                              vouch_bytes_of("web1.prod.example.com")};
        struct vouch_answer_me me;
        struct vouch_answer_hosts list;
        struct vouch_answer_who_can paths;
        test_ok(vouch_authority_me(lab->admin, &caller, &ask, &me, &fault));
        lab_verdict(me, rows[i].verdict);
        assert_int_equal(me.factor_s != 0, i == 3); // of the caller's own session only
        test_ok(vouch_authority_hosts(lab->admin, &caller, &hosts, &list, &fault));
        lab_verdict(list, rows[i].verdict);
        test_ok(vouch_authority_who_can(lab->admin, &caller, &who, &paths, &fault));
        int is_reader = rows[i].who[0] == 'e' || rows[i].who[0] == 'r';
        lab_verdict(paths, is_reader ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_REFUSED);
        assert_int_equal(paths.count, is_reader ? 2 : 0);
    }
}

static void lists_hosts_with_logins_and_what_could_be_asked_for(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    struct vouch_ask_hosts ask = {0};
    struct vouch_answer_hosts list;
    test_ok(vouch_authority_hosts(lab->admin, &caller, &ask, &list, &fault));
    lab_verdict(list, VOUCH_VERDICT_DONE);
    assert_int_equal(list.count, 5);
    assert_int_equal(list.next.len, 0);
    assert_true(vouch_bytes_equal(list.rows[1].host, vouch_bytes_of("db1.prod.example.com")));
    assert_int_equal(list.rows[1].logins.count, 0);
    assert_true(company_is(list.rows[1].requests, "dba vault"));
    assert_true(company_is(list.rows[3].logins, "alice app"));
    assert_true(company_is(list.rows[3].roles, "dev"));
    ask.host = vouch_bytes_of("web?.prod.*");
    test_ok(vouch_authority_hosts(lab->admin, &caller, &ask, &list, &fault));
    assert_int_equal(list.count, 2);
    ask = (struct vouch_ask_hosts){.zone = vouch_bytes_of("lab")};
    test_ok(vouch_authority_hosts(lab->admin, &caller, &ask, &list, &fault));
    assert_int_equal(list.count, 1);
}

static void hosts_come_page_by_page_of_one_policy(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 60);
    struct vouch_ask_hosts ask = {.page = {.limit = 2}};
    struct vouch_answer_hosts list;
    char cursor[VOUCH_ASK_CURSOR_MAX + 1] = "";
    size_t count = 0;
    for (size_t page = 0; page < 4 && (page == 0 || cursor[0] != '\0'); page++) {
        ask.page.cursor = vouch_bytes_of(cursor);
        test_ok(vouch_authority_hosts(lab->admin, &caller, &ask, &list, &fault));
        lab_verdict(list, VOUCH_VERDICT_DONE);
        count += list.count;
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)list.next.len,
                       list.next.len > 0 ? (const char *)list.next.ptr : "");
    }
    assert_int_equal(count, 5);
    const char *const wrong[] = {"2.1", "1.", "1", "x.1", "1.1.1", "1.-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask.page.cursor = vouch_bytes_of(wrong[i]);
        test_ok(vouch_authority_hosts(lab->admin, &caller, &ask, &list, &fault));
        lab_verdict(list, VOUCH_VERDICT_INVALID);
    }
}

// --- certificates

static void check_record(struct lab *lab, uint64_t number, const char *role, const char *policy) {
    struct vouch_record record;
    test_ok(vouch_record_fetch((void *)lab->admin, number, &record, &fault));
    assert_int_equal(record.kind, VOUCH_RECORD_CERT);
    assert_true(vouch_bytes_equal(record.actor, vouch_bytes_of("user:alice")));
    assert_true(vouch_bytes_equal(record.role, vouch_bytes_of(role)));
    assert_true(vouch_bytes_equal(record.policy, vouch_bytes_of(policy)));
    assert_true(vouch_bytes_equal(record.evidence, vouch_bytes_of("session:password+totp")));
    assert_true(vouch_bytes_equal(record.source, vouch_bytes_of("192.0.2.17")));
}

static void a_certificate_is_what_the_policy_grants(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_access ask = company_ask(lab, "dev");
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    struct vouch_cert_view view;
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial != 0);
    assert_int_equal(answer.request.id, 0);
    assert_true(company_is(answer.cert.principals, "role:dev role:dev:alice"));
    assert_true(vouch_bytes_equal(answer.cert.key_id, vouch_bytes_of("alice")));
    test_ok(vouch_own_cert_read(answer.cert.cert, &view));
    assert_int_equal(view.type, VOUCH_CERT_USER);
    assert_int_equal(view.valid_before - view.valid_after, 3600 + 60);
    assert_int_equal(view.critical.len, 0);
    assert_non_null(memmem(view.extensions.ptr, view.extensions.len, "permit-pty", 10));
    assert_null(memmem(view.extensions.ptr, view.extensions.len, "permit-X11", 10));
    check_record(lab, answer.cert.number, "dev", "policy 1");
}

static struct vouch_answer_access_preview preview(struct lab *lab, const char *who,
                                                  const struct vouch_ask_access *ask) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    struct vouch_answer_access_preview answer = {0};
    test_ok(vouch_authority_access_preview(lab->admin, &caller, ask, &answer, &fault));
    return answer;
}

static void a_preview_is_what_would_be_signed(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "dev");
    ask.ttl_s = 1800;
    ask.sources = lab_list("192.0.2.0/24");
    ask.sources_are = VOUCH_ASK_CHOSEN;
    const struct vouch_answer_access_preview shown = preview(lab, "alice", &ask);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.missing, 0);
    assert_true(company_is(shown.roles, "dev"));
    assert_true(company_is(shown.principals, "role:dev role:dev:alice"));
    assert_true(company_is(shown.critical, "source-address=192.0.2.0/24"));
    assert_true(company_is(shown.extensions, "permit-agent-forwarding permit-pty"));
    assert_true(vouch_bytes_equal(shown.key_id, vouch_bytes_of("alice")));
    assert_int_equal(shown.valid_before - shown.valid_after, 1800 + 60);
    assert_int_equal(company_events(lab, "cert.issue", ""), 0);
    uint8_t key[32];
    memcpy(key, shown.key, sizeof key);
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_memory_equal(answer.cert.key, key, sizeof key);
    assert_true(company_is(answer.cert.principals, "role:dev role:dev:alice"));
}

static void a_preview_refuses_as_the_ask_would_and_keeps_nothing(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "dba");
    ask.pending = VOUCH_PENDING_REQUEST;
    struct vouch_answer_access_preview shown = preview(lab, "alice", &ask);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.missing, 1);
    assert_true(company_is(shown.principals, "role:dba"));
    shown = preview(lab, "mallory", &ask);
    lab_verdict(shown, VOUCH_VERDICT_REFUSED);
    company_code(shown, "V-1814");
    ask.key = vouch_bytes_of("no key");
    shown = preview(lab, "alice", &ask);
    lab_verdict(shown, VOUCH_VERDICT_INVALID);
    assert_string_equal(shown.reply.field, "public_key");
    assert_int_equal(company_events(lab, "request.new", ""), 0);
    assert_int_equal(company_events(lab, "cert.refuse", ""), 0);
    const struct vouch_caller admin = lab_local();
    test_ok(vouch_authority_access_preview(lab->admin, &admin, &ask, &shown, &fault));
    lab_verdict(shown, VOUCH_VERDICT_REFUSED); // nobody's roles
}

// Decision 6: with no role named, all that need neither approval nor reason.
static void no_role_named_is_all_that_stand(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "");
    struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(company_is(answer.cert.principals, "role:dev role:dev:alice"));
    answer = company_access(lab, "mallory", &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1814");
    ask.zone = vouch_bytes_of("lab");
    answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(company_is(answer.cert.principals, "alice-lab tester"));
}

// Gauntlet C1, C4: each field left out, empty or hostile is refused, and nothing is issued.
static void what_is_left_out_grants_nothing_C1_C4(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_access good = company_ask(lab, "dev");
    static const struct vouch_bytes empty[1];
    static const uint8_t nonsense[] = "no key";
    struct vouch_ask_access asks[9];
    for (size_t i = 0; i < 9; i++) {
        asks[i] = good;
    }
    asks[0].zone = (struct vouch_bytes){0};
    asks[1].zone = vouch_bytes_of("PROD"); // gauntlet W7: one spelling
    asks[2].roles = (struct vouch_text_list){empty, 1};
    asks[3].roles = lab_list("Dev");
    asks[4].key = (struct vouch_bytes){0};
    asks[5].key = (struct vouch_bytes){nonsense, sizeof nonsense};
    asks[6].ttl_s = 8 * 3600 + 1;
    asks[7].logins_are = VOUCH_ASK_CHOSEN;
    asks[8].roles = lab_list("till"); // without a reason
    for (size_t i = 0; i < 9; i++) {
        const struct vouch_answer_access answer = company_access(lab, "alice", &asks[i]);
        assert_true(answer.reply.verdict == VOUCH_VERDICT_REFUSED ||
                    answer.reply.verdict == VOUCH_VERDICT_INVALID);
        assert_true(answer.reply.why[0] != '\0');
        assert_true(answer.cert.serial == 0 && answer.cert.cert.len == 0);
        assert_int_equal(answer.request.id, 0);
    }
    assert_int_equal(company_events(lab, "cert.issue", ""), 0);
}

// Gauntlet C2: a name that is a list somewhere, or a pattern, is nobody's role, login or zone.
static void no_byte_makes_two_names_of_one_C2(void **state) {
    struct lab *lab = *state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[] = {'d', 'e', 'v', (uint8_t)c, 'a', 'p', 'p'};
        const struct vouch_bytes name = {text, sizeof text};
        struct vouch_ask_access ask = company_ask(lab, "dev");
        ask.roles = (struct vouch_text_list){&name, 1};
        assert_int_not_equal(company_access(lab, "alice", &ask).reply.verdict, VOUCH_VERDICT_DONE);
        ask = company_ask(lab, "bench");
        ask.zone = vouch_bytes_of("lab");
        ask.logins = (struct vouch_text_list){&name, 1};
        ask.logins_are = VOUCH_ASK_CHOSEN;
        assert_int_not_equal(company_access(lab, "alice", &ask).reply.verdict, VOUCH_VERDICT_DONE);
    }
}

// Gauntlet C18: one role that is not theirs, at each place.
static void one_bad_role_refuses_all_C18(void **state) {
    struct lab *lab = *state;
    char text[1024];
    for (size_t bad = 0; bad < 3; bad++) {
        (void)snprintf(text, sizeof text, "%s %s %s", bad == 0 ? "bench" : "dev",
                       bad == 1 ? "bench" : "dba", bad == 2 ? "bench" : "vault");
        const struct vouch_ask_access ask = company_ask(lab, text);
        const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        company_code(answer, "V-1814");
        assert_int_equal(answer.request.id, 0);
    }
    const struct vouch_ask_access ask = company_ask(lab, "dev dba vault");
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.request.missing, 6);
}

// Gauntlet W10: what is over its bound is refused, at each bound.
static void each_field_has_its_bound_W10(void **state) {
    struct lab *lab = *state;
    static char text[8192];
    static struct vouch_bytes many[200];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < 200; i++) {
        many[i] = (struct vouch_bytes){(const uint8_t *)text, i + 1};
    }
    const struct vouch_bytes long_text = {(const uint8_t *)text, sizeof text};
    const struct vouch_text_list list = {many, 200};
    struct vouch_ask_access asks[7];
    for (size_t i = 0; i < 7; i++) {
        asks[i] = company_ask(lab, "dev");
    }
    asks[0].zone = long_text;
    asks[1].roles = list;
    asks[2].reason = long_text;
    asks[3].extensions = list;
    asks[4].logins = list;
    asks[5].sources = list;
    asks[6].force_command = long_text;
    for (size_t i = 0; i < 7; i++) {
        const struct vouch_answer_access answer = company_access(lab, "alice", &asks[i]);
        lab_verdict(answer, VOUCH_VERDICT_INVALID);
    }
}

static void a_second_factor_that_is_too_old_is_asked_for_again(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "till");
    struct vouch_answer_access answer;
    ask.reason = vouch_bytes_of("closing the till");
    struct vouch_caller caller = company_caller(lab, "alice", 901);
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1886");
    caller = company_caller(lab, "alice+recovery", 10);
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_not_equal(answer.reply.code, "V-1886"); // no code of that kind helps
    caller = company_caller(lab, "alice", 899);
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    const struct vouch_ask_access plain = company_ask(lab, "dev");
    caller = company_caller(lab, "alice+recovery", 10);
    test_ok(vouch_authority_access(lab->admin, &caller, &plain, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE); // where any second factor will do, it does
}

static void only_users_get_access_and_only_so(void **state) {
    struct lab *lab = *state;
    char secret[VOUCH_TOKEN_TEXT_MAX];
    const struct vouch_ask_access ask = company_ask(lab, "dev");
    lab_profile(lab, "deploy", "alice", "permit-pty", 3600);
    lab_new_token(lab, "ci", "deploy", "cert:issue admin", secret);
    const struct vouch_caller callers[] = {lab_local(), lab_token(secret)};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_answer_access answer;
        test_ok(vouch_authority_access(lab->admin, &callers[i], &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        company_code(answer, "V-1814");
    }
    const char *const users[] = {"alice", "root-of-all"};
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_caller caller = company_caller(lab, users[i], 10);
        const struct vouch_ask_issue issue = lab_ask(lab);
        struct vouch_answer_cert answer;
        test_ok(vouch_authority_issue(lab->admin, &caller, &issue, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        assert_true(answer.row.serial == 0);
    }
}

static void the_same_request_makes_one_certificate(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "alice", 10);
    struct vouch_ask_access ask = company_ask(lab, "dev");
    struct vouch_answer_access answer;
    ask.once = vouch_bytes_of("7d3f");
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t serial = answer.cert.serial;
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial == serial);
    ask.ttl_s = 60;
    test_ok(vouch_authority_access(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
}

// --- what was allowed before is over when applying answers

struct worker {
    struct lab *lab;
    struct vouch_authority *authority;
    struct vouch_caller caller;
    struct vouch_ask_access ask;
    atomic_int *is_over;
    size_t issued;
};

static void *ask_on(void *context) {
    struct worker *worker = context;
    while (!atomic_load(worker->is_over)) {
        struct vouch_answer_access answer;
        struct vouch_fault fault = {0};
        int err = vouch_authority_access(worker->authority, &worker->caller, &worker->ask, &answer,
                                         &fault);
        worker->issued += err == VOUCH_OK && answer.reply.verdict == VOUCH_VERDICT_DONE ? 1 : 0;
    }
    return NULL;
}

static void check_all_revoked(struct lab *lab) {
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_certs ask = {.page = {.limit = 200},
                                        .actor = vouch_bytes_of("user:alice"),
                                        .valid_at_s = vouch_time_now_s()};
    struct vouch_answer_certs certs;
    lab_settle(lab);
    test_ok(vouch_authority_certs(lab->admin, &local, &ask, &certs, &fault));
    lab_verdict(certs, VOUCH_VERDICT_DONE);
    assert_true(certs.count > 0);
    for (size_t i = 0; i < certs.count; i++) {
        assert_true(certs.rows[i].revoked_ms != 0);
    }
}

static void a_disabled_user_has_no_certificate_left_whatever_was_at_work(void **state) {
    struct lab *lab = *state;
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    atomic_int is_over = 0;
    size_t issued = 0;
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.lab = lab,
                                     .caller = company_caller(lab, "alice", 10),
                                     .ask = company_ask(lab, "dev"),
                                     .is_over = &is_over};
        test_ok(vouch_office_attach(lab->office, i, &workers[i].authority, &fault));
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &workers[i]), 0);
    }
    const struct timespec moment = {.tv_nsec = 50000000};
    (void)nanosleep(&moment, NULL);
    company_change(lab, "{name: alice, login: alice}",
                   "{name: alice, login: alice, state: disabled}");
    check_all_revoked(lab);
    atomic_store(&is_over, 1);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        vouch_authority_close(workers[i].authority);
        issued += workers[i].issued;
    }
    assert_true(issued > 0);
    check_all_revoked(lab);
}

struct applier {
    struct lab *lab;
    atomic_int is_done;
};

static void *apply_a_change(void *context) {
    struct applier *applier = context;
    company_change(applier->lab, "max_ttl: 8h", "max_ttl: 4h");
    atomic_store(&applier->is_done, 1);
    return NULL;
}

// Whoever decides by the one before is done, or never begins, before applying answers.
static void applying_waits_for_those_who_decide_by_the_one_before(void **state) {
    struct lab *lab = *state;
    struct applier applier = {.lab = lab};
    struct vouch_local *self = NULL;
    pthread_t thread;
    uint64_t version = 0;
    const struct timespec moment = {.tv_nsec = 10000000};
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    const struct vouch_policy *before = vouch_policy_hold(self, &version);
    assert_non_null(before);
    assert_int_equal(version, 1);
    assert_int_equal(pthread_create(&thread, NULL, apply_a_change, &applier), 0);
    const struct vouch_policy *now = before;
    while (now == before) { // until the new one holds
        (void)nanosleep(&moment, NULL);
        now = vouch_policy_hold(self, &version);
        vouch_policy_release(self, now);
    }
    assert_int_equal(version, 2);
    for (int i = 0; i < 20; i++) {
        (void)nanosleep(&moment, NULL);
        assert_int_equal(atomic_load(&applier.is_done), 0);
    }
    assert_non_null(vouch_policy_user_named(before, vouch_bytes_of("alice"))); // it is still there
    vouch_policy_release(self, before);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&applier.is_done), 1);
    vouch_local_free(self);
}

#define WITH_COMPANY(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_granted_before_a_policy_is_applied, lab_begin,
                                        lab_end),
        WITH_COMPANY(a_policy_is_recorded_kept_and_shown),
        WITH_COMPANY(a_change_from_another_version_conflicts),
        WITH_COMPANY(what_cannot_be_read_changes_nothing),
        WITH_COMPANY(applying_the_same_again_makes_no_version),
        WITH_COMPANY(comparing_shows_who_loses_what_and_applies_nothing),
        WITH_COMPANY(only_administrators_with_a_fresh_code_apply),
        WITH_COMPANY(nobody_locks_the_last_administrator_out),
        WITH_COMPANY(the_policy_is_there_after_a_restart),
        WITH_COMPANY(a_policy_of_eight_mebibytes_goes_over_a_lane),
        WITH_COMPANY(says_who_somebody_is_and_what_they_have),
        WITH_COMPANY(others_are_not_for_everybody_to_see_W8),
        WITH_COMPANY(lists_hosts_with_logins_and_what_could_be_asked_for),
        WITH_COMPANY(hosts_come_page_by_page_of_one_policy),
        WITH_COMPANY(a_certificate_is_what_the_policy_grants),
        WITH_COMPANY(a_preview_is_what_would_be_signed),
        WITH_COMPANY(a_preview_refuses_as_the_ask_would_and_keeps_nothing),
        WITH_COMPANY(no_role_named_is_all_that_stand),
        WITH_COMPANY(what_is_left_out_grants_nothing_C1_C4),
        WITH_COMPANY(no_byte_makes_two_names_of_one_C2),
        WITH_COMPANY(one_bad_role_refuses_all_C18),
        WITH_COMPANY(each_field_has_its_bound_W10),
        WITH_COMPANY(a_second_factor_that_is_too_old_is_asked_for_again),
        WITH_COMPANY(only_users_get_access_and_only_so),
        WITH_COMPANY(the_same_request_makes_one_certificate),
        WITH_COMPANY(applying_waits_for_those_who_decide_by_the_one_before),
        WITH_COMPANY(a_disabled_user_has_no_certificate_left_whatever_was_at_work),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
