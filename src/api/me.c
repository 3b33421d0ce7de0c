// SPDX-License-Identifier: ISC
// /v1/me: who somebody is here, and what they may ask for.
#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"

static void put_zone(struct vouch_json *json, const struct vouch_zone_view *zone) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "name", zone->name);
    vouch_json_texts(json, "patterns", zone->patterns.items, zone->patterns.count);
    vouch_json_close(json, '}');
}

static void put_role(struct vouch_json *json, const struct vouch_role_view *role) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "zone", role->zone);
    vouch_json_text(json, "role", role->role);
    vouch_json_text_or_null(json, "group", role->group);
    vouch_json_texts(json, "logins", role->logins.items, role->logins.count);
    vouch_json_number(json, "ttl_s", role->ttl_s);
    vouch_json_number(json, "approvals", role->approvals);
    vouch_json_flag(json, "needs_reason", role->needs_reason != 0);
    vouch_json_number(json, "factor_age_s", role->factor_age_s);
    vouch_json_flag(json, "break_glass", role->break_glass != 0);
    vouch_json_close(json, '}');
}

// The session was used just now.
static void put_session(struct vouch_json *json, const struct vouch_answer_me *me) {
    uint64_t idle_ends_s = me->ends_s != 0 ? vouch_time_now_s() + me->idle_s : 0;
    vouch_json_time_s(json, "factor", me->factor_s);
    vouch_json_time_s(json, "idle_ends", idle_ends_s < me->ends_s ? idle_ends_s : me->ends_s);
    vouch_json_time_s(json, "ends", me->ends_s);
}

int vouch_api_me_show(struct vouch_api_call *call) {
    const struct vouch_ask_me ask = {
        .user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_me answer = {0};
    struct vouch_json *json = &call->json;
    int err = vouch_authority_me(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.me/1");
    vouch_json_text(json, "user", answer.user);
    vouch_json_text(json, "name", answer.name);
    vouch_json_flag(json, "is_admin", answer.is_admin != 0);
    vouch_json_flag(json, "is_auditor", answer.is_auditor != 0);
    put_session(json, &answer);
    vouch_json_id(json, "policy", answer.policy);
    vouch_json_open(json, "zones", '[');
    for (size_t i = 0; i < answer.zone_count; i++) {
        put_zone(json, &answer.zones[i]);
    }
    vouch_json_close(json, ']');
    vouch_json_open(json, "roles", '[');
    for (size_t i = 0; i < answer.role_count; i++) {
        put_role(json, &answer.roles[i]);
    }
    vouch_json_close(json, ']');
    return vouch_api_answer_end(call);
}
