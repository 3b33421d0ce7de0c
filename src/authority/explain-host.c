// SPDX-License-Identifier: ISC
// The checks of a host: whether it is known, what it last reported, and whether its sshd would look at a
// certificate at all.
#include "authority/explain.h"

#include <inttypes.h>
#include <strings.h>

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

// --- what holds for some only

enum fit { FITS_NOT = 0, FITS, MAY_FIT };

// Of "User a,b*,!c"; nobody here knows what any other criterion is about.
static enum fit fits_criteria(struct vouch_bytes criteria, struct vouch_bytes login) {
    struct vouch_bytes word = vouch_str_cut(&criteria, ' ');
    enum fit fit = FITS_NOT;
    if (word.len != 4 || strncasecmp((const char *)word.ptr, "user", 4) != 0 || criteria.len == 0 ||
        memchr(criteria.ptr, ' ', criteria.len) != NULL) {
        return word.len == 3 && strncasecmp((const char *)word.ptr, "all", 3) == 0 ? FITS : MAY_FIT;
    }
    while (criteria.ptr != NULL) {
        struct vouch_bytes pattern = vouch_str_cut(&criteria, ',');
        int is_not = pattern.len > 0 && pattern.ptr[0] == '!';
        pattern.ptr += is_not;
        pattern.len -= (size_t)is_not;
        if (pattern.len > 0 && vouch_pattern_fits(pattern, login)) {
            if (is_not) {
                return FITS_NOT;
            }
            fit = FITS;
        }
    }
    return fit;
}

// "KEYWORD VALUE if CRITERIA"
static void check_match(struct vouch_explaining *explaining, struct vouch_bytes text) {
    static const char mark[] = " if ";
    const struct vouch_bytes login = explaining->ask->login;
    const uint8_t *at = text.len > 0 ? memmem(text.ptr, text.len, mark, sizeof mark - 1) : NULL;
    if (at == NULL) {
        return;
    }
    const struct vouch_bytes setting = {text.ptr, (size_t)(at - text.ptr)};
    const struct vouch_bytes criteria = {at + sizeof mark - 1,
                                         text.len - setting.len - (sizeof mark - 1)};
    const enum fit fit = fits_criteria(criteria, login);
    const int refuses = vouch_bytes_equal(setting, vouch_bytes_of("trustedusercakeys none")) ||
                        vouch_bytes_equal(setting, vouch_bytes_of("pubkeyauthentication no"));
    if (fit != FITS_NOT) {
        vouch_explain_add(explaining, "sshd-match",
                          fit == FITS && refuses ? VOUCH_CHECK_FAIL : VOUCH_CHECK_WARN,
                          "take it out of the Match block of the host's sshd_config",
                          "for %.*s the host's sshd %s otherwise: %.*s (Match %.*s)",
                          VOUCH_REPLY_TEXT(login), fit == FITS ? "is set" : "may be set",
                          VOUCH_REPLY_TEXT(setting), VOUCH_REPLY_TEXT(criteria));
    }
}

static void check_matches(struct vouch_explaining *explaining) {
    for (size_t i = 0; i < explaining->report.setting_count; i++) {
        struct vouch_bytes rest = explaining->report.settings[i];
        if (vouch_bytes_equal(vouch_str_cut(&rest, ' '), vouch_bytes_of("match"))) {
            check_match(explaining, rest);
        }
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
    check_matches(explaining);
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
