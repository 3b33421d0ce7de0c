// SPDX-License-Identifier: ISC
// The API: JSON over HTTP under /v1, turned into what the authority can be asked, and back.
//
// It decides nothing: who may do what is the authority's answer, and each route but the public ones asks
// it with the caller's own credential. It holds no state but its counters and what everybody may have
// (public.h). The HTTP server, its threads and listeners are the caller's. doc/api.md.
#pragma once

#include "api/public.h"
#include "authority/authority.h"
#include "http/server.h"

struct vouch_api;

// Who may read /metrics. Zero: who has a token for it.
enum vouch_api_metrics { VOUCH_API_METRICS_TOKEN = 0, VOUCH_API_METRICS_PUBLIC };

// Whether anything is changed for anybody. REFUSED is for a demonstration: each route that is more than a
// question answers V-2030, but signing in and out.
enum vouch_api_changes { VOUCH_API_CHANGES_REFUSED = 0, VOUCH_API_CHANGES_TAKEN };

struct vouch_api_config {
    // TOKEN: a caller is who its API token says. LOCAL: also the user at the other end of a UNIX socket,
    // for a server all of whose listeners are such sockets.
    enum vouch_caller_way way;
    struct vouch_authority *const *authorities; // one per worker, for its thread alone; borrowed
    unsigned workers;
    struct vouch_api_public *files; // borrowed
    enum vouch_api_metrics metrics;
    enum vouch_api_changes changes;
    // Told of each failure (never of a refusal), from workers' threads; may be NULL.
    void (*report)(void *context, const struct vouch_http_request *request,
                   const struct vouch_fault *fault);
    void *report_context;
};

// Opens nothing, so that it may be called in a sandbox. VOUCH_ERR_ARGUMENT without a way
// in, workers or files.
VOUCH_MUST_USE int vouch_api_new(const struct vouch_api_config *config, struct vouch_api **ret_api,
                                 struct vouch_fault *fault);

// After the HTTP server was freed. Takes NULL.
void vouch_api_free(struct vouch_api *api);

// Fills in routes, files, workers with their contexts, how large a body may be, and the shape of errors.
// Listeners, identity, deadlines and the log stay as they are.
void vouch_api_configure(struct vouch_api *api, struct vouch_http_config *http);

// The server whose counters /metrics shows; NULL before it is freed.
void vouch_api_attach(struct vouch_api *api, struct vouch_http_server *server);

// Appends one line (without its end) for the access log: address, method, path, status, bytes,
// milliseconds, request ID. Everything a client can choose is escaped, no header or query is shown, and
// what could be the secret of a token, session or link is masked.
void vouch_api_access_line(const struct vouch_http_record *record, struct vouch_buf *out);
