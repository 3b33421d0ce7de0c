// SPDX-License-Identifier: ISC
// The hosts that are enrolled: see fleet.h.
#include "prog/vouch/fleet.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define PATH_TEXT_MAX 2048

static int ask(struct vouch_reach *reach, const char *name, const char *verb,
               const struct vouch_api_ask *how, json_t **ret_host, struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    struct vouch_api_ask question = *how;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, VOUCH_FLEET_PATH);
    vouch_api_segment(&path, name);
    if (verb != NULL) {
        vouch_api_segment(&path, verb);
    }
    if (path.err != 0) {
        return vouch_usage(fault, "host: the name is longer than that of a host can be");
    }
    text[path.len] = '\0';
    question.path = text;
    return vouch_api_ask_json(reach->api, &question, VOUCH_FLEET_SCHEMA, ret_host, fault);
}

int vouch_fleet_get(struct vouch_reach *reach, const char *name, struct json_t **ret_host,
                    struct vouch_fault *fault) {
    const struct vouch_api_ask how = {.method = VOUCH_API_GET};
    return ask(reach, name, NULL, &how, ret_host, fault);
}

int vouch_fleet_change(struct vouch_reach *reach, const char *name, const char *verb,
                       const char *body, struct json_t **ret_host, struct vouch_fault *fault) {
    const struct vouch_api_ask how = {.method = VOUCH_API_POST, .body = body};
    return ask(reach, name, verb, &how, ret_host, fault);
}

int vouch_fleet_is_open(const struct json_t *host) {
    return json_is_string(json_object_get(host, "adopt_until"));
}

// Printing

static const struct vouch_column lines[] = {
    {"name", "Host", 0},
    {"state", "State", 0},
    {"why", "Why", 0},
    {"zone", "Zone", 0},
    {"labels", "Labels", 0},
    {"aliases", "Aliases", 0},
    {"in_policy", "In the policy", 0},
    {"health", "Health", 0},
    {"clock_ms", "Clock ahead by ms", 0},
    {"reported", "Reported", 0},
    {"krl_version", "Revocation list", 0},
    {"state_version", "Logins' version", 0},
    {"trust_version", "CA keys' version", 0},
    {"seen", "Seen", 0},
    {"source", "From", 0},
    {"renewed", "Renewed", 0},
    {"created", "Enrolled", 0},
    {"token", "By", 0},
    {"approvals", "Approvals", 0},
    {"needed", "Approvals needed", 0},
    {"approvers", "Adopted by", 0},
    {"wished", "Asks for", 0},
    {"asker", "Asked by", 0},
    {"adopt_until", "To be adopted until", 0},
    {"agent", "Agent", 0},
    {"sshd", "sshd", 0},
    {0},
};

static void print_key(const struct vouch_cli *cli, const json_t *key) {
    static const char *const members[] = {"type", "fingerprint", "serial", "valid_before"};
    static const char *const before[] = {"Key: ", " ", "  certificate ", " until "};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        vouch_autofree char *text =
            vouch_item_json_text(members[i], json_object_get(key, members[i]), &cli->term);
        if (text != NULL && text[0] != '\0' && strcmp(text, "0") != 0) {
            (void)printf("%s%s", before[i], text);
        }
    }
    (void)printf("\n");
}

static void print_more(const struct vouch_cli *cli, const json_t *host) {
    const json_t *keys = json_object_get(host, "keys");
    const json_t *problems = json_object_get(host, "problems");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        print_key(cli, json_array_get(keys, i));
    }
    for (size_t i = 0; i < json_array_size(problems); i++) {
        vouch_autofree char *text =
            vouch_item_json_text("problems", json_array_get(problems, i), &cli->term);
        (void)printf("%s %s\n", vouch_term_mark_out(&cli->term, VOUCH_MARK_WARN),
                     text != NULL ? text : "");
    }
}

int vouch_fleet_print(const struct vouch_cli *cli, const struct json_t *host,
                      struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err = vouch_answer_object(cli, host, lines, fault);
    }
    if (err == 0 && form == VOUCH_FORM_TABLE) {
        print_more(cli, host);
    }
    return err;
}
