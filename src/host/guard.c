// SPDX-License-Identifier: ISC
// Standing guard over what was installed: sshd reads these files at every login, so one that somebody
// changed counts at once. Each is put back from the record of what was installed.
#include <stdio.h>

#include "base/str.h"
#include "host/acts.h"
#include "vouch/krl.h"

#define CERT_SUFFIX "-cert.pub"

static int is_cert(const struct vouch_saved *saved) {
    const size_t len = sizeof CERT_SUFFIX - 1;
    return saved->path.len > len &&
           memcmp(saved->path.ptr + saved->path.len - len, CERT_SUFFIX, len) == 0;
}

static int is_as_installed(const struct vouch_work *work, const struct vouch_saved *saved) {
    struct vouch_buf now;
    struct vouch_root_meta meta = {0};
    vouch_buf_init(&now, VOUCH_KRL_MAX);
    int err = vouch_root_read(work->root, (const char *)saved->path.ptr, VOUCH_KRL_MAX, &now, &meta,
                              NULL);
    int is_same = err == VOUCH_OK && vouch_bytes_equal(vouch_buf_bytes(&now), saved->content) &&
                  (meta.mode & 022) == 0;
    vouch_buf_done(&now);
    return is_same;
}

// A certificate that no longer holds is not worth a reload of sshd; renewing brings another.
static int is_worth_it(struct vouch_work *work, const struct vouch_saved *saved) {
    struct vouch_cert *cert = is_cert(saved) ? vouch_work_cert_of(saved->content) : NULL;
    const char *reason = NULL;
    int is_good =
        cert != NULL ? vouch_work_accepts(work, cert, work->held.name, &reason) : !is_cert(saved);
    vouch_cert_free(cert);
    return is_good;
}

static int put_back(struct vouch_work *work, const struct vouch_saved *saved,
                    struct vouch_fault *fault) {
    const char *path = (const char *)saved->path.ptr;
    const struct vouch_root_meta meta = {.mode = 0644};
    if (is_as_installed(work, saved) || !is_worth_it(work, saved)) {
        return VOUCH_OK;
    }
    int err = vouch_root_write(work->root, path, saved->content, &meta, fault);
    if (err == VOUCH_OK) {
        vouch_work_note(work, path, NULL, &saved->content);
        vouch_work_step(work, "%s/%s was changed by others: it is as it was installed",
                        work->root->prefix, path);
    }
    return err;
}

static int is_kept(const struct vouch_saved_list *list, const char *path) {
    for (size_t i = 0; i < list->count; i++) {
        if (vouch_bytes_equal(list->rows[i].path, vouch_bytes_of(path))) {
            return 1;
        }
    }
    return 0;
}

// A file of principals that nobody installed would let people in.
static int drop_strangers(struct vouch_work *work, const struct vouch_saved_list *list,
                          struct vouch_fault *fault) {
    const struct vouch_bytes nothing = {0};
    struct vouch_text_list names = {0};
    int err = vouch_root_list(work->root, VOUCH_WORK_PRINCIPALS, work->arena, &names, fault);
    for (size_t i = 0; i < names.count && err == VOUCH_OK; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", VOUCH_WORK_PRINCIPALS,
                       (const char *)names.items[i].ptr);
        if (is_kept(list, path)) {
            continue;
        }
        // It came after us, so that leaving has nothing of it to bring back.
        err = vouch_root_remove(work->root, path, fault);
        vouch_work_note(work, path, &nothing, NULL);
        vouch_work_step(work, "%s/%s was added by others: it is gone", work->root->prefix, path);
    }
    return err;
}

// sshd that has read somebody else's certificate meanwhile shows it until it is told.
static void reload(struct vouch_work *work, size_t count) {
    struct vouch_fault said = {0};
    int err = vouch_work_ask_sshd(work, &said);
    err = err == VOUCH_OK ? vouch_settle_certs(work, count, &said) : err;
    if (err != VOUCH_OK) {
        vouch_work_step(work, "sshd was not reloaded: %s", said.text);
    }
}

int vouch_act_guard(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_saved_list list = {0};
    struct vouch_pending pending;
    size_t certs = 0;
    int err = vouch_saved_all(work->root, VOUCH_SAVED_KEPT, work->arena, &list, fault);
    // Certificates of a change under way are looked at when it is over.
    int is_changing =
        vouch_pending_load(work->root, work->arena, &pending, NULL) != VOUCH_ERR_NOT_FOUND;
    if (err == VOUCH_OK && list.count > 0) {
        err = vouch_work_folders(work, fault);
    }
    for (size_t i = 0; i < list.count && err == VOUCH_OK; i++) {
        size_t before = work->file_count;
        if (!is_cert(&list.rows[i]) || !is_changing) {
            err = put_back(work, &list.rows[i], fault);
        }
        certs += is_cert(&list.rows[i]) && work->file_count > before;
    }
    if (err == VOUCH_OK && work->held.state_version != 0) {
        err = drop_strangers(work, &list, fault);
    }
    if (certs > 0 && work->held.applied != 0) {
        reload(work, certs);
    }
    return err;
}
