// SPDX-License-Identifier: ISC
// Idempotency keys: asked again after a broken connection, the server gives the same certificate and
// not a second one.
#pragma once

#define VOUCH_ONCE_MAX 40

// A fresh one, of 128 random bits.
void vouch_once_make(char ret_once[static VOUCH_ONCE_MAX]);
