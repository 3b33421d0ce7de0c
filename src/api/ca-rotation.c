// SPDX-License-Identifier: ISC
// /v1/ca/rotation: how far the rotation of each CA key has come, and its next step.
#include "api/fields.h"
#include "api/resources.h"

static const char *const states[] = {
    [VOUCH_CA_KEY_NONE] = "",           [VOUCH_CA_KEY_NEXT] = "next",
    [VOUCH_CA_KEY_ACTIVE] = "active",   [VOUCH_CA_KEY_OLD] = "old",
    [VOUCH_CA_KEY_REMOVED] = "removed", [VOUCH_CA_KEY_DESTROYED] = "destroyed"};
// In the order of enum vouch_cert_type, and of enum vouch_rotation_phase, from 1.
static const char *const uses[] = {"user", "host", NULL};
static const char *const phases[] = {"steady", "distribute", "drain", "removed", NULL};
static const char *const steps[] = {
    [VOUCH_ROTATE_NONE] = "",           [VOUCH_ROTATE_CREATE] = "create",
    [VOUCH_ROTATE_DROP] = "drop",       [VOUCH_ROTATE_SWITCH] = "switch",
    [VOUCH_ROTATE_BACK] = "back",       [VOUCH_ROTATE_REMOVE] = "remove",
    [VOUCH_ROTATE_RESTORE] = "restore", [VOUCH_ROTATE_DESTROY] = "destroy"};
static const char *const reasons[] = {[VOUCH_ROTATION_FINE] = "",
                                      [VOUCH_ROTATION_BEHIND] = "behind",
                                      [VOUCH_ROTATION_CERT] = "certificate",
                                      [VOUCH_ROTATION_SILENT] = "silent"};

static struct vouch_bytes word(const char *const *words, size_t count, size_t place) {
    return vouch_bytes_of(place < count ? words[place] : "");
}
#define WORD(words, place) word(words, sizeof(words) / sizeof((words)[0]), (size_t)(place))

static void put_keys(struct vouch_json *json, const struct vouch_ca_rotation *row) {
    vouch_json_open(json, "keys", '[');
    for (size_t i = 0; i < row->key_count; i++) {
        const struct vouch_ca_rotation_key *key = &row->keys[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "fingerprint", key->fingerprint);
        vouch_json_text(json, "type", key->type);
        vouch_json_text(json, "state", WORD(states, key->state));
        vouch_json_time_ms(json, "since", key->since_ms);
        vouch_json_number(json, "certs", key->signed_count);
        vouch_json_number(json, "valid", key->live);
        vouch_json_time_s(json, "valid_until", key->live_end_s);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void put_hosts(struct vouch_json *json, const struct vouch_ca_rotation *row) {
    vouch_json_open(json, "hosts", '{');
    vouch_json_number(json, "active", row->active);
    vouch_json_number(json, "reporting", row->reporting);
    vouch_json_number(json, "covered", row->covered);
    vouch_json_number(json, "silent", row->silent);
    vouch_json_number(json, "blocking", row->blocking);
    vouch_json_open(json, "named", '[');
    for (size_t i = 0; i < row->host_count; i++) {
        const struct vouch_ca_rotation_host *host = &row->hosts[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "host", host->host);
        vouch_json_text(json, "why", WORD(reasons, host->why));
        vouch_json_text_or_null(json, "agent", host->agent);
        vouch_json_id_or_null(json, "trust_version", host->trust_version);
        vouch_json_time_s(json, "reported", host->reported_s);
        vouch_json_time_s(json, "valid_until", host->cert_end_s);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    vouch_json_close(json, '}');
}

static void put_use(struct vouch_json *json, const struct vouch_ca_rotation *row) {
    vouch_json_text(json, "use", vouch_bytes_of(row->use == VOUCH_CERT_HOST ? "host" : "user"));
    vouch_json_text(json, "phase",
                    row->phase == VOUCH_ROTATION_NONE ? vouch_bytes_of("")
                                                      : WORD(phases, row->phase - 1));
    vouch_json_text_or_null(json, "next", WORD(steps, row->next));
    vouch_json_flag(json, "ready", row->is_ready != 0);
    put_keys(json, row);
    vouch_json_id_or_null(json, "needs", row->needs);
    put_hosts(json, row);
    vouch_json_time_s(json, "until", row->until_s);
}

int vouch_api_rotation_show(struct vouch_api_call *call) {
    const struct vouch_ask_rotation ask = {
        .use = (enum vouch_cert_type)vouch_api_query_word(call, "use", uses)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_rotation answer = {0};
    int err = vouch_authority_rotation(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.rotation/1");
    vouch_json_id(json, "trust_version", answer.trust_version);
    vouch_json_number(json, "sessions", answer.sessions);
    vouch_json_number(json, "sessions_current", answer.sessions_current);
    vouch_json_open(json, "items", '[');
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(json, NULL, '{');
        put_use(json, &answer.rows[i]);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    return vouch_api_answer_end(call);
}

static void read_ask(struct vouch_api_call *call, struct vouch_api_texts *without,
                     struct vouch_ask_rotate *ask) {
    static const char *const members[] = {"use", "verb",       "phase",       "without",
                                          "now", "public_key", "fingerprint", NULL};
    static const char *const moves[] = {"start", "advance", "back", NULL};
    vouch_api_members(call, members);
    ask->use = (enum vouch_cert_type)vouch_api_word(call, "use", VOUCH_API_REQUIRED, uses);
    ask->move = (enum vouch_rotation_move)vouch_api_word(call, "verb", VOUCH_API_REQUIRED, moves);
    ask->phase =
        (enum vouch_rotation_phase)vouch_api_word(call, "phase", VOUCH_API_OPTIONAL, phases);
    vouch_api_texts(call, "without", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX, without);
    ask->without = vouch_api_list_of(without);
    ask->is_hurried = vouch_api_flag(call, "now");
    ask->key = vouch_api_public_key(call, VOUCH_API_OPTIONAL);
    ask->fingerprint =
        vouch_api_text(call, "fingerprint", VOUCH_API_OPTIONAL, VOUCH_API_OPTION_MAX);
    (void)vouch_api_is_no_fingerprint(call, "fingerprint", ask->fingerprint);
}

int vouch_api_rotate(struct vouch_api_call *call) {
    struct vouch_api_texts without;
    struct vouch_ask_rotate ask = {0};
    read_ask(call, &without, &ask);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_rotate answer = {0};
    int err = vouch_authority_rotate(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.rotation-step/1");
    vouch_json_text(json, "step", WORD(steps, answer.verb));
    vouch_json_id(json, "number", answer.number);
    vouch_json_id(json, "trust_version", answer.trust_version);
    put_use(json, &answer.use);
    return vouch_api_answer_end(call);
}
