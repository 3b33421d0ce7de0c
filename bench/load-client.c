// SPDX-License-Identifier: ISC
// The load client's command line, and the JSON that it prints. bench/load runs it beside a service; the
// crash tests run it beside one that is killed.
//
// load-client issue [option...]        asks for certificates, checks them, says how fast they came
// load-client crowd [option...]        signs in with wrong passwords, says how it was turned away
// load-client first PATH [option...]   waits for the first 200 on PATH, prints when that was
// load-client floor FOLDER             what libsodium and the disk take by themselves
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/io.h"
#include "base/str.h"
#include "bench/load-conn.h"

#define FIRST_WAIT_MS 600000
#define THREADS_MAX 16
#define CONNECTIONS_MAX 4096

void load_die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)fputs("load-client: ", stderr);
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

static const struct option longs[] = {
    {"address", required_argument, NULL, 'a'}, {"pin", required_argument, NULL, 'p'},
    {"token", required_argument, NULL, 't'},   {"ca", required_argument, NULL, 'c'},
    {"out", required_argument, NULL, 'o'},     {"principal", required_argument, NULL, 'n'},
    {"zone", required_argument, NULL, 'z'},    {"connections", required_argument, NULL, 'C'},
    {"threads", required_argument, NULL, 'T'}, {"seconds", required_argument, NULL, 's'},
    {"count", required_argument, NULL, 'N'},   {"reconnect", no_argument, NULL, 'r'},
    {"endure", no_argument, NULL, 'e'},        {0}};

static void set_number(struct load_options *options, int letter, const char *text) {
    switch (letter) {
    case 'C':
        options->connections = number(text, CONNECTIONS_MAX);
        break;
    case 'T':
        options->threads = number(text, THREADS_MAX);
        break;
    case 's':
        options->seconds = number(text, 86400);
        break;
    case 'N':
        options->count = number(text, 100000000);
        break;
    case 'r':
        options->reuse = LOAD_NEW_CONNECTION;
        break;
    case 'e':
        options->failure = LOAD_ENDURE;
        break;
    default:
        exit(2); // getopt has said what is wrong
    }
}

static void parse(int argc, char **argv, struct load_options *options) {
    int letter;
    while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        const char **texts[] = {&options->address, &options->pin_file, &options->token_file,
                                &options->ca_file, &options->out_file, &options->principal,
                                &options->zone};
        static const char letters[] = "aptconz";
        const char *at = strchr(letters, letter);
        if (at != NULL) {
            *texts[at - letters] = optarg;
        } else {
            set_number(options, letter, optarg);
        }
    }
}

static void read_token(struct load *load) {
    struct vouch_fault fault = {0};
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, load->token, sizeof load->token - 1);
    if (vouch_io_read(load->options->token_file, sizeof load->token - 1, &text, &fault) !=
        VOUCH_OK) {
        load_die("%s", fault.text);
    }
    load->token[text.len] = '\0';
    load->token[strcspn(load->token, "\r\n")] = '\0';
}

static void write_out(const struct load *load) {
    FILE *file = fopen(load->options->out_file, "we");
    for (size_t i = 0; file != NULL && i < load->options->count; i++) {
        if (load->subjects[i].line != NULL) {
            (void)fprintf(file, "%s\n", load->subjects[i].line);
        }
    }
    if (file == NULL || fclose(file) != 0) {
        load_die("cannot write %s: %m", load->options->out_file);
    }
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void print_latency(const struct load *load) {
    uint32_t *took = calloc(load->options->count, sizeof *took);
    size_t count = 0;
    if (took == NULL) {
        load_die("no memory for the latencies");
    }
    for (size_t i = 0; i < load->options->count; i++) {
        if (load->subjects[i].line != NULL) {
            took[count++] = load->subjects[i].latency_us;
        }
    }
    qsort(took, count, sizeof *took, compare);
    if (count > 0) {
        (void)printf("\"p50_us\": %u, \"p99_us\": %u, \"p999_us\": %u, \"max_us\": %u, ",
                     took[count / 2], took[count * 99 / 100], took[count * 999 / 1000],
                     took[count - 1]);
    }
    free(took);
}

static double cpu_s(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print(const struct load *load, double client_cpu_s) {
    struct load_verdict verdict = load_check(load);
    size_t issued = atomic_load(&load->issued);
    uint64_t last_ns = atomic_load(&load->last_ns);
    double seconds = last_ns > load->start_ns ? (double)(last_ns - load->start_ns) / 1e9 : 0;
    if (load->first_refusal[0] != '\0') {
        (void)fprintf(stderr, "load-client: first refusal: %s\n", load->first_refusal);
    }
    (void)printf("{\"issued\": %zu, \"refused\": %zu, \"failed\": %zu, \"seconds\": %.3f, ", issued,
                 atomic_load(&load->refused), atomic_load(&load->failed), seconds);
    (void)printf("\"per_s\": %.1f, ", seconds > 0 ? (double)issued / seconds : 0);
    print_latency(load);
    (void)printf("\"client_cpu_s\": %.3f, \"verified\": %zu, \"bad\": %zu, \"twice\": %zu}\n",
                 client_cpu_s, verdict.verified, verdict.bad, verdict.twice);
    if (verdict.bad > 0 || verdict.twice > 0 || verdict.verified != issued) {
        load_die("%zu certificates do not verify, %zu serials came twice", verdict.bad,
                 verdict.twice);
    }
}

static void issue(struct load_options *options) {
    struct load load = {.options = options};
    options->wish = options->zone != NULL ? LOAD_BY_SESSION : LOAD_BY_TOKEN;
    if (options->address == NULL || options->pin_file == NULL || options->token_file == NULL ||
        options->ca_file == NULL || options->threads > options->connections) {
        load_die("needs --address, --pin, --token and --ca; no more threads than connections");
    }
    read_token(&load);
    load_subjects_new(&load);
    double before_s = cpu_s();
    load_run(&load);
    double client_cpu_s = cpu_s() - before_s;
    if (options->out_file != NULL) {
        write_out(&load);
    }
    print(&load, client_cpu_s);
    load_subjects_free(&load);
}

static void crowd(struct load_options *options) {
    struct load load = {.options = options};
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    options->wish = LOAD_WRONG_SIGN_IN;
    options->failure = LOAD_ENDURE;
    options->count = SIZE_MAX;
    if (options->address == NULL || options->pin_file == NULL || options->threads != 1) {
        load_die("needs --address and --pin, and is one thread");
    }
    load_run(&load);
    (void)printf("{\"wrong\": %zu, \"put_off\": %zu, \"failed\": %zu, \"seconds\": %.3f}\n",
                 atomic_load(&load.refused), atomic_load(&load.put_off), atomic_load(&load.failed),
                 (double)(atomic_load(&load.last_ns) - load.start_ns) / 1e9);
}

static void first(const struct load_options *options, const char *path) {
    if (options->address == NULL || options->pin_file == NULL) {
        load_die("needs --address and --pin");
    }
    uint64_t at_ns = load_first_answer(options, path, FIRST_WAIT_MS);
    if (at_ns == 0) {
        load_die("no answer within %u s", FIRST_WAIT_MS / 1000);
    }
    (void)printf("{\"first_ns\": %llu}\n", (unsigned long long)at_ns);
}

int main(int argc, char **argv) {
    struct load_options options = {
        .principal = "alice", .connections = 1, .threads = 1, .seconds = 5, .count = 100000};
    parse(argc, argv, &options);
    (void)signal(SIGPIPE, SIG_IGN); // a service that is killed closes under a write
    int words = argc - optind;
    if (words == 1 && strcmp(argv[optind], "issue") == 0) {
        issue(&options);
    } else if (words == 1 && strcmp(argv[optind], "crowd") == 0) {
        crowd(&options);
    } else if (words == 2 && strcmp(argv[optind], "first") == 0) {
        first(&options, argv[optind + 1]);
    } else if (words == 2 && strcmp(argv[optind], "floor") == 0) {
        struct load_floor floor = load_measure_floor(argv[optind + 1]);
        (void)printf("{\"sign_us\": %.1f, \"verify_us\": %.1f, \"sync_p50_us\": %.1f, "
                     "\"sync_p99_us\": %.1f, \"hash_us\": %.0f}\n",
                     floor.sign_us, floor.verify_us, floor.sync_p50_us, floor.sync_p99_us,
                     floor.hash_us);
    } else {
        (void)fputs("usage: load-client issue|crowd|first PATH|floor FOLDER [option...]\n", stderr);
        return 2;
    }
    return 0;
}
