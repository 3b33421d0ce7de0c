// SPDX-License-Identifier: ISC
// The passkeys of an account: added and removed by who is signed in, and listed.
#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/passkey.h"
#include "authority/session.h"
#include "base/str.h"
#include "base/time.h"

static struct vouch_passkey_row row_of(const struct vouch_store_passkey *passkey) {
    struct vouch_passkey_row row = {.id = passkey->id,
                                    .name = passkey->name,
                                    .credential = passkey->credential,
                                    .may_back_up = passkey->backup & 1,
                                    .backed_up = passkey->backup >> 1 & 1,
                                    .created_s = passkey->created_s,
                                    .used_s = passkey->used_s};
    memcpy(row.aaguid, passkey->aaguid, sizeof row.aaguid);
    return row;
}

// --- adding

static int keep(struct vouch_local *authority, const struct vouch_store_passkey *passkey,
                struct vouch_store_passkey *ret_kept, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT, found = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_passkey_add(office->desk, passkey, &outcome, fault);
        if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
            err = vouch_store_passkey_find(office->desk, passkey->credential, &authority->arena,
                                           &found, ret_kept, fault);
        }
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_passkey_taken(reply);
    }
    return err;
}

int vouch_local_passkey_add(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_passkey_add *ask,
                            struct vouch_answer_passkey *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_person person;
    struct vouch_store_passkey passkey = {0}, kept = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    vouch_lease_end(authority);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_challenge wanted = {
        .purpose = VOUCH_PASSKEY_FOR_NEW, .account = person.account.id, .session = who.session_id};
    err = vouch_passkey_judge_new(authority, &ask->passkey, &wanted, &passkey, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        passkey.user = who.user;
        err = vouch_passkey_note(authority, caller, who.actor, VOUCH_EVENT_ACCOUNT_PASSKEY,
                                 &passkey, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = keep(authority, &passkey, &kept, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->row = row_of(&kept);
    }
    return err;
}

// --- whose

static void nobody(struct vouch_reply *reply, struct vouch_bytes user) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "user",
                    "there is no user %.*s whose passkeys are yours to see",
                    VOUCH_REPLY_TEXT(user));
}

// The caller, or the user that an administrator names.
static int find_owner(struct vouch_local *authority, const struct vouch_caller *caller,
                      struct vouch_bytes user, struct vouch_who *who,
                      struct vouch_store_account *ret_account, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_ADMIN, who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_bytes name = user.len > 0 ? user : who->user;
    int is_own = who->user.len > 0 && vouch_bytes_equal(name, who->user);
    if (name.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "user",
                        "user must be given by whoever is not signed in themselves");
        return VOUCH_OK;
    }
    if (!is_own && !vouch_who_may(who, VOUCH_MAY_ADMIN)) {
        nobody(reply, name);
        return VOUCH_OK;
    }
    err = vouch_store_account_find(vouch_lease(authority), name, &authority->arena, &outcome,
                                   ret_account, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        nobody(reply, name);
    }
    return err;
}

// --- listing

// There are few, so a page is cut from all of them: the cursor is the ID of the last one that was seen.
static int put_rows(struct vouch_local *authority, const struct vouch_store_passkeys *found,
                    uint64_t after, const struct vouch_ask_page *page,
                    struct vouch_answer_passkeys *answer, struct vouch_fault *fault) {
    uint64_t limit = page->limit > 0 ? page->limit : VOUCH_STORE_PASSKEYS_MAX;
    char next[24];
    answer->rows = vouch_arena_alloc(&authority->arena, (found->count + 1) * sizeof *answer->rows);
    if (answer->rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < found->count; i++) {
        if (found->rows[i].id <= after) {
            continue;
        }
        if (answer->count == limit) {
            (void)snprintf(next, sizeof next, "%" PRIu64, answer->rows[answer->count - 1].id);
            return vouch_arena_copy(&authority->arena, vouch_bytes_of(next), &answer->next) ==
                           VOUCH_OK
                       ? VOUCH_OK
                       : vouch_no_memory(fault);
        }
        answer->rows[answer->count++] = row_of(&found->rows[i]);
    }
    return VOUCH_OK;
}

int vouch_local_passkeys(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_passkeys *ask,
                         struct vouch_answer_passkeys *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_account account;
    struct vouch_store_passkeys found;
    struct vouch_reply *reply = &ret_answer->reply;
    uint64_t after = 0;
    int err = find_owner(authority, caller, ask->user, &who, &account, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->page.cursor.len > 0 && vouch_str_to_u64(ask->page.cursor, &after) != VOUCH_OK) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_input, "cursor",
                        "cursor is none of a page of passkeys");
        return VOUCH_OK;
    }
    err = vouch_store_passkeys_of(vouch_lease(authority), account.id, &authority->arena, &found,
                                  fault);
    vouch_lease_end(authority);
    return err == VOUCH_OK ? put_rows(authority, &found, after, &ask->page, ret_answer, fault)
                           : err;
}

// --- removing

struct removal {
    const struct vouch_caller *caller;
    const struct vouch_who *who;
    uint64_t account;
    uint64_t id;
    int is_own;
    struct vouch_store_passkey passkey;
};

// An administrator takes away a stolen one, whatever is left; its owner would lock themselves out.
static int judge(struct vouch_local *authority, struct removal *removal, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    struct vouch_store_passkeys all;
    struct vouch_store_credentials kept;
    struct vouch_store *desk = authority->office->desk;
    int err = vouch_store_passkeys_of(desk, removal->account, &authority->arena, &all, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_credentials(desk, removal->account, &authority->arena, &kept, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    size_t at = 0;
    while (at < all.count && all.rows[at].id != removal->id) {
        at++;
    }
    if (at == all.count) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                        "there is no passkey %" PRIu64 " of that user", removal->id);
    } else if (removal->is_own && all.count == 1 && kept.of[VOUCH_STORE_TOTP].stored.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_passkey_last, "id",
                        "it is the last second factor of the account");
    } else {
        removal->passkey = all.rows[at];
    }
    return VOUCH_OK;
}

static int remove_one(struct vouch_local *authority, struct removal *removal,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = judge(authority, removal, reply, fault);
        if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
            err = vouch_store_passkey_remove(office->desk, removal->account, removal->id, &outcome,
                                             fault);
        }
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_passkey_remove(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_passkey_remove *ask,
                               struct vouch_answer_passkey *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_account account;
    struct vouch_reply *reply = &ret_answer->reply;
    struct removal removal = {.caller = caller, .who = &who, .id = ask->id};
    int err = find_owner(authority, caller, ask->user, &who, &account, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    removal.account = account.id;
    removal.is_own = who.user.len > 0 && vouch_bytes_equal(who.user, account.name);
    err = remove_one(authority, &removal, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_passkey_note(authority, caller, who.actor, VOUCH_EVENT_ACCOUNT_PASSKEY_REMOVE,
                                 &removal.passkey, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->row = row_of(&removal.passkey);
    }
    return err;
}
