// SPDX-License-Identifier: ISC
// Opening and stopping the signer: keys, ledger, epoch.
#include "signer/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"
#include "signer/ca-folder.h"

#define EVENT_STOP "signer.stop"
#define EVENT_START "signer.start"
#define EVENT_EPOCH "signer.epoch"
#define DETAILS_MAX 512
#define END_RECORDS 4
#define KEYS_LAG_MAX 100000 // records that a start may have to read because the list is behind

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "signer: no memory");
}

static int open_ledger(struct vouch_signer_engine *engine, const struct vouch_signer_open *what,
                       struct vouch_fault *fault) {
    const struct vouch_ledger_open open = {.dir = what->ledger_dir,
                                           .wait_ms = what->ledger_wait_ms,
                                           .checkpoint_key =
                                               vouch_private_key_public(engine->checkpoint_key)};
    return vouch_ledger_open(&open, &engine->ledger, fault);
}

static int open_ring(struct vouch_signer_engine *engine, const struct vouch_epoch_choice *choice,
                     struct vouch_fault *fault) {
    const struct vouch_keyring_ledger ledger = {.dir = engine->ledger_dir,
                                                .size = vouch_ledger_size(engine->ledger),
                                                .is_another =
                                                    choice->reason == VOUCH_EPOCH_RESTORED};
    return vouch_keyring_open(&engine->ring, &ledger, fault);
}

// An epoch that was recorded, and no state written any more: a crash came in between.
static uint64_t epoch_in(const struct vouch_record *record) {
    struct vouch_bytes text;
    uint64_t epoch = 0;
    int is_ours = vouch_record_is_event(record, EVENT_EPOCH) ||
                  vouch_record_is_event(record, EVENT_START) ||
                  vouch_record_is_event(record, EVENT_STOP);
    return is_ours && vouch_record_detail(record, "epoch", &text) &&
                   vouch_str_to_u64(text, &epoch) == VOUCH_OK
               ? epoch
               : 0;
}

// What the last records say of the life before. "signer.epoch" and "signer.start" are written together
// and the state right behind them; recovery may have put a record of its own behind.
static int read_end(const struct vouch_signer_engine *engine, struct vouch_epoch_facts *facts,
                    struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record = {0};
    int found = 1;
    uint64_t size = facts->ledger_size;
    int err = vouch_ledger_reader_open(engine->ledger_dir,
                                       size > END_RECORDS ? size - END_RECORDS : 0, &reader, fault);
    while (err == VOUCH_OK && found) {
        err = vouch_ledger_reader_next(reader, &record, &found, fault);
        if (err == VOUCH_OK && found) {
            uint64_t epoch = epoch_in(&record);
            facts->ledger_epoch = epoch > facts->ledger_epoch ? epoch : facts->ledger_epoch;
            facts->ends_with_stop = vouch_record_is_event(&record, EVENT_STOP);
        }
    }
    vouch_ledger_reader_close(reader);
    return err;
}

static int choose_epoch(struct vouch_signer_engine *engine, struct vouch_epoch_choice *ret_choice,
                        struct vouch_fault *fault) {
    int has_state = 0;
    struct vouch_epoch_facts facts = {.ledger_serial = vouch_ledger_last_serial(engine->ledger),
                                      .ledger_size = vouch_ledger_size(engine->ledger),
                                      .now_ms = vouch_time_now_ms()};
    vouch_random(&facts.chance, sizeof facts.chance);
    int err = vouch_epoch_state_read(engine->state_path, &engine->state, &has_state, fault);
    if (err == VOUCH_OK) {
        err = read_end(engine, &facts, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_epoch_records_file(engine->ledger_dir, &facts.ledger_file, fault);
    }
    facts.state = has_state ? &engine->state : NULL;
    if (err == VOUCH_OK) {
        err = vouch_epoch_decide(&facts, ret_choice, fault);
    }
    if (err == VOUCH_OK) {
        engine->state.epoch = ret_choice->epoch;
        engine->state.records_file = facts.ledger_file;
    }
    return err;
}

static void put_number(struct vouch_buf *details, const char *name, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static struct vouch_record make_event(const char *type, const char *object,
                                      const struct vouch_buf *details) {
    return (struct vouch_record){.kind = VOUCH_RECORD_EVENT,
                                 .actor = vouch_bytes_of(VOUCH_SIGNER_ACTOR),
                                 .type = vouch_bytes_of(type),
                                 .object = vouch_bytes_of(object),
                                 .details = vouch_buf_bytes(details)};
}

// "signer.epoch" if one begins, "signer.start", and the bundle of this start.
static int record_start(struct vouch_signer_engine *engine, const struct vouch_epoch_choice *choice,
                        struct vouch_fault *fault) {
    struct vouch_signer_bundle bundle = {0};
    uint8_t memory[2][DETAILS_MAX];
    struct vouch_buf details[2];
    for (size_t i = 0; i < 2; i++) {
        vouch_buf_init_fixed(&details[i], memory[i], sizeof memory[i]);
        put_number(&details[i], "epoch", choice->epoch);
    }
    vouch_record_detail_put(&details[0], "reason",
                            vouch_bytes_of(vouch_epoch_reason_text(choice->reason)));
    put_number(&details[1], "serial", choice->serial);
    const char *origin = vouch_ledger_origin(engine->ledger);
    struct vouch_record records[3] = {make_event(EVENT_EPOCH, origin, &details[0]),
                                      make_event(EVENT_START, origin, &details[1])};
    size_t skip = choice->reason == VOUCH_EPOCH_GOES_ON ? 1 : 0;
    int err = vouch_signer_bundle_make(engine, &engine->ring.list, &bundle, &records[2], fault);
    if (err == VOUCH_OK) {
        err = vouch_commit_directly(&engine->commit, records + skip, 3 - skip, fault);
    }
    if (err == VOUCH_OK) {
        vouch_signer_bundle_adopt(engine, &bundle);
        err = vouch_signer_save_state(engine, fault);
    }
    vouch_signer_bundle_done(&bundle);
    return err;
}

int vouch_signer_save_state(struct vouch_signer_engine *engine, struct vouch_fault *fault) {
    engine->state.serial = atomic_load(&engine->commit.recorded_serial);
    engine->state.size = atomic_load(&engine->commit.size);
    engine->state.time_ms = atomic_load(&engine->commit.time_ms);
    int err = vouch_epoch_state_write(engine->state_path, &engine->state, fault);
    int is_behind = engine->state.size > engine->ring.list.ledger_size + KEYS_LAG_MAX;
    return err == VOUCH_OK && is_behind
               ? vouch_keyring_save(&engine->ring, engine->state.size, fault)
               : err;
}

const struct vouch_listed_key *vouch_signer_active(const struct vouch_signer_engine *engine,
                                                   enum vouch_cert_type use) {
    return vouch_key_list_active(&engine->ring.list, use);
}

static int begin_life(struct vouch_signer_engine *engine, const struct vouch_signer_open *what,
                      struct vouch_fault *fault) {
    struct vouch_epoch_choice choice = {0};
    int err = choose_epoch(engine, &choice, fault);
    if (err == VOUCH_OK) {
        err = open_ring(engine, &choice, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_commit_what commit = {
        .ledger = engine->ledger,
        .checkpoint_key = engine->checkpoint_key,
        .serial = choice.serial,
        .serial_max = choice.epoch << VOUCH_EPOCH_COUNTER_BITS | VOUCH_EPOCH_COUNTER_MAX,
        .rate_per_s = engine->ceiling.rate_per_s,
        .die = what->die,
        .die_context = what->die_context};
    err = vouch_commit_init(&engine->commit, &commit, fault);
    return err == VOUCH_OK ? record_start(engine, &choice, fault) : err;
}

static int check_what(const struct vouch_signer_open *what, struct vouch_fault *fault) {
    const char *why = NULL;
    const char *field =
        what->ceiling != NULL ? vouch_signer_ceiling_fault(what->ceiling, &why) : NULL;
    return field == NULL ? VOUCH_OK
                         : vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_ceiling,
                                           "ceiling: %s: %s", field, why);
}

// Those who sign never stand still: without preference a rotation would wait for ever.
static int init_locks(struct vouch_signer_engine *engine) {
    pthread_rwlockattr_t writers_first;
    int code = pthread_rwlockattr_init(&writers_first);
    code = code != 0 ? code
                     : pthread_rwlockattr_setkind_np(&writers_first,
                                                     PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    code = code != 0 ? code : pthread_rwlock_init(&engine->keys_lock, &writers_first);
    code = code != 0 ? code : pthread_mutex_init(&engine->rotate_lock, NULL);
    return code != 0 ? code : pthread_mutex_init(&engine->publish_lock, NULL);
}

static struct vouch_signer_engine *make_engine(const struct vouch_signer_open *what) {
    struct vouch_signer_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return NULL;
    }
    engine->wake[0] = engine->wake[1] = -1;
    engine->ceiling = what->ceiling != NULL ? *what->ceiling : vouch_signer_ceiling_default();
    engine->has_stopped = 1; // until the start is recorded
    vouch_signer_clock_init(&engine->clock);
    char path[PATH_MAX];
    int err = vouch_ca_path(what->keys_dir, VOUCH_EPOCH_STATE_FILE, "", path, NULL);
    engine->ledger_dir = strdup(what->ledger_dir);
    engine->state_path = err == VOUCH_OK ? strdup(path) : NULL;
    if (engine->ledger_dir == NULL || engine->state_path == NULL || init_locks(engine) != 0 ||
        pipe2(engine->wake, O_CLOEXEC) != 0) {
        vouch_signer_engine_close(engine);
        return NULL;
    }
    return engine;
}

int vouch_signer_open(const struct vouch_signer_open *what, struct vouch_signer_engine **ret_engine,
                      struct vouch_fault *fault) {
    int err = check_what(what, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    (void)umask(027); // the ledger is for its group to read; the state has a mode of its own
    struct vouch_signer_engine *engine = make_engine(what);
    if (engine == NULL) {
        return no_memory(fault);
    }
    err = vouch_keyring_init(&engine->ring, what, fault);
    if (err == VOUCH_OK) {
        err = vouch_keyring_open_checkpoint(&engine->ring, &engine->checkpoint_key, fault);
    }
    if (err == VOUCH_OK) {
        err = open_ledger(engine, what, fault);
    }
    if (err == VOUCH_OK) {
        err = begin_life(engine, what, fault);
    }
    if (err != VOUCH_OK) {
        vouch_signer_engine_close(engine);
        return err;
    }
    engine->has_stopped = 0;
    *ret_engine = engine;
    return VOUCH_OK;
}

int vouch_signer_stop(struct vouch_signer_engine *engine, struct vouch_fault *fault) {
    if (engine == NULL || engine->has_stopped) {
        return VOUCH_OK;
    }
    vouch_commit_stop(&engine->commit);
    engine->has_stopped = 1;
    uint8_t memory[DETAILS_MAX];
    struct vouch_buf details;
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    put_number(&details, "epoch", engine->state.epoch);
    put_number(&details, "serial", atomic_load(&engine->commit.recorded_serial));
    struct vouch_record stop =
        make_event(EVENT_STOP, vouch_ledger_origin(engine->ledger), &details);
    int err = vouch_commit_last(&engine->commit, &stop, fault);
    return err == VOUCH_OK ? vouch_signer_save_state(engine, fault) : err;
}

void vouch_signer_engine_close(struct vouch_signer_engine *engine) {
    if (engine == NULL) {
        return;
    }
    if (engine->commit.batch != NULL) {
        vouch_commit_stop(&engine->commit);
    }
    vouch_commit_done(&engine->commit);
    vouch_ledger_close(engine->ledger);
    vouch_private_key_free(engine->checkpoint_key);
    vouch_keyring_done(&engine->ring);
    for (size_t i = 0; i < 2; i++) {
        if (engine->wake[i] >= 0) {
            close(engine->wake[i]);
        }
    }
    (void)pthread_mutex_destroy(&engine->rotate_lock);
    (void)pthread_mutex_destroy(&engine->publish_lock);
    (void)pthread_rwlock_destroy(&engine->keys_lock);
    vouch_buf_done(&engine->trust);
    free(engine->state_path);
    free(engine->ledger_dir);
    free(engine);
}
