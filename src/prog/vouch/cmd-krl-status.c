// SPDX-License-Identifier: ISC
// vouch krl status: which hosts have the newest revocation list, and which are behind.
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "prog/vouch/query.h"

#define PATH "/v1/krls/status"
#define POLL_S 2
#define WAIT_MAX_S (24u * 3600)

static const struct vouch_column columns[] = {
    {"host", "HOST", 0},         {"version", "VERSION", 0},     {"behind", "BEHIND", 0},
    {"reported", "REPORTED", 0}, {"generated", "GENERATED", 1}, {0},
};

static const struct vouch_list_spec spec = {
    .schema = "vouch.krl-status/1", .member = "items", .columns = columns};

struct counts {
    uint64_t version;
    json_int_t hosts, current, silent;
};

// The first page has the numbers of all; a row of it is not needed.
static int ask_counts(struct vouch_reach *reach, struct counts *ret_counts,
                      struct vouch_fault *fault) {
    json_t *page = NULL;
    const struct vouch_api_ask ask = {.path = PATH "?limit=1"};
    int err = vouch_api_ask_json(reach->api, &ask, spec.schema, &page, fault);
    if (err == 0 && !json_is_integer(json_object_get(page, "hosts"))) {
        err = vouch_api_bad_answer(reach->api, fault, PATH ": it does not say how many hosts");
    }
    if (err == 0) {
        *ret_counts = (struct counts){
            .version = vouch_answer_u64(page, "version"),
            .hosts = json_integer_value(json_object_get(page, "hosts")),
            .current = json_integer_value(json_object_get(page, "current")),
            .silent = json_integer_value(json_object_get(page, "silent")),
        };
    }
    json_decref(page);
    return err;
}

static int is_everywhere(const struct counts *counts) {
    return counts->current >= counts->hosts;
}

static void say_counts(const struct vouch_cli *cli, const struct counts *counts) {
    vouch_say_mark(
        &cli->term, is_everywhere(counts) ? VOUCH_MARK_OK : VOUCH_MARK_WARN,
        "version %llu: %lld of %lld hosts have it; %lld have not reported for 10 minutes",
        (unsigned long long)counts->version, (long long)counts->current, (long long)counts->hosts,
        (long long)counts->silent);
}

static void show_progress(const struct vouch_cli *cli, const struct counts *counts) {
    if (cli->term.err_tty && !cli->term.quiet) {
        (void)fprintf(stderr, "\r  waiting  %lld of %lld hosts  ", (long long)counts->current,
                      (long long)counts->hosts);
        (void)fflush(stderr);
    }
}

static void end_progress(const struct vouch_cli *cli) {
    if (cli->term.err_tty && !cli->term.quiet) {
        (void)fprintf(stderr, "\r%40s\r", "");
        (void)fflush(stderr);
    }
}

static int wait_for_all(struct vouch_reach *reach, uint64_t wait_s, struct counts *counts,
                        struct vouch_fault *fault) {
    const struct timespec pause = {.tv_sec = POLL_S};
    uint64_t end_ns = vouch_time_monotonic_ns() + wait_s * 1000000000u;
    int err = ask_counts(reach, counts, fault), shown = 0;
    while (err == 0 && !is_everywhere(counts) && vouch_time_monotonic_ns() < end_ns) {
        show_progress(reach->cli, counts);
        shown = 1;
        (void)nanosleep(&pause, NULL);
        err = ask_counts(reach, counts, fault);
    }
    if (shown) {
        end_progress(reach->cli);
    }
    return err;
}

static int is_behind(const json_t *row) {
    return json_is_true(json_object_get(row, "behind"));
}

static int read_wait(const struct vouch_args *args, uint64_t *ret_s, struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, "wait");
    if (text != NULL &&
        (vouch_duration_parse(vouch_bytes_of(text), ret_s) != 0 || *ret_s > WAIT_MAX_S)) {
        vouch_usage(fault, "--wait: \"%s\" is not a duration up to a day", text);
        return vouch_fault_next(fault, "write --wait 5m");
    }
    return 0;
}

static int run_status(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct counts counts = {0};
    uint64_t wait_s = 0;
    vouch_answer_keep_fn *keep = vouch_args_count(&cli->args, "all") > 0 ? NULL : is_behind;
    int err = read_wait(&cli->args, &wait_s, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = wait_for_all(&reach, wait_s, &counts, fault);
    }
    if (err == 0) {
        say_counts(cli, &counts);
        err = vouch_answer_list_kept(&reach, PATH, &spec, keep, fault);
    }
    *ret_exit = is_everywhere(&counts) ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    {"all", 0, VOUCH_OPTION_FLAG, 0, NULL, "list all hosts, not only those that are behind"},
    {"wait", 0, VOUCH_OPTION_ONE, 0, "SPAN", "wait so long for all to have it, such as 5m"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch krl status",
    "vouch krl status --wait 5m || echo some hosts still trust what was revoked",
    NULL,
};

const struct vouch_command vouch_cmd_krl_status = {
    .noun = "krl",
    .verb = "status",
    .summary = "whether every enrolled host has the newest revocation list",
    .operands = "",
    .options = options,
    .notes =
        "Exit status: 0 all have it, 1 some have not, 2 or more where it could not be found out.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_status,
    .failed = vouch_reach_failed,
};
