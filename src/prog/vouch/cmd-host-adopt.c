// SPDX-License-Identifier: ISC
// vouch host adopt: lets in machines that wait, one by its fingerprint or many from a list.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/body.h"
#include "prog/vouch/fleet.h"
#include "prog/vouch/host-list.h"
#include "prog/vouch/sign-in.h"

#define LIST_MAX (16u * 1024 * 1024)

static int make_body(const struct vouch_args *args, const char *fingerprint, const char *zone,
                     char **ret_text, struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    vouch_body_text(&body, "fingerprint", fingerprint);
    vouch_body_text(&body, "zone", zone != NULL ? zone : vouch_args_value(args, "zone"));
    vouch_body_list(&body, "wildcards", args, "wildcard");
    int err = vouch_body_labels(&body, "labels", args, "label", fault);
    if (err == 0) {
        err = vouch_body_end(&body, ret_text, fault);
    }
    vouch_body_done(&body);
    return err;
}

static int has_state(const json_t *host, const char *state) {
    const char *text = vouch_answer_text(host, "state");
    return text != NULL && strcmp(text, state) == 0;
}

// One

static int adopt_one(struct vouch_reach *reach, const char *body, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *name = cli->args.operands[0];
    json_t *host = NULL;
    int is_dry = vouch_args_count(&cli->args, "dry-run") > 0;
    int err = is_dry ? vouch_fleet_get(reach, name, &host, fault)
                     : vouch_fleet_change(reach, name, "adopt", body, &host, fault);
    if (err == 0 && is_dry) {
        vouch_say(&cli->term, "would send %s; nothing was changed; as it is now:", body);
    } else if (err == 0 && vouch_fleet_is_open(host)) {
        const char *why = vouch_answer_text(host, "why");
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s; another administrator has to adopt it too",
                       why != NULL ? why : "it asks for a name with a wildcard");
        *ret_exit = VOUCH_EXIT_WAITING;
    } else if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "adopted; it comes for its certificates itself");
    }
    if (err == 0) {
        err = vouch_fleet_print(cli, host, fault);
    }
    json_decref(host);
    return err;
}

static int run_one(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    const char *fingerprint = vouch_args_value(&cli->args, "fingerprint");
    struct vouch_reach reach = {0};
    vouch_autofree char *body = NULL;
    if (fingerprint == NULL) {
        vouch_usage(fault, "host adopt: the fingerprint that was compared is missing");
        return vouch_fault_next(fault, "the machine shows it when it enrols, and vouch host show "
                                       "what came: give --fingerprint SHA256:... if both are one");
    }
    int err = make_body(&cli->args, fingerprint, NULL, &body, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = adopt_one(&reach, body, ret_exit, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

// Many

struct adoption {
    struct vouch_reach *reach;
    struct vouch_list *out;
    size_t adopted, waiting, failed;
};

// The fingerprint of the list that is one of the machine's keys; NULL: none is.
static const char *common_key(const struct vouch_host_list_row *row, const json_t *host) {
    const json_t *keys = json_object_get(host, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = vouch_answer_text(json_array_get(keys, i), "fingerprint");
        for (size_t k = 0; key != NULL && k < row->fingerprint_count; k++) {
            if (strcmp(key, row->fingerprints[k]) == 0) {
                return row->fingerprints[k];
            }
        }
    }
    return NULL;
}

static int put_labels(const struct vouch_host_list_row *row, const struct vouch_cli *cli,
                      const char *fingerprint, char **ret_body, struct vouch_fault *fault) {
    // The list's labels stand as if they had been given with --label.
    static const struct vouch_option label = {.name = "label", .count = VOUCH_OPTION_MANY};
    struct vouch_arg given = {.option = &label, .value = row->labels};
    const struct vouch_args args = {.given = &given, .given_count = 1};
    const char *zone = row->zone != NULL ? row->zone : vouch_args_value(&cli->args, "zone");
    return row->labels != NULL ? make_body(&args, fingerprint, zone, ret_body, fault)
                               : make_body(&cli->args, fingerprint, zone, ret_body, fault);
}

static int adopt_row(const struct adoption *adoption, const struct vouch_host_list_row *row,
                     json_t **ret_host, struct vouch_fault *fault) {
    struct vouch_reach *reach = adoption->reach;
    vouch_autofree char *body = NULL;
    json_t *host = NULL;
    int err = vouch_fleet_get(reach, row->name, &host, fault);
    if (err == 0 && !has_state(host, "waiting") && !has_state(host, "locked")) {
        *ret_host = host;
        return 0;
    }
    const char *fingerprint = err == 0 ? common_key(row, host) : NULL;
    if (err == 0 && fingerprint == NULL) {
        vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_fleet_key,
                        "%s: none of its keys is in the list", row->name);
        err = fault->err;
    }
    json_decref(host);
    if (err == 0) {
        err = put_labels(row, reach->cli, fingerprint, &body, fault);
    }
    if (err != 0) {
        return err;
    }
    return vouch_args_count(&reach->cli->args, "dry-run") > 0
               ? vouch_fleet_get(reach, row->name, ret_host, fault)
               : vouch_fleet_change(reach, row->name, "adopt", body, ret_host, fault);
}

// A "no" is about one machine; what else fails would fail for all that follow.
static int is_no(int err) {
    return err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_REFUSED || err == VOUCH_ERR_EXISTS ||
           err == VOUCH_ERR_ARGUMENT;
}

static int take_row(struct adoption *adoption, const struct vouch_host_list_row *row,
                    struct vouch_fault *fault) {
    json_t *host = NULL;
    struct vouch_fault no = {0};
    int err = adopt_row(adoption, row, &host, &no);
    if (err != 0 && !is_no(err)) {
        *fault = no;
        return err;
    }
    struct vouch_item *item = vouch_list_row(adoption->out);
    const char *state = vouch_answer_text(host, "state");
    vouch_item_word(item, "name", row->name);
    vouch_item_word(item, "state", state != NULL ? state : "not adopted");
    if (err != 0) {
        vouch_item_word(item, "why", no.text);
    }
    adoption->failed += err != 0;
    adoption->waiting += err == 0 && has_state(host, "waiting");
    adoption->adopted += err == 0 && has_state(host, "active");
    json_decref(host);
    return 0;
}

static const struct vouch_column many_columns[] = {
    {"name", "HOST", 0},
    {"state", "STATE", 0},
    {"why", "WHY-NOT", 0},
    {0},
};

static const struct vouch_list_spec many_spec = {
    .schema = "vouch.adoptions/1", .member = "items", .columns = many_columns};

static int adopt_many(struct adoption *adoption, const struct vouch_host_list *list,
                      struct vouch_fault *fault) {
    const struct vouch_cli *cli = adoption->reach->cli;
    int err = vouch_list_open(&many_spec, &cli->args, &cli->term, &adoption->out, fault);
    for (size_t i = 0; err == 0 && i < list->count; i++) {
        err = take_row(adoption, &list->rows[i], fault);
    }
    if (err != 0) {
        vouch_list_free(adoption->out);
        return err;
    }
    err = vouch_list_close(adoption->out, fault);
    vouch_say_mark(&cli->term, adoption->failed > 0 ? VOUCH_MARK_FAIL : VOUCH_MARK_OK,
                   "%zu of %zu are active, %zu wait, %zu could not be adopted%s", adoption->adopted,
                   list->count, adoption->waiting, adoption->failed,
                   vouch_args_count(&cli->args, "dry-run") > 0 ? "; nothing was changed" : "");
    return err;
}

static int run_many(const struct vouch_cli *cli, const char *path, enum vouch_host_list_form form,
                    enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct adoption adoption = {.reach = &reach};
    struct vouch_host_list list = {0};
    struct vouch_buf text;
    vouch_buf_init(&text, LIST_MAX);
    int err = vouch_io_read(path, LIST_MAX, &text, fault);
    if (err == 0) {
        err = vouch_host_list_read(vouch_buf_bytes(&text), form, path, &list, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = adopt_many(&adoption, &list, fault);
    }
    *ret_exit = adoption.failed > 0 ? VOUCH_EXIT_NO : VOUCH_EXIT_OK;
    vouch_reach_done(&reach);
    vouch_host_list_done(&list);
    vouch_buf_done(&text);
    return err;
}

static int run_adopt(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    const char *csv = vouch_args_value(args, "csv"), *scan = vouch_args_value(args, "keyscan");
    *ret_exit = VOUCH_EXIT_OK;
    if ((size_t)(csv != NULL) + (size_t)(scan != NULL) + args->operand_count != 1) {
        vouch_usage(fault, "host adopt: give one machine by NAME, or many by --csv or --keyscan");
        return vouch_fault_next(fault, "vouch host ls --state waiting shows those that wait");
    }
    if (args->operand_count == 1) {
        return run_one(cli, ret_exit, fault);
    }
    if (vouch_args_value(args, "fingerprint") != NULL || vouch_args_count(args, "wildcard") > 0) {
        return vouch_usage(
            fault, "host adopt: --fingerprint and --wildcard are for one machine by its NAME");
    }
    return csv != NULL ? run_many(cli, csv, VOUCH_HOST_LIST_CSV, ret_exit, fault)
                       : run_many(cli, scan, VOUCH_HOST_LIST_SCAN, ret_exit, fault);
}

static const struct vouch_option options[] = {
    {"fingerprint", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "SHA256:...",
     "of one of its host keys, as you compared it"},
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "the zone of the machine"},
    {"label", 0, VOUCH_OPTION_MANY, 0, "KEY=VALUE", "a label that the machine gets"},
    {"wildcard", 0, VOUCH_OPTION_MANY, 0, "NAME",
     "each name such as *.web.example.com that it asks for, as you judged it"},
    {"csv", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "adopt all of a list: columns name, fingerprint, and zone and labels"},
    {"keyscan", 0, VOUCH_OPTION_ONE, 0, "FILE", "adopt all of a list as ssh-keyscan prints it"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "compare with what waits; change nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch host adopt web9.prod.example.com --fingerprint SHA256:... --zone prod --label tier=web",
    "vouch host adopt --csv machines.csv --dry-run",
    "vouch host adopt web9.prod.example.com --fingerprint SHA256:... --wildcard "
    "'*.web.prod.example.com'",
    "ssh-keyscan -f names | vouch host adopt --keyscan - --zone prod",
    NULL,
};

const struct vouch_command vouch_cmd_host_adopt = {
    .noun = "host",
    .verb = "adopt",
    .summary = "let in a machine that waits, or many; also one that was locked",
    .operands = "[NAME]",
    .operands_max = 1,
    .options = options,
    .notes =
        "The fingerprint is what makes it the machine that you mean: compare it with what the "
        "machine itself shows. A list of ssh-keyscan is as good as the network that it came "
        "over. A name with a wildcard stands for hosts that nobody named: two people adopt it, "
        "neither of whom asked for it. Exit status of a list: 1 if any machine of it could not be "
        "adopted.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_adopt,
    .failed = vouch_reach_failed,
};
