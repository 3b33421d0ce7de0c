// SPDX-License-Identifier: ISC
// The tests' identity behind a lane, which a thread serves.
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "identity/test-fixture.h"

struct body {
    pthread_t thread;
    struct vouch_identity_engine *engine;
    int fd;
    int err;
    struct vouch_fault fault;
};

static void *serve(void *context) {
    struct body *body = context;
    body->err = vouch_identity_serve(body->engine, &body->fd, 1, -1, &body->fault);
    return NULL;
}

void fixture_attach(struct fixture *fixture) {
    int fds[2];
    struct body *body = calloc(1, sizeof *body);
    assert_non_null(body);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(vouch_identity_connect(fds[0], &fixture->identity, &fixture->fault), VOUCH_OK);
    body->engine = fixture->engine;
    body->fd = fds[1];
    assert_int_equal(pthread_create(&body->thread, NULL, serve, body), 0);
    fixture->body = body;
}

void fixture_detach(struct fixture *fixture) {
    struct body *body = fixture->body;
    vouch_identity_close(fixture->identity);
    assert_int_equal(pthread_join(body->thread, NULL), 0);
    assert_int_equal(body->err, VOUCH_OK);
    free(body);
}

int fixture_is_remote(void) {
    return 1;
}
