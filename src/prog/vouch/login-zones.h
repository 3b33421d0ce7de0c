// SPDX-License-Identifier: ISC
// Which zones a login is for, and all that it writes for each.
#pragma once

#include "prog/vouch/zone-login.h"

// What was said on the command line. Borrowed.
struct vouch_login_wish {
    const char *zone; // NULL: all
    uint64_t ttl_s;   // 0: as long as the roles allow
    const char *reason;
    const char *key;               // absolute path of a public key file; NULL: the zone's own key
    const struct vouch_args *args; // --role, any number of times
};

// The logins to ask for, one object of zone-login.h for each zone, made from what the server said of the
// caller (vouch.me/1). V-1872 if there is none, with what could be done about it. The caller frees
// *ret_logins with json_decref().
VOUCH_MUST_USE int vouch_login_choose(const struct json_t *me, const struct vouch_login_wish *wish,
                                      struct json_t **ret_logins, struct vouch_fault *fault);

// Asks for one and writes the zone's files; says what was got. *ret_try (may stay as it is) is
// "LOGIN@HOST" for an example; the caller frees it.
VOUCH_MUST_USE int vouch_login_zone(struct vouch_reach *reach, const struct json_t *login,
                                    char **ret_try, struct vouch_fault *fault);

// Writes the zone's files beside key and certificate: its hosts' CA key, their names, and the login.
VOUCH_MUST_USE int vouch_login_files(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                                     const struct json_t *login, char **ret_try,
                                     struct vouch_fault *fault);

// Writes known_hosts alone: a line for each key of the host CA, as the server's trust bundle proves them.
VOUCH_MUST_USE int vouch_login_known_hosts(struct vouch_reach *reach,
                                           const struct vouch_zone_dir *dir,
                                           const struct json_t *login, struct vouch_fault *fault);

// Puts the zone's key and certificate into the person's agent, for as long as the certificate is valid.
VOUCH_MUST_USE int vouch_login_agent(const struct vouch_cli *cli, const struct json_t *login,
                                     struct vouch_fault *fault);

// Says "until 18:46 (8 h)" of a certificate that was got.
void vouch_login_say(const struct vouch_cli *cli, const char *zone, const char *roles,
                     const struct vouch_cert *cert);
