// SPDX-License-Identifier: ISC
// Budgets of hosts: see host-budget.h.
#include "authority/host-budget.h"

#include <pthread.h>
#include <stdlib.h>

#define ROWS 16384
#define HOUR_S 3600

static const size_t budgets[VOUCH_HOST_SPENDINGS] = {
    [VOUCH_HOST_RENEWALS] = 60, [VOUCH_HOST_ALARMS] = 60, [VOUCH_HOST_BATCHES] = 7200};

struct row {
    uint64_t host;
    uint64_t since_s;
    size_t spent[VOUCH_HOST_SPENDINGS];
};

struct vouch_host_budget {
    pthread_mutex_t lock;
    struct row rows[ROWS];
};

struct vouch_host_budget *vouch_host_budget_new(void) {
    struct vouch_host_budget *budget = calloc(1, sizeof *budget);
    if (budget != NULL) {
        (void)pthread_mutex_init(&budget->lock, NULL);
    }
    return budget;
}

void vouch_host_budget_free(struct vouch_host_budget *budget) {
    if (budget != NULL) {
        (void)pthread_mutex_destroy(&budget->lock);
        free(budget);
    }
}

// A clock that was set back begins anew, too.
static int is_over(const struct row *row, uint64_t now_s) {
    return now_s < row->since_s || now_s - row->since_s >= HOUR_S;
}

size_t vouch_host_budget_take(struct vouch_host_budget *budget, uint64_t host,
                              enum vouch_host_spending what, size_t wanted, uint64_t now_s,
                              uint64_t *ret_wait_s) {
    struct row *row = &budget->rows[host % ROWS];
    (void)pthread_mutex_lock(&budget->lock);
    if (row->host != host || is_over(row, now_s)) {
        *row = (struct row){.host = host, .since_s = now_s};
    }
    size_t left = budgets[what] - row->spent[what];
    size_t granted = wanted < left ? wanted : left;
    row->spent[what] += granted;
    *ret_wait_s = granted < wanted ? HOUR_S - (now_s - row->since_s) : 0;
    (void)pthread_mutex_unlock(&budget->lock);
    return granted;
}
