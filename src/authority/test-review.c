// SPDX-License-Identifier: ISC
// Emergencies: had at once by a role that says so, told to everybody, reviewed by somebody else; and
// certificates that are put away for one.
#include "authority/test-reporter.h"

#include "authority/review.h"
#include "base/str.h"
#include "store/certs.h"

#define DAY_S 86400u
#define TEXT_MAX 8192

// alice and root-of-all have the role; root-of-all, bob and carol are administrators.
static const char role_text[] = "  - name: emergency\n"
                                "    zone: prod\n"
                                "    members: [user:alice, user:root-of-all]\n"
                                "    hosts: [all]\n"
                                "    logins: [postgres, $user]\n"
                                "    max_ttl: 1h\n"
                                "    reason: required\n"
                                "    second_factor: 5m\n"
                                "    break_glass: yes\n";

static struct vouch_signer_ceiling ceiling;

// Puts `after` in the place of what comes first, as text that is good until the next but one.
static const char *with(const char *text, const char *before, const char *after) {
    static char rooms[4][TEXT_MAX];
    static unsigned next;
    char *room = rooms[next++ % 4];
    const char *at = strstr(text, before);
    assert_non_null(at);
    int len =
        snprintf(room, TEXT_MAX, "%.*s%s%s", (int)(at - text), text, after, at + strlen(before));
    assert_true(len > 0 && len < TEXT_MAX);
    return room;
}

static const char *policy_with(const char *zone) {
    const char *text = with(company_policy, "  - name: bench\n", role_text);
    text = with(text, "    zone: lab\n", "  - name: bench\n    zone: lab\n");
    text = with(text, "members: [root-of-all]", "members: [root-of-all, bob, carol]");
    return with(text, "{name: prod, ", zone);
}

static int begin_with(void **state, uint64_t ttl_max_s) {
    assert_int_equal(lab_begin(state), 0);
    struct lab *lab = *state;
    ceiling = vouch_signer_ceiling_default();
    ceiling.user.ttl_max_s = ttl_max_s;
    lab->ceiling = &ceiling;
    lab_open(lab);
    company_apply(lab, policy_with("{name: prod, "), VOUCH_VERDICT_DONE);
    return 0;
}

static int begin(void **state) {
    return begin_with(state, 100 * DAY_S);
}

static int begin_low(void **state) {
    return begin_with(state, DAY_S);
}

static int begin_lowest(void **state) {
    return begin_with(state, 60);
}

static struct vouch_ask_access emergency(const struct lab *lab) {
    struct vouch_ask_access ask = company_ask(lab, "emergency");
    ask.reason = vouch_bytes_of("the database is down");
    ask.pending = VOUCH_PENDING_REFUSE;
    return ask;
}

static struct vouch_answer_access have(struct lab *lab, const char *who, uint64_t age_s,
                                       const struct vouch_ask_access *ask) {
    const struct vouch_caller caller = company_caller(lab, who, age_s);
    struct vouch_answer_access answer;
    test_ok(vouch_authority_access(lab->admin, &caller, ask, &answer, &fault));
    return answer;
}

static struct vouch_answer_reviews reviews(struct lab *lab, const char *who) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_reviews ask = {0};
    struct vouch_answer_reviews answer;
    test_ok(vouch_authority_reviews(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

// The newest one, as an auditor sees it.
static struct vouch_review_row newest(struct lab *lab) {
    const struct vouch_answer_reviews answer = reviews(lab, "eve");
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.count > 0);
    return answer.rows[0];
}

static struct vouch_answer_review finish(struct lab *lab, const char *who, uint64_t id,
                                         const char *note) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_review_decide ask = {
        .id = id, .verb = VOUCH_REVIEW_FINISH, .note = vouch_bytes_of(note)};
    struct vouch_answer_review answer;
    test_ok(vouch_authority_review_decide(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

static uint64_t have_one(struct lab *lab) {
    const struct vouch_ask_access ask = emergency(lab);
    const struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial > 0);
    return answer.cert.serial;
}

// --- the loud role

static void it_is_had_at_once_and_opens_a_review(void **state) {
    struct lab *lab = *state;
    uint64_t serial = have_one(lab);
    const struct vouch_review_row row = newest(lab);
    assert_true(row.serial == serial);
    assert_int_equal(row.state, VOUCH_REVIEW_OPEN);
    assert_int_equal(row.kind, VOUCH_REVIEW_LOUD);
    assert_int_equal(row.is_drill, 0);
    reporter_text(row.user, "alice");
    reporter_text(row.holder, "alice");
    reporter_text(row.role, "emergency");
    reporter_text(row.zone, "prod");
    reporter_text(row.reason, "the database is down");
    reporter_text(row.source, "192.0.2.17");
    assert_int_equal(row.uses, 0);
    assert_int_equal(company_events(lab, "breakglass.open", "alice"), 1);
    assert_int_equal(company_events(lab, "breakglass.issue", "alice"), 1);
    const struct vouch_answer_reviews all = reviews(lab, "eve");
    assert_int_equal(all.open, 1);
    assert_int_equal(all.drill_s, 0);
}

static void the_record_says_what_it_is(void **state) {
    struct lab *lab = *state;
    const struct {
        const char *policy;
        enum vouch_review_kind kind;
    } rows[] = {
        {"policy 7 break-glass", VOUCH_REVIEW_LOUD},
        {"policy 7 break-glass drill", VOUCH_REVIEW_LOUD},
        {"policy 7 sealed", VOUCH_REVIEW_SEALED},
        {"policy 7", VOUCH_REVIEW_ANY},
        {"policy 7 request 9", VOUCH_REVIEW_ANY},
        {"profile break-glass@5", VOUCH_REVIEW_ANY},
        {" sealed", VOUCH_REVIEW_ANY},
        {"", VOUCH_REVIEW_ANY},
    };
    (void)lab;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vouch_glass_of(vouch_bytes_of(rows[i].policy)), rows[i].kind);
    }
}

static void nobody_has_it_without_a_reason_or_a_fresh_factor(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = emergency(lab);
    ask.reason = (struct vouch_bytes){0};
    struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.field, "reason");
    ask = emergency(lab);
    answer = have(lab, "alice", 400, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-1886");
    answer = have(lab, "alice+", 60, &ask); // a recovery code
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    ask.ttl_s = 3601;
    answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.field, "ttl_s");
    answer = have(lab, "bob", 60, &ask); // who has not the role
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_int_equal(reviews(lab, "eve").count, 0);
}

static void it_is_asked_for_alone(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = emergency(lab);
    ask.roles = lab_list("emergency dev");
    const struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2040");
    assert_int_equal(reviews(lab, "eve").count, 0);
}

static void who_asks_for_no_role_does_not_get_it(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = company_ask(lab, "");
    ask.roles = (struct vouch_text_list){0};
    const struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    reporter_text(answer.cert.role, "dev");
    assert_int_equal(reviews(lab, "eve").count, 0);
}

static void a_drill_is_reviewed_too_and_remembered(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = emergency(lab);
    ask.drill = 1;
    lab_verdict(have(lab, "alice", 60, &ask), VOUCH_VERDICT_DONE);
    assert_int_equal(newest(lab).is_drill, 1);
    assert_true(reviews(lab, "eve").drill_s > 0);
    ask = company_ask(lab, "dev");
    ask.drill = 1;
    const struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "drill");
}

static void the_same_asked_again_is_one_certificate_and_one_review(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_access ask = emergency(lab);
    ask.once = vouch_bytes_of("once-1");
    const struct vouch_answer_access first = have(lab, "alice", 60, &ask);
    uint64_t serial = first.cert.serial;
    const struct vouch_answer_access second = have(lab, "alice", 50, &ask);
    lab_verdict(second, VOUCH_VERDICT_DONE);
    assert_true(second.cert.serial == serial);
    assert_int_equal(reviews(lab, "eve").count, 1);
}

static void what_the_signer_refuses_leaves_nothing_to_review(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_access ask = emergency(lab);
    const struct vouch_answer_access answer = have(lab, "alice", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_true(answer.cert.serial == 0);
    const struct vouch_review_row row = newest(lab);
    assert_int_equal(row.state, VOUCH_REVIEW_VOID);
    assert_true(row.serial == 0);
    assert_int_equal(reviews(lab, "eve").open, 0);
    assert_int_equal(company_events(lab, "breakglass.open", "alice"), 1);
    assert_int_equal(company_events(lab, "breakglass.issue", "alice"), 0);
    const struct vouch_answer_review late = finish(lab, "bob", row.id, "nothing to see");
    lab_verdict(late, VOUCH_VERDICT_CONFLICT);
}

// --- reviewing

static void another_administrator_reviews_it_once(void **state) {
    struct lab *lab = *state;
    (void)have_one(lab);
    uint64_t id = newest(lab).id;
    struct vouch_answer_review answer = finish(lab, "bob", id, "");
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "note");
    answer = finish(lab, "bob", id, "it was needed");
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.row.state, VOUCH_REVIEW_DONE);
    reporter_text(answer.row.done_by, "bob");
    reporter_text(answer.row.note, "it was needed");
    assert_int_equal(company_events(lab, "breakglass.review", "alice"), 1);
    assert_int_equal(reviews(lab, "eve").open, 0);
    answer = finish(lab, "carol", id, "me too");
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
    company_code(answer, "V-2042");
    reporter_text(newest(lab).note, "it was needed");
}

static void nobody_reviews_their_own(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_access ask = emergency(lab);
    lab_verdict(have(lab, "root-of-all", 60, &ask), VOUCH_VERDICT_DONE);
    const uint64_t id = newest(lab).id;
    struct vouch_answer_review answer = finish(lab, "root-of-all", id, "all fine");
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2041");
    const struct vouch_caller local = lab_local(); // who is nobody in particular
    const struct vouch_ask_review_decide own = {
        .id = id, .verb = VOUCH_REVIEW_FINISH, .note = vouch_bytes_of("all fine")};
    test_ok(vouch_authority_review_decide(lab->admin, &local, &own, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2041");
    static const char *const others[] = {"eve", "alice", "mallory"}; // no administrators
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        lab_verdict(finish(lab, others[i], id, "all fine"), VOUCH_VERDICT_REFUSED);
    }
    lab_verdict(finish(lab, "bob", id + 1, "none"), VOUCH_VERDICT_ABSENT);
    assert_int_equal(newest(lab).state, VOUCH_REVIEW_OPEN);
}

static void reviews_are_for_administrators_and_auditors(void **state) {
    struct lab *lab = *state;
    (void)have_one(lab);
    lab_verdict(reviews(lab, "bob"), VOUCH_VERDICT_DONE);
    lab_verdict(reviews(lab, "alice"), VOUCH_VERDICT_REFUSED);
    lab_verdict(reviews(lab, "mallory"), VOUCH_VERDICT_REFUSED);
}

static void open_reviews_are_in_the_state_of_the_service(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_status status;
    (void)have_one(lab);
    test_ok(vouch_authority_status(lab->admin, &caller, &ask, &status, &fault));
    assert_int_equal(status.reviews_open, 1);
}

// --- using

static void use(struct lab *lab, const struct vouch_caller *host, const struct vouch_cert_row *cert,
                uint64_t first) {
    struct vouch_login_row login = reporter_login(lab, cert);
    login.login = vouch_bytes_of("postgres");
    (void)reporter_send_logins(lab, host, first, &login, 1);
}

static struct vouch_cert_row cert_of(struct lab *lab, uint64_t serial) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_show ask = {serial};
    struct vouch_answer_cert answer;
    lab_settle(lab);
    test_ok(vouch_authority_show(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row;
}

static void each_login_with_it_is_an_alarm_and_counted(void **state) {
    struct lab *lab = *state;
    uint64_t serial = have_one(lab);
    const struct vouch_caller host = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_cert_row cert = cert_of(lab, serial);
    use(lab, &host, &cert, 1);
    cert = cert_of(lab, serial);
    use(lab, &host, &cert, 2);
    const struct vouch_review_row row = newest(lab);
    assert_int_equal(row.uses, 2);
    assert_true(row.used_s > 0);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 2);
    assert_int_equal(company_events(lab, "breakglass.use", "alice"), 2);
}

static void a_login_opens_a_review_that_was_done(void **state) {
    struct lab *lab = *state;
    uint64_t serial = have_one(lab);
    const struct vouch_caller host = reporter_enrol(lab, WEB3, "prod", "tier=web");
    lab_verdict(finish(lab, "bob", newest(lab).id, "not used"), VOUCH_VERDICT_DONE);
    const struct vouch_cert_row cert = cert_of(lab, serial);
    use(lab, &host, &cert, 1);
    const struct vouch_review_row row = newest(lab);
    assert_int_equal(row.state, VOUCH_REVIEW_OPEN);
    assert_int_equal(row.done_by.len + row.note.len + row.done_s, 0);
    assert_int_equal(row.uses, 1);
}

// As after a database that was restored from before.
static void a_login_with_a_lost_review_makes_a_new_one(void **state) {
    struct lab *lab = *state;
    uint64_t serial = have_one(lab);
    const struct vouch_caller host = reporter_enrol(lab, WEB3, "prod", "tier=web");
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_review review = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(vouch_store_review_of(lab->office->desk, serial, &arena, &outcome, &review, &fault));
    review.serial = 0;
    test_ok(vouch_store_review_change(lab->office->desk, &review, &outcome, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    const struct vouch_cert_row cert = cert_of(lab, serial);
    use(lab, &host, &cert, 1);
    const struct vouch_review_row row = newest(lab);
    assert_true(row.id > review.id);
    assert_true(row.serial == serial);
    assert_int_equal(row.uses, 1);
    reporter_text(row.holder, "alice");
    reporter_text(row.role, "emergency");
}

static void an_ordinary_login_is_no_alarm(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller host = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = reporter_cert(lab, "alice", 600);
    struct vouch_login_row login = reporter_login(lab, &cert);
    (void)reporter_send_logins(lab, &host, 1, &login, 1);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 0);
    assert_int_equal(reviews(lab, "eve").count, 0);
}

// --- sealed

// The public key of a security key, as one would give it.
static struct vouch_bytes sk_blob(void) {
    static uint8_t room[256];
    static const uint8_t point[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                      0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                      0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                      0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct vouch_buf blob;
    vouch_buf_init_fixed(&blob, room, sizeof room);
    vouch_write_text(&blob, "sk-ssh-ed25519@openssh.com");
    vouch_write_string(&blob, (struct vouch_bytes){point, sizeof point});
    vouch_write_text(&blob, "ssh:");
    assert_int_equal(blob.err, VOUCH_OK);
    return vouch_buf_bytes(&blob);
}

static struct vouch_ask_seal seal_ask(void) {
    return (struct vouch_ask_seal){.user = vouch_bytes_of("alice"),
                                   .role = vouch_bytes_of("emergency"),
                                   .key = sk_blob(),
                                   .ttl_s = 90 * DAY_S,
                                   .reason = vouch_bytes_of("the safe in Bonn")};
}

static struct vouch_answer_cert seal(struct lab *lab, const char *who, uint64_t age_s,
                                     const struct vouch_ask_seal *ask) {
    const struct vouch_caller caller = company_caller(lab, who, age_s);
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_seal(lab->admin, &caller, ask, &answer, &fault));
    return answer;
}

static void a_certificate_is_put_away_for_months(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_seal ask = seal_ask();
    const struct vouch_answer_cert answer = seal(lab, "bob", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    reporter_text(answer.row.key_id, "alice");
    reporter_text(answer.row.actor, "user:bob");
    assert_true(company_is(answer.row.principals, "role:emergency role:emergency:alice"));
    assert_true(answer.row.valid_before - answer.row.valid_after >= 90 * DAY_S);
    const struct vouch_review_row row = newest(lab);
    assert_int_equal(row.kind, VOUCH_REVIEW_SEALED);
    reporter_text(row.user, "bob");
    reporter_text(row.holder, "alice");
    lab_verdict(finish(lab, "bob", row.id, "mine"), VOUCH_VERDICT_REFUSED);
    lab_verdict(finish(lab, "carol", row.id, "it lies in the safe"), VOUCH_VERDICT_DONE);
}

static void its_use_is_the_holders_and_opens_the_review_again(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_seal ask = seal_ask();
    const struct vouch_caller host = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_answer_cert answer = seal(lab, "bob", 60, &ask);
    const uint64_t serial = answer.row.serial;
    lab_verdict(finish(lab, "carol", newest(lab).id, "put away"), VOUCH_VERDICT_DONE);
    const struct vouch_cert_row cert = cert_of(lab, serial);
    use(lab, &host, &cert, 1);
    assert_int_equal(newest(lab).state, VOUCH_REVIEW_OPEN);
    assert_int_equal(newest(lab).uses, 1);
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_logins logins = {.serial = serial};
    struct vouch_answer_logins found;
    test_ok(vouch_authority_logins(lab->admin, &caller, &logins, &found, &fault));
    assert_int_equal(found.count, 1);
    reporter_text(found.rows[0].user, "alice");
    reporter_text(found.rows[0].alarm, "break-glass");
}

static void what_may_not_be_sealed_is_refused(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_seal asks[6];
    static const char *const codes[] = {"V-2043", "V-2044", "V-2044", "V-1805", "V-1805", "V-1814"};
    for (size_t i = 0; i < 6; i++) {
        asks[i] = seal_ask();
    }
    asks[0].key = vouch_key_blob(vouch_private_key_public(lab->subject)); // in a file
    asks[1].role = vouch_bytes_of("dev");
    asks[2].role = vouch_bytes_of("nothing");
    asks[3].ttl_s = 90 * DAY_S + 1;
    asks[4].ttl_s = DAY_S - 1;
    asks[5].user = vouch_bytes_of("mallory"); // who has not the role
    for (size_t i = 0; i < 6; i++) {
        const struct vouch_answer_cert answer = seal(lab, "bob", 60, &asks[i]);
        assert_int_not_equal(answer.reply.verdict, VOUCH_VERDICT_DONE);
        if (strcmp(codes[i], answer.reply.code) != 0) {
            fail_msg("%zu: %s %s, not %s", i, answer.reply.code, answer.reply.why, codes[i]);
        }
    }
    const struct vouch_ask_seal ask = seal_ask();
    struct vouch_answer_cert answer = seal(lab, "bob", 400, &ask);
    company_code(answer, "V-1886");
    answer = seal(lab, "alice", 60, &ask); // no administrator
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    const struct vouch_caller local = lab_local();
    test_ok(vouch_authority_seal(lab->admin, &local, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_int_equal(reviews(lab, "eve").count, 0);
}

static void the_ceiling_and_the_zone_bind_it(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_seal ask = seal_ask();
    struct vouch_answer_cert answer = seal(lab, "bob", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    company_code(answer, "V-2045");
    assert_non_null(strstr(answer.reply.why, "user.ttl_max"));
    ask.ttl_s = DAY_S;
    answer = seal(lab, "bob", 60, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    company_apply(lab, policy_with("{name: prod, max_ttl: 12h, "), VOUCH_VERDICT_DONE);
    answer = seal(lab, "bob", 60, &ask);
    company_code(answer, "V-2045");
    assert_non_null(strstr(answer.reply.why, "max_ttl of the zone prod"));
}

static void it_is_revoked_when_the_holder_leaves(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_seal ask = seal_ask();
    const struct vouch_answer_cert answer = seal(lab, "bob", 60, &ask);
    const uint64_t serial = answer.row.serial;
    lab_settle(lab);
    company_apply(lab, policy_with("{name: prod, "), VOUCH_VERDICT_DONE);
    assert_int_equal(cert_of(lab, serial).revoked_ms, 0);
    company_apply(lab,
                  with(policy_with("{name: prod, "), "{name: alice, login: alice}",
                       "{name: alice, login: alice, state: disabled}"),
                  VOUCH_VERDICT_DONE);
    assert_true(cert_of(lab, serial).revoked_ms > 0);
}

// --- the sheet

static void the_sheet_names_the_keys_and_is_for_readers(void **state) {
    struct lab *lab = *state;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_sheet answer;
    const struct vouch_caller reader = company_caller(lab, "eve", 60);
    const struct vouch_caller other = company_caller(lab, "alice", 60);
    vouch_key_fingerprint(vouch_cas_active(&lab->office->cas, 0)->key, VOUCH_HASH_SHA256,
                          fingerprint);
    test_ok(vouch_authority_sheet(lab->admin, &reader, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    const char *const parts[] = {fingerprint, LAB_ORIGIN, "vouch backup verify", "vouch review ls"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(memmem(answer.text.ptr, answer.text.len, parts[i], strlen(parts[i])));
    }
    test_ok(vouch_authority_sheet(lab->admin, &other, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_had_at_once_and_opens_a_review),
        TEST(the_record_says_what_it_is),
        TEST(nobody_has_it_without_a_reason_or_a_fresh_factor),
        TEST(it_is_asked_for_alone),
        TEST(who_asks_for_no_role_does_not_get_it),
        TEST(a_drill_is_reviewed_too_and_remembered),
        TEST(the_same_asked_again_is_one_certificate_and_one_review),
        cmocka_unit_test_setup_teardown(what_the_signer_refuses_leaves_nothing_to_review,
                                        begin_lowest, company_end),
        TEST(another_administrator_reviews_it_once),
        TEST(nobody_reviews_their_own),
        TEST(reviews_are_for_administrators_and_auditors),
        TEST(open_reviews_are_in_the_state_of_the_service),
        TEST(each_login_with_it_is_an_alarm_and_counted),
        TEST(a_login_opens_a_review_that_was_done),
        TEST(a_login_with_a_lost_review_makes_a_new_one),
        TEST(an_ordinary_login_is_no_alarm),
        TEST(a_certificate_is_put_away_for_months),
        TEST(its_use_is_the_holders_and_opens_the_review_again),
        TEST(what_may_not_be_sealed_is_refused),
        cmocka_unit_test_setup_teardown(the_ceiling_and_the_zone_bind_it, begin_low, company_end),
        TEST(it_is_revoked_when_the_holder_leaves),
        TEST(the_sheet_names_the_keys_and_is_for_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
