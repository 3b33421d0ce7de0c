// SPDX-License-Identifier: ISC
// API tokens: made, listed, disabled. What widens is recorded before it holds, what narrows is done
// before it is recorded.
#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "base/time.h"

#define TTL_DEFAULT_S (UINT64_C(30) * 86400)
#define TTL_MAX_S (UINT64_C(400) * 86400)
#define DETAILS_MAX 8192

static void invalid(struct vouch_reply *reply, const char *field, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s %s", field, why);
}

// --- making

static int judge(const struct vouch_ask_token_new *ask, struct vouch_reply *reply) {
    unsigned bits = 0;
    for (size_t i = 0; i < ask->scopes.count; i++) {
        enum vouch_scope scope = vouch_scope_of(ask->scopes.items[i]);
        if (scope == VOUCH_MAY_NOTHING || (bits & (unsigned)scope) != 0) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "scopes",
                            "scopes: %.*s is no scope, or is named twice",
                            VOUCH_REPLY_TEXT(ask->scopes.items[i]));
            return 0;
        }
        bits |= (unsigned)scope;
    }
    if (!vouch_name_is(ask->name)) {
        invalid(reply, "name", "must be 1 to 64 of a-z A-Z 0-9 . _ - and not begin with . or -");
    } else if (bits == 0) {
        invalid(reply, "scopes", "must name at least one");
    } else if ((bits & VOUCH_MAY_ISSUE) != 0 && ask->profile.len == 0) {
        invalid(reply, "profile", "must be given for the scope " VOUCH_SCOPE_CERT_ISSUE);
    } else if (ask->profile.len > 0 && !vouch_name_is(ask->profile)) {
        invalid(reply, "profile", "is not the name of one");
    } else if (ask->ttl_s > TTL_MAX_S) {
        invalid(reply, "ttl_s", "must be at most 400 days");
    } else {
        return 1;
    }
    return 0;
}

static void put_list(struct vouch_buf *details, const char *name,
                     const struct vouch_text_list *list) {
    struct vouch_buf joined;
    vouch_buf_init(&joined, DETAILS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        vouch_buf_put_text(&joined, i > 0 ? "," : "");
        vouch_buf_put(&joined, list->items[i]);
    }
    if (joined.err != VOUCH_OK && details->err == VOUCH_OK) {
        details->err = joined.err;
    }
    vouch_record_detail_put(details, name, vouch_buf_bytes(&joined));
    vouch_buf_done(&joined);
}

static int note(struct vouch_local *authority, const struct vouch_who *who, const char *type,
                const struct vouch_store_token *token, struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_signer_noted noted;
    char expires[VOUCH_TIME_TEXT_MAX];
    const struct vouch_text_list scopes = {token->scopes, token->scope_count};
    vouch_buf_init(&details, 2 * DETAILS_MAX);
    vouch_time_utc(token->expires_s, expires);
    put_list(&details, "scopes", &scopes);
    vouch_record_detail_put(&details, "profile", token->profile);
    vouch_record_detail_put(&details, "expires", vouch_bytes_of(expires));
    const struct vouch_signer_event event = {.actor = who->actor,
                                             .type = vouch_bytes_of(type),
                                             .object = token->name,
                                             .details = vouch_buf_bytes(&details)};
    int err = details.err != VOUCH_OK ? vouch_no_memory(fault)
                                      : vouch_seat_note(authority, &event, &noted, fault);
    vouch_buf_done(&details);
    return err;
}

static void taken(struct vouch_reply *reply, struct vouch_bytes name) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_taken, "name",
                    "there is a token %.*s already, or was one", VOUCH_REPLY_TEXT(name));
}

static void no_profile(struct vouch_reply *reply, struct vouch_bytes name) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "profile",
                    "profile: there is no profile %.*s", VOUCH_REPLY_TEXT(name));
}

// Whether the token could be added, so that none is recorded that then is not.
static int look_first(struct vouch_local *authority, const struct vouch_ask_token_new *ask,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_token token;
    struct vouch_store_profile profile;
    enum vouch_store_outcome has_token = VOUCH_STORE_ABSENT;
    enum vouch_store_outcome has_profile = VOUCH_STORE_DONE;
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_token_by_name(office->desk, ask->name, &authority->arena, &has_token,
                                        &token, fault);
    if (err == VOUCH_OK && ask->profile.len > 0) {
        err = vouch_store_profile_find(office->desk, ask->profile, &authority->arena, &has_profile,
                                       &profile, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && has_token == VOUCH_STORE_DONE) {
        taken(reply, ask->name);
    } else if (err == VOUCH_OK && has_profile != VOUCH_STORE_DONE) {
        no_profile(reply, ask->profile);
    }
    return err;
}

static int add(struct vouch_local *authority, const struct vouch_store_token *token,
               struct vouch_answer_token *ret_answer, struct vouch_fault *fault) {
    struct vouch_bytes secret;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_office *office = authority->office;
    int err = vouch_shown_new(authority, VOUCH_TOKEN_PREFIX, &secret, hash, fault);
    if (err == VOUCH_OK) {
        pthread_mutex_lock(&office->desk_lock);
        err = vouch_store_token_add(office->desk, token, hash, &outcome, fault);
        pthread_mutex_unlock(&office->desk_lock);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome == VOUCH_STORE_DONE) {
        ret_answer->row = vouch_token_row_of(token);
        ret_answer->secret = secret;
        vouch_reply_done(&ret_answer->reply);
    } else if (outcome == VOUCH_STORE_ABSENT) {
        no_profile(&ret_answer->reply, token->profile);
    } else {
        taken(&ret_answer->reply, token->name);
    }
    return VOUCH_OK;
}

// The answer outlives the ask.
static int keep_ask(struct vouch_local *authority, const struct vouch_ask_token_new *ask,
                    struct vouch_store_token *token) {
    struct vouch_arena *arena = &authority->arena;
    struct vouch_bytes *scopes = vouch_arena_alloc(arena, (ask->scopes.count + 1) * sizeof *scopes);
    int err = scopes != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < ask->scopes.count; i++) {
        err = vouch_arena_copy(arena, ask->scopes.items[i], &scopes[i]);
    }
    token->scopes = scopes;
    token->scope_count = ask->scopes.count;
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(arena, ask->name, &token->name);
    }
    return err == VOUCH_OK ? vouch_arena_copy(arena, ask->profile, &token->profile) : err;
}

int vouch_local_token_new(struct vouch_local *authority, const struct vouch_caller *caller,
                          const struct vouch_ask_token_new *ask,
                          struct vouch_answer_token *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_token token = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply) || !judge(ask, reply)) {
        return err;
    }
    err = look_first(authority, ask, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    *reply = (struct vouch_reply){0};
    token.created_s = vouch_time_now_s();
    token.expires_s = token.created_s + (ask->ttl_s > 0 ? ask->ttl_s : TTL_DEFAULT_S);
    token.actor = who.actor;
    if (keep_ask(authority, ask, &token) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    err = note(authority, &who, "token.new", &token, fault);
    return err == VOUCH_OK ? add(authority, &token, ret_answer, fault) : err;
}

// --- listing and disabling

static int put_tokens(struct vouch_local *authority, struct vouch_store_tokens *page,
                      struct vouch_answer_tokens *answer, struct vouch_fault *fault) {
    vouch_arena_done(&authority->arena);
    authority->arena = page->arena;
    page->arena = (struct vouch_arena){0};
    struct vouch_token_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                         &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = vouch_token_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return VOUCH_OK;
}

int vouch_local_tokens(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_tokens *ask, struct vouch_answer_tokens *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_tokens found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_tokens_list(store, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_tokens(authority, &found, ret_answer, fault);
    vouch_store_tokens_done(&found);
    return err;
}

// Disables, and fetches what it disabled.
static int disable(struct vouch_local *authority, struct vouch_bytes name,
                   struct vouch_store_token *ret_token, enum vouch_store_outcome *ret_outcome,
                   struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome found = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_token_disable(office->desk, name, vouch_time_now_s(), ret_outcome, fault);
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
        err = vouch_store_token_by_name(office->desk, name, &authority->arena, &found, ret_token,
                                        fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_token_disable(struct vouch_local *authority, const struct vouch_caller *caller,
                              const struct vouch_ask_name *ask,
                              struct vouch_answer_token *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_token token = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    if (vouch_name_is(ask->name)) {
        err = disable(authority, ask->name, &token, &outcome, fault);
    }
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "name",
                        "there is no token %.*s that is not disabled", VOUCH_REPLY_TEXT(ask->name));
        return VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        ret_answer->row = vouch_token_row_of(&token);
        err = note(authority, &who, "token.disable", &token, fault);
    }
    return err;
}
