// SPDX-License-Identifier: ISC
// Accounts: listed, and made to follow the policy.
#include "authority/issue.h"
#include "authority/row.h"
#include "authority/session.h"
#include "base/time.h"
#include "policy/rule.h"
#include "store/tries.h"

#define WHY_INACTIVE "user disabled"

// --- listing

static void by_policy(const struct vouch_policy *policy, const struct vouch_store_account *account,
                      struct vouch_account_row *row) {
    const struct vouch_policy_user *user =
        policy != NULL ? vouch_policy_user_named(policy, account->name) : NULL;
    if (user == NULL) {
        return;
    }
    row->login = user->login;
    if (user->login.len == 0 && vouch_policy_login_fault(account->name) == NULL &&
        memchr(account->name.ptr, '@', account->name.len) == NULL) {
        row->login = account->name;
    }
    row->enabled = user->state == VOUCH_POLICY_USER_ENABLED;
    row->until_s = user->until_s;
}

static int put_row(struct vouch_local *authority, struct vouch_store *store,
                   const struct vouch_policy *policy, const struct vouch_store_account *account,
                   struct vouch_account_row *row, struct vouch_fault *fault) {
    struct vouch_bytes tries;
    *row = (struct vouch_account_row){.user = account->name,
                                      .has_password = account->has_password,
                                      .has_totp = account->has_totp,
                                      .recovery_left = account->recovery_left,
                                      .created_s = account->created_s,
                                      .signed_in_s = account->signed_in_s,
                                      .sessions = account->sessions,
                                      .passkeys = account->passkeys};
    by_policy(policy, account, row);
    if (vouch_arena_copy(&authority->arena, row->login, &row->login) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    int err = vouch_person_tries(authority, account->id, &tries, fault);
    return err == VOUCH_OK
               ? vouch_person_is_closed(store, &authority->arena, tries, &row->closed, fault)
               : err;
}

// The page's memory becomes the answer's.
static int put_rows(struct vouch_local *authority, struct vouch_store *store,
                    struct vouch_store_accounts *page, struct vouch_answer_accounts *answer,
                    struct vouch_fault *fault) {
    uint64_t version = 0;
    int err = VOUCH_OK;
    vouch_arena_adopt(authority, &page->arena);
    answer->rows = vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *answer->rows);
    if (answer->rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                                 &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        err = put_row(authority, store, policy, &page->rows[i], &answer->rows[i], fault);
    }
    vouch_policy_release(authority, policy);
    answer->count = page->count;
    return err;
}

// A page of one, which may be empty.
static int find_one(struct vouch_store *store, struct vouch_bytes user,
                    struct vouch_store_accounts *ret_page, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    ret_page->rows = vouch_arena_alloc(&ret_page->arena, sizeof *ret_page->rows);
    if (ret_page->rows == NULL) {
        return vouch_no_memory(fault);
    }
    int err =
        vouch_store_account_find(store, user, &ret_page->arena, &outcome, ret_page->rows, fault);
    ret_page->count = err == VOUCH_OK && outcome == VOUCH_STORE_DONE ? 1 : 0;
    return err;
}

int vouch_local_accounts(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_accounts *ask,
                         struct vouch_answer_accounts *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_accounts found = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = ask->user.len > 0 ? find_one(store, ask->user, &found, fault)
                            : vouch_store_accounts_list(store, &page, &found, fault);
    if (err == VOUCH_OK) {
        err = put_rows(authority, store, &found, ret_answer, fault);
    } else if (vouch_cursor_is_bad(err, reply, fault)) {
        err = VOUCH_OK;
    }
    vouch_pool_give(&authority->office->slow, store);
    vouch_store_accounts_done(&found);
    return err;
}

// --- following the policy

struct follow {
    const struct vouch_policy_content *users;
    const struct vouch_policy *before;
    const struct vouch_policy *after;
    struct vouch_bytes actor;
    uint64_t now_s;
    struct vouch_store_accounts accounts; // as they are
    uint64_t *ended;                      // of each: sessions that ended
    uint8_t *what;                        // of each
};

enum { FOLLOW_STAYS = 0, FOLLOW_INACTIVE, FOLLOW_GONE };

// Who is inactive by the very same words as before was seen to then. Whose time has passed since was not:
// they were active when those words began to hold.
static uint8_t judge(const struct follow *follow, const struct vouch_store_account *account) {
    const struct vouch_policy_user *after = vouch_policy_user_named(follow->after, account->name);
    const struct vouch_policy_user *before =
        follow->before != NULL ? vouch_policy_user_named(follow->before, account->name) : NULL;
    if (after == NULL) {
        return FOLLOW_GONE;
    }
    if (vouch_policy_user_is_active(after, follow->now_s)) {
        return FOLLOW_STAYS;
    }
    int is_news =
        before == NULL || before->state != after->state || before->until_s != after->until_s;
    return is_news ? FOLLOW_INACTIVE : FOLLOW_STAYS;
}

static int take_accounts(struct vouch_local *authority, struct follow *follow,
                         struct vouch_fault *fault) {
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_accounts_names(store, &follow->accounts, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_arena *arena = &follow->accounts.arena;
    follow->ended = vouch_arena_alloc(arena, (follow->accounts.count + 1) * sizeof(uint64_t));
    follow->what = vouch_arena_alloc(arena, follow->accounts.count + 1);
    if (follow->ended == NULL || follow->what == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < follow->accounts.count; i++) {
        follow->what[i] = judge(follow, &follow->accounts.rows[i]);
    }
    return VOUCH_OK;
}

// Users and accounts are both in the order of their names.
static int add_missing(struct vouch_store *desk, const struct follow *follow,
                       struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = VOUCH_OK;
    size_t at = 0;
    for (size_t i = 0; err == VOUCH_OK && i < follow->users->user_count; i++) {
        struct vouch_bytes name = follow->users->users[i].name;
        while (at < follow->accounts.count &&
               vouch_bytes_compare(follow->accounts.rows[at].name, name) < 0) {
            at++;
        }
        if (at == follow->accounts.count ||
            !vouch_bytes_equal(follow->accounts.rows[at].name, name)) {
            err = vouch_store_account_add(desk, name, follow->now_s, &outcome, fault);
        }
    }
    return err;
}

static int end_all(struct vouch_store *desk, const struct follow *follow,
                   struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < follow->accounts.count; i++) {
        if (follow->what[i] != FOLLOW_STAYS) {
            err = vouch_store_sessions_end(desk, follow->accounts.rows[i].id, 0, &follow->ended[i],
                                           fault);
        }
    }
    return err;
}

static int add_and_end(struct vouch_office *office, const struct follow *follow,
                       struct vouch_fault *fault) {
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = add_missing(office->desk, follow, fault);
        err = err == VOUCH_OK ? end_all(office->desk, follow, fault) : err;
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// All of somebody's certificates that are still valid.
static int revoke_all_of(struct vouch_local *authority, const struct follow *follow,
                         struct vouch_bytes name, struct vouch_fault *fault) {
    uint64_t count = 0;
    struct vouch_revoke_all what = {
        .by = follow->actor, .now_s = follow->now_s, .reason = WHY_INACTIVE};
    int err = vouch_people_actor(authority, name, &what.of, fault);
    err = err == VOUCH_OK ? vouch_revoke_all(authority, &what, &count, fault) : err;
    what.sealed_for = name;
    return err == VOUCH_OK ? vouch_revoke_all(authority, &what, &count, fault) : err;
}

static int note_ended(struct vouch_local *authority, const struct follow *follow, size_t at,
                      struct vouch_fault *fault) {
    const struct vouch_session_event event = {
        .user = follow->accounts.rows[at].name, .count = follow->ended[at], .why = WHY_INACTIVE};
    return event.count > 0 ? vouch_session_note(authority, follow->actor, VOUCH_EVENT_SESSION_END,
                                                &event, fault)
                           : VOUCH_OK;
}

static int revoke_and_note(struct vouch_local *authority, const struct follow *follow,
                           struct vouch_fault *fault) {
    size_t count = 0;
    int err = vouch_index_now(authority, fault); // somebody may have got one a moment ago
    for (size_t i = 0; err == VOUCH_OK && i < follow->accounts.count; i++) {
        if (follow->what[i] == FOLLOW_STAYS) {
            continue;
        }
        count++;
        err = revoke_all_of(authority, follow, follow->accounts.rows[i].name, fault);
        err = err == VOUCH_OK ? note_ended(authority, follow, i, fault) : err;
    }
    return err == VOUCH_OK && count > 0 ? vouch_revoke_publish(authority, fault) : err;
}

static int remove_one(struct vouch_local *authority, uint64_t account, struct vouch_fault *fault) {
    struct vouch_bytes tries;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_person_tries(authority, account, &tries, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_tries_forget(authority->office->desk, tries, fault);
    }
    return err == VOUCH_OK
               ? vouch_store_account_remove(authority->office->desk, account, &outcome, fault)
               : err;
}

// Last: until then whoever comes again finds what is left to do.
static int remove_gone(struct vouch_local *authority, const struct follow *follow,
                       struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        for (size_t i = 0; err == VOUCH_OK && i < follow->accounts.count; i++) {
            if (follow->what[i] == FOLLOW_GONE) {
                err = remove_one(authority, follow->accounts.rows[i].id, fault);
            }
        }
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_accounts_follow(struct vouch_local *authority, const struct vouch_policy *before,
                          const struct vouch_policy *after, struct vouch_bytes actor,
                          struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct follow follow = {.users = vouch_policy_holds(after),
                            .before = before,
                            .after = after,
                            .actor = actor,
                            .now_s = vouch_time_now_s()};
    vouch_lease_end(authority);
    int err = take_accounts(authority, &follow, fault);
    if (err == VOUCH_OK) {
        err = add_and_end(office, &follow, fault);
    }
    if (err == VOUCH_OK) {
        err = revoke_and_note(authority, &follow, fault);
    }
    if (err == VOUCH_OK) {
        err = remove_gone(authority, &follow, fault);
    }
    vouch_store_accounts_done(&follow.accounts);
    return err;
}
