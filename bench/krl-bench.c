// SPDX-License-Identifier: ISC
// Times the library on large revocation lists, one form of entry after the other.
//
// krl-bench [COUNT [FORM [FILE]]]: a line for each form, or for one, each measured in a process of its
// own so that its peak memory is its own; FILE gets the list that was written. The entries are the same
// in every run.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "vouch/krl.h"

#define COUNT_MAX 4000000

struct bench {
    size_t count;
    const char *path; // where the list goes, or NULL
    uint8_t *input;   // the entries as a caller would hold them
    struct vouch_key *ca;
    uint64_t random;
};

struct form {
    const char *name;
    size_t entry_len; // in bench.input
    void (*make)(struct bench *bench, uint8_t *entry, size_t i);
    int (*add)(struct bench *bench, struct vouch_krl *krl);
};

static uint64_t next_random(struct bench *bench) {
    // splitmix64
    uint64_t x = bench->random += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static void make_scattered(struct bench *bench, uint8_t *entry, size_t i) {
    (void)i;
    uint64_t serial = next_random(bench) | 1;
    memcpy(entry, &serial, sizeof serial);
}

// One in four of the serials that a counter gave out.
static void make_dense(struct bench *bench, uint8_t *entry, size_t i) {
    (void)i;
    uint64_t serial = 1 + next_random(bench) % (bench->count * 4);
    memcpy(entry, &serial, sizeof serial);
}

static int add_serials(struct bench *bench, struct vouch_krl *krl) {
    return vouch_krl_add_serial_list(krl, bench->ca, (const uint64_t *)(const void *)bench->input,
                                     bench->count);
}

// Runs of 2 to 9 serials, in no order.
static void make_range(struct bench *bench, uint8_t *entry, size_t i) {
    (void)i;
    uint64_t first = (next_random(bench) >> 1) | 1;
    uint64_t pair[2] = {first, first + 1 + next_random(bench) % 8};
    memcpy(entry, pair, sizeof pair);
}

static int add_ranges(struct bench *bench, struct vouch_krl *krl) {
    const uint64_t *pairs = (const uint64_t *)(const void *)bench->input;
    int err = VOUCH_OK;
    for (size_t i = 0; i < bench->count && err == VOUCH_OK; i++) {
        err = vouch_krl_add_serials(krl, bench->ca, pairs[2 * i], pairs[2 * i + 1]);
    }
    return err;
}

#define ID_LEN 40

static void make_key_id(struct bench *bench, uint8_t *entry, size_t i) {
    // Numbers in no order: a step that shares no factor with the count visits each once.
    uint64_t number = i * 7919 % bench->count;
    snprintf((char *)entry, ID_LEN, "user%07" PRIu64 "@example", number);
}

static int add_key_ids(struct bench *bench, struct vouch_krl *krl) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < bench->count && err == VOUCH_OK; i++) {
        const char *id = (const char *)bench->input + i * ID_LEN;
        err = vouch_krl_add_key_id(krl, bench->ca, vouch_bytes_of(id));
    }
    return err;
}

static void make_hash(struct bench *bench, uint8_t *entry, size_t i) {
    (void)i;
    for (size_t at = 0; at < 32; at += 8) {
        uint64_t word = next_random(bench);
        memcpy(entry + at, &word, sizeof word);
    }
}

static int add_hashes(struct bench *bench, struct vouch_krl *krl) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < bench->count && err == VOUCH_OK; i++) {
        struct vouch_bytes digest = {bench->input + i * 32, 32};
        err = vouch_krl_add_hash(krl, VOUCH_HASH_SHA256, digest);
    }
    return err;
}

static const struct form forms[] = {
    {"scattered", 8, make_scattered, add_serials}, {"dense", 8, make_dense, add_serials},
    {"ranges", 16, make_range, add_ranges},        {"key-ids", ID_LEN, make_key_id, add_key_ids},
    {"sha256", 32, make_hash, add_hashes},
};
#define FORM_COUNT (sizeof forms / sizeof forms[0])

static double milliseconds_since(uint64_t start_ns) {
    return (double)(vouch_time_monotonic_ns() - start_ns) / 1e6;
}

static int save(const struct bench *bench, const struct vouch_buf *list) {
    if (bench->path == NULL) {
        return 0;
    }
    vouch_autofclose FILE *file = fopen(bench->path, "wb");
    if (file == NULL || fwrite(list->ptr, 1, list->len, file) != list->len || fflush(file) != 0) {
        fprintf(stderr, "krl-bench: cannot write %s: %s\n", bench->path, strerror(errno));
        return -1;
    }
    return 0;
}

// A certificate that none of the lists speaks of, so that each is searched to its end.
static int time_check(const struct bench *bench, struct vouch_bytes list) {
    struct vouch_cert cert = {.key = bench->ca,
                              .ca = bench->ca,
                              .serial = UINT64_MAX - 1,
                              .key_id = vouch_bytes_of("nobody")};
    struct vouch_krl *krl = NULL;
    uint64_t start = vouch_time_monotonic_ns();
    if (vouch_krl_parse(list, &krl, NULL) != VOUCH_OK) {
        return -1;
    }
    double parse_ms = milliseconds_since(start);
    start = vouch_time_monotonic_ns();
    enum vouch_krl_verdict verdict = vouch_krl_check_cert(krl, &cert);
    double check_ms = milliseconds_since(start);
    vouch_krl_free(krl);
    printf("%9.1f %9.1f", parse_ms, check_ms);
    return verdict == VOUCH_KRL_GOOD ? 0 : -1;
}

static int run(struct bench *bench, const struct form *form) {
    for (size_t i = 0; i < bench->count; i++) {
        form->make(bench, bench->input + i * form->entry_len, i);
    }
    struct rusage before;
    getrusage(RUSAGE_SELF, &before);
    struct vouch_buf list;
    vouch_buf_init(&list, VOUCH_KRL_MAX);
    uint64_t start = vouch_time_monotonic_ns();
    struct vouch_krl *krl = vouch_krl_new();
    int err = krl == NULL ? VOUCH_ERR_NO_MEMORY : form->add(bench, krl);
    double add_ms = milliseconds_since(start);
    start = vouch_time_monotonic_ns();
    if (err == VOUCH_OK) {
        err = vouch_krl_write(krl, &list);
    }
    double write_ms = milliseconds_since(start);
    vouch_krl_free(krl);
    if (err != VOUCH_OK) {
        fprintf(stderr, "krl-bench: %s: %s\n", form->name, vouch_err_text(err));
        vouch_buf_done(&list);
        return -1;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-10s %9zu %9.1f %9.1f %11zu ", form->name, bench->count, add_ms, write_ms, list.len);
    err = time_check(bench, vouch_buf_bytes(&list));
    printf(" %9ld\n", (usage.ru_maxrss - before.ru_maxrss) / 1024);
    err = err == 0 ? save(bench, &list) : err;
    vouch_buf_done(&list);
    return err;
}

static struct vouch_key *make_ca(void) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, 256);
    vouch_write_text(&blob, "ssh-ed25519");
    uint8_t point[32] = {0x58}; // the base point of the curve
    memset(point + 1, 0x66, sizeof point - 1);
    vouch_write_string(&blob, (struct vouch_bytes){point, sizeof point});
    struct vouch_key *key = NULL;
    int err = vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL);
    vouch_buf_done(&blob);
    return err == VOUCH_OK ? key : NULL;
}

static int run_alone(struct bench *bench, const struct form *form) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        bench->input = calloc(bench->count, form->entry_len);
        bench->ca = make_ca();
        int bad = bench->input == NULL || bench->ca == NULL || run(bench, form) != 0;
        fflush(stdout);
        vouch_key_free(bench->ca);
        free(bench->input);
        _exit(bad);
    }
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int main(int argc, char **argv) {
    struct bench bench = {.count = 1000000, .random = 1};
    bench.count = argc > 1 ? strtoul(argv[1], NULL, 10) : bench.count;
    bench.path = argc > 3 ? argv[3] : NULL;
    if (bench.count == 0 || bench.count > COUNT_MAX) {
        fprintf(stderr, "krl-bench: COUNT is 1 to %d\n", COUNT_MAX);
        return 2;
    }
    printf("form         entries    add ms  write ms       bytes  parse ms  check ms  peak MiB\n");
    int bad = 0;
    size_t found = 0;
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (argc <= 2 || strcmp(argv[2], forms[i].name) == 0) {
            bad |= run_alone(&bench, &forms[i]) != 0;
            found++;
        }
    }
    if (found == 0) {
        fprintf(stderr, "krl-bench: no form is called %s\n", argv[2]);
        return 2;
    }
    return bad;
}
