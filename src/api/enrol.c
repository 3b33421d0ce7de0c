// SPDX-License-Identifier: ISC
// /v1/host/enrol, /v1/host/renew and DELETE /v1/host: how a machine becomes a host of the fleet, gets new
// certificates, and leaves.
#include "api/fields.h"
#include "api/resources.h"

#define PROOF_MAX 16384
#define VERSION_MAX 128
#define MACHINE_LEN 32

// What a machine says of itself, enrolling and renewing alike.
struct machine {
    struct vouch_api_texts aliases;
    struct vouch_host_key_row keys[VOUCH_HOST_KEYS_MAX];
    size_t key_count;
    uint64_t time_s;
    struct vouch_bytes machine, agent, sshd;
};

static void read_proven_key(struct vouch_api_call *call, struct vouch_host_key_row *ret_row) {
    ret_row->key = vouch_api_public_key(call, VOUCH_API_REQUIRED);
    ret_row->proof = vouch_api_secret(call, "proof", VOUCH_API_REQUIRED, PROOF_MAX); // has lines
}

static void read_new_key(struct vouch_api_call *call, void *into, size_t place) {
    static const char *const members[] = {"public_key", "proof", NULL};
    struct machine *machine = into;
    vouch_api_members(call, members);
    read_proven_key(call, &machine->keys[place]);
    machine->key_count = place + 1;
}

static void read_known_key(struct vouch_api_call *call, void *into, size_t place) {
    static const char *const members[] = {"public_key", "proof", "serial", NULL};
    struct machine *machine = into;
    struct vouch_host_key_row *row = &machine->keys[place];
    vouch_api_members(call, members);
    read_proven_key(call, row);
    row->serial = vouch_api_serial(call, "serial");
    if (row->serial == 0 && !call->refused) {
        vouch_api_refuse_field(call, "serial", "serial is missing: of the key's certificate");
    }
    machine->key_count = place + 1;
}

static void read_machine(struct vouch_api_call *call, struct machine *machine,
                         void (*read_key)(struct vouch_api_call *call, void *into, size_t place)) {
    vouch_api_texts(call, "aliases", VOUCH_API_OPTIONAL, VOUCH_HOST_NAME_LEN_MAX,
                    &machine->aliases);
    vouch_api_objects(call, "keys", VOUCH_HOST_KEYS_MAX, read_key, machine);
    machine->time_s = vouch_api_time_ms(call, "time", VOUCH_API_REQUIRED) / 1000;
    machine->machine = vouch_api_hex(call, "machine", MACHINE_LEN);
    machine->agent = vouch_api_text(call, "agent", VOUCH_API_OPTIONAL, VERSION_MAX);
    machine->sshd = vouch_api_text(call, "sshd", VOUCH_API_OPTIONAL, VERSION_MAX);
}

static int answer_waiting(struct vouch_api_call *call) {
    vouch_api_answer_begin(call, 202, "vouch.enrolment/1");
    vouch_json_text(&call->json, "state", vouch_bytes_of("waiting"));
    return vouch_api_answer_end(call);
}

static int answer_enrolled(struct vouch_api_call *call, const struct vouch_answer_enrol *answer) {
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 201, "vouch.enrolment/1");
    vouch_json_text(json, "state", vouch_bytes_of("active"));
    vouch_json_id(json, "id", answer->id);
    vouch_json_text(json, "name", answer->name);
    vouch_json_text(json, "zone", answer->zone);
    vouch_json_texts(json, "names", answer->names.items, answer->names.count);
    vouch_json_open(json, "certificates", '[');
    for (size_t i = 0; i < answer->cert_count; i++) {
        vouch_json_cert(json, NULL, answer->certs[i].cert);
    }
    vouch_json_close(json, ']');
    vouch_json_text(json, "secret", answer->secret);
    vouch_json_number(json, "generation", answer->generation);
    return vouch_api_answer_end(call);
}

int vouch_api_host_enrol(struct vouch_api_call *call) {
    static const char *const members[] = {"token", "name",    "aliases", "labels", "keys",
                                          "time",  "machine", "agent",   "sshd",   NULL};
    struct machine machine = {0};
    struct vouch_api_texts labels;
    struct vouch_ask_enrol ask = {0};
    vouch_api_members(call, members);
    ask.token = vouch_api_secret(call, "token", VOUCH_API_OPTIONAL, VOUCH_TOKEN_TEXT_MAX);
    ask.name = vouch_api_text(call, "name", VOUCH_API_REQUIRED, VOUCH_HOST_NAME_LEN_MAX);
    vouch_api_options(call, "labels", VOUCH_API_VALUES, &labels);
    read_machine(call, &machine, read_new_key);
    if (call->refused) {
        return VOUCH_OK;
    }
    ask.aliases = vouch_api_list_of(&machine.aliases);
    ask.labels = vouch_api_list_of(&labels);
    ask.keys = machine.keys;
    ask.key_count = machine.key_count;
    ask.time_s = machine.time_s;
    ask.machine = machine.machine;
    ask.agent = machine.agent;
    ask.sshd = machine.sshd;
    struct vouch_answer_enrol answer = {0};
    int err = vouch_authority_enrol(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    return answer.state == VOUCH_HOST_ACTIVE ? answer_enrolled(call, &answer)
                                             : answer_waiting(call);
}

int vouch_api_host_renew(struct vouch_api_call *call) {
    static const char *const members[] = {"aliases", "keys", "time", "machine",
                                          "agent",   "sshd", NULL};
    struct machine machine = {0};
    vouch_api_members(call, members);
    read_machine(call, &machine, read_known_key);
    if (call->refused) {
        return VOUCH_OK;
    }
    const struct vouch_ask_host_renew ask = {.aliases = vouch_api_list_of(&machine.aliases),
                                             .keys = machine.keys,
                                             .key_count = machine.key_count,
                                             .time_s = machine.time_s,
                                             .machine = machine.machine,
                                             .agent = machine.agent,
                                             .sshd = machine.sshd};
    struct vouch_answer_enrol answer = {0};
    int err =
        vouch_authority_host_renew(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_enrolled(call, &answer) : VOUCH_OK;
}

int vouch_api_host_leave(struct vouch_api_call *call) {
    const struct vouch_ask_host_leave ask = {0};
    struct vouch_answer_host_left answer = {0};
    int err =
        vouch_authority_host_leave(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.host-left/1");
    vouch_json_text(&call->json, "name", answer.name);
    vouch_json_number(&call->json, "revoked", answer.revoked);
    return vouch_api_answer_end(call);
}
