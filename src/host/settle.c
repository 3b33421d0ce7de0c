// SPDX-License-Identifier: ISC
// After a change: sshd reads its configuration again, and is asked for its certificate as a client
// would ask.
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "host/acts.h"

#define SETTLE_NS (UINT64_C(15) * 1000000000)
#define SHOWN_MAX (1024u * 1024)

static void pause_shortly(void) {
    static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
}

static int is_installed(struct vouch_work *work, const struct vouch_cert *shown) {
    for (size_t i = 0; i < work->key_count; i++) {
        struct vouch_cert *cert = vouch_work_cert(work, &work->keys[i]);
        int is_same = cert != NULL && vouch_bytes_equal(cert->blob, shown->blob);
        vouch_cert_free(cert);
        if (is_same) {
            return 1;
        }
    }
    return 0;
}

// Nonzero for a certificate that we installed and that clients would trust.
static int is_good_line(struct vouch_work *work, struct vouch_bytes line) {
    struct vouch_buf blob;
    struct vouch_bytes comment = {0};
    struct vouch_cert *cert = NULL;
    const char *reason = NULL;
    int is_good = 0;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    if (vouch_key_line_decode(line, &blob, &comment, NULL) == VOUCH_OK &&
        vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL) == VOUCH_OK) {
        is_good =
            is_installed(work, cert) && vouch_work_accepts(work, cert, work->held.name, &reason);
        vouch_cert_free(cert);
    }
    vouch_buf_done(&blob);
    return is_good;
}

// How many good certificates sshd shows now.
static int count_good(struct vouch_work *work, size_t *ret_count, struct vouch_fault *fault) {
    struct vouch_buf shown;
    vouch_buf_init(&shown, SHOWN_MAX);
    int err = vouch_sshd_shown(&work->sshd, &work->settings, &shown, fault);
    struct vouch_bytes rest = vouch_buf_bytes(&shown);
    *ret_count = 0;
    while (err == VOUCH_OK && rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        *ret_count += line.len > 0 && is_good_line(work, line) ? 1 : 0;
    }
    vouch_buf_done(&shown);
    return err;
}

static int reload(struct vouch_work *work, struct vouch_fault *fault) {
    const char *how = NULL;
    int err = vouch_sshd_reload(&work->sshd, &work->settings, &how, fault);
    if (err == VOUCH_OK) {
        vouch_work_step(work, "sshd reads its configuration again (%s)", how);
    }
    return err;
}

int vouch_settle(struct vouch_work *work, struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + SETTLE_NS;
    size_t count = 0;
    int err = reload(work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    do {
        pause_shortly();
        err = count_good(work, &count, fault);
    } while (count == 0 && vouch_time_monotonic_ns() < deadline_ns);
    if (err == VOUCH_OK && count == 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_host_self,
                              "sshd answers, but shows none of the certificates for %.*s",
                              (int)work->held.name.len, (const char *)work->held.name.ptr);
    }
    if (err == VOUCH_OK) {
        vouch_work_step(work,
                        "connected to sshd: it shows %zu host certificate%s that clients trust",
                        count, count == 1 ? "" : "s");
    }
    return err;
}

int vouch_settle_certs(struct vouch_work *work, size_t wanted, struct vouch_fault *fault) {
    size_t count = 0;
    if (count_good(work, &count, NULL) == VOUCH_OK && count >= wanted) {
        vouch_work_step(work, "sshd shows the new certificates already, and needs no reload");
        return VOUCH_OK;
    }
    return vouch_settle(work, fault);
}

int vouch_settle_any(struct vouch_work *work, struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + SETTLE_NS;
    size_t count = 0;
    int err = reload(work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    do {
        pause_shortly();
        err = count_good(work, &count, fault);
    } while (err != VOUCH_OK && vouch_time_monotonic_ns() < deadline_ns);
    return err;
}
