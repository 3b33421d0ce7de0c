// SPDX-License-Identifier: ISC
// Steps of rotations, for the tests that do them.
#include "signer/test-steps.h"

#include <dirent.h>
#include <string.h>

const enum vouch_rotation_verb steps_round[STEPS_ROUND] = {
    VOUCH_ROTATE_CREATE, VOUCH_ROTATE_SWITCH, VOUCH_ROTATE_REMOVE, VOUCH_ROTATE_DESTROY};

struct vouch_signer_state steps_state(struct vouch_signer *signer) {
    struct vouch_signer_state state = {0};
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &state, NULL), VOUCH_OK);
    return state;
}

enum vouch_rotation_phase steps_phase(struct vouch_signer *signer, enum vouch_cert_type use) {
    const struct vouch_signer_state state = steps_state(signer);
    return vouch_signer_phase(&state, use);
}

void steps_fingerprint(struct vouch_signer *signer, enum vouch_cert_type use,
                       enum vouch_ca_key_state wanted,
                       char ret_text[static VOUCH_FINGERPRINT_MAX]) {
    const struct vouch_signer_state state = steps_state(signer);
    ret_text[0] = '\0';
    for (size_t i = 0; i < state.ca_count; i++) {
        struct vouch_key *key = NULL;
        if (state.cas[i].use == use && state.cas[i].state == wanted) {
            assert_int_equal(vouch_key_parse(state.cas[i].key, &key, NULL), VOUCH_OK);
            vouch_key_fingerprint(key, VOUCH_HASH_SHA256, ret_text);
        }
        vouch_key_free(key);
    }
}

struct vouch_signer_rotation steps_ask(enum vouch_cert_type use, enum vouch_rotation_verb verb) {
    return (struct vouch_signer_rotation){
        .use = use, .verb = verb, .actor = vouch_bytes_of("user:carol")};
}

int steps_try(struct vouch_signer *signer, enum vouch_cert_type use, enum vouch_rotation_verb verb,
              struct vouch_signer_rotated *ret_rotated, struct vouch_fault *fault) {
    char name[VOUCH_FINGERPRINT_MAX] = "";
    struct vouch_signer_rotation ask = steps_ask(use, verb);
    if (verb == VOUCH_ROTATE_DESTROY || verb == VOUCH_ROTATE_DROP) {
        steps_fingerprint(signer, use,
                          verb == VOUCH_ROTATE_DROP ? VOUCH_CA_KEY_NEXT : VOUCH_CA_KEY_REMOVED,
                          name);
        ask.fingerprint = vouch_bytes_of(name);
    }
    return vouch_signer_rotate(signer, &ask, FIXTURE_DEADLINE, ret_rotated, fault);
}

void steps_do(struct vouch_signer *signer, enum vouch_cert_type use,
              enum vouch_rotation_verb verb) {
    struct vouch_signer_rotated rotated = {0};
    struct vouch_fault fault = {0};
    const char *name = vouch_rotation_step_of(verb)->name;
    if (steps_try(signer, use, verb, &rotated, &fault) != VOUCH_OK) {
        fail_msg("%s: %s", name, fault.text);
    }
    if (rotated.outcome != VOUCH_SIGNER_DONE) {
        fail_msg("%s: %s %s", name, rotated.refusal.field, rotated.refusal.why);
    }
    assert_true(rotated.number > 0 && rotated.time_ms > 0);
}

enum vouch_rotation_verb steps_next(enum vouch_rotation_phase phase) {
    for (size_t i = 0; i < STEPS_ROUND; i++) {
        if (vouch_rotation_step_of(steps_round[i])->from == phase) {
            return steps_round[i];
        }
    }
    return VOUCH_ROTATE_NONE;
}

void steps_sign(struct fixture *fixture, struct vouch_signer *signer) {
    static const struct vouch_bytes host = {(const uint8_t *)"web1.example.com", 16};
    for (unsigned i = 0; i < 2; i++) {
        struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        struct vouch_cert *cert = NULL;
        ask.spec.type = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        ask.spec.principals = i == 0 ? ask.spec.principals : &host;
        ask.spec.extension_count = i == 0 ? 1 : 0;
        assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
        assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
        assert_int_equal(vouch_cert_parse(grant.cert, &cert, NULL), VOUCH_OK);
        const struct vouch_signer_state state = steps_state(signer);
        assert_true(
            vouch_bytes_equal(vouch_key_blob(cert->ca), i == 0 ? state.user_ca : state.host_ca));
        vouch_cert_free(cert);
    }
}

int steps_files(const struct fixture *fixture) {
    DIR *folder = opendir(fixture->keys_dir);
    int count = 0;
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        int is_ca =
            strncmp(entry->d_name, "user_ca", 7) == 0 || strncmp(entry->d_name, "host_ca", 7) == 0;
        count += is_ca && strchr(entry->d_name, '.') == NULL;
    }
    (void)closedir(folder);
    return count;
}
