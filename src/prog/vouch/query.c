// SPDX-License-Identifier: ISC
// Questions to a server: see query.h.
#include "prog/vouch/query.h"

#include <jansson.h>
#include <stdio.h>

#include "base/time.h"
#include "prog/vouch/validity.h"

#define PATH_TEXT_MAX 4096

static int put_moment(const struct vouch_query_part *part, const char *text, struct vouch_buf *path,
                      struct vouch_fault *fault) {
    char moment[VOUCH_TIME_TEXT_MAX];
    uint64_t time_s = 0;
    if (vouch_moment_parse(vouch_bytes_of(text), vouch_time_now_s(), &time_s) != 0) {
        vouch_usage(fault, "--%s: \"%s\" is not a moment", part->option, text);
        return vouch_fault_next(fault, "write --%s 2026-11-22T10:45:38Z or --%s -1d", part->option,
                                part->option);
    }
    vouch_time_utc(time_s, moment);
    vouch_api_query(path, part->name, moment);
    return 0;
}

int vouch_query_put(const struct vouch_args *args, const struct vouch_query_part *parts,
                    struct vouch_buf *path, struct vouch_fault *fault) {
    for (const struct vouch_query_part *part = parts; part->option != NULL; part++) {
        const char *text = vouch_args_value(args, part->option);
        uint64_t number = 0;
        int err = 0;
        if (text == NULL) {
            continue;
        }
        if (part->kind == VOUCH_QUERY_MOMENT) {
            err = put_moment(part, text, path, fault);
        } else {
            err = part->kind == VOUCH_QUERY_NUMBER
                      ? vouch_args_number(part->option, text, &number, fault)
                      : 0;
            vouch_api_query(path, part->name, text);
        }
        if (err != 0) {
            return err;
        }
    }
    return path->err == 0 ? 0 : vouch_usage(fault, "the options are longer than a server takes");
}

const struct vouch_option vouch_query_list_options[] = {
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

int vouch_query_list(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    const struct vouch_query_listing *listing = cli->command->listing;
    char text[PATH_TEXT_MAX];
    struct vouch_buf whole;
    struct vouch_reach reach = {0};
    vouch_buf_init_fixed(&whole, text, sizeof text - 1);
    vouch_buf_put_text(&whole, listing->path);
    int err =
        listing->parts != NULL ? vouch_query_put(&cli->args, listing->parts, &whole, fault) : 0;
    text[whole.len] = '\0';
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_answer_list(&reach, text, &listing->spec, fault);
    }
    vouch_reach_done(&reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

int vouch_query_json(struct vouch_reach *reach, const struct vouch_query_object *what,
                     struct json_t **ret_json, struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    struct vouch_api_ask ask = what->ask;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, what->path);
    if (what->segment != NULL) {
        vouch_api_segment(&path, what->segment);
    }
    if (path.err != 0) {
        return vouch_usage(fault, "the name is longer than a server takes");
    }
    text[path.len] = '\0';
    ask.path = text;
    return vouch_api_ask_json(reach->api, &ask, what->schema, ret_json, fault);
}

int vouch_query_object(struct vouch_reach *reach, const struct vouch_query_object *what,
                       struct vouch_fault *fault) {
    json_t *json = NULL;
    int err = vouch_query_json(reach, what, &json, fault);
    if (err == 0) {
        err = vouch_answer_object(reach->cli, json, what->lines, fault);
    }
    json_decref(json);
    return err;
}
