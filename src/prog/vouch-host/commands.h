// SPDX-License-Identifier: ISC
// What the commands of vouch-host share: their options, and telling what was done.
#pragma once

#include "prog/vouch-host/member.h"
#include "prog/vouch/command.h"

// For the table of options of each command.
#define VOUCH_HOST_ROOT_OPTION                                                                     \
    {                                                                                              \
        "root", 0, VOUCH_OPTION_ONE, 0, "DIR",                                                     \
            "work below DIR instead of /: for tests, and for images that are made ready"           \
    }

extern const struct vouch_command vouch_host_cmd_enrol, vouch_host_cmd_status, vouch_host_cmd_check,
    vouch_host_cmd_renew, vouch_host_cmd_sync, vouch_host_cmd_run, vouch_host_cmd_apply,
    vouch_host_cmd_confirm, vouch_host_cmd_scan, vouch_host_cmd_leave;

// The value of --root, absolute and without a slash at its end, or "/".
VOUCH_MUST_USE int vouch_host_root(const struct vouch_cli *cli, char ret_root[static 4096],
                                   struct vouch_fault *fault);

// A station, and a member, for this run.
VOUCH_MUST_USE int vouch_host_station(const struct vouch_cli *cli, enum vouch_station_share share,
                                      struct vouch_station *ret_station, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_host_member(const struct vouch_cli *cli, struct vouch_member *ret_member,
                                     pid_t *ret_other, struct vouch_fault *fault);

// "  ok  LINE", escaped. The context is the terminal.
void vouch_host_say_step(void *context, struct vouch_bytes line);

// What became of files and steps, a line each; with `what` SHOW or --verbose also how each file differs.
void vouch_host_say_done(const struct vouch_cli *cli, const struct vouch_apply_done *done,
                         enum vouch_apply_what what);

// The exit code of a failure: as vouch has it, and 4 and 5 for what the server says.
enum vouch_exit vouch_host_failed(const struct vouch_cli *cli, const struct vouch_fault *fault);
