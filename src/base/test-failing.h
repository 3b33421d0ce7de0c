// SPDX-License-Identifier: ISC
// Calls of the system that fail when a test says so, for the sweeps in which the n-th call fails, for
// every n. For programs that are linked with `failing` (meson), where they stand in for the system's in
// our own code; what libraries call among themselves is left alone. Any thread may call.
#pragma once

enum failing_call {
    FAIL_WRITE,       // pwrite: EIO
    FAIL_SHORT_WRITE, // pwrite: the disk takes a part and then is full
    FAIL_SYNC,        // fdatasync, fsync
    FAIL_RENAME,      // rename, renameat
    FAIL_MEMORY,      // malloc and its kin, strdup
    FAIL_CALLS
};

// Counts from here on. Call number `nth` of that kind fails and all after it do; 0: none does.
void failing_arm(enum failing_call call, long nth);

// The same, and only that one fails.
void failing_arm_once(enum failing_call call, long nth);

// Like failing_arm_once(), for calls of this thread alone: the others neither count nor fail.
void failing_arm_here(enum failing_call call, long nth);

// From here on nothing fails. What was counted stays.
void failing_disarm(void);

// How many calls of that kind there were since failing_arm().
long failing_seen(enum failing_call call);

// Counts one more call; nonzero if it is to fail. For calls that only one test stands in for.
int failing_now(enum failing_call call);
