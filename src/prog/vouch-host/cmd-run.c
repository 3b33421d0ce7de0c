// SPDX-License-Identifier: ISC
// vouch-host run, sync and renew: the daemon, and its two steps by hand.
#include <signal.h>

#include "base/time.h"
#include "prog/vouch-host/commands.h"
#include "prog/vouch-host/daemon.h"
#include "prog/vouch-host/walls.h"

static const struct vouch_option options[] = {VOUCH_HOST_ROOT_OPTION, {0}};

static int run_daemon(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_member member = {.station = {.folder = -1, .lock = -1}};
    pid_t other = 0;
    int err = vouch_host_member(cli, &member, &other, fault);
    if (err == 0 && member.enrolled.state == VOUCH_ENROLLED_WAITING) {
        err = vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_adoption,
                              "%s waits to be adopted", member.enrolled.name);
    }
    if (err == 0) {
        err = vouch_daemon_run(&member, &cli->term, fault);
    }
    vouch_member_close(&member);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const char *const run_examples[] = {"systemctl enable --now vouch-host", "vouch-host run",
                                           NULL};

const struct vouch_command vouch_host_cmd_run = {
    .noun = "run",
    .summary = "keep this host as the server wants it: the daemon of vouch-host.service",
    .operands = "",
    .options = options,
    .notes =
        "Waits for news and installs them within a second: revocations, who may log in, CA keys. "
        "Renews the host's certificates, and reports its health and the logins that sshd saw. "
        "SIGHUP: look for news now. SIGUSR1: renew now.",
    .examples = run_examples,
    .run = run_daemon,
    .failed = vouch_host_failed,
};

// One that is at work already does it: of two that use the secret, one would look like a copy.
static int hand_over(const struct vouch_cli *cli, pid_t other, int number,
                     struct vouch_fault *fault) {
    if (other <= 1 || kill(other, number) != 0) {
        return fault->err;
    }
    vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                   "the agent (process %d) was told to; vouch-host status shows what came of it",
                   (int)other);
    return 0;
}

struct step {
    int number; // of the signal that asks the daemon for it
    int (*work)(struct vouch_member *member, const struct vouch_member_listener *listener,
                struct vouch_fault *fault);
};

static int work_and_note(const struct vouch_cli *cli, const struct step *step,
                         struct vouch_member *member, struct vouch_fault *fault) {
    const struct vouch_member_listener listener = {vouch_host_say_step,
                                                   (void *)(uintptr_t)&cli->term};
    struct vouch_apply_machine machine = {0};
    struct vouch_fault unused;
    int err = vouch_member_describe(member, &machine, fault);
    if (err == 0) {
        err = step->work(member, &listener, fault);
    }
    if (err == 0) {
        err = vouch_member_report(member, NULL, fault);
    }
    if (err != 0) {
        (void)!vouch_member_note(member, fault, &unused);
        return err;
    }
    return vouch_member_note(member, NULL, fault);
}

static int run_step(const struct vouch_cli *cli, const struct step *step,
                    struct vouch_fault *fault) {
    struct vouch_member member = {.station = {.folder = -1, .lock = -1}};
    pid_t other = 0;
    int err = vouch_host_member(cli, &member, &other, fault);
    if (err == VOUCH_ERR_EXISTS && fault->kind == &vouch_fault_host_busy) {
        return hand_over(cli, other, step->number, fault);
    }
    if (err == 0) {
        err = vouch_host_wall_in(&member, &cli->term, fault);
    }
    if (err == 0) {
        err = work_and_note(cli, step, &member, fault);
    }
    vouch_member_close(&member);
    return err;
}

static int sync_all(struct vouch_member *member, const struct vouch_member_listener *listener,
                    struct vouch_fault *fault) {
    struct vouch_member_synced synced = {0};
    size_t count = 0;
    int err = vouch_member_guard(member, listener, &count, fault);
    if (err == 0) {
        err = vouch_member_sync(member, listener, &synced, fault);
    }
    int due = synced.renew || member->outgoing_since_s != 0 ||
              (member->renew_at_s != 0 && member->renew_at_s <= vouch_time_now_s());
    return err == 0 && due ? vouch_member_renew(member, listener, fault) : err;
}

static int run_sync(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    static const struct step step = {SIGHUP, sync_all};
    int err = run_step(cli, &step, fault);
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "as the server wants it");
    }
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const char *const sync_examples[] = {"vouch-host sync", NULL};

const struct vouch_command vouch_host_cmd_sync = {
    .noun = "sync",
    .summary = "install what is newer on the server, renew if it is time, and report",
    .operands = "",
    .options = options,
    .notes = "What vouch-host.timer runs where the daemon is not wanted.",
    .examples = sync_examples,
    .run = run_sync,
    .failed = vouch_host_failed,
};

static int run_renew(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    static const struct step step = {SIGUSR1, vouch_member_renew};
    *ret_exit = VOUCH_EXIT_OK;
    return run_step(cli, &step, fault);
}

static const char *const renew_examples[] = {"vouch-host renew", NULL};

const struct vouch_command vouch_host_cmd_renew = {
    .noun = "renew",
    .summary = "have the host's certificates renewed now",
    .operands = "",
    .options = options,
    .examples = renew_examples,
    .run = run_renew,
    .failed = vouch_host_failed,
};
