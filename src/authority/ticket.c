// SPDX-License-Identifier: ISC
// Tickets: a certificate for who has no client. Somebody who is signed in says what they want, and it is decided;
// whoever brings the ticket's secret and a public key within five minutes gets exactly that, once.
//
// Nothing is trusted that was decided before: session, account and policy are asked again, and what comes out
// must be what was promised, to the letter.
#include "authority/ticket.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/people.h"
#include "authority/session.h"
#include "base/str.h"
#include "base/time.h"

#define DETAILS_MAX 32768
#define TEXTS_MAX 256

// --- making: what would be granted

// No key is there yet. What is granted does not depend on its type, but whether it is: so the first type that is
// good, or the one that the least speaks against.
static int decide(struct vouch_local *authority, const struct vouch_caller *caller,
                  struct vouch_access *access, struct vouch_decision *ret_decision,
                  struct vouch_fault *fault) {
    static const enum vouch_key_type types[] = {
        VOUCH_KEY_ED25519,    VOUCH_KEY_SK_ED25519,    VOUCH_KEY_ECDSA_P256, VOUCH_KEY_ECDSA_P384,
        VOUCH_KEY_ECDSA_P521, VOUCH_KEY_SK_ECDSA_P256, VOUCH_KEY_RSA};
    const struct vouch_access asked = *access;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct vouch_access trial = asked;
        struct vouch_decision decision = {0};
        int err = vouch_access_decide(authority, &trial, caller, types[i], &decision, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        if (i == 0 || trial.decision.reason_count < access->decision.reason_count) {
            *access = trial;
            *ret_decision = decision;
        }
        if (trial.decision.reason_count == 0) {
            break;
        }
    }
    return VOUCH_OK;
}

// Whoever approves sees the key, and whoever reviews an emergency sees where it began.
static void judge(const struct vouch_access *access, struct vouch_reply *reply) {
    char why[sizeof reply->why];
    if (access->decision.verdict == VOUCH_POLICY_PENDING) {
        memcpy(why, reply->why, sizeof why);
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ticket_role, "roles", "%s", why);
    } else if (reply->verdict == VOUCH_VERDICT_DONE && access->glass != VOUCH_REVIEW_ANY) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ticket_role, "roles",
                        "a role for emergencies is not given by a one-time link");
    }
}

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

// Not longer than the session, nor than the second factor is new enough for each role.
static uint64_t end_of(const struct vouch_access *access, uint64_t now_s) {
    const struct vouch_who *who = access->who;
    uint64_t end_s = lesser(now_s + VOUCH_TICKET_TTL_S, who->session_idle_s);
    for (size_t i = 0; i < access->roles.count; i++) {
        const struct vouch_policy_role *role =
            vouch_policy_role_named(access->policy, access->roles.items[i]);
        if (role != NULL && role->second_factor_age_s != 0) {
            end_s = lesser(end_s, who->factor_s + role->second_factor_age_s + 1);
        }
    }
    return end_s;
}

// --- making: recording and keeping

static void put_texts(struct vouch_buf *details, const char *name, struct vouch_text_list list) {
    for (size_t i = 0; i < list.count; i++) {
        vouch_record_detail_put(details, name, list.items[i]);
    }
}

static int note(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_access *access, const struct vouch_answer_ticket_new *answer,
                struct vouch_fault *fault) {
    struct vouch_buf details;
    char expires[VOUCH_TIME_TEXT_MAX], ttl[24];
    vouch_time_utc(answer->expires_s, expires);
    (void)snprintf(ttl, sizeof ttl, "%" PRIu64, answer->ttl_s);
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "expires", vouch_bytes_of(expires));
    vouch_record_detail_put(&details, "zone", access->ask->zone);
    put_texts(&details, "role", answer->roles);
    put_texts(&details, "principal", answer->principals);
    vouch_record_detail_put(&details, "ttl", vouch_bytes_of(ttl));
    vouch_record_detail_put(&details, "reason", access->ask->reason);
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    return vouch_people_note(authority, access->who->actor, VOUCH_EVENT_TICKET_NEW,
                             access->who->user, &details, fault);
}

static int put_ticket(struct vouch_local *authority, const struct vouch_store_ticket *ticket,
                      const uint8_t *hash, uint64_t *ret_id, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ticket_add(office->desk, ticket, hash, &outcome, ret_id, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_internal,
                               "authority: a new secret is that of another ticket");
    }
    return err;
}

static int keep(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_access *access, struct vouch_store_ticket *ticket,
                struct vouch_answer_ticket_new *answer, struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    const struct vouch_policy_grant *grant = &access->decision.grant;
    struct vouch_arena *arena = &authority->arena;
    answer->ttl_s = grant->ttl_s;
    answer->expires_s = ticket->expires_s;
    answer->address = vouch_bytes_of(authority->office->address);
    if (vouch_texts_keep(arena, access->roles.items, access->roles.count, TEXTS_MAX,
                         &answer->roles) != VOUCH_OK ||
        vouch_texts_keep(arena, grant->principals, grant->principal_count, TEXTS_MAX,
                         &answer->principals) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    int err = vouch_shown_new(authority, VOUCH_TICKET_PREFIX, &answer->secret, hash, fault);
    if (err == VOUCH_OK) {
        err = note(authority, caller, access, answer, fault);
    }
    return err == VOUCH_OK ? put_ticket(authority, ticket, hash, &answer->id, fault) : err;
}

static int make(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_access *access, struct vouch_answer_ticket_new *answer,
                struct vouch_fault *fault) {
    struct vouch_buf ask, granted;
    uint64_t now_s = vouch_time_now_s();
    vouch_buf_init(&ask, VOUCH_STORE_TICKET_BYTES_MAX);
    vouch_buf_init(&granted, VOUCH_STORE_TICKET_BYTES_MAX);
    vouch_request_put_ask(access, access->decision.grant.ttl_s, &ask);
    vouch_request_put_grant(&access->decision.grant, &granted);
    struct vouch_store_ticket ticket = {.account = access->who->account_id,
                                        .session = access->who->session_id,
                                        .created_s = now_s,
                                        .expires_s = end_of(access, now_s),
                                        .ask = vouch_buf_bytes(&ask),
                                        .granted = vouch_buf_bytes(&granted)};
    int err = VOUCH_OK;
    if (ask.err == VOUCH_ERR_LIMIT || granted.err == VOUCH_ERR_LIMIT) {
        vouch_reply_set(&answer->reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, NULL,
                        "the request as a whole is too long");
    } else if (ask.err != VOUCH_OK || granted.err != VOUCH_OK) {
        err = vouch_no_memory(fault);
    } else {
        err = keep(authority, caller, access, &ticket, answer, fault);
    }
    vouch_buf_done(&ask);
    vouch_buf_done(&granted);
    return err;
}

static int decide_and_make(struct vouch_local *authority, const struct vouch_caller *caller,
                           struct vouch_access *access, struct vouch_answer_ticket_new *answer,
                           struct vouch_fault *fault) {
    struct vouch_decision decision = {0};
    struct vouch_reply *reply = &answer->reply;
    int err = decide(authority, caller, access, &decision, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    *reply = decision.reply;
    judge(access, reply);
    if (reply->verdict == VOUCH_VERDICT_REFUSED) {
        return vouch_refusal_note(authority, caller, access->who, access->ask->zone, reply, fault);
    }
    return reply->verdict == VOUCH_VERDICT_DONE ? make(authority, caller, access, answer, fault)
                                                : VOUCH_OK;
}

int vouch_local_ticket_new(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_access *ask,
                           struct vouch_answer_ticket_new *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_user(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    struct vouch_access access = {.ask = ask, .who = &who};
    access.policy = vouch_policy_hold(authority, &access.version);
    err = decide_and_make(authority, caller, &access, ret_answer, fault);
    vouch_policy_release(authority, access.policy);
    return err;
}

// --- looking

static void no_ticket(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_ticket, "ticket", "%s", why);
}

static enum vouch_ticket_state state_of(const struct vouch_store_ticket *ticket) {
    if (ticket->state == VOUCH_STORE_TICKET_USED) {
        return VOUCH_TICKET_USED;
    }
    return vouch_time_now_s() < ticket->expires_s ? VOUCH_TICKET_WAITING : VOUCH_TICKET_OVER;
}

int vouch_local_ticket(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_ticket *ask, struct vouch_answer_ticket *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_ticket ticket = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_store_ticket_by_id(vouch_lease(authority), ask->id, &authority->arena, &outcome,
                                   &ticket, fault);
    vouch_lease_end(authority);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE || who.account_id == 0 || ticket.account != who.account_id) {
        no_ticket(reply, "there is no one-time link of that number that is yours; a newer one may "
                         "have taken its place");
        return VOUCH_OK;
    }
    ret_answer->state = state_of(&ticket);
    ret_answer->expires_s = ticket.expires_s;
    ret_answer->used_s = ticket.used_s;
    ret_answer->source = ticket.source;
    ret_answer->serial = ticket.serial;
    return VOUCH_OK;
}

// --- using

// Its secret cannot be guessed, so no tries are counted.
static int find(struct vouch_local *authority, struct vouch_bytes secret,
                struct vouch_store_ticket *ret_ticket, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_hash_of(authority, secret, hash, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ticket_by_secret(vouch_lease(authority), hash, &authority->arena,
                                           &outcome, ret_ticket, fault);
    }
    vouch_lease_end(authority);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        no_ticket(reply, "the link is unknown, or a newer one was made");
    } else if (err == VOUCH_OK && state_of(ret_ticket) == VOUCH_TICKET_USED) {
        no_ticket(reply, "the link was used already");
    } else if (err == VOUCH_OK && state_of(ret_ticket) != VOUCH_TICKET_WAITING) {
        no_ticket(reply, "the link has expired");
    } else if (err == VOUCH_OK) {
        vouch_reply_done(reply);
    }
    return err;
}

// Whoever brings it stands for who made it, as that one's session stands now.
static int come(struct vouch_local *authority, const struct vouch_store_ticket *ticket,
                struct vouch_who *who, struct vouch_reply *reply, struct vouch_fault *fault) {
    char evidence[sizeof "link:" + VOUCH_STORE_SESSION_METHODS_MAX];
    struct vouch_reply came = {0};
    int err = vouch_come_by_ticket(authority, ticket->session, who, &came, fault);
    vouch_lease_end(authority);
    vouch_standing_end(authority);
    if (err != VOUCH_OK) {
        return err;
    }
    if (came.verdict != VOUCH_VERDICT_DONE || who->account_id != ticket->account) {
        no_ticket(reply, "the session in which the link was made has ended, or its user may not "
                         "sign in any more");
        return VOUCH_OK;
    }
    (void)snprintf(evidence, sizeof evidence, "link:%.*s", VOUCH_REPLY_TEXT(who->methods));
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(evidence), &who->evidence) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int issue(struct vouch_local *authority, const struct vouch_caller *caller,
                 struct vouch_who *who, const struct vouch_store_ticket *ticket,
                 struct vouch_bytes key, struct vouch_answer_cert *ret_answer,
                 struct vouch_fault *fault) {
    struct vouch_ask_access asked;
    struct vouch_store_request kept = {.id = ticket->id, .ask = ticket->ask};
    int err = vouch_request_ask(authority, &kept, &asked, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_access access = {.ask = &asked, .ticket = ticket, .who = who};
    access.policy = vouch_policy_hold(authority, &access.version);
    const struct vouch_job job = {.caller = caller, .who = who, .access = &access, .key = key};
    err = vouch_issue(authority, &job, ret_answer, fault);
    vouch_policy_release(authority, access.policy);
    return err;
}

int vouch_local_ticket_use(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_ticket_use *ask,
                           struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_store_ticket ticket = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    if (!vouch_caller_is_plain(caller, reply)) {
        return VOUCH_OK;
    }
    int err = find(authority, ask->secret, &ticket, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = come(authority, &ticket, &who, reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? issue(authority, caller, &who, &ticket, ask->key, ret_answer, fault)
               : err;
}

// --- while it is signed

int vouch_ticket_take(struct vouch_local *authority, const struct vouch_store_ticket *ticket,
                      const struct vouch_caller *caller, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ticket_use(office->desk, ticket->id, vouch_time_now_s(), caller->source,
                                     &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        no_ticket(reply, "the link was used or has ended just now");
    }
    return err;
}

void vouch_ticket_taken(struct vouch_local *authority, const struct vouch_store_ticket *ticket,
                        enum vouch_once_end end, uint64_t serial) {
    struct vouch_office *office = authority->office;
    struct vouch_fault fault = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    if (end == VOUCH_ONCE_UNKNOWN) {
        return;
    }
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, &fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ticket_end(office->desk, ticket->id,
                                     end == VOUCH_ONCE_RECORD ? VOUCH_STORE_TICKET_USED
                                                              : VOUCH_STORE_TICKET_WAITING,
                                     end == VOUCH_ONCE_RECORD ? serial : 0, &outcome, &fault);
        err = vouch_store_work_end(office->desk, err, outcome, &fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err != VOUCH_OK && office->report != NULL) {
        office->report(&fault);
    }
}
