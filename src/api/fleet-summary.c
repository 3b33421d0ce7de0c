// SPDX-License-Identifier: ISC
// /v1/summary/fleet: all enrolled hosts counted by zone or label, and those that need somebody.
#include "api/fleet.h"
#include "api/resources.h"

static void put_counts(struct vouch_json *json, const char *name,
                       const struct vouch_fleet_counts *counts) {
    vouch_json_open(json, name, '{');
    vouch_json_number(json, "critical", counts->critical);
    vouch_json_number(json, "locked", counts->locked);
    vouch_json_number(json, "silent", counts->silent);
    vouch_json_number(json, "attention", counts->attention);
    vouch_json_number(json, "behind", counts->behind);
    vouch_json_number(json, "waiting", counts->waiting);
    vouch_json_number(json, "ok", counts->ok);
    vouch_json_close(json, '}');
}

static void put_groups(struct vouch_json *json, const struct vouch_answer_fleet_summary *answer) {
    vouch_json_open(json, "groups", '[');
    for (size_t i = 0; i < answer->group_count; i++) {
        const struct vouch_fleet_group *group = &answer->groups[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text_or_null(json, "name", group->name);
        vouch_json_number(json, "hosts", group->counts.hosts);
        put_counts(json, "conditions", &group->counts);
        vouch_json_open(json, "each", '[');
        for (size_t k = 0; k < group->each_count; k++) {
            vouch_json_open(json, NULL, '{');
            vouch_json_text(json, "name", group->each[k].host);
            vouch_json_text(json, "condition", vouch_api_condition_text(group->each[k].condition));
            vouch_json_close(json, '}');
        }
        vouch_json_close(json, ']');
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    vouch_json_open(json, "left", '{');
    vouch_json_number(json, "groups", answer->groups_left);
    vouch_json_number(json, "hosts", answer->left.hosts);
    put_counts(json, "conditions", &answer->left);
    vouch_json_close(json, '}');
}

static void put_needs(struct vouch_json *json, const struct vouch_answer_fleet_summary *answer) {
    vouch_json_number(json, "needing", answer->needing);
    vouch_json_open(json, "needs", '[');
    for (size_t i = 0; i < answer->need_count; i++) {
        const struct vouch_fleet_need *need = &answer->needs[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "name", need->host);
        vouch_json_text_or_null(json, "zone", need->zone);
        vouch_json_text(json, "condition", vouch_api_condition_text(need->condition));
        vouch_json_time_s(json, "valid_before", need->end_s);
        vouch_json_text_or_null(json, "why", need->why);
        vouch_json_texts(json, "problems", need->problems.items, need->problems.count);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void put_labels(struct vouch_json *json, const struct vouch_answer_fleet_summary *answer) {
    vouch_json_open(json, "labels", '[');
    for (size_t i = 0; i < answer->label_count; i++) {
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "key", answer->labels[i].key);
        vouch_json_number(json, "hosts", answer->labels[i].hosts);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

// "zone", or "label:KEY": the key. Empty: zones.
static struct vouch_bytes read_by(struct vouch_api_call *call) {
    static const char prefix[] = "label:";
    const size_t len = sizeof prefix - 1;
    const struct vouch_bytes by = vouch_api_query_text(call, "by", VOUCH_API_NAME_TEXT_MAX);
    if (by.len > len && memcmp(by.ptr, prefix, len) == 0) {
        return (struct vouch_bytes){by.ptr + len, by.len - len};
    }
    if (by.len > 0 && !vouch_bytes_equal(by, vouch_bytes_of("zone"))) {
        vouch_api_refuse_field(call, "by", "by must be zone or label:KEY");
    }
    return (struct vouch_bytes){0};
}

int vouch_api_fleet_summary_show(struct vouch_api_call *call) {
    struct vouch_api_texts labels;
    struct vouch_ask_fleet_summary ask = {.label = read_by(call)};
    vouch_api_fleet_filter(call, &labels, &ask.what);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_fleet_summary answer = {0};
    struct vouch_json *json = &call->json;
    int err =
        vouch_authority_fleet_summary(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.fleet-summary/1");
    vouch_json_time_s(json, "time", answer.now_s);
    vouch_json_text_or_null(json, "label", ask.label);
    vouch_json_number(json, "hosts", answer.counts.hosts);
    put_counts(json, "conditions", &answer.counts);
    put_groups(json, &answer);
    put_needs(json, &answer);
    put_labels(json, &answer);
    return vouch_api_answer_end(call);
}
