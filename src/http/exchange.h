// SPDX-License-Identifier: ISC
// One request and its answer: from the bytes that came to the bytes that go out.
//
// It does no I/O and asks for no time, so that every rule of the protocol is tested on plain memory.
// An exchange belongs to its connection's I/O thread, except while a worker has it.
#pragma once

#include "http/site.h"

#define VOUCH_HTTP_DATE_LEN 29

// The Date header, made once a second by each thread that answers.
struct vouch_http_date {
    uint64_t time_s;
    char text[VOUCH_HTTP_DATE_LEN + 1];
};

// "Sun, 22 Nov 2026 14:09:01 GMT", for the second given; cheap if it is the same as the last.
void vouch_http_date_set(struct vouch_http_date *date, uint64_t time_s);

struct vouch_http_exchange {
    struct vouch_http_request request;
    struct vouch_http_response response;
    const struct vouch_http_site *site;
    struct vouch_http_head head;
    struct vouch_buf in;     // all received and not yet answered: this request, and what follows
    struct vouch_buf text;   // the decoded target
    struct vouch_buf out;    // the answer: its head, and its body if that is small
    struct vouch_bytes rest; // the body that was not copied into `out`
    const struct vouch_http_file *file; // that is the answer, or NULL
    size_t scanned;                     // bytes of the head looked at
    size_t head_len;                    // 0 until the head was read
    const uint8_t *read_at;             // where `in` was when the slices were made
    unsigned packed;                    // nonzero: the body is compressed by gzip
    unsigned closing;                   // nonzero: the connection ends with this answer
    unsigned continued;                 // nonzero: 100 Continue was sent
    unsigned large;                     // nonzero: it counts as one with a large body
    unsigned streaming;                 // nonzero: the head of an answer that goes on was made
    size_t pieces_len;                  // of what was sent of it before this piece
    unsigned status;                    // of the answer
    uint64_t begun_ns;                  // when its first byte came
    uint64_t wakes_seen;                // how many wakes there were when the handler was called
    void *conn;                         // whose it is; NULL once the connection is gone
    void *home;                         // its I/O thread
    struct vouch_http_exchange *next;   // in a queue or pool
};

// A new, empty exchange; NULL when memory is short.
struct vouch_http_exchange *vouch_http_exchange_new(const struct vouch_http_site *site);
void vouch_http_exchange_free(struct vouch_http_exchange *x);

// What must happen next.
enum vouch_http_step {
    VOUCH_HTTP_STEP_ANSWER = 0, // x->out and x->rest hold a whole answer
    VOUCH_HTTP_STEP_MORE,       // more bytes must come
    VOUCH_HTTP_STEP_CONTINUE,   // the same, after 100 Continue
    VOUCH_HTTP_STEP_WORK,       // x->request is whole and for its handler
};

// Looks at what x->in holds.
enum vouch_http_step vouch_http_exchange_advance(struct vouch_http_exchange *x,
                                                 struct vouch_http_date *date);

// Nonzero once any byte of a request is there.
int vouch_http_exchange_begun(const struct vouch_http_exchange *x);

// Turns the handler's response into an answer, or the next piece of one; `err` is what the handler returned.
void vouch_http_exchange_answer(struct vouch_http_exchange *x, int err,
                                struct vouch_http_date *date);

// Answers without a handler, with a body by the site's `describe`.
void vouch_http_exchange_refuse(struct vouch_http_exchange *x, unsigned status, const char *reason,
                                struct vouch_http_date *date);

// Says in the response when to come again.
void vouch_http_exchange_retry(struct vouch_http_exchange *x);

// Gives back what the response holds, so that the handler can be called, or called again.
void vouch_http_exchange_reset(struct vouch_http_exchange *x);

// Forgets the request that was answered and keeps what came after it.
void vouch_http_exchange_next(struct vouch_http_exchange *x);
