// SPDX-License-Identifier: ISC
// vouch access who-can, access can, role test: what the policy means for somebody, or for a host.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "policy/explain.h"
#include "prog/vouch/policy-remote.h"
#include "prog/vouch/query.h"

#define PATH_TEXT_MAX 1024

static const char *how_word(enum vouch_policy_how how) {
    return how == VOUCH_POLICY_STANDING ? "standing" : "approval";
}

static void put_path(struct vouch_item *item, const struct vouch_policy_path *path) {
    vouch_item_text(item, "user", path->user);
    vouch_item_text(item, "role", path->role);
    vouch_item_text(item, "group", path->group);
    vouch_item_word(item, "how", how_word(path->how));
    vouch_item_count(item, "ttl_s", (size_t)path->ttl_s);
}

// All ways to a login on a host, by the policy that holds; of one user where `user` is given. *ret_count
// is how many there are.
struct target {
    struct vouch_bytes login;
    struct vouch_bytes host;
    const char *user; // NULL: everybody
};

static int list_paths(const struct vouch_cli *cli, const struct vouch_policy_paths *paths,
                      const struct target *target, size_t *ret_count, struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    size_t count = 0;
    int err = vouch_list_open(&cli->command->listing->spec, &cli->args, &cli->term, &list, fault);
    for (size_t i = 0; err == 0 && i < paths->count; i++) {
        const struct vouch_policy_path *path = &paths->items[i];
        int wanted =
            path->how != VOUCH_POLICY_NO_WAY &&
            (target->user == NULL || vouch_bytes_equal(path->user, vouch_bytes_of(target->user)));
        if (wanted) {
            put_path(vouch_list_row(list), path);
            count++;
        }
    }
    *ret_count = count;
    return err == 0 ? vouch_list_close(list, fault) : err;
}

static int show_paths(const struct vouch_cli *cli, const struct target *target, size_t *ret_count,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_remote_policy now = {0};
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_paths paths = {0};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_remote_policy_get(&reach, NULL, &now, fault);
    }
    if (err == 0) {
        const struct vouch_policy_view view = {now.policy, vouch_time_now_s(), &arena};
        if (vouch_policy_who_can(&view, target->login, target->host, &paths) != 0) {
            err = vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
        }
    }
    if (err == 0) {
        err = list_paths(cli, &paths, target, ret_count, fault);
    }
    vouch_remote_policy_done(&now);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_column path_columns[] = {
    {"user", "USER", 0}, {"role", "ROLE", 0},       {"group", "GROUP", 0},
    {"how", "HOW", 0},   {"ttl_s", "LONGEST-S", 0}, {0},
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
                                  .host = vouch_bytes_of(at + 1)};
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
        .host = vouch_bytes_of(vouch_args_value(&cli->args, "host")),
        .user = vouch_args_value(&cli->args, "user"),
    };
    size_t count = 0;
    int err = show_paths(cli, &target, &count, fault);
    if (err == 0 && count == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_FAIL, "no role of %s reaches %s on %s", target.user,
                       (const char *)target.login.ptr, (const char *)target.host.ptr);
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
