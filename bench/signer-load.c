// SPDX-License-Identifier: ISC
// Times the signer alone: its process as it serves, and askers in another one, a thread for each lane.
//
// signer-load FOLDER [LANES [SECONDS]]: makes a server's keys and ledger in FOLDER (which must exist and
// be empty), asks on LANES lanes (64) for SECONDS (5), each request with another subject's key, and
// prints JSON: certificates per second, latencies, the signer's processor time for each certificate and
// its memory, and how long it took to open.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include "base/time.h"
#include "signer/ca.h"
#include "signer/serve.h"

#define LANES_MAX 64
#define KEYS 4096
#define SAMPLES_MAX (1u << 20)

static const char unlock[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static struct vouch_key *keys[KEYS];
static uint64_t end_ns;
static _Atomic uint64_t sample_count, refused;
static uint32_t *samples_us; // of each certificate

static void fail(const struct vouch_fault *fault) {
    (void)fprintf(stderr, "signer-load: %s\n", fault->text);
    exit(1);
}

static void make_keys(void) {
    for (size_t i = 0; i < KEYS; i++) {
        struct vouch_private_key *pair = NULL;
        if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair) != VOUCH_OK ||
            (keys[i] = vouch_key_copy(vouch_private_key_public(pair))) == NULL) {
            abort();
        }
        vouch_private_key_free(pair);
    }
}

static struct vouch_signer_ask make_ask(const struct vouch_key *key) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5},
                                                    {(const uint8_t *)"role:dev", 8}};
    static const struct vouch_cert_option pty = {{(const uint8_t *)"permit-pty", 10}, {0}};
    uint64_t now_s = vouch_time_now_s();
    return (struct vouch_signer_ask){.spec = {.type = VOUCH_CERT_USER,
                                              .key = key,
                                              .key_id = vouch_bytes_of("alice@example.com"),
                                              .principals = principals,
                                              .principal_count = 2,
                                              .valid_after = now_s - 60,
                                              .valid_before = now_s + 3600,
                                              .extensions = &pty,
                                              .extension_count = 1},
                                     .actor = vouch_bytes_of("token:bench"),
                                     .evidence = vouch_bytes_of("api-token"),
                                     .role = vouch_bytes_of("dev"),
                                     .request = vouch_bytes_of("0123456789abcdef"),
                                     .source = vouch_bytes_of("192.0.2.7"),
                                     .policy = vouch_bytes_of("profile dev@1795344338")};
}

static void *ask_on(void *context) {
    int fd = *(const int *)context;
    struct vouch_signer *signer = NULL;
    struct vouch_fault fault = {0};
    if (vouch_signer_connect(fd, &signer, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    for (size_t i = (size_t)fd * 61; vouch_time_monotonic_ns() < end_ns; i++) {
        const struct vouch_signer_ask ask = make_ask(keys[i % KEYS]);
        struct vouch_signer_grant grant = {0};
        uint64_t start_ns = vouch_time_monotonic_ns();
        if (vouch_signer_sign(signer, &ask, start_ns + 10000000000, &grant, &fault) != VOUCH_OK) {
            fail(&fault);
        }
        refused += grant.outcome != VOUCH_SIGNER_DONE;
        uint64_t at = sample_count++;
        samples_us[at % SAMPLES_MAX] = (uint32_t)((vouch_time_monotonic_ns() - start_ns) / 1000);
    }
    vouch_signer_close(signer);
    return NULL;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void ask_all(int *fds, unsigned lanes, unsigned seconds) {
    pthread_t threads[LANES_MAX];
    make_keys();
    samples_us = calloc(SAMPLES_MAX, sizeof *samples_us);
    uint64_t start_ns = vouch_time_monotonic_ns();
    end_ns = start_ns + seconds * UINT64_C(1000000000);
    for (unsigned i = 0; i < lanes; i++) {
        if (samples_us == NULL || pthread_create(&threads[i], NULL, ask_on, &fds[i]) != 0) {
            abort();
        }
    }
    for (unsigned i = 0; i < lanes; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    double took = (double)(vouch_time_monotonic_ns() - start_ns) / 1e9;
    size_t count = sample_count < SAMPLES_MAX ? sample_count : SAMPLES_MAX;
    qsort(samples_us, count, sizeof *samples_us, compare);
    (void)printf("{\"lanes\": %u, \"certs_per_s\": %.0f, \"count\": %zu, \"refused\": %zu, "
                 "\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u, ",
                 lanes, (double)sample_count / took, (size_t)sample_count, (size_t)refused,
                 samples_us[count / 2], samples_us[count * 99 / 100], samples_us[count - 1]);
    (void)fflush(stdout);
}

static struct vouch_signer_engine *open_signer(const char *folder, double *ret_ms) {
    char keys_dir[4096], ledger_dir[4096];
    (void)snprintf(keys_dir, sizeof keys_dir, "%s/signer", folder);
    (void)snprintf(ledger_dir, sizeof ledger_dir, "%s/ledger", folder);
    const struct vouch_ca_new what = {.dir = keys_dir,
                                      .ledger_dir = ledger_dir,
                                      .name = "bench",
                                      .type = VOUCH_KEY_ED25519,
                                      .passphrase = vouch_bytes_of(unlock),
                                      .rounds = 1,
                                      .actor = "bench"};
    struct vouch_signer_ceiling ceiling = vouch_signer_ceiling_default();
    ceiling.rate_per_s = 0;
    const struct vouch_signer_open open = {.keys_dir = keys_dir,
                                           .ledger_dir = ledger_dir,
                                           .unlock = vouch_bytes_of(unlock),
                                           .ceiling = &ceiling};
    struct vouch_fault fault = {0};
    struct vouch_signer_engine *engine = NULL;
    if (access(keys_dir, F_OK) != 0 && vouch_ca_create(&what, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    uint64_t start_ns = vouch_time_monotonic_ns();
    if (vouch_signer_open(&open, &engine, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    *ret_ms = (double)(vouch_time_monotonic_ns() - start_ns) / 1e6;
    return engine;
}

static void open_lanes(unsigned lanes, int *ret_asking, int *ret_answering) {
    for (unsigned i = 0; i < lanes; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            abort();
        }
        ret_asking[i] = pair[0];
        ret_answering[i] = pair[1];
    }
}

static void close_all(const int *fds, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

// The rest of the line that the asking process began.
static void report(const struct rusage *usage, double open_ms) {
    (void)printf("\"signer_cpu_s\": %.3f, \"signer_user_s\": %.3f, \"max_rss_kib\": %ld, "
                 "\"switches\": %ld, \"open_ms\": %.1f}\n",
                 seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime),
                 seconds_of(usage->ru_utime), usage->ru_maxrss, usage->ru_nvcsw + usage->ru_nivcsw,
                 open_ms);
}

int main(int argc, char **argv) {
    unsigned lanes = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 64;
    unsigned seconds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5;
    int asking[LANES_MAX], answering[LANES_MAX];
    if (argc < 2 || lanes == 0 || lanes > LANES_MAX || seconds == 0) {
        (void)fprintf(stderr, "usage: signer-load FOLDER [LANES [SECONDS]]\n");
        return 2;
    }
    open_lanes(lanes, asking, answering);
    double open_ms = 0;
    struct vouch_fault fault = {0};
    pid_t asker = fork();
    close_all(asker == 0 ? answering : asking, lanes);
    if (asker == 0) {
        ask_all(asking, lanes, seconds);
        return 0;
    }
    struct vouch_signer_engine *engine = open_signer(argv[1], &open_ms);
    if (vouch_signer_serve(engine, answering, lanes, -1, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)waitpid(asker, NULL, 0);
    report(&usage, open_ms);
    vouch_signer_engine_close(engine);
    return 0;
}
