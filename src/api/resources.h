// SPDX-License-Identifier: ISC
// What stands behind each route, by resource. Private to src/api.
//
// Each fills in call->response; a refusal is a response too. A negative code is a failure without words.
#pragma once

#include "api/call.h"

// certs.c
int vouch_api_cert_issue(struct vouch_api_call *call);
int vouch_api_cert_list(struct vouch_api_call *call);
int vouch_api_cert_show(struct vouch_api_call *call);
int vouch_api_cert_renew(struct vouch_api_call *call);

// revocations.c
int vouch_api_revocation_new(struct vouch_api_call *call);
int vouch_api_revocation_list(struct vouch_api_call *call);

// ca.c
int vouch_api_ca_show(struct vouch_api_call *call);
int vouch_api_ca_user_key(struct vouch_api_call *call);
int vouch_api_ca_host_key(struct vouch_api_call *call);
int vouch_api_ca_checkpoint_key(struct vouch_api_call *call);

// krls.c
int vouch_api_krl_user(struct vouch_api_call *call);
int vouch_api_krl_host(struct vouch_api_call *call);
int vouch_api_krl_user_envelope(struct vouch_api_call *call);
int vouch_api_krl_host_envelope(struct vouch_api_call *call);

// ledger.c
int vouch_api_ledger_checkpoint(struct vouch_api_call *call);
int vouch_api_ledger_tile(struct vouch_api_call *call);

// tokens.c
int vouch_api_token_new(struct vouch_api_call *call);
int vouch_api_token_list(struct vouch_api_call *call);
int vouch_api_token_disable(struct vouch_api_call *call);

// profiles.c
int vouch_api_profile_put(struct vouch_api_call *call);
int vouch_api_profile_show(struct vouch_api_call *call);
int vouch_api_profile_list(struct vouch_api_call *call);
int vouch_api_profile_remove(struct vouch_api_call *call);

// audit.c, status.c, metrics.c
int vouch_api_audit_list(struct vouch_api_call *call);
int vouch_api_status_show(struct vouch_api_call *call);
int vouch_api_ready_show(struct vouch_api_call *call);
int vouch_api_metrics_show(struct vouch_api_call *call);

// Counts one issuing that took so long.
void vouch_api_tally_issue(struct vouch_api_tally *tally, uint64_t duration_ns);

// Answers with one of the public files, by its ETag; 503 if it is not there yet.
struct vouch_api_snapshot;
int vouch_api_file_answer(struct vouch_api_call *call, const struct vouch_api_snapshot *snapshot,
                          unsigned file, const char *cache_control);
// The latest snapshot, held; NULL, and 503, if there is none.
struct vouch_api_snapshot *vouch_api_snapshot_of(struct vouch_api_call *call);

// "user", "host" or "".
struct vouch_bytes vouch_api_cert_type_text(enum vouch_cert_type type);
