// SPDX-License-Identifier: ISC
// The database of a demonstration: policies, accounts with what they sign in by, hosts, requests; and the
// reports of hosts, which speak of lists that only a running server has published.
#pragma once

#include "identity/totp.h"
#include "prog/vouchd/demo-story.h"

// What somebody who comes to look signs in by.
struct vouch_demo_visitor {
    uint8_t secret[VOUCH_TOTP_SECRET_LEN];
};

struct vouch_demo_visitors {
    char password[64];
    struct vouch_demo_visitor of[VOUCH_DEMO_VISITORS];
};

struct vouch_demo_base {
    const char *dir;
    const struct vouch_demo_company *company;
    struct vouch_demo_story *story; // NULL: only reports are written
    struct vouch_store *store;      // to write
};

// Writes all but the reports, so many requests of the plan, and chooses the visitors' password and secrets.
VOUCH_MUST_USE int vouch_demo_base_fill(const struct vouch_demo_base *base, size_t requests,
                                        struct vouch_demo_visitors *ret_visitors,
                                        struct vouch_fault *fault);

// Writes the newest report of each host, while the server of the folder runs: now, but for those that are
// silent. VOUCH_ERR_NOT_FOUND until the server has published what they report to have.
VOUCH_MUST_USE int vouch_demo_base_report(const struct vouch_demo_base *base,
                                          struct vouch_fault *fault);
