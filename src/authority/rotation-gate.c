// SPDX-License-Identifier: ISC
// The gates of a rotation. Pure.
#include <inttypes.h>
#include <stdio.h>

#include "authority/rotation.h"
#include "base/time.h"

#define NAMES_LEN 160
#define NAMED_MAX 5 // hosts in the words of a refusal

enum vouch_rotation_verb vouch_rotation_forward(enum vouch_rotation_phase phase) {
    switch (phase) {
    case VOUCH_ROTATION_DISTRIBUTE:
        return VOUCH_ROTATE_SWITCH;
    case VOUCH_ROTATION_DRAIN:
        return VOUCH_ROTATE_REMOVE;
    case VOUCH_ROTATION_REMOVED:
        return VOUCH_ROTATE_DESTROY;
    case VOUCH_ROTATION_STEADY:
    case VOUCH_ROTATION_NONE:
        break;
    }
    return VOUCH_ROTATE_NONE;
}

enum vouch_rotation_verb vouch_rotation_backward(enum vouch_rotation_phase phase) {
    switch (phase) {
    case VOUCH_ROTATION_DISTRIBUTE:
        return VOUCH_ROTATE_DROP;
    case VOUCH_ROTATION_DRAIN:
        return VOUCH_ROTATE_BACK;
    case VOUCH_ROTATION_REMOVED:
        return VOUCH_ROTATE_RESTORE;
    case VOUCH_ROTATION_STEADY:
    case VOUCH_ROTATION_NONE:
        break;
    }
    return VOUCH_ROTATE_NONE;
}

// --- hosts

static int needs_bundle(const struct vouch_rotation_gate *gate) {
    return gate->step == VOUCH_ROTATE_SWITCH || gate->step == VOUCH_ROTATE_DESTROY;
}

static int is_silent(const struct vouch_rotation_gate *gate,
                     const struct vouch_store_host_trust *host) {
    return host->reported_s == 0 || (gate->now_s > host->reported_s &&
                                     gate->now_s - host->reported_s > VOUCH_ROTATION_SILENT_S);
}

// A certificate is in the way whether its host reports or not: who connects there would be turned away.
static enum vouch_ca_rotation_why why_of(const struct vouch_rotation_gate *gate,
                                         const struct vouch_store_host_trust *host) {
    if (gate->step == VOUCH_ROTATE_REMOVE && gate->use == VOUCH_CERT_HOST && host->others > 0) {
        return VOUCH_ROTATION_CERT;
    }
    if (is_silent(gate, host)) {
        return VOUCH_ROTATION_SILENT;
    }
    return needs_bundle(gate) && host->trust_version < gate->needs ? VOUCH_ROTATION_BEHIND
                                                                   : VOUCH_ROTATION_FINE;
}

static int is_without(const struct vouch_rotation_waiver *waiver, struct vouch_bytes host) {
    for (size_t i = 0; i < waiver->without.count; i++) {
        if (vouch_bytes_equal(waiver->without.items[i], host)) {
            return 1;
        }
    }
    return 0;
}

static int is_blocking(const struct vouch_rotation_gate *gate,
                       const struct vouch_rotation_waiver *waiver,
                       const struct vouch_store_host_trust *host) {
    const enum vouch_ca_rotation_why why = why_of(gate, host);
    int stands_there =
        why == VOUCH_ROTATION_BEHIND || (why == VOUCH_ROTATION_CERT && !waiver->is_hurried);
    return stands_there && !is_without(waiver, host->host);
}

static struct vouch_ca_rotation_host row_of(const struct vouch_rotation_gate *gate,
                                            const struct vouch_store_host_trust *host) {
    const enum vouch_ca_rotation_why why = why_of(gate, host);
    return (struct vouch_ca_rotation_host){.host = host->host,
                                           .agent = host->agent,
                                           .why = why,
                                           .trust_version = host->trust_version,
                                           .reported_s = host->reported_s,
                                           .cert_end_s =
                                               why == VOUCH_ROTATION_CERT ? host->others_end_s : 0};
}

struct vouch_rotation_coverage vouch_rotation_count(const struct vouch_rotation_gate *gate,
                                                    const struct vouch_rotation_waiver *waiver,
                                                    struct vouch_ca_rotation_host *rows, size_t max,
                                                    size_t *ret_count) {
    struct vouch_rotation_coverage coverage = {0};
    size_t count = 0;
    for (size_t i = 0; i < gate->host_count; i++) {
        const struct vouch_store_host_trust *host = &gate->hosts[i];
        int silent = is_silent(gate, host);
        coverage.silent += silent ? 1 : 0;
        coverage.reporting += silent ? 0 : 1;
        coverage.covered += !silent && why_of(gate, host) == VOUCH_ROTATION_FINE ? 1 : 0;
        if (is_blocking(gate, waiver, host)) {
            coverage.blocking++;
            coverage.until_s =
                host->others_end_s > coverage.until_s ? host->others_end_s : coverage.until_s;
            if (count < max) {
                rows[count++] = row_of(gate, host);
            }
        }
    }
    for (size_t i = 0; i < gate->host_count && count < max; i++) {
        if (is_silent(gate, &gate->hosts[i]) && !is_blocking(gate, waiver, &gate->hosts[i])) {
            rows[count++] = row_of(gate, &gate->hosts[i]);
        }
    }
    if (gate->step != VOUCH_ROTATE_REMOVE) {
        coverage.until_s = 0;
    } else if (gate->use == VOUCH_CERT_USER) {
        coverage.until_s = gate->going.live_end_s;
    }
    *ret_count = count;
    return coverage;
}

// --- judging

// Somebody who names a host that is not there means another one.
static int judge_without(const struct vouch_rotation_gate *gate,
                         const struct vouch_rotation_waiver *waiver, struct vouch_reply *reply) {
    for (size_t i = 0; i < waiver->without.count; i++) {
        const struct vouch_bytes name = waiver->without.items[i];
        size_t at = 0;
        while (at < gate->host_count && !vouch_bytes_equal(gate->hosts[at].host, name)) {
            at++;
        }
        if (at == gate->host_count) {
            vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "without",
                            "there is no active host %.*s: vouch host ls", VOUCH_REPLY_TEXT(name));
            return 0;
        }
    }
    return 1;
}

static void put_names(const struct vouch_ca_rotation_host *rows, size_t count, uint64_t blocking,
                      char ret_text[static NAMES_LEN]) {
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count && len < NAMES_LEN - 1; i++) {
        int put = snprintf(ret_text + len, NAMES_LEN - len, "%s%.*s", i > 0 ? ", " : "",
                           (int)(rows[i].host.len > 60 ? 60 : rows[i].host.len),
                           (const char *)rows[i].host.ptr);
        len += put > 0 ? (size_t)put : 0;
    }
    if (blocking > count && len < NAMES_LEN - 1) {
        (void)snprintf(ret_text + len, NAMES_LEN - len, " and others");
    }
}

static void refuse_for_hosts(const struct vouch_rotation_gate *gate,
                             const struct vouch_rotation_waiver *waiver,
                             struct vouch_reply *reply) {
    struct vouch_ca_rotation_host rows[NAMED_MAX];
    char names[NAMES_LEN];
    size_t count = 0;
    const struct vouch_rotation_coverage coverage =
        vouch_rotation_count(gate, waiver, rows, NAMED_MAX, &count);
    count = coverage.blocking < count ? (size_t)coverage.blocking : count;
    put_names(rows, count, coverage.blocking, names);
    if (gate->step == VOUCH_ROTATE_REMOVE) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_certs, "without",
                        "%" PRIu64 " %s a certificate by the old key: %s", coverage.blocking,
                        coverage.blocking == 1 ? "host shows" : "hosts show", names);
    } else {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_hosts, "without",
                        "%" PRIu64 " %s not the trust bundle that this needs: %s",
                        coverage.blocking, coverage.blocking == 1 ? "host has" : "hosts have",
                        names);
    }
}

static int judge_certs(const struct vouch_rotation_gate *gate,
                       const struct vouch_rotation_waiver *waiver, struct vouch_reply *reply) {
    char until[VOUCH_TIME_TEXT_MAX];
    if (gate->step != VOUCH_ROTATE_REMOVE || gate->use != VOUCH_CERT_USER || waiver->is_hurried ||
        gate->going.live == 0) {
        return 1;
    }
    if (gate->going.live_end_s == VOUCH_CERT_FOREVER) {
        (void)snprintf(until, sizeof until, "for ever");
    } else {
        vouch_time_utc(gate->going.live_end_s, until);
    }
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_certs, "now",
                    "%" PRIu64 " %s by the old key still %s, the last one until %s",
                    gate->going.live, gate->going.live == 1 ? "certificate" : "certificates",
                    gate->going.live == 1 ? "counts" : "count", until);
    return 0;
}

int vouch_rotation_judge(const struct vouch_rotation_gate *gate,
                         const struct vouch_rotation_waiver *waiver, struct vouch_reply *reply) {
    size_t count = 0;
    if (!judge_without(gate, waiver, reply) || !judge_certs(gate, waiver, reply)) {
        return 0;
    }
    if (vouch_rotation_count(gate, waiver, NULL, 0, &count).blocking == 0) {
        return 1;
    }
    refuse_for_hosts(gate, waiver, reply);
    return 0;
}
