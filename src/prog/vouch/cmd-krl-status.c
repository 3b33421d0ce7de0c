// SPDX-License-Identifier: ISC
// vouch krl status: which hosts have the newest revocation list, which are behind, and how long it took.
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/query.h"

#define PATH "/v1/krls/status"
#define POLL_S 2
#define WAIT_MAX_S (24u * 3600)
#define NAMED "5" // hosts that are behind, while all are waited for
#define NAMES_MAX 400

static const struct vouch_column columns[] = {
    {"host", "HOST", 0},
    {"version", "VERSION", 0},
    {"behind", "BEHIND", 0},
    {"generated", "GENERATED", 0},
    {"reported", "REPORTED", 0},
    {"arrived", "ARRIVED", 1},
    {0},
};

static const struct vouch_list_spec spec = {
    .schema = "vouch.krl-status/1", .member = "items", .columns = columns};

struct counts {
    uint64_t version;
    json_int_t hosts, current, silent;
    json_int_t measured,
        within_s; // at how many it is known when the list came; at 95 of 100 within so long
    char behind[NAMES_MAX]; // the first of those that lack it
};

// "web1, web2": those are first in the list that the server gives.
static void name_behind(const json_t *items, char ret_names[static NAMES_MAX]) {
    size_t len = 0;
    ret_names[0] = '\0';
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *row = json_array_get(items, i);
        const char *host = vouch_answer_text(row, "host");
        char name[80];
        if (host == NULL || !json_is_true(json_object_get(row, "behind"))) {
            continue;
        }
        vouch_str_escape_to(vouch_bytes_of(host), name, sizeof name);
        int more = snprintf(ret_names + len, NAMES_MAX - len, "%s%s", len > 0 ? ", " : "", name);
        len += more > 0 && (size_t)more < NAMES_MAX - len ? (size_t)more : 0;
    }
    ret_names[len] = '\0';
}

static json_int_t number_of(const json_t *page, const char *member) {
    return json_integer_value(json_object_get(page, member));
}

// The first page has the numbers of all.
static int ask_counts(struct vouch_reach *reach, struct counts *ret_counts,
                      struct vouch_fault *fault) {
    json_t *page = NULL;
    const struct vouch_api_ask ask = {.path = PATH "?limit=" NAMED};
    int err = vouch_api_ask_json(reach->api, &ask, spec.schema, &page, fault);
    if (err == 0 && !json_is_integer(json_object_get(page, "hosts"))) {
        err = vouch_api_bad_answer(reach->api, fault, PATH ": it does not say how many hosts");
    }
    if (err == 0) {
        *ret_counts = (struct counts){.version = vouch_answer_u64(page, "version"),
                                      .hosts = number_of(page, "hosts"),
                                      .current = number_of(page, "current"),
                                      .silent = number_of(page, "silent"),
                                      .measured = number_of(page, "measured"),
                                      .within_s = number_of(page, "within_95_s")};
        name_behind(json_object_get(page, "items"), ret_counts->behind);
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

static void say_span(const struct vouch_cli *cli, const struct counts *counts) {
    char span[VOUCH_TIME_TEXT_MAX];
    vouch_duration_text((uint64_t)counts->within_s, span);
    if (counts->measured > 0) {
        vouch_say(&cli->term,
                  "  it was at 95 of 100 hosts within %s, of %lld that were waiting for it", span,
                  (long long)counts->measured);
    }
}

// A line whenever something changed, so that it may be read in a log too.
static void say_step(const struct vouch_cli *cli, const struct counts *counts) {
    long long left = (long long)(counts->hosts - counts->current);
    vouch_say(&cli->term, "  version %llu: %lld of %lld hosts; %lld left%s%s",
              (unsigned long long)counts->version, (long long)counts->current,
              (long long)counts->hosts, left, counts->behind[0] != '\0' ? ": " : "",
              counts->behind);
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

static void tell(const struct vouch_cli *cli, const struct counts *now, const struct counts *told) {
    if (vouch_args_count(&cli->args, "watch") == 0) {
        show_progress(cli, now);
    } else if (now->current != told->current || now->hosts != told->hosts ||
               now->version != told->version || strcmp(now->behind, told->behind) != 0) {
        say_step(cli, now);
    }
}

static int wait_for_all(struct vouch_reach *reach, uint64_t wait_s, struct counts *counts,
                        struct vouch_fault *fault) {
    const struct timespec pause = {.tv_sec = POLL_S};
    uint64_t end_ns = vouch_time_monotonic_ns() + wait_s * 1000000000u;
    struct counts told = {.current = -1};
    int err = ask_counts(reach, counts, fault);
    while (err == 0 && !is_everywhere(counts) && vouch_time_monotonic_ns() < end_ns) {
        tell(reach->cli, counts, &told);
        told = *counts;
        (void)nanosleep(&pause, NULL);
        err = ask_counts(reach, counts, fault);
    }
    if (told.current >= 0 && vouch_args_count(&reach->cli->args, "watch") == 0) {
        end_progress(reach->cli);
    }
    return err;
}

static int is_behind(const json_t *row) {
    return json_is_true(json_object_get(row, "behind"));
}

static int read_wait(const struct vouch_args *args, uint64_t *ret_s, struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, "wait");
    if (text == NULL && vouch_args_count(args, "watch") > 0) {
        *ret_s = WAIT_MAX_S;
    }
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
        say_span(cli, &counts);
        err = vouch_answer_list_kept(&reach, PATH, &spec, keep, fault);
    }
    *ret_exit = is_everywhere(&counts) ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    {"all", 0, VOUCH_OPTION_FLAG, 0, NULL, "list all hosts, not only those that are behind"},
    {"wait", 0, VOUCH_OPTION_ONE, 0, "SPAN", "wait so long for all to have it, such as 5m"},
    {"watch", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "wait until all have it, a day at most, and say who is left whenever that changes"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch krl status",
    "vouch krl status --wait 5m || echo some hosts still trust what was revoked",
    "vouch krl status --watch",
    "vouch krl status -o json | jq .within_95_s",
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
