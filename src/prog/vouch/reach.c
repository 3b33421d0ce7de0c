// SPDX-License-Identifier: ISC
// The way to the server: see reach.h.
#include "prog/vouch/reach.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/time.h"
#include "prog/vouch/sign-in.h"

#define TIMEOUT_MAX_S 3600

void vouch_reach_done(struct vouch_reach *reach) {
    vouch_api_close(reach->api);
    vouch_settings_done(&reach->settings);
    vouch_session_done(&reach->session);
}

int vouch_reach_socket(const char *dir, char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    struct stat status;
    char path[PATH_MAX];
    if (stat(dir, &status) == 0 && S_ISSOCK(status.st_mode)) {
        (void)snprintf(path, sizeof path, "%s", dir);
    } else {
        int len = snprintf(path, sizeof path, "%s/run/admin.sock", dir);
        if (len < 0 || len >= (int)sizeof path || stat(path, &status) != 0 ||
            !S_ISSOCK(status.st_mode)) {
            int err = errno == EACCES ? VOUCH_ERR_PERMISSION : VOUCH_ERR_NOT_FOUND;
            vouch_fault_set(fault, err, &vouch_fault_server_unreachable, "--local %s: %s", dir,
                            err == VOUCH_ERR_PERMISSION
                                ? "this user may not reach its socket"
                                : "there is no socket run/admin.sock: the server does not run");
            return vouch_fault_next(fault,
                                    err == VOUCH_ERR_PERMISSION
                                        ? "run it as the user that started the server"
                                        : "start it: vouchd run %s",
                                    dir);
        }
    }
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_usage,
                        "--local %s: the path of its socket is too long for one", dir);
        return vouch_fault_next(fault, "change into the folder and give --local .");
    }
    (void)snprintf(ret_path, PATH_MAX, "%s", path);
    return 0;
}

static int read_timeout(const struct vouch_args *args, uint64_t *ret_ms,
                        struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, "timeout");
    uint64_t seconds = 0;
    if (text == NULL) {
        return 0;
    }
    if (vouch_duration_parse(vouch_bytes_of(text), &seconds) != 0 || seconds > TIMEOUT_MAX_S) {
        vouch_usage(fault, "--timeout: \"%s\" is not a duration up to an hour", text);
        return vouch_fault_next(fault, "write --timeout 30s");
    }
    *ret_ms = seconds * 1000;
    return 0;
}

static int check_options(const struct vouch_args *args, struct vouch_fault *fault) {
    static const char *const others[] = {"server", "pin", "ca-file", "token-file", NULL};
    for (size_t i = 0; vouch_args_value(args, "local") != NULL && others[i] != NULL; i++) {
        if (vouch_args_value(args, others[i]) != NULL) {
            vouch_usage(fault, "--local and --%s exclude each other", others[i]);
            return vouch_fault_next(fault, "the socket on the server's machine needs no token");
        }
    }
    return 0;
}

int vouch_reach_same_url(const char *a, const char *b) {
    size_t first = strlen(a), second = strlen(b);
    first -= first > 0 && a[first - 1] == '/';
    second -= second > 0 && b[second - 1] == '/';
    return first == second && strncmp(a, b, first) == 0;
}

static const char *either(const char *first, const char *second) {
    return first != NULL ? first : second;
}

// What is set counts for the server that it was set for, and for no other.
static int choose_server(struct vouch_reach *reach, struct vouch_api_server *server,
                         struct vouch_fault *fault) {
    const struct vouch_args *args = &reach->cli->args;
    struct vouch_fault unused;
    const char *url = vouch_args_value(args, "server");
    struct vouch_settings *settings = &reach->settings;
    int err = vouch_settings_read(settings, url != NULL ? &unused : fault);
    if (url == NULL && err == VOUCH_ERR_NOT_FOUND) {
        return vouch_fault_set(fault, err, &vouch_fault_server_unknown, "no server is set");
    }
    if (url == NULL && err != 0) {
        return err;
    }
    if (url != NULL && (err != 0 || !vouch_reach_same_url(url, settings->url))) {
        vouch_settings_done(settings);
    }
    *server = (struct vouch_api_server){
        .url = either(url, settings->url),
        .pin = either(vouch_args_value(args, "pin"), settings->pin),
        .ca_file = either(vouch_args_value(args, "ca-file"), settings->ca_file),
        .token_file = either(vouch_args_value(args, "token-file"), settings->token_file),
    };
    reach->by = server->token_file != NULL ? VOUCH_BY_TOKEN : VOUCH_BY_NOTHING;
    reach->anchors = settings->url != NULL ? VOUCH_ANCHORS_NOTED : VOUCH_ANCHORS_NONE;
    return 0;
}

// A session that is there for this server and has not ended. That there is none is no failure: whether
// one is needed, the server says.
static void use_session(struct vouch_reach *reach, struct vouch_api_server *server) {
    struct vouch_fault unused;
    struct vouch_session session = {0};
    if (vouch_args_value(&reach->cli->args, "token-file") != NULL ||
        vouch_session_read(&session, &unused) != 0) {
        return;
    }
    if (session.secret.len > 0 && session.ends_s > vouch_time_now_s() &&
        vouch_reach_same_url(session.url, server->url)) {
        server->token_file = NULL;
        server->token = vouch_secret_bytes(&session.secret);
        reach->by = VOUCH_BY_SESSION;
        reach->session = session;
        return;
    }
    vouch_session_done(&session);
}

// Nonzero if the question is worth asking once more.
static int hear_no(void *context, struct vouch_fault *fault) {
    struct vouch_reach *reach = context;
    struct vouch_fault unused;
    if (reach->by == VOUCH_BY_TOKEN || reach->by == VOUCH_BY_SOCKET) {
        return 0;
    }
    if (fault->kind == &vouch_fault_caller || fault->kind == &vouch_fault_server_token) {
        if (reach->by == VOUCH_BY_SESSION) {
            // It will not come back, and no later command need ask with it.
            (void)!vouch_session_forget(&unused);
        }
        (void)vouch_session_signed_out(
            vouch_api_name(reach->api),
            reach->by == VOUCH_BY_SESSION ? "the session has ended" : NULL, fault);
        if (reach->by == VOUCH_BY_NOTHING) {
            (void)vouch_fault_next(fault, "vouch login; for a program: --token-file FILE");
        }
        return 0;
    }
    int stale = strcmp(fault->kind->code, VOUCH_FACTOR_OLD) == 0;
    return stale && reach->by == VOUCH_BY_SESSION && reach->asking == VOUCH_MAY_ASK &&
           vouch_sign_in_again(reach, fault) == 0;
}

static int open_way(const struct vouch_cli *cli, enum vouch_reach_by most,
                    struct vouch_reach *ret_reach, struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    struct vouch_api_server server = {0};
    char socket[PATH_MAX];
    const char *local = vouch_args_value(&cli->args, "local");
    int err = check_options(&cli->args, fault);
    if (err == 0 && local != NULL) {
        err = vouch_reach_socket(local, socket, fault);
        server.socket = socket;
        reach.local = 1;
        reach.by = VOUCH_BY_SOCKET;
    } else if (err == 0) {
        err = choose_server(&reach, &server, fault);
    }
    if (most == VOUCH_BY_NOTHING) {
        server.token_file = NULL;
        reach.by = VOUCH_BY_NOTHING;
    } else if (err == 0 && local == NULL) {
        use_session(&reach, &server);
    }
    if (err == 0) {
        err = read_timeout(&cli->args, &server.timeout_ms, fault);
    }
    if (err == 0) {
        err = vouch_api_open(&server, &reach.api, fault);
    }
    if (err != 0) {
        vouch_reach_done(&reach);
        return err;
    }
    *ret_reach = reach;
    if (most != VOUCH_BY_NOTHING) {
        vouch_api_on_no(ret_reach->api, hear_no, ret_reach);
    }
    return 0;
}

int vouch_reach_open(const struct vouch_cli *cli, struct vouch_reach *ret_reach,
                     struct vouch_fault *fault) {
    return open_way(cli, VOUCH_BY_SESSION, ret_reach, fault);
}

int vouch_reach_open_stranger(const struct vouch_cli *cli, struct vouch_reach *ret_reach,
                              struct vouch_fault *fault) {
    return open_way(cli, VOUCH_BY_NOTHING, ret_reach, fault);
}

int vouch_reach_keys(struct vouch_reach *reach, struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = "/v1/ca"};
    json_t *json = NULL;
    const char *member = NULL;
    if (reach->anchors != VOUCH_ANCHORS_NONE) {
        return 0;
    }
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.ca/1", &json, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_settings_keys(json, &reach->settings, &member);
    json_decref(json);
    if (err != 0) {
        return vouch_api_bad_answer(reach->api, fault, "/v1/ca: %s is missing or wrong", member);
    }
    reach->anchors = VOUCH_ANCHORS_SERVER;
    return 0;
}

enum vouch_exit vouch_reach_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    // Too busy to hear a sign-in is as good as away.
    if (fault->kind == &vouch_fault_server_unreachable ||
        fault->kind == &vouch_fault_sign_in_busy || fault->kind == &vouch_fault_sign_ins ||
        fault->kind == &vouch_fault_device_full) {
        return VOUCH_EXIT_UNREACHABLE;
    }
    if (fault->err == VOUCH_ERR_PASSPHRASE || fault->kind == &vouch_fault_server_token ||
        fault->kind == &vouch_fault_tries || fault->kind == &vouch_fault_device_over ||
        fault->kind == &vouch_fault_device_elsewhere) {
        return VOUCH_EXIT_TOKEN;
    }
    if (fault->err == VOUCH_ERR_REFUSED) {
        return VOUCH_EXIT_REFUSED;
    }
    return vouch_command_usual_exit(cli->command, fault);
}
