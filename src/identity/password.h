// SPDX-License-Identifier: ISC
// Which passwords are taken, and how they are kept.
#pragma once

#include "base/fault.h"

#define VOUCH_PASSWORD_CHARS_MIN 12   // code points
#define VOUCH_PASSWORD_STORED_MAX 128 // bytes of a stored hash, with room
#define VOUCH_PASSWORD_BYTES_MAX 1024 // more is refused before it is hashed

// Could these bytes be a password at all? 0: empty, too long, only blanks, a NUL byte, or not UTF-8.
// Every method that takes a password asks this before it does anything else with it.
int vouch_password_is_text(struct vouch_bytes password);

// Why this may not become a password: a constant sentence, or NULL if it may. `name` is the account's.
const char *vouch_password_objection(struct vouch_bytes password, struct vouch_bytes name);

// The words that, with whatever is put before, behind and between them, make no password: in lower case,
// sorted, one blank between each two. easy-words.c says where they are from.
extern const struct vouch_bytes vouch_password_words;
