// SPDX-License-Identifier: ISC
// The processes of a service: which there are, what sockets lie between them, and how one begins.
//
// The table is constant and the same in the supervisor and in every role, which are one program: so each
// knows its descriptors without being told. supervisor.h starts and watches the processes; here is the
// table, and what a role does first. doc/frames.md has the control protocol in prose.
#pragma once

#include "ipc/frame.h"

#define VOUCH_ROLES_MAX 8
#define VOUCH_LINKS_MAX 8
#define VOUCH_LANES_MAX 64 // per link
#define VOUCH_SERVICE_ARGS_MAX 60
#define VOUCH_SERVICE_ENV_MAX 32
#define VOUCH_ROLE_GIFTS_MAX 4

// A process.
struct vouch_role {
    const char *name; // such as "signer"; what --role says
    const char
        *user; // NAME, UID or UID:GID to run as when the supervisor is root; else not looked at
    unsigned gifts;      // descriptors that the supervisor hands over besides, such as of a file
    const int *gift_fds; // these, which stay the caller's; not looked at in the role
};

// `lanes` sockets between two roles, by their index in the table.
struct vouch_link {
    unsigned asks;
    unsigned answers;
    unsigned lanes;
};

// Zero is the default of each.
struct vouch_service_times {
    uint64_t ready_ms;         // from start to sandboxed: 10 s
    uint64_t stop_ms;          // from SIGTERM to SIGKILL: 10 s
    uint64_t backoff_first_ms; // before the first restart, doubling from then on: 1 s
    uint64_t backoff_max_ms;   // 60 s
    uint64_t healthy_ms; // having run for so long, the next restart waits the shortest time: 60 s
};

// All of a service. Borrowed; outlives the supervisor.
struct vouch_service {
    const char *program;            // argv[0] of the roles, such as "vouchd"
    const struct vouch_role *roles; // in the order in which they are stopped
    size_t role_count;
    const struct vouch_link *links;
    size_t link_count;
    const char *const *args;     // what follows "--role NAME", ended by NULL; or NULL
    const char *const *keep_env; // names of the variables roles may see, ended by NULL; or NULL
    struct vouch_service_times times;
};

// Descriptors of a role: 0 and 1 are /dev/null, 2 the supervisor's standard error, 3 its control socket,
// then the lanes of each link that it is an end of, in the order of the table, then the gifts. No others
// are open.
#define VOUCH_ROLE_CONTROL_FD 3
#define VOUCH_ROLE_FIRST_LANE_FD 4

// The descriptor of a lane in a role. -1: the role is at no end of this link, or it has no such lane.
int vouch_service_fd(const struct vouch_service *service, size_t role, size_t link, unsigned lane);

// The descriptor of a gift in a role, which shares its offset with every other copy. -1: there is none.
int vouch_service_gift(const struct vouch_service *service, size_t role, unsigned gift);

// How many descriptors a role begins with.
unsigned vouch_service_fd_count(const struct vouch_service *service, size_t role);

// The index of the role with this name, or role_count.
size_t vouch_service_role(const struct vouch_service *service, const char *name);

// VOUCH_ERR_ARGUMENT if the table is over a bound or names roles that are not there.
VOUCH_MUST_USE int vouch_service_check(const struct vouch_service *service,
                                       struct vouch_fault *fault);

// What is said on the control socket. The role asks, the supervisor answers.
enum {
    VOUCH_CONTROL_SANDBOXED = 1, // text: what a person must be warned of, or nothing
    VOUCH_CONTROL_FAILED = 2,    // text: what is wrong, what to do, the fault's code. Not answered
    VOUCH_CONTROL_GO = 3,        // nothing; with the listening sockets, for the role that accepts
};
extern const struct vouch_frame_protocol vouch_control_protocol;

// A role's view of itself.
struct vouch_role_self {
    const struct vouch_service *service;
    size_t index;
    int signal_fd; // a signalfd(2) of SIGTERM (stop cleanly) and SIGHUP (read configuration again)
    struct vouch_lane control;
};

// The first thing that a role does: no core dumps, not traceable, no new privileges, killed if the
// supervisor dies, SIGTERM and SIGHUP blocked and to be read from signal_fd. VOUCH_ERR_REFUSED: this
// process was not started by a supervisor.
VOUCH_MUST_USE int vouch_role_begin(const struct vouch_service *service, const char *name,
                                    struct vouch_role_self *ret_self, struct vouch_fault *fault);

// Closes the control socket and signal_fd; takes NULL and a zeroed struct.
void vouch_role_end(struct vouch_role_self *self);

// Begins this role's end of a lane. VOUCH_ERR_ARGUMENT: it is at no end of that link.
VOUCH_MUST_USE int vouch_role_lane(const struct vouch_role_self *self, size_t link, unsigned lane,
                                   const struct vouch_frame_protocol *protocol,
                                   struct vouch_lane *ret_lane, struct vouch_fault *fault);

// Descriptors that came with the word to go; the caller closes them.
struct vouch_role_sockets {
    int fds[VOUCH_FRAME_FDS_MAX];
    unsigned count;
};

// Tells the supervisor that the sandbox stands, with the sandbox's warning or "", and waits for the word
// to go, which comes when every role has said so.
VOUCH_MUST_USE int vouch_role_ready(struct vouch_role_self *self, const char *warning,
                                    uint64_t deadline_ns, struct vouch_role_sockets *ret_sockets,
                                    struct vouch_fault *fault);

// Tells the supervisor why this role ends, as well as that can be done; the role then exits.
void vouch_role_failed(struct vouch_role_self *self, const struct vouch_fault *why);
