// SPDX-License-Identifier: ISC
// vouch access who-can, access can, role test: what the policy means for somebody, or for a host.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/query.h"

#define PATH_TEXT_MAX 1024
#define WHO_PATH "/v1/access/who"

// Who reaches a login on a host, by the policy that holds and the hosts that are enrolled: the server
// says it. Of one user where `user` is given.
struct target {
    struct vouch_bytes login;
    const char *host;
    const char *user; // NULL: everybody
};

static int ask_who(struct vouch_reach *reach, const struct target *target, json_t **ret_answer,
                   struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    vouch_autofree char *login = vouch_str_copy(target->login);
    if (login == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, WHO_PATH);
    vouch_api_query(&path, "login", login);
    vouch_api_query(&path, "host", target->host);
    if (path.err != 0) {
        return vouch_usage(fault, "the question is longer than a server takes");
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    return vouch_api_ask_json(reach->api, &ask, "vouch.paths/1", ret_answer, fault);
}

static int is_wanted(const json_t *row, const struct target *target) {
    const char *user = vouch_answer_text(row, "user");
    return target->user == NULL || (user != NULL && strcmp(user, target->user) == 0);
}

// "group ops, role dba": by what it is reached, in words.
static void put_why(struct vouch_item *item, const json_t *row) {
    const char *role = vouch_answer_text(row, "role"), *group = vouch_answer_text(row, "group");
    const char *how = vouch_answer_text(row, "how");
    char why[600];
    (void)snprintf(why, sizeof why, "%s%s%srole %s%s", group != NULL ? "group " : "",
                   group != NULL ? group : "", group != NULL ? ", " : "named in ",
                   role != NULL ? role : "?",
                   how != NULL && strcmp(how, "approval") == 0 ? ", on approval" : "");
    vouch_item_text(item, "why", vouch_bytes_of(why));
}

static int list_paths(const struct vouch_cli *cli, const json_t *items, const struct target *target,
                      size_t *ret_count, struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    size_t count = 0;
    int err = vouch_list_open(&cli->command->listing->spec, &cli->args, &cli->term, &list, fault);
    for (size_t i = 0; err == 0 && i < json_array_size(items); i++) {
        const json_t *row = json_array_get(items, i);
        if (is_wanted(row, target)) {
            struct vouch_item *item = vouch_list_row(list);
            vouch_answer_item(item, row);
            put_why(item, row);
            count++;
        }
    }
    *ret_count = count;
    return err == 0 ? vouch_list_close(list, fault) : err;
}

// The server shows the first of very many: whoever is not among them must not be told "no".
static int check_whole(const struct vouch_cli *cli, const json_t *answer,
                       const struct target *target, size_t count, struct vouch_fault *fault) {
    size_t shown = json_array_size(json_object_get(answer, "items"));
    json_int_t all = json_integer_value(json_object_get(answer, "in_all"));
    if (all <= (json_int_t)shown) {
        return 0;
    }
    if (target->user == NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "these are %zu of %lld ways", shown,
                       (long long)all);
        return 0;
    }
    if (count > 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_input,
                    "%s: more people reach it than are compared here", target->host);
    return vouch_fault_next(fault, "vouch access can %s --host %s says it", target->user,
                            target->host);
}

static int show_paths(const struct vouch_cli *cli, const struct target *target, size_t *ret_count,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = ask_who(&reach, target, &answer, fault);
    }
    if (err == 0) {
        err = list_paths(cli, json_object_get(answer, "items"), target, ret_count, fault);
    }
    if (err == 0) {
        err = check_whole(cli, answer, target, *ret_count, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_column path_columns[] = {
    {"user", "USER", 0},
    {"role", "ROLE", 0},
    {"group", "GROUP", 0},
    {"how", "HOW", 0},
    {"ttl_s", "LONGEST-S", 0},
    {"why", "WHY", 1},
    {0},
};

static const struct vouch_query_listing path_listing = {
    .spec = {.schema = "vouch.paths/1", .member = "items", .columns = path_columns},
};

static const struct vouch_option plain_options[] = {VOUCH_REACH_OPTIONS};

// vouch access who-can

static int run_who_can(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    const char *text = cli->args.operands[0];
    const char *at = strrchr(text, '@'); // a login may have one of its own
    size_t count = 0;
    if (at == NULL || at == text || at[1] == '\0') {
        vouch_usage(fault, "access who-can: \"%s\" is not LOGIN@HOST", text);
        return vouch_fault_next(fault, "write it as ssh does: root@db1.example.com");
    }
    const struct target target = {.login = {(const uint8_t *)text, (size_t)(at - text)},
                                  .host = at + 1};
    int err = show_paths(cli, &target, &count, fault);
    if (err == 0 && count == 0) {
        vouch_say(&cli->term, "nobody, by the policy that holds");
    }
    *ret_exit = count > 0 ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return err;
}

static const char *const who_examples[] = {"vouch access who-can root@db1.prod.example.com", NULL};

const struct vouch_command vouch_cmd_access_who_can = {
    .noun = "access",
    .verb = "who-can",
    .summary = "who reaches a login on a host, by which role",
    .operands = "LOGIN@HOST",
    .operands_min = 1,
    .operands_max = 1,
    .options = plain_options,
    .notes = "Exit status 1: nobody.",
    .examples = who_examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .listing = &path_listing,
    .run = run_who_can,
    .failed = vouch_reach_failed,
};

// vouch access can

static int run_can(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    struct vouch_reach reach = {0};
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    int err = 0;
    *ret_exit = VOUCH_EXIT_OK;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/hosts");
    vouch_api_query(&path, "user", args->operands[0]);
    vouch_api_query(&path, "zone", vouch_args_value(args, "zone"));
    vouch_api_query(&path, "host", vouch_args_value(args, "host"));
    text[path.len] = '\0';
    if (path.err != 0) {
        err = vouch_usage(fault, "access can: the question is longer than a server takes");
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_answer_list(&reach, text, &cli->command->listing->spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_column host_columns[] = {
    {"host", "HOST", 0},        {"logins", "LOGINS", 0}, {"roles", "ROLES", 0},
    {"requests", "REQUEST", 0}, {"zone", "ZONE", 1},     {0},
};

static const struct vouch_query_listing host_listing = {
    .path = "/v1/hosts",
    .spec = {.schema = "vouch.hosts/1", .member = "items", .columns = host_columns},
};

static const struct vouch_option can_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "only hosts of this zone"},
    {"host", 0, VOUCH_OPTION_ONE, 0, "PATTERN", "only hosts of such names, with * and ?"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const can_examples[] = {"vouch access can alice@example.com", NULL};

const struct vouch_command vouch_cmd_access_can = {
    .noun = "access",
    .verb = "can",
    .summary = "what a user reaches, and as whom",
    .operands = "USER",
    .operands_min = 1,
    .operands_max = 1,
    .options = can_options,
    .examples = can_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &host_listing,
    .run = run_can,
    .failed = vouch_reach_failed,
};

// vouch role test

static int run_test(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const struct target target = {
        .login = vouch_bytes_of(vouch_args_value(&cli->args, "login")),
        .host = vouch_args_value(&cli->args, "host"),
        .user = vouch_args_value(&cli->args, "user"),
    };
    size_t count = 0;
    int err = show_paths(cli, &target, &count, fault);
    if (err == 0 && count == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_FAIL, "no role of %s reaches %s on %s", target.user,
                       (const char *)target.login.ptr, target.host);
    }
    *ret_exit = count > 0 ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return err;
}

static const struct vouch_option test_options[] = {
    {"user", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "USER", "who"},
    {"host", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "HOST", "where"},
    {"login", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "LOGIN", "as whom"},
    VOUCH_REACH_OPTIONS,
};

static const char *const test_examples[] = {
    "vouch role test --user alice@example.com --host web1.prod.example.com --login app", NULL};

const struct vouch_command vouch_cmd_role_test = {
    .noun = "role",
    .verb = "test",
    .summary = "whether a user reaches a login on a host, and by which roles",
    .operands = "",
    .options = test_options,
    .notes =
        "Exit status 0: yes, maybe on approval; 1: no. What a role asks for beside (a reason, a "
        "fresh code, an address) is asked when the certificate is.",
    .examples = test_examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .listing = &path_listing,
    .run = run_test,
    .failed = vouch_reach_failed,
};
