// SPDX-License-Identifier: ISC
// Policy files: vouch-policy(5). Bytes to content, and content to bytes.
//
// Nothing here opens a file: the caller brings what is in it, and its name for messages. What is written
// and read again is the same policy.
#pragma once

#include "policy/policy.h"

#define VOUCH_POLICY_FILE_MAX (16u * 1024 * 1024)

struct vouch_policy_draft; // what was read so far; the content borrows from it

// Begins an empty one; the caller frees it.
VOUCH_MUST_USE int vouch_policy_draft_new(struct vouch_policy_draft **ret_draft,
                                          struct vouch_fault *fault);

// Takes NULL.
void vouch_policy_draft_free(struct vouch_policy_draft *draft);

#define vouch_autodraft __attribute__((cleanup(vouch_policy_draft_free_at_end)))
static inline void vouch_policy_draft_free_at_end(struct vouch_policy_draft **draft) {
    vouch_policy_draft_free(*draft);
}

// Adds what a file says. The fault says "NAME:LINE: KEY: what is wrong"; after one the draft is only to
// be freed. References between files are looked at by vouch_policy_new(), once all are read.
VOUCH_MUST_USE int vouch_policy_draft_read(struct vouch_policy_draft *draft, const char *name,
                                           struct vouch_bytes text, struct vouch_fault *fault);

// What was read, good until the next reading.
const struct vouch_policy_content *vouch_policy_draft_content(struct vouch_policy_draft *draft);

// Appends a policy as a file that reads back as the same. The buffer's error tells if it was too small.
void vouch_policy_write(const struct vouch_policy *policy, struct vouch_buf *out);
