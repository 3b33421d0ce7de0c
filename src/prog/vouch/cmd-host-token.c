// SPDX-License-Identifier: ISC
// vouch host token new, ls, rm: tokens by which machines enrol themselves.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/body.h"
#include "prog/vouch/enrol-text.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

#define PATH "/v1/host-tokens"
#define SCHEMA "vouch.host-token/1"
#define TEXT_MAX 4096

static const struct vouch_column lines[] = {
    {"id", "ID", 0},
    {"match", "Match", 0},
    {"zone", "Zone", 0},
    {"labels", "Labels", 0},
    {"networks", "From", 0},
    {"uses", "Uses", 0},
    {"uses_left", "Left", 0},
    {"created", "Created", 0},
    {"expires", "Expires", 0},
    {"actor", "Made by", 0},
    {0},
};

// vouch host token new

// By a name or by a pattern; both are one member, and say how many machines are meant.
static int put_match(const struct vouch_args *args, struct vouch_body *body,
                     struct vouch_fault *fault) {
    const char *name = vouch_args_value(args, "name"), *match = vouch_args_value(args, "match");
    if ((name == NULL) == (match == NULL)) {
        vouch_usage(fault, "host token new: %s",
                    name == NULL ? "which machine it is for is missing"
                                 : "--name and --match exclude each other");
        return vouch_fault_next(fault, "give --name web3.prod.example.com, or a pattern: "
                                       "--match 'web*.prod.example.com' --uses 10");
    }
    if (name != NULL && strpbrk(name, "*?") != NULL) {
        vouch_usage(fault, "--name: \"%s\" is a pattern, not a name", name);
        return vouch_fault_next(fault, "a pattern is given with --match");
    }
    vouch_body_text(body, "match", name != NULL ? name : match);
    return 0;
}

static int fill_body(const struct vouch_args *args, struct vouch_body *body,
                     struct vouch_fault *fault) {
    const char *uses = vouch_args_value(args, "uses");
    uint64_t count = 0;
    int err = put_match(args, body, fault);
    vouch_body_text(body, "zone", vouch_args_value(args, "zone"));
    if (err == 0) {
        err = vouch_body_labels(body, "labels", args, "label", fault);
    }
    vouch_body_list(body, "networks", args, "network");
    if (err == 0 && uses != NULL) {
        err = vouch_args_number("uses", uses, &count, fault);
    }
    vouch_body_number(body, "uses", count);
    return err == 0 ? vouch_body_span(body, "ttl_s", args, "ttl", fault) : err;
}

static int make_body(const struct vouch_args *args, char **ret_text, struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    int err = fill_body(args, &body, fault);
    if (err == 0) {
        err = vouch_body_end(&body, ret_text, fault);
    }
    vouch_body_done(&body);
    return err;
}

static int read_form(const struct vouch_args *args, enum vouch_enrol_form *ret_form,
                     struct vouch_fault *fault) {
    static const char *const words[] = {"shell", "cloud-init", "ansible", "token", NULL};
    static const enum vouch_enrol_form forms[] = {VOUCH_ENROL_SHELL, VOUCH_ENROL_CLOUD_INIT,
                                                  VOUCH_ENROL_ANSIBLE, VOUCH_ENROL_TOKEN};
    const char *word = vouch_args_value(args, "format");
    int choice = word != NULL ? vouch_args_choice("format", word, words, fault) : 0;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    *ret_form = forms[choice];
    return 0;
}

// The machine may reach the server by another name than this command: the server's word counts, and what
// this command asked only where the server does not say.
static const char *address_of(const struct vouch_reach *reach, const json_t *answer, char *room,
                              size_t room_size) {
    const char *address = vouch_answer_text(answer, "address");
    const struct vouch_settings *settings = &reach->settings;
    if (address != NULL && address[0] != '\0') {
        return address;
    }
    (void)snprintf(room, room_size, "%s%s%s", settings->url != NULL ? settings->url : "",
                   settings->pin != NULL ? "#" : "", settings->pin != NULL ? settings->pin : "");
    return room;
}

static void say_what(const struct vouch_cli *cli, const json_t *answer) {
    vouch_autofree char *match =
        vouch_item_json_text("match", json_object_get(answer, "match"), &cli->term);
    vouch_autofree char *expires =
        vouch_item_json_text("expires", json_object_get(answer, "expires"), &cli->term);
    json_int_t uses = json_integer_value(json_object_get(answer, "uses"));
    if (match != NULL && expires != NULL) {
        vouch_say(&cli->term, "for %s, good %s until %s; it is not shown again:", match,
                  uses > 1 ? "for several machines" : "once", expires);
    }
}

static int hand_out(struct vouch_reach *reach, const json_t *answer, enum vouch_enrol_form form,
                    struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *secret = vouch_answer_text(answer, "secret");
    const char *out = vouch_args_value(&cli->args, "out");
    char room[1024], text[TEXT_MAX];
    enum vouch_form data = VOUCH_FORM_TABLE;
    const struct vouch_enrol_text what = {
        .address = address_of(reach, answer, room, sizeof room),
        .secret = secret != NULL ? secret : "",
    };
    int err = vouch_form_of_item(&cli->args, &data, fault);
    if (err == 0 && !vouch_enrol_text_is_plain(&what)) {
        err = vouch_api_bad_answer(reach->api, fault,
                                   PATH ": its secret or its address is none that could be");
    }
    if (err != 0 || (out == NULL && data != VOUCH_FORM_TABLE)) {
        return err != 0 ? err : vouch_answer_object(cli, answer, lines, fault);
    }
    struct vouch_buf buf;
    vouch_buf_init_fixed(&buf, text, sizeof text);
    vouch_enrol_text_put(&what, form, &buf);
    const struct vouch_io_file file = {.path = out != NULL ? out : "-", .mode = 0600};
    say_what(cli, answer);
    err = vouch_io_write(&file, vouch_buf_bytes(&buf), fault);
    vouch_wipe(text, sizeof text);
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

static int ask_new(const struct vouch_cli *cli, const char *body, enum vouch_enrol_form form,
                   struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_POST, .body = body}, .path = PATH, .schema = SCHEMA};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_json(&reach, &what, &answer, fault);
    }
    if (err == 0) {
        err = hand_out(&reach, answer, form, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static int run_new(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    enum vouch_enrol_form form = VOUCH_ENROL_SHELL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = read_form(&cli->args, &form, fault);
    if (err == 0) {
        err = check_out(cli, fault);
    }
    if (err == 0) {
        err = make_body(&cli->args, &body, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this; nothing was asked");
        (void)printf("%s\n", body);
        return 0;
    }
    return err == 0 ? ask_new(cli, body, form, fault) : err;
}

static const struct vouch_option new_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "ZONE", "the zone of the machine"},
    {"name", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "NAME",
     "the machine's full name: the token enrols no other"},
    {"match", 0, VOUCH_OPTION_ONE, 0, "PATTERN", "names of machines, with * and ?"},
    {"label", 0, VOUCH_OPTION_MANY, 0, "KEY=VALUE", "a label that the machine gets"},
    {"network", 0, VOUCH_OPTION_MANY, 0, "CIDR", "only from these addresses (default: any)"},
    {"uses", 0, VOUCH_OPTION_ONE, 0, "N", "how many machines it enrols (default: 1)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long it is good (default: 1h)"},
    {"format", 0, VOUCH_OPTION_ONE, 0, "FORMAT",
     "shell (default), cloud-init, ansible, or token: the secret alone"},
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "write it there (0600), not to standard output"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const new_examples[] = {
    "vouch host token new --zone prod --name web3.prod.example.com",
    "vouch host token new --zone prod --match 'web*.prod.example.com' --label tier=web --uses 20 "
    "--ttl 7d --format cloud-init",
    NULL,
};

const struct vouch_command vouch_cmd_host_token_new = {
    .noun = "host",
    .verb = "token new",
    .summary = "a token by which a machine enrols itself, and what to run there",
    .operands = "",
    .options = new_options,
    .notes = "What is printed has the token in it: whoever reads it first enrols. With -o json the "
             "server's whole answer is printed, and --format does not count.",
    .examples = new_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_new,
    .failed = vouch_reach_failed,
};

// vouch host token ls

static const struct vouch_column columns[] = {
    {"id", "ID", 0},
    {"match", "MATCH", 0},
    {"zone", "ZONE", 0},
    {"labels", "LABELS", 0},
    {"uses_left", "LEFT", 0},
    {"expires", "EXPIRES", 0},
    {"actor", "MADE-BY", 0},
    {"networks", "NETWORKS", 1},
    {"uses", "USES", 1},
    {"created", "CREATED", 1},
    {0},
};

static const struct vouch_query_listing listing = {
    .path = PATH,
    .spec = {.schema = "vouch.host-tokens/1", .member = "items", .columns = columns},
};

static const char *const ls_examples[] = {"vouch host token ls", NULL};

const struct vouch_command vouch_cmd_host_token_ls = {
    .noun = "host",
    .verb = "token ls",
    .summary = "the tokens by which machines may still enrol",
    .operands = "",
    .options = vouch_query_list_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch host token rm

static int run_rm(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    uint64_t id = 0;
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_DELETE},
        .path = PATH,
        .segment = cli->args.operands[0],
        .schema = SCHEMA,
        .lines = lines,
    };
    *ret_exit = VOUCH_EXIT_OK;
    if (vouch_str_to_u64(vouch_bytes_of(what.segment), &id) != 0) {
        vouch_usage(fault, "host token rm: \"%s\" is not the number of a token", what.segment);
        return vouch_fault_next(fault, "vouch host token ls shows them");
    }
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would remove the token %s; nothing was asked", what.segment);
        return 0;
    }
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option rm_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be removed; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const rm_examples[] = {"vouch host token rm 12", NULL};

const struct vouch_command vouch_cmd_host_token_rm = {
    .noun = "host",
    .verb = "token rm",
    .summary = "make a token for enrolling worthless; who enrolled by it stays",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = rm_options,
    .examples = rm_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_rm,
    .failed = vouch_reach_failed,
};
