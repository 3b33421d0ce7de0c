// SPDX-License-Identifier: ISC
// The company that a demonstration shows: who works there, what runs there, and the policy between them.
//
// Made up from a seed alone, so that the same seed and scale give the same company; it knows no key, no
// file and no database.
#pragma once

#include "base/arena.h"
#include "policy/policy.h"
#include "prog/vouchd/demo-random.h"

#define VOUCH_DEMO_HOSTS 5000u // at scale 1
#define VOUCH_DEMO_USERS 1000u
#define VOUCH_DEMO_EVENTS 1000000u
#define VOUCH_DEMO_DAYS 90u

#define VOUCH_DEMO_ZONES 3u
#define VOUCH_DEMO_TIERS 8u
#define VOUCH_DEMO_SITES 4u
#define VOUCH_DEMO_ROLES 13u
#define VOUCH_DEMO_POLICIES 4u // versions

// Those who come to look: the first four users.
enum { VOUCH_DEMO_ADMIN = 0, VOUCH_DEMO_AUDITOR, VOUCH_DEMO_APPROVER, VOUCH_DEMO_PERSON };
#define VOUCH_DEMO_VISITORS 4u
extern const char *const vouch_demo_visitor_names[VOUCH_DEMO_VISITORS];

struct vouch_demo_what {
    uint64_t seed;
    uint64_t scale; // hosts, users and events are divided by it
    uint64_t now_s;
};

struct vouch_demo_user {
    char name[48];
    char source[24]; // where they sit
};

enum vouch_demo_mood {
    VOUCH_DEMO_WELL = 0,
    VOUCH_DEMO_BEHIND,   // an older revocation list
    VOUCH_DEMO_SILENT,   // for days
    VOUCH_DEMO_EXPIRING, // nobody renews its certificate
    VOUCH_DEMO_WARNS,
    VOUCH_DEMO_CRITICAL,
    VOUCH_DEMO_LOCKED,
    VOUCH_DEMO_RETIRED,
    VOUCH_DEMO_WAITING, // nobody adopted it yet
};

struct vouch_demo_host {
    char name[96];
    char labels[3][32]; // "tier=web", "site=fra", "os=debian-12"
    char source[24];
    unsigned zone, tier, site;
    enum vouch_demo_mood mood;
    uint64_t enrolled_s;
};

struct vouch_demo_company {
    struct vouch_demo_what what;
    uint64_t start_s; // when it all began
    struct vouch_demo_user *users;
    size_t user_count;
    struct vouch_demo_host *hosts;
    size_t host_count;
    uint64_t event_count;
    struct vouch_arena arena;
};

// Makes the company up; the caller frees it. V-1001.
VOUCH_MUST_USE int vouch_demo_company_new(const struct vouch_demo_what *what,
                                          struct vouch_demo_company **ret_company,
                                          struct vouch_fault *fault);
// Takes NULL.
void vouch_demo_company_free(struct vouch_demo_company *company);

extern const char *const vouch_demo_zones[VOUCH_DEMO_ZONES];
extern const char *const vouch_demo_tiers[VOUCH_DEMO_TIERS];
extern const char *const vouch_demo_sites[VOUCH_DEMO_SITES];

// What a role of the company means, beside what its policy says.
struct vouch_demo_role {
    const char *name;
    unsigned zone;
    unsigned tiers, sites; // bits of those that it reaches
    const char *login;     // on them, beside one's own
    const char *members;   // of the policy
    const char *rest;      // of the policy
    const char *by;        // whose word it needs: a group; NULL: nobody's
};
extern const struct vouch_demo_role vouch_demo_roles[VOUCH_DEMO_ROLES];

// Appends one of the policies that the company had, as vouch-policy(5) has it; the last one holds.
void vouch_demo_policy_put(const struct vouch_demo_company *company, unsigned version,
                           struct vouch_buf *out);
// The same, read and checked; the caller frees it.
VOUCH_MUST_USE int vouch_demo_policy_read(const struct vouch_demo_company *company,
                                          unsigned version, struct vouch_policy **ret_policy,
                                          struct vouch_fault *fault);
// When it was applied.
uint64_t vouch_demo_policy_time_s(const struct vouch_demo_company *company, unsigned version);

// Nonzero if the user is in the group.
int vouch_demo_in_group(const struct vouch_demo_company *company, const char *group, size_t user);
