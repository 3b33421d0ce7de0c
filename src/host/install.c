// SPDX-License-Identifier: ISC
// Installing what the server gives out, in the order that locks nobody out: the bundle of CA keys, the
// revocation list, principals, certificates. Each is proven here.
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "core/krl-canary.h"
#include "host/acts.h"
#include "host/krl-proof.h"
#include "host/principals.h"
#include "host/tell.h"
#include "vouch/krl.h"

#define SECOND_NS (UINT64_C(20) * 1000000000)

// --- whom to trust

static int check_pin(const struct vouch_work *work, const struct vouch_apply_install *ask,
                     struct vouch_fault *fault) {
    const struct vouch_held *held = &work->held;
    if (held->checkpoint.len > 0 && ask->checkpoint.len > 0 &&
        !vouch_bytes_equal(held->checkpoint, ask->checkpoint)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_host_trust,
                               "checkpoint key: this host has pinned another one");
    }
    if (held->ca.len > 0 && ask->ca.len > 0 && !vouch_bytes_equal(held->ca, ask->ca)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_host_trust,
                               "ca: this host belongs to '%.*s' already", (int)held->ca.len,
                               (const char *)held->ca.ptr);
    }
    if (held->checkpoint.len == 0 &&
        (ask->checkpoint.len == 0 || ask->ca.len == 0 || ask->trust.len == 0)) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_nothing,
                               "nothing is installed yet: the first time needs the name of the CA, "
                               "its checkpoint key and its bundle of keys");
    }
    return VOUCH_OK;
}

static int verify_trust(struct vouch_work *work, const struct vouch_apply_install *ask,
                        struct vouch_trust *ret_trust, struct vouch_fault *fault) {
    struct vouch_key *pin = NULL;
    struct vouch_where where = {0};
    struct vouch_bytes blob =
        work->held.checkpoint.len > 0 ? work->held.checkpoint : ask->checkpoint;
    struct vouch_bytes ca = work->held.ca.len > 0 ? work->held.ca : ask->ca;
    int err = vouch_key_parse(blob, &pin, &where);
    const struct vouch_trust_known known = {.checkpoint_key = pin,
                                            .name = vouch_work_copy(work, ca),
                                            .version = work->held.trust_version};
    err = err == VOUCH_OK ? vouch_trust_verify(ask->trust, &known, ret_trust, &where) : err;
    vouch_key_free(pin);
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_where(fault, err, &vouch_fault_host_trust, "trust bundle", &where);
}

static int put_user_cas(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_TRUST_MAX);
    vouch_buf_put_text(&text, "# written by vouch-host; changes are lost\n");
    for (size_t i = 0; i < work->trust.key_count; i++) {
        const struct vouch_trust_key *row = &work->trust.keys[i];
        if (row->use == VOUCH_CERT_USER && vouch_trust_state_counts(row->state)) {
            vouch_key_print(row->key, vouch_trust_state_text(row->state), &text);
            vouch_buf_put_text(&text, "\n");
        }
    }
    int err = text.err == VOUCH_OK
                  ? vouch_work_put_guarded(work, VOUCH_WORK_USER_CA, vouch_buf_bytes(&text), fault)
                  : vouch_fault_set(fault, text.err, &vouch_fault_memory, "CA keys: no memory");
    vouch_buf_done(&text);
    return err;
}

// The list that sshd has, if it is of the version that is held; else nothing: what is garbled is no list
// that another of its version could contradict, and has to be replaced.
static struct vouch_bytes installed_list(struct vouch_work *work, struct vouch_buf *file) {
    if (!vouch_tell_list_is_whole(work)) {
        return (struct vouch_bytes){0};
    }
    int err = vouch_root_read(work->root, VOUCH_WORK_KRL, VOUCH_KRL_MAX, file, NULL, NULL);
    return err == VOUCH_OK ? vouch_buf_bytes(file) : (struct vouch_bytes){0};
}

static int install_trust(struct vouch_work *work, const struct vouch_apply_install *ask,
                         struct vouch_fault *fault) {
    const struct vouch_root_meta meta = {.mode = 0600};
    struct vouch_trust trust = {0};
    int err = verify_trust(work, ask, &trust, fault);
    err = err == VOUCH_OK ? vouch_root_write(work->root, VOUCH_HELD_TRUST, ask->trust, &meta, fault)
                          : err;
    if (err != VOUCH_OK) {
        vouch_trust_done(&trust);
        return err;
    }
    vouch_trust_done(&work->trust);
    work->trust = trust;
    work->held.trust_version = trust.version;
    if (work->held.checkpoint.len == 0) {
        work->held.checkpoint = ask->checkpoint;
        work->held.ca = ask->ca;
    }
    err = vouch_held_store(work->root, &work->held, fault);
    return err == VOUCH_OK ? put_user_cas(work, fault) : err;
}

// --- the revocation list

static int prove_second(struct vouch_work *work, struct vouch_bytes list,
                        struct vouch_fault *fault) {
    enum vouch_krl_second second = VOUCH_KRL_SECOND_NONE;
    int err = vouch_krl_prove_second(VOUCH_KRL_KEYGEN, list, vouch_bytes_of(work->trust.name),
                                     vouch_time_monotonic_ns() + SECOND_NS, &second, fault);
    if (err == VOUCH_OK && second != VOUCH_KRL_SECOND_AGREES && second != VOUCH_KRL_SECOND_ABSENT) {
        err = fault != NULL && fault->err != VOUCH_OK ? fault->err : VOUCH_ERR_REFUSED;
    }
    return err;
}

static int prove_list(struct vouch_work *work, const struct vouch_apply_install *ask,
                      struct vouch_krl_statement *ret_statement, struct vouch_fault *fault) {
    const struct vouch_key *cas[VOUCH_TRUST_KEYS_MAX];
    struct vouch_key *pin = NULL;
    struct vouch_buf file;
    vouch_buf_init(&file, VOUCH_KRL_MAX);
    int err = vouch_key_parse(work->held.checkpoint, &pin, NULL);
    if (err != VOUCH_OK) {
        vouch_buf_done(&file);
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_host_saved,
                               "the pinned checkpoint key cannot be read");
    }
    const struct vouch_krl_proof proof = {.checkpoint_key = pin,
                                          .cas = cas,
                                          .ca_count = vouch_work_cas(work, VOUCH_CERT_USER, cas),
                                          .ca_name = vouch_bytes_of(work->trust.name),
                                          .installed = installed_list(work, &file),
                                          .installed_version = work->held.krl_version,
                                          .now_s = work->now_s};
    err = vouch_krl_prove(&proof, ask->krl, ask->krl_envelope, ret_statement, fault);
    vouch_key_free(pin);
    vouch_buf_done(&file);
    return err == VOUCH_OK ? prove_second(work, ask->krl, fault) : err;
}

static int install_list(struct vouch_work *work, const struct vouch_apply_install *ask,
                        struct vouch_fault *fault) {
    struct vouch_krl_statement statement = {0};
    if (work->trust.key_count == 0) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_nothing,
                               "revocation list: no bundle of CA keys is installed to prove it by");
    }
    int err = prove_list(work, ask, &statement, fault);
    err = err == VOUCH_OK ? vouch_work_put_guarded(work, VOUCH_WORK_KRL, ask->krl, fault) : err;
    if (err == VOUCH_OK) {
        work->held.krl_version = statement.version;
        work->held.krl_generated_s = statement.time_s;
        err = vouch_held_store(work->root, &work->held, fault);
    }
    return err;
}

// --- principals

static int path_of(const struct vouch_apply_login *login, char ret_path[static PATH_MAX],
                   struct vouch_fault *fault) {
    if (!vouch_principals_login_is(login->login)) {
        char shown[128];
        vouch_str_escape_to(login->login, shown, sizeof shown);
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_names,
                               "login '%s': cannot be the name of a file", shown);
    }
    (void)snprintf(ret_path, PATH_MAX, "%s/%.*s", VOUCH_WORK_PRINCIPALS, (int)login->login.len,
                   (const char *)login->login.ptr);
    return VOUCH_OK;
}

static int put_login(struct vouch_work *work, const struct vouch_apply_login *login,
                     struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf file;
    vouch_buf_init(&file, 1024 * 1024);
    int err = path_of(login, path, fault);
    err = err == VOUCH_OK ? vouch_principals_build(login, &file, fault) : err;
    err = err == VOUCH_OK ? vouch_work_put_guarded(work, path, vouch_buf_bytes(&file), fault) : err;
    vouch_buf_done(&file);
    return err;
}

// Every file is built before the first is written: one bad name changes nothing.
static int check_logins(const struct vouch_apply_install *ask, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < ask->login_count && err == VOUCH_OK; i++) {
        struct vouch_buf file;
        vouch_buf_init(&file, 1024 * 1024);
        err = vouch_principals_build(&ask->logins[i], &file, fault);
        vouch_buf_done(&file);
    }
    return err;
}

static int has_login(const struct vouch_apply_install *ask, struct vouch_bytes name) {
    for (size_t i = 0; i < ask->login_count; i++) {
        if (vouch_bytes_equal(ask->logins[i].login, name)) {
            return 1;
        }
    }
    return 0;
}

// sshd refuses a login without a file, so a login that is gone loses its own.
static int drop_others(struct vouch_work *work, const struct vouch_apply_install *ask,
                       struct vouch_fault *fault) {
    struct vouch_text_list names = {0};
    int err = vouch_root_list(work->root, VOUCH_WORK_PRINCIPALS, work->arena, &names, fault);
    for (size_t i = 0; i < names.count && err == VOUCH_OK; i++) {
        char path[PATH_MAX];
        if (!has_login(ask, names.items[i])) {
            (void)snprintf(path, sizeof path, "%s/%s", VOUCH_WORK_PRINCIPALS,
                           (const char *)names.items[i].ptr);
            err = vouch_saved_forget(work->root, VOUCH_SAVED_KEPT, path, fault);
            err = err == VOUCH_OK ? vouch_work_drop(work, path, fault) : err;
        }
    }
    return err;
}

static int install_logins(struct vouch_work *work, const struct vouch_apply_install *ask,
                          struct vouch_fault *fault) {
    int err = check_logins(ask, fault);
    err = err == VOUCH_OK ? drop_others(work, ask, fault) : err;
    for (size_t i = 0; i < ask->login_count && err == VOUCH_OK; i++) {
        err = put_login(work, &ask->logins[i], fault);
    }
    if (err == VOUCH_OK) {
        work->held.state_version = ask->state_version;
        work->held.by_login = ask->by_login != 0;
        err = vouch_held_store(work->root, &work->held, fault);
    }
    return err;
}

// --- certificates

static const struct vouch_host_key *key_of(const struct vouch_work *work,
                                           const struct vouch_cert *cert) {
    for (size_t i = 0; i < work->key_count; i++) {
        if (vouch_key_equal(work->keys[i].key, cert->key)) {
            return &work->keys[i];
        }
    }
    return NULL;
}

static int judge(const struct vouch_work *work, const struct vouch_cert *cert,
                 const struct vouch_host_key **ret_key, struct vouch_fault *fault) {
    const char *reason = "its key is none that sshd uses here";
    *ret_key = key_of(work, cert);
    if (*ret_key != NULL && vouch_work_accepts(work, cert, work->held.name, &reason)) {
        return VOUCH_OK;
    }
    return vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_host_cert,
                           "host certificate with serial %llu: %s",
                           (unsigned long long)cert->serial, reason);
}

struct certs {
    const struct vouch_host_key *keys[VOUCH_APPLY_KEYS_MAX];
    const char *paths[VOUCH_APPLY_KEYS_MAX];
    size_t count;
};

static int judge_all(struct vouch_work *work, const struct vouch_apply_install *ask,
                     struct certs *ret_certs, struct vouch_fault *fault) {
    struct certs certs = {0};
    int err = VOUCH_OK;
    for (size_t i = 0; i < ask->cert_count && err == VOUCH_OK; i++) {
        struct vouch_cert *cert = NULL;
        struct vouch_where where = {0};
        err = vouch_cert_parse(ask->certs[i].cert, &cert, &where);
        err = err == VOUCH_OK ? judge(work, cert, &certs.keys[i], fault)
                              : vouch_fault_where(fault, err, &vouch_fault_host_cert,
                                                  "host certificate", &where);
        vouch_cert_free(cert);
        if (err == VOUCH_OK) {
            certs.paths[certs.count++] = certs.keys[i]->cert_path;
        }
    }
    *ret_certs = certs;
    return err;
}

static int put_certs(struct vouch_work *work, const struct vouch_apply_install *ask,
                     const struct certs *certs, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < certs->count && err == VOUCH_OK; i++) {
        struct vouch_buf line;
        vouch_buf_init(&line, VOUCH_CERT_BLOB_MAX * 2);
        vouch_cert_print(ask->certs[i].cert, "vouch-host", &line);
        vouch_buf_put_text(&line, "\n");
        err =
            line.err == VOUCH_OK
                ? vouch_work_put(work, certs->paths[i], vouch_buf_bytes(&line), fault)
                : vouch_fault_set(fault, line.err, &vouch_fault_memory, "certificates: no memory");
        vouch_buf_done(&line);
    }
    return err;
}

// From now on they are put back: not before it is known that they stay.
static int guard_certs(struct vouch_work *work, const struct certs *certs,
                       struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < certs->count && err == VOUCH_OK; i++) {
        struct vouch_bytes line = {0};
        err = vouch_work_read(work, certs->paths[i], VOUCH_CERT_BLOB_MAX * 2, &line, fault);
        err = err == VOUCH_OK
                  ? vouch_saved_put(work->root, VOUCH_SAVED_KEPT, certs->paths[i], line, fault)
                  : err;
    }
    return err;
}

// sshd that runs with ours already has to show the new ones, or keeps the old ones.
static int change_certs(struct vouch_work *work, const struct vouch_apply_install *ask,
                        const struct certs *certs, struct vouch_fault *fault) {
    struct vouch_fault undoing = {0};
    size_t before = work->file_count;
    int err = vouch_change_begin(work, certs->paths, certs->count, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = put_certs(work, ask, certs, fault);
    if (err == VOUCH_OK && work->file_count > before && work->held.applied != 0) {
        err = vouch_settle_certs(work, certs->count, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_change_keep(work, fault);
        return err == VOUCH_OK ? guard_certs(work, certs, fault) : err;
    }
    return vouch_change_back(work, &undoing) == VOUCH_OK
               ? err
               : vouch_fault_set(fault, undoing.err, undoing.kind, "%s", undoing.text);
}

static int install_certs(struct vouch_work *work, const struct vouch_apply_install *ask,
                         struct vouch_fault *fault) {
    struct certs certs;
    int err = vouch_work_ask_sshd(work, fault);
    err = err == VOUCH_OK ? judge_all(work, ask, &certs, fault) : err;
    return err == VOUCH_OK ? change_certs(work, ask, &certs, fault) : err;
}

// --- all of it

static int take_name(struct vouch_work *work, const struct vouch_apply_install *ask,
                     struct vouch_fault *fault) {
    if (ask->name.len == 0 || vouch_bytes_equal(ask->name, work->held.name)) {
        return VOUCH_OK;
    }
    work->held.name = ask->name;
    return vouch_held_store(work->root, &work->held, fault);
}

int vouch_act_install(struct vouch_work *work, const struct vouch_apply_install *ask,
                      struct vouch_fault *fault) {
    int err = check_pin(work, ask, fault);
    err = err == VOUCH_OK ? vouch_work_folders(work, fault) : err;
    if (err == VOUCH_OK && ask->trust.len > 0) {
        err = install_trust(work, ask, fault);
    }
    err = err == VOUCH_OK ? take_name(work, ask, fault) : err;
    if (err == VOUCH_OK && ask->krl.len > 0) {
        err = install_list(work, ask, fault);
    }
    if (err == VOUCH_OK && ask->state_version != 0) {
        err = install_logins(work, ask, fault);
    }
    if (err == VOUCH_OK && ask->cert_count > 0) {
        err = install_certs(work, ask, fault);
    }
    return err;
}
