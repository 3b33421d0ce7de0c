// SPDX-License-Identifier: ISC
// What is read of a search in the audit log, and how an event is shown. Private to src/api.
#pragma once

#include "api/call.h"

// Bytes of the details of one event as an object: each byte that was not ASCII takes up to six.
#define VOUCH_API_DETAILS_MAX (1024u * 1024)

// The filters of the query, without its page.
struct vouch_ask_audit vouch_api_audit_ask(struct vouch_api_call *call);

// An event as an object.
void vouch_api_event_put(struct vouch_json *json, const struct vouch_event_row *row);

// Its details as an object; `name` NULL for one that stands alone.
void vouch_api_details_put(struct vouch_json *json, const char *name, struct vouch_bytes details);
