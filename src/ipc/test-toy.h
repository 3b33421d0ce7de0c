// SPDX-License-Identifier: ISC
// A toy service for test-spawn.c: web accepts and asks authority, which asks signer.
//
// A file FOLDER/ROLE tells a role, once, at which step to fail and how: two letters.
#pragma once

#include "ipc/spawn.h"

enum { WEB = 0, AUTHORITY, SIGNER, ROLE_COUNT };
enum { WEB_TO_AUTHORITY = 0, AUTHORITY_TO_SIGNER };

// Steps at which a role can be told to fail.
enum {
    BEFORE_BEGIN = 'a',
    AFTER_BEGIN,
    AFTER_SANDBOX,
    AFTER_READY,
    WHEN_ASKED,
    AT_SIGNAL,
};
enum { BY_KILL = 'k', BY_EXIT = 'x', BY_HANGING = 'h', BY_SYSCALL = 's', BY_SAYING_SO = 'f' };

extern const struct vouch_role test_toy_roles[ROLE_COUNT];
extern struct vouch_service test_toy_service;
extern char test_toy_folder[64];
extern int test_toy_gift; // the signer's gift: a file with the number that it adds to its answers

// A role, in a process of its own.
int test_toy_run(const char *name, const char *in_folder);
