// SPDX-License-Identifier: ISC
// The states of CA keys, and the table of the steps between them.
#include "ledger/rotation.h"

#include <stdio.h>

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const char *const states[] = {
    [VOUCH_CA_KEY_NEXT] = "next",
    [VOUCH_CA_KEY_ACTIVE] = "active",
    [VOUCH_CA_KEY_OLD] = "old",
    [VOUCH_CA_KEY_REMOVED] = "removed",
    [VOUCH_CA_KEY_DESTROYED] = "destroyed",
};

static const char *const phases[] = {
    [VOUCH_ROTATION_STEADY] = "steady",
    [VOUCH_ROTATION_DISTRIBUTE] = "distribute",
    [VOUCH_ROTATION_DRAIN] = "drain",
    [VOUCH_ROTATION_REMOVED] = "removed",
};

static const struct vouch_rotation_step steps[] = {
    {VOUCH_ROTATE_CREATE, "create", VOUCH_EVENT_CA_KEY_NEW, VOUCH_ROTATION_STEADY,
     VOUCH_CA_KEY_ACTIVE, VOUCH_CA_KEY_NEXT},
    {VOUCH_ROTATE_DROP, "drop", VOUCH_EVENT_CA_KEY_DESTROY, VOUCH_ROTATION_DISTRIBUTE,
     VOUCH_CA_KEY_ACTIVE, VOUCH_CA_KEY_DESTROYED},
    {VOUCH_ROTATE_SWITCH, "switch", VOUCH_EVENT_CA_KEY_SWITCH, VOUCH_ROTATION_DISTRIBUTE,
     VOUCH_CA_KEY_OLD, VOUCH_CA_KEY_ACTIVE},
    {VOUCH_ROTATE_BACK, "back", VOUCH_EVENT_CA_KEY_BACK, VOUCH_ROTATION_DRAIN, VOUCH_CA_KEY_NEXT,
     VOUCH_CA_KEY_ACTIVE},
    {VOUCH_ROTATE_REMOVE, "remove", VOUCH_EVENT_CA_KEY_REMOVE, VOUCH_ROTATION_DRAIN,
     VOUCH_CA_KEY_ACTIVE, VOUCH_CA_KEY_REMOVED},
    {VOUCH_ROTATE_RESTORE, "restore", VOUCH_EVENT_CA_KEY_RESTORE, VOUCH_ROTATION_REMOVED,
     VOUCH_CA_KEY_ACTIVE, VOUCH_CA_KEY_OLD},
    {VOUCH_ROTATE_DESTROY, "destroy", VOUCH_EVENT_CA_KEY_DESTROY, VOUCH_ROTATION_REMOVED,
     VOUCH_CA_KEY_ACTIVE, VOUCH_CA_KEY_DESTROYED},
};

const char *vouch_ca_key_state_text(enum vouch_ca_key_state state) {
    return (size_t)state < ROWS(states) ? states[state] : NULL;
}

enum vouch_ca_key_state vouch_ca_key_state_of(struct vouch_bytes text) {
    for (size_t i = 1; i < ROWS(states); i++) {
        if (vouch_bytes_equal(text, vouch_bytes_of(states[i]))) {
            return (enum vouch_ca_key_state)i;
        }
    }
    return VOUCH_CA_KEY_NONE;
}

const char *vouch_rotation_phase_text(enum vouch_rotation_phase phase) {
    return (size_t)phase < ROWS(phases) ? phases[phase] : NULL;
}

enum vouch_rotation_phase vouch_rotation_phase_of(enum vouch_ca_key_state other) {
    switch (other) {
    case VOUCH_CA_KEY_NONE:
    case VOUCH_CA_KEY_DESTROYED:
        return VOUCH_ROTATION_STEADY;
    case VOUCH_CA_KEY_NEXT:
        return VOUCH_ROTATION_DISTRIBUTE;
    case VOUCH_CA_KEY_OLD:
        return VOUCH_ROTATION_DRAIN;
    case VOUCH_CA_KEY_REMOVED:
        return VOUCH_ROTATION_REMOVED;
    case VOUCH_CA_KEY_ACTIVE:
        break;
    }
    return VOUCH_ROTATION_NONE;
}

const struct vouch_rotation_step *vouch_rotation_step_of(enum vouch_rotation_verb verb) {
    for (size_t i = 0; i < ROWS(steps); i++) {
        if (steps[i].verb == verb) {
            return &steps[i];
        }
    }
    return NULL;
}

const struct vouch_rotation_step *vouch_rotation_step_by_event(struct vouch_bytes event,
                                                               enum vouch_rotation_phase from) {
    for (size_t i = 0; i < ROWS(steps); i++) {
        if (steps[i].from == from && vouch_bytes_equal(event, vouch_bytes_of(steps[i].event))) {
            return &steps[i];
        }
    }
    return NULL;
}

int vouch_rotation_is_event(struct vouch_bytes type) {
    for (size_t i = 0; i < ROWS(steps); i++) {
        if (vouch_bytes_equal(type, vouch_bytes_of(steps[i].event))) {
            return 1;
        }
    }
    return 0;
}

const char *vouch_rotation_use_text(size_t use) {
    return use == 0 ? "user" : "host";
}

int vouch_rotation_key(const struct vouch_record *record, struct vouch_key **ret_key) {
    struct vouch_bytes line;
    struct vouch_bytes comment;
    struct vouch_buf blob;
    if (!vouch_record_detail(record, "key", &line)) {
        return VOUCH_ERR_NOT_FOUND;
    }
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    int err = vouch_key_line_decode(line, &blob, &comment, NULL);
    if (err == VOUCH_OK) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), ret_key, NULL);
    }
    vouch_buf_done(&blob);
    return err;
}

static int names(const struct vouch_record *record, const char *detail, const char *fingerprint) {
    struct vouch_bytes text = {0};
    return vouch_record_detail(record, detail, &text) &&
           vouch_bytes_equal(text, vouch_bytes_of(fingerprint));
}

static int read_use(const struct vouch_record *record, size_t *ret_use) {
    for (size_t i = 0; i < 2; i++) {
        if (names(record, "use", vouch_rotation_use_text(i))) {
            *ret_use = i;
            return 1;
        }
    }
    return 0;
}

// Which key signs after a step.
static const char *active_after(const struct vouch_rotation_use *use,
                                const struct vouch_rotation_step *step) {
    return step->other == VOUCH_CA_KEY_ACTIVE ? use->other : use->active;
}

void vouch_rotation_describe(const struct vouch_rotation_use *use, size_t index,
                             const struct vouch_rotation_step *step, struct vouch_buf *details) {
    vouch_record_detail_put(details, "use", vouch_bytes_of(vouch_rotation_use_text(index)));
    vouch_record_detail_put(details, "fingerprint", vouch_bytes_of(use->other));
    vouch_record_detail_put(details, "active", vouch_bytes_of(active_after(use, step)));
}

static void step_use(struct vouch_rotation_use *use, const struct vouch_rotation_step *step) {
    struct vouch_rotation_use after = *use;
    after.other_state = step->other;
    if (step->other == VOUCH_CA_KEY_ACTIVE) {
        after = (struct vouch_rotation_use){.other_state = step->active};
        (void)snprintf(after.active, sizeof after.active, "%s", use->other);
        (void)snprintf(after.other, sizeof after.other, "%s", use->active);
    }
    if (step->other == VOUCH_CA_KEY_DESTROYED) {
        after.other[0] = '\0';
        after.other_state = VOUCH_CA_KEY_NONE;
    }
    *use = after;
}

static const char *introduce(struct vouch_rotation_use *use, const struct vouch_key *key,
                             struct vouch_rotation_change *change) {
    if (key == NULL) {
        return "introduces a CA key that cannot be read";
    }
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, change->fingerprint);
    char *place = use->active;
    if (use->active[0] != '\0') {
        change->step = vouch_rotation_step_by_event(vouch_bytes_of(VOUCH_EVENT_CA_KEY_NEW),
                                                    vouch_rotation_phase_of(use->other_state));
        if (change->step == NULL) {
            return "introduces a CA key in the midst of a rotation";
        }
        place = use->other;
        use->other_state = change->step->other;
    }
    (void)snprintf(place, VOUCH_FINGERPRINT_MAX, "%s", change->fingerprint);
    return NULL;
}

static const char *take_step(struct vouch_rotation_use *use, const struct vouch_record *record,
                             struct vouch_rotation_change *change) {
    change->step =
        vouch_rotation_step_by_event(record->type, vouch_rotation_phase_of(use->other_state));
    if (use->active[0] == '\0' || change->step == NULL) {
        return "is a step of a rotation that cannot come now";
    }
    if (!names(record, "fingerprint", use->other)) {
        return "is a step of a rotation of another CA key";
    }
    if (!names(record, "active", active_after(use, change->step))) {
        return "names another active CA key than the one that is";
    }
    (void)snprintf(change->fingerprint, sizeof change->fingerprint, "%s", use->other);
    step_use(use, change->step);
    return NULL;
}

const char *vouch_rotation_follow(struct vouch_rotation *rotation,
                                  const struct vouch_record *record, const struct vouch_key *key,
                                  struct vouch_rotation_change *ret_change) {
    struct vouch_rotation_change change = {0};
    if (!read_use(record, &change.use)) {
        return vouch_record_is_event(record, VOUCH_EVENT_CA_KEY_NEW)
                   ? "introduces a CA key whose use is neither user nor host"
                   : "is a step of a rotation whose use is neither user nor host";
    }
    struct vouch_rotation_use *use = &rotation->uses[change.use];
    const char *wrong = vouch_record_is_event(record, VOUCH_EVENT_CA_KEY_NEW)
                            ? introduce(use, key, &change)
                            : take_step(use, record, &change);
    if (wrong == NULL) {
        *ret_change = change;
    }
    return wrong;
}
