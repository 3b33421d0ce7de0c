// SPDX-License-Identifier: ISC
// What was had in an emergency, and its review: opened before a certificate is signed, so that none is
// without one; told aloud; opened again when a host reports a login. Private to src/authority.
#pragma once

#include "authority/access.h"
#include "authority/once.h"
#include "authority/request-review.h"
#include "store/certs.h"
#include "store/reviews.h"

#define VOUCH_EVENT_GLASS_OPEN "breakglass.open"   // before it is signed
#define VOUCH_EVENT_GLASS_ISSUE "breakglass.issue" // with the serial
#define VOUCH_EVENT_GLASS_USE "breakglass.use"     // a host reported a login
#define VOUCH_EVENT_GLASS_REVIEW "breakglass.review"

// How the ledger's record of a certificate says that it is for an emergency: behind the policy.
#define VOUCH_GLASS_LOUD " break-glass"
#define VOUCH_GLASS_DRILL " break-glass drill"
#define VOUCH_GLASS_SEALED " sealed"

// What the record says; ANY: nothing.
enum vouch_review_kind vouch_glass_of(struct vouch_bytes policy);

// Refuses a question for a role for emergencies together with others; finds out whether it is for one.
// 0 with the reply set, if it is refused.
int vouch_glass_judge(struct vouch_access *access, struct vouch_reply *reply);

// Opens the review of a certificate that is about to be signed, and records it. ret_review has its ID.
VOUCH_MUST_USE int vouch_review_open(struct vouch_local *authority,
                                     const struct vouch_caller *caller,
                                     const struct vouch_access *access,
                                     const uint8_t key[static VOUCH_STORE_HASH_LEN],
                                     struct vouch_store_review *ret_review,
                                     struct vouch_fault *fault);

// Says what became of it. What cannot be written is said in the log: the review stays open.
void vouch_review_signed(struct vouch_local *authority, struct vouch_store_review *review,
                         struct vouch_bytes actor, enum vouch_once_end end,
                         const struct vouch_cert_row *cert);

// A login with such a certificate: counts it, and opens the review again if it was done.
struct vouch_glass_use {
    const struct vouch_store_cert *cert;
    struct vouch_bytes actor; // the host
    struct vouch_bytes host, login, source;
    uint64_t time_s;
};
VOUCH_MUST_USE int vouch_review_used(struct vouch_local *authority,
                                     const struct vouch_glass_use *use, struct vouch_fault *fault);
