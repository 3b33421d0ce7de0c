// SPDX-License-Identifier: ISC
// A second opinion on a revocation list, by the ssh-keygen of the machine: see krl-proof.h.
//
// It is of the same version as sshd, and so finds a list that this sshd cannot read, which would lock
// everybody out. It gets three descriptors of files in memory.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "base/mem.h"
#include "core/krl-canary.h"
#include "host/child.h"
#include "host/krl-proof.h"

#define ANSWER_MAX 4096

static int no_memory_file(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_child, "a file in memory: %s",
                           strerror(errno));
}

static int put_bytes(struct vouch_bytes bytes, int *ret_fd, struct vouch_fault *fault) {
    *ret_fd = memfd_create("vouch-krl", MFD_CLOEXEC);
    if (*ret_fd < 0 || vouch_io_write_all(*ret_fd, bytes) != VOUCH_OK) {
        return no_memory_file(fault);
    }
    return VOUCH_OK;
}

static int put_canary(struct vouch_bytes ca_name, enum vouch_krl_canary which, int *ret_fd,
                      struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    struct vouch_buf line;
    int err = vouch_krl_canary(ca_name, which, &key);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_krl_refused, "its canaries: %s",
                               vouch_err_text(err));
    }
    vouch_buf_init(&line, ANSWER_MAX);
    vouch_key_print(key, which == VOUCH_KRL_CANARY_GOOD ? "good" : "bad", &line);
    vouch_buf_put_text(&line, "\n");
    vouch_key_free(key);
    err = line.err != VOUCH_OK
              ? vouch_fault_set(fault, line.err, &vouch_fault_memory, "out of memory")
              : put_bytes(vouch_buf_bytes(&line), ret_fd, fault);
    vouch_buf_done(&line);
    return err;
}

static const char expected[] = "/dev/fd/4 (bad): REVOKED\n/dev/fd/5 (good): ok\n";

static enum vouch_krl_second judge(struct vouch_bytes answer, int status,
                                   struct vouch_fault *fault) {
    // It answers 1 when one of the keys is revoked.
    if (status == 1 && vouch_bytes_equal(answer, vouch_bytes_of(expected))) {
        return VOUCH_KRL_SECOND_AGREES;
    }
    (void)vouch_fault_set(
        fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_refused, "ssh-keygen of this machine %s",
        status == 0   ? "finds no key revoked that has to be"
        : status == 1 ? "finds a key revoked that must not be, or not the one that has to be"
                      : "cannot read the revocation list, and then sshd could not");
    return VOUCH_KRL_SECOND_DOUBTS;
}

static int ask(const char *program, const int *fds, uint64_t deadline_ns,
               enum vouch_krl_second *ret_second, struct vouch_fault *fault) {
    const char *const argv[] = {program, "-Q", "-f", "/dev/fd/3", "/dev/fd/4", "/dev/fd/5", NULL};
    struct vouch_child child = {0};
    struct vouch_buf answer;
    int status = 0;
    int err = vouch_child_start(argv, fds, 3, &child, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        *ret_second = VOUCH_KRL_SECOND_ABSENT;
        return VOUCH_OK;
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_init(&answer, ANSWER_MAX);
    err = vouch_child_finish(&child, deadline_ns, &answer, &status, fault);
    if (err == VOUCH_OK) {
        *ret_second = judge(vouch_buf_bytes(&answer), status, fault);
    }
    vouch_buf_done(&answer);
    return err;
}

int vouch_krl_prove_second(const char *program, struct vouch_bytes list, struct vouch_bytes ca_name,
                           uint64_t deadline_ns, enum vouch_krl_second *ret_second,
                           struct vouch_fault *fault) {
    vouch_autoclose int list_fd = -1;
    vouch_autoclose int bad_fd = -1;
    vouch_autoclose int good_fd = -1;
    int err = put_bytes(list, &list_fd, fault);
    if (err == VOUCH_OK) {
        err = put_canary(ca_name, VOUCH_KRL_CANARY_BAD, &bad_fd, fault);
    }
    if (err == VOUCH_OK) {
        err = put_canary(ca_name, VOUCH_KRL_CANARY_GOOD, &good_fd, fault);
    }
    const int fds[] = {list_fd, bad_fd, good_fd};
    return err == VOUCH_OK ? ask(program, fds, deadline_ns, ret_second, fault) : err;
}
