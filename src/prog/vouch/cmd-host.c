// SPDX-License-Identifier: ISC
// vouch host ls, show: the machines that are enrolled, and those that wait to be.
#include <jansson.h>

#include "prog/vouch/fleet.h"

// vouch host ls

static const struct vouch_column columns[] = {
    {"name", "HOST", 0},         {"zone", "ZONE", 0},
    {"state", "STATE", 0},       {"health", "HEALTH", 0},
    {"reported", "REPORTED", 0}, {"labels", "LABELS", 0},
    {"problems", "PROBLEMS", 1}, {"aliases", "ALIASES", 1},
    {"krl_version", "KRL", 1},   {"source", "FROM", 1},
    {"agent", "AGENT", 1},       {"sshd", "SSHD", 1},
    {"renewed", "RENEWED", 1},   {"created", "ENROLLED", 1},
    {"why", "WHY", 0},           {0},
};

static const struct vouch_query_part parts[] = {
    {"zone", "zone", VOUCH_QUERY_TEXT},
    {"host", "host", VOUCH_QUERY_TEXT},
    {"label", "label", VOUCH_QUERY_TEXT},
    {"state", "state", VOUCH_QUERY_TEXT},
    {0},
};

static const struct vouch_query_listing listing = {
    .path = VOUCH_FLEET_PATH,
    .parts = parts,
    .spec = {.schema = "vouch.fleet/1", .member = "items", .columns = columns},
};

static const struct vouch_option ls_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "only hosts of this zone"},
    {"host", 0, VOUCH_OPTION_ONE, 0, "PATTERN", "only hosts of such names, with * and ?"},
    {"label", 0, VOUCH_OPTION_ONE, 0, "KEY=VALUE[,...]", "only hosts with all of these labels"},
    {"state", 0, VOUCH_OPTION_ONE, 0, "STATE",
     "waiting, active, locked or retired (default: all but retired)"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const ls_examples[] = {
    "vouch host ls",
    "vouch host ls --state waiting",
    "vouch host ls --label tier=web -o wide",
    NULL,
};

const struct vouch_command vouch_cmd_host_ls = {
    .noun = "host",
    .verb = "ls",
    .summary = "the machines that are enrolled: state, health, when they last reported",
    .operands = "",
    .options = ls_options,
    .notes = "What you reach yourself is shown by vouch ls.",
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch host show

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *host = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_fleet_get(&reach, cli->args.operands[0], &host, fault);
    }
    if (err == 0) {
        err = vouch_fleet_print(cli, host, fault);
    }
    json_decref(host);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option show_options[] = {VOUCH_REACH_OPTIONS};

static const char *const show_examples[] = {"vouch host show web3.prod.example.com", NULL};

const struct vouch_command vouch_cmd_host_show = {
    .noun = "host",
    .verb = "show",
    .summary = "one machine: its keys and certificates, what it has installed, what is wrong",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = show_options,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};
