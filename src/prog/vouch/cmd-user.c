// SPDX-License-Identifier: ISC
// vouch user ls, show: the users of the policy, with what the server keeps of their accounts.
// vouch user sessions, sign-out: where they are signed in.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "prog/vouch/confirm.h"
#include "prog/vouch/policy-verbs.h"

#define PATH_MAX_TEXT 1024
#define PAGE "200"

// Accounts

// Puts the accounts of one page into `all`, by user; *ret_cursor is malloc'd, NULL at the end.
static int take_page(struct vouch_reach *reach, const char *path, json_t *all, json_t **ret_page,
                     struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = path};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.accounts/1", ret_page, fault);
    const json_t *items = err == 0 ? json_object_get(*ret_page, "items") : NULL;
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *account = json_array_get(items, i);
        const char *user = vouch_answer_text(account, "user");
        if (user != NULL) {
            (void)json_object_set(all, user, account);
        }
    }
    return err;
}

// `user` NULL: all. An auditor may read the policy, and not the accounts: then there are none.
static int get_accounts(struct vouch_reach *reach, const char *user, json_t *all,
                        struct vouch_fault *fault) {
    char text[PATH_MAX_TEXT];
    json_t *page = NULL;
    int err = 0, more = 1;
    while (err == 0 && more) {
        const char *next = vouch_answer_text(page, "next");
        struct vouch_buf path;
        vouch_buf_init_fixed(&path, text, sizeof text - 1);
        vouch_buf_put_text(&path, "/v1/accounts");
        vouch_api_query(&path, "user", user);
        vouch_api_query(&path, "limit", PAGE);
        vouch_api_query(&path, "cursor", next);
        text[path.len] = '\0';
        size_t before = json_object_size(all);
        json_t *got = NULL;
        err = path.err != 0 ? vouch_usage(fault, "the name is longer than a server takes")
                            : take_page(reach, text, all, &got, fault);
        json_decref(page);
        page = got;
        // A page that brings nothing new would be asked for without end.
        more = vouch_answer_text(page, "next") != NULL && json_object_size(all) > before;
    }
    json_decref(page);
    if (err == VOUCH_ERR_REFUSED) {
        vouch_say_detail(&reach->cli->term, "accounts are shown to administrators alone");
        err = 0;
    }
    return err;
}

static const char *const account_members[] = {
    "password", "totp", "recovery_left", "created", "signed_in", "sessions", NULL};

static void put_account(struct vouch_item *item, const json_t *account) {
    for (size_t i = 0; account_members[i] != NULL; i++) {
        const json_t *value = json_object_get(account, account_members[i]);
        if (value != NULL) {
            vouch_item_json(item, account_members[i], value);
        }
    }
}

static int is_member(const struct vouch_policy_group *group, struct vouch_bytes user) {
    for (size_t i = 0; i < group->members.count; i++) {
        if (vouch_bytes_equal(group->members.items[i], user)) {
            return 1;
        }
    }
    return 0;
}

// vouch user ls

static void put_row(struct vouch_item *row, const struct vouch_policy_content *content,
                    const struct vouch_policy_user *user, const json_t *accounts) {
    char name[160];
    vouch_kind_item(vouch_kind_named("user"), user, row);
    vouch_item_append(row, "groups", NULL);
    for (size_t i = 0; i < content->group_count; i++) {
        if (is_member(&content->groups[i], user->name)) {
            vouch_item_append(row, "groups", &content->groups[i].name);
        }
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)user->name.len, (const char *)user->name.ptr);
    put_account(row, json_object_get(accounts, name));
}

static int list_users(const struct vouch_cli *cli, const struct vouch_policy_content *content,
                      const json_t *accounts, struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    int err = vouch_list_open(&cli->command->listing->spec, &cli->args, &cli->term, &list, fault);
    if (err != 0) {
        return err;
    }
    for (size_t i = 0; i < content->user_count; i++) {
        put_row(vouch_list_row(list), content, &content->users[i], accounts);
    }
    return vouch_list_close(list, fault);
}

static int run_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_remote_policy now = {0};
    json_t *accounts = json_object();
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_remote_policy_get(&reach, NULL, &now, fault);
    }
    if (err == 0) {
        err = get_accounts(&reach, NULL, accounts, fault);
    }
    if (err == 0) {
        err = list_users(cli, vouch_policy_holds(now.policy), accounts, fault);
    }
    json_decref(accounts);
    vouch_remote_policy_done(&now);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_column ls_columns[] = {
    {"name", "NAME", 0},         {"login", "LOGIN", 0},
    {"state", "STATE", 0},       {"until", "UNTIL", 0},
    {"groups", "GROUPS", 0},     {"signed_in", "SIGNED-IN", 0},
    {"sessions", "SESSIONS", 0}, {"password", "PASSWORD", 1},
    {"totp", "TOTP", 1},         {"recovery_left", "RECOVERY-LEFT", 1},
    {"created", "CREATED", 1},   {0},
};

static const struct vouch_query_listing ls_listing = {
    .spec = {.schema = "vouch.users/1", .member = "items", .columns = ls_columns},
};

static const struct vouch_option plain_options[] = {VOUCH_REACH_OPTIONS};

static const char *const ls_examples[] = {"vouch user ls", "vouch user ls -o json", NULL};

const struct vouch_command vouch_cmd_user_ls = {
    .noun = "user",
    .verb = "ls",
    .summary = "the users: their groups, whether they can sign in, when they last did",
    .operands = "",
    .options = plain_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &ls_listing,
    .run = run_ls,
    .failed = vouch_reach_failed,
};

// vouch user show

static const struct vouch_column show_lines[] = {
    {"name", "Name", 0},
    {"login", "Login", 0},
    {"state", "State", 0},
    {"until", "Until", 0},
    {"groups", "Groups", 0},
    {"password", "Password", 0},
    {"totp", "Authenticator app", 0},
    {"recovery_left", "Recovery codes left", 0},
    {"created", "Created", 0},
    {"signed_in", "Signed in", 0},
    {"sessions", "Sessions", 0},
    {0},
};

static void add_account(json_t *user, const struct vouch_policy_content *content,
                        const json_t *account) {
    json_t *groups = json_array();
    const char *name = vouch_answer_text(user, "name");
    for (size_t i = 0; i < content->group_count; i++) {
        struct vouch_bytes group = content->groups[i].name;
        if (is_member(&content->groups[i], vouch_bytes_of(name))) {
            (void)json_array_append_new(groups, json_stringn((const char *)group.ptr, group.len));
        }
    }
    (void)json_object_set_new(user, "groups", groups);
    for (size_t i = 0; account_members[i] != NULL; i++) {
        json_t *value = json_object_get(account, account_members[i]);
        if (value != NULL) {
            (void)json_object_set(user, account_members[i], value);
        }
    }
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const char *name = cli->args.operands[0];
    struct vouch_reach reach = {0};
    struct vouch_remote_policy now = {0};
    json_t *accounts = json_object(), *user = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_remote_policy_get(&reach, NULL, &now, fault);
    }
    if (err == 0) {
        err = vouch_verb_json(cli, vouch_policy_holds(now.policy), &user, fault);
    }
    if (err == 0) {
        err = get_accounts(&reach, name, accounts, fault);
    }
    if (err == 0) {
        add_account(user, vouch_policy_holds(now.policy), json_object_get(accounts, name));
        err = vouch_answer_object(cli, user, show_lines, fault);
    }
    json_decref(user);
    json_decref(accounts);
    vouch_remote_policy_done(&now);
    vouch_reach_done(&reach);
    return err;
}

static const char *const show_examples[] = {"vouch user show alice@example.com", NULL};

const struct vouch_command vouch_cmd_user_show = {
    .noun = "user",
    .verb = "show",
    .summary = "one user",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = plain_options,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch user sessions

// "/v1/sessions?user=NAME"
static int sessions_path(const struct vouch_cli *cli, struct vouch_buf *path, char *text,
                         struct vouch_fault *fault) {
    vouch_buf_put_text(path, "/v1/sessions");
    vouch_api_query(path, "user", cli->args.operands[0]);
    if (path->err != 0) {
        return vouch_usage(fault, "the name is longer than a server takes");
    }
    text[path->len] = '\0';
    return 0;
}

static int run_sessions(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                        struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    char text[PATH_MAX_TEXT];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    *ret_exit = VOUCH_EXIT_OK;
    int err = sessions_path(cli, &path, text, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_answer_list(&reach, text, &cli->command->listing->spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_column session_columns[] = {
    {"id", "ID", 0},
    {"source", "FROM", 0},
    {"methods", "BY", 0},
    {"created", "SIGNED-IN", 0},
    {"used", "USED", 0},
    {"ends", "ENDS", 0},
    {"idle_ends", "IDLE-ENDS", 1},
    {"factor", "CODE-GIVEN", 1},
    {0},
};

static const struct vouch_query_listing session_listing = {
    .path = "/v1/sessions",
    .spec = {.schema = "vouch.sessions/1", .member = "items", .columns = session_columns},
};

static const char *const sessions_examples[] = {"vouch user sessions alice@example.com", NULL};

const struct vouch_command vouch_cmd_user_sessions = {
    .noun = "user",
    .verb = "sessions",
    .summary = "where a user is signed in",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = vouch_query_list_options,
    .examples = sessions_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &session_listing,
    .run = run_sessions,
    .failed = vouch_reach_failed,
};

// vouch user sign-out

static int end_sessions(const struct vouch_cli *cli, const char *path, struct vouch_fault *fault) {
    static const struct vouch_column lines[] = {{"count", "Sessions ended", 0}, {0}};
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_DELETE},
        .path = path,
        .schema = "vouch.ended/1",
        .lines = lines,
    };
    struct vouch_reach reach = {0};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static int run_sign_out(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                        struct vouch_fault *fault) {
    char text[PATH_MAX_TEXT], question[300];
    struct vouch_buf path;
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    *ret_exit = VOUCH_EXIT_OK;
    int err = sessions_path(cli, &path, text, fault);
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would end all sessions of %s; nothing was asked",
                  cli->args.operands[0]);
        return 0;
    }
    (void)snprintf(question, sizeof question, "End all sessions of %.200s?", cli->args.operands[0]);
    if (err == 0) {
        err = vouch_confirm(cli, question, &consent, fault);
    }
    if (err == 0 && consent == VOUCH_CONSENT_YES) {
        err = end_sessions(cli, text, fault);
    }
    *ret_exit = consent == VOUCH_CONSENT_YES ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return err;
}

static const struct vouch_option sign_out_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be ended; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const sign_out_examples[] = {"vouch user sign-out alice@example.com", NULL};

const struct vouch_command vouch_cmd_user_sign_out = {
    .noun = "user",
    .verb = "sign-out",
    .summary = "end all sessions of a user; certificates stay valid",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = sign_out_options,
    .notes = "To take away all access at once: vouch user disable NAME.",
    .examples = sign_out_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_sign_out,
    .failed = vouch_reach_failed,
};
