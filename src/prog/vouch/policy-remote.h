// SPDX-License-Identifier: ISC
// The policy that a server has: fetched, compared with another, replaced.
#pragma once

#include "policy/load.h"
#include "prog/vouch/policy-edit.h"
#include "prog/vouch/reach.h"

struct json_t;

// One version of it.
struct vouch_remote_policy {
    struct vouch_buf text;
    char version[64];            // "0": none was ever applied
    struct vouch_policy *policy; // NULL where only the text was asked for
};

// `version` NULL: the one that holds. vouch_remote_policy_done() ends it.
VOUCH_MUST_USE int vouch_remote_policy_get(struct vouch_reach *reach, const char *version,
                                           struct vouch_remote_policy *ret_policy,
                                           struct vouch_fault *fault);
void vouch_remote_policy_done(struct vouch_remote_policy *policy);

// Only the text, as it came.
VOUCH_MUST_USE int vouch_remote_policy_text(struct vouch_reach *reach, const char *version,
                                            struct vouch_remote_policy *ret_policy,
                                            struct vouch_fault *fault);

// Compares a policy with the one that holds, and with `expect` (a version) puts it in its place if that
// one still holds (else V-1813). The answer is vouch.policy-diff/1; the caller frees it with
// json_decref().
VOUCH_MUST_USE int vouch_remote_policy_send(struct vouch_reach *reach,
                                            const struct vouch_policy *policy, const char *expect,
                                            struct json_t **ret_diff, struct vouch_fault *fault);

// Nonzero if nothing is different.
int vouch_policy_diff_is_empty(const struct json_t *diff);

// Prints who gains and who loses what, and what is written differently: to standard output, or as talk.
enum vouch_policy_diff_to { VOUCH_DIFF_DATA = 0, VOUCH_DIFF_TALK };
void vouch_policy_diff_print(const struct vouch_cli *cli, const struct json_t *diff,
                             enum vouch_policy_diff_to to);

// The same as data in the form that -o asks for.
VOUCH_MUST_USE int vouch_policy_diff_show(const struct vouch_cli *cli, const struct json_t *diff,
                                          struct vouch_fault *fault);

// Makes a change of the policy that holds, on top of whatever it is by then: if another one came to hold
// meanwhile, once more. With --dry-run it is only compared. `may` (may be NULL) is asked in between with
// the difference, and says whether to go on.
typedef int vouch_remote_may_fn(const struct vouch_cli *cli, const struct vouch_amend *amend,
                                const struct json_t *diff, int *ret_go, struct vouch_fault *fault);
struct vouch_remote_amend {
    const struct vouch_amend *amend;
    vouch_remote_may_fn *may;
};
// *ret_diff: what was changed, or with --dry-run would be; NULL: the answer was no.
VOUCH_MUST_USE int vouch_remote_policy_amend(struct vouch_reach *reach,
                                             const struct vouch_remote_amend *what,
                                             struct json_t **ret_diff, struct vouch_fault *fault);
