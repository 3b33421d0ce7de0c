// SPDX-License-Identifier: ISC
// How much one host may add to the ledger in an hour, so that no host that was taken over can fill it.
// Private to src/authority.
//
// In memory alone: a restart begins anew. Hosts share a table of fixed size by their number; of two that
// meet in one row, the one that comes takes it over, so that a budget may be larger than it says, never
// smaller.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum vouch_host_spending {
    VOUCH_HOST_RENEWALS = 0, // 60 an hour
    VOUCH_HOST_ALARMS,       // 60
    VOUCH_HOST_BATCHES,      // of logins: 7,200
    VOUCH_HOST_SPENDINGS,
};

struct vouch_host_budget;

// NULL: no memory.
struct vouch_host_budget *vouch_host_budget_new(void);
void vouch_host_budget_free(struct vouch_host_budget *budget);

// Takes up to `wanted`; how many are granted. *ret_wait_s: when the hour is over, if it is fewer.
size_t vouch_host_budget_take(struct vouch_host_budget *budget, uint64_t host,
                              enum vouch_host_spending what, size_t wanted, uint64_t now_s,
                              uint64_t *ret_wait_s);
