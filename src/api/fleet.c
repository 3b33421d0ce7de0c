// SPDX-License-Identifier: ISC
// /v1/fleet: the inventory of enrolled hosts, and what administrators do with one.
#include "api/fields.h"
#include "api/resources.h"

// In the order of enum vouch_host_state, from 1.
static const char *const states[] = {"waiting", "active", "locked", "retired", NULL};

static struct vouch_bytes state_text(enum vouch_host_state state) {
    size_t place = (size_t)state;
    int known = place >= VOUCH_HOST_WAITING && place <= VOUCH_HOST_RETIRED;
    return vouch_bytes_of(known ? states[place - 1] : "");
}

static void put_keys(struct vouch_json *json, const struct vouch_fleet_row *row) {
    vouch_json_open(json, "keys", '[');
    for (size_t i = 0; i < row->key_count; i++) {
        const struct vouch_fleet_key *key = &row->keys[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "fingerprint", key->fingerprint);
        vouch_json_text(json, "type", key->type);
        vouch_json_id_or_null(json, "serial", key->serial);
        vouch_json_time_s(json, "valid_before", key->valid_before_s);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void put_report(struct vouch_json *json, const struct vouch_fleet_row *row) {
    vouch_json_time_s(json, "reported", row->reported_s);
    vouch_json_id(json, "krl_version", row->krl_version);
    vouch_json_time_s(json, "krl_generated", row->krl_generated_s);
    vouch_json_id(json, "state_version", row->state_version);
    vouch_json_id(json, "trust_version", row->trust_version);
    vouch_json_text_or_null(json, "health", row->health);
    vouch_json_texts(json, "problems", row->problems.items, row->problems.count);
    vouch_json_signed(json, "clock_ms", row->clock_ms);
}

static void put_members(struct vouch_json *json, const struct vouch_fleet_row *row) {
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "name", row->name);
    vouch_json_text_or_null(json, "zone", row->zone);
    vouch_json_labels(json, "labels", row->labels.items, row->labels.count);
    vouch_json_texts(json, "aliases", row->aliases.items, row->aliases.count);
    vouch_json_text(json, "state", state_text(row->state));
    vouch_json_text_or_null(json, "why", row->why);
    vouch_json_flag(json, "in_policy", row->in_policy != 0);
    vouch_json_text_or_null(json, "token", row->token);
    vouch_json_text_or_null(json, "source", row->source);
    vouch_json_text_or_null(json, "agent", row->agent);
    vouch_json_text_or_null(json, "sshd", row->sshd);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "seen", row->seen_s);
    vouch_json_time_s(json, "renewed", row->renewed_s);
    vouch_json_number(json, "generation", row->generation);
    vouch_json_number(json, "approvals", row->approvals);
    vouch_json_number(json, "needed", row->needed);
    vouch_json_texts(json, "approvers", row->approvers.items, row->approvers.count);
    vouch_json_texts(json, "wished", row->wished.items, row->wished.count);
    vouch_json_text_or_null(json, "asker", row->asker);
    vouch_json_time_s(json, "adopt_until", row->adopt_until_s);
    put_keys(json, row);
    put_report(json, row);
}

// "tier=web,os=debian".
static void split_labels(struct vouch_bytes text, struct vouch_api_texts *ret_labels) {
    ret_labels->count = 0;
    while (text.len > 0 && ret_labels->count < VOUCH_ASK_LIST_MAX) {
        const uint8_t *comma = memchr(text.ptr, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.ptr) : text.len;
        size_t skip = comma != NULL ? len + 1 : len;
        ret_labels->items[ret_labels->count++] = (struct vouch_bytes){text.ptr, len};
        text = (struct vouch_bytes){text.ptr + skip, text.len - skip};
    }
}

int vouch_api_fleet_list(struct vouch_api_call *call) {
    struct vouch_api_texts labels;
    struct vouch_ask_fleet ask = {.page = vouch_api_query_page(call)};
    ask.zone = vouch_api_query_text(call, "zone", VOUCH_API_NAME_TEXT_MAX);
    ask.host = vouch_api_query_text(call, "host", VOUCH_HOST_NAME_LEN_MAX);
    split_labels(vouch_api_query_text(call, "label", VOUCH_API_OPTION_MAX), &labels);
    ask.labels = vouch_api_list_of(&labels);
    ask.state = vouch_api_query_word(call, "state", states);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_fleet answer = {0};
    int err = vouch_authority_fleet(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.fleet/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

static int change(struct vouch_api_call *call, struct vouch_ask_fleet_change *ask,
                  enum vouch_fleet_verb verb) {
    ask->name = vouch_api_path_name(call, "host", VOUCH_HOST_NAME_LEN_MAX);
    ask->verb = verb;
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_fleet_row answer = {0};
    int err =
        vouch_authority_fleet_change(call->authority, &call->caller, ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.fleet-host/1");
    put_members(&call->json, &answer.row);
    return vouch_api_answer_end(call);
}

static struct vouch_bytes read_reason(struct vouch_api_call *call) {
    return vouch_api_text(call, "reason", VOUCH_API_OPTIONAL, VOUCH_API_REASON_MAX);
}

static void read_names(struct vouch_api_call *call, const char *name, struct vouch_api_texts *texts,
                       struct vouch_text_list *ret_names) {
    vouch_api_texts(call, name, VOUCH_API_OPTIONAL, VOUCH_HOST_NAME_LEN_MAX, texts);
    *ret_names = vouch_api_list_of(texts);
}

// Verbs that want a reason and nothing else.
static int change_for(struct vouch_api_call *call, enum vouch_fleet_verb verb) {
    static const char *const members[] = {"reason", NULL};
    vouch_api_members(call, members);
    struct vouch_ask_fleet_change ask = {.reason = read_reason(call)};
    return change(call, &ask, verb);
}

int vouch_api_fleet_show(struct vouch_api_call *call) {
    struct vouch_ask_fleet_change ask = {0};
    return change(call, &ask, VOUCH_FLEET_LOOK);
}

int vouch_api_fleet_edit(struct vouch_api_call *call) {
    static const char *const members[] = {
        "zone", "labels", "without", "wildcards", "without_wildcards", "reason", NULL};
    struct vouch_api_texts labels, without, wildcards, without_wildcards;
    struct vouch_ask_fleet_change ask = {0};
    vouch_api_members(call, members);
    ask.zone = vouch_api_text(call, "zone", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    vouch_api_options(call, "labels", VOUCH_API_VALUES, &labels);
    vouch_api_texts(call, "without", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX, &without);
    ask.labels = vouch_api_list_of(&labels);
    ask.without = vouch_api_list_of(&without);
    read_names(call, "wildcards", &wildcards, &ask.wildcards);
    read_names(call, "without_wildcards", &without_wildcards, &ask.without_wildcards);
    ask.reason = read_reason(call);
    return change(call, &ask, VOUCH_FLEET_EDIT);
}

int vouch_api_fleet_adopt(struct vouch_api_call *call) {
    static const char *const members[] = {"fingerprint", "zone",   "labels",
                                          "wildcards",   "reason", NULL};
    struct vouch_api_texts labels, wildcards;
    struct vouch_ask_fleet_change ask = {0};
    vouch_api_members(call, members);
    ask.fingerprint = vouch_api_text(call, "fingerprint", VOUCH_API_REQUIRED, VOUCH_API_OPTION_MAX);
    (void)vouch_api_is_no_fingerprint(call, "fingerprint", ask.fingerprint);
    ask.zone = vouch_api_text(call, "zone", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    vouch_api_options(call, "labels", VOUCH_API_VALUES, &labels);
    ask.labels = vouch_api_list_of(&labels);
    read_names(call, "wildcards", &wildcards, &ask.wildcards);
    ask.reason = read_reason(call);
    return change(call, &ask, VOUCH_FLEET_ADOPT);
}

int vouch_api_fleet_rename(struct vouch_api_call *call) {
    static const char *const members[] = {"name", "reason", NULL};
    struct vouch_ask_fleet_change ask = {0};
    vouch_api_members(call, members);
    ask.fresh_name = vouch_api_text(call, "name", VOUCH_API_REQUIRED, VOUCH_HOST_NAME_LEN_MAX);
    ask.reason = read_reason(call);
    return change(call, &ask, VOUCH_FLEET_RENAME);
}

int vouch_api_fleet_refuse(struct vouch_api_call *call) {
    return change_for(call, VOUCH_FLEET_REFUSE);
}
int vouch_api_fleet_lock(struct vouch_api_call *call) {
    return change_for(call, VOUCH_FLEET_LOCK);
}
int vouch_api_fleet_retire(struct vouch_api_call *call) {
    return change_for(call, VOUCH_FLEET_RETIRE);
}
