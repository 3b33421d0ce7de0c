// SPDX-License-Identifier: ISC
// Writing the verdict on an ask. Private to src/authority.
#pragma once

#include "authority/request.h"

// Fills in a reply. `field` may be NULL. What is unprintable in the text is escaped.
void vouch_reply_set(struct vouch_reply *reply, enum vouch_verdict verdict,
                     const struct vouch_fault_kind *kind, const char *field, const char *format,
                     ...) __attribute__((format(printf, 5, 6)));

void vouch_reply_done(struct vouch_reply *reply);

// Bytes for "%.*s", cut at what fits a message.
#define VOUCH_REPLY_TEXT(bytes)                                                                    \
    (int)((bytes).len > 100 ? 100 : (bytes).len), ((bytes).len > 0 ? (const char *)(bytes).ptr : "")
