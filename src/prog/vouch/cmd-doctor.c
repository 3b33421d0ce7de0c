// SPDX-License-Identifier: ISC
// vouch doctor: looks at all that a login needs, and says what to do about what is wrong.
#include "prog/vouch/checkup.h"

static void look(struct vouch_checkup *checkup, struct vouch_reach *reach, const char *host) {
    struct vouch_fault fault = {0};
    int err = vouch_reach_open(checkup->cli, reach, &fault);
    vouch_doctor_ssh(checkup);
    vouch_doctor_zones(checkup, &reach->settings);
    vouch_doctor_agent(checkup);
    if (err != 0) {
        vouch_checkup_add_fault(checkup, "server", VOUCH_CHECKUP_FAIL, &fault);
        return;
    }
    vouch_doctor_server(checkup, reach);
    if (host != NULL) {
        vouch_doctor_host(checkup, reach, host);
    }
}

static int write_report(struct vouch_checkup *checkup, const struct vouch_reach *reach,
                        struct vouch_fault *fault) {
    const char *path = vouch_args_value(&checkup->cli->args, "report");
    if (path == NULL) {
        return 0;
    }
    vouch_checkup_hide(checkup, reach->settings.url);
    vouch_checkup_hide(checkup, reach->settings.name);
    vouch_checkup_hide(checkup, reach->session.user);
    vouch_checkup_hide(checkup, reach->api != NULL ? vouch_api_name(reach->api) : NULL);
    return vouch_checkup_report(checkup, path, fault);
}

static int run_doctor(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    const char *host = cli->args.operand_count > 0 ? cli->args.operands[0] : NULL;
    struct vouch_checkup checkup;
    struct vouch_reach reach = {0};
    vouch_checkup_init(&checkup, cli);
    look(&checkup, &reach, host);
    int err = vouch_checkup_print(&checkup, fault);
    if (err == 0) {
        err = write_report(&checkup, &reach, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term,
                       checkup.failed > 0   ? VOUCH_MARK_FAIL
                       : checkup.warned > 0 ? VOUCH_MARK_WARN
                                            : VOUCH_MARK_OK,
                       "%zu wrong, %zu doubtful", checkup.failed, checkup.warned);
    }
    *ret_exit = checkup.failed > 0 ? VOUCH_EXIT_NO : VOUCH_EXIT_OK;
    vouch_reach_done(&reach);
    vouch_checkup_done(&checkup);
    return err;
}

static const struct vouch_option options[] = {
    {"report", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "write what was found there too, without names, to be passed on"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch doctor",
    "vouch doctor app@web3.prod.example.com",
    "vouch doctor --report doctor.json",
    NULL,
};

const struct vouch_command vouch_cmd_doctor = {
    .noun = "doctor",
    .summary = "looks at all that a login needs on this machine, at the server and at a host",
    .operands = "[[LOGIN@]HOST]",
    .operands_max = 1,
    .options = options,
    .notes = "It changes nothing, except that ssh may renew a certificate when it is asked what it "
             "would do. Exit status 1: something is wrong.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_doctor,
    .failed = vouch_reach_failed,
};
