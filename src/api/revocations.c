// SPDX-License-Identifier: ISC
// /v1/revocations: taking certificates and keys back.
#include "api/fields.h"
#include "api/resources.h"
#include "base/mem.h"
#include "base/str.h"

static const char *kind_text(enum vouch_revoke_kind kind) {
    switch (kind) {
    case VOUCH_REVOKE_SERIAL:
        return "serial";
    case VOUCH_REVOKE_KEY_ID:
        return "key_id";
    case VOUCH_REVOKE_KEY:
        return "key";
    case VOUCH_REVOKE_CA:
        return "ca";
    case VOUCH_REVOKE_UNSET:
        break;
    }
    return "";
}

// As a person knows it: a number, a key ID, or a fingerprint.
static void put_value(struct vouch_json *json, const struct vouch_revocation_row *row) {
    struct vouch_bytes value = row->value;
    uint64_t serial = 0;
    if (row->kind == VOUCH_REVOKE_SERIAL && value.len == 8) {
        for (size_t i = 0; i < value.len; i++) {
            serial = serial << 8 | value.ptr[i];
        }
        vouch_json_id(json, "value", serial);
    } else if (row->kind == VOUCH_REVOKE_KEY_ID || value.len != 32) {
        vouch_json_text(json, "value", value);
    } else {
        vouch_json_digest(json, "value", value.ptr);
    }
}

static void put_ca(struct vouch_json *json, const struct vouch_revocation_row *row) {
    static const uint8_t any[sizeof row->ca];
    if (memcmp(row->ca, any, sizeof any) == 0) {
        vouch_json_null(json, "ca");
    } else {
        vouch_json_digest(json, "ca", row->ca);
    }
}

static void put_members(struct vouch_json *json, const struct vouch_revocation_row *row) {
    vouch_json_id(json, "record", row->number);
    vouch_json_text(json, "kind", vouch_bytes_of(kind_text(row->kind)));
    put_value(json, row);
    put_ca(json, row);
    vouch_json_text(json, "reason", row->reason);
    vouch_json_text(json, "actor", row->actor);
    vouch_json_time_ms(json, "at", row->time_ms);
    vouch_json_time_s(json, "until", row->until_s);
}

static void key_free_at_end(struct vouch_key **key) {
    vouch_key_free(*key);
}

// The hash of the key in `public_key`, by its fingerprint.
static struct vouch_bytes hash_key(struct vouch_api_call *call, uint8_t digest[static 32]) {
    VOUCH_CLEANUP(key_free_at_end) struct vouch_key *key = NULL;
    char text[VOUCH_FINGERPRINT_MAX];
    struct vouch_bytes blob = vouch_api_public_key(call, VOUCH_API_OPTIONAL);
    if (blob.len == 0) {
        return blob;
    }
    int err = vouch_key_parse(blob, &key, NULL);
    if (err == VOUCH_OK) {
        vouch_key_fingerprint(key, VOUCH_HASH_SHA256, text);
        err = vouch_api_read_fingerprint(vouch_bytes_of(text), digest);
    }
    if (err != VOUCH_OK) {
        vouch_api_refuse_field(call, "public_key",
                               "public_key is no plain key that OpenSSH would take: %s; a "
                               "certificate is revoked by its serial",
                               vouch_err_text(err));
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){digest, 32};
}

// What was given of the ways to say what is revoked.
struct choice {
    unsigned count;
    enum vouch_revoke_kind kind;
    struct vouch_bytes value;
};

static void choose(struct choice *choice, enum vouch_revoke_kind kind, struct vouch_bytes value) {
    if (value.len > 0) {
        *choice = (struct choice){choice->count + 1, kind, value};
    }
}

static struct vouch_bytes serial_bytes(uint64_t serial, uint8_t bytes[static 8]) {
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    return (struct vouch_bytes){bytes, serial != 0 ? 8 : 0};
}

int vouch_api_revocation_new(struct vouch_api_call *call) {
    static const char *const members[] = {"serial", "key_id", "public_key", "fingerprint",
                                          "ca",     "reason", NULL};
    struct choice choice = {0};
    uint8_t serial[8];
    uint8_t digest[32];
    vouch_api_members(call, members);
    choose(&choice, VOUCH_REVOKE_SERIAL, serial_bytes(vouch_api_serial(call, "serial"), serial));
    choose(&choice, VOUCH_REVOKE_KEY_ID,
           vouch_api_text(call, "key_id", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX));
    choose(&choice, VOUCH_REVOKE_KEY, hash_key(call, digest));
    choose(&choice, VOUCH_REVOKE_KEY, vouch_api_fingerprint(call, "fingerprint"));
    choose(&choice, VOUCH_REVOKE_CA, vouch_api_fingerprint(call, "ca"));
    struct vouch_ask_revoke ask = {.kind = choice.kind, .value = choice.value};
    ask.reason = vouch_api_text(call, "reason", VOUCH_API_REQUIRED, VOUCH_API_REASON_MAX);
    if (!call->refused && choice.count != 1) {
        vouch_api_refuse_field(call, "serial",
                               "%u of serial, key_id, public_key, fingerprint and ca are given, "
                               "and it must be one",
                               choice.count);
    }
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_revoke answer = {0};
    int err = vouch_authority_revoke(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 201, "vouch.revocation/1");
    put_members(&call->json, &answer.row);
    vouch_json_open(&call->json, "krl", '{');
    vouch_json_id(&call->json, "user", answer.krl_versions[0]);
    vouch_json_id(&call->json, "host", answer.krl_versions[1]);
    vouch_json_close(&call->json, '}');
    return vouch_api_answer_end(call);
}

int vouch_api_revocation_list(struct vouch_api_call *call) {
    const struct vouch_ask_revocations ask = {.page = vouch_api_query_page(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_revocations answer = {0};
    int err =
        vouch_authority_revocations(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.revocations/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}
