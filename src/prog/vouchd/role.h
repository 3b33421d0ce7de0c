// SPDX-License-Identifier: ISC
// A part of a running server, as a process of its own: --role NAME DIR LANES ADDRESS, started by the
// supervisor.
//
// Each role's file begins with what it may reach, and goes through the same steps: open, enter the
// sandbox, say so and wait for the word to go, serve, end cleanly.
#pragma once

#include "api/api.h"
#include "ipc/sandbox.h"
#include "prog/vouchd/service.h"

struct vouch_role_run {
    struct vouch_server_table table;
    struct vouch_role_self self;
    struct vouch_config config;
    const char *dir;
    unsigned lanes;
    const char *address; // see address.h
};

// The whole life of a role process; returns its exit status.
int vouch_role_main(int argc, char *const *argv);

// The roles. Each returns after a clean stop, or with an error and its fault.
typedef int vouch_role_fn(struct vouch_role_run *run, struct vouch_fault *fault);
vouch_role_fn vouch_role_web, vouch_role_authority, vouch_role_signer, vouch_role_identity;

// What callers of this server's API may change.
static inline enum vouch_api_changes vouch_role_changes(const struct vouch_config *config) {
    return config->purpose == VOUCH_PURPOSE_SERVICE ? VOUCH_API_CHANGES_TAKEN
                                                    : VOUCH_API_CHANGES_REFUSED;
}

// The descriptors of a link's lanes, in their order; the array has room for VOUCH_LANES_MAX. Returns how
// many.
unsigned vouch_role_lane_fds(const struct vouch_role_run *run, size_t link,
                             int ret_fds[static VOUCH_LANES_MAX]);

// Enters the sandbox, says so, and waits for the word to go. The caller closes the sockets that came.
VOUCH_MUST_USE int vouch_role_settle(struct vouch_role_run *run,
                                     const struct vouch_sandbox *sandbox,
                                     struct vouch_role_sockets *ret_sockets,
                                     struct vouch_fault *fault);
