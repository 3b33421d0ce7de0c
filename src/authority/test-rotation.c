// SPDX-License-Identifier: ISC
// The rotation of CA keys, with a real signer: who may, what stands in the way, what is public when, and
// what certificates and lists come out.
#include "authority/test-machine.h"

#include <unistd.h>

#include "authority/office.h"
#include "authority/rotation.h"
#include "authority/trusted.h"
#include "core/krl-envelope.h"
#include "vouch/krl.h"

#define WEB1 "web1.prod.example.com"
#define WEB9 "web9.prod.example.com"

// --- asking

static struct vouch_ca_rotation stands(struct lab *lab, enum vouch_cert_type use) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_rotation ask = {.use = use};
    struct vouch_answer_rotation answer;
    test_ok(vouch_authority_rotation(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.rows[0].use, use);
    return answer.rows[0];
}

// The fingerprint of the key in that state; good until the next call.
static struct vouch_bytes fingerprint(struct lab *lab, enum vouch_cert_type use,
                                      enum vouch_ca_key_state state) {
    static char text[VOUCH_FINGERPRINT_MAX];
    const struct vouch_ca_rotation row = stands(lab, use);
    text[0] = '\0';
    for (size_t i = 0; i < row.key_count; i++) {
        if (row.keys[i].state == state) {
            (void)snprintf(text, sizeof text, "%.*s", (int)row.keys[i].fingerprint.len,
                           (const char *)row.keys[i].fingerprint.ptr);
        }
    }
    return vouch_bytes_of(text);
}

static struct vouch_answer_rotate rotate(struct lab *lab, const struct vouch_ask_rotate *ask,
                                         enum vouch_verdict wanted) {
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    struct vouch_answer_rotate answer;
    test_ok(vouch_authority_rotate(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

static void refused(struct lab *lab, const struct vouch_ask_rotate *ask, const char *code) {
    const struct vouch_answer_rotate answer = rotate(
        lab, ask, strcmp(code, "V-1979") == 0 ? VOUCH_VERDICT_INVALID : VOUCH_VERDICT_CONFLICT);
    company_code(answer, code);
}

static struct vouch_ask_rotate move(enum vouch_cert_type use, enum vouch_rotation_move move) {
    return (struct vouch_ask_rotate){.use = use, .move = move};
}

static void start(struct lab *lab, enum vouch_cert_type use) {
    const struct vouch_ask_rotate ask = move(use, VOUCH_ROTATION_START);
    const struct vouch_answer_rotate answer = rotate(lab, &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.verb, VOUCH_ROTATE_CREATE);
    assert_int_equal(answer.use.phase, VOUCH_ROTATION_DISTRIBUTE);
    assert_int_equal(answer.use.next, VOUCH_ROTATE_SWITCH);
    assert_int_equal(answer.use.key_count, 2);
}

static void advance(struct lab *lab, enum vouch_cert_type use, enum vouch_rotation_verb verb) {
    struct vouch_ask_rotate ask = move(use, VOUCH_ROTATION_ADVANCE);
    if (verb == VOUCH_ROTATE_DESTROY) {
        ask.fingerprint = fingerprint(lab, use, VOUCH_CA_KEY_REMOVED);
    }
    const struct vouch_answer_rotate answer = rotate(lab, &ask, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.verb, verb);
    assert_true(answer.number > 0);
}

// --- what is public

static struct vouch_trust bundle(struct lab *lab) {
    struct vouch_trust trust = {0};
    test_ok(vouch_trust_now((void *)lab->admin, &trust, &fault));
    return trust;
}

static size_t count_keys(struct lab *lab, enum vouch_cert_type use, enum vouch_trust_state state) {
    struct vouch_trust trust = bundle(lab);
    size_t count = 0;
    for (size_t i = 0; i < trust.key_count; i++) {
        count += trust.keys[i].use == use && trust.keys[i].state == state ? 1 : 0;
    }
    vouch_trust_done(&trust);
    return count;
}

// The list of a use as everybody gets it, with what its envelope proves; ended by list_done().
struct list {
    struct vouch_krl *krl;
    struct vouch_krl_statement statement;
    uint8_t *bytes;
};

static struct list list_of(struct lab *lab, size_t use) {
    struct list list = {0};
    struct vouch_where where = {0};
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    const struct vouch_krl_trust trust = {.checkpoint_key = lab->office->checkpoint_key,
                                          .ca = vouch_cas_active(&cas, use)->key,
                                          .use = use == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST};
    pthread_mutex_lock(&lab->office->public_lock);
    const struct vouch_office_krl *krl = &lab->office->krls[use];
    size_t len = krl->krl_len, envelope_len = krl->envelope_len;
    list.bytes = malloc(len + envelope_len);
    assert_non_null(list.bytes);
    memcpy(list.bytes, krl->bytes, len + envelope_len);
    pthread_mutex_unlock(&lab->office->public_lock);
    const struct vouch_bytes text = {list.bytes, len};
    const struct vouch_bytes envelope = {list.bytes + len, envelope_len};
    test_ok(vouch_krl_envelope_verify(envelope, &trust, "list", &list.statement, &fault));
    test_ok(vouch_krl_statement_check(&list.statement, text, "list", &fault));
    assert_int_equal(vouch_krl_parse(text, &list.krl, &where), VOUCH_OK);
    return list;
}

static void list_done(struct list *list) {
    vouch_krl_free(list->krl);
    free(list->bytes);
}

static int revokes(struct lab *lab, const struct vouch_cert *cert) {
    struct list list = list_of(lab, cert->type == VOUCH_CERT_HOST ? 1 : 0);
    enum vouch_krl_verdict verdict = vouch_krl_check_cert(list.krl, cert);
    list_done(&list);
    return verdict != VOUCH_KRL_GOOD;
}

// --- certificates

// A certificate of alice's, parsed; freed by the caller.
static struct vouch_cert *fresh_cert(struct lab *lab) {
    const struct vouch_ask_access ask = company_ask(lab, "dev");
    const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
    struct vouch_cert *cert = NULL;
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(vouch_cert_parse(answer.cert.cert, &cert, NULL), VOUCH_OK);
    // The row says by which key it is, as the index will.
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    int is_named = 0;
    for (size_t i = 0; i < cas.count; i++) {
        is_named = is_named || (vouch_key_equal(cas.rows[i].key, cert->ca) &&
                                memcmp(cas.rows[i].hash, answer.cert.ca, 32) == 0);
    }
    assert_true(is_named);
    return cert;
}

static int is_by(struct lab *lab, const struct vouch_cert *cert, enum vouch_ca_key_state state) {
    char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(cert->ca, VOUCH_HASH_SHA256, text);
    return vouch_bytes_equal(fingerprint(lab, cert->type, state), vouch_bytes_of(text));
}

static void revoke_serial(struct lab *lab, uint64_t serial) {
    uint8_t bytes[8];
    const struct vouch_caller caller = lab_local();
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_SERIAL,
                                         .value = {bytes, sizeof bytes},
                                         .reason = vouch_bytes_of("a test")};
    struct vouch_answer_revoke answer;
    test_ok(vouch_authority_revoke(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// --- hosts

static struct machine a_host(struct lab *lab, const char *name, uint8_t id) {
    struct machine machine = machine_new(name, id);
    (void)machine_enrol(lab, &machine, machine_token(lab, name, 0).secret, VOUCH_VERDICT_DONE);
    return machine;
}

// Says that it has the bundle that is out (back: so many versions before it).
static void report(struct lab *lab, const struct machine *machine, uint64_t back) {
    const struct vouch_caller caller = machine_caller(machine);
    pthread_mutex_lock(&lab->office->public_lock);
    uint64_t version = lab->office->trust_version;
    pthread_mutex_unlock(&lab->office->public_lock);
    const struct vouch_ask_host_report ask = {.time_s = vouch_time_now_s(),
                                              .trust_version = version - back,
                                              .health = vouch_bytes_of("ok"),
                                              .agent = vouch_bytes_of("0.1.0"),
                                              .sshd = vouch_bytes_of("OpenSSH_9.2p1")};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_report(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// --- tests

static void the_user_ca_is_replaced_step_by_step(void **state) {
    struct lab *lab = *state;
    struct machine web = a_host(lab, WEB1, 1);
    struct vouch_ask_rotate next = move(VOUCH_CERT_USER, VOUCH_ROTATION_ADVANCE);
    struct vouch_cert *before = fresh_cert(lab);
    report(lab, &web, 0);
    assert_int_equal(stands(lab, VOUCH_CERT_USER).phase, VOUCH_ROTATION_STEADY);
    refused(lab, &next, "V-1976");

    start(lab, VOUCH_CERT_USER);
    assert_int_equal(count_keys(lab, VOUCH_CERT_USER, VOUCH_TRUST_NEXT), 1);
    struct vouch_cert *early = fresh_cert(lab);
    assert_true(vouch_key_equal(early->ca, before->ca));
    refused(lab, &next, "V-1977"); // the host has not said that it has the bundle
    report(lab, &web, 0);
    const struct vouch_ca_rotation ready = stands(lab, VOUCH_CERT_USER);
    assert_int_equal(ready.is_ready, 1);
    assert_int_equal(ready.covered, 1);

    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    struct vouch_cert *after = fresh_cert(lab);
    assert_true(is_by(lab, after, VOUCH_CA_KEY_ACTIVE));
    assert_true(is_by(lab, before, VOUCH_CA_KEY_OLD));
    assert_int_equal(count_keys(lab, VOUCH_CERT_USER, VOUCH_TRUST_OLD), 1);
    refused(lab, &next, "V-1978"); // two certificates by the old key are out
    const struct vouch_ca_rotation drain = stands(lab, VOUCH_CERT_USER);
    assert_int_equal(drain.is_ready, 0);
    assert_true(drain.until_s >= before->valid_before);
    revoke_serial(lab, before->serial);
    assert_true(revokes(lab, before)); // also under the key that signs no more
    assert_false(revokes(lab, early));
    refused(lab, &next, "V-1978");
    revoke_serial(lab, early->serial);

    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_REMOVE);
    assert_int_equal(count_keys(lab, VOUCH_CERT_USER, VOUCH_TRUST_OLD), 0);
    assert_true(revokes(lab, before)); // the key may come back
    refused(lab, &next, "V-1979");
    next.fingerprint = fingerprint(lab, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE);
    refused(lab, &next, "V-1979");
    next.fingerprint = fingerprint(lab, VOUCH_CERT_USER, VOUCH_CA_KEY_REMOVED);
    refused(lab, &next, "V-1977"); // the host may still trust it
    report(lab, &web, 0);
    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_DESTROY);
    const struct vouch_ca_rotation end = stands(lab, VOUCH_CERT_USER);
    assert_int_equal(end.phase, VOUCH_ROTATION_STEADY);
    assert_int_equal(end.key_count, 1);
    assert_int_equal(end.keys[0].signed_count, 1);
    assert_int_equal(end.keys[0].live, 1);
    vouch_cert_free(before);
    vouch_cert_free(early);
    vouch_cert_free(after);
    machine_free(&web);
}

static void the_host_ca_waits_for_each_hosts_certificate(void **state) {
    struct lab *lab = *state;
    struct machine web1 = a_host(lab, WEB1, 1);
    struct machine web9 = a_host(lab, WEB9, 2);
    static const struct vouch_bytes left[] = {{(const uint8_t *)WEB9, sizeof WEB9 - 1}};
    struct vouch_ask_rotate next = move(VOUCH_CERT_HOST, VOUCH_ROTATION_ADVANCE);
    start(lab, VOUCH_CERT_HOST);
    report(lab, &web1, 0);
    report(lab, &web9, 0);
    advance(lab, VOUCH_CERT_HOST, VOUCH_ROTATE_SWITCH);
    const struct vouch_ca_rotation both = stands(lab, VOUCH_CERT_HOST);
    assert_int_equal(both.blocking, 2);
    assert_int_equal(both.host_count, 2);
    assert_int_equal(both.hosts[0].why, VOUCH_ROTATION_CERT);
    refused(lab, &next, "V-1978");
    (void)machine_renew(lab, &web1, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    const struct vouch_ca_rotation one = stands(lab, VOUCH_CERT_HOST);
    assert_int_equal(one.blocking, 1);
    assert_true(vouch_bytes_equal(one.hosts[0].host, left[0]));
    assert_true(one.until_s > vouch_time_now_s());
    refused(lab, &next, "V-1978");
    next.without = (struct vouch_text_list){left, 1};
    assert_int_equal(rotate(lab, &next, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_REMOVE);
    assert_int_equal(stands(lab, VOUCH_CERT_USER).phase, VOUCH_ROTATION_STEADY); // on its own
    machine_free(&web1);
    machine_free(&web9);
}

static void a_host_that_is_cut_off_is_named_or_left_behind(void **state) {
    struct lab *lab = *state;
    struct machine web1 = a_host(lab, WEB1, 1);
    struct machine web9 = a_host(lab, WEB9, 2);
    static const struct vouch_bytes left[] = {{(const uint8_t *)WEB9, sizeof WEB9 - 1}};
    struct vouch_ask_rotate next = move(VOUCH_CERT_USER, VOUCH_ROTATION_ADVANCE);
    report(lab, &web9, 0);
    start(lab, VOUCH_CERT_USER);
    report(lab, &web1, 0);
    const struct vouch_answer_rotate no = rotate(lab, &next, VOUCH_VERDICT_CONFLICT);
    company_code(no, "V-1977");
    assert_non_null(strstr(no.reply.why, "1 host has not"));
    assert_non_null(strstr(no.reply.why, WEB9));
    next.is_hurried = 1;
    refused(lab, &next, "V-1977");
    next.without = (struct vouch_text_list){left, 1};
    assert_int_equal(rotate(lab, &next, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_SWITCH);
    machine_free(&web1);
    machine_free(&web9);
}

static void each_step_can_be_undone_but_the_last(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_rotate back = move(VOUCH_CERT_USER, VOUCH_ROTATION_BACK);
    refused(lab, &back, "V-1976");
    start(lab, VOUCH_CERT_USER);
    refused(lab, &back, "V-1979"); // it destroys the new key
    back.fingerprint = fingerprint(lab, VOUCH_CERT_USER, VOUCH_CA_KEY_NEXT);
    assert_int_equal(rotate(lab, &back, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_DROP);
    assert_int_equal(stands(lab, VOUCH_CERT_USER).key_count, 1);
    back.fingerprint = (struct vouch_bytes){0};

    start(lab, VOUCH_CERT_USER);
    struct vouch_cert *first = fresh_cert(lab);
    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    struct vouch_cert *second = fresh_cert(lab);
    assert_int_equal(rotate(lab, &back, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_BACK);
    struct vouch_cert *third = fresh_cert(lab);
    assert_true(vouch_key_equal(third->ca, first->ca));
    assert_true(is_by(lab, second, VOUCH_CA_KEY_NEXT));
    // The one that waits has signed: what it signed counts, so it is not destroyed in passing.
    back.fingerprint = fingerprint(lab, VOUCH_CERT_USER, VOUCH_CA_KEY_NEXT);
    assert_int_not_equal(rotate(lab, &back, VOUCH_VERDICT_CONFLICT).reply.verdict,
                         VOUCH_VERDICT_DONE);
    back.fingerprint = (struct vouch_bytes){0};

    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    struct vouch_ask_rotate hurry = move(VOUCH_CERT_USER, VOUCH_ROTATION_ADVANCE);
    hurry.is_hurried = 1;
    assert_int_equal(rotate(lab, &hurry, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_REMOVE);
    assert_int_equal(rotate(lab, &back, VOUCH_VERDICT_DONE).verb, VOUCH_ROTATE_RESTORE);
    assert_int_equal(count_keys(lab, VOUCH_CERT_USER, VOUCH_TRUST_OLD), 1);
    vouch_cert_free(first);
    vouch_cert_free(second);
    vouch_cert_free(third);
}

static void lists_speak_of_every_key_before_it_is_trusted(void **state) {
    struct lab *lab = *state;
    struct list list = list_of(lab, 0);
    const uint64_t before = list.statement.version;
    assert_int_equal(list.statement.ca_count, 1);
    list_done(&list);
    start(lab, VOUCH_CERT_USER);
    list = list_of(lab, 0);
    assert_int_equal(list.statement.ca_count, 2);
    assert_true(list.statement.version > before);
    const uint64_t with_two = list.statement.version;
    struct vouch_trust trust = bundle(lab);
    for (size_t i = 0; i < trust.key_count; i++) {
        assert_true(trust.keys[i].use == VOUCH_CERT_HOST ||
                    vouch_krl_statement_names(&list.statement, trust.keys[i].key));
    }
    vouch_trust_done(&trust);
    list_done(&list);
    struct list host = list_of(lab, 1);
    assert_int_equal(host.statement.ca_count, 1);
    list_done(&host);
    // At the next start it stays: it says the same of the same keys.
    lab_close_office(lab);
    lab_open(lab);
    list = list_of(lab, 0);
    assert_int_equal(list.statement.version, with_two);
    list_done(&list);
    struct vouch_ask_rotate back = move(VOUCH_CERT_USER, VOUCH_ROTATION_BACK);
    back.fingerprint = fingerprint(lab, VOUCH_CERT_USER, VOUCH_CA_KEY_NEXT);
    (void)rotate(lab, &back, VOUCH_VERDICT_DONE);
    list = list_of(lab, 0);
    assert_int_equal(list.statement.ca_count, 1);
    list_done(&list);
}

static void a_key_id_is_revoked_under_both_keys(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    start(lab, VOUCH_CERT_USER);
    struct vouch_cert *before = fresh_cert(lab);
    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    struct vouch_cert *after = fresh_cert(lab);
    const struct vouch_ask_revoke ask = {
        .kind = VOUCH_REVOKE_KEY_ID, .value = before->key_id, .reason = vouch_bytes_of("a test")};
    struct vouch_answer_revoke answer;
    test_ok(vouch_authority_revoke(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(revokes(lab, before));
    assert_true(revokes(lab, after));
    vouch_cert_free(before);
    vouch_cert_free(after);
}

static void no_ca_key_is_certified_in_whatever_state(void **state) {
    struct lab *lab = *state;
    start(lab, VOUCH_CERT_USER);
    struct vouch_office_cas cas;
    vouch_cas_now(lab->office, &cas);
    assert_int_equal(cas.count, 3);
    for (size_t i = 0; i < cas.count; i++) {
        struct vouch_ask_access ask = company_ask(lab, "dev");
        ask.key = vouch_key_blob(cas.rows[i].key);
        const struct vouch_answer_access answer = company_access(lab, "alice", &ask);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        assert_non_null(strstr(answer.reply.why, "own keys"));
    }
}

static void only_an_administrator_who_is_there_rotates(void **state) {
    struct lab *lab = *state;
    char reader[VOUCH_TOKEN_TEXT_MAX], admin[VOUCH_TOKEN_TEXT_MAX];
    lab_new_token(lab, "reader", NULL, "audit:read cert:read", reader);
    lab_new_token(lab, "admin", NULL, "admin", admin);
    const struct {
        struct vouch_caller caller;
        enum vouch_verdict look, step;
    } rows[] = {
        {company_caller(lab, "mallory", 10), VOUCH_VERDICT_REFUSED, VOUCH_VERDICT_REFUSED},
        {company_caller(lab, "eve", 10), VOUCH_VERDICT_DONE, VOUCH_VERDICT_REFUSED},
        {company_caller(lab, "root-of-all", 301), VOUCH_VERDICT_DONE, VOUCH_VERDICT_REFUSED},
        {lab_token(reader), VOUCH_VERDICT_DONE, VOUCH_VERDICT_REFUSED},
        {lab_token(admin), VOUCH_VERDICT_DONE, VOUCH_VERDICT_REFUSED},
        {machine_stranger("192.0.2.1"), VOUCH_VERDICT_UNKNOWN, VOUCH_VERDICT_UNKNOWN},
        {lab_local(), VOUCH_VERDICT_DONE, VOUCH_VERDICT_DONE},
    };
    const struct vouch_ask_rotation look = {0};
    const struct vouch_ask_rotate step = move(VOUCH_CERT_USER, VOUCH_ROTATION_START);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_answer_rotation shown;
        struct vouch_answer_rotate made;
        test_ok(vouch_authority_rotation(lab->admin, &rows[i].caller, &look, &shown, &fault));
        lab_verdict(shown, rows[i].look);
        test_ok(vouch_authority_rotate(lab->admin, &rows[i].caller, &step, &made, &fault));
        lab_verdict(made, rows[i].step);
    }
}

static void who_is_overtaken_does_nothing(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_rotate next = move(VOUCH_CERT_USER, VOUCH_ROTATION_ADVANCE);
    start(lab, VOUCH_CERT_USER);
    next.phase = VOUCH_ROTATION_DISTRIBUTE;
    (void)rotate(lab, &next, VOUCH_VERDICT_DONE);
    refused(lab, &next, "V-1976"); // meant for the phase before
    assert_int_equal(stands(lab, VOUCH_CERT_USER).phase, VOUCH_ROTATION_DRAIN);
    next = move(VOUCH_CERT_USER, VOUCH_ROTATION_START);
    refused(lab, &next, "V-1976");
    next = move(VOUCH_CERT_NONE, VOUCH_ROTATION_ADVANCE);
    lab_verdict(rotate(lab, &next, VOUCH_VERDICT_INVALID), VOUCH_VERDICT_INVALID);
}

static void sessions_say_which_bundle_their_client_has(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_rotation look = {0};
    struct vouch_answer_rotation shown;
    struct vouch_ask_access ask = company_ask(lab, "dev");
    test_ok(vouch_authority_rotation(lab->admin, &caller, &look, &shown, &fault));
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_int_equal(shown.sessions_current, 0);
    ask.trust_version = shown.trust_version;
    lab_verdict(company_access(lab, "alice", &ask), VOUCH_VERDICT_DONE);
    ask.trust_version = shown.trust_version - 1;
    lab_verdict(company_access(lab, "bob", &ask), VOUCH_VERDICT_DONE);
    uint64_t until_ns = vouch_time_monotonic_ns() + UINT64_C(10) * 1000000000;
    do { // the clerk notes it within a second
        test_ok(vouch_authority_rotation(lab->admin, &caller, &look, &shown, &fault));
        usleep(20000);
    } while (shown.sessions_current == 0 && vouch_time_monotonic_ns() < until_ns);
    assert_int_equal(shown.sessions, 2);
    assert_int_equal(shown.sessions_current, 1);
}

static void a_restart_finds_the_rotation_where_it_was(void **state) {
    struct lab *lab = *state;
    struct machine web = a_host(lab, WEB1, 1);
    start(lab, VOUCH_CERT_USER);
    report(lab, &web, 0);
    lab_close(lab);
    lab_open(lab);
    const struct vouch_ca_rotation row = stands(lab, VOUCH_CERT_USER);
    assert_int_equal(row.phase, VOUCH_ROTATION_DISTRIBUTE);
    // A start makes a bundle anew, and the one that the host has says the same.
    assert_int_equal(row.covered, 1);
    assert_int_equal(row.is_ready, 1);
    advance(lab, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    machine_free(&web);
}

#define ROTATION_TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ROTATION_TEST(the_user_ca_is_replaced_step_by_step),
        ROTATION_TEST(the_host_ca_waits_for_each_hosts_certificate),
        ROTATION_TEST(a_host_that_is_cut_off_is_named_or_left_behind),
        ROTATION_TEST(each_step_can_be_undone_but_the_last),
        ROTATION_TEST(lists_speak_of_every_key_before_it_is_trusted),
        ROTATION_TEST(a_key_id_is_revoked_under_both_keys),
        ROTATION_TEST(no_ca_key_is_certified_in_whatever_state),
        ROTATION_TEST(only_an_administrator_who_is_there_rotates),
        ROTATION_TEST(who_is_overtaken_does_nothing),
        ROTATION_TEST(sessions_say_which_bundle_their_client_has),
        ROTATION_TEST(a_restart_finds_the_rotation_where_it_was),
    };
    return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
