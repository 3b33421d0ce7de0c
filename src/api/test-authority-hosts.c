// SPDX-License-Identifier: ISC
// The double of the authority, as far as enrolled hosts are concerned. Its answers are constants, so that a
// test knows them.
#include <inttypes.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define TEXT(text)                                                                                 \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define NOW_S 1795356541

static const struct vouch_bytes labels[] = {TEXT("tier=web"), TEXT("os=debian=12")};
static const struct vouch_bytes names[] = {TEXT("web1.example.com"), TEXT("web1")};
static const struct vouch_text_list name_list = {names, 2};

static const struct vouch_host_token_row token = {.id = 3,
                                                  .match = TEXT("web*.example.com"),
                                                  .zone = TEXT("prod"),
                                                  .labels = {labels, 2},
                                                  .uses = 5,
                                                  .uses_left = 4,
                                                  .actor = TEXT("user:alice"),
                                                  .created_s = NOW_S,
                                                  .expires_s = NOW_S + 3600};

ASKED(host_token_new, struct vouch_ask_host_token_new, struct vouch_answer_host_token) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "host_token_new", &ret_answer->reply, &err)) {
        test_double_note(" match=%.*s zone=%.*s uses=%" PRIu64 " ttl=%" PRIu64, SHOWN(ask->match),
                         SHOWN(ask->zone), ask->uses, ask->ttl_s);
        test_double_note_list("labels", ask->labels);
        test_double_note_list("networks", ask->networks);
        ret_answer->row = token;
        ret_answer->name = vouch_bytes_of("ca.example.com");
        ret_answer->address = vouch_bytes_of("https://ca.example.com:8443#sha256:AAAA");
        ret_answer->secret = vouch_bytes_of(TEST_HOST_TOKEN);
    }
    return test_double_leave(err, fault);
}

ASKED(host_tokens, struct vouch_ask_host_tokens, struct vouch_answer_host_tokens) {
    static struct vouch_host_token_row rows[1];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "host_tokens", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        rows[0] = token;
        ret_answer->rows = rows;
        ret_answer->count = 1;
        ret_answer->next = vouch_bytes_of("h3");
    }
    return test_double_leave(err, fault);
}

ASKED(host_token_remove, struct vouch_ask_host_token_remove, struct vouch_answer_host_token) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "host_token_remove", &ret_answer->reply,
                          &err)) {
        test_double_note(" id=%" PRIu64, ask->id);
        ret_answer->row = token;
    }
    return test_double_leave(err, fault);
}

static void note_keys(const struct vouch_host_key_row *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        test_double_note(" key=%zu/%.10s/%" PRIu64, keys[i].key.len,
                         (const char *)keys[i].proof.ptr, keys[i].serial);
    }
}

static void note_machine(struct vouch_bytes machine, uint64_t time_s) {
    test_double_note(" time=%" PRIu64 " machine=%zu/%02x", time_s, machine.len,
                     machine.len > 0 ? machine.ptr[machine.len - 1] : 0);
}

static void fill_enrolment(struct vouch_answer_enrol *answer) {
    static struct vouch_host_cert certs[] = {
        {.cert = TEXT("\0\0\0\1x"), .serial = 17592186044418, .valid_before_s = NOW_S}};
    answer->state = VOUCH_HOST_ACTIVE;
    answer->id = 9;
    answer->name = names[0];
    answer->zone = vouch_bytes_of("prod");
    answer->names = name_list;
    answer->certs = certs;
    answer->cert_count = 1;
    answer->secret = vouch_bytes_of(TEST_HOST_SECRET);
    answer->generation = 1;
}

// Without a token a host waits.
ASKED(enrol, struct vouch_ask_enrol, struct vouch_answer_enrol) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "enrol", &ret_answer->reply, &err)) {
        test_double_note(" token=%.*s name=%.*s agent=%.*s sshd=%.*s", SHOWN(ask->token),
                         SHOWN(ask->name), SHOWN(ask->agent), SHOWN(ask->sshd));
        test_double_note_list("aliases", ask->aliases);
        test_double_note_list("labels", ask->labels);
        note_keys(ask->keys, ask->key_count);
        note_machine(ask->machine, ask->time_s);
        test_double_wait();
        ret_answer->state = VOUCH_HOST_WAITING;
        if (ask->token.len > 0) {
            fill_enrolment(ret_answer);
        }
    }
    return test_double_leave(err, fault);
}

ASKED(host_renew, struct vouch_ask_host_renew, struct vouch_answer_enrol) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, TEST_SCOPE_HOST, "host_renew", &ret_answer->reply, &err)) {
        test_double_note_list("aliases", ask->aliases);
        note_keys(ask->keys, ask->key_count);
        note_machine(ask->machine, ask->time_s);
        fill_enrolment(ret_answer);
        ret_answer->generation = 2;
    }
    return test_double_leave(err, fault);
}

ASKED(host_leave, struct vouch_ask_host_leave, struct vouch_answer_host_left) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, TEST_SCOPE_HOST, "host_leave", &ret_answer->reply, &err)) {
        test_double_note(" reason=%.*s", SHOWN(ask->reason));
        ret_answer->name = names[0];
        ret_answer->revoked = 3;
    }
    return test_double_leave(err, fault);
}

static struct vouch_fleet_key fleet_keys[] = {
    {.fingerprint = TEXT("SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     .type = TEXT("ssh-ed25519"),
     .serial = 17592186044418,
     .valid_before_s = NOW_S},
    {.fingerprint = TEXT("SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     .type = TEXT("ssh-rsa")}};

static const struct vouch_fleet_row active = {.id = 9,
                                              .name = TEXT("web1.example.com"),
                                              .zone = TEXT("prod"),
                                              .labels = {labels, 2},
                                              .aliases = {names, 2},
                                              .state = VOUCH_HOST_ACTIVE,
                                              .in_policy = 1,
                                              .token = TEXT("3"),
                                              .source = TEXT("127.0.0.1"),
                                              .agent = TEXT("0.1.0"),
                                              .sshd = TEXT("OpenSSH_9.2p1"),
                                              .created_s = NOW_S,
                                              .seen_s = NOW_S,
                                              .renewed_s = NOW_S,
                                              .generation = 2,
                                              .keys = fleet_keys,
                                              .key_count = 2,
                                              .reported_s = NOW_S,
                                              .krl_version = 17592186044419,
                                              .state_version = 7,
                                              .trust_version = 17592186044417,
                                              .krl_generated_s = NOW_S,
                                              .health = TEXT("warning"),
                                              .problems = {names, 1},
                                              .clock_ms = -250};

ASKED(fleet, struct vouch_ask_fleet, struct vouch_answer_fleet) {
    static const struct vouch_bytes approvers[] = {TEXT("user:alice")};
    static const struct vouch_bytes wished[] = {TEXT("*.db.example.com")};
    static struct vouch_fleet_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "fleet", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" zone=%.*s host=%.*s state=%d", SHOWN(ask->zone), SHOWN(ask->host),
                         (int)ask->state);
        test_double_note_list("labels", ask->labels);
        rows[0] = active;
        rows[1] = (struct vouch_fleet_row){.id = 10,
                                           .name = TEXT("db.example.com"),
                                           .state = VOUCH_HOST_WAITING,
                                           .created_s = NOW_S,
                                           .needed = 2,
                                           .approvals = 1,
                                           .approvers = {approvers, 1},
                                           .wished = {wished, 1},
                                           .asker = TEXT("user:root"),
                                           .adopt_until_s = NOW_S};
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("f10");
    }
    return test_double_leave(err, fault);
}

ASKED(fleet_change, struct vouch_ask_fleet_change, struct vouch_answer_fleet_row) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "fleet_change", &ret_answer->reply, &err)) {
        test_double_note(" verb=%d name=%.*s zone=%.*s fingerprint=%.*s fresh=%.*s reason=%.*s",
                         (int)ask->verb, SHOWN(ask->name), SHOWN(ask->zone),
                         SHOWN(ask->fingerprint), SHOWN(ask->fresh_name), SHOWN(ask->reason));
        test_double_note_list("labels", ask->labels);
        test_double_note_list("without", ask->without);
        test_double_note_list("wildcards", ask->wildcards);
        test_double_note_list("without_wildcards", ask->without_wildcards);
        ret_answer->row = active;
    }
    return test_double_leave(err, fault);
}
