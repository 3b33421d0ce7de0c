// SPDX-License-Identifier: ISC
// A CA key in a file: read once into locked memory, signed with in this process.
#include <stdlib.h>

#include "base/io.h"
#include "core/keyfile.h"
#include "signer/holder.h"

struct file_holder {
    struct vouch_holder base;
    struct vouch_private_key *private_key;
};

static int sign(struct vouch_holder *holder, const char *algorithm, struct vouch_bytes tbs,
                struct vouch_buf *signature, struct vouch_fault *fault) {
    const struct file_holder *file = (const struct file_holder *)holder;
    int err = vouch_private_key_sign(file->private_key, algorithm, tbs, signature);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_sign, "CA key: cannot sign%s%s: %s",
                               algorithm != NULL ? " with " : "",
                               algorithm != NULL ? algorithm : "", vouch_err_text(err));
    }
    return VOUCH_OK;
}

static void close_file(struct vouch_holder *holder) {
    struct file_holder *file = (struct file_holder *)holder;
    vouch_private_key_free(file->private_key);
    free(file);
}

static const struct vouch_holder_driver driver = {"file", sign, close_file};

static int key_fault(struct vouch_fault *fault, int err, const char *path,
                     const struct vouch_where *where) {
    return vouch_fault_where(
        fault, err, err == VOUCH_ERR_PASSPHRASE ? &vouch_fault_passphrase : &vouch_fault_key_file,
        path, where);
}

int vouch_private_key_load(const char *path, const struct vouch_passphrase_source *passphrase,
                           struct vouch_private_key **ret_key, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret file = {0};
    int err = vouch_io_read_secret(path, VOUCH_KEYFILE_MAX, VOUCH_IO_PRIVATE, &file, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_where where = {0};
    err = vouch_keyfile_parse(vouch_secret_bytes(&file), (struct vouch_bytes){0}, ret_key, NULL,
                              &where);
    if (err != VOUCH_ERR_PASSPHRASE || passphrase == NULL || passphrase->ask == NULL) {
        return err == VOUCH_OK ? err : key_fault(fault, err, path, &where);
    }
    vouch_autosecret struct vouch_secret secret = {0};
    err = passphrase->ask(passphrase->context, path, &secret, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_keyfile_parse(vouch_secret_bytes(&file), vouch_secret_bytes(&secret), ret_key, NULL,
                              &where);
    return err == VOUCH_OK ? err : key_fault(fault, err, path, &where);
}

int vouch_private_keys_load(const char *const *paths, size_t count,
                            const struct vouch_passphrase_source *passphrase,
                            struct vouch_private_key **ret_keys, struct vouch_fault *fault) {
    struct vouch_secret files[VOUCH_PRIVATE_KEYS_MAX] = {0};
    struct vouch_bytes contents[VOUCH_PRIVATE_KEYS_MAX];
    vouch_autosecret struct vouch_secret secret = {0};
    struct vouch_where where = {0};
    size_t bad = 0;
    int err = VOUCH_OK;
    if (count > VOUCH_PRIVATE_KEYS_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_internal,
                               "more than %d key files at once", VOUCH_PRIVATE_KEYS_MAX);
    }
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        err = vouch_io_read_secret(paths[i], VOUCH_KEYFILE_MAX, VOUCH_IO_PRIVATE, &files[i], fault);
        contents[i] = vouch_secret_bytes(&files[i]);
    }
    if (err == VOUCH_OK && passphrase->ask != NULL) {
        err = passphrase->ask(passphrase->context, paths[0], &secret, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_keyfile_parse_all(contents, count, vouch_secret_bytes(&secret), ret_keys, &bad,
                                      &where);
        err = err == VOUCH_OK ? err : key_fault(fault, err, paths[bad], &where);
    }
    for (size_t i = 0; i < count; i++) {
        vouch_secret_done(&files[i]);
    }
    return err;
}

int vouch_holder_file_new(struct vouch_private_key *take_key, struct vouch_holder **ret_holder,
                          struct vouch_fault *fault) {
    struct file_holder *holder = calloc(1, sizeof *holder);
    struct vouch_key *public_key = vouch_key_copy(vouch_private_key_public(take_key));
    if (holder == NULL || public_key == NULL) {
        free(holder);
        vouch_key_free(public_key);
        vouch_private_key_free(take_key);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "CA key: no memory");
    }
    *holder = (struct file_holder){.base = {&driver, public_key}, .private_key = take_key};
    *ret_holder = &holder->base;
    return VOUCH_OK;
}

int vouch_holder_file_open(const char *path, const struct vouch_passphrase_source *passphrase,
                           struct vouch_holder **ret_holder, struct vouch_fault *fault) {
    struct vouch_private_key *key = NULL;
    int err = vouch_private_key_load(path, passphrase, &key, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return vouch_holder_file_new(key, ret_holder, fault);
}
