// SPDX-License-Identifier: ISC
// Requests, responses and routes: all that a handler sees of HTTP.
//
// A handler is straight-line code. It is called on a worker's thread with a whole request, whose
// slices live until it returns, and fills in a response. It knows nothing of connections or TLS; this
// layer knows nothing of what it answers. The wire's rules and every bound are in doc/http.md.
#pragma once

#include "http/address.h"
#include "vouch/buf.h"

#define VOUCH_HTTP_CAPTURES_MAX 6
#define VOUCH_HTTP_PARAMS_MAX 16
#define VOUCH_HTTP_ID_LEN 24
#define VOUCH_HTTP_SEGMENTS_MAX 12

enum vouch_http_method {
    VOUCH_HTTP_GET = 0,
    VOUCH_HTTP_HEAD,
    VOUCH_HTTP_POST,
    VOUCH_HTTP_PUT,
    VOUCH_HTTP_PATCH,
    VOUCH_HTTP_DELETE,
    VOUCH_HTTP_OPTIONS,
    VOUCH_HTTP_METHOD_COUNT
};

// The request headers that anyone here reads; all others are checked and dropped.
enum vouch_http_header {
    VOUCH_HTTP_ACCEPT = 0,
    VOUCH_HTTP_ACCEPT_ENCODING,
    VOUCH_HTTP_AUTHORIZATION,
    VOUCH_HTTP_CONNECTION,
    VOUCH_HTTP_CONTENT_LENGTH,
    VOUCH_HTTP_CONTENT_TYPE,
    VOUCH_HTTP_COOKIE,
    VOUCH_HTTP_EXPECT,
    VOUCH_HTTP_HOST,
    VOUCH_HTTP_IDEMPOTENCY_KEY,
    VOUCH_HTTP_IF_MATCH,
    VOUCH_HTTP_IF_NONE_MATCH,
    VOUCH_HTTP_LAST_EVENT_ID,
    VOUCH_HTTP_ORIGIN,
    VOUCH_HTTP_PREFER,
    VOUCH_HTTP_SEC_FETCH_SITE,
    VOUCH_HTTP_TRANSFER_ENCODING,
    VOUCH_HTTP_USER_AGENT,
    VOUCH_HTTP_X_FORWARDED_FOR,
    VOUCH_HTTP_X_VOUCH_CSRF,
    VOUCH_HTTP_HEADER_COUNT
};

struct vouch_http_param {
    struct vouch_bytes name;
    struct vouch_bytes value;
};

// Why a handler is called: first, or again for a request that waited.
enum vouch_http_turn {
    VOUCH_HTTP_FIRST = 0,
    VOUCH_HTTP_WOKEN, // its key was woken; it may wait again
    VOUCH_HTTP_EXPIRED, // its deadline passed, or the server stops: it must answer now, if it is no stream
};

struct vouch_http_route;

// Whose process is at the other end of a UNIX socket, as the kernel says.
struct vouch_http_user {
    unsigned known; // 0: nobody can say
    uint32_t uid;
};

struct vouch_http_request {
    enum vouch_http_method method;
    enum vouch_http_turn turn;
    const struct vouch_http_route *route;                 // NULL until one matched
    struct vouch_bytes path;                              // percent-decoded once, canonical
    struct vouch_bytes captures[VOUCH_HTTP_CAPTURES_MAX]; // in the order of the pattern
    struct vouch_http_param params[VOUCH_HTTP_PARAMS_MAX];
    size_t param_count;
    struct vouch_bytes headers[VOUCH_HTTP_HEADER_COUNT]; // ptr is NULL where absent
    struct vouch_bytes body;
    struct vouch_http_address peer;   // the other end of the connection
    struct vouch_http_address client; // who asked, as far as trusted proxies say; else the peer
    struct vouch_http_user user;      // of the peer
    char id[VOUCH_HTTP_ID_LEN + 1];
    uint64_t begun_ns; // when its first byte came, on the clock of vouch_time_monotonic_ns()
    unsigned worker;   // whose thread this is: the lane
    uint64_t note;     // what the handler noted when it last waited; at first 0
};

// The value of a query parameter; ptr is NULL if it is absent (each name occurs at most once).
struct vouch_bytes vouch_http_query(const struct vouch_http_request *request, const char *name);

// The response headers that a handler may set.
enum vouch_http_field {
    VOUCH_HTTP_SET_CONTENT_DISPOSITION = 0,
    VOUCH_HTTP_SET_LINK,
    VOUCH_HTTP_SET_LOCATION,
    VOUCH_HTTP_SET_PREFERENCE_APPLIED,
    VOUCH_HTTP_SET_RETRY_AFTER,
    VOUCH_HTTP_SET_SET_COOKIE,
    VOUCH_HTTP_SET_WWW_AUTHENTICATE,
    VOUCH_HTTP_FIELD_COUNT
};

// Bytes that somebody else owns, such as a revocation list that many are sent at once. `release` (may
// be NULL) is called with `owner` once, on any thread, when the server no longer needs them.
struct vouch_http_shared {
    struct vouch_bytes bytes;
    void (*release)(void *owner);
    void *owner;
};

// Not answered but parked until vouch_http_wake() is called with the key, or the deadline passes; the
// handler is then called again. Wakes since the handler was called count, so none is lost.
struct vouch_http_wait {
    uint64_t key;         // 0: do not wait
    uint64_t deadline_ns; // on the clock of vouch_time_monotonic_ns()
    uint64_t note;        // the handler's own: request->note when it is called again
};

// What a request holds of somebody else's until it is over, however it ends; then `release` is called with
// `owner`, on any thread.
struct vouch_http_hold {
    void (*release)(void *owner); // NULL: nothing
    void *owner;
};

#define VOUCH_HTTP_ETAG_MAX 80

struct vouch_http_response {
    unsigned status;                // 0: the handler forgot, which answers 500
    const char *content_type;       // a constant; NULL without a body
    const char *cache_control;      // a constant; NULL: "no-store"
    char etag[VOUCH_HTTP_ETAG_MAX]; // with its quotes; empty: none. Answers If-None-Match by 304
    struct vouch_buf body;
    struct vouch_http_shared shared; // in place of `body`
    struct vouch_http_wait wait;     // in place of an answer
    struct vouch_http_hold hold;     // set once; stays while the handler is called again
    // Nonzero: `body` is a piece of an answer that goes on after `wait`, when the handler is called for the
    // next piece; it may be empty, except the first. A piece without a wait is the last. The first gives
    // status, type and fields. Its end is that of the connection; a deadline may be followed by another wait,
    // but not once the server stops.
    unsigned stream;
    struct vouch_buf fields; // written by vouch_http_set()
};

// Adds a header. VOUCH_ERR_ARGUMENT if the value holds a control character or is over 4,096 bytes, so
// that nothing can be smuggled into a response.
VOUCH_MUST_USE int vouch_http_set(struct vouch_http_response *response, enum vouch_http_field field,
                                  struct vouch_bytes value);

// Called on worker request->worker with its context. A negative code answers 500 and drops what the
// response holds; every other outcome, refusals too, is a response.
typedef int vouch_http_handler(void *context, const struct vouch_http_request *request,
                               struct vouch_http_response *response);

// One row of the table of routes. A GET row answers HEAD as well.
// Where requests of a route wait for a worker: in the whole queue, or in an eighth of it, so that no
// number of them keeps others from finding room.
enum vouch_http_room { VOUCH_HTTP_ROOM_ALL = 0, VOUCH_HTTP_ROOM_FEW };

struct vouch_http_route {
    enum vouch_http_method method;
    const char *pattern; // "/v1/certs/{serial}": {…} captures one segment that is not empty
    vouch_http_handler *handler;
    size_t body_max; // bytes; 0: the request may have no body
    enum vouch_http_room room;
    const void *tag; // the handler's own
};

// A file served by the I/O threads without a worker. Everything is borrowed for the server's life.
struct vouch_http_file {
    const char *path; // a pattern like a route's, where all that fits is the same file
    struct vouch_bytes content;
    struct vouch_bytes gzip; // the same, compressed, for clients that take it; empty: for nobody
    const char *content_type;
    const char *etag;          // with its quotes
    const char *cache_control; // NULL: "no-cache", that is, ask each time
    const char *headers; // in place of the server's; whole lines, each ended by CRLF; may be NULL
};

// What one value of a Cookie header is. VOUCH_ERR_NOT_FOUND if it is absent; VOUCH_ERR_FORMAT if the
// header breaks RFC 6265 anywhere, or names the cookie twice (which only an attacker's would).
VOUCH_MUST_USE int vouch_http_cookie(struct vouch_bytes header, const char *name,
                                     struct vouch_bytes *ret_value);

// Sets a cookie that only this host's pages send back, over TLS: Secure, HttpOnly, Path=/,
// SameSite=Strict. The name must begin with "__Host-". An age of 0 deletes it. VOUCH_ERR_ARGUMENT.
#define VOUCH_HTTP_COOKIE_WHILE_OPEN UINT32_MAX // an age: until the browser is closed
VOUCH_MUST_USE int vouch_http_cookie_set(struct vouch_http_response *response, const char *name,
                                         struct vouch_bytes value, uint32_t age_s);

// "GET" and the like; and the phrase of a status, such as "Not Found". Never NULL.
const char *vouch_http_method_text(enum vouch_http_method method);
const char *vouch_http_status_text(unsigned status);
