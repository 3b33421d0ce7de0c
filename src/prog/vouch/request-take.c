// SPDX-License-Identifier: ISC
// A request for a certificate that others have to approve: see request-take.h.
#include "prog/vouch/request-take.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/granted.h"
#include "prog/vouch/login-zones.h"
#include "prog/vouch/once.h"
#include "prog/vouch/query.h"
#include "prog/vouch/ssh-config.h"

#define POLL_S 2
#define CERT_NAME "request-cert.pub"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Asking

static int ask(struct vouch_reach *reach, const char *id, const char *verb,
               const struct vouch_api_ask *how, json_t **ret_json, struct vouch_fault *fault) {
    char text[256];
    struct vouch_buf path;
    struct vouch_api_ask question = *how;
    uint64_t number = 0;
    if (vouch_str_to_u64(vouch_bytes_of(id), &number) != 0 || number == 0) {
        vouch_usage(fault, "\"%s\" is not the number of a request", id);
        return vouch_fault_next(fault, "vouch request ls shows them");
    }
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/requests");
    vouch_api_segment(&path, id);
    if (verb != NULL) {
        vouch_api_segment(&path, verb);
    }
    text[path.len] = '\0';
    question.path = text;
    const char *schema =
        verb != NULL && strcmp(verb, "cert") == 0 ? "vouch.cert/1" : VOUCH_REQUEST_SCHEMA;
    return vouch_api_ask_json(reach->api, &question, schema, ret_json, fault);
}

int vouch_request_get(struct vouch_reach *reach, const char *id, struct json_t **ret_request,
                      struct vouch_fault *fault) {
    const struct vouch_api_ask how = {.method = VOUCH_API_GET};
    return ask(reach, id, NULL, &how, ret_request, fault);
}

int vouch_request_decide(struct vouch_reach *reach, const char *id, const char *verb,
                         const char *comment, struct json_t **ret_request,
                         struct vouch_fault *fault) {
    json_t *body = json_object();
    int bad = comment != NULL && json_object_set_new(body, "comment", json_string(comment)) != 0;
    vouch_autofree char *text = bad ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(body);
    if (text == NULL) {
        return vouch_usage(fault, "--comment: is not text in UTF-8");
    }
    const struct vouch_api_ask how = {.method = VOUCH_API_POST, .body = text};
    return ask(reach, id, verb, &how, ret_request, fault);
}

static int is_state(const json_t *request, const char *state) {
    const char *text = vouch_answer_text(request, "state");
    return text != NULL && strcmp(text, state) == 0;
}

int vouch_request_is_waiting(const struct json_t *request) {
    return is_state(request, "waiting");
}

// Waiting

// One line that is written over on a terminal; elsewhere it was said at the beginning.
static void show_progress(const struct vouch_cli *cli, const json_t *request, uint64_t begun_s) {
    char since[VOUCH_TIME_TEXT_MAX];
    json_int_t missing = json_integer_value(json_object_get(request, "missing"));
    uint64_t now_s = vouch_time_now_s();
    if (cli->term.err_tty && !cli->term.quiet) {
        vouch_duration_text(now_s > begun_s ? now_s - begun_s : 0, since);
        (void)fprintf(stderr, "\r  waiting  approvals missing: %lld, for %s  ", (long long)missing,
                      since);
        (void)fflush(stderr);
    }
}

static void end_progress(const struct vouch_cli *cli) {
    if (cli->term.err_tty && !cli->term.quiet) {
        (void)fprintf(stderr, "\r%60s\r", "");
        (void)fflush(stderr);
    }
}

static void say_begin(const struct vouch_cli *cli, const json_t *request) {
    vouch_say(&cli->term, "request %s waits for approval; go on later: vouch request wait %s",
              vouch_answer_text(request, "id"), vouch_answer_text(request, "id"));
}

int vouch_request_wait(struct vouch_reach *reach, uint64_t until_s, struct json_t **request,
                       struct vouch_fault *fault) {
    const struct timespec pause = {.tv_sec = POLL_S};
    uint64_t begun_s = vouch_time_now_s();
    int err = 0, shown = 0;
    if (vouch_request_is_waiting(*request)) {
        say_begin(reach->cli, *request);
    }
    while (err == 0 && vouch_request_is_waiting(*request) && vouch_time_now_s() < until_s) {
        json_t *next = NULL;
        show_progress(reach->cli, *request, begun_s);
        shown = 1;
        (void)nanosleep(&pause, NULL);
        err = vouch_request_get(reach, vouch_answer_text(*request, "id"), &next, fault);
        if (err == 0) {
            json_decref(*request);
            *request = next;
        }
    }
    if (shown) {
        end_progress(reach->cli);
    }
    return err;
}

// Taking

// What was decided against it, in a sentence.
static int decided(const json_t *request, struct vouch_fault *fault) {
    const char *state = vouch_answer_text(request, "state");
    const char *by = vouch_answer_text(request, "decided_by");
    const char *comment = vouch_answer_text(request, "comment");
    char who[160] = "", why[300] = "";
    if (by != NULL) {
        vouch_str_escape_to(vouch_bytes_of(by), who, sizeof who);
    }
    if (comment != NULL) {
        vouch_str_escape_to(vouch_bytes_of(comment), why, sizeof why);
    }
    vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_request_state, "request %s: %s%s%s%s%s",
                    vouch_answer_text(request, "id"), state != NULL ? state : "of unknown state",
                    by != NULL ? " by " : "", who, comment != NULL ? ": " : "", why);
    return vouch_fault_next(fault, "vouch request show %s; a new one: vouch request ROLE",
                            vouch_answer_text(request, "id"));
}

static json_t *make_login(const json_t *me, const char *zone) {
    const json_t *zones = json_object_get(me, "zones");
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *row = json_array_get(zones, i);
        const char *name = vouch_answer_text(row, "name");
        if (name != NULL && strcmp(name, zone) == 0) {
            json_t *login = json_object();
            (void)json_object_set_new(login, "schema", json_string(VOUCH_ZONE_LOGIN_SCHEMA));
            (void)json_object_set_new(login, "zone", json_string(zone));
            (void)json_object_set(login, "patterns", json_object_get(row, "patterns"));
            return login;
        }
    }
    return NULL;
}

// Where nobody has logged in to this zone before, ssh does not know its hosts yet.
static int make_files(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                      struct vouch_fault *fault) {
    const struct vouch_api_ask me_ask = {.path = "/v1/me"};
    vouch_autofree char *unused_try = NULL;
    struct vouch_fault unused;
    json_t *login = NULL, *me = NULL;
    if (vouch_zone_login_read(dir, &login, &unused) == 0) {
        json_decref(login);
        return 0;
    }
    int err = vouch_api_ask_json(reach->api, &me_ask, "vouch.me/1", &me, fault);
    if (err == 0) {
        login = make_login(me, dir->zone);
        err = login == NULL
                  ? vouch_api_bad_answer(reach->api, fault, "/v1/me: zone %s is missing", dir->zone)
                  : vouch_login_files(reach, dir, login, &unused_try, fault);
    }
    if (err == 0) {
        err = vouch_ssh_config_write(fault);
    }
    json_decref(login);
    json_decref(me);
    return err;
}

static void say_use(const struct vouch_cli *cli) {
    enum vouch_ssh_include state = VOUCH_SSH_NOT_INCLUDED;
    struct vouch_fault unused;
    if (vouch_ssh_include_look(&state, &unused) == 0 && state == VOUCH_SSH_NOT_INCLUDED) {
        vouch_say(&cli->term, "for ssh to use it: vouch setup ssh");
    }
}

int vouch_request_keep(struct vouch_reach *reach, const char *zone, const struct json_t *answer,
                       struct vouch_fault *fault) {
    struct vouch_zone_dir dir;
    struct vouch_key *key = NULL;
    struct vouch_cert *cert = NULL;
    int err = vouch_zone_dir_of(zone, &dir, fault);
    if (err == 0) {
        err = vouch_reach_keys(reach, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_key(&dir, &key, fault);
    }
    if (err == 0) {
        err = vouch_granted_read(vouch_answer_text(answer, "certificate"),
                                 vouch_answer_u64(answer, "serial"), "certificate", &cert, fault);
    }
    if (err == 0) {
        err = vouch_zone_login_check(reach, cert, key, 0, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_put_cert(&dir, CERT_NAME, cert, fault);
    }
    if (err == 0) {
        err = make_files(reach, &dir, fault);
    }
    if (err == 0) {
        vouch_login_say(reach->cli, dir.zone, vouch_answer_text(answer, "role"), cert);
        say_use(reach->cli);
    }
    vouch_cert_free(cert);
    vouch_key_free(key);
    return err;
}

int vouch_request_take(struct vouch_reach *reach, const struct json_t *request,
                       struct vouch_fault *fault) {
    const char *id = vouch_answer_text(request, "id");
    const char *zone = vouch_answer_text(request, "zone");
    char once[VOUCH_ONCE_MAX];
    json_t *answer = NULL;
    if (id == NULL || zone == NULL) {
        return vouch_api_bad_answer(reach->api, fault, "the request has no number or no zone");
    }
    if (reach->by != VOUCH_BY_SESSION) {
        return vouch_session_signed_out(zone, NULL, fault);
    }
    if (!is_state(request, "approved")) {
        return decided(request, fault);
    }
    vouch_once_make(once);
    const struct vouch_api_ask how = {.method = VOUCH_API_POST, .body = "{}", .once = once};
    int err = ask(reach, id, "cert", &how, &answer, fault);
    if (err == 0) {
        err = vouch_request_keep(reach, zone, answer, fault);
    }
    json_decref(answer);
    return err;
}

// Showing

int vouch_request_show(const struct vouch_cli *cli, const struct json_t *request,
                       struct vouch_fault *fault) {
    static const struct vouch_column lines[] = {
        {"id", "Request", 0},          {"user", "User", 0},
        {"zone", "Zone", 0},           {"roles", "Roles", 0},
        {"principals", "Names", 0},    {"ttl_s", "Valid for (s)", 0},
        {"reason", "Reason", 0},       {"source", "From", 0},
        {"fingerprint", "Key", 0},     {"state", "State", 0},
        {"missing", "Missing", 0},     {"approvers", "Approved by", 0},
        {"decided_by", "Ended by", 0}, {"comment", "Comment", 0},
        {"created", "Made", 0},        {"expires", "Expires", 0},
        {"serial", "Certificate", 0},  {0},
    };
    if (vouch_request_is_waiting(request) || is_state(request, "approved")) {
        return vouch_answer_object(cli, request, lines, fault);
    }
    // Nothing is missing any more.
    json_t *rest = json_copy((json_t *)(uintptr_t)request);
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = rest == NULL ? no_memory(fault) : vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0 && form == VOUCH_FORM_TABLE) {
        (void)json_object_del(rest, "missing");
    }
    if (err == 0) {
        err = vouch_answer_object(cli, rest, lines, fault);
    }
    json_decref(rest);
    return err;
}
