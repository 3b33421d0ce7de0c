// SPDX-License-Identifier: ISC
// What the commands that make keys have in common: type, size and passphrase.
#pragma once

#include "base/secret.h"
#include "prog/vouch/command.h"
#include "vouch/key.h"

// For the tables of options.
#define VOUCH_NEW_KEY_TYPES "ed25519, ecdsa-p256, ecdsa-p384, ecdsa-p521 or rsa (default: ed25519)"

// Reads --type and --bits; *ret_bits is 0 for types that have one size only. RSA keys have from
// `rsa_min` to 8192 bits, 3072 by default.
VOUCH_MUST_USE int vouch_new_key_type(const struct vouch_args *args, unsigned rsa_min,
                                      enum vouch_key_type *ret_type, unsigned *ret_bits,
                                      struct vouch_fault *fault);

// The passphrase by --passphrase-file, --no-passphrase (an empty secret) or two questions.
VOUCH_MUST_USE int vouch_new_key_passphrase(const struct vouch_cli *cli, const char *what,
                                            struct vouch_secret *ret_passphrase,
                                            struct vouch_fault *fault);

// Who is at work, for records: the account and the machine.
void vouch_actor_name(char *ret_name, size_t ret_size);
