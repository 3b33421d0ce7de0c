// SPDX-License-Identifier: ISC
// The inventory: tokens, what administrators do to hosts, what the policy in force has of them.
#include "authority/test-machine.h"

#include "authority/fleet.h"
#include "authority/office.h"
#include "store/hosts.h"

#define WEB9 "web9.prod.example.com"

// --- tokens

static enum vouch_verdict new_token(struct lab *lab, const struct vouch_caller *caller,
                                    const struct vouch_ask_host_token_new *ask,
                                    struct vouch_answer_host_token *ret_answer) {
    test_ok(vouch_authority_host_token_new(lab->admin, caller, ask, ret_answer, &fault));
    return ret_answer->reply.verdict;
}

static void a_token_has_its_bounds(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    static const struct {
        const char *match, *zone, *labels, *networks;
        uint64_t uses, ttl_s;
        const char *field; // NULL: it is made
    } rows[] = {
        {WEB9, "prod", "", "", 0, 0, NULL},
        {WEB9, "prod", "", "", 1, 3600, NULL},
        {WEB9, "prod", "", "", 1, 3601, "ttl_s"},
        {WEB9, "prod", "", "", 2, 30 * 86400, NULL},
        {WEB9, "prod", "", "", 2, 30 * 86400 + 1, "ttl_s"},
        {WEB9, "prod", "", "", 10000, 60, NULL},
        {WEB9, "prod", "", "", 10001, 60, "uses"},
        {"", "prod", "", "", 0, 0, "match"},
        {"*", "prod", "", "", 0, 0, "match"},
        {"Web*", "prod", "", "", 0, 0, "match"},
        {"web9.", "prod", "", "", 0, 0, "match"},
        {WEB9, "", "", "", 0, 0, "zone"},
        {WEB9, "nowhere", "", "", 0, 0, "zone"},
        {WEB9, "prod", "tier", "", 0, 0, "labels"},
        {WEB9, "prod", "tier=a tier=b", "", 0, 0, "labels"},
        {WEB9, "prod", "", "0.0.0.0/0", 0, 0, "networks"},
        {WEB9, "prod", "", "10.0.0.1/8", 0, 0, "networks"},
        {WEB9, "prod", "", "10.0.0.0/8,11.0.0.0/8", 0, 0, "networks"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_ask_host_token_new ask = {.match = vouch_bytes_of(rows[i].match),
                                                     .zone = vouch_bytes_of(rows[i].zone),
                                                     .labels = lab_list(rows[i].labels),
                                                     .networks = lab_list(rows[i].networks),
                                                     .uses = rows[i].uses,
                                                     .ttl_s = rows[i].ttl_s};
        struct vouch_answer_host_token answer;
        const enum vouch_verdict wanted =
            rows[i].field == NULL ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_INVALID;
        if (new_token(lab, &caller, &ask, &answer) != wanted ||
            strcmp(answer.reply.field, rows[i].field != NULL ? rows[i].field : "") != 0) {
            fail_msg("row %zu: %d %s: %s", i, answer.reply.verdict, answer.reply.field,
                     answer.reply.why);
        }
    }
}

static void only_administrators_with_a_fresh_code_change_hosts(void **state) {
    struct lab *lab = *state;
    char reader[VOUCH_TOKEN_TEXT_MAX], admin[VOUCH_TOKEN_TEXT_MAX];
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    lab_new_token(lab, "reader", NULL, "audit:read cert:read cert:revoke", reader);
    lab_new_token(lab, "admin", NULL, "admin", admin);
    const struct {
        struct vouch_caller caller;
        enum vouch_verdict token, look, lock;
    } rows[] = {
        {company_caller(lab, "mallory", 10), VOUCH_VERDICT_REFUSED, VOUCH_VERDICT_REFUSED,
         VOUCH_VERDICT_REFUSED},
        {company_caller(lab, "eve", 10), VOUCH_VERDICT_REFUSED, VOUCH_VERDICT_DONE,
         VOUCH_VERDICT_REFUSED},
        {company_caller(lab, "root-of-all", 301), VOUCH_VERDICT_REFUSED, VOUCH_VERDICT_DONE,
         VOUCH_VERDICT_REFUSED},
        {lab_token(reader), VOUCH_VERDICT_REFUSED, VOUCH_VERDICT_DONE, VOUCH_VERDICT_REFUSED},
        {machine_caller(&machine), VOUCH_VERDICT_UNKNOWN, VOUCH_VERDICT_UNKNOWN,
         VOUCH_VERDICT_UNKNOWN},
        {machine_stranger("192.0.2.1"), VOUCH_VERDICT_UNKNOWN, VOUCH_VERDICT_UNKNOWN,
         VOUCH_VERDICT_UNKNOWN},
        {lab_token(admin), VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE},
        {lab_local(), VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT},
    };
    const struct vouch_ask_host_token_new token = {.match = vouch_bytes_of(WEB9),
                                                   .zone = vouch_bytes_of("prod")};
    const struct vouch_ask_fleet_change look = {.name = vouch_bytes_of(WEB9)};
    struct vouch_ask_fleet_change lock = {.name = vouch_bytes_of(WEB9), .verb = VOUCH_FLEET_LOCK};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_answer_host_token made;
        struct vouch_answer_fleet_row row;
        assert_int_equal(new_token(lab, &rows[i].caller, &token, &made), rows[i].token);
        test_ok(vouch_authority_fleet_change(lab->admin, &rows[i].caller, &look, &row, &fault));
        lab_verdict(row, rows[i].look);
        test_ok(vouch_authority_fleet_change(lab->admin, &rows[i].caller, &lock, &row, &fault));
        lab_verdict(row, rows[i].lock);
    }
    machine_free(&machine);
}

static void tokens_are_listed_and_removed(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    const struct vouch_ask_host_tokens list = {.page = {.limit = 2}};
    struct machine machine = machine_new(WEB9, 1);
    struct vouch_answer_host_tokens page;
    struct vouch_answer_host_token removed;
    const struct machine_token token = machine_token(lab, WEB9, 7);
    (void)machine_token(lab, WEB9, 0);
    (void)machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    test_ok(vouch_authority_host_tokens(lab->admin, &caller, &list, &page, &fault));
    lab_verdict(page, VOUCH_VERDICT_DONE);
    assert_int_equal(page.count, 2);
    assert_true(page.next.len > 0);
    assert_int_equal(page.rows[0].uses, 7);
    assert_int_equal(page.rows[0].uses_left, 6);
    assert_true(company_is(page.rows[0].labels, "tier=web"));
    const struct vouch_ask_host_token_remove ask = {.id = token.id};
    test_ok(vouch_authority_host_token_remove(lab->admin, &caller, &ask, &removed, &fault));
    lab_verdict(removed, VOUCH_VERDICT_DONE);
    test_ok(vouch_authority_host_token_remove(lab->admin, &caller, &ask, &removed, &fault));
    lab_verdict(removed, VOUCH_VERDICT_ABSENT);
    assert_int_equal(company_events(lab, "host.token", WEB9), 3);
    assert_int_equal(company_events(lab, "host.token.remove", WEB9), 1);
    struct machine next = machine_new("web8.prod.example.com", 2);
    company_code(machine_enrol(lab, &next, token.secret, VOUCH_VERDICT_UNKNOWN), "V-1830");
    machine_free(&machine);
    machine_free(&next);
}

// --- the policy in force

static int can(struct lab *lab, const char *login, const char *host, const char *user) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    const struct vouch_ask_who_can ask = {vouch_bytes_of(login), vouch_bytes_of(host)};
    struct vouch_answer_who_can answer;
    int is_there = 0;
    test_ok(vouch_policy_remake((void *)lab->admin, VOUCH_POLICY_HURRIED, &fault));
    test_ok(vouch_authority_who_can(lab->admin, &caller, &ask, &answer, &fault));
    for (size_t i = 0; i < answer.count; i++) {
        is_there = is_there || vouch_bytes_equal(answer.rows[i].user, vouch_bytes_of(user));
    }
    return is_there;
}

static void enrolled_hosts_are_in_the_policy_that_holds(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    assert_false(can(lab, "app", WEB9, "alice"));
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    assert_true(can(lab, "app", WEB9, "alice"));
    assert_false(can(lab, "postgres", WEB9, "alice"));
    assert_true(can(lab, "app", "web1.prod.example.com", "alice")); // of the document, as before
    struct vouch_ask_fleet_change ask = {
        .name = vouch_bytes_of(WEB9), .verb = VOUCH_FLEET_EDIT, .labels = lab_list("tier=db")};
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_false(can(lab, "app", WEB9, "alice"));
    assert_true(can(lab, "postgres", WEB9, "alice"));
    ask.labels.count = 0;
    ask.without = lab_list("tier");
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_false(can(lab, "postgres", WEB9, "alice"));
    ask.labels = lab_list("tier=web");
    ask.without.count = 0;
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_true(can(lab, "app", WEB9, "alice"));
    ask.verb = VOUCH_FLEET_LOCK;
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_false(can(lab, "app", WEB9, "alice"));
    assert_int_equal(company_version(lab), 1); // of the document alone
    machine_free(&machine);
}

static void a_restart_knows_the_enrolled_hosts(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    lab_close(lab);
    lab_open(lab);
    assert_true(can(lab, "app", WEB9, "alice"));
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    machine_free(&machine);
}

static struct vouch_answer_policy_apply compare(struct lab *lab, const char *text) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    const struct vouch_ask_policy_apply ask = {.text = vouch_bytes_of(text),
                                               .name = vouch_bytes_of("team.yaml")};
    struct vouch_answer_policy_apply answer;
    test_ok(vouch_authority_policy_apply(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer;
}

static void a_change_of_the_document_says_what_it_does_to_enrolled_hosts(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    assert_true(can(lab, "app", WEB9, "alice"));
    // The same document: nothing, and no new version.
    struct vouch_answer_policy_apply same = compare(lab, company_policy);
    assert_int_equal(same.changes_in_all + same.edits_in_all, 0);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    assert_int_equal(company_version(lab), 1);
    company_change(lab, "members: [user:alice, user:bob]\n    hosts: [tier=web]",
                   "members: [user:bob]\n    hosts: [tier=web]");
    assert_int_equal(company_version(lab), 2);
    assert_false(can(lab, "app", WEB9, "alice"));
    assert_true(can(lab, "app", WEB9, "bob"));
    const struct vouch_answer_policy_apply back = compare(lab, company_policy);
    size_t seen = 0;
    for (size_t i = 0; i < back.change_count; i++) {
        seen += vouch_bytes_equal(back.changes[i].login, vouch_bytes_of("app")) &&
                back.changes[i].host_count == 3;
    }
    assert_int_equal(seen, 1); // two of the document and the enrolled one
    machine_free(&machine);
}

static void what_the_document_says_of_a_host_holds(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new("db1.prod.example.com", 1); // tier=db there
    (void)machine_enrol(lab, &machine, machine_token(lab, machine.name, 0).secret,
                        VOUCH_VERDICT_DONE); // tier=web
    assert_false(can(lab, "app", machine.name, "alice"));
    assert_true(can(lab, "postgres", machine.name, "alice"));
    const struct vouch_fleet_row row = machine_row(lab, machine.name);
    assert_int_equal(row.in_policy, 1);
    assert_true(company_is(row.labels, "tier=db"));
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(machine.name),
                                               .verb = VOUCH_FLEET_EDIT,
                                               .labels = lab_list("tier=web")};
    company_code(machine_change(lab, &ask, VOUCH_VERDICT_CONFLICT), "V-1836");
    machine_free(&machine);
}

// Many at once make one new policy, not many; and the clerk makes up for those that came in between.
static void many_enrolments_are_gathered(void **state) {
    struct lab *lab = *state;
    char name[64];
    uint64_t made_ns = 0;
    size_t makings = 0;
    const struct machine_token token = machine_token(lab, "n*.prod.example.com", 20);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "n%d.prod.example.com", i);
        struct machine machine = machine_new(name, (uint8_t)i);
        (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
        makings += lab->office->policies.made_ns != made_ns;
        made_ns = lab->office->policies.made_ns;
        machine_free(&machine);
    }
    assert_true(makings < 20);
    for (int i = 0; i < 600 && atomic_load(&lab->office->policies.is_due) > 0; i++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(atomic_load(&lab->office->policies.is_due), 0);
}

// --- what is done to hosts

static void a_verb_fits_its_states(void **state) {
    struct lab *lab = *state;
    enum { WAITS, ACTIVE, LOCKED, RETIRED, STATES };
    static const struct {
        enum vouch_fleet_verb verb;
        enum vouch_verdict wanted[STATES];
    } rows[] = {
        {VOUCH_FLEET_EDIT,
         {VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT}},
        {VOUCH_FLEET_ADOPT,
         {VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT, VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT}},
        {VOUCH_FLEET_REFUSE,
         {VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT, VOUCH_VERDICT_CONFLICT,
          VOUCH_VERDICT_CONFLICT}},
        {VOUCH_FLEET_LOCK,
         {VOUCH_VERDICT_CONFLICT, VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT,
          VOUCH_VERDICT_CONFLICT}},
        {VOUCH_FLEET_RENAME,
         {VOUCH_VERDICT_CONFLICT, VOUCH_VERDICT_DONE, VOUCH_VERDICT_CONFLICT,
          VOUCH_VERDICT_CONFLICT}},
        {VOUCH_FLEET_RETIRE,
         {VOUCH_VERDICT_CONFLICT, VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE}},
    };
    char name[64], fresh[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int at = WAITS; at < STATES; at++) {
            (void)snprintf(name, sizeof name, "s%zu-%d.prod.example.com", i, at);
            (void)snprintf(fresh, sizeof fresh, "f%zu-%d.prod.example.com", i, at);
            struct machine machine = machine_new(name, 1);
            struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(name),
                                                 .reason = vouch_bytes_of("because")};
            (void)machine_enrol(lab, &machine,
                                at == WAITS ? "" : machine_token(lab, name, 0).secret,
                                VOUCH_VERDICT_DONE);
            ask.verb = at == LOCKED ? VOUCH_FLEET_LOCK : VOUCH_FLEET_RETIRE;
            if (at == LOCKED || at == RETIRED) {
                (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
            }
            ask.verb = rows[i].verb;
            ask.labels = lab_list("tier=x");
            ask.fresh_name = vouch_bytes_of(fresh);
            ask.fingerprint = vouch_bytes_of(machine_fingerprint(&machine));
            const struct vouch_answer_fleet_row answer =
                machine_change(lab, &ask, rows[i].wanted[at]);
            if (rows[i].wanted[at] == VOUCH_VERDICT_CONFLICT) {
                company_code(answer, "V-1836");
            }
            machine_free(&machine);
        }
    }
}

static void retiring_revokes_and_frees_the_name(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller reader = company_caller(lab, "eve", 100);
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 2);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9),
                                               .verb = VOUCH_FLEET_RETIRE,
                                               .reason = vouch_bytes_of("scrapped")};
    const uint64_t krl = lab->office->krls[1].version;
    const struct vouch_answer_fleet_row row = machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(row.row.state, VOUCH_HOST_RETIRED);
    assert_true(vouch_bytes_equal(row.row.why, vouch_bytes_of("scrapped")));
    assert_true(lab->office->krls[1].version > krl);
    for (size_t i = 0; i < machine.key_count; i++) {
        const struct vouch_ask_show show = {.serial = machine.serials[i]};
        struct vouch_answer_cert cert;
        test_ok(vouch_authority_show(lab->admin, &reader, &show, &cert, &fault));
        lab_verdict(cert, VOUCH_VERDICT_DONE);
        assert_true(cert.row.revoked_ms > 0);
    }
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(company_events(lab, "host.retire", WEB9), 1);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_ACTIVE);
    machine_free(&machine);
}

// As a renewal that was let in before, and signs after the host was retired or locked.
static void what_is_signed_too_late_is_revoked(void **state) {
    struct lab *lab = *state;
    const enum vouch_fleet_verb verbs[] = {VOUCH_FLEET_RETIRE, VOUCH_FLEET_LOCK};
    const struct vouch_caller caller = lab_local();
    struct vouch_local *self = (void *)lab->admin;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "late%zu.prod.example.com", i);
        struct machine machine = machine_new(name, (uint8_t)(i + 1));
        const struct machine_token token = machine_token(lab, name, 0);
        const uint64_t id = machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE).id;
        const uint64_t last = machine.serials[machine.key_count - 1];
        const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(name), .verb = verbs[i]};
        (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
        const struct vouch_ask_host_renew renewal = machine_ask_renew(&machine);
        struct vouch_reply reply = {0};
        struct vouch_host_keys keys;
        test_ok(vouch_host_keys_take(self, renewal.keys, 1, &keys, &reply, &fault));
        const struct vouch_store_host host = {.id = id, .name = vouch_bytes_of(name)};
        const struct vouch_bytes names[] = {vouch_bytes_of(name)};
        const struct vouch_host_certs certs = {.caller = &caller,
                                               .host = &host,
                                               .keys = &keys,
                                               .names = {names, 1},
                                               .evidence = vouch_bytes_of("host-key")};
        struct vouch_answer_enrol late = {0};
        test_ok(vouch_host_certify(self, &certs, &late, &fault));
        lab_verdict(late, VOUCH_VERDICT_REFUSED);
        company_code(late, "V-1834");
        assert_int_equal(late.cert_count, 0);
        const struct vouch_ask_show show = {.serial = late.certs[0].serial};
        struct vouch_answer_cert row;
        assert_int_not_equal(show.serial, last);
        test_ok(vouch_authority_show(lab->admin, &caller, &show, &row, &fault));
        lab_verdict(row, VOUCH_VERDICT_DONE);
        assert_true(row.row.revoked_ms > 0);
        vouch_host_keys_done(&keys);
        machine_free(&machine);
    }
}

static void a_renamed_host_renews_under_its_new_name(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9), .verb = VOUCH_FLEET_RENAME};
    static const struct {
        const char *name, *code;
    } wrong[] = {
        {"", "V-1832"}, {"Web10.prod.example.com", "V-1832"}, {"web10.lab.example.com", "V-1832"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask.fresh_name = vouch_bytes_of(wrong[i].name);
        company_code(machine_change(lab, &ask, VOUCH_VERDICT_INVALID), wrong[i].code);
    }
    ask.fresh_name = vouch_bytes_of("web10.prod.example.com");
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    const struct vouch_answer_enrol answer =
        machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE); // by the old name still
    assert_true(company_is(answer.names, "web10.prod.example.com web10"));
    machine.name = "web10.prod.example.com";
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_int_equal(company_events(lab, "host.rename", "web10.prod.example.com"), 1);
    machine_free(&machine);
}

static int is_revoked(struct lab *lab, uint64_t serial) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_certs ask = {.serial = serial};
    struct vouch_answer_certs answer;
    lab_settle(lab);
    test_ok(vouch_authority_certs(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.count, 1);
    return answer.rows[0].revoked_ms != 0;
}

static void report_as(struct lab *lab, const struct machine *machine, const char *health) {
    const struct vouch_caller caller = machine_caller(machine);
    const struct vouch_ask_host_report ask = {.health = vouch_bytes_of(health),
                                              .time_s = vouch_time_now_s()};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_report(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// Once the host shows the new one, nobody else may show the old one any more.
static void the_certificate_for_the_name_before_ends(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    const uint64_t before = machine.serials[0];
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9),
                                               .verb = VOUCH_FLEET_RENAME,
                                               .fresh_name =
                                                   vouch_bytes_of("web10.prod.example.com")};
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    report_as(lab, &machine, "ok");
    assert_false(is_revoked(lab, before));
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    report_as(lab, &machine, "critical");
    assert_false(is_revoked(lab, before));
    report_as(lab, &machine, "ok");
    assert_true(is_revoked(lab, before));
    assert_false(is_revoked(lab, machine.serials[0]));
    machine.name = "web10.prod.example.com";
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    machine_free(&machine);
}

static void a_zone_that_went_is_said(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    company_apply(lab,
                  "zones: [{name: lab, patterns: ['*.lab.example.com']}]\n"
                  "users: [{name: root-of-all}, {name: eve}]\n"
                  "groups: [{name: vouch-admins, members: [root-of-all]},"
                  " {name: vouch-auditors, members: [eve]}]\n",
                  VOUCH_VERDICT_DONE);
    const struct vouch_fleet_row row = machine_row(lab, WEB9);
    assert_int_equal(row.problems.count, 1);
    company_code(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1839");
    machine_free(&machine);
}

// --- listing

static struct vouch_store *writer(const struct lab *lab) {
    const struct vouch_store_open what = {
        .where = lab->database, .access = VOUCH_STORE_WRITE, .wait_ms = 5000};
    struct vouch_store *store = NULL;
    test_ok(vouch_store_open(&what, &store, &fault));
    return store;
}

static void add_hosts(const struct lab *lab, unsigned count) {
    struct vouch_store *store = writer(lab);
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    for (unsigned i = 0; i < count; i++) {
        char name[64], rack[32];
        struct vouch_store_host_key key = {.type = vouch_bytes_of("ssh-ed25519")};
        uint64_t id = 0;
        (void)snprintf(name, sizeof name, "h%05u.prod.example.com", i);
        (void)snprintf(rack, sizeof rack, "rack=%u", i % 50);
        const struct vouch_bytes labels[] = {vouch_bytes_of(rack)};
        memcpy(key.hash, &i, sizeof i);
        const struct vouch_store_host host = {.state = i % 10 == 0 ? VOUCH_STORE_HOST_LOCKED
                                                                   : VOUCH_STORE_HOST_ACTIVE,
                                              .name = vouch_bytes_of(name),
                                              .zone = vouch_bytes_of("prod"),
                                              .labels = labels,
                                              .label_count = 1,
                                              .keys = &key,
                                              .key_count = 1};
        test_ok(vouch_store_host_add(store, &host, &id, &fault));
    }
    test_ok(vouch_store_work_end(store, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    vouch_store_close(store);
}

static size_t count_all(struct lab *lab, struct vouch_ask_fleet ask, uint64_t *slowest_ns) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    char cursor[VOUCH_ASK_CURSOR_MAX] = "", last[300] = "";
    size_t count = 0;
    do {
        struct vouch_answer_fleet page;
        ask.page.cursor = vouch_bytes_of(cursor);
        const uint64_t from_ns = vouch_time_monotonic_ns();
        test_ok(vouch_authority_fleet(lab->admin, &caller, &ask, &page, &fault));
        const uint64_t took_ns = vouch_time_monotonic_ns() - from_ns;
        *slowest_ns = took_ns > *slowest_ns ? took_ns : *slowest_ns;
        lab_verdict(page, VOUCH_VERDICT_DONE);
        for (size_t i = 0; i < page.count; i++) {
            char name[300] = "";
            memcpy(name, page.rows[i].name.ptr, page.rows[i].name.len);
            assert_true(strcmp(last, name) < 0); // by name, none twice
            memcpy(last, name, sizeof last);
        }
        count += page.count;
        memset(cursor, 0, sizeof cursor);
        if (page.next.len > 0) {
            memcpy(cursor, page.next.ptr, page.next.len);
        }
    } while (cursor[0] != '\0');
    return count;
}

static void the_inventory_is_found_by_what_is_known(void **state) {
    struct lab *lab = *state;
    add_hosts(lab, 5000);
    uint64_t slowest_ns = 0;
    static const struct {
        const char *zone, *host, *labels;
        enum vouch_host_state state;
        size_t count;
    } rows[] = {
        {"", "", "", VOUCH_HOST_NONE, 5000},         {"prod", "", "", VOUCH_HOST_NONE, 5000},
        {"lab", "", "", VOUCH_HOST_NONE, 0},         {"", "h000??.*", "", VOUCH_HOST_NONE, 100},
        {"", "", "rack=7", VOUCH_HOST_NONE, 100},    {"", "", "rack=*", VOUCH_HOST_NONE, 5000},
        {"", "", "tier=*", VOUCH_HOST_NONE, 0},      {"", "", "", VOUCH_HOST_LOCKED, 500},
        {"", "", "rack=10", VOUCH_HOST_LOCKED, 100}, {"", "", "", VOUCH_HOST_RETIRED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_ask_fleet ask = {.page = {.limit = 200},
                                            .zone = vouch_bytes_of(rows[i].zone),
                                            .host = vouch_bytes_of(rows[i].host),
                                            .labels = lab_list(rows[i].labels),
                                            .state = rows[i].state};
        assert_int_equal(count_all(lab, ask, &slowest_ns), rows[i].count);
    }
    print_message("# the slowest page of 5,000 hosts: %" PRIu64 " us\n", slowest_ns / 1000);
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    const struct vouch_ask_fleet bad = {.page = {.cursor = vouch_bytes_of("f12")}};
    struct vouch_answer_fleet answer;
    test_ok(vouch_authority_fleet(lab->admin, &caller, &bad, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
}

#define FLEET_TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        FLEET_TEST(a_token_has_its_bounds),
        FLEET_TEST(only_administrators_with_a_fresh_code_change_hosts),
        FLEET_TEST(tokens_are_listed_and_removed),
        FLEET_TEST(enrolled_hosts_are_in_the_policy_that_holds),
        FLEET_TEST(a_restart_knows_the_enrolled_hosts),
        FLEET_TEST(a_change_of_the_document_says_what_it_does_to_enrolled_hosts),
        FLEET_TEST(what_the_document_says_of_a_host_holds),
        FLEET_TEST(many_enrolments_are_gathered),
        FLEET_TEST(a_verb_fits_its_states),
        FLEET_TEST(retiring_revokes_and_frees_the_name),
        FLEET_TEST(what_is_signed_too_late_is_revoked),
        FLEET_TEST(a_renamed_host_renews_under_its_new_name),
        FLEET_TEST(the_certificate_for_the_name_before_ends),
        FLEET_TEST(a_zone_that_went_is_said),
        FLEET_TEST(the_inventory_is_found_by_what_is_known),
    };
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
