// SPDX-License-Identifier: ISC
// When what happened in the company that a demonstration shows: moments in the order of time, by day and
// night and the days of the week. What they come to is told by demo-story.h.
#pragma once

#include "prog/vouchd/demo-company.h"

#define VOUCH_DEMO_LOGIN_DAYS 21u // since hosts report who logged in

enum vouch_demo_kind {
    VOUCH_DEMO_POLICY = 0, // who: its version
    VOUCH_DEMO_ENROL,      // who: a host; and so for the next three
    VOUCH_DEMO_RENEW,
    VOUCH_DEMO_RETIRE,
    VOUCH_DEMO_WAIT,
    VOUCH_DEMO_ACCESS,  // who: a user who gets a certificate of zone `what`
    VOUCH_DEMO_SIGN_IN, // who: a user; and so for the next five
    VOUCH_DEMO_SIGN_OUT,
    VOUCH_DEMO_REFUSED,
    VOUCH_DEMO_LOGIN,
    VOUCH_DEMO_ALARM,
    VOUCH_DEMO_REVOKE,
    VOUCH_DEMO_STRANGER, // somebody whom nobody knows tries to sign in
    VOUCH_DEMO_ASK,      // who: a request; and so for the next two
    VOUCH_DEMO_DECIDE,
    VOUCH_DEMO_TAKE,
    VOUCH_DEMO_KINDS,
};

struct vouch_demo_moment {
    uint64_t time_ms;
    uint32_t who;
    uint8_t kind; // enum vouch_demo_kind
    uint8_t what;
};

enum vouch_demo_end {
    VOUCH_DEMO_TAKEN = 0,
    VOUCH_DEMO_DENIED,
    VOUCH_DEMO_CANCELLED,
    VOUCH_DEMO_EXPIRED,
    VOUCH_DEMO_OPEN,     // it waits
    VOUCH_DEMO_APPROVED, // and this one for being taken
};

// A request for a role that others approve.
struct vouch_demo_request {
    uint64_t asked_ms, decided_ms, taken_ms; // 0: never
    uint32_t user, approver;
    uint32_t role; // in vouch_demo_roles
    enum vouch_demo_end end;
};

struct vouch_demo_plan {
    struct vouch_demo_moment *moments;
    size_t count;
    struct vouch_demo_request *requests; // in the order of time
    size_t request_count;
};

// As many moments as the company has events. The caller ends *ret_plan.
VOUCH_MUST_USE int vouch_demo_plan_new(const struct vouch_demo_company *company,
                                       struct vouch_demo_plan *ret_plan, struct vouch_fault *fault);
void vouch_demo_plan_done(struct vouch_demo_plan *plan);
