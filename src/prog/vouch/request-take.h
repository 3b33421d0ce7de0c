// SPDX-License-Identifier: ISC
// A request for a certificate that others have to approve: waiting for them, and taking what they
// approved.
#pragma once

#include "prog/vouch/reach.h"

struct json_t;

#define VOUCH_REQUEST_SCHEMA "vouch.request/1"

// The request of that number. The caller frees *ret_request with json_decref().
VOUCH_MUST_USE int vouch_request_get(struct vouch_reach *reach, const char *id,
                                     struct json_t **ret_request, struct vouch_fault *fault);

// Does one thing with it: "approve", "deny" or "cancel"; `comment` may be NULL.
VOUCH_MUST_USE int vouch_request_decide(struct vouch_reach *reach, const char *id, const char *verb,
                                        const char *comment, struct json_t **ret_request,
                                        struct vouch_fault *fault);

// Nonzero if nobody has decided yet.
int vouch_request_is_waiting(const struct json_t *request);

// Asks every two seconds until it is decided or `until_s` has come, with a line of talk about how long it
// has been. *request is replaced by the newest. Whether it was approved is for the caller.
VOUCH_MUST_USE int vouch_request_wait(struct vouch_reach *reach, uint64_t until_s,
                                      struct json_t **request, struct vouch_fault *fault);

// Takes the certificate of an approved one, holds it to the key and the person, and writes it to the
// zone's folder as request-cert.pub. One that was denied, cancelled, taken or has expired is a fault
// (V-1816) that says so.
VOUCH_MUST_USE int vouch_request_take(struct vouch_reach *reach, const struct json_t *request,
                                      struct vouch_fault *fault);

// The same with a certificate that came at once, because nobody's approval was missing.
VOUCH_MUST_USE int vouch_request_keep(struct vouch_reach *reach, const char *zone,
                                      const struct json_t *answer, struct vouch_fault *fault);

// Prints a request as one object.
VOUCH_MUST_USE int vouch_request_show(const struct vouch_cli *cli, const struct json_t *request,
                                      struct vouch_fault *fault);
