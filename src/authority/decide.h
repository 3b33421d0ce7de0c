// SPDX-License-Identifier: ISC
// Whether what was asked for lies within a profile, and what exactly is then to be signed.
//
// Pure: no clock, no I/O. What comes out is the whole of what goes into the certificate, so nothing that
// was left out of the request can mean more than what was judged.
#pragma once

#include "authority/request-admin.h"
#include "base/arena.h"

#define VOUCH_BACKDATE_S 60 // certificates begin so long ago, for hosts whose clock is behind
#define VOUCH_PROFILE_TTL_MAX_S (UINT64_C(3650) * 86400)

// What somebody wishes for. All is borrowed.
struct vouch_wish {
    enum vouch_cert_type type;
    struct vouch_bytes key_id; // empty: the asker's name
    struct vouch_text_list principals;
    uint64_t ttl_s;                                                   // 0: as long as may be
    struct vouch_text_list critical;                                  // "NAME=VALUE", "NAME"
    struct vouch_text_list extensions;                                // "NAME"
    enum { VOUCH_WISH_DEFAULT = 0, VOUCH_WISH_EXACT } extensions_are; // DEFAULT: none given
};

// Within which bounds.
struct vouch_bounds {
    const struct vouch_profile_row *profile; // NULL: the signer's own ceiling is the only one
    struct vouch_bytes asker;                // whose name a key ID is made of
    uint64_t ttl_max_s;                      // the longest, with no profile
};

// reply.verdict DONE: what to sign. Slices point into the wish, the bounds and the arena.
struct vouch_decision {
    struct vouch_reply reply;
    enum vouch_cert_type type;
    struct vouch_bytes key_id;
    struct vouch_text_list principals;
    uint64_t ttl_s;
    const struct vouch_cert_option *critical; // sorted by name, as in a certificate
    size_t critical_count;
    const struct vouch_cert_option *extensions;
    size_t extension_count;
};

// Decides. VOUCH_ERR_NO_MEMORY is the only error.
//
// A critical option that the profile has with one value ("force-command=/bin/backup") or as a flag
// ("verify-required") is in every certificate, asked for or not. With "=*" any value may be asked for, or
// none. With several values one of them must be asked for.
VOUCH_MUST_USE int vouch_decide(const struct vouch_bounds *bounds, const struct vouch_wish *wish,
                                struct vouch_arena *arena, struct vouch_decision *ret_decision);

// The field of a wish, as its asker calls it, that the signer means when it refuses: "public key" is
// "public_key". Empty if it is none of the asker's.
const char *vouch_wish_field(struct vouch_bytes signer_field);

// Nonzero if a name fits a pattern: * is any run and ? any one of the characters that a name of a user
// or host may have, every other character itself. Takes time in proportion to both lengths.
int vouch_pattern_fits(struct vouch_bytes pattern, struct vouch_bytes name);

// Judges a profile that is to be kept: reply.verdict DONE, or INVALID with the field.
void vouch_profile_judge(const struct vouch_profile_row *profile, struct vouch_reply *ret_reply);

// Nonzero if it can be the name of a token or profile: 1 to 64 of a-z A-Z 0-9 . _ - and not first . or -.
int vouch_name_is(struct vouch_bytes name);
