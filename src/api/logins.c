// SPDX-License-Identifier: ISC
// /v1/host/logins: what sshd logged, from a host; /v1/logins: the same, for people.
#include "api/fields.h"
#include "api/resources.h"

#define LINE_MAX_LEN 512
#define KEY_ID_TEXT_MAX 1024
#define FINGERPRINT_TEXT_MAX 128

// In the order of enum vouch_login_outcome, from 1.
static const char *const outcomes[] = {"accepted", "refused", NULL};

struct batch {
    struct vouch_login_row rows[VOUCH_REPORT_LOGINS_MAX];
    size_t count;
};

// Login, key ID and line are what somebody typed at sshd: they are kept as they are, and shown escaped.
static void read_login(struct vouch_api_call *call, void *into, size_t place) {
    static const char *const members[] = {"time",        "outcome", "login",  "source",
                                          "method",      "key_id",  "serial", "ca",
                                          "fingerprint", "reason",  "line",   NULL};
    struct batch *batch = into;
    struct vouch_login_row *row = &batch->rows[place];
    *row = (struct vouch_login_row){0};
    vouch_api_members(call, members);
    row->time_ms = vouch_api_time_ms(call, "time", VOUCH_API_REQUIRED);
    row->outcome = vouch_api_word(call, "outcome", VOUCH_API_REQUIRED, outcomes);
    row->login = vouch_api_secret(call, "login", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX);
    row->source = vouch_api_text(call, "source", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    row->method = vouch_api_text(call, "method", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    row->key_id = vouch_api_secret(call, "key_id", VOUCH_API_OPTIONAL, KEY_ID_TEXT_MAX);
    row->serial = vouch_api_serial(call, "serial");
    row->fingerprint =
        vouch_api_text(call, "fingerprint", VOUCH_API_OPTIONAL, FINGERPRINT_TEXT_MAX);
    row->ca = vouch_api_text(call, "ca", VOUCH_API_OPTIONAL, FINGERPRINT_TEXT_MAX);
    row->reason = vouch_api_text(call, "reason", VOUCH_API_OPTIONAL, LINE_MAX_LEN);
    row->line = vouch_api_secret(call, "line", VOUCH_API_OPTIONAL, LINE_MAX_LEN);
    batch->count = place + 1;
}

int vouch_api_host_logins(struct vouch_api_call *call) {
    static const char *const members[] = {"first", "logins", NULL};
    struct batch batch;
    batch.count = 0;
    vouch_api_members(call, members);
    uint64_t first = vouch_api_serial(call, "first");
    if (first == 0 && !call->refused) {
        vouch_api_refuse_field(call, "first", "first is missing");
    }
    vouch_api_objects(call, "logins", VOUCH_REPORT_LOGINS_MAX, read_login, &batch);
    if (call->refused) {
        return VOUCH_OK;
    }
    const struct vouch_ask_host_logins ask = {
        .rows = batch.rows, .count = batch.count, .first = first};
    struct vouch_answer_host_done answer = {0};
    int err =
        vouch_authority_host_logins(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_host_answer_done(call, &answer)
                                                       : VOUCH_OK;
}

void vouch_api_put_login(struct vouch_json *json, const struct vouch_login_row *row) {
    size_t outcome = (size_t)row->outcome;
    int known = outcome == VOUCH_LOGIN_ACCEPTED || outcome == VOUCH_LOGIN_REFUSED;
    vouch_json_open(json, NULL, '{');
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "host", row->host);
    vouch_json_time_ms(json, "time", row->time_ms);
    vouch_json_text(json, "outcome", vouch_bytes_of(known ? outcomes[outcome - 1] : ""));
    vouch_json_text(json, "login", row->login);
    vouch_json_text_or_null(json, "source", row->source);
    vouch_json_text_or_null(json, "method", row->method);
    vouch_json_text_or_null(json, "key_id", row->key_id);
    vouch_json_id_or_null(json, "serial", row->serial);
    vouch_json_text_or_null(json, "fingerprint", row->fingerprint);
    vouch_json_text_or_null(json, "ca", row->ca);
    vouch_json_text_or_null(json, "reason", row->reason);
    vouch_json_text_or_null(json, "line", row->line);
    vouch_json_text_or_null(json, "alarm", row->alarm);
    vouch_json_text_or_null(json, "user", row->user);
    vouch_json_close(json, '}');
}

int vouch_api_login_list(struct vouch_api_call *call) {
    static const char *const only[] = {"true", NULL};
    struct vouch_ask_logins ask = {.page = vouch_api_query_page(call)};
    ask.host = vouch_api_query_text(call, "host", VOUCH_HOST_NAME_LEN_MAX);
    ask.login = vouch_api_query_text(call, "login", VOUCH_API_PRINCIPAL_MAX);
    ask.user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX);
    ask.key_id = vouch_api_query_text(call, "key_id", KEY_ID_TEXT_MAX);
    ask.serial = vouch_api_query_serial(call, "serial");
    ask.outcome = vouch_api_query_word(call, "outcome", outcomes);
    ask.alarms = vouch_api_query_word(call, "alarms", only);
    ask.from_ms = vouch_api_query_time_ms(call, "from");
    ask.until_ms = vouch_api_query_time_ms(call, "until");
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_logins answer = {0};
    int err = vouch_authority_logins(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.logins/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_api_put_login(&call->json, &answer.rows[i]);
    }
    return vouch_api_list_end(call, answer.next);
}
