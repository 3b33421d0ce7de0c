// SPDX-License-Identifier: ISC
// Which processor a thread runs on.
#pragma once

// Keeps the calling thread on one of the processors that it may run on: the one of that index, counted round
// and round. Threads that hand a request to each other and wait for the answer are cheapest on the same one,
// since waking another processor costs more than the work between two hand-overs. A saving and no promise:
// where the system refuses, the thread runs wherever it is put.
void vouch_cpu_keep(unsigned index);
