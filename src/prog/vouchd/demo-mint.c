// SPDX-License-Identifier: ISC
// Keys, serials and batches of a demonstration's ledger.
#include "prog/vouchd/demo-mint.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/key-signer.h"
#include "prog/vouchd/passphrase.h"
#include "prog/vouchd/server-dir.h"
#include "signer/ca-folder.h"
#include "signer/engine.h"
#include "signer/epoch.h"
#include "signer/holder.h"

#define LOCK_MS 1000
#define UNCHECKED (UINT64_C(1) << 17) // records between two checkpoints
#define DETAILS_MAX 256
#define THREADS 2u

enum { USER = 0, HOST, CHECKPOINT, KEYS };

struct vouch_demo_mint {
    char dir[PATH_MAX];
    struct vouch_private_key *keys[KEYS];
    struct vouch_ledger *ledger;
    uint64_t epoch, serial;
    struct vouch_buf certs[VOUCH_DEMO_BATCH];
    struct vouch_record records[VOUCH_DEMO_BATCH];
};

// ----- opening

// As the signer does, the text of the file is the passphrase.
static int unlock(void *context, const char *path, struct vouch_secret *ret_passphrase,
                  struct vouch_fault *fault) {
    char file[PATH_MAX];
    (void)path;
    int err = vouch_server_path(context, VOUCH_SERVER_UNLOCK, file, fault);
    return err == VOUCH_OK ? vouch_passphrase_read(file, ret_passphrase, fault) : err;
}

static int load_keys(struct vouch_demo_mint *mint, struct vouch_fault *fault) {
    static const char *const names[KEYS] = {VOUCH_CA_USER_KEY, VOUCH_CA_HOST_KEY,
                                            VOUCH_CA_CHECKPOINT_KEY};
    const struct vouch_passphrase_source source = {unlock, mint->dir};
    char folder[PATH_MAX], paths[KEYS][PATH_MAX];
    const char *texts[KEYS];
    int err = vouch_server_path(mint->dir, VOUCH_SERVER_SIGNER, folder, fault);
    for (size_t i = 0; i < KEYS && err == VOUCH_OK; i++) {
        err = vouch_ca_path(folder, names[i], "", paths[i], fault);
        texts[i] = paths[i];
    }
    return err == VOUCH_OK ? vouch_private_keys_load(texts, KEYS, &source, mint->keys, fault) : err;
}

static int open_ledger(struct vouch_demo_mint *mint, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(mint->dir, VOUCH_SERVER_LEDGER, path, fault);
    const struct vouch_ledger_open open = {.dir = path, .wait_ms = LOCK_MS};
    return err == VOUCH_OK ? vouch_ledger_open(&open, &mint->ledger, fault) : err;
}

// What a signer records of itself: one of the events of its life.
static int note(struct vouch_demo_mint *mint, const char *type, const char *reason,
                uint64_t time_ms, struct vouch_fault *fault) {
    char numbers[2][24];
    uint8_t memory[DETAILS_MAX];
    struct vouch_buf details;
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    (void)snprintf(numbers[0], sizeof numbers[0], "%" PRIu64, mint->epoch);
    (void)snprintf(numbers[1], sizeof numbers[1], "%" PRIu64, mint->serial);
    vouch_record_detail_put(&details, "epoch", vouch_bytes_of(numbers[0]));
    if (reason != NULL) {
        vouch_record_detail_put(&details, "reason", vouch_bytes_of(reason));
    } else {
        vouch_record_detail_put(&details, "serial", vouch_bytes_of(numbers[1]));
    }
    struct vouch_record record = {.kind = VOUCH_RECORD_EVENT,
                                  .time_ms = time_ms,
                                  .actor = vouch_bytes_of(VOUCH_SIGNER_ACTOR),
                                  .type = vouch_bytes_of(type),
                                  .object = vouch_bytes_of(vouch_ledger_origin(mint->ledger)),
                                  .details = vouch_buf_bytes(&details)};
    return vouch_ledger_append(mint->ledger, &record, 1, fault);
}

static int begin_epoch(struct vouch_demo_mint *mint, uint64_t time_ms, struct vouch_fault *fault) {
    const struct vouch_epoch_facts facts = {.ledger_size = vouch_ledger_size(mint->ledger),
                                            .now_ms = time_ms};
    struct vouch_epoch_choice choice = {0};
    int err = vouch_epoch_decide(&facts, &choice, fault);
    mint->epoch = choice.epoch;
    mint->serial = choice.serial;
    if (err == VOUCH_OK) {
        err = note(mint, "signer.epoch", vouch_epoch_reason_text(choice.reason), time_ms, fault);
    }
    return err == VOUCH_OK ? note(mint, "signer.start", NULL, time_ms, fault) : err;
}

int vouch_demo_mint_open(const char *dir, uint64_t time_ms, struct vouch_demo_mint **ret_mint,
                         struct vouch_fault *fault) {
    struct vouch_demo_mint *mint = calloc(1, sizeof *mint);
    if (mint == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "demo: no memory for the ledger's batches");
    }
    for (size_t i = 0; i < VOUCH_DEMO_BATCH; i++) {
        vouch_buf_init(&mint->certs[i], VOUCH_CERT_BLOB_MAX);
    }
    (void)snprintf(mint->dir, sizeof mint->dir, "%s", dir);
    int err = load_keys(mint, fault);
    if (err == VOUCH_OK) {
        err = open_ledger(mint, fault);
    }
    if (err == VOUCH_OK) {
        err = begin_epoch(mint, time_ms, fault);
    }
    if (err != VOUCH_OK) {
        vouch_demo_mint_close(mint);
        return err;
    }
    *ret_mint = mint;
    return VOUCH_OK;
}

void vouch_demo_mint_close(struct vouch_demo_mint *mint) {
    if (mint == NULL) {
        return;
    }
    vouch_ledger_close(mint->ledger);
    for (size_t i = 0; i < KEYS; i++) {
        vouch_private_key_free(mint->keys[i]);
    }
    for (size_t i = 0; i < VOUCH_DEMO_BATCH; i++) {
        vouch_buf_done(&mint->certs[i]);
    }
    free(mint);
}

uint64_t vouch_demo_mint_serial(struct vouch_demo_mint *mint) {
    return ++mint->serial;
}

uint64_t vouch_demo_mint_size(const struct vouch_demo_mint *mint) {
    return vouch_ledger_size(mint->ledger);
}

const struct vouch_key *vouch_demo_mint_ca(const struct vouch_demo_mint *mint,
                                           enum vouch_cert_type type) {
    return vouch_private_key_public(mint->keys[type == VOUCH_CERT_HOST ? HOST : USER]);
}

// ----- a batch

struct share {
    struct vouch_demo_mint *mint;
    const struct vouch_demo_entry *entries;
    size_t first, end;
    int err;
    size_t bad; // where it ended
    struct vouch_where where;
    pthread_t thread;
};

static int sign(struct vouch_demo_mint *mint, const struct vouch_cert_spec *spec,
                struct vouch_buf *out, struct vouch_where *where) {
    struct vouch_private_key *key = mint->keys[spec->type == VOUCH_CERT_HOST ? HOST : USER];
    const struct vouch_cert_ca ca = {
        .key = vouch_private_key_public(key), .sign = vouch_key_signs, .context = key};
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    vouch_random(nonce, sizeof nonce);
    vouch_buf_clear(out);
    int err = vouch_cert_spec_check(spec, where);
    return err == VOUCH_OK ? vouch_cert_build(spec, &ca, nonce, out, where) : err;
}

static void *sign_share(void *context) {
    struct share *share = context;
    for (size_t i = share->first; i < share->end && share->err == VOUCH_OK; i++) {
        if (share->entries[i].record.kind == VOUCH_RECORD_CERT) {
            share->bad = i;
            share->err =
                sign(share->mint, &share->entries[i].spec, &share->mint->certs[i], &share->where);
        }
    }
    return NULL;
}

static int sign_all(struct vouch_demo_mint *mint, const struct vouch_demo_entry *entries,
                    size_t count, struct vouch_fault *fault) {
    struct share shares[THREADS] = {{0}};
    unsigned begun = 0;
    int err = VOUCH_OK;
    for (unsigned t = 0; t < THREADS; t++) {
        shares[t] = (struct share){.mint = mint,
                                   .entries = entries,
                                   .first = count * t / THREADS,
                                   .end = count * (t + 1) / THREADS};
    }
    while (begun < THREADS - 1 &&
           pthread_create(&shares[begun].thread, NULL, sign_share, &shares[begun]) == 0) {
        begun++;
    }
    for (unsigned t = begun; t < THREADS; t++) { // this thread is one of them
        (void)sign_share(&shares[t]);
    }
    for (unsigned t = 0; t < THREADS; t++) {
        if (t < begun) {
            (void)pthread_join(shares[t].thread, NULL);
        }
        if (err == VOUCH_OK && shares[t].err != VOUCH_OK) {
            char object[64];
            (void)snprintf(object, sizeof object, "demo: certificate %zu of a batch",
                           shares[t].bad);
            err = vouch_fault_where(fault, shares[t].err, &vouch_fault_spec, object,
                                    &shares[t].where);
        }
    }
    return err;
}

int vouch_demo_mint_put(struct vouch_demo_mint *mint, struct vouch_demo_entry *entries,
                        size_t count, struct vouch_fault *fault) {
    int err = sign_all(mint, entries, count, fault);
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        mint->records[i] = entries[i].record;
        if (entries[i].record.kind == VOUCH_RECORD_CERT) {
            mint->records[i].cert = vouch_buf_bytes(&mint->certs[i]);
        }
    }
    if (err == VOUCH_OK) {
        err = vouch_ledger_append(mint->ledger, mint->records, count, fault);
    }
    uint64_t unchecked =
        vouch_ledger_size(mint->ledger) - vouch_ledger_checkpoint_size(mint->ledger);
    return err == VOUCH_OK && unchecked >= UNCHECKED
               ? vouch_ledger_checkpoint(mint->ledger, mint->keys[CHECKPOINT], fault)
               : err;
}

// ----- the end

// Without it the signer would have to take the ledger for a copy that was put back.
static int leave_state(const struct vouch_demo_mint *mint, struct vouch_fault *fault) {
    char ledger[PATH_MAX], path[PATH_MAX];
    struct vouch_epoch_state state = {.epoch = mint->epoch,
                                      .serial = vouch_ledger_last_serial(mint->ledger),
                                      .size = vouch_ledger_size(mint->ledger),
                                      .time_ms = vouch_ledger_last_time_ms(mint->ledger)};
    int err = vouch_server_path(mint->dir, VOUCH_SERVER_LEDGER, ledger, fault);
    if (err == VOUCH_OK) {
        err = vouch_epoch_records_file(ledger, &state.records_file, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_server_path(mint->dir, VOUCH_SERVER_SIGNER "/" VOUCH_EPOCH_STATE_FILE, path,
                                fault);
    }
    return err == VOUCH_OK ? vouch_epoch_state_write(path, &state, fault) : err;
}

int vouch_demo_mint_end(struct vouch_demo_mint *mint, uint64_t time_ms, struct vouch_fault *fault) {
    int err = note(mint, "signer.stop", NULL, time_ms, fault);
    if (err == VOUCH_OK) {
        err = vouch_ledger_checkpoint(mint->ledger, mint->keys[CHECKPOINT], fault);
    }
    return err == VOUCH_OK ? leave_state(mint, fault) : err;
}
