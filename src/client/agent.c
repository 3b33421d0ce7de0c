// SPDX-License-Identifier: ISC
// The ssh-agent of the person who runs a command.
#include "client/agent.h"

#include "base/mem.h"
#include "base/stream.h"

#define TIMEOUT_NS (10 * UINT64_C(1000000000))
#define SIGN_TIMEOUT_NS (60 * UINT64_C(1000000000))

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static int find_peer(const struct vouch_agent *agent, uint64_t default_timeout_ns,
                     struct vouch_stream_peer *ret_peer, struct vouch_fault *fault) {
    if (agent->socket_path == NULL || agent->socket_path[0] == '\0') {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_agent,
                               "ssh-agent: SSH_AUTH_SOCK is not set, so no agent is known");
    }
    *ret_peer = (struct vouch_stream_peer){
        .name = "ssh-agent",
        .path = agent->socket_path,
        .kind = &vouch_fault_agent,
        .timeout_ns = agent->timeout_ns != 0 ? agent->timeout_ns : default_timeout_ns,
        .answer_max = VOUCH_AGENT_MESSAGE_MAX};
    return VOUCH_OK;
}

// A refusal says nothing of its cause, so the next step is to look.
static int fail(const struct vouch_stream_peer *peer, int err, const struct vouch_where *where,
                struct vouch_fault *fault) {
    (void)vouch_stream_fault(peer, err, where, fault);
    if (err == VOUCH_ERR_REFUSED) {
        (void)vouch_fault_next(fault, "See what it holds with: ssh-add -l. If it is locked, unlock "
                                      "it with: ssh-add -X.");
    }
    return err;
}

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
    return err == VOUCH_OK ? VOUCH_OK : fail(peer, err, &where, fault);
}

// Asks for something that is answered by yes or no.
static int order(const struct vouch_stream_peer *peer, struct vouch_bytes question,
                 struct vouch_fault *fault) {
    autobuf struct vouch_buf answer;
    vouch_buf_init(&answer, VOUCH_AGENT_MESSAGE_MAX);
    int err = vouch_stream_ask(peer, question, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_where where = {0};
    err = vouch_agent_msg_read_done(vouch_buf_bytes(&answer), &where);
    return err == VOUCH_OK ? VOUCH_OK : fail(peer, err, &where, fault);
}

int vouch_agent_list(const struct vouch_agent *agent, struct vouch_agent_listing *ret_listing,
                     struct vouch_fault *fault) {
    struct vouch_stream_peer peer = {0};
    int err = find_peer(agent, TIMEOUT_NS, &peer, fault);
    return err == VOUCH_OK ? list(&peer, ret_listing, fault) : err;
}

static int ask_to_sign(const struct vouch_stream_peer *peer, const struct vouch_agent_sign *what,
                       struct vouch_buf *answer, struct vouch_fault *fault) {
    autobuf struct vouch_buf question;
    vouch_buf_init(&question, VOUCH_AGENT_MESSAGE_MAX);
    struct vouch_where where = {0};
    int err = vouch_agent_msg_write_sign(what, &question, &where);
    return err == VOUCH_OK ? vouch_stream_ask(peer, vouch_buf_bytes(&question), answer, fault)
                           : fail(peer, err, &where, fault);
}

int vouch_agent_sign(const struct vouch_agent *agent, const struct vouch_agent_sign *what,
                     struct vouch_buf *signature, struct vouch_fault *fault) {
    struct vouch_stream_peer peer = {0};
    int err = find_peer(agent, SIGN_TIMEOUT_NS, &peer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    autobuf struct vouch_buf answer;
    vouch_buf_init(&answer, VOUCH_AGENT_MESSAGE_MAX);
    err = ask_to_sign(&peer, what, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_where where = {0};
    struct vouch_bytes made = {0};
    err = vouch_agent_msg_read_signature(vouch_buf_bytes(&answer), what, &made, &where);
    if (err == VOUCH_OK) {
        vouch_buf_put(signature, made);
        err = signature->err;
    }
    return err == VOUCH_OK ? VOUCH_OK : fail(&peer, err, &where, fault);
}

// Whether the agent did what it said. It is not believed, since some say yes to everything.
enum expected { EXPECT_GONE = 0, EXPECT_HELD };

static int look_up(const struct vouch_stream_peer *peer, struct vouch_bytes blob,
                   enum expected expected, struct vouch_fault *fault) {
    vouch_autolisting struct vouch_agent_listing listing = {0};
    int err = list(peer, &listing, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    int is_held = vouch_agent_listing_has(&listing, blob);
    if (expected == EXPECT_HELD && !is_held) {
        (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, peer->kind,
                              "%s at %s: it said that it added the key, but does not list it",
                              peer->name, peer->path);
        (void)vouch_fault_next(fault, "Use an agent that takes such keys: eval $(ssh-agent).");
        return VOUCH_ERR_MISMATCH;
    }
    if (expected == EXPECT_GONE && is_held) {
        (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, peer->kind,
                              "%s at %s: it said that it removed the key, but lists it still",
                              peer->name, peer->path);
        (void)vouch_fault_next(fault, "End this agent if the key must go at once.");
        return VOUCH_ERR_MISMATCH;
    }
    return VOUCH_OK;
}

int vouch_agent_add(const struct vouch_agent *agent, const struct vouch_agent_add *what,
                    struct vouch_fault *fault) {
    struct vouch_stream_peer peer = {0};
    int err = find_peer(agent, TIMEOUT_NS, &peer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_autosecret struct vouch_secret question = {0};
    struct vouch_where where = {0};
    err = vouch_agent_msg_write_add(what, &question, &where);
    if (err != VOUCH_OK) {
        return fail(&peer, err, &where, fault);
    }
    err = order(&peer, vouch_secret_bytes(&question), fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes blob =
        what->cert != NULL ? what->cert->blob : vouch_key_blob(vouch_private_key_public(what->key));
    return look_up(&peer, blob, EXPECT_HELD, fault);
}

int vouch_agent_remove(const struct vouch_agent *agent, struct vouch_bytes blob,
                       struct vouch_fault *fault) {
    struct vouch_stream_peer peer = {0};
    int err = find_peer(agent, TIMEOUT_NS, &peer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    autobuf struct vouch_buf question;
    vouch_buf_init(&question, VOUCH_AGENT_MESSAGE_MAX);
    vouch_agent_msg_write_remove(blob, &question);
    if (question.err != VOUCH_OK) {
        return fail(&peer, question.err, &(struct vouch_where){.field = "key"}, fault);
    }
    err = order(&peer, vouch_buf_bytes(&question), fault);
    return err == VOUCH_OK ? look_up(&peer, blob, EXPECT_GONE, fault) : err;
}

int vouch_agent_remove_all(const struct vouch_agent *agent, struct vouch_fault *fault) {
    struct vouch_stream_peer peer = {0};
    int err = find_peer(agent, TIMEOUT_NS, &peer, fault);
    if (err == VOUCH_OK) {
        err = order(&peer, vouch_agent_msg_remove_all(), fault);
    }
    vouch_autolisting struct vouch_agent_listing listing = {0};
    if (err == VOUCH_OK) {
        err = list(&peer, &listing, fault);
    }
    if (err == VOUCH_OK && listing.count > 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, peer.kind,
                              "%s at %s: it said that it removed all keys, but lists %zu still",
                              peer.name, peer.path, listing.count);
    }
    return err;
}
