// SPDX-License-Identifier: ISC
// Deciding about a request: looked at, approved, denied, cancelled.
//
// Every "yes" is put to the policy together with those before it, so that only those count whom the
// policy lets count now, for exactly what was asked then. One "no" is enough. Each is recorded before it
// holds.
#include <inttypes.h>

#include "authority/access.h"
#include "authority/bounds.h"
#include "authority/issue.h"
#include "authority/passkey.h"
#include "base/time.h"
#include "policy/explain.h"
#include "policy/rule.h"

#define APPROVED_S 3600 // how long an approved request can be taken

struct deciding {
    const struct vouch_caller *caller;
    const struct vouch_who *who;
    const struct vouch_ask_request_decide *ask;
    struct vouch_store_request *request;
    uint64_t now_s;
    int is_stepped; // a passkey answered for this request alone
};

static void not_yours(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_approver, "id", "%s", why);
}

static int is_open(const struct deciding *deciding) {
    enum vouch_request_state state = vouch_request_state_of(deciding->request, deciding->now_s);
    return state == VOUCH_REQUEST_WAITING ||
           (state == VOUCH_REQUEST_APPROVED && deciding->ask->verb != VOUCH_REQUEST_APPROVE);
}

static int is_approver(const struct deciding *deciding, const struct vouch_policy *policy) {
    int is_one = 0;
    for (size_t i = 0; i < deciding->request->roles.count && !is_one; i++) {
        is_one =
            vouch_policy_approves(policy, deciding->request->roles.items[i], deciding->who->user);
    }
    return is_one;
}

static int has_approved(const struct deciding *deciding) {
    const struct vouch_text_list approvers = {deciding->request->approvers.items,
                                              deciding->request->approvers.count};
    return vouch_texts_have(&approvers, approvers.count, deciding->who->user);
}

// Whether they may say this about that request now.
static void judge(const struct deciding *deciding, const struct vouch_policy *policy,
                  struct vouch_reply *reply) {
    int is_own = vouch_bytes_equal(deciding->who->user, deciding->request->user);
    enum vouch_request_verb verb = deciding->ask->verb;
    vouch_reply_done(reply);
    if (deciding->who->user.len == 0) {
        not_yours(reply, "requests are decided by users who sign in");
    } else if (verb == VOUCH_REQUEST_CANCEL && !is_own) {
        not_yours(reply, "a request is cancelled by who made it; others deny it");
    } else if (verb != VOUCH_REQUEST_CANCEL && is_own) {
        not_yours(reply, "nobody decides about a request of their own");
    } else if (verb != VOUCH_REQUEST_CANCEL && (policy == NULL || !is_approver(deciding, policy))) {
        not_yours(reply, "the policy does not name you among those who approve it");
    } else if (!is_open(deciding)) {
        vouch_reply_request_state(deciding->request, deciding->now_s, reply);
    } else if (verb == VOUCH_REQUEST_APPROVE && has_approved(deciding)) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_state, "id",
                        "you have approved request %" PRIu64 " already", deciding->request->id);
    } else if (verb == VOUCH_REQUEST_APPROVE && !deciding->is_stepped) {
        (void)vouch_fresh_factor(deciding->who, deciding->now_s, reply);
    }
}

// --- approving

static int add_approver(struct vouch_local *authority, const struct deciding *deciding,
                        struct vouch_fault *fault) {
    struct vouch_store_texts *approvers = &deciding->request->approvers;
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, (approvers->count + 1) * sizeof *items);
    if (items == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < approvers->count; i++) {
        items[i] = approvers->items[i];
    }
    items[approvers->count] = deciding->who->user;
    *approvers = (struct vouch_store_texts){items, approvers->count + 1};
    return VOUCH_OK;
}

static int is_as_asked(const struct deciding *deciding, const struct vouch_policy_grant *grant,
                       int *ret_is, struct vouch_fault *fault) {
    struct vouch_buf now;
    vouch_buf_init(&now, VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_request_put_grant(grant, &now);
    int err = now.err == VOUCH_ERR_NO_MEMORY ? vouch_no_memory(fault) : VOUCH_OK;
    *ret_is = now.err == VOUCH_OK &&
              vouch_bytes_equal(vouch_buf_bytes(&now), deciding->request->approved);
    vouch_buf_done(&now);
    return err;
}

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static int take_decision(const struct deciding *deciding,
                         const struct vouch_policy_decision *decision, struct vouch_reply *reply,
                         struct vouch_fault *fault) {
    struct vouch_store_request *request = deciding->request;
    int is_granted = decision->verdict == VOUCH_POLICY_GRANTED;
    int is_same = 0;
    if (decision->verdict == VOUCH_POLICY_REFUSED) {
        vouch_reply_reasons(decision, reply);
        return VOUCH_OK;
    }
    int err =
        is_as_asked(deciding, is_granted ? &decision->grant : &decision->proposal, &is_same, fault);
    if (err == VOUCH_OK && !is_same) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_other, "id",
                        "the policy was changed: it gives something else than was asked for");
    }
    request->missing = 0;
    for (size_t i = 0; i < decision->awaited_count; i++) {
        request->missing += decision->awaited[i].missing;
    }
    if (is_granted) {
        request->state = VOUCH_STORE_REQUEST_APPROVED;
        request->expires_s = lesser(request->expires_s, deciding->now_s + APPROVED_S);
    }
    return err;
}

// The type of the key that it is for.
static int key_type_of(struct vouch_bytes blob, enum vouch_key_type *ret_type,
                       struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    struct vouch_where where = {0};
    int err = vouch_key_parse(blob, &key, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_store_bad, "database: key of a request",
                                 &where);
    }
    *ret_type = vouch_key_type(key);
    vouch_key_free(key);
    return VOUCH_OK;
}

// With this one and those before. Second factor and place of who asked are looked at when it is taken.
static int approve(struct vouch_local *authority, const struct deciding *deciding,
                   const struct vouch_policy *policy, struct vouch_reply *reply,
                   struct vouch_fault *fault) {
    const struct vouch_store_request *request = deciding->request;
    struct vouch_ask_access ask;
    struct vouch_policy_decision decision = {0};
    struct vouch_policy_question question = {.policy = policy,
                                             .ask = &ask,
                                             .user = request->user,
                                             .source = request->source,
                                             .factor_s = deciding->now_s};
    int err = vouch_request_ask(authority, request, &ask, fault);
    if (err == VOUCH_OK) {
        err = key_type_of(ask.key, &question.key_type, fault);
    }
    if (err == VOUCH_OK) {
        err = add_approver(authority, deciding, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    question.roles = ask.roles;
    question.approvers =
        (struct vouch_text_list){request->approvers.items, request->approvers.count};
    err = vouch_policy_answer(authority, &question, &decision, fault);
    return err == VOUCH_OK ? take_decision(deciding, &decision, reply, fault) : err;
}

// --- any of the three

static const char *event_of(enum vouch_request_verb verb) {
    switch (verb) {
    case VOUCH_REQUEST_APPROVE:
        return VOUCH_EVENT_REQUEST_APPROVE;
    case VOUCH_REQUEST_CANCEL:
        return VOUCH_EVENT_REQUEST_CANCEL;
    case VOUCH_REQUEST_DENY:
    case VOUCH_REQUEST_LOOK:
        break;
    }
    return VOUCH_EVENT_REQUEST_DENY;
}

static int change(struct vouch_local *authority, const struct deciding *deciding,
                  const struct vouch_policy *policy, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    struct vouch_store_request *request = deciding->request;
    enum vouch_request_verb verb = deciding->ask->verb;
    int err = VOUCH_OK;
    request->comment = deciding->ask->comment;
    if (verb == VOUCH_REQUEST_APPROVE) {
        err = approve(authority, deciding, policy, reply, fault);
    } else {
        request->decided_by = deciding->who->user;
        request->state = verb == VOUCH_REQUEST_CANCEL ? VOUCH_STORE_REQUEST_CANCELLED
                                                      : VOUCH_STORE_REQUEST_DENIED;
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_request_note(authority, deciding->who->actor, event_of(verb), request, fault);
    return err == VOUCH_OK ? vouch_request_change(authority, request, reply, fault) : err;
}

// A passkey that answered for something else under the same number did not answer for this.
static int look_for_step(struct vouch_local *authority, struct deciding *deciding,
                         struct vouch_fault *fault) {
    uint8_t about[VOUCH_STORE_HASH_LEN];
    int err = vouch_passkey_about(authority, deciding->request, about, fault);
    if (err == VOUCH_OK) {
        deciding->is_stepped =
            vouch_challenge_is_stepped(authority, deciding->who->session_id, about);
    }
    return err;
}

// From reading to writing nobody else decides.
static int decide(struct vouch_local *authority, struct deciding *deciding,
                  struct vouch_reply *reply, struct vouch_fault *fault) {
    uint64_t version = 0;
    int err = vouch_request_find(authority, deciding->who, deciding->ask->id, deciding->request,
                                 reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        deciding->ask->verb == VOUCH_REQUEST_LOOK) {
        return err;
    }
    err = look_for_step(authority, deciding, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    judge(deciding, policy, reply);
    if (reply->verdict == VOUCH_VERDICT_DONE) {
        err = change(authority, deciding, policy, reply, fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}

static int comment_is_good(struct vouch_bytes comment, struct vouch_reply *reply) {
    const char *why = comment.len > 0 ? vouch_policy_reason_fault(comment) : NULL;
    if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "comment", "comment %s",
                        why);
    }
    return why == NULL;
}

int vouch_local_request_decide(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_request_decide *ask,
                               struct vouch_answer_request *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_request request;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !comment_is_good(ask->comment, reply)) {
        return err;
    }
    struct deciding deciding = {.caller = caller,
                                .who = &who,
                                .ask = ask,
                                .request = &request,
                                .now_s = vouch_time_now_s()};
    pthread_mutex_lock(&authority->office->requests_lock);
    err = decide(authority, &deciding, reply, fault);
    pthread_mutex_unlock(&authority->office->requests_lock);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED) {
        err = vouch_refusal_note(authority, caller, &who, request.user, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->row = vouch_request_row_of(&request, deciding.now_s);
    }
    if (err == VOUCH_OK && vouch_arena_copy(&authority->arena, ret_answer->row.comment,
                                            &ret_answer->row.comment) != 0) {
        err = vouch_no_memory(fault);
    }
    return err;
}
