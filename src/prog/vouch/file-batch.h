// SPDX-License-Identifier: ISC
// Files that appear together: each is written aside, one sync makes all of them durable, and then they
// are put in place one after the other.
//
// A thousand certificates wait for the disk once, not a thousand times. Whatever goes wrong, a file is
// there whole or not at all, and nothing is left aside.
#pragma once

#include "base/io.h"

struct vouch_file_batch;

// A batch of at most `count` files; NULL when memory is short.
struct vouch_file_batch *vouch_file_batch_new(size_t count);

// Removes what was not put in place, and frees; takes NULL.
void vouch_file_batch_free(struct vouch_file_batch *batch);

// Writes one file aside. `file->path` must live as long as the batch. VOUCH_IO_KEEP refuses, when the
// file is put in place, a path that exists by then.
VOUCH_MUST_USE int vouch_file_batch_add(struct vouch_file_batch *batch,
                                        const struct vouch_io_file *file,
                                        struct vouch_bytes content, struct vouch_fault *fault);

// Syncs, and puts the files in place in the order in which they were added. *ret_placed (always set) is
// how many of them are there, also on failure.
VOUCH_MUST_USE int vouch_file_batch_finish(struct vouch_file_batch *batch, size_t *ret_placed,
                                           struct vouch_fault *fault);
