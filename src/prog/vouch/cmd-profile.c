// SPDX-License-Identifier: ISC
// vouch profile put, ls, show, rm: what a token may have issued.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/query.h"

static const struct vouch_column lines[] = {
    {"name", "Name", 0},
    {"type", "Type", 0},
    {"principals", "Principals", 0},
    {"options", "Options", 0},
    {"ttl_max_s", "Longest (s)", 0},
    {"updated", "Updated", 0},
    {"actor", "Updated by", 0},
    {0},
};

// vouch profile put

// Principals may be listed with commas; options hold commas themselves.
static json_t *list_of(const struct vouch_args *args, const char *option, char mark) {
    size_t cursor = 0;
    const char *value;
    json_t *list = json_array();
    while ((value = vouch_args_next(args, option, &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            struct vouch_bytes part = rest;
            if (mark != '\0') {
                part = vouch_str_cut(&rest, mark);
            } else {
                rest.ptr = NULL;
            }
            (void)json_array_append_new(list, json_stringn((const char *)part.ptr, part.len));
        }
    }
    return list;
}

static int make_body(const struct vouch_args *args, char **ret_text, struct vouch_fault *fault) {
    static const char *const types[] = {"user", "host", NULL};
    uint64_t ttl_s = 0;
    const char *type = vouch_args_value(args, "type");
    const char *ttl = vouch_args_value(args, "ttl-max");
    if (vouch_args_choice("type", type, types, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    if (vouch_duration_parse(vouch_bytes_of(ttl), &ttl_s) != 0) {
        vouch_usage(fault, "--ttl-max: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl-max 8h");
    }
    json_t *body = json_object();
    int bad = json_object_set_new(body, "type", json_string(type)) != 0;
    bad |= json_object_set_new(body, "principals", list_of(args, "principals", ',')) != 0;
    if (vouch_args_count(args, "option") > 0) {
        bad |= json_object_set_new(body, "options", list_of(args, "option", '\0')) != 0;
    }
    bad |= json_object_set_new(body, "ttl_max_s", json_integer((json_int_t)ttl_s)) != 0;
    *ret_text = bad ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(body);
    return *ret_text != NULL ? 0 : vouch_usage(fault, "profile put: a value is not text in UTF-8");
}

static int ask_one(const struct vouch_cli *cli, const struct vouch_api_ask *ask,
                   struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    const struct vouch_query_object what = {
        .ask = *ask,
        .path = "/v1/profiles",
        .segment = cli->args.operands[0],
        .schema = "vouch.profile/1",
        .lines = lines,
    };
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static int run_put(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = make_body(&cli->args, &body, fault);
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would make this of profile %s; nothing was asked",
                  cli->args.operands[0]);
        (void)printf("%s\n", body);
        return 0;
    }
    const struct vouch_api_ask ask = {.method = VOUCH_API_PUT, .body = body};
    return err == 0 ? ask_one(cli, &ask, fault) : err;
}

static const struct vouch_option put_options[] = {
    {"type", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TYPE", "user or host"},
    {"principals", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "P[,P...]",
     "which principals: names, and patterns with * and ?"},
    {"option", 0, VOUCH_OPTION_MANY, 0, "NAME[=VALUE]",
     "which options, such as permit-pty, force-command=* or source-address=10.0.0.0/8"},
    {"ttl-max", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "SPAN", "the longest time, such as 8h"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const put_examples[] = {
    "vouch profile put deploy --type user --principals deploy,app-* --option permit-pty --ttl-max "
    "8h",
    "vouch profile put hosts --type host --principals '*.example.com' --ttl-max 30d",
    NULL,
};

const struct vouch_command vouch_cmd_profile_put = {
    .noun = "profile",
    .verb = "put",
    .summary = "make a profile, or change one: what a token may have issued",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = put_options,
    .examples = put_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_put,
    .failed = vouch_reach_failed,
};

// vouch profile show

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.method = VOUCH_API_GET};
    *ret_exit = VOUCH_EXIT_OK;
    return ask_one(cli, &ask, fault);
}

static const struct vouch_option show_options[] = {VOUCH_REACH_OPTIONS};

static const char *const show_examples[] = {"vouch profile show deploy", NULL};

const struct vouch_command vouch_cmd_profile_show = {
    .noun = "profile",
    .verb = "show",
    .summary = "one profile",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = show_options,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch profile ls

static const struct vouch_column columns[] = {
    {"name", "NAME", 0},
    {"type", "TYPE", 0},
    {"principals", "PRINCIPALS", 0},
    {"options", "OPTIONS", 0},
    {"ttl_max_s", "TTL-MAX-S", 0},
    {"updated", "UPDATED", 1},
    {"actor", "ACTOR", 1},
    {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/profiles",
    .spec = {.schema = "vouch.profiles/1", .member = "items", .columns = columns},
};

static const char *const ls_examples[] = {"vouch profile ls", NULL};

const struct vouch_command vouch_cmd_profile_ls = {
    .noun = "profile",
    .verb = "ls",
    .summary = "the profiles",
    .operands = "",
    .options = vouch_query_list_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch profile rm

static int run_rm(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.method = VOUCH_API_DELETE};
    *ret_exit = VOUCH_EXIT_OK;
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would remove the profile %s; nothing was asked",
                  cli->args.operands[0]);
        return 0;
    }
    int err = ask_one(cli, &ask, fault);
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "removed the profile %s", cli->args.operands[0]);
    }
    return err;
}

static const struct vouch_option rm_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be removed; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const rm_examples[] = {"vouch profile rm deploy", NULL};

const struct vouch_command vouch_cmd_profile_rm = {
    .noun = "profile",
    .verb = "rm",
    .summary = "remove a profile that no token needs",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = rm_options,
    .examples = rm_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_rm,
    .failed = vouch_reach_failed,
};
