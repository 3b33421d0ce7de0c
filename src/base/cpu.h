// SPDX-License-Identifier: ISC
// Which processor a thread runs on, and who goes first there.
#pragma once

#include <stdint.h>

// Keeps the calling thread on one of the processors that it may run on: the one of that index, counted round
// and round. Threads that hand a request to each other and wait for the answer are cheapest on the same one,
// since waking another processor costs more than the work between two hand-overs. A saving and no promise:
// where the system refuses, the thread runs wherever it is put.
void vouch_cpu_keep(unsigned index);

// Has the calling thread, and all threads that it makes from here on, give way to others: `niceness` as in
// setpriority(2), and at most `slice_ns` (100,000 to 100,000,000) at a stretch while somebody else could run,
// which Linux knows from 6.12 on. No promise either.
void vouch_cpu_give_way(int niceness, uint64_t slice_ns);
