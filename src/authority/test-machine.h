// SPDX-License-Identifier: ISC
// Machines that enrol in the company's lab (test-company.h): host keys, proofs, and what they were given.
#pragma once

#include "authority/test-company.h"
#include "core/host-proof.h"

struct machine {
    const char *name, *aliases, *labels; // the last two parted by blanks; NULL: none
    uint8_t id;                          // what tells machines apart
    int64_t clock_s;                     // how far its clock is ahead
    struct vouch_private_key *keys[VOUCH_HOST_KEYS_MAX];
    size_t key_count;
    struct vouch_host_key_row rows[VOUCH_HOST_KEYS_MAX]; // of the newest request
    struct vouch_buf proofs[VOUCH_HOST_KEYS_MAX];
    uint8_t machine[32];
    // What it was given last.
    char secret[VOUCH_TOKEN_TEXT_MAX];
    uint64_t serials[VOUCH_HOST_KEYS_MAX];
    uint64_t generation;
};

// A machine with an Ed25519 and an ECDSA key; and its end.
struct machine machine_new(const char *name, uint8_t id);
void machine_free(struct machine *machine);

// A token for a name or pattern of zone prod; its ID and secret.
struct machine_token {
    uint64_t id;
    char secret[VOUCH_TOKEN_TEXT_MAX];
};
struct machine_token machine_token(struct lab *lab, const char *match, uint64_t uses);

// Somebody who is not known; and a machine with the secret that it has.
struct vouch_caller machine_stranger(const char *source);
struct vouch_caller machine_caller(const struct machine *machine);

// A request to enrol with good proofs, good until the machine's next one.
struct vouch_ask_enrol machine_ask(struct machine *machine, const char *token);
// Enrols from 192.0.2.40 and wants this verdict; what it is given it keeps.
struct vouch_answer_enrol machine_enrol(struct lab *lab, struct machine *machine, const char *token,
                                        enum vouch_verdict wanted);
// Renews with the secret and certificates that it has. With KEEP it takes what it is given; with LOSE it
// never hears of it.
enum machine_renewal { MACHINE_KEEP = 0, MACHINE_LOSE };
struct vouch_answer_enrol machine_renew(struct lab *lab, struct machine *machine,
                                        enum machine_renewal renewal, enum vouch_verdict wanted);
struct vouch_ask_host_renew machine_ask_renew(struct machine *machine);

// "SHA256:..." of its first key; good until the next call.
const char *machine_fingerprint(const struct machine *machine);

// What an administrator does, and wants this verdict.
struct vouch_answer_fleet_row machine_change(struct lab *lab,
                                             const struct vouch_ask_fleet_change *ask,
                                             enum vouch_verdict wanted);
// The row of a host, by a reader.
struct vouch_fleet_row machine_row(struct lab *lab, const char *name);
