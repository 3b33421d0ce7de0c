// SPDX-License-Identifier: ISC
// Sessions of browsers: a cookie that only pages of this server can use. Private to src/api.
//
// A browser sends a cookie with whatever any page makes it ask for, so a cookie alone proves nothing about
// who wanted the request. Two things that only a page of this origin has must come with it: what the browser
// itself says about where the request comes from, and, where something may change, a proof made from the
// session's secret that the page got in an answer, which no other origin can read. doc/web.md.
#pragma once

#include "api/call.h"

#define VOUCH_API_COOKIE "__Host-vouch"
#define VOUCH_API_CSRF_LEN 43 // base64url of 32 bytes

// The proof that goes with a session's secret, and a NUL. Fails only if libcrypto does.
VOUCH_MUST_USE int vouch_api_csrf(struct vouch_bytes secret,
                                  char ret_proof[VOUCH_API_CSRF_LEN + 1]);

// Nonzero if the browser says that a page of this server asks (Sec-Fetch-Site, or else Origin). Otherwise the
// call is refused.
int vouch_api_is_own_page(struct vouch_api_call *call);

// The cookie, if one was sent. Zero if the call was refused, because of a Cookie header that is none.
int vouch_api_cookie_find(struct vouch_api_call *call, struct vouch_bytes *ret_secret);

// Judges a request that comes with a session's secret as its cookie: where it comes from, and the proof.
// Zero if the call was refused.
int vouch_api_cookie_judge(struct vouch_api_call *call, struct vouch_bytes secret);

// Gives the browser a session, until it is closed; takes it back.
VOUCH_MUST_USE int vouch_api_cookie_give(struct vouch_api_call *call, struct vouch_bytes secret);
void vouch_api_cookie_take(struct vouch_api_call *call);
