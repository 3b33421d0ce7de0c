// SPDX-License-Identifier: ISC
// The double of the authority, as far as one-time links for curl are concerned.
#include <inttypes.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define NOW_S 1795356541

#define TEXT(text)                                                                                 \
    { (const uint8_t *)(text), sizeof(text) - 1 }

ASKED(ticket_new, struct vouch_ask_access, struct vouch_answer_ticket_new) {
    static const struct vouch_bytes role[] = {TEXT("dev")}, logins[] = {TEXT("alice"), TEXT("web")};
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "ticket_new", &ret_answer->reply, &err)) {
        test_double_note(" zone=%.*s key=%zu ttl=%" PRIu64 " reason=%.*s once=%.*s",
                         SHOWN(ask->zone), ask->key.len, ask->ttl_s, SHOWN(ask->reason),
                         SHOWN(ask->once));
        test_double_note_list("roles", ask->roles);
        test_double_note_list("logins", ask->logins);
        ret_answer->id = 7;
        ret_answer->secret = vouch_bytes_of(TEST_TICKET);
        // As servers that know their address: with a key that nobody signed, with one that is signed, with
        // something that is no pin; and as one that does not know it.
        const char *const addresses[] = {
            "https://ca.example.com:8443#sha256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_-A",
            "https://ca.example.com:8443", "https://ca.example.com#sha256:AQID", ""};
        ret_answer->address = vouch_bytes_of(addresses[ask->ttl_s % 4]);
        ret_answer->roles = (struct vouch_text_list){role, 1};
        ret_answer->principals = (struct vouch_text_list){logins, 2};
        ret_answer->ttl_s = 3600;
        ret_answer->expires_s = NOW_S + VOUCH_TICKET_TTL_S;
    }
    return test_double_leave(err, fault);
}

ASKED(ticket, struct vouch_ask_ticket, struct vouch_answer_ticket) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "ticket", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64, ask->id);
        ret_answer->state = ask->id == 8 ? VOUCH_TICKET_USED : VOUCH_TICKET_WAITING;
        ret_answer->state = ask->id == 9 ? VOUCH_TICKET_OVER : ret_answer->state;
        ret_answer->expires_s = NOW_S + VOUCH_TICKET_TTL_S;
        if (ask->id == 8) {
            ret_answer->used_s = NOW_S + 60;
            ret_answer->source = vouch_bytes_of("192.0.2.9");
            ret_answer->serial = UINT64_MAX;
        }
    }
    return test_double_leave(err, fault);
}

ASKED(ticket_use, struct vouch_ask_ticket_use, struct vouch_answer_cert) {
    static const struct vouch_bytes blob =
        TEXT("\0\0\0\x20ssh-ed25519-cert-v01@openssh.com\0\0\0\3abc");
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, NULL, "ticket_use", &ret_answer->reply, &err)) {
        test_double_note(" secret=%.*s key=%zu", SHOWN(ask->secret), ask->key.len);
        ret_answer->row.cert = blob;
    }
    return test_double_leave(err, fault);
}
