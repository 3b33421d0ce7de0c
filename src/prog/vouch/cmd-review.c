// SPDX-License-Identifier: ISC
// vouch review ls, show, done: what was had in emergencies, and that somebody looked at it.
#include <jansson.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/body.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

#define PATH "/v1/reviews"
#define SCHEMA "vouch.review/1"
#define PATH_TEXT_MAX 128

// vouch review ls

static const struct vouch_column columns[] = {
    {"id", "ID", 0},
    {"state", "STATE", 0},
    {"kind", "KIND", 0},
    {"drill", "DRILL", 0},
    {"holder", "FOR", 0},
    {"role", "ROLE", 0},
    {"reason", "REASON", 0},
    {"opened", "OPENED", 0},
    {"logins", "LOGINS", 0},
    {"serial", "SERIAL", 1},
    {"user", "ASKED-BY", 1},
    {"source", "FROM", 1},
    {"ends", "ENDS", 1},
    {"used", "USED", 1},
    {"done_by", "DONE-BY", 1},
    {"note", "NOTE", 1},
    {0},
};

static const struct vouch_query_part parts[] = {
    {"state", "state", VOUCH_QUERY_TEXT}, {"kind", "kind", VOUCH_QUERY_TEXT}, {0}};

static const struct vouch_query_listing listing = {
    .path = PATH,
    .parts = parts,
    .spec = {.schema = "vouch.reviews/1", .member = "items", .columns = columns},
};

static int run_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    static const char *const states[] = {"open", "done", "void", NULL};
    static const char *const kinds[] = {"loud", "sealed", NULL};
    const char *state = vouch_args_value(&cli->args, "state");
    const char *kind = vouch_args_value(&cli->args, "kind");
    if ((state != NULL && vouch_args_choice("state", state, states, fault) < 0) ||
        (kind != NULL && vouch_args_choice("kind", kind, kinds, fault) < 0)) {
        return VOUCH_ERR_ARGUMENT;
    }
    return vouch_query_list(cli, ret_exit, fault);
}

static const struct vouch_option ls_options[] = {
    {"state", 0, VOUCH_OPTION_ONE, 0, "STATE", "only open, done or void: nothing was issued"},
    {"kind", 0, VOUCH_OPTION_ONE, 0, "KIND", "only loud, to be used at once, or sealed"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const ls_examples[] = {"vouch review ls --state open",
                                          "vouch review ls --kind sealed -o wide", NULL};

const struct vouch_command vouch_cmd_review_ls = {
    .noun = "review",
    .verb = "ls",
    .summary = "what was had in emergencies, the newest first",
    .operands = "",
    .options = ls_options,
    .notes = "For administrators and auditors.",
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = run_ls,
    .failed = vouch_reach_failed,
};

// vouch review show

static const struct vouch_column lines[] = {
    {"id", "ID", 0},
    {"state", "State", 0},
    {"kind", "Kind", 0},
    {"drill", "Drill", 0},
    {"user", "Asked by", 0},
    {"holder", "For", 0},
    {"role", "Role", 0},
    {"zone", "Zone", 0},
    {"reason", "Reason", 0},
    {"source", "From", 0},
    {"fingerprint", "Key", 0},
    {"opened", "Opened", 0},
    {"serial", "Certificate", 0},
    {"ends", "Ends", 0},
    {"logins", "Logins", 0},
    {"used", "Used", 0},
    {"done_by", "Done by", 0},
    {"note", "Note", 0},
    {"done", "Done", 0},
    {0},
};

static const struct vouch_column login_columns[] = {
    {"time", "TIME", 0},   {"host", "HOST", 0},   {"login", "LOGIN", 0},
    {"source", "FROM", 0}, {"alarm", "ALARM", 0}, {0},
};

static int check_id(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const char *id = cli->args.operands[0];
    uint64_t number = 0;
    if (vouch_str_to_u64(vouch_bytes_of(id), &number) == 0 && number != 0) {
        return 0;
    }
    vouch_usage(fault, "review: \"%s\" is not the number of a review", id);
    return vouch_fault_next(fault, "vouch review ls shows them");
}

// Each login with the certificate, as the hosts reported it; in JSON the numbers of the review must do.
static int show_logins(struct vouch_reach *reach, const json_t *review, struct vouch_fault *fault) {
    static const struct vouch_list_spec spec = {
        .schema = "vouch.logins/1", .member = "items", .columns = login_columns};
    enum vouch_form form = VOUCH_FORM_TABLE;
    uint64_t serial = vouch_answer_u64(review, "serial");
    char path[PATH_TEXT_MAX];
    int err = vouch_form_of_item(&reach->cli->args, &form, fault);
    if (err != 0 || form != VOUCH_FORM_TABLE || serial == 0 ||
        json_integer_value(json_object_get(review, "logins")) == 0) {
        return err;
    }
    (void)snprintf(path, sizeof path, "/v1/logins?serial=%llu", (unsigned long long)serial);
    (void)printf("\n");
    return vouch_answer_list(reach, path, &spec, fault);
}

static int show(struct vouch_reach *reach, struct vouch_fault *fault) {
    const struct vouch_query_object what = {
        .path = PATH, .segment = reach->cli->args.operands[0], .schema = SCHEMA};
    json_t *review = NULL;
    int err = vouch_query_json(reach, &what, &review, fault);
    if (err == 0) {
        err = vouch_answer_object(reach->cli, review, lines, fault);
    }
    if (err == 0) {
        err = show_logins(reach, review, fault);
    }
    json_decref(review);
    return err;
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_id(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = show(&reach, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option show_options[] = {VOUCH_REACH_OPTIONS};

static const char *const show_examples[] = {"vouch review show 4", NULL};

const struct vouch_command vouch_cmd_review_show = {
    .noun = "review",
    .verb = "show",
    .summary = "one of them, with the logins that hosts reported",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = show_options,
    .notes = "For administrators and auditors. In JSON without the logins: vouch audit logins "
             "--serial N has them.",
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch review done

static int make_body(const struct vouch_args *args, char **ret_text, struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    vouch_body_text(&body, "note", vouch_args_value(args, "note"));
    int err = vouch_body_end(&body, ret_text, fault);
    vouch_body_done(&body);
    return err;
}

static int finish(struct vouch_reach *reach, const char *body, struct vouch_fault *fault) {
    char path[PATH_TEXT_MAX];
    (void)snprintf(path, sizeof path, PATH "/%.20s/done", reach->cli->args.operands[0]);
    const struct vouch_query_object what = {.ask = {.method = VOUCH_API_POST, .body = body},
                                            .path = path,
                                            .schema = SCHEMA,
                                            .lines = lines};
    return vouch_query_object(reach, &what, fault);
}

static int run_done(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_id(cli, fault);
    if (err == 0) {
        err = make_body(&cli->args, &body, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would say this of review %s; nothing was said",
                  cli->args.operands[0]);
        (void)printf("%s\n", body);
        return 0;
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = finish(&reach, body, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option done_options[] = {
    {"note", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT",
     "what you found; it is kept in the ledger"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be said; say nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const done_examples[] = {
    "vouch review done 4 --note \"the failover of ticket 4711, nothing else\"", NULL};

const struct vouch_command vouch_cmd_review_done = {
    .noun = "review",
    .verb = "done",
    .summary = "say that you looked at it, and what you found",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = done_options,
    .notes =
        "For administrators who neither asked for the certificate nor hold it. A login that is "
        "reported afterwards opens the review again.",
    .examples = done_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_done,
    .failed = vouch_reach_failed,
};
