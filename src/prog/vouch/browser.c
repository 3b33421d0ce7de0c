// SPDX-License-Identifier: ISC
// Browsers: see browser.h.
#include "prog/vouch/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

int vouch_browser_is_here(void) {
    if (is_set("SSH_CONNECTION") || is_set("SSH_TTY") || is_set("container") ||
        access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0) {
        return 0;
    }
    return is_set("BROWSER") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}

// It becomes an argument of a program: nothing in it may be an option, or be taken apart.
static int is_address(const char *address) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~:/?=[]%";
    return strncmp(address, "https://", 8) == 0 && strspn(address, allowed) == strlen(address);
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    }
    // Ctrl-C here is not meant for the browser.
    return error == 0 ? posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID) : error;
}

static int start(const char *program, const char *address) {
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t child = -1;
    const char *const argv[] = {program, address, NULL};
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = prepare(&actions, &attributes);
        if (error == 0) {
            // It does not write to its arguments, though its type does not say so.
            error = posix_spawnp(&child, program, &actions, &attributes,
                                 (char *const *)(uintptr_t)argv, environ);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

int vouch_browser_open(const char *address, struct vouch_fault *fault) {
    const char *program = is_set("BROWSER") ? getenv("BROWSER") : "xdg-open";
    if (!is_address(address)) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_server_answer,
                               "the address of the page is none that a browser is given");
    }
    int error = start(program, address);
    return error == 0 ? 0
                      : vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_program, "%s: %s",
                                        program, strerror(error));
}
