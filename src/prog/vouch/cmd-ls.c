// SPDX-License-Identifier: ISC
// vouch ls: the hosts that one reaches, and as whom.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "prog/vouch/answer.h"

static const struct vouch_column columns[] = {
    {"host", "HOST", 0},        {"logins", "LOGINS", 0}, {"roles", "ROLES", 0},
    {"requests", "REQUEST", 0}, {"zone", "ZONE", 1},     {0},
};

static const struct vouch_list_spec spec = {
    .schema = "vouch.hosts/1", .member = "items", .columns = columns};

static int is_reached(const struct json_t *host) {
    return json_array_size(json_object_get(host, "logins")) > 0;
}

// A word without * and ? stands for all names that contain it.
static int put_pattern(const char *pattern, struct vouch_buf *path, struct vouch_fault *fault) {
    char wide[300];
    const char *star = strpbrk(pattern, "*?") != NULL ? "" : "*";
    if (strlen(pattern) > sizeof wide - 3) {
        return vouch_usage(fault, "ls: the pattern is longer than a name of a host");
    }
    (void)snprintf(wide, sizeof wide, "%s%s%s", star, pattern, star);
    vouch_api_query(path, "host", wide);
    return 0;
}

static int run_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    struct vouch_reach reach = {0};
    char text[1024];
    struct vouch_buf path;
    int err = 0;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/hosts");
    vouch_api_query(&path, "zone", vouch_args_value(args, "zone"));
    if (args->operand_count > 0) {
        err = put_pattern(args->operands[0], &path, fault);
    }
    text[path.len] = '\0';
    if (err == 0 && path.err != 0) {
        err = vouch_usage(fault, "ls: the question is longer than a server takes");
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        vouch_answer_keep_fn *keep = vouch_args_count(args, "all") > 0 ? NULL : is_reached;
        err = vouch_answer_list_kept(&reach, text, &spec, keep, fault);
    }
    vouch_reach_done(&reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"all", 0, VOUCH_OPTION_FLAG, 0, NULL, "also those that you would reach on approval"},
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "only those of this zone"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {"vouch ls", "vouch ls 'web*' --all", NULL};

const struct vouch_command vouch_cmd_ls = {
    .noun = "ls",
    .summary = "the hosts that you reach, and as whom",
    .operands = "[PATTERN]",
    .operands_max = 1,
    .options = options,
    .notes = "Without * and ? in it, the pattern stands for all names that contain it.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_ls,
    .failed = vouch_reach_failed,
};
