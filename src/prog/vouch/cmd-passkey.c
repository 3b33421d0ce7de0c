// SPDX-License-Identifier: ISC
// vouch passkey ls, rm: the passkeys of an account. They are made in a browser, which is where they are used.
#include <stdio.h>

#include "base/str.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

#define PATH "/v1/account/passkeys"
#define PATH_MAX_TEXT 512

#define USER_OPTION                                                                                \
    { "user", 0, VOUCH_OPTION_ONE, 0, "NAME", "those of another user, for administrators" }

// vouch passkey ls

static const struct vouch_column columns[] = {
    {"id", "ID", 0},
    {"name", "NAME", 0},
    {"created", "REGISTERED", 0},
    {"used", "USED", 0},
    {"copied", "ON-SEVERAL-DEVICES", 0},
    {"may_be_copied", "MAY-BE", 1},
    {"aaguid", "MAKE", 1},
    {"credential_id", "CREDENTIAL", 1},
    {0},
};

static const struct vouch_query_part parts[] = {{"user", "user", VOUCH_QUERY_TEXT}, {0}};

static const struct vouch_query_listing listing = {
    .path = PATH,
    .parts = parts,
    .spec = {.schema = "vouch.passkeys/1", .member = "items", .columns = columns},
};

static const struct vouch_option ls_options[] = {
    USER_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const ls_examples[] = {"vouch passkey ls", NULL};

const struct vouch_command vouch_cmd_passkey_ls = {
    .noun = "passkey",
    .verb = "ls",
    .summary = "your passkeys, which sign you in to the server's pages",
    .operands = "",
    .options = ls_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch passkey rm

static const struct vouch_column lines[] = {
    {"id", "ID", 0}, {"name", "Name", 0}, {"created", "Registered", 0}, {"used", "Used", 0}, {0},
};

// "/v1/account/passkeys/5?user=NAME"
static int removal_path(const struct vouch_cli *cli, char *text, struct vouch_fault *fault) {
    const char *id = cli->args.operands[0], *user = vouch_args_value(&cli->args, "user");
    struct vouch_buf path;
    uint64_t number = 0;
    if (vouch_str_to_u64(vouch_bytes_of(id), &number) != 0) {
        vouch_usage(fault, "passkey rm: \"%s\" is not the number of a passkey", id);
        return vouch_fault_next(fault, "vouch passkey ls shows them");
    }
    vouch_buf_init_fixed(&path, text, PATH_MAX_TEXT - 1);
    vouch_buf_put_text(&path, PATH "/");
    vouch_buf_put_text(&path, id);
    if (user != NULL) {
        vouch_api_query(&path, "user", user);
    }
    if (path.err != 0) {
        return vouch_usage(fault, "the name is longer than a server takes");
    }
    text[path.len] = '\0';
    return 0;
}

static int run_rm(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    char path[PATH_MAX_TEXT];
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_DELETE},
        .path = path,
        .schema = "vouch.passkey/1",
        .lines = lines,
    };
    *ret_exit = VOUCH_EXIT_OK;
    int err = removal_path(cli, path, fault);
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would remove the passkey %s; nothing was asked",
                  cli->args.operands[0]);
        return 0;
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option rm_options[] = {
    USER_OPTION,
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be removed; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const rm_examples[] = {"vouch passkey rm 3",
                                          "vouch passkey rm 3 --user alice@example.com", NULL};

const struct vouch_command vouch_cmd_passkey_rm = {
    .noun = "passkey",
    .verb = "rm",
    .summary = "remove a passkey, so that it signs nobody in any more",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = rm_options,
    .notes = "Your own last one can only be removed while there is an authenticator app. A second "
             "factor of the last five minutes is needed.",
    .examples = rm_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_rm,
    .failed = vouch_reach_failed,
};
