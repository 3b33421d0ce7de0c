// SPDX-License-Identifier: ISC
// What an enrolled host must install: each login with the principals that it accepts, by the policy in
// force, and which revocation list and trust bundle there are.
//
// The version is that of the content: it is the same number as long as that is the same, whatever
// happens to the policy elsewhere.
#include "authority/access.h"
#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/time.h"
#include "policy/host-logins.h"
#include "store/host-reports.h"

#define CONTENT_MAX (32u * 1024 * 1024)

static int copy_all(struct vouch_arena *arena, const struct vouch_policy_accept *from,
                    struct vouch_host_principal *to) {
    int err = vouch_arena_copy(arena, from->principal, &to->principal);
    return err == VOUCH_OK ? vouch_arena_copy(arena, from->why, &to->why) : err;
}

static int put_login(struct vouch_arena *arena, const struct vouch_policy_host_login *login,
                     struct vouch_host_login *row) {
    struct vouch_host_principal *principals =
        vouch_arena_alloc(arena, (login->count + 1) * sizeof *principals);
    int err = principals != NULL ? vouch_arena_copy(arena, login->login, &row->login)
                                 : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < login->count; i++) {
        err = copy_all(arena, &login->accepts[i], &principals[i]);
    }
    row->principals = principals;
    row->principal_count = login->count;
    return err;
}

static int put_logins(struct vouch_arena *arena, const struct vouch_policy_host_logins *logins,
                      struct vouch_answer_host_state *answer) {
    struct vouch_host_login *rows = vouch_arena_alloc(arena, (logins->count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < logins->count; i++) {
        err = put_login(arena, &logins->items[i], &rows[i]);
    }
    answer->logins = rows;
    answer->login_count = logins->count;
    return err;
}

// By the policy in force. A host that is not in it (its zone is gone) has no login.
static int put_content(struct vouch_local *authority, const struct vouch_store_host *host,
                       struct vouch_answer_host_state *answer, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena scratch = {0};
    struct vouch_policy_host_logins logins = {0};
    uint64_t version = 0;
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    int err =
        policy == NULL ? VOUCH_OK : vouch_policy_host_logins(policy, host->name, &scratch, &logins);
    answer->name = host->name;
    answer->zone = host->zone;
    answer->by_login = logins.host != NULL && logins.principals == VOUCH_POLICY_BY_LOGIN;
    if (err == VOUCH_OK && logins.host != NULL) {
        err = vouch_arena_copy(&authority->arena, logins.host->zone, &answer->zone);
    }
    if (err == VOUCH_OK && !answer->by_login) {
        err = put_logins(&authority->arena, &logins, answer);
    }
    vouch_policy_release(authority, policy);
    if (err == VOUCH_ERR_LIMIT) {
        return vouch_fault_set(fault, err, &vouch_fault_host_state,
                               "host %.*s: the policy gives it more than %u logins",
                               VOUCH_REPLY_TEXT(host->name), VOUCH_POLICY_HOST_LOGINS_MAX);
    }
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

// --- its version

static void write_login(struct vouch_buf *out, const struct vouch_host_login *login) {
    vouch_write_string(out, login->login);
    vouch_write_u64(out, login->principal_count);
    for (size_t i = 0; i < login->principal_count; i++) {
        vouch_write_string(out, login->principals[i].principal);
        vouch_write_string(out, login->principals[i].why);
    }
}

static int hash_content(struct vouch_local *authority, const struct vouch_answer_host_state *answer,
                        uint8_t ret_hash[static VOUCH_STORE_HASH_LEN], struct vouch_fault *fault) {
    struct vouch_buf content;
    vouch_buf_init(&content, CONTENT_MAX);
    vouch_write_string(&content, answer->name);
    vouch_write_string(&content, answer->zone);
    vouch_write_u64(&content, answer->by_login);
    for (size_t i = 0; i < answer->login_count; i++) {
        write_login(&content, &answer->logins[i]);
    }
    int err = content.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_hash_of(authority, vouch_buf_bytes(&content), ret_hash, fault);
    vouch_buf_done(&content);
    return err;
}

static int write_version(struct vouch_office *office, uint64_t host, const uint8_t *hash,
                         uint64_t *ret_version, struct vouch_fault *fault) {
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_given_put(office->desk, host, hash, vouch_time_now_ms(), ret_version,
                                         fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// Nothing is written while the content is what it was, which is nearly always.
static int give_version(struct vouch_local *authority, uint64_t host,
                        struct vouch_answer_host_state *answer, struct vouch_fault *fault) {
    struct vouch_store_host_given given = {0};
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    int err = hash_content(authority, answer, hash, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_given_find(vouch_lease(authority), host, &given, fault);
        vouch_lease_end(authority);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (given.version != 0 && memcmp(given.hash, hash, sizeof hash) == 0) {
        answer->version = given.version;
        return VOUCH_OK;
    }
    return write_version(authority->office, host, hash, &answer->version, fault);
}

int vouch_local_host_state(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_host_state *ask,
                           struct vouch_answer_host_state *ret_answer, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_store_host host = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_host(authority, caller, &host, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = put_content(authority, &host, ret_answer, fault);
    if (err == VOUCH_OK) {
        err = give_version(authority, host.id, ret_answer, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (ret_answer->version == ask->have) {
        ret_answer->logins = NULL;
        ret_answer->login_count = 0;
    }
    pthread_mutex_lock(&office->public_lock);
    ret_answer->krl_version = office->krls[0].version;
    ret_answer->trust_version = office->trust_version;
    pthread_mutex_unlock(&office->public_lock);
    ret_answer->renew = host.renew;
    ret_answer->generation = host.used_generation;
    return VOUCH_OK;
}
