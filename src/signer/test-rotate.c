// SPDX-License-Identifier: ISC
// Rotations of CA keys, held against both bodies of signer.h: each step where it belongs, refused
// everywhere else, and found again by every start, whatever of the files was lost behind it.
#include "signer/test-body.h"
#include "signer/test-steps.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/trust.h"

// The verbs that lead from steady to each phase.
static const struct {
    enum vouch_rotation_phase phase;
    size_t steps; // of the round
} phases[] = {{VOUCH_ROTATION_STEADY, 0},
              {VOUCH_ROTATION_DISTRIBUTE, 1},
              {VOUCH_ROTATION_DRAIN, 2},
              {VOUCH_ROTATION_REMOVED, 3}};

static void refuses(struct vouch_signer *signer, const struct vouch_signer_rotation *ask,
                    const char *field) {
    struct vouch_signer_rotated rotated = {.outcome = VOUCH_SIGNER_DONE};
    uint64_t size = steps_state(signer).size;
    assert_int_equal(vouch_signer_rotate(signer, ask, FIXTURE_DEADLINE, &rotated, NULL), VOUCH_OK);
    assert_int_equal(rotated.outcome, VOUCH_SIGNER_REFUSED);
    assert_string_equal(rotated.refusal.code, "V-1973");
    assert_string_equal(rotated.refusal.field, field);
    assert_true(rotated.refusal.why[0] != '\0');
    assert_int_equal(steps_state(signer).size, size);
}

static void read_bundle(struct vouch_signer *signer, struct vouch_trust *ret_trust) {
    const struct vouch_signer_state state = steps_state(signer);
    struct vouch_key *checkpoint_key = NULL;
    assert_int_equal(vouch_key_parse(state.checkpoint_key, &checkpoint_key, NULL), VOUCH_OK);
    const struct vouch_trust_known known = {checkpoint_key, NULL, state.trust_version};
    assert_int_equal(vouch_trust_verify(state.trust, &known, ret_trust, NULL), VOUCH_OK);
    vouch_key_free(checkpoint_key);
}

// The bundle has each key of the state that is not removed, in its state, and no other.
static void bundle_fits(struct vouch_signer *signer) {
    struct vouch_trust trust = {0};
    size_t counted = 0;
    read_bundle(signer, &trust);
    const struct vouch_signer_state state = steps_state(signer);
    for (size_t i = 0; i < state.ca_count; i++) {
        struct vouch_key *key = NULL;
        assert_int_equal(vouch_key_parse(state.cas[i].key, &key, NULL), VOUCH_OK);
        const char *told = vouch_trust_state_text(vouch_trust_of(&trust, state.cas[i].use, key));
        if (state.cas[i].state == VOUCH_CA_KEY_REMOVED) {
            assert_null(told);
        } else {
            assert_string_equal(told, vouch_ca_key_state_text(state.cas[i].state));
            counted++;
        }
        assert_true(state.cas[i].since_ms > UINT64_C(1700000000000));
        assert_true(state.cas[i].state != VOUCH_CA_KEY_ACTIVE || state.cas[i].has_signed == 1);
        vouch_key_free(key);
    }
    assert_int_equal(trust.key_count, counted);
    vouch_trust_done(&trust);
}

// --- the steps

static void goes_round_with_both_uses_and_signs_at_every_step(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2 * STEPS_ROUND; i++) {
            uint64_t version = steps_state(signer).trust_version;
            enum vouch_cert_type use = i < STEPS_ROUND ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
            steps_sign(fixture, signer);
            steps_do(signer, use, steps_round[i % STEPS_ROUND]);
            assert_true(steps_state(signer).trust_version > version);
            assert_int_equal(steps_phase(signer, use), phases[(i + 1) % STEPS_ROUND].phase);
            bundle_fits(signer);
        }
    }
    steps_sign(fixture, signer);
    body_end(fixture, signer);
    assert_int_equal(fixture_count(fixture, "ca.key.new"), 6);
    assert_int_equal(fixture_count(fixture, "ca.key.switch"), 4);
    assert_int_equal(fixture_count(fixture, "ca.key.remove"), 4);
    assert_int_equal(fixture_count(fixture, "ca.key.destroy"), 4);
    assert_proven(fixture);
}

static void both_uses_are_rotated_side_by_side(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < STEPS_ROUND; i++) {
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
        steps_do(signer, VOUCH_CERT_HOST, steps_round[i]);
        steps_sign(fixture, signer);
        bundle_fits(signer);
    }
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void there_is_a_way_back_until_the_end(void **state) {
    struct fixture *fixture = *state;
    static const enum vouch_rotation_verb way[] = {
        VOUCH_ROTATE_CREATE, VOUCH_ROTATE_DROP,    VOUCH_ROTATE_CREATE, VOUCH_ROTATE_SWITCH,
        VOUCH_ROTATE_BACK,   VOUCH_ROTATE_SWITCH,  VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_RESTORE,
        VOUCH_ROTATE_BACK,   VOUCH_ROTATE_SWITCH,  VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_RESTORE,
        VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_DESTROY,
    };
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        steps_do(signer, VOUCH_CERT_USER, way[i]);
        steps_sign(fixture, signer);
        bundle_fits(signer);
    }
    assert_int_equal(steps_phase(signer, VOUCH_CERT_USER), VOUCH_ROTATION_STEADY);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void back_makes_the_key_of_before_sign_again(void **state) {
    struct fixture *fixture = *state;
    char before[VOUCH_FINGERPRINT_MAX], after[VOUCH_FINGERPRINT_MAX];
    struct vouch_signer *signer = body_begin(fixture);
    steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE, before);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE, after);
    assert_string_not_equal(before, after);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_BACK);
    steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE, after);
    assert_string_equal(before, after);
    body_end(fixture, signer);
}

// --- what is refused

static void refuses_each_verb_in_each_wrong_phase(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < STEPS_ROUND; i++) {
        for (unsigned verb = 0; verb <= VOUCH_ROTATE_DESTROY + 1; verb++) {
            const struct vouch_rotation_step *row =
                vouch_rotation_step_of((enum vouch_rotation_verb)verb);
            if (row == NULL || row->from != phases[i].phase) {
                const struct vouch_signer_rotation ask =
                    steps_ask(VOUCH_CERT_USER, (enum vouch_rotation_verb)verb);
                refuses(signer, &ask, "verb");
            }
        }
        assert_int_equal(steps_phase(signer, VOUCH_CERT_USER), phases[i].phase);
        assert_int_equal(steps_phase(signer, VOUCH_CERT_HOST), VOUCH_ROTATION_STEADY);
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
    }
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void destroys_a_key_only_by_its_own_name(void **state) {
    struct fixture *fixture = *state;
    char active[VOUCH_FINGERPRINT_MAX];
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_rotation ask = steps_ask(VOUCH_CERT_USER, VOUCH_ROTATE_DROP);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    for (unsigned i = 0; i < 2; i++) {
        steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE, active);
        ask.fingerprint = (struct vouch_bytes){0};
        refuses(signer, &ask, "fingerprint");
        ask.fingerprint = vouch_bytes_of("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        refuses(signer, &ask, "fingerprint");
        ask.fingerprint = vouch_bytes_of(active); // what signs is never destroyed
        refuses(signer, &ask, "fingerprint");
        ask.verb = VOUCH_ROTATE_DESTROY;
        if (i == 0) {
            steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
            steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_REMOVE);
        }
    }
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_DESTROY);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void refuses_other_words_that_make_no_sense(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_rotation ask = steps_ask(VOUCH_CERT_NONE, VOUCH_ROTATE_CREATE);
    refuses(signer, &ask, "use");
    ask.use = (enum vouch_cert_type)3;
    refuses(signer, &ask, "use");
    ask = steps_ask(VOUCH_CERT_HOST, VOUCH_ROTATE_CREATE);
    ask.actor = (struct vouch_bytes){0};
    refuses(signer, &ask, "actor");
    ask = steps_ask(VOUCH_CERT_HOST, VOUCH_ROTATE_CREATE);
    ask.key = vouch_key_blob(vouch_private_key_public(fixture->subject)); // keys are in files
    refuses(signer, &ask, "key");
    ask = steps_ask(VOUCH_CERT_HOST, VOUCH_ROTATE_CREATE);
    ask.fingerprint = vouch_bytes_of("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    refuses(signer, &ask, "fingerprint");
    body_end(fixture, signer);
}

static void drops_a_key_that_has_signed_only_in_a_hurry(void **state) {
    struct fixture *fixture = *state;
    char next[VOUCH_FINGERPRINT_MAX];
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_rotation ask = steps_ask(VOUCH_CERT_HOST, VOUCH_ROTATE_DROP);
    struct vouch_signer_rotated rotated = {0};
    steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_CREATE);
    steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_SWITCH);
    steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_BACK);
    body_end(fixture, signer);
    signer = body_begin(fixture); // a start remembers it
    steps_fingerprint(signer, VOUCH_CERT_HOST, VOUCH_CA_KEY_NEXT, next);
    ask.fingerprint = vouch_bytes_of(next);
    refuses(signer, &ask, "fingerprint");
    ask.is_hurried = 1;
    assert_int_equal(vouch_signer_rotate(signer, &ask, FIXTURE_DEADLINE, &rotated, NULL), VOUCH_OK);
    assert_int_equal(rotated.outcome, VOUCH_SIGNER_DONE);
    assert_int_equal(steps_phase(signer, VOUCH_CERT_HOST), VOUCH_ROTATION_STEADY);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void signs_none_of_its_keys_of_any_state(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < STEPS_ROUND - 1; i++) {
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
        for (size_t k = 0; k < steps_state(signer).ca_count; k++) {
            struct vouch_key *key = NULL;
            assert_int_equal(vouch_key_parse(steps_state(signer).cas[k].key, &key, NULL), VOUCH_OK);
            struct vouch_signer_ask ask = fixture_ask(fixture);
            struct vouch_signer_grant grant = {0};
            ask.spec.key = key;
            assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL),
                             VOUCH_OK);
            assert_int_equal(grant.outcome, VOUCH_SIGNER_REFUSED);
            assert_string_equal(grant.refusal.field, "public key");
            vouch_key_free(key);
        }
    }
    body_end(fixture, signer);
}

// --- files, and starts

static void a_key_that_is_destroyed_leaves_no_file(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    assert_int_equal(steps_files(fixture), 2);
    for (size_t i = 0; i < STEPS_ROUND; i++) {
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
        assert_int_equal(steps_files(fixture), i + 1 < STEPS_ROUND ? 3 : 2);
        assert_int_equal(access(fixture_path(fixture, "user_ca"), F_OK),
                         i + 1 < STEPS_ROUND ? 0 : -1);
        assert_int_equal(access(fixture_path(fixture, "user_ca.pub"), F_OK),
                         i + 1 < STEPS_ROUND ? 0 : -1);
    }
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_DROP);
    assert_int_equal(steps_files(fixture), 2);
    body_end(fixture, signer);
}

enum loss { NOTHING, STEP, LIST, LOSSES };

// A crash right behind a step, which takes the list of keys with it as it was before, or altogether.
static struct vouch_signer *lose(struct fixture *fixture, struct vouch_signer *signer,
                                 enum loss loss) {
    char keys[160];
    (void)snprintf(keys, sizeof keys, "%s", fixture_path(fixture, "keys"));
    body_end(fixture, signer);
    if (loss == STEP) {
        fixture_copy(fixture_path(fixture, "keys.before"), keys);
    } else if (loss == LIST) {
        assert_int_equal(unlink(keys), 0);
    }
    return body_begin(fixture);
}

struct standing {
    char active[VOUCH_FINGERPRINT_MAX], other[VOUCH_FINGERPRINT_MAX];
};

static struct standing standing_of(struct vouch_signer *signer, enum vouch_ca_key_state other) {
    struct standing standing;
    steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_ACTIVE, standing.active);
    steps_fingerprint(signer, VOUCH_CERT_USER, other, standing.other);
    return standing;
}

static void every_start_finds_each_step_whatever_became_of_the_list(void **state) {
    struct fixture *fixture = *state;
    static const enum vouch_rotation_verb way[] = {
        VOUCH_ROTATE_CREATE, VOUCH_ROTATE_DROP,   VOUCH_ROTATE_CREATE, VOUCH_ROTATE_SWITCH,
        VOUCH_ROTATE_BACK,   VOUCH_ROTATE_SWITCH, VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_RESTORE,
        VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_DESTROY};
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        char keys[160];
        const struct vouch_rotation_step *row = vouch_rotation_step_of(way[i]);
        enum vouch_ca_key_state other =
            row->other == VOUCH_CA_KEY_ACTIVE ? row->active : row->other;
        (void)snprintf(keys, sizeof keys, "%s", fixture_path(fixture, "keys"));
        fixture_copy(keys, fixture_path(fixture, "keys.before"));
        steps_do(signer, VOUCH_CERT_USER, row->verb);
        const struct standing before = standing_of(signer, other);
        for (enum loss loss = NOTHING; loss < LOSSES; loss++) {
            signer = lose(fixture, signer, loss);
            const struct standing after = standing_of(signer, other);
            assert_string_equal(after.active, before.active);
            assert_string_equal(after.other, before.other);
            steps_sign(fixture, signer);
            bundle_fits(signer);
        }
    }
    body_end(fixture, signer);
    assert_proven(fixture);
    assert_int_equal(steps_files(fixture), 2);
}

static void a_start_takes_back_a_key_that_no_record_knows(void **state) {
    struct fixture *fixture = *state;
    char keys[160], made[160];
    struct vouch_signer *signer = body_begin(fixture);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    struct vouch_key_list list = {0};
    int found = 0;
    (void)snprintf(keys, sizeof keys, "%s", fixture_path(fixture, "keys"));
    assert_int_equal(vouch_key_list_read(keys, &list, &found, NULL), VOUCH_OK);
    const struct vouch_listed_key *next = vouch_key_list_other(&list, VOUCH_CERT_USER);
    (void)snprintf(made, sizeof made, "%s", fixture_path(fixture, next->file));
    fixture_copy(made, fixture_path(fixture, "kept"));
    struct vouch_key_list before = list;
    before.rows[next - list.rows].state = VOUCH_CA_KEY_NONE;
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_DROP);
    before.ledger_size = steps_state(signer).size;
    body_end(fixture, signer);
    // As if the process had ended between making the file and recording the key.
    fixture_copy(fixture_path(fixture, "kept"), made);
    assert_int_equal(vouch_key_list_write(keys, &before, NULL), VOUCH_OK);
    signer = body_begin(fixture);
    assert_int_equal(access(made, F_OK), -1);
    assert_int_equal(steps_phase(signer, VOUCH_CERT_USER), VOUCH_ROTATION_STEADY);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    body_end(fixture, signer);
    assert_proven(fixture);
}

// Puts a folder among the files where the key's own file was, so that it cannot be overwritten.
static void what_cannot_be_destroyed_yet_is_destroyed_later(void **state) {
    struct fixture *fixture = *state;
    char kept[160], path[160], name[VOUCH_FINGERPRINT_MAX];
    struct vouch_signer_rotated rotated = {0};
    struct vouch_fault fault = {0};
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < 3; i++) {
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
    }
    (void)snprintf(kept, sizeof kept, "%s", fixture_path(fixture, "kept"));
    (void)snprintf(path, sizeof path, "%s", fixture_path(fixture, "user_ca"));
    fixture_copy(path, kept);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    steps_fingerprint(signer, VOUCH_CERT_USER, VOUCH_CA_KEY_REMOVED, name);
    for (unsigned i = 0; i < 2; i++) {
        enum vouch_rotation_verb verb = i == 0 ? VOUCH_ROTATE_DESTROY : VOUCH_ROTATE_CREATE;
        assert_true(steps_try(signer, VOUCH_CERT_USER, verb, &rotated, &fault) < 0);
        assert_string_equal(fault.kind->code, "V-1974");
        // The step stands; but nothing new is begun before the file is gone.
        assert_int_equal(steps_phase(signer, VOUCH_CERT_USER), VOUCH_ROTATION_STEADY);
    }
    steps_sign(fixture, signer);
    assert_int_equal(rmdir(path), 0);
    fixture_copy(kept, path);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    assert_int_equal(access(path, F_OK), -1);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void refuses_to_start_with_a_list_or_files_that_do_not_fit(void **state) {
    struct fixture *fixture = *state;
    char keys[160], kept[160], public[160], other[160];
    struct vouch_signer *signer = body_begin(fixture);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_SWITCH);
    body_end(fixture, signer);
    (void)snprintf(keys, sizeof keys, "%s", fixture_path(fixture, "keys"));
    (void)snprintf(kept, sizeof kept, "%s", fixture_path(fixture, "kept"));
    (void)snprintf(public, sizeof public, "%s", fixture_path(fixture, "user_ca.pub"));
    (void)snprintf(other, sizeof other, "%s", fixture_path(fixture, "host_ca.pub"));
    fixture_copy(keys, kept);
    assert_int_equal(truncate(keys, 100), 0);
    fixture_open_fails(fixture, "V-1972");
    fixture_copy(kept, keys);
    fixture_copy(public, kept);
    assert_int_equal(unlink(public), 0);
    fixture_open_fails(fixture, "V-1972");
    fixture_copy(other, public);
    fixture_open_fails(fixture, "V-1303");
    fixture_copy(kept, public);
    signer = body_begin(fixture);
    steps_do(signer, VOUCH_CERT_USER, VOUCH_ROTATE_BACK);
    body_end(fixture, signer);
    assert_proven(fixture);
}

// Folders are put back from a copy: the ledger with the keys, or one of the two alone.
static void a_copy_that_is_put_back_has_the_keys_of_its_own_ledger(void **state) {
    struct fixture *fixture = *state;
    char keys[160], ledger[160];
    struct vouch_signer *signer = body_begin(fixture);
    steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_CREATE);
    steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_SWITCH);
    const struct standing before = standing_of(signer, VOUCH_CA_KEY_ACTIVE);
    body_end(fixture, signer);
    (void)snprintf(keys, sizeof keys, "%s.copy", fixture->keys_dir);
    (void)snprintf(ledger, sizeof ledger, "%s.copy", fixture->ledger_dir);
    fixture_copy(fixture->keys_dir, keys);
    fixture_copy(fixture->ledger_dir, ledger);
    for (unsigned i = 0; i < 3; i++) { // the ledger alone, both, the keys alone
        signer = body_begin(fixture);
        steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_REMOVE);
        if (i > 0) {
            steps_do(signer, VOUCH_CERT_HOST, VOUCH_ROTATE_DESTROY);
        }
        body_end(fixture, signer);
        if (i < 2) {
            fixture_copy(ledger, fixture->ledger_dir);
        }
        if (i > 0) {
            fixture_copy(keys, fixture->keys_dir);
        }
        signer = body_begin(fixture);
        assert_int_equal(steps_phase(signer, VOUCH_CERT_HOST),
                         i < 2 ? VOUCH_ROTATION_DRAIN : VOUCH_ROTATION_STEADY);
        assert_string_equal(standing_of(signer, VOUCH_CA_KEY_ACTIVE).active, before.active);
        steps_sign(fixture, signer);
        bundle_fits(signer);
        body_end(fixture, signer);
        assert_proven(fixture);
    }
    assert_int_equal(steps_files(fixture), 2);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(goes_round_with_both_uses_and_signs_at_every_step),
        WITH_CA(both_uses_are_rotated_side_by_side),
        WITH_CA(there_is_a_way_back_until_the_end),
        WITH_CA(back_makes_the_key_of_before_sign_again),
        WITH_CA(refuses_each_verb_in_each_wrong_phase),
        WITH_CA(destroys_a_key_only_by_its_own_name),
        WITH_CA(refuses_other_words_that_make_no_sense),
        WITH_CA(drops_a_key_that_has_signed_only_in_a_hurry),
        WITH_CA(signs_none_of_its_keys_of_any_state),
        WITH_CA(a_key_that_is_destroyed_leaves_no_file),
        WITH_CA(every_start_finds_each_step_whatever_became_of_the_list),
        WITH_CA(a_start_takes_back_a_key_that_no_record_knows),
        WITH_CA(what_cannot_be_destroyed_yet_is_destroyed_later),
        WITH_CA(refuses_to_start_with_a_list_or_files_that_do_not_fit),
        WITH_CA(a_copy_that_is_put_back_has_the_keys_of_its_own_ledger),
    };
    return cmocka_run_group_tests_name("signer/rotate", tests, NULL, NULL);
}
