// SPDX-License-Identifier: ISC
// An enrolled host, for tests: see test-reporter.h.
#include "authority/test-reporter.h"

#include "base/str.h"
#include "base/time.h"
#include "store/host-reports.h"

static void hash_of(struct lab *lab, struct vouch_bytes bytes,
                    uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_local *self = NULL;
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    test_ok(vouch_hash_of(self, bytes, ret_hash, &fault));
    vouch_local_free(self);
}

static void changed(struct lab *lab) {
    struct vouch_local *self = NULL;
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    atomic_fetch_add(&lab->office->policies.is_due, 1);
    test_ok(vouch_policy_remake(self, VOUCH_POLICY_HURRIED, &fault));
    vouch_local_free(self);
}

static void add_row(struct vouch_store *desk, const struct vouch_store_host *host,
                    struct vouch_store_host_secret *secret) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    size_t taken = 0;
    test_ok(vouch_store_work_begin(desk, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_host_add(desk, host, &secret->host, &fault));
    test_ok(vouch_store_host_names(desk, secret->host, &host->name, 1, &outcome, &taken, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_host_secret_add(desk, secret, &outcome, &fault));
    test_ok(vouch_store_work_end(desk, VOUCH_OK, outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

// A host that was enrolled, as the inventory has it; how one enrols is for the tests of that.
struct vouch_caller reporter_enrol(struct lab *lab, const char *name, const char *zone,
                                   const char *label) {
    static char secrets[8][64];
    static unsigned next;
    char *secret = secrets[next++ % 8];
    const struct vouch_bytes labels[] = {vouch_bytes_of(label)};
    const struct vouch_store_host_key key = {.hash = {(uint8_t)next, 1},
                                             .type = vouch_bytes_of("ssh-ed25519"),
                                             .serial = 5,
                                             .valid_before_s = vouch_time_now_s() + 86400};
    const struct vouch_store_host host = {.state = VOUCH_STORE_HOST_ACTIVE,
                                          .name = vouch_bytes_of(name),
                                          .zone = vouch_bytes_of(zone),
                                          .labels = labels,
                                          .label_count = label[0] != '\0' ? 1 : 0,
                                          .generation = 1,
                                          .machine = {(uint8_t)next},
                                          .keyset = {(uint8_t)next},
                                          .created_s = vouch_time_now_s(),
                                          .keys = &key,
                                          .key_count = 1};
    struct vouch_store_host_secret kept = {.generation = 1};
    (void)snprintf(secret, sizeof secrets[0], VOUCH_HOST_SECRET_PREFIX "%043u", next);
    hash_of(lab, vouch_bytes_of(secret), kept.secret);
    pthread_mutex_lock(&lab->office->desk_lock);
    add_row(lab->office->desk, &host, &kept);
    pthread_mutex_unlock(&lab->office->desk_lock);
    changed(lab);
    return (struct vouch_caller){.way = VOUCH_CALLER_HOST,
                                 .token = vouch_bytes_of(secret),
                                 .source = vouch_bytes_of("192.0.2.40"),
                                 .request = vouch_bytes_of("req-9")};
}

void reporter_text(struct vouch_bytes text, const char *wanted) {
    if (!vouch_bytes_equal(text, vouch_bytes_of(wanted))) {
        fail_msg("\"%.*s\", not \"%s\"", (int)text.len, (const char *)text.ptr, wanted);
    }
}

static struct vouch_bytes user_ca(struct lab *lab) {
    static char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(vouch_cas_active(&lab->office->cas, 0)->key, VOUCH_HASH_SHA256, text);
    return vouch_bytes_of(text);
}

struct vouch_ask_host_report reporter_report(struct lab *lab) {
    static struct vouch_bytes keys[1];
    static struct vouch_bytes settings[2];
    keys[0] = user_ca(lab);
    settings[0] = vouch_bytes_of("pubkeyauthentication yes");
    settings[1] = vouch_bytes_of("permitrootlogin no");
    pthread_mutex_lock(&lab->office->public_lock);
    uint64_t version = lab->office->krls[0].version;
    uint64_t generated_s = lab->office->krls[0].generated_s;
    pthread_mutex_unlock(&lab->office->public_lock);
    return (struct vouch_ask_host_report){.time_s = vouch_time_now_s(),
                                          .krl_version = version,
                                          .krl_generated_s = generated_s,
                                          .state_version = 3,
                                          .health = vouch_bytes_of("ok"),
                                          .agent = vouch_bytes_of("0.1"),
                                          .sshd = vouch_bytes_of("OpenSSH_9.2p1"),
                                          .ca_keys = {keys, 1},
                                          .settings = {settings, 2}};
}

enum vouch_verdict reporter_send_report(struct lab *lab, const struct vouch_caller *caller,
                                        const struct vouch_ask_host_report *ask) {
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_report(lab->admin, caller, ask, &answer, &fault));
    return answer.reply.verdict;
}

struct vouch_cert_row reporter_cert(struct lab *lab, const char *who, uint64_t ttl_s) {
    struct vouch_ask_access ask = company_ask(lab, "dev");
    ask.ttl_s = ttl_s;
    const struct vouch_answer_access answer = company_access(lab, who, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial > 0);
    return answer.cert;
}

struct vouch_bytes reporter_fingerprint(const uint8_t hash[static 32]) {
    static char texts[16][64];
    static unsigned next;
    struct vouch_buf text;
    char *room = texts[next++ % 16];
    vouch_buf_init_fixed(&text, (uint8_t *)room, sizeof texts[0]);
    vouch_buf_put_text(&text, "SHA256:");
    vouch_str_base64((struct vouch_bytes){hash, 32}, 0, &text);
    return vouch_buf_bytes(&text);
}

// What sshd logs of a login with this certificate.
struct vouch_login_row reporter_login(struct lab *lab, const struct vouch_cert_row *cert) {
    return (struct vouch_login_row){.time_ms = vouch_time_now_ms(),
                                    .outcome = VOUCH_LOGIN_ACCEPTED,
                                    .login = vouch_bytes_of("app"),
                                    .source = vouch_bytes_of("192.0.2.99"),
                                    .method = vouch_bytes_of("publickey"),
                                    .key_id = vouch_bytes_of("alice"),
                                    .serial = cert->serial,
                                    .fingerprint = reporter_fingerprint(cert->key),
                                    .ca = user_ca(lab),
                                    .line = vouch_bytes_of("Accepted publickey for app"),
                                    // What a host says of these is not believed:
                                    .user = vouch_bytes_of("root-of-all"),
                                    .alarm = vouch_bytes_of("made-up"),
                                    .host = vouch_bytes_of("other")};
}

uint64_t reporter_send_logins(struct lab *lab, const struct vouch_caller *caller, uint64_t first,
                              struct vouch_login_row *rows, size_t count) {
    const struct vouch_ask_host_logins ask = {.rows = rows, .count = count, .first = first};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_logins(lab->admin, caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.next;
}

void reporter_revoke(struct lab *lab, uint64_t serial) {
    uint8_t value[8];
    const struct vouch_caller caller = lab_local();
    struct vouch_answer_revoke answer;
    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_SERIAL,
                                         .value = {value, sizeof value},
                                         .reason = vouch_bytes_of("lost")};
    lab_settle(lab);
    test_ok(vouch_authority_revoke(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}
