// SPDX-License-Identifier: ISC
// The server's CA keys as its trust bundle tells them: fetched, proven by the noted checkpoint key, and
// never an older one than was proven before (doc/trust.md).
//
// The newest one is kept in ~/.config/vouch/trust, beside the settings.
#pragma once

#include "core/trust.h"
#include "prog/vouch/reach.h"

// Fetches the bundle and proves it: V-1971 if it does not prove anything. Where the keys were not noted
// down, the server's own word counts, as for those. A server that has no bundles yet: the keys noted
// down, as long as no bundle of it was seen. The caller ends *ret_trust.
//
// Where the bundle names other active keys than were noted down, it is noted anew: reach->settings has
// them from here on, and so have later commands. What was borrowed from reach->settings is gone then.
VOUCH_MUST_USE int vouch_trust_fetch(struct vouch_reach *reach, struct vouch_trust *ret_trust,
                                     struct vouch_fault *fault);

// The key that a certificate of this server's has to be by: its own issuer, if that was noted down or the
// bundle, which is asked for then, says that it counts; else the one that was noted down. Borrowed from
// the certificate or from `reach`.
VOUCH_MUST_USE int vouch_trust_issuer(struct vouch_reach *reach, const struct vouch_cert *cert,
                                      const struct vouch_key **ret_ca, struct vouch_fault *fault);

// The keys as far as they are known here, without asking anybody: of the bundle that was proven last and
// is kept, or else those noted down; of those not even noted down, none. The caller ends *ret_trust.
VOUCH_MUST_USE int vouch_trust_here(const struct vouch_settings *settings,
                                    struct vouch_trust *ret_trust, struct vouch_fault *fault);

// Its keys of a use whose certificates count; how many.
size_t vouch_trust_counting(const struct vouch_trust *trust, enum vouch_cert_type use,
                            const struct vouch_key *ret_keys[static VOUCH_TRUST_KEYS_MAX]);

// The version of the bundle that was proven last and is kept; 0 if there is none of this server.
uint64_t vouch_trust_kept(const struct vouch_reach *reach);

// Forgets the bundle that is kept: the server is another one now. That there is none is no failure.
VOUCH_MUST_USE int vouch_trust_forget(struct vouch_fault *fault);

// Appends a line "BEFORE TYPE BASE64 COMMENT" for each key of that use whose certificates count.
void vouch_trust_put_lines(const struct vouch_trust *trust, enum vouch_cert_type use,
                           const char *before, const char *comment, struct vouch_buf *out);
