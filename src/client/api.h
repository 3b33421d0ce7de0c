// SPDX-License-Identifier: ISC
// The server's API for programs: JSON over HTTPS, or over the socket on the server's own machine.
//
// Says who the server is (a pin of its TLS key, or CA certificates) before anything is sent to it; there
// is no way to leave that out. "No" comes back as a fault with the server's own code and words. An api
// belongs to one thread. libcurl stays inside.
#pragma once

#include <stdatomic.h>

#include "base/fault.h"

struct json_t;
struct vouch_api;

#define VOUCH_API_TIMEOUT_MS 10000 // for one ask with all its attempts, where none is given
#define VOUCH_API_JSON_MAX (8u * 1024 * 1024) // bytes of an answer in JSON

// Whom to ask. Everything is borrowed while it is opened.
struct vouch_api_server {
    const char *url;    // "https://HOST[:PORT]"; NULL with `socket`
    const char *socket; // path of a UNIX socket: then nothing but timeout_ms counts
    const char *pin; // "sha256:…" of the server's public key, base64, base64url or hexadecimal;
                     // NULL: its certificate has to be by a trusted CA, and for its name
    const char *ca_file;      // certificates in PEM to trust; NULL: the system's
    const char *token_file;   // "-": standard input; NULL: no token
    struct vouch_bytes token; // the credential itself, of a session; counts where no file is given
    uint64_t timeout_ms;      // 0: VOUCH_API_TIMEOUT_MS
};

// Reads what has to be read; connects when it is first asked. A usage fault names the option.
VOUCH_MUST_USE int vouch_api_open(const struct vouch_api_server *server, struct vouch_api **ret_api,
                                  struct vouch_fault *fault);
void vouch_api_close(struct vouch_api *api);

// Sends this credential from now on: a token, or the secret of a session; empty: none.
VOUCH_MUST_USE int vouch_api_set_token(struct vouch_api *api, struct vouch_bytes token,
                                       struct vouch_fault *fault);

// How long each ask may take from now on.
void vouch_api_set_timeout(struct vouch_api *api, uint64_t timeout_ms);

// From now on every ask ends within about a second once *stop is nonzero, with VOUCH_ERR_TIMEOUT, and sends
// nothing after that. Borrowed; another thread may set it. NULL: nothing stops it.
void vouch_api_set_stop(struct vouch_api *api, const atomic_int *stop);

// How far this machine's clock is ahead of the server's, by the last answer that said the time, to about a
// second. VOUCH_ERR_NOT_FOUND: none did.
VOUCH_MUST_USE int vouch_api_clock(const struct vouch_api *api, int64_t *ret_ahead_ms);

// Is told of each "no" of the server before the asker is. Nonzero: something was done about it (it may
// have asked through the same api, of which it is not told), and the question is asked once more. It may
// set the fault anew, with the same code.
typedef int vouch_api_no_fn(void *context, struct vouch_fault *fault);
void vouch_api_on_no(struct vouch_api *api, vouch_api_no_fn *on_no, void *context);

// What the server is called in messages; borrowed.
const char *vouch_api_name(const struct vouch_api *api);

enum vouch_api_method {
    VOUCH_API_GET = 0,
    VOUCH_API_POST,
    VOUCH_API_PUT,
    VOUCH_API_DELETE,
};

// One question. GET, PUT, and POST with `once` are asked again when the connection broke or the server
// is busy; the others only when it surely did not begin with them.
struct vouch_api_ask {
    enum vouch_api_method method;
    const char *path;  // from "/v1" on, with its query
    const char *body;  // NULL: none
    const char *type;  // of the body; NULL: application/json
    const char *once;  // Idempotency-Key; NULL: none
    const char *etag;  // what is there already, without quotes; NULL: nothing
    const char *match; // what has to be there still (If-Match), without quotes; NULL: anything
    size_t answer_max; // 0: VOUCH_API_JSON_MAX
    uint64_t wait_ms;  // how long the server may hold the answer back
};

struct vouch_api_answer {
    unsigned status; // 2xx, or 304 where `etag` was given
    char etag[64];   // without quotes; may be empty
    struct vouch_buf body;
};

// Asks. *ret_answer is the caller's (vouch_buf_done() of its body). Codes: VOUCH_ERR_IO and _TIMEOUT for
// no connection, VOUCH_ERR_PASSPHRASE for no good token (401), VOUCH_ERR_REFUSED (403), _NOT_FOUND (404,
// 410), _EXISTS (409, 412), _ARGUMENT (400, 422), _LIMIT (413, 429), VOUCH_ERR_CORRUPT for an answer
// that is none, VOUCH_ERR_SIGNATURE for a server that is not the one that was meant.
VOUCH_MUST_USE int vouch_api_ask(struct vouch_api *api, const struct vouch_api_ask *ask,
                                 struct vouch_api_answer *ret_answer, struct vouch_fault *fault);

// Asks for JSON: one object whose "schema" is `schema` (204: one with nothing else). The caller frees *ret_json with json_decref().
VOUCH_MUST_USE int vouch_api_ask_json(struct vouch_api *api, const struct vouch_api_ask *ask,
                                      const char *schema, struct json_t **ret_json,
                                      struct vouch_fault *fault);

// A fault for an answer that came but lacks what it must have: "SERVER: WHAT" (V-1865).
int vouch_api_bad_answer(const struct vouch_api *api, struct vouch_fault *fault, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

// Appends "?NAME=VALUE" or "&NAME=VALUE", percent-encoded, to a path; nothing if `value` is NULL.
void vouch_api_query(struct vouch_buf *path, const char *name, const char *value);

// Appends one segment of a path, percent-encoded.
void vouch_api_segment(struct vouch_buf *path, const char *text);
