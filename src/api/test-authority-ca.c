// SPDX-License-Identifier: ISC
// The double of the authority: the rotation of CA keys.
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
        test_double_note(" use=%d move=%d phase=%d now=%d key=%zu fingerprint=%.*s", (int)ask->use,
                         (int)ask->move, (int)ask->phase, (int)ask->is_hurried, ask->key.len,
                         SHOWN(ask->fingerprint));
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
