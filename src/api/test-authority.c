// SPDX-License-Identifier: ISC
// A double of the authority, linked in its place.
#include "api/test-authority.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/test-double.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key-signer.h"
#include "vouch/key.h"
#include "vouch/wire.h"

#define ROWS_MAX 64
#define TEXT_MAX 512

struct vouch_authority {
    struct vouch_cert_row certs[ROWS_MAX];
    struct vouch_token_row tokens[1];
    struct vouch_profile_row profiles[1];
    struct vouch_revocation_row revocations[1];
    struct vouch_event_row events[2];
    struct vouch_bytes texts[ROWS_MAX];
    char next[VOUCH_ASK_CURSOR_MAX];
    struct vouch_buf memory;
};

struct cert {
    struct vouch_cert_row row;
    char key_id[TEXT_MAX];
    char principal[TEXT_MAX];
    struct vouch_bytes principals[1];
    char once[TEXT_MAX];
    struct vouch_buf blob;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct vouch_private_key *cas[2];
    struct cert certs[ROWS_MAX];
    size_t cert_count;
    unsigned asks;
    char last[4096];
    int fail_err;
    struct vouch_reply reply;
    int silent_err;
    enum vouch_verdict silent_verdict;
    uint64_t krl_versions[2];
    uint64_t checkpoint_size, trust_version;
    uint64_t fleet_seq, state_version;
    struct vouch_authority *handles[ROWS_MAX];
    size_t handle_count;
    unsigned held;    // nonzero: who signs in waits
    unsigned waiting; // so many do
} all;

void test_authority_begin(void) {
    memset(&all, 0, sizeof all);
    pthread_mutex_init(&all.lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&all.news, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < 2; i++) {
        int err = vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &all.cas[i]);
        assert(err == VOUCH_OK);
        all.krl_versions[i] = 1;
    }
    all.checkpoint_size = 3;
    all.trust_version = 1;
    all.fleet_seq = 1;
    all.state_version = 1;
    all.silent_verdict = VOUCH_VERDICT_DONE;
}

void test_authority_end(void) {
    for (size_t i = 0; i < all.handle_count; i++) {
        vouch_authority_close(all.handles[i]);
    }
    for (size_t i = 0; i < all.cert_count; i++) {
        vouch_buf_done(&all.certs[i].blob);
    }
    vouch_private_key_free(all.cas[0]);
    vouch_private_key_free(all.cas[1]);
    pthread_cond_destroy(&all.news);
    pthread_mutex_destroy(&all.lock);
}

struct vouch_authority *test_authority_handle(void) {
    struct vouch_authority *handle = calloc(1, sizeof *handle);
    assert(handle != NULL && all.handle_count < ROWS_MAX);
    vouch_buf_init(&handle->memory, 65536);
    all.handles[all.handle_count++] = handle;
    return handle;
}

void vouch_authority_close(struct vouch_authority *authority) {
    if (authority != NULL) {
        vouch_buf_done(&authority->memory);
        free(authority);
    }
}

unsigned test_authority_asks(void) {
    pthread_mutex_lock(&all.lock);
    unsigned asks = all.asks;
    pthread_mutex_unlock(&all.lock);
    return asks;
}

const char *test_authority_last(void) {
    return all.last;
}

void test_authority_fail(int err) {
    pthread_mutex_lock(&all.lock);
    all.fail_err = err;
    pthread_mutex_unlock(&all.lock);
}

void test_authority_say(enum vouch_verdict verdict, const char *code, const char *field) {
    pthread_mutex_lock(&all.lock);
    all.reply = (struct vouch_reply){.verdict = verdict};
    (void)snprintf(all.reply.code, sizeof all.reply.code, "%s", code);
    (void)snprintf(all.reply.field, sizeof all.reply.field, "%s", field);
    (void)snprintf(all.reply.why, sizeof all.reply.why, "%s", code[0] != '\0' ? "so it is" : "");
    pthread_mutex_unlock(&all.lock);
}

void test_authority_say_busy(uint64_t retry_after_s) {
    test_authority_say(VOUCH_VERDICT_BUSY, "V-1882", "");
    pthread_mutex_lock(&all.lock);
    all.reply.retry_after_s = retry_after_s;
    pthread_mutex_unlock(&all.lock);
}

static void announce(void) {
    pthread_cond_broadcast(&all.news);
    pthread_mutex_unlock(&all.lock);
}

void test_authority_publish(unsigned use) {
    pthread_mutex_lock(&all.lock);
    all.krl_versions[use]++;
    announce();
}

void test_authority_grow(void) {
    pthread_mutex_lock(&all.lock);
    all.checkpoint_size++;
    announce();
}

void test_authority_change_fleet(uint64_t state_version) {
    pthread_mutex_lock(&all.lock);
    all.fleet_seq++;
    all.state_version = state_version;
    announce();
}

uint64_t test_double_state(void) {
    return all.state_version;
}

void test_authority_rotate(void) {
    pthread_mutex_lock(&all.lock);
    all.trust_version++;
    announce();
}

void test_authority_silence(int err, enum vouch_verdict verdict) {
    pthread_mutex_lock(&all.lock);
    all.silent_err = err;
    all.silent_verdict = verdict;
    announce();
}

void test_authority_hold(void) {
    pthread_mutex_lock(&all.lock);
    all.held = 1;
    pthread_mutex_unlock(&all.lock);
}

void test_authority_let_go(void) {
    pthread_mutex_lock(&all.lock);
    all.held = 0;
    announce();
}

void test_authority_await(unsigned count) {
    pthread_mutex_lock(&all.lock);
    while (all.waiting < count) {
        pthread_cond_wait(&all.news, &all.lock);
    }
    pthread_mutex_unlock(&all.lock);
}

void test_double_wait(void) {
    all.waiting++;
    pthread_cond_broadcast(&all.news);
    while (all.held) {
        pthread_cond_wait(&all.news, &all.lock);
    }
    all.waiting--;
}

// What was asked for, as text.
void test_double_note(const char *format, ...) {
    size_t len = strlen(all.last);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(all.last + len, sizeof all.last - len, format, args);
    va_end(args);
}

void test_double_note_list(const char *name, struct vouch_text_list list) {
    test_double_note(" %s=[", name);
    for (size_t i = 0; i < list.count; i++) {
        test_double_note("%s%.*s", i > 0 ? "," : "", SHOWN(list.items[i]));
    }
    test_double_note("]");
}

void test_double_note_page(const struct vouch_ask_page *page) {
    test_double_note(" limit=%llu cursor=%.*s", (unsigned long long)page->limit,
                     SHOWN(page->cursor));
}

// Begins an ask: nonzero if it goes on. `scope` NULL: anybody may.
int test_double_enter(const struct vouch_caller *caller, const char *scope, const char *name,
                      struct vouch_reply *reply, int *ret_err) {
    pthread_mutex_lock(&all.lock);
    all.asks++;
    all.last[0] = '\0';
    test_double_note("%s way=%d uid=%llu source=%.*s", name, (int)caller->way,
                     (unsigned long long)caller->uid, SHOWN(caller->source));
    assert(caller->request.len == 24 || caller->way == VOUCH_CALLER_UNKNOWN);
    struct vouch_bytes token = caller->token;
    int by_host = scope != NULL && strcmp(scope, TEST_SCOPE_HOST) == 0;
    assert(scope == NULL || by_host == (caller->way == VOUCH_CALLER_HOST));
    int knows = vouch_bytes_equal(token, vouch_bytes_of(TEST_TOKEN_ALL)) ||
                vouch_bytes_equal(token, vouch_bytes_of(TEST_SESSION)) ||
                vouch_bytes_equal(token, vouch_bytes_of(TEST_HOST_SECRET)) ||
                caller->way == VOUCH_CALLER_LOCAL;
    reply->verdict = VOUCH_VERDICT_DONE;
    *ret_err = all.fail_err;
    if (all.fail_err != VOUCH_OK) {
        return 0;
    }
    if (all.reply.verdict != VOUCH_VERDICT_REFUSED || all.reply.code[0] != '\0') {
        *reply = all.reply;
    } else if (scope != NULL && !knows) {
        reply->verdict = vouch_bytes_equal(token, vouch_bytes_of(TEST_TOKEN_NONE)) ||
                                 vouch_bytes_equal(token, vouch_bytes_of(TEST_HOST_NONE))
                             ? VOUCH_VERDICT_REFUSED
                             : VOUCH_VERDICT_UNKNOWN;
    }
    return reply->verdict == VOUCH_VERDICT_DONE;
}

int test_double_leave(int err, struct vouch_fault *fault) {
    pthread_mutex_unlock(&all.lock);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_store_io,
                                             "database /secret/place: cannot be read");
}

static void fill_cert(struct cert *cert, const struct vouch_ask_issue *ask) {
    struct vouch_cert_row *row = &cert->row;
    uint64_t now_s = vouch_time_now_s();
    (void)snprintf(cert->key_id, TEXT_MAX, "%.*s", SHOWN(ask->key_id));
    (void)snprintf(cert->principal, TEXT_MAX, "%.*s", SHOWN(ask->principals.items[0]));
    (void)snprintf(cert->once, TEXT_MAX, "%.*s", SHOWN(ask->once));
    if (ask->key_id.len == 0) {
        (void)snprintf(cert->key_id, TEXT_MAX, "ci-1");
    }
    cert->principals[0] = vouch_bytes_of(cert->principal);
    *row = (struct vouch_cert_row){.serial = (1ULL << 44) + all.cert_count + 1,
                                   .number = all.cert_count + 3,
                                   .time_ms = now_s * 1000 + 7,
                                   .type = ask->type,
                                   .key_id = vouch_bytes_of(cert->key_id),
                                   .key = {1, 2, 3},
                                   .ca = {4, 5, 6},
                                   .principals = {cert->principals, 1},
                                   .valid_after = now_s,
                                   .valid_before = now_s + (ask->ttl_s != 0 ? ask->ttl_s : 3600),
                                   .actor = vouch_bytes_of("token:ci"),
                                   .role = vouch_bytes_of("deploy"),
                                   .source = vouch_bytes_of("127.0.0.1")};
}

// A key that is none is refused as the authority would.
static int build(struct cert *cert, struct vouch_bytes key_blob) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    struct vouch_cert_row *row = &cert->row;
    struct vouch_private_key *ca_key = all.cas[row->type == VOUCH_CERT_HOST];
    const struct vouch_cert_ca ca = {.key = vouch_private_key_public(ca_key),
                                     .sign = vouch_key_signs,
                                     .context = ca_key,
                                     .rules = VOUCH_CERT_RULES_OPENSSH};
    struct vouch_key *key = NULL;
    int err = vouch_key_parse(key_blob, &key, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_cert_spec spec = {.type = row->type,
                                         .key = key,
                                         .serial = row->serial,
                                         .key_id = row->key_id,
                                         .principals = cert->principals,
                                         .principal_count = 1,
                                         .valid_after = row->valid_after,
                                         .valid_before = row->valid_before};
    vouch_buf_init(&cert->blob, VOUCH_CERT_BLOB_MAX);
    err = vouch_cert_build(&spec, &ca, nonce, &cert->blob, NULL);
    vouch_key_free(key);
    row->cert = vouch_buf_bytes(&cert->blob);
    return err;
}

static const struct cert *find_once(struct vouch_bytes once) {
    for (size_t i = 0; once.len > 0 && i < all.cert_count; i++) {
        if (vouch_bytes_equal(vouch_bytes_of(all.certs[i].once), once)) {
            return &all.certs[i];
        }
    }
    return NULL;
}

// A full table is begun anew.
static void make_room(void) {
    for (size_t i = 0; all.cert_count == ROWS_MAX && i < ROWS_MAX; i++) {
        vouch_buf_done(&all.certs[i].blob);
        all.cert_count = i + 1 == ROWS_MAX ? 0 : ROWS_MAX;
    }
}

ASKED(issue, struct vouch_ask_issue, struct vouch_answer_cert) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_ISSUE, "issue", &ret_answer->reply, &err)) {
        test_double_note(" type=%d key=%zu key_id=%.*s ttl=%llu once=%.*s", (int)ask->type,
                         ask->key.len, SHOWN(ask->key_id), (unsigned long long)ask->ttl_s,
                         SHOWN(ask->once));
        test_double_note_list("principals", ask->principals);
        test_double_note_list("critical", ask->critical);
        test_double_note_list("extensions", ask->extensions);
        const struct cert *before = find_once(ask->once);
        if (before == NULL) {
            make_room();
            struct cert *cert = &all.certs[all.cert_count];
            fill_cert(cert, ask);
            if (build(cert, ask->key) != VOUCH_OK) {
                vouch_buf_done(&cert->blob);
                ret_answer->reply.verdict = VOUCH_VERDICT_INVALID;
                (void)snprintf(ret_answer->reply.field, 64, "public_key");
                return test_double_leave(err, fault);
            }
            all.cert_count++;
            before = cert;
        }
        ret_answer->row = before->row;
    }
    return test_double_leave(err, fault);
}

static const struct vouch_cert_row *find_cert(uint64_t serial) {
    for (size_t i = 0; i < all.cert_count; i++) {
        if (all.certs[i].row.serial == serial) {
            return &all.certs[i].row;
        }
    }
    return NULL;
}

static void answer_found(uint64_t serial, struct vouch_answer_cert *answer) {
    const struct vouch_cert_row *row = find_cert(serial);
    if (row == NULL) {
        answer->reply.verdict = VOUCH_VERDICT_ABSENT;
    } else {
        answer->row = *row;
    }
}

ASKED(renew, struct vouch_ask_renew, struct vouch_answer_cert) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_ISSUE, "renew", &ret_answer->reply, &err)) {
        test_double_note(" serial=%llu once=%.*s", (unsigned long long)ask->serial,
                         SHOWN(ask->once));
        answer_found(ask->serial, ret_answer);
    }
    return test_double_leave(err, fault);
}

ASKED(show, struct vouch_ask_show, struct vouch_answer_cert) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_READ, "show", &ret_answer->reply, &err)) {
        test_double_note(" serial=%llu", (unsigned long long)ask->serial);
        answer_found(ask->serial, ret_answer);
    }
    return test_double_leave(err, fault);
}

// Pages by place: the cursor is a number.
static void answer_page(struct vouch_authority *authority, const struct vouch_ask_certs *ask,
                        struct vouch_answer_certs *answer) {
    uint64_t from = 0;
    size_t limit = ask->page.limit != 0 ? (size_t)ask->page.limit : 20;
    if (ask->page.cursor.len > 0 && vouch_str_to_u64(ask->page.cursor, &from) != VOUCH_OK) {
        answer->reply.verdict = VOUCH_VERDICT_INVALID;
        (void)snprintf(answer->reply.field, sizeof answer->reply.field, "cursor");
        return;
    }
    answer->rows = authority->certs;
    for (size_t i = (size_t)from; i < all.cert_count && answer->count < limit; i++) {
        authority->certs[answer->count] = all.certs[i].row;
        authority->certs[answer->count++].cert = (struct vouch_bytes){0};
    }
    if (from + answer->count < all.cert_count) {
        (void)snprintf(authority->next, sizeof authority->next, "%zu",
                       (size_t)from + answer->count);
        answer->next = vouch_bytes_of(authority->next);
    }
}

ASKED(certs, struct vouch_ask_certs, struct vouch_answer_certs) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_READ, "certs", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" serial=%llu key=%zu key_id=%.*s principal=%.*s actor=%.*s type=%d",
                         (unsigned long long)ask->serial, ask->key.len, SHOWN(ask->key_id),
                         SHOWN(ask->principal), SHOWN(ask->actor), (int)ask->type);
        test_double_note(" from=%llu until=%llu valid_at=%llu", (unsigned long long)ask->from_ms,
                         (unsigned long long)ask->until_ms, (unsigned long long)ask->valid_at_s);
        answer_page(authority, ask, ret_answer);
    }
    return test_double_leave(err, fault);
}

static struct vouch_bytes keep(struct vouch_authority *authority, struct vouch_bytes text) {
    if (authority->memory.cap == 0) {
        (void)vouch_buf_extend(&authority->memory, 65536); // so that it does not move
        vouch_buf_clear(&authority->memory);
    }
    size_t from = authority->memory.len;
    vouch_buf_put(&authority->memory, text);
    return (struct vouch_bytes){authority->memory.ptr + from, text.len};
}

ASKED(revoke, struct vouch_ask_revoke, struct vouch_answer_revoke) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_REVOKE, "revoke", &ret_answer->reply, &err)) {
        vouch_buf_clear(&authority->memory);
        test_double_note(" kind=%d value=%zu reason=%.*s", (int)ask->kind, ask->value.len,
                         SHOWN(ask->reason));
        ret_answer->row = (struct vouch_revocation_row){.number = 9,
                                                        .time_ms = 1795356541120,
                                                        .kind = ask->kind,
                                                        .value = keep(authority, ask->value),
                                                        .ca = {ask->kind == VOUCH_REVOKE_SERIAL},
                                                        .reason = keep(authority, ask->reason),
                                                        .actor = vouch_bytes_of("token:ci")};
        ret_answer->krl_versions[0] = 12;
        ret_answer->krl_versions[1] = 7;
    }
    return test_double_leave(err, fault);
}

ASKED(revocations, struct vouch_ask_revocations, struct vouch_answer_revocations) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_CERT_READ, "revocations", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        authority->revocations[0] =
            (struct vouch_revocation_row){.number = 9,
                                          .time_ms = 1795356541120,
                                          .kind = VOUCH_REVOKE_KEY_ID,
                                          .value = vouch_bytes_of("alice"),
                                          .reason = vouch_bytes_of("left"),
                                          .actor = vouch_bytes_of("token:ci"),
                                          .until_s = 1795356541};
        ret_answer->rows = authority->revocations;
        ret_answer->count = 1;
    }
    return test_double_leave(err, fault);
}

static int has_news(const struct vouch_ask_public *ask) {
    return ask->krl_versions[0] != all.krl_versions[0] ||
           ask->krl_versions[1] != all.krl_versions[1] ||
           ask->checkpoint_size != all.checkpoint_size || ask->trust_version != all.trust_version ||
           ask->fleet_seq != all.fleet_seq || all.silent_err != VOUCH_OK ||
           all.silent_verdict != VOUCH_VERDICT_DONE;
}

static void wait_for_news(const struct vouch_ask_public *ask) {
    struct timespec until;
    int err = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ask->wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ask->wait_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!has_news(ask) && ask->wait_ms != 0 && err != ETIMEDOUT) {
        err = pthread_cond_timedwait(&all.news, &all.lock, &until);
    }
}

static void answer_krl(struct vouch_authority *authority, unsigned use,
                       const struct vouch_ask_public *ask, struct vouch_public_krl *krl) {
    char text[64];
    uint64_t version = all.krl_versions[use];
    if (ask->krl_versions[use] == version) {
        return;
    }
    krl->version = version;
    krl->generated_s = 1795356541;
    (void)snprintf(text, sizeof text, "list %u of %llu", use, (unsigned long long)version);
    krl->krl = keep(authority, vouch_bytes_of(text));
    (void)snprintf(text, sizeof text, "envelope %u of %llu", use, (unsigned long long)version);
    krl->envelope = keep(authority, vouch_bytes_of(text));
}

ASKED(public, struct vouch_ask_public, struct vouch_answer_public) {
    char text[64];
    (void)caller;
    pthread_mutex_lock(&all.lock);
    wait_for_news(ask);
    vouch_buf_clear(&authority->memory);
    *ret_answer = (struct vouch_answer_public){
        .reply.verdict = all.silent_verdict,
        .name = vouch_bytes_of("ca.example.com"),
        .user_ca = vouch_key_blob(vouch_private_key_public(all.cas[0])),
        .host_ca = vouch_key_blob(vouch_private_key_public(all.cas[1])),
        .checkpoint_key = vouch_key_blob(vouch_private_key_public(all.cas[0])),
        .checkpoint_size = all.checkpoint_size,
        .counts = {.ledger_size = 41,
                   .indexed = 39,
                   .epoch = 3,
                   .issued = 31,
                   .refused = 6,
                   .revoked = 4}};
    answer_krl(authority, 0, ask, &ret_answer->krls[0]);
    answer_krl(authority, 1, ask, &ret_answer->krls[1]);
    if (ask->checkpoint_size != all.checkpoint_size) {
        (void)snprintf(text, sizeof text, "checkpoint of %llu",
                       (unsigned long long)all.checkpoint_size);
        ret_answer->checkpoint = keep(authority, vouch_bytes_of(text));
    }
    ret_answer->fleet_seq = all.fleet_seq;
    ret_answer->trust_version = all.trust_version;
    if (ask->trust_version != all.trust_version) {
        (void)snprintf(text, sizeof text, "bundle %llu", (unsigned long long)all.trust_version);
        ret_answer->trust = keep(authority, vouch_bytes_of(text));
    }
    return test_double_leave(all.silent_err, fault);
}

ASKED(tile, struct vouch_ask_tile, struct vouch_answer_tile) {
    static const char entries[] = "tile/entries/";
    int err = VOUCH_OK;
    (void)authority;
    int is_entries =
        ask->path.len > sizeof entries && memcmp(ask->path.ptr, entries, sizeof entries - 1) == 0;
    if (test_double_enter(caller, is_entries ? VOUCH_SCOPE_AUDIT_READ : NULL, "tile",
                          &ret_answer->reply, &err)) {
        test_double_note(" path=%.*s", SHOWN(ask->path));
        ret_answer->bytes = vouch_bytes_of("thirty-two bytes of many a tile.");
        if (ask->path.ptr[ask->path.len - 1] == '9') {
            ret_answer->reply.verdict = VOUCH_VERDICT_ABSENT;
        }
    }
    return test_double_leave(err, fault);
}

static void fill_token(struct vouch_token_row *row) {
    static const struct vouch_bytes scopes[] = {{(const uint8_t *)"cert:issue", 10},
                                                {(const uint8_t *)"metrics", 7}};
    *row = (struct vouch_token_row){.name = vouch_bytes_of("ci"),
                                    .scopes = {scopes, 2},
                                    .profile = vouch_bytes_of("deploy"),
                                    .actor = vouch_bytes_of("local:uid:0"),
                                    .created_s = 1795356541,
                                    .expires_s = 1797948541};
}

ASKED(token_new, struct vouch_ask_token_new, struct vouch_answer_token) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "token_new", &ret_answer->reply, &err)) {
        test_double_note(" name=%.*s profile=%.*s ttl=%llu", SHOWN(ask->name), SHOWN(ask->profile),
                         (unsigned long long)ask->ttl_s);
        test_double_note_list("scopes", ask->scopes);
        fill_token(&ret_answer->row);
        ret_answer->secret = vouch_bytes_of(TEST_TOKEN_STRANGE);
    }
    return test_double_leave(err, fault);
}

ASKED(tokens, struct vouch_ask_tokens, struct vouch_answer_tokens) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "tokens", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        fill_token(&authority->tokens[0]);
        authority->tokens[0].profile = (struct vouch_bytes){0};
        ret_answer->rows = authority->tokens;
        ret_answer->count = 1;
    }
    return test_double_leave(err, fault);
}

ASKED(token_disable, struct vouch_ask_name, struct vouch_answer_token) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "token_disable", &ret_answer->reply, &err)) {
        test_double_note(" name=%.*s", SHOWN(ask->name));
        fill_token(&ret_answer->row);
        ret_answer->row.disabled_s = 1795356541;
    }
    return test_double_leave(err, fault);
}

static void fill_profile(struct vouch_authority *authority, struct vouch_profile_row *row) {
    authority->texts[0] = vouch_bytes_of("deploy");
    authority->texts[1] = vouch_bytes_of("permit-pty");
    *row = (struct vouch_profile_row){.name = vouch_bytes_of("deploy"),
                                      .type = VOUCH_CERT_USER,
                                      .principals = {&authority->texts[0], 1},
                                      .options = {&authority->texts[1], 1},
                                      .ttl_max_s = 3600,
                                      .updated_s = 1795356541,
                                      .actor = vouch_bytes_of("local:uid:0")};
}

ASKED(profile_put, struct vouch_profile_row, struct vouch_answer_profile) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "profile_put", &ret_answer->reply, &err)) {
        test_double_note(" name=%.*s type=%d ttl=%llu", SHOWN(ask->name), (int)ask->type,
                         (unsigned long long)ask->ttl_max_s);
        test_double_note_list("principals", ask->principals);
        test_double_note_list("options", ask->options);
        fill_profile(authority, &ret_answer->row);
    }
    return test_double_leave(err, fault);
}

ASKED(profile_show, struct vouch_ask_name, struct vouch_answer_profile) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "profile_show", &ret_answer->reply, &err)) {
        test_double_note(" name=%.*s", SHOWN(ask->name));
        fill_profile(authority, &ret_answer->row);
    }
    return test_double_leave(err, fault);
}

ASKED(profiles, struct vouch_ask_page, struct vouch_answer_profiles) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "profiles", &ret_answer->reply, &err)) {
        test_double_note_page(ask);
        fill_profile(authority, &authority->profiles[0]);
        ret_answer->rows = authority->profiles;
        ret_answer->count = 1;
    }
    return test_double_leave(err, fault);
}

ASKED(profile_remove, struct vouch_ask_name, struct vouch_answer_profile) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "profile_remove", &ret_answer->reply, &err)) {
        test_double_note(" name=%.*s", SHOWN(ask->name));
    }
    return test_double_leave(err, fault);
}

static void put_detail(struct vouch_buf *out, const char *name, const char *value) {
    vouch_write_text(out, name);
    vouch_write_text(out, value);
}

ASKED(audit, struct vouch_ask_audit, struct vouch_answer_audit) {
    int err = VOUCH_OK;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "audit", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" type=%.*s actor=%.*s object=%.*s from=%llu until=%llu", SHOWN(ask->type),
                         SHOWN(ask->actor), SHOWN(ask->object), (unsigned long long)ask->from_ms,
                         (unsigned long long)ask->until_ms);
        vouch_buf_clear(&authority->memory);
        put_detail(&authority->memory, "key", "one");
        put_detail(&authority->memory, "reason", "\x1b[31m\" and \xc3\xa9 \xff");
        put_detail(&authority->memory, "key", "two");
        authority->events[0] =
            (struct vouch_event_row){.number = 4,
                                     .time_ms = 1795356541120,
                                     .type = vouch_bytes_of("ca.key.new"),
                                     .actor = vouch_bytes_of("local:uid:0"),
                                     .details = vouch_buf_bytes(&authority->memory)};
        authority->events[1] = (struct vouch_event_row){.number = 3,
                                                        .time_ms = 1795356541000,
                                                        .type = vouch_bytes_of("signer.start"),
                                                        .object = vouch_bytes_of("ca")};
        ret_answer->rows = authority->events;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("e0000000000000003");
    }
    return test_double_leave(err, fault);
}

ASKED(status, struct vouch_ask_page, struct vouch_answer_status) {
    int err = VOUCH_OK;
    (void)authority;
    (void)ask;
    if (test_double_enter(caller, VOUCH_SCOPE_METRICS, "status", &ret_answer->reply, &err)) {
        ret_answer->ledger_size = 40;
        ret_answer->checkpoint_size = 39;
        ret_answer->indexed = 38;
        ret_answer->epoch = 2;
        ret_answer->serial = (2ULL << 44) + 1;
        ret_answer->issued = 30;
        ret_answer->refused = 5;
        ret_answer->revoked = 2;
        ret_answer->ready = 1;
    }
    return test_double_leave(err, fault);
}
