// SPDX-License-Identifier: ISC
// The web application's files, for the HTTP server to serve beside the API.
//
// They are the same for everybody and hold nothing secret; what a page shows, it asks the API for with its
// viewer's session. No worker is needed for them, and the administrator's socket has none. doc/web.md.
#pragma once

#include "base/fault.h"
#include "http/server.h"

struct vouch_web;

// Adds the application's files to those that the configuration has already. What it gives back must live as
// long as the server. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_web_configure(struct vouch_http_config *http, struct vouch_web **ret_web,
                                       struct vouch_fault *fault);

// After the HTTP server was freed. Takes NULL.
void vouch_web_free(struct vouch_web *web);
