// SPDX-License-Identifier: ISC
// Waiting for news in a thread of its own, over one connection that the server holds open.
//
// The thread knows nothing but versions. While the server is away it asks again by pace.h.
#pragma once

#include <stdatomic.h>

#include "prog/vouch-host/contact.h"

struct vouch_news;

// What the thread tells.
struct vouch_news_told {
    struct vouch_contact_news versions; // of the server; zero: not asked yet
    struct vouch_fault fault;           // err nonzero: how the last ask failed
};

// Begins to wait, with the secret, for anything other than `have`. `ready` becomes readable when there is
// something to tell: an eventfd that stays the caller's.
VOUCH_MUST_USE int vouch_news_start(const struct vouch_enrolled *enrolled,
                                    struct vouch_bytes secret,
                                    const struct vouch_contact_news *have, int ready,
                                    struct vouch_news **ret_news, struct vouch_fault *fault);

// What came last, once; VOUCH_ERR_NOT_FOUND: nothing since.
VOUCH_MUST_USE int vouch_news_take(struct vouch_news *news, struct vouch_news_told *ret_told);

// Ends the waiting, within about a second: nothing is sent with the old secret once this is back. Takes
// NULL.
void vouch_news_stop(struct vouch_news *news);
