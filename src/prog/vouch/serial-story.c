// SPDX-License-Identifier: ISC
// All that is known of one certificate: see serial-story.h.
#include "prog/vouch/serial-story.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prog/vouch/query.h"

#define PATH_TEXT_MAX 512
#define LOGINS_MAX 10000

struct story {
    struct vouch_reach *reach;
    json_t *events; // an array of objects: time, type, actor, object, details
};

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Members that the source lacks are left out.
static void copy(json_t *to, const char *name, const json_t *from, const char *member) {
    json_t *value = json_object_get(from, member);
    if (value != NULL && !json_is_null(value)) {
        (void)json_object_set(to, name, value);
    }
}

static json_t *add(const struct story *story, const char *type, const json_t *time) {
    json_t *event = json_object();
    (void)json_object_set(event, "time", (json_t *)(uintptr_t)time);
    (void)json_object_set_new(event, "type", json_string(type));
    (void)json_array_append_new(story->events, event);
    return event;
}

// Given, and revoked

static void take_cert(const struct story *story, const json_t *cert) {
    static const char *const members[] = {"role",   "principals",   "fingerprint",
                                          "source", "valid_before", NULL};
    const json_t *revoked = json_object_get(cert, "revoked");
    json_t *given = add(story, "cert.issue", json_object_get(cert, "issued"));
    json_t *details = json_object();
    copy(given, "record", cert, "record");
    copy(given, "actor", cert, "actor");
    copy(given, "object", cert, "key_id");
    for (size_t i = 0; members[i] != NULL; i++) {
        copy(details, members[i], cert, members[i]);
    }
    (void)json_object_set_new(given, "details", details);
    if (json_is_object(revoked)) {
        json_t *end = add(story, "cert.revoke", json_object_get(revoked, "at"));
        copy(end, "actor", revoked, "by");
        copy(end, "object", cert, "key_id");
        details = json_object();
        copy(details, "reason", revoked, "reason");
        (void)json_object_set_new(end, "details", details);
    }
}

// Logins

static void take_login(const struct story *story, const json_t *login) {
    static const char *const members[] = {"source", "method", "reason", "alarm", NULL};
    const char *outcome = vouch_answer_text(login, "outcome");
    const char *name = vouch_answer_text(login, "login"), *host = vouch_answer_text(login, "host");
    int refused = outcome != NULL && strcmp(outcome, "refused") == 0;
    char where[600];
    json_t *details = json_object();
    json_t *event = add(story, refused ? "login.refused" : "login", json_object_get(login, "time"));
    (void)snprintf(where, sizeof where, "%s@%s", name != NULL ? name : "?",
                   host != NULL ? host : "?");
    copy(event, "actor", login, "user");
    (void)json_object_set_new(event, "object", json_string(where));
    for (size_t i = 0; members[i] != NULL; i++) {
        copy(details, members[i], login, members[i]);
    }
    (void)json_object_set_new(event, "details", details);
}

static int ask_logins(const struct story *story, const char *serial, const char *cursor,
                      json_t **ret_page, struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/logins");
    vouch_api_query(&path, "serial", serial);
    vouch_api_query(&path, "limit", "200");
    vouch_api_query(&path, "cursor", cursor);
    if (path.err != 0) {
        return vouch_api_bad_answer(story->reach->api, fault, "/v1/logins: its cursor is too long");
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    return vouch_api_ask_json(story->reach->api, &ask, "vouch.logins/1", ret_page, fault);
}

static int take_logins(const struct story *story, const char *serial, struct vouch_fault *fault) {
    json_t *page = NULL;
    int err = 0, more = 1;
    while (err == 0 && more) {
        json_t *next = NULL;
        err = ask_logins(story, serial, vouch_answer_text(page, "next"), &next, fault);
        json_decref(page);
        page = next;
        const json_t *items = json_object_get(page, "items");
        for (size_t i = 0; i < json_array_size(items); i++) {
            take_login(story, json_array_get(items, i));
        }
        more = err == 0 && json_array_size(items) > 0 && vouch_answer_text(page, "next") != NULL;
        if (more && json_array_size(story->events) > LOGINS_MAX) {
            vouch_say_mark(&story->reach->cli->term, VOUCH_MARK_WARN,
                           "the newest %d logins; the others: vouch audit logins --serial %s",
                           LOGINS_MAX, serial);
            more = 0;
        }
    }
    json_decref(page);
    return err;
}

// Showing

// Moments in UTC compare as text to the second; a part of one comes after its beginning.
static int by_time(const void *a, const void *b) {
    const char *one = vouch_answer_text(*(json_t *const *)a, "time");
    const char *two = vouch_answer_text(*(json_t *const *)b, "time");
    size_t first = one != NULL ? strcspn(one, ".Z") : 0,
           second = two != NULL ? strcspn(two, ".Z") : 0;
    int order =
        strncmp(one != NULL ? one : "", two != NULL ? two : "", first < second ? second : first);
    if (one == NULL || two == NULL || first != second || strncmp(one, two, first) != 0) {
        return order;
    }
    double parts[] = {one[first] == '.' ? strtod(one + first, NULL) : 0,
                      two[second] == '.' ? strtod(two + second, NULL) : 0};
    return (parts[0] > parts[1]) - (parts[0] < parts[1]);
}

static int print(const struct story *story, const struct vouch_list_spec *spec,
                 struct vouch_fault *fault) {
    const struct vouch_cli *cli = story->reach->cli;
    struct vouch_list *list = NULL;
    size_t count = json_array_size(story->events);
    json_t **events = calloc(count + 1, sizeof *events);
    if (events == NULL) {
        return no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        events[i] = json_array_get(story->events, i);
    }
    qsort(events, count, sizeof *events, by_time);
    int err = vouch_list_open(spec, &cli->args, &cli->term, &list, fault);
    for (size_t i = 0; err == 0 && i < count; i++) {
        vouch_answer_item(vouch_list_row(list), events[i]);
    }
    free(events);
    return err == 0 ? vouch_list_close(list, fault) : err;
}

static int collect(const struct story *story, const char *serial, json_t **ret_cert,
                   struct vouch_fault *fault) {
    const struct vouch_query_object what = {
        .path = "/v1/certs", .segment = serial, .schema = "vouch.cert/1"};
    struct vouch_fault none = {0};
    int known = vouch_query_json(story->reach, &what, ret_cert, &none);
    if (known != 0 && known != VOUCH_ERR_NOT_FOUND) {
        *fault = none;
        return known;
    }
    if (known == 0) {
        take_cert(story, *ret_cert);
    }
    int err = take_logins(story, serial, fault);
    if (err == 0 && known != 0) {
        *fault = none;
        if (json_array_size(story->events) > 0) {
            vouch_fault_set(fault, known, none.kind,
                            "no certificate %s was given, and hosts saw one %zu times", serial,
                            json_array_size(story->events));
            return vouch_fault_next(fault,
                                    "somebody else may sign with the CA key: "
                                    "vouch audit logins --serial %s shows where",
                                    serial);
        }
    }
    return err == 0 ? known : err;
}

int vouch_serial_story(struct vouch_reach *reach, const char *serial,
                       const struct vouch_list_spec *spec, struct vouch_fault *fault) {
    struct story story = {.reach = reach, .events = json_array()};
    json_t *cert = NULL;
    int err = story.events != NULL ? collect(&story, serial, &cert, fault) : no_memory(fault);
    if (err == 0) {
        err = print(&story, spec, fault);
    }
    json_decref(cert);
    json_decref(story.events);
    return err;
}
