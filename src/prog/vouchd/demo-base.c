// SPDX-License-Identifier: ISC
// Filling the database of a demonstration.
#include "prog/vouchd/demo-base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"
#include "identity/method.h"
#include "prog/vouchd/seal-key.h"
#include "store/audit.h"
#include "store/host-reports.h"
#include "store/logins.h"
#include "store/passkeys.h"
#include "store/policies.h"

#define DAY_S 86400u
#define HASH_NS UINT64_C(30000000000)
#define PASSWORDS_OF 60u // one of so many users has a password: each costs a hash
#define COSE_EDDSA (-8)

static int outcome_is_done(int err, enum vouch_store_outcome outcome, const char *what,
                           struct vouch_fault *fault) {
    return err != VOUCH_OK || outcome == VOUCH_STORE_DONE
               ? err
               : vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_internal,
                                 "demo: %s is in the database already", what);
}

// ----- policies

static int add_policies(const struct vouch_demo_base *base, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (unsigned version = 1; version <= VOUCH_DEMO_POLICIES && err == VOUCH_OK; version++) {
        const struct vouch_demo_applied *applied = vouch_demo_story_policy(base->story, version);
        enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
        struct vouch_store_policy policy = {.version = version,
                                            .time_s =
                                                vouch_demo_policy_time_s(base->company, version),
                                            .number = applied->number,
                                            .actor = vouch_bytes_of("user:admin"),
                                            .text = applied->text};
        memcpy(policy.hash, applied->hash, sizeof policy.hash);
        err = vouch_store_policy_add(base->store, &policy, &outcome, fault);
        err = outcome_is_done(err, outcome, "a policy", fault);
    }
    return err;
}

// ----- accounts

static int add_passkey(const struct vouch_demo_base *base, uint64_t account, size_t user,
                       struct vouch_fault *fault) {
    static const char *const names[] = {"laptop", "phone", "security key"};
    struct vouch_private_key *pair = NULL;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t credential[32];
    if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "demo: no memory for a passkey");
    }
    struct vouch_bytes blob = vouch_key_blob(vouch_private_key_public(pair));
    vouch_random(credential, sizeof credential);
    const struct vouch_store_passkey passkey = {
        .account = account,
        .credential = {credential, sizeof credential},
        .algorithm = COSE_EDDSA,
        .key = {blob.ptr + blob.len - 32, 32}, // the key itself stands last in its blob
        .answers = user % 50,
        .name = vouch_bytes_of(names[user % 3]),
        .created_s = base->company->start_s + DAY_S + user * 60,
        .used_s = base->company->what.now_s - (user * 3571) % (9 * DAY_S)};
    int err = vouch_store_passkey_add(base->store, &passkey, &outcome, fault);
    vouch_private_key_free(pair);
    return outcome_is_done(err, outcome, "a passkey", fault);
}

// The visitors and some more.
static size_t with_password(const struct vouch_demo_company *company) {
    return VOUCH_DEMO_VISITORS + company->user_count / PASSWORDS_OF;
}

static int add_account(const struct vouch_demo_base *base, size_t user, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_account_add(base->store, vouch_bytes_of(base->company->users[user].name),
                                      base->company->start_s + 900 + user, &outcome, fault);
    err = outcome_is_done(err, outcome, "an account", fault);
    int has_passkey = user >= with_password(base->company) && user % 13 != 3;
    if (err == VOUCH_OK && has_passkey) {
        err = add_passkey(base, user + 1, user, fault);
    }
    return err == VOUCH_OK && user % 13 != 3
               ? vouch_store_account_signed_in(
                     base->store, user + 1,
                     base->company->what.now_s - 600 - (user * 3571) % (9 * DAY_S), fault)
               : err;
}

static int add_accounts(const struct vouch_demo_base *base, struct vouch_fault *fault) {
    int err = vouch_store_work_begin(base->store, VOUCH_STORE_LATER, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; err == VOUCH_OK && i < base->company->user_count; i++) {
        err = add_account(base, i, fault);
    }
    return vouch_store_work_end(base->store, err, VOUCH_STORE_DONE, fault);
}

// ----- passwords and codes, as identity makes them

struct signing_in {
    const struct vouch_demo_base *base;
    struct vouch_identity_engine *engine;
    struct vouch_identity_desk desk;
};

static int put_credential(const struct signing_in *in, uint64_t account,
                          enum vouch_store_method method, struct vouch_bytes stored,
                          struct vouch_fault *fault) {
    const struct vouch_store_credential credential = {.stored = stored};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_work_begin(in->base->store, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_credential_put(in->base->store, account, method, &credential, &outcome,
                                         fault);
        err = vouch_store_work_end(in->base->store, err, outcome, fault);
    }
    return err;
}

static int set_password(struct signing_in *in, size_t user, const char *password,
                        struct vouch_fault *fault) {
    char id[24];
    (void)snprintf(id, sizeof id, "u%zu", user + 1); // as the authority names an account
    const struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSWORD,
                                           .user = vouch_bytes_of(id),
                                           .name =
                                               vouch_bytes_of(in->base->company->users[user].name),
                                           .given = vouch_bytes_of(password)};
    int err = vouch_identity_desk_ask(&in->desk, VOUCH_IDENTITY_MAKE, &ask,
                                      vouch_time_monotonic_ns() + HASH_NS, fault);
    if (err == VOUCH_OK && in->desk.reply.answer.verdict != VOUCH_IDENTITY_ACCEPTED) {
        err = vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_internal,
                              "demo: identity takes no password of the demonstration: %s",
                              in->desk.reply.answer.refusal.why);
    }
    return err == VOUCH_OK ? put_credential(in, user + 1, VOUCH_STORE_PASSWORD,
                                            in->desk.reply.answer.stored, fault)
                           : err;
}

static int set_app(struct signing_in *in, size_t user,
                   const uint8_t secret[static VOUCH_TOTP_SECRET_LEN], struct vouch_fault *fault) {
    char id[24];
    uint8_t memory[VOUCH_SEAL_EXTRA + VOUCH_TOTP_SECRET_LEN];
    struct vouch_buf sealed;
    (void)snprintf(id, sizeof id, "u%zu", user + 1);
    vouch_buf_init_fixed(&sealed, memory, sizeof memory);
    vouch_seal(in->engine, VOUCH_SEAL_TOTP, vouch_bytes_of(id),
               (struct vouch_bytes){secret, VOUCH_TOTP_SECRET_LEN}, &sealed);
    return put_credential(in, user + 1, VOUCH_STORE_TOTP, vouch_buf_bytes(&sealed), fault);
}

// Words of the machine's chance: whoever reads the terminal may come in, and nobody else.
static void choose_password(char ret_password[static 64]) {
    static const char *const words[] = {"amber", "basil", "cedar", "delta", "ember", "fjord",
                                        "grove", "hazel", "islet", "jetty", "knoll", "larch",
                                        "maple", "north", "ocean", "prism"};
    uint8_t chance[6];
    size_t len = 0;
    vouch_random(chance, sizeof chance);
    for (size_t i = 0; i < sizeof chance; i++) {
        len += (size_t)snprintf(ret_password + len, 64 - len, "%s%s", i > 0 ? "-" : "",
                                words[chance[i] % 16]);
    }
}

static int set_all(struct signing_in *in, struct vouch_demo_visitors *visitors,
                   struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < with_password(in->base->company); i++) {
        char own[64];
        uint8_t secret[VOUCH_TOTP_SECRET_LEN];
        choose_password(own);
        vouch_random(secret, sizeof secret);
        if (i < VOUCH_DEMO_VISITORS) {
            memcpy(visitors->of[i].secret, secret, sizeof secret);
        }
        err = set_password(in, i, i < VOUCH_DEMO_VISITORS ? visitors->password : own, fault);
        if (err == VOUCH_OK) {
            err = set_app(in, i, secret, fault);
        }
    }
    return err;
}

static int open_identity(const struct vouch_demo_base *base, struct signing_in *in,
                         struct vouch_fault *fault) {
    vouch_autoclose int fd = -1;
    int was_made = 0;
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    int err = vouch_seal_key_open(base->dir, NULL, &fd, &was_made, fault);
    if (err == VOUCH_OK && pread(fd, key, sizeof key, 0) != (ssize_t)sizeof key) {
        err = vouch_fault_set(fault, VOUCH_ERR_KEY_LENGTH, &vouch_fault_identity_key,
                              "demo: the key of identity cannot be read");
    }
    const struct vouch_identity_open what = {.key = {key, sizeof key}};
    if (err == VOUCH_OK) {
        err = vouch_identity_open(&what, &in->engine, fault);
    }
    vouch_wipe(key, sizeof key);
    return err == VOUCH_OK ? vouch_identity_desk_init(&in->desk, in->engine, fault) : err;
}

static int let_in(const struct vouch_demo_base *base, struct vouch_demo_visitors *visitors,
                  struct vouch_fault *fault) {
    struct signing_in in = {.base = base};
    choose_password(visitors->password);
    int err = open_identity(base, &in, fault);
    if (err == VOUCH_OK) {
        err = set_all(&in, visitors, fault);
    }
    vouch_identity_desk_done(&in.desk);
    vouch_identity_engine_close(in.engine);
    return err;
}

// ----- hosts

static void seen(const struct vouch_demo_base *base, size_t at, uint64_t *ret_seen_s) {
    const struct vouch_demo_host *host = &base->company->hosts[at];
    uint64_t now_s = base->company->what.now_s;
    *ret_seen_s = vouch_time_now_s() - (at * 7919) % 55; // they report every minute
    if (host->mood == VOUCH_DEMO_SILENT || host->mood == VOUCH_DEMO_EXPIRING) {
        *ret_seen_s = now_s - 2 * DAY_S - (at * 104729) % (8 * DAY_S);
    } else if (host->mood == VOUCH_DEMO_RETIRED || host->mood == VOUCH_DEMO_LOCKED) {
        *ret_seen_s = now_s - DAY_S - (at * 104729) % (5 * DAY_S);
    }
    *ret_seen_s = *ret_seen_s < host->enrolled_s ? host->enrolled_s : *ret_seen_s;
}

static enum vouch_store_host_state state_of(enum vouch_demo_mood mood) {
    switch (mood) {
    case VOUCH_DEMO_LOCKED:
        return VOUCH_STORE_HOST_LOCKED;
    case VOUCH_DEMO_RETIRED:
        return VOUCH_STORE_HOST_RETIRED;
    case VOUCH_DEMO_WAITING:
        return VOUCH_STORE_HOST_WAITING;
    case VOUCH_DEMO_WELL:
    case VOUCH_DEMO_BEHIND:
    case VOUCH_DEMO_SILENT:
    case VOUCH_DEMO_EXPIRING:
    case VOUCH_DEMO_WARNS:
    case VOUCH_DEMO_CRITICAL:
        break;
    }
    return VOUCH_STORE_HOST_ACTIVE;
}

static const char *sshd_of(size_t at) {
    static const char *const versions[] = {"OpenSSH_9.2p1", "OpenSSH_9.2p1", "OpenSSH_9.6p1",
                                           "OpenSSH_8.9p1"};
    return versions[at % 4];
}

static int add_host(const struct vouch_demo_base *base, size_t at, struct vouch_fault *fault) {
    const struct vouch_demo_host *made = &base->company->hosts[at];
    struct vouch_store_host_key key;
    struct vouch_bytes labels[3], name = vouch_bytes_of(made->name);
    uint64_t next = 0, id = 0;
    vouch_demo_story_host(base->story, at, &key, &next);
    for (size_t i = 0; i < 3; i++) {
        labels[i] = vouch_bytes_of(made->labels[i]);
    }
    int waits = made->mood == VOUCH_DEMO_WAITING;
    struct vouch_store_host host = {
        .state = state_of(made->mood),
        .name = name,
        .zone = vouch_bytes_of(waits ? "" : vouch_demo_zones[made->zone]),
        .labels = labels,
        .label_count = waits ? 0 : 3,
        .needed = 1,
        .why = vouch_bytes_of(waits ? "no token was shown" : ""),
        .by = vouch_bytes_of(waits ? "" : "host-token:1"),
        .token = waits ? 0 : 1,
        .generation = waits ? 0 : 3,
        .source = vouch_bytes_of(made->source),
        .agent = vouch_bytes_of(VOUCH_VERSION),
        .sshd = vouch_bytes_of(sshd_of(at)),
        .created_s = made->enrolled_s,
        .renewed_s = key.valid_before_s > 30 * DAY_S ? key.valid_before_s - 30 * DAY_S : 0,
        .until_s = waits ? made->enrolled_s + 7 * DAY_S : 0,
        .keys = &key,
        .key_count = 1};
    seen(base, at, &host.seen_s);
    memcpy(host.keyset, key.hash, sizeof host.keyset);
    memcpy(host.machine, key.hash, sizeof host.machine);
    int err = vouch_store_host_add(base->store, &host, &id, fault);
    if (err == VOUCH_OK && id != at + 1) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_internal,
                              "demo: host %zu got the number %" PRIu64, at + 1, id);
    }
    if (err == VOUCH_OK &&
        (host.state == VOUCH_STORE_HOST_ACTIVE || host.state == VOUCH_STORE_HOST_LOCKED)) {
        enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
        size_t taken = 0;
        err = vouch_store_host_names(base->store, id, &name, 1, &outcome, &taken, fault);
        err = outcome_is_done(err, outcome, made->name, fault);
    }
    return err == VOUCH_OK && next > 0 ? vouch_store_login_next_put(base->store, id, next, fault)
                                       : err;
}

static int add_hosts(const struct vouch_demo_base *base, struct vouch_fault *fault) {
    int err = vouch_store_work_begin(base->store, VOUCH_STORE_LATER, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; err == VOUCH_OK && i < base->company->host_count; i++) {
        err = add_host(base, i, fault);
    }
    return vouch_store_work_end(base->store, err, VOUCH_STORE_DONE, fault);
}

static int add_requests(const struct vouch_demo_base *base, size_t count,
                        struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        struct vouch_store_request request;
        uint64_t id = 0;
        err = vouch_demo_story_request(base->story, i, &request, fault);
        if (err == VOUCH_OK) {
            err = vouch_store_request_add(base->store, &request, &id, fault);
        }
    }
    return err;
}

int vouch_demo_base_fill(const struct vouch_demo_base *base, size_t requests,
                         struct vouch_demo_visitors *ret_visitors, struct vouch_fault *fault) {
    int err = add_policies(base, fault);
    if (err == VOUCH_OK) {
        err = add_accounts(base, fault);
    }
    if (err == VOUCH_OK) {
        err = let_in(base, ret_visitors, fault);
    }
    if (err == VOUCH_OK) {
        err = add_hosts(base, fault);
    }
    return err == VOUCH_OK ? add_requests(base, requests, fault) : err;
}

// ----- reports

// What the running server has published, and when.
struct published {
    uint64_t krl_version, krl_s, trust_version;
    char ca[VOUCH_FINGERPRINT_MAX];
};

static void read_version(const struct vouch_record *record, uint64_t *ret_version) {
    struct vouch_bytes version;
    (void)(vouch_record_detail(record, "version", &version) &&
           vouch_str_to_u64(version, ret_version) == VOUCH_OK);
}

static void read_krl(const struct vouch_store_event *event, struct published *published) {
    const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT, .details = event->details};
    struct vouch_bytes ca;
    read_version(&record, &published->krl_version);
    published->krl_s = event->time_ms / 1000;
    if (vouch_record_detail(&record, "ca", &ca)) {
        (void)snprintf(published->ca, sizeof published->ca, "%.*s", (int)ca.len,
                       (const char *)ca.ptr);
    }
}

static void read_trust(const struct vouch_store_event *event, struct published *published) {
    const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT, .details = event->details};
    read_version(&record, &published->trust_version);
}

static int find_published(struct vouch_store *store, const struct vouch_store_event_filter *filter,
                          void (*read)(const struct vouch_store_event *, struct published *),
                          struct published *published, struct vouch_fault *fault) {
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_events events = {0};
    int err = vouch_store_audit_list(store, filter, &page, &events, fault);
    if (err == VOUCH_OK && events.count > 0) {
        read(&events.rows[0], published);
    }
    vouch_store_events_done(&events);
    return err;
}

static int put_report(const struct vouch_demo_base *base, size_t at,
                      const struct published *published, struct vouch_fault *fault) {
    static const char *const troubles[] = {
        "the clock is 4 s ahead of the server's", "the disk of /var/log is nearly full",
        "sshd_config was changed by hand: PasswordAuthentication yes"};
    const struct vouch_demo_host *host = &base->company->hosts[at];
    const struct vouch_bytes problem = vouch_bytes_of(troubles[at % 3]);
    const struct vouch_bytes settings[] = {vouch_bytes_of("passwordauthentication no"),
                                           vouch_bytes_of("permitrootlogin prohibit-password")};
    const struct vouch_bytes cas[] = {vouch_bytes_of(published->ca)};
    int troubled = host->mood == VOUCH_DEMO_WARNS || host->mood == VOUCH_DEMO_CRITICAL;
    int late = host->mood == VOUCH_DEMO_BEHIND || host->mood == VOUCH_DEMO_SILENT ||
               host->mood == VOUCH_DEMO_EXPIRING;
    struct vouch_store_host_report report = {
        .host = at + 1,
        .clock_ms = (int64_t)(at * 37 % 180) - 90,
        .krl_version = late ? published->krl_version - 1 : published->krl_version,
        .krl_generated_s = late ? published->krl_s - 5400 - at % 7200 : published->krl_s,
        .state_version = 1,
        .trust_version = published->trust_version,
        .health = vouch_bytes_of(host->mood == VOUCH_DEMO_CRITICAL ? "critical"
                                 : troubled                        ? "warning"
                                                                   : "ok"),
        .agent = vouch_bytes_of(VOUCH_VERSION),
        .sshd = vouch_bytes_of(sshd_of(at)),
        .problems = &problem,
        .problem_count = troubled ? 1 : 0,
        .ca_keys = cas,
        .ca_key_count = 1,
        .settings = settings,
        .setting_count = 2};
    seen(base, at, &report.time_s);
    int err = vouch_store_host_report_put(base->store, &report, fault);
    return err == VOUCH_OK && host->mood < VOUCH_DEMO_LOCKED
               ? vouch_store_host_seen(base->store, at + 1, report.time_s,
                                       vouch_bytes_of(host->source), fault)
               : err;
}

int vouch_demo_base_report(const struct vouch_demo_base *base, struct vouch_fault *fault) {
    struct published published = {0};
    const struct vouch_store_event_filter krl = {.type = vouch_bytes_of("krl.publish"),
                                                 .object = vouch_bytes_of("user")};
    const struct vouch_store_event_filter trust = {.type = vouch_bytes_of("trust.publish")};
    int err = find_published(base->store, &krl, read_krl, &published, fault);
    if (err == VOUCH_OK) {
        err = find_published(base->store, &trust, read_trust, &published, fault);
    }
    if (err == VOUCH_OK && (published.krl_version == 0 || published.trust_version == 0)) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_demo_start,
                               "%s: the server has published no revocation list yet", base->dir);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_work_begin(base->store, VOUCH_STORE_LATER, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; err == VOUCH_OK && i < base->company->host_count; i++) {
        enum vouch_demo_mood mood = base->company->hosts[i].mood;
        if (mood != VOUCH_DEMO_WAITING && mood != VOUCH_DEMO_RETIRED) {
            err = put_report(base, i, &published, fault);
        }
    }
    return vouch_store_work_end(base->store, err, VOUCH_STORE_DONE, fault);
}
