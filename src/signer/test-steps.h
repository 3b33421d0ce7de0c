// SPDX-License-Identifier: ISC
// Steps of rotations, for the tests that do them.
#pragma once

#include "signer/test-fixture.h"

// From steady to steady.
#define STEPS_ROUND 4
extern const enum vouch_rotation_verb steps_round[STEPS_ROUND];

// All of these fail the test where something goes wrong.
struct vouch_signer_state steps_state(struct vouch_signer *signer);
enum vouch_rotation_phase steps_phase(struct vouch_signer *signer, enum vouch_cert_type use);

// The fingerprint of the key of a use in a state; "" if there is none.
void steps_fingerprint(struct vouch_signer *signer, enum vouch_cert_type use,
                       enum vouch_ca_key_state wanted, char ret_text[static VOUCH_FINGERPRINT_MAX]);

// What is asked for a step that destroys nothing.
struct vouch_signer_rotation steps_ask(enum vouch_cert_type use, enum vouch_rotation_verb verb);

// Asks for a step, with the name of the key that goes where one does.
int steps_try(struct vouch_signer *signer, enum vouch_cert_type use, enum vouch_rotation_verb verb,
              struct vouch_signer_rotated *ret_rotated, struct vouch_fault *fault);
void steps_do(struct vouch_signer *signer, enum vouch_cert_type use, enum vouch_rotation_verb verb);

// What leads on from a phase.
enum vouch_rotation_verb steps_next(enum vouch_rotation_phase phase);

// Signs one certificate of each use, and each is by the active key that the state names.
void steps_sign(struct fixture *fixture, struct vouch_signer *signer);

// How many private files of CA keys there are.
int steps_files(const struct fixture *fixture);
