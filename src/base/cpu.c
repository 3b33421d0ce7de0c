// SPDX-License-Identifier: ISC
// Keeping a thread on one processor, and behind others.
#include "base/cpu.h"

#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void vouch_cpu_keep(unsigned index) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
        return;
    }
    unsigned left = index % (unsigned)CPU_COUNT(&allowed);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &allowed) || left-- > 0) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    int err = sched_setaffinity(0, sizeof one, &one);
    (void)err;
}

// As in sched_setattr(2), whose header cannot stand beside <sched.h>.
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

void vouch_cpu_give_way(int niceness, uint64_t slice_ns) {
    const struct attributes wish = {
        .size = sizeof wish, .policy = SCHED_OTHER, .nice = niceness, .runtime_ns = slice_ns};
    if (syscall(SYS_sched_setattr, 0, &wish, 0) != 0) {
        (void)setpriority(PRIO_PROCESS, 0, niceness);
    }
}
