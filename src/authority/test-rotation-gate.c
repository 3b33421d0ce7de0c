// SPDX-License-Identifier: ISC
// The gates of a rotation, by table: who stands in the way of which step.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authority/rotation.h"

#define NOW_S UINT64_C(1800000000)
#define NEEDS 100
#define DAY_S UINT64_C(86400)
#define TEXT(literal)                                                                              \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

// Hosts of every kind, by the bundle that they have and when they reported.
static const struct vouch_store_host_trust fleet[] = {
    {.host = TEXT("has"), .trust_version = NEEDS, .reported_s = NOW_S - 5},
    {.host = TEXT("newer"), .trust_version = NEEDS + 7, .reported_s = NOW_S},
    {.host = TEXT("behind"), .trust_version = NEEDS - 1, .reported_s = NOW_S - 3 * DAY_S},
    {.host = TEXT("old-agent"), .trust_version = 0, .reported_s = NOW_S - 5},
    {.host = TEXT("last-day"), .trust_version = 1, .reported_s = NOW_S - 30 * DAY_S},
    {.host = TEXT("silent"), .trust_version = 1, .reported_s = NOW_S - 30 * DAY_S - 1},
    {.host = TEXT("never")},
    {.host = TEXT("clock-ahead"), .trust_version = NEEDS, .reported_s = NOW_S + 50},
};
#define FLEET (sizeof fleet / sizeof fleet[0])

static struct vouch_rotation_gate gate_of(enum vouch_rotation_verb step, enum vouch_cert_type use) {
    return (struct vouch_rotation_gate){.use = use,
                                        .step = step,
                                        .needs = NEEDS,
                                        .hosts = fleet,
                                        .host_count = FLEET,
                                        .now_s = NOW_S};
}

static const struct vouch_rotation_waiver nothing;

static struct vouch_rotation_waiver without(const struct vouch_bytes *hosts, size_t count) {
    return (struct vouch_rotation_waiver){.without = {hosts, count}};
}

static void refused(const struct vouch_rotation_gate *gate,
                    const struct vouch_rotation_waiver *waiver, const char *code, const char *why) {
    struct vouch_reply reply = {.verdict = VOUCH_VERDICT_DONE};
    assert_int_equal(vouch_rotation_judge(gate, waiver, &reply), 0);
    assert_int_not_equal(reply.verdict, VOUCH_VERDICT_DONE);
    if (strcmp(reply.code, code) != 0 || strstr(reply.why, why) == NULL) {
        fail_msg("%s: %s, not %s: %s", reply.code, reply.why, code, why);
    }
}

static void passes(const struct vouch_rotation_gate *gate,
                   const struct vouch_rotation_waiver *waiver) {
    struct vouch_reply reply = {.verdict = VOUCH_VERDICT_DONE};
    if (!vouch_rotation_judge(gate, waiver, &reply)) {
        fail_msg("%s: %s", reply.code, reply.why);
    }
}

static void hosts_that_report_must_have_the_bundle(void **state) {
    (void)state;
    static const enum vouch_rotation_verb steps[] = {VOUCH_ROTATE_SWITCH, VOUCH_ROTATE_DESTROY};
    for (size_t i = 0; i < 2; i++) {
        for (enum vouch_cert_type use = VOUCH_CERT_USER; use <= VOUCH_CERT_HOST; use++) {
            struct vouch_ca_rotation_host rows[FLEET];
            size_t count = 0;
            const struct vouch_rotation_gate gate = gate_of(steps[i], use);
            const struct vouch_rotation_coverage coverage =
                vouch_rotation_count(&gate, &nothing, rows, FLEET, &count);
            assert_int_equal(coverage.reporting, 6);
            assert_int_equal(coverage.covered, 3);
            assert_int_equal(coverage.silent, 2);
            assert_int_equal(coverage.blocking, 3);
            assert_int_equal(count, 5); // those in the way, then the silent ones
            static const char *const names[] = {"behind", "old-agent", "last-day", "silent",
                                                "never"};
            for (size_t r = 0; r < count; r++) {
                assert_true(vouch_bytes_equal(rows[r].host, vouch_bytes_of(names[r])));
                assert_int_equal(rows[r].why,
                                 r < 3 ? VOUCH_ROTATION_BEHIND : VOUCH_ROTATION_SILENT);
            }
            refused(&gate, &nothing, "V-1977",
                    "3 hosts have not the trust bundle that this needs: behind, old-agent, "
                    "last-day");
        }
    }
}

static void a_host_that_is_named_is_left_behind(void **state) {
    (void)state;
    static const struct vouch_bytes hosts[] = {TEXT("old-agent"), TEXT("behind"), TEXT("last-day"),
                                               TEXT("silent")};
    static const struct vouch_bytes stranger[] = {TEXT("web1"), TEXT("behind")};
    const struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_SWITCH, VOUCH_CERT_USER);
    struct vouch_rotation_waiver waiver = without(hosts, 2);
    refused(&gate, &waiver, "V-1977", "1 host has not");
    waiver = without(hosts, 3);
    passes(&gate, &waiver);
    waiver = without(hosts, 4); // who is not waited for may be named all the same
    passes(&gate, &waiver);
    waiver = without(stranger, 2);
    refused(&gate, &waiver, "V-1804", "there is no active host web1");
}

static void being_in_a_hurry_opens_no_gate_for_hosts(void **state) {
    (void)state;
    const struct vouch_rotation_waiver waiver = {.is_hurried = 1};
    const struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_SWITCH, VOUCH_CERT_USER);
    refused(&gate, &waiver, "V-1977", "3 hosts");
}

static void with_no_hosts_nobody_is_waited_for(void **state) {
    (void)state;
    struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_SWITCH, VOUCH_CERT_USER);
    gate.host_count = 0;
    passes(&gate, &nothing);
}

static void certificates_of_people_are_waited_for(void **state) {
    (void)state;
    const struct vouch_rotation_waiver hurry = {.is_hurried = 1};
    struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_REMOVE, VOUCH_CERT_USER);
    passes(&gate, &nothing); // hosts that lack a bundle are no reason here
    gate.going =
        (struct vouch_store_ca_use){.signed_count = 9, .live = 1, .live_end_s = NOW_S + 60};
    refused(&gate, &nothing, "V-1978",
            "1 certificate by the old key still counts, the last one until 2027-01-15T08:01:00Z");
    gate.going.live = 2;
    refused(&gate, &nothing, "V-1978", "2 certificates by the old key still count");
    gate.going.live_end_s = VOUCH_CERT_FOREVER;
    refused(&gate, &nothing, "V-1978", "until for ever");
    passes(&gate, &hurry);
    size_t count = 0;
    assert_true(vouch_rotation_count(&gate, &nothing, NULL, 0, &count).until_s ==
                VOUCH_CERT_FOREVER);
}

static void each_host_must_have_its_certificate_anew(void **state) {
    (void)state;
    static const struct vouch_store_host_trust hosts[] = {
        {.host = TEXT("web1"), .reported_s = NOW_S},
        {.host = TEXT("web2"), .reported_s = NOW_S, .others = 1, .others_end_s = NOW_S + 50},
        {.host = TEXT("web3"), .others = 2, .others_end_s = NOW_S + 90}, // never reported
    };
    static const struct vouch_bytes both[] = {TEXT("web2"), TEXT("web3")};
    const struct vouch_rotation_waiver hurry = {.is_hurried = 1};
    struct vouch_rotation_waiver waiver = without(both, 1);
    struct vouch_ca_rotation_host rows[3];
    size_t count = 0;
    struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_REMOVE, VOUCH_CERT_HOST);
    gate.hosts = hosts;
    gate.host_count = 3;
    gate.going.live = 7; // what hosts had before is not revoked when they renew
    const struct vouch_rotation_coverage coverage =
        vouch_rotation_count(&gate, &nothing, rows, 3, &count);
    assert_int_equal(coverage.blocking, 2);
    assert_int_equal(coverage.until_s, NOW_S + 90);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].why, VOUCH_ROTATION_CERT);
    assert_int_equal(rows[0].cert_end_s, NOW_S + 50);
    refused(&gate, &nothing, "V-1978", "2 hosts show a certificate by the old key: web2, web3");
    refused(&gate, &waiver, "V-1978", "1 host shows a certificate by the old key: web3");
    waiver = without(both, 2);
    passes(&gate, &waiver);
    passes(&gate, &hurry);
    gate.use = VOUCH_CERT_USER; // which is not about the certificates of hosts
    gate.going.live = 0;
    passes(&gate, &nothing);
}

static void many_hosts_are_counted_and_some_named(void **state) {
    (void)state;
    static char names[300][24];
    static struct vouch_store_host_trust hosts[300];
    for (size_t i = 0; i < 300; i++) {
        (void)snprintf(names[i], sizeof names[i], "web%03zu.example.com", i);
        hosts[i] =
            (struct vouch_store_host_trust){.host = vouch_bytes_of(names[i]), .reported_s = NOW_S};
    }
    struct vouch_ca_rotation_host rows[VOUCH_ROTATION_HOSTS_MAX];
    size_t count = 0;
    struct vouch_rotation_gate gate = gate_of(VOUCH_ROTATE_SWITCH, VOUCH_CERT_HOST);
    gate.hosts = hosts;
    gate.host_count = 300;
    const struct vouch_rotation_coverage coverage =
        vouch_rotation_count(&gate, &nothing, rows, VOUCH_ROTATION_HOSTS_MAX, &count);
    assert_int_equal(coverage.blocking, 300);
    assert_int_equal(count, VOUCH_ROTATION_HOSTS_MAX);
    refused(&gate, &nothing, "V-1977", "300 hosts have not");
    refused(&gate, &nothing, "V-1977", "web004.example.com and others");
}

static void each_phase_has_its_steps(void **state) {
    (void)state;
    static const struct {
        enum vouch_rotation_phase phase;
        enum vouch_rotation_verb forward, backward;
    } rows[] = {
        {VOUCH_ROTATION_NONE, VOUCH_ROTATE_NONE, VOUCH_ROTATE_NONE},
        {VOUCH_ROTATION_STEADY, VOUCH_ROTATE_NONE, VOUCH_ROTATE_NONE},
        {VOUCH_ROTATION_DISTRIBUTE, VOUCH_ROTATE_SWITCH, VOUCH_ROTATE_DROP},
        {VOUCH_ROTATION_DRAIN, VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_BACK},
        {VOUCH_ROTATION_REMOVED, VOUCH_ROTATE_DESTROY, VOUCH_ROTATE_RESTORE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vouch_rotation_forward(rows[i].phase), rows[i].forward);
        assert_int_equal(vouch_rotation_backward(rows[i].phase), rows[i].backward);
        const struct vouch_rotation_step *step = vouch_rotation_step_of(rows[i].forward);
        assert_true(step == NULL || step->from == rows[i].phase);
        step = vouch_rotation_step_of(rows[i].backward);
        assert_true(step == NULL || step->from == rows[i].phase);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_report_must_have_the_bundle),
        cmocka_unit_test(a_host_that_is_named_is_left_behind),
        cmocka_unit_test(being_in_a_hurry_opens_no_gate_for_hosts),
        cmocka_unit_test(with_no_hosts_nobody_is_waited_for),
        cmocka_unit_test(certificates_of_people_are_waited_for),
        cmocka_unit_test(each_host_must_have_its_certificate_anew),
        cmocka_unit_test(many_hosts_are_counted_and_some_named),
        cmocka_unit_test(each_phase_has_its_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
