// SPDX-License-Identifier: ISC
// /v1/summary: the counts of an overview. /v1/account/preferences: how somebody wants their pages, of which the
// API knows each key, so that nothing else is kept for anybody.
#include "api/fields.h"
#include "api/resources.h"

// ----- the summary

static void put_rows(struct vouch_json *json, const char *name,
                     const struct vouch_summary_row *rows, size_t count) {
    vouch_json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        vouch_json_open(json, NULL, '{');
        vouch_json_time_s(json, "time", rows[i].time_s);
        vouch_json_text(json, "role", rows[i].name);
        vouch_json_number(json, "count", rows[i].count);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void put_ending(struct vouch_json *json, const struct vouch_answer_summary *answer) {
    vouch_json_open(json, "ending", '[');
    for (size_t i = 0; i < answer->ending_count; i++) {
        const struct vouch_ending_row *row = &answer->ending[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_id(json, "serial", row->serial);
        vouch_json_text(json, "type", vouch_bytes_of(row->is_host != 0 ? "host" : "user"));
        vouch_json_text(json, "key_id", row->key_id);
        vouch_json_time_s(json, "valid_before", row->end_s);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void put_hosts(struct vouch_json *json, const struct vouch_answer_summary *answer) {
    vouch_json_open(json, "hosts", '{');
    vouch_json_number(json, "active", answer->hosts);
    vouch_json_number(json, "ok", answer->ok);
    vouch_json_number(json, "attention", answer->attention);
    vouch_json_number(json, "critical", answer->critical);
    vouch_json_number(json, "silent", answer->silent);
    vouch_json_number(json, "behind", answer->behind);
    vouch_json_number(json, "waiting", answer->hosts_waiting);
    vouch_json_number(json, "locked", answer->hosts_locked);
    vouch_json_close(json, '}');
    vouch_json_open(json, "krl", '{');
    vouch_json_id(json, "version", answer->krl_version);
    vouch_json_number(json, "hosts", answer->hosts);
    vouch_json_number(json, "current", answer->krl_current);
    vouch_json_close(json, '}');
}

int vouch_api_summary_show(struct vouch_api_call *call) {
    const struct vouch_ask_summary ask = {
        .hours = vouch_api_query_number(call, "hours", VOUCH_SUMMARY_HOURS_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_summary answer = {0};
    struct vouch_json *json = &call->json;
    int err = vouch_authority_summary(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.summary/1");
    vouch_json_time_s(json, "time", answer.now_s);
    vouch_json_open(json, "certs", '{');
    vouch_json_number(json, "valid", answer.valid);
    vouch_json_number(json, "revoked", answer.revoked);
    vouch_json_time_s(json, "next_end", answer.next_end_s);
    vouch_json_close(json, '}');
    put_hosts(json, &answer);
    vouch_json_number(json, "requests_waiting", answer.requests_waiting);
    vouch_json_open(json, "logins_refused", '{');
    vouch_json_number(json, "count", answer.logins_refused);
    vouch_json_time_s(json, "since", answer.logins_since_s);
    vouch_json_close(json, '}');
    vouch_json_time_s(json, "from", answer.from_s);
    vouch_json_number(json, "step_s", answer.step_s);
    put_ending(json, &answer);
    put_rows(json, "issued", answer.issued, answer.issued_count);
    put_rows(json, "refused", answer.refused, answer.refused_count);
    return vouch_api_answer_end(call);
}

// ----- preferences

// The keys, each with its words.
static const char *const themes[] = {"auto", "light", "dark", NULL};
static const char *const languages[] = {"en", "de", NULL};
static const struct {
    const char *name;
    const char *const *words;
} keys[] = {{"theme", themes}, {"language", languages}};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

static int is_word(const char *text, const char *const *words) {
    for (size_t i = 0; text != NULL && words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

// What was kept, key by key: one that is not known any more is left out.
static int answer_preferences(struct vouch_api_call *call, struct vouch_bytes kept) {
    json_t *value = kept.len > 0 ? json_loadb((const char *)kept.ptr, kept.len, 0, NULL) : NULL;
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.preferences/1");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *word = json_string_value(json_object_get(value, keys[i].name));
        int known = is_word(word, keys[i].words);
        vouch_json_text_or_null(json, keys[i].name, vouch_bytes_of(known ? word : ""));
    }
    json_decref(value);
    return vouch_api_answer_end(call);
}

static int ask_preferences(struct vouch_api_call *call, struct vouch_bytes value) {
    const struct vouch_ask_preferences ask = {.value = value};
    struct vouch_answer_preferences answer = {0};
    int err =
        vouch_authority_preferences(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_preferences(call, answer.value)
                                                       : VOUCH_OK;
}

int vouch_api_preferences_show(struct vouch_api_call *call) {
    return ask_preferences(call, (struct vouch_bytes){0});
}

// All of them at once: what is not said is as the pages have it by themselves.
int vouch_api_preferences_put(struct vouch_api_call *call) {
    const char *const members[KEY_COUNT + 1] = {keys[0].name, keys[1].name, NULL};
    char text[VOUCH_PREFERENCES_MAX];
    json_t *value = json_object();
    vouch_api_members(call, members);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        unsigned place = vouch_api_word(call, keys[i].name, VOUCH_API_OPTIONAL, keys[i].words);
        if (place > 0) {
            (void)json_object_set_new(value, keys[i].name, json_string(keys[i].words[place - 1]));
        }
    }
    size_t len = json_dumpb(value, text, sizeof text, JSON_COMPACT);
    json_decref(value);
    if (call->refused) {
        return VOUCH_OK;
    }
    return len > 0 && len <= sizeof text
               ? ask_preferences(call, (struct vouch_bytes){(const uint8_t *)text, len})
               : VOUCH_ERR_NO_MEMORY;
}
