// SPDX-License-Identifier: ISC
// A private key in memory as one that signs certificates and SSHSIGs (vouch_sign_fn).
#pragma once

#include "vouch/cert.h"

// `key` is a struct vouch_private_key; it signs with its type's own algorithm.
VOUCH_MUST_USE int vouch_key_signs(void *key, struct vouch_bytes tbs, struct vouch_buf *signature);
