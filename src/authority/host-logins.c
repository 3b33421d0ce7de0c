// SPDX-License-Identifier: ISC
// The logins that a host's sshd saw, as the host sends them: each is taken once, joined to the
// certificate that was shown, and sets off an alarm if the two do not fit.
//
// Recorded in the ledger first (that a batch came, each alarm), then written: what the database has is
// never more than what is recorded. A host counts its logins; the count says what is new and what is
// missing.
#include <inttypes.h>
#include <stdio.h>

#include "authority/fleet.h"
#include "authority/issue.h"
#include "authority/login-row.h"
#include "authority/people.h"
#include "authority/review.h"
#include "base/str.h"
#include "base/time.h"
#include "store/certs.h"

#define EVENT_LOGINS "host.logins"
#define EVENT_GAP "host.logins.gap"
#define EVENT_ALARM "login.alarm"
#define DETAILS_MAX 8192
#define FUTURE_MAX_MS (UINT64_C(300) * 1000)   // a login further ahead is taken as of now
#define REVOKED_GRACE_MS (UINT64_C(60) * 1000) // until every host has the list
#define ENDED_GRACE_S 60

#define ALARM_UNKNOWN "unknown-serial"
#define ALARM_OTHER_KEY "other-key"
#define ALARM_REVOKED "revoked"
#define ALARM_ENDED "ended"
#define ALARM_BREAK_GLASS "break-glass"

struct taking {
    struct vouch_local *authority;
    const struct vouch_store_host *host;
    struct vouch_store_login *rows;
    size_t count;
    uint64_t first; // of the rows, as the host counts
    uint64_t expected;
    int is_known;   // the host sent some before
    int is_current; // the index has all that was recorded when the batch came
};

// --- a login and its certificate

// Nonzero if the text is the fingerprint of that SHA-256.
static int is_fingerprint(struct vouch_bytes text,
                          const uint8_t hash[static VOUCH_STORE_HASH_LEN]) {
    static const char prefix[] = "SHA256:";
    uint8_t room[64];
    struct vouch_buf made;
    vouch_buf_init_fixed(&made, room, sizeof room);
    vouch_buf_put_text(&made, prefix);
    vouch_str_base64((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN}, 0, &made);
    return made.err == VOUCH_OK && vouch_bytes_equal(text, vouch_buf_bytes(&made));
}

static int find_cert(const struct taking *taking, const struct vouch_store_login *login,
                     struct vouch_store_certs *ret_certs, struct vouch_fault *fault) {
    const struct vouch_store_cert_filter filter = {.serial = &login->serial,
                                                   .type = VOUCH_CERT_USER};
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_pool *pool = &taking->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_certs_list(store, &filter, &page, ret_certs, fault);
    vouch_pool_give(pool, store);
    return err;
}

static struct vouch_bytes alarm_of(const struct vouch_store_login *login,
                                   const struct vouch_store_cert *cert) {
    const char *alarm = "";
    uint64_t revoked_ms = cert->revoked.by != VOUCH_STORE_REVOKE_NONE ? cert->revoked.time_ms : 0;
    if (!is_fingerprint(login->fingerprint, cert->key)) {
        alarm = ALARM_OTHER_KEY;
    } else if (revoked_ms != 0 && login->time_ms > revoked_ms + REVOKED_GRACE_MS) {
        alarm = ALARM_REVOKED;
    } else if (login->time_ms / 1000 > cert->valid_before &&
               login->time_ms / 1000 - cert->valid_before > ENDED_GRACE_S) {
        alarm = ALARM_ENDED;
    } else if (vouch_glass_of(cert->policy) != VOUCH_REVIEW_ANY) {
        alarm = ALARM_BREAK_GLASS;
    }
    return login->outcome == VOUCH_STORE_LOGIN_ACCEPTED ? vouch_bytes_of(alarm)
                                                        : (struct vouch_bytes){0};
}

// Also by one that is no longer trusted: it is ours all the same.
static int is_of_our_ca(const struct taking *taking, const struct vouch_store_login *login) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_office_cas cas;
    vouch_cas_now(taking->authority->office, &cas);
    for (size_t i = 0; i < cas.count; i++) {
        const struct vouch_office_ca *ca = &cas.rows[i];
        vouch_key_fingerprint(ca->key, VOUCH_HASH_SHA256, fingerprint);
        if (ca->use == VOUCH_CERT_USER &&
            vouch_bytes_equal(login->ca, vouch_bytes_of(fingerprint))) {
            return 1;
        }
    }
    return 0;
}

// A certificate that is not in the index may be too young for it: then this waits until it would be there.
static int find_settled(struct taking *taking, const struct vouch_store_login *login,
                        struct vouch_store_certs *certs, struct vouch_fault *fault) {
    int err = find_cert(taking, login, certs, fault);
    if (err == VOUCH_OK && certs->count == 0 && !taking->is_current) {
        vouch_store_certs_done(certs);
        err = vouch_index_now(taking->authority, fault);
        taking->is_current = 1;
        err = err == VOUCH_OK ? find_cert(taking, login, certs, fault) : err;
    }
    return err;
}

// A sealed certificate is asked for by one and held by another.
static struct vouch_bytes user_of(const struct vouch_store_cert *cert) {
    return vouch_glass_of(cert->policy) == VOUCH_REVIEW_SEALED ? cert->key_id
                                                               : vouch_login_user(cert->actor);
}

// The certificate is of the CA that the host saw, or the serial is another CA's and says nothing.
static int join_cert(struct taking *taking, struct vouch_store_login *login,
                     struct vouch_fault *fault) {
    struct vouch_store_certs certs = {0};
    int err = find_settled(taking, login, &certs, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (certs.count > 0 && is_fingerprint(login->ca, certs.rows[0].ca)) {
        const struct vouch_store_cert *cert = &certs.rows[0];
        login->alarm = alarm_of(login, cert);
        err = vouch_arena_copy(&taking->authority->arena, user_of(cert), &login->user);
    } else if (login->outcome == VOUCH_STORE_LOGIN_ACCEPTED && is_of_our_ca(taking, login)) {
        login->alarm = vouch_bytes_of(ALARM_UNKNOWN);
    }
    vouch_store_certs_done(&certs);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static int join_all(struct taking *taking, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < taking->count; i++) {
        struct vouch_store_login *login = &taking->rows[i];
        if (login->ca.len > 0) {
            err = join_cert(taking, login, fault);
        }
    }
    return err;
}

// --- the record

static void put_number(struct vouch_buf *details, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

void vouch_login_put(struct vouch_buf *out, const struct vouch_store_login *login) {
    const struct vouch_bytes texts[] = {login->login,  login->source,      login->method,
                                        login->key_id, login->fingerprint, login->ca,
                                        login->reason, login->line};
    vouch_write_u64(out, login->time_ms);
    vouch_write_u64(out, (uint64_t)login->outcome);
    vouch_write_u64(out, login->serial);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vouch_write_string(out, texts[i]);
    }
}

// The SHA-256 of what the host sent: what stands in the database later can be held against it.
static int put_hash(const struct taking *taking, struct vouch_buf *details,
                    struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_buf batch;
    struct vouch_buf hex;
    vouch_buf_init(&batch, VOUCH_REPORT_LOGINS_MAX * VOUCH_OP_LOGIN_MAX * 2u);
    vouch_buf_init(&hex, 2u * VOUCH_STORE_HASH_LEN);
    for (size_t i = 0; i < taking->count; i++) {
        vouch_login_put(&batch, &taking->rows[i]);
    }
    int err = batch.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_hash_of(taking->authority, vouch_buf_bytes(&batch), hash, fault);
    if (err == VOUCH_OK) {
        vouch_str_hex((struct vouch_bytes){hash, sizeof hash}, &hex);
        vouch_record_detail_put(details, "sha256", vouch_buf_bytes(&hex));
        err = hex.err != VOUCH_OK ? vouch_no_memory(fault) : VOUCH_OK;
    }
    vouch_buf_done(&batch);
    vouch_buf_done(&hex);
    return err;
}

static int note(const struct taking *taking, const char *type, struct vouch_buf *take_details,
                struct vouch_fault *fault) {
    struct vouch_bytes actor = {0};
    int err = vouch_host_actor(taking->authority, taking->host->name, &actor, fault);
    if (err != VOUCH_OK) {
        vouch_buf_done(take_details);
        return err;
    }
    return vouch_people_note(taking->authority, actor, type, taking->host->name, take_details,
                             fault);
}

static int note_batch(const struct taking *taking, struct vouch_fault *fault) {
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    put_number(&details, "first", taking->first);
    put_number(&details, "count", taking->count);
    int err = put_hash(taking, &details, fault);
    if (err != VOUCH_OK) {
        vouch_buf_done(&details);
        return err;
    }
    return note(taking, EVENT_LOGINS, &details, fault);
}

static int note_gap(const struct taking *taking, struct vouch_fault *fault) {
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    put_number(&details, "expected", taking->expected);
    put_number(&details, "first", taking->first);
    return note(taking, EVENT_GAP, &details, fault);
}

static int note_alarm(const struct taking *taking, const struct vouch_store_login *login,
                      struct vouch_fault *fault) {
    struct vouch_buf details;
    char when[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(login->time_ms / 1000, when);
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "alarm", login->alarm);
    vouch_record_detail_put(&details, "time", vouch_bytes_of(when));
    vouch_record_detail_put(&details, "login", login->login);
    vouch_record_detail_put(&details, "user", login->user);
    vouch_record_detail_put(&details, "key_id", login->key_id);
    put_number(&details, "serial", login->serial);
    vouch_record_detail_put(&details, "fingerprint", login->fingerprint);
    vouch_record_detail_put(&details, "source", login->source);
    atomic_fetch_add(&taking->authority->office->alarms, 1);
    return note(taking, EVENT_ALARM, &details, fault);
}

static int note_all(const struct taking *taking, struct vouch_fault *fault) {
    int err =
        taking->is_known && taking->first > taking->expected ? note_gap(taking, fault) : VOUCH_OK;
    if (err == VOUCH_OK && taking->count > 0) {
        err = note_batch(taking, fault);
    }
    for (size_t i = 0; err == VOUCH_OK && i < taking->count; i++) {
        if (taking->rows[i].alarm.len > 0) {
            err = note_alarm(taking, &taking->rows[i], fault);
        }
    }
    return err;
}

// --- emergencies

static int note_use(const struct taking *taking, const struct vouch_store_login *login,
                    const struct vouch_store_cert *cert, struct vouch_fault *fault) {
    struct vouch_glass_use use = {.cert = cert,
                                  .host = taking->host->name,
                                  .login = login->login,
                                  .source = login->source,
                                  .time_s = login->time_ms / 1000};
    int err = vouch_host_actor(taking->authority, taking->host->name, &use.actor, fault);
    return err == VOUCH_OK ? vouch_review_used(taking->authority, &use, fault) : err;
}

// Before the rows are written: a use that is counted twice is better than one that nobody reviews.
static int note_uses(const struct taking *taking, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < taking->count; i++) {
        const struct vouch_store_login *login = &taking->rows[i];
        struct vouch_store_certs certs = {0};
        if (login->alarm.len == 0 || login->user.len == 0) {
            continue;
        }
        err = find_cert(taking, login, &certs, fault);
        if (err == VOUCH_OK && certs.count > 0 &&
            vouch_glass_of(certs.rows[0].policy) != VOUCH_REVIEW_ANY) {
            err = note_use(taking, login, &certs.rows[0], fault);
        }
        vouch_store_certs_done(&certs);
    }
    return err;
}

// --- the rows

static int add_rows(const struct taking *taking, struct vouch_store *desk,
                    struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < taking->count; i++) {
        err = vouch_store_login_add(desk, &taking->rows[i], fault);
    }
    return err == VOUCH_OK ? vouch_store_login_next_put(desk, taking->host->id,
                                                        taking->first + taking->count, fault)
                           : err;
}

// Unless the same batch came over another lane meanwhile.
static int write_rows(const struct taking *taking, struct vouch_store *desk, uint64_t *ret_next,
                      struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    uint64_t next = 0;
    int is_known = 0;
    int err = vouch_store_work_begin(desk, VOUCH_STORE_DURABLY, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_store_login_next(desk, taking->host->id, &is_known, &next, fault);
    if (err == VOUCH_OK && is_known == taking->is_known && next == taking->expected) {
        err = add_rows(taking, desk, fault);
        next = taking->first + taking->count;
        outcome = VOUCH_STORE_DONE;
    }
    err = vouch_store_work_end(desk, err, outcome, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        atomic_fetch_add(&taking->authority->office->logins, taking->count);
    }
    if (err == VOUCH_OK) {
        *ret_next = next;
    }
    return err;
}

static int keep_rows(const struct taking *taking, uint64_t *ret_next, struct vouch_fault *fault) {
    struct vouch_office *office = taking->authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = write_rows(taking, office->desk, ret_next, fault);
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int judge(const struct vouch_ask_host_logins *ask, struct vouch_reply *reply) {
    if (ask->first >= UINT64_C(1) << 62) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "first",
                        "first is too large to count on");
        return 0;
    }
    for (size_t i = 0; i < ask->count; i++) {
        if (ask->rows[i].outcome == VOUCH_LOGIN_NONE || ask->rows[i].login.len == 0) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "logins",
                            "logins: row %zu has no outcome or no login", i);
            return 0;
        }
    }
    return 1;
}

// Takes those that were not taken before; what the host says of itself is not read.
static int take_rows(struct taking *taking, const struct vouch_ask_host_logins *ask,
                     struct vouch_fault *fault) {
    uint64_t skip =
        taking->is_known && taking->expected > ask->first ? taking->expected - ask->first : 0;
    uint64_t latest_ms = vouch_time_now_ms() + FUTURE_MAX_MS;
    skip = skip > ask->count ? ask->count : skip;
    taking->first = ask->first + skip;
    taking->count = ask->count - (size_t)skip;
    taking->rows =
        vouch_arena_alloc(&taking->authority->arena, (taking->count + 1) * sizeof *taking->rows);
    if (taking->rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < taking->count; i++) {
        taking->rows[i] = vouch_login_kept(&ask->rows[skip + i], taking->host->name);
        if (taking->rows[i].time_ms > latest_ms) {
            taking->rows[i].time_ms = latest_ms - FUTURE_MAX_MS;
        }
    }
    return VOUCH_OK;
}

// How many of the rows the host's budget has room for: up to the first alarm that it has none for. What is
// left out comes again.
static size_t count_granted(const struct taking *taking, uint64_t now_s, uint64_t *ret_wait_s) {
    struct vouch_host_budget *budget = taking->authority->office->host_budget;
    size_t alarms = 0, count = 0;
    if (vouch_host_budget_take(budget, taking->host->id, VOUCH_HOST_BATCHES, 1, now_s,
                               ret_wait_s) == 0) {
        return 0;
    }
    for (size_t i = 0; i < taking->count; i++) {
        alarms += taking->rows[i].alarm.len > 0;
    }
    size_t left = vouch_host_budget_take(budget, taking->host->id, VOUCH_HOST_ALARMS, alarms, now_s,
                                         ret_wait_s);
    while (count < taking->count && (taking->rows[count].alarm.len == 0 || left > 0)) {
        left -= taking->rows[count++].alarm.len > 0;
    }
    return count;
}

static int is_granted(struct taking *taking, struct vouch_reply *reply) {
    uint64_t wait_s = 0;
    taking->count = count_granted(taking, vouch_time_now_s(), &wait_s);
    if (taking->count > 0) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_host_budget, NULL,
                    "%.*s reported too many logins or alarms in this hour",
                    VOUCH_REPLY_TEXT(taking->host->name));
    reply->retry_after_s = wait_s;
    return 0;
}

static int take(struct taking *taking, const struct vouch_ask_host_logins *ask,
                struct vouch_answer_host_done *ret_answer, struct vouch_fault *fault) {
    struct vouch_local *authority = taking->authority;
    int err = vouch_store_login_next(vouch_lease(authority), taking->host->id, &taking->is_known,
                                     &taking->expected, fault);
    vouch_lease_end(authority);
    err = err == VOUCH_OK ? take_rows(taking, ask, fault) : err;
    if (err == VOUCH_OK && taking->count == 0) {
        ret_answer->next = taking->is_known ? taking->expected : ask->first;
        return VOUCH_OK;
    }
    err = err == VOUCH_OK ? join_all(taking, fault) : err;
    if (err != VOUCH_OK || !is_granted(taking, &ret_answer->reply)) {
        return err;
    }
    err = note_all(taking, fault);
    err = err == VOUCH_OK ? note_uses(taking, fault) : err;
    return err == VOUCH_OK ? keep_rows(taking, &ret_answer->next, fault) : err;
}

// The same batch over two lanes is recorded once: one waits for the other.
int vouch_local_host_logins(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_host_logins *ask,
                            struct vouch_answer_host_done *ret_answer, struct vouch_fault *fault) {
    struct vouch_store_host host = {0};
    struct taking taking = {.authority = authority, .host = &host};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_host(authority, caller, &host, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || !judge(ask, reply)) {
        return err;
    }
    pthread_mutex_t *lock = &authority->office->logins_locks[host.id % VOUCH_OFFICE_LOGINS_LOCKS];
    pthread_mutex_lock(lock);
    err = take(&taking, ask, ret_answer, fault);
    pthread_mutex_unlock(lock);
    return err;
}
