// SPDX-License-Identifier: ISC
// What a question for access says, in one place for those who get it at once and those who get it by a ticket.
// Private to src/api.
#pragma once

#include "api/fields.h"

// The lists of a body, which live as long as the ask.
struct vouch_api_access_lists {
    struct vouch_api_texts roles, extensions, logins, sources;
};

// Reads each member that is there. Which there may be is for the caller to say: vouch_api_members().
void vouch_api_access_read(struct vouch_api_call *call, enum vouch_api_need key,
                           struct vouch_ask_access *ask, struct vouch_api_access_lists *lists);
