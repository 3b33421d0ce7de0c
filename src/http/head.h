// SPDX-License-Identifier: ISC
// The head of a request: where it ends, and what it says. Pure functions over bytes.
//
// Stricter than RFC 9112 asks of a server, since whoever reads more loosely than the program in front
// or behind can be made to see another request than it: doc/http.md has every rule.
#pragma once

#include "http/http.h"

#define VOUCH_HTTP_HEADER_LINES_MAX 64

// Why a request is not taken: the status to answer with, and a constant for a person.
struct vouch_http_refusal {
    unsigned status;
    const char *reason;
};

enum vouch_http_scan {
    VOUCH_HTTP_SCAN_BAD = 0, // no head begins like this
    VOUCH_HTTP_SCAN_MORE,
    VOUCH_HTTP_SCAN_WHOLE,
};

// Looks for the empty line that ends a head. `*scanned` is 0 at first and remembers how far it got, so
// that each byte is looked at once; on WHOLE it is the length of the head.
enum vouch_http_scan vouch_http_head_scan(struct vouch_bytes bytes, size_t *scanned);

struct vouch_http_head {
    enum vouch_http_method method;
    unsigned minor; // of HTTP/1.x: 0 or 1
    struct vouch_bytes target;
    struct vouch_bytes headers[VOUCH_HTTP_HEADER_COUNT];
    uint64_t content_length;
    unsigned keep_alive;       // nonzero: another request may follow
    unsigned expects_continue; // nonzero: the client waits for 100 before it sends the body
};

// Reads a whole head, as vouch_http_head_scan() found it. VOUCH_ERR_FORMAT with the refusal to answer
// with; the connection cannot go on after it. The slices point into `bytes`.
VOUCH_MUST_USE int vouch_http_head_parse(struct vouch_bytes bytes, struct vouch_http_head *ret_head,
                                         struct vouch_http_refusal *ret_refusal);

// A request target, decoded once.
struct vouch_http_target {
    struct vouch_bytes path;
    struct vouch_bytes segments[VOUCH_HTTP_SEGMENTS_MAX];
    size_t segment_count; // 0 for "/"
    struct vouch_http_param params[VOUCH_HTTP_PARAMS_MAX];
    size_t param_count;
};

// Decodes and splits an origin-form target into `text`, which has room for target.len bytes. What has
// no single reading is refused: "//", "." and "..", ";", and encoded "/", "\", "%", NUL or controls.
VOUCH_MUST_USE int vouch_http_target_parse(struct vouch_bytes target, uint8_t *text,
                                           struct vouch_http_target *ret_target,
                                           struct vouch_http_refusal *ret_refusal);

// Nonzero if a header Accept-Encoding names gzip, and with a weight over nothing. An absent one does not.
int vouch_http_takes_gzip(struct vouch_bytes header);

// Fills in a refusal and returns VOUCH_ERR_FORMAT.
int vouch_http_refuse(struct vouch_http_refusal *refusal, unsigned status, const char *reason);
