// SPDX-License-Identifier: ISC
// Handing out one-time links: see user-link.h.
#include "prog/vouch/user-link.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/query.h"
#include "prog/vouch/setup-link.h"

#define LINK_MAX 512

int vouch_user_link_check(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const char *out = vouch_args_value(&cli->args, "out");
    if (out == NULL || strcmp(out, "-") == 0 || access(out, F_OK) != 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", out);
    return vouch_fault_next(fault, "choose another name: nothing was changed");
}

static const char *either(const char *first, const char *second) {
    return first != NULL ? first : second;
}

// Who asks over the network reaches the server by an address that works; over the socket only the server
// can know one.
static void print_link(const struct vouch_reach *reach, const json_t *answer,
                       struct vouch_buf *out) {
    const struct vouch_args *args = &reach->cli->args;
    const char *url = either(vouch_args_value(args, "server"), reach->settings.url);
    const char *pin = either(vouch_args_value(args, "pin"), reach->settings.pin);
    const char *address = vouch_answer_text(answer, "address");
    char own[LINK_MAX] = "";
    if (reach->local) {
        (void)snprintf(own, sizeof own, "%s", address != NULL ? address : "");
        char *mark = strchr(own, '#');
        url = address != NULL ? own : NULL;
        pin = mark != NULL ? mark + 1 : NULL;
        if (mark != NULL) {
            *mark = '\0';
        }
    }
    vouch_setup_link_print(url, vouch_answer_text(answer, "secret"), pin, out);
}

static int put_out(const struct vouch_reach *reach, const json_t *answer, const char *link,
                   struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *out = vouch_args_value(&cli->args, "out");
    int is_whole = !reach->local || vouch_answer_text(answer, "address") != NULL;
    const char *server = is_whole ? "" : " --server URL --pin PIN";
    const struct vouch_io_file file = {.path = out != NULL ? out : "-", .mode = 0600};
    char line[LINK_MAX + 2];
    int len = snprintf(line, sizeof line, "%s\n", link);
    int err =
        vouch_io_write(&file, (struct vouch_bytes){(const uint8_t *)line, (size_t)len}, fault);
    vouch_wipe(line, sizeof line);
    if (err == 0 && out != NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: holds the link; it is shown nowhere else",
                       out);
    }
    if (err == 0) {
        vouch_autofree char *until =
            vouch_item_json_text("expires", json_object_get(answer, "expires"), &cli->term);
        vouch_say(&cli->term, "it works once, until %s: vouch setup account LINK%s",
                  until != NULL ? until : "it expires", server);
    }
    return err;
}

static int hand_out(const struct vouch_reach *reach, json_t *answer, struct vouch_fault *fault) {
    static const struct vouch_column no_lines[] = {{0}};
    const struct vouch_cli *cli = reach->cli;
    char link[LINK_MAX];
    enum vouch_form form = VOUCH_FORM_TABLE;
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, link, sizeof link - 1);
    print_link(reach, answer, &text);
    link[text.len] = '\0';
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0 && text.err != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_setup_link,
                              "the address of the server is too long for a link");
    }
    if (err == 0 && (form == VOUCH_FORM_TABLE || vouch_args_value(&cli->args, "out") != NULL)) {
        err = put_out(reach, answer, link, fault);
    } else if (err == 0) {
        (void)json_object_set_new(answer, "link", json_string(link));
        err = vouch_answer_object(cli, answer, no_lines, fault);
    }
    vouch_wipe(link, sizeof link);
    return err;
}

int vouch_user_link(struct vouch_reach *reach, const char *user, uint64_t ttl_s,
                    struct vouch_fault *fault) {
    char body[64] = "{}", text[512];
    struct vouch_buf path;
    json_t *answer = NULL;
    if (ttl_s != 0) {
        (void)snprintf(body, sizeof body, "{\"ttl_s\":%llu}", (unsigned long long)ttl_s);
    }
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/accounts");
    vouch_api_segment(&path, user);
    vouch_buf_put_text(&path, "/link");
    if (path.err != 0) {
        return vouch_usage(fault, "the name is longer than a server takes");
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.method = VOUCH_API_POST, .path = text, .body = body};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.link/1", &answer, fault);
    if (err == 0 && (vouch_answer_text(answer, "secret") == NULL ||
                     vouch_answer_text(answer, "expires") == NULL)) {
        err = vouch_api_bad_answer(reach->api, fault, "%s: there is no link in it", text);
    }
    if (err == 0) {
        err = hand_out(reach, answer, fault);
    }
    json_decref(answer);
    return err;
}
