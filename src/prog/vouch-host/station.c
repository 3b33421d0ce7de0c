// SPDX-License-Identifier: ISC
// Where the agent works: see station.h.
#include "prog/vouch-host/station.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "ipc/user.h"

#define LOCK_FILE "lock"
#define ROOT_PART "vouch-host-apply"
#define ROOT_PART_FD 3

static int start_fault(struct vouch_fault *fault, const char *what) {
    int err = errno == EACCES || errno == EPERM ? VOUCH_ERR_PERMISSION : VOUCH_ERR_IO;
    return vouch_fault_set(fault, err, &vouch_fault_host_start, "%s: %s", what, strerror(errno));
}

// The agent's folder, made where it is missing. Above it everything belongs to root, so nobody can put a
// link in its way; no link is followed all the same.
static int open_folder(const char *root, const struct vouch_user *user, int *ret_folder,
                       struct vouch_fault *fault) {
    struct vouch_bytes rest = vouch_bytes_of(VOUCH_STATION_FOLDER);
    int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0 && rest.ptr != NULL) {
        vouch_autofree char *name = vouch_str_copy(vouch_str_cut(&rest, '/'));
        mode_t mode = rest.ptr == NULL ? 0700 : 0755;
        int made = name != NULL && mkdirat(at, name, mode) == 0;
        int next = name != NULL && (made || errno == EEXIST)
                       ? openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        int saved = errno;
        (void)close(at);
        errno = saved;
        at = next;
        if (at >= 0 && made && fchmod(at, mode) != 0) {
            (void)close(at);
            at = -1;
        }
    }
    if (at < 0) {
        return start_fault(fault, "/" VOUCH_STATION_FOLDER);
    }
    if (geteuid() == 0 && fchown(at, user->uid, user->gid) != 0) {
        (void)close(at);
        return start_fault(fault, "/" VOUCH_STATION_FOLDER);
    }
    *ret_folder = at;
    return VOUCH_OK;
}

static pid_t read_pid(int fd) {
    char text[24] = "";
    uint64_t number = 0;
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    struct vouch_bytes line = {(const uint8_t *)text, got > 0 ? (size_t)got : 0};
    return vouch_str_to_u64(vouch_str_trim(line), &number) == VOUCH_OK && number <= INT_MAX
               ? (pid_t)number
               : 0;
}

// The folder is the agent's: what lies there may be another name of a file that is not.
static int is_lock(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

static int take_lock(const struct vouch_station *station, const struct vouch_user *user,
                     int *ret_lock, pid_t *ret_other, struct vouch_fault *fault) {
    char text[24];
    int fd = openat(station->folder, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return start_fault(fault, LOCK_FILE);
    }
    if (!is_lock(fd)) {
        (void)close(fd);
        vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_host_start,
                        "/" VOUCH_STATION_FOLDER "/" LOCK_FILE ": is another file's name");
        return vouch_fault_next(fault, "rm /" VOUCH_STATION_FOLDER "/" LOCK_FILE);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *ret_other = read_pid(fd);
        (void)close(fd);
        return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_host_busy,
                               "the agent is at work already (process %d)", (int)*ret_other);
    }
    (void)snprintf(text, sizeof text, "%d\n", (int)getpid());
    int bad = ftruncate(fd, 0) != 0 || vouch_io_write_all(fd, vouch_bytes_of(text)) != 0 ||
              (geteuid() == 0 && fchown(fd, user->uid, user->gid) != 0);
    if (bad) {
        (void)close(fd);
        return start_fault(fault, LOCK_FILE);
    }
    *ret_lock = fd;
    return VOUCH_OK;
}

// Beside this program, as it is installed; or where a build tree has it.
static int find_root_part(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    static const char *const places[] = {"", "../vouch-host-apply/"};
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; slash != NULL && i < sizeof places / sizeof places[0]; i++) {
        slash[1] = '\0';
        int needed = snprintf(ret_path, PATH_MAX, "%s%s" ROOT_PART, self, places[i]);
        if (needed > 0 && needed < PATH_MAX && access(ret_path, X_OK) == 0) {
            return VOUCH_OK;
        }
    }
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_root,
                           "%s is not beside %s", ROOT_PART, self);
}

// In the child: nothing of the caller's is left but standard error and the socket.
static void become_root_part(const char *path, const char *root, int socket) {
    char *const arguments[] = {(char *)(uintptr_t)ROOT_PART, (char *)(uintptr_t) "--root",
                               (char *)(uintptr_t)root, NULL};
    char *const environment[] = {
        (char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
        (char *)(uintptr_t) "LC_ALL=C", NULL};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    // What a terminal interrupts is the network part; a step that was begun is finished.
    (void)setsid();
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(socket, ROOT_PART_FD) < 0 || close_range(ROOT_PART_FD + 1, ~0U, 0) != 0) {
        _exit(127);
    }
    if (socket == ROOT_PART_FD) {
        (void)fcntl(ROOT_PART_FD, F_SETFD, 0);
    }
    (void)execve(path, arguments, environment);
    _exit(127);
}

static int start_root_part(const char *root, struct vouch_station *station,
                           struct vouch_fault *fault) {
    char path[PATH_MAX];
    int ends[2];
    int err = find_root_part(path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return start_fault(fault, "a socket pair");
    }
    station->apply_pid = fork();
    if (station->apply_pid == 0) {
        become_root_part(path, root, ends[1]);
    }
    (void)close(ends[1]);
    if (station->apply_pid < 0) {
        (void)close(ends[0]);
        return start_fault(fault, ROOT_PART);
    }
    return vouch_apply_connect(ends[0], &station->apply, fault);
}

static int find_user(struct vouch_station *station, struct vouch_user *ret_user,
                     struct vouch_fault *fault) {
    if (vouch_user_find(VOUCH_STATION_USER, ret_user, NULL) == VOUCH_OK) {
        return VOUCH_OK;
    }
    station->is_weak = 1;
    return vouch_user_find("nobody", ret_user, fault);
}

static int check_starter(const char *root, struct vouch_fault *fault) {
    if (geteuid() == 0 || strcmp(root, "/") != 0) {
        return VOUCH_OK;
    }
    vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_host_start,
                    "vouch-host has to be started by root");
    return vouch_fault_next(fault, "sudo vouch-host ...");
}

static int open_all(const char *root, enum vouch_station_share share, struct vouch_station *station,
                    pid_t *ret_other, struct vouch_fault *fault) {
    struct vouch_user user = {0};
    int err = check_starter(root, fault);
    if (err == VOUCH_OK) {
        err = find_user(station, &user, fault);
    }
    if (err == VOUCH_OK) {
        err = open_folder(root, &user, &station->folder, fault);
    }
    if (err == VOUCH_OK && share == VOUCH_STATION_ALONE) {
        err = take_lock(station, &user, &station->lock, ret_other, fault);
    }
    // The process ID is the agent's word: with the agent's rights nobody signals any process but its own.
    if (err == VOUCH_ERR_EXISTS && geteuid() == 0 && vouch_user_become(user, fault) != VOUCH_OK) {
        *ret_other = 0;
    }
    if (err == VOUCH_OK) {
        err = start_root_part(root, station, fault);
    }
    if (err == VOUCH_OK && geteuid() == 0) {
        err = vouch_user_become(user, fault);
    }
    return err;
}

int vouch_station_open(const char *root, enum vouch_station_share share,
                       struct vouch_station *ret_station, pid_t *ret_other,
                       struct vouch_fault *fault) {
    struct vouch_station station = {.folder = -1, .lock = -1};
    int err = open_all(root, share, &station, ret_other, fault);
    // What it holds of the server is worth stealing by whoever runs as the same user.
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (err != VOUCH_OK) {
        vouch_station_close(&station);
        return err;
    }
    *ret_station = station;
    return VOUCH_OK;
}

void vouch_station_close(struct vouch_station *station) {
    if (station->apply == NULL && station->apply_pid == 0 && station->folder <= 0) {
        return;
    }
    vouch_apply_close(station->apply); // hangs up: the root part ends by itself
    if (station->apply_pid > 0) {
        (void)waitpid(station->apply_pid, NULL, 0);
    }
    if (station->lock >= 0) {
        (void)close(station->lock);
    }
    if (station->folder >= 0) {
        (void)close(station->folder);
    }
    *station = (struct vouch_station){.folder = -1, .lock = -1};
}
