// SPDX-License-Identifier: ISC
// One connection of the load client: TLS without blocking, one request at a time, the answer read whole.
#pragma once

#include "bench/load.h"

#define LOAD_IN_MAX 16384 // bytes of an answer

struct load_target;

// Reads address and pin; ends the program if one is wrong.
struct load_target *load_target_new(const struct load_options *options);
void load_target_free(struct load_target *target);

enum load_conn_phase { LOAD_CONN_SHAKING = 0, LOAD_CONN_IDLE, LOAD_CONN_ASKING, LOAD_CONN_READING };
enum load_conn_result { LOAD_CONN_WAITS = 0, LOAD_CONN_ANSWERED, LOAD_CONN_BROKEN };

// Zeroed, with fd -1 after it was closed.
struct load_conn {
    int fd;
    struct ssl_st *ssl;
    const struct load_target *target;
    uint32_t source; // the address to come from, in host order; 0: any
    enum load_conn_phase phase;
    uint32_t wants, watched; // epoll's events
    struct load_subject *subject;
    uint64_t asked_ns;
    uint64_t rests_until_ns; // 0: it does not rest
    char out[1024];
    size_t out_len;
    char in[LOAD_IN_MAX + 1];
    size_t in_len;
    unsigned status;
    unsigned retry_after_s; // 0: it did not say
    const char *body;       // into `in`
    size_t body_len;
    const char *why; // BROKEN
};

// Connects; the handshake comes with the steps that follow.
void load_conn_open(struct load_conn *conn, const struct load_target *target);
void load_conn_close(struct load_conn *conn);

// Prepares a request for a certificate for this subject. The clock of its latency starts here.
void load_conn_ask(struct load_conn *conn, const struct load *load, struct load_subject *subject);

// Prepares a sign-in of a user who is not there, another one for each number.
void load_conn_ask_wrong(struct load_conn *conn, size_t number);

// The same for any text, such as a GET; *conn is then its only request.
void load_conn_ask_text(struct load_conn *conn, const char *text);

// Goes as far as it can without waiting.
enum load_conn_result load_conn_step(struct load_conn *conn);

int load_conn_all_greeted(const struct load_conn *conns, unsigned count);

// Asks GET `path` again and again, from before the service listens until it answers 200; returns when
// that was, on the monotonic clock, or 0 if it did not within `wait_ms`.
uint64_t load_first_answer(const struct load_options *options, const char *path, unsigned wait_ms);
