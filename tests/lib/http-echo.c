// SPDX-License-Identifier: ISC
// A small server on src/http for the tests: says what it was asked, slowly if wanted.
//
// usage: http-echo CERT.pem KEY.pem [NAME=NUMBER ...]
//
// It prints the ports of its TLS and its plain listener (on 127.0.0.1) as one line, then obeys lines of
// its standard input: "reload CERT KEY", "counts", "stop MILLISECONDS" (and ends; so does end of input).
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "http/server.h"

#define MS 1000000ULL
#define BIG (4 * 1024 * 1024)

static struct vouch_http_server *_Atomic server; // workers may look before start returns
static uint8_t big[BIG];
static _Atomic uint64_t versions[16];
static _Atomic uint64_t released;

static void say(struct vouch_http_response *response, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct vouch_http_response *response, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    response->status = 200;
    response->content_type = "text/plain";
    vouch_buf_put_text(&response->body, text);
}

static uint64_t number_of(struct vouch_bytes text) {
    uint64_t number = 0;
    return vouch_str_to_u64(text, &number) == VOUCH_OK ? number : 0;
}

static int hello(void *context, const struct vouch_http_request *request,
                 struct vouch_http_response *response) {
    (void)context;
    (void)request;
    say(response, "hello\n");
    return VOUCH_OK;
}

static int echo(void *context, const struct vouch_http_request *request,
                struct vouch_http_response *response) {
    (void)context;
    response->status = 200;
    response->content_type = "application/octet-stream";
    vouch_buf_put(&response->body, request->body);
    return VOUCH_OK;
}

static int item(void *context, const struct vouch_http_request *request,
                struct vouch_http_response *response) {
    (void)context;
    struct vouch_bytes q = vouch_http_query(request, "q");
    say(response, "%.*s|%.*s|%.*s\n", (int)request->captures[0].len, request->captures[0].ptr,
        (int)request->captures[1].len, request->captures[1].ptr, (int)q.len,
        q.ptr != NULL ? (const char *)q.ptr : "");
    return VOUCH_OK;
}

static int who(void *context, const struct vouch_http_request *request,
               struct vouch_http_response *response) {
    char peer[VOUCH_HTTP_ADDRESS_TEXT_MAX];
    char client[VOUCH_HTTP_ADDRESS_TEXT_MAX];
    (void)context;
    vouch_http_address_text(&request->peer, peer);
    vouch_http_address_text(&request->client, client);
    say(response, "%s %s %u\n", peer, client, request->worker);
    return VOUCH_OK;
}

static void rest(uint64_t ms) {
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000 * MS)};
    nanosleep(&time, NULL);
}

static int slow(void *context, const struct vouch_http_request *request,
                struct vouch_http_response *response) {
    (void)context;
    uint64_t ms = number_of(request->captures[0]);
    rest(ms);
    say(response, "slept %" PRIu64 "\n", ms);
    return VOUCH_OK;
}

// GET /wait/KEY?than=N[&ms=M][&pause=M] answers when version KEY is above N, or at its deadline.
static int wait_for(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    (void)context;
    uint64_t key = number_of(request->captures[0]) % 16;
    uint64_t version = versions[key];
    if (version <= number_of(vouch_http_query(request, "than")) &&
        request->turn != VOUCH_HTTP_EXPIRED) {
        rest(number_of(vouch_http_query(request, "pause"))); // time for a wake to come too early
        uint64_t ms = number_of(vouch_http_query(request, "ms"));
        response->wait.key = key + 1;
        response->wait.deadline_ns = vouch_time_monotonic_ns() + (ms != 0 ? ms : 30000) * MS;
        return VOUCH_OK;
    }
    say(response, "version %" PRIu64 "\n", version);
    return VOUCH_OK;
}

static int wake(void *context, const struct vouch_http_request *request,
                struct vouch_http_response *response) {
    (void)context;
    uint64_t key = number_of(request->captures[0]) % 16;
    uint64_t version = ++versions[key];
    vouch_http_wake(server, key + 1);
    say(response, "woke %" PRIu64 "\n", version);
    return VOUCH_OK;
}

static void count_release(void *owner) {
    ++*(_Atomic uint64_t *)owner;
}

static int send_big(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    (void)context;
    (void)request;
    response->status = 200;
    response->content_type = "application/octet-stream";
    response->shared = (struct vouch_http_shared){{big, sizeof big}, count_release, &released};
    memcpy(response->etag, "\"big-1\"", 8);
    return VOUCH_OK;
}

// GET /stream/KEY tells version KEY at once, and each time that it is another, for half a minute.
static int stream(void *context, const struct vouch_http_request *request,
                  struct vouch_http_response *response) {
    (void)context;
    uint64_t key = number_of(request->captures[0]) % 16;
    uint64_t version = versions[key];
    response->stream = 1;
    if (request->turn == VOUCH_HTTP_FIRST) {
        response->hold = (struct vouch_http_hold){count_release, &released};
    }
    if (request->turn == VOUCH_HTTP_FIRST || request->note != version) {
        say(response, "version %" PRIu64 "\n", version);
    }
    if (request->turn != VOUCH_HTTP_EXPIRED) {
        response->wait =
            (struct vouch_http_wait){key + 1, vouch_time_monotonic_ns() + 30000 * MS, version};
    }
    return VOUCH_OK;
}

static int fail(void *context, const struct vouch_http_request *request,
                struct vouch_http_response *response) {
    (void)context;
    (void)request;
    say(response, "this must not be seen\n");
    return VOUCH_ERR_IO;
}

static const struct vouch_http_route routes[] = {
    {VOUCH_HTTP_GET, "/hello", hello, 0, 0, NULL},
    {VOUCH_HTTP_POST, "/echo", echo, 65536, 0, NULL},
    {VOUCH_HTTP_PUT, "/items/{a}/parts/{b}", item, 1024, 0, NULL},
    {VOUCH_HTTP_GET, "/items/{a}/parts/{b}", item, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/who", who, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/slow/{ms}", slow, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/few/{ms}", slow, 0, VOUCH_HTTP_ROOM_FEW, NULL},
    {VOUCH_HTTP_GET, "/wait/{key}", wait_for, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/stream/{key}", stream, 0, 0, NULL},
    {VOUCH_HTTP_POST, "/wake/{key}", wake, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/big", send_big, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/fail", fail, 0, 0, NULL},
};

static const struct vouch_http_file files[] = {
    {.path = "/file.txt",
     .content = {(const uint8_t *)"a file\n", 7},
     .content_type = "text/plain",
     .etag = "\"file-1\"",
     .cache_control = "public, max-age=31536000, immutable"},
};

static int listen_on_loopback(uint16_t *ret_port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        perror("http-echo: 127.0.0.1");
        exit(1);
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}

struct pems {
    struct vouch_buf cert;
    struct vouch_buf key;
};

static struct vouch_http_identity read_identity(const char *cert, const char *key,
                                                struct pems *pems) {
    struct vouch_fault fault = {0};
    vouch_buf_init(&pems->cert, 1 << 20);
    vouch_buf_init(&pems->key, 1 << 20);
    if (vouch_io_read(cert, 65536, &pems->cert, &fault) != VOUCH_OK ||
        vouch_io_read(key, 65536, &pems->key, &fault) != VOUCH_OK) {
        fprintf(stderr, "http-echo: %s\n", fault.text);
    }
    return (struct vouch_http_identity){vouch_buf_bytes(&pems->cert), vouch_buf_bytes(&pems->key)};
}

static void done_with(struct pems *pems) {
    vouch_buf_done(&pems->cert);
    vouch_buf_done(&pems->key);
}

static void set(struct vouch_http_config *config, const char *word) {
    static struct vouch_http_prefix proxy;
    static const char *const names[] = {"io",     "workers", "queue", "each",  "conns", "handshake",
                                        "header", "body",    "idle",  "write", "head",  "proxy"};
    const char *equals = strchr(word, '=');
    uint64_t number = equals != NULL ? number_of(vouch_bytes_of(equals + 1)) : 0;
    size_t len = equals != NULL ? (size_t)(equals - word) : 0;
    uint64_t *times[] = {&config->deadlines.handshake_ns, &config->deadlines.header_ns,
                         &config->deadlines.body_ns, &config->deadlines.idle_ns,
                         &config->deadlines.write_ns};
    uint32_t *counts[] = {&config->io_threads, &config->workers, &config->limits.queue_max,
                          &config->limits.per_address_max, &config->limits.connections_max};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) != len || strncmp(names[i], word, len) != 0) {
            continue;
        }
        if (i < 5) {
            *counts[i] = (uint32_t)number;
        } else if (i < 10) {
            *times[i - 5] = number * MS;
        } else if (i == 10) {
            config->limits.header_max = number;
        } else if (vouch_http_prefix_parse(vouch_bytes_of(equals + 1), &proxy) == VOUCH_OK) {
            config->proxies = &proxy;
            config->proxy_count = 1;
        }
        return;
    }
    fprintf(stderr, "http-echo: %s is no setting\n", word);
    exit(2);
}

static void print_counts(void) {
    struct vouch_http_counts c;
    vouch_http_server_counts(server, &c);
    printf("{\"2xx\":%" PRIu64 ",\"3xx\":%" PRIu64 ",\"4xx\":%" PRIu64 ",\"5xx\":%" PRIu64
           ",\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"handshakes_failed\":%" PRIu64
           ",\"resumed\":%" PRIu64 ",\"timeouts\":%" PRIu64 ",\"overloads\":%" PRIu64
           ",\"connections\":%" PRIu64 ",\"queued\":%" PRIu64 ",\"working\":%" PRIu64
           ",\"waiting\":%" PRIu64 ",\"released\":%" PRIu64 "}\n",
           c.answers[2], c.answers[3], c.answers[4], c.answers[5], c.accepted, c.refused,
           c.handshakes_failed, c.resumed, c.timeouts, c.overloads, c.connections, c.queued,
           c.working, c.waiting, (uint64_t)released);
    fflush(stdout);
}

static void reload(char *words) {
    char *space = strchr(words, ' ');
    struct pems pems;
    struct vouch_fault fault = {0};
    if (space == NULL) {
        return;
    }
    *space = 0;
    const struct vouch_http_identity identity = read_identity(words, space + 1, &pems);
    int err = vouch_http_server_reload(server, &identity, &fault);
    printf("%s\n", err == VOUCH_OK ? "reloaded" : fault.text);
    fflush(stdout);
    done_with(&pems);
}

static void obey(void) {
    char line[1024];
    uint64_t stop_ms = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "reload ", 7) == 0) {
            reload(line + 7);
        } else if (strcmp(line, "counts") == 0) {
            print_counts();
        } else if (strncmp(line, "stop ", 5) == 0) {
            stop_ms = number_of(vouch_bytes_of(line + 5));
            break;
        }
    }
    vouch_http_server_stop(server, vouch_time_monotonic_ns() + stop_ms * MS);
}

int main(int argc, char **argv) {
    struct vouch_fault fault = {0};
    struct pems pems;
    if (argc < 3) {
        fprintf(stderr, "usage: http-echo CERT.pem KEY.pem [NAME=NUMBER ...]\n");
        return 2;
    }
    const struct vouch_http_identity identity = read_identity(argv[1], argv[2], &pems);
    uint16_t ports[2];
    const struct vouch_http_listener listeners[] = {
        {listen_on_loopback(&ports[0]), VOUCH_HTTP_TLS},
        {listen_on_loopback(&ports[1]), VOUCH_HTTP_PLAIN}};
    struct vouch_http_config config = {.listeners = listeners,
                                       .listener_count = 2,
                                       .identity = &identity,
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .files = files,
                                       .file_count = 1,
                                       .limits.per_address_max = 100000};
    for (int i = 3; i < argc; i++) {
        set(&config, argv[i]);
    }
    struct vouch_http_server *started = NULL;
    int err = vouch_http_server_start(&config, &started, &fault);
    server = started;
    done_with(&pems);
    if (err != VOUCH_OK) {
        fprintf(stderr, "http-echo: %s\n", fault.text);
        return 1;
    }
    printf("%u %u\n", ports[0], ports[1]);
    fflush(stdout);
    obey();
    vouch_http_server_free(server);
    return 0;
}
