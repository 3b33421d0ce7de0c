// SPDX-License-Identifier: ISC
// The port to which a browser comes back: see browser.h. Any program of this machine, and any page, can send
// something there, so nothing is believed but the mark, and nothing is answered but what a browser needs.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/browser.h"

#define HEAD_MAX 8192
#define HEAD_WAIT_MS 1000 // a browser sends its request in one piece
#define BACKLOG 8
#define ANSWER_MAX 1024
#define MS UINT64_C(1000000)

static int no_port(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_browser,
                           "127.0.0.1: no port for the browser to come back to: %s",
                           strerror(errno));
}

int vouch_loopback_open(struct vouch_loopback *ret_loopback, struct vouch_fault *fault) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return no_port(fault);
    }
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        int err = no_port(fault);
        (void)close(fd);
        return err;
    }
    *ret_loopback = (struct vouch_loopback){.fd = fd, .port = ntohs(address.sin_port)};
    return 0;
}

void vouch_loopback_close(struct vouch_loopback *loopback) {
    if (loopback->port != 0) {
        (void)close(loopback->fd);
    }
    *loopback = (struct vouch_loopback){.fd = -1};
}

// --- one request

// Nonzero if there is something to read, or somebody to hear, before then.
static int is_ready(int fd, uint64_t until_ns) {
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        uint64_t now_ns = vouch_time_monotonic_ns();
        if (now_ns >= until_ns) {
            return 0;
        }
        int ready = poll(&waiting, 1, (int)((until_ns - now_ns) / MS) + 1);
        if (ready != 0 && !(ready < 0 && errno == EINTR)) {
            return ready > 0;
        }
    }
}

// The head up to its empty line; 0 bytes if none comes.
static struct vouch_bytes read_head(int connection, char room[static HEAD_MAX]) {
    uint64_t until_ns = vouch_time_monotonic_ns() + HEAD_WAIT_MS * MS;
    size_t len = 0;
    while (len < HEAD_MAX - 1 && is_ready(connection, until_ns)) {
        ssize_t got = recv(connection, room + len, HEAD_MAX - 1 - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        room[len] = '\0';
        if (strstr(room, "\r\n\r\n") != NULL) {
            return (struct vouch_bytes){(const uint8_t *)room, len};
        }
    }
    return (struct vouch_bytes){0};
}

// "GET /done?code=CODE&state=MARK HTTP/1.1"
static int read_code(struct vouch_bytes head, const char *mark,
                     char ret_code[static VOUCH_LOOPBACK_CODE_MAX + 1]) {
    struct vouch_bytes line = vouch_str_cut(&head, '\r');
    if (!vouch_str_take(&line, "GET /done?code=")) {
        return 0;
    }
    struct vouch_bytes code = vouch_str_cut(&line, '&');
    if (line.ptr == NULL || !vouch_str_take(&line, "state=")) {
        return 0;
    }
    struct vouch_bytes state = vouch_str_cut(&line, ' ');
    if (state.len != strlen(mark) || !vouch_secret_equal(state.ptr, mark, state.len) ||
        code.len == 0 || code.len > VOUCH_LOOPBACK_CODE_MAX) {
        return 0;
    }
    memcpy(ret_code, code.ptr, code.len);
    ret_code[code.len] = '\0';
    return 1;
}

static void say(int connection, const char *status, const char *location, const char *words) {
    char text[ANSWER_MAX];
    int len =
        snprintf(text, sizeof text,
                 "HTTP/1.1 %s\r\n%s%s%sContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                 "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                 "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%s",
                 status, location != NULL ? "Location: " : "", location != NULL ? location : "",
                 location != NULL ? "\r\n" : "", strlen(words), words);
    if (len > 0 && (size_t)len < sizeof text) {
        // Whether the browser still listens changes nothing.
        (void)!send(connection, text, (size_t)len, MSG_NOSIGNAL);
    }
}

int vouch_loopback_await(const struct vouch_loopback *loopback, const char *mark, uint64_t wait_ms,
                         char ret_code[static VOUCH_LOOPBACK_CODE_MAX + 1]) {
    uint64_t until_ns = vouch_time_monotonic_ns() + wait_ms * MS;
    while (is_ready(loopback->fd, until_ns)) {
        char room[HEAD_MAX];
        int connection = accept4(loopback->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0) {
            continue;
        }
        int is_it = read_code(read_head(connection, room), mark, ret_code);
        vouch_wipe(room, sizeof room);
        if (is_it) {
            return connection;
        }
        say(connection, "404 Not Found", NULL, "There is nothing here.\n");
        (void)close(connection);
    }
    return -1;
}

void vouch_loopback_answer(int connection, const char *address) {
    if (address != NULL) {
        say(connection, "303 See Other", address, "Close this tab, go back to your terminal.\n");
    } else {
        say(connection, "200 OK", NULL,
            "That did not work: your terminal says why. You can close this tab.\n");
    }
    (void)close(connection);
}
