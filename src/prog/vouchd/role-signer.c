// SPDX-License-Identifier: ISC
// The signer: the only process with the keys and the ledger's pen.
//
// Who owns this process could sign whatever the keys can sign, so least reaches it: typed requests on its
// lanes from the authority, no network, no other file than its keys and the ledger. What it must never
// sign stands in a file that it cannot write.
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/secret.h"
#include "prog/vouchd/log.h"
#include "prog/vouchd/passphrase.h"
#include "prog/vouchd/role.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/yaml.h"
#include "signer/serve.h"

#define LEDGER_WAIT_MS 5000

struct paths {
    char keys[PATH_MAX];
    char ledger[PATH_MAX];
    char unlock[PATH_MAX];
    char ceiling[PATH_MAX];
};

static int find_paths(const char *dir, struct paths *paths, struct vouch_fault *fault) {
    int err = vouch_server_path(dir, VOUCH_SERVER_SIGNER, paths->keys, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(dir, VOUCH_SERVER_LEDGER, paths->ledger, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_server_path(dir, VOUCH_SERVER_UNLOCK, paths->unlock, fault);
    }
    return err == VOUCH_OK ? vouch_server_path(dir, VOUCH_CEILING_FILE, paths->ceiling, fault)
                           : err;
}

// In a trial all belongs to one user. Otherwise this process must not be able to raise its own ceiling.
static int check_ceiling_file(const char *dir, const char *path, struct vouch_fault *fault) {
    struct stat folder;
    if (stat(dir, &folder) == 0 && folder.st_uid == geteuid()) {
        return VOUCH_OK;
    }
    if (access(path, W_OK) == 0 || access(dir, W_OK) == 0) {
        (void)vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_server_dir,
                              "%s: the signer's own user can write it", path);
        return vouch_fault_next(fault, "Close it with: chown root %s; chmod 644 %s", path, path);
    }
    return VOUCH_OK;
}

static int read_ceiling(const struct vouch_role_run *run, const char *path,
                        struct vouch_signer_ceiling *ret_ceiling, struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_YAML_MAX);
    int err = check_ceiling_file(run->dir, path, fault);
    if (err == VOUCH_OK) {
        err = vouch_settings_read(path, &text, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_ceiling_parse(path, vouch_buf_bytes(&text), ret_ceiling, NULL, fault);
    }
    vouch_buf_done(&text);
    return err;
}

// What the supervisor asked for or was given.
static int take_gift(int fd, struct vouch_secret *ret_unlock, struct vouch_fault *fault) {
    struct vouch_secret secret = {0};
    if (vouch_secret_new(VOUCH_PASSPHRASE_MAX, &secret) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "passphrase: no locked memory");
    }
    ssize_t len = pread(fd, secret.ptr, secret.len, 0);
    if (len <= 0) {
        vouch_secret_done(&secret);
        return vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                               "passphrase: the supervisor has none");
    }
    secret.len = (size_t)len;
    *ret_unlock = secret;
    return VOUCH_OK;
}

static int read_unlock(const struct vouch_role_run *run, const char *path,
                       struct vouch_secret *ret_unlock, struct vouch_fault *fault) {
    vouch_autoclose int gift =
        vouch_service_gift(&run->table.service, run->self.index, VOUCH_GIFT_UNLOCK);
    if (run->config.unlock != VOUCH_UNLOCK_KEY_FILE) {
        return take_gift(gift, ret_unlock, fault);
    }
    return vouch_passphrase_read(path, ret_unlock, fault);
}

// The ledger cannot be written: nothing more may leave this process. The supervisor logs why.
static void die(void *context, const struct vouch_fault *why) {
    struct vouch_role_self *self = context;
    vouch_role_failed(self, why);
    _exit(1);
}

static int open_engine(struct vouch_role_run *run, const struct paths *paths,
                       struct vouch_signer_engine **ret_engine, struct vouch_fault *fault) {
    struct vouch_signer_ceiling ceiling;
    vouch_autosecret struct vouch_secret unlock = {0};
    int err = read_ceiling(run, paths->ceiling, &ceiling, fault);
    if (err == VOUCH_OK) {
        err = read_unlock(run, paths->unlock, &unlock, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_signer_open what = {
        .keys_dir = paths->keys,
        .ledger_dir = paths->ledger,
        .unlock = vouch_secret_bytes(&unlock),
        .rounds = run->config.unlock == VOUCH_UNLOCK_KEY_FILE ? VOUCH_SERVER_UNLOCK_ROUNDS : 0,
        .agent_socket = run->config.keys == VOUCH_KEYS_AGENT ? run->config.agent_socket : NULL,
        .ceiling = &ceiling,
        .die = die,
        .die_context = &run->self,
        .ledger_wait_ms = LEDGER_WAIT_MS,
    };
    return vouch_signer_open(&what, ret_engine, fault);
}

static int serve(struct vouch_role_run *run, struct vouch_signer_engine *engine,
                 const struct paths *paths, struct vouch_fault *fault) {
    const char *const writable[] = {paths->keys, paths->ledger};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_SIGNER,
                                          .network = run->config.keys == VOUCH_KEYS_AGENT
                                                         ? VOUCH_SANDBOX_CONNECT_LOCAL
                                                         : VOUCH_SANDBOX_NO_NETWORK,
                                          .writable = {writable, 2}};
    struct vouch_role_sockets sockets = {0};
    int err = vouch_role_settle(run, &sandbox, &sockets, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    int lanes[VOUCH_LANES_MAX];
    unsigned count = vouch_role_lane_fds(run, VOUCH_LINK_SIGNER, lanes);
    return vouch_signer_serve(engine, lanes, count, run->self.signal_fd, fault);
}

int vouch_role_signer(struct vouch_role_run *run, struct vouch_fault *fault) {
    struct paths paths;
    struct vouch_signer_engine *engine = NULL;
    vouch_secret_harden_process();
    (void)umask(027); // the ledger is read by the authority, which is in its group
    int err = find_paths(run->dir, &paths, fault);
    if (err == VOUCH_OK) {
        err = open_engine(run, &paths, &engine, fault);
    }
    if (err == VOUCH_OK) {
        err = serve(run, engine, &paths, fault);
    }
    vouch_signer_engine_close(engine);
    return err;
}
