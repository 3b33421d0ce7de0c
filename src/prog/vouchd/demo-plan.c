// SPDX-License-Identifier: ISC
// Laying out the moments: first what must be (hosts, policies, requests), then the daily round.
#include "prog/vouchd/demo-plan.h"

#include <stdlib.h>

#define DAY_S 86400u
#define RENEW_S (15u * DAY_S)
#define LATE_MS 3600000u  // how late a renewal may be
#define OPEN_REQUESTS 14u // at the end, whatever the scale
#define SETTLE_S 60u      // nothing happens in the last minute

struct planning {
    const struct vouch_demo_company *company;
    struct vouch_demo_random random;
    struct vouch_demo_plan *plan;
    size_t room;
};

static uint64_t end_s(const struct planning *planning) {
    return planning->company->what.now_s - SETTLE_S;
}

// Nothing lies in the future.
static void add(struct planning *planning, enum vouch_demo_kind kind, uint64_t time_ms,
                size_t who) {
    struct vouch_demo_plan *plan = planning->plan;
    uint64_t end_ms = end_s(planning) * 1000;
    if (plan->count < planning->room) {
        plan->moments[plan->count++] =
            (struct vouch_demo_moment){.time_ms = time_ms < end_ms ? time_ms : end_ms,
                                       .who = (uint32_t)who,
                                       .kind = (uint8_t)kind};
    }
}

// ----- times

// How busy an hour (UTC) is, of a working day.
static const uint8_t hours[24] = {3,  2,  2,  2,  3,  6,  18, 45, 80, 95, 90, 85,
                                  70, 85, 92, 88, 75, 50, 30, 20, 14, 10, 7,  5};

static int is_weekend(uint64_t time_s) {
    uint64_t weekday = (time_s / DAY_S + 4) % 7; // 1970-01-01 was a Thursday; 0: Sunday
    return weekday == 0 || weekday == 6;
}

// Somewhere between two times: a time is drawn again until one is busy enough.
static uint64_t draw_ms(struct planning *planning, uint64_t from_s, uint64_t until_s) {
    for (;;) {
        uint64_t ms =
            from_s * 1000 + vouch_demo_below(&planning->random, (until_s - from_s) * 1000);
        uint64_t busy = hours[ms / 3600000 % 24];
        busy = is_weekend(ms / 1000) ? busy / 5 : busy;
        if (vouch_demo_below(&planning->random, 96) < busy + 1) {
            return ms;
        }
    }
}

static uint64_t any_ms(struct planning *planning) {
    return draw_ms(planning, planning->company->start_s + DAY_S, end_s(planning));
}

// ----- hosts

static void plan_host(struct planning *planning, size_t at) {
    const struct vouch_demo_host *host = &planning->company->hosts[at];
    uint64_t now_s = end_s(planning), quiet_s = now_s;
    uint64_t back_s = vouch_demo_below(&planning->random, 9 * DAY_S);
    if (host->mood == VOUCH_DEMO_WAITING) {
        add(planning, VOUCH_DEMO_WAIT, host->enrolled_s * 1000, at);
        return;
    }
    if (host->mood == VOUCH_DEMO_EXPIRING) {
        quiet_s = now_s - 28 * DAY_S; // thirty days' certificates: they have two left at most
    } else if (host->mood == VOUCH_DEMO_RETIRED) {
        quiet_s = now_s - back_s;
    }
    add(planning, VOUCH_DEMO_ENROL, host->enrolled_s * 1000, at);
    for (uint64_t at_s = host->enrolled_s + RENEW_S; at_s < quiet_s; at_s += RENEW_S) {
        uint64_t late_ms = vouch_demo_below(&planning->random, LATE_MS);
        add(planning, VOUCH_DEMO_RENEW, at_s * 1000 + late_ms, at);
    }
    if (host->mood == VOUCH_DEMO_RETIRED && quiet_s > host->enrolled_s) {
        add(planning, VOUCH_DEMO_RETIRE, quiet_s * 1000 + LATE_MS, at);
    }
}

// ----- requests

static size_t member_of(struct planning *planning, const char *group, size_t other) {
    const struct vouch_demo_company *company = planning->company;
    for (unsigned tries = 0; tries < 20000; tries++) {
        size_t user = vouch_demo_below(&planning->random, company->user_count);
        if (user != other && user % 97 != 90 && vouch_demo_in_group(company, group, user)) {
            return user;
        }
    }
    return other == VOUCH_DEMO_APPROVER ? VOUCH_DEMO_PERSON : VOUCH_DEMO_APPROVER;
}

static void plan_request(struct planning *planning, struct vouch_demo_request *request) {
    static const struct {
        uint32_t role;
        const char *group;
    } kinds[] = {{10, "data"}, {10, "data"}, {10, "data"}, {11, "platform"}, {12, "contractors"}};
    static const enum vouch_demo_end ends[] = {
        VOUCH_DEMO_TAKEN, VOUCH_DEMO_TAKEN,  VOUCH_DEMO_TAKEN,     VOUCH_DEMO_TAKEN,
        VOUCH_DEMO_TAKEN, VOUCH_DEMO_DENIED, VOUCH_DEMO_CANCELLED, VOUCH_DEMO_EXPIRED};
    uint64_t wait_ms = 120000 + vouch_demo_below(&planning->random, 40 * 60000);
    size_t kind = vouch_demo_below(&planning->random, sizeof kinds / sizeof kinds[0]);
    request->role = kinds[kind].role;
    request->user = (uint32_t)member_of(planning, kinds[kind].group, VOUCH_DEMO_ADMIN);
    request->approver =
        (uint32_t)member_of(planning, vouch_demo_roles[request->role].by, request->user);
    request->end = ends[vouch_demo_below(&planning->random, sizeof ends / sizeof ends[0])];
    request->asked_ms =
        draw_ms(planning, planning->company->start_s + 4 * DAY_S, end_s(planning) - 2 * DAY_S);
    request->decided_ms = request->end == VOUCH_DEMO_EXPIRED ? 0 : request->asked_ms + wait_ms;
    request->taken_ms =
        request->end == VOUCH_DEMO_TAKEN ? request->decided_ms + wait_ms / 4 + 1000 : 0;
}

// The newest ones are not through.
static void plan_open(struct planning *planning, struct vouch_demo_request *request, size_t at) {
    uint64_t ago_ms = (at + 1) * 60 * 60000 + vouch_demo_below(&planning->random, 50 * 60000);
    request->asked_ms = end_s(planning) * 1000 - ago_ms;
    request->end = at % 5 == 0 && at < 10 ? VOUCH_DEMO_APPROVED : VOUCH_DEMO_OPEN;
    request->decided_ms = request->end == VOUCH_DEMO_APPROVED ? end_s(planning) * 1000 - 600000 : 0;
    request->taken_ms = 0;
}

static int compare_requests(const void *left, const void *right) {
    const struct vouch_demo_request *a = left, *b = right;
    return a->asked_ms < b->asked_ms ? -1 : a->asked_ms > b->asked_ms;
}

static void plan_requests(struct planning *planning) {
    struct vouch_demo_plan *plan = planning->plan;
    for (size_t i = 0; i < plan->request_count; i++) {
        plan_request(planning, &plan->requests[i]);
        if (i < OPEN_REQUESTS) {
            plan_open(planning, &plan->requests[i], i);
        }
    }
    qsort(plan->requests, plan->request_count, sizeof plan->requests[0], compare_requests);
    for (size_t i = 0; i < plan->request_count; i++) {
        const struct vouch_demo_request *request = &plan->requests[i];
        add(planning, VOUCH_DEMO_ASK, request->asked_ms, i);
        if (request->decided_ms != 0) {
            add(planning, VOUCH_DEMO_DECIDE, request->decided_ms, i);
        }
        if (request->taken_ms != 0) {
            add(planning, VOUCH_DEMO_TAKE, request->taken_ms, i);
        }
    }
}

// ----- the daily round

// Some are busier than others.
static size_t draw_user(struct planning *planning) {
    uint64_t count = planning->company->user_count;
    uint64_t a = vouch_demo_below(&planning->random, count);
    uint64_t b = vouch_demo_below(&planning->random, count);
    return a < b ? a : b;
}

static enum vouch_demo_kind draw_kind(struct planning *planning, uint64_t time_ms) {
    uint64_t logins_ms = (planning->company->what.now_s - VOUCH_DEMO_LOGIN_DAYS * DAY_S) * 1000;
    static const struct {
        uint64_t below;
        enum vouch_demo_kind kind;
    } kinds[] = {{150, VOUCH_DEMO_ACCESS},
                 {550, VOUCH_DEMO_SIGN_IN},
                 {830, VOUCH_DEMO_SIGN_OUT},
                 {930, VOUCH_DEMO_STRANGER},
                 {1000, VOUCH_DEMO_REFUSED}};
    uint64_t drawn = vouch_demo_below(&planning->random, 1000);
    size_t i = 0;
    if (time_ms >= logins_ms && vouch_demo_permille(&planning->random, 450)) {
        return VOUCH_DEMO_LOGIN;
    }
    while (drawn >= kinds[i].below) {
        i++;
    }
    return kinds[i].kind;
}

static void plan_rare(struct planning *planning, enum vouch_demo_kind kind, size_t count,
                      uint64_t recent_s) {
    uint64_t from_s = planning->company->what.now_s - recent_s;
    for (size_t i = 0; i < count; i++) {
        add(planning, kind, draw_ms(planning, from_s, end_s(planning)), draw_user(planning));
    }
}

static void plan_rest(struct planning *planning) {
    struct vouch_demo_plan *plan = planning->plan;
    while (plan->count < planning->room) {
        uint64_t time_ms = any_ms(planning);
        add(planning, draw_kind(planning, time_ms), time_ms, draw_user(planning));
        uint64_t drawn = vouch_demo_below(&planning->random, 10);
        plan->moments[plan->count - 1].what = drawn < 6 ? 0 : drawn < 9 ? 1 : 2;
    }
}

// Those of one time in the order in which they were laid out, which is no matter of chance.
static int compare_moments(const void *left, const void *right) {
    const struct vouch_demo_moment *a = left, *b = right;
    if (a->time_ms != b->time_ms) {
        return a->time_ms < b->time_ms ? -1 : 1;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return a->who < b->who ? -1 : a->who > b->who;
}

static void plan_all(struct planning *planning) {
    const struct vouch_demo_company *company = planning->company;
    size_t few = (size_t)company->event_count / 4000 + 4;
    for (unsigned version = 1; version <= VOUCH_DEMO_POLICIES; version++) {
        add(planning, VOUCH_DEMO_POLICY, vouch_demo_policy_time_s(company, version) * 1000,
            version);
    }
    for (size_t i = 0; i < company->host_count; i++) {
        plan_host(planning, i);
    }
    plan_requests(planning);
    plan_rare(planning, VOUCH_DEMO_REVOKE, few, (VOUCH_DEMO_DAYS - 5) * DAY_S);
    plan_rare(planning, VOUCH_DEMO_REVOKE, 6, DAY_S / 4);
    plan_rare(planning, VOUCH_DEMO_ALARM, few / 8 + 2, (VOUCH_DEMO_LOGIN_DAYS - 1) * DAY_S);
    plan_rest(planning);
    qsort(planning->plan->moments, planning->plan->count, sizeof planning->plan->moments[0],
          compare_moments);
}

int vouch_demo_plan_new(const struct vouch_demo_company *company, struct vouch_demo_plan *ret_plan,
                        struct vouch_fault *fault) {
    struct vouch_demo_plan plan = {.request_count =
                                       (size_t)company->event_count / 2000 + 2 * OPEN_REQUESTS};
    struct planning planning = {.company = company,
                                .random = {company->what.seed ^ UINT64_C(0x706c616e)},
                                .plan = &plan,
                                .room = (size_t)company->event_count};
    plan.moments = calloc(planning.room, sizeof *plan.moments);
    plan.requests = calloc(plan.request_count, sizeof *plan.requests);
    if (plan.moments == NULL || plan.requests == NULL) {
        vouch_demo_plan_done(&plan);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "demo: no memory for %zu events", planning.room);
    }
    plan_all(&planning);
    *ret_plan = plan;
    return VOUCH_OK;
}

void vouch_demo_plan_done(struct vouch_demo_plan *plan) {
    free(plan->moments);
    free(plan->requests);
    *plan = (struct vouch_demo_plan){0};
}
