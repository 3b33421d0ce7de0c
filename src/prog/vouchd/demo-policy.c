// SPDX-License-Identifier: ISC
// The policy of the company that a demonstration shows, in the versions that it had.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/load.h"
#include "prog/vouchd/demo-company.h"

#define DAY_S 86400u
#define PROD 0u
#define STAGING 1u
#define LAB 2u
#define ANY 0xffu
#define TEAMS 20u

enum { WEB = 1, APP = 2, DB = 4, CACHE = 8, QUEUE = 16, BATCH = 32, BASTION = 64, CI = 128 };

const struct vouch_demo_role vouch_demo_roles[VOUCH_DEMO_ROLES] = {
    {"dev-web", PROD, WEB | APP, ANY, "app", "group:engineering",
     "hosts: [tier=web, tier=app], logins: [$user, app], max_ttl: 8h, "
     "extensions: [permit-pty, permit-agent-forwarding]",
     NULL},
    {"sre", PROD, ANY, ANY, "ops", "group:platform",
     "hosts: [all], logins: [$user, ops], max_ttl: 8h, "
     "extensions: [permit-pty, permit-port-forwarding]",
     NULL},
    {"cache-ops", PROD, CACHE | QUEUE, ANY, "redis", "group:platform",
     "hosts: [tier=cache, tier=queue], logins: [redis], max_ttl: 4h, extensions: [permit-pty]",
     NULL},
    {"batch", PROD, BATCH, ANY, "etl", "group:data",
     "hosts: [tier=batch], logins: [$user, etl], max_ttl: 8h, extensions: [permit-pty]", NULL},
    {"ci", PROD, CI, ANY, "deploy", "group:ci-owners",
     "hosts: [tier=ci], logins: [deploy], max_ttl: 4h, extensions: [permit-pty]", NULL},
    {"support-read", PROD, WEB, ANY, "support", "group:support",
     "hosts: [tier=web], logins: [support], max_ttl: 4h, extensions: [permit-pty]", NULL},
    {"bastion", PROD, BASTION, ANY, "", "group:everyone",
     "hosts: [tier=bastion], logins: [$user], max_ttl: 12h, "
     "extensions: [permit-pty, permit-port-forwarding]",
     NULL},
    {"netops", PROD, ANY, 8, "net", "group:netops",
     "hosts: [site=sin], logins: [net], max_ttl: 4h, extensions: [permit-pty]", NULL},
    {"staging", STAGING, ANY, ANY, "deploy", "group:engineering, group:data",
     "hosts: [all], logins: [$user, deploy], max_ttl: 12h, extensions: [permit-pty]", NULL},
    {"lab", LAB, ANY, ANY, "lab", "group:everyone",
     "hosts: [all], logins: [$user, lab], max_ttl: 12h, extensions: [permit-pty]", NULL},
    {"dba", PROD, DB, ANY, "postgres", "group:data",
     "hosts: [tier=db], logins: [postgres], max_ttl: 1h, extensions: [permit-pty], "
     "reason: required",
     "ops-leads"},
    {"root", PROD, ANY, ANY, "root", "group:platform",
     "hosts: [all], logins: [root], max_ttl: 30m, extensions: [permit-pty], reason: required, "
     "second_factor: 15m",
     "ops-leads"},
    {"contractor", STAGING, WEB | APP, ANY, "app", "group:contractors",
     "hosts: [tier=web, tier=app], logins: [app], max_ttl: 4h, extensions: [permit-pty]",
     "team-leads"},
};

// Members are every `step`th user from `first` on; and those who come to look, by their bits.
static const struct group {
    const char *name;
    size_t first, step;
    unsigned visitors;
} groups[] = {
    {"everyone", 0, 1, 0xf},        {"engineering", 4, 2, 8},
    {"platform", 5, 10, 4},         {"data", 7, 10, 8},
    {"support", 9, 10, 0},          {"security", 21, 40, 2},
    {"netops", 23, 40, 0},          {"ci-owners", 25, 50, 0},
    {"contractors", 27, 20, 0},     {"ops-leads", 45, 200, 4},
    {"team-leads", 24, 50, 4},      {"vouch-admins", 35, 500, 1},
    {"vouch-auditors", 21, 300, 2},
};
#define GROUP_COUNT (sizeof groups / sizeof groups[0])

static int is_member(const struct group *group, size_t user) {
    return user < VOUCH_DEMO_VISITORS
               ? (group->visitors >> user & 1) != 0
               : user >= group->first && (user - group->first) % group->step == 0;
}

int vouch_demo_in_group(const struct vouch_demo_company *company, const char *group, size_t user) {
    size_t i = 0;
    while (i < GROUP_COUNT && strcmp(groups[i].name, group) != 0) {
        i++;
    }
    return i < GROUP_COUNT && user < company->user_count && is_member(&groups[i], user);
}

__attribute__((format(printf, 2, 3))) static void put(struct vouch_buf *out, const char *format,
                                                      ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    vouch_buf_put_text(out, line);
}

static void put_group(const struct vouch_demo_company *company, const struct group *group,
                      struct vouch_buf *out) {
    const char *between = "";
    put(out, "  - {name: %s, members: [", group->name);
    for (size_t i = 0; i < company->user_count; i++) {
        if (is_member(group, i)) {
            put(out, "%s%s", between, company->users[i].name);
            between = ", ";
        }
    }
    put(out, "]}\n");
}

static void put_groups(const struct vouch_demo_company *company, struct vouch_buf *out) {
    put(out, "groups:\n");
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        put_group(company, &groups[i], out);
    }
    for (size_t i = 0; i < TEAMS; i++) {
        char name[24];
        const struct group team = {name, VOUCH_DEMO_VISITORS + i, TEAMS, i == 4 ? 8 : 0};
        (void)snprintf(name, sizeof name, "team-%02zu", i + 1);
        put_group(company, &team, out);
    }
}

// Of everyone else some have left, and contractors do until the end of their contract.
static void put_users(const struct vouch_demo_company *company, struct vouch_buf *out) {
    put(out, "users:\n");
    for (size_t i = 0; i < company->user_count; i++) {
        const char *state = i % 97 == 90 ? ", state: disabled" : "";
        put(out, "  - {name: %s%s}\n", company->users[i].name, state);
    }
}

// The company began with fewer roles, and shorter days for those who have much.
static int has_role(unsigned version, size_t role) {
    return version >= 3 || (role != 5 && role != 7) || (version == 2 && role == 5);
}

static void put_roles(unsigned version, struct vouch_buf *out) {
    put(out, "roles:\n");
    for (size_t i = 0; i < VOUCH_DEMO_ROLES; i++) {
        const struct vouch_demo_role *role = &vouch_demo_roles[i];
        if (!has_role(version, i)) {
            continue;
        }
        put(out, "  - {name: %s, zone: %s, members: [%s], %s", role->name,
            vouch_demo_zones[role->zone], role->members, role->rest);
        if (role->by != NULL) {
            int both = version >= VOUCH_DEMO_POLICIES && strcmp(role->name, "root") == 0;
            put(out, ", approval: {by: [group:%s], count: %d}", role->by, both ? 2 : 1);
        }
        put(out, "}\n");
    }
}

void vouch_demo_policy_put(const struct vouch_demo_company *company, unsigned version,
                           struct vouch_buf *out) {
    put(out, "zones:\n");
    for (size_t i = 0; i < VOUCH_DEMO_ZONES; i++) {
        put(out, "  - {name: %s, patterns: ['*.%s.demo.example']}\n", vouch_demo_zones[i],
            vouch_demo_zones[i]);
    }
    put_users(company, out);
    put_groups(company, out);
    put_roles(version, out);
}

uint64_t vouch_demo_policy_time_s(const struct vouch_demo_company *company, unsigned version) {
    static const unsigned days[VOUCH_DEMO_POLICIES] = {0, 12, 41, 83};
    return company->start_s + 900 + (version > 1 ? days[version - 1] * DAY_S : 0);
}

int vouch_demo_policy_read(const struct vouch_demo_company *company, unsigned version,
                           struct vouch_policy **ret_policy, struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_POLICY_FILE_MAX);
    vouch_demo_policy_put(company, version, &text);
    int err = text.err != VOUCH_OK ? vouch_fault_set(fault, text.err, &vouch_fault_memory,
                                                     "demo: no memory for the policy")
                                   : vouch_policy_draft_new(&draft, fault);
    if (err == VOUCH_OK) {
        err = vouch_policy_draft_read(draft, "policy of the demonstration", vouch_buf_bytes(&text),
                                      fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, fault);
    }
    vouch_buf_done(&text);
    return err;
}
