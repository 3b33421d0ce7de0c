// SPDX-License-Identifier: ISC
// vouch-host leave: everything as it was before, and the server told.
#include "prog/vouch-host/commands.h"
#include "prog/vouch/confirm.h"

// The server first, while there is a secret to say it with. One that is away does not hold the host.
static int say_goodbye(const struct vouch_cli *cli, struct vouch_member *member,
                       struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    if (member->enrolled.state != VOUCH_ENROLLED_ACTIVE) {
        return 0;
    }
    int err = vouch_contact_leave(member->api, &why);
    if (err == 0) {
        vouch_say(&cli->term, "  %s  %s is retired at %s; its certificates are revoked",
                  vouch_term_mark_err(&cli->term, VOUCH_MARK_OK), member->enrolled.name,
                  vouch_api_name(member->api));
        return 0;
    }
    if (vouch_contact_is_final(&why) || vouch_args_count(&cli->args, "force") > 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s", why.text);
        return 0;
    }
    if (fault != NULL) {
        *fault = why;
    }
    return vouch_fault_next(fault,
                            "vouch-host leave --force; an administrator: vouch host retire %s",
                            member->enrolled.name);
}

static int leave(const struct vouch_cli *cli, struct vouch_member *member,
                 struct vouch_fault *fault) {
    const struct vouch_apply_leave ask = {VOUCH_APPLY_DO};
    struct vouch_apply_done done = {0};
    int err = say_goodbye(cli, member, fault);
    if (err == 0) {
        err = vouch_apply_leave(member->station.apply, &ask, vouch_member_deadline(), &done, fault);
    }
    if (err == 0) {
        vouch_host_say_done(cli, &done, VOUCH_APPLY_DO);
        err = vouch_enrolled_forget(member->station.folder, fault);
    }
    return err;
}

// Beside the daemon too: nothing is changed, and nobody is told.
static int show(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const struct vouch_apply_leave ask = {VOUCH_APPLY_SHOW};
    struct vouch_station station = {.folder = -1, .lock = -1};
    struct vouch_enrolled enrolled = {0};
    struct vouch_apply_done done = {0};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = vouch_enrolled_read(station.folder, &enrolled, fault);
    }
    if (err == 0) {
        err = vouch_apply_leave(station.apply, &ask, vouch_member_deadline(), &done, fault);
    }
    if (err == 0) {
        vouch_host_say_done(cli, &done, VOUCH_APPLY_SHOW);
        vouch_say(&cli->term, "Then %s would be retired at %s, and its certificates revoked.",
                  enrolled.name, enrolled.url);
    }
    vouch_enrolled_done(&enrolled);
    vouch_station_close(&station);
    return err;
}

static int run_leave(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_member member = {.station = {.folder = -1, .lock = -1}};
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    pid_t other = 0;
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        *ret_exit = VOUCH_EXIT_OK;
        return show(cli, fault);
    }
    int err = vouch_confirm(cli,
                            "Logins by certificate end on this host, and its files are as before. "
                            "Leave?",
                            &consent, fault);
    if (err != 0 || consent != VOUCH_CONSENT_YES) {
        *ret_exit = VOUCH_EXIT_NO;
        return err;
    }
    err = vouch_host_member(cli, &member, &other, fault);
    if (err == 0) {
        err = leave(cli, &member, fault);
    }
    vouch_member_close(&member);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "leave also if the server cannot be told"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show how each file would change, change nothing"},
    VOUCH_HOST_ROOT_OPTION,
    {0},
};
static const char *const examples[] = {"vouch-host leave --dry-run", "vouch-host leave", NULL};

const struct vouch_command vouch_host_cmd_leave = {
    .noun = "leave",
    .summary = "restore every file of sshd as it was, and retire this host at the server",
    .operands = "",
    .options = options,
    .examples = examples,
    .run = run_leave,
    .failed = vouch_host_failed,
};
