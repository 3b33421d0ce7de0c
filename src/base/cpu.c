// SPDX-License-Identifier: ISC
// Keeping a thread on one processor.
#include "base/cpu.h"

#include <sched.h>
#include <stddef.h>

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
