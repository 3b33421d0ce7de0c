// SPDX-License-Identifier: ISC
// The double of the authority: the rotation of CA keys, and what two people decide of them.
#include <string.h>

#include "api/test-double.h"
#include "api/test-fixture.h"

#define TEXT(literal)                                                                              \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define NOW_S 1795344338

static struct vouch_ca_rotation_key keys[] = {
    {.fingerprint = TEXT("SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     .type = TEXT("ssh-ed25519"),
     .state = VOUCH_CA_KEY_ACTIVE,
     .since_ms = NOW_S * UINT64_C(1000) + 120,
     .signed_count = 4711,
     .live = 12,
     .live_end_s = NOW_S},
    {.fingerprint = TEXT("SHA256:AgIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     .type = TEXT("ssh-ed25519"),
     .state = VOUCH_CA_KEY_NEXT,
     .since_ms = NOW_S * UINT64_C(1000)}};
static struct vouch_ca_rotation_host hosts[] = {
    {.host = TEXT("web9.example.com"),
     .agent = TEXT("0.1.0"),
     .why = VOUCH_ROTATION_BEHIND,
     .trust_version = 17592186044417,
     .reported_s = NOW_S},
    {.host = TEXT("db4.example.com"), .why = VOUCH_ROTATION_SILENT}};

static struct vouch_ca_rotation a_use(enum vouch_cert_type use) {
    return (struct vouch_ca_rotation){.use = use,
                                      .phase = VOUCH_ROTATION_DISTRIBUTE,
                                      .next = VOUCH_ROTATE_SWITCH,
                                      .keys = keys,
                                      .key_count = 2,
                                      .needs = 17592186044418,
                                      .active = 48,
                                      .reporting = 47,
                                      .covered = 46,
                                      .silent = 1,
                                      .blocking = 1,
                                      .hosts = hosts,
                                      .host_count = 2,
                                      .until_s = NOW_S};
}

ASKED(rotation, struct vouch_ask_rotation, struct vouch_answer_rotation) {
    static struct vouch_ca_rotation rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "rotation", &ret_answer->reply, &err)) {
        test_double_note(" use=%d", (int)ask->use);
        rows[0] = a_use(VOUCH_CERT_USER);
        rows[1] = (struct vouch_ca_rotation){
            .use = VOUCH_CERT_HOST, .phase = VOUCH_ROTATION_STEADY, .keys = keys, .key_count = 1};
        ret_answer->trust_version = 17592186044418;
        ret_answer->sessions = 131;
        ret_answer->sessions_current = 128;
        ret_answer->rows = rows;
        ret_answer->count = 2;
    }
    return test_double_leave(err, fault);
}

ASKED(rotate, struct vouch_ask_rotate, struct vouch_answer_rotate) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "rotate", &ret_answer->reply, &err)) {
        test_double_note(" use=%d move=%d phase=%d now=%d alone=%d key=%zu fingerprint=%.*s",
                         (int)ask->use, (int)ask->move, (int)ask->phase, (int)ask->is_hurried,
                         (int)ask->is_alone, ask->key.len, SHOWN(ask->fingerprint));
        test_double_note_list("without", ask->without);
        ret_answer->verb = VOUCH_ROTATE_SWITCH;
        ret_answer->number = 4242;
        ret_answer->trust_version = 17592186044419;
        ret_answer->use = a_use(ask->use);
        ret_answer->use.phase = VOUCH_ROTATION_DRAIN;
        ret_answer->use.next = VOUCH_ROTATE_REMOVE;
        ret_answer->use.is_ready = 1;
    }
    return test_double_leave(err, fault);
}

// --- what two administrators decide

static struct vouch_bytes without[] = {TEXT("web9.example.com")};

static struct vouch_proposal_row a_proposal(enum vouch_proposal_state state) {
    int is_open = state == VOUCH_PROPOSAL_OPEN;
    return (struct vouch_proposal_row){.id = 7,
                                       .state = state,
                                       .act = VOUCH_PROPOSAL_DESTROY,
                                       .key = {1, 2, 3},
                                       .use = is_open ? VOUCH_CERT_HOST : VOUCH_CERT_NONE,
                                       .proposer = TEXT("alice"),
                                       .reason = TEXT("the rotation of 2026"),
                                       .source = TEXT("192.0.2.7"),
                                       .without = {without, 1},
                                       .is_hurried = 1,
                                       .made_s = NOW_S,
                                       .ends_s = NOW_S + 86400,
                                       .decider = vouch_bytes_of(is_open ? "" : "bob"),
                                       .decided_s = is_open ? 0 : NOW_S + 60};
}

ASKED(proposals, struct vouch_ask_proposals, struct vouch_answer_proposals) {
    static struct vouch_proposal_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "proposals", &ret_answer->reply, &err)) {
        test_double_note(" state=%d limit=%d", (int)ask->state, (int)ask->page.limit);
        rows[0] = a_proposal(VOUCH_PROPOSAL_OPEN);
        rows[1] = a_proposal(VOUCH_PROPOSAL_DONE);
        rows[1].act = VOUCH_PROPOSAL_REVOKE;
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("w7");
    }
    return test_double_leave(err, fault);
}

ASKED(propose, struct vouch_ask_propose, struct vouch_answer_proposal) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_ADMIN, "propose", &ret_answer->reply, &err)) {
        test_double_note(" act=%d key=%zu:%d reason=%.*s now=%d", (int)ask->act, ask->key.len,
                         ask->key.len > 0 ? ask->key.ptr[0] : -1, SHOWN(ask->reason),
                         (int)ask->is_hurried);
        test_double_note_list("without", ask->without);
        ret_answer->row = a_proposal(VOUCH_PROPOSAL_OPEN);
    }
    return test_double_leave(err, fault);
}

ASKED(proposal_decide, struct vouch_ask_proposal_decide, struct vouch_answer_proposal) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(
            caller, ask->verb == VOUCH_PROPOSAL_LOOK ? VOUCH_SCOPE_AUDIT_READ : VOUCH_SCOPE_ADMIN,
            "proposal_decide", &ret_answer->reply, &err)) {
        test_double_note(" id=%d verb=%d act=%d key=%zu reason=%.*s", (int)ask->id, (int)ask->verb,
                         (int)ask->act, ask->key.len, SHOWN(ask->reason));
        ret_answer->row =
            a_proposal(ask->verb == VOUCH_PROPOSAL_LOOK       ? VOUCH_PROPOSAL_OPEN
                       : ask->verb == VOUCH_PROPOSAL_WITHDRAW ? VOUCH_PROPOSAL_WITHDRAWN
                                                              : VOUCH_PROPOSAL_DONE);
        ret_answer->number = ask->verb == VOUCH_PROPOSAL_CONFIRM ? 4243 : 0;
    }
    return test_double_leave(err, fault);
}
