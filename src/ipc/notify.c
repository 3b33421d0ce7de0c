// SPDX-License-Identifier: ISC
// The service manager's three protocols, without its library.
#include "ipc/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define FIRST_FD 3
#define MESSAGE_MAX 512
#define PATH_LEN_MAX 4096

static int fail(const char *variable, int err, const char *why, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_role, "service manager: %s: %s", variable, why);
}

static int fail_system(const char *variable, struct vouch_fault *fault) {
    return fail(variable, VOUCH_ERR_IO, strerrordesc_np(errno), fault);
}

// The socket's address from its text. A leading @ stands for the NUL of an abstract name.
static int read_address(const char *text, struct sockaddr_un *ret_address, socklen_t *ret_len) {
    size_t len = strlen(text);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof address.sun_path) {
        return VOUCH_ERR_ARGUMENT;
    }
    memcpy(address.sun_path, text, len);
    if (text[0] == '@') {
        address.sun_path[0] = '\0';
    }
    // An abstract name is as long as it is said to be; a path ends with its NUL.
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '/'));
    *ret_address = address;
    return VOUCH_OK;
}

static uint64_t number_of(const char *variable) {
    const char *text = getenv(variable);
    uint64_t number = 0;
    return text != NULL && vouch_str_to_u64(vouch_bytes_of(text), &number) == VOUCH_OK ? number : 0;
}

// What is no number, or another process's, asks for nothing.
static uint64_t take_watchdog(void) {
    uint64_t usec = number_of("WATCHDOG_USEC");
    int is_ours = getenv("WATCHDOG_PID") == NULL || number_of("WATCHDOG_PID") == (uint64_t)getpid();
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return is_ours && usec < UINT64_MAX / 1000 ? usec * 1000 : 0;
}

int vouch_notify_open(struct vouch_notify *ret_notify, struct vouch_fault *fault) {
    const char *text = getenv("NOTIFY_SOCKET");
    if (text == NULL || text[0] == '\0') {
        *ret_notify = (struct vouch_notify){.fd = -1};
        return VOUCH_OK;
    }
    struct sockaddr_un address;
    socklen_t len = 0;
    int err = read_address(text, &address, &len);
    // Roles must not speak for the service.
    (void)unsetenv("NOTIFY_SOCKET");
    if (err != VOUCH_OK) {
        return fail("NOTIFY_SOCKET", err, "is neither an absolute path nor @NAME, or is too long",
                    fault);
    }
    vouch_autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, len) != 0) {
        return fail_system("NOTIFY_SOCKET", fault);
    }
    *ret_notify = (struct vouch_notify){fd, take_watchdog()};
    fd = -1;
    return VOUCH_OK;
}

void vouch_notify_close(struct vouch_notify *notify) {
    if (notify != NULL && notify->fd >= 0) {
        close(notify->fd);
        notify->fd = -1;
    }
}

static const char *const state_lines[] = {
    [VOUCH_NOTIFY_STATUS] = "",
    [VOUCH_NOTIFY_READY] = "READY=1\n",
    [VOUCH_NOTIFY_RELOADING] = "RELOADING=1\n",
    [VOUCH_NOTIFY_STOPPING] = "STOPPING=1\n",
    [VOUCH_NOTIFY_ALIVE] = "WATCHDOG=1\n",
};

int vouch_notify_send(const struct vouch_notify *notify, enum vouch_notify_state state,
                      const char *status, struct vouch_fault *fault) {
    if (notify->fd < 0) {
        return VOUCH_OK;
    }
    char message[MESSAGE_MAX], line[MESSAGE_MAX / 2] = "", when[64] = "";
    if (status != NULL) {
        // One line: a line end inside would be a variable of its own.
        vouch_str_escape_to(vouch_bytes_of(status), line, sizeof line);
    }
    if (state == VOUCH_NOTIFY_RELOADING) {
        (void)snprintf(when, sizeof when, "MONOTONIC_USEC=%" PRIu64 "\n",
                       vouch_time_monotonic_ns() / 1000);
    }
    int len = snprintf(message, sizeof message, "%s%s%s%s%s", state_lines[state], when,
                       line[0] != '\0' ? "STATUS=" : "", line, line[0] != '\0' ? "\n" : "");
    ssize_t sent = send(notify->fd, message, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == len ? VOUCH_OK : fail_system("NOTIFY_SOCKET", fault);
}

static int check_listening(int fd, struct vouch_fault *fault) {
    int type = 0, listens = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM) {
        return fail("LISTEN_FDS", VOUCH_ERR_ARGUMENT, "a descriptor is not a stream socket", fault);
    }
    len = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens) {
        return fail("LISTEN_FDS", VOUCH_ERR_ARGUMENT,
                    "a socket does not listen; the unit must not say Accept=yes", fault);
    }
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? VOUCH_OK : fail_system("LISTEN_FDS", fault);
}

// Whether the variables are there and meant for this process, not for one that it came from.
static int read_count(const char *pid_text, const char *count_text, uint64_t *ret_count,
                      struct vouch_fault *fault) {
    uint64_t pid = 0, count = 0;
    if (pid_text == NULL || count_text == NULL) {
        *ret_count = 0;
        return VOUCH_OK;
    }
    if (vouch_str_to_u64(vouch_bytes_of(pid_text), &pid) != VOUCH_OK) {
        return fail("LISTEN_PID", VOUCH_ERR_ARGUMENT, "is not a number", fault);
    }
    if (vouch_str_to_u64(vouch_bytes_of(count_text), &count) != VOUCH_OK ||
        count > VOUCH_NOTIFY_SOCKETS_MAX) {
        return fail("LISTEN_FDS", VOUCH_ERR_ARGUMENT, "is not a number from 0 to 8", fault);
    }
    *ret_count = pid == (uint64_t)getpid() ? count : 0;
    return VOUCH_OK;
}

int vouch_notify_take_sockets(struct vouch_notify_sockets *ret_sockets, struct vouch_fault *fault) {
    uint64_t count = 0;
    int err = read_count(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), &count, fault);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    struct vouch_notify_sockets sockets = {.count = (unsigned)count};
    for (unsigned i = 0; i < sockets.count && err == VOUCH_OK; i++) {
        sockets.fds[i] = FIRST_FD + (int)i;
        err = check_listening(sockets.fds[i], fault);
    }
    if (err == VOUCH_OK) {
        *ret_sockets = sockets;
    }
    return err;
}

// A file name in the folder, and nothing that leads out of it.
static int is_plain_name(const char *name) {
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

int vouch_notify_credential(const char *name, size_t max, struct vouch_secret *ret_secret,
                            struct vouch_fault *fault) {
    if (!is_plain_name(name)) {
        return fail("credential", VOUCH_ERR_ARGUMENT, "its name is empty, or a path", fault);
    }
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_LEN_MAX];
    int len = snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "", name);
    if (folder == NULL || folder[0] != '/') {
        (void)vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_read,
                              "credential %s: CREDENTIALS_DIRECTORY is not set to a folder", name);
        (void)vouch_fault_next(fault, "Give it in the unit: LoadCredentialEncrypted=%s:FILE.",
                               name);
        return VOUCH_ERR_NOT_FOUND;
    }
    if (len < 0 || (size_t)len >= sizeof path) {
        return fail("CREDENTIALS_DIRECTORY", VOUCH_ERR_LIMIT, "is too long", fault);
    }
    // The manager closes the folder; the files in it may show group bits, which are its ACLs.
    return vouch_io_read_secret(path, max, VOUCH_IO_ANY, ret_secret, fault);
}
