// SPDX-License-Identifier: ISC
// Logins, from the lines of sshd's log: see login-join.h.
#include "host/login-join.h"

#include <stdlib.h>

#include "vouch/cert.h"

struct connection {
    uint64_t pid;
    uint64_t touched;   // 0: nobody
    int has_begun;      // its first line was seen: what was not said was not there
    int is_trusted;     // the certificate that comes next was found good
    int is_stranger;    // told already: there is no such account
    int is_told;        // something else than plain keys was
    const char *reason; // of the attempt that comes next; NULL: none yet
    char reason_line[VOUCH_SEEN_TEXT_MAX];
    struct vouch_login_seen held; // plain keys that opened nothing; outcome NONE: none
};

struct vouch_login_join {
    uint64_t ticks;
    struct connection connections[VOUCH_SEEN_CONNECTIONS_MAX];
};

struct vouch_login_join *vouch_login_join_new(void) {
    return calloc(1, sizeof(struct vouch_login_join));
}

void vouch_login_join_free(struct vouch_login_join *join) {
    free(join);
}

static void forget(struct connection *connection) {
    memset(connection, 0, sizeof *connection);
}

// That of a process; else the place of the one that was silent longest.
static struct connection *find(struct vouch_login_join *join, uint64_t pid) {
    struct connection *oldest = &join->connections[0];
    for (size_t i = 0; i < VOUCH_SEEN_CONNECTIONS_MAX; i++) {
        struct connection *connection = &join->connections[i];
        if (connection->touched > 0 && connection->pid == pid) {
            oldest = connection;
            break;
        }
        if (connection->touched < oldest->touched) {
            oldest = connection;
        }
    }
    if (oldest->touched == 0 || oldest->pid != pid) {
        forget(oldest);
        oldest->pid = pid;
    }
    oldest->touched = ++join->ticks;
    return oldest;
}

static void copy(struct vouch_bytes text, char *out, size_t out_size) {
    size_t len = text.len < out_size - 1 ? text.len : out_size - 1;
    for (size_t i = 0; i < len; i++) {
        out[i] = text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f ? (char)text.ptr[i] : '?';
    }
    out[len] = '\0';
}

#define COPY(text, array) copy((text), (array), sizeof(array))

static struct vouch_login_seen seen_of(const struct vouch_log_line *line,
                                       const struct vouch_log_said *said) {
    struct vouch_login_seen seen = {
        .time_ms = line->time_ms,
        .outcome = said->kind == VOUCH_LOG_ACCEPTED ? VOUCH_SEEN_ACCEPTED : VOUCH_SEEN_REFUSED,
        .serial = said->serial,
        .reason = ""};
    COPY(said->login, seen.login);
    COPY(said->source, seen.source);
    COPY(said->method, seen.method);
    COPY(said->fingerprint, seen.fingerprint);
    COPY(said->key_id, seen.key_id);
    COPY(said->ca, seen.ca);
    COPY(line->text, seen.line);
    return seen;
}

static struct vouch_login_seen refused(const struct vouch_log_line *line,
                                       const struct vouch_log_said *said,
                                       const struct connection *connection, const char *otherwise) {
    struct vouch_login_seen seen = seen_of(line, said);
    seen.reason = otherwise;
    if (connection->reason != NULL) {
        seen.reason = connection->reason;
        memcpy(seen.line, connection->reason_line, sizeof seen.line);
    }
    return seen;
}

// Why an attempt failed of which sshd said nothing: it says nothing of a CA that it does not trust.
static const char *unsaid(const struct connection *connection, const struct vouch_log_said *said) {
    if (said->login_unknown) {
        return VOUCH_LOG_NO_LOGIN;
    }
    if (said->is_cert) {
        return connection->has_begun && !connection->is_trusted
                   ? vouch_cert_reason_text(VOUCH_CERT_REASON_CA)
                   : VOUCH_LOG_UNSAID;
    }
    return vouch_bytes_equal(said->method, vouch_bytes_of("publickey")) ? VOUCH_LOG_NO_KEY
                                                                        : VOUCH_LOG_PASSWORD;
}

static int note_reason(struct connection *connection, const struct vouch_log_line *line,
                       const struct vouch_log_said *said) {
    // sshd goes from what is particular to what is general.
    if (connection->reason == NULL) {
        connection->reason = said->reason;
        COPY(line->text, connection->reason_line);
    }
    return 0;
}

static int take_failure(struct connection *connection, const struct vouch_log_line *line,
                        const struct vouch_log_said *said, struct vouch_login_seen *ret_seen) {
    if (said->login_unknown && connection->is_stranger) {
        return 0;
    }
    struct vouch_login_seen seen = refused(line, said, connection, unsaid(connection, said));
    connection->reason = NULL;
    connection->is_trusted = 0;
    connection->is_stranger |= said->login_unknown;
    if (strcmp(seen.reason, VOUCH_LOG_NO_KEY) == 0) {
        connection->held = seen;
        return 0;
    }
    connection->is_told = 1;
    *ret_seen = seen;
    return 1;
}

static int take_stranger(struct connection *connection, const struct vouch_log_line *line,
                         const struct vouch_log_said *said, struct vouch_login_seen *ret_seen) {
    if (connection->is_stranger) {
        return 0;
    }
    connection->is_stranger = 1;
    *ret_seen = refused(line, said, connection, VOUCH_LOG_NO_LOGIN);
    return 1;
}

// Below VERBOSE the attempt itself is not logged: then the end tells who it was.
static int take_end(struct connection *connection, const struct vouch_log_line *line,
                    const struct vouch_log_said *said, struct vouch_login_seen *ret_seen) {
    int is_told = 0;
    if (connection->held.outcome != VOUCH_SEEN_NONE && !connection->is_told) {
        *ret_seen = connection->held;
        is_told = 1;
    } else if (connection->reason != NULL && said->login.len > 0 && !connection->is_stranger) {
        *ret_seen = refused(line, said, connection, "");
        is_told = 1;
    }
    forget(connection);
    return is_told;
}

int vouch_login_join_line(struct vouch_login_join *join, const struct vouch_log_line *line,
                          struct vouch_login_seen *ret_seen) {
    struct vouch_log_said said;
    vouch_log_read(line->text, &said);
    if (said.kind == VOUCH_LOG_OTHER) {
        return 0;
    }
    struct connection *connection = find(join, line->pid);
    switch (said.kind) {
    case VOUCH_LOG_BEGIN: {
        uint64_t touched = connection->touched;
        *connection = (struct connection){.pid = line->pid, .touched = touched, .has_begun = 1};
        return 0;
    }
    case VOUCH_LOG_REASON:
        return note_reason(connection, line, &said);
    case VOUCH_LOG_TRUSTED:
        connection->is_trusted = 1;
        connection->reason = NULL;
        return 0;
    case VOUCH_LOG_UNKNOWN_LOGIN:
        return take_stranger(connection, line, &said, ret_seen);
    case VOUCH_LOG_FAILED:
        return take_failure(connection, line, &said, ret_seen);
    case VOUCH_LOG_ACCEPTED:
        forget(connection);
        *ret_seen = seen_of(line, &said);
        return 1;
    case VOUCH_LOG_END:
        return take_end(connection, line, &said, ret_seen);
    case VOUCH_LOG_OTHER:
        break;
    }
    return 0;
}
