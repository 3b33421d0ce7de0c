// SPDX-License-Identifier: ISC
// Leaving: every file that was touched becomes what it was before the first change, to its mode and time;
// what was made is removed.
#include "base/str.h"
#include "host/acts.h"
#include "host/sshd-conf.h"

static int is_config(const struct vouch_work *work, const struct vouch_saved *saved) {
    return vouch_bytes_equal(saved->path, vouch_bytes_of(work->conf.sshd_config));
}

// An administrator may have changed the configuration since: then only our block goes.
static int restore_config(struct vouch_work *work, const struct vouch_saved *saved,
                          struct vouch_fault *fault) {
    struct vouch_buf now, without;
    struct vouch_root_meta meta = {0};
    vouch_buf_init(&now, VOUCH_WORK_CONF_MAX * 2);
    vouch_buf_init(&without, VOUCH_WORK_CONF_MAX * 2);
    int err = vouch_root_read(work->root, work->conf.sshd_config, VOUCH_WORK_CONF_MAX * 2, &now,
                              &meta, fault);
    int had_block = vouch_sshd_conf_take_block(vouch_buf_bytes(&now), &without);
    if (err == VOUCH_ERR_NOT_FOUND ||
        vouch_bytes_equal(vouch_buf_bytes(&without), saved->content)) {
        err = vouch_saved_restore(work->root, saved, fault);
    } else if (err == VOUCH_OK && had_block) {
        err = vouch_root_write(work->root, work->conf.sshd_config, vouch_buf_bytes(&without), &meta,
                               fault);
        vouch_work_step(work, "%s/%s was changed by others since: only our block was taken out",
                        work->root->prefix, work->conf.sshd_config);
    }
    vouch_buf_done(&without);
    vouch_buf_done(&now);
    return err;
}

static int is_sshd_conf(const struct vouch_work *work, const struct vouch_saved *saved) {
    return is_config(work, saved) ||
           vouch_bytes_equal(saved->path, vouch_bytes_of(VOUCH_WORK_CONF));
}

static int restore_one(struct vouch_work *work, const struct vouch_saved *saved,
                       struct vouch_fault *fault) {
    if (!is_config(work, saved) || saved->kind != VOUCH_SAVED_FILE) {
        return vouch_saved_restore(work->root, saved, fault);
    }
    int err = vouch_root_tidy(work->root, work->conf.sshd_config, fault);
    return err == VOUCH_OK ? restore_config(work, saved, fault) : err;
}

enum part { OTHERS = 0, SSHD_CONF };

static int restore_files(struct vouch_work *work, const struct vouch_saved_list *list,
                         enum part part, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < list->count && err == VOUCH_OK; i++) {
        const struct vouch_saved *saved = &list->rows[i];
        if (saved->kind != VOUCH_SAVED_MADE && is_sshd_conf(work, saved) == (part == SSHD_CONF)) {
            err = restore_one(work, saved, fault);
        }
    }
    return err;
}

// Rows are sorted by path: from the end on, what lies in a folder comes before it.
static int remove_folders(struct vouch_work *work, const struct vouch_saved_list *list,
                          struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = list->count; i > 0 && err == VOUCH_OK; i--) {
        if (list->rows[i - 1].kind == VOUCH_SAVED_MADE) {
            err = vouch_saved_restore(work->root, &list->rows[i - 1], fault);
        }
    }
    return err;
}

// --- showing it

static int show_file(struct vouch_work *work, const struct vouch_saved *saved,
                     struct vouch_fault *fault) {
    const char *path = (const char *)saved->path.ptr;
    struct vouch_buf now, without;
    vouch_buf_init(&now, VOUCH_ARENA_MAX);
    vouch_buf_init(&without, VOUCH_ARENA_MAX);
    int err = vouch_root_read(work->root, path, VOUCH_ARENA_MAX, &now, NULL, fault);
    int is_there = err == VOUCH_OK;
    int is_to_be = saved->kind == VOUCH_SAVED_FILE;
    struct vouch_bytes before = vouch_buf_bytes(&now), after = saved->content;
    if (is_there && is_to_be && is_config(work, saved)) {
        after = vouch_sshd_conf_take_block(before, &without) ? vouch_buf_bytes(&without) : before;
    }
    if (is_there != is_to_be || (is_there && !vouch_bytes_equal(before, after))) {
        vouch_work_note(work, path, is_there ? &before : NULL, is_to_be ? &after : NULL);
    }
    vouch_buf_done(&without);
    vouch_buf_done(&now);
    return err == VOUCH_ERR_NOT_FOUND ? VOUCH_OK : err;
}

static int show(struct vouch_work *work, const struct vouch_saved_list *list,
                struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < list->count && err == VOUCH_OK; i++) {
        const struct vouch_saved *saved = &list->rows[i];
        if (saved->kind == VOUCH_SAVED_MADE) {
            vouch_work_step(work, "%s/%s would be removed if nothing else lies in it",
                            work->root->prefix, (const char *)saved->path.ptr);
        } else {
            err = show_file(work, saved, fault);
        }
    }
    return err;
}

// --- doing it

static int forget(struct vouch_work *work, struct vouch_fault *fault) {
    const struct vouch_held nothing = {0};
    int err = vouch_held_store(work->root, &nothing, fault);
    err = err == VOUCH_OK ? vouch_root_remove(work->root, VOUCH_HELD_TRUST, fault) : err;
    err = err == VOUCH_OK ? vouch_saved_drop(work->root, VOUCH_SAVED_UNDO, fault) : err;
    return err == VOUCH_OK ? vouch_saved_drop(work->root, VOUCH_SAVED_ORIGIN, fault) : err;
}

static int restore_all(struct vouch_work *work, const struct vouch_saved_list *list,
                       struct vouch_fault *fault) {
    struct vouch_fault silent = {0};
    (void)!vouch_work_ask_sshd(work, &silent);
    // What others change from here on is theirs.
    int err = vouch_saved_drop(work->root, VOUCH_SAVED_KEPT, fault);
    // While sshd still reads a list that is gone it lets nobody in: so its configuration goes first.
    err = err == VOUCH_OK ? restore_files(work, list, SSHD_CONF, fault) : err;
    if (err == VOUCH_OK && list->count > 0 && vouch_settle_any(work, &silent) != VOUCH_OK) {
        vouch_work_step(work, "sshd was not reloaded: %s", silent.text);
    }
    // A change that still waited would be put back, and name files that are about to go.
    err = err == VOUCH_OK ? vouch_pending_drop(work->root, fault) : err;
    err = err == VOUCH_OK ? restore_files(work, list, OTHERS, fault) : err;
    err = err == VOUCH_OK ? remove_folders(work, list, fault) : err;
    err = err == VOUCH_OK ? forget(work, fault) : err;
    if (err == VOUCH_OK) {
        vouch_work_step(work, "%zu files and folders are as they were before", list->count);
    }
    return err;
}

int vouch_act_leave(struct vouch_work *work, enum vouch_apply_what what,
                    struct vouch_fault *fault) {
    struct vouch_saved_list list = {0};
    int err = vouch_saved_all(work->root, VOUCH_SAVED_ORIGIN, work->arena, &list, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return what == VOUCH_APPLY_SHOW ? show(work, &list, fault) : restore_all(work, &list, fault);
}
