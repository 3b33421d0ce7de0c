// SPDX-License-Identifier: ISC
// The signer's CA keys: what the ledger says of them, and their files.
#include "signer/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/findings.h"
#include "ledger/ledger.h"
#include "signer/ca-folder.h"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "signer: no memory");
}

int vouch_keyring_init(struct vouch_keyring *ring, const struct vouch_signer_open *what,
                       struct vouch_fault *fault) {
    *ring = (struct vouch_keyring){.rounds = what->rounds};
    ring->dir = strdup(what->keys_dir);
    ring->agent_socket = what->agent_socket != NULL ? strdup(what->agent_socket) : NULL;
    if (ring->dir == NULL || (what->agent_socket != NULL && ring->agent_socket == NULL)) {
        return no_memory(fault);
    }
    if (what->unlock.len > 0) {
        if (vouch_secret_new(what->unlock.len, &ring->unlock) != VOUCH_OK) {
            return no_memory(fault);
        }
        memcpy(ring->unlock.ptr, what->unlock.ptr, what->unlock.len);
    }
    return VOUCH_OK;
}

void vouch_keyring_done(struct vouch_keyring *ring) {
    for (size_t i = 0; i < 2; i++) {
        vouch_holder_close(ring->holders[i]);
        vouch_private_key_free(ring->early[i]);
    }
    vouch_key_list_done(&ring->list);
    vouch_secret_done(&ring->unlock);
    free(ring->agent_socket);
    free(ring->dir);
    *ring = (struct vouch_keyring){0};
}

// --- files

int vouch_keyring_save(struct vouch_keyring *ring, uint64_t ledger_size,
                       struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_ca_path(ring->dir, VOUCH_KEY_LIST_FILE, "", path, fault);
    if (err == VOUCH_OK) {
        ring->list.ledger_size = ledger_size;
        err = vouch_key_list_write(path, &ring->list, fault);
    }
    return err;
}

int vouch_keyring_write(const struct vouch_keyring *ring, const struct vouch_listed_key *row,
                        const struct vouch_private_key *key, const char *origin,
                        struct vouch_fault *fault) {
    const struct vouch_ca_pair pair = {.dir = ring->dir,
                                       .name = row->file,
                                       .origin = origin,
                                       .passphrase = vouch_secret_bytes(&ring->unlock),
                                       .rounds = ring->rounds};
    // The public half first: where a private one lies, it tells whose.
    int err = vouch_ca_write_public(&pair, row->key, fault);
    return err == VOUCH_OK && key != NULL ? vouch_ca_write_private(&pair, key, fault) : err;
}

static int erase_failed(const char *path, const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_ca_key_file, "%s: cannot be %s: %s",
                           path, what, strerrordesc_np(errno));
}

static int overwrite(int fd, uint64_t len) {
    uint8_t noise[4096];
    int err = VOUCH_OK;
    for (uint64_t done = 0; done < len && err == VOUCH_OK; done += sizeof noise) {
        vouch_random(noise, sizeof noise);
        err = vouch_io_write_all(fd, (struct vouch_bytes){noise, sizeof noise});
    }
    return err == VOUCH_OK && fsync(fd) == 0 ? VOUCH_OK : VOUCH_ERR_IO;
}

// A disk may keep what was overwritten; what stays is encrypted.
static int erase_private(const char *path, struct vouch_fault *fault) {
    vouch_autoclose int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0) {
        return errno == ENOENT ? VOUCH_OK : erase_failed(path, "opened to destroy it", fault);
    }
    if (fstat(fd, &st) != 0 || overwrite(fd, (uint64_t)st.st_size) != VOUCH_OK) {
        return erase_failed(path, "overwritten", fault);
    }
    return unlink(path) == 0 ? VOUCH_OK : erase_failed(path, "removed", fault);
}

static int remove_public(const char *path, struct vouch_fault *fault) {
    if (unlink(path) != 0 && errno != ENOENT) {
        return erase_failed(path, "removed", fault);
    }
    return vouch_io_sync_folder(path) == VOUCH_OK ? VOUCH_OK
                                                  : erase_failed(path, "removed for good", fault);
}

// Nonzero if the public half beside it says that the file is another key's.
static int is_foreign(const struct vouch_keyring *ring, const struct vouch_listed_key *row) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_key *key = NULL;
    if (vouch_ca_read_public_of(ring->dir, row->file, &key, NULL) != VOUCH_OK) {
        return 0;
    }
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    vouch_key_free(key);
    return strcmp(fingerprint, row->fingerprint) != 0;
}

int vouch_keyring_erase(const struct vouch_keyring *ring, const struct vouch_listed_key *row,
                        struct vouch_fault *fault) {
    char path[PATH_MAX], public[PATH_MAX];
    int err = vouch_ca_path(ring->dir, row->file, "", path, fault);
    if (err == VOUCH_OK) {
        err = vouch_ca_path(ring->dir, row->file, VOUCH_CA_PUBLIC, public, fault);
    }
    if (err != VOUCH_OK || is_foreign(ring, row)) {
        return err;
    }
    err = erase_private(path, fault);
    return err == VOUCH_OK ? remove_public(public, fault) : err;
}

// --- opening

static int give_unlock(void *context, const char *path, struct vouch_secret *ret_passphrase,
                       struct vouch_fault *fault) {
    const struct vouch_secret *unlock = context;
    if (vouch_secret_new(unlock->len, ret_passphrase) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s: no locked memory", path);
    }
    memcpy(ret_passphrase->ptr, unlock->ptr, unlock->len);
    return VOUCH_OK;
}

static struct vouch_passphrase_source source_of(struct vouch_keyring *ring) {
    return (struct vouch_passphrase_source){ring->unlock.len > 0 ? give_unlock : NULL,
                                            &ring->unlock};
}

// Where the CA keys that were active at last lie; a list that cannot be read is told of later.
static int find_early(const struct vouch_keyring *ring, char paths[2][PATH_MAX]) {
    char list_path[PATH_MAX];
    struct vouch_key_list list = {0};
    int found = 0;
    int err = vouch_ca_path(ring->dir, VOUCH_KEY_LIST_FILE, "", list_path, NULL);
    if (err == VOUCH_OK) {
        err = vouch_key_list_read(list_path, &list, &found, NULL);
    }
    for (size_t i = 0; i < 2 && err == VOUCH_OK; i++) {
        enum vouch_cert_type use = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        const struct vouch_listed_key *row = vouch_key_list_active(&list, use);
        err = vouch_ca_path(ring->dir, row != NULL ? row->file : vouch_ca_key_file(use), "",
                            paths[i], NULL);
    }
    vouch_key_list_done(&list);
    return err;
}

int vouch_keyring_open_checkpoint(struct vouch_keyring *ring, struct vouch_private_key **ret_key,
                                  struct vouch_fault *fault) {
    char checkpoint[PATH_MAX], early[2][PATH_MAX];
    const struct vouch_passphrase_source source = source_of(ring);
    struct vouch_private_key *keys[3] = {NULL};
    int err = vouch_ca_path(ring->dir, VOUCH_CA_CHECKPOINT_KEY, "", checkpoint, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const char *const paths[3] = {checkpoint, early[0], early[1]};
    if (ring->agent_socket != NULL || find_early(ring, early) != VOUCH_OK ||
        vouch_private_keys_load(paths, 3, &source, keys, NULL) != VOUCH_OK) {
        return vouch_private_key_load(checkpoint, &source, ret_key, fault);
    }
    *ret_key = keys[0];
    ring->early[0] = keys[1];
    ring->early[1] = keys[2];
    return VOUCH_OK;
}

// The key, if it was opened in passing; it is the caller's then.
static struct vouch_private_key *take_early(struct vouch_keyring *ring,
                                            const struct vouch_key *key) {
    for (size_t i = 0; i < 2; i++) {
        if (ring->early[i] != NULL &&
            vouch_key_equal(vouch_private_key_public(ring->early[i]), key)) {
            return vouch_steal(ring->early[i]);
        }
    }
    return NULL;
}

int vouch_keyring_holder(struct vouch_keyring *ring, const struct vouch_listed_key *row,
                         struct vouch_holder **ret_holder, struct vouch_fault *fault) {
    struct vouch_private_key *early = take_early(ring, row->key);
    if (early != NULL) {
        return vouch_holder_file_new(early, ret_holder, fault);
    }
    const struct vouch_passphrase_source source = source_of(ring);
    const struct vouch_ca_open what = {
        .dir = ring->dir, .type = row->use, .agent_socket = ring->agent_socket, .file = row->file};
    return vouch_ca_open_holder(&what, row->key, &source, ret_holder, fault);
}

static int open_active(struct vouch_keyring *ring, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < 2 && err == VOUCH_OK; i++) {
        enum vouch_cert_type use = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        err = vouch_keyring_holder(ring, vouch_key_list_active(&ring->list, use), &ring->holders[i],
                                   fault);
    }
    for (size_t i = 0; i < 2; i++) {
        vouch_private_key_free(vouch_steal(ring->early[i])); // one that is active no more
    }
    return err;
}

// The public half, which must be the key that the ledger knows.
static int read_key(const struct vouch_keyring *ring, struct vouch_listed_key *row,
                    struct vouch_fault *fault) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    int err = vouch_ca_read_public_of(ring->dir, row->file, &row->key, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        (void)vouch_fault_set(fault, err, &vouch_fault_ca_keys,
                              "%s/%s%s: is missing; by the ledger it is the %s CA key %s, which is "
                              "%s",
                              ring->dir, row->file, VOUCH_CA_PUBLIC, vouch_ca_use(row->use),
                              row->fingerprint, vouch_ca_key_state_text(row->state));
        return vouch_fault_next(fault, "Put the signer's folder and the ledger back from one and "
                                       "the same backup.");
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_key_fingerprint(row->key, VOUCH_HASH_SHA256, fingerprint);
    if (strcmp(fingerprint, row->fingerprint) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                               "%s%s: the ledger does not know this key as the %s CA; that one is "
                               "%s",
                               row->file, VOUCH_CA_PUBLIC, vouch_ca_use(row->use),
                               row->fingerprint);
    }
    const char *why = vouch_key_ca_weakness(row->key);
    return why == NULL ? VOUCH_OK
                       : vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_key_weak,
                                         "%s CA key %s", vouch_ca_use(row->use), why);
}

static int read_keys(struct vouch_keyring *ring, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < ring->list.count && err == VOUCH_OK; i++) {
        err = read_key(ring, &ring->list.rows[i], fault);
    }
    return err;
}

// --- following the ledger

static int clear(struct vouch_keyring *ring, enum vouch_ca_key_state state,
                 struct vouch_fault *fault) {
    size_t at = 0;
    while (at < ring->list.count) {
        struct vouch_listed_key *row = &ring->list.rows[at];
        if (row->state != state) {
            at++;
            continue;
        }
        int err = vouch_keyring_erase(ring, row, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        vouch_key_list_drop(&ring->list, row);
    }
    return VOUCH_OK;
}

int vouch_keyring_clear(struct vouch_keyring *ring, struct vouch_fault *fault) {
    int err = clear(ring, VOUCH_CA_KEY_NONE, fault);
    return err == VOUCH_OK ? clear(ring, VOUCH_CA_KEY_DESTROYED, fault) : err;
}

static int misfit(const struct vouch_record *record, const char *why, struct vouch_fault *fault) {
    (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_keys,
                          "ledger record %" PRIu64 " %s", record->number, why);
    return vouch_fault_next(fault, "Prove the ledger with: vouch ledger verify. If it holds, move "
                                   "signer/keys away and start again.");
}

static int follow_record(struct vouch_keyring *ring, const struct vouch_record *record,
                         struct vouch_fault *fault) {
    struct vouch_rotation rotation;
    struct vouch_rotation_change change;
    struct vouch_key *key = NULL;
    int err = VOUCH_OK;
    vouch_key_list_rotation(&ring->list, &rotation);
    if (vouch_record_is_event(record, VOUCH_EVENT_CA_KEY_NEW)) {
        err = vouch_rotation_key(record, &key);
    }
    if (vouch_is_failure(err)) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "ledger record %" PRIu64 ": %s",
                               record->number, vouch_err_text(err));
    }
    const char *wrong = vouch_rotation_follow(&rotation, record, key, &change);
    vouch_key_free(key);
    if (wrong != NULL) {
        return misfit(record, wrong, fault);
    }
    err = vouch_key_list_change(&ring->list, &change, record->time_ms);
    return err == VOUCH_OK
               ? clear(ring, VOUCH_CA_KEY_DESTROYED, fault)
               : misfit(record, "introduces a CA key of another use, or too many", fault);
}

static int follow(struct vouch_keyring *ring, const struct vouch_keyring_ledger *ledger,
                  struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record;
    int found = 1;
    int err = vouch_ledger_reader_open(ledger->dir, ring->list.ledger_size, &reader, fault);
    while (err == VOUCH_OK && found) {
        err = vouch_ledger_reader_next(reader, &record, &found, fault);
        if (err == VOUCH_OK && found && record.kind == VOUCH_RECORD_EVENT &&
            vouch_rotation_is_event(record.type)) {
            err = follow_record(ring, &record, fault);
        }
    }
    vouch_ledger_reader_close(reader);
    for (size_t i = 0; i < 2 && err == VOUCH_OK; i++) {
        enum vouch_cert_type use = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        if (vouch_key_list_active(&ring->list, use) == NULL) {
            err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                                  "%s: introduces no %s CA key", ledger->dir, vouch_ca_use(use));
        }
    }
    return err;
}

// Forgets the states, so that the ledger tells them from its first record on. What only the list can
// know stays: files that are not done with.
static void begin_anew(struct vouch_key_list *list) {
    size_t at = 0;
    list->ledger_size = 0;
    while (at < list->count) {
        enum vouch_ca_key_state state = list->rows[at].state;
        if (state == VOUCH_CA_KEY_NONE || state == VOUCH_CA_KEY_DESTROYED) {
            at++;
        } else {
            vouch_key_list_drop(list, &list->rows[at]);
        }
    }
}

int vouch_keyring_open(struct vouch_keyring *ring, const struct vouch_keyring_ledger *ledger,
                       struct vouch_fault *fault) {
    char path[PATH_MAX];
    int found = 0;
    int err = vouch_ca_path(ring->dir, VOUCH_KEY_LIST_FILE, "", path, fault);
    if (err == VOUCH_OK) {
        err = vouch_key_list_read(path, &ring->list, &found, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (ledger->is_another || ring->list.ledger_size > ledger->size) {
        begin_anew(&ring->list);
    }
    err = follow(ring, ledger, fault);
    if (err == VOUCH_OK) {
        err = vouch_keyring_clear(ring, fault);
    }
    if (err == VOUCH_OK) {
        err = read_keys(ring, fault);
    }
    if (err == VOUCH_OK) {
        err = open_active(ring, fault);
    }
    if (ring->agent_socket != NULL) {
        vouch_secret_done(&ring->unlock); // no private file is opened or made any more
    }
    return err == VOUCH_OK ? vouch_keyring_save(ring, ledger->size, fault) : err;
}
