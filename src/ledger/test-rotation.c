// SPDX-License-Identifier: ISC
// Rotations in a ledger: the table of the steps, and what a proof makes of ledgers whose CA keys change.
#include "ledger/rotation.h"

#include <string.h>

#include "ledger/test-fixture.h"

// --- the table

static const struct {
    enum vouch_rotation_verb verb;
    enum vouch_rotation_phase from, to;
    const char *event;
    int switches; // the other key signs afterwards
} rows[] = {
    {VOUCH_ROTATE_CREATE, VOUCH_ROTATION_STEADY, VOUCH_ROTATION_DISTRIBUTE, "ca.key.new", 0},
    {VOUCH_ROTATE_DROP, VOUCH_ROTATION_DISTRIBUTE, VOUCH_ROTATION_STEADY, "ca.key.destroy", 0},
    {VOUCH_ROTATE_SWITCH, VOUCH_ROTATION_DISTRIBUTE, VOUCH_ROTATION_DRAIN, "ca.key.switch", 1},
    {VOUCH_ROTATE_BACK, VOUCH_ROTATION_DRAIN, VOUCH_ROTATION_DISTRIBUTE, "ca.key.back", 1},
    {VOUCH_ROTATE_REMOVE, VOUCH_ROTATION_DRAIN, VOUCH_ROTATION_REMOVED, "ca.key.remove", 0},
    {VOUCH_ROTATE_RESTORE, VOUCH_ROTATION_REMOVED, VOUCH_ROTATION_DRAIN, "ca.key.restore", 0},
    {VOUCH_ROTATE_DESTROY, VOUCH_ROTATION_REMOVED, VOUCH_ROTATION_STEADY, "ca.key.destroy", 0},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void each_step_leads_from_its_phase_to_the_next(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct vouch_rotation_step *step = vouch_rotation_step_of(rows[i].verb);
        assert_non_null(step);
        assert_int_equal(step->from, rows[i].from);
        assert_string_equal(step->event, rows[i].event);
        assert_int_equal(step->other == VOUCH_CA_KEY_ACTIVE, rows[i].switches);
        enum vouch_ca_key_state left = rows[i].switches ? step->active : step->other;
        assert_int_equal(vouch_rotation_phase_of(left), rows[i].to);
        assert_true(rows[i].switches || step->active == VOUCH_CA_KEY_ACTIVE);
    }
    assert_null(vouch_rotation_step_of(VOUCH_ROTATE_NONE));
    assert_null(vouch_rotation_step_of((enum vouch_rotation_verb)(VOUCH_ROTATE_DESTROY + 1)));
}

static void an_event_is_a_step_in_its_own_phase_alone(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct vouch_bytes event = vouch_bytes_of(rows[i].event);
        assert_true(vouch_rotation_is_event(event));
        for (unsigned phase = 0; phase <= VOUCH_ROTATION_REMOVED + 1; phase++) {
            const struct vouch_rotation_step *step =
                vouch_rotation_step_by_event(event, (enum vouch_rotation_phase)phase);
            size_t wanted = ROWS;
            for (size_t k = 0; k < ROWS; k++) {
                int same = strcmp(rows[k].event, rows[i].event) == 0;
                wanted = same && rows[k].from == (enum vouch_rotation_phase)phase ? k : wanted;
            }
            assert_true(wanted < ROWS ? step != NULL && step->verb == rows[wanted].verb
                                      : step == NULL);
        }
    }
    assert_false(vouch_rotation_is_event(vouch_bytes_of("ca.key")));
    assert_false(vouch_rotation_is_event(vouch_bytes_of("ca.key.news")));
    assert_false(vouch_rotation_is_event(vouch_bytes_of("")));
}

static void states_and_phases_have_names(void **state) {
    (void)state;
    for (unsigned i = VOUCH_CA_KEY_NEXT; i <= VOUCH_CA_KEY_DESTROYED; i++) {
        const char *text = vouch_ca_key_state_text((enum vouch_ca_key_state)i);
        assert_int_equal(vouch_ca_key_state_of(vouch_bytes_of(text)), i);
    }
    assert_null(vouch_ca_key_state_text(VOUCH_CA_KEY_NONE));
    assert_null(vouch_ca_key_state_text((enum vouch_ca_key_state)99));
    assert_int_equal(vouch_ca_key_state_of(vouch_bytes_of("")), VOUCH_CA_KEY_NONE);
    assert_int_equal(vouch_ca_key_state_of(vouch_bytes_of("Active")), VOUCH_CA_KEY_NONE);
    assert_null(vouch_rotation_phase_text(VOUCH_ROTATION_NONE));
    assert_string_equal(vouch_rotation_phase_text(VOUCH_ROTATION_DRAIN), "drain");
    // Two keys that sign are no phase.
    assert_int_equal(vouch_rotation_phase_of(VOUCH_CA_KEY_ACTIVE), VOUCH_ROTATION_NONE);
}

// --- ledgers

#define NEW VOUCH_EVENT_CA_KEY_NEW
#define SWITCH VOUCH_EVENT_CA_KEY_SWITCH
#define BACK VOUCH_EVENT_CA_KEY_BACK
#define REMOVE VOUCH_EVENT_CA_KEY_REMOVE
#define RESTORE VOUCH_EVENT_CA_KEY_RESTORE
#define DESTROY VOUCH_EVENT_CA_KEY_DESTROY
#define MOVES_MAX 12

// One record: an event about a key, or a certificate by it. Keys: 0 the first user CA, 1 and 2 new ones,
// 3 the host CA.
struct move {
    const char *event; // NULL: a user certificate
    unsigned key, active;
    const char *use; // NULL: "user"
};

struct story {
    const char *name;
    struct move moves[MOVES_MAX];
    enum vouch_finding_kind found; // 0: it is proven
};

struct cast {
    struct fixture *fixture;
    struct vouch_ledger *ledger;
    struct vouch_private_key *keys[4]; // the first and the last are the fixture's
    uint64_t serial;
};

static void put_fingerprint(struct vouch_buf *details, const char *name,
                            const struct vouch_private_key *key) {
    char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(vouch_private_key_public(key), VOUCH_HASH_SHA256, text);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static void tell_event(struct cast *cast, const struct move *move) {
    struct vouch_record record = fixture_event(cast->fixture, move->event);
    struct vouch_buf details, line;
    struct vouch_fault fault = {0};
    vouch_buf_init(&details, 4096);
    vouch_buf_init(&line, 4096);
    vouch_record_detail_put(&details, "use",
                            vouch_bytes_of(move->use != NULL ? move->use : "user"));
    if (strcmp(move->event, NEW) == 0) {
        vouch_key_print(vouch_private_key_public(cast->keys[move->key]), NULL, &line);
        vouch_record_detail_put(&details, "key", vouch_buf_bytes(&line));
    } else {
        put_fingerprint(&details, "fingerprint", cast->keys[move->key]);
        put_fingerprint(&details, "active", cast->keys[move->active]);
    }
    record.details = vouch_buf_bytes(&details);
    if (vouch_ledger_append(cast->ledger, &record, 1, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    vouch_buf_done(&details);
    vouch_buf_done(&line);
}

static void tell_cert(struct cast *cast, const struct move *move) {
    struct vouch_buf cert;
    struct vouch_fault fault = {0};
    fixture_cert_by(cast->fixture, cast->keys[move->key], VOUCH_CERT_USER, ++cast->serial, "id",
                    &cert);
    struct vouch_record record = fixture_record(cast->fixture, vouch_buf_bytes(&cert));
    if (vouch_ledger_append(cast->ledger, &record, 1, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    vouch_buf_done(&cert);
}

static int is_end(const struct move *move) {
    return move->event == NULL && move->key == 0 && move->active == 0;
}

static void tell(const struct story *story) {
    void *own = NULL;
    assert_int_equal(fixture_begin(&own), 0);
    struct cast cast = {.fixture = own};
    cast.ledger = fixture_open(cast.fixture);
    cast.keys[0] = cast.fixture->user_ca;
    cast.keys[3] = cast.fixture->host_ca;
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &cast.keys[i]), VOUCH_OK);
    }
    for (size_t i = 0; i < MOVES_MAX && !is_end(&story->moves[i]); i++) {
        if (story->moves[i].event != NULL) {
            tell_event(&cast, &story->moves[i]);
        } else {
            tell_cert(&cast, &story->moves[i]);
        }
    }
    fixture_checkpoint(cast.fixture, cast.ledger);
    vouch_ledger_close(cast.ledger);
    if (proven(cast.fixture) != (story->found == 0)) {
        fail_msg("%s", story->name);
    }
    if (story->found != 0) {
        assert_found(cast.fixture, story->found);
    }
    vouch_private_key_free(cast.keys[1]);
    vouch_private_key_free(cast.keys[2]);
    assert_int_equal(fixture_end(&own), 0);
}

#define NEXT(key)                                                                                  \
    { NEW, (key), 0, NULL }
#define STEP(event, key, active)                                                                   \
    { (event), (key), (active), NULL }
// A certificate; `active` only keeps the row from being the end of the story.
#define CERT(by)                                                                                   \
    { NULL, (by), 9, NULL }

static const struct story good[] = {
    {"once around",
     {CERT(0), NEXT(1), CERT(0), STEP(SWITCH, 1, 1), CERT(1), STEP(REMOVE, 0, 1), CERT(1),
      STEP(DESTROY, 0, 1), CERT(1)},
     0},
    {"and again",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), STEP(DESTROY, 0, 1), NEXT(2), CERT(1),
      STEP(SWITCH, 2, 2), CERT(2), STEP(REMOVE, 1, 2), STEP(DESTROY, 1, 2), CERT(2)},
     0},
    {"dropped", {NEXT(1), CERT(0), STEP(DESTROY, 1, 0), CERT(0), NEXT(2), CERT(0)}, 0},
    {"back",
     {NEXT(1), STEP(SWITCH, 1, 1), CERT(1), STEP(BACK, 0, 0), CERT(0), STEP(SWITCH, 1, 1), CERT(1)},
     0},
    {"restored",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), STEP(RESTORE, 0, 1), STEP(BACK, 0, 0),
      CERT(0)},
     0},
};

static const struct story bad[] = {
    {"a certificate by the next key", {NEXT(1), CERT(1)}, VOUCH_FINDING_CERT},
    {"by the old key", {NEXT(1), STEP(SWITCH, 1, 1), CERT(0)}, VOUCH_FINDING_CERT},
    {"by the removed key",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), CERT(0)},
     VOUCH_FINDING_CERT},
    {"by the destroyed key",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), STEP(DESTROY, 0, 1), CERT(0)},
     VOUCH_FINDING_CERT},
    {"by the one that went back",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(BACK, 0, 0), CERT(1)},
     VOUCH_FINDING_CERT},
    {"a third key", {NEXT(1), NEXT(2)}, VOUCH_FINDING_RECORD},
    {"a key while one drains", {NEXT(1), STEP(SWITCH, 1, 1), NEXT(2)}, VOUCH_FINDING_RECORD},
    {"a destroyed key anew", {NEXT(1), STEP(DESTROY, 1, 0), NEXT(1)}, VOUCH_FINDING_RECORD},
    {"a switch out of nothing", {STEP(SWITCH, 1, 1)}, VOUCH_FINDING_RECORD},
    {"a switch to another key", {NEXT(1), STEP(SWITCH, 2, 2)}, VOUCH_FINDING_RECORD},
    {"a switch that does not switch", {NEXT(1), STEP(SWITCH, 1, 0)}, VOUCH_FINDING_RECORD},
    {"a switch of another use", {NEXT(1), {SWITCH, 1, 1, "host"}}, VOUCH_FINDING_RECORD},
    {"a step of no use", {NEXT(1), {SWITCH, 1, 1, "people"}}, VOUCH_FINDING_RECORD},
    {"a key of no use", {{NEW, 1, 0, "people"}}, VOUCH_FINDING_RECORD},
    {"a host CA key as the next user CA", {NEXT(3)}, VOUCH_FINDING_RECORD},
    {"removed before it is old", {NEXT(1), STEP(REMOVE, 1, 0)}, VOUCH_FINDING_RECORD},
    {"destroyed before it is removed",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(DESTROY, 0, 1)},
     VOUCH_FINDING_RECORD},
    {"what signs destroyed", {NEXT(1), STEP(DESTROY, 0, 1)}, VOUCH_FINDING_RECORD},
    {"back after it was removed",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), STEP(BACK, 0, 0)},
     VOUCH_FINDING_RECORD},
    {"restored after it was destroyed",
     {NEXT(1), STEP(SWITCH, 1, 1), STEP(REMOVE, 0, 1), STEP(DESTROY, 0, 1), STEP(RESTORE, 0, 1)},
     VOUCH_FINDING_RECORD},
    {"switched twice", {NEXT(1), STEP(SWITCH, 1, 1), STEP(SWITCH, 1, 1)}, VOUCH_FINDING_RECORD},
};

static void rotations_that_keep_to_the_steps_are_proven(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        tell(&good[i]);
    }
}

static void certificates_by_a_key_that_was_not_active_and_wrong_steps_are_found(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tell(&bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_leads_from_its_phase_to_the_next),
        cmocka_unit_test(an_event_is_a_step_in_its_own_phase_alone),
        cmocka_unit_test(states_and_phases_have_names),
        cmocka_unit_test(rotations_that_keep_to_the_steps_are_proven),
        cmocka_unit_test(certificates_by_a_key_that_was_not_active_and_wrong_steps_are_found),
    };
    return cmocka_run_group_tests_name("ledger/rotation", tests, NULL, NULL);
}
