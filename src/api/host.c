// SPDX-License-Identifier: ISC
// /v1/host/state, /v1/host/news and /v1/host/report: what a host is to install, how it learns that this
// changed, and what it says of itself.
//
// Thousands of hosts wait for news at once. Who waits costs a connection and no thread; and when all are
// woken, because a list or the bundle is new, nobody is asked anything: the snapshot says it.
#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"
#include "base/time.h"

#define WAIT_MAX_S 60
#define PROBLEM_MAX 512
#define SETTING_MAX 512
#define FINGERPRINT_TEXT_MAX 128
#define VERSION_TEXT_MAX 128

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

int vouch_api_host_answer_done(struct vouch_api_call *call,
                               const struct vouch_answer_host_done *answer) {
    vouch_api_answer_begin(call, 200, "vouch.host-done/1");
    vouch_json_id(&call->json, "next", answer->next);
    return vouch_api_answer_end(call);
}

// ----- state

static void put_logins(struct vouch_json *json, const struct vouch_answer_host_state *answer) {
    vouch_json_open(json, "logins", '[');
    for (size_t i = 0; i < answer->login_count; i++) {
        const struct vouch_host_login *login = &answer->logins[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "login", login->login);
        vouch_json_open(json, "principals", '[');
        for (size_t k = 0; k < login->principal_count; k++) {
            vouch_json_open(json, NULL, '{');
            vouch_json_text(json, "principal", login->principals[k].principal);
            vouch_json_text(json, "why", login->principals[k].why);
            vouch_json_close(json, '}');
        }
        vouch_json_close(json, ']');
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

int vouch_api_host_state(struct vouch_api_call *call) {
    const struct vouch_ask_host_state ask = {.have =
                                                 vouch_api_query_number(call, "have", UINT64_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_host_state answer = {0};
    int err =
        vouch_authority_host_state(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.host-state/1");
    vouch_json_id(json, "version", answer.version);
    vouch_json_text(json, "name", answer.name);
    vouch_json_text(json, "zone", answer.zone);
    vouch_json_text(json, "mode", vouch_bytes_of(answer.by_login != 0 ? "login" : "role"));
    vouch_json_id(json, "krl_version", answer.krl_version);
    vouch_json_id(json, "trust_version", answer.trust_version);
    vouch_json_flag(json, "renew", answer.renew != 0);
    vouch_json_number(json, "generation", answer.generation);
    if (ask.have == 0 || ask.have != answer.version) {
        put_logins(json, &answer);
    }
    return vouch_api_answer_end(call);
}

// ----- news

struct versions {
    uint64_t state, krl, trust;
};

static int is_same(const struct versions *a, const struct versions *b) {
    return a->state == b->state && a->krl == b->krl && a->trust == b->trust;
}

static int answer_news(struct vouch_api_call *call, const struct versions *now) {
    vouch_api_answer_begin(call, 200, "vouch.host-news/1");
    vouch_json_id(&call->json, "state", now->state);
    vouch_json_id(&call->json, "krl", now->krl);
    vouch_json_id(&call->json, "trust", now->trust);
    return vouch_api_answer_end(call);
}

// Asks for the version of the host's state, by which its secret is judged too. 0: the call was refused.
static int ask_state(struct vouch_api_call *call, uint64_t have, uint64_t *ret_version) {
    const struct vouch_ask_host_state ask = {.have = have};
    struct vouch_answer_host_state answer = {0};
    int err =
        vouch_authority_host_state(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return 0;
    }
    *ret_version = answer.version;
    return 1;
}

// The state can be another only at first, and if something changed in the fleet since it was looked at. That
// is `fleet_seq` of a snapshot taken before the asking, so that no change falls between the two.
static int must_ask(const struct vouch_api_call *call, const struct versions *have,
                    const struct vouch_api_snapshot *snapshot) {
    switch (call->request->turn) {
    case VOUCH_HTTP_FIRST:
        return 1;
    case VOUCH_HTTP_WOKEN:
        return have->krl == snapshot->krl_versions[0] && have->trust == snapshot->trust_version &&
               call->request->note != snapshot->fleet_seq;
    case VOUCH_HTTP_EXPIRED:
        break;
    }
    return 0;
}

int vouch_api_host_news(struct vouch_api_call *call) {
    const struct versions have = {vouch_api_query_number(call, "state", UINT64_MAX),
                                  vouch_api_query_number(call, "krl", UINT64_MAX),
                                  vouch_api_query_number(call, "trust", UINT64_MAX)};
    uint64_t wait_s = vouch_api_query_number(call, "wait", WAIT_MAX_S);
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct versions now = {have.state, snapshot->krl_versions[0], snapshot->trust_version};
    if (must_ask(call, &have, snapshot) && !ask_state(call, have.state, &now.state)) {
        return VOUCH_OK;
    }
    uint64_t deadline_ns = call->request->begun_ns + wait_s * 1000000000;
    if (wait_s != 0 && call->request->turn != VOUCH_HTTP_EXPIRED && is_same(&have, &now) &&
        vouch_time_monotonic_ns() < deadline_ns) {
        call->response->wait = (struct vouch_http_wait){.key = vouch_api_news_wait_key(),
                                                        .deadline_ns = deadline_ns,
                                                        .note = snapshot->fleet_seq};
        return VOUCH_OK;
    }
    return answer_news(call, &now);
}

// ----- report

int vouch_api_host_report(struct vouch_api_call *call) {
    static const char *const members[] = {
        "time",     "krl_version", "state_version", "trust_version", "krl_generated", "health",
        "problems", "ca_keys",     "agent",         "sshd",          "settings",      NULL};
    static const char *const healths[] = {"ok", "warning", "critical", NULL};
    struct vouch_api_texts problems, ca_keys, settings;
    struct vouch_ask_host_report ask = {0};
    vouch_api_members(call, members);
    ask.time_s = vouch_api_time_ms(call, "time", VOUCH_API_REQUIRED) / 1000;
    ask.krl_version = vouch_api_serial(call, "krl_version");
    ask.state_version = vouch_api_serial(call, "state_version");
    ask.trust_version = vouch_api_serial(call, "trust_version");
    ask.krl_generated_s = vouch_api_time_ms(call, "krl_generated", VOUCH_API_OPTIONAL) / 1000;
    unsigned health = vouch_api_word(call, "health", VOUCH_API_REQUIRED, healths);
    vouch_api_texts(call, "problems", VOUCH_API_OPTIONAL, PROBLEM_MAX, &problems);
    vouch_api_texts(call, "ca_keys", VOUCH_API_OPTIONAL, FINGERPRINT_TEXT_MAX, &ca_keys);
    ask.agent = vouch_api_text(call, "agent", VOUCH_API_OPTIONAL, VERSION_TEXT_MAX);
    ask.sshd = vouch_api_text(call, "sshd", VOUCH_API_OPTIONAL, VERSION_TEXT_MAX);
    vouch_api_texts(call, "settings", VOUCH_API_OPTIONAL, SETTING_MAX, &settings);
    if (call->refused) {
        return VOUCH_OK;
    }
    ask.health = vouch_bytes_of(healths[health - 1]);
    ask.problems = vouch_api_list_of(&problems);
    ask.ca_keys = vouch_api_list_of(&ca_keys);
    ask.settings = vouch_api_list_of(&settings);
    struct vouch_answer_host_done answer = {0};
    int err =
        vouch_authority_host_report(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_host_answer_done(call, &answer)
                                                       : VOUCH_OK;
}
