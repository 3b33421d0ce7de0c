// SPDX-License-Identifier: ISC
// Hosts that enrol and renew: with a token, without, again, with a copy of somebody else's identity.
#include "authority/test-machine.h"

#include <pthread.h>

#include "authority/office.h"
#include "authority/row.h"
#include "store/hosts.h"

#define WEB9 "web9.prod.example.com"

// --- with a token

static void a_token_gives_a_certificate_for_each_key(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    struct vouch_cert_view view;
    machine.aliases = "www.prod.example.com web9";
    machine.labels = "tier=db rack=4";
    const struct machine_token token = machine_token(lab, "w*.prod.example.com", 1);
    const struct vouch_answer_enrol answer =
        machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.state, VOUCH_HOST_ACTIVE);
    assert_int_equal(answer.generation, 1);
    assert_true(company_is(answer.names, WEB9 " web9 www.prod.example.com"));
    for (size_t i = 0; i < answer.cert_count; i++) {
        assert_int_equal(vouch_own_cert_read(answer.certs[i].cert, &view), VOUCH_OK);
        assert_int_equal(view.type, VOUCH_CERT_HOST);
        assert_true(vouch_bytes_equal(view.key_id, vouch_bytes_of("host:" WEB9)));
        assert_int_equal(view.critical.len + view.extensions.len, 0);
        assert_int_equal(view.valid_before - view.valid_after, 30 * 86400 + 60);
    }
    const struct vouch_fleet_row row = machine_row(lab, WEB9);
    assert_int_equal(row.state, VOUCH_HOST_ACTIVE);
    assert_true(company_is(row.labels, "tier=web rack=4")); // the token's label wins
    assert_int_equal(row.key_count, 2);
    assert_true(
        vouch_bytes_equal(row.keys[0].fingerprint, vouch_bytes_of(machine_fingerprint(&machine))));
    assert_int_equal(row.keys[1].serial, machine.serials[1]);
    assert_int_equal(company_events(lab, "host.enrol", WEB9), 1);
    machine_free(&machine);
}

static void the_ledger_says_how_a_certificate_came_about(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    struct machine machine = machine_new(WEB9, 1);
    struct vouch_record record;
    struct vouch_answer_cert answer;
    char evidence[64];
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 5);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    lab_settle(lab);
    const struct vouch_ask_show show = {.serial = machine.serials[0]};
    test_ok(vouch_authority_show(lab->admin, &caller, &show, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(answer.row.actor, vouch_bytes_of("host:" WEB9)));
    assert_int_equal(answer.row.role.len, 0);
    struct vouch_local *self = (void *)lab->admin;
    test_ok(vouch_record_fetch(self, answer.row.number, &record, &fault));
    (void)snprintf(evidence, sizeof evidence, "host-token:%" PRIu64 "+host-key", token.id);
    assert_true(vouch_bytes_equal(record.evidence, vouch_bytes_of(evidence)));
    machine_free(&machine);
}

static void one_use_enrols_one_host(void **state) {
    struct lab *lab = *state;
    struct machine one = machine_new("web7.prod.example.com", 1);
    struct machine two = machine_new("web8.prod.example.com", 2);
    const struct machine_token token = machine_token(lab, "web?.prod.example.com", 0);
    (void)machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_DONE);
    const struct vouch_answer_enrol answer =
        machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_UNKNOWN);
    company_code(answer, "V-1830");
    assert_int_equal(company_events(lab, "host.enrol", "web8.prod.example.com"), 0);
    machine_free(&one);
    machine_free(&two);
}

static void a_lost_answer_costs_nothing(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    const uint64_t id = machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE).id;
    const struct machine lost = machine;
    const struct vouch_answer_enrol again =
        machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    assert_int_equal(again.id, id);
    assert_int_equal(again.generation, 2);
    assert_string_not_equal(lost.secret, machine.secret);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_ACTIVE);
    machine_free(&machine);
}

// H8: of another type, unknown, used elsewhere, cut, for another network.
static void h8_only_a_host_token_enrols(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    char api[VOUCH_TOKEN_TEXT_MAX], cut[VOUCH_TOKEN_TEXT_MAX];
    lab_new_token(lab, "deploy", NULL, "admin cert:read", api);
    const struct vouch_caller session = company_caller(lab, "root-of-all", 1);
    char as_session[VOUCH_TOKEN_TEXT_MAX] = "";
    memcpy(as_session, session.token.ptr, session.token.len);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)snprintf(cut, sizeof cut, "%.*s", 49, token.secret);
    const char *const wrong[] = {api,
                                 as_session,
                                 cut,
                                 VOUCH_HOST_TOKEN_PREFIX,
                                 "vouchh_0000000000000000000000000000000000000000000",
                                 "x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct vouch_answer_enrol answer =
            machine_enrol(lab, &machine, wrong[i], VOUCH_VERDICT_UNKNOWN);
        company_code(answer, "V-1830");
    }
    // And the other way round: it is no token of the API, no session, no host's secret.
    const enum vouch_caller_way ways[] = {VOUCH_CALLER_TOKEN, VOUCH_CALLER_SESSION,
                                          VOUCH_CALLER_HOST};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_caller caller = lab_token(token.secret);
        const struct vouch_ask_fleet ask = {0};
        struct vouch_answer_fleet answer;
        caller.way = ways[i];
        test_ok(vouch_authority_fleet(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    }
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    machine_free(&machine);
}

static void a_token_is_for_its_networks(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller admin = company_caller(lab, "root-of-all", 10);
    const struct vouch_ask_host_token_new new = {.match = vouch_bytes_of(WEB9),
                                                 .zone = vouch_bytes_of("prod"),
                                                 .networks = lab_list("10.0.0.0/8 2001:db8::/32")};
    struct machine machine = machine_new(WEB9, 1);
    struct vouch_answer_host_token token;
    char secret[VOUCH_TOKEN_TEXT_MAX] = "";
    test_ok(vouch_authority_host_token_new(lab->admin, &admin, &new, &token, &fault));
    lab_verdict(token, VOUCH_VERDICT_DONE);
    memcpy(secret, token.secret.ptr, token.secret.len);
    const struct {
        const char *source;
        enum vouch_verdict verdict;
    } rows[] = {{"192.0.2.40", VOUCH_VERDICT_UNKNOWN}, {"", VOUCH_VERDICT_UNKNOWN},
                {"11.0.0.1", VOUCH_VERDICT_UNKNOWN},   {"local", VOUCH_VERDICT_UNKNOWN},
                {"10.255.0.9", VOUCH_VERDICT_DONE},    {"2001:db8::7", VOUCH_VERDICT_DONE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_caller caller = machine_stranger(rows[i].source);
        const struct vouch_ask_enrol ask = machine_ask(&machine, secret);
        struct vouch_answer_enrol answer;
        test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, rows[i].verdict);
    }
    machine_free(&machine);
}

// --- what is refused

static void each_wrong_word_is_named(void **state) {
    struct lab *lab = *state;
    const struct machine_token token = machine_token(lab, "*.example.com", 100);
    static const struct {
        const char *name, *aliases, *labels, *code, *field;
    } rows[] = {
        {"Web9.prod.example.com", NULL, NULL, "V-1832", "name"},
        {"web9.prod.example.com.", NULL, NULL, "V-1832", "name"},
        {"web9..prod.example.com", NULL, NULL, "V-1832", "name"},
        {"*.prod.example.com", NULL, NULL, "V-1832", "name"},
        {"web?.prod.example.com", NULL, NULL, "V-1832", "name"},
        {"-web9.prod.example.com", NULL, NULL, "V-1832", "name"},
        {"web_9.prod.example.com", NULL, NULL, "V-1832", "name"},
        {"w\xc3\xa4"
         "b.prod.example.com",
         NULL, NULL, "V-1832", "name"},
        {"10.0.0.1", NULL, NULL, "V-1832", "name"},
        {"web9.lab.example.com", NULL, NULL, "V-1832", "name"}, // of another zone
        {WEB9, "*.com", NULL, "V-1832", "aliases"},
        {WEB9, "web*.prod.example.com", NULL, "V-1832", "aliases"},
        {WEB9, "WWW.prod.example.com", NULL, "V-1832", "aliases"},
        {WEB9, "www.lab.example.com", NULL, "V-1832", "aliases"},
        {WEB9, "10.0.0.01", NULL, "V-1832", "aliases"},
        {WEB9, "2001:DB8::1", NULL, "V-1832", "aliases"},
        {WEB9, "www.prod.example.com.", NULL, "V-1832", "aliases"},
        {WEB9, "web1.prod.example.com", NULL, "V-1833", "aliases"}, // the policy's
        {WEB9, NULL, "tier", "V-1805", "labels"},
        {WEB9, NULL, "tier=web tier=db", "V-1805", "labels"},
        {WEB9, NULL, "Tier=web", "V-1805", "labels"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_caller caller = machine_stranger("192.0.2.40");
        struct machine machine = machine_new(WEB9, 1);
        struct vouch_answer_enrol answer;
        machine.aliases = rows[i].aliases;
        machine.labels = rows[i].labels;
        struct vouch_ask_enrol ask = machine_ask(&machine, token.secret);
        if (strcmp(rows[i].name, WEB9) != 0) {
            machine.name = rows[i].name;
            ask = vouch_bytes_equal(vouch_bytes_of(rows[i].name),
                                    vouch_bytes_of("web9.lab.example.com"))
                      ? machine_ask(&machine, token.secret)
                      : ask;
            ask.name = vouch_bytes_of(rows[i].name);
        }
        test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
        if (answer.reply.verdict == VOUCH_VERDICT_DONE ||
            strcmp(answer.reply.code, rows[i].code) != 0 ||
            strcmp(answer.reply.field, rows[i].field) != 0) {
            fail_msg("row %zu: %d %s %s: %s", i, answer.reply.verdict, answer.reply.code,
                     answer.reply.field, answer.reply.why);
        }
        machine_free(&machine);
    }
}

static void a_proof_is_of_this_request_alone(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = machine_stranger("192.0.2.40");
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 100);
    struct machine machine = machine_new(WEB9, 1), other = machine_new(WEB9, 1);
    uint8_t elsewhere[32] = {9};
    for (int change = 0; change < 9; change++) {
        struct vouch_ask_enrol ask = machine_ask(&machine, token.secret);
        const struct vouch_ask_enrol theirs = machine_ask(&other, token.secret);
        struct vouch_answer_enrol answer;
        struct vouch_host_key_row rows[3] = {ask.keys[0], ask.keys[1], ask.keys[1]};
        ask.keys = rows;
        ask.name = change == 0 ? vouch_bytes_of("web8.prod.example.com") : ask.name;
        ask.time_s += change == 1 ? 1 : 0;
        ask.machine.ptr = change == 2 ? elsewhere : ask.machine.ptr;
        ask.key_count = change == 3 ? 1 : ask.key_count;
        rows[0].proof = change == 4 ? rows[1].proof : rows[0].proof;
        rows[0].proof.len -= change == 5 ? 40 : 0;
        rows[1].key = change == 6 ? theirs.keys[1].key : rows[1].key;
        rows[1].proof.len = change == 7 ? 0 : rows[1].proof.len;
        ask.key_count = change == 8 ? 3 : ask.key_count;
        test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
        company_code(answer, change == 8 ? "V-1201" : "V-1831");
        assert_int_not_equal(answer.reply.verdict, VOUCH_VERDICT_DONE);
    }
    machine_free(&machine);
    machine_free(&other);
}

static void a_clock_may_be_ten_minutes_off(void **state) {
    struct lab *lab = *state;
    const struct machine_token token = machine_token(lab, WEB9, 0);
    static const struct {
        int64_t clock_s;
        enum vouch_verdict verdict;
    } rows[] = {{-630, VOUCH_VERDICT_REFUSED},
                {630, VOUCH_VERDICT_REFUSED},
                {-590, VOUCH_VERDICT_DONE},
                {590, VOUCH_VERDICT_DONE}};
    struct machine machine = machine_new(WEB9, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        machine.clock_s = rows[i].clock_s;
        const struct vouch_answer_enrol answer =
            machine_enrol(lab, &machine, token.secret, rows[i].verdict);
        if (rows[i].verdict == VOUCH_VERDICT_REFUSED) {
            company_code(answer, "V-1831");
        }
    }
    machine_free(&machine);
}

// C21: a key of the CA, one that was revoked, one of another host.
static void c21_no_key_is_two_things(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 100);
    struct machine one = machine_new("web7.prod.example.com", 1);
    struct machine two = machine_new("web8.prod.example.com", 2);
    (void)machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_DONE);
    struct vouch_private_key *own = two.keys[1];
    two.keys[1] = one.keys[0];
    struct vouch_answer_enrol answer =
        machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_CONFLICT);
    company_code(answer, "V-1833");
    assert_non_null(strstr(answer.reply.why, "web7.prod.example.com"));
    two.keys[1] = own;
    struct vouch_local *self = (void *)lab->admin;
    uint8_t hash[32];
    test_ok(vouch_hash_of(self, vouch_key_blob(vouch_private_key_public(own)), hash, &fault));
    const struct vouch_ask_revoke revoke = {.kind = VOUCH_REVOKE_KEY,
                                            .value = {hash, sizeof hash},
                                            .reason = vouch_bytes_of("found on a forum")};
    struct vouch_answer_revoke revoked;
    test_ok(vouch_authority_revoke(lab->admin, &local, &revoke, &revoked, &fault));
    lab_verdict(revoked, VOUCH_VERDICT_DONE);
    answer = machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1809");
    struct vouch_ask_enrol ask = machine_ask(&one, token.secret);
    struct vouch_host_key_row rows[1] = {ask.keys[0]};
    rows[0].key = vouch_key_blob(vouch_cas_active(&lab->office->cas, 1)->key);
    ask.keys = rows;
    ask.key_count = 1;
    const struct vouch_caller caller = machine_stranger("192.0.2.40");
    test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
    company_code(answer, "V-1809");
    machine_free(&one);
    machine_free(&two);
}

// A token for one name is not one for every free name of the zone, and neither is a host that was taken over.
static void an_alias_is_what_somebody_granted(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 1);
    for (size_t i = 0; i < 2; i++) {
        machine.aliases = i == 0 ? "www.prod.example.com" : "10.20.0.77";
        company_code(machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_INVALID), "V-1832");
    }
    machine.aliases = "web9";
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    machine.aliases = "www.prod.example.com";
    company_code(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_INVALID), "V-1832");
    machine.aliases = NULL;
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    machine_free(&machine);
}

static void a_name_belongs_to_one_machine(void **state) {
    struct lab *lab = *state;
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 100);
    struct machine one = machine_new(WEB9, 1), two = machine_new(WEB9, 2);
    struct machine three = machine_new("web8.prod.example.com", 3);
    one.aliases = "www.prod.example.com";
    (void)machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_DONE);
    company_code(machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_CONFLICT), "V-1833");
    three.aliases = "www.prod.example.com";
    company_code(machine_enrol(lab, &three, token.secret, VOUCH_VERDICT_CONFLICT), "V-1833");
    three.aliases = WEB9;
    company_code(machine_enrol(lab, &three, token.secret, VOUCH_VERDICT_CONFLICT), "V-1833");
    three.name = "www.prod.example.com";
    three.aliases = NULL;
    company_code(machine_enrol(lab, &three, token.secret, VOUCH_VERDICT_CONFLICT), "V-1833");
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_ACTIVE);
    machine_free(&one);
    machine_free(&two);
    machine_free(&three);
}

// --- the queue

static void without_a_token_a_host_waits_to_be_adopted(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1), other = machine_new(WEB9, 2);
    struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9), .verb = VOUCH_FLEET_ADOPT};
    for (int i = 0; i < 3; i++) {
        const struct vouch_answer_enrol waits =
            machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
        assert_int_equal(waits.state, VOUCH_HOST_WAITING);
        assert_int_equal(waits.cert_count + waits.secret.len + waits.id, 0);
    }
    assert_int_equal(company_events(lab, "host.wait", WEB9), 1);
    (void)machine_enrol(lab, &other, "", VOUCH_VERDICT_DONE); // another machine of the same name
    ask.fingerprint = vouch_bytes_of("SHA256:none");
    company_code(machine_change(lab, &ask, VOUCH_VERDICT_REFUSED), "V-1837");
    ask.fingerprint = vouch_bytes_of(machine_fingerprint(&machine));
    const struct vouch_answer_fleet_row row = machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(row.row.state, VOUCH_HOST_ACTIVE);
    assert_true(vouch_bytes_equal(row.row.zone, vouch_bytes_of("prod")));
    assert_true(vouch_bytes_equal(row.row.token, vouch_bytes_of("adopted:root-of-all")));
    company_code(machine_enrol(lab, &other, "", VOUCH_VERDICT_CONFLICT), "V-1833");
    const struct vouch_answer_enrol answer = machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    assert_int_equal(answer.state, VOUCH_HOST_ACTIVE);
    // Once its secret was used, the keys alone give nothing any more.
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_CONFLICT), "V-1833");
    machine_free(&machine);
    machine_free(&other);
}

static void a_token_for_another_name_leads_to_the_queue(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token other = machine_token(lab, "web8.prod.example.com", 0);
    assert_int_equal(machine_enrol(lab, &machine, other.secret, VOUCH_VERDICT_DONE).state,
                     VOUCH_HOST_WAITING);
    const struct machine_token good = machine_token(lab, WEB9, 0);
    assert_int_equal(machine_enrol(lab, &machine, good.secret, VOUCH_VERDICT_DONE).state,
                     VOUCH_HOST_ACTIVE);
    assert_int_equal(machine_row(lab, WEB9).generation, 1);
    machine_free(&machine);
}

static void ten_of_an_address_may_wait(void **state) {
    struct lab *lab = *state;
    char name[64];
    for (int i = 0; i < 11; i++) {
        (void)snprintf(name, sizeof name, "new%d.prod.example.com", i);
        struct machine machine = machine_new(name, (uint8_t)i);
        const struct vouch_answer_enrol answer =
            machine_enrol(lab, &machine, "", i < 10 ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_BUSY);
        if (i == 10) {
            company_code(answer, "V-1835");
            assert_true(answer.reply.retry_after_s > 0);
        }
        machine_free(&machine);
    }
}

static void ten_of_an_ipv6_network_may_wait(void **state) {
    struct lab *lab = *state;
    for (int i = 0; i < 12; i++) {
        char name[64], source[64];
        (void)snprintf(name, sizeof name, "new%d.prod.example.com", i);
        (void)snprintf(source, sizeof source, "2001:db8:0:%d::%x", i < 11 ? 1 : 2, i + 1);
        struct machine machine = machine_new(name, (uint8_t)i);
        const struct vouch_caller caller = machine_stranger(source);
        const struct vouch_ask_enrol ask = machine_ask(&machine, "");
        struct vouch_answer_enrol answer = {0};
        test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, i == 10 ? VOUCH_VERDICT_BUSY : VOUCH_VERDICT_DONE);
        machine_free(&machine);
    }
}

static void one_that_waits_can_be_refused(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9),
                                               .verb = VOUCH_FLEET_REFUSE,
                                               .reason = vouch_bytes_of("not ours")};
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    (void)machine_change(lab, &ask, VOUCH_VERDICT_DONE);
    (void)machine_change(lab, &ask, VOUCH_VERDICT_ABSENT);
    assert_int_equal(company_events(lab, "host.refuse", WEB9), 1);
    machine_free(&machine);
}

static void a_refused_enrolment_is_recorded(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, "vouchh_0123456789012345678901234567890123456789012",
                        VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(company_events(lab, "host.refuse", WEB9), 1);
    machine_free(&machine);
}

// --- renewing

static void renewing_gives_fresh_certificates_and_a_new_secret(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    for (uint64_t i = 2; i < 22; i++) {
        const struct machine before = machine;
        const struct vouch_answer_enrol answer =
            machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
        assert_int_equal(answer.generation, i);
        assert_string_not_equal(before.secret, machine.secret);
        assert_true(machine.serials[0] != before.serials[0]);
    }
    machine_free(&machine);
}

// One host must not be able to fill the ledger.
static void sixty_renewals_an_hour_are_enough(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    for (int i = 0; i < 60; i++) {
        (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    }
    const struct vouch_answer_enrol answer =
        machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_BUSY);
    company_code(answer, "V-1940");
    assert_in_range(answer.reply.retry_after_s, 1, 3600);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_ACTIVE);
    machine_free(&machine);
}

static void a_renewal_whose_answer_got_lost_is_made_again(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    for (int i = 0; i < 5; i++) {
        (void)machine_renew(lab, &machine, MACHINE_LOSE, VOUCH_VERDICT_DONE);
    }
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_ACTIVE);
    machine_free(&machine);
}

// H8: whoever shows what was replaced is a copy, and neither of the two is believed any more.
static void h8_a_copy_is_noticed_and_the_host_locked(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 2);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    char stolen[VOUCH_TOKEN_TEXT_MAX], newest[VOUCH_TOKEN_TEXT_MAX];
    memcpy(stolen, machine.secret, sizeof stolen);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    memcpy(newest, machine.secret, sizeof newest);
    memcpy(machine.secret, stolen, sizeof stolen);
    company_code(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1834");
    memcpy(machine.secret, newest, sizeof newest);
    company_code(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1834");
    company_code(machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_REFUSED), "V-1834");
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_LOCKED);
    assert_int_equal(company_events(lab, "host.clone", WEB9), 1);
    // Adopted anew, by its fingerprint, it collects a secret with its keys.
    const struct vouch_ask_fleet_change adopt = {.name = vouch_bytes_of(WEB9),
                                                 .verb = VOUCH_FLEET_ADOPT,
                                                 .fingerprint =
                                                     vouch_bytes_of(machine_fingerprint(&machine))};
    (void)machine_change(lab, &adopt, VOUCH_VERDICT_DONE);
    lab_verdict(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_UNKNOWN),
                VOUCH_VERDICT_UNKNOWN);
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    machine_free(&machine);
}

static void another_machine_with_the_same_keys_is_a_copy(void **state) {
    struct lab *lab = *state;
    struct machine one = machine_new("web7.prod.example.com", 1);
    struct machine two = machine_new("web8.prod.example.com", 1);
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 9);
    (void)machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_DONE);
    (void)machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_DONE);
    one.id = two.id = 2;
    company_code(machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_REFUSED), "V-1834");
    company_code(machine_renew(lab, &two, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1834");
    assert_int_equal(machine_row(lab, one.name).state, VOUCH_HOST_LOCKED);
    assert_int_equal(machine_row(lab, two.name).state, VOUCH_HOST_LOCKED);
    machine_free(&one);
    machine_free(&two);
}

// C6: with another host's secret, serial, key.
static void c6_a_host_renews_only_its_own(void **state) {
    struct lab *lab = *state;
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 9);
    struct machine one = machine_new("web7.prod.example.com", 1);
    struct machine two = machine_new("web8.prod.example.com", 1);
    (void)machine_enrol(lab, &one, token.secret, VOUCH_VERDICT_DONE);
    (void)machine_enrol(lab, &two, token.secret, VOUCH_VERDICT_DONE);
    char own[VOUCH_TOKEN_TEXT_MAX];
    memcpy(own, one.secret, sizeof own);
    memcpy(one.secret, two.secret, sizeof own); // two's secret, one's keys and serials
    company_code(machine_renew(lab, &one, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1838");
    memcpy(one.secret, own, sizeof own);
    const uint64_t serial = one.serials[0];
    const uint64_t wrong[] = {0, 1, two.serials[0], one.serials[1], UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        one.serials[0] = wrong[i];
        company_code(machine_renew(lab, &one, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1838");
    }
    one.serials[0] = serial;
    one.key_count = 1; // fewer keys than it had: those that it shows
    (void)machine_renew(lab, &one, MACHINE_LOSE, VOUCH_VERDICT_DONE);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &one.keys[2]), VOUCH_OK);
    one.key_count = 3; // one that was never enrolled
    one.serials[2] = serial;
    company_code(machine_renew(lab, &one, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1838");
    machine_free(&one);
    machine_free(&two);
}

static void a_revoked_certificate_does_not_renew(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    uint8_t serial[8];
    struct vouch_answer_revoke revoked;
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    for (size_t i = 0; i < 8; i++) {
        serial[i] = (uint8_t)(machine.serials[1] >> (56 - 8 * i));
    }
    const struct vouch_ask_revoke revoke = {.kind = VOUCH_REVOKE_SERIAL,
                                            .value = {serial, sizeof serial},
                                            .reason = vouch_bytes_of("stolen disk")};
    test_ok(vouch_authority_revoke(lab->admin, &local, &revoke, &revoked, &fault));
    lab_verdict(revoked, VOUCH_VERDICT_DONE);
    company_code(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_REFUSED), "V-1838");
    machine_free(&machine);
}

// A host's secret is for what hosts ask, and nothing else.
static void a_hosts_secret_opens_nothing_else(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    const struct machine_token token = machine_token(lab, WEB9, 0);
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    const struct vouch_caller caller = machine_caller(&machine);
    const struct vouch_ask_fleet fleet = {0};
    const struct vouch_ask_certs certs = {0};
    const struct vouch_ask_issue issue = lab_ask(lab);
    struct vouch_answer_fleet rows;
    struct vouch_answer_certs listed;
    struct vouch_answer_cert cert;
    test_ok(vouch_authority_fleet(lab->admin, &caller, &fleet, &rows, &fault));
    lab_verdict(rows, VOUCH_VERDICT_UNKNOWN);
    test_ok(vouch_authority_certs(lab->admin, &caller, &certs, &listed, &fault));
    lab_verdict(listed, VOUCH_VERDICT_UNKNOWN);
    test_ok(vouch_authority_issue(lab->admin, &caller, &issue, &cert, &fault));
    lab_verdict(cert, VOUCH_VERDICT_UNKNOWN);
    machine_free(&machine);
}

static void a_host_that_leaves_has_nothing_left(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1), next = machine_new(WEB9, 2);
    const struct machine_token token = machine_token(lab, WEB9, 2);
    const struct vouch_ask_host_leave ask = {0};
    struct vouch_answer_host_left left;
    (void)machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    (void)machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    const struct vouch_caller caller = machine_caller(&machine);
    test_ok(vouch_authority_host_leave(lab->admin, &caller, &ask, &left, &fault));
    lab_verdict(left, VOUCH_VERDICT_DONE);
    assert_int_equal(left.revoked, 4); // those of before the renewal, too
    lab_verdict(machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_UNKNOWN),
                VOUCH_VERDICT_UNKNOWN);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_RETIRED);
    (void)machine_enrol(lab, &next, token.secret, VOUCH_VERDICT_DONE); // the name is free
    machine_free(&machine);
    machine_free(&next);
}

// --- at once

struct racer {
    struct vouch_authority *authority;
    struct machine machine;
    const char *token;
    enum vouch_verdict verdict;
};

static void *race(void *context) {
    struct racer *racer = context;
    const struct vouch_caller caller = machine_stranger("192.0.2.40");
    const struct vouch_ask_enrol ask = machine_ask(&racer->machine, racer->token);
    struct vouch_answer_enrol answer = {0};
    struct vouch_fault fault = {0};
    if (vouch_authority_enrol(racer->authority, &caller, &ask, &answer, &fault) == VOUCH_OK) {
        racer->verdict = answer.reply.verdict;
    }
    return NULL;
}

static void of_two_with_one_name_one_wins(void **state) {
    struct lab *lab = *state;
    enum { RACERS = 4 };
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    const struct machine_token token = machine_token(lab, WEB9, RACERS);
    size_t won = 0;
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.machine = machine_new(WEB9, (uint8_t)i), .token = token.secret};
        test_ok(vouch_office_attach(lab->office, i, &racers[i].authority, &fault));
    }
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        won += racers[i].verdict == VOUCH_VERDICT_DONE;
        assert_true(racers[i].verdict == VOUCH_VERDICT_DONE ||
                    racers[i].verdict == VOUCH_VERDICT_CONFLICT);
        vouch_authority_close(racers[i].authority);
        machine_free(&racers[i].machine);
    }
    assert_int_equal(won, 1);
}

#define ENROL_TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ENROL_TEST(a_token_gives_a_certificate_for_each_key),
        ENROL_TEST(the_ledger_says_how_a_certificate_came_about),
        ENROL_TEST(one_use_enrols_one_host),
        ENROL_TEST(a_lost_answer_costs_nothing),
        ENROL_TEST(a_refused_enrolment_is_recorded),
        ENROL_TEST(sixty_renewals_an_hour_are_enough),
        ENROL_TEST(h8_only_a_host_token_enrols),
        ENROL_TEST(a_token_is_for_its_networks),
        ENROL_TEST(each_wrong_word_is_named),
        ENROL_TEST(a_proof_is_of_this_request_alone),
        ENROL_TEST(a_clock_may_be_ten_minutes_off),
        ENROL_TEST(c21_no_key_is_two_things),
        ENROL_TEST(an_alias_is_what_somebody_granted),
        ENROL_TEST(a_name_belongs_to_one_machine),
        ENROL_TEST(without_a_token_a_host_waits_to_be_adopted),
        ENROL_TEST(a_token_for_another_name_leads_to_the_queue),
        ENROL_TEST(ten_of_an_address_may_wait),
        ENROL_TEST(ten_of_an_ipv6_network_may_wait),
        ENROL_TEST(one_that_waits_can_be_refused),
        ENROL_TEST(renewing_gives_fresh_certificates_and_a_new_secret),
        ENROL_TEST(a_renewal_whose_answer_got_lost_is_made_again),
        ENROL_TEST(h8_a_copy_is_noticed_and_the_host_locked),
        ENROL_TEST(another_machine_with_the_same_keys_is_a_copy),
        ENROL_TEST(c6_a_host_renews_only_its_own),
        ENROL_TEST(a_revoked_certificate_does_not_renew),
        ENROL_TEST(a_hosts_secret_opens_nothing_else),
        ENROL_TEST(a_host_that_leaves_has_nothing_left),
        ENROL_TEST(of_two_with_one_name_one_wins),
    };
    return cmocka_run_group_tests_name("enrol", tests, NULL, NULL);
}
