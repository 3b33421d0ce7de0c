// SPDX-License-Identifier: ISC
// The checks of a host: whether it is known, what it last reported, and whether its sshd would look at a
// certificate at all.
#include "authority/explain.h"

#include <inttypes.h>

#include "authority/decide.h"
#include "base/str.h"
#include "base/time.h"

#define SILENT_S 600u
#define CLOCK_OFF_MAX_MS 60000

// --- settings of sshd

struct vouch_bytes vouch_explain_setting(const struct vouch_explaining *explaining,
                                         const char *key) {
    for (size_t i = 0; i < explaining->report.setting_count; i++) {
        struct vouch_bytes rest = explaining->report.settings[i];
        struct vouch_bytes first = vouch_str_cut(&rest, ' ');
        if (rest.ptr != NULL && vouch_bytes_equal(first, vouch_bytes_of(key))) {
            return rest;
        }
    }
    return (struct vouch_bytes){0};
}

static int is_set_to(const struct vouch_explaining *explaining, const char *key,
                     const char *value) {
    return vouch_bytes_equal(vouch_explain_setting(explaining, key), vouch_bytes_of(value));
}

// Each line of a list of users may name several, as patterns, and "USER@HOST", which is not judged here.
static int lists_login(const struct vouch_explaining *explaining, const char *key, int *ret_has) {
    int fits = 0;
    *ret_has = 0;
    for (size_t i = 0; i < explaining->report.setting_count; i++) {
        struct vouch_bytes rest = explaining->report.settings[i];
        if (!vouch_bytes_equal(vouch_str_cut(&rest, ' '), vouch_bytes_of(key))) {
            continue;
        }
        while (rest.ptr != NULL) {
            struct vouch_bytes name = vouch_str_cut(&rest, ' ');
            *ret_has = *ret_has || name.len > 0;
            fits = fits || (name.len > 0 && vouch_pattern_fits(name, explaining->ask->login));
        }
    }
    return fits;
}

static void check_lists(struct vouch_explaining *explaining) {
    int has = 0;
    if (lists_login(explaining, "denyusers", &has)) {
        vouch_explain_add(explaining, "sshd-users", VOUCH_CHECK_FAIL,
                          "remove it from DenyUsers in the host's sshd_config",
                          "DenyUsers of the host's sshd names %.*s",
                          VOUCH_REPLY_TEXT(explaining->ask->login));
    }
    if (!lists_login(explaining, "allowusers", &has) && has) {
        vouch_explain_add(explaining, "sshd-users", VOUCH_CHECK_FAIL,
                          "add it to AllowUsers in the host's sshd_config",
                          "AllowUsers of the host's sshd does not name %.*s",
                          VOUCH_REPLY_TEXT(explaining->ask->login));
    }
}

static void check_settings(struct vouch_explaining *explaining) {
    size_t before = explaining->count;
    int is_root = vouch_bytes_equal(explaining->ask->login, vouch_bytes_of("root"));
    if (is_set_to(explaining, "pubkeyauthentication", "no")) {
        vouch_explain_add(explaining, "sshd-keys", VOUCH_CHECK_FAIL,
                          "set PubkeyAuthentication yes in the host's sshd_config",
                          "the host's sshd takes no keys: PubkeyAuthentication no");
    }
    if (is_root && is_set_to(explaining, "permitrootlogin", "no")) {
        vouch_explain_add(explaining, "sshd-root", VOUCH_CHECK_FAIL,
                          "set PermitRootLogin prohibit-password in the host's sshd_config",
                          "the host's sshd lets nobody in as root: PermitRootLogin no");
    }
    if (is_root && is_set_to(explaining, "permitrootlogin", "forced-commands-only")) {
        vouch_explain_add(explaining, "sshd-root", VOUCH_CHECK_WARN, "",
                          "the host's sshd lets root in only with a forced command");
    }
    check_lists(explaining);
    if (is_set_to(explaining, "maxauthtries", "1")) {
        vouch_explain_add(explaining, "sshd-tries", VOUCH_CHECK_WARN,
                          "set IdentitiesOnly yes for this host in ~/.ssh/config",
                          "MaxAuthTries 1: another key that is offered first uses up the try");
    }
    if (explaining->count == before) {
        vouch_explain_add(explaining, "sshd-settings", VOUCH_CHECK_OK, "",
                          "nothing in the host's sshd settings refuses %.*s",
                          VOUCH_REPLY_TEXT(explaining->ask->login));
    }
}

// --- what it has installed

static void check_report(struct vouch_explaining *explaining) {
    const struct vouch_store_host_report *report = &explaining->report;
    uint64_t ago_s = explaining->now_s > report->time_s ? explaining->now_s - report->time_s : 0;
    char ago[VOUCH_TIME_TEXT_MAX];
    vouch_duration_text(ago_s, ago);
    if (!explaining->has_report) {
        vouch_explain_add(explaining, "host-reports", VOUCH_CHECK_UNKNOWN,
                          explaining->is_enrolled ? "on the host: vouch-host status" : "",
                          "%.*s never reported: what it has installed is not known",
                          VOUCH_REPLY_TEXT(explaining->host));
    } else if (ago_s > SILENT_S) {
        vouch_explain_add(explaining, "host-reports", VOUCH_CHECK_WARN,
                          "on the host: vouch-host status", "last reported %s ago", ago);
    } else if (report->problem_count > 0) {
        vouch_explain_add(explaining, "host-reports", VOUCH_CHECK_WARN,
                          "on the host: vouch-host status",
                          "reported %s ago, and not all is well: %.*s", ago,
                          VOUCH_REPLY_TEXT(report->problems[0]));
    } else {
        vouch_explain_add(explaining, "host-reports", VOUCH_CHECK_OK, "", "reported %s ago", ago);
    }
    if (explaining->has_report &&
        (report->clock_ms > CLOCK_OFF_MAX_MS || report->clock_ms < -CLOCK_OFF_MAX_MS)) {
        vouch_explain_add(explaining, "clock", VOUCH_CHECK_WARN, "set the host's clock",
                          "the host's clock is off by %" PRId64 " seconds",
                          report->clock_ms / 1000);
    }
}

static void check_trust(struct vouch_explaining *explaining) {
    const struct vouch_store_host_report *report = &explaining->report;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    // A host certificate is of another CA rightly: that it is one is said by itself.
    int has_user_cert = explaining->cert != NULL && explaining->cert->type == VOUCH_CERT_USER;
    const struct vouch_key *ca = has_user_cert
                                     ? explaining->cert->ca
                                     : vouch_trust_active(&explaining->trust, VOUCH_CERT_USER);
    vouch_key_fingerprint(ca, VOUCH_HASH_SHA256, fingerprint);
    for (size_t i = 0; i < report->ca_key_count; i++) {
        if (vouch_bytes_equal(report->ca_keys[i], vouch_bytes_of(fingerprint))) {
            vouch_explain_add(explaining, "trusts-ca", VOUCH_CHECK_OK, "",
                              "its sshd trusts user CA %s", fingerprint);
            return;
        }
    }
    vouch_explain_add(explaining, "trusts-ca", VOUCH_CHECK_FAIL, "on the host: vouch-host check",
                      "its sshd does not trust user CA %s", fingerprint);
}

static void check_krl(struct vouch_explaining *explaining) {
    struct vouch_office *office = explaining->authority->office;
    uint64_t has = explaining->report.krl_version;
    pthread_mutex_lock(&office->public_lock);
    uint64_t newest = office->krls[0].version;
    pthread_mutex_unlock(&office->public_lock);
    if (has == 0) {
        vouch_explain_add(explaining, "krl-there", VOUCH_CHECK_FAIL,
                          "on the host: vouch-host check",
                          "it has no good revocation list, so its sshd refuses everybody");
    } else if (has < newest) {
        vouch_explain_add(
            explaining, "krl-there", VOUCH_CHECK_WARN, "on the host: vouch-host status",
            "it has revocation list %" PRIu64 ", and %" PRIu64 " is out", has, newest);
    } else {
        vouch_explain_add(explaining, "krl-there", VOUCH_CHECK_OK, "",
                          "it has revocation list %" PRIu64 ", the newest", has);
    }
}

static void check_host_cert(struct vouch_explaining *explaining) {
    uint64_t until_s = 0;
    for (size_t i = 0; i < explaining->row.key_count; i++) {
        uint64_t before_s = explaining->row.keys[i].valid_before_s;
        until_s = before_s > until_s ? before_s : until_s;
    }
    if (until_s > explaining->now_s) {
        vouch_explain_add(explaining, "host-certificate", VOUCH_CHECK_OK, "",
                          "its host certificate is valid");
    } else {
        vouch_explain_add(explaining, "host-certificate", VOUCH_CHECK_WARN,
                          "on the host: vouch-host renew",
                          "its host certificate is over: ssh asks whether to trust its key");
    }
}

static void check_known(struct vouch_explaining *explaining) {
    if (explaining->place == NULL && !explaining->is_enrolled) {
        vouch_explain_add(explaining, "host-known", VOUCH_CHECK_FAIL,
                          "on the host: vouch-host enrol; or add it to the policy: vouch host ls",
                          "no host %.*s is enrolled or in the policy",
                          VOUCH_REPLY_TEXT(explaining->ask->host));
    } else if (explaining->is_enrolled && explaining->row.state == VOUCH_STORE_HOST_LOCKED) {
        vouch_explain_add(explaining, "host-known", VOUCH_CHECK_WARN,
                          "an administrator looks at it: vouch host show",
                          "%.*s is locked: it gets no changes any more",
                          VOUCH_REPLY_TEXT(explaining->host));
    } else if (explaining->place == NULL) {
        vouch_explain_add(explaining, "host-known", VOUCH_CHECK_FAIL,
                          "an administrator gives it a zone that there is: vouch host edit",
                          "%.*s is enrolled in zone %.*s, which the policy does not have",
                          VOUCH_REPLY_TEXT(explaining->host),
                          VOUCH_REPLY_TEXT(explaining->row.zone));
    } else if (!explaining->is_enrolled) {
        vouch_explain_add(explaining, "host-known", VOUCH_CHECK_OK, "",
                          "%.*s is in the policy, zone %.*s, and is not enrolled",
                          VOUCH_REPLY_TEXT(explaining->host),
                          VOUCH_REPLY_TEXT(explaining->place->zone));
    } else {
        vouch_explain_add(explaining, "host-known", VOUCH_CHECK_OK, "",
                          "%.*s is enrolled, zone %.*s", VOUCH_REPLY_TEXT(explaining->host),
                          VOUCH_REPLY_TEXT(explaining->place->zone));
    }
}

void vouch_explain_host(struct vouch_explaining *explaining) {
    check_known(explaining);
    if (explaining->place == NULL && !explaining->is_enrolled) {
        return;
    }
    check_report(explaining);
    if (explaining->has_report) {
        check_settings(explaining);
        check_trust(explaining);
        check_krl(explaining);
    }
    if (explaining->is_enrolled) {
        check_host_cert(explaining);
    }
}

uint64_t vouch_explain_host_time(const struct vouch_explaining *explaining) {
    int64_t ahead_s = explaining->has_report ? explaining->report.clock_ms / 1000 : 0;
    uint64_t back_s = ahead_s < 0 ? (uint64_t)-ahead_s : 0;
    uint64_t now_s = explaining->now_s;
    return ahead_s >= 0 ? now_s + (uint64_t)ahead_s : now_s > back_s ? now_s - back_s : 0;
}
