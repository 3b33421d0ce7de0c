// SPDX-License-Identifier: ISC
// Tokens that enrol hosts: made, listed, removed. What widens is recorded before it holds, what narrows
// is done before it is recorded.
#include <inttypes.h>
#include <stdio.h>

#include "authority/fleet.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "base/time.h"
#include "policy/rule.h"

#define TTL_DEFAULT_S 3600
#define TTL_ONE_MAX_S 3600
#define TTL_MANY_MAX_S (UINT64_C(30) * 86400)
#define NETWORKS_MAX 64
#define DETAILS_MAX 16384

static void invalid(struct vouch_reply *reply, const char *field, struct vouch_bytes text,
                    const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s: %.*s %s", field,
                    VOUCH_REPLY_TEXT(text), why);
}

// --- making

// A name is held to its rules; a pattern to those of zones.
static const char *match_fault(struct vouch_bytes match) {
    int is_pattern = match.len > 0 && (memchr(match.ptr, '*', match.len) != NULL ||
                                       memchr(match.ptr, '?', match.len) != NULL);
    return is_pattern ? vouch_policy_pattern_fault(match) : vouch_host_name_fault(match);
}

static int judge_lists(const struct vouch_ask_host_token_new *ask, struct vouch_reply *reply) {
    struct vouch_bytes wrong = {0};
    const char *why = vouch_host_labels_fault(ask->labels.items, ask->labels.count, &wrong);
    if (why != NULL) {
        invalid(reply, "labels", wrong, why);
        return 0;
    }
    if (ask->networks.count > NETWORKS_MAX) {
        invalid(reply, "networks", wrong, "must be at most 64");
        return 0;
    }
    for (size_t i = 0; i < ask->networks.count; i++) {
        why = vouch_policy_source_fault(ask->networks.items[i]);
        if (why != NULL) {
            invalid(reply, "networks", ask->networks.items[i], why);
            return 0;
        }
    }
    return 1;
}

static int judge(const struct vouch_ask_host_token_new *ask, struct vouch_reply *reply) {
    const struct vouch_bytes nothing = {0};
    const uint64_t uses = ask->uses > 0 ? ask->uses : 1;
    const char *why = match_fault(ask->match);
    if (why != NULL) {
        invalid(reply, "match", ask->match, why);
    } else if (uses > VOUCH_STORE_HOST_TOKEN_USES_MAX) {
        invalid(reply, "uses", nothing, "must be at most 10,000");
    } else if (uses == 1 && ask->ttl_s > TTL_ONE_MAX_S) {
        invalid(reply, "ttl_s", nothing, "must be at most 1 hour for a token of one use");
    } else if (ask->ttl_s > TTL_MANY_MAX_S) {
        invalid(reply, "ttl_s", nothing, "must be at most 30 days");
    } else {
        return judge_lists(ask, reply);
    }
    return 0;
}

static int has_zone(struct vouch_local *authority, struct vouch_bytes name) {
    uint64_t version = 0;
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    int has = policy != NULL && vouch_host_zone_named(vouch_policy_holds(policy), name) != NULL;
    vouch_policy_release(authority, policy);
    return has;
}

static void put_texts(struct vouch_buf *details, const char *name, const struct vouch_bytes *items,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        vouch_record_detail_put(details, name, items[i]);
    }
}

static int note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                const struct vouch_store_host_token *token, struct vouch_fault *fault) {
    struct vouch_buf details;
    char text[VOUCH_TIME_TEXT_MAX];
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "zone", token->zone);
    put_texts(&details, "label", token->labels, token->label_count);
    put_texts(&details, "network", token->networks, token->network_count);
    (void)snprintf(text, sizeof text, "%" PRIu64, token->uses);
    vouch_record_detail_put(&details, "uses", vouch_bytes_of(text));
    vouch_time_utc(token->expires_s, text);
    vouch_record_detail_put(&details, "expires", vouch_bytes_of(text));
    return vouch_people_note(authority, actor, type, token->match, &details, fault);
}

// The answer outlives the ask.
static int keep_ask(struct vouch_local *authority, const struct vouch_ask_host_token_new *ask,
                    struct vouch_store_host_token *token) {
    struct vouch_arena *arena = &authority->arena;
    struct vouch_text_list labels, networks;
    int err =
        vouch_texts_keep(arena, ask->labels.items, ask->labels.count, ask->labels.count, &labels);
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, ask->networks.items, ask->networks.count, ask->networks.count,
                               &networks);
    }
    if (err != VOUCH_OK || vouch_arena_copy(arena, ask->match, &token->match) != VOUCH_OK ||
        vouch_arena_copy(arena, ask->zone, &token->zone) != VOUCH_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    token->labels = labels.items;
    token->label_count = labels.count;
    token->networks = networks.items;
    token->network_count = networks.count;
    return VOUCH_OK;
}

static struct vouch_host_token_row row_of(const struct vouch_store_host_token *token) {
    return (struct vouch_host_token_row){.id = token->id,
                                         .match = token->match,
                                         .zone = token->zone,
                                         .labels = {token->labels, token->label_count},
                                         .networks = {token->networks, token->network_count},
                                         .uses = token->uses,
                                         .uses_left = token->uses_left,
                                         .actor = token->actor,
                                         .created_s = token->created_s,
                                         .expires_s = token->expires_s};
}

static int add(struct vouch_local *authority, const struct vouch_store_host_token *token,
               struct vouch_answer_host_token *answer, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_host_token added = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_shown_new(authority, VOUCH_HOST_TOKEN_PREFIX, &answer->secret, hash, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    pthread_mutex_lock(&office->desk_lock);
    err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_token_add(office->desk, token, hash, &outcome, fault);
        if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
            err = vouch_store_host_token_by_secret(office->desk, hash, &authority->arena, &outcome,
                                                   &added, fault);
        }
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        return vouch_fault_set(fault, VOUCH_ERR_CRYPTO, &vouch_fault_internal,
                               "authority: a secret came twice");
    }
    answer->row = row_of(&added);
    return err;
}

int vouch_local_host_token_new(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_host_token_new *ask,
                               struct vouch_answer_host_token *ret_answer,
                               struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_host_token token = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply) || !judge(ask, reply)) {
        return err;
    }
    if (!has_zone(authority, ask->zone)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_zone, "zone",
                        "zone: the policy has no zone %.*s", VOUCH_REPLY_TEXT(ask->zone));
        return VOUCH_OK;
    }
    token.uses = ask->uses > 0 ? ask->uses : 1;
    token.actor = who.actor;
    token.created_s = vouch_time_now_s();
    token.expires_s = token.created_s + (ask->ttl_s > 0 ? ask->ttl_s : TTL_DEFAULT_S);
    if (keep_ask(authority, ask, &token) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    err = note(authority, who.actor, VOUCH_EVENT_HOST_TOKEN, &token, fault);
    ret_answer->name = vouch_bytes_of(authority->office->origin);
    ret_answer->address = vouch_bytes_of(authority->office->address);
    return err == VOUCH_OK ? add(authority, &token, ret_answer, fault) : err;
}

// --- listing and removing

int vouch_local_host_tokens(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_host_tokens *ask,
                            struct vouch_answer_host_tokens *ret_answer,
                            struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_store_host_tokens found = {0};
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_host_tokens_list(store, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    vouch_arena_adopt(authority, &found.arena);
    struct vouch_host_token_row *rows =
        vouch_arena_alloc(&authority->arena, (found.count + 1) * sizeof *rows);
    if (rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(found.next),
                                         &ret_answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < found.count; i++) {
        rows[i] = row_of(&found.rows[i]);
    }
    ret_answer->rows = rows;
    ret_answer->count = found.count;
    return VOUCH_OK;
}

static int remove_token(struct vouch_local *authority, uint64_t id,
                        struct vouch_store_host_token *ret_token,
                        enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_token_by_id(office->desk, id, &authority->arena, ret_outcome,
                                           ret_token, fault);
        if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
            err = vouch_store_host_token_remove(office->desk, id, ret_outcome, fault);
        }
        err = vouch_store_work_end(office->desk, err, *ret_outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_host_token_remove(struct vouch_local *authority, const struct vouch_caller *caller,
                                  const struct vouch_ask_host_token_remove *ask,
                                  struct vouch_answer_host_token *ret_answer,
                                  struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_host_token token = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    err = remove_token(authority, ask->id, &token, &outcome, fault);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                        "there is no host token %" PRIu64, ask->id);
        return VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        ret_answer->row = row_of(&token);
        err = note(authority, who.actor, VOUCH_EVENT_HOST_TOKEN_REMOVE, &token, fault);
    }
    return err;
}
