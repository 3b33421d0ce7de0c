// SPDX-License-Identifier: ISC
// How long a large policy takes: to read and check, to decide, to explain and to compare.
//
// 10,000 users in 300 groups, 200 roles, 5,000 hosts, as one file. Ends with 1 if reading and checking
// take a second or more, or a decision 20 microseconds or more.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/load.h"

#define NOW 1795344338u
#define USERS 10000u
#define GROUPS 300u
#define ROLES 200u
#define HOSTS 5000u
#define DECISIONS 200000u
#define TEXT_MAX (16u << 20)

__attribute__((format(printf, 2, 3))) static void put(struct vouch_buf *out, const char *format,
                                                      ...) {
    char line[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    vouch_buf_put_text(out, line);
}

static void put_people(struct vouch_buf *out) {
    vouch_buf_put_text(out, "zones:\n  - {name: prod, patterns: ['*.prod.example.com']}\nusers:\n");
    for (unsigned i = 0; i < USERS; i++) {
        put(out, "  - {name: user%05u@example.com, login: user%05u}\n", i, i);
    }
    vouch_buf_put_text(out, "groups:\n");
    for (unsigned g = 0; g < GROUPS; g++) {
        put(out, "  - name: group%03u\n    members:\n", g);
        for (unsigned i = 0; i < 100; i++) {
            put(out, "      - user%05u@example.com\n", (g * 97 + i * 101) % USERS);
        }
    }
}

static void put_access(struct vouch_buf *out) {
    vouch_buf_put_text(out, "roles:\n");
    for (unsigned r = 0; r < ROLES; r++) {
        put(out,
            "  - name: role%03u\n    zone: prod\n    members: ['group:group%03u', "
            "'group:group%03u']\n",
            r, r, (r + 100) % GROUPS);
        put(out, "    hosts: [tier=t%u, site=s%u]\n    logins: [$user, app%u]\n", r % 20, r % 5, r);
        put(out, "    max_ttl: 8h\n    extensions: [permit-pty]\n");
        if (r % 10 == 9) {
            put(out,
                "    source_address: [10.0.0.0/8]\n    reason: required\n"
                "    approval: {by: ['group:group%03u'], count: 2}\n",
                (r + 50) % GROUPS);
        }
    }
    vouch_buf_put_text(out, "hosts:\n");
    for (unsigned h = 0; h < HOSTS; h++) {
        put(out, "  - {name: h%04u.prod.example.com, zone: prod, labels: {tier: t%u, site: s%u}}\n",
            h, h % 20, h / 20 % 5);
    }
}

static double seconds_since(uint64_t start_ns) {
    return (double)(vouch_time_monotonic_ns() - start_ns) / 1e9;
}

static struct vouch_policy *apply(struct vouch_bytes text) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_policy *policy = NULL;
    struct vouch_fault fault = {0};
    if (vouch_policy_draft_new(&draft, &fault) != VOUCH_OK ||
        vouch_policy_draft_read(draft, "bench.yaml", text, &fault) != VOUCH_OK ||
        vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault) != VOUCH_OK) {
        fprintf(stderr, "decide: %s\n", fault.text);
        exit(1);
    }
    return policy;
}

// The time of one decision, in microseconds; every user asks for a role of theirs.
static double decide_us(const struct vouch_policy *policy, unsigned *ret_granted) {
    static char users[GROUPS][40], roles[ROLES][16];
    for (unsigned r = 0; r < ROLES; r++) {
        (void)snprintf(users[r], sizeof users[r], "user%05u@example.com", (r * 97 + 303) % USERS);
        (void)snprintf(roles[r], sizeof roles[r], "role%03u", r);
    }
    const uint64_t start_ns = vouch_time_monotonic_ns();
    for (unsigned i = 0; i < DECISIONS; i++) {
        const struct vouch_bytes role = vouch_bytes_of(roles[i % ROLES]);
        const struct vouch_policy_ask ask = {
            .user = vouch_bytes_of(users[i % ROLES]),
            .zone = vouch_bytes_of("prod"),
            .roles = &role,
            .role_count = 1,
            .key_type = VOUCH_KEY_ED25519,
            .now_s = NOW,
            .second_factor_at_s = NOW - 60,
            .address = vouch_bytes_of("10.1.2.3"),
            .reason = vouch_bytes_of("because"),
        };
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_policy_decision decision = {0};
        if (vouch_policy_decide(policy, &ask, &arena, &decision) != VOUCH_OK) {
            exit(1);
        }
        *ret_granted += decision.verdict != VOUCH_POLICY_REFUSED;
    }
    return seconds_since(start_ns) * 1e6 / DECISIONS;
}

static void explain(const struct vouch_policy *policy, const struct vouch_policy *other) {
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {policy, NOW, &arena};
    struct vouch_policy_paths paths = {0};
    struct vouch_policy_diff diff = {0};
    uint64_t start_ns = vouch_time_monotonic_ns();
    if (vouch_policy_reach(&view, vouch_bytes_of("user00303@example.com"), &paths) != VOUCH_OK) {
        exit(1);
    }
    printf("reach of one person          %8.1f ms  %zu ways\n", seconds_since(start_ns) * 1e3,
           paths.count);
    start_ns = vouch_time_monotonic_ns();
    if (vouch_policy_who_can(&view, vouch_bytes_of("app0"),
                             vouch_bytes_of("h0000.prod.example.com"), &paths) != VOUCH_OK) {
        exit(1);
    }
    printf("who can reach one login      %8.1f ms  %zu ways\n", seconds_since(start_ns) * 1e3,
           paths.count);
    start_ns = vouch_time_monotonic_ns();
    if (vouch_policy_compare(&view, other, &diff) != VOUCH_OK) {
        exit(1);
    }
    printf("diff, ten roles changed      %8.1f ms  %zu changes, %zu edits\n",
           seconds_since(start_ns) * 1e3, diff.change_count, diff.edit_count);
}

// The same file with other hosts for ten of the roles.
static struct vouch_policy *changed(struct vouch_buf *text) {
    vouch_autopolicy struct vouch_policy *same = apply(vouch_buf_bytes(text));
    struct vouch_policy_content content = *vouch_policy_holds(same);
    struct vouch_policy_role *roles = calloc(content.role_count, sizeof *roles);
    static const struct vouch_bytes hosts[] = {{(const uint8_t *)"tier=*", 6}};
    struct vouch_policy *result = NULL;
    struct vouch_fault fault = {0};
    if (roles == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < content.role_count; i++) {
        roles[i] = content.roles[i];
        if (i % 20 == 0) {
            roles[i].hosts = (struct vouch_policy_names){hosts, NULL, 1};
        }
    }
    content.roles = roles;
    if (vouch_policy_new(&content, &result, &fault) != VOUCH_OK) {
        fprintf(stderr, "decide: %s\n", fault.text);
        exit(1);
    }
    free(roles);
    return result;
}

int main(void) {
    struct vouch_buf text;
    vouch_buf_init(&text, TEXT_MAX);
    put_people(&text);
    put_access(&text);
    if (text.err != VOUCH_OK) {
        fprintf(stderr, "decide: %s\n", vouch_err_text(text.err));
        return 1;
    }
    uint64_t start_ns = vouch_time_monotonic_ns();
    struct vouch_policy *policy = apply(vouch_buf_bytes(&text));
    const double apply_s = seconds_since(start_ns);
    printf("read and check %u users, %u roles, %u hosts (%zu KiB)  %.3f s\n", USERS, ROLES, HOSTS,
           text.len / 1024, apply_s);
    unsigned granted = 0;
    const double one_us = decide_us(policy, &granted);
    printf("decide                       %8.2f us  (%u of %u not refused)\n", one_us, granted,
           DECISIONS);
    struct vouch_policy *other = changed(&text);
    explain(policy, other);
    vouch_policy_free(other);
    vouch_policy_free(policy);
    vouch_buf_done(&text);
    return apply_s < 1.0 && one_us < 20.0 ? 0 : 1;
}
