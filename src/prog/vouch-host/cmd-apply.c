// SPDX-License-Identifier: ISC
// vouch-host apply and confirm: sshd's configuration, with a way back that needs nobody.
#include <string.h>

#include "base/time.h"
#include "prog/vouch-host/commands.h"

#define WITHIN_MAX_S 86400

static int read_change(const struct vouch_cli *cli, struct vouch_apply_change *change,
                       struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    const char *within = vouch_args_value(args, "confirm-within");
    change->what = vouch_args_count(args, "dry-run") > 0 ? VOUCH_APPLY_SHOW : VOUCH_APPLY_DO;
    change->log = vouch_args_count(args, "keep-log-level") > 0 ? VOUCH_APPLY_LOG_KEEP
                                                               : VOUCH_APPLY_LOG_VERBOSE;
    if (within != NULL &&
        (vouch_duration_parse(vouch_bytes_of(within), &change->confirm_within_s) != 0 ||
         change->confirm_within_s > WITHIN_MAX_S)) {
        vouch_usage(fault, "--confirm-within: \"%s\" is not a duration up to a day", within);
        return vouch_fault_next(fault, "write --confirm-within 5m");
    }
    return 0;
}

static void say_deadline(const struct vouch_cli *cli, uint64_t until_s) {
    char when[VOUCH_TIME_TEXT_MAX];
    if (until_s == 0) {
        return;
    }
    vouch_term_time(&cli->term, until_s, when, sizeof when);
    vouch_say(&cli->term, "Undone at %s, unless: vouch-host confirm", when);
}

static int apply(const struct vouch_cli *cli, struct vouch_station *station,
                 struct vouch_fault *fault) {
    struct vouch_apply_change change = {0};
    struct vouch_apply_done done = {0};
    const struct vouch_apply_none none = {0};
    int err = read_change(cli, &change, fault);
    if (err != 0) {
        return err;
    }
    uint64_t deadline = vouch_member_deadline();
    err = vouch_args_count(&cli->args, "put-back") > 0
              ? vouch_apply_put_back(station->apply, &none, deadline, &done, fault)
              : vouch_apply_apply(station->apply, &change, deadline, &done, fault);
    if (err == 0) {
        vouch_host_say_done(cli, &done, change.what);
        say_deadline(cli, done.confirm_until_s);
    }
    return err;
}

static int run_apply(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_station station = {.folder = -1, .lock = -1};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = apply(cli, &station, fault);
    }
    vouch_station_close(&station);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option apply_options[] = {
    {"confirm-within", 0, VOUCH_OPTION_ONE, 0, "TIME",
     "undo it after so long, unless it is confirmed: 5m"},
    {"keep-log-level", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "leave sshd's LogLevel; then a refused login tells less about why"},
    {"put-back", 0, VOUCH_OPTION_FLAG, 0, NULL, "undo what waits to be confirmed, now"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show how each file would change, change nothing"},
    VOUCH_HOST_ROOT_OPTION,
    {0},
};
static const char *const apply_examples[] = {"vouch-host apply --confirm-within 5m",
                                             "vouch-host apply --dry-run", NULL};

const struct vouch_command vouch_host_cmd_apply = {
    .noun = "apply",
    .summary = "put Vouchsafe's part into sshd's configuration, test it, and have sshd read it",
    .operands = "",
    .options = apply_options,
    .notes = "The last step is a connection to sshd on this machine, which has to show a "
             "certificate that "
             "is trusted; else everything is as it was before.",
    .examples = apply_examples,
    .run = run_apply,
    .failed = vouch_host_failed,
};

static int run_confirm(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_done done = {0};
    struct vouch_station station = {.folder = -1, .lock = -1};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = vouch_apply_confirm(station.apply, &none, vouch_member_deadline(), &done, fault);
    }
    if (err == 0) {
        vouch_host_say_done(cli, &done, VOUCH_APPLY_DO);
    }
    vouch_station_close(&station);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option confirm_options[] = {VOUCH_HOST_ROOT_OPTION, {0}};
static const char *const confirm_examples[] = {"vouch-host confirm", NULL};

const struct vouch_command vouch_host_cmd_confirm = {
    .noun = "confirm",
    .summary = "keep what vouch-host apply --confirm-within did",
    .operands = "",
    .options = confirm_options,
    .examples = confirm_examples,
    .run = run_confirm,
    .failed = vouch_host_failed,
};
