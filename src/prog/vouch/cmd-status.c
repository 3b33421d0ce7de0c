// SPDX-License-Identifier: ISC
// vouch status: who one is where, and until when.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/zone-login.h"

#define SERVER_TIMEOUT_MS 3000

// One walk over the zones.
struct walk {
    const struct vouch_cli *cli;
    struct vouch_list *list; // NULL with --short
    uint64_t now_s;
    size_t valid;
};

static const char *const names[] = {"id-cert.pub", "request-cert.pub", NULL};

static void print_short(struct walk *walk, const struct vouch_zone_dir *dir, uint64_t left_s) {
    char left[VOUCH_TIME_TEXT_MAX];
    vouch_duration_text(left_s, left);
    left[strcspn(left, " ")] = '\0'; // the largest unit is enough in a prompt
    (void)printf("%s%s %s", walk->valid > 0 ? ", " : "", dir->zone, left);
}

static void put_row(struct vouch_list *list, const struct vouch_zone_dir *dir, const char *name,
                    const struct vouch_cert *cert, int valid) {
    struct vouch_item *row = vouch_list_row(list);
    vouch_item_word(row, "zone", dir->zone);
    vouch_item_word(row, "state", valid ? "valid" : "ended");
    vouch_item_time(row, "valid_before", cert->valid_before);
    vouch_item_append(row, "principals", NULL);
    for (size_t i = 0; i < cert->principal_count; i++) {
        vouch_item_append(row, "principals", &cert->principals[i]);
    }
    vouch_item_u64(row, "serial", cert->serial);
    vouch_item_time(row, "valid_after", cert->valid_after);
    vouch_item_text(row, "key_id", cert->key_id);
    vouch_item_word(row, "by", strcmp(name, names[0]) == 0 ? "login" : "request");
    char path[PATH_MAX];
    struct vouch_fault unused;
    if (vouch_zone_dir_file(dir, name, path, &unused) == 0) {
        vouch_item_path(row, "path", path);
    }
}

static int show_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    struct walk *walk = context;
    (void)fault;
    for (size_t i = 0; names[i] != NULL; i++) {
        struct vouch_cert *cert = NULL;
        struct vouch_fault unused;
        if (vouch_zone_dir_cert(dir, names[i], &cert, &unused) != 0) {
            continue;
        }
        int valid = vouch_zone_login_freshness(cert, walk->now_s) != VOUCH_ZONE_NONE;
        if (walk->list != NULL) {
            put_row(walk->list, dir, names[i], cert, valid);
        } else if (valid) {
            print_short(walk, dir, cert->valid_before - walk->now_s);
        }
        walk->valid += valid != 0;
        vouch_cert_free(cert);
    }
    return 0;
}

// The session and the roles

static void say_role(const struct vouch_cli *cli, const json_t *role) {
    char name[140], zone[100];
    vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(role, "role")), name, sizeof name);
    vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(role, "zone")), zone, sizeof zone);
    json_int_t approvals = json_integer_value(json_object_get(role, "approvals"));
    int reason = json_is_true(json_object_get(role, "needs_reason"));
    const char *how = reason ? "; wants a reason" : "";
    if (json_is_true(json_object_get(role, "break_glass"))) {
        vouch_say(&cli->term, "  role %s in %s, for emergencies: vouch request %s --reason ...",
                  name, zone, name);
    } else if (approvals > 0) {
        vouch_say(&cli->term, "  role %s in %s, on %lld approval%s: vouch request %s --reason ...",
                  name, zone, (long long)approvals, approvals == 1 ? "" : "s", name);
    } else {
        vouch_say(&cli->term, "  role %s in %s%s", name, zone, how);
    }
}

static void say_me(struct vouch_reach *reach) {
    const struct vouch_cli *cli = reach->cli;
    const struct vouch_api_ask ask = {.path = "/v1/me"};
    struct vouch_fault why = {0};
    json_t *me = NULL;
    vouch_api_set_timeout(reach->api, SERVER_TIMEOUT_MS);
    if (vouch_api_ask_json(reach->api, &ask, "vouch.me/1", &me, &why) != 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s  [%s]", why.text, why.kind->code);
        return;
    }
    const json_t *roles = json_object_get(me, "roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        say_role(cli, json_array_get(roles, i));
    }
    json_decref(me);
}

// Returns nonzero if there is a session, with who and until when in `ret_session`.
static int say_session(const struct vouch_cli *cli, struct vouch_session *ret_session) {
    struct vouch_reach reach = {0};
    struct vouch_fault unused;
    char until[VOUCH_TIME_TEXT_MAX], user[200];
    int signed_in = vouch_reach_open(cli, &reach, &unused) == 0 && reach.by == VOUCH_BY_SESSION;
    if (!signed_in) {
        vouch_say(&cli->term, "not signed in.  Run: vouch login");
        vouch_reach_done(&reach);
        return 0;
    }
    vouch_term_time(&cli->term, reach.session.ends_s, until, sizeof until);
    vouch_str_escape_to(vouch_bytes_of(reach.session.user), user, sizeof user);
    vouch_say(&cli->term, "signed in to %s as %s, until %s at the latest",
              vouch_api_name(reach.api), user, until);
    say_me(&reach);
    *ret_session = reach.session;
    reach.session = (struct vouch_session){0};
    vouch_reach_done(&reach);
    return 1;
}

static const struct vouch_column columns[] = {
    {"zone", "ZONE", 0},          {"state", "STATE", 0},
    {"valid_before", "UNTIL", 0}, {"principals", "PRINCIPALS", 0},
    {"serial", "SERIAL", 1},      {"valid_after", "FROM", 1},
    {"key_id", "KEY-ID", 1},      {"by", "BY", 1},
    {"path", "PATH", 1},          {0},
};

static int show(const struct vouch_cli *cli, struct walk *walk, struct vouch_fault *fault) {
    const struct vouch_list_spec spec = {
        .schema = "vouch.status/1", .member = "zones", .columns = columns};
    struct vouch_session session = {0};
    int err = vouch_list_open(&spec, &cli->args, &cli->term, &walk->list, fault);
    if (err != 0) {
        return err;
    }
    int signed_in = say_session(cli, &session);
    struct vouch_item *head = vouch_list_head(walk->list);
    vouch_item_yes_no(head, "signed_in", signed_in);
    if (signed_in) {
        vouch_item_word(head, "server", session.url);
        vouch_item_word(head, "user", session.user);
        vouch_item_time(head, "session_ends", session.ends_s);
    }
    vouch_session_done(&session);
    err = vouch_zone_each(show_zone, walk, fault);
    if (err != 0) {
        vouch_list_free(walk->list);
        return err;
    }
    return vouch_list_close(walk->list, fault);
}

static int run_status(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct walk walk = {.cli = cli, .now_s = vouch_time_now_s()};
    int err = 0;
    if (vouch_args_count(&cli->args, "short") > 0) {
        err = vouch_zone_each(show_zone, &walk, fault);
        (void)fputs(walk.valid > 0 ? "\n" : "", stdout);
    } else {
        err = show(cli, &walk, fault);
    }
    *ret_exit = walk.valid > 0 ? VOUCH_EXIT_OK : VOUCH_EXIT_TOKEN;
    return err;
}

static const struct vouch_option options[] = {
    {"short", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "only zones and what is left, in one line, without asking the server; for prompts"},
    {0},
};

static const char *const examples[] = {"vouch status", "vouch status --short", NULL};

const struct vouch_command vouch_cmd_status = {
    .noun = "status",
    .summary = "who you are where, and until when",
    .operands = "",
    .options = options,
    .notes = "Exit status 4: no certificate is valid now.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_status,
    .failed = vouch_reach_failed,
};
