// SPDX-License-Identifier: ISC
// The steps of a rotation: checked against the phase of the use, recorded together with the trust bundle
// that they make, and only then done. What a crash leaves undone the next start does (keyring.c).
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "signer/ca-folder.h"
#include "signer/engine.h"

#define LINE_MAX_BYTES (64u * 1024) // of an RSA key's line with the other details

#define autobuf VOUCH_CLEANUP(vouch_buf_done)
#define autolist VOUCH_CLEANUP(vouch_key_list_done)

// One step on its way.
struct step {
    struct vouch_desk *desk;
    const struct vouch_signer_rotation *ask;
    const struct vouch_rotation_step *row;
    struct vouch_rotation_change change;
    struct vouch_holder *holder;      // of the key that begins to sign; NULL: none does
    struct vouch_commit_entry record; // the step's event; the desk's entry is the bundle's
    struct vouch_rotation_use before;
};

static struct vouch_keyring *ring_of(const struct step *step) {
    return &step->desk->engine->ring;
}

// --- what is refused

static enum vouch_signer_outcome check_form(const struct vouch_signer_rotation *ask,
                                            const struct vouch_rotation_step *row,
                                            struct vouch_signer_refusal *ret_refusal) {
    if (ask->use != VOUCH_CERT_USER && ask->use != VOUCH_CERT_HOST) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "use",
                                   "is neither the user nor the host CA");
    }
    if (row == NULL) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "verb",
                                   "is no step of a rotation");
    }
    if (ask->actor.len == 0 || ask->actor.len > VOUCH_SIGNER_TEXT_MAX) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "actor",
                                   "is not 1 to %d bytes", VOUCH_SIGNER_TEXT_MAX);
    }
    return VOUCH_SIGNER_DONE;
}

// Where the keys are: in files the signer makes them itself, and nobody hands it one.
static enum vouch_signer_outcome check_key(const struct step *step,
                                           struct vouch_signer_refusal *ret_refusal) {
    int wants_key = step->row->verb == VOUCH_ROTATE_CREATE && ring_of(step)->agent_socket != NULL;
    if (wants_key && step->ask->key.len == 0) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "key",
                                   "is missing: the CA keys are in an agent, so make one there and "
                                   "name its public key");
    }
    if (!wants_key && step->ask->key.len > 0) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "key",
                                   "is given, but the signer has or makes its keys itself");
    }
    return VOUCH_SIGNER_DONE;
}

// A key is destroyed only by its name; a name that is given must be right for every step.
static enum vouch_signer_outcome check_fingerprint(const struct step *step,
                                                   struct vouch_signer_refusal *ret_refusal) {
    struct vouch_bytes given = step->ask->fingerprint;
    if (given.len == 0 && step->row->other != VOUCH_CA_KEY_DESTROYED) {
        return VOUCH_SIGNER_DONE;
    }
    if (step->before.other[0] == '\0' ||
        !vouch_bytes_equal(given, vouch_bytes_of(step->before.other))) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "fingerprint",
                                   "is not that of the key which this step is about: %s",
                                   step->before.other[0] != '\0' ? step->before.other
                                                                 : "none exists yet");
    }
    return VOUCH_SIGNER_DONE;
}

static enum vouch_signer_outcome check_fresh(const struct step *step,
                                             struct vouch_signer_refusal *ret_refusal) {
    const struct vouch_listed_key *other =
        vouch_key_list_other(&ring_of(step)->list, step->ask->use);
    if (step->row->verb == VOUCH_ROTATE_DROP && !step->ask->is_hurried && other != NULL &&
        other->has_signed) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "fingerprint",
                                   "is of a key that has signed: its certificates would count no "
                                   "more");
    }
    return VOUCH_SIGNER_DONE;
}

static enum vouch_signer_outcome check(struct step *step,
                                       struct vouch_signer_refusal *ret_refusal) {
    if (check_form(step->ask, step->row, ret_refusal) != VOUCH_SIGNER_DONE) {
        return VOUCH_SIGNER_REFUSED;
    }
    struct vouch_rotation rotation;
    vouch_key_list_rotation(&ring_of(step)->list, &rotation);
    step->change.use = vouch_signer_index(step->ask->use);
    step->change.step = step->row;
    step->before = rotation.uses[step->change.use];
    enum vouch_rotation_phase phase = vouch_rotation_phase_of(step->before.other_state);
    if (phase != step->row->from) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "verb",
                                   "\"%s\" begins in the phase %s; the %s CA is in the phase %s",
                                   step->row->name, vouch_rotation_phase_text(step->row->from),
                                   vouch_ca_use(step->ask->use), vouch_rotation_phase_text(phase));
    }
    if (check_key(step, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_fingerprint(step, ret_refusal) != VOUCH_SIGNER_DONE) {
        return VOUCH_SIGNER_REFUSED;
    }
    return check_fresh(step, ret_refusal);
}

// --- a new key

static int change_failed(int err, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_ca_key_file, "signer: the new CA key: %s",
                           vouch_err_text(err));
}

// The row of a key that no record knows yet: written down before its files are, so that a start finds
// them whatever happens.
static int list_new_key(struct step *step, const struct vouch_key *key,
                        struct vouch_listed_key **ret_row, struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = step->desk->engine;
    struct vouch_key *copy = vouch_key_copy(key);
    struct vouch_listed_key *row = NULL;
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, step->change.fingerprint);
    (void)pthread_mutex_lock(&engine->publish_lock);
    (void)pthread_rwlock_wrlock(&engine->keys_lock);
    int err = copy != NULL ? vouch_key_list_add(&engine->ring.list, step->ask->use,
                                                step->change.fingerprint, 0, &row)
                           : VOUCH_ERR_NO_MEMORY;
    if (err == VOUCH_OK) {
        row->key = vouch_steal(copy);
    }
    (void)pthread_rwlock_unlock(&engine->keys_lock);
    vouch_key_free(copy);
    err = err == VOUCH_OK
              ? vouch_keyring_save(&engine->ring, atomic_load(&engine->commit.size), fault)
              : change_failed(err, fault);
    (void)pthread_mutex_unlock(&engine->publish_lock);
    *ret_row = row;
    return err;
}

static int write_new_key(struct step *step, const struct vouch_private_key *made,
                         const struct vouch_key *key, struct vouch_fault *fault) {
    struct vouch_listed_key *row = NULL;
    const char *origin = vouch_ledger_origin(step->desk->engine->ledger);
    int err = list_new_key(step, key, &row, fault);
    return err == VOUCH_OK ? vouch_keyring_write(ring_of(step), row, made, origin, fault) : err;
}

// Of the same kind and size as the one that signs.
static int make_key(struct step *step, struct vouch_fault *fault) {
    const struct vouch_key *active = vouch_signer_active(step->desk->engine, step->ask->use)->key;
    enum vouch_key_type type = vouch_key_type(active);
    struct vouch_private_key *made = NULL;
    int err =
        vouch_private_key_generate(type, type == VOUCH_KEY_RSA ? vouch_key_bits(active) : 0, &made);
    err = err == VOUCH_OK ? write_new_key(step, made, vouch_private_key_public(made), fault)
                          : change_failed(err, fault);
    vouch_private_key_free(made);
    return err;
}

// Whether some record introduced the key already: then it cannot be a new one, even if it was destroyed.
static int is_known(const struct step *step, const struct vouch_key *key, int *ret_known,
                    struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record;
    int found = 1, known = 0;
    int err = vouch_ledger_reader_open(step->desk->engine->ledger_dir, 0, &reader, fault);
    while (err == VOUCH_OK && found && !known) {
        struct vouch_key *other = NULL;
        err = vouch_ledger_reader_next(reader, &record, &found, fault);
        if (err == VOUCH_OK && found && vouch_record_is_event(&record, VOUCH_EVENT_CA_KEY_NEW) &&
            vouch_rotation_key(&record, &other) == VOUCH_OK) {
            known = vouch_key_equal(other, key);
        }
        vouch_key_free(other);
    }
    vouch_ledger_reader_close(reader);
    *ret_known = known;
    return err;
}

static enum vouch_signer_outcome refuse_key(struct vouch_signer_refusal *ret_refusal,
                                            const char *why) {
    return vouch_signer_refuse(ret_refusal, &vouch_fault_rotation, "key", "%s", why);
}

// A key that an agent holds: it must be able to sign, and be nobody else's.
static int take_key(struct step *step, const struct vouch_key *key,
                    struct vouch_signer_rotated *rotated, struct vouch_fault *fault) {
    const struct vouch_signer_engine *engine = step->desk->engine;
    struct vouch_holder *holder = NULL;
    int known = 0;
    const char *why = vouch_key_ca_weakness(key);
    if (why != NULL) {
        (void)refuse_key(&rotated->refusal, why);
        return VOUCH_OK;
    }
    int err = is_known(step, key, &known, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (known || vouch_key_equal(key, vouch_private_key_public(engine->checkpoint_key))) {
        (void)refuse_key(&rotated->refusal, "is or was one of this CA's own keys");
        return VOUCH_OK;
    }
    err = vouch_holder_agent_open(engine->ring.agent_socket, key, &holder, fault);
    vouch_holder_close(holder);
    if (err == VOUCH_OK) {
        err = write_new_key(step, NULL, key, fault);
    }
    rotated->outcome = err == VOUCH_OK ? VOUCH_SIGNER_DONE : rotated->outcome;
    return err;
}

// DONE in `rotated` when the key is there.
static int create_key(struct step *step, struct vouch_signer_rotated *rotated,
                      struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    int err = VOUCH_OK;
    if (ring_of(step)->agent_socket == NULL) {
        err = make_key(step, fault);
        rotated->outcome = err == VOUCH_OK ? VOUCH_SIGNER_DONE : VOUCH_SIGNER_REFUSED;
    } else if (vouch_key_parse(step->ask->key, &key, NULL) != VOUCH_OK) {
        (void)refuse_key(&rotated->refusal, "is no public key that can be read");
    } else {
        err = take_key(step, key, rotated, fault);
    }
    vouch_key_free(key);
    return err;
}

// --- recording

static void pass_over(struct vouch_commit_entry *entry) {
    (void)entry; // the bundle's record, which comes behind it, is waited for
}

static void describe(const struct step *step, struct vouch_buf *details) {
    if (step->row->verb == VOUCH_ROTATE_CREATE) {
        const struct vouch_listed_key *row =
            vouch_key_list_find(&ring_of(step)->list, step->change.fingerprint);
        vouch_ca_describe_key(details, vouch_ca_use(step->ask->use), row->key);
    } else {
        vouch_rotation_describe(&step->before, step->change.use, step->row, details);
    }
}

// The keys as they are when the step has been done.
static int list_after(const struct step *step, struct vouch_key_list *ret_list,
                      struct vouch_fault *fault) {
    struct vouch_key_list list = {0};
    int err = vouch_key_list_copy(&ring_of(step)->list, &list);
    if (err == VOUCH_OK) {
        err = vouch_key_list_change(&list, &step->change, 0);
    }
    if (err != VOUCH_OK) {
        vouch_key_list_done(&list);
        return change_failed(err, fault);
    }
    *ret_list = list;
    return VOUCH_OK;
}

static void install(struct step *step) {
    struct vouch_keyring *ring = ring_of(step);
    // The row is there already, and of this use: nothing is left that could fail.
    (void)!vouch_key_list_change(&ring->list, &step->change, step->record.record.time_ms);
    if (step->holder != NULL) {
        vouch_holder_close(ring->holders[step->change.use]);
        ring->holders[step->change.use] = vouch_steal(step->holder);
    }
}

// Nobody signs from the moment when the event takes its place in the queue until the keys are changed.
static int record_and_install(struct step *step, const struct vouch_record *bundle,
                              struct vouch_fault *fault) {
    struct vouch_desk *desk = step->desk;
    struct vouch_signer_engine *engine = desk->engine;
    step->record.done = pass_over;
    desk->entry.record = *bundle;
    desk->entry.done = vouch_desk_tell;
    desk->is_done = 0;
    (void)pthread_rwlock_wrlock(&engine->keys_lock);
    int err = vouch_commit_two_events(&engine->commit, &step->record, &desk->entry, fault);
    if (err == VOUCH_OK) {
        vouch_desk_wait(desk);
        install(step);
    }
    (void)pthread_rwlock_unlock(&engine->keys_lock);
    return err;
}

// With publish_lock: the event and the bundle, then the files that remember them.
static int record_step(struct step *step, struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = step->desk->engine;
    struct vouch_signer_bundle bundle = {0};
    struct vouch_record record;
    autolist struct vouch_key_list after = {0};
    autobuf struct vouch_buf details;
    vouch_buf_init(&details, LINE_MAX_BYTES);
    describe(step, &details);
    int err = details.err == VOUCH_OK ? list_after(step, &after, fault)
                                      : change_failed(details.err, fault);
    if (err == VOUCH_OK) {
        err = vouch_signer_bundle_make(engine, &after, &bundle, &record, fault);
    }
    if (err == VOUCH_OK) {
        step->record.record = (struct vouch_record){
            .kind = VOUCH_RECORD_EVENT,
            .actor = step->ask->actor,
            .type = vouch_bytes_of(step->row->event),
            .object = vouch_bytes_of(vouch_ca_use(step->ask->use)),
            .details = vouch_buf_bytes(&details),
        };
        err = record_and_install(step, &record, fault);
    }
    if (err == VOUCH_OK) {
        vouch_signer_bundle_adopt(engine, &bundle);
        err = vouch_signer_save_state(engine, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_keyring_save(&engine->ring, atomic_load(&engine->commit.size), fault);
    }
    vouch_signer_bundle_done(&bundle);
    return err;
}

// What is begun or done with, off the disk and off the list.
static int clear(struct vouch_signer_engine *engine, struct vouch_fault *fault) {
    (void)pthread_mutex_lock(&engine->publish_lock);
    (void)pthread_rwlock_wrlock(&engine->keys_lock);
    size_t before = engine->ring.list.count;
    int err = vouch_keyring_clear(&engine->ring, fault);
    size_t after = engine->ring.list.count;
    (void)pthread_rwlock_unlock(&engine->keys_lock);
    if (err == VOUCH_OK && after != before) {
        err = vouch_keyring_save(&engine->ring, atomic_load(&engine->commit.size), fault);
    }
    (void)pthread_mutex_unlock(&engine->publish_lock);
    return err;
}

static int prepare(struct step *step, struct vouch_signer_rotated *rotated,
                   struct vouch_fault *fault) {
    struct vouch_keyring *ring = ring_of(step);
    int err = VOUCH_OK;
    if (step->row->verb == VOUCH_ROTATE_CREATE) {
        return create_key(step, rotated, fault);
    }
    (void)snprintf(step->change.fingerprint, sizeof step->change.fingerprint, "%s",
                   step->before.other);
    if (step->row->other == VOUCH_CA_KEY_ACTIVE) {
        err = vouch_keyring_holder(ring, vouch_key_list_other(&ring->list, step->ask->use),
                                   &step->holder, fault);
    }
    rotated->outcome = err == VOUCH_OK ? VOUCH_SIGNER_DONE : VOUCH_SIGNER_REFUSED;
    return err;
}

static int do_step(struct step *step, struct vouch_signer_rotated *rotated,
                   struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = step->desk->engine;
    int err = prepare(step, rotated, fault);
    if (err != VOUCH_OK || rotated->outcome != VOUCH_SIGNER_DONE) {
        return err;
    }
    (void)pthread_mutex_lock(&engine->publish_lock);
    err = record_step(step, fault);
    (void)pthread_mutex_unlock(&engine->publish_lock);
    rotated->number = step->record.record.number;
    rotated->time_ms = step->record.record.time_ms;
    return err;
}

// With rotate_lock.
static int rotate(struct step *step, struct vouch_signer_rotated *rotated,
                  struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = step->desk->engine;
    int err = clear(engine, fault);
    if (err != VOUCH_OK || check(step, &rotated->refusal) != VOUCH_SIGNER_DONE) {
        return err;
    }
    err = do_step(step, rotated, fault);
    // Files of a key that came to nothing, or that is destroyed now. What became of the step stands.
    int clear_err = clear(engine, err == VOUCH_OK ? fault : NULL);
    return err == VOUCH_OK ? clear_err : err;
}

int vouch_desk_rotate(struct vouch_desk *desk, const struct vouch_signer_rotation *rotation,
                      struct vouch_signer_rotated *ret_rotated, struct vouch_fault *fault) {
    struct vouch_signer_rotated rotated = {0};
    struct step step = {
        .desk = desk, .ask = rotation, .row = vouch_rotation_step_of(rotation->verb)};
    (void)pthread_mutex_lock(&desk->engine->rotate_lock);
    int err = rotate(&step, &rotated, fault);
    (void)pthread_mutex_unlock(&desk->engine->rotate_lock);
    vouch_holder_close(step.holder);
    if (err == VOUCH_OK) {
        *ret_rotated = rotated;
    }
    return err;
}
