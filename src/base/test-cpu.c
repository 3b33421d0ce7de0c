// SPDX-License-Identifier: ISC
// Threads that are kept on one processor, and that give way.
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"

// A thread that asks for `index` and says where it may run from then on.
struct runner {
    unsigned index;
    cpu_set_t before;
    cpu_set_t after;
    int err;
};

static void *run(void *context) {
    struct runner *runner = context;
    runner->err = sched_getaffinity(0, sizeof runner->before, &runner->before);
    vouch_cpu_keep(runner->index);
    runner->err |= sched_getaffinity(0, sizeof runner->after, &runner->after);
    return NULL;
}

static struct runner run_at(unsigned index) {
    struct runner runner = {.index = index};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, &runner), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(runner.err, 0);
    return runner;
}

// The one processor of the set.
static int only(const cpu_set_t *set) {
    assert_int_equal(CPU_COUNT(set), 1);
    int cpu = 0;
    while (!CPU_ISSET((size_t)cpu, set)) {
        cpu++;
    }
    return cpu;
}

static void keeps_a_thread_on_one_processor_that_it_had(void **state) {
    (void)state;
    for (unsigned index = 0; index < 8; index++) {
        struct runner runner = run_at(index);
        assert_true(CPU_ISSET((size_t)only(&runner.after), &runner.before));
    }
}

static void goes_round_all_processors(void **state) {
    (void)state;
    cpu_set_t seen;
    struct runner first = run_at(0);
    unsigned count = (unsigned)CPU_COUNT(&first.before);
    CPU_ZERO(&seen);
    for (unsigned index = 0; index < count; index++) {
        struct runner runner = run_at(index), again = run_at(index + count);
        assert_int_equal(only(&again.after), only(&runner.after));
        CPU_SET((size_t)only(&runner.after), &seen);
    }
    assert_true(CPU_EQUAL(&seen, &first.before));
}

static void leaves_other_threads_where_they_are(void **state) {
    (void)state;
    cpu_set_t before, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    (void)run_at(1);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

// As far as sched_getattr(2) is of use here.
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};

static void *read_attributes(void *context) {
    struct attributes *attributes = context;
    attributes->size = 0;
    (void)syscall(SYS_sched_getattr, 0, attributes, sizeof *attributes, 0);
    return NULL;
}

// More than it has: less is for root alone.
static int nicer(void) {
    int now = getpriority(PRIO_PROCESS, 0);
    return now < 16 ? now + 3 : 19;
}

static void *give_way(void *context) {
    pthread_t child;
    vouch_cpu_give_way(nicer(), 300000);
    if (pthread_create(&child, NULL, read_attributes, context) == 0) {
        (void)pthread_join(child, NULL);
    }
    return NULL;
}

// Older kernels say nothing of slices, and keep niceness all the same.
static void gives_way_with_the_threads_it_makes_and_with_no_others(void **state) {
    (void)state;
    struct attributes child = {0};
    int before = getpriority(PRIO_PROCESS, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, give_way, &child), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(child.size, sizeof child);
    assert_int_equal(child.nice, nicer());
    assert_true(child.runtime_ns == 0 || child.runtime_ns == 300000);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_thread_on_one_processor_that_it_had),
        cmocka_unit_test(goes_round_all_processors),
        cmocka_unit_test(leaves_other_threads_where_they_are),
        cmocka_unit_test(gives_way_with_the_threads_it_makes_and_with_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
