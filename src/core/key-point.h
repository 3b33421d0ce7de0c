// SPDX-License-Identifier: ISC
// What plain keys and security keys (sk-*) share: the point and the raw signature under them.
#pragma once

#include "core/key.h"

// Read the fields of the plain type after the type name; errors go to the reader.
void vouch_ed25519_read_point(struct vouch_reader *reader, struct vouch_key *key);
void vouch_ecdsa_read_point(struct vouch_reader *reader, struct vouch_key *key);

// Check the signature's bytes (64 bytes; or mpint r, mpint s) over a message.
VOUCH_MUST_USE int vouch_ed25519_verify_bytes(const struct vouch_key *key,
                                              struct vouch_bytes signature,
                                              struct vouch_bytes message);
VOUCH_MUST_USE int vouch_ecdsa_verify_bytes(const struct vouch_key *key,
                                            struct vouch_bytes signature,
                                            struct vouch_bytes message);

// Makes key->pkey; libcrypto refuses points off the curve.
VOUCH_MUST_USE int vouch_ecdsa_load(struct vouch_key *key);

// What vouch_key_weakness() says of the point: a constant, or NULL.
const char *vouch_ed25519_weakness(const struct vouch_key *key);
const char *vouch_ecdsa_weakness(const struct vouch_key *key);
