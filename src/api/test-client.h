// SPDX-License-Identifier: ISC
// The API on a real HTTP server, and a client of it, for tests. Every answer is held to
// doc/openapi.json as it comes in.
#pragma once

#include <pthread.h>

#include "api/api.h"
#include "api/call.h"
#include "api/test-authority.h"
#include "api/test-schema.h"

#define TEST_WORKERS 2

struct test_api {
    struct vouch_authority *authorities[TEST_WORKERS];
    struct vouch_api_public *files;
    struct vouch_api *api;
    struct vouch_http_server *server;
    int tcp_fd;
    int unix_fd;
    uint16_t port;
    struct vouch_http_listener listener;
    char socket[64]; // abstract: its first byte is NUL
    json_t *doc;
    struct vouch_buf log;     // lines of access, and of faults
    pthread_mutex_t log_lock; // of the log
};

// Begins with a fresh double of the authority. `way` as in the configuration; LOCAL listens on a UNIX
// socket. Fails the test if it cannot.
void test_api_begin(struct test_api *test, enum vouch_caller_way way,
                    enum vouch_api_metrics metrics);
void test_api_end(struct test_api *test);

// What is sent. Everything but method and path may be NULL.
struct test_ask {
    const char *method;
    const char *path;
    const char *token;   // the secret
    const char *type;    // Content-Type; NULL: application/json where there is a body
    const char *headers; // more lines, each with its CRLF
    const char *body;
};

struct test_answer {
    unsigned status;
    char *head; // with its lines, NUL-terminated
    struct vouch_buf body;
    json_t *json; // NULL if it is none
};

// Asks, on a connection of its own, and reads the answer to its end. Fails the test if there is none, or
// if it is not as it was described.
void test_ask(struct test_api *test, const struct test_ask *ask, struct test_answer *ret_answer);
void test_answer_done(struct test_answer *answer);

// Asks and gives the status alone.
unsigned test_status(struct test_api *test, const struct test_ask *ask);

// A member's text; "" if it is none.
const char *test_text(const struct test_answer *answer, const char *name);

// Nonzero if the head has the line.
int test_has_header(const struct test_answer *answer, const char *line);
