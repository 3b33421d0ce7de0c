// SPDX-License-Identifier: ISC
// What the authority answers, asked directly and over a lane: the same tests for both bodies.
#include <inttypes.h>
#include <string.h>

#include "authority/decide.h"
#include "authority/test-lab.h"
#include "base/time.h"
#include "core/key.h"
#include "vouch/krl.h"

static int is_remote;
static char secret[VOUCH_TOKEN_TEXT_MAX];
static char reader[VOUCH_TOKEN_TEXT_MAX];

// The handle that the tests ask.
static struct vouch_authority *asked(struct lab *lab) {
    return is_remote ? lab->remotes[0] : lab->admin;
}

static int begin(void **state) {
    is_remote = *state != NULL; // what initial_state says
    if (lab_begin(state) != 0) {
        return -1;
    }
    struct lab *lab = *state;
    lab_open(lab);
    lab_profile(lab, "deploy", "alice bob-*", "permit-pty permit-port-forwarding force-command=*",
                3600);
    lab_new_token(lab, "ci", "deploy", "cert:issue", secret);
    lab_new_token(lab, "reader", NULL, "cert:read cert:revoke audit:read metrics", reader);
    if (is_remote) {
        lab_serve(lab, 2);
    }
    return 0;
}

static void issue(struct lab *lab, const char *token, const struct vouch_ask_issue *ask,
                  struct vouch_answer_cert *ret_answer) {
    const struct vouch_caller caller = lab_token(token);
    test_ok(vouch_authority_issue(asked(lab), &caller, ask, ret_answer, &fault));
}

static uint64_t issue_one(struct lab *lab) {
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row.serial;
}

static void show(struct lab *lab, uint64_t serial, struct vouch_answer_cert *ret_answer) {
    const struct vouch_caller caller = lab_token(reader);
    const struct vouch_ask_show ask = {.serial = serial};
    lab_settle(lab);
    test_ok(vouch_authority_show(asked(lab), &caller, &ask, ret_answer, &fault));
}

static void issues_what_was_asked_and_no_more(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    struct vouch_cert *cert = NULL;
    ask.ttl_s = 600;
    ask.principals = lab_list("alice bob-7");
    ask.critical = lab_list("force-command=/bin/true");
    ask.extensions = lab_list("permit-pty");
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(vouch_cert_parse(answer.row.cert, &cert, NULL), VOUCH_OK);
    assert_int_equal(cert->serial, answer.row.serial);
    assert_int_equal(cert->type, VOUCH_CERT_USER);
    assert_int_equal(cert->valid_before - cert->valid_after, 600 + VOUCH_BACKDATE_S);
    assert_int_equal(cert->principal_count, 2);
    assert_true(vouch_bytes_equal(cert->principals[1], vouch_bytes_of("bob-7")));
    assert_true(vouch_bytes_equal(cert->key_id, vouch_bytes_of("ci")));
    assert_int_equal(cert->critical_count, 1);
    assert_int_equal(cert->extension_count, 1);
    assert_true(vouch_key_equal(cert->key, vouch_private_key_public(lab->subject)));
    assert_true(vouch_bytes_equal(answer.row.actor, vouch_bytes_of("token:ci")));
    assert_true(vouch_bytes_equal(answer.row.role, vouch_bytes_of("deploy")));
    vouch_cert_free(cert);
}

static void what_is_issued_can_be_shown(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert made, shown;
    issue(lab, secret, &ask, &made);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    uint8_t blob[4096];
    size_t len = made.row.cert.len;
    struct vouch_cert_row row = made.row;
    memcpy(blob, made.row.cert.ptr, len);
    show(lab, row.serial, &shown);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(shown.row.cert, (struct vouch_bytes){blob, len}));
    assert_int_equal(shown.row.number, row.number);
    assert_int_equal(shown.row.time_ms, row.time_ms);
    assert_memory_equal(shown.row.key, row.key, sizeof row.key);
    assert_memory_equal(shown.row.ca, row.ca, sizeof row.ca);
    assert_true(vouch_bytes_equal(shown.row.source, vouch_bytes_of("192.0.2.17")));
}

static void an_unknown_caller_gets_nothing(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    static const char *const tokens[] = {"", "vouch_",
                                         "vouch_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct vouch_answer_cert answer;
        issue(lab, tokens[i], &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
        assert_string_equal(answer.reply.code, "V-1801");
        assert_int_equal(answer.row.serial, 0);
        assert_int_equal(answer.row.cert.len, 0);
    }
    const struct vouch_caller nobody = {.way = VOUCH_CALLER_UNKNOWN,
                                        .token = vouch_bytes_of(secret)};
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_issue(asked(lab), &nobody, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
}

// Tokens that are cut, longer, or off by one bit.
static void a_token_is_good_as_a_whole_only_O10(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    char token[VOUCH_TOKEN_TEXT_MAX + 2];
    size_t len = strlen(secret);
    for (size_t cut = 0; cut < len; cut++) {
        (void)snprintf(token, sizeof token, "%.*s", (int)cut, secret);
        issue(lab, token, &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
        issue(lab, secret + 1 + cut, &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    }
    for (size_t bit = 0; bit < 7 * len; bit++) {
        (void)snprintf(token, sizeof token, "%s", secret);
        token[bit / 7] = (char)(token[bit / 7] ^ 1 << bit % 7);
        issue(lab, token, &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    }
    (void)snprintf(token, sizeof token, "%s=", secret);
    issue(lab, token, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
}

// A web process that was taken over may say what it likes of its callers.
static void nobody_is_local_over_a_lane(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_token_new ask = {.name = vouch_bytes_of("mine"),
                                            .scopes = lab_list("admin")};
    struct vouch_answer_token answer;
    test_ok(vouch_authority_token_new(asked(lab), &caller, &ask, &answer, &fault));
    lab_verdict(answer, is_remote ? VOUCH_VERDICT_UNKNOWN : VOUCH_VERDICT_DONE);
}

static void each_ask_needs_its_scope(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller ci = lab_token(secret), other = lab_token(reader);
    const struct vouch_ask_issue issue_ask = lab_ask(lab);
    const struct vouch_ask_page page = {0};
    const struct vouch_ask_certs certs_ask = {0};
    const struct vouch_ask_audit audit_ask = {0};
    const struct vouch_ask_revoke revoke_ask = {
        .kind = VOUCH_REVOKE_KEY_ID, .value = vouch_bytes_of("x"), .reason = vouch_bytes_of("y")};
    const struct vouch_ask_name name = {vouch_bytes_of("ci")};
    struct vouch_answer_cert cert;
    struct vouch_answer_certs certs;
    struct vouch_answer_audit audit;
    struct vouch_answer_revoke revoke;
    struct vouch_answer_status status;
    struct vouch_answer_token token;
    test_ok(vouch_authority_issue(asked(lab), &other, &issue_ask, &cert, &fault));
    lab_verdict(cert, VOUCH_VERDICT_REFUSED);
    test_ok(vouch_authority_certs(asked(lab), &ci, &certs_ask, &certs, &fault));
    lab_verdict(certs, VOUCH_VERDICT_REFUSED);
    test_ok(vouch_authority_audit(asked(lab), &ci, &audit_ask, &audit, &fault));
    lab_verdict(audit, VOUCH_VERDICT_REFUSED);
    test_ok(vouch_authority_revoke(asked(lab), &ci, &revoke_ask, &revoke, &fault));
    lab_verdict(revoke, VOUCH_VERDICT_REFUSED);
    test_ok(vouch_authority_status(asked(lab), &ci, &page, &status, &fault));
    lab_verdict(status, VOUCH_VERDICT_REFUSED);
    test_ok(vouch_authority_token_disable(asked(lab), &other, &name, &token, &fault));
    lab_verdict(token, VOUCH_VERDICT_REFUSED);
    assert_string_equal(token.reply.code, "V-1802");
}

static void a_disabled_token_is_unknown_at_once(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_name name = {vouch_bytes_of("ci")};
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_token disabled;
    struct vouch_answer_cert answer;
    (void)issue_one(lab);
    test_ok(vouch_authority_token_disable(lab->admin, &local, &name, &disabled, &fault));
    lab_verdict(disabled, VOUCH_VERDICT_DONE);
    assert_true(disabled.row.disabled_s > 0);
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    test_ok(vouch_authority_token_disable(lab->admin, &local, &name, &disabled, &fault));
    lab_verdict(disabled, VOUCH_VERDICT_ABSENT);
}

static void a_ca_key_gets_no_certificate_C21(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller nobody = {0};
    const struct vouch_ask_public ask_public = {0};
    struct vouch_answer_public public;
    uint8_t keys[3][512];
    size_t lens[3];
    test_ok(vouch_authority_public(asked(lab), &nobody, &ask_public, &public, &fault));
    lab_verdict(public, VOUCH_VERDICT_DONE);
    const struct vouch_bytes blobs[] = {public.user_ca, public.host_ca, public.checkpoint_key};
    for (size_t i = 0; i < 3; i++) {
        lens[i] = blobs[i].len;
        memcpy(keys[i], blobs[i].ptr, lens[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        struct vouch_ask_issue ask = lab_ask(lab);
        struct vouch_answer_cert answer;
        ask.key = (struct vouch_bytes){keys[i], lens[i]};
        issue(lab, secret, &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        assert_string_equal(answer.reply.field, "public_key");
    }
}

static struct vouch_krl *public_krl(struct lab *lab, size_t which, uint64_t *ret_version) {
    static uint8_t room[1 << 16];
    const struct vouch_caller nobody = {0};
    const struct vouch_ask_public ask = {0};
    struct vouch_answer_public answer;
    struct vouch_krl *krl = NULL;
    test_ok(vouch_authority_public(asked(lab), &nobody, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    struct vouch_bytes bytes = answer.krls[which].krl;
    assert_true(bytes.len > 0 && bytes.len <= sizeof room);
    memcpy(room, bytes.ptr, bytes.len);
    assert_int_equal(vouch_krl_parse((struct vouch_bytes){room, bytes.len}, &krl, NULL), VOUCH_OK);
    assert_int_equal(vouch_krl_header(krl).version, answer.krls[which].version);
    assert_true(answer.krls[which].envelope.len > 100);
    *ret_version = answer.krls[which].version;
    return krl;
}

static enum vouch_krl_verdict judge(struct lab *lab, struct vouch_bytes blob) {
    uint64_t version = 0;
    struct vouch_cert *cert = NULL;
    struct vouch_krl *krl = public_krl(lab, 0, &version);
    assert_int_equal(vouch_cert_parse(blob, &cert, NULL), VOUCH_OK);
    enum vouch_krl_verdict verdict = vouch_krl_check_cert(krl, cert);
    vouch_cert_free(cert);
    vouch_krl_free(krl);
    return verdict;
}

static void revoke(struct lab *lab, enum vouch_revoke_kind kind, struct vouch_bytes value,
                   struct vouch_answer_revoke *ret_answer) {
    const struct vouch_caller caller = lab_token(reader);
    const struct vouch_ask_revoke ask = {
        .kind = kind, .value = value, .reason = vouch_bytes_of("laptop stolen")};
    test_ok(vouch_authority_revoke(asked(lab), &caller, &ask, ret_answer, &fault));
}

static void empty_lists_are_public_from_the_start(void **state) {
    struct lab *lab = *state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t version = 0;
        vouch_krl_free(public_krl(lab, i, &version));
        assert_int_equal((uint32_t)version, 0); // the first of its epoch: doc/krl.md
    }
}

static void a_revocation_is_public_when_it_is_answered(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert made, shown;
    struct vouch_answer_revoke answer;
    uint8_t blob[4096], serial[8];
    issue(lab, secret, &ask, &made);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    const struct vouch_bytes cert = {blob, made.row.cert.len};
    memcpy(blob, made.row.cert.ptr, cert.len);
    uint64_t number = made.row.serial;
    for (size_t i = 0; i < 8; i++) {
        serial[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    assert_int_equal(judge(lab, cert), VOUCH_KRL_GOOD);
    revoke(lab, VOUCH_REVOKE_SERIAL, (struct vouch_bytes){serial, 8}, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal((uint32_t)answer.krl_versions[0], 1);
    assert_int_equal((uint32_t)answer.krl_versions[1], 0);
    assert_true(answer.row.until_s > vouch_time_now_s());
    assert_int_equal(judge(lab, cert), VOUCH_KRL_REVOKED_SERIAL);
    show(lab, number, &shown);
    lab_verdict(shown, VOUCH_VERDICT_DONE);
    assert_true(shown.row.revoked_ms > 0);
    assert_true(vouch_bytes_equal(shown.row.revoked_by, vouch_bytes_of("token:reader")));
}

static void a_revoked_key_gets_no_certificate_C21(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert made, again;
    struct vouch_answer_revoke answer;
    uint8_t blob[4096], key[32];
    issue(lab, secret, &ask, &made);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    const struct vouch_bytes cert = {blob, made.row.cert.len};
    memcpy(blob, made.row.cert.ptr, cert.len);
    memcpy(key, made.row.key, sizeof key);
    revoke(lab, VOUCH_REVOKE_KEY, (struct vouch_bytes){key, 32}, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal((uint32_t)answer.krl_versions[0], 1);
    assert_int_equal((uint32_t)answer.krl_versions[1], 1);
    assert_int_equal(judge(lab, cert), VOUCH_KRL_REVOKED_SHA256);
    issue(lab, secret, &ask, &again);
    lab_verdict(again, VOUCH_VERDICT_REFUSED);
    assert_string_equal(again.reply.code, "V-1809");
}

static void a_key_id_and_a_ca_can_be_revoked(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert made;
    struct vouch_answer_revoke answer;
    uint8_t blob[4096], ca[32], stranger[32] = {1};
    issue(lab, secret, &ask, &made);
    const struct vouch_bytes cert = {blob, made.row.cert.len};
    memcpy(blob, made.row.cert.ptr, cert.len);
    memcpy(ca, made.row.ca, sizeof ca);
    revoke(lab, VOUCH_REVOKE_CA, (struct vouch_bytes){stranger, 32}, &answer);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    revoke(lab, VOUCH_REVOKE_KEY_ID, vouch_bytes_of("ci"), &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(judge(lab, cert), VOUCH_KRL_REVOKED_KEY_ID);
    revoke(lab, VOUCH_REVOKE_CA, (struct vouch_bytes){ca, 32}, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(judge(lab, cert) != VOUCH_KRL_GOOD);
}

static void a_revocation_needs_a_reason_and_a_value(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_token(reader);
    const uint8_t nine[9] = {0};
    const struct vouch_ask_revoke bad[] = {
        {.kind = VOUCH_REVOKE_UNSET, .reason = vouch_bytes_of("r")},
        {.kind = VOUCH_REVOKE_KEY_ID, .value = vouch_bytes_of("x")},
        {.kind = VOUCH_REVOKE_KEY_ID, .reason = vouch_bytes_of("r")},
        {.kind = VOUCH_REVOKE_SERIAL, .value = {nine, 9}, .reason = vouch_bytes_of("r")},
        {.kind = VOUCH_REVOKE_KEY, .value = {nine, 9}, .reason = vouch_bytes_of("r")},
        {.kind = VOUCH_REVOKE_KEY_ID,
         .value = vouch_bytes_of("x"),
         .reason = vouch_bytes_of("two\nlines")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_answer_revoke answer;
        test_ok(vouch_authority_revoke(asked(lab), &caller, &bad[i], &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_INVALID);
    }
    struct vouch_answer_revoke answer;
    revoke(lab, VOUCH_REVOKE_SERIAL, (struct vouch_bytes){nine, 8}, &answer);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
}

static void renew(struct lab *lab, const char *token, uint64_t serial, const char *once,
                  struct vouch_answer_cert *ret_answer) {
    const struct vouch_caller caller = lab_token(token);
    const struct vouch_ask_renew ask = {.serial = serial, .once = vouch_bytes_of(once)};
    test_ok(vouch_authority_renew(asked(lab), &caller, &ask, ret_answer, &fault));
}

static void renewing_gives_the_same_again(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert made, again;
    struct vouch_cert *cert = NULL;
    ask.ttl_s = 900;
    ask.critical = lab_list("force-command=/bin/date");
    ask.extensions = lab_list("permit-pty");
    ask.key_id = vouch_bytes_of("alice@laptop");
    issue(lab, secret, &ask, &made);
    lab_verdict(made, VOUCH_VERDICT_DONE);
    uint64_t serial = made.row.serial;
    renew(lab, secret, serial, NULL, &again);
    lab_verdict(again, VOUCH_VERDICT_DONE);
    assert_true(again.row.serial > serial);
    assert_int_equal(vouch_cert_parse(again.row.cert, &cert, NULL), VOUCH_OK);
    assert_int_equal(cert->valid_before - cert->valid_after, 900 + VOUCH_BACKDATE_S);
    assert_true(vouch_bytes_equal(cert->key_id, vouch_bytes_of("alice@laptop")));
    assert_int_equal(cert->critical_count, 1);
    assert_int_equal(cert->extension_count, 1);
    assert_true(vouch_key_equal(cert->key, vouch_private_key_public(lab->subject)));
    vouch_cert_free(cert);
}

static void only_its_own_actor_renews_C6(void **state) {
    struct lab *lab = *state;
    char other[VOUCH_TOKEN_TEXT_MAX];
    struct vouch_answer_cert answer;
    lab_new_token(lab, "other", "deploy", "cert:issue", other);
    uint64_t serial = issue_one(lab);
    renew(lab, other, serial, NULL, &answer);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    renew(lab, secret, serial + 1000, NULL, &answer);
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
    renew(lab, reader, serial, NULL, &answer);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
}

static void what_is_revoked_or_no_longer_allowed_is_not_renewed(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_cert answer;
    struct vouch_answer_revoke revoked;
    uint64_t first = issue_one(lab), second = issue_one(lab);
    uint8_t serial[8];
    for (size_t i = 0; i < 8; i++) {
        serial[i] = (uint8_t)(first >> (56 - 8 * i));
    }
    revoke(lab, VOUCH_REVOKE_SERIAL, (struct vouch_bytes){serial, 8}, &revoked);
    lab_verdict(revoked, VOUCH_VERDICT_DONE);
    renew(lab, secret, first, NULL, &answer);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1810");
    lab_profile(lab, "deploy", "carol", "permit-pty", 3600);
    renew(lab, secret, second, NULL, &answer);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-1803");
}

static void the_same_request_makes_one_certificate(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert first, second;
    ask.once = vouch_bytes_of("key-1");
    issue(lab, secret, &ask, &first);
    lab_verdict(first, VOUCH_VERDICT_DONE);
    struct vouch_cert_row row = first.row;
    // From memory or from the index, whichever comes first; and from the index for certain.
    for (size_t i = 0; i < 3; i++) {
        issue(lab, secret, &ask, &second);
        lab_verdict(second, VOUCH_VERDICT_DONE);
        assert_int_equal(second.row.serial, row.serial);
        assert_int_equal(second.row.number, row.number);
        assert_memory_equal(second.row.key, row.key, sizeof row.key);
        assert_true(second.row.cert.len > 0);
        lab_settle(lab);
    }
    ask.ttl_s = 60;
    issue(lab, secret, &ask, &second);
    lab_verdict(second, VOUCH_VERDICT_CONFLICT);
    assert_string_equal(second.reply.code, "V-1807");
    renew(lab, secret, row.serial, "key-1", &second);
    lab_verdict(second, VOUCH_VERDICT_CONFLICT);
}

static void a_refused_request_leaves_its_key_free(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    ask.once = vouch_bytes_of("key-2");
    ask.principals = lab_list("root");
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    ask.principals = lab_list("alice");
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void keys_of_two_tokens_are_two_keys(void **state) {
    struct lab *lab = *state;
    char other[VOUCH_TOKEN_TEXT_MAX];
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert first, second;
    lab_new_token(lab, "other", "deploy", "cert:issue", other);
    ask.once = vouch_bytes_of("key-3");
    issue(lab, secret, &ask, &first);
    uint64_t serial = first.row.serial;
    issue(lab, other, &ask, &second);
    lab_verdict(second, VOUCH_VERDICT_DONE);
    assert_int_not_equal(second.row.serial, serial);
}

static void lists_certificates_page_by_page(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_token(reader);
    char cursor[VOUCH_ASK_CURSOR_MAX] = "";
    size_t count = 0;
    for (size_t i = 0; i < 5; i++) {
        (void)issue_one(lab);
    }
    lab_settle(lab);
    do {
        const struct vouch_ask_certs ask = {.page = {.limit = 2, .cursor = vouch_bytes_of(cursor)},
                                            .principal = vouch_bytes_of("alice")};
        struct vouch_answer_certs answer;
        test_ok(vouch_authority_certs(asked(lab), &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_DONE);
        count += answer.count;
        memcpy(cursor, answer.next.ptr != NULL ? answer.next.ptr : (const uint8_t *)"",
               answer.next.len);
        cursor[answer.next.len] = '\0';
    } while (cursor[0] != '\0');
    assert_int_equal(count, 5);
    const struct vouch_ask_certs bad = {.page = {.cursor = vouch_bytes_of("nonsense")}};
    struct vouch_answer_certs answer;
    test_ok(vouch_authority_certs(asked(lab), &caller, &bad, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "cursor");
}

// How many events of a type the audit log has.
static size_t events(struct lab *lab, const char *type) {
    const struct vouch_caller caller = lab_token(reader);
    const struct vouch_ask_audit ask = {.page = {.limit = 200}, .type = vouch_bytes_of(type)};
    struct vouch_answer_audit answer;
    lab_settle(lab);
    test_ok(vouch_authority_audit(asked(lab), &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.count;
}

static void every_change_is_an_event(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_name ci = {vouch_bytes_of("ci")}, spare = {vouch_bytes_of("spare")};
    struct vouch_answer_token token;
    struct vouch_answer_profile profile;
    assert_int_equal(events(lab, "token.new"), 2);
    assert_int_equal(events(lab, "profile.put"), 1);
    lab_profile(lab, "spare", "x", "", 60);
    test_ok(vouch_authority_profile_remove(lab->admin, &local, &spare, &profile, &fault));
    lab_verdict(profile, VOUCH_VERDICT_DONE);
    test_ok(vouch_authority_token_disable(lab->admin, &local, &ci, &token, &fault));
    lab_verdict(token, VOUCH_VERDICT_DONE);
    assert_int_equal(events(lab, "profile.put"), 2);
    assert_int_equal(events(lab, "profile.remove"), 1);
    assert_int_equal(events(lab, "token.disable"), 1);
    assert_int_equal(events(lab, "krl.publish"), 2);
}

static void refusals_cannot_flood_the_ledger(void **state) {
    struct lab *lab = *state;
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    ask.principals = lab_list("root");
    for (size_t i = 0; i < 200; i++) {
        issue(lab, secret, &ask, &answer);
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    }
    size_t noted = events(lab, "cert.refuse");
    assert_true(noted >= 10 && noted < 100);
}

static void a_profile_in_use_stays(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_name deploy = {vouch_bytes_of("deploy")}, none = {vouch_bytes_of("no")};
    struct vouch_answer_profile answer;
    test_ok(vouch_authority_profile_remove(lab->admin, &local, &deploy, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
    test_ok(vouch_authority_profile_show(lab->admin, &local, &deploy, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.row.principals.count, 2);
    test_ok(vouch_authority_profile_remove(lab->admin, &local, &none, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_ABSENT);
}

// What is asked of the admin, and what must be wrong with it.
static const struct {
    const char *name, *scopes, *profile;
    uint64_t ttl_s;
    const char *field;
    enum vouch_verdict verdict;
} token_rows[] = {
    {"", "admin", "", 0, "name", VOUCH_VERDICT_INVALID},
    {"a/b", "admin", "", 0, "name", VOUCH_VERDICT_INVALID},
    {"t", NULL, "", 0, "scopes", VOUCH_VERDICT_INVALID},
    {"t", "cert:issue cert:issue", "", 0, "scopes", VOUCH_VERDICT_INVALID},
    {"t", "root", "", 0, "scopes", VOUCH_VERDICT_INVALID},
    {"t", "cert:issue", "", 0, "profile", VOUCH_VERDICT_INVALID},
    {"t", "cert:issue", "nowhere", 0, "profile", VOUCH_VERDICT_INVALID},
    {"t", "admin", "", UINT64_C(400) * 86400 + 1, "ttl_s", VOUCH_VERDICT_INVALID},
    {"ci", "admin", "", 0, "name", VOUCH_VERDICT_CONFLICT},
};

static void tokens_are_refused_field_by_field(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    for (size_t i = 0; i < sizeof token_rows / sizeof token_rows[0]; i++) {
        struct vouch_ask_token_new ask = {.name = vouch_bytes_of(token_rows[i].name),
                                          .profile = vouch_bytes_of(token_rows[i].profile),
                                          .ttl_s = token_rows[i].ttl_s};
        struct vouch_answer_token answer;
        if (token_rows[i].scopes != NULL) {
            ask.scopes = lab_list(token_rows[i].scopes);
        }
        test_ok(vouch_authority_token_new(lab->admin, &local, &ask, &answer, &fault));
        lab_verdict(answer, token_rows[i].verdict);
        assert_string_equal(answer.reply.field, token_rows[i].field);
        assert_int_equal(answer.secret.len, 0);
    }
}

static void waits_for_news_as_long_as_it_is_told(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller nobody = {0};
    const struct vouch_ask_public first = {0};
    struct vouch_answer_public answer;
    test_ok(vouch_authority_public(asked(lab), &nobody, &first, &answer, &fault));
    const struct vouch_ask_public again = {
        .krl_versions = {answer.krls[0].version, answer.krls[1].version},
        .checkpoint_size = UINT64_MAX,
        .wait_ms = 0};
    test_ok(vouch_authority_public(asked(lab), &nobody, &again, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.krls[0].version, 0);
    assert_int_equal(answer.krls[0].krl.len, 0);
    assert_true(answer.checkpoint.len > 0);
    assert_true(vouch_bytes_equal(answer.name, vouch_bytes_of(LAB_ORIGIN)));
}

static void tile(struct lab *lab, const char *token, const char *path,
                 struct vouch_answer_tile *ret_answer) {
    struct vouch_caller caller = token != NULL ? lab_token(token) : (struct vouch_caller){0};
    const struct vouch_ask_tile ask = {.path = vouch_bytes_of(path)};
    test_ok(vouch_authority_tile(asked(lab), &caller, &ask, ret_answer, &fault));
}

static uint64_t covered(struct lab *lab, uint64_t at_least) {
    const struct vouch_caller nobody = {0};
    struct vouch_ask_public ask = {.wait_ms = 3000};
    struct vouch_answer_public answer;
    do {
        test_ok(vouch_authority_public(asked(lab), &nobody, &ask, &answer, &fault));
        ask.checkpoint_size = answer.checkpoint_size;
        ask.krl_versions[0] =
            answer.krls[0].version > 0 ? answer.krls[0].version : ask.krl_versions[0];
        ask.krl_versions[1] =
            answer.krls[1].version > 0 ? answer.krls[1].version : ask.krl_versions[1];
    } while (answer.checkpoint_size < at_least);
    return answer.checkpoint_size;
}

static void serves_tiles_and_bundles_that_are_covered(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_tile answer;
    char path[64];
    uint64_t first = issue_one(lab);
    (void)first;
    lab_settle(lab);
    uint64_t size = covered(lab, 8);
    assert_true(size < 256);
    (void)snprintf(path, sizeof path, "tile/0/000.p/%" PRIu64, size);
    tile(lab, NULL, path, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.bytes.len, size * 32);
    tile(lab, NULL, "tile/0/000.p/2", &answer); // narrower than the one that is there
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.bytes.len, 64);
    tile(lab, NULL, "tile/entries/000.p/2", &answer);
    lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
    tile(lab, secret, "tile/entries/000.p/2", &answer);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    tile(lab, reader, "tile/entries/000.p/2", &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    size_t len = (size_t)answer.bytes.ptr[0] << 8 | answer.bytes.ptr[1];
    assert_true(len > 40 && len + 2 < answer.bytes.len);
}

static void no_other_path_is_served(void **state) {
    struct lab *lab = *state;
    // Parted by blanks; the first is empty.
    static const char paths[] =
        " tile tile/ tile/0 tile/0/ tile/0/000 tile/0/0 tile/0/0000.p/1 tile/00/000.p/1 "
        "tile/0/x000/000.p/1 tile/0/000.p/0 tile/0/000.p/01 tile/0/000.p/256 tile/0/000.p/1/ "
        "tile/0/000.p/1/2 tile/8/000.p/1 tile/-1/000.p/1 tile/0/../records tile/0/000.p/1\n "
        "/tile/0/000.p/1 ../tile/0/000.p/1 records checkpoint tile/entries/../../signer/user_ca "
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999 tile/0/999 tile/entries/x999/999.p/255";
    const struct vouch_text_list list = lab_list(paths);
    assert_int_equal(list.count, 27);
    for (size_t i = 0; i < list.count; i++) {
        const struct vouch_caller caller = lab_token(reader);
        const struct vouch_ask_tile ask = {.path = list.items[i]};
        struct vouch_answer_tile answer;
        test_ok(vouch_authority_tile(asked(lab), &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_ABSENT);
        assert_int_equal(answer.bytes.len, 0);
    }
}

static void says_how_it_is(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_token(reader);
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_status answer;
    uint64_t serial = issue_one(lab);
    lab_settle(lab);
    test_ok(vouch_authority_status(asked(lab), &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.ready, 1);
    assert_int_equal(answer.issued, 1);
    assert_int_equal(answer.serial, serial);
    assert_true(answer.indexed > 0 && answer.indexed <= answer.ledger_size);
    assert_true(answer.epoch > 0);
}

static void what_is_too_long_is_named(void **state) {
    struct lab *lab = *state;
    static char text[5000];
    struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    memset(text, 'a', sizeof text - 1);
    ask.key_id = vouch_bytes_of(text);
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "key_id");
    ask.key_id = (struct vouch_bytes){0};
    ask.once = (struct vouch_bytes){(const uint8_t *)text, 129};
    issue(lab, secret, &ask, &answer);
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "Idempotency-Key");
}

static void a_request_with_blanks_is_refused(void **state) {
    struct lab *lab = *state;
    struct vouch_caller caller = lab_token(secret);
    const struct vouch_ask_issue ask = lab_ask(lab);
    struct vouch_answer_cert answer;
    caller.request = vouch_bytes_of("req once=00");
    test_ok(vouch_authority_issue(asked(lab), &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, lab_end)
static const struct CMUnitTest tests[] = {
    TEST(issues_what_was_asked_and_no_more),
    TEST(what_is_issued_can_be_shown),
    TEST(an_unknown_caller_gets_nothing),
    TEST(a_token_is_good_as_a_whole_only_O10),
    TEST(nobody_is_local_over_a_lane),
    TEST(each_ask_needs_its_scope),
    TEST(a_disabled_token_is_unknown_at_once),
    TEST(a_ca_key_gets_no_certificate_C21),
    TEST(empty_lists_are_public_from_the_start),
    TEST(a_revocation_is_public_when_it_is_answered),
    TEST(a_revoked_key_gets_no_certificate_C21),
    TEST(a_key_id_and_a_ca_can_be_revoked),
    TEST(a_revocation_needs_a_reason_and_a_value),
    TEST(renewing_gives_the_same_again),
    TEST(only_its_own_actor_renews_C6),
    TEST(what_is_revoked_or_no_longer_allowed_is_not_renewed),
    TEST(the_same_request_makes_one_certificate),
    TEST(a_refused_request_leaves_its_key_free),
    TEST(keys_of_two_tokens_are_two_keys),
    TEST(lists_certificates_page_by_page),
    TEST(every_change_is_an_event),
    TEST(refusals_cannot_flood_the_ledger),
    TEST(a_profile_in_use_stays),
    TEST(tokens_are_refused_field_by_field),
    TEST(waits_for_news_as_long_as_it_is_told),
    TEST(serves_tiles_and_bundles_that_are_covered),
    TEST(no_other_path_is_served),
    TEST(says_how_it_is),
    TEST(what_is_too_long_is_named),
    TEST(a_request_with_blanks_is_refused),
};

int main(void) {
    // All of them on both bodies, as one group: a program has one plan.
    enum { COUNT = sizeof tests / sizeof tests[0] };
    static int over_a_lane = 1;
    static char names[COUNT][100];
    struct CMUnitTest both[2 * COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s_over_a_lane", tests[i].name);
        both[i] = both[COUNT + i] = tests[i];
        both[COUNT + i].name = names[i];
        both[COUNT + i].initial_state = &over_a_lane;
    }
    return cmocka_run_group_tests_name("authority", both, NULL, NULL);
}
