// SPDX-License-Identifier: ISC
// Follows sshd's log: see log-follow.h.
#include "host/log-follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "host/child.h"
#include "host/log-entry.h"
#include "host/log-place.h"

#define CHUNK (64u * 1024) // and the longest line or entry that is read
#define ROUNDS_MAX 64      // chunks of one call
#define RESTART_NS UINT64_C(5000000000)

struct row {
    struct vouch_login_seen seen;
    struct vouch_log_place after;
};

struct vouch_log_follow {
    struct vouch_log_source source;
    struct vouch_login_join *join;
    struct vouch_login_used used;
    uint64_t first; // number of rows[0]
    struct row rows[VOUCH_LOG_ROWS_MAX];
    size_t count;
    struct vouch_login_seen shown[VOUCH_LOG_ROWS_MAX];
    struct vouch_log_place here;  // read to
    struct vouch_log_place taken; // behind the last login that was taken over
    int is_unkept;                // `taken` is not on the disk
    // FILE
    int fd;
    int is_syslog;
    int is_skipping; // inside a line that is too long
    // JOURNAL
    struct vouch_child child;
    uint64_t started_ns;
    size_t pending; // bytes of an entry that is not whole
    uint8_t chunk[CHUNK];
};

int vouch_log_follow_open(const struct vouch_log_source *source,
                          struct vouch_log_follow **ret_follow, struct vouch_fault *fault) {
    struct vouch_log_follow *follow = calloc(1, sizeof *follow);
    if (follow == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    follow->source = *source;
    follow->fd = -1;
    follow->first = 1;
    follow->join = vouch_login_join_new();
    int err =
        follow->join == NULL
            ? vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory")
            : vouch_log_place_load(source->position, &follow->taken, &follow->first, fault);
    if (err != VOUCH_OK) {
        vouch_log_follow_close(follow);
        return err;
    }
    follow->here = follow->taken;
    *ret_follow = follow;
    return VOUCH_OK;
}

void vouch_log_follow_close(struct vouch_log_follow *follow) {
    if (follow != NULL) {
        vouch_child_kill(&follow->child);
        vouch_close_at_end(&follow->fd);
        vouch_login_join_free(follow->join);
        free(follow);
    }
}

const struct vouch_login_used *vouch_log_follow_used(const struct vouch_log_follow *follow) {
    return &follow->used;
}

static void take_line(struct vouch_log_follow *follow, const struct vouch_log_line *line) {
    struct row *row = &follow->rows[follow->count];
    if (vouch_login_join_line(follow->join, line, &row->seen)) {
        vouch_login_used_note(&follow->used, &row->seen);
        row->after = follow->here;
        follow->count++;
    }
}

static int is_full(const struct vouch_log_follow *follow) {
    return follow->count == VOUCH_LOG_ROWS_MAX;
}

// ----- a file

static int file_fault(const struct vouch_log_follow *follow, struct vouch_fault *fault) {
    int number = errno;
    int err = number == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
    return vouch_fault_set(fault, err, &vouch_fault_login_log, "%s: %s", follow->source.path,
                           strerror(number));
}

// Notes how the file begins, and by that what it is.
static void look_at_head(struct vouch_log_follow *follow) {
    uint8_t line[1024];
    ssize_t len = pread(follow->fd, line, sizeof line, 0);
    size_t found = len > 0 ? (size_t)len : 0;
    struct vouch_bytes rest = {line, found};
    follow->here.head_len = found < VOUCH_LOG_HEAD_MAX ? found : VOUCH_LOG_HEAD_MAX;
    memcpy(follow->here.head, line, follow->here.head_len);
    follow->is_syslog = found > 0 && vouch_log_entry_is_syslog(vouch_str_cut(&rest, '\n'));
}

static int open_regular(const char *path, struct stat *ret_stat) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, ret_stat) != 0 || !S_ISREG(ret_stat->st_mode))) {
        (void)close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int begins_as(int fd, const struct vouch_log_place *place) {
    uint8_t head[VOUCH_LOG_HEAD_MAX];
    return pread(fd, head, place->head_len, 0) == (ssize_t)place->head_len &&
           memcmp(head, place->head, place->head_len) == 0;
}

static int is_there(int fd, const struct stat *stat, const struct vouch_log_place *place) {
    return (uint64_t)stat->st_ino == place->inode && (uint64_t)stat->st_size >= place->offset &&
           begins_as(fd, place);
}

// From a file's beginning, or from a place in it.
static void begin_file(struct vouch_log_follow *follow, int take_fd, const struct stat *stat,
                       uint64_t offset) {
    vouch_close_at_end(&follow->fd);
    follow->fd = take_fd;
    follow->is_skipping = 0;
    follow->here.inode = (uint64_t)stat->st_ino;
    follow->here.offset = offset;
    look_at_head(follow);
}

// Where it was left: in the file of that name, or in the one that was rotated away. The very first time
// at its end.
static int open_file(struct vouch_log_follow *follow, struct vouch_fault *fault) {
    char rotated[4096];
    struct stat stat;
    struct stat old_stat;
    int fd = open_regular(follow->source.path, &stat);
    if (fd < 0) {
        return file_fault(follow, fault);
    }
    if (follow->here.inode == 0) {
        begin_file(follow, fd, &stat, (uint64_t)stat.st_size);
        follow->taken = follow->here;
        follow->is_unkept = 1;
        return VOUCH_OK;
    }
    if (is_there(fd, &stat, &follow->here)) {
        begin_file(follow, fd, &stat, follow->here.offset);
        return VOUCH_OK;
    }
    (void)snprintf(rotated, sizeof rotated, "%s.1", follow->source.path);
    int old_fd = open_regular(rotated, &old_stat);
    if (old_fd >= 0 && is_there(old_fd, &old_stat, &follow->here)) {
        (void)close(fd);
        begin_file(follow, old_fd, &old_stat, follow->here.offset);
        return VOUCH_OK;
    }
    vouch_close_at_end(&old_fd);
    begin_file(follow, fd, &stat, 0);
    return VOUCH_OK;
}

// At the end of what is there: nonzero if there is another file to read, or this one was cut.
static int move_on(struct vouch_log_follow *follow) {
    struct stat stat;
    struct stat now;
    if (fstat(follow->fd, &stat) != 0) {
        return 0;
    }
    if ((uint64_t)stat.st_size < follow->here.offset || !begins_as(follow->fd, &follow->here)) {
        follow->here.offset = 0;
        follow->is_skipping = 0;
        look_at_head(follow);
        return stat.st_size > 0;
    }
    int fd = open_regular(follow->source.path, &now);
    if (fd < 0 || now.st_ino == stat.st_ino) {
        vouch_close_at_end(&fd);
        return 0;
    }
    begin_file(follow, fd, &now, 0);
    return 1;
}

static void take_file_line(struct vouch_log_follow *follow, struct vouch_bytes text) {
    struct vouch_log_line line = {.time_ms = vouch_time_now_ms(), .text = text};
    if (text.len > 0 && text.ptr[text.len - 1] == '\r') {
        line.text.len--;
    }
    if (!follow->is_syslog || vouch_log_entry_syslog(line.text, vouch_time_now_s(), &line)) {
        take_line(follow, &line);
    }
}

// Takes the whole lines of a chunk; the bytes that were used.
static size_t take_chunk(struct vouch_log_follow *follow, size_t len) {
    size_t used = 0;
    while (!is_full(follow)) {
        const uint8_t *begin = follow->chunk + used;
        const uint8_t *end = memchr(begin, '\n', len - used);
        if (end == NULL) {
            break;
        }
        size_t line_len = (size_t)(end - begin);
        used += line_len + 1;
        follow->here.offset += line_len + 1;
        if (!follow->is_skipping) {
            take_file_line(follow, (struct vouch_bytes){begin, line_len});
        }
        follow->is_skipping = 0;
    }
    if (used == 0 && len == CHUNK) {
        follow->is_skipping = 1;
        follow->here.offset += len;
        used = len;
    }
    return used;
}

static int read_file(struct vouch_log_follow *follow, struct vouch_fault *fault) {
    int err = follow->fd < 0 ? open_file(follow, fault) : VOUCH_OK;
    for (size_t round = 0; err == VOUCH_OK && round < ROUNDS_MAX && !is_full(follow); round++) {
        // A file that was empty when it was opened has shown nothing of itself yet.
        if (follow->here.head_len < VOUCH_LOG_HEAD_MAX && begins_as(follow->fd, &follow->here)) {
            look_at_head(follow);
        }
        ssize_t len = begins_as(follow->fd, &follow->here)
                          ? pread(follow->fd, follow->chunk, CHUNK, (off_t)follow->here.offset)
                          : 0;
        if (len < 0) {
            return file_fault(follow, fault);
        }
        if (take_chunk(follow, (size_t)len) == 0 && !move_on(follow)) {
            break;
        }
    }
    return err;
}

// ----- the journal

static int start_journal(struct vouch_log_follow *follow, struct vouch_fault *fault) {
    char cursor[VOUCH_LOG_CURSOR_MAX + 20];
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (follow->started_ns > 0 && now_ns - follow->started_ns < RESTART_NS) {
        return VOUCH_OK; // it ended at once; not every time that somebody asks
    }
    int has_cursor = follow->here.cursor[0] != '\0';
    (void)snprintf(cursor, sizeof cursor, "--after-cursor=%s", follow->here.cursor);
    const char *const argv[] = {follow->source.program,
                                "--output=export",
                                "--follow",
                                "--quiet",
                                has_cursor ? "--no-tail" : "--lines=0",
                                "_UID=0",
                                "SYSLOG_IDENTIFIER=sshd",
                                "SYSLOG_IDENTIFIER=sshd-session",
                                "SYSLOG_IDENTIFIER=sshd-auth",
                                has_cursor ? cursor : NULL,
                                NULL};
    follow->started_ns = now_ns;
    follow->pending = 0;
    return vouch_child_start(argv, NULL, 0, &follow->child, fault);
}

static void take_entry(struct vouch_log_follow *follow, const struct vouch_log_journal *entry) {
    if (entry->cursor.len > 0 && entry->cursor.len < sizeof follow->here.cursor) {
        memcpy(follow->here.cursor, entry->cursor.ptr, entry->cursor.len);
        follow->here.cursor[entry->cursor.len] = '\0';
    }
    if (entry->is_sshd) {
        take_line(follow, &entry->line);
    }
}

// Takes the whole entries of what is pending. VOUCH_ERR_FORMAT.
static int take_entries(struct vouch_log_follow *follow) {
    size_t used = 0;
    int err = VOUCH_OK;
    while (!is_full(follow) && used < follow->pending) {
        struct vouch_log_journal entry;
        size_t len = vouch_log_entry_journal(
            (struct vouch_bytes){follow->chunk + used, follow->pending - used}, &entry);
        if (len == SIZE_MAX || (len == 0 && follow->pending - used == CHUNK)) {
            err = VOUCH_ERR_FORMAT;
        }
        if (len == 0 || len == SIZE_MAX) {
            break;
        }
        take_entry(follow, &entry);
        used += len;
    }
    follow->pending -= used;
    memmove(follow->chunk, follow->chunk + used, follow->pending);
    return err;
}

static int read_journal(struct vouch_log_follow *follow, struct vouch_fault *fault) {
    int err = follow->child.pid == 0 ? start_journal(follow, fault) : VOUCH_OK;
    for (size_t round = 0; err == VOUCH_OK && follow->child.pid != 0 && round < ROUNDS_MAX;
         round++) {
        if (take_entries(follow) != VOUCH_OK) {
            vouch_child_kill(&follow->child);
            return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_login_log,
                                   "%s writes something else than the journal's entries",
                                   follow->source.program);
        }
        if (is_full(follow)) {
            break;
        }
        ssize_t len =
            read(follow->child.out_fd, follow->chunk + follow->pending, CHUNK - follow->pending);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        if (len <= 0) {
            vouch_child_kill(&follow->child);
        } else {
            follow->pending += (size_t)len;
        }
    }
    return err;
}

// ----- both

// All below `next` are taken over.
static void take_over(struct vouch_log_follow *follow, uint64_t next) {
    size_t gone = 0;
    while (gone < follow->count && follow->first + gone < next) {
        follow->taken = follow->rows[gone].after;
        gone++;
    }
    follow->count -= gone;
    memmove(follow->rows, follow->rows + gone, follow->count * sizeof follow->rows[0]);
    follow->first += gone;
    // Whoever takes over has more of them: the position was lost, and the numbers go on from theirs.
    uint64_t ahead = follow->count == 0 && next > follow->first ? next - follow->first : 0;
    follow->first += ahead;
    follow->is_unkept |= gone > 0 || ahead > 0;
    // A disk that is full does not keep logins from being told; it is tried again each time.
    if (follow->is_unkept && vouch_log_place_keep(follow->source.position, &follow->taken,
                                                  follow->first, NULL) == VOUCH_OK) {
        follow->is_unkept = 0;
    }
}

static int read_on(struct vouch_log_follow *follow, struct vouch_fault *fault) {
    if (is_full(follow)) {
        return VOUCH_OK;
    }
    switch (follow->source.kind) {
    case VOUCH_LOG_SOURCE_JOURNAL:
        return read_journal(follow, fault);
    case VOUCH_LOG_SOURCE_FILE:
        return read_file(follow, fault);
    case VOUCH_LOG_SOURCE_NONE:
        break;
    }
    return VOUCH_OK;
}

int vouch_log_follow_read(struct vouch_log_follow *follow, uint64_t next, size_t max,
                          const struct vouch_login_seen **ret_rows, size_t *ret_count,
                          uint64_t *ret_first, struct vouch_fault *fault) {
    take_over(follow, next);
    int err = read_on(follow, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t count = follow->count < max ? follow->count : max;
    for (size_t i = 0; i < count; i++) {
        follow->shown[i] = follow->rows[i].seen;
    }
    *ret_rows = follow->shown;
    *ret_count = count;
    *ret_first = follow->first;
    return VOUCH_OK;
}
