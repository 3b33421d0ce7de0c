// SPDX-License-Identifier: ISC
// vouchd status: asks a running server over its socket for administration how it is.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/stream.h"
#include "base/time.h"
#include "prog/vouchd/command.h"
#include "prog/vouchd/server-dir.h"

#define ANSWER_MAX (64 * 1024)
#define ANSWER_NS UINT64_C(5000000000)
#define CHILDREN_MAX 8

static int no_answer(const char *path, const char *why, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_no_answer, "%s: %s", path, why);
}

static int receive_all(int fd, uint64_t deadline_ns, struct vouch_buf *answer) {
    for (;;) {
        uint64_t now_ns = vouch_time_monotonic_ns();
        struct pollfd wait = {fd, POLLIN, 0};
        if (now_ns >= deadline_ns || poll(&wait, 1, (int)((deadline_ns - now_ns) / 1000000)) <= 0) {
            return VOUCH_ERR_TIMEOUT;
        }
        uint8_t room[4096];
        ssize_t got = recv(fd, room, sizeof room, 0);
        if (got <= 0) {
            return got == 0 ? answer->err : VOUCH_ERR_IO;
        }
        vouch_buf_put(answer, (struct vouch_bytes){room, (size_t)got});
    }
}

// The supervisor's process: it is the one that listens.
static int find_pid(int fd, pid_t *ret_pid) {
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return VOUCH_ERR_IO;
    }
    *ret_pid = peer.pid;
    return VOUCH_OK;
}

static int ask(const char *path, const char *what, struct vouch_buf *answer, pid_t *ret_pid,
               struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + ANSWER_NS;
    vouch_autoclose int fd = -1;
    int err = vouch_stream_connect(path, deadline_ns, &fd);
    if (err != VOUCH_OK) {
        return no_answer(path,
                         err == VOUCH_ERR_PERMISSION ? "this user may not connect to it"
                                                     : "nobody listens there",
                         fault);
    }
    char question[256];
    int len = snprintf(question, sizeof question,
                       "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", what);
    if (find_pid(fd, ret_pid) != VOUCH_OK ||
        vouch_io_write_all(fd, (struct vouch_bytes){(const uint8_t *)question, (size_t)len}) !=
            VOUCH_OK ||
        receive_all(fd, deadline_ns, answer) != VOUCH_OK) {
        return no_answer(path, "no answer came in time", fault);
    }
    return VOUCH_OK;
}

// The body of a 200; NULL for anything else.
static json_t *parse(const struct vouch_buf *answer) {
    static const char good[] = "HTTP/1.1 200 ";
    const char *body =
        answer->len >= sizeof good + 3 ? memmem(answer->ptr, answer->len, "\r\n\r\n", 4) : NULL;
    if (body == NULL || memcmp(answer->ptr, good, sizeof good - 1) != 0) {
        return NULL;
    }
    body += 4;
    return json_loadb(body, answer->len - (size_t)(body - (const char *)answer->ptr),
                      JSON_REJECT_DUPLICATES, NULL);
}

static void print_value(const char *key, const json_t *value) {
    if (json_is_string(value)) {
        char shown[256];
        vouch_str_escape_to(vouch_bytes_of(json_string_value(value)), shown, sizeof shown);
        (void)printf("  %-16s%s\n", key, shown);
    } else if (json_is_integer(value)) {
        (void)printf("  %-16s%" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        (void)printf("  %-16s%s\n", key, json_is_true(value) ? "yes" : "no");
    }
}

// The members of an object, as the server sends them, one level deep.
static void print_members(json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (strcmp(key, "schema") != 0) {
            print_value(key, value);
        }
    }
}

static void print_child(pid_t pid) {
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    vouch_autofclose FILE *file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof name, file) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        char shown[64];
        vouch_str_escape_to(vouch_bytes_of(name), shown, sizeof shown);
        (void)printf("  %-16s%d\n", shown, (int)pid);
    }
}

static void print_processes(pid_t supervisor) {
    char path[64];
    int child = 0;
    (void)printf("  %-16s%d\n", "vouchd", (int)supervisor);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)supervisor,
                   (int)supervisor);
    vouch_autofclose FILE *file = fopen(path, "re");
    for (int i = 0; file != NULL && i < CHILDREN_MAX && fscanf(file, "%d", &child) == 1; i++) {
        print_child(child);
    }
}

static int run(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_check(options->dir, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(options->dir, VOUCH_SERVER_SOCKET, path, fault);
    }
    pid_t pid = 0;
    struct vouch_buf answer;
    vouch_buf_init(&answer, ANSWER_MAX);
    if (err == VOUCH_OK) {
        err = ask(path, "/v1/status", &answer, &pid, fault);
    }
    json_t *status = err == VOUCH_OK ? parse(&answer) : NULL;
    if (err == VOUCH_OK) {
        (void)printf("Processes:\n");
        print_processes(pid);
        (void)printf("State:\n");
        print_members(status);
        *ret_exit = status != NULL ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
        if (status == NULL) {
            (void)printf("  it answers, but cannot say how it is: see its log\n");
        }
    }
    json_decref(status);
    vouch_buf_done(&answer);
    return err;
}

static const struct vouch_option options[] = {{0}};
static const char *const examples[] = {"vouchd status /var/lib/vouchd", NULL};

const struct vouch_command vouch_cmd_status = {
    .name = "status",
    .summary = "Ask a running server for its processes and its state.",
    .options = options,
    .examples = examples,
    .run = run,
};
