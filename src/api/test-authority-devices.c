// SPDX-License-Identifier: ISC
// The double of the authority, as far as signing in by browser is concerned.
#include <inttypes.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define NOW_S 1795356541

ASKED(device_new, struct vouch_ask_device_new, struct vouch_answer_device_new) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "device_new", &ret_answer->reply, &err)) {
        test_double_note(" machine=%.*s os=%.*s version=%.*s challenge=%02x%02x port=%" PRIu64
                         " mark=%.*s",
                         SHOWN(ask->machine), SHOWN(ask->os), SHOWN(ask->version),
                         ask->challenge[0], ask->challenge[31], ask->port, SHOWN(ask->mark));
        ret_answer->secret = vouch_bytes_of(TEST_DEVICE);
        ret_answer->code = vouch_bytes_of("BCDFGHJK");
        // As a server that knows its address, and as one that does not.
        ret_answer->address =
            vouch_bytes_of(ask->port != 0 ? "https://ca.example.com:8443#sha256:00" : "");
        ret_answer->expires_s = NOW_S + VOUCH_DEVICE_TTL_S;
        ret_answer->interval_s = 2;
    }
    return test_double_leave(err, fault);
}

static const enum vouch_device_state states[] = {VOUCH_DEVICE_WAITING, VOUCH_DEVICE_APPROVED,
                                                 VOUCH_DEVICE_DENIED, VOUCH_DEVICE_UNDONE};

ASKED(device, struct vouch_ask_device, struct vouch_answer_device) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "device", &ret_answer->reply, &err)) {
        test_double_note(" code=%.*s verb=%d", SHOWN(ask->code), (int)ask->verb);
        ret_answer->row = (struct vouch_device_row){.machine = vouch_bytes_of("laptop"),
                                                    .os = vouch_bytes_of("Debian <12>"),
                                                    .version = vouch_bytes_of("1.2"),
                                                    .source = vouch_bytes_of("192.0.2.7"),
                                                    .here = vouch_bytes_of("192.0.2.8"),
                                                    .differs = 1,
                                                    .created_s = NOW_S,
                                                    .expires_s = NOW_S + VOUCH_DEVICE_TTL_S,
                                                    .state = states[ask->verb],
                                                    .port = 40000,
                                                    .mark = vouch_bytes_of("mark-0123456789ab")};
        if (ask->verb == VOUCH_DEVICE_APPROVE) {
            ret_answer->row.back = vouch_bytes_of(TEST_DEVICE_BACK);
        }
        if (ask->verb == VOUCH_DEVICE_UNDO) {
            ret_answer->row.session = 8;
            ret_answer->row.revoked = 2;
        }
    }
    return test_double_leave(err, fault);
}

ASKED(device_session, struct vouch_ask_device_session, struct vouch_answer_session) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "device_session", &ret_answer->reply, &err)) {
        test_double_note(" secret=%.*s verifier=%.*s back=%.*s", SHOWN(ask->secret),
                         SHOWN(ask->verifier), SHOWN(ask->back));
        ret_answer->row = (struct vouch_session_row){.id = 8,
                                                     .user = vouch_bytes_of("alice"),
                                                     .methods = vouch_bytes_of("passkey"),
                                                     .source = vouch_bytes_of("192.0.2.7"),
                                                     .client = vouch_bytes_of("laptop (Debian)"),
                                                     .created_s = NOW_S,
                                                     .used_s = NOW_S,
                                                     .factor_s = NOW_S,
                                                     .idle_s = 43200,
                                                     .ends_s = NOW_S + 604800};
        ret_answer->secret = vouch_bytes_of(TEST_SESSION);
    }
    return test_double_leave(err, fault);
}
