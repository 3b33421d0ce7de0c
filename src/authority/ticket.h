// SPDX-License-Identifier: ISC
// A ticket while a certificate is made by it. Private to src/authority.
#pragma once

#include "authority/access.h"
#include "authority/once.h"
#include "store/tickets.h"

#define VOUCH_EVENT_TICKET_NEW "ticket.new"

// Uses it up, before anything is signed. The reply is left as it is, or says that it is no longer good.
VOUCH_MUST_USE int vouch_ticket_take(struct vouch_local *authority,
                                     const struct vouch_store_ticket *ticket,
                                     const struct vouch_caller *caller, struct vouch_reply *reply,
                                     struct vouch_fault *fault);

// Says what became of it: where nothing was signed it is given back. What cannot be written is said in the log,
// and it stays used.
void vouch_ticket_taken(struct vouch_local *authority, const struct vouch_store_ticket *ticket,
                        enum vouch_once_end end, uint64_t serial);
