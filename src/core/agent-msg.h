// SPDX-License-Identifier: ISC
// Messages of the ssh-agent protocol: the questions of a client, and reading what is answered.
//
// Format: RFC 9987 and OpenSSH's PROTOCOL.agent, without the uint32 length in front (base/stream.h
// carries that). Nothing here talks to an agent. An agent is not trusted: what it signs is verified,
// and the comments it lists are bytes of its choice, to be escaped before a person sees them.
#pragma once

#include "base/secret.h"
#include "vouch/cert.h"

#define VOUCH_AGENT_MESSAGE_MAX                                                                    \
    (256 * 1024)                  // bytes of a message; OpenSSH's agent has the same bound
#define VOUCH_AGENT_KEYS_MAX 2048 // keys in one list, as OpenSSH's client
#define VOUCH_AGENT_UNTIL_REMOVED UINT32_MAX // a lifetime without end

// One key or certificate that an agent holds. Both slices lie in the listing.
struct vouch_agent_listed {
    struct vouch_bytes blob; // not judged: agents may hold types that are not known here
    struct vouch_bytes comment;
};

// What an agent holds. Owned: ended by vouch_agent_listing_done().
struct vouch_agent_listing {
    struct vouch_agent_listed *keys;
    size_t count;
    uint8_t *memory;
};

// What is to be signed. Borrowed.
struct vouch_agent_sign {
    const struct vouch_key *key;   // the answer is verified with it
    const struct vouch_cert *cert; // NULL, or: the agent is asked by this certificate of the key
    const char *algorithm;         // NULL: the type's default (RSA: rsa-sha2-512)
    struct vouch_bytes data;
};

// What an agent is to hold. Borrowed.
struct vouch_agent_add {
    const struct vouch_private_key *key;
    const struct vouch_cert *cert; // NULL: the plain key; else a certificate of this key
    const char *comment;           // NULL: none
    uint32_t lifetime_s;           // 1 or more, or VOUCH_AGENT_UNTIL_REMOVED; 0 is refused
    int confirm;                   // nonzero: the agent asks a person before each use
};

// The questions that are always the same; constants.
struct vouch_bytes vouch_agent_msg_list(void);
struct vouch_bytes vouch_agent_msg_remove_all(void);

// Appends the question that removes a key or certificate.
void vouch_agent_msg_write_remove(struct vouch_bytes blob, struct vouch_buf *out);

// Appends the request for a signature. VOUCH_ERR_UNSUPPORTED for an algorithm that is not one of the
// key's, VOUCH_ERR_MISMATCH for a certificate of another key, VOUCH_ERR_LIMIT if it gets too long.
VOUCH_MUST_USE int vouch_agent_msg_write_sign(const struct vouch_agent_sign *what,
                                              struct vouch_buf *out, struct vouch_where *ret_where);

// Makes the message that adds a key, private half included, in locked memory; the caller ends
// *ret_message. Errors as above, and VOUCH_ERR_ARGUMENT for a lifetime of 0.
VOUCH_MUST_USE int vouch_agent_msg_write_add(const struct vouch_agent_add *what,
                                             struct vouch_secret *ret_message,
                                             struct vouch_where *ret_where);

// Each reads one whole answer. VOUCH_ERR_REFUSED: the agent says that it failed or will not, it does
// not tell which; every other error: this is not an answer to the question.

// To adding and removing: 0 only for "success".
VOUCH_MUST_USE int vouch_agent_msg_read_done(struct vouch_bytes answer,
                                             struct vouch_where *ret_where);

// To listing. `answer` is copied.
VOUCH_MUST_USE int vouch_agent_msg_read_list(struct vouch_bytes answer,
                                             struct vouch_agent_listing *ret_listing,
                                             struct vouch_where *ret_where);

// To a request for a signature: 0 only if it is a signature by what->key, with the algorithm that was
// asked for, over what->data. *ret_signature is a signature blob within `answer`. An agent that signs
// with another algorithm (old ones use SHA-1 for RSA, whatever they are asked): VOUCH_ERR_MISMATCH.
VOUCH_MUST_USE int vouch_agent_msg_read_signature(struct vouch_bytes answer,
                                                  const struct vouch_agent_sign *what,
                                                  struct vouch_bytes *ret_signature,
                                                  struct vouch_where *ret_where);

// Nonzero if exactly this blob is listed.
int vouch_agent_listing_has(const struct vouch_agent_listing *listing, struct vouch_bytes blob);

// Ends a listing; takes NULL and a zeroed struct.
void vouch_agent_listing_done(struct vouch_agent_listing *listing);

#define vouch_autolisting __attribute__((cleanup(vouch_agent_listing_done)))
