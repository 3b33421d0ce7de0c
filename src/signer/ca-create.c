// SPDX-License-Identifier: ISC
// Making a CA: three key pairs and a ledger, all or nothing.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "signer/ca-folder.h"
#include "vouch/keyfile.h"

#define KEY_TEXT_MAX (64 * 1024) // a 16384-bit RSA key in OpenSSH's format takes 17 kB

struct creation {
    const struct vouch_ca_new *what;
    int made_dir;
    struct vouch_private_key *user, *host, *checkpoint; // NULL where the key lives elsewhere
};

static const struct vouch_key *public_of(const struct vouch_private_key *made,
                                         const struct vouch_key *given) {
    return made != NULL ? vouch_private_key_public(made) : given;
}

static int check_folder(const char *dir, struct vouch_fault *fault) {
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT ? VOUCH_OK
                               : vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write, "%s: %s",
                                                 dir, strerror(errno));
    }
    int used = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        used |= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(folder);
    if (!used) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists,
                          vouch_ca_is(dir) ? "%s: holds a CA already" : "%s: is not empty", dir);
    return vouch_fault_next(fault, "choose a folder that does not exist yet");
}

static int check_ca_key(const struct vouch_key *key, const char *use, struct vouch_fault *fault) {
    const char *why = vouch_key_ca_weakness(key);
    if (why != NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_key_weak, "%s CA key %s",
                               use, why);
    }
    return VOUCH_OK;
}

static int make_ca_key(const struct creation *creation, enum vouch_cert_type type,
                       const struct vouch_key *given, struct vouch_private_key **ret_key,
                       struct vouch_fault *fault) {
    const char *use = vouch_ca_use(type);
    if (given == NULL) {
        int err = vouch_private_key_generate(creation->what->type, creation->what->bits, ret_key);
        if (err != VOUCH_OK) {
            return vouch_fault_set(fault, err, &vouch_fault_key_weak,
                                   "%s CA key: cannot be made: %s", use, vouch_err_text(err));
        }
    }
    return check_ca_key(public_of(*ret_key, given), use, fault);
}

static int make_keys(struct creation *creation, struct vouch_fault *fault) {
    const struct vouch_ca_new *what = creation->what;
    int err = make_ca_key(creation, VOUCH_CERT_USER, what->user_key, &creation->user, fault);
    if (err == VOUCH_OK) {
        err = make_ca_key(creation, VOUCH_CERT_HOST, what->host_key, &creation->host, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_key_equal(public_of(creation->user, what->user_key),
                        public_of(creation->host, what->host_key))) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_ca_key,
                               "user CA and host CA: must be two keys, or a host could pass for a "
                               "person");
    }
    err = vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &creation->checkpoint);
    return err == VOUCH_OK
               ? err
               : vouch_fault_set(fault, err, &vouch_fault_internal,
                                 "checkpoint key: cannot be made: %s", vouch_err_text(err));
}

int vouch_ca_write_public(const struct vouch_ca_pair *pair, const struct vouch_key *key,
                          struct vouch_fault *fault) {
    char path[PATH_MAX], comment[VOUCH_ORIGIN_MAX + 32];
    int err = vouch_ca_path(pair->dir, pair->name, VOUCH_CA_PUBLIC, path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    (void)snprintf(comment, sizeof comment, "%s %s", pair->origin, pair->name);
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_TEXT_MAX);
    vouch_key_print(key, comment, &line);
    vouch_buf_put_text(&line, "\n");
    const struct vouch_io_file file = {path, 0644, VOUCH_IO_KEEP};
    err = line.err != VOUCH_OK ? vouch_fault_set(fault, line.err, &vouch_fault_memory, "%s", path)
                               : vouch_io_write(&file, vouch_buf_bytes(&line), fault);
    vouch_buf_done(&line);
    return err;
}

int vouch_ca_write_private(const struct vouch_ca_pair *pair, const struct vouch_private_key *key,
                           struct vouch_fault *fault) {
    char path[PATH_MAX], comment[VOUCH_ORIGIN_MAX + 32];
    int err = vouch_ca_path(pair->dir, pair->name, "", path, fault);
    vouch_autosecret struct vouch_secret memory = {0};
    if (err != VOUCH_OK || vouch_secret_new(KEY_TEXT_MAX, &memory) != VOUCH_OK) {
        return err != VOUCH_OK ? err
                               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                                 "%s: no locked memory", path);
    }
    (void)snprintf(comment, sizeof comment, "%s %s", pair->origin, pair->name);
    struct vouch_keyfile_options options = {
        .passphrase = pair->passphrase, .rounds = pair->rounds, .comment = comment};
    vouch_random(options.random, sizeof options.random);
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    err = vouch_keyfile_write(key, &options, &text);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_internal, "%s: cannot be encoded: %s", path,
                               vouch_err_text(err));
    }
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_KEEP};
    return vouch_io_write(&file, vouch_buf_bytes(&text), fault);
}

static int write_pair(const struct creation *creation, const char *name,
                      const struct vouch_private_key *made, const struct vouch_key *given,
                      struct vouch_fault *fault) {
    const struct vouch_ca_new *what = creation->what;
    const struct vouch_ca_pair pair = {.dir = what->dir,
                                       .name = name,
                                       .origin = what->name,
                                       .passphrase = what->passphrase,
                                       .rounds = what->rounds};
    int err = made != NULL ? vouch_ca_write_private(&pair, made, fault) : VOUCH_OK;
    return err != VOUCH_OK ? err : vouch_ca_write_public(&pair, public_of(made, given), fault);
}

static int write_keys(const struct creation *creation, struct vouch_fault *fault) {
    const struct vouch_ca_new *what = creation->what;
    int err = write_pair(creation, VOUCH_CA_USER_KEY, creation->user, what->user_key, fault);
    if (err == VOUCH_OK) {
        err = write_pair(creation, VOUCH_CA_HOST_KEY, creation->host, what->host_key, fault);
    }
    if (err == VOUCH_OK) {
        err = write_pair(creation, VOUCH_CA_CHECKPOINT_KEY, creation->checkpoint, NULL, fault);
    }
    return err;
}

void vouch_ca_describe_key(struct vouch_buf *details, const char *use,
                           const struct vouch_key *key) {
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_TEXT_MAX);
    vouch_key_print(key, NULL, &line);
    vouch_record_detail_put(details, "use", vouch_bytes_of(use));
    vouch_record_detail_put(details, "key", vouch_buf_bytes(&line));
    details->err = details->err != VOUCH_OK ? details->err : line.err;
    vouch_buf_done(&line);
}

static int create_ledger(const struct creation *creation, struct vouch_fault *fault) {
    const struct vouch_ca_new *what = creation->what;
    char usual[PATH_MAX];
    int err = vouch_ca_path(what->dir, VOUCH_CA_LEDGER, "", usual, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const char *path = what->ledger_dir != NULL ? what->ledger_dir : usual;
    const struct vouch_key *keys[] = {public_of(creation->user, what->user_key),
                                      public_of(creation->host, what->host_key)};
    struct vouch_buf details[2];
    struct vouch_record records[2];
    for (size_t i = 0; i < 2; i++) {
        const char *use = vouch_ca_use(i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST);
        vouch_buf_init(&details[i], VOUCH_RECORD_MAX);
        vouch_ca_describe_key(&details[i], use, keys[i]);
        err = err != VOUCH_OK ? err : details[i].err;
        records[i] = (struct vouch_record){.kind = VOUCH_RECORD_EVENT,
                                           .time_ms = what->time_ms,
                                           .actor = vouch_bytes_of(what->actor),
                                           .type = vouch_bytes_of(VOUCH_EVENT_CA_KEY_NEW),
                                           .object = vouch_bytes_of(use),
                                           .details = vouch_buf_bytes(&details[i])};
    }
    const struct vouch_ledger_new ledger = {.dir = path,
                                            .origin = what->name,
                                            .checkpoint_key = creation->checkpoint,
                                            .actor = vouch_bytes_of(what->actor),
                                            .records = records,
                                            .count = 2,
                                            .time_ms = what->time_ms};
    err = err != VOUCH_OK ? vouch_fault_set(fault, err, &vouch_fault_memory, "%s: no memory", path)
                          : vouch_ledger_create(&ledger, fault);
    vouch_buf_done(&details[0]);
    vouch_buf_done(&details[1]);
    return err;
}

static int make_folder(struct creation *creation, struct vouch_fault *fault) {
    const char *dir = creation->what->dir;
    if (mkdir(dir, 0700) == 0) {
        creation->made_dir = 1;
    } else if (errno != EEXIST) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write, "%s: cannot make it: %s",
                               dir, strerror(errno));
    }
    return chmod(dir, 0700) == 0
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_write,
                                 "%s: cannot close it to others: %s", dir, strerror(errno));
}

// The ledger removes its own folder when its creation fails; here are the files of write_keys().
static void undo(const struct creation *creation) {
    static const char *const names[] = {VOUCH_CA_USER_KEY, VOUCH_CA_HOST_KEY,
                                        VOUCH_CA_CHECKPOINT_KEY};
    char path[PATH_MAX];
    for (size_t i = 0; i < 2 * sizeof names / sizeof names[0]; i++) {
        if (vouch_ca_path(creation->what->dir, names[i / 2], i % 2 == 0 ? "" : VOUCH_CA_PUBLIC,
                          path, NULL) == VOUCH_OK) {
            (void)unlink(path);
        }
    }
    if (creation->made_dir) {
        (void)rmdir(creation->what->dir);
    }
}

int vouch_ca_create(const struct vouch_ca_new *what, struct vouch_fault *fault) {
    if (!vouch_origin_is(vouch_bytes_of(what->name))) {
        (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                              "name \"%s\": must be 1 to 200 printable characters, no blank, no +",
                              what->name);
        return vouch_fault_next(fault, "give a name such as ca.example.com");
    }
    int err = check_folder(what->dir, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct creation creation = {.what = what};
    err = make_keys(&creation, fault);
    if (err == VOUCH_OK) {
        err = make_folder(&creation, fault);
        if (err == VOUCH_OK) {
            err = write_keys(&creation, fault);
        }
        if (err == VOUCH_OK) {
            err = create_ledger(&creation, fault);
        }
        if (err != VOUCH_OK) {
            undo(&creation);
        }
    }
    vouch_private_key_free(creation.user);
    vouch_private_key_free(creation.host);
    vouch_private_key_free(creation.checkpoint);
    return err;
}
