// SPDX-License-Identifier: ISC
// What would be: the certificate that an ask for access would give, and what a request would open. Both are
// put to the policy as it holds, and nothing comes of it: no signature, no record, no request.
#include "authority/access.h"
#include "authority/issue.h"
#include "base/time.h"
#include "policy/explain.h"

#define TEXTS_MAX 256
#define LOGINS_MAX 64

// --- a certificate

static int keep_options(struct vouch_arena *arena, const struct vouch_cert_option *options,
                        size_t count, struct vouch_text_list *ret_list) {
    struct vouch_bytes *items = vouch_arena_alloc(arena, (count + 1) * sizeof *items);
    int err = items != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        struct vouch_bytes value = {0};
        struct vouch_buf text;
        vouch_buf_init(&text, 64 * 1024);
        vouch_buf_put(&text, options[i].name);
        if (options[i].data.len > 0) {
            err = vouch_cert_option_value(&options[i], &value);
            vouch_buf_put_text(&text, "=");
            vouch_buf_put(&text, value);
        }
        err = err == VOUCH_OK ? text.err : err;
        if (err == VOUCH_OK) {
            err = vouch_arena_copy(arena, vouch_buf_bytes(&text), &items[i]);
        }
        vouch_buf_done(&text);
    }
    *ret_list = (struct vouch_text_list){items, count};
    return err;
}

static int put_preview(struct vouch_local *authority, const struct vouch_access *access,
                       const struct vouch_policy_grant *grant,
                       struct vouch_answer_access_preview *answer) {
    struct vouch_arena *arena = &authority->arena;
    uint64_t now_s = vouch_time_now_s();
    for (size_t i = 0; i < access->decision.awaited_count; i++) {
        answer->missing += access->decision.awaited[i].missing;
    }
    answer->valid_after = now_s - VOUCH_BACKDATE_S;
    answer->valid_before = now_s + grant->ttl_s;
    int err = vouch_arena_copy(arena, access->who->user, &answer->key_id);
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, access->roles.items, access->roles.count, TEXTS_MAX,
                               &answer->roles);
    }
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, grant->principals, grant->principal_count, TEXTS_MAX,
                               &answer->principals);
    }
    if (err == VOUCH_OK) {
        err = keep_options(arena, grant->critical, grant->critical_count, &answer->critical);
    }
    return err == VOUCH_OK
               ? keep_options(arena, grant->extensions, grant->extension_count, &answer->extensions)
               : err;
}

// As issue.c goes: the key is read, the policy decides, the key is judged. Then nothing is signed.
static int preview(struct vouch_local *authority, const struct vouch_caller *caller,
                   struct vouch_access *access, const struct vouch_key *key,
                   struct vouch_answer_access_preview *answer, struct vouch_fault *fault) {
    struct vouch_decision decision = {0};
    struct vouch_reply *reply = &answer->reply;
    int err = vouch_access_decide(authority, access, caller, key, &decision, fault);
    int is_pending = access->decision.verdict == VOUCH_POLICY_PENDING;
    *reply = decision.reply;
    if (err == VOUCH_OK && is_pending) {
        vouch_reply_done(reply);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_subject_key_judge(authority, key, answer->key, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy_grant *grant =
        is_pending ? &access->decision.proposal : &access->decision.grant;
    return put_preview(authority, access, grant, answer) == VOUCH_OK ? VOUCH_OK
                                                                     : vouch_no_memory(fault);
}

int vouch_local_access_preview(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_access *ask,
                               struct vouch_answer_access_preview *ret_answer,
                               struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_key *key = NULL;
    struct vouch_where where = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (who.user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_policy_refuses, "token",
                        "%.*s is no user: roles are for those who sign in with vouch login",
                        VOUCH_REPLY_TEXT(who.name));
        return VOUCH_OK;
    }
    err = vouch_key_parse(ask->key, &key, &where);
    if (err != VOUCH_OK) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_key_format, "public_key",
                        "public_key: %s",
                        where.reason != NULL ? where.reason : vouch_err_text(err));
        return err == VOUCH_ERR_NO_MEMORY ? vouch_no_memory(fault) : VOUCH_OK;
    }
    struct vouch_access access = {.ask = ask, .who = &who};
    access.policy = vouch_policy_hold(authority, &access.version);
    err = preview(authority, caller, &access, key, ret_answer, fault);
    vouch_policy_release(authority, access.policy);
    vouch_key_free(key);
    return err;
}

// --- a request

struct opening {
    struct vouch_policy_view view; // in the answer's arena
    struct vouch_policy_paths roles;
    struct vouch_ask_access asked;
    struct vouch_bytes zone;
};

static int has_text(const struct vouch_text_list *list, struct vouch_bytes text) {
    for (size_t i = 0; i < list->count; i++) {
        if (vouch_bytes_equal(list->items[i], text)) {
            return 1;
        }
    }
    return 0;
}

// Of the person's roles, those that the request is for.
static int find_roles(struct opening *opening, const struct vouch_store_request *request) {
    const struct vouch_text_list wanted = {request->roles.items, request->roles.count};
    struct vouch_policy_paths all = {0};
    int err = vouch_policy_roles_of(&opening->view, request->user, request->zone, NULL, &all);
    struct vouch_policy_path *items =
        vouch_arena_alloc(opening->view.arena, (all.count + 1) * sizeof *items);
    if (err != VOUCH_OK || items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < all.count; i++) {
        if (has_text(&wanted, all.items[i].role)) {
            items[opening->roles.count++] = all.items[i];
        }
    }
    opening->roles.items = items;
    return VOUCH_OK;
}

// The logins that the request asked for, or all.
static size_t list_logins(const struct opening *opening, const struct vouch_policy_paths *paths,
                          struct vouch_bytes logins[static LOGINS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < paths->count && count < LOGINS_MAX; i++) {
        const struct vouch_text_list have = {logins, count};
        struct vouch_bytes login = paths->items[i].login;
        int is_chosen = opening->asked.logins_are != VOUCH_ASK_CHOSEN ||
                        has_text(&opening->asked.logins, login);
        if (is_chosen && !has_text(&have, login)) {
            logins[count++] = login;
        }
    }
    return count;
}

static int add_host(const struct opening *opening, const struct vouch_policy_host *host,
                    struct vouch_arena *scratch, struct vouch_answer_request_impact *answer) {
    const struct vouch_policy_view view = {opening->view.policy, opening->view.now_s, scratch};
    struct vouch_policy_paths paths = {0};
    struct vouch_bytes logins[LOGINS_MAX];
    vouch_arena_clear(scratch);
    int err = vouch_policy_reach_host(&view, &opening->roles, host->name, &paths);
    size_t count = err == VOUCH_OK ? list_logins(opening, &paths, logins) : 0;
    if (err != VOUCH_OK || count == 0) {
        return err;
    }
    answer->hosts++;
    if (answer->count == VOUCH_IMPACT_HOSTS_MAX) {
        return VOUCH_OK;
    }
    struct vouch_impact_row *row = &answer->rows[answer->count++];
    err = vouch_arena_copy(opening->view.arena, host->name, &row->host);
    return err == VOUCH_OK
               ? vouch_texts_keep(opening->view.arena, logins, count, LOGINS_MAX, &row->logins)
               : err;
}

static int open_all(struct opening *opening, struct vouch_answer_request_impact *answer) {
    vouch_autoarena struct vouch_arena scratch = {0};
    const struct vouch_policy_content *content = vouch_policy_holds(opening->view.policy);
    answer->rows =
        vouch_arena_alloc(opening->view.arena, VOUCH_IMPACT_HOSTS_MAX * sizeof *answer->rows);
    int err = answer->rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < content->host_count; i++) {
        if (vouch_bytes_equal(content->hosts[i].zone, opening->zone)) {
            err = add_host(opening, &content->hosts[i], &scratch, answer);
        }
    }
    return err;
}

int vouch_local_request_impact(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_request_impact *ask,
                               struct vouch_answer_request_impact *ret_answer,
                               struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_request request = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    uint64_t version = 0;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_request_find(authority, &who, ask->id, &request, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct opening opening = {.zone = request.zone};
    err = vouch_request_ask(authority, &request, &opening.asked, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    opening.view = (struct vouch_policy_view){policy, vouch_time_now_s(), &authority->arena};
    if (policy == NULL) {
        vouch_reply_no_policy(reply);
    } else if (find_roles(&opening, &request) != VOUCH_OK ||
               open_all(&opening, ret_answer) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}
