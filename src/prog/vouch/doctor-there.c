// SPDX-License-Identifier: ISC
// What vouch doctor looks at elsewhere: the server, the session, the clock, and one host.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/body.h"
#include "prog/vouch/checkup.h"
#include "prog/vouch/run-program.h"
#include "prog/vouch/trust.h"
#include "vouch/cert.h"

#define CLOCK_WARN_MS 30000 // certificates begin a minute early
#define CLOCK_FAIL_MS 60000
#define CERT_LINE_MAX (64u * 1024)

// The server

static void look_at_clock(struct vouch_checkup *checkup, const struct vouch_reach *reach) {
    int64_t ahead_ms = 0;
    if (vouch_api_clock(reach->api, &ahead_ms) != 0) {
        vouch_checkup_add(checkup, "clock", VOUCH_CHECKUP_UNKNOWN, NULL,
                          "the server does not say what time it is");
        return;
    }
    uint64_t off_ms = (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms);
    const char *side = ahead_ms < 0 ? "behind" : "ahead";
    if (off_ms < CLOCK_WARN_MS) {
        vouch_checkup_add(checkup, "clock", VOUCH_CHECKUP_OK, NULL,
                          "the clocks of server and client agree");
        return;
    }
    vouch_checkup_add(
        checkup, "clock", off_ms < CLOCK_FAIL_MS ? VOUCH_CHECKUP_WARN : VOUCH_CHECKUP_FAIL,
        "set it, and keep it set: timedatectl set-ntp true",
        "the clock here is %llu s %s of the server's", (unsigned long long)(off_ms / 1000), side);
}

void vouch_doctor_server(struct vouch_checkup *checkup, struct vouch_reach *reach) {
    const struct vouch_api_ask ask = {.path = "/v1/me"};
    struct vouch_fault fault = {0};
    json_t *me = NULL;
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.me/1", &me, &fault);
    if (err == 0) {
        const char *user = vouch_answer_text(me, "user");
        vouch_checkup_hide(checkup, user);
        vouch_checkup_add(checkup, "session", VOUCH_CHECKUP_OK, NULL, "signed in to %s as %s",
                          vouch_api_name(reach->api), user != NULL ? user : "?");
    } else if (reach->by != VOUCH_BY_SESSION && err == VOUCH_ERR_PASSPHRASE) {
        vouch_checkup_add(checkup, "session", VOUCH_CHECKUP_FAIL, "vouch login",
                          "not signed in to %s", vouch_api_name(reach->api));
    } else {
        vouch_checkup_add_fault(checkup, "session", VOUCH_CHECKUP_FAIL, &fault);
    }
    look_at_clock(checkup, reach);
    json_decref(me);
}

// What ssh would do

struct plan {
    struct vouch_buf text; // of ssh -G
    char name[256], user[128], port[16];
    int jumps;
};

static void read_word(const char *line, const char *key, char *room, size_t size) {
    size_t len = strlen(key);
    if (strncasecmp(line, key, len) == 0 && line[len] == ' ') {
        (void)snprintf(room, size, "%s", line + len + 1);
    }
}

static int read_plan(struct vouch_checkup *checkup, const char *host, struct plan *plan) {
    // "--" keeps a name that begins with "-" from being an option.
    const char *const argv[] = {"ssh", "-G", "--", host, NULL};
    struct vouch_fault fault = {0};
    char jump[64] = "", command[64] = "";
    int status = 0;
    int err = vouch_run_program(argv, VOUCH_RUN_STDOUT, &plan->text, &status, &fault);
    if (err != 0 || status != 0) {
        vouch_checkup_add(checkup, "config", VOUCH_CHECKUP_FAIL, "ssh -G shows the line",
                          "ssh cannot read its configuration for %s", host);
        return 0;
    }
    struct vouch_bytes rest = vouch_buf_bytes(&plan->text);
    while (rest.ptr != NULL) {
        struct vouch_bytes part = vouch_str_trim(vouch_str_cut(&rest, '\n'));
        vouch_autofree char *line = vouch_str_copy(part);
        if (line != NULL) {
            read_word(line, "hostname", plan->name, sizeof plan->name);
            read_word(line, "user", plan->user, sizeof plan->user);
            read_word(line, "port", plan->port, sizeof plan->port);
            read_word(line, "proxyjump", jump, sizeof jump);
            read_word(line, "proxycommand", command, sizeof command);
        }
    }
    plan->jumps = (jump[0] != '\0' && strcmp(jump, "none") != 0) ||
                  (command[0] != '\0' && strcmp(command, "none") != 0);
    return plan->name[0] != '\0' && plan->user[0] != '\0';
}

static void judge_plan(struct vouch_checkup *checkup, const struct plan *plan) {
    static const char mark[] = "/vouch/";
    struct vouch_bytes rest = vouch_buf_bytes(&plan->text);
    int found = 0;
    while (rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        found |= line.len > 16 &&
                 strncasecmp((const char *)line.ptr, "certificatefile ", 16) == 0 &&
                 memmem(line.ptr, line.len, mark, sizeof mark - 1) != NULL;
    }
    if (found) {
        vouch_checkup_add(checkup, "config", VOUCH_CHECKUP_OK, NULL,
                          "ssh would show the certificate to %s, as %s", plan->name, plan->user);
    } else {
        vouch_checkup_add(checkup, "config", VOUCH_CHECKUP_FAIL,
                          "vouch login, and connect by a name of the zone: vouch ls shows them",
                          "ssh would show no certificate of vouch to %s", plan->name);
    }
}

// The host's own certificate

static void judge_cert(struct vouch_checkup *checkup, const struct vouch_trust *trust,
                       const char *host, const struct vouch_cert *cert) {
    const struct vouch_key *cas[VOUCH_TRUST_KEYS_MAX];
    const size_t ca_count = vouch_trust_counting(trust, VOUCH_CERT_HOST, cas);
    struct vouch_cert_result result;
    char left[VOUCH_TIME_TEXT_MAX];
    const struct vouch_cert_expect expect = {
        .type = VOUCH_CERT_HOST,
        .now = vouch_time_now_s(),
        .cas = cas,
        .ca_count = ca_count,
        .name = vouch_bytes_of(host),
    };
    if (ca_count == 0) {
        vouch_checkup_add(checkup, "host", VOUCH_CHECKUP_UNKNOWN, "vouch server set",
                          "which CA signs hosts was never noted down here");
        return;
    }
    vouch_cert_check(cert, &expect, &result);
    if (result.verdict == VOUCH_CERT_ACCEPTED) {
        vouch_duration_text(cert->valid_before - expect.now, left);
        vouch_checkup_add(checkup, "host", VOUCH_CHECKUP_OK, NULL,
                          "%s shows a host certificate that is valid for %s", host, left);
        return;
    }
    for (size_t i = 0; i < result.reason_count; i++) {
        vouch_checkup_add(checkup, "host", VOUCH_CHECKUP_FAIL,
                          "on the host: vouch-host check says why",
                          "%s shows a host certificate that ssh refuses: %s: %s %s", host,
                          vouch_cert_reason_text(result.reasons[i].code), result.reasons[i].field,
                          result.reasons[i].value);
    }
}

// "TYPE BASE64"; NULL: it is none.
static struct vouch_cert *read_cert(struct vouch_bytes line) {
    struct vouch_cert *cert = NULL;
    struct vouch_bytes comment;
    struct vouch_where where;
    struct vouch_buf blob;
    vouch_buf_init(&blob, CERT_LINE_MAX);
    if (vouch_key_line_decode(line, &blob, &comment, &where) == 0) {
        (void)!vouch_cert_parse(vouch_buf_bytes(&blob), &cert, &where);
    }
    vouch_buf_done(&blob);
    return cert;
}

// The certificates of what ssh-keyscan printed, with the host before it or, as some versions have it,
// without.
static void read_certs(struct vouch_bytes text, struct vouch_shown_certs *certs) {
    while (certs->count < VOUCH_SHOWN_CERTS_MAX && text.ptr != NULL) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&text, '\n'));
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        struct vouch_cert *cert = read_cert(line);
        (void)vouch_str_cut(&line, ' ');
        if (cert == NULL && line.ptr != NULL) {
            cert = read_cert(line);
        }
        if (cert != NULL) {
            certs->rows[certs->count++] = cert;
        }
    }
}

static void look_at_cert(struct vouch_checkup *checkup, const struct vouch_settings *settings,
                         const struct plan *plan, const char *host) {
    const char *const argv[] = {"ssh-keyscan", "-T", "5",        "-c", "-p",
                                plan->port,    "--", plan->name, NULL};
    struct vouch_fault fault = {0};
    struct vouch_shown_certs certs = {0};
    struct vouch_buf out;
    int status = 0;
    if (plan->jumps || plan->name[0] == '-') {
        vouch_checkup_add(checkup, "host", VOUCH_CHECKUP_UNKNOWN, NULL,
                          "%s is reached through another host: its certificate is not looked at",
                          host);
        return;
    }
    vouch_buf_init(&out, VOUCH_RUN_OUT_MAX);
    int err = vouch_run_program(argv, VOUCH_RUN_STDOUT, &out, &status, &fault);
    if (err == 0) {
        read_certs(vouch_buf_bytes(&out), &certs);
    }
    if (err != 0) {
        vouch_checkup_add_fault(checkup, "host", VOUCH_CHECKUP_UNKNOWN, &fault);
    } else if (certs.count == 0) {
        vouch_checkup_add(checkup, "host", VOUCH_CHECKUP_WARN,
                          "enrol it, or connect once it answers: ssh asks whether to trust its key",
                          "%s does not answer, or shows no host certificate", plan->name);
    } else {
        struct vouch_trust trust = {0};
        (void)!vouch_trust_here(settings, &trust, NULL); // without it nobody's keys are known
        judge_cert(checkup, &trust, host, certs.rows[0]);
        vouch_doctor_known_hosts(checkup, host, plan->port, &certs);
        vouch_trust_done(&trust);
    }
    for (size_t i = 0; i < certs.count; i++) {
        vouch_cert_free(certs.rows[i]);
    }
    vouch_buf_done(&out);
}

// What the server says of the login

static void put_explained(struct vouch_checkup *checkup, const json_t *answer) {
    const json_t *checks = json_object_get(answer, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const char *state = vouch_answer_text(check, "state");
        const char *text = vouch_answer_text(check, "text");
        enum vouch_checkup_state is = VOUCH_CHECKUP_UNKNOWN;
        if (state != NULL && strcmp(state, "ok") == 0) {
            is = VOUCH_CHECKUP_OK;
        } else if (state != NULL && strcmp(state, "fail") == 0) {
            is = VOUCH_CHECKUP_FAIL;
        } else if (state != NULL && strcmp(state, "warn") == 0) {
            is = VOUCH_CHECKUP_WARN;
        }
        vouch_checkup_add(checkup, "login", is,
                          is == VOUCH_CHECKUP_OK ? NULL : vouch_answer_text(check, "next"), "%s",
                          text != NULL ? text : "?");
    }
}

static void ask_login(struct vouch_checkup *checkup, struct vouch_reach *reach,
                      const struct plan *plan, const char *host) {
    struct vouch_fault fault = {0};
    struct vouch_body body;
    vouch_autofree char *text = NULL;
    json_t *answer = NULL;
    vouch_body_init(&body);
    vouch_body_text(&body, "login", plan->user);
    vouch_body_text(&body, "host", host);
    int err = vouch_body_end(&body, &text, &fault);
    vouch_body_done(&body);
    if (err == 0) {
        const struct vouch_api_ask ask = {
            .method = VOUCH_API_POST, .path = "/v1/explain", .body = text};
        err = vouch_api_ask_json(reach->api, &ask, "vouch.explain/1", &answer, &fault);
    }
    if (err != 0) {
        vouch_checkup_add_fault(checkup, "login", VOUCH_CHECKUP_UNKNOWN, &fault);
    } else {
        put_explained(checkup, answer);
    }
    json_decref(answer);
}

void vouch_doctor_host(struct vouch_checkup *checkup, struct vouch_reach *reach, const char *host) {
    const char *at = strrchr(host, '@');
    const char *name = at != NULL ? at + 1 : host;
    struct plan plan = {.port = "22"};
    vouch_buf_init(&plan.text, VOUCH_RUN_OUT_MAX);
    vouch_checkup_hide(checkup, host);
    vouch_checkup_hide(checkup, name);
    if (read_plan(checkup, host, &plan)) {
        vouch_checkup_hide(checkup, plan.name);
        vouch_checkup_hide(checkup, plan.user);
        judge_plan(checkup, &plan);
        look_at_cert(checkup, &reach->settings, &plan, name);
        ask_login(checkup, reach, &plan, name);
    }
    vouch_buf_done(&plan.text);
}
