// SPDX-License-Identifier: ISC
// vouch renew: another certificate for what was asked for at login.
#include <jansson.h>

#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/login-zones.h"

struct renewal {
    struct vouch_reach *reach; // opened when the first zone needs it
    int open;
    const char *zone; // NULL: all
    size_t seen;
};

static int is_due(const struct vouch_cli *cli, const struct vouch_zone_dir *dir) {
    struct vouch_cert *cert = NULL;
    struct vouch_fault unused;
    if (vouch_args_count(&cli->args, "if-needed") == 0) {
        return 1;
    }
    (void)!vouch_zone_dir_cert(dir, "id-cert.pub", &cert, &unused);
    int due = vouch_zone_login_freshness(cert, vouch_time_now_s()) != VOUCH_ZONE_FRESH;
    vouch_cert_free(cert);
    return due;
}

static int renew(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                 struct vouch_fault *fault) {
    json_t *login = NULL, *answer = NULL;
    struct vouch_cert *cert = NULL;
    int err = vouch_zone_login_read(dir, &login, fault);
    if (err == 0) {
        err = vouch_zone_login_get(reach, dir, login, &cert, &answer, fault);
    }
    if (err == 0) {
        err = vouch_login_known_hosts(reach, dir, login, fault);
    }
    if (err == 0) {
        vouch_login_say(reach->cli, dir->zone, vouch_answer_text(answer, "role"), cert);
    }
    vouch_cert_free(cert);
    json_decref(answer);
    json_decref(login);
    return err;
}

static int renew_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    struct renewal *renewal = context;
    const struct vouch_cli *cli = renewal->reach->cli;
    if (renewal->zone != NULL && strcmp(renewal->zone, dir->zone) != 0) {
        return 0;
    }
    renewal->seen++;
    if (!is_due(cli, dir)) {
        vouch_say_detail(&cli->term, "%s: not needed yet", dir->zone);
        return 0;
    }
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would renew the certificate for %s; nothing was asked", dir->zone);
        return 0;
    }
    int err = renewal->open ? 0 : vouch_reach_open(cli, renewal->reach, fault);
    renewal->open = 1;
    return err == 0 ? renew(renewal->reach, dir, fault) : err;
}

static int run_renew(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    struct renewal renewal = {.reach = &reach};
    renewal.zone = cli->args.operand_count > 0 ? cli->args.operands[0] : NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_zone_each(renew_zone, &renewal, fault);
    if (err == 0 && renewal.seen == 0) {
        err =
            vouch_session_signed_out(renewal.zone != NULL ? renewal.zone : "any zone", NULL, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    {"if-needed", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "only where less than a third of the time is left; for timers"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be renewed; ask nothing"},
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for the server (default: 10s)"},
    {0},
};

static const char *const examples[] = {"vouch renew", "vouch renew --if-needed -q", NULL};

const struct vouch_command vouch_cmd_renew = {
    .noun = "renew",
    .summary = "get the certificates of vouch login anew, by the policy as it is now",
    .operands = "[ZONE]",
    .operands_max = 1,
    .options = options,
    .notes =
        "ssh does it by itself when a certificate has ended or is about to; this is for programs "
        "that do not run ssh's configuration, from a timer.",
    .examples = examples,
    .run = run_renew,
    .failed = vouch_reach_failed,
};
