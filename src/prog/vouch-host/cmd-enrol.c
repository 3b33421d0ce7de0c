// SPDX-License-Identifier: ISC
// vouch-host enrol: one command, and this machine is a host of the server.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "core/host-wildcard.h"
#include "prog/vouch-host/enrol.h"

#define ADOPT_POLL_S 5
#define WITHIN_MAX_S 86400
#define OPTIONS_TEXT_MAX 8000 // as many names as a host may ask for

static int read_change(const struct vouch_cli *cli, struct vouch_apply_change *change,
                       struct vouch_fault *fault) {
    const char *within = vouch_args_value(&cli->args, "confirm-within");
    change->what = VOUCH_APPLY_DO;
    change->log = vouch_args_count(&cli->args, "keep-log-level") > 0 ? VOUCH_APPLY_LOG_KEEP
                                                                     : VOUCH_APPLY_LOG_VERBOSE;
    if (within != NULL &&
        (vouch_duration_parse(vouch_bytes_of(within), &change->confirm_within_s) != 0 ||
         change->confirm_within_s > WITHIN_MAX_S)) {
        vouch_usage(fault, "--confirm-within: \"%s\" is not a duration up to a day", within);
        return vouch_fault_next(fault, "write --confirm-within 5m");
    }
    return 0;
}

// The options by which whoever adopts it says that they saw its wildcards; how many there are.
static size_t put_wildcards(const struct vouch_enrolled *enrolled, struct vouch_buf *out) {
    size_t count = 0;
    for (size_t i = 0; i < enrolled->alias_count; i++) {
        if (vouch_host_is_wildcard(vouch_bytes_of(enrolled->aliases[i]))) {
            vouch_buf_put_text(out, " --wildcard '");
            vouch_buf_put_text(out, enrolled->aliases[i]);
            vouch_buf_put_text(out, "'");
            count++;
        }
    }
    return count;
}

static void say_adoption(const struct vouch_enrol *enrol) {
    const struct vouch_enrolled *enrolled = &enrol->member.enrolled;
    char text[OPTIONS_TEXT_MAX];
    struct vouch_buf options;
    vouch_buf_init_fixed(&options, text, sizeof text - 1);
    int is_wild = put_wildcards(enrolled, &options) > 0;
    text[options.len] = '\0';
    vouch_say(&enrol->cli->term,
              "%s has to be adopted. %s this fingerprint and types:\n\n"
              "  vouch host adopt %s --fingerprint %s%s\n",
              enrolled->name,
              is_wild ? "Two administrators do that, since it asks for a name with a wildcard; "
                        "each compares"
                      : "An administrator compares",
              enrolled->name, enrol->fingerprint, text);
    if (is_wild) {
        vouch_say_mark(&enrol->cli->term, VOUCH_MARK_WARN,
                       "ssh before OpenSSH 10.3 has no use for a wildcard: give the names that "
                       "people type with --alias too");
    }
}

static int still_waits(const struct vouch_enrol *enrol, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_adoption,
                           "%s waits to be adopted (%s)", enrol->member.enrolled.name,
                           enrol->fingerprint);
}

// Asks again until somebody adopted it. One that is away for a moment is no reason to give up.
static int wait_for_adoption(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    const struct timespec pause = {.tv_sec = ADOPT_POLL_S};
    say_adoption(enrol);
    if (vouch_args_count(&enrol->cli->args, "no-wait") > 0) {
        return still_waits(enrol, fault);
    }
    vouch_say(&enrol->cli->term, "Waiting. It may be interrupted, and run again later.");
    while (enrol->member.enrolled.state == VOUCH_ENROLLED_WAITING) {
        (void)nanosleep(&pause, NULL);
        int err = vouch_enrol_ask(enrol, fault);
        if (err != 0 && fault->kind != &vouch_fault_server_unreachable) {
            return err;
        }
    }
    return 0;
}

// What was asked for and is not there: the server says why in its inventory.
static void say_left_out(const struct vouch_enrol *enrol) {
    const struct vouch_enrolled *enrolled = &enrol->member.enrolled;
    for (size_t i = 0; i < enrolled->alias_count; i++) {
        const struct vouch_bytes alias = vouch_bytes_of(enrolled->aliases[i]);
        size_t at = 0;
        while (at < enrol->enrolment.names.count &&
               !vouch_bytes_equal(enrol->enrolment.names.items[at], alias)) {
            at++;
        }
        if (vouch_host_is_wildcard(alias) && at == enrol->enrolment.names.count) {
            vouch_say_mark(&enrol->cli->term, VOUCH_MARK_WARN,
                           "the certificates are without %s, which the server does not allow: "
                           "vouch host show %s",
                           enrolled->aliases[i], enrolled->name);
        }
    }
}

static void say_certificates(const struct vouch_enrol *enrol) {
    char text[400];
    struct vouch_buf names;
    vouch_buf_init_fixed(&names, text, sizeof text - 1);
    for (size_t i = 0; i < enrol->enrolment.names.count; i++) {
        vouch_buf_put_text(&names, i > 0 ? ", " : "host certificate for ");
        vouch_buf_put(&names, enrol->enrolment.names.items[i]);
    }
    if (enrol->enrolment.names.count > 0) {
        vouch_host_say_step((void *)(uintptr_t)&enrol->cli->term, vouch_buf_bytes(&names));
        say_left_out(enrol);
    }
}

// Who could log in before still can.
static void say_keys(struct vouch_enrol *enrol) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_scan scan = {0};
    struct vouch_fault unused;
    if (vouch_apply_scan(enrol->member.station.apply, &none, vouch_member_deadline(), &scan,
                         &unused) == 0) {
        vouch_say(&enrol->cli->term,
                  "Existing keys keep working (%zu authorized_keys entries, see vouch-host scan).",
                  scan.count);
    }
}

static void say_end(struct vouch_enrol *enrol, uint64_t confirm_until_s) {
    char when[VOUCH_TIME_TEXT_MAX];
    say_keys(enrol);
    if (confirm_until_s != 0) {
        vouch_term_time(&enrol->cli->term, confirm_until_s, when, sizeof when);
        vouch_say(&enrol->cli->term, "Undone at %s, unless: vouch-host confirm", when);
    }
    vouch_say(&enrol->cli->term, "Keep it up to date: systemctl enable --now vouch-host\n"
                                 "Undo: vouch-host leave");
}

static int apply(struct vouch_enrol *enrol, const struct vouch_apply_change *change,
                 struct vouch_fault *fault) {
    struct vouch_apply_done done = {0};
    int err = vouch_apply_apply(enrol->member.station.apply, change, vouch_member_deadline(), &done,
                                fault);
    if (err != 0) {
        return err;
    }
    vouch_host_say_done(enrol->cli, &done, change->what);
    uint64_t confirm_until_s = done.confirm_until_s; // the answer ends with the next question
    if (change->what == VOUCH_APPLY_DO) {
        err = vouch_enrol_settle(enrol, fault);
        if (err == 0) {
            err = vouch_member_report(&enrol->member, NULL, fault);
        }
        say_end(enrol, confirm_until_s);
    }
    return err;
}

static int enrol_all(struct vouch_enrol *enrol, const struct vouch_apply_change *change,
                     struct vouch_fault *fault) {
    int is_done = 0;
    int err = vouch_enrol_open(enrol, &is_done, fault);
    if (err == 0 && is_done) {
        vouch_say(&enrol->cli->term, "%s is enrolled already; bringing it up to date",
                  enrol->member.enrolled.name);
    } else if (err == 0) {
        err = vouch_enrol_meet(enrol, fault);
    }
    if (err == 0 && !is_done) {
        err = vouch_enrol_ask(enrol, fault);
    }
    if (err == 0 && enrol->member.enrolled.state == VOUCH_ENROLLED_WAITING) {
        err = wait_for_adoption(enrol, fault);
    }
    if (err == 0) {
        say_certificates(enrol);
        err = vouch_enrol_install(enrol, fault);
    }
    return err == 0 ? apply(enrol, change, fault) : err;
}

// Before the first enrolment there is no content to compare yet: it comes from the server, with a token.
static int say_plan(const struct vouch_enrol *enrol) {
    static const char *const files[] = {
        "/etc/ssh/vouch/{user_ca.pub,revoked.krl,principals/}",
        "/etc/ssh/ssh_host_*_key-cert.pub   (one for each host key)",
        "/etc/ssh/sshd_config.d/50-vouch.conf   (a block in sshd_config where Include is missing)",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        vouch_say(&enrol->cli->term, "  +   %s", files[i]);
    }
    return 0;
}

// Looks, asks the server who it is, and shows what sshd's configuration would become. No token is used.
static int show(struct vouch_enrol *enrol, struct vouch_apply_change *change,
                struct vouch_fault *fault) {
    int is_done = 0;
    int err = vouch_enrol_open(enrol, &is_done, fault);
    if (err == 0) {
        err = vouch_enrol_meet(enrol, fault);
    }
    change->what = VOUCH_APPLY_SHOW;
    if (err == 0) {
        err = apply(enrol, change, fault);
        err = err != 0 && fault->kind == &vouch_fault_host_nothing ? say_plan(enrol) : err;
    }
    if (err == 0) {
        vouch_say(&enrol->cli->term, "nothing was changed: --dry-run");
    }
    return err;
}

static int run_enrol(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_enrol enrol = {.member = {.station = {.folder = -1, .lock = -1}}};
    struct vouch_apply_change change = {0};
    int err = read_change(cli, &change, fault);
    if (err == 0) {
        err = vouch_enrol_read(cli, &enrol, fault);
    }
    if (err == 0) {
        err = vouch_args_count(&cli->args, "dry-run") > 0 ? show(&enrol, &change, fault)
                                                          : enrol_all(&enrol, &change, fault);
    }
    vouch_enrol_done(&enrol);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"pin", 0, VOUCH_OPTION_ONE, 0, "PIN",
     "the server's TLS key, sha256:...; may stand behind the address, as #PIN"},
    {"ca-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "CA certificates that vouch for the server (default: the system's)"},
    {"token-file", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "FILE",
     "the token of vouch host token new; -: standard input; without one an administrator adopts "
     "the "
     "host"},
    {"name", 0, VOUCH_OPTION_ONE, 0, "HOST",
     "the full name (default: as the machine calls itself)"},
    {"alias", 0, VOUCH_OPTION_MANY, 0, "NAME",
     "another name or address that people type; one such as *.web.example.com takes two "
     "administrators"},
    {"label", 0, VOUCH_OPTION_MANY, 0, "KEY=VALUE", "a wish; those of the token win"},
    {"confirm-within", 0, VOUCH_OPTION_ONE, 0, "TIME",
     "undo sshd's part after so long, unless: vouch-host confirm"},
    {"keep-log-level", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "leave sshd's LogLevel; then a refused login tells less about why"},
    {"no-wait", 0, VOUCH_OPTION_FLAG, 0, NULL, "do not wait to be adopted; exit 6"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show how sshd's files would change, do nothing"},
    VOUCH_HOST_ROOT_OPTION,
    {0},
};

static const char *const examples[] = {
    "vouch-host enrol https://ca.example.com:8443 --pin sha256:... --token-file token",
    "vouch-host enrol https://ca.example.com:8443 --token-file - --alias 10.20.0.7 --label "
    "tier=web",
    NULL,
};

const struct vouch_command vouch_host_cmd_enrol = {
    .noun = "enrol",
    .summary = "make this machine a host of a server: certificates, trust, revocations, logins",
    .operands = "URL",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes =
        "Cut off anywhere it can be run again, and goes on. Keys that let somebody in today keep "
        "working.",
    .examples = examples,
    .run = run_enrol,
    .failed = vouch_host_failed,
};
