// SPDX-License-Identifier: ISC
// Answers, and parts of them, that more than one resource gives. Private to src/api.
#pragma once

#include "api/call.h"

// Counts one issuing that took so long.
void vouch_api_tally_issue(struct vouch_api_tally *tally, uint64_t duration_ns);

// Answers with one of the public files, by its ETag; 503 if it is not there yet.
struct vouch_api_snapshot;
int vouch_api_file_answer(struct vouch_api_call *call, const struct vouch_api_snapshot *snapshot,
                          unsigned file, const char *cache_control);
#define VOUCH_API_CHANGING_CACHE "public, no-cache" // kept, but asked about each time
// Answers with the latest of a file that changes; or, with ?wait=SECONDS of a client that has it, when
// there is another or the time is over.
int vouch_api_file_await(struct vouch_api_call *call, unsigned file, uint64_t wait_key);
// The latest snapshot, held; NULL, and 503, if there is none.
struct vouch_api_snapshot *vouch_api_snapshot_of(struct vouch_api_call *call);

// Answers with a new certificate, or with a new request for one.
int vouch_api_cert_answer_new(struct vouch_api_call *call, const struct vouch_cert_row *row);
int vouch_api_request_answer_new(struct vouch_api_call *call, const struct vouch_request_row *row);

// Answers with a link for setting up an account; the secret only when it is new.
int vouch_api_link_answer(struct vouch_api_call *call, unsigned status,
                          const struct vouch_answer_link *link);
// Answers with recovery codes.
int vouch_api_codes_answer(struct vouch_api_call *call, const struct vouch_answer_codes *codes);

// Answers a host that reported; and writes one login, as an item of a list.
int vouch_api_host_answer_done(struct vouch_api_call *call,
                               const struct vouch_answer_host_done *answer);
void vouch_api_put_login(struct vouch_json *json, const struct vouch_login_row *row);

// Answers with what a policy, or time, changed.
int vouch_api_policy_answer_diff(struct vouch_api_call *call,
                                 const struct vouch_answer_policy_apply *diff);

// "user", "host" or "".
struct vouch_bytes vouch_api_cert_type_text(enum vouch_cert_type type);
