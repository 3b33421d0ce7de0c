// SPDX-License-Identifier: ISC
// vouch audit logins: what the sshd of the enrolled hosts let in and refused.
#include <jansson.h>

#include "base/mem.h"
#include "prog/vouch/query.h"

#define PATH_TEXT_MAX 2048

static const struct vouch_column columns[] = {
    {"time", "TIME", 0},     {"host", "HOST", 0},
    {"login", "LOGIN", 0},   {"outcome", "OUTCOME", 0},
    {"user", "USER", 0},     {"source", "FROM", 0},
    {"serial", "SERIAL", 0}, {"reason", "REASON", 0},
    {"alarm", "ALARM", 0},   {"method", "METHOD", 1},
    {"key_id", "KEY-ID", 1}, {"fingerprint", "FINGERPRINT", 1},
    {"ca", "CA", 1},         {"line", "LINE", 1},
    {"id", "ID", 1},         {0},
};

static const struct vouch_query_part parts[] = {
    {"host", "host", VOUCH_QUERY_TEXT},
    {"login", "login", VOUCH_QUERY_TEXT},
    {"user", "user", VOUCH_QUERY_TEXT},
    {"key-id", "key_id", VOUCH_QUERY_TEXT},
    {"serial", "serial", VOUCH_QUERY_NUMBER},
    {"outcome", "outcome", VOUCH_QUERY_TEXT},
    {"since", "from", VOUCH_QUERY_MOMENT},
    {"until", "until", VOUCH_QUERY_MOMENT},
    {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/logins",
    .parts = parts,
    .spec = {.schema = "vouch.logins/1", .member = "items", .columns = columns},
};

static int make_path(const struct vouch_cli *cli, char text[static PATH_TEXT_MAX],
                     struct vouch_fault *fault) {
    static const char *const words[] = {"accepted", "refused", NULL};
    const char *outcome = vouch_args_value(&cli->args, "outcome");
    struct vouch_buf path;
    if (outcome != NULL && vouch_args_choice("outcome", outcome, words, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    vouch_buf_init_fixed(&path, text, PATH_TEXT_MAX - 1);
    vouch_buf_put_text(&path, listing.path);
    if (vouch_args_count(&cli->args, "alarms") > 0) {
        vouch_api_query(&path, "alarms", "true");
    }
    int err = vouch_query_put(&cli->args, parts, &path, fault);
    text[path.len] = '\0';
    return err;
}

static int run_logins(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    char path[PATH_TEXT_MAX];
    *ret_exit = VOUCH_EXIT_OK;
    int err = make_path(cli, path, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_answer_list(&reach, path, &listing.spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    {"host", 0, VOUCH_OPTION_ONE, 0, "HOST", "only on this host"},
    {"login", 0, VOUCH_OPTION_ONE, 0, "LOGIN", "only as this login"},
    {"user", 0, VOUCH_OPTION_ONE, 0, "USER", "only of this user"},
    {"key-id", 0, VOUCH_OPTION_ONE, 0, "ID", "only with certificates of this key ID"},
    {"serial", 0, VOUCH_OPTION_ONE, 0, "N", "only with this certificate"},
    {"outcome", 0, VOUCH_OPTION_ONE, 0, "OUTCOME", "only those accepted, or refused"},
    {"alarms", 0, VOUCH_OPTION_FLAG, 0, NULL, "only those that are not as they should be"},
    {"since", 0, VOUCH_OPTION_ONE, 0, "TIME", "not before: RFC 3339, or -1d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "before this moment"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch audit logins --host db1.prod.example.com --since -1d",
    "vouch audit logins --outcome refused -o wide",
    "vouch audit logins --alarms",
    NULL,
};

const struct vouch_command vouch_cmd_audit_logins = {
    .noun = "audit",
    .verb = "logins",
    .summary = "who logged in where, and who was refused, as the enrolled hosts report it",
    .operands = "",
    .options = options,
    .notes = "People who are neither administrators nor auditors see their own.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = run_logins,
    .failed = vouch_reach_failed,
};
