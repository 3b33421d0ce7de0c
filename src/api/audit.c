// SPDX-License-Identifier: ISC
// /v1/audit: the events of the ledger.
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "vouch/wire.h"

// How many pairs before this place have the same name.
static unsigned count_before(struct vouch_bytes details, const uint8_t *place,
                             struct vouch_bytes name) {
    struct vouch_reader reader;
    unsigned count = 0;
    vouch_reader_init(&reader, details);
    while (reader.pos < place) {
        count += vouch_bytes_equal(vouch_read_string(&reader, "name"), name) != 0;
        (void)vouch_read_string(&reader, "value");
    }
    return count;
}

// Names may repeat in the ledger and must not in an object: those that do get a number, "key", "key#2".
static void put_detail(struct vouch_json *json, struct vouch_bytes name, unsigned before,
                       struct vouch_bytes value) {
    uint8_t room[96]; // a name has at most 64 bytes
    struct vouch_buf numbered;
    char digits[16];
    vouch_buf_init_fixed(&numbered, room, sizeof room);
    vouch_buf_put(&numbered, name);
    if (before > 0) {
        (void)snprintf(digits, sizeof digits, "#%u", before + 1);
        vouch_buf_put_text(&numbered, digits);
    }
    vouch_json_pair(json, vouch_buf_bytes(&numbered), value);
}

static void put_details(struct vouch_json *json, struct vouch_bytes details) {
    struct vouch_reader reader;
    vouch_json_open(json, "details", '{');
    vouch_reader_init(&reader, details);
    while (vouch_reader_left(&reader) > 0) {
        const uint8_t *place = reader.pos;
        struct vouch_bytes name = vouch_read_string(&reader, "name");
        struct vouch_bytes value = vouch_read_string(&reader, "value");
        if (reader.err == VOUCH_OK) {
            put_detail(json, name, count_before(details, place, name), value);
        }
    }
    vouch_json_close(json, '}');
}

static void put_event(struct vouch_json *json, const struct vouch_event_row *row) {
    vouch_json_open(json, NULL, '{');
    vouch_json_id(json, "record", row->number);
    vouch_json_time_ms(json, "time", row->time_ms);
    vouch_json_text(json, "type", row->type);
    vouch_json_text(json, "actor", row->actor);
    vouch_json_text(json, "object", row->object);
    put_details(json, row->details);
    vouch_json_close(json, '}');
}

int vouch_api_audit_list(struct vouch_api_call *call) {
    struct vouch_ask_audit ask = {.page = vouch_api_query_page(call)};
    ask.type = vouch_api_query_text(call, "type", VOUCH_API_NAME_TEXT_MAX);
    ask.actor = vouch_api_query_text(call, "actor", VOUCH_API_PRINCIPAL_MAX);
    ask.object = vouch_api_query_text(call, "object", VOUCH_API_OPTION_MAX);
    ask.from_ms = vouch_api_query_time_ms(call, "from");
    ask.until_ms = vouch_api_query_time_ms(call, "until");
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_audit answer = {0};
    int err = vouch_authority_audit(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.events/1");
    for (size_t i = 0; i < answer.count; i++) {
        put_event(&call->json, &answer.rows[i]);
    }
    return vouch_api_list_end(call, answer.next);
}
