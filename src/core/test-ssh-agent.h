// SPDX-License-Identifier: ISC
// For tests: the system's ssh-agent on a socket of its own, and an agent that answers by a script.
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stream.h"
#include "base/time.h"
#include "core/agent-msg.h"

#define SECOND_NS UINT64_C(1000000000)

// A socket's path in a folder of its own.
struct test_socket {
    char folder[64];
    char path[80];
};

static inline void test_socket_begin(struct test_socket *at) {
    (void)snprintf(at->folder, sizeof at->folder, "/tmp/vouch-agent-XXXXXX");
    assert_non_null(mkdtemp(at->folder));
    (void)snprintf(at->path, sizeof at->path, "%s/agent", at->folder);
}

static inline void test_socket_end(struct test_socket *at) {
    (void)unlink(at->path);
    assert_int_equal(rmdir(at->folder), 0);
}

// The system's ssh-agent.
struct test_agent {
    struct test_socket at;
    pid_t pid;
};

static inline void test_agent_begin(struct test_agent *agent) {
    test_socket_begin(&agent->at);
    char program[] = "ssh-agent", stay[] = "-D", bind_to[] = "-a";
    char *const command[] = {program, stay, bind_to, agent->at.path, NULL};
    posix_spawn_file_actions_t quiet;
    assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1, 0), 0);
    assert_int_equal(posix_spawnp(&agent->pid, program, &quiet, NULL, command, environ), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&quiet), 0);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + 20 * SECOND_NS;
    int fd = -1;
    while (vouch_stream_connect(agent->at.path, deadline_ns, &fd) != VOUCH_OK) {
        assert_true(vouch_time_monotonic_ns() < deadline_ns);
        assert_int_equal(waitpid(agent->pid, NULL, WNOHANG), 0);
        (void)usleep(2000);
    }
    (void)close(fd);
}

// Takes an agent that has been ended already.
static inline void test_agent_end(struct test_agent *agent) {
    if (agent->pid > 0) {
        assert_int_equal(kill(agent->pid, SIGTERM), 0);
        assert_int_equal(waitpid(agent->pid, NULL, 0), agent->pid);
        agent->pid = 0;
        test_socket_end(&agent->at);
    }
}

// Gives the agent a key to hold for ten minutes, which it must take.
static inline void test_agent_add(const struct test_agent *agent,
                                  const struct vouch_private_key *key) {
    const struct vouch_agent_add what = {.key = key, .lifetime_s = 600};
    const struct vouch_stream_peer peer = {.name = "ssh-agent",
                                           .path = agent->at.path,
                                           .kind = &vouch_fault_agent,
                                           .timeout_ns = 20 * SECOND_NS,
                                           .answer_max = VOUCH_AGENT_MESSAGE_MAX};
    struct vouch_secret question = {0};
    struct vouch_buf answer;
    vouch_buf_init(&answer, VOUCH_AGENT_MESSAGE_MAX);
    assert_int_equal(vouch_agent_msg_write_add(&what, &question, NULL), VOUCH_OK);
    assert_int_equal(vouch_stream_ask(&peer, vouch_secret_bytes(&question), &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(vouch_agent_msg_read_done(vouch_buf_bytes(&answer), NULL), VOUCH_OK);
    vouch_buf_done(&answer);
    vouch_secret_done(&question);
}

// What a scripted agent does on one connection: it reads a question, sends the bytes as they stand
// (length in front included), and hangs up; or stays silent until the client has hung up.
struct test_reply {
    const void *bytes;
    size_t len;
    int stays;
};

struct test_script {
    struct test_socket at;
    const struct test_reply *replies;
    size_t count;
    size_t asked; // how many questions came
    int listener;
    pthread_t thread;
};

static inline void *test_script_run(void *context) {
    struct test_script *script = context;
    for (size_t i = 0; i < script->count; i++) {
        int fd = accept(script->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        struct vouch_buf question;
        vouch_buf_init(&question, 1 << 20);
        uint64_t deadline_ns = vouch_time_monotonic_ns() + 20 * SECOND_NS;
        if (vouch_stream_receive(fd, 1 << 20, deadline_ns, &question) == VOUCH_OK) {
            script->asked++;
        }
        vouch_buf_done(&question);
        const struct test_reply *reply = &script->replies[i];
        (void)send(fd, reply->bytes, reply->len, MSG_NOSIGNAL);
        uint8_t end;
        if (reply->stays) {
            (void)recv(fd, &end, 1, 0);
        }
        (void)close(fd);
    }
    return NULL;
}

static inline void test_script_begin(struct test_script *script, const struct test_reply *replies,
                                     size_t count) {
    *script = (struct test_script){.replies = replies, .count = count};
    test_socket_begin(&script->at);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", script->at.path);
    script->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(script->listener >= 0);
    assert_int_equal(bind(script->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(script->listener, 8), 0);
    assert_int_equal(pthread_create(&script->thread, NULL, test_script_run, script), 0);
}

// Ends the script and checks that all of it was played.
static inline void test_script_end(struct test_script *script) {
    (void)shutdown(script->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(script->thread, NULL), 0);
    (void)close(script->listener);
    test_socket_end(&script->at);
    assert_int_equal(script->asked, script->count);
}
