// SPDX-License-Identifier: ISC
// /v1/reviews: what was had in emergencies, and who looked at it; /v1/seals: a certificate that is put away
// for one; /v1/recovery-sheet: what to do when the server is gone.
#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"

// In the order of the enums, from 1.
static const char *const states[] = {"open", "done", "void", NULL};
static const char *const kinds[] = {"loud", "sealed", NULL};

static struct vouch_bytes word(const char *const *words, size_t count, size_t place) {
    return vouch_bytes_of(place >= 1 && place <= count ? words[place - 1] : "");
}

static void put_members(struct vouch_json *json, const struct vouch_review_row *row) {
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "state", word(states, VOUCH_REVIEW_VOID, (size_t)row->state));
    vouch_json_text(json, "kind", word(kinds, VOUCH_REVIEW_SEALED, (size_t)row->kind));
    vouch_json_flag(json, "drill", row->is_drill != 0);
    vouch_json_text(json, "user", row->user);
    vouch_json_text(json, "holder", row->holder);
    vouch_json_text(json, "role", row->role);
    vouch_json_text(json, "zone", row->zone);
    vouch_json_text(json, "reason", row->reason);
    vouch_json_text(json, "source", row->source);
    vouch_json_digest(json, "fingerprint", row->key);
    vouch_json_time_s(json, "opened", row->opened_s);
    vouch_json_id_or_null(json, "serial", row->serial);
    vouch_json_time_s(json, "ends", row->ends_s);
    vouch_json_number(json, "logins", row->uses);
    vouch_json_time_s(json, "used", row->used_s);
    vouch_json_text_or_null(json, "done_by", row->done_by);
    vouch_json_text_or_null(json, "note", row->note);
    vouch_json_time_s(json, "done", row->done_s);
}

int vouch_api_review_list(struct vouch_api_call *call) {
    struct vouch_ask_reviews ask = {.page = vouch_api_query_page(call)};
    ask.state = vouch_api_query_word(call, "state", states);
    ask.kind = vouch_api_query_word(call, "kind", kinds);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_reviews answer = {0};
    int err = vouch_authority_reviews(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.reviews/1");
    vouch_json_number(json, "open", answer.open);
    vouch_json_time_s(json, "last_drill", answer.drill_s);
    vouch_json_open(json, "items", '[');
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(json, NULL, '{');
        put_members(json, &answer.rows[i]);
        vouch_json_close(json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

static int ask_about(struct vouch_api_call *call, const struct vouch_ask_review_decide *ask) {
    struct vouch_answer_review answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_review_decide(call->authority, &call->caller, ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.review/1");
    put_members(&call->json, &answer.row);
    return vouch_api_answer_end(call);
}

int vouch_api_review_show(struct vouch_api_call *call) {
    const struct vouch_ask_review_decide ask = {.id = vouch_api_path_id(call, "review"),
                                                .verb = VOUCH_REVIEW_LOOK};
    return ask_about(call, &ask);
}

int vouch_api_review_finish(struct vouch_api_call *call) {
    static const char *const members[] = {"note", NULL};
    struct vouch_ask_review_decide ask = {.id = vouch_api_path_id(call, "review"),
                                          .verb = VOUCH_REVIEW_FINISH};
    vouch_api_members(call, members);
    ask.note = vouch_api_text(call, "note", VOUCH_API_REQUIRED, VOUCH_REASON_MAX);
    return ask_about(call, &ask);
}

int vouch_api_seal_new(struct vouch_api_call *call) {
    static const char *const members[] = {"user", "role", "public_key", "ttl_s", "reason", NULL};
    struct vouch_ask_seal ask = {0};
    vouch_api_members(call, members);
    ask.user = vouch_api_text(call, "user", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX);
    ask.role = vouch_api_text(call, "role", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX);
    ask.key = vouch_api_public_key(call, VOUCH_API_REQUIRED);
    ask.ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_REQUIRED, VOUCH_API_TTL_MAX_S);
    ask.reason = vouch_api_text(call, "reason", VOUCH_API_REQUIRED, VOUCH_REASON_MAX);
    ask.once = vouch_api_once(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_cert answer = {0};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err = vouch_authority_seal(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return vouch_api_cert_answer_new(call, &answer.row);
}

int vouch_api_sheet_show(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_sheet answer = {0};
    int err = vouch_authority_sheet(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.recovery-sheet/1");
    vouch_json_text(&call->json, "text", answer.text);
    return vouch_api_answer_end(call);
}
