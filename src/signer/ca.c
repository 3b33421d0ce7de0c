// SPDX-License-Identifier: ISC
// A CA in a folder: opening it, and issuing by the one promise.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "signer/ca-folder.h"

#define LOCK_WAIT_MS 10000
#define FIRST_RECORDS 16 // where the events of the CA's keys stand

struct vouch_ca {
    enum vouch_cert_type type;
    struct vouch_key *user_key, *host_key;
    struct vouch_holder *holder;
    struct vouch_private_key *checkpoint_key;
    struct vouch_ledger *ledger;
};

const char *vouch_ca_key_file(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? VOUCH_CA_HOST_KEY : VOUCH_CA_USER_KEY;
}

const char *vouch_ca_use(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? "host" : "user";
}

int vouch_ca_path(const char *dir, const char *name, const char *suffix,
                  char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    if (snprintf(ret_path, PATH_MAX, "%s/%s%s", dir, name, suffix) >= PATH_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_ca_dir,
                               "%s: the path is too long", dir);
    }
    return VOUCH_OK;
}

int vouch_ca_is(const char *dir) {
    char path[PATH_MAX];
    struct stat st;
    return vouch_ca_path(dir, VOUCH_CA_LEDGER "/records", "", path, NULL) == VOUCH_OK &&
           stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int parse_public(const char *path, struct vouch_bytes line, struct vouch_key **ret_key,
                        struct vouch_fault *fault) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    struct vouch_where where = {0};
    int err = vouch_key_line_decode(line, &blob, NULL, &where);
    if (err == VOUCH_OK) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), ret_key, &where);
    }
    vouch_buf_done(&blob);
    return err == VOUCH_OK ? err
                           : vouch_fault_where(fault, err, &vouch_fault_key_format, path, &where);
}

int vouch_ca_read_key(const char *dir, enum vouch_cert_type type, struct vouch_key **ret_key,
                      struct vouch_fault *fault) {
    if (!vouch_ca_is(dir)) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_ca_dir,
                               "%s: is not a CA folder: it has no ledger", dir);
    }
    return vouch_ca_read_public(dir, type, ret_key, fault);
}

int vouch_ca_read_public_of(const char *dir, const char *name, struct vouch_key **ret_key,
                            struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_ca_path(dir, name, VOUCH_CA_PUBLIC, path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_buf line;
    vouch_buf_init(&line, VOUCH_KEY_BLOB_MAX * 2);
    err = vouch_io_read(path, VOUCH_KEY_BLOB_MAX, &line, fault);
    if (err == VOUCH_OK) {
        err = parse_public(path, vouch_buf_bytes(&line), ret_key, fault);
    }
    vouch_buf_done(&line);
    return err;
}

int vouch_ca_read_public(const char *dir, enum vouch_cert_type type, struct vouch_key **ret_key,
                         struct vouch_fault *fault) {
    return vouch_ca_read_public_of(dir, vouch_ca_key_file(type), ret_key, fault);
}

// The files of a CA share a passphrase as a rule: what was given for the first is tried on the next,
// and only if that fails is the person asked again.
struct remembered {
    const struct vouch_passphrase_source *source;
    struct vouch_secret kept;
};

static int copy_secret(const struct vouch_secret *from, struct vouch_secret *ret_copy) {
    int err = vouch_secret_new(from->len, ret_copy);
    if (err == VOUCH_OK && from->len > 0) {
        memcpy(ret_copy->ptr, from->ptr, from->len);
    }
    return err;
}

static int ask_and_keep(void *context, const char *path, struct vouch_secret *ret_passphrase,
                        struct vouch_fault *fault) {
    struct remembered *remembered = context;
    const struct vouch_passphrase_source *source = remembered->source;
    int err = source->ask(source->context, path, ret_passphrase, fault);
    if (err == VOUCH_OK && copy_secret(ret_passphrase, &remembered->kept) != VOUCH_OK) {
        remembered->kept = (struct vouch_secret){0}; // then it is asked for again
    }
    return err;
}

static int give_kept(void *context, const char *path, struct vouch_secret *ret_passphrase,
                     struct vouch_fault *fault) {
    const struct remembered *remembered = context;
    if (copy_secret(&remembered->kept, ret_passphrase) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s: no locked memory", path);
    }
    return VOUCH_OK;
}

int vouch_ca_open_holder(const struct vouch_ca_open *what, const struct vouch_key *key,
                         const struct vouch_passphrase_source *passphrase,
                         struct vouch_holder **ret_holder, struct vouch_fault *fault) {
    if (what->agent_socket != NULL) {
        return vouch_holder_agent_open(what->agent_socket, key, ret_holder, fault);
    }
    char path[PATH_MAX];
    struct vouch_holder *holder = NULL;
    const char *name = what->file != NULL ? what->file : vouch_ca_key_file(what->type);
    int err = vouch_ca_path(what->dir, name, "", path, fault);
    struct stat st;
    if (err == VOUCH_OK && stat(path, &st) != 0) {
        (void)vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_ca_key,
                              "%s: the %s CA's private key is not in this folder", path,
                              vouch_ca_use(what->type));
        return vouch_fault_next(fault, "add --agent if ssh-agent holds it, or put the file back");
    }
    if (err == VOUCH_OK) {
        err = vouch_holder_file_open(path, passphrase, &holder, fault);
    }
    if (err == VOUCH_OK && !vouch_key_equal(holder->key, key)) {
        vouch_holder_close(holder);
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                               "%s: is not the private half of %s%s", path, name, VOUCH_CA_PUBLIC);
    }
    *ret_holder = err == VOUCH_OK ? holder : *ret_holder;
    return err;
}

static int open_checkpoint_key(struct vouch_ca *ca, const char *dir, struct remembered *remembered,
                               struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_ca_path(dir, VOUCH_CA_CHECKPOINT_KEY, "", path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (remembered->kept.len > 0) {
        const struct vouch_passphrase_source kept = {give_kept, remembered};
        err = vouch_private_key_load(path, &kept, &ca->checkpoint_key, fault);
        if (err != VOUCH_ERR_PASSPHRASE) {
            return err;
        }
    }
    return vouch_private_key_load(path, remembered->source, &ca->checkpoint_key, fault);
}

static int open_keys(struct vouch_ca *ca, const struct vouch_ca_open *what,
                     struct vouch_fault *fault) {
    struct remembered remembered = {.source = &what->passphrase};
    const struct vouch_passphrase_source asking = {ask_and_keep, &remembered};
    int err = vouch_ca_open_holder(
        what, vouch_ca_key(ca), what->passphrase.ask != NULL ? &asking : NULL, &ca->holder, fault);
    if (err == VOUCH_OK) {
        err = open_checkpoint_key(ca, what->dir, &remembered, fault);
    }
    vouch_secret_done(&remembered.kept);
    return err;
}

// Nonzero if a record introduces `key` for `use`.
static int introduces(const struct vouch_record *record, const char *use,
                      const struct vouch_key *key) {
    struct vouch_bytes has_use, line;
    if (!vouch_record_is_event(record, VOUCH_EVENT_CA_KEY_NEW) ||
        !vouch_record_detail(record, "use", &has_use) ||
        !vouch_record_detail(record, "key", &line) ||
        !vouch_bytes_equal(has_use, vouch_bytes_of(use))) {
        return 0;
    }
    struct vouch_buf own;
    vouch_buf_init(&own, VOUCH_KEY_BLOB_MAX * 2);
    vouch_key_print(key, NULL, &own);
    int same = own.err == VOUCH_OK && vouch_bytes_equal(vouch_buf_bytes(&own), line);
    vouch_buf_done(&own);
    return same;
}

int vouch_ca_check_use(enum vouch_cert_type type, const struct vouch_key *key,
                       const char *ledger_dir, struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    int err = vouch_ledger_reader_open(ledger_dir, 0, &reader, fault);
    int known = 0;
    for (size_t i = 0; err == VOUCH_OK && !known && i < FIRST_RECORDS; i++) {
        struct vouch_record record;
        int found = 0;
        err = vouch_ledger_reader_next(reader, &record, &found, fault);
        if (err != VOUCH_OK || !found) {
            break;
        }
        known = introduces(&record, vouch_ca_use(type), key);
    }
    vouch_ledger_reader_close(reader);
    if (err == VOUCH_OK && !known) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                              "%s%s: the ledger does not know this key as the %s CA",
                              vouch_ca_key_file(type), VOUCH_CA_PUBLIC, vouch_ca_use(type));
    }
    return err;
}

static int open_ledger(struct vouch_ca *ca, const char *dir, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_ca_path(dir, VOUCH_CA_LEDGER, "", path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_ledger_open open = {.dir = path,
                                           .wait_ms = LOCK_WAIT_MS,
                                           .checkpoint_key =
                                               vouch_private_key_public(ca->checkpoint_key)};
    err = vouch_ledger_open(&open, &ca->ledger, fault);
    if (err == VOUCH_OK) {
        err = vouch_ca_check_use(ca->type, vouch_ca_key(ca), path, fault);
    }
    // A crash between a sync and its checkpoint leaves records that nothing vouches for.
    if (err == VOUCH_OK &&
        vouch_ledger_size(ca->ledger) > vouch_ledger_checkpoint_size(ca->ledger)) {
        err = vouch_ledger_checkpoint(ca->ledger, ca->checkpoint_key, fault);
    }
    return err;
}

int vouch_ca_open(const struct vouch_ca_open *what, struct vouch_ca **ret_ca,
                  struct vouch_fault *fault) {
    struct vouch_ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: no memory",
                               what->dir);
    }
    ca->type = what->type;
    int err = vouch_ca_read_key(what->dir, VOUCH_CERT_USER, &ca->user_key, fault);
    if (err == VOUCH_OK) {
        err = vouch_ca_read_key(what->dir, VOUCH_CERT_HOST, &ca->host_key, fault);
    }
    if (err == VOUCH_OK) {
        err = open_keys(ca, what, fault);
    }
    if (err == VOUCH_OK) {
        err = open_ledger(ca, what->dir, fault);
    }
    if (err != VOUCH_OK) {
        vouch_ca_close(ca);
        return err;
    }
    *ret_ca = ca;
    return VOUCH_OK;
}

void vouch_ca_close(struct vouch_ca *ca) {
    if (ca == NULL) {
        return;
    }
    vouch_ledger_close(ca->ledger);
    vouch_holder_close(ca->holder);
    vouch_private_key_free(ca->checkpoint_key);
    vouch_key_free(ca->user_key);
    vouch_key_free(ca->host_key);
    free(ca);
}

const struct vouch_key *vouch_ca_key(const struct vouch_ca *ca) {
    return ca->type == VOUCH_CERT_HOST ? ca->host_key : ca->user_key;
}

enum vouch_cert_type vouch_ca_type(const struct vouch_ca *ca) {
    return ca->type;
}

struct vouch_ledger *vouch_ca_ledger(struct vouch_ca *ca) {
    return ca->ledger;
}

struct vouch_holder *vouch_ca_holder(struct vouch_ca *ca) {
    return ca->holder;
}

const struct vouch_private_key *vouch_ca_checkpoint_key(const struct vouch_ca *ca) {
    return ca->checkpoint_key;
}

int vouch_ca_is_own_key(const struct vouch_ca *ca, const struct vouch_key *key) {
    return vouch_key_equal(key, ca->user_key) || vouch_key_equal(key, ca->host_key) ||
           vouch_key_equal(key, vouch_private_key_public(ca->checkpoint_key));
}
