// SPDX-License-Identifier: ISC
// Whether what was installed is still there and still holds.
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/str.h"
#include "base/time.h"
#include "host/match.h"
#include "host/sshd-conf.h"
#include "host/tell.h"
#include "vouch/krl.h"

#define ROWS_MAX 48
#define CERT_WARN_S (UINT64_C(3) * 86400)
#define KRL_WARN_S (UINT64_C(24) * 3600)

struct health {
    struct vouch_work *work;
    struct vouch_apply_checked *rows;
    size_t count;
};

static void say(struct health *health, const char *name, enum vouch_apply_health state,
                const char *next, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(struct health *health, const char *name, enum vouch_apply_health state,
                const char *next, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (health->count < ROWS_MAX) {
        health->rows[health->count++] = (struct vouch_apply_checked){
            .name = vouch_bytes_of(name),
            .health = state,
            .text = vouch_bytes_of(vouch_work_copy(health->work, vouch_bytes_of(text))),
            .next = vouch_bytes_of(next),
        };
    }
}

// --- sshd

static void check_config(struct health *health) {
    struct vouch_fault fault = {0};
    struct vouch_pending pending;
    const struct vouch_work *work = health->work;
    if (vouch_pending_load(work->root, work->arena, &pending, NULL) == VOUCH_OK) {
        say(health, "config", VOUCH_APPLY_WARNING, "vouch-host confirm",
            "a change of sshd's configuration waits to be confirmed");
    } else if (work->held.applied == 0) {
        say(health, "config", VOUCH_APPLY_CRITICAL, "vouch-host apply",
            "sshd's configuration is not ours");
    } else if (vouch_sshd_test(&work->sshd, &fault) != VOUCH_OK) {
        say(health, "config", VOUCH_APPLY_CRITICAL, "sshd -t", "%s", fault.text);
    } else {
        say(health, "config", VOUCH_APPLY_OK, "", "sshd accepts its configuration");
    }
}

static void check_walls(struct health *health) {
    if (strcmp(health->work->conf.walls, "no") == 0) {
        say(health, "walls", VOUCH_APPLY_WARNING,
            "take it out of /" VOUCH_HOST_CONF_PATH ", then: systemctl restart vouch-host",
            "the root part runs without its sandbox: \"walls no\"");
    }
}

static int has_line(const struct vouch_text_list *settings, struct vouch_bytes line) {
    for (size_t i = 0; i < settings->count; i++) {
        if (settings->items[i].len == line.len &&
            strncasecmp((const char *)settings->items[i].ptr, (const char *)line.ptr, line.len) ==
                0) {
            return 1;
        }
    }
    return 0;
}

static void check_settings(struct health *health) {
    struct vouch_work *work = health->work;
    const struct vouch_sshd_wish wish = {
        .prefix = work->root->prefix, .log = VOUCH_APPLY_LOG_KEEP, .by_login = work->held.by_login};
    struct vouch_buf proof;
    size_t wrong = 0;
    vouch_buf_init(&proof, 65536);
    struct vouch_bytes rest = {0};
    if (work->held.applied != 0 && vouch_sshd_conf_proof(&wish, &proof) == VOUCH_OK) {
        rest = vouch_buf_bytes(&proof);
    }
    while (rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        if (line.len > 0 && !has_line(&work->settings, line)) {
            wrong++;
            say(health, "settings", VOUCH_APPLY_CRITICAL, "vouch-host apply",
                "sshd would not use '%.*s'", (int)line.len, (const char *)line.ptr);
        }
    }
    if (work->held.applied != 0 && wrong == 0) {
        say(health, "settings", VOUCH_APPLY_OK, "", "sshd uses our settings");
    }
    vouch_buf_done(&proof);
}

// Whoever a block is about is judged by it, whatever holds for everybody else.
static int undoes_ours(struct vouch_bytes keyword) {
    static const char *const words[] = {"trustedusercakeys", "revokedkeys",
                                        "authorizedprincipalsfile", "authorizedprincipalscommand"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (vouch_bytes_equal(keyword, vouch_bytes_of(words[i]))) {
            return 1;
        }
    }
    return 0;
}

static void check_matches(struct health *health) {
    struct vouch_matches matches;
    vouch_match_scan(health->work, &matches);
    for (size_t i = 0; i < matches.count && health->work->held.applied != 0; i++) {
        const struct vouch_match_found *found = &matches.rows[i];
        say(health, "match",
            undoes_ours(found->keyword) ? VOUCH_APPLY_CRITICAL : VOUCH_APPLY_WARNING,
            "take it out of the Match block", "/%s line %llu: Match %.100s sets %s to '%.150s'",
            (const char *)found->file.ptr, (unsigned long long)found->line,
            (const char *)found->criteria.ptr, (const char *)found->keyword.ptr,
            (const char *)found->value.ptr);
    }
}

// --- files

static void check_trust(struct health *health) {
    struct vouch_work *work = health->work;
    struct vouch_buf file;
    vouch_buf_init(&file, VOUCH_TRUST_MAX);
    if (work->trust.key_count == 0) {
        say(health, "trust", VOUCH_APPLY_CRITICAL, "vouch-host sync", "no CA keys are installed");
    } else if (vouch_root_read(work->root, VOUCH_WORK_USER_CA, VOUCH_TRUST_MAX, &file, NULL,
                               NULL) != VOUCH_OK) {
        say(health, "trust", VOUCH_APPLY_CRITICAL, "vouch-host sync",
            "/%s is missing: sshd trusts no certificate", VOUCH_WORK_USER_CA);
    } else {
        say(health, "trust", VOUCH_APPLY_OK, "", "CA keys of version %llu",
            (unsigned long long)work->held.trust_version);
    }
    vouch_buf_done(&file);
}

int vouch_tell_list_is_whole(const struct vouch_work *work) {
    struct vouch_buf file;
    struct vouch_krl *krl = NULL;
    vouch_buf_init(&file, VOUCH_KRL_MAX);
    int is_whole =
        vouch_root_read(work->root, VOUCH_WORK_KRL, VOUCH_KRL_MAX, &file, NULL, NULL) == VOUCH_OK &&
        vouch_krl_is(vouch_buf_bytes(&file)) &&
        vouch_krl_parse(vouch_buf_bytes(&file), &krl, NULL) == VOUCH_OK &&
        vouch_krl_header(krl).version == work->held.krl_version;
    vouch_krl_free(krl);
    vouch_buf_done(&file);
    return is_whole;
}

static void check_list(struct health *health) {
    struct vouch_work *work = health->work;
    char age[VOUCH_TIME_TEXT_MAX];
    uint64_t generated_s = work->held.krl_generated_s;
    uint64_t age_s = work->now_s > generated_s ? work->now_s - generated_s : 0;
    vouch_duration_text(age_s, age);
    if (work->held.krl_version == 0 || !vouch_tell_list_is_whole(work)) {
        say(health, "krl", VOUCH_APPLY_CRITICAL, "vouch-host sync",
            "/%s is not the list that was installed", VOUCH_WORK_KRL);
    } else if (age_s > KRL_WARN_S) {
        say(health, "krl", VOUCH_APPLY_WARNING, "vouch-host sync",
            "the revocation list was signed %s ago", age);
    } else {
        say(health, "krl", VOUCH_APPLY_OK, "", "revocation list of version %llu, signed %s ago",
            (unsigned long long)work->held.krl_version, age);
    }
}

static void check_cert(struct health *health, const struct vouch_host_key *key) {
    struct vouch_work *work = health->work;
    struct vouch_cert *cert = vouch_work_cert(work, key);
    const char *reason = NULL;
    char left[VOUCH_TIME_TEXT_MAX];
    if (cert == NULL) {
        say(health, "certificate", VOUCH_APPLY_WARNING, "vouch-host renew", "/%s has none",
            key->path);
        return;
    }
    uint64_t left_s = cert->valid_before > work->now_s ? cert->valid_before - work->now_s : 0;
    vouch_duration_text(left_s, left);
    if (!vouch_work_accepts(work, cert, work->held.name, &reason)) {
        say(health, "certificate", VOUCH_APPLY_CRITICAL, "vouch-host renew", "that of /%s: %s",
            key->path, reason);
    } else {
        say(health, "certificate", left_s < CERT_WARN_S ? VOUCH_APPLY_WARNING : VOUCH_APPLY_OK,
            left_s < CERT_WARN_S ? "vouch-host renew" : "", "that of /%s holds for another %s",
            key->path, left);
    }
    vouch_cert_free(cert);
}

int vouch_tell_health(struct vouch_work *work, struct vouch_apply_checks *ret_checks,
                      struct vouch_fault *fault) {
    struct health health = {.work = work,
                            .rows = vouch_arena_alloc(work->arena, ROWS_MAX * sizeof *health.rows)};
    struct vouch_fault said = {0};
    if (health.rows == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory to tell how the host is");
    }
    check_walls(&health);
    check_config(&health);
    if (vouch_work_ask_sshd(work, &said) == VOUCH_OK) {
        check_settings(&health);
        check_matches(&health);
    } else {
        say(&health, "settings", VOUCH_APPLY_CRITICAL, "sshd -T", "%s", said.text);
    }
    check_trust(&health);
    check_list(&health);
    for (size_t i = 0; i < work->key_count; i++) {
        check_cert(&health, &work->keys[i]);
    }
    *ret_checks = (struct vouch_apply_checks){health.rows, health.count};
    return VOUCH_OK;
}
