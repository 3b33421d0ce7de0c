// SPDX-License-Identifier: ISC
// What a break-in into a role would try: one system call each, for test-sandbox.c.
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

// What the attacks are aimed at; the test fills it in.
struct test_targets {
    char folder[64];
    pid_t parent;
    int udp_fd;
    int tcp_fd;
    int unix_fd; // listens
    int pid_fd;  // of the parent
    int file_fd;
    int tty_fd;
    struct sockaddr_in loopback; // somebody listens there
    void *code_page;             // readable and writable
};
extern struct test_targets test_targets;

// What an attempt gives, if it was not killed.
#define TEST_REFUSED 10
#define TEST_HAPPENED 11

// From the result of a system call that must not have an effect.
int test_attack_judge(long result);

// How the sandbox must answer: FAILS is either, by the list in sandbox.h.
enum test_attack_end { TEST_ATTACK_KILLS = 0, TEST_ATTACK_FAILS };

struct test_attack {
    const char *name;
    int (*attempt)(void);
    enum test_attack_end end;
};
extern const struct test_attack test_attacks[];
extern const size_t test_attack_count;

// The attack with this name; there must be one.
const struct test_attack *test_attack_find(const char *name);
