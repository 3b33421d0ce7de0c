// SPDX-License-Identifier: ISC
// Follows sshd's log and hands out the logins that it tells of, numbered, once each across restarts.
//
// A login keeps its number: what was handed out and not yet taken over comes again, also after a restart,
// since the place in the log is noted only when logins are taken over. A file of syslog may be rotated or
// cut meanwhile. A file of sshd -E has neither times nor processes, and a client can put lines into it
// (sshd does not escape line ends there): it is followed where there is nothing better, on a host that
// logs nowhere else.
#pragma once

#include "base/fault.h"
#include "host/login-used.h"

#define VOUCH_LOG_JOURNALCTL "/usr/bin/journalctl"
#define VOUCH_LOG_ROWS_MAX 400 // that wait to be taken over; the log is read no further then

enum vouch_log_source_kind {
    VOUCH_LOG_SOURCE_NONE = 0, // there is no log: nothing ever comes
    VOUCH_LOG_SOURCE_JOURNAL,
    VOUCH_LOG_SOURCE_FILE, // of syslog, or of sshd -E if its first line is none of syslog's
};

// Borrowed until the follower is closed.
struct vouch_log_source {
    enum vouch_log_source_kind kind;
    const char *path;    // FILE
    const char *program; // JOURNAL: VOUCH_LOG_JOURNALCTL
    const char
        *position; // the file that remembers where it was left; without one it begins at the end
};

struct vouch_log_follow;

// V-1921 if the position's file is damaged; removing it makes it begin at the log's end.
VOUCH_MUST_USE int vouch_log_follow_open(const struct vouch_log_source *source,
                                         struct vouch_log_follow **ret_follow,
                                         struct vouch_fault *fault);
// Takes NULL.
void vouch_log_follow_close(struct vouch_log_follow *follow);

// Reads on, without waiting. `next` is the first number that is not taken over yet (all below are, for
// good); 0: where it was left. Answers at most `max` rows, the first of number *ret_first; they are good
// until the next call. V-1921, V-1923: the log cannot be read now; what was taken over is noted.
VOUCH_MUST_USE int vouch_log_follow_read(struct vouch_log_follow *follow, uint64_t next, size_t max,
                                         const struct vouch_login_seen **ret_rows,
                                         size_t *ret_count, uint64_t *ret_first,
                                         struct vouch_fault *fault);

// The keys of logins that were read so far; borrowed.
const struct vouch_login_used *vouch_log_follow_used(const struct vouch_log_follow *follow);
