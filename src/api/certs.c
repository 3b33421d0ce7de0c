// SPDX-License-Identifier: ISC
// /v1/certs: issuing, renewing, showing and listing certificates.
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"

struct vouch_bytes vouch_api_cert_type_text(enum vouch_cert_type type) {
    switch (type) {
    case VOUCH_CERT_USER:
        return vouch_bytes_of("user");
    case VOUCH_CERT_HOST:
        return vouch_bytes_of("host");
    case VOUCH_CERT_NONE:
        break;
    }
    return vouch_bytes_of("");
}

static void put_revoked(struct vouch_json *json, const struct vouch_cert_row *row) {
    if (row->revoked_ms == 0) {
        vouch_json_null(json, "revoked");
        return;
    }
    vouch_json_open(json, "revoked", '{');
    vouch_json_time_ms(json, "at", row->revoked_ms);
    vouch_json_text(json, "by", row->revoked_by);
    vouch_json_text(json, "reason", row->revoked_reason);
    vouch_json_close(json, '}');
}

static void put_members(struct vouch_json *json, const struct vouch_cert_row *row) {
    vouch_json_id(json, "serial", row->serial);
    vouch_json_id(json, "record", row->number);
    vouch_json_time_ms(json, "issued", row->time_ms);
    vouch_json_text(json, "type", vouch_api_cert_type_text(row->type));
    vouch_json_text(json, "key_id", row->key_id);
    vouch_json_digest(json, "fingerprint", row->key);
    vouch_json_texts(json, "principals", row->principals.items, row->principals.count);
    vouch_json_time_s(json, "valid_after", row->valid_after);
    vouch_json_time_s(json, "valid_before", row->valid_before);
    vouch_json_digest(json, "ca", row->ca);
    vouch_json_text(json, "actor", row->actor);
    vouch_json_text(json, "role", row->role);
    vouch_json_text(json, "source", row->source);
    put_revoked(json, row);
    if (row->cert.len > 0) {
        vouch_json_cert(json, "certificate", row->cert);
    }
}

static int answer_cert(struct vouch_api_call *call, unsigned status,
                       const struct vouch_cert_row *row) {
    vouch_api_answer_begin(call, status, "vouch.cert/1");
    put_members(&call->json, row);
    return vouch_api_answer_end(call);
}

int vouch_api_cert_answer_new(struct vouch_api_call *call, const struct vouch_cert_row *row) {
    char path[48];
    (void)snprintf(path, sizeof path, "/v1/certs/%llu", (unsigned long long)row->serial);
    int err = vouch_http_set(call->response, VOUCH_HTTP_SET_LOCATION, vouch_bytes_of(path));
    return err == VOUCH_OK ? answer_cert(call, 201, row) : err;
}

int vouch_api_cert_issue(struct vouch_api_call *call) {
    static const char *const members[] = {"type",  "public_key",       "key_id",     "principals",
                                          "ttl_s", "critical_options", "extensions", NULL};
    struct vouch_api_texts principals, critical, extensions;
    vouch_api_members(call, members);
    struct vouch_ask_issue ask = {.type = vouch_api_cert_type(call, VOUCH_API_REQUIRED)};
    ask.key = vouch_api_public_key(call, VOUCH_API_REQUIRED);
    ask.key_id = vouch_api_text(call, "key_id", VOUCH_API_OPTIONAL, VOUCH_CERT_KEY_ID_MAX);
    vouch_api_texts(call, "principals", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX, &principals);
    ask.ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_OPTIONAL, VOUCH_API_TTL_MAX_S);
    vouch_api_options(call, "critical_options", VOUCH_API_VALUES, &critical);
    vouch_api_options(call, "extensions", VOUCH_API_NO_VALUES, &extensions);
    ask.once = vouch_api_once(call);
    ask.principals = vouch_api_list_of(&principals);
    ask.critical = vouch_api_list_of(&critical);
    ask.extensions = vouch_api_list_of(&extensions);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_cert answer = {0};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err = vouch_authority_issue(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return vouch_api_cert_answer_new(call, &answer.row);
}

int vouch_api_cert_renew(struct vouch_api_call *call) {
    static const char *const members[] = {NULL};
    struct vouch_ask_renew ask = {.serial = vouch_api_path_id(call, "certificate")};
    vouch_api_members(call, members);
    ask.once = vouch_api_once(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_cert answer = {0};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err = vouch_authority_renew(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return vouch_api_cert_answer_new(call, &answer.row);
}

int vouch_api_cert_show(struct vouch_api_call *call) {
    const struct vouch_ask_show ask = {.serial = vouch_api_path_id(call, "certificate")};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_cert answer = {0};
    int err = vouch_authority_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_cert(call, 200, &answer.row)
                                                       : VOUCH_OK;
}

int vouch_api_cert_list(struct vouch_api_call *call) {
    uint8_t digest[32];
    struct vouch_ask_certs ask = {.page = vouch_api_query_page(call)};
    ask.serial = vouch_api_query_serial(call, "serial");
    ask.key = vouch_api_query_fingerprint(call, "fingerprint", digest);
    ask.key_id = vouch_api_query_text(call, "key_id", VOUCH_API_PRINCIPAL_MAX);
    ask.principal = vouch_api_query_text(call, "principal", VOUCH_API_PRINCIPAL_MAX);
    ask.actor = vouch_api_query_text(call, "actor", VOUCH_API_PRINCIPAL_MAX);
    ask.type = vouch_api_query_cert_type(call);
    ask.from_ms = vouch_api_query_time_ms(call, "from");
    ask.until_ms = vouch_api_query_time_ms(call, "until");
    ask.valid_at_s = vouch_api_query_time_ms(call, "valid_at") / 1000;
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_certs answer = {0};
    int err = vouch_authority_certs(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.certs/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}
