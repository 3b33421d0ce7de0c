// SPDX-License-Identifier: ISC
// The parts of test-person.h.
#include "authority/test-person.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "identity/base32.h"
#include "ledger/hash.h"
#include "store/sessions.h"

uint64_t person_policy(struct lab *lab, const char *text) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_policy_show show = {0};
    struct vouch_answer_policy now;
    struct vouch_answer_policy_apply answer;
    test_ok(vouch_authority_policy_show(lab->admin, &caller, &show, &now, &fault));
    const struct vouch_ask_policy_apply ask = {.text = vouch_bytes_of(text),
                                               .name = vouch_bytes_of("policy.yaml"),
                                               .what = VOUCH_POLICY_APPLY,
                                               .expect = now.version};
    test_ok(vouch_authority_policy_apply(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.version;
}

int person_lab_begin(void **state) {
    int failed = lab_begin(state);
    struct lab *lab = *state;
    lab_open_identity(lab, 0);
    lab_open(lab);
    (void)person_policy(lab, PERSON_POLICY);
    return failed;
}

struct vouch_store *person_store(const struct lab *lab) {
    const struct vouch_store_open what = {
        .where = lab->database, .access = VOUCH_STORE_WRITE, .wait_ms = 5000};
    struct vouch_store *store = NULL;
    test_ok(vouch_store_open(&what, &store, &fault));
    return store;
}

uint64_t person_account(struct vouch_store *store, const char *name) {
    struct vouch_arena arena = {0};
    struct vouch_store_account account = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_ok(
        vouch_store_account_find(store, vouch_bytes_of(name), &arena, &outcome, &account, &fault));
    vouch_arena_done(&arena);
    return account.id;
}

void person_step_passes(const struct lab *lab, const char *name) {
    struct vouch_store *store = person_store(lab);
    struct vouch_arena arena = {0};
    struct vouch_store_credentials kept;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t id = person_account(store, name);
    test_ok(vouch_store_credentials(store, id, &arena, &kept, &fault));
    kept.of[VOUCH_STORE_TOTP].step = 1;
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_credential_put(store, id, VOUCH_STORE_TOTP, &kept.of[VOUCH_STORE_TOTP],
                                       &outcome, &fault));
    test_ok(vouch_store_work_end(store, VOUCH_OK, outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    vouch_arena_done(&arena);
    vouch_store_close(store);
}

struct vouch_caller person_unknown(const char *source) {
    return (struct vouch_caller){.source = vouch_bytes_of(source),
                                 .request = vouch_bytes_of("req-3")};
}

void person_read_uri(struct vouch_bytes uri, uint8_t ret_secret[static VOUCH_TOTP_SECRET_LEN]) {
    char text[512];
    assert_true(uri.len < sizeof text);
    memcpy(text, uri.ptr, uri.len);
    text[uri.len] = '\0';
    const char *found = strstr(text, "secret=");
    assert_non_null(found);
    const struct vouch_bytes digits = {(const uint8_t *)found + 7, strcspn(found + 7, "&")};
    assert_int_equal(vouch_unbase32(digits, ret_secret, VOUCH_TOTP_SECRET_LEN), VOUCH_OK);
}

const char *person_code(const struct person *person, int64_t steps) {
    static char code[VOUCH_TOTP_DIGITS + 1];
    uint64_t step = (uint64_t)((int64_t)(vouch_time_now_s() / VOUCH_TOTP_STEP_S) + steps);
    const struct vouch_bytes secret = {person->secret, sizeof person->secret};
    assert_int_equal(vouch_totp_code(secret, step, code), VOUCH_OK);
    return code;
}

void person_link(struct lab *lab, const char *name, char *ret_secret) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_link_new ask = {.user = vouch_bytes_of(name)};
    struct vouch_answer_link answer;
    test_ok(vouch_authority_link_new(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(answer.user, vouch_bytes_of(name)));
    assert_int_equal(answer.secret.len, sizeof VOUCH_LINK_PREFIX - 1 + 43);
    memcpy(ret_secret, answer.secret.ptr, answer.secret.len);
    ret_secret[answer.secret.len] = '\0';
}

struct vouch_answer_account_begin person_link_begin(struct lab *lab, const char *link,
                                                    const char *password) {
    const struct vouch_caller caller = person_unknown("192.0.2.30");
    const struct vouch_ask_account_begin ask = {.secret = vouch_bytes_of(link),
                                                .password = vouch_bytes_of(password)};
    struct vouch_answer_account_begin answer;
    test_ok(vouch_authority_account_begin(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

struct vouch_answer_codes person_link_finish(struct lab *lab, const char *link, const char *code) {
    const struct vouch_caller caller = person_unknown("192.0.2.30");
    const struct vouch_ask_account_finish ask = {.secret = vouch_bytes_of(link),
                                                 .code = vouch_bytes_of(code)};
    struct vouch_answer_codes answer;
    test_ok(vouch_authority_account_finish(lab->admin, &caller, &ask, &answer, &fault));
    return answer;
}

void person_keep_codes(struct person *person, const struct vouch_text_list *codes) {
    assert_int_equal(codes->count, 10);
    person->code_count = codes->count;
    for (size_t i = 0; i < codes->count; i++) {
        assert_true(codes->items[i].len < sizeof person->codes[i]);
        memset(person->codes[i], 0, sizeof person->codes[i]);
        memcpy(person->codes[i], codes->items[i].ptr, codes->items[i].len);
    }
}

struct person person_set_up(struct lab *lab, const char *name) {
    struct person person = {.name = name};
    char link[VOUCH_TOKEN_TEXT_MAX];
    person_link(lab, name, link);
    struct vouch_answer_account_begin begun = person_link_begin(lab, link, PASSWORD);
    lab_verdict(begun, VOUCH_VERDICT_DONE);
    person_read_uri(begun.uri, person.secret);
    struct vouch_answer_codes codes = person_link_finish(lab, link, person_code(&person, 0));
    lab_verdict(codes, VOUCH_VERDICT_DONE);
    person_keep_codes(&person, &codes.codes);
    return person;
}

struct vouch_answer_session person_try(struct vouch_authority *authority,
                                       const struct sign_in *try) {
    const struct vouch_caller caller =
        person_unknown(try->source != NULL ? try->source : "192.0.2.31");
    const struct vouch_ask_sign_in ask = {
        .user = vouch_bytes_of(try->user),
        .password = vouch_bytes_of(try->password),
        .factor = try->factor != VOUCH_FACTOR_NONE ? try->factor : VOUCH_FACTOR_TOTP,
        .code = vouch_bytes_of(try->code)};
    struct vouch_answer_session answer;
    test_ok(vouch_authority_sign_in(authority, &caller, &ask, &answer, &fault));
    return answer;
}

void person_keep_session(struct person *person, const struct vouch_answer_session *answer) {
    assert_int_equal(answer->secret.len, sizeof VOUCH_SESSION_PREFIX - 1 + 43);
    memcpy(person->session, answer->secret.ptr, answer->secret.len);
    person->session[answer->secret.len] = '\0';
    person->session_id = answer->row.id;
}

void person_enter(struct lab *lab, struct person *person) {
    person_step_passes(lab, person->name);
    const struct sign_in try = TRY(person->name, PASSWORD, person_code(person, 0));
    struct vouch_answer_session answer = person_try(lab->admin, &try);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    person_keep_session(person, &answer);
}

struct vouch_caller person_caller(const struct person *person) {
    return lab_session(vouch_bytes_of(person->session));
}

enum vouch_verdict person_verdict(struct lab *lab, const struct person *person) {
    const struct vouch_caller caller = person_caller(person);
    const struct vouch_ask_sessions ask = {0};
    struct vouch_answer_sessions answer;
    test_ok(vouch_authority_sessions(lab->admin, &caller, &ask, &answer, &fault));
    return answer.reply.verdict;
}

struct vouch_account_row person_row(struct lab *lab, const char *name) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_accounts ask = {.user = vouch_bytes_of(name)};
    struct vouch_answer_accounts answer;
    test_ok(vouch_authority_accounts(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.count, 1);
    return answer.rows[0];
}

void person_session(const struct lab *lab, struct person *person, uint64_t created_ago,
                    uint64_t used_ago, uint64_t factor_ago) {
    struct vouch_store *store = person_store(lab);
    struct vouch_hasher *hasher = vouch_hasher_new();
    struct vouch_tree_hash hash;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t now_s = vouch_time_now_s();
    (void)snprintf(person->session, sizeof person->session, "vouchs_%s-%" PRIu64 "-%" PRIu64,
                   person->name, created_ago, used_ago);
    assert_non_null(hasher);
    vouch_hasher_plain(hasher, vouch_bytes_of(person->session), &hash);
    const struct vouch_store_session session = {.account = person_account(store, person->name),
                                                .methods = vouch_bytes_of("password+totp"),
                                                .source = vouch_bytes_of("192.0.2.31"),
                                                .created_s = now_s - created_ago,
                                                .used_s = now_s - used_ago,
                                                .factor_s = now_s - factor_ago,
                                                .idle_s = 12 * 3600,
                                                .ends_s = now_s - created_ago + 7 * 86400};
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_session_add(store, &session, hash.bytes, &outcome, &person->session_id,
                                    &fault));
    test_ok(vouch_store_work_end(store, VOUCH_OK, outcome, &fault));
    vouch_hasher_free(hasher);
    vouch_store_close(store);
}
