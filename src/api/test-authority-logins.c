// SPDX-License-Identifier: ISC
// The double of the authority, as far as hosts report and people ask about logins. Its answers are
// constants, so that a test knows them.
#include <inttypes.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define TEXT(text)                                                                                 \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define NOW_S 1795356541

static const struct vouch_bytes words[] = {TEXT("deploy"), TEXT("root")};
static const struct vouch_bytes names[] = {TEXT("web1.example.com")};

ASKED(host_state, struct vouch_ask_host_state, struct vouch_answer_host_state) {
    static struct vouch_host_principal principals[] = {
        {.principal = TEXT("role:dev@prod"), .why = TEXT("role dev, label tier=web")},
        {.principal = TEXT("role:ops@prod"), .why = TEXT("role ops")}};
    static struct vouch_host_login logins[] = {
        {.login = TEXT("deploy"), .principals = principals, .principal_count = 2},
        {.login = TEXT("root")}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, TEST_SCOPE_HOST, "host_state", &ret_answer->reply, &err)) {
        test_double_note(" have=%" PRIu64, ask->have);
        *ret_answer = (struct vouch_answer_host_state){.reply = ret_answer->reply,
                                                       .version = test_double_state(),
                                                       .name = names[0],
                                                       .zone = vouch_bytes_of("prod"),
                                                       .logins = logins,
                                                       .login_count = 2,
                                                       .krl_version = 17592186044417,
                                                       .trust_version = 17592186044418,
                                                       .renew = 1,
                                                       .generation = 3};
    }
    return test_double_leave(err, fault);
}

ASKED(host_report, struct vouch_ask_host_report, struct vouch_answer_host_done) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, TEST_SCOPE_HOST, "host_report", &ret_answer->reply, &err)) {
        test_double_note(" time=%" PRIu64 " krl=%" PRIu64 "/%" PRIu64 " state=%" PRIu64
                         " trust=%" PRIu64 " health=%.*s agent=%.*s sshd=%.*s",
                         ask->time_s, ask->krl_version, ask->krl_generated_s, ask->state_version,
                         ask->trust_version, SHOWN(ask->health), SHOWN(ask->agent),
                         SHOWN(ask->sshd));
        test_double_note_list("problems", ask->problems);
        test_double_note_list("ca_keys", ask->ca_keys);
        test_double_note_list("settings", ask->settings);
        ret_answer->next = 8;
    }
    return test_double_leave(err, fault);
}

ASKED(host_logins, struct vouch_ask_host_logins, struct vouch_answer_host_done) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, TEST_SCOPE_HOST, "host_logins", &ret_answer->reply, &err)) {
        test_double_note(" first=%" PRIu64 " count=%zu", ask->first, ask->count);
        for (size_t i = 0; i < ask->count; i++) {
            const struct vouch_login_row *row = &ask->rows[i];
            test_double_note(
                " [%" PRIu64 " %d %.*s %.*s %.*s %.*s %" PRIu64 " %.*s %.*s %.*s %.*s]",
                row->time_ms, (int)row->outcome, SHOWN(row->login), SHOWN(row->source),
                SHOWN(row->method), SHOWN(row->key_id), row->serial, SHOWN(row->fingerprint),
                SHOWN(row->ca), SHOWN(row->reason), SHOWN(row->line));
        }
        ret_answer->next = ask->first + ask->count;
    }
    return test_double_leave(err, fault);
}

static const struct vouch_login_row login = {.id = 17592186044500,
                                             .host = TEXT("web1.example.com"),
                                             .time_ms = NOW_S * UINT64_C(1000) + 120,
                                             .outcome = VOUCH_LOGIN_REFUSED,
                                             .login = TEXT("ro\x1bot"),
                                             .source = TEXT("192.0.2.7"),
                                             .method = TEXT("publickey"),
                                             .key_id = TEXT("alice"),
                                             .serial = 17592186044418,
                                             .fingerprint = TEXT("SHA256:x"),
                                             .ca = TEXT("SHA256:y"),
                                             .reason = TEXT("expired"),
                                             .line = TEXT("error: Certificate invalid: expired"),
                                             .alarm = TEXT("unknown-serial"),
                                             .user = TEXT("alice")};

ASKED(logins, struct vouch_ask_logins, struct vouch_answer_logins) {
    static struct vouch_login_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "logins", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" host=%.*s login=%.*s user=%.*s key_id=%.*s serial=%" PRIu64
                         " outcome=%d alarms=%" PRIu64 " from=%" PRIu64 " until=%" PRIu64,
                         SHOWN(ask->host), SHOWN(ask->login), SHOWN(ask->user), SHOWN(ask->key_id),
                         ask->serial, (int)ask->outcome, ask->alarms, ask->from_ms, ask->until_ms);
        rows[0] = login;
        rows[1] = (struct vouch_login_row){.id = 5,
                                           .host = names[0],
                                           .time_ms = 1,
                                           .outcome = VOUCH_LOGIN_ACCEPTED,
                                           .login = words[0]};
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("l5");
    }
    return test_double_leave(err, fault);
}

ASKED(explain, struct vouch_ask_explain, struct vouch_answer_explain) {
    static struct vouch_check_row rows[] = {
        {.name = TEXT("signed-in"), .state = VOUCH_CHECK_OK, .text = TEXT("so it is")},
        {.name = TEXT("expired"),
         .state = VOUCH_CHECK_FAIL,
         .text = TEXT("the certificate ended"),
         .next = TEXT("vouch login")},
        {.name = TEXT("clock"), .state = VOUCH_CHECK_WARN, .text = TEXT("2 s behind")},
        {.name = TEXT("files"), .text = TEXT("the host has not reported")}};
    static struct vouch_login_row refused[1];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "explain", &ret_answer->reply, &err)) {
        test_double_note(" user=%.*s login=%.*s host=%.*s cert=%zu source=%.*s", SHOWN(ask->user),
                         SHOWN(ask->login), SHOWN(ask->host), ask->cert.len, SHOWN(ask->source));
        refused[0] = login;
        *ret_answer = (struct vouch_answer_explain){.reply = ret_answer->reply,
                                                    .outcome = VOUCH_CHECK_FAIL,
                                                    .user = vouch_bytes_of("alice"),
                                                    .login = ask->login,
                                                    .host = ask->host,
                                                    .rows = rows,
                                                    .count = 4,
                                                    .refused = refused,
                                                    .refused_count = 1,
                                                    .instead = {words, 1}};
        if (vouch_bytes_equal(ask->login, vouch_bytes_of("deploy"))) {
            ret_answer->outcome = VOUCH_CHECK_OK;
        } else if (vouch_bytes_equal(ask->login, vouch_bytes_of("nobody"))) {
            ret_answer->outcome = VOUCH_CHECK_UNKNOWN;
        }
    }
    return test_double_leave(err, fault);
}

ASKED(summary, struct vouch_ask_summary, struct vouch_answer_summary) {
    static struct vouch_ending_row ending[] = {
        {.serial = 17592186044417, .is_host = 1, .key_id = TEXT("web1"), .end_s = NOW_S + 60}};
    static struct vouch_summary_row rows[] = {{.time_s = NOW_S, .name = TEXT("dev"), .count = 5},
                                              {.time_s = NOW_S, .name = TEXT("app"), .count = 12}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "summary", &ret_answer->reply, &err)) {
        test_double_note(" hours=%" PRIu64, ask->hours);
        *ret_answer = (struct vouch_answer_summary){.reply = ret_answer->reply,
                                                    .now_s = NOW_S,
                                                    .valid = 900000,
                                                    .revoked = 3,
                                                    .next_end_s = NOW_S + 60,
                                                    .hosts = 9,
                                                    .critical = 2,
                                                    .silent = 3,
                                                    .attention = 1,
                                                    .behind = 1,
                                                    .ok = 2,
                                                    .hosts_waiting = 1,
                                                    .krl_version = 17592186044419,
                                                    .krl_current = 5,
                                                    .requests_waiting = 4,
                                                    .logins_refused = 17,
                                                    .logins_since_s = NOW_S,
                                                    .from_s = NOW_S,
                                                    .step_s = 3600,
                                                    .ending = ending,
                                                    .ending_count = 1,
                                                    .issued = rows,
                                                    .issued_count = 2,
                                                    .refused = rows,
                                                    .refused_count = 1};
    }
    return test_double_leave(err, fault);
}

ASKED(krl_status, struct vouch_ask_krl_status, struct vouch_answer_krl_status) {
    static struct vouch_krl_host_row rows[] = {{.host = TEXT("web1.example.com"),
                                                .version = 17592186044417,
                                                .generated_s = NOW_S,
                                                .reported_s = NOW_S,
                                                .arrived_s = NOW_S,
                                                .behind = 1},
                                               {.host = TEXT("web2.example.com")}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "krl_status", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        ret_answer->version = 17592186044419;
        ret_answer->generated_s = NOW_S;
        ret_answer->hosts = 5000;
        ret_answer->current = 4998;
        ret_answer->silent = 1;
        ret_answer->measured = 4000;
        ret_answer->within_s = 12;
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("k2");
    }
    return test_double_leave(err, fault);
}

ASKED(matrix, struct vouch_ask_matrix, struct vouch_answer_matrix) {
    static struct vouch_matrix_cell cells[] = {{.row = 1,
                                                .column = 0,
                                                .standing = {words, 1},
                                                .approval = {words, 2},
                                                .break_glass = {words, 1}}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "matrix", &ret_answer->reply, &err)) {
        test_double_note(" rows=%d label=%.*s zone=%.*s at=%" PRIu64 " %" PRIu64 "+%" PRIu64
                         " %" PRIu64 "+%" PRIu64,
                         (int)ask->rows, SHOWN(ask->label), SHOWN(ask->zone), ask->at_s,
                         ask->row_from, ask->row_count, ask->column_from, ask->column_count);
        ret_answer->policy = 5;
        ret_answer->rows = (struct vouch_text_list){words, 2};
        ret_answer->columns = (struct vouch_text_list){names, 1};
        ret_answer->rows_in_all = 1000;
        ret_answer->columns_in_all = 5000;
        ret_answer->cells = cells;
        ret_answer->cell_count = 1;
    }
    return test_double_leave(err, fault);
}

ASKED(access_diff, struct vouch_ask_access_diff, struct vouch_answer_policy_apply) {
    static struct vouch_access_change changes[] = {{.login = TEXT("root"),
                                                    .before = TEXT("none"),
                                                    .after = TEXT("standing"),
                                                    .users = {words, 1},
                                                    .hosts = {names, 1},
                                                    .user_count = 1,
                                                    .host_count = 1}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "access_diff", &ret_answer->reply,
                          &err)) {
        test_double_note(" from=%" PRIu64 " until=%" PRIu64, ask->from_s, ask->until_s);
        ret_answer->version = 5;
        ret_answer->changes = changes;
        ret_answer->change_count = 1;
        ret_answer->changes_in_all = 1;
    }
    return test_double_leave(err, fault);
}
