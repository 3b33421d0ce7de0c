// SPDX-License-Identifier: ISC
// Many at once, and how long it takes: the memory stays flat, the rest is told to come again, and
// nobody can tell by the clock who has an account (L8, L9).
//
// With VOUCH_LONG the clock is looked at, in 10,000 pairs at a time; without it the work is counted,
// which no other program on the machine can disturb.
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "identity/test-fixture.h"

#define CROWD 1000
#define MEMORY_KIB 65536u
#define GOOD "violin tractor seven oysters"
#define WRONG "violin tractor seven lobsters"

struct visitor {
    struct fixture *fixture;
    struct vouch_identity *identity;
    pthread_t thread;
    pthread_barrier_t *start;
    struct vouch_bytes stored;
    enum vouch_identity_verdict verdict;
    int err;
};

static void *visit(void *context) {
    struct visitor *visitor = context;
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, WRONG);
    struct vouch_identity_answer answer;
    ask.stored = visitor->stored;
    // First something that needs no hash, so that all that a thread touches has been touched.
    ask.given = vouch_bytes_of("");
    visitor->err = vouch_identity_check(visitor->identity, &ask, fixture_deadline(), &answer, NULL);
    ask.given = vouch_bytes_of(WRONG);
    (void)pthread_barrier_wait(visitor->start); // all are there: the memory is measured
    (void)pthread_barrier_wait(visitor->start); // go
    visitor->err = vouch_identity_check(visitor->identity, &ask, fixture_deadline(), &answer, NULL);
    visitor->verdict = answer.verdict;
    return NULL;
}

// Kilobytes of this process that are in memory: now, or the most since it was last set back.
static long resident_kib(const char *field) {
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0) {
            kib = strtol(line + strlen(field), NULL, 10);
        }
    }
    fclose(file);
    assert_true(kib > 0);
    return kib;
}

static void set_back_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    assert_non_null(file);
    assert_true(fputs("5", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void begin_crowd(struct fixture *fixture, struct visitor *visitors,
                        struct vouch_bytes stored, pthread_barrier_t *start) {
    pthread_attr_t attr;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, 256 * 1024), 0);
    assert_int_equal(pthread_barrier_init(start, NULL, CROWD + 1), 0);
    for (size_t i = 0; i < CROWD; i++) {
        visitors[i] = (struct visitor){.fixture = fixture, .start = start, .stored = stored};
        assert_int_equal(vouch_identity_attach(fixture->engine, &visitors[i].identity, NULL),
                         VOUCH_OK);
        assert_int_equal(pthread_create(&visitors[i].thread, &attr, visit, &visitors[i]), 0);
    }
    (void)pthread_attr_destroy(&attr);
}

static void L8_keeps_its_memory_when_a_thousand_ask_at_once(void **state) {
    (void)state;
    static struct visitor visitors[CROWD];
    struct fixture fixture;
    struct vouch_identity_load load;
    pthread_barrier_t start;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    unsigned busy = 0, refused = 0;
    const struct vouch_identity_cost cost = {.memory_kib = MEMORY_KIB, .passes = 1};
    fixture_begin(&fixture, &cost);
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(fixture_make(&fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    begin_crowd(&fixture, visitors, fixture_keep(&fixture, memory), &start);
    (void)pthread_barrier_wait(&start);
    set_back_peak();
    long before_kib = resident_kib("VmRSS:");
    (void)pthread_barrier_wait(&start);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(visitors[i].thread, NULL), 0);
        assert_int_equal(visitors[i].err, VOUCH_OK);
        assert_int_not_equal(visitors[i].verdict, VOUCH_IDENTITY_ACCEPTED);
        busy += visitors[i].verdict == VOUCH_IDENTITY_BUSY;
        refused += visitors[i].verdict == VOUCH_IDENTITY_REFUSED;
        vouch_identity_close(visitors[i].identity);
    }
    long growth_kib = resident_kib("VmHWM:") - before_kib;
    vouch_identity_load(fixture.engine, &load);
    print_message("# %u refused, %u told to come again, %ld KiB more\n", refused, busy, growth_kib);
    assert_int_equal(load.at_once_peak, 2);
    assert_int_equal(load.waiting_peak, 64);
    assert_int_equal(load.busy, busy);
    assert_int_equal(load.hashes, refused + 1); // and the one that was set
    assert_int_equal(refused + busy, CROWD);
    assert_true(refused >= 66 && busy > 0);
    // Two hashes, and what stacks and locks take when they are used: up to 17 kB for each of the
    // crowd where a sanitizer keeps stacks of its own. A third hash would be over.
    assert_true(growth_kib >= (long)MEMORY_KIB && growth_kib < 2 * (long)MEMORY_KIB + 40 * 1024);
    (void)pthread_barrier_destroy(&start);
    fixture_end(&fixture);
}

struct series {
    double n, mean, squares; // Welford's running variance
};

static void add(struct series *series, double value) {
    series->n += 1;
    double off = value - series->mean;
    series->mean += off / series->n;
    series->squares += off * (value - series->mean);
}

static double variance_of_mean(const struct series *series) {
    return series->squares / (series->n - 1) / series->n;
}

static double processor_us(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// One for the known user, one for the unknown.
struct timing {
    struct series clock[2];     // as an attacker sees it
    struct series processor[2]; // without what else the machine does
};

// Alternately, in an order that is drawn, so that whatever drifts drifts for both.
static void measure(struct fixture *fixture, struct vouch_bytes stored, unsigned pairs,
                    struct timing *timing) {
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, WRONG);
    for (unsigned i = 0; i < pairs; i++) {
        uint8_t first = 0;
        vouch_random(&first, 1);
        for (unsigned j = 0; j < 2; j++) {
            unsigned is_unknown = (first ^ j) & 1;
            ask.stored = is_unknown ? (struct vouch_bytes){NULL, 0} : stored;
            uint64_t begin_ns = vouch_time_monotonic_ns();
            double begin_us = processor_us();
            assert_int_equal(fixture_check(fixture, &ask), VOUCH_IDENTITY_REFUSED);
            add(&timing->processor[is_unknown], processor_us() - begin_us);
            add(&timing->clock[is_unknown], (double)(vouch_time_monotonic_ns() - begin_ns) / 1e3);
        }
    }
}

static double welch(const char *what, const struct series series[2]) {
    double t = (series[0].mean - series[1].mean) /
               sqrt(variance_of_mean(&series[0]) + variance_of_mean(&series[1]));
    print_message("# %s: known %.1f us, unknown %.1f us, Welch's t %.2f over %.0f pairs\n", what,
                  series[0].mean, series[1].mean, t, series[0].n);
    return fabs(t);
}

static void L9_tells_nobody_by_its_time_who_has_an_account(void **state) {
    (void)state;
    struct fixture fixture;
    struct timing timing = {{{0, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0, 0, 0}}};
    struct vouch_identity_load before, after;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    int is_long = getenv("VOUCH_LONG") != NULL;
    unsigned pairs = is_long ? 10000 : 50;
    const struct vouch_identity_cost cost = {.memory_kib = 1024, .passes = 2};
    fixture_begin(&fixture, &cost);
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(fixture_make(&fixture, &ask), VOUCH_IDENTITY_ACCEPTED);
    vouch_identity_load(fixture.engine, &before);
    measure(&fixture, fixture_keep(&fixture, memory), pairs, &timing);
    vouch_identity_load(fixture.engine, &after);
    assert_int_equal(after.hashes - before.hashes, 2 * pairs);
    assert_int_equal(after.kib_passes - before.kib_passes, (uint64_t)2 * pairs * 1024 * 2);
    double by_clock = welch("clock", timing.clock);
    double by_processor = welch("processor", timing.processor);
    if (is_long) {
        assert_true(by_clock < 4.5);
        assert_true(by_processor < 4.5);
        assert_true(fabs(timing.processor[0].mean / timing.processor[1].mean - 1) < 0.01);
    }
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(L8_keeps_its_memory_when_a_thousand_ask_at_once),
        cmocka_unit_test(L9_tells_nobody_by_its_time_who_has_an_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
