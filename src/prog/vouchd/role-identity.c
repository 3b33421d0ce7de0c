// SPDX-License-Identifier: ISC
// The identity role: says whether a password or a code is right, and makes new ones.
//
// Who owns this process sees the passwords and codes of those who sign in from then on, can let anybody in
// as anybody, and has the key that the second factors in the database are sealed under. It has no database,
// so it cannot read whom it does not see; no CA key, so it cannot sign; no way to the signer or the ledger,
// so what is issued because of its lies is decided by the authority and recorded as ever. It has no
// network, and no file: the key came as an open descriptor, which is closed again before the first ask.
#include "base/cpu.h"
#include "base/mem.h"
#include "base/secret.h"
#include "identity/serve.h"
#include "prog/vouchd/role.h"

// Hashing takes whole processors, and whoever is signed in goes first. Not so far behind that nobody could
// sign in while many certificates are issued; and in slices so short that nobody waits for one to end.
#define NICENESS 10
#define SLICE_NS 200000

static int read_key(const struct vouch_role_run *run, struct vouch_secret *ret_key,
                    struct vouch_fault *fault) {
    vouch_autoclose int gift =
        vouch_service_gift(&run->table.service, run->self.index, VOUCH_GIFT_SEAL);
    vouch_autosecret struct vouch_secret key = {0};
    if (vouch_secret_new(VOUCH_IDENTITY_KEY_LEN, &key) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no locked memory for its key");
    }
    if (pread(gift, key.ptr, key.len, 0) != (ssize_t)key.len) {
        return vouch_fault_set(fault, VOUCH_ERR_KEY_LENGTH, &vouch_fault_identity_key,
                               "identity: the supervisor has no key for it");
    }
    *ret_key = key;
    key = (struct vouch_secret){0};
    return VOUCH_OK;
}

static int open_engine(const struct vouch_role_run *run, struct vouch_identity_engine **ret_engine,
                       struct vouch_fault *fault) {
    const struct vouch_config *config = &run->config;
    vouch_autosecret struct vouch_secret key = {0};
    int err = read_key(run, &key, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_identity_open what = {
        .key = vouch_secret_bytes(&key),
        .cost = {.memory_kib = (uint32_t)config->password_memory_kib,
                 .passes = (uint32_t)config->password_passes,
                 .at_once = (uint32_t)config->password_at_once,
                 .waiting = (uint32_t)config->password_waiting},
    };
    return vouch_identity_open(&what, ret_engine, fault);
}

static int serve(struct vouch_role_run *run, struct vouch_identity_engine *engine,
                 struct vouch_fault *fault) {
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_IDENTITY,
                                          .network = VOUCH_SANDBOX_NO_NETWORK};
    struct vouch_role_sockets sockets = {0};
    int err = vouch_role_settle(run, &sandbox, &sockets, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    int lanes[VOUCH_LANES_MAX];
    unsigned count = vouch_role_lane_fds(run, VOUCH_LINK_IDENTITY, lanes);
    return vouch_identity_serve(engine, lanes, count, run->self.signal_fd, fault);
}

int vouch_role_identity(struct vouch_role_run *run, struct vouch_fault *fault) {
    struct vouch_identity_engine *engine = NULL;
    vouch_secret_harden_process();
    vouch_cpu_give_way(NICENESS, SLICE_NS);
    int err = open_engine(run, &engine, fault);
    if (err == VOUCH_OK) {
        err = serve(run, engine, fault);
    }
    vouch_identity_engine_close(engine);
    return err;
}
