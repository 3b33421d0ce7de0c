// SPDX-License-Identifier: ISC
// Holder of a CA key that lives in an ssh-agent.
//
// The agent is asked over a connection of its own each time, so a holder may be used from many threads
// and outlives a restart of its agent. What the agent signs is verified before it counts as signed.
#include <stdlib.h>

#include "base/mem.h"
#include "base/stream.h"
#include "core/agent-msg.h"
#include "signer/holder.h"

#define LIST_TIMEOUT_NS (10 * UINT64_C(1000000000))
#define SIGN_TIMEOUT_NS (60 * UINT64_C(1000000000)) // a person may have to confirm

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

struct agent_holder {
    struct vouch_holder base;
    char *socket_path;
};

static struct vouch_stream_peer peer_at(const char *socket_path, uint64_t timeout_ns) {
    return (struct vouch_stream_peer){.name = "ssh-agent",
                                      .path = socket_path,
                                      .kind = &vouch_fault_agent,
                                      .timeout_ns = timeout_ns,
                                      .answer_max = VOUCH_AGENT_MESSAGE_MAX};
}

static int sign(struct vouch_holder *holder, const char *algorithm, struct vouch_bytes tbs,
                struct vouch_buf *signature, struct vouch_fault *fault) {
    const struct agent_holder *agent = (const struct agent_holder *)holder;
    struct vouch_stream_peer peer = peer_at(agent->socket_path, SIGN_TIMEOUT_NS);
    const struct vouch_agent_sign what = {.key = holder->key, .algorithm = algorithm, .data = tbs};
    autobuf struct vouch_buf question;
    autobuf struct vouch_buf answer;
    vouch_buf_init(&question, VOUCH_AGENT_MESSAGE_MAX);
    vouch_buf_init(&answer, VOUCH_AGENT_MESSAGE_MAX);
    struct vouch_where where = {0};
    int err = vouch_agent_msg_write_sign(&what, &question, &where);
    if (err != VOUCH_OK) {
        return vouch_stream_fault(&peer, err, &where, fault);
    }
    err = vouch_stream_ask(&peer, vouch_buf_bytes(&question), &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes made = {0};
    err = vouch_agent_msg_read_signature(vouch_buf_bytes(&answer), &what, &made, &where);
    if (err != VOUCH_OK) {
        peer.kind = &vouch_fault_sign;
        return vouch_stream_fault(&peer, err, &where, fault);
    }
    vouch_buf_put(signature, made);
    return signature->err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_set(fault, signature->err, &vouch_fault_memory, "signature: %s",
                                 vouch_err_text(signature->err));
}

static void close_agent(struct vouch_holder *holder) {
    struct agent_holder *agent = (struct agent_holder *)holder;
    free(agent->socket_path);
    free(agent);
}

static const struct vouch_holder_driver driver = {"agent", sign, close_agent};

static int list(const struct vouch_stream_peer *peer, struct vouch_agent_listing *ret_listing,
                struct vouch_fault *fault) {
    autobuf struct vouch_buf answer;
    vouch_buf_init(&answer, VOUCH_AGENT_MESSAGE_MAX);
    int err = vouch_stream_ask(peer, vouch_agent_msg_list(), &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_where where = {0};
    err = vouch_agent_msg_read_list(vouch_buf_bytes(&answer), ret_listing, &where);
    return err == VOUCH_OK ? VOUCH_OK : vouch_stream_fault(peer, err, &where, fault);
}

static int check_held(const char *socket_path, const struct vouch_key *key,
                      struct vouch_fault *fault) {
    struct vouch_stream_peer peer = peer_at(socket_path, LIST_TIMEOUT_NS);
    vouch_autolisting struct vouch_agent_listing listing = {0};
    int err = list(&peer, &listing, fault);
    if (err != VOUCH_OK || vouch_agent_listing_has(&listing, vouch_key_blob(key))) {
        return err;
    }
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_agent,
                          "ssh-agent at %s: does not hold the CA key %s %s", socket_path,
                          vouch_key_type_label(vouch_key_type(key)), fingerprint);
    (void)vouch_fault_next(fault, "Add its private key with: ssh-add FILE (ssh-add -l lists; a "
                                  "locked agent lists nothing).");
    return VOUCH_ERR_NOT_FOUND;
}

int vouch_holder_agent_open(const char *socket_path, const struct vouch_key *key,
                            struct vouch_holder **ret_holder, struct vouch_fault *fault) {
    int err = check_held(socket_path, key, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_autofree struct agent_holder *agent = calloc(1, sizeof *agent);
    vouch_autofree char *path = strdup(socket_path);
    struct vouch_key *copy = vouch_key_copy(key);
    if (agent == NULL || path == NULL || copy == NULL) {
        vouch_key_free(copy);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "ssh-agent at %s: no memory", socket_path);
    }
    *agent = (struct agent_holder){.base = {&driver, copy}, .socket_path = vouch_steal(path)};
    *ret_holder = &vouch_steal(agent)->base;
    return VOUCH_OK;
}
