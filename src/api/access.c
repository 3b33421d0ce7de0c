// SPDX-License-Identifier: ISC
// POST /v1/access: who is signed in gets a certificate by their roles, or a request that others approve.
#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"

#define ROLES_MAX 16 // of one certificate

// A list that is there is a choice, also an empty one.
static enum vouch_ask_chosen read_choice(struct vouch_api_call *call, const char *name, size_t max,
                                         struct vouch_api_texts *ret_texts) {
    vouch_api_texts(call, name, VOUCH_API_OPTIONAL, max, ret_texts);
    return vouch_api_has(call, name) ? VOUCH_ASK_CHOSEN : VOUCH_ASK_UNCHOSEN;
}

static void read_roles(struct vouch_api_call *call, struct vouch_api_texts *ret_roles) {
    vouch_api_texts(call, "roles", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX, ret_roles);
    if (ret_roles->count > ROLES_MAX) {
        vouch_api_refuse_field(call, "roles", "roles has %zu entries, and at most %d are taken",
                               ret_roles->count, ROLES_MAX);
    }
}

// The lists of a body, which live as long as the ask.
struct lists {
    struct vouch_api_texts roles, extensions, logins, sources;
};

static void read_body(struct vouch_api_call *call, struct vouch_ask_access *ask,
                      struct lists *lists) {
    ask->zone = vouch_api_text(call, "zone", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX);
    read_roles(call, &lists->roles);
    ask->key = vouch_api_public_key(call, VOUCH_API_REQUIRED);
    ask->ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_OPTIONAL, VOUCH_API_TTL_MAX_S);
    ask->reason = vouch_api_text(call, "reason", VOUCH_API_OPTIONAL, VOUCH_REASON_MAX);
    ask->extensions_are =
        read_choice(call, "extensions", VOUCH_API_NAME_TEXT_MAX, &lists->extensions);
    ask->logins_are = read_choice(call, "logins", VOUCH_API_PRINCIPAL_MAX, &lists->logins);
    ask->sources_are = read_choice(call, "sources", VOUCH_API_NAME_TEXT_MAX, &lists->sources);
    ask->force_command =
        vouch_api_text(call, "force_command", VOUCH_API_OPTIONAL, VOUCH_API_OPTION_MAX);
    ask->verify_required = vouch_api_flag(call, "verify_required");
    ask->trust_version = vouch_api_serial(call, "trust_version");
    ask->pending =
        vouch_api_flag(call, "request") != 0 ? VOUCH_PENDING_REQUEST : VOUCH_PENDING_REFUSE;
    ask->drill = vouch_api_flag(call, "drill");
    ask->once = vouch_api_once(call);
    ask->roles = vouch_api_list_of(&lists->roles);
    ask->extensions = vouch_api_list_of(&lists->extensions);
    ask->logins = vouch_api_list_of(&lists->logins);
    ask->sources = vouch_api_list_of(&lists->sources);
}

// What it would be, where it was asked for that alone.
static int answer_preview(struct vouch_api_call *call, const struct vouch_ask_access *ask) {
    struct vouch_answer_access_preview answer = {0};
    struct vouch_json *json = &call->json;
    int err =
        vouch_authority_access_preview(call->authority, &call->caller, ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.access-preview/1");
    vouch_json_number(json, "missing", answer.missing);
    vouch_json_text(json, "key_id", answer.key_id);
    vouch_json_digest(json, "fingerprint", answer.key);
    vouch_json_texts(json, "roles", answer.roles.items, answer.roles.count);
    vouch_json_texts(json, "principals", answer.principals.items, answer.principals.count);
    vouch_json_labels(json, "critical_options", answer.critical.items, answer.critical.count);
    vouch_json_texts(json, "extensions", answer.extensions.items, answer.extensions.count);
    vouch_json_time_s(json, "valid_after", answer.valid_after);
    vouch_json_time_s(json, "valid_before", answer.valid_before);
    return vouch_api_answer_end(call);
}

int vouch_api_access_new(struct vouch_api_call *call) {
    static const char *const members[] = {
        "zone",       "roles",         "public_key", "ttl_s",         "reason",
        "extensions", "logins",        "sources",    "force_command", "verify_required",
        "request",    "trust_version", "drill",      "dry_run",       NULL};
    struct vouch_ask_access ask = {0};
    struct lists lists;
    vouch_api_members(call, members);
    read_body(call, &ask, &lists);
    uint64_t is_dry = vouch_api_flag(call, "dry_run");
    if (call->refused) {
        return VOUCH_OK;
    }
    if (is_dry) {
        return answer_preview(call, &ask);
    }
    struct vouch_answer_access answer = {0};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err = vouch_authority_access(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    if (answer.cert.serial == 0) {
        return vouch_api_request_answer_new(call, &answer.request);
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return vouch_api_cert_answer_new(call, &answer.cert);
}
