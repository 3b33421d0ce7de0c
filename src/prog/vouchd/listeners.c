// SPDX-License-Identifier: ISC
// Opening sockets.
#include "prog/vouchd/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "prog/vouchd/server-dir.h"

#define BACKLOG 1024

void vouch_listeners_init(struct vouch_listeners *listeners,
                          const struct vouch_notify_sockets *take_sockets) {
    *listeners = (struct vouch_listeners){.admin_fd = -1};
    listeners->from_manager = take_sockets->count > 0;
    for (unsigned i = 0; i < take_sockets->count; i++) {
        listeners->items[listeners->count++] = (struct vouch_listener){.fd = take_sockets->fds[i]};
    }
}

static int fail(const char *text, struct vouch_fault *fault) {
    int number = errno;
    const char *why = strerrordesc_np(number);
    if (number == EADDRINUSE) {
        why = "another program listens there already";
    } else if (number == EADDRNOTAVAIL) {
        why = "this machine has no such address";
    } else if (number == EACCES) {
        why = "this user may not listen on so low a port";
    }
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_listen, "%s: %s", text, why);
}

static int open_one(const struct vouch_config_address *address, int *ret_fd,
                    struct vouch_fault *fault) {
    vouch_autoclose int fd =
        socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1, no = 0;
    if (fd < 0) {
        return fail(address->text, fault);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address->address.ss_family == AF_INET6) {
        // "*" is IPv4 too; an address that is written in brackets is only what it says.
        int only_v6 = address->text[0] != '*';
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, only_v6 ? &yes : &no, sizeof yes);
    }
    if (bind(fd, (const struct sockaddr *)&address->address, address->len) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return fail(address->text, fault);
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

static size_t find(const struct vouch_listeners *listeners, const char *text) {
    size_t i = 0;
    while (i < listeners->count && strcmp(listeners->items[i].text, text) != 0) {
        i++;
    }
    return i;
}

static int is_wanted(const struct vouch_config *config, const char *text) {
    for (size_t i = 0; i < config->listen_count; i++) {
        if (strcmp(config->listen[i].text, text) == 0) {
            return 1;
        }
    }
    return 0;
}

// The new ones, behind those that are open; closes them again if one fails.
static int open_new(const struct vouch_listeners *old, const struct vouch_config *config,
                    struct vouch_listeners *next, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    size_t i = 0;
    for (; i < config->listen_count && err == VOUCH_OK; i++) {
        const struct vouch_config_address *address = &config->listen[i];
        size_t at = find(old, address->text);
        struct vouch_listener *item = &next->items[next->count];
        memcpy(item->text, address->text, sizeof item->text);
        if (at < old->count) {
            item->fd = old->items[at].fd;
        } else {
            err = open_one(address, &item->fd, fault);
        }
        next->count += err == VOUCH_OK;
    }
    for (size_t j = 0; j < next->count && err != VOUCH_OK; j++) {
        if (find(old, next->items[j].text) == old->count) {
            close(next->items[j].fd);
        }
    }
    return err;
}

int vouch_listeners_update(struct vouch_listeners *listeners, const struct vouch_config *config,
                           struct vouch_fault *fault) {
    if (listeners->from_manager) {
        return VOUCH_OK;
    }
    struct vouch_listeners next = *listeners;
    next.count = 0;
    int err = open_new(listeners, config, &next, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; i < listeners->count; i++) {
        if (!is_wanted(config, listeners->items[i].text)) {
            close(listeners->items[i].fd);
        }
    }
    *listeners = next;
    return VOUCH_OK;
}

int vouch_listeners_open_admin(struct vouch_listeners *listeners, const char *dir,
                               struct vouch_fault *fault) {
    if (listeners->admin_fd >= 0) {
        return VOUCH_OK;
    }
    int err = vouch_server_path(dir, VOUCH_SERVER_SOCKET, listeners->admin_path, fault);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (err != VOUCH_OK) {
        return err;
    }
    if (strlen(listeners->admin_path) >= sizeof address.sun_path) {
        (void)vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_listen,
                              "%s: is too long for the path of a socket", listeners->admin_path);
        return vouch_fault_next(fault, "Keep the server in a folder with a shorter path.");
    }
    memcpy(address.sun_path, listeners->admin_path, strlen(listeners->admin_path) + 1);
    vouch_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // One that another life left; nobody else can have put it into this folder.
    (void)unlink(listeners->admin_path);
    mode_t mask = umask(0177);
    int bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int bind_errno = errno;
    (void)umask(mask);
    errno = bind_errno;
    if (!bound || listen(fd, BACKLOG) != 0) {
        return fail(listeners->admin_path, fault);
    }
    listeners->admin_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

void vouch_listeners_done(struct vouch_listeners *listeners) {
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->items[i].fd);
    }
    if (listeners->admin_fd >= 0) {
        (void)unlink(listeners->admin_path);
        close(listeners->admin_fd);
    }
    *listeners = (struct vouch_listeners){.admin_fd = -1};
}
