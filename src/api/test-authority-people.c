// SPDX-License-Identifier: ISC
// The double of the authority, as far as people are concerned: sessions, accounts, the policy, access and
// requests. Its answers are constants, so that a test knows them.
#include <inttypes.h>
#include <stdio.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define TEXT(text)                                                                                 \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define NOW_S 1795356541

static const struct vouch_bytes words[] = {TEXT("deploy"), TEXT("app")};
static const struct vouch_text_list list = {words, 2};

static const struct vouch_session_row session = {.id = 7,
                                                 .user = TEXT("alice"),
                                                 .methods = TEXT("password+totp"),
                                                 .source = TEXT("127.0.0.1"),
                                                 .created_s = NOW_S,
                                                 .used_s = NOW_S + 60,
                                                 .factor_s = NOW_S,
                                                 .idle_s = 43200,
                                                 .ends_s = NOW_S + 604800};

static struct vouch_passkey_row passkey = {.id = 5,
                                           .name = TEXT("phone"),
                                           .credential = TEXT("\x01\x02\x03"),
                                           .backed_up = 1,
                                           .may_back_up = 1,
                                           .aaguid = {0xab, 0xcd},
                                           .created_s = NOW_S};

static void fill_question(struct vouch_passkey_question *question) {
    static const struct vouch_bytes ids[] = {TEXT("\xfb\xff"), TEXT("\x01")};
    *question = (struct vouch_passkey_question){.question = vouch_bytes_of("q-1"),
                                                .challenge = vouch_bytes_of("challenge"),
                                                .host = vouch_bytes_of("ca.example.com"),
                                                .ca = vouch_bytes_of("Example CA"),
                                                .handle = vouch_bytes_of("u12"),
                                                .user = vouch_bytes_of("alice"),
                                                .ids = {ids, 2},
                                                .ttl_s = 300};
}

static void note_given(const struct vouch_passkey_given *given) {
    test_double_note(" question=%.*s id=%.*s client=%.*s data=%.*s signature=%.*s handle=%.*s",
                     SHOWN(given->question), SHOWN(given->id), SHOWN(given->client_data),
                     SHOWN(given->authdata), SHOWN(given->signature), SHOWN(given->handle));
}

static void note_new(const struct vouch_passkey_new *made) {
    test_double_note(" question=%.*s id=%.*s client=%.*s attestation=%.*s name=%.*s",
                     SHOWN(made->question), SHOWN(made->id), SHOWN(made->client_data),
                     SHOWN(made->attestation), SHOWN(made->name));
}

ASKED(sign_in, struct vouch_ask_sign_in, struct vouch_answer_session) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "sign_in", &ret_answer->reply, &err)) {
        test_double_note(" user=%.*s password=%.*s factor=%d code=%.*s", SHOWN(ask->user),
                         SHOWN(ask->password), (int)ask->factor, SHOWN(ask->code));
        if (ask->factor == VOUCH_FACTOR_PASSKEY) {
            note_given(&ask->passkey);
        }
        test_double_wait();
        ret_answer->row = session;
        ret_answer->secret = vouch_bytes_of(TEST_SESSION);
        ret_answer->recovery_left = 9;
    }
    return test_double_leave(err, fault);
}

ASKED(factor, struct vouch_ask_factor, struct vouch_answer_session) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "factor", &ret_answer->reply, &err)) {
        test_double_note(" factor=%d code=%.*s", (int)ask->factor, SHOWN(ask->code));
        if (ask->factor == VOUCH_FACTOR_PASSKEY) {
            note_given(&ask->passkey);
        }
        ret_answer->row = session;
        ret_answer->recovery_left = 9;
    }
    return test_double_leave(err, fault);
}

ASKED(session_show, struct vouch_ask_page, struct vouch_answer_session) {
    int err = VOUCH_OK;
    (void)authority;
    (void)ask;
    if (test_double_enter(caller, "session", "session_show", &ret_answer->reply, &err)) {
        ret_answer->row = session;
    }
    return test_double_leave(err, fault);
}

ASKED(sessions, struct vouch_ask_sessions, struct vouch_answer_sessions) {
    static struct vouch_session_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "sessions", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" user=%.*s", SHOWN(ask->user));
        rows[0] = rows[1] = session;
        rows[1].used_s = rows[1].ends_s - 1; // so that its end is nearer than its idle end
        *ret_answer = (struct vouch_answer_sessions){
            .reply = ret_answer->reply, .rows = rows, .count = 2, .next = vouch_bytes_of("s2")};
    }
    return test_double_leave(err, fault);
}

ASKED(session_end, struct vouch_ask_session_end, struct vouch_answer_ended) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "session_end", &ret_answer->reply, &err)) {
        test_double_note(" which=%d id=%" PRIu64 " user=%.*s", (int)ask->which, ask->id,
                         SHOWN(ask->user));
        ret_answer->count = 3;
    }
    return test_double_leave(err, fault);
}

ASKED(passkey_question, struct vouch_ask_passkey_question, struct vouch_answer_passkey_question) {
    int err = VOUCH_OK;
    (void)authority;
    const char *scope = ask->purpose == VOUCH_PASSKEY_FOR_SIGN_IN ? NULL : "session";
    if (test_double_enter(caller, scope, "passkey_question", &ret_answer->reply, &err)) {
        test_double_note(" purpose=%d user=%.*s request=%" PRIu64, (int)ask->purpose,
                         SHOWN(ask->user), ask->request);
        fill_question(&ret_answer->question);
    }
    return test_double_leave(err, fault);
}

ASKED(passkey_add, struct vouch_ask_passkey_add, struct vouch_answer_passkey) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "passkey_add", &ret_answer->reply, &err)) {
        note_new(&ask->passkey);
        ret_answer->row = passkey;
    }
    return test_double_leave(err, fault);
}

ASKED(passkeys, struct vouch_ask_passkeys, struct vouch_answer_passkeys) {
    static struct vouch_passkey_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "passkeys", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" user=%.*s", SHOWN(ask->user));
        rows[0] = passkey;
        rows[1] = (struct vouch_passkey_row){.id = 6,
                                             .name = vouch_bytes_of("key"),
                                             .credential = vouch_bytes_of("x"),
                                             .created_s = NOW_S,
                                             .used_s = NOW_S};
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("6");
    }
    return test_double_leave(err, fault);
}

ASKED(passkey_remove, struct vouch_ask_passkey_remove, struct vouch_answer_passkey) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "passkey_remove", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64 " user=%.*s", ask->id, SHOWN(ask->user));
        ret_answer->row = passkey;
    }
    return test_double_leave(err, fault);
}

ASKED(accounts, struct vouch_ask_accounts, struct vouch_answer_accounts) {
    static struct vouch_account_row rows[] = {{.user = TEXT("alice"),
                                               .login = TEXT("alice"),
                                               .enabled = 1,
                                               .until_s = NOW_S + 86400,
                                               .has_password = 1,
                                               .has_totp = 1,
                                               .recovery_left = 10,
                                               .created_s = NOW_S,
                                               .signed_in_s = NOW_S,
                                               .sessions = 2,
                                               .passkeys = 3},
                                              {.user = TEXT("bob"), .closed = 1}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "accounts", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" user=%.*s", SHOWN(ask->user));
        ret_answer->rows = rows;
        ret_answer->count = 2;
    }
    return test_double_leave(err, fault);
}

static void fill_link(struct vouch_answer_link *answer) {
    answer->user = vouch_bytes_of("bob");
    answer->name = vouch_bytes_of("ca.example.com");
    answer->expires_s = NOW_S;
}

ASKED(link_new, struct vouch_ask_link_new, struct vouch_answer_link) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "link_new", &ret_answer->reply, &err)) {
        test_double_note(" user=%.*s ttl=%" PRIu64, SHOWN(ask->user), ask->ttl_s);
        fill_link(ret_answer);
        ret_answer->secret = vouch_bytes_of(TEST_LINK);
    }
    return test_double_leave(err, fault);
}

ASKED(link_show, struct vouch_ask_link, struct vouch_answer_link) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "link_show", &ret_answer->reply, &err)) {
        test_double_note(" link=%.*s", SHOWN(ask->secret));
        fill_link(ret_answer);
    }
    return test_double_leave(err, fault);
}

ASKED(account_begin, struct vouch_ask_account_begin, struct vouch_answer_account_begin) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "account_begin", &ret_answer->reply, &err)) {
        test_double_note(" link=%.*s password=%.*s", SHOWN(ask->secret), SHOWN(ask->password));
        ret_answer->user = vouch_bytes_of("bob");
        ret_answer->uri = vouch_bytes_of("otpauth://totp/ca:bob?secret=ABC");
        if (!vouch_bytes_equal(ask->password, vouch_bytes_of(TEST_NO_PASSKEYS))) {
            fill_question(&ret_answer->question);
        }
    }
    return test_double_leave(err, fault);
}

static void fill_codes(struct vouch_answer_codes *answer) {
    answer->user = vouch_bytes_of("bob");
    answer->codes = list;
}

ASKED(account_finish, struct vouch_ask_account_finish, struct vouch_answer_codes) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "account_finish", &ret_answer->reply, &err)) {
        test_double_note(" link=%.*s code=%.*s", SHOWN(ask->secret), SHOWN(ask->code));
        if (ask->factor == VOUCH_FACTOR_PASSKEY) {
            note_new(&ask->passkey);
        }
        fill_codes(ret_answer);
    }
    return test_double_leave(err, fault);
}

ASKED(password, struct vouch_ask_password, struct vouch_answer_ended) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "password", &ret_answer->reply, &err)) {
        test_double_note(" current=%.*s new=%.*s code=%.*s", SHOWN(ask->current), SHOWN(ask->fresh),
                         SHOWN(ask->code));
        if (ask->factor == VOUCH_FACTOR_PASSKEY) {
            note_given(&ask->passkey);
        }
        ret_answer->count = 1;
    }
    return test_double_leave(err, fault);
}

ASKED(recovery_new, struct vouch_ask_recovery_new, struct vouch_answer_codes) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "recovery_new", &ret_answer->reply, &err)) {
        test_double_note(" code=%.*s", SHOWN(ask->code));
        if (ask->factor == VOUCH_FACTOR_PASSKEY) {
            note_given(&ask->passkey);
        }
        fill_codes(ret_answer);
    }
    return test_double_leave(err, fault);
}

ASKED(policy_show, struct vouch_ask_policy_show, struct vouch_answer_policy) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "policy_show", &ret_answer->reply, &err)) {
        test_double_note(" version=%" PRIu64, ask->version);
        ret_answer->version = ask->version != 0 ? ask->version : 4;
        ret_answer->text = vouch_bytes_of("zones:\n  - {name: prod}\n");
    }
    return test_double_leave(err, fault);
}

ASKED(policy_apply, struct vouch_ask_policy_apply, struct vouch_answer_policy_apply) {
    static struct vouch_access_change changes[] = {{.login = TEXT("root"),
                                                    .before = TEXT("none"),
                                                    .after = TEXT("approval"),
                                                    .users = {words, 1},
                                                    .hosts = {words, 2},
                                                    .user_count = 1,
                                                    .host_count = 2}};
    static struct vouch_policy_edit_row edits[] = {
        {.what = TEXT("changed"),
         .list = TEXT("roles"),
         .name = TEXT("dba"),
         .key = TEXT("logins")},
        {.what = TEXT("added"), .list = TEXT("users"), .name = TEXT("bob")}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "policy_apply", &ret_answer->reply, &err)) {
        test_double_note(" what=%d expect=%" PRIu64 " name=%.*s len=%zu text=%.20s", (int)ask->what,
                         ask->expect, SHOWN(ask->name), ask->text.len, (const char *)ask->text.ptr);
        ret_answer->version = 5;
        ret_answer->changes = changes;
        ret_answer->change_count = 1;
        ret_answer->edits = edits;
        ret_answer->edit_count = 2;
        ret_answer->changes_in_all = 300;
        ret_answer->edits_in_all = 2;
    }
    return test_double_leave(err, fault);
}

ASKED(policies, struct vouch_ask_policies, struct vouch_answer_policies) {
    static struct vouch_policy_version_row rows[] = {
        {.version = 5, .time_s = NOW_S, .number = 12, .actor = TEXT("user:alice"), .hash = {1}}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "policies", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        ret_answer->rows = rows;
        ret_answer->count = 1;
    }
    return test_double_leave(err, fault);
}

ASKED(me, struct vouch_ask_me, struct vouch_answer_me) {
    static struct vouch_zone_view zones[] = {{.name = TEXT("prod"), .patterns = {words, 2}}};
    static struct vouch_role_view roles[] = {{.zone = TEXT("prod"),
                                              .role = TEXT("dba"),
                                              .group = TEXT("ops"),
                                              .logins = {words, 2},
                                              .ttl_s = 3600,
                                              .approvals = 2,
                                              .needs_reason = 1,
                                              .factor_age_s = 900,
                                              .break_glass = 1},
                                             {.zone = TEXT("prod"), .role = TEXT("dev")}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "me", &ret_answer->reply, &err)) {
        test_double_note(" user=%.*s", SHOWN(ask->user));
        ret_answer->user = vouch_bytes_of("alice");
        ret_answer->name = vouch_bytes_of("ca.example.com");
        ret_answer->is_admin = 1;
        ret_answer->policy = 5;
        ret_answer->zones = zones;
        ret_answer->zone_count = 1;
        ret_answer->roles = roles;
        ret_answer->role_count = 2;
        if (caller->way == VOUCH_CALLER_SESSION) {
            ret_answer->factor_s = NOW_S;
            ret_answer->idle_s = 1;
            ret_answer->ends_s = UINT32_MAX;
        }
    }
    return test_double_leave(err, fault);
}

ASKED(hosts, struct vouch_ask_hosts, struct vouch_answer_hosts) {
    static struct vouch_host_view rows[] = {{.host = TEXT("web1.example.com"),
                                             .zone = TEXT("prod"),
                                             .logins = {words, 2},
                                             .requests = {words, 1},
                                             .roles = {words, 1}}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "hosts", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" user=%.*s zone=%.*s host=%.*s", SHOWN(ask->user), SHOWN(ask->zone),
                         SHOWN(ask->host));
        ret_answer->rows = rows;
        ret_answer->count = 1;
        ret_answer->next = vouch_bytes_of("web1.example.com");
    }
    return test_double_leave(err, fault);
}

ASKED(who_can, struct vouch_ask_who_can, struct vouch_answer_who_can) {
    static struct vouch_path_view rows[] = {
        {.user = TEXT("alice"), .role = TEXT("dev"), .how = TEXT("standing"), .ttl_s = 3600}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "who_can", &ret_answer->reply, &err)) {
        test_double_note(" login=%.*s host=%.*s", SHOWN(ask->login), SHOWN(ask->host));
        ret_answer->rows = rows;
        ret_answer->count = 1;
        ret_answer->in_all = 1200;
    }
    return test_double_leave(err, fault);
}

static void fill_request(struct vouch_request_row *row, uint64_t id) {
    *row = (struct vouch_request_row){.id = id,
                                      .user = TEXT("alice"),
                                      .zone = TEXT("prod"),
                                      .roles = {words, 1},
                                      .principals = {words, 2},
                                      .ttl_s = 3600,
                                      .key = {1, 2, 3},
                                      .source = TEXT("127.0.0.1"),
                                      .created_s = NOW_S,
                                      .expires_s = NOW_S + 86400,
                                      .state = VOUCH_REQUEST_WAITING,
                                      .missing = 2,
                                      .approvers = {words, 1}};
}

static void fill_cert(struct vouch_cert_row *row) {
    *row = (struct vouch_cert_row){.serial = 17592186044418,
                                   .number = 4,
                                   .time_ms = NOW_S * UINT64_C(1000),
                                   .type = VOUCH_CERT_USER,
                                   .key_id = TEXT("alice"),
                                   .principals = {words, 2},
                                   .valid_after = NOW_S,
                                   .valid_before = NOW_S + 3600,
                                   .actor = TEXT("user:alice"),
                                   .role = TEXT("deploy,app"),
                                   .source = TEXT("127.0.0.1"),
                                   .cert = TEXT("\0\0\0\1x")};
}

static void note_access(const struct vouch_ask_access *ask) {
    test_double_note(" zone=%.*s key=%zu ttl=%" PRIu64 " reason=%.*s once=%.*s", SHOWN(ask->zone),
                     ask->key.len, ask->ttl_s, SHOWN(ask->reason), SHOWN(ask->once));
    test_double_note_list("roles", ask->roles);
    test_double_note(" %d", (int)ask->extensions_are);
    test_double_note_list("extensions", ask->extensions);
    test_double_note(" %d", (int)ask->logins_are);
    test_double_note_list("logins", ask->logins);
    test_double_note(" %d", (int)ask->sources_are);
    test_double_note_list("sources", ask->sources);
    test_double_note(" command=%.*s verify=%" PRIu64 " pending=%d", SHOWN(ask->force_command),
                     ask->verify_required, (int)ask->pending);
    test_double_note(" drill=%" PRIu64, ask->drill);
}

ASKED(access, struct vouch_ask_access, struct vouch_answer_access) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "access", &ret_answer->reply, &err)) {
        note_access(ask);
        if (ask->pending == VOUCH_PENDING_REQUEST) {
            fill_request(&ret_answer->request, 21);
        } else {
            fill_cert(&ret_answer->cert);
        }
    }
    return test_double_leave(err, fault);
}

ASKED(requests, struct vouch_ask_requests, struct vouch_answer_requests) {
    static struct vouch_request_row rows[7];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "requests", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" which=%d state=%d", (int)ask->which, (int)ask->state);
        for (unsigned i = 0; i < 6; i++) {
            fill_request(&rows[i], i + 1);
            rows[i].state = (enum vouch_request_state)(i + 1);
        }
        ret_answer->rows = rows;
        ret_answer->count = 6;
        ret_answer->next = vouch_bytes_of("r1");
    }
    return test_double_leave(err, fault);
}

ASKED(request_decide, struct vouch_ask_request_decide, struct vouch_answer_request) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "request_decide", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64 " verb=%d comment=%.*s", ask->id, (int)ask->verb,
                         SHOWN(ask->comment));
        fill_request(&ret_answer->row, ask->id);
        ret_answer->row.reason = vouch_bytes_of("an incident");
        ret_answer->row.decided_by = vouch_bytes_of("bob");
        ret_answer->row.comment = ask->comment;
        ret_answer->row.serial = 17592186044418;
    }
    return test_double_leave(err, fault);
}

ASKED(request_take, struct vouch_ask_request_take, struct vouch_answer_cert) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "request_take", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64 " once=%.*s", ask->id, SHOWN(ask->once));
        fill_cert(&ret_answer->row);
    }
    return test_double_leave(err, fault);
}

ASKED(preferences, struct vouch_ask_preferences, struct vouch_answer_preferences) {
    static char kept[VOUCH_PREFERENCES_MAX];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "preferences", &ret_answer->reply, &err)) {
        test_double_note(" value=%.*s", SHOWN(ask->value));
        (void)snprintf(kept, sizeof kept, "%.*s", SHOWN(ask->value));
        ret_answer->value =
            vouch_bytes_of(ask->value.len > 0 ? kept : "{\"theme\":\"dark\",\"language\":\"tlh\"}");
    }
    return test_double_leave(err, fault);
}

ASKED(access_preview, struct vouch_ask_access, struct vouch_answer_access_preview) {
    static const struct vouch_bytes options[] = {TEXT("force-command=/bin/true"),
                                                 TEXT("verify-required")};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "access_preview", &ret_answer->reply, &err)) {
        test_double_note(" zone=%.*s ttl=%" PRIu64, SHOWN(ask->zone), ask->ttl_s);
        ret_answer->missing = 1;
        ret_answer->key_id = vouch_bytes_of("alice");
        ret_answer->roles = list;
        ret_answer->principals = list;
        ret_answer->critical = (struct vouch_text_list){options, 2};
        ret_answer->extensions = list;
        ret_answer->valid_after = NOW_S;
        ret_answer->valid_before = NOW_S + 60;
    }
    return test_double_leave(err, fault);
}

ASKED(request_impact, struct vouch_ask_request_impact, struct vouch_answer_request_impact) {
    static struct vouch_impact_row rows[] = {
        {.host = TEXT("db1.example.com"), .logins = {words, 2}}};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "request_impact", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64, ask->id);
        ret_answer->rows = rows;
        ret_answer->count = 1;
        ret_answer->hosts = 300;
    }
    return test_double_leave(err, fault);
}
