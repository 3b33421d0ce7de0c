// SPDX-License-Identifier: ISC
// The supervisor of a service: starts its roles, watches them, takes all down when one dies, and starts
// them again, less and less often, without end.
//
// The caller asks for one event after the other, and logs; nothing calls back. It must have one thread,
// and leave SIGTERM, SIGINT and SIGHUP alone: they are read here, never handled.
#pragma once

#include <sys/types.h>

#include "ipc/spawn.h"

struct vouch_supervisor;

enum vouch_supervisor_event_kind {
    VOUCH_SUPERVISOR_NOTHING = 0,
    VOUCH_SUPERVISOR_READY, // every role is sandboxed: open the listener, then vouch_supervisor_go()
    VOUCH_SUPERVISOR_DIED,  // a role ended, or did not get ready in time; by now all have ended
    VOUCH_SUPERVISOR_RELOAD,   // SIGHUP came; running roles have it too
    VOUCH_SUPERVISOR_STOPPED,  // SIGTERM or SIGINT came; by now all have ended
    VOUCH_SUPERVISOR_STOPPING, // the same, and all still run; only after vouch_supervisor_announce()
};

struct vouch_supervisor_event {
    enum vouch_supervisor_event_kind kind;
    const struct vouch_role *role; // DIED: which. STOPPED: one that had to be killed, or NULL
    struct vouch_fault fault;      // DIED: what happened. STOPPED: the same, if role is not NULL
    int was_running;               // DIED: nonzero if it had got the word to go before
    int by_signal;                 // STOPPED: nonzero if SIGTERM or SIGINT came
    int said_why;                  // DIED: nonzero if the role itself gave the reason
    uint64_t wait_ms;              // DIED: until all are started again
    char warning[512];             // READY: what roles warn of, or empty
};

// Finds the users, blocks the signals. Starts nothing yet. The caller ends *ret_supervisor with
// vouch_supervisor_free(). As root, each role needs a user of its own kind (user.h); as an ordinary user
// all run as that user, and vouch_supervisor_separates() tells.
VOUCH_MUST_USE int vouch_supervisor_new(const struct vouch_service *service,
                                        struct vouch_supervisor **ret_supervisor,
                                        struct vouch_fault *fault);

// Kills what still runs, and waits for it. Takes NULL.
void vouch_supervisor_free(struct vouch_supervisor *supervisor);

// Nonzero if the roles run as users of their own. If not, the caller should say so.
int vouch_supervisor_separates(const struct vouch_supervisor *supervisor);

// The process of a role, or 0.
pid_t vouch_supervisor_pid(const struct vouch_supervisor *supervisor, size_t role);

// Goes on until something happened: starts the roles (after DIED, when its time has come), watches them.
// Waits as long as that takes while they run, else no longer than the times of the service. An error is
// the supervisor's own: VOUCH_ERR_ARGUMENT after READY without go, or after STOPPED;
// VOUCH_ERR_TIMEOUT: a process cannot be killed; VOUCH_ERR_IO.
VOUCH_MUST_USE int vouch_supervisor_next(struct vouch_supervisor *supervisor,
                                         struct vouch_supervisor_event *ret_event,
                                         struct vouch_fault *fault);

// After READY: the word to go, the last role of the table first, with listening sockets (which stay the
// caller's) for the role with index `accepts`. A role that has died meanwhile is the next event.
VOUCH_MUST_USE int vouch_supervisor_go(struct vouch_supervisor *supervisor, size_t accepts,
                                       struct vouch_lane_fds listeners, struct vouch_fault *fault);

// The same with sockets for several roles: sockets[i] is for the role with index i.
VOUCH_MUST_USE int vouch_supervisor_go_each(struct vouch_supervisor *supervisor,
                                            const struct vouch_lane_fds *sockets,
                                            struct vouch_fault *fault);

// From now on a stop of running roles is told by VOUCH_SUPERVISOR_STOPPING first.
void vouch_supervisor_announce(struct vouch_supervisor *supervisor);

// As though SIGTERM had come: the next event is STOPPED.
void vouch_supervisor_stop(struct vouch_supervisor *supervisor);
