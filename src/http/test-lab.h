// SPDX-License-Identifier: ISC
// A laboratory for tests and fuzzers: a connection over memory, whose handlers run at once and whose
// clock stands still, so that the same bytes in give the same bytes out.
#pragma once

#include "http/conn.h"

struct lab {
    struct vouch_http_home home; // first, so that the home is the lab
    struct vouch_http_site site;
    struct vouch_http_tally tally;
    struct vouch_http_conn conn;
    struct vouch_http_exchange *pending; // handed to the workers
    unsigned handlers_ran;
    unsigned parked;     // times that the connection waited for the next piece of a stream
    unsigned queue_full; // nonzero: dispatch refuses
    unsigned hold;       // nonzero: handlers wait for lab_work()
    // The wire.
    const uint8_t *in;
    size_t in_len; // that has arrived
    size_t in_at;
    unsigned in_ended;
    size_t write_max;   // bytes that each write takes; 0: all
    size_t write_quota; // bytes until writing blocks; 0: it never does
    unsigned finished;  // the server said that it sends no more
    struct vouch_buf out;
};

// What /shared answers with, and how often it was given back.
#define LAB_SHARED_LEN 600000
extern unsigned lab_releases;

// Begins a lab whose connection has just been taken; frees it.
int lab_init(struct lab *lab, const struct vouch_http_prefix *proxies, size_t proxy_count);
void lab_done(struct lab *lab);

// Runs the handler that waits, as a worker would.
void lab_work(struct lab *lab);

// Calls the handler of a stream that waits for its next piece, and lets everything happen that can.
void lab_wake(struct lab *lab, enum vouch_http_turn turn);

// Lets everything happen that can.
void lab_run(struct lab *lab);

// Sends bytes in pieces of `step` (0: all at once), and the end of the connection if `end` says so.
void lab_send(struct lab *lab, struct vouch_bytes bytes, size_t step, unsigned end);
