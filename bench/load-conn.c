// SPDX-License-Identifier: ISC
// One connection of the load client. The service is known by its certificate, byte for byte (the pin that
// init prints), not by a name; the handshake proves that it holds the key.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/load-conn.h"

#define TTL_S 3600
#define RETRY_NS 300000 // between two attempts to reach a service that starts

struct load_target {
    SSL_CTX *context;
    X509 *pin;
    struct sockaddr_in address;
    char host[64];
};

static X509 *read_pin(const char *path) {
    FILE *file = fopen(path, "re");
    X509 *pin = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (pin == NULL) {
        load_die("%s is not a certificate in PEM", path);
    }
    (void)fclose(file);
    return pin;
}

struct load_target *load_target_new(const struct load_options *options) {
    struct load_target *target = calloc(1, sizeof *target);
    char text[64];
    if (target == NULL || strlen(options->address) >= sizeof text) {
        load_die("%s is not ADDRESS:PORT", options->address);
    }
    (void)snprintf(target->host, sizeof target->host, "%s", options->address);
    (void)snprintf(text, sizeof text, "%s", options->address);
    char *colon = strrchr(text, ':');
    unsigned long port = colon != NULL ? strtoul(colon + 1, NULL, 10) : 0;
    if (colon != NULL) {
        *colon = '\0';
    }
    target->address.sin_family = AF_INET;
    target->address.sin_port = htons((uint16_t)port);
    if (port == 0 || port > 65535 || inet_pton(AF_INET, text, &target->address.sin_addr) != 1) {
        load_die("%s is not ADDRESS:PORT such as 127.0.0.1:8443", options->address);
    }
    target->context = SSL_CTX_new(TLS_client_method());
    if (target->context == NULL ||
        SSL_CTX_set_min_proto_version(target->context, TLS1_3_VERSION) != 1) {
        load_die("no TLS context");
    }
    (void)SSL_CTX_set_session_cache_mode(target->context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(target->context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    target->pin = read_pin(options->pin_file);
    return target;
}

void load_target_free(struct load_target *target) {
    X509_free(target->pin);
    SSL_CTX_free(target->context);
    free(target);
}

void load_conn_open(struct load_conn *conn, const struct load_target *target) {
    static const int on = 1;
    conn->target = target;
    conn->phase = LOAD_CONN_SHAKING;
    conn->in_len = conn->out_len = 0;
    conn->wants = EPOLLOUT;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(conn->source)};
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    conn->ssl = SSL_new(target->context);
    if (conn->fd < 0 || conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1) {
        load_die("no socket: %m");
    }
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (conn->source != 0 && bind(conn->fd, (struct sockaddr *)&source, sizeof source) != 0) {
        load_die("an address of 127.0.0.0/8 cannot be used: %m");
    }
    // Refused or not shows in the handshake.
    (void)connect(conn->fd, (const struct sockaddr *)&target->address, sizeof target->address);
    SSL_set_connect_state(conn->ssl);
}

void load_conn_close(struct load_conn *conn) {
    if (conn->fd >= 0) {
        SSL_free(conn->ssl);
        (void)close(conn->fd);
    }
    conn->ssl = NULL;
    conn->fd = -1;
}

void load_conn_ask_text(struct load_conn *conn, const char *text) {
    conn->out_len = strlen(text);
    memcpy(conn->out, text, conn->out_len);
    conn->asked_ns = vouch_time_monotonic_ns();
    if (conn->phase == LOAD_CONN_IDLE) {
        conn->phase = LOAD_CONN_ASKING;
    }
}

// A POST of JSON; `credential` is a field of the head, or empty.
static void ask_json(struct load_conn *conn, const char *path, const char *credential,
                     const char *body) {
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "POST %s HTTP/1.1\r\nHost: %s\r\n%s"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       path, conn->target->host, credential, strlen(body), body);
    if (len >= (int)sizeof text) {
        load_die("the principal or the token is too long");
    }
    load_conn_ask_text(conn, text);
}

void load_conn_ask(struct load_conn *conn, const struct load *load, struct load_subject *subject) {
    char body[400], credential[200];
    const struct load_options *options = load->options;
    int by_token = options->wish == LOAD_BY_TOKEN;
    int len = by_token ? snprintf(body, sizeof body,
                                  "{\"type\":\"user\",\"public_key\":\"%s\",\"key_id\":\"load\","
                                  "\"principals\":[\"%s\"],\"ttl_s\":%d}",
                                  subject->key, options->principal, TTL_S)
                       : snprintf(body, sizeof body,
                                  "{\"zone\":\"%s\",\"public_key\":\"%s\",\"ttl_s\":%d}",
                                  options->zone, subject->key, TTL_S);
    (void)snprintf(credential, sizeof credential, "Authorization: Bearer %s\r\n", load->token);
    if (len >= (int)sizeof body) {
        load_die("the principal or the zone is too long");
    }
    conn->subject = subject;
    ask_json(conn, by_token ? "/v1/certs" : "/v1/access", credential, body);
}

void load_conn_ask_wrong(struct load_conn *conn, size_t number) {
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"user\":\"crowd-%zu\",\"password\":\"no such password was set\","
                   "\"factor\":\"totp\",\"code\":\"000000\"}",
                   number);
    ask_json(conn, "/v1/sessions", "", body);
}

static enum load_conn_result broken(struct load_conn *conn, const char *why) {
    conn->why = why;
    return LOAD_CONN_BROKEN;
}

// What TLS waits for; or that the connection is at its end.
static enum load_conn_result wait_for(struct load_conn *conn, int result, const char *why) {
    switch (SSL_get_error(conn->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        conn->wants = EPOLLIN;
        return LOAD_CONN_WAITS;
    case SSL_ERROR_WANT_WRITE:
        conn->wants = EPOLLOUT;
        return LOAD_CONN_WAITS;
    default:
        ERR_clear_error();
        return broken(conn, why);
    }
}

// 1 if a whole answer is there; -1 if it cannot become one.
static int parse(struct load_conn *conn) {
    conn->in[conn->in_len] = '\0';
    char *end = strstr(conn->in, "\r\n\r\n");
    if (end == NULL) {
        return conn->in_len == LOAD_IN_MAX ? -1 : 0;
    }
    *end = '\0';
    const char *field = strcasestr(conn->in, "\r\ncontent-length:");
    unsigned long len = field != NULL ? strtoul(field + 17, NULL, 10) : LOAD_IN_MAX;
    const char *retry = strcasestr(conn->in, "\r\nretry-after:");
    conn->retry_after_s = retry != NULL ? (unsigned)strtoul(retry + 14, NULL, 10) : 0;
    *end = '\r';
    if (strncmp(conn->in, "HTTP/1.1 ", 9) != 0 || len >= LOAD_IN_MAX) {
        return -1;
    }
    conn->status = (unsigned)strtoul(conn->in + 9, NULL, 10);
    conn->body = end + 4;
    conn->body_len = len;
    return conn->in_len >= (size_t)(conn->body - conn->in) + len;
}

static enum load_conn_result read_answer(struct load_conn *conn) {
    for (;;) {
        int got = SSL_read(conn->ssl, conn->in + conn->in_len, (int)(LOAD_IN_MAX - conn->in_len));
        if (got <= 0) {
            return wait_for(conn, got, "it was closed before the answer");
        }
        conn->in_len += (size_t)got;
        int whole = parse(conn);
        if (whole != 0) {
            conn->phase = LOAD_CONN_IDLE;
            conn->wants = EPOLLIN;
            return whole > 0 ? LOAD_CONN_ANSWERED : broken(conn, "its answer is not HTTP");
        }
    }
}

static enum load_conn_result shake(struct load_conn *conn) {
    int result = SSL_connect(conn->ssl);
    if (result != 1) {
        return wait_for(conn, result, "no TLS connection");
    }
    X509 *peer = SSL_get0_peer_certificate(conn->ssl);
    if (peer == NULL || X509_cmp(peer, conn->target->pin) != 0) {
        load_die("the service has another certificate than --pin says");
    }
    conn->phase = conn->out_len > 0 ? LOAD_CONN_ASKING : LOAD_CONN_IDLE;
    conn->wants = EPOLLIN;
    return LOAD_CONN_WAITS;
}

static enum load_conn_result ask(struct load_conn *conn) {
    int sent = SSL_write(conn->ssl, conn->out, (int)conn->out_len);
    if (sent <= 0) {
        return wait_for(conn, sent, "it was closed before the request");
    }
    conn->out_len = conn->in_len = 0;
    conn->phase = LOAD_CONN_READING;
    conn->wants = EPOLLIN;
    return LOAD_CONN_WAITS;
}

// An idle connection says nothing but TLS's own messages, or that it ends.
static enum load_conn_result listen_idle(struct load_conn *conn) {
    char byte;
    int got = SSL_read(conn->ssl, &byte, 1);
    return got > 0 ? broken(conn, "it spoke without being asked")
                   : wait_for(conn, got, "it was closed while idle");
}

enum load_conn_result load_conn_step(struct load_conn *conn) {
    if (conn->phase == LOAD_CONN_SHAKING && shake(conn) == LOAD_CONN_BROKEN) {
        return LOAD_CONN_BROKEN;
    }
    switch (conn->phase) {
    case LOAD_CONN_IDLE:
        return listen_idle(conn);
    case LOAD_CONN_ASKING:
        return ask(conn);
    case LOAD_CONN_READING:
        return read_answer(conn);
    case LOAD_CONN_SHAKING:
        break;
    }
    return LOAD_CONN_WAITS;
}

int load_conn_all_greeted(const struct load_conn *conns, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (conns[i].fd >= 0 && conns[i].phase == LOAD_CONN_SHAKING) {
            return 0;
        }
    }
    return 1;
}

static int answers(struct load_conn *conn, uint64_t deadline_ns) {
    enum load_conn_result result = LOAD_CONN_WAITS;
    while (result == LOAD_CONN_WAITS && vouch_time_monotonic_ns() < deadline_ns) {
        enum load_conn_phase before = conn->phase;
        result = load_conn_step(conn);
        if (result == LOAD_CONN_WAITS && conn->phase == before) {
            struct pollfd wait = {.fd = conn->fd,
                                  .events = conn->wants == EPOLLIN ? POLLIN : POLLOUT};
            (void)poll(&wait, 1, 100);
        }
    }
    return result == LOAD_CONN_ANSWERED && conn->status == 200;
}

uint64_t load_first_answer(const struct load_options *options, const char *path, unsigned wait_ms) {
    struct load_target *target = load_target_new(options);
    struct load_conn *conn = calloc(1, sizeof *conn);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + wait_ms * 1000000ull, found_ns = 0;
    char text[512];
    if (conn == NULL || snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path,
                                 options->address) >= (int)sizeof text) {
        load_die("the path is too long");
    }
    while (found_ns == 0 && vouch_time_monotonic_ns() < deadline_ns) {
        load_conn_open(conn, target);
        load_conn_ask_text(conn, text);
        if (answers(conn, deadline_ns)) {
            found_ns = vouch_time_monotonic_ns();
        }
        load_conn_close(conn);
        (void)nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
    }
    free(conn);
    load_target_free(target);
    return found_ns;
}
