// SPDX-License-Identifier: ISC
// /v1/ca/proposals: what cannot be undone about a CA key, proposed by one administrator and confirmed by
// another.
#include "api/fields.h"
#include "api/resources.h"

// In the order of the enums, from 1.
static const char *const states[] = {"open", "done", "withdrawn", "void", "expired", NULL};
static const char *const acts[] = {"destroy", "revoke", NULL};
static const char *const uses[] = {"user", "host", NULL};

static struct vouch_bytes word(const char *const *words, size_t place) {
    return vouch_bytes_of(place > 0 ? words[place - 1] : "");
}

static void put_members(struct vouch_json *json, const struct vouch_proposal_row *row) {
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "state", word(states, (size_t)row->state));
    vouch_json_text(json, "act", word(acts, (size_t)row->act));
    vouch_json_text_or_null(json, "use", word(uses, (size_t)row->use));
    vouch_json_digest(json, "fingerprint", row->key);
    vouch_json_text(json, "reason", row->reason);
    vouch_json_texts(json, "without", row->without.items, row->without.count);
    vouch_json_flag(json, "now", row->is_hurried != 0);
    vouch_json_text(json, "proposer", row->proposer);
    vouch_json_text(json, "source", row->source);
    vouch_json_time_s(json, "made", row->made_s);
    vouch_json_time_s(json, "ends", row->ends_s);
    vouch_json_text_or_null(json, "decider", row->decider);
    vouch_json_time_s(json, "decided", row->decided_s);
}

static int answer_proposal(struct vouch_api_call *call, unsigned status,
                           const struct vouch_answer_proposal *answer) {
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, status, "vouch.ca-proposal/1");
    put_members(json, &answer->row);
    vouch_json_id_or_null(json, "record", answer->number);
    return vouch_api_answer_end(call);
}

int vouch_api_proposal_list(struct vouch_api_call *call) {
    struct vouch_ask_proposals ask = {.page = vouch_api_query_page(call)};
    ask.state = (enum vouch_proposal_state)vouch_api_query_word(call, "state", states);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_proposals answer = {0};
    int err =
        vouch_authority_proposals(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.ca-proposals/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_proposal_new(struct vouch_api_call *call) {
    static const char *const members[] = {"act", "fingerprint", "reason", "without", "now", NULL};
    struct vouch_api_texts without;
    struct vouch_ask_propose ask = {0};
    vouch_api_members(call, members);
    ask.act = (enum vouch_proposal_act)vouch_api_word(call, "act", VOUCH_API_REQUIRED, acts);
    (void)vouch_api_member(call, "fingerprint", VOUCH_API_REQUIRED);
    ask.key = vouch_api_fingerprint(call, "fingerprint");
    ask.reason = vouch_api_text(call, "reason", VOUCH_API_REQUIRED, VOUCH_API_REASON_MAX);
    vouch_api_texts(call, "without", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX, &without);
    ask.without = vouch_api_list_of(&without);
    ask.is_hurried = vouch_api_flag(call, "now");
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_proposal answer = {0};
    int err = vouch_authority_propose(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_proposal(call, 201, &answer)
                                                       : VOUCH_OK;
}

static int ask_about(struct vouch_api_call *call, const struct vouch_ask_proposal_decide *ask) {
    struct vouch_answer_proposal answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_proposal_decide(call->authority, &call->caller, ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_proposal(call, 200, &answer)
                                                       : VOUCH_OK;
}

int vouch_api_proposal_show(struct vouch_api_call *call) {
    const struct vouch_ask_proposal_decide ask = {.id = vouch_api_path_id(call, "proposal"),
                                                  .verb = VOUCH_PROPOSAL_LOOK};
    return ask_about(call, &ask);
}

int vouch_api_proposal_confirm(struct vouch_api_call *call) {
    static const char *const members[] = {"act", "fingerprint", "reason", NULL};
    struct vouch_ask_proposal_decide ask = {.id = vouch_api_path_id(call, "proposal"),
                                            .verb = VOUCH_PROPOSAL_CONFIRM};
    vouch_api_members(call, members);
    ask.act = (enum vouch_proposal_act)vouch_api_word(call, "act", VOUCH_API_REQUIRED, acts);
    (void)vouch_api_member(call, "fingerprint", VOUCH_API_REQUIRED);
    ask.key = vouch_api_fingerprint(call, "fingerprint");
    ask.reason = vouch_api_text(call, "reason", VOUCH_API_REQUIRED, VOUCH_API_REASON_MAX);
    return ask_about(call, &ask);
}

int vouch_api_proposal_withdraw(struct vouch_api_call *call) {
    static const char *const members[] = {NULL};
    const struct vouch_ask_proposal_decide ask = {.id = vouch_api_path_id(call, "proposal"),
                                                  .verb = VOUCH_PROPOSAL_WITHDRAW};
    vouch_api_members(call, members);
    return ask_about(call, &ask);
}
