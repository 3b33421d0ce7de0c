// SPDX-License-Identifier: ISC
// vouch token new, ls, disable: API tokens, the way in for programs.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/query.h"

#define SECRET_LINE_MAX 256

static const struct vouch_column lines[] = {
    {"name", "Name", 0},       {"scopes", "Scopes", 0},
    {"profile", "Profile", 0}, {"created", "Created", 0},
    {"expires", "Expires", 0}, {"disabled", "Disabled", 0},
    {"actor", "Made by", 0},   {0},
};

// vouch token new

static int put_scopes(const struct vouch_args *args, json_t *body) {
    size_t cursor = 0;
    const char *value;
    json_t *scopes = json_array();
    while ((value = vouch_args_next(args, "scope", &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            struct vouch_bytes part = vouch_str_cut(&rest, ',');
            (void)json_array_append_new(scopes, json_stringn((const char *)part.ptr, part.len));
        }
    }
    return json_object_set_new(body, "scopes", scopes);
}

static int make_body(const struct vouch_args *args, char **ret_text, struct vouch_fault *fault) {
    uint64_t ttl_s = 0;
    const char *ttl = vouch_args_value(args, "ttl");
    const char *profile = vouch_args_value(args, "profile");
    if (ttl != NULL && vouch_duration_parse(vouch_bytes_of(ttl), &ttl_s) != 0) {
        vouch_usage(fault, "--ttl: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl 30d");
    }
    json_t *body = json_object();
    int bad = json_object_set_new(body, "name", json_string(args->operands[0])) != 0;
    bad |= put_scopes(args, body) != 0;
    if (profile != NULL) {
        bad |= json_object_set_new(body, "profile", json_string(profile)) != 0;
    }
    if (ttl != NULL) {
        bad |= json_object_set_new(body, "ttl_s", json_integer((json_int_t)ttl_s)) != 0;
    }
    *ret_text = bad ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(body);
    return *ret_text != NULL ? 0 : vouch_usage(fault, "token new: a name is not text in UTF-8");
}

// The secret is shown this once: as the one line of standard output, or in a file of its owner's.
static int hand_out(const struct vouch_cli *cli, const json_t *answer, struct vouch_fault *fault) {
    const char *secret = vouch_answer_text(answer, "secret");
    const char *out = vouch_args_value(&cli->args, "out");
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0 || (out == NULL && form != VOUCH_FORM_TABLE)) {
        return err != 0 ? err : vouch_answer_object(cli, answer, lines, fault);
    }
    char line[SECRET_LINE_MAX];
    (void)snprintf(line, sizeof line, "%s\n", secret != NULL ? secret : "");
    const struct vouch_io_file file = {.path = out != NULL ? out : "-", .mode = 0600};
    err = vouch_io_write(&file, vouch_bytes_of(line), fault);
    vouch_wipe(line, sizeof line);
    if (err == 0 && out != NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: holds the token; it is shown nowhere else",
                       out);
    } else if (err == 0) {
        vouch_say(&cli->term, "this is the token; it is not shown again");
    }
    return err;
}

static int check_out(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const char *out = vouch_args_value(&cli->args, "out");
    if (out == NULL || strcmp(out, "-") == 0 || access(out, F_OK) != 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", out);
    return vouch_fault_next(fault, "choose another name: no token was made");
}

static int run_new(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_out(cli, fault);
    if (err == 0) {
        err = make_body(&cli->args, &body, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this; nothing was asked");
        (void)printf("%s\n", body);
        return 0;
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        const struct vouch_query_object what = {
            .ask = {.method = VOUCH_API_POST, .body = body},
            .path = "/v1/tokens",
            .schema = "vouch.token/1",
        };
        err = vouch_query_json(&reach, &what, &answer, fault);
    }
    if (err == 0 && vouch_answer_text(answer, "secret") == NULL) {
        err = vouch_api_bad_answer(reach.api, fault, "/v1/tokens: there is no secret in it");
    }
    if (err == 0) {
        err = hand_out(cli, answer, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option new_options[] = {
    {"scope", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "SCOPE[,SCOPE...]",
     "cert:issue cert:read cert:revoke audit:read admin metrics"},
    {"profile", 0, VOUCH_OPTION_ONE, 0, "NAME", "what it may issue: vouch profile put"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long it is good (default: 30d)"},
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "write the secret there (0600), not to standard output"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const new_examples[] = {
    "vouch token new deploy --scope cert:issue --profile deploy --out deploy.token",
    "vouch token new ci --local /var/lib/vouch --scope cert:issue,cert:read --profile ci",
    NULL,
};

const struct vouch_command vouch_cmd_token_new = {
    .noun = "token",
    .verb = "new",
    .summary = "make an API token; its secret is shown once",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = new_options,
    .examples = new_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_new,
    .failed = vouch_reach_failed,
};

// vouch token ls

static const struct vouch_column columns[] = {
    {"name", "NAME", 0},       {"scopes", "SCOPES", 0},       {"profile", "PROFILE", 0},
    {"expires", "EXPIRES", 0}, {"last_used", "LAST-USED", 0}, {"disabled", "DISABLED", 0},
    {"actor", "MADE-BY", 1},   {"created", "CREATED", 1},     {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/tokens",
    .spec = {.schema = "vouch.tokens/1", .member = "items", .columns = columns},
};

static const char *const ls_examples[] = {"vouch token ls", NULL};

const struct vouch_command vouch_cmd_token_ls = {
    .noun = "token",
    .verb = "ls",
    .summary = "the API tokens: what they may do, until when, when they were last used",
    .operands = "",
    .options = vouch_query_list_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch token disable

static int run_disable(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_DELETE},
        .path = "/v1/tokens",
        .segment = cli->args.operands[0],
        .schema = "vouch.token/1",
        .lines = lines,
    };
    *ret_exit = VOUCH_EXIT_OK;
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would disable the token %s; nothing was asked", what.segment);
        return 0;
    }
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option disable_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be disabled; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const disable_examples[] = {"vouch token disable deploy", NULL};

const struct vouch_command vouch_cmd_token_disable = {
    .noun = "token",
    .verb = "disable",
    .summary = "make an API token worthless, at once and for ever",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = disable_options,
    .examples = disable_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_disable,
    .failed = vouch_reach_failed,
};
