// SPDX-License-Identifier: ISC
// What a server serves: routes and files made ready for looking up, and its bounds with their defaults.
// Nothing in it but one counter changes after it is made, so all threads share it.
#pragma once

#include "http/head.h"
#include "http/server.h"

#define VOUCH_HTTP_GZIP_MARK "-gz" // ends the ETag of what was compressed

struct vouch_http_segment {
    struct vouch_bytes text; // ptr is NULL for a capture
};

struct vouch_http_pattern {
    const struct vouch_http_route *route; // or
    const struct vouch_http_file *file;
    struct vouch_http_segment segments[VOUCH_HTTP_SEGMENTS_MAX];
    size_t count;
};

// How many requests with a large body there are now.
struct vouch_http_large {
    _Atomic uint32_t count;
};

struct vouch_http_site {
    struct vouch_http_config config;     // with every default filled in
    struct vouch_http_pattern *patterns; // of the routes, then of the files
    struct vouch_bytes headers;          // of every answer
    struct vouch_http_large *large;
};

// Checks the tables and limits, and fills in defaults. The fault names the row that is wrong.
VOUCH_MUST_USE int vouch_http_site_init(struct vouch_http_site *site,
                                        const struct vouch_http_config *config,
                                        struct vouch_fault *fault);
void vouch_http_site_done(struct vouch_http_site *site);

// What a method and a path lead to. Neither route nor file: 405 if any method is allowed, else 404.
struct vouch_http_match {
    const struct vouch_http_route *route;
    const struct vouch_http_file *file;
    struct vouch_bytes captures[VOUCH_HTTP_CAPTURES_MAX];
    unsigned allowed; // bit 1 << method for each that the path takes
};

// Looks a target up. The captures point into the target.
void vouch_http_site_find(const struct vouch_http_site *site, enum vouch_http_method method,
                          const struct vouch_http_target *target,
                          struct vouch_http_match *ret_match);
