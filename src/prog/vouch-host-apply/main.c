// SPDX-License-Identifier: ISC
// vouch-host-apply: the root part of vouch-host. It has no command line to speak of and no network: it
// answers on the socket at descriptor 3, which vouch-host made when it started it, and ends with it.
//
// It is two processes. The first one reads nothing and only waits: for the second one, which goes into its
// walls and does everything else. Walls are for good; so where sshd's configuration comes to lead out of
// them, the second one ends when it has answered, and the first one starts another, in walls that fit.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "host/serve.h"

#define LANE_FD 3
#define OUTGROWN 75 // no status of main()

static int complain(const struct vouch_fault *fault) {
    (void)fprintf(stderr, "vouch-host-apply: %s [%s]\n", fault->text,
                  fault->kind != NULL ? fault->kind->code : vouch_fault_internal.code);
    return 1;
}

static int is_stream(int fd) {
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static void settle_down(void) {
    static char *nothing[] = {NULL};
    environ = nothing;
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    vouch_secret_harden_process();
    (void)fcntl(LANE_FD, F_SETFD, FD_CLOEXEC);
    (void)chdir("/");
}

static int serve(const char *root) {
    struct vouch_apply *apply = NULL;
    struct vouch_fault fault = {0};
    struct vouch_sandbox_report report = {0};
    int is_outgrown = 0;
    int err = vouch_apply_open(root, &apply, &fault);
    if (err == VOUCH_OK) {
        err = vouch_apply_wall_in(apply, &report, &fault);
    }
    if (err == VOUCH_OK && report.warning[0] != '\0') {
        (void)fprintf(stderr, "vouch-host-apply: %s\n", report.warning);
    }
    if (err == VOUCH_OK) {
        err = vouch_apply_serve(LANE_FD, apply, &fault);
        is_outgrown = vouch_apply_is_outgrown(apply);
    }
    vouch_apply_close(apply);
    if (err != VOUCH_OK) {
        return complain(&fault);
    }
    return is_outgrown ? OUTGROWN : 0;
}

// The status of the process that serves.
static int serve_in_walls(const char *root) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        // Nothing is left to be done at the end, and inside the walls a sanitizer could not look for leaks.
        _exit(serve(root));
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            pid = -1;
        }
    }
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
    const char *root = argc == 3 && strcmp(argv[1], "--root") == 0 ? argv[2] : "/";
    if ((argc != 1 && argc != 3) || (argc == 3 && root != argv[2]) || !is_stream(LANE_FD)) {
        (void)fprintf(stderr,
                      "vouch-host-apply: is started by vouch-host, which gives it a socket\n"
                      "usage: vouch-host-apply [--root DIR]\n");
        return 2;
    }
    char *given = realpath(root, NULL);
    if (given == NULL) {
        (void)fprintf(stderr, "vouch-host-apply: %s: there is no such folder\n", root);
        return 2;
    }
    settle_down();
    int status = OUTGROWN;
    while (status == OUTGROWN) {
        status = serve_in_walls(given);
    }
    free(given);
    return status;
}
