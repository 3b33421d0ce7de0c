// SPDX-License-Identifier: ISC
// Many hosts that wait for news: opens connections, asks the same question on each, and says when all wait
// and when each was answered. bench/agents runs it beside a service.
//
// agents-client --address A --pin FILE --path PATH [--secrets FILE] [--header LINE] [--connections N]
//               [--seconds S]
//
// On standard output one line of JSON when all wait, and one when all were answered or the time is up.
// Times are of the monotonic clock, which every process of a machine shares.
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/str.h"
#include "base/time.h"
#include "bench/load-conn.h"

#define CONNECTIONS_MAX 20000
#define SECRETS_MAX 20000
#define SECRET_SIZE 80
#define SHAKING_MAX 64           // handshakes at once: a herd is no subject of this measurement
#define PER_SOURCE 200           // connections from one address; a server takes so many from one
#define SOURCE_FIRST 0x7f020001u // 127.2.0.1 and on
#define EVENTS_MAX 256
#define QUIET_NS 1000000000ull // so long nobody is answered: then all wait

struct agents {
    struct load_options options;
    const char *path;
    const char *header; // one more line of the head, or ""
    char (*secrets)[SECRET_SIZE];
    size_t secret_count;
    struct load_target *target;
    struct load_conn *conns;
    uint64_t *answered_ns; // 0: not yet
    unsigned opened, shaking, asked, answered, failed;
    unsigned wrong;   // answers other than 200 and 304
    unsigned put_off; // told to come again, which they did
    unsigned resting;
    int epoll;
};

void load_die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)fputs("agents-client: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static unsigned number(const char *text, unsigned max) {
    uint64_t value = 0;
    if (vouch_str_to_u64(vouch_bytes_of(text), &value) != VOUCH_OK || value == 0 || value > max) {
        load_die("%s is not a number from 1 to %u", text, max);
    }
    return (unsigned)value;
}

static void read_secrets(struct agents *agents, const char *path) {
    FILE *file = fopen(path, "re");
    agents->secrets = calloc(SECRETS_MAX, SECRET_SIZE);
    if (file == NULL || agents->secrets == NULL) {
        load_die("%s cannot be read: %m", path);
    }
    while (agents->secret_count < SECRETS_MAX &&
           fgets(agents->secrets[agents->secret_count], SECRET_SIZE, file) != NULL) {
        char *secret = agents->secrets[agents->secret_count];
        secret[strcspn(secret, "\r\n")] = '\0';
        agents->secret_count += secret[0] != '\0';
    }
    (void)fclose(file);
    if (agents->secret_count == 0) {
        load_die("%s holds no secret", path);
    }
}

static void parse(int argc, char **argv, struct agents *agents) {
    static const struct option longs[] = {
        {"address", required_argument, NULL, 'a'}, {"pin", required_argument, NULL, 'p'},
        {"path", required_argument, NULL, 'P'},    {"secrets", required_argument, NULL, 't'},
        {"header", required_argument, NULL, 'H'},  {"connections", required_argument, NULL, 'C'},
        {"seconds", required_argument, NULL, 's'}, {0}};
    int letter;
    while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        const char **texts[] = {&agents->options.address, &agents->options.pin_file, &agents->path,
                                &agents->header};
        static const char letters[] = "apPH";
        const char *at = strchr(letters, letter);
        if (at != NULL) {
            *texts[at - letters] = optarg;
        } else if (letter == 't') {
            read_secrets(agents, optarg);
        } else if (letter == 'C') {
            agents->options.connections = number(optarg, CONNECTIONS_MAX);
        } else if (letter == 's') {
            agents->options.seconds = number(optarg, 86400);
        } else {
            exit(2); // getopt has said what is wrong
        }
    }
    if (agents->options.address == NULL || agents->options.pin_file == NULL ||
        agents->path == NULL) {
        load_die("needs --address, --pin and --path");
    }
}

static void watch(struct agents *agents, struct load_conn *conn, int how) {
    struct epoll_event event = {.events = conn->wants, .data.ptr = conn};
    if (epoll_ctl(agents->epoll, how, conn->fd, &event) != 0) {
        load_die("epoll_ctl: %m");
    }
    conn->watched = conn->wants;
}

static void ask(struct agents *agents, struct load_conn *conn, size_t place) {
    char text[1024], credential[128] = "";
    if (agents->secret_count > 0) {
        (void)snprintf(credential, sizeof credential, "Authorization: Bearer %s\r\n",
                       agents->secrets[place % agents->secret_count]);
    }
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", agents->path,
                       agents->options.address, credential, agents->header,
                       agents->header[0] != '\0' ? "\r\n" : "");
    if (len >= (int)sizeof text) {
        load_die("the path or the header is too long");
    }
    load_conn_ask_text(conn, text);
}

static void open_more(struct agents *agents) {
    while (agents->opened < agents->options.connections && agents->shaking < SHAKING_MAX) {
        struct load_conn *conn = &agents->conns[agents->opened];
        conn->source = SOURCE_FIRST + agents->opened / PER_SOURCE;
        load_conn_open(conn, agents->target);
        ask(agents, conn, agents->opened);
        watch(agents, conn, EPOLL_CTL_ADD);
        agents->opened++;
        agents->shaking++;
    }
}

static void settle(struct agents *agents, struct load_conn *conn, enum load_conn_result result) {
    if (result == LOAD_CONN_BROKEN) {
        if (agents->failed++ == 0) {
            (void)fprintf(stderr, "agents-client: a connection failed: %s\n", conn->why);
        }
        load_conn_close(conn);
    } else if (result == LOAD_CONN_ANSWERED && conn->status == 503) {
        conn->rests_until_ns = vouch_time_monotonic_ns() + conn->retry_after_s * 1000000000ull + 1;
        agents->put_off++;
        agents->resting++;
        agents->asked--;
    } else if (result == LOAD_CONN_ANSWERED) {
        agents->answered_ns[conn - agents->conns] = vouch_time_monotonic_ns();
        agents->answered++;
        if (conn->status != 200 && conn->status != 304 && agents->wrong++ == 0) {
            (void)fprintf(stderr, "agents-client: answered %u: %.*s\n", conn->status,
                          (int)conn->body_len, conn->body);
        }
    } else if (conn->wants != conn->watched) {
        watch(agents, conn, EPOLL_CTL_MOD);
    }
}

static void step(struct agents *agents, struct load_conn *conn) {
    enum load_conn_phase before = conn->phase;
    enum load_conn_result result = LOAD_CONN_WAITS;
    enum load_conn_phase phase;
    do { // from one phase into the next, as far as it goes
        phase = conn->phase;
        result = load_conn_step(conn);
        agents->asked += phase != LOAD_CONN_READING && conn->phase == LOAD_CONN_READING;
    } while (result == LOAD_CONN_WAITS && conn->phase != phase);
    agents->shaking -= before == LOAD_CONN_SHAKING && conn->phase != LOAD_CONN_SHAKING;
    settle(agents, conn, result);
}

static void ask_again(struct agents *agents) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    for (unsigned i = 0; agents->resting > 0 && i < agents->opened; i++) {
        struct load_conn *conn = &agents->conns[i];
        if (conn->rests_until_ns != 0 && conn->rests_until_ns <= now_ns) {
            conn->rests_until_ns = 0;
            agents->resting--;
            ask(agents, conn, i);
            step(agents, conn);
        }
    }
}

static void turn(struct agents *agents) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(agents->epoll, events, EVENTS_MAX, 50);
    for (int i = 0; i < count; i++) {
        step(agents, events[i].data.ptr);
    }
    open_more(agents);
    ask_again(agents);
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_woken(struct agents *agents) {
    unsigned none = agents->options.connections - agents->answered;
    qsort(agents->answered_ns, agents->options.connections, sizeof *agents->answered_ns, compare);
    const uint64_t *at = agents->answered_ns + none;
    (void)printf("{\"answered\": %u, \"failed\": %u, \"wrong\": %u", agents->answered,
                 agents->failed, agents->wrong);
    if (agents->answered > 0) {
        (void)printf(", \"first_ns\": %llu, \"p50_ns\": %llu, \"p99_ns\": %llu, \"last_ns\": %llu",
                     (unsigned long long)at[0], (unsigned long long)at[agents->answered / 2],
                     (unsigned long long)at[(size_t)agents->answered * 99 / 100],
                     (unsigned long long)at[agents->answered - 1]);
    }
    (void)printf("}\n");
}

static void run(struct agents *agents) {
    unsigned all = agents->options.connections;
    uint64_t quiet_ns = 0;
    int told = 0;
    uint64_t begun_ns = vouch_time_monotonic_ns();
    uint64_t deadline_ns = begun_ns + agents->options.seconds * 1000000000ull;
    while (agents->answered + agents->failed < all && vouch_time_monotonic_ns() < deadline_ns) {
        unsigned before = agents->asked + agents->answered;
        turn(agents);
        uint64_t now_ns = vouch_time_monotonic_ns();
        quiet_ns = agents->asked + agents->answered != before || quiet_ns == 0 ? now_ns : quiet_ns;
        if (!told && agents->asked + agents->failed >= all && now_ns - quiet_ns > QUIET_NS) {
            (void)printf("{\"waiting\": %u, \"put_off\": %u, \"seconds\": %.2f}\n",
                         agents->asked - agents->answered, agents->put_off,
                         (double)(now_ns - begun_ns) / 1e9);
            (void)fflush(stdout);
            told = 1;
        }
    }
    print_woken(agents);
}

int main(int argc, char **argv) {
    struct agents agents = {.options = {.connections = 1000, .seconds = 60}, .header = ""};
    struct rlimit files;
    parse(argc, argv, &agents);
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    agents.conns = calloc(agents.options.connections, sizeof *agents.conns);
    agents.answered_ns = calloc(agents.options.connections, sizeof *agents.answered_ns);
    agents.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (agents.conns == NULL || agents.answered_ns == NULL || agents.epoll < 0) {
        load_die("no room for %u connections", agents.options.connections);
    }
    agents.target = load_target_new(&agents.options);
    open_more(&agents);
    run(&agents);
    for (unsigned i = 0; i < agents.opened; i++) {
        load_conn_close(&agents.conns[i]);
    }
    load_target_free(agents.target);
    free(agents.conns);
    free(agents.answered_ns);
    free(agents.secrets);
    return 0;
}
