// SPDX-License-Identifier: ISC
// vouchd demo: a server to look at, filled with people, hosts and ninety days that never were. It changes
// nothing (purpose: demonstration), and a temporary folder goes with it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouchd/command.h"
#include "prog/vouchd/demo-folder.h"
#include "prog/vouchd/demo-server.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/settings.h"
#include "prog/vouchd/tree.h"

#define SCALE_MAX 1000u
#define POLL_MS 250u
#define REPORT_NS UINT64_C(240000000000)
#define READY_S 600u // the slowest machine that indexes a million records

struct demo {
    struct vouch_demo_folder folder;
    char dir[PATH_MAX];
    int is_temporary;
    int shows_progress; // nonzero: standard error is a terminal
    struct vouch_demo_filled filled;
    struct vouch_demo_visitors visitors;
    struct vouch_demo_server server;
};

// ----- what was typed

static int read_number(const struct vouch_options *options, const char *name, uint64_t otherwise,
                       uint64_t max, uint64_t *ret_value, struct vouch_fault *fault) {
    const char *text = vouch_option_value(options, name);
    *ret_value = otherwise;
    if (text == NULL || (vouch_str_to_u64(vouch_bytes_of(text), ret_value) == VOUCH_OK &&
                         *ret_value > 0 && *ret_value <= max)) {
        return VOUCH_OK;
    }
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                           "demo: --%s \"%s\" must be a number from 1 to %" PRIu64, name, text,
                           max);
}

static int choose_folder(struct demo *demo, const char *dir, struct vouch_fault *fault) {
    const char *root = getenv("TMPDIR");
    if (dir != NULL) {
        (void)snprintf(demo->dir, sizeof demo->dir, "%s", dir);
        return VOUCH_OK;
    }
    (void)snprintf(demo->dir, sizeof demo->dir, "%s/vouch-demo-XXXXXX",
                   root != NULL && root[0] == '/' ? root : "/tmp");
    if (mkdtemp(demo->dir) == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write,
                               "%s: cannot make a folder: %s", demo->dir, strerrordesc_np(errno));
    }
    demo->is_temporary = 1;
    return VOUCH_OK;
}

// ----- how far it is

static void say_step(const struct demo *demo, const char *step, uint64_t done, uint64_t all) {
    if (demo->shows_progress) {
        (void)fprintf(stderr, "\r%-12s %9" PRIu64 " of %" PRIu64 " ", step, done, all);
    }
}

static void end_step(const struct demo *demo) {
    if (demo->shows_progress) {
        (void)fputs("\r\033[K", stderr);
    }
}

static void tell_progress(void *context, uint64_t done, uint64_t all) {
    say_step(context, "signing", done, all);
}

// ----- filling and starting

static int is_interrupted(enum vouch_demo_turn turn, struct vouch_fault *fault) {
    return turn == VOUCH_DEMO_GOES_ON
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_demo_start,
                                 "it was told to end before it was up");
}

static uint64_t indexed(const struct demo *demo) {
    char path[PATH_MAX];
    struct vouch_fault fault = {0};
    struct vouch_store *store = NULL;
    struct vouch_store_meta meta = {0};
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_open open = {.where = path, .wait_ms = POLL_MS};
    if (vouch_server_path(demo->dir, VOUCH_SERVER_DATABASE, path, &fault) == VOUCH_OK &&
        vouch_store_open(&open, &store, &fault) == VOUCH_OK) {
        (void)!vouch_store_meta(store, &arena, &meta, &fault);
    }
    vouch_store_close(store);
    return meta.position;
}

// Until it answers, has indexed all that there is, and its hosts have reported.
static int await(struct demo *demo, struct vouch_fault *fault) {
    uint64_t until_ns = vouch_time_monotonic_ns() + READY_S * UINT64_C(1000000000);
    int err = VOUCH_OK, is_up = 0;
    while (err == VOUCH_OK && !is_up && vouch_time_monotonic_ns() < until_ns) {
        enum vouch_demo_turn turn = VOUCH_DEMO_GOES_ON;
        uint64_t done = indexed(demo);
        say_step(demo, "indexing", done, demo->filled.records);
        is_up = done >= demo->filled.records && vouch_demo_server_is_well(&demo->server);
        err = is_up ? vouch_demo_folder_report(demo->dir, &demo->filled, fault) : VOUCH_OK;
        is_up = is_up && err != VOUCH_ERR_NOT_FOUND;
        err = is_up ? err : vouch_demo_server_wait(&demo->server, POLL_MS, &turn, fault);
        err = err == VOUCH_OK ? is_interrupted(turn, fault) : err;
    }
    end_step(demo);
    return err != VOUCH_OK || is_up
               ? err
               : vouch_fault_set(fault, VOUCH_ERR_TIMEOUT, &vouch_fault_demo_start,
                                 "%s: its server is not up after %u s", demo->dir, READY_S);
}

static int fill(struct demo *demo, struct vouch_fault *fault) {
    demo->folder.dir = demo->dir;
    demo->folder.progress = tell_progress;
    demo->folder.progress_context = demo;
    int err = vouch_demo_folder_fill(&demo->folder, &demo->filled, &demo->visitors, fault);
    end_step(demo);
    return err;
}

static int start(struct demo *demo, struct vouch_fault *fault) {
    enum vouch_demo_place place = VOUCH_DEMO_PLACE_EMPTY;
    int err = vouch_demo_folder_look(demo->dir, &place, fault);
    if (err == VOUCH_OK) {
        err = place == VOUCH_DEMO_PLACE_EMPTY
                  ? fill(demo, fault)
                  : vouch_demo_folder_read(demo->dir, &demo->filled, &demo->visitors, fault);
    }
    vouch_demo_server_hold_signals();
    if (err == VOUCH_OK) {
        err = vouch_demo_server_start(demo->dir, &demo->server, fault);
    }
    if (err == VOUCH_OK) {
        err = await(demo, fault);
    }
    return err;
}

// ----- showing

static int say_address(const struct demo *demo, struct vouch_fault *fault) {
    struct vouch_settings settings = {.fd = -1};
    char pin[VOUCH_PIN_TEXT_MAX] = "";
    int err = vouch_settings_load(demo->dir, &settings, fault);
    if (err == VOUCH_OK) {
        err = vouch_tls_pin(settings.config.tls_certificate, pin, fault);
    }
    if (err == VOUCH_OK) {
        (void)printf("A demonstration of Vouchsafe, which changes nothing, in %s.\n\n", demo->dir);
        (void)printf("  address   https://%s\n  TLS pin   %s\n", settings.config.listen[0].text,
                     pin);
        (void)printf("  password  %s\n\n", demo->visitors.password);
        (void)printf("The browser does not know the certificate; compare its pin, or go on.\n");
    }
    vouch_settings_done(&settings);
    return err;
}

static void say_secrets(const struct demo *demo) {
    static const char *const sees[VOUCH_DEMO_VISITORS] = {
        "everything, and could change it", "everything, and nothing else", "what others ask for",
        "what is one's own"};
    for (size_t i = 0; i < VOUCH_DEMO_VISITORS; i++) {
        struct vouch_buf uri;
        const struct vouch_totp_label label = {vouch_bytes_of("Vouchsafe demo"),
                                               vouch_bytes_of(vouch_demo_visitor_names[i])};
        vouch_buf_init(&uri, 512);
        vouch_totp_uri(
            &label, (struct vouch_bytes){demo->visitors.of[i].secret, VOUCH_TOTP_SECRET_LEN}, &uri);
        (void)printf("  %-9s %s\n            %.*s\n", vouch_demo_visitor_names[i], sees[i],
                     (int)uri.len, (const char *)uri.ptr);
        vouch_buf_done(&uri);
    }
}

// The codes of now; on a terminal each second anew.
static void say_codes(const struct demo *demo, int is_terminal) {
    uint64_t now_s = vouch_time_now_s();
    (void)printf("%scode now: ", is_terminal ? "\r" : "");
    for (size_t i = 0; i < VOUCH_DEMO_VISITORS; i++) {
        char code[VOUCH_TOTP_DIGITS + 1] = "";
        const struct vouch_bytes secret = {demo->visitors.of[i].secret, VOUCH_TOTP_SECRET_LEN};
        (void)!vouch_totp_code(secret, now_s / VOUCH_TOTP_STEP_S, code);
        (void)printf("%s %s  ", vouch_demo_visitor_names[i], code);
    }
    (void)printf("(%2u s)%s", (unsigned)(VOUCH_TOTP_STEP_S - now_s % VOUCH_TOTP_STEP_S),
                 is_terminal ? " " : "\n");
    (void)fflush(stdout);
}

// Every now and then the hosts report again, or all of them would be silent.
static int live_on(struct demo *demo, uint64_t *next_ns, struct vouch_fault *fault) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (now_ns < *next_ns) {
        return VOUCH_OK;
    }
    *next_ns = now_ns + REPORT_NS;
    return vouch_demo_folder_report(demo->dir, &demo->filled, fault);
}

static int show(struct demo *demo, struct vouch_fault *fault) {
    int is_terminal = isatty(STDOUT_FILENO);
    enum vouch_demo_turn turn = VOUCH_DEMO_GOES_ON;
    uint64_t next_ns = vouch_time_monotonic_ns() + REPORT_NS;
    int err = say_address(demo, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    (void)printf("Sign in with the password and a code, as one of these:\n\n");
    say_secrets(demo);
    (void)printf("\nCtrl-C ends it%s.\n\n", demo->is_temporary ? " and removes the folder" : "");
    say_codes(demo, is_terminal);
    while (err == VOUCH_OK && turn == VOUCH_DEMO_GOES_ON) {
        err = vouch_demo_server_wait(&demo->server, 1000, &turn, fault);
        err = err == VOUCH_OK ? live_on(demo, &next_ns, fault) : err;
        if (is_terminal) {
            say_codes(demo, is_terminal);
        }
    }
    if (is_terminal) {
        (void)printf("\n");
    }
    return err;
}

static int run(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct demo demo = {.shows_progress = isatty(STDERR_FILENO)};
    const char *listen = vouch_option_value(options, "listen");
    demo.folder.listen = listen != NULL ? listen : "127.0.0.1:8443";
    demo.folder.what.now_s = vouch_time_now_s();
    int err = read_number(options, "seed", 1, UINT64_MAX, &demo.folder.what.seed, fault);
    if (err == VOUCH_OK) {
        err = read_number(options, "scale", 1, SCALE_MAX, &demo.folder.what.scale, fault);
    }
    if (err == VOUCH_OK) {
        err = choose_folder(&demo, options->dir, fault);
    }
    if (err == VOUCH_OK) {
        err = start(&demo, fault);
    }
    if (err == VOUCH_OK) {
        err = show(&demo, fault);
    }
    vouch_demo_server_stop(&demo.server);
    vouch_demo_filled_done(&demo.filled);
    if (demo.is_temporary) {
        vouch_tree_remove(demo.dir);
    }
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"listen", "ADDR:PORT,...", "where it listens (default: 127.0.0.1:8443)"},
    {"seed", "N", "another company for each number (default: 1)"},
    {"scale", "N", "an Nth of 5,000 hosts, 1,000 people and 1,000,000 events (default: 1)"},
    {0},
};
static const char *const examples[] = {
    "vouchd --demo",
    "vouchd demo --listen 127.0.0.1:9443 --scale 10",
    "vouchd demo /srv/vouch-demo",
    NULL,
};

const struct vouch_command vouch_cmd_demo = {
    .name = "demo",
    .summary = "Show a server that is filled with an invented company, and changes nothing.",
    .options = options,
    .examples = examples,
    .dir = VOUCH_DIR_OPTIONAL,
    .run = run,
};
