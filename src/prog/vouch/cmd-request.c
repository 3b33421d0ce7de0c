// SPDX-License-Identifier: ISC
// vouch request ROLE: asks for access that others have to approve; request ls, show, cancel, wait.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/once.h"
#include "prog/vouch/prompt.h"
#include "prog/vouch/query.h"
#include "prog/vouch/request-take.h"
#include "prog/vouch/sign-in.h"
#include "prog/vouch/zone-dir.h"

#define KEY_LINE_MAX 32768
#define ROLE_NAMES_MAX 400

// Waiting, and what comes of it

static int read_within(const struct vouch_cli *cli, uint64_t *ret_until_s,
                       struct vouch_fault *fault) {
    const char *text = vouch_args_value(&cli->args, "within");
    uint64_t span_s = 0;
    *ret_until_s = UINT64_MAX; // the request itself expires
    if (text == NULL) {
        return 0;
    }
    if (vouch_duration_parse(vouch_bytes_of(text), &span_s) != 0) {
        vouch_usage(fault, "--within: \"%s\" is not a duration", text);
        return vouch_fault_next(fault, "write --within 10m");
    }
    *ret_until_s = vouch_time_now_s() + span_s;
    return 0;
}

// The request is data only where nothing better came of it.
static int say_waiting(const struct vouch_cli *cli, const json_t *request,
                       enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    const char *id = vouch_answer_text(request, "id");
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    *ret_exit = VOUCH_EXIT_WAITING;
    if (err != 0 || form != VOUCH_FORM_TABLE) {
        return err != 0 ? err : vouch_request_show(cli, request, fault);
    }
    (void)printf("%s\n", id);
    vouch_say(&cli->term, "request %s waits for approval: vouch request wait %s", id, id);
    return 0;
}

static int finish(struct vouch_reach *reach, const json_t *request, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    if (vouch_request_is_waiting(request)) {
        return say_waiting(reach->cli, request, ret_exit, fault);
    }
    *ret_exit = VOUCH_EXIT_OK;
    return vouch_request_take(reach, request, fault);
}

// vouch request ROLE

// The zone of a role that the person has; --zone goes before.
static int find_zone(struct vouch_reach *reach, const char *role, char ret_zone[static 72],
                     struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = "/v1/me"};
    const char *zone = vouch_args_value(&reach->cli->args, "zone");
    char names[ROLE_NAMES_MAX] = "";
    json_t *me = NULL;
    int err = zone == NULL ? vouch_api_ask_json(reach->api, &ask, "vouch.me/1", &me, fault) : 0;
    const json_t *roles = json_object_get(me, "roles");
    for (size_t i = 0; i < json_array_size(roles) && zone == NULL; i++) {
        const json_t *row = json_array_get(roles, i);
        const char *name = vouch_answer_text(row, "role");
        size_t end = strlen(names);
        if (name != NULL && strcmp(name, role) == 0) {
            zone = vouch_answer_text(row, "zone");
        } else if (name != NULL) {
            (void)snprintf(names + end, sizeof names - end, "%s%.64s", end > 0 ? ", " : "", name);
        }
    }
    if (err == 0 && zone == NULL) {
        vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_no_access,
                        "you have no role \"%.64s\", only: %s", role,
                        names[0] != '\0' ? names : "none");
        err = vouch_fault_next(fault, "ask an administrator for the role");
    }
    if (err == 0) {
        (void)snprintf(ret_zone, 72, "%.71s", zone);
    }
    json_decref(me);
    return err;
}

static char *make_body(const struct vouch_cli *cli, const char *zone, uint64_t ttl_s,
                       const struct vouch_key *key) {
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_LINE_MAX);
    vouch_key_print(key, NULL, &line);
    json_t *body =
        json_pack("{s:s, s:[s], s:s%, s:b}", "zone", zone, "roles", cli->args.operands[0],
                  "public_key", (const char *)line.ptr, line.len, "request", 1);
    int bad = body == NULL || line.err != 0 ||
              json_object_set_new(body, "reason",
                                  json_string(vouch_args_value(&cli->args, "reason"))) != 0;
    if (!bad && ttl_s != 0) {
        bad = json_object_set_new(body, "ttl_s", json_integer((json_int_t)ttl_s)) != 0;
    }
    if (!bad && vouch_args_count(&cli->args, "drill") > 0) {
        bad = json_object_set_new(body, "drill", json_true()) != 0;
    }
    char *text = bad ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);
    vouch_buf_done(&line);
    json_decref(body);
    return text;
}

// The answer is a request or, where nobody's approval was missing, the certificate.
static int ask_access(struct vouch_reach *reach, const char *body, json_t **ret_json,
                      struct vouch_fault *fault) {
    struct vouch_api_answer answer = {0};
    char once[VOUCH_ONCE_MAX];
    vouch_once_make(once);
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = "/v1/access", .body = body, .once = once};
    int err = vouch_api_ask(reach->api, &ask, &answer, fault);
    json_t *json = NULL;
    if (err == 0 && answer.body.len > 0) {
        json = json_loadb((const char *)answer.body.ptr, answer.body.len, JSON_REJECT_DUPLICATES,
                          NULL);
    }
    if (err == 0 && vouch_answer_text(json, "schema") == NULL) {
        err = vouch_api_bad_answer(reach->api, fault, "/v1/access: it is no JSON with a schema");
    }
    vouch_buf_done(&answer.body);
    if (err != 0) {
        json_decref(json);
        return err;
    }
    *ret_json = json;
    return 0;
}

static int wants_to_wait(const struct vouch_cli *cli) {
    return vouch_args_count(&cli->args, "no-wait") == 0 &&
           (vouch_args_count(&cli->args, "wait") > 0 || cli->term.err_tty);
}

static int go_on(struct vouch_reach *reach, const char *zone, json_t **answer,
                 enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *schema = vouch_answer_text(*answer, "schema");
    uint64_t until_s = 0;
    int err = 0;
    if (strcmp(schema, VOUCH_REQUEST_SCHEMA) != 0) {
        *ret_exit = VOUCH_EXIT_OK;
        return vouch_request_keep(reach, zone, *answer, fault);
    }
    if (vouch_answer_text(*answer, "id") == NULL) {
        return vouch_api_bad_answer(reach->api, fault, "/v1/access: the request has no number");
    }
    if (wants_to_wait(cli)) {
        err = read_within(cli, &until_s, fault);
        err = err == 0 ? vouch_request_wait(reach, until_s, answer, fault) : err;
    }
    return err == 0 ? finish(reach, *answer, ret_exit, fault) : err;
}

static int make_question(struct vouch_reach *reach, char zone[static 72], char **ret_body,
                         struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *ttl = vouch_args_value(&cli->args, "ttl");
    struct vouch_zone_dir dir;
    struct vouch_key *key = NULL;
    uint64_t ttl_s = 0;
    if (ttl != NULL && vouch_duration_parse(vouch_bytes_of(ttl), &ttl_s) != 0) {
        vouch_usage(fault, "--ttl: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl 1h");
    }
    int err = find_zone(reach, cli->args.operands[0], zone, fault);
    if (err == 0) {
        err = vouch_zone_dir_of(zone, &dir, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_make(&dir, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_key(&dir, &key, fault);
    }
    if (err == 0) {
        *ret_body = make_body(cli, zone, ttl_s, key);
        err = *ret_body != NULL ? 0 : vouch_usage(fault, "request: a value is not text in UTF-8");
    }
    vouch_key_free(key);
    return err;
}

static int check_options(const struct vouch_cli *cli, struct vouch_fault *fault) {
    uint64_t unused;
    if (vouch_args_count(&cli->args, "wait") > 0 && vouch_args_count(&cli->args, "no-wait") > 0) {
        return vouch_usage(fault, "request: --wait and --no-wait exclude each other");
    }
    return read_within(cli, &unused, fault);
}

static int run_request(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    struct vouch_reach reach = {.cli = cli};
    json_t *answer = NULL;
    char zone[72] = "";
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_options(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0 && reach.by != VOUCH_BY_SESSION) {
        err = vouch_session_signed_out(vouch_api_name(reach.api), NULL, fault);
    }
    if (err == 0) {
        err = make_question(&reach, zone, &body, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this; nothing was asked");
        (void)printf("%s\n", body);
    } else if (err == 0) {
        err = ask_access(&reach, body, &answer, fault);
        err = err == 0 ? go_on(&reach, zone, &answer, ret_exit, fault) : err;
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option request_options[] = {
    {"reason", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT", "what for; approvers read it"},
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "the role's zone (default: as the server says)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long (default: as long as the role allows)"},
    {"wait", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "wait for the approval (default on a terminal), and take the certificate"},
    {"no-wait", 0, VOUCH_OPTION_FLAG, 0, NULL, "print the number of the request, and end"},
    {"within", 0, VOUCH_OPTION_ONE, 0, "SPAN",
     "wait no longer than that (default: until the request expires)"},
    {"drill", 0, VOUCH_OPTION_FLAG, 0, NULL, "of a role for emergencies: it is a rehearsal"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const request_examples[] = {
    "vouch request dba --reason \"ticket 4711\" --ttl 1h",
    "vouch request dba --reason \"ticket 4711\" --no-wait",
    "vouch request emergency --reason \"the monthly drill\" --drill",
    NULL,
};

const struct vouch_command vouch_cmd_request = {
    .noun = "request",
    .summary = "ask for a role that others have to approve",
    .operands = "ROLE",
    .operands_min = 1,
    .operands_max = 1,
    .options = request_options,
    .notes = "The certificate is written to ~/.ssh/vouch/ZONE/request-cert.pub, beside that of "
             "vouch login. Exit status 6: it waits for approval. A role that is called like a verb "
             "of vouch request stands behind --: vouch request --reason TEXT -- ls.",
    .examples = request_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_request,
    .failed = vouch_reach_failed,
};

// vouch request ls

static const struct vouch_column columns[] = {
    {"id", "ID", 0},
    {"user", "USER", 0},
    {"zone", "ZONE", 1},
    {"roles", "ROLES", 0},
    {"reason", "REASON", 0},
    {"ttl_s", "VALID-S", 0},
    {"state", "STATE", 0},
    {"missing", "MISSING", 0},
    {"created", "MADE", 0},
    {"expires", "EXPIRES", 1},
    {"approvers", "APPROVED-BY", 1},
    {"decided_by", "ENDED-BY", 1},
    {"comment", "COMMENT", 1},
    {"serial", "SERIAL", 1},
    {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/requests",
    .spec = {.schema = "vouch.requests/1", .member = "items", .columns = columns},
};

static int run_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    static const char *const states[] = {"waiting", "approved", "denied", "cancelled",
                                         "expired", "taken",    NULL};
    const char *state = vouch_args_value(&cli->args, "state");
    int for_me = vouch_args_count(&cli->args, "for-me") > 0;
    int all = vouch_args_count(&cli->args, "all") > 0;
    struct vouch_reach reach = {0};
    char text[200];
    struct vouch_buf path;
    *ret_exit = VOUCH_EXIT_OK;
    if (for_me && all) {
        return vouch_usage(fault, "request ls: --for-me and --all exclude each other");
    }
    if (state != NULL && vouch_args_choice("state", state, states, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, listing.path);
    vouch_api_query(&path, "which", for_me ? "to-decide" : all ? "all" : "mine");
    vouch_api_query(&path, "state", state);
    text[path.len] = '\0';
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_answer_list(&reach, text, &listing.spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option ls_options[] = {
    {"for-me", 0, VOUCH_OPTION_FLAG, 0, NULL, "those of others that you may decide"},
    {"all", 0, VOUCH_OPTION_FLAG, 0, NULL, "everybody's; for administrators and auditors"},
    {"state", 0, VOUCH_OPTION_ONE, 0, "STATE",
     "only waiting, approved, denied, cancelled, expired or taken"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const ls_examples[] = {"vouch request ls", "vouch request ls --for-me", NULL};

const struct vouch_command vouch_cmd_request_ls = {
    .noun = "request",
    .verb = "ls",
    .summary = "your requests, or those that you may decide",
    .operands = "",
    .options = ls_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = run_ls,
    .failed = vouch_reach_failed,
};

// vouch request show

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *request = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_request_get(&reach, cli->args.operands[0], &request, fault);
    }
    if (err == 0) {
        err = vouch_request_show(cli, request, fault);
    }
    json_decref(request);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option show_options[] = {VOUCH_REACH_OPTIONS};

static const char *const show_examples[] = {"vouch request show 12", NULL};

const struct vouch_command vouch_cmd_request_show = {
    .noun = "request",
    .verb = "show",
    .summary = "one request: what is asked for, by whom, and who decided",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = show_options,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch request wait

static int run_wait(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    json_t *request = NULL;
    uint64_t until_s = 0;
    *ret_exit = VOUCH_EXIT_OK;
    int err = read_within(cli, &until_s, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_request_get(&reach, cli->args.operands[0], &request, fault);
    }
    if (err == 0) {
        err = vouch_request_wait(&reach, until_s, &request, fault);
    }
    if (err == 0) {
        err = finish(&reach, request, ret_exit, fault);
    }
    json_decref(request);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option wait_options[] = {
    {"within", 0, VOUCH_OPTION_ONE, 0, "SPAN",
     "wait no longer than that (default: until the request expires)"},
    VOUCH_REACH_OPTIONS,
};

static const char *const wait_examples[] = {"vouch request wait 12",
                                            "vouch request wait 12 --within 10m", NULL};

const struct vouch_command vouch_cmd_request_wait = {
    .noun = "request",
    .verb = "wait",
    .summary = "wait until a request of yours is decided, and take the certificate",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = wait_options,
    .notes = "Exit status 5: it was denied, or is past; 6: it still waits.",
    .examples = wait_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_wait,
    .failed = vouch_reach_failed,
};
