// SPDX-License-Identifier: ISC
// What listing the inventory and counting it share. Private to src/api.
#pragma once

#include "api/fields.h"
#include "authority/request-fleet.h"

// What is asked for out of the query. It points to `labels`.
void vouch_api_fleet_filter(struct vouch_api_call *call, struct vouch_api_texts *labels,
                            struct vouch_ask_fleet *ret_ask);

// The word for a condition.
struct vouch_bytes vouch_api_condition_text(enum vouch_host_condition condition);
