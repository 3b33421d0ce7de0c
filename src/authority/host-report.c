// SPDX-License-Identifier: ISC
// What an enrolled host says of itself: what it has installed, and how it is.
//
// Nothing of a report is believed for anything but showing it, and waiting for the host in a rotation of
// CA keys: a host that lies deceives whoever looks at it or shuts itself out, and gains nothing by it.
#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/time.h"
#include "store/host-reports.h"

#define REPORT_COARSE_S 10u             // the same report is written no more often
#define CLOCK_MAX_S (10u * 365 * 86400) // a clock that is further off is shown as that

static int is_printable(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) {
            return 0;
        }
    }
    return 1;
}

static int are_printable(const struct vouch_text_list *list) {
    int are = 1;
    for (size_t i = 0; i < list->count && are; i++) {
        are = is_printable(list->items[i]);
    }
    return are;
}

static int is_health(struct vouch_bytes text) {
    return vouch_bytes_equal(text, vouch_bytes_of("ok")) ||
           vouch_bytes_equal(text, vouch_bytes_of("warning")) ||
           vouch_bytes_equal(text, vouch_bytes_of("critical"));
}

static int judge(const struct vouch_ask_host_report *ask, struct vouch_reply *reply) {
    const char *bad = NULL;
    if (!is_health(ask->health)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "health",
                        "health must be ok, warning or critical");
        return 0;
    }
    bad = !are_printable(&ask->problems)   ? "problems"
          : !are_printable(&ask->ca_keys)  ? "ca_keys"
          : !are_printable(&ask->settings) ? "settings"
          : !is_printable(ask->agent)      ? "agent"
          : !is_printable(ask->sshd)       ? "sshd"
                                           : NULL;
    if (bad != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, bad,
                        "%s must be printable ASCII", bad);
    }
    return bad == NULL;
}

static int64_t clock_ahead_ms(uint64_t host_s, uint64_t now_s) {
    uint64_t off_s = host_s > now_s ? host_s - now_s : now_s - host_s;
    int64_t off_ms = (int64_t)(off_s > CLOCK_MAX_S ? CLOCK_MAX_S : off_s) * 1000;
    return host_s > now_s ? off_ms : -off_ms;
}

static int lists_equal(const struct vouch_bytes *a, size_t a_count, const struct vouch_bytes *b,
                       size_t b_count) {
    int equal = a_count == b_count;
    for (size_t i = 0; equal && i < a_count; i++) {
        equal = vouch_bytes_equal(a[i], b[i]);
    }
    return equal;
}

static int says_the_same(const struct vouch_store_host_report *a,
                         const struct vouch_store_host_report *b) {
    return a->krl_version == b->krl_version && a->krl_generated_s == b->krl_generated_s &&
           a->state_version == b->state_version && a->trust_version == b->trust_version &&
           vouch_bytes_equal(a->health, b->health) && vouch_bytes_equal(a->agent, b->agent) &&
           vouch_bytes_equal(a->sshd, b->sshd) &&
           lists_equal(a->problems, a->problem_count, b->problems, b->problem_count) &&
           lists_equal(a->ca_keys, a->ca_key_count, b->ca_keys, b->ca_key_count) &&
           lists_equal(a->settings, a->setting_count, b->settings, b->setting_count);
}

static int write_report(struct vouch_office *office, const struct vouch_store_host_report *report,
                        struct vouch_fault *fault) {
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_report_put(office->desk, report, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_host_report(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_host_report *ask,
                            struct vouch_answer_host_done *ret_answer, struct vouch_fault *fault) {
    struct vouch_store_host host = {0};
    struct vouch_store_host_report before = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_host(authority, caller, &host, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || !judge(ask, reply)) {
        return err;
    }
    uint64_t now_s = vouch_time_now_s();
    const struct vouch_store_host_report report = {
        .host = host.id,
        .time_s = now_s,
        .clock_ms = clock_ahead_ms(ask->time_s, now_s),
        .krl_version = ask->krl_version,
        .krl_generated_s = ask->krl_generated_s,
        .state_version = ask->state_version,
        .trust_version = ask->trust_version,
        .health = ask->health,
        .agent = ask->agent,
        .sshd = ask->sshd,
        .problems = ask->problems.items,
        .problem_count = ask->problems.count,
        .ca_keys = ask->ca_keys.items,
        .ca_key_count = ask->ca_keys.count,
        .settings = ask->settings.items,
        .setting_count = ask->settings.count,
    };
    err = vouch_store_host_report_find(vouch_lease(authority), host.id, &authority->arena, &outcome,
                                       &before, fault);
    vouch_lease_end(authority);
    int is_written = outcome == VOUCH_STORE_DONE && before.time_s <= now_s &&
                     now_s - before.time_s < REPORT_COARSE_S && says_the_same(&before, &report);
    if (err == VOUCH_OK && !is_written) {
        err = write_report(authority->office, &report, fault);
    }
    // A critical one may show its old certificate still.
    return err == VOUCH_OK && !vouch_bytes_equal(ask->health, vouch_bytes_of("critical"))
               ? vouch_host_former_end(authority, &host, fault)
               : err;
}
