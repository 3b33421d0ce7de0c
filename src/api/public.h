// SPDX-License-Identifier: ISC
// What everybody may have, kept in memory: CA keys, trust bundle, revocation lists and their envelopes,
// checkpoint.
//
// One thread asks the authority for what is newer, in a loop, and puts a new snapshot in the place of
// the last; requests are served from the snapshot without asking anybody. While the authority does not
// answer, the last snapshot is served on: hosts must get their lists.
#pragma once

#include "authority/authority.h"
#include "http/server.h"

struct vouch_api_public;

// Asks for the first files and starts the thread, which alone uses `authority` from then on until the
// end. The first files may come later, if the authority says so; a failure to ask is an error.
VOUCH_MUST_USE int vouch_api_public_start(struct vouch_authority *authority,
                                          struct vouch_api_public **ret_files,
                                          struct vouch_fault *fault);

// Ends the thread, which takes up to a quarter of a second, and lets go of the files. Takes NULL.
void vouch_api_public_free(struct vouch_api_public *files);

// The server to wake when a list changes; NULL before it is freed.
void vouch_api_public_attach(struct vouch_api_public *files, struct vouch_http_server *server);

// Nonzero while the authority answers: the last time is less than two seconds ago.
int vouch_api_public_is_fresh(struct vouch_api_public *files);
