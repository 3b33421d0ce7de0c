// SPDX-License-Identifier: ISC
// vouch hook ZONE: what ssh asks before it connects: is there a valid certificate?
//
// While one is fresh, a single file is read and nobody is asked. Else it is renewed, at most three
// seconds long, by one of all that ask at the same time; after a failure nobody tries for half a minute.
// A certificate that is still valid is enough for "yes", whatever the server says. It never asks a
// person, and says one line at most.
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/login-zones.h"
#include "prog/vouch/sign-in.h"
#include "prog/vouch/zone-login.h"

#define BUDGET_NS (3000 * UINT64_C(1000000))
#define BACK_OFF_S 30
#define LINE_MAX_BYTES 900
#define LOCK_POLL_NS 10000000

struct hook {
    const struct vouch_cli *cli;
    struct vouch_zone_dir dir;
    uint64_t deadline_ns;
    int is_valid;              // nonzero: a certificate that hosts accept is there
    char line[LINE_MAX_BYTES]; // what is said if there is none
};

static int is_valid(const struct vouch_zone_dir *dir, const char *name,
                    enum vouch_zone_freshness *ret_freshness) {
    struct vouch_cert *cert = NULL;
    struct vouch_fault unused;
    (void)!vouch_zone_dir_cert(dir, name, &cert, &unused);
    *ret_freshness = vouch_zone_login_freshness(cert, vouch_time_now_s());
    vouch_cert_free(cert);
    return *ret_freshness != VOUCH_ZONE_NONE;
}

// Nonzero if nothing has to be done.
static int look(struct hook *hook) {
    enum vouch_zone_freshness freshness, other;
    hook->is_valid = is_valid(&hook->dir, "id-cert.pub", &freshness);
    if (!hook->is_valid) {
        hook->is_valid = is_valid(&hook->dir, "request-cert.pub", &other);
    }
    return freshness == VOUCH_ZONE_FRESH || freshness == VOUCH_ZONE_DUE;
}

static void set_line(struct hook *hook, const struct vouch_fault *why) {
    if (why->kind == &vouch_fault_signed_out) {
        (void)snprintf(hook->line, sizeof hook->line,
                       "vouch: not signed in to %s.  Run: vouch "
                       "login  [%s]",
                       hook->dir.zone, why->kind->code);
    } else if (strcmp(why->kind->code, VOUCH_FACTOR_OLD) == 0) {
        (void)snprintf(hook->line, sizeof hook->line,
                       "vouch: %s wants a code.  Run: vouch renew %s  [%s]", hook->dir.zone,
                       hook->dir.zone, why->kind->code);
    } else {
        (void)snprintf(hook->line, sizeof hook->line,
                       "vouch: no valid certificate for %s: %s  [%s]", hook->dir.zone, why->text,
                       why->kind->code);
    }
}

// Failures of a moment ago: the time, and the line that was said.

static void note_failure(struct hook *hook) {
    char text[LINE_MAX_BYTES + 32];
    struct vouch_fault unused;
    (void)snprintf(text, sizeof text, "%llu\n%s\n", (unsigned long long)vouch_time_now_s(),
                   hook->line);
    (void)!vouch_zone_dir_put(&hook->dir, "failed", vouch_bytes_of(text), &unused);
}

// Nonzero if the last attempt was so near that there is none now.
static int failed_lately(struct hook *hook) {
    char path[PATH_MAX], text[LINE_MAX_BYTES + 32];
    struct vouch_buf content;
    struct vouch_fault unused;
    uint64_t at_s = 0, now_s = vouch_time_now_s();
    vouch_buf_init_fixed(&content, text, sizeof text);
    if (vouch_zone_dir_file(&hook->dir, "failed", path, &unused) != 0 ||
        vouch_io_read(path, sizeof text - 1, &content, &unused) != 0) {
        return 0;
    }
    struct vouch_bytes rest = vouch_buf_bytes(&content);
    struct vouch_bytes time = vouch_str_cut(&rest, '\n');
    if (vouch_str_to_u64(time, &at_s) != 0 || at_s > now_s || now_s - at_s >= BACK_OFF_S) {
        return 0;
    }
    vouch_str_escape_to(vouch_str_trim(rest), hook->line, sizeof hook->line);
    return 1;
}

// One at a time

// The descriptor that holds the lock, or -1.
static int lock(struct hook *hook) {
    char path[PATH_MAX];
    struct vouch_fault unused;
    const struct timespec pause = {.tv_nsec = LOCK_POLL_NS};
    if (vouch_zone_dir_file(&hook->dir, "lock", path, &unused) != 0) {
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (vouch_time_monotonic_ns() >= hook->deadline_ns) {
            (void)close(fd);
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return fd;
}

static int renew(struct hook *hook, struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_cert *cert = NULL;
    json_t *login = NULL;
    char left[VOUCH_TIME_TEXT_MAX];
    int err = vouch_zone_login_read(&hook->dir, &login, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        return vouch_session_signed_out(hook->dir.zone, NULL, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(hook->cli, &reach, fault);
    }
    reach.asking = VOUCH_NEVER_ASK;
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (err == 0) {
        uint64_t left_ns = hook->deadline_ns > now_ns ? hook->deadline_ns - now_ns : 1000000;
        vouch_api_set_timeout(reach.api, left_ns / 1000000);
        err = vouch_zone_login_get(&reach, &hook->dir, login, &cert, NULL, fault);
    }
    if (err == 0) {
        // A new key of the host CA is known before hosts show it. Where that fails, the old ones hold.
        struct vouch_fault unused;
        (void)!vouch_login_known_hosts(&reach, &hook->dir, login, &unused);
    }
    if (err == 0 && hook->cli->term.err_tty) {
        vouch_duration_text(cert->valid_before - vouch_time_now_s(), left);
        (void)fprintf(stderr, "vouch: %s certificate renewed (%s)\n", hook->dir.zone, left);
    }
    vouch_cert_free(cert);
    json_decref(login);
    vouch_reach_done(&reach);
    return err;
}

// With the lock. Others may have done it while this one waited.
static void renew_once(struct hook *hook) {
    struct vouch_fault why = {0};
    if (look(hook) || failed_lately(hook)) {
        return;
    }
    if (renew(hook, &why) == 0) {
        hook->is_valid = 1;
        return;
    }
    set_line(hook, &why);
    if (why.kind != &vouch_fault_signed_out) { // for that nobody was asked
        note_failure(hook);
    }
}

static void attend(struct hook *hook) {
    vouch_autoclose int fd = -1;
    if (look(hook)) {
        return;
    }
    struct vouch_fault why = {0};
    if (access(hook->dir.path, F_OK) != 0) {
        (void)vouch_session_signed_out(hook->dir.zone, NULL, &why);
        set_line(hook, &why);
        return;
    }
    fd = lock(hook);
    if (fd < 0) {
        vouch_fault_set(&why, VOUCH_ERR_TIMEOUT, &vouch_fault_hook_wait,
                        "another renewal did not end in time");
        set_line(hook, &why);
        (void)look(hook);
        return;
    }
    renew_once(hook);
}

static int run_hook(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct hook hook = {.cli = cli};
    int err = vouch_zone_dir_of(cli->args.operands[0], &hook.dir, fault);
    if (err != 0) {
        return err;
    }
    hook.deadline_ns = vouch_time_monotonic_ns() + BUDGET_NS;
    attend(&hook);
    if (!hook.is_valid) {
        (void)fprintf(stderr, "%s\n", hook.line);
    }
    *ret_exit = hook.is_valid ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return 0;
}

static const char *const examples[] = {"vouch hook prod", NULL};

const struct vouch_command vouch_cmd_hook = {
    .noun = "hook",
    .summary = "for ssh's configuration: is there a valid certificate? Renews it where it is time",
    .operands = "ZONE",
    .operands_min = 1,
    .operands_max = 1,
    .notes =
        "ssh runs it by the line that vouch login writes. 0: there is a valid certificate, also "
        "where the server is away; 1: there is none, and one line says why. It never asks "
        "anything.",
    .examples = examples,
    .manner = VOUCH_MANNER_ASKS,
    .shown = VOUCH_COMMAND_INNER,
    .run = run_hook,
};
