// SPDX-License-Identifier: ISC
// A certificate by the policy: what somebody asks for is put to it, and only what it grants goes on to
// issue.c. What is pending becomes a request; what was approved is put to the policy once more.
#include <inttypes.h>
#include <stdio.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/review.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/explain.h"

#define BODY_MAX (128u * 1024)
#define TEXT_ROOM 2048 // of the roles of a certificate

// --- the question

static struct vouch_policy_choice choice_of(const struct vouch_text_list *list,
                                            enum vouch_ask_chosen chosen) {
    return (struct vouch_policy_choice){
        .items = list->items,
        .count = list->count,
        .chosen = chosen == VOUCH_ASK_CHOSEN ? VOUCH_POLICY_CHOSEN : VOUCH_POLICY_UNCHOSEN};
}

int vouch_policy_answer(struct vouch_local *authority, const struct vouch_policy_question *question,
                        struct vouch_policy_decision *ret_decision, struct vouch_fault *fault) {
    const struct vouch_ask_access *ask = question->ask;
    const struct vouch_policy_ask what = {
        .user = question->user,
        .zone = ask->zone,
        .roles = question->roles.items,
        .role_count = question->roles.count,
        .key_type = question->key_type,
        .now_s = vouch_time_now_s(),
        .second_factor_at_s = question->factor_s,
        .address = question->source,
        .reason = ask->reason,
        .approvers = question->approvers.items,
        .approver_count = question->approvers.count,
        .ttl_s = ask->ttl_s,
        .extensions = choice_of(&ask->extensions, ask->extensions_are),
        .logins = choice_of(&ask->logins, ask->logins_are),
        .sources = choice_of(&ask->sources, ask->sources_are),
        .force_command = ask->force_command,
        .verify = ask->verify_required != 0 ? VOUCH_POLICY_REQUIRED : VOUCH_POLICY_OPTIONAL,
    };
    return vouch_policy_decide(question->policy, &what, &authority->arena, ret_decision) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// --- a refusal in words

// Which field of the question a reason is about.
static const char *field_of(enum vouch_policy_reason_code code) {
    static const struct {
        enum vouch_policy_reason_code first, last;
        const char *field;
    } fields[] = {
        {VOUCH_POLICY_REASON_ZONE_UNKNOWN, VOUCH_POLICY_REASON_ZONE_UNKNOWN, "zone"},
        {VOUCH_POLICY_REASON_ROLE_MISSING, VOUCH_POLICY_REASON_ROLE_ENDED, "roles"},
        {VOUCH_POLICY_REASON_WORDS_MISSING, VOUCH_POLICY_REASON_WORDS_BAD, "reason"},
        {VOUCH_POLICY_REASON_FACTOR_MISSING, VOUCH_POLICY_REASON_FACTOR_FUTURE, "code"},
        {VOUCH_POLICY_REASON_KEY_UNKNOWN, VOUCH_POLICY_REASON_KEY_VERIFY, "public_key"},
        {VOUCH_POLICY_REASON_LOGIN_FIXED, VOUCH_POLICY_REASON_LOGIN_REPEATED, "logins"},
        {VOUCH_POLICY_REASON_TTL_LONG, VOUCH_POLICY_REASON_TTL_LONG, "ttl_s"},
        {VOUCH_POLICY_REASON_EXTENSION_UNKNOWN, VOUCH_POLICY_REASON_EXTENSION_REPEATED,
         "extensions"},
        {VOUCH_POLICY_REASON_SOURCE_BAD, VOUCH_POLICY_REASON_SOURCE_NONE, "sources"},
        {VOUCH_POLICY_REASON_COMMAND_BAD, VOUCH_POLICY_REASON_COMMAND_OTHER, "force_command"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (code >= fields[i].first && code <= fields[i].last) {
            return fields[i].field;
        }
    }
    return "";
}

// Nonzero if all that is wrong is that the second factor was given too long ago.
static int is_only_stale(const struct vouch_policy_decision *decision) {
    for (size_t i = 0; i < decision->reason_count; i++) {
        if (decision->reasons[i].code != VOUCH_POLICY_REASON_FACTOR_OLD) {
            return 0;
        }
    }
    return decision->reason_count > 0;
}

void vouch_reply_reasons(const struct vouch_policy_decision *decision, struct vouch_reply *reply) {
    struct vouch_buf text;
    vouch_buf_init(&text, BODY_MAX);
    for (size_t i = 0; i < decision->reason_count; i++) {
        vouch_buf_put_text(&text, i > 0 ? "; " : "");
        vouch_policy_reason_print(&decision->reasons[i], &text);
    }
    const struct vouch_fault_kind *kind =
        is_only_stale(decision) ? &vouch_fault_factor_old : &vouch_fault_policy_refuses;
    int len = text.len > 255 ? 255 : (int)text.len;
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, kind,
                    decision->reason_count > 0 ? field_of(decision->reasons[0].code) : "", "%.*s",
                    len, len > 0 ? (const char *)text.ptr : "");
    vouch_buf_done(&text);
}

static void reply_pending(const struct vouch_policy_decision *decision, struct vouch_reply *reply) {
    char text[200];
    size_t len = 0;
    for (size_t i = 0; i < decision->awaited_count && len < sizeof text; i++) {
        const struct vouch_policy_awaited *awaited = &decision->awaited[i];
        int put = snprintf(text + len, sizeof text - len,
                           "%srole %.*s needs %" PRIu64 " approval%s by %.*s", i > 0 ? "; " : "",
                           VOUCH_REPLY_TEXT(awaited->role), awaited->missing,
                           awaited->missing == 1 ? "" : "s",
                           VOUCH_REPLY_TEXT(awaited->by->count > 0 ? awaited->by->items[0]
                                                                   : (struct vouch_bytes){0}));
        len += put > 0 ? (size_t)put : 0;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_approval, "request", "%s", text);
}

// --- roles that were not named: all that can be had by asking

static int find_roles(struct vouch_local *authority, struct vouch_access *access,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_policy_view view = {access->policy, vouch_time_now_s(), &authority->arena};
    struct vouch_policy_paths paths = {0};
    access->roles = access->ask->roles;
    if (access->roles.count > 0) {
        return VOUCH_OK;
    }
    if (vouch_policy_roles_of(&view, access->who->user, access->ask->zone, NULL, &paths) != 0) {
        return vouch_no_memory(fault);
    }
    struct vouch_bytes *roles =
        vouch_arena_alloc(&authority->arena, (paths.count + 1) * sizeof *roles);
    if (roles == NULL) {
        return vouch_no_memory(fault);
    }
    size_t count = 0;
    for (size_t i = 0; i < paths.count; i++) {
        const struct vouch_policy_role *role =
            vouch_policy_role_named(access->policy, paths.items[i].role);
        int is_standing = paths.items[i].how == VOUCH_POLICY_STANDING;
        if (is_standing && role != NULL && role->reason == VOUCH_POLICY_OPTIONAL) {
            roles[count++] = role->name;
        }
    }
    access->roles = (struct vouch_text_list){roles, count};
    if (count == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_policy_refuses, "roles",
                        "%.*s has no role in zone %.*s that needs neither approval nor reason",
                        VOUCH_REPLY_TEXT(access->who->user), VOUCH_REPLY_TEXT(access->ask->zone));
    }
    return VOUCH_OK;
}

// A recovery code opens the way in, but nothing that asks for a fresh second factor.
static int has_factor(const struct vouch_access *access, struct vouch_reply *reply) {
    for (size_t i = 0; i < access->roles.count; i++) {
        const struct vouch_policy_role *role =
            vouch_policy_role_named(access->policy, access->roles.items[i]);
        // How old it may be is the policy's; here only its kind is looked at.
        if (role != NULL && role->second_factor_age_s > 0 &&
            !vouch_fresh_factor(access->who, access->who->factor_s, reply)) {
            return 0;
        }
    }
    return 1;
}

// --- what the ledger says of it

static int join_roles(struct vouch_local *authority, const struct vouch_text_list *roles,
                      struct vouch_bytes *ret_text) {
    uint8_t room[TEXT_ROOM];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    for (size_t i = 0; i < roles->count; i++) {
        vouch_buf_put_text(&text, i > 0 ? "," : "");
        vouch_buf_put(&text, roles->items[i]);
    }
    return text.err != VOUCH_OK
               ? text.err
               : vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), ret_text);
}

// What vouch_glass_of() finds again when a host reports a login.
static const char *glass_word(const struct vouch_access *access) {
    switch (access->glass) {
    case VOUCH_REVIEW_SEALED:
        return VOUCH_GLASS_SEALED;
    case VOUCH_REVIEW_LOUD:
        return access->ask->drill != 0 ? VOUCH_GLASS_DRILL : VOUCH_GLASS_LOUD;
    case VOUCH_REVIEW_ANY:
        break;
    }
    return "";
}

static int name_grounds(struct vouch_local *authority, struct vouch_access *access,
                        struct vouch_fault *fault) {
    char policy[80];
    (void)snprintf(policy, sizeof policy, "policy %" PRIu64 "%s", access->version,
                   glass_word(access));
    if (access->request != NULL) {
        (void)snprintf(policy, sizeof policy, "policy %" PRIu64 " request %" PRIu64,
                       access->version, access->request->id);
    }
    if (join_roles(authority, &access->roles, &access->who->role) != VOUCH_OK ||
        vouch_arena_copy(&authority->arena, vouch_bytes_of(policy), &access->who->policy) !=
            VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return VOUCH_OK;
}

// --- deciding

// Who the certificate is for.
static struct vouch_bytes holder_of(const struct vouch_access *access) {
    return access->holder.len > 0 ? access->holder : access->who->user;
}

// What was approved is granted as it was approved, or not at all.
static int judge_approved(const struct vouch_access *access, struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    struct vouch_buf now;
    vouch_buf_init(&now, VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_request_put_grant(&access->decision.grant, &now);
    if (now.err == VOUCH_OK &&
        !vouch_bytes_equal(vouch_buf_bytes(&now), access->request->approved)) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_other, "id",
                        "the policy was changed: it gives something else than was approved");
    }
    int err = now.err != VOUCH_OK ? vouch_no_memory(fault) : VOUCH_OK;
    vouch_buf_done(&now);
    return err;
}

static int put_decision(struct vouch_local *authority, struct vouch_access *access,
                        struct vouch_decision *ret_decision, struct vouch_fault *fault) {
    const struct vouch_policy_grant *grant = &access->decision.grant;
    if (access->seal_ttl_s != 0) {
        access->decision.grant.ttl_s = access->seal_ttl_s;
    }
    struct vouch_decision decision = {.type = VOUCH_CERT_USER,
                                      .key_id = holder_of(access),
                                      .principals = {grant->principals, grant->principal_count},
                                      .ttl_s = grant->ttl_s,
                                      .critical = grant->critical,
                                      .critical_count = grant->critical_count,
                                      .extensions = grant->extensions,
                                      .extension_count = grant->extension_count};
    vouch_reply_done(&decision.reply);
    int err = access->request != NULL ? judge_approved(access, &decision.reply, fault) : VOUCH_OK;
    if (err == VOUCH_OK) {
        err = name_grounds(authority, access, fault);
    }
    *ret_decision = decision;
    return err;
}

// Whether there is something to put to the policy.
static int prepare(struct vouch_local *authority, struct vouch_access *access,
                   struct vouch_reply *reply, struct vouch_fault *fault) {
    uint64_t now_s = vouch_time_now_s();
    vouch_reply_done(reply);
    if (access->policy == NULL) {
        vouch_reply_no_policy(reply);
        return VOUCH_OK;
    }
    if (access->request != NULL &&
        vouch_request_state_of(access->request, now_s) != VOUCH_REQUEST_APPROVED) {
        vouch_reply_request_state(access->request, now_s, reply);
        return VOUCH_OK;
    }
    int err = find_roles(authority, access, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE &&
        vouch_glass_judge(access, reply)) {
        (void)has_factor(access, reply);
    }
    return err;
}

int vouch_access_decide(struct vouch_local *authority, struct vouch_access *access,
                        const struct vouch_caller *caller, const struct vouch_key *key,
                        struct vouch_decision *ret_decision, struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_decision->reply;
    int err = prepare(authority, access, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_policy_question question = {.policy = access->policy,
                                             .ask = access->ask,
                                             .roles = access->roles,
                                             .user = holder_of(access),
                                             .source = caller->source,
                                             .key_type = vouch_key_type(key),
                                             .factor_s = access->who->factor_s};
    if (access->request != NULL) {
        const struct vouch_store_texts *approvers = &access->request->approvers;
        question.approvers = (struct vouch_text_list){approvers->items, approvers->count};
    }
    reply->verdict = VOUCH_VERDICT_REFUSED;
    err = vouch_policy_answer(authority, &question, &access->decision, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    switch (access->decision.verdict) {
    case VOUCH_POLICY_GRANTED:
        return put_decision(authority, access, ret_decision, fault);
    case VOUCH_POLICY_PENDING:
        reply_pending(&access->decision, reply);
        return VOUCH_OK;
    case VOUCH_POLICY_REFUSED:
        break;
    }
    vouch_reply_reasons(&access->decision, reply);
    return VOUCH_OK;
}

// --- asking

// Who asks must be a user: a token has a profile, and somebody on the server is nobody's user.
static int identify_user(struct vouch_local *authority, const struct vouch_caller *caller,
                         struct vouch_who *who, struct vouch_reply *reply,
                         struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_policy_refuses, "token",
                        "%.*s is no user: roles are for those who sign in with vouch login",
                        VOUCH_REPLY_TEXT(who->name));
        err = vouch_refusal_note(authority, caller, who, (struct vouch_bytes){0}, reply, fault);
    }
    return err;
}

int vouch_local_access(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_access *ask, struct vouch_answer_access *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_answer_cert cert = {0};
    struct vouch_buf body;
    int err = identify_user(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_access access = {.ask = ask, .who = &who};
    access.policy = vouch_policy_hold(authority, &access.version);
    vouch_buf_init(&body, BODY_MAX);
    if (ask->trust_version != 0) {
        vouch_clerk_session_trust(authority->office, who.session_id, ask->trust_version);
    }
    if (ask->once.len > 0) {
        struct vouch_ask_access same = *ask;
        same.trust_version = 0; // asked again with newer keys, it is the same request
        vouch_write_text(&body, "access");
        vouch_codec_write(vouch_ops[VOUCH_OP_access].ask, &same, &body);
    }
    const struct vouch_job job = {.caller = caller,
                                  .who = &who,
                                  .access = &access,
                                  .key = ask->key,
                                  .once = ask->once,
                                  .body = vouch_buf_bytes(&body)};
    err =
        body.err == VOUCH_OK ? vouch_issue(authority, &job, &cert, fault) : vouch_no_memory(fault);
    ret_answer->reply = cert.reply;
    ret_answer->cert = cert.row;
    if (err == VOUCH_OK && cert.reply.verdict == VOUCH_VERDICT_REFUSED &&
        access.decision.verdict == VOUCH_POLICY_PENDING && ask->pending == VOUCH_PENDING_REQUEST) {
        err = vouch_request_make(authority, caller, &access, ret_answer, fault);
    }
    vouch_policy_release(authority, access.policy);
    vouch_buf_done(&body);
    return err;
}

// --- taking what was approved

static int take(struct vouch_local *authority, const struct vouch_caller *caller,
                struct vouch_who *who, const struct vouch_store_request *request,
                const struct vouch_ask_request_take *ask, struct vouch_answer_cert *ret_answer,
                struct vouch_fault *fault) {
    struct vouch_ask_access asked;
    uint8_t body[4 + sizeof ask->id];
    int err = vouch_request_ask(authority, request, &asked, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    memcpy(body, "take", 4);
    memcpy(body + 4, &ask->id, sizeof ask->id);
    struct vouch_access access = {.ask = &asked, .request = request, .who = who};
    access.policy = vouch_policy_hold(authority, &access.version);
    const struct vouch_job job = {.caller = caller,
                                  .who = who,
                                  .access = &access,
                                  .key = asked.key,
                                  .once = ask->once,
                                  .body = {body, sizeof body}};
    err = vouch_issue(authority, &job, ret_answer, fault);
    vouch_policy_release(authority, access.policy);
    return err;
}

int vouch_local_request_take(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_request_take *ask,
                             struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_request request;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = identify_user(authority, caller, &who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_request_find(authority, &who, ask->id, &request, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (!vouch_bytes_equal(request.user, who.user)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_approver, "id",
                        "a request is taken by who made it");
        return vouch_refusal_note(authority, caller, &who, request.user, reply, fault);
    }
    return take(authority, caller, &who, &request, ask, ret_answer, fault);
}
