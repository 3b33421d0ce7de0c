// SPDX-License-Identifier: ISC
// Signing in by browser, as its files share it. Private to src/authority.
#pragma once

#include "authority/people.h"
#include "authority/session.h"
#include "authority/tries-one.h"
#include "store/devices.h"

// How the try of a client that asks from there is counted.
struct vouch_try vouch_device_try(struct vouch_bytes source,
                                  char room[static VOUCH_STORE_TRIES_SOURCE_MAX]);

// Records what happened to one, of which the object is its user, or else its machine.
VOUCH_MUST_USE int vouch_device_note(struct vouch_local *authority,
                                     const struct vouch_caller *caller, struct vouch_bytes actor,
                                     const char *type, const struct vouch_store_device *device,
                                     struct vouch_fault *fault);

// The client as one line: "laptop (Debian GNU/Linux 12)". In the handle's arena.
VOUCH_MUST_USE int vouch_device_name(struct vouch_local *authority,
                                     const struct vouch_store_device *device,
                                     struct vouch_bytes *ret_name, struct vouch_fault *fault);

// Takes back what `who` approved: its session ends, and the certificates that were got in it are revoked, and
// in the public list when this returns.
VOUCH_MUST_USE int vouch_device_undo(struct vouch_local *authority,
                                     const struct vouch_caller *caller, const struct vouch_who *who,
                                     const uint8_t code[static VOUCH_STORE_HASH_LEN],
                                     struct vouch_device_row *row, struct vouch_reply *reply,
                                     struct vouch_fault *fault);
