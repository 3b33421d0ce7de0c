// SPDX-License-Identifier: ISC
// A person's ssh-agent: what it holds, signing through it, adding and removing keys and certificates.
//
// Each call asks over connections of its own and ends within its timeout. The agent is not believed:
// signatures are verified, and what it says it added or removed is looked up afterwards, since some
// agents say yes and do not. Nothing here reads the environment.
#pragma once

#include "base/fault.h"
#include "core/agent-msg.h"

// Where the agent is. Borrowed.
struct vouch_agent {
    const char
        *socket_path;    // the value of SSH_AUTH_SOCK; NULL or "": there is none, and calls say so
    uint64_t timeout_ns; // for each question; 0: 10 s, and 60 s to sign (a person may confirm)
};

// What the agent holds; the caller ends *ret_listing with vouch_agent_listing_done(). A locked agent
// lists nothing.
VOUCH_MUST_USE int vouch_agent_list(const struct vouch_agent *agent,
                                    struct vouch_agent_listing *ret_listing,
                                    struct vouch_fault *fault);

// Appends a signature blob over what->data that verifies with what->key.
VOUCH_MUST_USE int vouch_agent_sign(const struct vouch_agent *agent,
                                    const struct vouch_agent_sign *what,
                                    struct vouch_buf *signature, struct vouch_fault *fault);

// Adds a key, or a key with its certificate, and makes sure that the agent lists it. To be found by
// every client, a certificate's plain key is added too, in a call of its own.
VOUCH_MUST_USE int vouch_agent_add(const struct vouch_agent *agent,
                                   const struct vouch_agent_add *what, struct vouch_fault *fault);

// Removes the key or certificate with this blob, and makes sure that it is gone. VOUCH_ERR_REFUSED if
// the agent does not hold it.
VOUCH_MUST_USE int vouch_agent_remove(const struct vouch_agent *agent, struct vouch_bytes blob,
                                      struct vouch_fault *fault);

// Removes everything.
VOUCH_MUST_USE int vouch_agent_remove_all(const struct vouch_agent *agent,
                                          struct vouch_fault *fault);
