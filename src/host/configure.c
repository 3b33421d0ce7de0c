// SPDX-License-Identifier: ISC
// sshd's configuration: written last, when all that it names is there; tested, read back, tried, and put
// back if anything is not as it must be.
#include <stdio.h>
#include <strings.h>

#include "base/str.h"
#include "base/time.h"
#include "host/acts.h"
#include "host/sshd-conf.h"

#define OURS "# written by vouch-host"
#define CONF_FOLDER "etc/ssh/sshd_config.d"

struct plan {
    struct vouch_sshd_wish wish;
    struct vouch_bytes cert_paths[VOUCH_APPLY_KEYS_MAX];
    const char *path;          // of the file that changes
    int is_there;              // nonzero: it exists
    struct vouch_bytes before; // its content
    struct vouch_buf after;
};

// --- what is needed first

static int missing(const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_nothing,
                           "%s: not installed yet, and sshd must not run without", what);
}

// sshd that is told to read a list or a CA file that is not there lets nobody in.
static int check_installed(struct vouch_work *work, struct vouch_fault *fault) {
    static const char *const files[] = {VOUCH_WORK_USER_CA, VOUCH_WORK_KRL};
    struct vouch_buf file;
    int err = VOUCH_OK;
    if (work->trust.key_count == 0 || work->held.krl_version == 0) {
        return missing("CA keys and revocation list", fault);
    }
    if (work->held.state_version == 0) {
        return missing("principals of the logins", fault);
    }
    vouch_buf_init(&file, VOUCH_ARENA_MAX);
    for (size_t i = 0; i < 2 && err == VOUCH_OK; i++) {
        vouch_buf_clear(&file);
        err = vouch_root_read(work->root, files[i], VOUCH_ARENA_MAX, &file, NULL, fault);
    }
    vouch_buf_done(&file);
    return err;
}

static int find_certs(struct vouch_work *work, struct plan *plan, struct vouch_fault *fault) {
    size_t count = 0;
    for (size_t i = 0; i < work->key_count; i++) {
        struct vouch_cert *cert = vouch_work_cert(work, &work->keys[i]);
        const char *reason = NULL;
        char real[PATH_MAX];
        if (cert != NULL && vouch_work_accepts(work, cert, work->held.name, &reason) &&
            vouch_root_path(work->root, work->keys[i].cert_path, real, fault) == VOUCH_OK) {
            plan->cert_paths[count++] = vouch_bytes_of(vouch_work_copy(work, vouch_bytes_of(real)));
        }
        vouch_cert_free(cert);
    }
    plan->wish.host_certs = (struct vouch_text_list){plan->cert_paths, count};
    return count > 0 ? VOUCH_OK : missing("a host certificate that holds now", fault);
}

// --- who else configures it

static int conflict(const char *keyword, struct vouch_bytes value, struct vouch_fault *fault) {
    char shown[256];
    vouch_str_escape_to(value, shown, sizeof shown);
    return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_host_config,
                           "sshd's configuration sets %s to '%s' already", keyword, shown);
}

static int check_word(const struct vouch_work *work, const char *keyword, const char *ours,
                      struct vouch_fault *fault) {
    char real[PATH_MAX];
    struct vouch_bytes value = vouch_sshd_setting(&work->settings, keyword, 0);
    if (vouch_root_path(work->root, ours, real, fault) != VOUCH_OK) {
        return VOUCH_ERR_LIMIT;
    }
    return value.len == 0 || vouch_bytes_equal(value, vouch_bytes_of("none")) ||
                   vouch_bytes_equal(value, vouch_bytes_of(real))
               ? VOUCH_OK
               : conflict(keyword, value, fault);
}

static int is_cert_path(const struct vouch_work *work, struct vouch_bytes value) {
    const char *path = vouch_root_within(work->root, (const char *)value.ptr);
    for (size_t i = 0; path != NULL && i < work->key_count; i++) {
        if (strcmp(path, work->keys[i].cert_path) == 0) {
            return 1;
        }
    }
    return 0;
}

static int check_conflicts(const struct vouch_work *work, struct vouch_fault *fault) {
    int err = check_word(work, "trustedusercakeys", VOUCH_WORK_USER_CA, fault);
    err = err == VOUCH_OK ? check_word(work, "revokedkeys", VOUCH_WORK_KRL, fault) : err;
    if (err == VOUCH_OK && work->held.by_login == 0) {
        err = check_word(work, "authorizedprincipalsfile", VOUCH_WORK_PRINCIPALS "/%u", fault);
    }
    for (size_t i = 0; err == VOUCH_OK; i++) {
        struct vouch_bytes value = vouch_sshd_setting(&work->settings, "hostcertificate", i);
        if (value.len == 0) {
            break;
        }
        err = is_cert_path(work, value) ? VOUCH_OK : conflict("hostcertificate", value, fault);
    }
    return err;
}

// --- the file

static int read_file(struct vouch_work *work, const char *path, struct plan *plan,
                     struct vouch_fault *fault) {
    int err = vouch_work_read(work, path, VOUCH_WORK_CONF_MAX, &plan->before, fault);
    plan->path = path;
    plan->is_there = err == VOUCH_OK;
    return err == VOUCH_ERR_NOT_FOUND ? VOUCH_OK : err;
}

static int is_ours(struct vouch_bytes text) {
    return vouch_str_take(&text, OURS);
}

static int plan_own_file(struct vouch_work *work, struct plan *plan, struct vouch_bytes settings,
                         struct vouch_fault *fault) {
    int err = read_file(work, VOUCH_WORK_CONF, plan, fault);
    if (err == VOUCH_OK && plan->is_there && !is_ours(plan->before)) {
        err = vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_host_config,
                              "%s/%s: exists, and is not vouch-host's", work->root->prefix,
                              VOUCH_WORK_CONF);
    }
    vouch_buf_put(&plan->after, settings);
    return err;
}

static int plan_block(struct vouch_work *work, struct plan *plan, struct vouch_bytes settings,
                      struct vouch_fault *fault) {
    int err = read_file(work, work->conf.sshd_config, plan, fault);
    if (err == VOUCH_OK) {
        vouch_sshd_conf_put_block(plan->before, settings, &plan->after);
    }
    return err;
}

// A file of its own where the configuration includes it first; else a block at the top.
static int plan_file(struct vouch_work *work, struct plan *plan, struct vouch_fault *fault) {
    char real[PATH_MAX];
    struct vouch_buf settings;
    struct vouch_bytes config = {0};
    vouch_buf_init(&settings, 65536);
    int err = vouch_sshd_conf_build(&plan->wish, &settings);
    err = err == VOUCH_OK
              ? vouch_work_read(work, work->conf.sshd_config, VOUCH_WORK_CONF_MAX, &config, fault)
              : vouch_fault_set(fault, err, &vouch_fault_host_config,
                                "the path of a host key or of the root holds a character that "
                                "sshd would read in another way");
    err = err == VOUCH_OK ? vouch_root_path(work->root, VOUCH_WORK_CONF, real, fault) : err;
    if (err == VOUCH_OK) {
        err =
            vouch_root_is_folder(work->root, CONF_FOLDER) && vouch_sshd_conf_includes(config, real)
                ? plan_own_file(work, plan, vouch_buf_bytes(&settings), fault)
                : plan_block(work, plan, vouch_buf_bytes(&settings), fault);
    }
    vouch_buf_done(&settings);
    return err;
}

static int make_plan(struct vouch_work *work, const struct vouch_apply_change *ask,
                     struct plan *plan, struct vouch_fault *fault) {
    struct vouch_bytes level = vouch_sshd_setting(&work->settings, "loglevel", 0);
    plan->wish = (struct vouch_sshd_wish){
        .prefix = work->root->prefix, .log = ask->log, .by_login = work->held.by_login};
    // Who has sshd say more than we need is left alone.
    if (level.len >= 5 && strncasecmp((const char *)level.ptr, "debug", 5) == 0) {
        plan->wish.log = VOUCH_APPLY_LOG_KEEP;
    }
    int err = check_installed(work, fault);
    err = err == VOUCH_OK ? find_certs(work, plan, fault) : err;
    err = err == VOUCH_OK ? check_conflicts(work, fault) : err;
    return err == VOUCH_OK ? plan_file(work, plan, fault) : err;
}

// --- doing it

static int has_setting(const struct vouch_text_list *settings, struct vouch_bytes line) {
    for (size_t i = 0; i < settings->count; i++) {
        struct vouch_bytes one = settings->items[i];
        if (one.len == line.len &&
            strncasecmp((const char *)one.ptr, (const char *)line.ptr, line.len) == 0) {
            return 1;
        }
    }
    return 0;
}

// sshd -T has to show each of ours: whoever set it earlier in the configuration wins.
static int check_effect(struct vouch_work *work, const struct plan *plan,
                        struct vouch_fault *fault) {
    struct vouch_buf proof;
    vouch_buf_init(&proof, 65536);
    int err = vouch_sshd_settings(&work->sshd, work->arena, &work->settings, fault);
    if (err == VOUCH_OK && vouch_sshd_conf_proof(&plan->wish, &proof) != VOUCH_OK) {
        err = VOUCH_ERR_NO_MEMORY;
    }
    struct vouch_bytes rest = vouch_buf_bytes(&proof);
    while (err == VOUCH_OK && rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        if (line.len > 0 && !has_setting(&work->settings, line)) {
            err =
                vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_host_effect,
                                "sshd would not use '%.*s'", (int)line.len, (const char *)line.ptr);
        }
    }
    vouch_buf_done(&proof);
    return err;
}

static int try_it(struct vouch_work *work, const struct plan *plan, struct vouch_fault *fault) {
    int err = vouch_work_put(work, plan->path, vouch_buf_bytes(&plan->after), fault);
    err = err == VOUCH_OK ? vouch_sshd_test(&work->sshd, fault) : err;
    err = err == VOUCH_OK ? check_effect(work, plan, fault) : err;
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_work_step(work, "%s/%s is written, and sshd accepts it", work->root->prefix, plan->path);
    return vouch_settle(work, fault);
}

static int keep(struct vouch_work *work, const struct vouch_apply_change *ask,
                uint64_t *ret_confirm_until_s, struct vouch_fault *fault) {
    work->held.applied = 1;
    work->held.log = ask->log;
    int err = vouch_held_store(work->root, &work->held, fault);
    if (err != VOUCH_OK || ask->confirm_within_s == 0) {
        return err == VOUCH_OK ? vouch_change_keep(work, fault) : err;
    }
    uint64_t until_s = vouch_time_now_s() + ask->confirm_within_s;
    err = vouch_change_keep_until(work, until_s, fault);
    if (err == VOUCH_OK) {
        *ret_confirm_until_s = until_s;
        vouch_work_step(work, "unless it is confirmed within %llu s, it is put back",
                        (unsigned long long)ask->confirm_within_s);
    }
    return err;
}

static int do_it(struct vouch_work *work, const struct vouch_apply_change *ask,
                 const struct plan *plan, uint64_t *ret_confirm_until_s,
                 struct vouch_fault *fault) {
    struct vouch_fault undoing = {0};
    int err = vouch_change_begin(work, &plan->path, 1, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = try_it(work, plan, fault);
    err = err == VOUCH_OK ? keep(work, ask, ret_confirm_until_s, fault) : err;
    if (err == VOUCH_OK) {
        return VOUCH_OK;
    }
    return vouch_change_back(work, &undoing) == VOUCH_OK
               ? err
               : vouch_fault_set(fault, undoing.err, undoing.kind, "%s", undoing.text);
}

static int settle_plan(struct vouch_work *work, const struct vouch_apply_change *ask,
                       const struct plan *plan, uint64_t *ret_confirm_until_s,
                       struct vouch_fault *fault) {
    if (plan->after.err != VOUCH_OK) {
        return vouch_fault_set(fault, plan->after.err, &vouch_fault_memory,
                               "sshd's configuration: no memory to change it");
    }
    struct vouch_bytes after = vouch_buf_bytes(&plan->after);
    if (plan->is_there && vouch_bytes_equal(plan->before, after) && work->held.applied != 0) {
        vouch_work_step(work, "sshd is configured already");
        return check_effect(work, plan, fault);
    }
    if (ask->what == VOUCH_APPLY_SHOW) {
        vouch_work_note(work, plan->path, plan->is_there ? &plan->before : NULL, &after);
        return VOUCH_OK;
    }
    return do_it(work, ask, plan, ret_confirm_until_s, fault);
}

int vouch_act_apply(struct vouch_work *work, const struct vouch_apply_change *ask,
                    uint64_t *ret_confirm_until_s, struct vouch_fault *fault) {
    struct plan plan = {0};
    *ret_confirm_until_s = 0;
    if (ask->confirm_within_s > 86400) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_ask,
                               "confirm within: at most a day");
    }
    vouch_buf_init(&plan.after, 2 * VOUCH_WORK_CONF_MAX);
    int err = vouch_work_ask_sshd(work, fault);
    err = err == VOUCH_OK ? make_plan(work, ask, &plan, fault) : err;
    err = err == VOUCH_OK ? settle_plan(work, ask, &plan, ret_confirm_until_s, fault) : err;
    vouch_buf_done(&plan.after);
    return err;
}
