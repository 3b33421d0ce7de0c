// SPDX-License-Identifier: ISC
// The body of host/apply.h that does the work, on the files below its root.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/acts.h"
#include "host/log-follow.h"
#include "host/protocol.h"
#include "host/serve.h"
#include "host/tell.h"
#include "host/walls.h"
#include "host/watch.h"

#define POSITION_PATH VOUCH_SAVED_FOLDER "/log-position"

struct local {
    struct vouch_apply face; // first
    struct vouch_root root;
    struct vouch_arena arena; // of the last answer
    struct vouch_log_follow *follow;
    struct vouch_watch watch;  // of the files that are guarded
    struct vouch_walls *walls; // that this process is in; NULL: none
    int is_outgrown;
    char log_path[PATH_MAX]; // what the follower borrows
    char position[PATH_MAX];
};

static int begin(struct local *local, struct vouch_work *work, struct vouch_fault *fault) {
    vouch_arena_clear(&local->arena);
    return vouch_work_begin(&local->root, &local->arena, work, fault);
}

// Lists of a work that ends move into the answer's arena.
static struct vouch_text_list keep_lines(struct local *local, const struct vouch_bytes *lines,
                                         size_t count) {
    struct vouch_bytes *items = vouch_arena_alloc(&local->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return (struct vouch_text_list){0};
    }
    memcpy(items, lines, count * sizeof *items);
    return (struct vouch_text_list){items, count};
}

// Nothing was asked of sshd in most asks, and then nothing is known.
static void end(struct local *local, struct vouch_work *work) {
    struct vouch_walls *now =
        local->walls != NULL && work->settings.count > 0 ? malloc(sizeof *now) : NULL;
    if (now != NULL) {
        vouch_walls_plan(work, now);
        local->is_outgrown |= !vouch_walls_equal(local->walls, now);
        free(now);
    }
    vouch_work_end(work);
}

static void finish(struct local *local, struct vouch_work *work,
                   struct vouch_apply_done *ret_done) {
    ret_done->files = work->files;
    ret_done->file_count = work->file_count;
    ret_done->steps = keep_lines(local, work->steps, work->step_count);
    end(local, work);
}

// --- what changes something

// What could not be put back when it failed is, before the next change begins.
static int mend_and_begin(struct local *local, struct vouch_work *work, struct vouch_fault *fault) {
    int err = begin(local, work, fault);
    if (err == VOUCH_OK) {
        err = vouch_act_mend(work, fault);
        vouch_work_end(work);
    }
    return err == VOUCH_OK ? begin(local, work, fault) : err;
}

static int install(struct local *local, const struct vouch_apply_install *ask,
                   struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    struct vouch_work work;
    int err = mend_and_begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_act_install(&work, ask, fault);
        finish(local, &work, ret_done);
    }
    return err;
}

static int apply(struct local *local, const struct vouch_apply_change *ask,
                 struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    struct vouch_work work;
    int err = mend_and_begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_act_apply(&work, ask, &ret_done->confirm_until_s, fault);
        finish(local, &work, ret_done);
    }
    return err;
}

typedef int act_fn(struct vouch_work *work, struct vouch_fault *fault);

static int do_act(struct local *local, act_fn *act, struct vouch_apply_done *ret_done,
                  struct vouch_fault *fault) {
    struct vouch_work work;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = act(&work, fault);
        finish(local, &work, ret_done);
    }
    return err;
}

static int confirm(struct local *local, const struct vouch_apply_none *ask,
                   struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    (void)ask;
    return do_act(local, vouch_act_confirm, ret_done, fault);
}

static int put_back(struct local *local, const struct vouch_apply_none *ask,
                    struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    (void)ask;
    return do_act(local, vouch_act_put_back, ret_done, fault);
}

static int leave(struct local *local, const struct vouch_apply_leave *ask,
                 struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    struct vouch_work work;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_act_leave(&work, ask->what, fault);
        finish(local, &work, ret_done);
    }
    if (err == VOUCH_OK && ask->what == VOUCH_APPLY_DO) {
        vouch_log_follow_close(local->follow);
        local->follow = NULL;
        err = vouch_root_remove(&local->root, POSITION_PATH, fault);
    }
    return err;
}

// How the files look is remembered before they are compared: what changes meanwhile is seen the next time,
// and so is whether what was put back stays.
static int guard_all(struct local *local, struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_saved_list list = {0};
    int err = vouch_saved_all(work->root, VOUCH_SAVED_KEPT, work->arena, &list, fault);
    err = err == VOUCH_OK ? vouch_watch_take(&local->watch, work->root, &list, fault) : err;
    err = err == VOUCH_OK ? vouch_act_guard(work, fault) : err;
    if (err != VOUCH_OK || work->file_count > 0) {
        vouch_watch_done(&local->watch);
    }
    return err;
}

static int guard(struct local *local, const struct vouch_apply_none *ask,
                 struct vouch_apply_done *ret_done, struct vouch_fault *fault) {
    struct vouch_work work;
    (void)ask;
    if (vouch_watch_is_still(&local->watch, &local->root)) {
        return VOUCH_OK;
    }
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = guard_all(local, &work, fault);
        finish(local, &work, ret_done);
    }
    return err;
}

// --- what only tells

static int describe(struct local *local, const struct vouch_apply_none *ask,
                    struct vouch_apply_machine *ret_machine, struct vouch_fault *fault) {
    struct vouch_work work;
    (void)ask;
    int err = begin(local, &work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_tell_machine(&work, ret_machine, fault);
    ret_machine->problems = keep_lines(local, work.problems, work.problem_count);
    end(local, &work);
    return err;
}

static int prove(struct local *local, const struct vouch_apply_prove *ask,
                 struct vouch_apply_proofs *ret_proofs, struct vouch_fault *fault) {
    struct vouch_work work;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_tell_proofs(&work, ask, ret_proofs, fault);
        vouch_work_end(&work);
    }
    return err;
}

static int check(struct local *local, const struct vouch_apply_none *ask,
                 struct vouch_apply_checks *ret_checks, struct vouch_fault *fault) {
    struct vouch_work work;
    (void)ask;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_tell_health(&work, ret_checks, fault);
        end(local, &work);
    }
    return err;
}

// --- the log

static int is_there(struct local *local, const char *path) {
    return snprintf(local->log_path, sizeof local->log_path, "%s/%s", local->root.prefix, path) <
               (int)sizeof local->log_path &&
           access(local->log_path, R_OK) == 0;
}

// As host.conf says; else the journal, else the usual files.
static struct vouch_log_source source_of(struct local *local, const struct vouch_host_conf *conf) {
    struct vouch_log_source source = {
        .program = VOUCH_LOG_JOURNALCTL, .path = local->log_path, .position = local->position};
    const char *path = conf->log + strspn(conf->log, " ");
    if (strncmp(path, "file ", 5) == 0) {
        path += 5 + strspn(path + 5, " /");
        (void)is_there(local, path);
        source.kind = VOUCH_LOG_SOURCE_FILE;
    } else if (strcmp(conf->log, "journal") == 0 ||
               (conf->log[0] == '\0' && local->root.prefix[0] == '\0' &&
                access("/run/systemd/journal", F_OK) == 0)) {
        source.kind = VOUCH_LOG_SOURCE_JOURNAL;
    } else if (conf->log[0] == '\0' &&
               (is_there(local, "var/log/auth.log") || is_there(local, "var/log/secure"))) {
        source.kind = VOUCH_LOG_SOURCE_FILE;
    }
    return source;
}

static int open_log(struct local *local, struct vouch_fault *fault) {
    struct vouch_work work;
    if (local->follow != NULL) {
        return VOUCH_OK;
    }
    int err = begin(local, &work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_log_source source = source_of(local, &work.conf);
    vouch_work_end(&work);
    err = vouch_root_path(&local->root, POSITION_PATH, local->position, fault);
    return err == VOUCH_OK ? vouch_log_follow_open(&source, &local->follow, fault) : err;
}

static struct vouch_apply_seen seen_of(const struct vouch_login_seen *row, uint64_t number) {
    return (struct vouch_apply_seen){
        .number = number,
        .time_ms = row->time_ms,
        .accepted = row->outcome == VOUCH_SEEN_ACCEPTED,
        .login = vouch_bytes_of(row->login),
        .source = vouch_bytes_of(row->source),
        .method = vouch_bytes_of(row->method),
        .key_id = vouch_bytes_of(row->key_id),
        .serial = row->serial,
        .fingerprint = vouch_bytes_of(row->fingerprint),
        .ca = vouch_bytes_of(row->ca),
        .reason = vouch_bytes_of(row->reason),
        .line = vouch_bytes_of(row->line),
    };
}

static int follow(struct local *local, const struct vouch_apply_follow *ask,
                  struct vouch_apply_logins *ret_logins, struct vouch_fault *fault) {
    const struct vouch_login_seen *seen = NULL;
    size_t count = 0;
    uint64_t first = 0;
    int err = open_log(local, fault);
    vouch_arena_clear(&local->arena);
    if (err == VOUCH_OK) {
        err = vouch_log_follow_read(local->follow, ask->next, VOUCH_APPLY_FOLLOW_MAX, &seen, &count,
                                    &first, fault);
    }
    struct vouch_apply_seen *rows =
        err == VOUCH_OK ? vouch_arena_alloc(&local->arena, (count + 1) * sizeof *rows) : NULL;
    if (rows == NULL) {
        return err != VOUCH_OK ? err
                               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                                 "no memory for the logins of the log");
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = seen_of(&seen[i], first + i);
    }
    *ret_logins = (struct vouch_apply_logins){rows, count};
    return VOUCH_OK;
}

static int scan(struct local *local, const struct vouch_apply_none *ask,
                struct vouch_apply_scan *ret_scan, struct vouch_fault *fault) {
    struct vouch_work work;
    (void)ask;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_tell_scan(&work,
                              local->follow != NULL ? vouch_log_follow_used(local->follow) : NULL,
                              ret_scan, fault);
        ret_scan->problems = keep_lines(local, work.problems, work.problem_count);
        vouch_work_end(&work);
    }
    return err;
}

// --- the face

static void close_local(struct vouch_apply *face) {
    struct local *local = (void *)face;
    vouch_log_follow_close(local->follow);
    vouch_watch_done(&local->watch);
    free(local->walls);
    vouch_root_done(&local->root);
    vouch_arena_done(&local->arena);
    free(local);
}

// Nothing here waits for long without a bound of its own, so that the deadline says nothing more.
#define ASK_OF(name, ask_type, answer_type)                                                        \
    static int do_##name(struct vouch_apply *face, const ask_type *ask, uint64_t deadline_ns,      \
                         answer_type *ret_answer, struct vouch_fault *fault) {                     \
        (void)deadline_ns;                                                                         \
        return name((struct local *)(void *)face, ask, ret_answer, fault);                         \
    }
VOUCH_APPLY_ASKS(ASK_OF)

#define MEMBER(name_, ask_type, answer_type) .name_ = do_##name_,
static const struct vouch_apply_body body = {.close = close_local, VOUCH_APPLY_ASKS(MEMBER)};

static int recover(struct local *local, struct vouch_fault *fault) {
    struct vouch_work work;
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        err = vouch_act_recover(&work, fault);
        vouch_work_end(&work);
    }
    return err;
}

int vouch_apply_open(const char *root, struct vouch_apply **ret_apply, struct vouch_fault *fault) {
    struct local *local = calloc(1, sizeof *local);
    if (local == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "vouch-host-apply: no memory");
    }
    local->face.body = &body;
    local->root.fd = -1;
    int err = vouch_root_open(root, &local->root, fault);
    err = err == VOUCH_OK ? recover(local, fault) : err;
    if (err != VOUCH_OK) {
        close_local(&local->face);
        return err;
    }
    *ret_apply = &local->face;
    return VOUCH_OK;
}

// --- the walls

int vouch_apply_wall_in(struct vouch_apply *apply, struct vouch_sandbox_report *ret_report,
                        struct vouch_fault *fault) {
    struct local *local = (void *)apply;
    struct vouch_work work;
    struct vouch_fault silent = {0};
    struct vouch_walls *walls = calloc(1, sizeof *walls);
    if (walls == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "vouch-host-apply: no memory for its walls");
    }
    int err = begin(local, &work, fault);
    if (err == VOUCH_OK) {
        // One that does not take its configuration says nothing; then the usual places have to do.
        (void)!vouch_work_ask_sshd(&work, &silent);
        vouch_walls_plan(&work, walls);
        vouch_work_end(&work);
        err = walls->is_off ? VOUCH_OK : vouch_walls_enter(walls, ret_report, fault);
    }
    if (err != VOUCH_OK) {
        free(walls);
        return err;
    }
    local->walls = walls;
    return VOUCH_OK;
}

int vouch_apply_is_outgrown(const struct vouch_apply *apply) {
    return apply->body == &body && ((const struct local *)(const void *)apply)->is_outgrown;
}
