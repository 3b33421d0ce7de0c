// SPDX-License-Identifier: ISC
// The parts of test-machine.h.
#include "authority/test-machine.h"

#include "base/str.h"
#include "core/key-signer.h"

#define PROOF_MAX 8192

struct machine machine_new(const char *name, uint8_t id) {
    struct machine machine = {.name = name, .id = id, .key_count = 2};
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &machine.keys[0]), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ECDSA_P256, 0, &machine.keys[1]),
                     VOUCH_OK);
    return machine;
}

void machine_free(struct machine *machine) {
    for (size_t i = 0; i < VOUCH_HOST_KEYS_MAX; i++) {
        vouch_private_key_free(machine->keys[i]);
        vouch_buf_done(&machine->proofs[i]);
    }
}

struct machine_token machine_token(struct lab *lab, const char *match, uint64_t uses) {
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    const struct vouch_ask_host_token_new ask = {.match = vouch_bytes_of(match),
                                                 .zone = vouch_bytes_of("prod"),
                                                 .labels = lab_list("tier=web"),
                                                 .uses = uses};
    struct vouch_answer_host_token answer;
    struct machine_token token = {0};
    test_ok(vouch_authority_host_token_new(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.secret.len, 7 + 43);
    memcpy(token.secret, answer.secret.ptr, answer.secret.len);
    token.id = answer.row.id;
    return token;
}

struct vouch_caller machine_stranger(const char *source) {
    return (struct vouch_caller){.source = vouch_bytes_of(source),
                                 .request = vouch_bytes_of("req-9")};
}

struct vouch_caller machine_caller(const struct machine *machine) {
    return (struct vouch_caller){.way = VOUCH_CALLER_HOST,
                                 .token = vouch_bytes_of(machine->secret),
                                 .source = vouch_bytes_of("192.0.2.41"),
                                 .request = vouch_bytes_of("req-10")};
}

static void prove(struct machine *machine, enum vouch_host_proof_purpose purpose, uint64_t time_s) {
    const struct vouch_key *with[VOUCH_HOST_KEYS_MAX];
    struct vouch_host_proof proof = {.purpose = purpose,
                                     .ca = vouch_bytes_of(LAB_ORIGIN),
                                     .name = vouch_bytes_of(machine->name),
                                     .time_s = time_s,
                                     .with = with,
                                     .with_count = machine->key_count};
    memset(machine->machine, machine->id, sizeof machine->machine);
    memcpy(proof.machine, machine->machine, sizeof proof.machine);
    for (size_t i = 0; i < machine->key_count; i++) {
        with[i] = vouch_private_key_public(machine->keys[i]);
    }
    for (size_t i = 0; i < machine->key_count; i++) {
        vouch_buf_done(&machine->proofs[i]);
        vouch_buf_init(&machine->proofs[i], PROOF_MAX);
        proof.key = with[i];
        assert_int_equal(vouch_host_proof_make(&proof, vouch_key_signs, machine->keys[i],
                                               &machine->proofs[i], NULL),
                         VOUCH_OK);
        machine->rows[i] =
            (struct vouch_host_key_row){.key = vouch_key_blob(with[i]),
                                        .proof = vouch_buf_bytes(&machine->proofs[i]),
                                        .serial = machine->serials[i]};
    }
}

static uint64_t clock_of(const struct machine *machine) {
    return (uint64_t)((int64_t)vouch_time_now_s() + machine->clock_s);
}

struct vouch_ask_enrol machine_ask(struct machine *machine, const char *token) {
    const uint64_t time_s = clock_of(machine);
    prove(machine, VOUCH_HOST_PROOF_ENROL, time_s);
    return (struct vouch_ask_enrol){.token = vouch_bytes_of(token),
                                    .name = vouch_bytes_of(machine->name),
                                    .aliases = lab_list(machine->aliases),
                                    .labels = lab_list(machine->labels),
                                    .keys = machine->rows,
                                    .key_count = machine->key_count,
                                    .time_s = time_s,
                                    .machine = {machine->machine, sizeof machine->machine},
                                    .agent = vouch_bytes_of("vouch-host 0.1.0"),
                                    .sshd = vouch_bytes_of("OpenSSH_9.2p1")};
}

static void keep(struct machine *machine, const struct vouch_answer_enrol *answer) {
    assert_int_equal(answer->cert_count, machine->key_count);
    assert_int_equal(answer->secret.len, 7 + 43);
    memcpy(machine->secret, answer->secret.ptr, answer->secret.len);
    machine->generation = answer->generation;
    for (size_t i = 0; i < answer->cert_count; i++) {
        machine->serials[i] = answer->certs[i].serial;
    }
}

struct vouch_answer_enrol machine_enrol(struct lab *lab, struct machine *machine, const char *token,
                                        enum vouch_verdict wanted) {
    const struct vouch_caller caller = machine_stranger("192.0.2.40");
    const struct vouch_ask_enrol ask = machine_ask(machine, token);
    struct vouch_answer_enrol answer;
    test_ok(vouch_authority_enrol(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, wanted);
    if (answer.state == VOUCH_HOST_ACTIVE) {
        keep(machine, &answer);
    }
    return answer;
}

struct vouch_ask_host_renew machine_ask_renew(struct machine *machine) {
    const uint64_t time_s = clock_of(machine);
    prove(machine, VOUCH_HOST_PROOF_RENEW, time_s);
    return (struct vouch_ask_host_renew){.aliases = lab_list(machine->aliases),
                                         .keys = machine->rows,
                                         .key_count = machine->key_count,
                                         .time_s = time_s,
                                         .machine = {machine->machine, sizeof machine->machine},
                                         .agent = vouch_bytes_of("vouch-host 0.1.0"),
                                         .sshd = vouch_bytes_of("OpenSSH_9.2p1")};
}

struct vouch_answer_enrol machine_renew(struct lab *lab, struct machine *machine,
                                        enum machine_renewal renewal, enum vouch_verdict wanted) {
    const struct vouch_caller caller = machine_caller(machine);
    const struct vouch_ask_host_renew ask = machine_ask_renew(machine);
    struct vouch_answer_enrol answer;
    test_ok(vouch_authority_host_renew(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, wanted);
    if (answer.reply.verdict == VOUCH_VERDICT_DONE && renewal == MACHINE_KEEP) {
        keep(machine, &answer);
    }
    return answer;
}

const char *machine_fingerprint(const struct machine *machine) {
    static char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(vouch_private_key_public(machine->keys[0]), VOUCH_HASH_SHA256, text);
    return text;
}

struct vouch_answer_fleet_row machine_change(struct lab *lab,
                                             const struct vouch_ask_fleet_change *ask,
                                             enum vouch_verdict wanted) {
    const struct vouch_caller caller = company_caller(lab, "root-of-all", 10);
    struct vouch_answer_fleet_row answer;
    test_ok(vouch_authority_fleet_change(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

struct vouch_fleet_row machine_row(struct lab *lab, const char *name) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(name)};
    struct vouch_answer_fleet_row answer;
    test_ok(vouch_authority_fleet_change(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row;
}
