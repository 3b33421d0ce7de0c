// SPDX-License-Identifier: ISC
// Changes of what sshd runs with: kept, kept for a time, or put back.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "host/acts.h"

#define BOOT_PATH "/proc/sys/kernel/random/boot_id"
#define CONFIRM_MAX_S 86400
#define WATCH_PATH VOUCH_SAVED_FOLDER "/watching"

static struct vouch_bytes boot_of(struct vouch_work *work) {
    struct vouch_buf text;
    struct vouch_bytes boot = {0};
    vouch_buf_init(&text, 4096);
    if (vouch_io_read(BOOT_PATH, 128, &text, NULL) == VOUCH_OK &&
        vouch_arena_copy(work->arena, vouch_str_trim(vouch_buf_bytes(&text)), &boot) != VOUCH_OK) {
        boot = (struct vouch_bytes){0};
    }
    vouch_buf_done(&text);
    return boot;
}

int vouch_change_begin(struct vouch_work *work, const char *const *paths, size_t count,
                       struct vouch_fault *fault) {
    struct vouch_pending pending = {
        .was_applied = work->held.applied, .was_log = work->held.log, .boot = boot_of(work)};
    struct vouch_pending other;
    vouch_random(&pending.number, sizeof pending.number);
    int err = vouch_pending_load(work->root, work->arena, &other, fault);
    if (err == VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_host_pending,
                               "sshd's configuration: an earlier change waits to be confirmed");
    }
    err = err == VOUCH_ERR_NOT_FOUND ? vouch_saved_drop(work->root, VOUCH_SAVED_UNDO, fault) : err;
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        err = vouch_saved_keep(work->root, VOUCH_SAVED_ORIGIN, paths[i], fault);
        err =
            err == VOUCH_OK ? vouch_saved_keep(work->root, VOUCH_SAVED_UNDO, paths[i], fault) : err;
    }
    return err == VOUCH_OK ? vouch_pending_store(work->root, &pending, fault) : err;
}

int vouch_change_keep(struct vouch_work *work, struct vouch_fault *fault) {
    int err = vouch_pending_drop(work->root, fault);
    return err == VOUCH_OK ? vouch_saved_drop(work->root, VOUCH_SAVED_UNDO, fault) : err;
}

static int restore_all(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_saved_list list = {0};
    int err = vouch_saved_all(work->root, VOUCH_SAVED_UNDO, work->arena, &list, fault);
    for (size_t i = 0; i < list.count && err == VOUCH_OK; i++) {
        err = vouch_saved_restore(work->root, &list.rows[i], fault);
    }
    return err;
}

// As with files: what is noted already needs no room on a full disk.
static int restore_held(struct vouch_work *work, const struct vouch_pending *pending,
                        struct vouch_fault *fault) {
    struct vouch_held now = {0};
    work->held.applied = pending->was_applied;
    work->held.log = pending->was_log;
    if (vouch_held_load(work->root, work->arena, &now, NULL) == VOUCH_OK &&
        now.applied == work->held.applied && now.log == work->held.log) {
        return VOUCH_OK;
    }
    return vouch_held_store(work->root, &work->held, fault);
}

int vouch_change_back(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_pending pending;
    struct vouch_fault unreached = {0};
    int err = vouch_pending_load(work->root, work->arena, &pending, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = restore_all(work, fault);
    err = err == VOUCH_OK ? restore_held(work, &pending, fault) : err;
    if (err == VOUCH_OK && vouch_settle_any(work, &unreached) != VOUCH_OK) {
        vouch_work_step(work, "sshd was not reloaded: %s", unreached.text);
    }
    err = err == VOUCH_OK ? vouch_change_keep(work, fault) : err;
    if (err == VOUCH_OK) {
        vouch_work_step(work, "sshd's configuration is as it was before");
    }
    return err;
}

// --- a change for a time

static int open_watch(const struct vouch_root *root) {
    return openat(root->fd, WATCH_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

// Whoever watches over a change holds the lock of one byte of this file, as far in as the change's number.
static struct flock byte_of(uint64_t number) {
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(number >> 1), .l_len = 1};
}

static int is_watched(const struct vouch_root *root, uint64_t number) {
    vouch_autoclose int fd = open_watch(root);
    struct flock byte = byte_of(number);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
}

static void sleep_until(uint64_t until_s) {
    uint64_t now_s = vouch_time_now_s();
    uint64_t left_s = until_s > now_s ? until_s - now_s : 0;
    struct timespec when;
    // A clock that is set meanwhile does not move this, and a machine that sleeps counts.
    (void)clock_gettime(CLOCK_BOOTTIME, &when);
    when.tv_sec += (time_t)(left_s < CONFIRM_MAX_S ? left_s : CONFIRM_MAX_S);
    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &when, NULL) == EINTR) {
    }
}

// Only the change that this watcher was made for.
static int put_back_if(const struct vouch_root *root, uint64_t number) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_work work;
    struct vouch_pending pending;
    struct vouch_fault fault = {0};
    int err = vouch_work_begin(root, &arena, &work, &fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_pending_load(root, &arena, &pending, &fault);
    if (err == VOUCH_OK && pending.number == number) {
        // What sshd says is only needed to find the running one.
        (void)!vouch_work_ask_sshd(&work, &fault);
        err = vouch_change_back(&work, &fault);
    }
    vouch_work_end(&work);
    return err;
}

// The watcher has a session of its own and none of our descriptors but the root's, so that it lives on
// when this process or its group is ended.
static void watch(const struct vouch_root *root, uint64_t until_s, uint64_t number) {
    if (setsid() < 0 || fork() != 0) {
        _exit(0);
    }
    int fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 10);
    struct vouch_root own = *root;
    (void)syscall(SYS_close_range, 0u, (unsigned)(fd - 1), 0u);
    (void)syscall(SYS_close_range, (unsigned)(fd + 1), ~0u, 0u);
    own.fd = fd;
    // The three usual ones are there for who writes to them by habit.
    (void)open("/dev/null", O_RDWR);
    (void)dup(0);
    (void)dup(0);
    struct flock byte = byte_of(number);
    (void)fcntl(open_watch(&own), F_OFD_SETLK, &byte);
    sleep_until(until_s);
    _exit(put_back_if(&own, number) == VOUCH_OK ? 0 : 1);
}

static int start_watcher(struct vouch_work *work, uint64_t until_s, uint64_t number,
                         struct vouch_fault *fault) {
    pid_t pid = fork();
    if (pid == 0) {
        watch(work->root, until_s, number);
    }
    if (pid < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_host_pending,
                               "no process can be started that would put the change back");
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return VOUCH_OK;
}

int vouch_change_keep_until(struct vouch_work *work, uint64_t until_s, struct vouch_fault *fault) {
    struct vouch_pending pending;
    int err = vouch_pending_load(work->root, work->arena, &pending, fault);
    if (err == VOUCH_OK) {
        pending.until_s = until_s;
        err = vouch_pending_store(work->root, &pending, fault);
    }
    return err == VOUCH_OK ? start_watcher(work, until_s, pending.number, fault) : err;
}

// --- at a start

static int is_over(struct vouch_work *work, const struct vouch_pending *pending) {
    return pending->until_s <= work->now_s || pending->until_s > work->now_s + CONFIRM_MAX_S ||
           !vouch_bytes_equal(pending->boot, boot_of(work));
}

int vouch_act_mend(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_pending pending;
    struct vouch_fault silent = {0};
    int err = vouch_pending_load(work->root, work->arena, &pending, fault);
    if (err != VOUCH_OK || !is_over(work, &pending)) {
        return err == VOUCH_ERR_NOT_FOUND ? VOUCH_OK : err;
    }
    // sshd may not like what it has; that is why it is put back.
    (void)!vouch_work_ask_sshd(work, &silent);
    return vouch_change_back(work, fault);
}

// What a life that was killed in the middle of a write left beside the file. On a disk that is only read it
// stays, which is no reason not to begin.
static void tidy(struct vouch_work *work) {
    static const char *const files[] = {
        VOUCH_WORK_KRL,
        VOUCH_WORK_PRINCIPALS "/-",
        VOUCH_WORK_CONF,
        "etc/ssh/-",
        VOUCH_SAVED_FOLDER "/-",
        VOUCH_SAVED_FOLDER "/origin/-",
        VOUCH_SAVED_FOLDER "/undo/-",
        VOUCH_SAVED_FOLDER "/kept/-",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)!vouch_root_tidy(work->root, files[i], NULL);
    }
    (void)!vouch_root_tidy(work->root, work->conf.sshd_config, NULL);
}

int vouch_act_recover(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_pending pending;
    tidy(work);
    int err = vouch_act_mend(work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_pending_load(work->root, work->arena, &pending, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        // Of a change that is over; the note of it goes first.
        return vouch_saved_drop(work->root, VOUCH_SAVED_UNDO, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    return is_watched(work->root, pending.number)
               ? VOUCH_OK
               : start_watcher(work, pending.until_s, pending.number, fault);
}

int vouch_act_confirm(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_pending pending;
    int err = vouch_pending_load(work->root, work->arena, &pending, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        return vouch_fault_set(fault, err, &vouch_fault_host_nothing,
                               "sshd's configuration: no change waits to be confirmed");
    }
    err = err == VOUCH_OK ? vouch_change_keep(work, fault) : err;
    if (err == VOUCH_OK) {
        vouch_work_step(work, "the change of sshd's configuration is kept");
    }
    return err;
}

int vouch_act_put_back(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_fault silent = {0};
    (void)!vouch_work_ask_sshd(work, &silent);
    int err = vouch_change_back(work, fault);
    return err == VOUCH_ERR_NOT_FOUND
               ? vouch_fault_set(fault, err, &vouch_fault_host_nothing,
                                 "sshd's configuration: no change waits to be confirmed")
               : err;
}
