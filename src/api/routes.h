// SPDX-License-Identifier: ISC
// The table of routes, and the one way from a route to what answers it. Private to src/api.
#pragma once

#include "api/call.h"
#include "api/packed.h"

extern const struct vouch_http_route vouch_api_routes[];
extern const size_t vouch_api_route_count;

// The API's description, made from doc/openapi.json by the build.
extern const struct vouch_packed vouch_api_openapi;
extern const char vouch_api_openapi_etag[];

// The row behind a route.
static inline const struct vouch_api_row *vouch_api_row_of(const struct vouch_http_route *route) {
    return route->tag;
}

// The handler of every route: who asks, what kind of body, which parameters; then the row's own. Its
// context is a struct vouch_api_lane.
vouch_http_handler vouch_api_serve;
