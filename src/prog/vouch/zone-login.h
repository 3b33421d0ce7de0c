// SPDX-License-Identifier: ISC
// What was asked for at login in one zone (login.json), and getting a certificate by it.
//
// The object has "zone", "patterns" and, where they were said, "roles", "ttl_s", "reason" and "key" (a
// public key file in place of the zone's own). The renewal asks for the same again, of a policy that may
// have changed.
#pragma once

#include "prog/vouch/reach.h"
#include "prog/vouch/zone-dir.h"

struct json_t;

#define VOUCH_ZONE_LOGIN_SCHEMA "vouch.zone-login/1"
#define VOUCH_ZONE_PATTERNS_MAX 8192 // characters, joined by commas

// The caller frees *ret_login with json_decref(). VOUCH_ERR_NOT_FOUND if there is none.
VOUCH_MUST_USE int vouch_zone_login_read(const struct vouch_zone_dir *dir,
                                         struct json_t **ret_login, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_zone_login_write(const struct vouch_zone_dir *dir,
                                          const struct json_t *login, struct vouch_fault *fault);

// Appends the zone's patterns, joined by commas. What would change the meaning of a line in which they
// stand, or would mean every host, is refused: they come from a server.
VOUCH_MUST_USE int vouch_zone_login_patterns(const struct json_t *login, struct vouch_buf *out,
                                             struct vouch_fault *fault);

// Asks for a certificate by this login, holds it to what was asked (V-1867), and writes it: as the zone's
// id-cert.pub, and beside a key of the person's own. The caller frees *ret_cert; ret_answer (may be NULL)
// is the server's answer, freed with json_decref().
VOUCH_MUST_USE int vouch_zone_login_get(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                                        const struct json_t *login, struct vouch_cert **ret_cert,
                                        struct json_t **ret_answer, struct vouch_fault *fault);

// The body of the question, for --dry-run and for asking; malloc'd. NULL when memory is short.
char *vouch_zone_login_body(const struct json_t *login, const struct vouch_key *key,
                            uint64_t trust_version);

// Holds a certificate that came to key and CA, to the person it is for and to the longest time that was
// asked for. What else is in it the policy decides.
VOUCH_MUST_USE int vouch_zone_login_check(struct vouch_reach *reach, const struct vouch_cert *cert,
                                          const struct vouch_key *key, uint64_t ttl_s,
                                          struct vouch_fault *fault);

// Whether it is time for another one.
enum vouch_zone_freshness {
    VOUCH_ZONE_NONE = 0, // none, or none that is valid
    VOUCH_ZONE_LATE, // valid, and the hook renews it: less than a third is left, and than 10 minutes
    VOUCH_ZONE_DUE,  // valid, and `vouch renew --if-needed` renews it: less than a third is left
    VOUCH_ZONE_FRESH,
};
enum vouch_zone_freshness vouch_zone_login_freshness(const struct vouch_cert *cert, uint64_t now_s);
