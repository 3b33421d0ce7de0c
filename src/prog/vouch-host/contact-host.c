// SPDX-License-Identifier: ISC
// What an enrolled host asks with its secret: state, news, reports, logins. See contact.h.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "prog/vouch-host/contact-json.h"
#include "prog/vouch-host/contact.h"

#define PATH_ROOM 256
#define BODY_ROOM (60 * 1024) // of the rows; the server takes bodies of 64 KiB

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int bad(struct vouch_api *api, int err, const char *path, struct vouch_fault *fault) {
    return err == VOUCH_ERR_NO_MEMORY
               ? no_memory(fault)
               : vouch_api_bad_answer(api, fault, "%s: a member is missing or wrong", path);
}

// State

static int take_principal(const json_t *json, struct vouch_arena *arena,
                          struct vouch_apply_principal *ret_principal) {
    int err = vouch_contact_take_text(json_object_get(json, "principal"), arena,
                                      &ret_principal->principal);
    const json_t *why = json_object_get(json, "why");
    return err == 0 && why != NULL ? vouch_contact_take_text(why, arena, &ret_principal->why) : err;
}

static int take_login(const json_t *json, struct vouch_arena *arena,
                      struct vouch_apply_login *ret_login) {
    const json_t *array = json_object_get(json, "principals");
    size_t count = json_array_size(array);
    int err = vouch_contact_take_text(json_object_get(json, "login"), arena, &ret_login->login);
    if (err != 0 || !json_is_array(array) || count > VOUCH_APPLY_PRINCIPALS_MAX) {
        return err != 0 ? err : VOUCH_ERR_FORMAT;
    }
    ret_login->principals = vouch_arena_alloc(arena, (count + 1) * sizeof *ret_login->principals);
    if (ret_login->principals == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    ret_login->principal_count = count;
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = take_principal(json_array_get(array, i), arena, &ret_login->principals[i]);
    }
    return err;
}

static int take_logins(const json_t *array, struct vouch_arena *arena,
                       struct vouch_contact_state *state) {
    size_t count = json_array_size(array);
    int err = 0;
    if (!json_is_array(array) || count > VOUCH_APPLY_LOGINS_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    state->logins = vouch_arena_alloc(arena, (count + 1) * sizeof *state->logins);
    if (state->logins == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = take_login(json_array_get(array, i), arena, &state->logins[i]);
    }
    state->login_count = count;
    state->has_logins = 1;
    return err;
}

// "role", with principals files, or "login", without.
static int take_mode(const json_t *json, uint64_t *ret_by_login) {
    const char *mode = json_string_value(json_object_get(json, "mode"));
    if (mode == NULL || (strcmp(mode, "role") != 0 && strcmp(mode, "login") != 0)) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_by_login = strcmp(mode, "login") == 0;
    return 0;
}

static int take_state(const json_t *json, struct vouch_arena *arena,
                      struct vouch_contact_state *state) {
    const json_t *logins = json_object_get(json, "logins");
    int err = vouch_contact_take_number(json, "version", &state->version);
    if (err == 0) {
        err = vouch_contact_take_number(json, "krl_version", &state->krl_version);
    }
    if (err == 0) {
        err = vouch_contact_take_number(json, "trust_version", &state->trust_version);
    }
    state->renew = json_is_true(json_object_get(json, "renew"));
    if (err == 0) {
        err = take_mode(json, &state->by_login);
    }
    return err == 0 && logins != NULL ? take_logins(logins, arena, state) : err;
}

int vouch_contact_state(struct vouch_api *api, uint64_t have, struct vouch_arena *arena,
                        struct vouch_contact_state *ret_state, struct vouch_fault *fault) {
    char path[PATH_ROOM] = "/v1/host/state";
    struct vouch_contact_state state = {0};
    json_t *json = NULL;
    if (have != 0) {
        (void)snprintf(path, sizeof path, "/v1/host/state?have=%llu", (unsigned long long)have);
    }
    const struct vouch_api_ask ask = {.path = path};
    int err = vouch_api_ask_json(api, &ask, "vouch.host-state/1", &json, fault);
    if (err != 0) {
        return err;
    }
    err = take_state(json, arena, &state);
    json_decref(json);
    if (err != 0) {
        return bad(api, err, "/v1/host/state", fault);
    }
    *ret_state = state;
    return 0;
}

// News

// One that is not there yet is left out.
static void add_version(char *path, size_t size, const char *name, uint64_t version) {
    size_t end = strlen(path);
    if (version != 0) {
        (void)snprintf(path + end, size - end, "&%s=%llu", name, (unsigned long long)version);
    }
}

int vouch_contact_news(struct vouch_api *api, const struct vouch_contact_news *have,
                       unsigned wait_s, struct vouch_contact_news *ret_news,
                       struct vouch_fault *fault) {
    char path[PATH_ROOM];
    json_t *json = NULL;
    struct vouch_contact_news news = {0};
    (void)snprintf(path, sizeof path, "/v1/host/news?wait=%u", wait_s);
    add_version(path, sizeof path, "state", have->state);
    add_version(path, sizeof path, "krl", have->krl);
    add_version(path, sizeof path, "trust", have->trust);
    const struct vouch_api_ask ask = {.path = path, .wait_ms = (uint64_t)wait_s * 1000};
    int err = vouch_api_ask_json(api, &ask, "vouch.host-news/1", &json, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_contact_take_number(json, "state", &news.state);
    if (err == 0) {
        err = vouch_contact_take_number(json, "krl", &news.krl);
    }
    if (err == 0) {
        err = vouch_contact_take_number(json, "trust", &news.trust);
    }
    json_decref(json);
    if (err != 0) {
        return bad(api, err, "/v1/host/news", fault);
    }
    *ret_news = news;
    return 0;
}

// Reports

// Sends an object that is spent by this, and frees it.
static int send(struct vouch_api *api, const char *path, json_t *take_body, int is_whole,
                const char *schema, json_t **ret_json, struct vouch_fault *fault) {
    vouch_autofree char *text =
        is_whole ? json_dumps(take_body, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(take_body);
    if (text == NULL) {
        return no_memory(fault);
    }
    const struct vouch_api_ask ask = {.method = VOUCH_API_POST, .path = path, .body = text};
    return vouch_api_ask_json(api, &ask, schema, ret_json, fault);
}

// What is not known has to be looked at as well; its problem says that it is not known.
static const char *const health_words[] = {
    [VOUCH_APPLY_UNKNOWN] = "warning",
    [VOUCH_APPLY_CRITICAL] = "critical",
    [VOUCH_APPLY_WARNING] = "warning",
    [VOUCH_APPLY_OK] = "ok",
};

static int put_problems(json_t *body, const struct vouch_contact_report *report) {
    if (report->problem_count == 0) {
        return 0;
    }
    json_t *array = json_array();
    int wrong = 0;
    for (size_t i = 0; i < report->problem_count; i++) {
        wrong |= json_array_append_new(array, json_string(report->problems[i]));
    }
    return json_object_set_new(body, "problems", array) | wrong;
}

int vouch_contact_report(struct vouch_api *api, const struct vouch_contact_report *report,
                         struct vouch_fault *fault) {
    const struct vouch_apply_machine *machine = report->machine;
    json_t *body = json_object(), *json = NULL;
    int wrong = vouch_contact_put_time(body, "time", report->time_s * 1000);
    wrong |= vouch_contact_put_number(body, "krl_version", machine->krl_version);
    wrong |= vouch_contact_put_number(body, "state_version", machine->state_version);
    wrong |= vouch_contact_put_number(body, "trust_version", machine->trust_version);
    if (machine->krl_generated_s != 0) {
        wrong |= vouch_contact_put_time(body, "krl_generated", machine->krl_generated_s * 1000);
    }
    wrong |= json_object_set_new(body, "health", json_string(health_words[report->health]));
    wrong |= put_problems(body, report);
    wrong |= vouch_contact_put_texts(body, "ca_keys", &machine->ca_keys);
    wrong |= vouch_contact_put_texts(body, "settings", &machine->settings);
    wrong |= json_object_set_new(body, "agent", json_string("vouch-host " VOUCH_VERSION));
    if (machine->sshd.len > 0) {
        wrong |= vouch_contact_put_bytes(body, "sshd", machine->sshd);
    }
    int err = send(api, "/v1/host/report", body, wrong == 0, "vouch.host-done/1", &json, fault);
    json_decref(json);
    return err;
}

static int put_text(json_t *object, const char *name, struct vouch_bytes text) {
    return text.len == 0 ? 0 : vouch_contact_put_bytes(object, name, text);
}

static json_t *login_row(const struct vouch_apply_seen *row, int *wrong) {
    json_t *object = json_object();
    *wrong |= vouch_contact_put_time(object, "time", row->time_ms);
    *wrong |=
        json_object_set_new(object, "outcome", json_string(row->accepted ? "accepted" : "refused"));
    *wrong |= put_text(object, "login", row->login.len > 0 ? row->login : vouch_bytes_of("-"));
    *wrong |= put_text(object, "source", row->source);
    *wrong |= put_text(object, "method", row->method);
    *wrong |= put_text(object, "key_id", row->key_id);
    *wrong |= vouch_contact_put_number(object, "serial", row->serial);
    *wrong |= put_text(object, "fingerprint", row->fingerprint);
    *wrong |= put_text(object, "ca", row->ca);
    *wrong |= put_text(object, "reason", row->reason);
    *wrong |= put_text(object, "line", row->line);
    return object;
}

// As many rows as one body may hold; at least one.
static int put_rows(json_t *rows, const struct vouch_apply_logins *logins, size_t *ret_count) {
    size_t room = BODY_ROOM, count = 0;
    int wrong = 0;
    for (; count < logins->count && wrong == 0; count++) {
        json_t *row = login_row(&logins->rows[count], &wrong);
        size_t len = json_dumpb(row, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII) + 1;
        if (count > 0 && len > room) {
            json_decref(row);
            break;
        }
        room -= len < room ? len : room;
        wrong |= json_array_append_new(rows, row);
    }
    *ret_count = count;
    return wrong;
}

int vouch_contact_logins(struct vouch_api *api, const struct vouch_apply_logins *logins,
                         uint64_t *ret_next, struct vouch_fault *fault) {
    json_t *body = json_object(), *rows = json_array(), *json = NULL;
    uint64_t next = 0;
    size_t count = 0;
    int wrong = vouch_contact_put_number(body, "first", logins->rows[0].number);
    wrong |= put_rows(rows, logins, &count);
    wrong |= json_object_set_new(body, "logins", rows);
    int err = send(api, "/v1/host/logins", body, wrong == 0, "vouch.host-done/1", &json, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_contact_take_number(json, "next", &next);
    json_decref(json);
    if (err != 0) {
        return bad(api, err, "/v1/host/logins", fault);
    }
    *ret_next = next;
    return 0;
}
