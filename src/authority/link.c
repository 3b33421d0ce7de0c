// SPDX-License-Identifier: ISC
// One-time links, by which a user sets password and second factor: made by an administrator, begun with a
// password, finished with a code of the new second factor, or with a passkey in its place.
#include "authority/issue.h"
#include "authority/passkey.h"
#include "authority/session.h"
#include "base/time.h"
#include "store/links.h"
#include "store/tries.h"

#define TTL_DEFAULT_S (24 * 3600)
#define TTL_MAX_S (UINT64_C(7) * 86400)
#define DETAILS_MAX 4096

// --- making

static int note_link(struct vouch_local *authority, const struct vouch_who *who,
                     const struct vouch_caller *caller, const struct vouch_answer_link *link,
                     struct vouch_fault *fault) {
    struct vouch_buf details;
    char expires[VOUCH_TIME_TEXT_MAX];
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_time_utc(link->expires_s, expires);
    vouch_record_detail_put(&details, "expires", vouch_bytes_of(expires));
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    return vouch_people_note(authority, who->actor, VOUCH_EVENT_ACCOUNT_LINK, link->user, &details,
                             fault);
}

static int put_link(struct vouch_local *authority, const struct vouch_store_link *link,
                    const uint8_t *hash, enum vouch_store_outcome *ret_outcome,
                    struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_link_put(office->desk, link, hash, ret_outcome, fault);
        err = vouch_store_work_end(office->desk, err, *ret_outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static void no_user(struct vouch_reply *reply, struct vouch_bytes user) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_account, "user",
                    "there is no user %.*s in the policy who may sign in", VOUCH_REPLY_TEXT(user));
}

static int is_active(struct vouch_local *authority, struct vouch_bytes name) {
    uint64_t version = 0;
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    int is = vouch_policy_has_active(policy, name, vouch_time_now_s());
    vouch_policy_release(authority, policy);
    return is;
}

static int make_link(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_who *who, const struct vouch_store_account *account,
                     struct vouch_answer_link *ret_answer, struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_store_link link = {
        .account = account->id, .actor = who->actor, .expires_s = ret_answer->expires_s};
    int err = vouch_shown_new(authority, VOUCH_LINK_PREFIX, &ret_answer->secret, hash, fault);
    if (err == VOUCH_OK) {
        err = note_link(authority, who, caller, ret_answer, fault);
    }
    if (err == VOUCH_OK) {
        err = put_link(authority, &link, hash, &outcome, fault);
    }
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        no_user(&ret_answer->reply, account->name);
    }
    return err;
}

int vouch_local_link_new(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_link_new *ask, struct vouch_answer_link *ret_answer,
                         struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_account account;
    struct vouch_reply *reply = &ret_answer->reply;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t now_s = vouch_time_now_s();
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, now_s, reply)) {
        return err;
    }
    if (ask->ttl_s > TTL_MAX_S) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "ttl_s",
                        "ttl_s must be at most 7 days");
        return VOUCH_OK;
    }
    err = vouch_store_account_find(vouch_lease(authority), ask->user, &authority->arena, &outcome,
                                   &account, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE || !is_active(authority, account.name)) {
        no_user(reply, ask->user);
        return VOUCH_OK;
    }
    ret_answer->user = account.name;
    ret_answer->name = vouch_bytes_of(authority->office->origin);
    ret_answer->address = vouch_bytes_of(authority->office->address);
    ret_answer->expires_s = now_s + (ask->ttl_s > 0 ? ask->ttl_s : TTL_DEFAULT_S);
    return make_link(authority, caller, &who, &account, ret_answer, fault);
}

// --- using

static void no_link(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_link, "link",
                    "the link is unknown, was used, has expired, or a newer one was made");
}

// Who has a link that is good now. Its secret cannot be guessed, so no tries are counted.
static int find_link(struct vouch_local *authority, const struct vouch_caller *caller,
                     struct vouch_bytes secret, uint8_t *ret_hash,
                     struct vouch_store_link *ret_link, struct vouch_reply *reply,
                     struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    if (!vouch_caller_is_plain(caller, reply)) {
        return VOUCH_OK;
    }
    int err = vouch_hash_of(authority, secret, ret_hash, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_link_find(vouch_lease(authority), ret_hash, &authority->arena, &outcome,
                                    ret_link, fault);
    }
    vouch_lease_end(authority);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome == VOUCH_STORE_DONE && vouch_time_now_s() < ret_link->expires_s &&
        is_active(authority, ret_link->user)) {
        vouch_reply_done(reply);
    } else {
        no_link(reply);
    }
    return VOUCH_OK;
}

int vouch_local_link_show(struct vouch_local *authority, const struct vouch_caller *caller,
                          const struct vouch_ask_link *ask, struct vouch_answer_link *ret_answer,
                          struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_link link;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = find_link(authority, caller, ask->secret, hash, &link, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->user = link.user;
        ret_answer->name = vouch_bytes_of(authority->office->origin);
        ret_answer->expires_s = link.expires_s;
    }
    return err;
}

// --- beginning: a password that will do, and a new secret for an app

struct fresh {
    struct vouch_bytes id; // as identity knows the user
    struct vouch_bytes user;
    struct vouch_bytes password;
    struct vouch_bytes totp;
    struct vouch_bytes uri;
};

static int make_fresh(struct vouch_local *authority, struct vouch_bytes given, struct fresh *fresh,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_identity_answer answer;
    struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSWORD,
                                     .user = fresh->id,
                                     .name = fresh->user,
                                     .issuer = vouch_bytes_of(authority->office->origin),
                                     .given = given};
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_MAKE, &ask, &answer, fault);
    if (err == VOUCH_OK && answer.verdict == VOUCH_IDENTITY_ACCEPTED) {
        fresh->password = answer.stored;
        ask.method = VOUCH_METHOD_TOTP;
        ask.given = (struct vouch_bytes){0};
        err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_MAKE, &ask, &answer, fault);
    }
    if (err == VOUCH_OK && answer.verdict != VOUCH_IDENTITY_ACCEPTED) {
        vouch_identity_refusal_take(&answer, "password", reply);
    } else if (err == VOUCH_OK) {
        fresh->totp = answer.stored;
        fresh->uri = answer.shown;
    }
    return err;
}

static int keep_fresh(struct vouch_local *authority, const uint8_t *hash, const struct fresh *fresh,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_link_begin(office->desk, hash, fresh->password, fresh->totp, &outcome,
                                     fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        no_link(reply);
    }
    return err;
}

// A passkey can be made for this link alone. Where there can be none, there is no question.
static struct vouch_challenge challenge_of(const struct vouch_store_link *link,
                                           const uint8_t *hash) {
    struct vouch_challenge challenge = {.purpose = VOUCH_PASSKEY_FOR_SETUP,
                                        .account = link->account};
    memcpy(challenge.about, hash, sizeof challenge.about);
    return challenge;
}

static int ask_passkey(struct vouch_local *authority, const struct vouch_store_link *link,
                       const uint8_t *hash, struct vouch_passkey_question *ret_question,
                       struct vouch_fault *fault) {
    struct vouch_challenge challenge = challenge_of(link, hash);
    int err = vouch_passkey_question_make(authority, &challenge, ret_question, fault);
    if (err == VOUCH_OK) {
        ret_question->user = link->user;
    }
    return err;
}

int vouch_local_account_begin(struct vouch_local *authority, const struct vouch_caller *caller,
                              const struct vouch_ask_account_begin *ask,
                              struct vouch_answer_account_begin *ret_answer,
                              struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_link link;
    struct fresh fresh = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = find_link(authority, caller, ask->secret, hash, &link, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    fresh.user = link.user;
    err = vouch_person_id(authority, link.account, &fresh.id, fault);
    if (err == VOUCH_OK) {
        err = make_fresh(authority, ask->password, &fresh, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = keep_fresh(authority, hash, &fresh, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->user = link.user;
        ret_answer->uri = fresh.uri;
        err = ask_passkey(authority, &link, hash, &ret_answer->question, fault);
    }
    return err;
}

// --- finishing: a code proves that the app has the secret

struct finish {
    const struct vouch_store_link *link;
    const uint8_t *hash;
    struct vouch_bytes tries;
    struct vouch_store_credential totp; // or nothing, and:
    struct vouch_store_passkey passkey;
    struct vouch_store_credential recovery;
    uint64_t ended; // sessions
};

static int keep_credentials(struct vouch_store *desk, const struct finish *finish,
                            enum vouch_store_outcome *outcome, struct vouch_fault *fault) {
    const struct vouch_store_credential password = {.stored = finish->link->password};
    const struct {
        enum vouch_store_method method;
        const struct vouch_store_credential *credential;
    } rows[] = {{VOUCH_STORE_PASSWORD, &password},
                {VOUCH_STORE_TOTP, &finish->totp},
                {VOUCH_STORE_RECOVERY, &finish->recovery}};
    // What was kept before is what was lost.
    int err = vouch_store_credentials_remove(desk, finish->link->account, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_passkeys_remove(desk, finish->link->account, fault);
    }
    for (size_t i = 0; err == VOUCH_OK && *outcome == VOUCH_STORE_DONE && i < 3; i++) {
        if (rows[i].credential->stored.len > 0) {
            err = vouch_store_credential_put(desk, finish->link->account, rows[i].method,
                                             rows[i].credential, outcome, fault);
        }
    }
    return err == VOUCH_OK && *outcome == VOUCH_STORE_DONE && finish->passkey.account != 0
               ? vouch_store_passkey_add(desk, &finish->passkey, outcome, fault)
               : err;
}

static int keep_finish(struct vouch_store *desk, struct finish *finish,
                       enum vouch_store_outcome *outcome, struct vouch_fault *fault) {
    int err = vouch_store_link_take(desk, finish->hash, finish->link->totp, outcome, fault);
    if (err == VOUCH_OK && *outcome == VOUCH_STORE_DONE) {
        err = keep_credentials(desk, finish, outcome, fault);
    }
    if (err == VOUCH_OK && *outcome == VOUCH_STORE_DONE) {
        err = vouch_store_sessions_end(desk, finish->link->account, 0, &finish->ended, fault);
    }
    return err == VOUCH_OK && *outcome == VOUCH_STORE_DONE
               ? vouch_store_tries_forget(desk, finish->tries, fault)
               : err;
}

static int settle(struct vouch_local *authority, struct finish *finish, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = keep_finish(office->desk, finish, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_TAKEN) {
        vouch_passkey_taken(reply);
    } else if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        no_link(reply);
    }
    return err;
}

static int check_code(struct vouch_local *authority, const struct vouch_store_link *link,
                      struct vouch_bytes id, struct vouch_bytes code, struct finish *finish,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_identity_answer answer;
    const struct vouch_identity_ask ask = {.method = VOUCH_METHOD_TOTP,
                                           .user = id,
                                           .name = link->user,
                                           .stored = link->totp,
                                           .time_s = vouch_time_now_s(),
                                           .given = code};
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_CHECK, &ask, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (answer.verdict != VOUCH_IDENTITY_ACCEPTED) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_sign_in, "code",
                        "the code is not the one that the app shows now for this server: look at "
                        "its clock, then try again");
    }
    finish->totp = (struct vouch_store_credential){.stored = link->totp, .step = answer.step};
    return VOUCH_OK;
}

// The app's secret that the link had made is dropped.
static int check_passkey(struct vouch_local *authority, const struct vouch_passkey_new *made,
                         struct finish *finish, struct vouch_reply *reply,
                         struct vouch_fault *fault) {
    const struct vouch_challenge wanted = challenge_of(finish->link, finish->hash);
    int err = vouch_passkey_judge_new(authority, made, &wanted, &finish->passkey, reply, fault);
    finish->passkey.user = finish->link->user;
    return err;
}

static int make_codes(struct vouch_local *authority, const struct vouch_store_link *link,
                      struct vouch_bytes id, struct finish *finish,
                      struct vouch_answer_codes *ret_answer, struct vouch_fault *fault) {
    struct vouch_identity_answer answer;
    const struct vouch_identity_ask ask = {
        .method = VOUCH_METHOD_RECOVERY, .user = id, .name = link->user};
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_MAKE, &ask, &answer, fault);
    if (err == VOUCH_OK && answer.verdict != VOUCH_IDENTITY_ACCEPTED) {
        vouch_identity_refusal_take(&answer, "code", &ret_answer->reply);
        return VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        finish->recovery =
            (struct vouch_store_credential){.stored = answer.stored, .left = answer.left};
        err = vouch_codes_put(authority, answer.shown, ret_answer, fault);
    }
    return err;
}

static int note_setup(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_store_link *link, struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_bytes actor;
    int err = vouch_people_actor(authority, link->user, &actor, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "link-by", link->actor);
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    return vouch_people_note(authority, actor, VOUCH_EVENT_ACCOUNT_SETUP, link->user, &details,
                             fault);
}

static int note_passkey(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct finish *finish, struct vouch_fault *fault) {
    struct vouch_bytes actor;
    int err = vouch_people_actor(authority, finish->link->user, &actor, fault);
    return err == VOUCH_OK
               ? vouch_passkey_note(authority, caller, actor, VOUCH_EVENT_ACCOUNT_PASSKEY,
                                    &finish->passkey, fault)
               : err;
}

static int finish_link(struct vouch_local *authority, const struct vouch_caller *caller,
                       struct finish *finish, const struct vouch_ask_account_finish *ask,
                       struct vouch_answer_codes *ret_answer, struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_answer->reply;
    const struct vouch_store_link *link = finish->link;
    struct vouch_bytes id;
    int err = vouch_person_id(authority, link->account, &id, fault);
    if (err == VOUCH_OK) {
        err = vouch_person_tries(authority, link->account, &finish->tries, fault);
    }
    if (err == VOUCH_OK) {
        err = ask->factor == VOUCH_FACTOR_PASSKEY
                  ? check_passkey(authority, &ask->passkey, finish, reply, fault)
                  : check_code(authority, link, id, ask->code, finish, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = make_codes(authority, link, id, finish, ret_answer, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = note_setup(authority, caller, link, fault);
        if (err == VOUCH_OK && finish->passkey.account != 0) {
            err = note_passkey(authority, caller, finish, fault);
        }
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? settle(authority, finish, reply, fault)
               : err;
}

int vouch_local_account_finish(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_account_finish *ask,
                               struct vouch_answer_codes *ret_answer, struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_link link;
    struct finish finish = {.link = &link, .hash = hash};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = find_link(authority, caller, ask->secret, hash, &link, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (link.totp.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_link, "link",
                        "a password has to be given first, and the secret be taken into an app");
        return VOUCH_OK;
    }
    ret_answer->user = link.user;
    return finish_link(authority, caller, &finish, ask, ret_answer, fault);
}
